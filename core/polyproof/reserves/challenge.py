"""The challenge: the message that a wallet signs, which ties a holding to liabilities and to a date.

A text of nine lines, each but the first a name, a colon, a space and a value; nothing before, between or after::

    polyproof reserves challenge 1
    organisation: Example Exchange
    audit: example-2025-11-30-1f2e3d4c
    snapshot: 2025-11-30T00:00:00Z
    chain: ethereum
    height: 23900000
    block: 0x88e96d4537bea4d9c05d12549907b32561d3bf31f45aae734cdc119f13406cb6
    address: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
    liabilities: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Lines end with one line feed, the last with none. All characters are printable ASCII, which every hardware wallet shows
as they are; any other character in the organisation's name is written as its code point in hexadecimal, ``\\u{41f}``,
and a backslash as ``\\\\``. ``liabilities`` is the digest of the audit's manifest. Each challenge can be written in
only one way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from attrs import evolve, frozen

from polyproof.balances import Pin
from polyproof.errors import InputError, Problem
from polyproof.model.counts import counted
from polyproof.model.manifest import Manifest
from polyproof.model.names import AUDIT_ID, BLOCK, DIGEST, NAME, matches
from polyproof.model.timestamps import is_timestamp

__all__ = [
    "HEADER",
    "Challenge",
    "Challenges",
    "Freshness",
    "FreshnessVerdict",
    "judge_without_audit",
    "parse_challenge",
]

HEADER = "polyproof reserves challenge"
VERSION = 1
LONGEST = 4096
"""The most characters of a challenge."""

_FIELDS = ("organisation", "audit", "snapshot", "chain", "height", "block", "address", "liabilities")
_HEIGHT = re.compile(r"(?:0|[1-9][0-9]{0,17})\Z")
_PRINTABLE = re.compile(r"[ -~]+\Z")
_ESCAPE = re.compile(r"\\(?:\\|u\{([0-9a-f]{1,6})\})")


@frozen(kw_only=True)
class Challenge:
    """What a message says. Raises ``InputError`` for a value that cannot be written on a line."""

    organisation: str
    audit_id: str
    snapshot: str
    """UTC, ``2025-11-30T00:00:00Z``."""
    chain: str
    height: int
    block: str
    address: str
    """In canonical form."""
    liabilities: bytes
    """Digest of the audit's manifest."""

    def __attrs_post_init__(self) -> None:
        """Check that every value can be written and read back unchanged."""
        for name, value, sound in (
            ("organisation", self.organisation, _has_line(self.organisation) and self.organisation.isprintable()),
            ("audit", self.audit_id, matches(AUDIT_ID, self.audit_id)),
            ("snapshot", self.snapshot, is_timestamp(self.snapshot)),
            ("chain", self.chain, matches(NAME, self.chain)),
            ("height", self.height, bool(_HEIGHT.match(str(self.height)))),
            ("block", self.block, matches(BLOCK, self.block)),
            ("address", self.address, _has_line(self.address) and bool(_PRINTABLE.match(self.address))),
            ("liabilities", self.liabilities.hex(), len(self.liabilities) == 32),
        ):
            if not sound:
                raise InputError(Problem(f"a challenge cannot say {name}: {str(value)[:60]!r}"))

    def text(self) -> str:
        """The message to sign."""
        values = (
            _escaped(self.organisation),
            self.audit_id,
            self.snapshot,
            self.chain,
            str(self.height),
            self.block,
            self.address,
            self.liabilities.hex(),
        )
        lines = [f"{name}: {value}" for name, value in zip(_FIELDS, values, strict=True)]
        return "\n".join([f"{HEADER} {VERSION}", *lines])


def _has_line(value: str) -> bool:
    return 0 < len(value) <= 300 and value == value.strip()


def _escaped(text: str) -> str:
    return "".join("\\\\" if char == "\\" else char if " " <= char <= "~" else f"\\u{{{ord(char):x}}}" for char in text)


def _unescaped(text: str) -> str:
    if "\\" in _ESCAPE.sub("", text):
        raise InputError("a backslash in the organisation's name does not begin an escape")
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else "\\", text)


def parse_challenge(text: str) -> Challenge | None:
    """What a message says; ``None`` for one that is not a challenge and does not look like one.

    Raises ``InputError`` for one that begins like a challenge and is not exactly one of this version.
    """
    if not re.sub(r"[\W_]+", "", text[:200].casefold()).startswith(HEADER.replace(" ", "")):
        return None
    lines = text.split("\n")
    if lines[0] != f"{HEADER} {VERSION}":
        raise InputError(f"its first line is {lines[0][:60]!r}, not {f'{HEADER} {VERSION}'!r}")
    if len(text) > LONGEST or len(lines) != len(_FIELDS) + 1:
        raise InputError(
            f"it has {counted(len(lines), 'line')} and {counted(len(text), 'character')}; "
            f"{len(_FIELDS) + 1} lines are expected"
        )
    values = []
    for name, line in zip(_FIELDS, lines[1:], strict=True):
        if not line.startswith(f"{name}: "):
            raise InputError(f"the line of {name} is {line[:60]!r}")
        values.append(line[len(name) + 2 :])
    organisation, audit_id, snapshot, chain, height, block, address, liabilities = values
    if not _HEIGHT.match(height):
        raise InputError(f"height is {height[:60]!r}")
    if not matches(DIGEST, liabilities):
        raise InputError(f"liabilities is {liabilities[:80]!r}, not 64 hexadecimal digits")
    try:
        challenge = Challenge(
            organisation=_unescaped(organisation),
            audit_id=audit_id,
            snapshot=snapshot,
            chain=chain,
            height=int(height),
            block=block,
            address=address,
            liabilities=bytes.fromhex(liabilities),
        )
    except (ValueError, OverflowError) as error:
        raise InputError(f"the organisation's name does not decode: {error}") from error
    if challenge.text() != text:
        raise InputError("it is not in canonical form")
    return challenge


class Freshness(Enum):
    """What a signed message says about when and for what it was signed."""

    CHALLENGE = "challenge"
    """The challenge of this audit, for this address and block. Only this binds the signature to who claims it now."""
    STALE = "stale"
    """A challenge of this organisation for another audit, or for a block that nothing here can be compared with."""
    CONSTANT = "constant"
    """A text that names no audit: anybody could have signed it for anybody, at any time."""
    CONTRADICTS = "contradicts"
    """A challenge that contradicts what the row claims: the row fails."""


@frozen
class FreshnessVerdict:
    """The verdict on a message, and why."""

    freshness: Freshness
    reason: str


class Challenges:
    """The challenges of one audit, for every chain that it pins."""

    def __init__(
        self, organisation: str | None, audit_id: str, snapshot: str, liabilities: bytes, pins: Iterable[Pin]
    ) -> None:
        """An organisation without a name is called ``-``. Raises ``InputError`` for values that no line can hold."""
        self._of_any_chain = Challenge(
            organisation=organisation or "-",
            audit_id=audit_id,
            snapshot=snapshot,
            chain="any",
            height=0,
            block="0" * 64,
            address="-",
            liabilities=liabilities,
        )
        self._challenges = {
            pin.chain: evolve(self._of_any_chain, chain=pin.chain, height=pin.height, block=pin.block) for pin in pins
        }
        self._around = {
            chain: challenge.text().split("\naddress: -\n") for chain, challenge in self._challenges.items()
        }

    @classmethod
    def of_audit(cls, manifest: Manifest, pins: Iterable[Pin]) -> Challenges:
        """The challenges of the audit with this manifest. Raises ``InputError`` for a value that no line can hold."""
        return cls(manifest.organisation, manifest.audit_id, manifest.snapshot, manifest.digest, pins)

    def of(self, chain: str, address: str) -> Challenge:
        """The challenge for an address in canonical form. Raises ``InputError`` for a chain that is not pinned."""
        if chain not in self._challenges:
            raise InputError(
                Problem(
                    f"no block of {chain} is pinned, so there is no challenge for {address[:100]}",
                    hint="name the snapshot's block in reserves.pins",
                )
            )
        return evolve(self._challenges[chain], address=address)

    def judge(self, message: str, chain: str, address: str) -> FreshnessVerdict:
        """Compare a row's message with the challenge that this audit has for its address.

        - A text that is not a challenge is constant; a malformed challenge contradicts.
        - Another organisation, chain or address contradicts: somebody signed for something else.
        - Another audit is stale: signed for an earlier month, or a later one.
        - This audit with other liabilities, another snapshot or another block contradicts.
        - Where no block of the chain is pinned, a challenge that agrees in all else is stale.
        """
        around = self._around.get(chain)
        if around and address and message == f"{around[0]}\naddress: {address}\n{around[1]}":
            return SIGNED_FOR_THIS
        found = _read(message)
        if isinstance(found, FreshnessVerdict):
            return found
        expected = self._challenges.get(chain)
        if expected is not None:
            return _compare(found, expected, chain, address)
        comparable = evolve(self._of_any_chain, height=found.height, block=found.block)
        judged = _compare(found, comparable, chain, address)
        return UNPINNED if judged is SIGNED_FOR_THIS else judged


SIGNED_FOR_THIS = FreshnessVerdict(Freshness.CHALLENGE, "signed for this audit, at this block")
NO_CHALLENGE = FreshnessVerdict(
    Freshness.CONSTANT, "the message names no audit: anybody could have signed it for anybody, at any time"
)
NO_AUDIT = FreshnessVerdict(Freshness.STALE, "no audit is named here for which the message could have been signed")
UNPINNED = FreshnessVerdict(Freshness.STALE, "no block of its chain is pinned to compare the challenge with")


def judge_without_audit(message: str) -> FreshnessVerdict:
    """What can be said of a message where no audit is named: a challenge is stale, whatever audit it is of."""
    found = _read(message)
    return found if isinstance(found, FreshnessVerdict) else NO_AUDIT


def _read(message: str) -> Challenge | FreshnessVerdict:
    try:
        return parse_challenge(message) or NO_CHALLENGE
    except InputError as error:
        return FreshnessVerdict(Freshness.CONTRADICTS, f"the message is a malformed challenge: {error}")


def _compare(found: Challenge, expected: Challenge, chain: str, address: str) -> FreshnessVerdict:
    for name, said, right in (
        ("organisation", found.organisation, expected.organisation),
        ("chain", found.chain, chain),
        ("address", found.address, address),
    ):
        if said != right:
            return FreshnessVerdict(Freshness.CONTRADICTS, f"the signed message is for the {name} {said[:80]!r}")
    if found.audit_id != expected.audit_id:
        return FreshnessVerdict(Freshness.STALE, f"signed for audit {found.audit_id} of {found.snapshot}")
    for name in ("liabilities", "snapshot", "block", "height"):
        if getattr(found, name) != getattr(expected, name):
            return FreshnessVerdict(
                Freshness.CONTRADICTS, f"signed for this audit, but with a different {_WORDS[name]}"
            )
    return SIGNED_FOR_THIS


_WORDS = {
    "liabilities": "liabilities digest",
    "snapshot": "snapshot time",
    "block": "block hash",
    "height": "block height",
}
