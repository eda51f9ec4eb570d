"""Assets that a spec leaves out: matched by pattern, added up exactly, and never left out in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrs import astuple

from accounts.snapshots import BTC, problems_of
from polyproof.liabilities.snapshot.reader import Snapshot, read_snapshot
from polyproof.settings.accounts import AccountsSettings

LONG = "account,asset,amount\n"


def snapshot(directory: Path, text: str, *patterns: str, name: str = "users.csv", **options: Any) -> Snapshot:
    (directory / name).write_text(text)
    assets = options.pop("assets", (BTC,))
    return read_snapshot(AccountsSettings(path=(name,), leave_out=patterns, **options), assets, base=directory)


def left_out(*given: Any, **options: Any) -> list[tuple[str, ...]]:
    return [astuple(one) for one in snapshot(*given, **options).left_out]


WIDE = (
    "account,BTC,A-LP,note,B-LP,C\n"
    "alice,1,0.1,x,-3,\n"
    "bob,0.5,+2e-1,y,0,00.000000000000000000000000000000000001\n"
    "carol,0,,z,7.50,1\n"
)


def test_columns_that_a_pattern_matches_are_added_up_exactly_debts_apart(tmp_path: Path) -> None:
    found = snapshot(tmp_path, WIDE, "*-LP", "C", ignore=("note",))
    assert found.accounts.totals() == (150_000_000,)
    assert [astuple(one) for one in found.left_out] == [
        ("A-LP", "0.3", "0", "decimal"),
        ("B-LP", "7.5", "3", "decimal"),
        ("C", "1.000000000000000000000000000000000001", "0", "decimal"),
    ]


def test_a_file_of_each_kind_gives_the_same(tmp_path: Path) -> None:
    entries = "a,BTC,1\na,X-LP,5\nb,X-LP,2.5\nb,Y-LP,0\nb,X-LP,-1\n"
    expected = [("X-LP", "7.5", "1", "decimal"), ("Y-LP", "0", "0", "decimal")]
    assert left_out(tmp_path, LONG + entries, "?-LP", shape="long") == expected
    wide = "account,BTC,X-LP,Y-LP\na,1,5,0\nb,0,2.5,\nc,0,-1,\n"
    assert left_out(tmp_path, wide, "?-LP") == expected
    numbers = pa.table(
        {
            "account": ["a", "b", "c"],
            "BTC": ["1", "0", "0"],
            "X-LP": pa.array(["5", "2.5", "-1"]).cast(pa.decimal128(38, 1)),
            "Y-LP": pa.array([0, None, 0], pa.int64()),
        }
    )
    pq.write_table(numbers, tmp_path / "users.parquet")
    settings = AccountsSettings(path=("users.parquet",), leave_out=("*",))
    assert [astuple(one) for one in read_snapshot(settings, (BTC,), base=tmp_path).left_out] == expected


def test_sums_of_a_ledger_in_base_units_say_so(tmp_path: Path) -> None:
    accounts = [
        {"id": "a", "assets": {"BTC": "7", "DOGE": "-1", "SHIB": str(10**40)}},
        {"id": "b", "assets": {"DOGE": "12", "SHIB": "5"}},
    ]
    expected = [("DOGE", "12", "1", "base"), ("SHIB", str(10**40 + 5), "0", "base")]
    text = json.dumps(accounts)
    assert left_out(tmp_path, text, "*", name="ledger.json") == expected
    assert left_out(tmp_path, text, "D*", "SHIB", name="ledger.json") == expected


def test_spaces_around_a_name_are_no_part_of_it(tmp_path: Path) -> None:
    accounts = [{"id": "a", "assets": {" BTC": "7", "DOGE ": "1"}}, {"id": "b", "assets": {"BTC": "2", "DOGE": "4"}}]
    found = snapshot(tmp_path, json.dumps(accounts), "*", name="ledger.json")
    assert found.accounts.totals() == (9,)
    assert [astuple(one) for one in found.left_out] == [("DOGE", "5", "0", "base")]
    pq.write_table(pa.table({"account": ["a"], " BTC": ["1"], "X-LP ": ["5"]}), tmp_path / "users.parquet")
    settings = AccountsSettings(path=("users.parquet",), leave_out=("*-LP",))
    read = read_snapshot(settings, (BTC,), base=tmp_path)
    assert read.accounts.totals() == (10**8,)
    assert [one.asset for one in read.left_out] == ["X-LP"]
    (tmp_path / "ledger.json").unlink()
    twice = json.dumps([{"id": "a", "assets": {"BTC": "1", "BTC ": "2"}}])
    (problem,) = problems_of(tmp_path, twice, name="ledger.json", assets=(BTC,), leave_out=("*",))
    assert "BTC occurs twice" in problem


def test_several_files_are_added_up_though_they_have_different_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("account,BTC,X\na,1,2\nb,1,3\n")
    (tmp_path / "b.csv").write_text("account,Y,BTC\nc,4,1\n")
    (tmp_path / "c.csv").write_text("account,BTC\nd,1\n")
    settings = AccountsSettings(path=("*.csv",), leave_out=("*",))
    found = read_snapshot(settings, (BTC,), base=tmp_path)
    assert found.accounts.totals() == (4 * 10**8,)
    assert [astuple(one)[:2] for one in found.left_out] == [("X", "5"), ("Y", "4")]


def test_an_asset_of_the_spec_is_audited_whatever_the_pattern(tmp_path: Path) -> None:
    found = snapshot(tmp_path, "account,btc,DOGE\na,1,9\n", "*")
    assert found.accounts.totals() == (10**8,)
    assert [one.asset for one in found.left_out] == ["DOGE"]


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (WIDE, {"leave_out": ("*-LP", "Z*", "C"), "ignore": ("note",)}, "accounts.leave_out: 'Z*' matches no asset of"),
        (WIDE, {"leave_out": ("c", "?-LP", "C"), "ignore": ("note",)}, "'c' matches no asset of the accounts"),
        (WIDE, {"leave_out": ("B*",)}, "accounts.leave_out: 'B*' matches BTC, which the spec has (a narrower pattern"),
        (WIDE, {"leave_out": ("xb[st]",)}, "'xb[st]' matches BTC, which the spec has"),
        (WIDE, {"leave_out": ("*-LP",), "ignore": ("note",)}, "columns unknown to the spec: 'C' (the spec has BTC; "),
        (WIDE, {"leave_out": ("*",)}, "row 1: note amount 'x' is not a number"),
        ("account,BTC,X\na,1,1\nb,1,1.5.\n", {"leave_out": ("X",)}, "users.csv:3: row 2: X amount '1.5.' is not a"),
        ("account,BTC,X\na,1,1.5\n", {"leave_out": ("X",), "units": "base"}, "row 1: X amount '1.5' is not a whole"),
        (LONG + "a,BTC,1\na,X,\n", {"leave_out": ("X",), "shape": "long"}, "row 2: X amount is missing"),
        (LONG + "a,BTC,1\na,X,1\n", {"ignore": ("X",), "shape": "long"}, "to the spec: 'X' (row 2) (the spec has BTC; "
         "accounts.leave_out leaves assets out)"),
        (f"account,BTC,{'X' * 65}\na,1,1\n", {"leave_out": ("*",)}, "cannot be shown (expected 1 to 64 printable"),
        ("account,BTC,X\na,1,1e-200\n", {"leave_out": ("*",)}, "the sum of X has more digits than a manifest can"),
    ],
)  # fmt: skip
def test_what_cannot_be_left_out(tmp_path: Path, text: str, options: dict[str, Any], says: str) -> None:
    assert says in problems_of(tmp_path, text, assets=(BTC,), **options)[0]


def test_more_names_than_assets_can_be_are_refused(tmp_path: Path) -> None:
    text = LONG + "a,BTC,1\n" + "".join(f"a,{number},1\n" for number in range(10_001))
    (problem,) = problems_of(tmp_path, text, assets=(BTC,), leave_out=("*",), shape="long")
    assert problem.startswith("accounts.leave_out: 10,001 names match (at most 10,000 assets are left out")


def test_a_debt_of_an_audited_asset_is_refused_by_row_whatever_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "ledger.json").write_text(json.dumps([{"id": "a", "assets": {"BTC": "-1", "DOGE": "-5"}}]))
    (problem,) = problems_of(
        tmp_path, (tmp_path / "ledger.json").read_text(), name="ledger.json", assets=(BTC,), leave_out=("*",)
    )
    assert problem.endswith(
        "ledger.json: row 1: BTC amount '-1' is negative (a debt; rule 'non-negative' allows none, but net-equity does)"
    )
