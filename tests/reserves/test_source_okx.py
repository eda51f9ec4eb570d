"""OKX's reserve files: three layouts, and every quirk of CSV that was named, read or reported by row."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ownership import wallets
from polyproof.errors import Problem, ReservesError
from polyproof.findings import Findings
from polyproof.model.holdings import FINEST
from polyproof.ownership import Kind
from polyproof_okx.records import LONGEST, MOST_UNFINISHED, cells, read_records
from reserves.conftest import Problems, Read
from reserves.exchange import HEADER_9, HEADER_11, HEADER_12, okx_csv, wallet

TOTALS = "coin,snapshot height,amount\n"
COIN = 10**FINEST
A, B, C = (wallets.evm_account(number) for number in range(3))


def one(read: Read, row: str, header: str = HEADER_11, **options: str) -> object:
    (found,) = read("okx-csv", f"{TOTALS}\n{header}\n{row}\n", "a.csv", **options).rows
    return found


def test_a_file_of_eleven_columns_is_read(read: Read) -> None:
    rows = [wallet("EVM, hashed message", 1, "1.5"), wallet("bitcoin P2WSH", 2, "0.25")]
    found = read("okx-csv", okx_csv(rows, ["BTC,-,0.25", "USDT-POLY,35807652,1.5", "USDT(ALL),-,1.5"]), "a.csv")
    assert [(row.asset, row.chain, row.amount) for row in found.rows] == [
        ("USDT", "polygon", 3 * COIN // 2),
        ("BTC", "bitcoin", COIN // 4),
    ]
    for row, wanted in zip(found.rows, rows, strict=True):
        assert (row.address, row.message) == (wanted.claim.address, wanted.claim.message)
        assert (row.signatures, row.keys) == (wanted.claim.signatures, wanted.claim.keys)
    assert found.rows[0].location.line == 7
    assert found.rows[0].location.row == 1
    assert found.files[0].rows == 2


def test_a_file_of_nine_columns_is_read(read: Read) -> None:
    row = one(read, f"ETH,ETH,23900000,{A},2,hello,0x01,0x02,0xaa", HEADER_9)
    assert (row.asset, row.chain, row.height) == ("ETH", "ethereum", 23_900_000)
    assert row.signatures == ("0x01", "0x02")
    assert row.keys == ("0xaa",)
    assert row.owners == ()
    assert row.kind is Kind.OWN


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        ("Non Staking", Kind.OWN),
        ("", Kind.OWN),
        ("Native ETH Staking", Kind.STAKED),
        ("Eigenlayer Staking", Kind.STAKED),
        ("liquid_staking", Kind.STAKED),
        ("Custody", Kind.CUSTODIAL),
    ],
)
def test_a_file_of_twelve_columns_says_what_kind_a_row_is(read: Read, type: str, kind: Kind) -> None:
    row = one(read, f"ETH,{type},ETH,-,{A},2,hello,0x01,,,{B},{C}", HEADER_12)
    assert row.kind is kind
    assert row.owners == (B, C)


@pytest.mark.parametrize("type", ["Non ETH Staking", "Lending", "mistaking"])
def test_an_unknown_kind_of_row_is_reported(problems: Problems, type: str) -> None:
    (problem,) = problems("okx-csv", f"{TOTALS}\n{HEADER_12}\nETH,{type},ETH,-,{A},2,hello,0x01,,,,\n", "a.csv")
    assert type in problem.message
    assert problem.location is not None
    assert (problem.location.line, problem.location.row) == (4, 1)


@pytest.mark.parametrize(
    "header", ["Coin, NETWORK ,snapshot_height,Address,BALANCE,Message,Signature 1", HEADER_9.upper()]
)
def test_the_case_of_a_header_does_not_matter(read: Read, header: str) -> None:
    header = header.replace("Signature 1", "signature1")
    assert one(read, f"ETH,ETH,-,{A},2,hello,0x01", header).address == A


# Quirks


def test_a_byte_order_mark_is_no_part_of_the_header(read: Read) -> None:
    data = b"\xef\xbb\xbf" + f"{TOTALS}\n{HEADER_9}\nETH,ETH,-,{A},2,m,0x01,,\n".encode()
    assert len(read("okx-csv", data, "a.csv").rows) == 1


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_lines_may_end_with_crlf(read: Read, end: str) -> None:
    text = f"{TOTALS}\n{HEADER_9}\nETH,ETH,-,{A},2,m,0x01,,\nETH,ETH,-,{B},2,m,0x02,,\n".replace("\n", end)
    found = read("okx-csv", text, "a.csv")
    assert [row.location.line for row in found.rows] == [4, 5]
    assert [row.signatures for row in found.rows] == [("0x01",), ("0x02",)]


def test_line_ends_may_be_mixed_and_the_last_one_missing(read: Read) -> None:
    text = f"{TOTALS}\r\n{HEADER_9}\nETH,ETH,-,{A},2,m,0x01,,\r\nETH,ETH,-,{B},2,m,0x02,,"
    assert len(read("okx-csv", text, "a.csv").rows) == 2


def test_a_carriage_return_alone_is_reported(problems: Problems) -> None:
    (problem,) = problems("okx-csv", f"{HEADER_9}\rETH,ETH,-,{A},2,m,0x01,,\r", "a.csv")
    assert "carriage return" in problem.message


def test_empty_lines_and_lines_of_commas_are_no_rows(read: Read) -> None:
    text = f"\n\n{TOTALS}\n,,\n\n{HEADER_9}\n\nETH,ETH,-,{A},2,m,0x01,,\n   \n,,,,,,,,\nETH,ETH,-,{B},2,m,0x02,,\n\n"
    found = read("okx-csv", text, "a.csv")
    assert [(row.location.line, row.location.row) for row in found.rows] == [(9, 1), (12, 2)]


def test_blanks_around_cells_are_no_part_of_them(read: Read) -> None:
    row = one(read, f" ETH ,\tETH , - , {A} ,  5.2834 , I am an address , 0x01 ,, ")
    assert row.amount == 52834 * COIN // 10_000
    assert row.message == "I am an address"
    assert row.address == A


def test_a_row_may_lack_empty_cells_at_its_end(read: Read) -> None:
    assert one(read, f"ETH,ETH,-,{A},2,m,0x01").signatures == ("0x01",)


def test_a_row_may_have_more_empty_cells_at_its_end(read: Read) -> None:
    assert one(read, f"ETH,ETH,-,{A},2,m,0x01,,,,,,,").signatures == ("0x01",)


def test_a_row_that_lacks_what_it_needs_is_reported(problems: Problems) -> None:
    (problem,) = problems("okx-csv", f"{HEADER_11}\nETH,ETH,-,{A},2\n", "a.csv")
    assert "has 5 cells, its header 11" in problem.message
    assert problem.location is not None
    assert problem.location.row == 1


def test_a_row_with_a_cell_too_many_is_reported_and_the_others_are_read_on(problems: Problems) -> None:
    text = f"{HEADER_9}\nETH,ETH,-,{A},2,m,0x01,,,oops\nETH,ETH,-,{B},-1,m,0x01,,\n"
    first, second = problems("okx-csv", text, "a.csv")
    assert "has 10 cells, its header 9" in first.message
    assert "negative" in second.message
    assert second.location is not None
    assert (second.location.line, second.location.row) == (3, 2)


@pytest.mark.parametrize(
    ("cell", "keys"),
    [
        ('{"publicKey1":"EOSa","publicKey2":"EOSb"}', ("EOSa", "EOSb")),
        ('"{""publicKey1"":""EOSa"",""publicKey2"":""EOSb""}"', ("EOSa", "EOSb")),
        ('["EOSa","EOSb"]', ("EOSa", "EOSb")),
        ("[EOSa, EOSb]", ("EOSa", "EOSb")),
        ('"[""EOSa"",""EOSb""]"', ("EOSa", "EOSb")),
        ('{"a":"EOSa","b":"null"}', ("EOSa",)),
        ("EOSa", ("EOSa",)),
        ("null", ()),
        ("\\N", ()),
    ],
)
def test_several_keys_stand_in_one_cell_as_json(read: Read, cell: str, keys: tuple[str, ...]) -> None:
    row = one(read, f"ETH,ETH,-,{A},2,m,0x01,0x02,{cell},{B},")
    assert row.keys == keys
    assert row.owners == (B,)


@pytest.mark.parametrize("cell", ['{"a":{"b":"c"}}', '{"a":1}', "[1,2]", '"{broken"', "[" * 200 + "]" * 200])
def test_json_that_holds_no_keys_is_reported(problems: Problems, cell: str) -> None:
    (problem,) = problems("okx-csv", f"{HEADER_9}\nETH,ETH,-,{A},2,m,0x01,,{cell}\n", "a.csv")
    assert "JSON" in problem.message


def test_a_message_of_several_lines_stands_in_quotes(read: Read) -> None:
    text = f'{HEADER_9}\nETH,ETH,-,{A},2,"first\nsecond, ""third""\n\nlast",0x01,,\nETH,ETH,-,{B},1,m,0x01,,\n'
    first, second = read("okx-csv", text, "a.csv").rows
    assert first.message == 'first\nsecond, "third"\n\nlast'
    assert (first.location.line, second.location.line) == (2, 6)


def test_a_quote_that_is_not_closed_is_reported_where_it_opens_and_hides_no_row(problems: Problems) -> None:
    text = f'{HEADER_9}\nETH,ETH,-,{A},2,"m,0x01,,\nETH,ETH,-,{B},x,m,0x01,,\n'
    first, second = problems("okx-csv", text, "a.csv")
    assert "does not end" in first.message
    assert first.location is not None
    assert first.location.line == 2
    assert second.location is not None
    assert (second.location.line, "not a number" in second.message) == (3, True)


def test_a_line_longer_than_allowed_is_reported_and_the_next_one_read(problems: Problems) -> None:
    text = f"{HEADER_9}\nETH,ETH,-,{A},2,{'m' * LONGEST},0x01,,\nETH,ETH,-,{B},x,m,0x01,,\n"
    first, second = problems("okx-csv", text, "a.csv")
    assert "longer than" in first.message
    assert second.location is not None
    assert second.location.line == 3


def test_a_long_line_within_bounds_is_read(read: Read) -> None:
    assert len(one(read, f"ETH,ETH,-,{A},2,{'m' * 60_000},0x01,,").message) == 60_000


def test_a_text_longer_than_a_row_may_have_is_reported(problems: Problems) -> None:
    (problem,) = problems("okx-csv", f"{HEADER_9}\nETH,ETH,-,{A},2,{'m' * 70_000},0x01,,\n", "a.csv")
    assert "65536" in problem.message


def test_bytes_that_are_not_utf8_are_reported_by_line(problems: Problems) -> None:
    data = f"{HEADER_9}\nETH,ETH,-,{A},2,".encode() + b"\xff\n"
    (problem,) = problems("okx-csv", data, "a.csv")
    assert "0xff" in problem.message
    assert problem.location is not None
    assert problem.location.line == 2


def test_utf16_is_reported_as_such(problems: Problems) -> None:
    (problem,) = problems("okx-csv", HEADER_9.encode("utf-16"), "a.csv")
    assert "UTF-16" in problem.message


def test_an_unknown_column_is_reported_and_its_rows_are_not_guessed_at(problems: Problems) -> None:
    (problem,) = problems("okx-csv", f"{HEADER_9},surprise\nETH,ETH,-,{A},2,m,0x01,,,\n", "a.csv")
    assert "surprise" in problem.message


def test_two_columns_of_one_meaning_are_reported(problems: Problems) -> None:
    (problem,) = problems("okx-csv", f"{HEADER_9},amount\nETH,ETH,-,{A},2,m,0x01,,,3\n", "a.csv")
    assert "two columns" in problem.message


def test_a_header_without_an_address_is_no_header_of_holdings(problems: Problems) -> None:
    (problem,) = problems("okx-csv", f"{TOTALS}BTC,-,0\n", "a.csv")
    assert "no header of holdings" in problem.message


def test_rows_without_a_header_are_reported_once(problems: Problems) -> None:
    (problem,) = problems("okx-csv", f"ETH,ETH,-,{A},2,m,0x01,,\nETH,ETH,-,{B},2,m,0x01,,\n", "a.csv")
    assert "no header" in problem.message


def test_all_problems_of_a_file_are_reported_together_up_to_a_limit(tmp_path: Path, read: Read) -> None:
    rows = "".join(f"NO{number},ETH,-,{wallets.evm_account(number)},1,m,0x01,,\n" for number in range(30))
    with pytest.raises(ReservesError) as caught:  # each of another unknown coin
        read("okx-csv", f"{HEADER_9}\n{rows}", "a.csv", limit=10)
    assert len(caught.value.problems) == 10
    assert caught.value.more == 20
    assert [problem.location.row for problem in caught.value.problems if problem.location] == list(range(1, 11))


def test_one_row_may_have_several_problems(problems: Problems) -> None:
    found = problems("okx-csv", f"{HEADER_9}\nFOO,ETH,x,,1e,m,0x01,,\n", "a.csv")
    assert len(found) == 4
    text = " ".join(problem.message for problem in found)
    for part in ("FOO", "not a number", "height", "no address"):
        assert part in text


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        ("0.1", COIN // 10),
        ("1e-7", COIN // 10**7),
        ("0", 0),
        ("123456789012345678.000000000000000001", 123456789012345678 * COIN + COIN // 10**18),
        ("0." + "9" * 40, COIN - 1),
    ],
)
def test_amounts_are_exact_and_rounded_down_below_the_finest_unit(read: Read, amount: str, units: int) -> None:
    assert one(read, f"ETH,ETH,-,{A},{amount},m,0x01,,").amount == units


@pytest.mark.parametrize("amount", ["", "-1", "1,5", "NaN", "inf", "0x10", "1_000", "١", "1e99", "9" * 1001, "-"])
def test_what_is_not_an_amount_is_reported(problems: Problems, amount: str) -> None:
    (problem,) = problems("okx-csv", f'{HEADER_9}\nETH,ETH,-,{A},"{amount}",m,0x01,,\n', "a.csv")
    assert "amount" in problem.message


@pytest.mark.parametrize("address", ["\x1b[31m", "bad\u202eaddress", "x" * 1001])
def test_an_address_that_would_steer_a_terminal_is_not_taken(problems: Problems, address: str) -> None:
    (problem,) = problems("okx-csv", f"{HEADER_9}\nETH,ETH,-,{address},1,m,0x01,,\n", "a.csv")
    assert "address" in problem.message
    assert address not in str(problem)


# Records, by themselves


def records(folder: Path, data: bytes) -> tuple[list[tuple[int | None, tuple[str, ...]]], Findings]:
    (folder / "records.csv").write_bytes(data)
    findings, found = Findings(), []
    for one in read_records(folder / "records.csv"):
        if isinstance(one, Problem):
            findings.add_problem(one)
        else:
            found.append((one.location.line, one.cells))
    return found, findings


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters='"\r\n\t,{}[]', exclude_categories=("Zs", "Cc")))
QUOTED = st.text(st.sampled_from('ab,"{}[]\n '))


@given(st.lists(st.lists(PLAIN | QUOTED, min_size=1, max_size=5), max_size=6))
def test_what_the_standard_library_writes_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    found, findings = records(tmp_path_factory.mktemp("csv"), text.getvalue().encode())
    assert not findings
    assert [list(cells) for _, cells in found] == [[cell.strip() for cell in row] for row in rows]


@given(st.text(st.sampled_from('a,"{}[] \n')))
def test_no_text_is_read_in_two_ways(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever the quotes and brackets, every line is in one record or reported, and none is lost."""
    found, findings = records(tmp_path_factory.mktemp("csv"), text.encode())
    lines = text.split("\n") if not text.endswith("\n") else text[:-1].split("\n")
    assert len(found) + findings.count >= 1 if text else not found
    if '"' not in text:
        assert len(found) == (len(lines) if text else 0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('a,b"c,"x",d', ["a", 'b"c', "x", "d"]),
        ('a,"b"c,d', ["a", "bc", "d"]),
        ("a,{b,c},d", ["a", "{b,c}", "d"]),
        ("a,[b,{c,d}],e", ["a", "[b,{c,d}]", "e"]),
        ("a,{b,c", ["a", "{b", "c"]),
        ("a,x{b,c},d", ["a", "x{b", "c}", "d"]),
        ('a,\t"b,c"\t,d', ["a", "b,c", "d"]),
        ("", [""]),
        (",", ["", ""]),
    ],
)
def test_cells_are_cut_where_they_end(text: str, wanted: list[str]) -> None:
    assert cells(text) == wanted


@pytest.mark.parametrize(
    "line", [b',"' * 300_000, b',""' * 300_000, b'"' * 900_001, b"[" * 900_000, b',{"a"' * 200_000, b", " * 500_000]
)
def test_a_hostile_line_takes_no_more_than_its_length(tmp_path: Path, line: bytes) -> None:
    start = time.process_time()
    records(tmp_path, line + b"\n")
    assert time.process_time() - start < 20


def test_quotes_that_never_end_are_given_up_after_some(tmp_path: Path) -> None:
    # A quote in the middle of a cell closes the one before it and then opens another: no line ever ends.
    data = b'b"c,"x\n' * 400_000
    start = time.process_time()
    found, findings = records(tmp_path, data)
    assert time.process_time() - start < 60
    assert not found
    assert findings.count == MOST_UNFINISHED + 2
    assert "not read" in findings.kept[-1].message


def test_json_that_a_writer_quotes_survives(read: Read) -> None:
    row = wallet("bitcoin P2WSH", 5)
    text = okx_csv([row]).replace(row.claim.keys[0], '"' + json.dumps(list(row.claim.keys)).replace('"', '""') + '"')
    assert read("okx-csv", text, "a.csv").rows[0].keys == row.claim.keys
