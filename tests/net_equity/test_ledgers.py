"""Ledgers with debts: signed amounts, or a column or a row for each position, from files of every kind."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.test_amounts import amounts
from net_equity.ledgers import BTC, TERMS, USD, problems, read_with, snapshot, table, terms
from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot.reader import open_snapshot, read_snapshot
from polyproof.model.amounts import AmountError, Rounding, parse_amount
from polyproof.model.assets import Asset
from polyproof.model.net_equity import positions_of
from polyproof.settings.accounts import AccountsSettings, PositionColumn

SIGNED = "account,XBT,USD\na,1.5,-20\nb,-1.000000019,3.001\nc,0,\n"
READ = {"a": {"BTC:equity": 150_000_000, "USD:debt": 2000}, "b": {"BTC:debt": 100_000_001, "USD:equity": 301}, "c": {}}
COLUMNS = (
    "account,BTC:equity,btc:Debt,USD,USD:debt,USD:margin\na,1.5,,,20,\nb,0,1.000000019,3.001,0,1.239\nc,0,0,0,0,0\n"
)
PLEDGED = {**READ, "b": {**READ["b"], "USD:margin": 123}}


def test_an_amount_below_zero_is_a_debt_and_rounds_the_other_way(tmp_path: Path) -> None:
    """Equity up, debts and pledges down: what is owed to users is never understated."""
    found = snapshot(tmp_path, SIGNED)
    assert found.accounts.assets == positions_of(TERMS)
    assert table(found.accounts) == READ
    assert [(each.asset.symbol, str(each)) for each in found.rounded if each.balances] == [
        ("BTC:debt", "1 balance was rounded down, by 0.000000009 BTC in all"),
        ("USD:equity", "1 balance was rounded up, by 0.009 USD in all"),
    ]


SAME: list[tuple[str, str, dict[str, Any]]] = [
    ("a column for each position", COLUMNS, {}),
    (
        "columns that the spec names",
        "account,e_BTC,d_BTC,BTC,e_USD,d_USD,m_USD\na,1.5,0,1.5,0,20,0\nb,0,1.000000019,9,3.001,0,1.239\nc,0,0,0,0,0,0\n",
        {
            "columns": tuple(map(PositionColumn, ("equity", "debt", "margin"), ("e_*", "d_*", "m_*"))),
            "ignore": ("BTC",),
        },
    ),
    (
        "rows that name a position",
        "account,asset,what,amount\na,BTC,Equity,1.5\na,USD,debt,20\nb,BTC,debt,1.000000019\nb,USD,margin,1.239\n"
        "b,USD,equity,3.001\nc,XBT,loan,0\n",
        {"shape": "long", "position": "what"},
    ),
]


@pytest.mark.parametrize(("text", "options"), [each[1:] for each in SAME], ids=[each[0] for each in SAME])
def test_positions_by_name_give_the_same(tmp_path: Path, text: str, options: dict[str, Any]) -> None:
    assert table(snapshot(tmp_path, text, **options).accounts) == PLEDGED


def test_rows_of_signed_amounts_give_the_same(tmp_path: Path) -> None:
    text = "account,asset,amount\na,BTC,1.5\nb,USD,3.001\na,USD, -20\nb,BTC,-1000000019e-9\nc,USD,-0\n"
    assert table(snapshot(tmp_path, text, shape="long").accounts) == READ


@pytest.mark.parametrize("kind", [pa.decimal128(38, 9), pa.string()])
def test_parquet_and_a_query_give_the_same(tmp_path: Path, kind: pa.DataType) -> None:
    columns = {"account": ["a", "b", "c"], "BTC": ["1.5", "-1.000000019", "0"], "USD": ["-20", "3.001", None]}
    stored = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    for name in ("BTC", "USD"):
        stored = stored.set_column(stored.schema.get_field_index(name), name, stored[name].cast(kind))
    pq.write_table(stored, tmp_path / "users.parquet")
    assert table(read_with(AccountsSettings(path=("users.parquet",)), tmp_path).accounts) == READ
    query = "SELECT account, BTC, CASE WHEN USD::VARCHAR LIKE '-%' THEN '0' ELSE USD::VARCHAR END AS \"USD:equity\", "
    query += "CASE WHEN USD::VARCHAR LIKE '-%' THEN substr(USD::VARCHAR, 2) ELSE '0' END AS \"USD:debt\" "
    query += "FROM 'users.parquet' ORDER BY account"
    assert table(read_with(AccountsSettings(query=query), tmp_path).accounts) == READ


def test_columns_of_integers_have_debts_to_the_least_one(tmp_path: Path) -> None:
    kinds = {"A": pa.int8(), "B": pa.int16(), "C": pa.int32(), "D": pa.int64(), "E": pa.uint8(), "F": pa.uint64()}
    columns: dict[str, list[int | None]] = {}
    for name, kind in kinds.items():
        signed = str(kind).startswith("int")
        bits = kind.bit_width - signed
        least, most = -(1 << bits) if signed else 0, (1 << bits) - 1
        columns[name] = [least, least + signed, 0, 1, most, None]
    stored = {name: pa.array(values, kinds[name]) for name, values in columns.items()}
    pq.write_table(pa.table({"account": list("abcdef"), **stored}), tmp_path / "a.parquet")
    given = terms(*(Asset(name, 0) for name in kinds), categories=())
    found = read_with(AccountsSettings(path=("a.parquet",), units="base"), tmp_path, given)
    for row, owed in enumerate(table(found.accounts).values()):
        for name, values in columns.items():
            assert owed.get(f"{name}:equity", 0) - owed.get(f"{name}:debt", 0) == (values[row] or 0)
            assert not {f"{name}:equity", f"{name}:debt"} <= set(owed)


def test_integers_of_128_bits_have_debts_to_the_least_one(tmp_path: Path) -> None:
    query = "SELECT 'a' AS account, (-170141183460469231731687303715884105728)::HUGEINT AS A"
    given = terms(Asset("A", 0, bits=128))
    assert table(read_with(AccountsSettings(query=query), tmp_path, given).accounts) == {"a": {"A:debt": 1 << 127}}


@settings(max_examples=5, deadline=None)
@given(
    texts=st.lists(st.one_of(amounts(), st.from_regex(r"[ \t]?[-+]{0,2}[0-9. eE]{1,8}", fullmatch=True)), max_size=40)
)
def test_signed_amounts_are_those_of_the_exact_parser(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("signed")
    text = "account,A\n" + "".join(f"u{k},{amount}\n" for k, amount in enumerate(texts))
    asset = Asset("A", 3)
    wanted: dict[str, dict[str, int]] = {}
    for k, amount in enumerate(texts):
        try:
            up, down = parse_amount(amount, 3), parse_amount(amount, 3, Rounding.DOWN)
        except AmountError:
            up = down = 1 << 99
        wanted[f"u{k}"] = {"A:equity": up} if down > 0 or up > 0 else {"A:debt": -up} if up else {}
        if not amount.strip(" \t"):
            wanted[f"u{k}"] = {}
    bad = [k for k, found in enumerate(wanted.values()) if any(units >> 64 for units in found.values())]
    if not texts:
        return
    if bad:
        assert f"row {bad[0] + 1}: A:" in problems(directory, text, terms(asset))[0]
    else:
        assert table(snapshot(directory, text, terms(asset), allow_rounding=("A",)).accounts) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "account,BTC:equity,USD\na,1,1\n",
            "users.csv: has no column for BTC:debt (with zeros if there are no debts; or have one column BTC, in which "
            "a debt is negative)",
        ),
        ("account,BTC:debt,USD\na,1,1\n", "users.csv: has no column for BTC (an asset that nobody holds needs one too"),
        (
            "account,BTC,XBT:equity,USD\na,1,1,1\n",
            "users.csv: columns 'BTC' and 'XBT:equity' are both the equity of BTC",
        ),
        ("account,BTC:debt,XBT:debt,BTC,USD\na,1,1,1,1\n", "columns 'BTC:debt' and 'XBT:debt' are both BTC:debt"),
        ("account,BTC,BTC:loans,USD\na,1,1,1\n", "users.csv: columns unknown to the spec: 'BTC:loans'"),
        (
            "account,BTC,BTC:debt,USD\na,1,0,0\nb,-1,0,0\n",
            "users.csv:3: row 2: BTC:equity amount '-1' is negative (a debt is a positive amount of BTC:debt, where "
            "that has a column of its own)",
        ),
        ("account,BTC,BTC:debt,USD\na,1,-1,0\n", "users.csv:2: row 1: BTC:debt amount '-1' is negative"),
        ("account,BTC,USD\na,1,0\nb,--5,0\n", "users.csv:3: row 2: BTC:equity amount '--5' is not a number"),
        (
            "account,BTC,USD\na,1,-10995116277.76\n",
            "users.csv:2: row 1: USD:debt amount '10995116277.76' overflows 40 bits (expected bits: 64; the largest "
            "allowed is 10995116277.75 USD, from `bits` of USD in the spec)",
        ),
        (
            "account,BTC,USD,USD:loan,USD:margin\na,1,5,2,3\nb,1,5,2.5,2.51\nc,1,-5,0.01,0\n",
            "users.csv:3: row 2: account 'b' has pledged 5.01 USD and has 5 (equity includes what is pledged of it: "
            "USD:loan + USD:margin is at most USD:equity)",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_row_and_what_would_be_right(tmp_path: Path, text: str, says: str) -> None:
    assert says in problems(tmp_path, text)[0]


def test_coins_pledged_twice_are_found_whatever_their_width(tmp_path: Path) -> None:
    """Each pledge fits, and their sum wraps in as many bits as one has."""
    for bits in (64, 256):
        half = 1 << (bits - 1)
        given = terms(Asset("A", 0, bits=bits))
        text = f"account,A,A:loan,A:margin\na,{half},{half - 1},1\nb,{half},{half},{half}\nc,{half - 1},{half},0\n"
        first, second = problems(tmp_path, text, given)
        assert f"row 2: account 'b' has pledged {2 * half} A and has {half}" in first
        assert f"row 3: account 'c' has pledged {half} A and has {half - 1}" in second


LONG = "account,asset,amount\na,BTC,1\na,USD,5\n"


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (
            f"{LONG}a,XBT,-2\n",
            {},
            "row 3: account 'a' has BTC twice (first in users.csv:2: row 1; where an account has both equity and "
            "debts, accounts.position names a column that says which)",
        ),
        (
            "account,asset,amount,position\na,BTC,1,equity\na,BTC,1,debt\na,XBT,2,debt\n",
            {"position": "position"},
            "row 3: account 'a' has BTC:debt twice (first in users.csv:3: row 2)",
        ),
        (
            "account,asset,amount,position\na,BTC,1,equity\na,BTC,1,loans\n",
            {"position": "position"},
            "users.csv:3: row 2: the position of BTC is 'loans' (BTC has equity, debt, loan, margin)",
        ),
        (
            "account,asset,amount,position\na,BTC,1,equity\na,BTC,1,\n",
            {"position": "position"},
            "users.csv:3: row 2: the position of BTC is '' (BTC has equity, debt, loan, margin)",
        ),
        (
            "account,asset,amount,position\na,BTC,1,equity\na,BTC,2,loan\n",
            {"position": "position"},
            "users.csv:2: row 1: account 'a' has pledged 2 BTC and has 1",
        ),
    ],
)
def test_rows_are_told_apart_by_position(tmp_path: Path, text: str, options: dict[str, Any], says: str) -> None:
    assert says in problems(tmp_path, text, shape="long", **options)[0]


ALL = {
    "a": {"BTC:equity": 150_000_000, "BTC:loan": 150_000_000, "USD:debt": 2000},
    "b": {"BTC:debt": 1, "USD:equity": 301, "USD:loan": 300},
    "c": {"USD:equity": 100},
}


def test_all_equity_of_accounts_with_debts_can_be_pledged(tmp_path: Path) -> None:
    """Of others nothing is: they owe nothing. A pledge rounds down, also where its equity was rounded up."""
    wide = "account,BTC,USD\na,1.5,-20\nb,-0.00000001,3.001\nc,,1\n"
    long = "account,asset,amount\na,BTC,1.5\na,USD,-20\nb,BTC,-0.00000001\nb,USD,3.001\nc,USD,1\n"
    parted = (
        "account,asset,amount,p\na,BTC,1.5,equity\na,USD,20,debt\nb,BTC,1e-8,debt\nb,USD,3.001,equity\nc,USD,1,equity\n"
    )
    for text, options in ((wide, {}), (long, {"shape": "long"}), (parted, {"shape": "long", "position": "p"})):
        found = snapshot(tmp_path, text, pledge_all="loan", **options)
        assert table(found.accounts) == ALL
        assert [each.asset.symbol for each in found.rounded if each.balances] == ["USD:equity"]
    (twice,) = problems(tmp_path, "account,BTC,USD\na,x,-1\n", pledge_all="loan")
    assert "BTC:equity amount 'x' is not a number" in twice
    (stated,) = problems(tmp_path, "account,BTC,USD,USD:loan\na,1,1,1\n", pledge_all="loan")
    assert "column 'USD:loan' has pledges (accounts.pledge_all derives them" in stated
    (none,) = problems(tmp_path, wide, pledge_all="earn")
    assert (
        none == "accounts.pledge_all: 'earn' is no collateral category of the spec (it has equity, debt, loan, margin)"
    )


def test_left_out_assets_have_debts_apart_and_pledges_are_equity(tmp_path: Path) -> None:
    wide = "account,BTC,USD,X,Y:equity,Y:debt,Y:loan\na,1,1,-5,1,+0.5,1\nb,1,1,7,2,,\n"
    parted = (
        "account,asset,amount,p\na,BTC,1,equity\na,X,5,debt\nb,X,7,equity\na,Y,3,equity\na,Y,0.5,debt\na,Y,1,loan\n"
    )
    signed = "account,asset,amount\na,BTC,1\na,X,-5\nb,X,7\na,Y,3\nb,Y,-0.5\n"
    for text, options in ((wide, {}), (parted, {"shape": "long", "position": "p"}), (signed, {"shape": "long"})):
        found = snapshot(tmp_path, text, leave_out=("*",), **options)
        assert [(each.asset, each.owed, each.debts) for each in found.left_out] == [("X", "7", "5"), ("Y", "3", "0.5")]


def test_the_json_of_okx_is_read_as_it_is_with_its_debts(tmp_path: Path) -> None:
    """Made in the layout of its tool: amounts are whole base units, and a debt is below zero."""
    accounts = [
        {"id": "a", "assets": {"BTC": "7", "USD": "-1", "ELF": "-3"}},
        {"id": "b", "assets": {"USD": "5"}},
        {"id": "c", "assets": {"BTC": "-18446744073709551615"}},
    ]
    options = {"name": "batch.json", "leave_out": ("*",), "pledge_all": "loan"}
    found = snapshot(tmp_path, json.dumps(accounts), **options)
    assert table(found.accounts) == {
        "a": {"BTC:equity": 7, "BTC:loan": 7, "USD:debt": 1},
        "b": {"USD:equity": 5},
        "c": {"BTC:debt": (1 << 64) - 1},
    }
    assert [(each.asset, each.owed, each.debts) for each in found.left_out] == [("ELF", "0", "3")]
    accounts[1]["assets"] = {"USD": "-1.5"}
    assert (
        "batch.json: row 2: USD:debt amount '1.5' is not a whole number of base units"
        in problems(tmp_path, json.dumps(accounts), **options)[0]
    )


HEADER = "rn,id,e_btc,d_btc,btc,vl_btc,m_btc,pm_btc,e_usd,d_usd,usd,vl_usd,m_usd,pm_usd,total_net_balance_usdt\n"


def test_lists_of_zkmerkle_have_equity_debts_and_what_is_pledged_for_what(tmp_path: Path) -> None:
    given = terms(BTC, USD, categories=("vl", "m", "pm"))
    rows = "0,a,1.76,0,0,0.5,0.25,1.000000019,10,20,0,0,0,3,0.0\n1,b,0,0.0,0,0,0,0,3.001,0,3,0,0,0,0.0\n"
    found = snapshot(tmp_path, HEADER + rows, given, format="zkmerkle-csv")
    assert table(found.accounts) == {
        "a": {
            "BTC:equity": 176_000_000,
            "BTC:vl": 50_000_000,
            "BTC:m": 25_000_000,
            "BTC:pm": 100_000_001,
            "USD:equity": 1000,
            "USD:debt": 2000,
            "USD:pm": 300,
        },
        "b": {"USD:equity": 301},
    }
    said = problems(tmp_path, HEADER + rows, terms(BTC, USD, categories=("vl", "m")), format="zkmerkle-csv")
    assert (
        "users.csv:2: row 1: has a position 'pm', and the spec no such category (name it so in the spec, or list it"
        in (said[0])
    )
    ignored = snapshot(tmp_path, HEADER + rows, terms(BTC, USD), format="zkmerkle-csv", ignore=("vl", "m", "pm"))
    assert "USD:pm" not in table(ignored.accounts)["a"]
    twice = HEADER + "0,a,1.5,0,0,1,0.5,1e-7,0,0,0,0,0,0,0.0\n"
    assert (
        "users.csv:2: row 1: account 'a' has pledged 1.5000001 BTC and has 1.5"
        in problems(tmp_path, twice, given, format="zkmerkle-csv")[0]
    )


def test_without_a_rule_that_allows_debts_none_is_read(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(SIGNED)
    with pytest.raises(
        AccountsError, match=r"row 2: BTC amount '-1\.000000019' is negative \(a debt; rule 'non-negative'"
    ):
        read_snapshot(AccountsSettings(path=("users.csv",)), (BTC, USD), base=tmp_path)
    for option in ({"position": "p"}, {"pledge_all": "loan"}, {"columns": (PositionColumn("debt", "d_*"),)}):
        with pytest.raises(AccountsError, match="has no use under this rule"):
            read_snapshot(AccountsSettings(path=("users.csv",), **option), (BTC, USD), base=tmp_path)


def test_rounding_that_changes_more_than_a_hundredth_of_the_debts_is_refused(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, "account,BTC,USD\na,1,-0.019\n")
    assert said == (
        "USD:debt: 1 balance was rounded down, by 0.009 USD in all, 47 % of what they add up to (expected decimals: 3; "
        "the spec has `decimals: 2`, the amounts have up to 3; if that is meant, list USD in accounts.allow_rounding)"
    )
    found = snapshot(tmp_path, "account,BTC,USD\na,1,-0.019\n", allow_rounding=("USD",))
    (each,) = (each for each in found.rounded if each.balances)
    assert (each.total, each.added) == (Fraction(19, 10), Fraction(9, 10))


CONTROLLED = "account,BTC,USD,USD:loan\na,1.5,-20.5,0\nb,-2.000000019,3.001,1.009\n"


@pytest.mark.parametrize(
    ("control", "says"),
    [
        ('SELECT 1.5 AS "BTC:equity", 2.000000019 AS "BTC:debt", \'3.001\' AS USD_E, 20.5 AS "USD:debt"', "columns"),
        ('SELECT 1.5 AS "BTC:equity", 2.000000019 AS "BTC:debt", \'3.001\' AS "USD:equity", 20.5 AS "USD:debt"', ""),
        (
            "FROM (VALUES ('BTC', 'equity', '1.5'), ('BTC', 'debt', '2'), ('USD', 'equity', '3.001'), "
            "('USD', 'debt', '20.5')) AS t(asset, position, amount)",
            "accounts.control: BTC:debt: the control query's sum is 2, and the accounts add up to 2.000000019: a "
            "difference of 0.000000019",
        ),
        (
            "FROM (VALUES ('BTC:equity', 1.5), ('BTC:debt', 2.000000019), ('USD:equity', 3.001), ('USD:debt', 20.5), "
            "('BTC:loan', 0)) AS t(asset, amount)",
            "accounts.control: USD:loan: the control query's sum is 0, and the accounts add up to 1.009",
        ),
        (
            "FROM (VALUES ('BTC', -0.500000019)) AS t(asset, amount)",
            "row 1: sums BTC whatever the position (BTC:equity and BTC:debt, each with its own sum",
        ),
    ],
)
def test_control_sums_are_of_equity_and_of_debts(tmp_path: Path, control: str, says: str) -> None:
    """One figure for both would be right for a ledger without the account that has as much as it owes."""
    options = {"control": control, "position": "position", "shape": "wide", "allow_rounding": ("USD",)}
    given = terms(BTC, USD, categories=("loan",))
    if says:
        assert says in problems(tmp_path, CONTROLLED, given, **options)[0]
    else:
        assert table(snapshot(tmp_path, CONTROLLED, given, **options).accounts)["b"]["USD:loan"] == 100


def test_an_account_is_found_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text("account,BTC,USD\na,1,1\n\nb,1,1\n")
    (tmp_path / "long.csv").write_text("account,asset,amount\na,BTC,1\na,USD,1\nb,USD,1\nb,BTC,1\n")
    for name, where in (("wide.csv", f"{tmp_path}/wide.csv:4: row 2"), ("long.csv", f"{tmp_path}/long.csv:4: row 3")):
        options = AccountsSettings(path=(name,), shape=name.removesuffix(".csv"))
        with open_snapshot(options, positions_of(TERMS), rule="net-equity", base=tmp_path) as opened:
            assert list(opened.chunks())
            assert str(opened.location(1)) == where
