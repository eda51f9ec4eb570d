"""What rounding adds is counted exactly, told, and refused where it can only mean wrong decimals."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.snapshots import BTC, ETH, USD
from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.liabilities.snapshot.rounding import Rounded, rounding_warnings
from polyproof.model.amounts import exact_decimal
from polyproof.model.assets import Asset
from polyproof.settings.accounts import AccountsSettings

A = Asset("A", 2, 128)


def rounded(directory: Path, rows: list[tuple[str, str]], asset: Asset = A, **options: Any) -> Rounded:
    """What was rounded in a file of these ids and amounts."""
    lines = [f"{account},{amount}" for account, amount in rows]
    header = f"account,{asset.symbol}"
    if options.get("shape") == "long":
        header = "account,asset,amount"
        lines = [f"{account},{asset.symbol},{amount}" for account, amount in rows]
    (directory / "users.csv").write_text("\n".join([header, *lines]))
    snapshot = read_snapshot(AccountsSettings(path=("users.csv",), **options), (asset,), base=directory)
    (found,) = snapshot.rounded
    assert found.total + found.added == snapshot.accounts.totals()[0]
    return found


def refusal(directory: Path, rows: list[tuple[str, str]], asset: Asset = A, **options: Any) -> str:
    with pytest.raises(AccountsError) as caught:
        rounded(directory, rows, asset, **options)
    return str(caught.value)


digits = st.text("0123456789", max_size=50)
written = st.one_of(
    st.builds(lambda whole, fraction: f"{whole}.{fraction}", st.integers(0, 10**9), digits),
    st.builds(lambda whole, power: f"+{whole}e{power}", st.integers(0, 10**6), st.integers(-60, 3)),
    st.integers(0, 10**9).map(str),
)


@settings(max_examples=30)
@given(amounts=st.lists(written, min_size=1, max_size=20), decimals=st.integers(0, 20), long=st.booleans())
def test_what_rounding_adds_is_exact_however_amounts_are_written(amounts: list[str], decimals: int, long: bool) -> None:
    asset = Asset("A", decimals, 256)
    exact = [Fraction(amount) * 10**decimals for amount in amounts]
    added = [-(-value // 1) - value for value in exact]
    with tempfile.TemporaryDirectory() as directory:
        found = rounded(
            Path(directory),
            [(f"u{number}", amount) for number, amount in enumerate(amounts)],
            asset,
            shape="long" if long else "wide",
            allow_rounding=("A",),
        )
    assert found.added == sum(added)
    assert found.total == sum(exact)
    assert found.balances == sum(value > 0 for value in added)
    assert Fraction(found.amount) == found.added / 10**decimals


@pytest.mark.parametrize("shape", ["wide", "long"])
def test_decimals_that_are_wrong_are_refused_with_the_figures(tmp_path: Path, shape: str) -> None:
    rows = [(f"u{number}", "10.1") for number in range(1000)]
    coins = Asset("YFI", 0, 64)
    told = refusal(tmp_path, rows, coins, shape=shape)
    assert told == (
        "YFI: 1,000 balances were rounded up, by 900 YFI in all, 8.9 % of what they add up to (expected decimals: 1; "
        "the spec has "
        "`decimals: 0`, the amounts have up to 1; if that is meant, list YFI in accounts.allow_rounding)"
    )
    allowed = rounded(tmp_path, rows, coins, shape=shape, allow_rounding=("YFI",))
    (warning,) = rounding_warnings([allowed])
    assert "8.9 % of what they add up to, which accounts.allow_rounding accepts" in warning


def test_one_tiny_balance_that_becomes_a_unit_is_refused(tmp_path: Path) -> None:
    told = refusal(tmp_path, [("a", "0.00000002"), ("b", "0")])
    assert "1 balance was rounded up, by 0.00999998 A in all, 49,999,900 % of what they add up to" in told
    assert "the amounts have up to 8" in told
    assert "1 balance was rounded up, by 1 A" not in told
    far = refusal(tmp_path, [("a", "1e-900")])
    assert "1 balance was rounded up" in far


def test_an_allowance_is_for_the_assets_it_names(tmp_path: Path) -> None:
    assert "1 balance was rounded up" in refusal(tmp_path, [("a", "0.001")], allow_rounding=("B", "a"))


@pytest.mark.parametrize(
    ("total", "warns", "refuses"),
    [("10", False, False), ("9.99", True, False), ("1", True, False), ("0.99", True, True)],
)
def test_a_thousandth_is_warned_of_and_a_hundredth_refused(
    tmp_path: Path, total: str, warns: bool, refuses: bool
) -> None:
    """To each total 0.0099999 is added."""
    rows = [("a", total), ("b", "0.0000001")]
    share = Fraction("0.0099999") / (Fraction(total) + Fraction("0.0000001"))
    assert (share > Fraction(1, 1000), share > Fraction(1, 100)) == (warns, refuses)
    if refuses:
        assert "rounded up" in refusal(tmp_path, rows)
    else:
        assert bool(rounding_warnings([rounded(tmp_path, rows)])) == warns


def test_shares_at_the_limits_are_not_above_them() -> None:
    assert not rounding_warnings([Rounded(A, 1, Fraction(1), Fraction(1000), 3)])
    assert rounding_warnings([Rounded(A, 1, Fraction(1), Fraction(999), 3)])


def test_exact_balances_and_base_units_are_never_rounded(tmp_path: Path) -> None:
    found = rounded(tmp_path, [("a", "1.100"), ("b", "2e0"), ("c", "0.000"), ("d", "")])
    assert (found.balances, found.added, found.amount) == (0, 0, "0")
    assert not rounding_warnings([found])
    assert rounded(tmp_path, [("a", "110"), ("b", "+5")], units="base").balances == 0


def test_each_asset_has_its_own_figures(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("account,BTC,ETH,USD\na,1.000000001,1,50000.005\nb,2,0.1,1\n")
    snapshot = read_snapshot(AccountsSettings(path=("users.csv",)), (BTC, ETH, USD), base=tmp_path)
    assert [(each.balances, each.amount, each.decimals) for each in snapshot.rounded] == [
        (1, "0.000000009", 9),
        (0, "0", 0),
        (1, "0.005", 3),
    ]
    assert str(snapshot.rounded[0]) == "1 balance was rounded up, by 0.000000009 BTC in all"


def test_problems_of_rows_come_first(tmp_path: Path) -> None:
    told = refusal(tmp_path, [("a", "0.001"), ("b", "x")])
    assert "'x' is not a number" in told
    assert "rounded" not in told


@given(value=st.builds(Fraction, st.integers(), st.just(10**30)))
def test_exact_decimals_are_read_back(value: Fraction) -> None:
    assert Fraction(exact_decimal(value)) == value
