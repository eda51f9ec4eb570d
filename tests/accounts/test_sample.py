"""Sample data is realistic, valid, and the same for the same seed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from accounts.snapshots import read
from polyproof.cli.sample import _MARKETS, write_sample
from polyproof.errors import UsageError
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset

EIGHTEEN = ("ETH", "OKB", "ETC", "FIL", "LINK", "OKT", "PEOPLE", "UNI")
EXCHANGE = tuple(
    Asset(symbol, 18, 128) if symbol in EIGHTEEN else Asset(symbol, {"USDT": 6, "SOL": 9, "DOT": 10}.get(symbol, 8))
    for symbol in _MARKETS
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    path = tmp_path_factory.mktemp("sample") / "accounts.csv"
    write_sample(path, EXCHANGE, 40_000, 1)
    return read(path, EXCHANGE)


def held(accounts: Accounts) -> np.ndarray:
    return np.stack([words.any(axis=1) for _, words in accounts.columns()], axis=1)


def test_a_sample_passes_every_check_of_the_reader(sample: Accounts) -> None:
    assert len(sample) == 40_000
    assert len(set(sample.ids)) == 40_000
    assert sum("@mail.example" in name for name in sample.ids) > 1000


def test_most_users_hold_few_assets_some_none_and_a_few_nearly_all(sample: Accounts) -> None:
    assets = held(sample).sum(axis=1)
    assert 0.02 < (assets == 0).mean() < 0.25
    assert (assets <= 4).mean() > 0.75
    assert 0.001 < (assets > 10).mean() < 0.05
    shares = held(sample).mean(axis=0)
    assert shares[0] > 5 * shares[-1] > 0


def test_balances_have_heavy_tails_and_dust(sample: Accounts) -> None:
    for asset, words in sample.columns():
        if asset.symbol not in ("BTC", "USDT", "ETH"):
            continue
        balances = np.array([sum(int(word) << (64 * k) for k, word in enumerate(row)) for row in words], float)
        balances = np.sort(balances[balances > 0])
        total = balances.sum()
        assert balances[-len(balances) // 100 :].sum() > 0.3 * total
        assert balances[: len(balances) // 2].sum() < 0.05 * total
        assert (balances < np.median(balances) / 1000).mean() > 0.05


def test_totals_stay_far_below_the_supply(sample: Accounts) -> None:
    for asset, total in zip(EXCHANGE, sample.totals(), strict=True):
        assert 0 < total < _MARKETS[asset.symbol].supply * 10**6 * 10**asset.decimals // 4


def test_the_seed_decides_the_accounts(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_sample(tmp_path / f"{name}.csv", EXCHANGE, 3000, seed)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    first, third = read(tmp_path / "a.csv", EXCHANGE), read(tmp_path / "c.csv", EXCHANGE)
    assert not set(first.ids) & set(third.ids)
    assert first.totals() != third.totals()


def test_a_seed_gives_the_same_accounts_on_every_platform(tmp_path: Path) -> None:
    write_sample(tmp_path / "a.csv", EXCHANGE, 1000, 1)
    digest = hashlib.sha256((tmp_path / "a.csv").read_bytes()).hexdigest()
    assert digest == "4208ca060bd04c6ecf905bac663c6afaa78cffb5c16a3bbc139cafaa9d57d48e"


def test_csv_and_parquet_hold_the_same_accounts(tmp_path: Path) -> None:
    write_sample(tmp_path / "a.csv", EXCHANGE, 2000, 3)
    write_sample(tmp_path / "a.parquet", EXCHANGE, 2000, 3)
    as_text, typed = read(tmp_path / "a.csv", EXCHANGE), read(tmp_path / "a.parquet", EXCHANGE)
    assert list(as_text.ids) == list(typed.ids)
    assert (as_text.words == typed.words).all()


@pytest.mark.parametrize(
    ("kind", "decimals"), [*(("csv", n) for n in (0, 8, 30)), *(("parquet", n) for n in (0, 9, 10, 18, 19, 30))]
)
@pytest.mark.parametrize("bits", [1, 40, 64, 128, 256])
def test_every_amount_is_below_two_to_the_bits(tmp_path: Path, kind: str, decimals: int, bits: int) -> None:
    assets = (Asset("BTC", decimals, bits), Asset("OTHER", decimals, bits))
    write_sample(tmp_path / "sample", assets, 300, 5, kind)
    accounts = read(tmp_path / "sample", assets, format=kind)
    assert len(accounts) == 300


@pytest.mark.parametrize("accounts", [1, 2, 65_535, 65_537])
def test_any_number_of_accounts(tmp_path: Path, accounts: int) -> None:
    path = tmp_path / "sample.csv"
    write_sample(path, EXCHANGE[:2], accounts, 0)
    assert len(read(path, EXCHANGE[:2])) == accounts


def test_arguments_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    for accounts, seed, assets, kind, says in (
        (0, 1, EXCHANGE, None, "at least one"),
        (1, -1, EXCHANGE, None, "seed"),
        (1, 1, (), None, "at least one asset"),
        (1, 1, EXCHANGE, "xlsx", "csv or parquet, not 'xlsx'"),
    ):
        with pytest.raises(UsageError, match=says):
            write_sample(tmp_path / "a.csv", assets, accounts, seed, kind)
    with pytest.raises(UsageError, match="cannot be written: no such directory"):
        write_sample(tmp_path / "no" / "a.csv", EXCHANGE, 1, 1)
    with pytest.raises(UsageError, match="cannot be written: it is a directory"):
        write_sample(tmp_path, EXCHANGE, 1, 1)
    assert not list(tmp_path.iterdir())


def test_a_sample_that_is_interrupted_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("before")

    def fails(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("polyproof.cli.sample._block", fails)
    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path / "a.csv", EXCHANGE, 1, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "before"
