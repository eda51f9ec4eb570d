"""The conversion in SQL agrees with ``parse_amount`` wherever it has an answer, and has one for what is common."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.snapshots import problems_of, read, read_text, table
from accounts.test_amounts import amounts
from polyproof.liabilities.snapshot.cells import (
    INTEGER_TYPES,
    exact_amount,
    fitting_value,
    integer_value,
    value_type,
    words_of,
    written_value,
)
from polyproof.model.accounts import Accounts
from polyproof.model.amounts import AmountError, Rounding, parse_amount
from polyproof.model.assets import Asset
from polyproof.model.counts import counted

WIDTHS = [1, 8, 20, 32, 63, 64, 65, 96, 126, 127, 128, 129, 192, 256]
asset_kinds = st.builds(lambda decimals, bits: Asset("A", decimals, bits), st.integers(0, 40), st.sampled_from(WIDTHS))
plain = st.from_regex(r"[0-9]{1,24}(\.[0-9]{0,24})?", fullmatch=True)
texts = st.one_of(amounts(), plain, st.text(max_size=8), st.from_regex(r"[-+.eE0-9 _x１]{1,10}", fullmatch=True))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def sql_answer(connection: duckdb.DuckDBPyConnection, text: str, asset: Asset, base_units: bool) -> int | None:
    value = fitting_value("w", asset, base_units)
    words = ", ".join(words_of("v", asset))
    found = connection.execute(
        f"SELECT v IS NULL, {words} FROM (SELECT {value} AS v FROM "
        f"(SELECT {written_value('t', asset, base_units)} AS w FROM (SELECT ?::VARCHAR AS t)))",
        [text],
    ).fetchall()
    missing, *parts = found[0]
    return None if missing else sum(word << (64 * k) for k, word in enumerate(parts))


@settings(max_examples=400)
@given(text=texts, asset=asset_kinds, base_units=st.booleans())
def test_sql_answers_exactly_as_python_does_or_not_at_all(
    connection: duckdb.DuckDBPyConnection, text: str, asset: Asset, base_units: bool
) -> None:
    answer = sql_answer(connection, text, asset, base_units)
    if answer is None or text == "":
        return
    rounding = Rounding.EXACT if base_units else Rounding.UP
    assert answer == parse_amount(text, 0 if base_units else asset.decimals, rounding)
    assert answer < 1 << asset.bits


@settings(max_examples=300)
@given(kind=st.sampled_from(sorted(INTEGER_TYPES)), asset=asset_kinds, base_units=st.booleans(), data=st.data())
def test_a_column_of_integers_gives_what_its_texts_would(
    connection: duckdb.DuckDBPyConnection, kind: str, asset: Asset, base_units: bool, data: st.DataObject
) -> None:
    most = INTEGER_TYPES[kind]
    least = 0 if kind.startswith("U") else -most - 1
    unit = 1 if base_units else 10**asset.decimals
    near = [value for k in (-1, 0, 1) if least <= (value := ((1 << asset.bits) - 1) // unit + k) <= most]
    number = data.draw(st.one_of(st.integers(least, most), st.sampled_from([*near, least, 0, most])))
    words = ", ".join(words_of("v", asset))
    ((missing, *parts),) = connection.execute(
        f"SELECT v IS NULL, {words} FROM (SELECT {integer_value('t', kind, asset, base_units)} AS v "
        f"FROM (SELECT '{number}'::{kind} AS t))"
    ).fetchall()
    wanted = exact_amount(str(number), asset, base_units, "non-negative")
    # Amounts of more bits than SQL has are left to Python, as are those that are no balance.
    room = 64 if value_type(asset) == "UBIGINT" else 128
    assert missing is (not isinstance(wanted, int) or wanted >> room > 0)
    assert missing or sum(word << (64 * k) for k, word in enumerate(parts)) == wanted


@given(
    whole=st.integers(0, 10**10),
    fraction=st.integers(0, 10**8 - 1),
    more=st.text("0123456789", max_size=12),
    bits=st.sampled_from([64, 128, 256]),
)
def test_sql_has_an_answer_for_ordinary_amounts(
    connection: duckdb.DuckDBPyConnection, whole: int, fraction: int, more: str, bits: int
) -> None:
    text = f"{whole}.{fraction:08}{more}"
    assert sql_answer(connection, text, Asset("A", 8, bits), False) == parse_amount(text, 8)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("decimals", [0, 8, 18])
def test_the_largest_balance_is_taken_and_one_more_unit_is_not(tmp_path: Path, bits: int, decimals: int) -> None:
    asset = Asset("BTC", decimals, bits)
    largest = (1 << bits) - 1
    accounts = read_text(tmp_path, f"account,BTC\na,{asset.format(largest)}\n", (asset,))
    assert accounts.balances(0) == (largest,)
    assert accounts.words.shape == (1, asset.words)
    problems = problems_of(tmp_path, f"account,BTC\na,0\nb,{asset.format(largest + 1)}\n", assets=(asset,))
    assert len(problems) == 1
    assert "users.csv:3: row 2: BTC amount" in problems[0]
    assert f"overflows {counted(bits, 'bit')} (" in problems[0]
    assert asset.format(largest) in problems[0]


@pytest.mark.parametrize("bits", [8, 64, 65, 128, 200])
def test_overflow_by_rounding_up_is_overflow(tmp_path: Path, bits: int) -> None:
    asset = Asset("BTC", 2, bits)
    text = asset.format((1 << bits) - 1)
    whole, _, fraction = text.partition(".")
    assert "overflows" in problems_of(tmp_path, f"account,BTC\na,{whole}.{fraction:0<2}0001\n", assets=(asset,))[0]


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(*[st.integers(0, (1 << bits) - 1) for bits in (64, 128, 256)]), min_size=1, max_size=20),
    excess=st.integers(0, 3),
)
def test_what_is_written_is_read_back(rows: list[tuple[int, int, int]], excess: int) -> None:
    assets = (Asset("BTC", 8, 64), Asset("ETH", 18, 128), Asset("WEI", 30, 256))
    expected = Accounts.of(assets, [(f"u{k}", row) for k, row in enumerate(rows)])
    lines = ["account,BTC,ETH,WEI"]
    for k, row in enumerate(rows):
        lines.append(
            ",".join(
                [
                    f"u{k}",
                    *(
                        asset.format(units) + "0" * excess * (asset.format(units).count("."))
                        for asset, units in zip(assets, row, strict=True)
                    ),
                ]
            )
        )
    with tempfile.TemporaryDirectory() as directory:
        accounts = read_text(Path(directory), "\n".join(lines), assets)
    assert table(accounts) == table(expected)
    assert (accounts.words == expected.words).all()
    assert accounts.totals() == tuple(map(sum, zip(*rows, strict=True)))


def test_eighteen_decimals_in_128_bits_are_exact(tmp_path: Path) -> None:
    eth = Asset("ETH", 18, 128)
    accounts = read_text(
        tmp_path,
        "account,ETH\na,123456789012345678901.234567890123456789\nb,0.1\nc,9007199254740993.000000000000000001\n",
        (eth,),
    )
    assert [accounts.balances(row)[0] for row in range(3)] == [
        123456789012345678901234567890123456789,
        10**17,
        9007199254740993 * 10**18 + 1,
    ]


def test_liabilities_round_up(tmp_path: Path) -> None:
    usd = Asset("USD", 2)
    accounts = read_text(tmp_path, "account,USD\na,0.001\nb,1.010000\nc,1.0100001\nd,1e-9\ne,0.0000\nf,9\n", (usd,))
    assert [accounts.balances(row)[0] for row in range(6)] == [1, 101, 102, 1, 0, 900]


def test_amounts_of_every_accepted_form(tmp_path: Path) -> None:
    forms = {
        "1.5": 150,
        "+1.5": 150,
        " 1.5 ": 150,
        "\t1.5": 150,
        "15e-1": 150,
        ".5": 50,
        "5.": 500,
        "-0": 0,
        "-0.00": 0,
        "0e5": 0,
        "": 0,
        "  ": 0,
        "00": 0,
        "0": 0,
        "007": 700,
    }
    text = "account,USD\n" + "".join(f"u{k},{form}\n" for k, form in enumerate(forms))
    accounts = read_text(tmp_path, text, (Asset("USD", 2),))
    assert [accounts.balances(row)[0] for row in range(len(forms))] == list(forms.values())


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("nan", "finite"),
        ("NaN", "finite"),
        ("inf", "finite"),
        ("-Infinity", "finite"),
        ("abc", "is not a number"),
        ("NULL", "is not a number"),
        ("1_000", "is not a number"),
        ("0x1F", "is not a number"),
        ("１２", "only the digits 0 to 9"),
        ('"1,000.50"', "no thousands separators"),
        ("-1", "negative"),
        ("-0.0000000000001", "negative"),
        ("-1e-400", "negative"),
        ("1e400", "overflows"),
        ("9" * 300, "overflows"),
        ("1e5000", "more than 1000 digits"),
        ("0." + "1" * 2000, "longer than 1000 characters"),
        ("1\x002", "is not a number"),
    ],
)
def test_what_is_not_a_balance_is_reported_with_file_and_row(tmp_path: Path, form: str, says: str) -> None:
    problems = problems_of(tmp_path, f"account,BTC,ETH,USD\na,1,1,1\nb,1,{form},1\n")
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path}/users.csv:3: row 2: ETH amount ")
    assert says in problems[0]
    assert len(problems[0]) < 500


def test_base_units_are_integers(tmp_path: Path) -> None:
    text = "account,BTC,ETH,USD\na,12,340282366920938463463374607431768211455,7e1\n"
    assert table(read_text(tmp_path, text, units="base")) == {"a": (12, 2**128 - 1, 70)}
    problem = problems_of(tmp_path, "account,BTC,ETH,USD\na,0.5,0,0\n", units="base")[0]
    assert "users.csv:2: row 1: BTC amount '0.5' is not a whole number of base units" in problem
    assert "units: decimal" in problem
    assert (
        "18446744073709551615 base units"
        in problems_of(tmp_path, f"account,BTC,ETH,USD\na,{2**64},0,0\n", units="base")[0]
    )


def test_a_hundred_thousand_random_cells_are_exact(tmp_path: Path) -> None:
    rng = random.Random(5)
    assets = tuple(
        Asset(f"C{k}", decimals, bits)
        for k, (decimals, bits) in enumerate(
            [(0, 64), (2, 40), (8, 64), (9, 64), (10, 64), (18, 128), (18, 256), (24, 200)]
        )
    )
    rows = []
    lines = ["account," + ",".join(asset.symbol for asset in assets)]
    for k in range(12_500):
        row = [rng.getrandbits(rng.randrange(asset.bits)) if rng.random() < 0.7 else 0 for asset in assets]
        rows.append((f"u{k}", row))
        lines.append(f"u{k}," + ",".join(asset.format(units) for asset, units in zip(assets, row, strict=True)))
    path = tmp_path / "many.csv"
    path.write_text("\n".join(lines))
    expected = Accounts.of(assets, rows)
    accounts = read(path, assets)
    assert list(accounts.ids) == list(expected.ids)
    assert (accounts.words == expected.words).all()
    (tmp_path / "long.csv").write_text(
        "account,asset,amount\n"
        + "".join(
            f"{name},{asset.symbol},{asset.format(units)}\n"
            for name, row in rows
            for asset, units in zip(assets, row, strict=True)
        )
    )
    pivoted = read(tmp_path / "long.csv", assets, shape="long")
    assert list(pivoted.ids) == list(expected.ids)
    assert (pivoted.words == expected.words).all()


def test_no_text_of_the_grammar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AmountError):
        parse_amount("nan", 8)
    rng = random.Random(6)
    kinds = ["{a}", "{a}.{b}", ".{b}", "{a}.", "+{a}.{b}", "{a}.{b}e{e}", " {a}.{b}", "-0.0"]
    texts = [
        rng.choice(kinds).format(a=rng.randrange(10**6), b=rng.randrange(10**9), e=rng.randrange(-12, 5))
        for _ in range(3000)
    ]
    accounts = read_text(
        tmp_path, "account,X\n" + "".join(f"u{k},{text}\n" for k, text in enumerate(texts)), (Asset("X", 6, 128),)
    )
    assert [accounts.balances(row)[0] for row in range(len(texts))] == [parse_amount(text, 6) for text in texts]
