"""CSV: what is accepted, and every problem with its file and row, all together."""

from __future__ import annotations

import csv
import gzip
import io
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.snapshots import ASSETS, BTC, USD, problems_of, read, read_text, table
from polyproof import findings
from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot import delimited
from polyproof.liabilities.snapshot.file import SnapshotFile
from polyproof.liabilities.snapshot.ids import doubt_of_id
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.model.assets import Asset
from polyproof.progress import Progress, Task
from polyproof.settings.accounts import AccountsSettings

HEADER = "account,BTC,ETH,USD\n"
GOOD = HEADER + "alice,1,2,3\nbob,0.5,,0\n"
EXPECTED = {"alice": (10**8, 2 * 10**18, 300), "bob": (5 * 10**7, 0, 0)}


def test_a_wide_file_is_a_table(tmp_path: Path) -> None:
    accounts = read_text(tmp_path, GOOD)
    assert table(accounts) == EXPECTED
    assert accounts.assets == ASSETS
    assert accounts.words.tolist() == [[10**8, 2 * 10**18, 0, 300], [5 * 10**7, 0, 0, 0]]


@pytest.mark.parametrize(
    "text",
    [
        GOOD.encode(),
        GOOD.rstrip("\n").encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\n\n").encode(),
        GOOD.replace("alice", '"alice"').replace("0.5", '"0.5"').replace("account", '"account"').encode(),
        GOOD.replace("account,BTC", " account , BTC ").encode(),
        b"USD,account,ETH,BTC\n3,alice,2,1\n0,bob,,0.5\n",
        b"account,xbt,eth,Usd\nalice,1,2,3\nbob,.5,0,0\n",
        b"Account,XBT,ETH,USD\nalice,1,2,3\nbob,.5,0,0\n",
    ],
    ids=["plain", "no last newline", "BOM", "CRLF", "blank lines", "quotes", "spaces", "permuted", "case", "alias"],
)
def test_the_same_accounts_written_differently(tmp_path: Path, text: bytes) -> None:
    assert table(read_text(tmp_path, text)) == EXPECTED


@given(st.permutations(["account", "BTC", "ETH", "USD", "note"]))
@settings(max_examples=20)
def test_columns_in_any_order_give_the_same_table(tmp_path_factory: pytest.TempPathFactory, order: list[str]) -> None:
    rows = [
        {"account": "alice", "BTC": "1", "ETH": "2", "USD": "3", "note": "x"},
        {"account": "bob", "BTC": "0.5", "ETH": "", "USD": "0", "note": "-7"},
    ]
    written = io.StringIO()
    writer = csv.DictWriter(written, order)
    writer.writeheader()
    writer.writerows(rows)
    assert table(read_text(tmp_path_factory.mktemp("order"), written.getvalue(), ignore=("note",))) == EXPECTED


def test_other_delimiters_and_gzip(tmp_path: Path) -> None:
    assert table(read_text(tmp_path, GOOD.replace(",", "\t"), name="users.tsv")) == EXPECTED
    assert table(read_text(tmp_path, GOOD.replace(",", ";"), delimiter=";")) == EXPECTED
    assert table(read_text(tmp_path, gzip.compress(GOOD.encode()), name="users.csv.gz")) == EXPECTED
    assert table(read_text(tmp_path, gzip.compress(GOOD.replace(",", "\t").encode()), name="u.tsv.gz")) == EXPECTED
    problem = problems_of(tmp_path, GOOD.replace(",", ";"))[0]
    assert "users.csv: has one column" in problem
    assert "accounts.delimiter" in problem


def test_ids_are_kept_byte_for_byte(tmp_path: Path) -> None:
    ids = [
        "a,b",
        'say "hi"',
        "ünïcödé",
        "日本語",
        "0001",
        "1e5",
        "null",
        "NaN",
        "x" * 256,
        "a  b",
        "😀@mail.example",
        "é",
    ]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([["account", "USD"], *([name, "1"] for name in ids)])
    accounts = read_text(tmp_path, written.getvalue(), (USD,))
    assert list(accounts.ids) == ids


invisible = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
selectors = "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
visible = st.characters(
    blacklist_categories=("Cs", "Cc", "Cf", "Cn", "Zs", "Zl", "Zp"), blacklist_characters=invisible + selectors
)
names = st.text(visible, min_size=1, max_size=20).filter(lambda name: len(name.encode()) <= 256)


@settings(max_examples=30)
@given(st.lists(names, min_size=1, max_size=20, unique=True), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_ids_that_python_writes_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], end: str, quote: bool
) -> None:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator=end, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL)
    writer.writerows([["account", "USD"], *([name, f"{k}.25"] for k, name in enumerate(ids))])
    accounts = read_text(tmp_path_factory.mktemp("ids"), written.getvalue(), (USD,))
    assert table(accounts) == {name: (100 * k + 25,) for k, name in enumerate(ids)}


def test_symbols_that_look_like_names_of_the_reader_are_only_symbols(tmp_path: Path) -> None:
    assets = tuple(
        Asset(name, 0) for name in ("t1", "t0", "v0", "w1", "account", "rowid", "value", "select", "polyproof_batch")
    )
    header = ["id", *(asset.symbol for asset in assets)]
    written = io.StringIO()
    csv.writer(written).writerows([header, ["a", *range(1, 10)]])
    assert table(read_text(tmp_path, written.getvalue(), assets, id="id")) == {"a": tuple(range(1, 10))}


def test_several_files_are_one_snapshot(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("USD,account,BTC,ETH\n1,bob,0,0\n")
    (tmp_path / "a.csv").write_text(HEADER + "alice,1,0,0\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.csv").write_text(HEADER + "carol,0,1,0\n")
    for pattern in (("**/*.csv",), ("*.csv", "sub/*.csv"), ("[ab].csv", "a.csv", "sub/c.csv")):
        accounts = read_snapshot(AccountsSettings(path=pattern), ASSETS, base=tmp_path).accounts
        assert sorted(table(accounts).items()) == [
            ("alice", (10**8, 0, 0)),
            ("bob", (0, 0, 100)),
            ("carol", (0, 10**18, 0)),
        ]
    assert list(accounts.ids) == ["alice", "bob", "carol"]


def test_a_file_whose_name_looks_like_a_pattern_is_read(tmp_path: Path) -> None:
    for name in ("users[1].csv", "users*.csv", "it's.csv"):
        assert table(read_text(tmp_path, GOOD, name=name)) == EXPECTED


def test_duplicate_accounts_name_both_rows(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, HEADER + "alice,1,0,0\nbob,1,0,0\nalice,2,0,0\nalice,3,0,0\n")
    assert len(problems) == 2
    assert problems[0].startswith(f"{tmp_path}/users.csv:4: row 3: account 'alice' occurs twice")
    assert f"first in {tmp_path}/users.csv:2: row 1" in problems[0]
    assert "row 4" in problems[1]


def test_duplicates_across_files_name_both_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "alice,1,0,0\nbob,1,0,0\n")
    (tmp_path / "b.csv").write_text(HEADER + "carol,1,0,0\nbob,1,0,0\n")
    with pytest.raises(AccountsError) as caught:
        read_snapshot(AccountsSettings(path=("*.csv",)), ASSETS, base=tmp_path)
    (problem,) = map(str, caught.value.problems)
    assert problem.startswith(f"{tmp_path}/b.csv:3: row 2: account 'bob'")
    assert f"{tmp_path}/a.csv:3: row 2" in problem


@pytest.mark.parametrize(
    "name", ["می\u200cخواهم", "👩\u200d💻", "alice ❤\ufe0f", "a b", "élise", "O'Neil-3", "\u0645\u06dd"]
)
def test_ids_of_every_script_are_kept(tmp_path: Path, name: str) -> None:
    assert list(read_text(tmp_path, f"account,BTC,ETH,USD\n{name},1,0,0\n").ids) == [name]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "the account id is empty"),
        ('""', "the account id is empty"),
        ("x" * 257, "longer than 256 bytes"),
        ("é" * 129, "longer than 256 bytes"),
        ("a\x00b", "has control characters"),
        ("a\x1bb", "has control characters"),
        ('"a\nb"', "has control characters"),
        ("a\x7fb", "has control characters"),
        ("a\x85b", "has control characters"),
        (" alice", "has spaces around it"),
        ("alice\xa0", "has spaces around it"),
        ("alice\u200b", "has the invisible character U+200B at place 6"),
        ("\ufeffalice", "has the invisible character U+FEFF at place 1"),
        ("ali\u00adce", "has the invisible character U+00AD at place 4"),
        ("ali\u202ece", "has the invisible character U+202E at place 4"),
        ("alice\u2060", "has the invisible character U+2060 at place 6"),
        ("alice\u3164", "has the invisible character U+3164 at place 6"),
        ("alice\u2028bob", "has the invisible character U+2028 at place 6"),
        ("alice\U000e0041", "has the invisible character U+E0041 at place 6"),
        ("alice\u200d", "has the invisible character U+200D at place 6"),
        ("\u200calice", "has the invisible character U+200C at place 1"),
        ("alice\ufe0f", "has the invisible character U+FE0F at place 6"),
    ],
)
def test_unusable_ids_are_reported_with_their_row(tmp_path: Path, name: str, says: str) -> None:
    problems = problems_of(tmp_path, HEADER + f"ok,1,0,0\n{name},0,0,0\n")
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path}/users.csv:3: row 2: ")
    assert says in problems[0]
    assert len(problems[0]) < 300


@pytest.mark.parametrize("name", ["alice ", "\u00a0alice", "ali\u202ece", "ali\nce", "alice\u200d", "Zoe\u0308"])
def test_a_user_is_told_what_cannot_be_seen_in_an_id(name: str) -> None:
    assert doubt_of_id(name)
    assert doubt_of_id("Zo\u00eb of \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645") is None
    assert doubt_of_id("") is None


def test_unknown_columns_are_listed_together_unless_ignored(tmp_path: Path) -> None:
    text = "account,BTCC,ETH,USD,email,BTC\na,0,0,0,x,0\n"
    (problem,) = problems_of(tmp_path, text)
    assert problem.startswith(
        f"{tmp_path}/users.csv: columns unknown to the spec: 'BTCC' (did you mean 'BTC'?), 'email'"
    )
    assert "BTC, ETH, USD" in problem
    assert "accounts.ignore" in problem
    assert table(read_text(tmp_path, text, ignore=("email", "BTCC"))) == {"a": (0, 0, 0)}


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("account,BTC,ETH", "has no column for USD"),
        ("user,BTC,ETH,USD", "has no column 'account'"),
        ("account,BTC,BTC,ETH,USD", "column 'BTC' occurs twice"),
        ("account,BTC,XBT,ETH,USD", "columns 'BTC' and 'XBT' are both BTC"),
        ("account,BTC,btc,ETH,USD", "columns 'BTC' and 'btc' are both BTC"),
        ("account,account,BTC,ETH,USD", "has 2 columns named 'account'"),
        ("account,BTC,,ETH,USD", "column 3 has no name"),
        ("", "is empty"),
        ("\nalice,1,2,3", "its first line is blank"),
        ("alice,1,2,3", "has no column 'account'"),
        ('account,"BTC,ETH,USD', "its header cannot be read"),
    ],
)
def test_headers_that_do_not_fit_are_reported(tmp_path: Path, header: str, says: str) -> None:
    problems = problems_of(tmp_path, header)
    assert any(problem.startswith(f"{tmp_path}/users.csv: {says}") for problem in problems), problems


def test_a_symbol_that_could_be_two_assets_is_not_guessed(tmp_path: Path) -> None:
    assets = (Asset("BTC", 8), Asset("btc", 0))
    assert table(read_text(tmp_path, "account,btc,BTC\na,1,1\n", assets)) == {"a": (10**8, 1)}
    problems = problems_of(tmp_path, "account,Btc\na,1\n", assets=assets)
    assert "'Btc' (BTC or btc? write it as the spec does)" in problems[0]


def test_ragged_rows_are_reported_and_rows_after_them_keep_their_numbers(tmp_path: Path) -> None:
    text = HEADER + "a,1,0,0\nb,1\nc,1,2,3,4\n\nd,x,0,0\ne,1,0\na,0,0,0\n"
    problems = problems_of(tmp_path, text)
    places = [problem.removeprefix(f"{tmp_path}/users.csv") for problem in problems]
    assert places[0].startswith(":3: row 2: has 2 fields, the header has 4")
    assert places[1].startswith(":4: row 3: has 5 fields, the header has 4")
    assert places[2].startswith(":6: row 4: BTC amount 'x' is not a number")
    assert places[3].startswith(":7: row 5: has 3 fields")
    assert places[4].startswith(":8: row 6: account 'a' occurs twice")
    assert len(places) == 5


def test_rows_are_records_where_records_span_lines(tmp_path: Path) -> None:
    problems = problems_of(
        tmp_path, 'account,"BTC",note\n"a","1","two\nlines"\nb,x,\n', assets=(BTC,), ignore=("note",)
    )
    assert problems[0].startswith(f"{tmp_path}/users.csv:4: row 2: BTC amount 'x'")


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.booleans())
def test_row_and_line_of_every_problem_are_those_an_editor_shows(
    tmp_path_factory: pytest.TempPathFactory, seed: int, crlf: bool
) -> None:
    rng = random.Random(seed)
    lines, expected, row = ["account,BTC,note"], [], 0
    for k in range(rng.randrange(1, 30)):
        kind = rng.choice(["good", "good", "quoted", "spanning", "ragged", "many", "bad", "blank", "open"])
        line = sum(text.count("\n") + 1 for text in lines) + 1
        row += kind != "blank"
        if kind in ("ragged", "many", "bad"):
            expected.append((line, row))
        lines.append(
            {
                "good": f"u{k},1,",
                "quoted": f'"u{k}","1","say ""x"""',
                "spanning": f'u{k},1,"one\n\ntwo"',
                "ragged": f"u{k}",
                "many": f"u{k},1,2,3,4",
                "bad": f"u{k},one,",
                "blank": "",
                "open": f"u{k},1,no end",
            }[kind]
        )
    if not expected:
        expected.append((sum(text.count("\n") + 1 for text in lines) + 1, row + 1))
        lines.append("last,one,")
    text = "".join(line + ("\r\n" if crlf else "\n") for line in lines)
    directory = tmp_path_factory.mktemp("rows")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "FEW", 100)  # each told by itself, however many are alike
        problems = problems_of(directory, text, assets=(BTC,), ignore=("note",), limit=100)
    found = [problem.removeprefix(f"{directory}/users.csv:").split(": ")[:2] for problem in problems]
    assert found == [[str(line), f"row {row}"] for line, row in expected]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HEADER.encode() + b"ren\xe9,1,0,0\n", ":2: row 1: field 'account' is not UTF-8 text"),
        (HEADER.encode() + b"a,1,0,0\nb,1\xff,0,0\n", ":3: row 2: field 'BTC' is not UTF-8 text"),
        ("account,BTC,ETH,Größe\n".encode("latin-1") + b"a,1,0,0\n", ": its header is not UTF-8 text"),
        (GOOD.encode("utf-16"), ": is not UTF-8 text but looks like UTF-16"),
        (GOOD.encode("utf-16-le"), ": is not UTF-8 text but looks like UTF-16"),
        (HEADER.encode() + b'"a"b,1,0,0\n', ":2: row 1: a quoted field does not end with its quote"),
        (HEADER.encode() + b'"a,1,0,0\nb,1,0,0\n', ":2: row 1: a quoted field does not end with its quote"),
        (HEADER.encode() + b"a,1,0,0\nb," + b"1" * 3_000_000 + b",0,0\n", ":3: row 2: is longer than 2000000 bytes"),
        (HEADER.encode() + b"a,1,0,0\r\nb,1,0,0\n", ": line ends change"),
        (GOOD.replace("\n", "\r").encode(), ": ends its lines with CR alone"),
        (HEADER.encode() + b'a"b,1,0,0\nb,1,0,0\n', ": has 1 record by its line ends and quotes, but DuckDB reads 2"),
        (HEADER.encode() + b'a,1,0,0\nb,1,0,0\n"c,1,0,0', ":4: row 3: a quoted field does not end with its quote"),
        (HEADER.encode(), ": has no accounts"),
        (HEADER.encode() + b"\n\n", ": has no accounts"),
        (b"", ": is empty"),
        (b"\0" * 100, ": is not UTF-8 text"),
        (os.urandom(0) + bytes(range(128, 256)), ": its header is not UTF-8 text"),
    ],
)
def test_files_that_are_not_csv_in_utf8(tmp_path: Path, content: bytes, says: str) -> None:
    problems = problems_of(tmp_path, content)
    assert problems[0].startswith(f"{tmp_path}/users.csv{says}"), problems
    assert all(len(problem) < 500 for problem in problems)


def test_everything_is_reported_together_in_order_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "a,-1,x,1\na,1,1,1e9\n,0,0,0\nb,1\n")
    (tmp_path / "b.csv").write_text("account,BTC,ETH,USD,EUR\n")
    (tmp_path / "c.csv").write_text("")
    (tmp_path / "d.csv").write_text(HEADER + "a,0,nan,0\n")
    source = AccountsSettings(path=("*.csv",))
    with pytest.raises(AccountsError) as caught:
        read_snapshot(source, ASSETS, base=tmp_path)
    said = [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
    wanted = [
        "a.csv:2: row 1: BTC amount '-1' is negative",
        "a.csv:2: row 1: ETH amount 'x' is not a number",
        "a.csv:3: row 2: account 'a' occurs twice",
        "a.csv:4: row 3: the account id is empty",
        "a.csv:5: row 4: has 2 fields",
        "b.csv: columns unknown to the spec: 'EUR'",
        "c.csv: is empty",
        "d.csv:2: row 1: account 'a' occurs twice",
        "d.csv:2: row 1: ETH amount 'nan' is not a number",
    ]
    assert len(said) == len(wanted)
    assert all(message.startswith(start) for message, start in zip(said, wanted, strict=True)), said
    with pytest.raises(AccountsError) as caught:
        read_snapshot(source, ASSETS, base=tmp_path, limit=3)
    # Of three kinds: negative BTC, ETH that is no number, accounts that occur twice.
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [*said[:3], *said[7:]]
    assert caught.value.more == 4
    assert str(caught.value).endswith("… and 4 more")


def test_of_many_problems_the_first_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    count = 30_000
    text = HEADER + "".join(f"{'' if k % 3 == 0 else 'x'},a,-1,0\n" for k in range(count))
    with pytest.raises(AccountsError) as caught:
        read_text(tmp_path, text)
    shown = caught.value.problems
    assert [problem.location.row for problem in shown if problem.location] == sorted(
        problem.location.row or 0 for problem in shown if problem.location
    )
    duplicates = sum(k % 3 != 0 for k in range(count)) - 1
    # Amounts of BTC and of ETH, empty ids, and accounts that occur twice.
    assert sorted(problem.count for problem in shown) == sorted([count, count, -(-count // 3), duplicates])
    assert caught.value.more == 0


def test_a_debt_is_an_error_that_names_the_rule(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text(HEADER + "a,-0.5,0,0\n")
    with pytest.raises(AccountsError, match="a debt; rule 'net-of-loans' allows none"):
        read_snapshot(AccountsSettings(path=("users.csv",)), ASSETS, rule="net-of-loans", base=tmp_path)


def test_files_that_are_missing_or_cannot_be_read(tmp_path: Path) -> None:
    def problem(*paths: str, **options: str) -> str:
        with pytest.raises(AccountsError) as caught:
            read_snapshot(AccountsSettings(path=paths, **options), ASSETS, base=tmp_path)
        return str(caught.value)

    assert problem("users.csv") == f"{tmp_path}/users.csv: there is no such file"
    assert problem("users-*.csv") == f"{tmp_path}/users-*.csv: no file matches"
    (tmp_path / "dir").mkdir()
    assert f"{tmp_path}/dir: there are no files in it" in problem("dir")
    (tmp_path / "users.odt").write_text("")
    assert "its suffix is not that of a known format" in problem("users.odt")
    assert "is empty" in problem("users.odt", format="csv")
    (tmp_path / "users.csv").write_text(GOOD)
    (tmp_path / "users.parquet").write_bytes(b"PAR1 but not really")
    assert "of different formats: csv, parquet" in problem("users.*[tv]")
    assert f"{tmp_path}/users.parquet: cannot be read as parquet" in problem("users.parquet")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(GOOD.encode() * 1000)[:60])
    assert f"{tmp_path}/cut.csv.gz: cannot be read" in problem("cut.csv.gz")
    (tmp_path / "no.csv.gz").write_bytes(b"not gzip")
    assert f"{tmp_path}/no.csv.gz: cannot be read" in problem("no.csv.gz")
    assert "accounts.path is missing" in problem()
    if os.geteuid():
        (tmp_path / "users.csv").chmod(0)
        assert "Permission denied" in problem("users.csv")


def test_a_snapshot_leaves_no_files_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.chdir(tmp_path)
    read_text(tmp_path, GOOD)
    problems_of(tmp_path, HEADER)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tmp", "users.csv"]
    assert not list(temporary.iterdir())


def test_rows_keep_their_order_through_many_blocks(tmp_path: Path) -> None:
    count = 300_000
    path = tmp_path / "many.csv"
    path.write_text(
        "account,USD\n" + "".join(f"user-{k * 7919 % count:06},{k % 1000}.{k % 100:02}\n" for k in range(count))
    )
    accounts = read(path, (USD,))
    assert list(accounts.ids) == [f"user-{k * 7919 % count:06}" for k in range(count)]
    assert accounts.words[:, 0].tolist() == [k % 1000 * 100 + k % 100 for k in range(count)]


def test_no_record_is_lost_where_faults_stand_at_the_blocks_of_a_reader_with_threads(tmp_path: Path) -> None:
    # DuckDB 2.0, noting faults down in several threads, drops what follows a fault at byte 8,000,000.
    rng = random.Random(3)
    lines = ["account,BTC"]
    for k in range(110_000):
        lines.append(rng.choice([f"{'x' * 90}{k},1", f"{'x' * 90}{k},1", f"u{k}", f"u{k},1,2,3", f"u{k},one"]))
    wrong = sum(line.count(",") != 1 or line.endswith("one") for line in lines)
    for end in ("\n", "\r\n"):
        with pytest.raises(AccountsError) as caught:
            read_text(tmp_path, end.join(lines), (BTC,))
        assert sum(problem.count for problem in caught.value.problems) + caught.value.more == wrong


@settings(max_examples=200)
@given(st.text(',"\n\ra ', max_size=60), st.integers(1, 9), st.sampled_from(["\n", "\r\n"]))
def test_records_are_counted_as_the_csv_module_counts_them(
    tmp_path_factory: pytest.TempPathFactory, text: str, block: int, end: str
) -> None:
    fields = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    written = io.StringIO()
    # The csv module leaves a carriage return unquoted.
    quoting = csv.QUOTE_ALL if "\r" in text or len(text) % 2 else csv.QUOTE_MINIMAL
    csv.writer(written, lineterminator=end, quoting=quoting).writerows([["account", "BTC"], *fields])
    path = tmp_path_factory.mktemp("layout") / "a.csv"
    path.write_bytes(written.getvalue().encode() + end.encode() * (len(text) % 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_BLOCK", block)
        layout = delimited._layout(path)
    expected, reader = [], csv.reader(io.StringIO(written.getvalue(), newline=""))
    begins = 1
    for _ in reader:
        expected.append(begins)
        begins = reader.line_num + 1
    assert not layout.open
    assert len(layout.starts) == len(fields)
    content = path.read_bytes()
    for start, record in zip(layout.starts.tolist(), fields, strict=True):
        assert next(csv.reader(io.StringIO(content[start:].decode(), newline=""))) == record
    if end == "\n" and "\r" not in text:
        assert layout.lines.tolist() == expected[1:]


def test_a_reader_that_finds_another_number_of_records_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relation = delimited._relation
    monkeypatch.setattr(delimited, "_relation", lambda *given: f"(SELECT * FROM {relation(*given)} LIMIT 1)")
    assert "has 2 records by its line ends and quotes, but DuckDB reads 1" in problems_of(tmp_path, GOOD)[0]


def test_rows_are_in_order_after_a_first_reading_was_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relation = delimited._relation

    def forgetful(file: SnapshotFile, path: Path, delimiter: str, more: str) -> str:
        made = relation(file, path, delimiter, more)
        return made if more else f"(SELECT * FROM {made} LIMIT 100000)"

    monkeypatch.setattr(delimited, "_relation", forgetful)
    count = 150_000
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("account,USD\n" + "".join(f"{name}{k},{k}.01\n" for k in range(count)))
    accounts = read_snapshot(AccountsSettings(path=("*.csv",)), (USD,), base=tmp_path).accounts
    assert list(accounts.ids) == [f"{name}{k}" for name in "ab" for k in range(count)]
    assert accounts.words[:, 0].tolist() == [100 * k + 1 for _ in "ab" for k in range(count)]


def test_reading_reports_its_progress_to_the_end(tmp_path: Path) -> None:
    told: dict[str, list[int]] = {}

    class Steps(Task):
        def __init__(self, title: str, total: int | None) -> None:
            told[title] = [0, total or 0]
            self.title = title

        def advance(self, steps: int = 1) -> None:
            told[self.title][0] += steps

    class Listener(Progress):
        @contextmanager
        def task(self, title: str, total: int | None = None) -> Iterator[Task]:
            yield Steps(title, total)

    (tmp_path / "wide.csv").write_text(GOOD)
    (tmp_path / "long.csv").write_text("account,asset,amount\na,BTC,1\na,USD,2\nb,USD,3\n")
    read_snapshot(AccountsSettings(path=("wide.csv",)), ASSETS, base=tmp_path, progress=Listener())
    assert told == {"read accounts": [1, 1], "convert amounts": [2, 2]}
    read_snapshot(AccountsSettings(path=("long.csv",), shape="long"), ASSETS, base=tmp_path, progress=Listener())
    assert told == {"read accounts": [1, 1], "convert amounts": [3, 3]}
