"""The public evidence says all that was judged, in one form, and is read back to that or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve

from polyproof.errors import Location, ProofRejected
from polyproof.formats.strict_json import canonical
from polyproof.model.holdings import FINEST
from polyproof.ownership import AccountControl, Kind, Status
from polyproof.reserves.challenge import Freshness, FreshnessVerdict
from polyproof.reserves.evaluation import BalanceCheck, Check, JudgedRow
from polyproof.reserves.evidence import evidence_lines, parse_evidence
from polyproof.reserves.rows import ReserveRow

COIN = 10**FINEST
HEADER = b'{"polyproof-holdings":1}\n'
FILE = "evidence.jsonl"
BARE = JudgedRow(
    ReserveRow(Location(FILE, 2, row=1), "ETH", "ETH", "ethereum", "0x" + "ab" * 20, 3 * COIN),
    "0xAB",
    Status.UNBOUND,
    "",
    "",
    FreshnessVerdict(Freshness.CONSTANT, ""),
    BalanceCheck(Check.NOT_CHECKED),
)
"""A row of which nothing is said that need not be."""
FULL = JudgedRow(
    ReserveRow(
        Location(FILE, 3, row=2),
        "USDT",
        "USDT",
        "tron",
        "TX",
        COIN // 2,
        token="a-token",
        message="a\nmessage",
        signatures=("s1", "s2"),
        keys=("k",),
        owners=("o1", "o2"),
        kind=Kind.STAKED,
        scheme="a-scheme",
        height=0,
        block="ab" * 32,
        control=AccountControl("getOwners", ("o1",), 1, (bytes(32),)),
    ),
    "account",
    Status.PROVEN,
    "because",
    "a-scheme",
    FreshnessVerdict(Freshness.CHALLENGE, ""),
    BalanceCheck(Check.DIFFERS, 7, "node", "it moved"),
)
"""A row of which everything is said."""


def file_of(*rows: JudgedRow) -> bytes:
    return b"".join(evidence_lines(rows))


def record(row: JudgedRow = BARE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file_of(row).splitlines()[1])
    return found


def refused(*lines: Any, most_rows: int = 10) -> ProofRejected:
    """The refusal of a file of these lines after the header: bytes, or what is written in canonical form."""
    data = b"".join((line if isinstance(line, bytes) else canonical(line)) + b"\n" for line in lines)
    with pytest.raises(ProofRejected) as caught:
        parse_evidence(HEADER + data, most_rows, FILE)
    return caught.value


def test_rows_are_read_back_as_they_were_judged_with_the_places_of_their_lines() -> None:
    assert parse_evidence(file_of(BARE, FULL), 2, FILE) == [BARE, FULL]
    assert parse_evidence(HEADER, 0, FILE) == []


def test_what_is_empty_is_left_out_and_all_else_is_written() -> None:
    header, bare, full = file_of(BARE, FULL).splitlines(keepends=True)
    assert header == HEADER
    assert bare == (
        b'{"address":"0xabababababababababababababababababababab","amount":"3","asset":"ETH","chain":"ethereum",'
        b'"kind":"own","outcome":{"account":"0xAB","balance":"not-checked","freshness":"constant","reason":"",'
        b'"scheme":"","status":"unbound"}}\n'
    )
    assert json.loads(full) == {
        "address": "TX",
        "amount": "0.5",
        "asset": "USDT",
        "block": "ab" * 32,
        "chain": "tron",
        "control": {"accepted": ["00" * 32], "owners": ["o1"], "source": "getOwners", "threshold": 1},
        "height": 0,
        "keys": ["k"],
        "kind": "staked",
        "message": "a\nmessage",
        "outcome": {
            "account": "account",
            "balance": "differs",
            "balance_reason": "it moved",
            "balance_source": "node",
            "freshness": "challenge",
            "held": "0.000000000000000000000000000000000007",
            "reason": "because",
            "scheme": "a-scheme",
            "status": "proven",
        },
        "owners": ["o1", "o2"],
        "scheme": "a-scheme",
        "signatures": ["s1", "s2"],
        "token": "a-token",
    }


def test_texts_for_people_are_written_without_what_steers_a_terminal() -> None:
    balance = BalanceCheck(Check.NOT_CHECKED, None, "a\x1bnode", "\x1b[2J")
    (read,) = parse_evidence(file_of(evolve(BARE, reason="a\x1b" + "b" * 2000, balance=balance)), 1, FILE)
    assert read.reason == "a?" + "b" * 998
    assert (read.balance.source, read.balance.reason) == ("a?node", "?[2J")


@pytest.mark.parametrize("first", [b"", b'{"polyproof-holdings":2}', b'{"polyproof-holdings": 1}', b"{}"])
def test_a_file_begins_with_its_format_and_says_so_once(first: bytes) -> None:
    with pytest.raises(ProofRejected, match="it does not begin with") as caught:
        parse_evidence(first + b"\n" + file_of(BARE).split(b"\n", 1)[1], 10, FILE)
    assert (caught.value.check, caught.value.file) == ("evidence-row", f"{FILE}:1")
    assert refused(record(), HEADER[:-1]).file == f"{FILE}:3"


def test_a_file_has_no_more_rows_than_are_allowed_and_ends_with_a_line_end() -> None:
    assert len(parse_evidence(file_of(BARE, BARE, BARE), 3, FILE)) == 3
    refusal = refused(record(), record(), record(), most_rows=2)
    assert (refusal.check, refusal.file) == ("evidence-rows", FILE)
    for data in (b"", HEADER[:-1], file_of(BARE)[:-1]):
        with pytest.raises(ProofRejected) as caught:
            parse_evidence(data, 10, FILE)
        assert caught.value.check == "evidence-format"


def test_a_refusal_names_the_line() -> None:
    refusal = refused(record(), record(), b"{}")
    assert (refusal.check, refusal.file) == ("evidence-row", f"{FILE}:4")


def test_a_line_of_more_than_16_mebibytes_is_not_parsed() -> None:
    assert f"has {(16 << 20) + 1} bytes" in str(refused(b"x" * ((16 << 20) + 1)))
    assert "bytes" not in str(refused(b"x" * (16 << 20)))


def test_an_asset_has_a_name_of_at_most_100_characters() -> None:
    longest = evolve(BARE, row=evolve(BARE.row, asset="A" * 100, coin="A" * 100))
    assert parse_evidence(file_of(longest), 1, FILE) == [longest]
    assert "asset is not a text of at most 100 characters" in str(refused({**record(), "asset": "A" * 101}))


@pytest.mark.parametrize("key", ["kind", "status", "freshness", "balance"])
def test_outcomes_are_words_that_are_known(key: str) -> None:
    for length, reason in ((20, "is not a valid"), (21, f"{key} is not a text of at most 20 characters")):
        changed = record()
        (changed if key == "kind" else changed["outcome"])[key] = "x" * length
        assert reason in str(refused(changed))


@pytest.mark.parametrize("outcome", [None, {}])
def test_a_row_has_an_outcome(outcome: Any) -> None:
    assert "it has no outcome" in str(refused({**record(), "outcome": outcome}))
    assert "it has no outcome" in str(refused({key: held for key, held in record().items() if key != "outcome"}))


@pytest.mark.parametrize("held", [None, "3", "2"])
@pytest.mark.parametrize("said", list(Check))
def test_a_balance_is_said_to_be_what_its_figure_makes_it(held: str | None, said: Check) -> None:
    true = {None: Check.NOT_CHECKED, "3": Check.CONFIRMED, "2": Check.DIFFERS}[held]
    changed = record()
    changed["outcome"] |= {"balance": said.value} | ({} if held is None else {"held": held})
    if said is true:
        (read,) = parse_evidence(HEADER + canonical(changed) + b"\n", 1, FILE)
        assert read.balance == BalanceCheck(said, None if held is None else int(held) * COIN)
    else:
        assert f"its balance is said to be {said.value}, but is {true.value}" in str(refused(changed))


def test_a_row_has_one_spelling() -> None:
    reason = "not in canonical form, or has keys that do not belong there"
    spaced = json.dumps(record(), sort_keys=True).encode()
    for line in (spaced, {**record(), "surprise": 1}, {**record(), "token": ""}, {**record(), "keys": []}):
        assert reason in str(refused(line))
