"""Arrow files, and datasets: folders of Parquet, Arrow or CSV files, with values in the names of folders or without."""

from __future__ import annotations

import decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from accounts.snapshots import ASSETS, BTC, ETH, USD, table
from polyproof.errors import AccountsError, ExtraMissing
from polyproof.extras import EXTRAS
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.settings.accounts import AccountsSettings

ROWS = pa.table(
    {
        "account": pa.array(["alice", "bob", "alice", "carol"]),
        "asset": pa.array(["BTC", "BTC", "USD", "ETH"]),
        "amount": pa.array([decimal.Decimal(text) for text in ("1.00000001", "0.5", "3", "0.000000000000000001")]),
    }
)
EXPECTED = {"alice": (100000001, 0, 300), "bob": (5 * 10**7, 0, 0), "carol": (0, 1, 0)}


def read(base: Path, *path: str, **options: Any) -> dict[str, tuple[int, ...]]:
    settings = AccountsSettings(path=path, **({"shape": "long"} | options))
    return table(read_snapshot(settings, ASSETS, base=base).accounts)


def problems(base: Path, *path: str, **options: Any) -> list[str]:
    with pytest.raises(AccountsError) as caught:
        read(base, *path, **options)
    return [str(problem) for problem in caught.value.problems]


def write_file(rows: pa.Table, path: Path, **options: Any) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, rows.schema, **options) as writer:
        writer.write_table(rows, max_chunksize=2)


def test_arrow_files_and_streams_are_read_batch_by_batch(tmp_path: Path) -> None:
    write_file(ROWS, tmp_path / "a.arrow")
    with pa.OSFile(str(tmp_path / "a.ipc"), "wb") as sink, pa.ipc.new_stream(sink, ROWS.schema) as writer:
        writer.write_table(ROWS, max_chunksize=1)
    pa.feather.write_feather(ROWS, tmp_path / "a.feather", compression="lz4")
    write_file(ROWS.set_column(1, "asset", ROWS["asset"].dictionary_encode()), tmp_path / "d.arrow")
    for name in ("a.arrow", "a.ipc", "a.feather", "d.arrow"):
        assert read(tmp_path, name) == EXPECTED, name
    (tmp_path / "other").write_bytes((tmp_path / "a.arrow").read_bytes())
    assert read(tmp_path, "other", format="arrow") == EXPECTED


def test_an_arrow_file_that_is_damaged_or_inexact_is_refused(tmp_path: Path) -> None:
    write_file(ROWS, tmp_path / "a.arrow")
    whole = (tmp_path / "a.arrow").read_bytes()
    for cut in (b"", b"no arrow", whole[:-40], whole[:200]):
        (tmp_path / "a.arrow").write_bytes(cut)
        (problem,) = problems(tmp_path, "a.arrow")
        assert problem.startswith(f"{tmp_path}/a.arrow: cannot be read")
    write_file(ROWS.set_column(2, "amount", pa.array([1.0, 2.0, 3.0, 4.0])), tmp_path / "f.arrow")
    assert "floating-point" in problems(tmp_path, "f.arrow")[0]
    text = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\x41")])
    write_file(pa.table({"account": text, "asset": ["BTC"], "amount": ["1"]}), tmp_path / "u.arrow")
    (problem,) = problems(tmp_path, "u.arrow")
    assert problem.startswith(f"{tmp_path}/u.arrow: cannot be read as Arrow")
    assert "UTF8" in problem


def test_arrow_files_need_their_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(ROWS, tmp_path / "a.arrow")
    monkeypatch.setitem(EXTRAS, "arrow", ("absent_module",))
    with pytest.raises(ExtraMissing, match=r"needs modules that are not installed: absent_module .*\[arrow\]"):
        read(tmp_path, "a.arrow")


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"ledger/part={number % 2}").mkdir(parents=True, exist_ok=True)
        pq.write_table(ROWS.slice(number, 1), tmp_path / f"ledger/part={number % 2}/{number}.parquet")
    (tmp_path / "ledger/_SUCCESS").write_text("")
    (tmp_path / "ledger/_delta_log").mkdir()
    (tmp_path / "ledger/_delta_log/0.json").write_text("{}")
    (tmp_path / "ledger/.part.parquet.crc").write_bytes(b"x")
    assert read(tmp_path, "ledger") == EXPECTED
    assert read(tmp_path, "ledger/") == EXPECTED
    assert read(tmp_path, "ledger/**/*.parquet") == EXPECTED
    (tmp_path / "ledger/part=0/notes.txt.bak").write_text("x")
    assert "its suffix is not that of a known format" in problems(tmp_path, "ledger")[0]
    (tmp_path / "empty/_x").mkdir(parents=True)
    assert problems(tmp_path, "empty") == [f"{tmp_path}/empty: there are no files in it"]


@pytest.mark.parametrize("keys", [["asset"], ["account"], ["account", "asset"], ["region", "asset"]])
def test_ids_and_assets_may_stand_in_the_names_of_folders(tmp_path: Path, keys: list[str]) -> None:
    rows = ROWS.append_column("region", pa.array(["7", "eu", "7", "eu"]))
    ds.write_dataset(
        rows, tmp_path / "ledger", format="parquet", partitioning=ds.partitioning(
            pa.schema([(key, pa.string()) for key in keys]), flavor="hive"
        ),
    )  # fmt: skip
    assert read(tmp_path, "ledger") == EXPECTED


def test_ids_in_the_names_of_folders_are_text_and_percent_decoded(tmp_path: Path) -> None:
    for name in ("account=0007", "account=a%2Fb", "account=1e3"):
        (tmp_path / "ledger" / name).mkdir(parents=True)
        pq.write_table(pa.table({"BTC": [1], "ETH": [0], "USD": [0]}), tmp_path / "ledger" / name / "x.parquet")
    expected = dict.fromkeys(("0007", "1e3", "a/b"), (10**8, 0, 0))
    assert read(tmp_path, "ledger", shape="wide") == expected


def test_no_amount_is_taken_from_the_name_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "USD=5/amount=9").mkdir(parents=True)
    pq.write_table(ROWS, tmp_path / "USD=5/amount=9/x.parquet")
    assert read(tmp_path, "USD=5") == EXPECTED
    pq.write_table(ROWS.drop_columns(["amount"]), tmp_path / "USD=5/amount=9/x.parquet")
    assert "has no column 'amount'" in problems(tmp_path, "USD=5")[0]
    pq.write_table(pa.table({"account": ["a"], "BTC": [1], "ETH": [1]}), tmp_path / "USD=5/amount=9/x.parquet")
    assert "has no column for USD" in problems(tmp_path, "USD=5", shape="wide")[0]
    assert {asset.symbol for asset in (BTC, ETH, USD)} == {"BTC", "ETH", "USD"}
