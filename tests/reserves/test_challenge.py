"""The challenge: one spelling for one meaning, strict reading, and what a message of something else is worth."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from ownership import wallets
from polyproof.balances import Pin
from polyproof.errors import InputError
from polyproof.ownership import Status
from polyproof.reserves.challenge import Challenge, Challenges, Freshness, judge_without_audit, parse_challenge
from polyproof.reserves.signatures import load_schemes, verify_ownership
from reserves.exchange import BITCOIN, ETHEREUM, PINS, SNAPSHOT

A, B = "0x" + "1a" * 20, "0x" + "2b" * 20
ROOT = bytes(range(32))
OURS = Challenges("Example Exchange", "example-1", SNAPSHOT, ROOT, PINS)
CHALLENGE = OURS.of("ethereum", A)

TEXT = f"""\
polyproof reserves challenge 1
organisation: Example Exchange
audit: example-1
snapshot: {SNAPSHOT}
chain: ethereum
height: 23900000
block: {ETHEREUM.block}
address: {A}
liabilities: {ROOT.hex()}"""


def test_the_text_is_what_the_page_says() -> None:
    assert CHALLENGE.text() == TEXT
    assert parse_challenge(TEXT) == CHALLENGE


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200).filter(
    lambda text: text.isprintable() and text == text.strip()
)
CHALLENGES = st.builds(
    Challenge,
    organisation=NAMES,
    audit_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", fullmatch=True),
    snapshot=st.datetimes(datetime(2009, 1, 3)).map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}"),
    chain=st.from_regex(r"[a-z0-9]{1,10}(-[a-z0-9]{1,10}){0,3}", fullmatch=True),
    height=st.integers(0, 10**17),
    block=st.from_regex(r"[0-9A-Za-z+/=_-]{16,128}", fullmatch=True),
    address=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=100),
    liabilities=st.binary(min_size=32, max_size=32),
)


@given(CHALLENGES)
def test_what_is_written_is_read_as_the_same_and_every_device_can_show_it(challenge: Challenge) -> None:
    text = challenge.text()
    assert parse_challenge(text) == challenge
    assert all(" " <= char <= "~" or char == "\n" for char in text)


@given(CHALLENGES, CHALLENGES)
def test_two_meanings_never_have_one_text(one: Challenge, other: Challenge) -> None:
    assert (one.text() == other.text()) == (one == other)


def test_a_name_in_another_script_and_a_backslash_are_escaped() -> None:
    challenge = evolve(CHALLENGE, organisation="Биржа \\ 取引所 \N{GRINNING FACE}")
    assert "\\u{411}" in challenge.text()
    assert "\\\\" in challenge.text()
    assert parse_challenge(challenge.text()) == challenge


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("organisation", ""),
        ("organisation", " padded"),
        ("organisation", "two\nlines"),
        ("organisation", "x" * 301),
        ("organisation", "\u202e"),
        ("audit_id", "has blank"),
        ("audit_id", ""),
        ("snapshot", "2025-11-30"),
        ("snapshot", "2025-02-30T00:00:00Z"),
        ("chain", "Ethereum"),
        ("height", -1),
        ("height", 10**18),
        ("block", "short"),
        ("block", "x" * 129),
        ("address", ""),
        ("address", "line\nbreak"),
        ("address", "ünicode"),
        ("liabilities", bytes(31)),
    ],
)
def test_what_has_no_line_has_no_challenge(field: str, value: Any) -> None:
    with pytest.raises(InputError, match="challenge cannot say"):
        evolve(CHALLENGE, **{field: value})


LINES = TEXT.split("\n")


@pytest.mark.parametrize(
    "text",
    [
        TEXT + "\n",
        "\n" + TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("challenge 1", "challenge 2"),
        TEXT.replace("challenge 1", "challenge  1"),
        TEXT.replace("polyproof", "Polyproof"),
        TEXT.replace("chain: ", "chain:"),
        TEXT.replace("chain: ", "chain:  "),
        TEXT.replace("chain: ", "Chain: "),
        TEXT.replace("height: 2", "height: 02"),
        TEXT.replace("height: 2", "height: +2"),
        TEXT.replace("height: 23900000", "height: " + "9" * 5000),
        TEXT.replace(ROOT.hex(), ROOT.hex().upper()),
        TEXT.replace(ROOT.hex(), ROOT.hex()[:-2]),
        TEXT.replace("Example Exchange", "Example \\u{45}xchange"),
        TEXT.replace("Example Exchange", "Example \\u{1F600}"),
        TEXT.replace("Example Exchange", "Example \\u{0}"),
        TEXT.replace("Example Exchange", "Example \\u{ffffff}"),
        TEXT.replace("Example Exchange", "Example \\u{d800}"),
        TEXT.replace("Example Exchange", "Example \\x41"),
        TEXT.replace("Example Exchange", "Exämple"),
        "\n".join(LINES[:-1]),
        "\n".join([*LINES, "more: 1"]),
        "\n".join([LINES[0], LINES[2], LINES[1], *LINES[3:]]),
        "\n".join([*LINES[:5], LINES[4], *LINES[5:]]),
        LINES[0],
        TEXT + " " * 5000,
    ],
)
def test_what_is_nearly_a_challenge_is_none(text: str) -> None:
    with pytest.raises(InputError):
        parse_challenge(text)
    assert OURS.judge(text, "ethereum", A).freshness is Freshness.CONTRADICTS


@pytest.mark.parametrize("text", ["", "I am an OKX address", "polyproof", "We sign:\n" + TEXT, "x" * 100_000])
def test_what_is_no_challenge_is_constant_and_says_what_that_means(text: str) -> None:
    assert parse_challenge(text) is None
    for judged in (OURS.judge(text, "ethereum", A), OURS.judge(text, "unpinned", A), judge_without_audit(text)):
        assert judged.freshness is Freshness.CONSTANT
        assert "anybody could have signed it for anybody" in judged.reason


def test_the_challenge_of_this_audit_is_one() -> None:
    assert OURS.judge(TEXT, "ethereum", A).freshness is Freshness.CHALLENGE


OTHER_VALUES = {
    "organisation": "Other Exchange",
    "audit_id": "example-2",
    "snapshot": "2025-10-31T00:00:00Z",
    "chain": "arbitrum",
    "height": 5,
    "block": "0x" + "ee" * 32,
    "address": B,
    "liabilities": bytes(32),
}


@pytest.mark.parametrize("field", [field.name for field in fields(Challenge)])
def test_a_challenge_that_differs_in_one_thing_is_not_of_this_row(field: str) -> None:
    """Another audit's is stale, since it was this organisation's once; anything else contradicts the row."""
    text = evolve(CHALLENGE, **{field: OTHER_VALUES[field]}).text()
    found = OURS.judge(text, "ethereum", A).freshness
    assert found is (Freshness.STALE if field == "audit_id" else Freshness.CONTRADICTS)


def test_the_challenge_of_an_earlier_month_is_stale() -> None:
    october = Pin(chain="ethereum", height=23_700_000, block="0x" + "aa" * 32)
    earlier = Challenges("Example Exchange", "example-0", "2025-10-31T00:00:00Z", bytes(32), [october])
    judged = OURS.judge(earlier.of("ethereum", A).text(), "ethereum", A)
    assert judged.freshness is Freshness.STALE
    assert "example-0 of 2025-10-31" in judged.reason


def test_another_organisations_challenge_contradicts_even_if_its_audit_is_another() -> None:
    theirs = Challenges("Other Exchange", "other-1", SNAPSHOT, ROOT, PINS)
    assert OURS.judge(theirs.of("ethereum", A).text(), "ethereum", A).freshness is Freshness.CONTRADICTS


def test_on_a_chain_that_is_not_pinned_a_challenge_is_stale_and_cannot_be_made() -> None:
    unpinned = Challenges("Example Exchange", "example-1", SNAPSHOT, ROOT, [BITCOIN])
    assert unpinned.judge(TEXT, "ethereum", A).freshness is Freshness.STALE
    assert judge_without_audit(TEXT).freshness is Freshness.STALE
    assert judge_without_audit(TEXT + "\n").freshness is Freshness.CONTRADICTS
    for field in fields(Challenge):
        text = evolve(CHALLENGE, **{field.name: OTHER_VALUES[field.name]}).text()
        same = field.name in ("audit_id", "height", "block")
        judged = unpinned.judge(text, "ethereum", A)
        assert judged.freshness is (Freshness.STALE if same else Freshness.CONTRADICTS), field.name
    with pytest.raises(InputError, match="no block of ethereum is pinned"):
        unpinned.of("ethereum", A)


def test_an_address_that_no_challenge_can_hold_contradicts_it() -> None:
    for address in ("", "é", "x" * 301, " x"):
        assert OURS.judge(TEXT, "ethereum", address).freshness is Freshness.CONTRADICTS
        assert OURS.judge(TEXT, "no-pin", address).freshness is Freshness.CONTRADICTS


def test_an_organisation_that_is_not_named_is_called_a_hyphen() -> None:
    assert "\norganisation: -\n" in Challenges(None, "a", SNAPSHOT, ROOT, PINS).of("ethereum", A).text()


@pytest.mark.parametrize(
    ("way", "chain"),
    [
        ("EVM, EIP-191", "ethereum"),
        ("bitcoin P2WPKH, header of BIP-137", "bitcoin"),
        ("BIP-322 simple P2TR", "bitcoin"),
        ("Tron, its header", "tron"),
    ],
)
def test_wallets_of_each_kind_can_sign_it(way: str, chain: str) -> None:
    address = wallets.PROVEN[way](1, "x").address
    text = OURS.of(chain, address).text()
    (result,) = verify_ownership([wallets.PROVEN[way](1, text)], load_schemes())
    assert result.status is Status.PROVEN
