"""The public evidence: every row as it was judged, so that anybody can judge it again.

A file of lines, each a JSON object in its one spelling (keys sorted, no spaces, UTF-8). The first names the format;
each other is a row of the native format of reserve files, with two keys more: ``control``, what the chain was found to
say about who controls the account, and ``outcome``, how the row ended. A source that reads such a file heeds neither.

Reading assumes that others wrote it: bytes become rows or a ``ProofRejected``, in time and memory bounded by the size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Never

from polyproof.errors import Location, ProofRejected
from polyproof.formats.strict_json import canonical, parse_strict
from polyproof.model.amounts import AmountError, Rounding, parse_amount
from polyproof.ownership import AccountControl, Kind, Status
from polyproof.reserves.challenge import Freshly, Freshness
from polyproof.reserves.evaluation import BalanceCheck, Check, JudgedRow
from polyproof.source import FINEST, LARGEST, LONGEST_ADDRESS, LONGEST_TEXT, MOST_TEXTS, ReserveRow, amount_text

__all__ = [
    "EVIDENCE",
    "FORMAT",
    "HEADER",
    "Record",
    "evidence_lines",
    "holding_record",
    "parse_control",
    "parse_evidence",
    "write_control",
]

EVIDENCE = "reserves-evidence.jsonl"
HEADER = "polyproof-holdings"
FORMAT = 1

_LONGEST_LINE = 16 << 20
_LONGEST_REASON = 1000
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,60})(?:\.[0-9]{0,35}[1-9])?\Z")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_TOKEN = re.compile(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?\Z")
_BLOCK = re.compile(r"[0-9A-Za-z+/=_-]{16,128}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


# Writing


def evidence_lines(rows: Iterable[JudgedRow]) -> Iterator[bytes]:
    """The lines of the file, each with its line end."""
    yield canonical({HEADER: FORMAT}) + b"\n"
    for one in rows:
        yield canonical(_record(one)) + b"\n"


def _record(one: JudgedRow) -> dict[str, Any]:
    control = {"control": write_control(one.row.control)} if one.row.control is not None else {}
    return {**holding_record(one.row), **control, "outcome": _outcome_record(one)}


def holding_record(row: ReserveRow) -> dict[str, Any]:
    """A row in the native format; what is empty is left out."""
    record: dict[str, Any] = {
        "asset": row.asset,
        "chain": row.chain,
        "address": row.address,
        "amount": amount_text(row.amount),
        "kind": row.kind.value,
    }
    for name in ("token", "message", "scheme", "height", "block"):
        value = getattr(row, name)
        if value not in (None, ""):
            record[name] = value
    for name in ("signatures", "keys", "owners"):
        if getattr(row, name):
            record[name] = list(getattr(row, name))
    return record


def write_control(control: AccountControl) -> dict[str, Any]:
    """What a chain says about an account, as the file has it."""
    return {
        "source": _sentence(control.source),
        "owners": list(control.owners),
        "threshold": control.threshold,
        "accepted": [digest.hex() for digest in control.accepted],
    }


def _outcome_record(one: JudgedRow) -> dict[str, Any]:
    record: dict[str, Any] = {
        "status": one.status.value,
        "reason": _sentence(one.reason),
        "account": one.account,
        "scheme": one.scheme,
        "freshness": one.freshly.freshness.value,
        "balance": one.balance.check.value,
    }
    if one.balance.held is not None:
        record["held"] = amount_text(one.balance.held)
    for name in ("source", "reason"):
        if getattr(one.balance, name):
            record[f"balance_{name}"] = _sentence(getattr(one.balance, name))
    return record


def _sentence(text: str) -> str:
    """A text for people, as short as the file wants it, without what would steer a terminal."""
    text = text[:_LONGEST_REASON]
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


# Reading


def parse_evidence(data: bytes, most_rows: int, file: str = EVIDENCE) -> list[JudgedRow]:
    """The rows as they are said to have been judged; nothing of that is believed yet. Raises ``ProofRejected``."""
    if data.count(b"\n") > most_rows + 1:
        raise ProofRejected("evidence-rows", f"it has more than {most_rows} rows", file=file)
    if not data.endswith(b"\n"):
        raise ProofRejected("evidence-format", "its last line has no end", file=file)
    rows = []
    for number, line in enumerate(_lines(data), 1):
        try:
            if number == 1:
                if line != canonical({HEADER: FORMAT}):
                    _no(f"it does not begin with {canonical({HEADER: FORMAT}).decode()}")
                continue
            rows.append(_row(line, Location(file, number, row=number - 1)))
        except ValueError as error:
            raise ProofRejected("evidence-row", str(error), file=f"{file}:{number}") from error
    return rows


def _lines(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = data.index(b"\n", start)
        yield data[start:end]
        start = end + 1


def _row(line: bytes, location: Location) -> JudgedRow:
    if len(line) > _LONGEST_LINE:
        _no(f"the line has {len(line)} bytes, allowed are {_LONGEST_LINE}")
    record = parse_strict(line)
    taken = Record(record)
    control = taken.record("control")
    row = ReserveRow(
        location=location,
        coin=taken.printable("asset", 100),
        asset=taken.printable("asset", 100),
        chain=taken.matching("chain", _NAME),
        address=taken.printable("address", LONGEST_ADDRESS),
        amount=taken.amount("amount"),
        token=taken.matching("token", _TOKEN, ""),
        message=taken.text("message", LONGEST_TEXT, ""),
        signatures=taken.texts("signatures"),
        keys=taken.texts("keys"),
        owners=taken.texts("owners"),
        kind=Kind(taken.text("kind", 20)),
        scheme=taken.matching("scheme", _NAME, None),
        height=taken.whole("height"),
        block=taken.matching("block", _BLOCK, None),
        control=None if control is None else parse_control(control),
    )
    outcome = Record(taken.record("outcome") or _no("it has no outcome"))
    judged = JudgedRow(
        row=row,
        account=outcome.printable("account", LONGEST_ADDRESS),
        status=Status(outcome.text("status", 20)),
        reason=outcome.printable("reason", _LONGEST_REASON),
        scheme=outcome.matching("scheme", _TOKEN),
        freshly=Freshly(Freshness(outcome.text("freshness", 20)), ""),
        balance=_balance(outcome, row.amount),
    )
    # What has no place above, or another spelling, is not what this would have written.
    if canonical(_record(judged)) != line:
        _no("it is not in its one spelling, or has keys that do not belong there")
    return judged


def parse_control(record: Mapping[str, Any]) -> AccountControl:
    """What ``write_control`` wrote. Raises ``ValueError``."""
    taken = Record(record)
    taken.only("source", "owners", "threshold", "accepted")
    accepted = taken.texts("accepted")
    if not all(_DIGEST.match(digest) for digest in accepted):
        _no("control.accepted has something that is no digest")
    threshold = taken.whole("threshold")
    if threshold is None:
        _no("control.threshold is missing")
    digests = tuple(bytes.fromhex(digest) for digest in accepted)
    return AccountControl(taken.printable("source", _LONGEST_REASON), taken.texts("owners"), threshold, digests)


def _balance(outcome: Record, amount: int) -> BalanceCheck:
    check = Check(outcome.text("balance", 20))
    held = outcome.amount("held") if outcome.has("held") else None
    expected = Check.NOT_CHECKED if held is None else Check.CONFIRMED if held == amount else Check.DIFFERS
    if check is not expected:
        _no(f"its balance is called {check.value}, but is {expected.value}")
    return BalanceCheck(
        check,
        held,
        outcome.printable("balance_source", _LONGEST_REASON, ""),
        outcome.printable("balance_reason", _LONGEST_REASON, ""),
    )


def _no(reason: str) -> Never:
    raise ValueError(reason)


_REQUIRED: Any = object()


class Record:
    """An object of a file; every value is taken with its type and its bounds, or ``ValueError`` is raised."""

    def __init__(self, value: Any) -> None:
        """Whatever was parsed; it must be an object."""
        if not isinstance(value, dict):
            _no(f"{ascii(value)[:60]} stands where an object is wanted")
        self._value: dict[str, Any] = value

    def only(self, *names: str) -> None:
        """Refuse keys that do not belong there."""
        unknown = sorted(set(self._value) - set(names))
        if unknown:
            _no(f"the key {ascii(unknown[0])[:60]} does not belong there")

    def has(self, name: str) -> bool:
        """Whether the key is there."""
        return name in self._value

    def text(self, name: str, longest: int, default: Any = _REQUIRED) -> Any:
        """A text of at most so many characters."""
        value = self._value.get(name, default)
        if value is _REQUIRED:
            _no(f"{name} is missing")
        if name not in self._value:
            return default
        if not isinstance(value, str) or len(value) > longest:
            _no(f"{name} is no text of at most {longest} characters")
        return _encodable(value)

    def printable(self, name: str, longest: int, default: Any = _REQUIRED) -> Any:
        """A text of at most so many characters, none of which steers a terminal."""
        value = self.text(name, longest, default)
        if isinstance(value, str) and not value.isprintable():
            _no(f"{name} cannot be shown: {ascii(value)[:80]}")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], default: Any = _REQUIRED) -> Any:
        """A text that a pattern matches."""
        value = self.text(name, 200, default)
        if name in self._value and not pattern.match(value):
            _no(f"{name} is {ascii(value)[:80]}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; none if the key is not there."""
        value = self._value.get(name, [])
        if not isinstance(value, list) or len(value) > MOST_TEXTS:
            _no(f"{name} is no list of at most {MOST_TEXTS} texts")
        for item in value:
            if not isinstance(item, str) or len(item) > LONGEST_TEXT:
                _no(f"{name} holds what is no text of at most {LONGEST_TEXT} characters")
            _encodable(item)
        return tuple(value)

    def whole(self, name: str) -> int | None:
        """A whole number below 10^18; None if the key is not there."""
        value = self._value.get(name)
        if value is not None and (type(value) is not int or not 0 <= value < 10**18):
            _no(f"{name} is no whole number")
        return value

    def amount(self, name: str) -> int:
        """An exact decimal, in units of 10^−36."""
        text = self.matching(name, _AMOUNT)
        try:
            units = parse_amount(text, FINEST, Rounding.EXACT)
        except AmountError as error:
            raise ValueError(f"{name}: {error}") from error
        if units >= LARGEST * 10**FINEST:
            _no(f"{name} is absurd")
        return units

    def record(self, name: str) -> Mapping[str, Any] | None:
        """An object; None if the key is not there."""
        value = self._value.get(name)
        if value is not None and not isinstance(value, dict):
            _no(f"{name} is no object")
        return value


def _encodable(text: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        _no("a text holds half a character")
    return text
