"""The public evidence: every row as it was judged, so that anyone can judge it again.

A file of lines, each a JSON object in canonical form (keys sorted, no spaces, UTF-8). The first names the format;
each of the others is a row of the native format of reserve files, with two more keys: ``control``, what the chain said
about who controls the account, and ``outcome``, how the row ended. A source that reads such a file ignores both.

Reading assumes that others wrote it: bytes become rows or a ``ProofRejected``, in time and memory bounded by the size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from polyproof.errors import Location, ProofRejected
from polyproof.formats.strict_json import canonical, canonical_line, parse_strict
from polyproof.liabilities.artifacts import EVIDENCE
from polyproof.model.counts import counted
from polyproof.model.holdings import LONGEST_ADDRESS, LONGEST_TEXT, amount_text
from polyproof.model.names import BLOCK, NAME, OPTIONAL_NAME
from polyproof.ownership import Kind, Status
from polyproof.reserves.challenge import Freshness, FreshnessVerdict
from polyproof.reserves.evaluation import BalanceCheck, Check, JudgedRow
from polyproof.reserves.rows import ReserveRow
from polyproof.toolkit.json_object import (
    LONGEST_SENTENCE,
    JsonObject,
    parse_control,
    refuse,
    sentence,
    write_control,
)

__all__ = [
    "FORMAT",
    "HEADER",
    "MOST_ROWS",
    "evidence_lines",
    "holding_record",
    "parse_evidence",
]

HEADER = "polyproof-holdings"
FORMAT = 1

MOST_ROWS = 1_000_000
"""The most rows of evidence that are read; more would take more memory than a verifier should need."""
_LONGEST_LINE = 16 << 20


# Writing


def evidence_lines(rows: Iterable[JudgedRow]) -> Iterator[bytes]:
    """The lines of the file, each with its line end."""
    yield canonical_line({HEADER: FORMAT})
    for one in rows:
        yield canonical_line(_record(one))


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


def _outcome_record(one: JudgedRow) -> dict[str, Any]:
    record: dict[str, Any] = {
        "status": one.status.value,
        "reason": sentence(one.reason),
        "account": one.account,
        "scheme": one.scheme,
        "freshness": one.fresh.freshness.value,
        "balance": one.balance.check.value,
    }
    if one.balance.held is not None:
        record["held"] = amount_text(one.balance.held)
    for name in ("source", "reason"):
        if getattr(one.balance, name):
            record[f"balance_{name}"] = sentence(getattr(one.balance, name))
    return record


# Reading


def parse_evidence(data: bytes, most_rows: int, file: str = EVIDENCE) -> list[JudgedRow]:
    """The rows with the outcomes that the file states, none of which is trusted yet. Raises ``ProofRejected``."""
    if data.count(b"\n") > most_rows + 1:
        raise ProofRejected("evidence-rows", f"it has more than {counted(most_rows, 'row')}", file=file)
    if not data.endswith(b"\n"):
        raise ProofRejected("evidence-format", "its last line has no line end", file=file)
    rows = []
    for number, line in enumerate(_lines(data), 1):
        try:
            if number == 1:
                if line != canonical({HEADER: FORMAT}):
                    refuse(f"it does not begin with {canonical({HEADER: FORMAT}).decode()}")
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
        refuse(f"the line has {len(line)} bytes, more than the {_LONGEST_LINE} allowed")
    record = parse_strict(line)
    taken = JsonObject(record)
    control = taken.inner("control")
    row = ReserveRow(
        location=location,
        coin=taken.printable("asset", 100),
        asset=taken.printable("asset", 100),
        chain=taken.matching("chain", NAME),
        address=taken.printable("address", LONGEST_ADDRESS),
        amount=taken.amount("amount"),
        token=taken.matching("token", OPTIONAL_NAME, ""),
        message=taken.text("message", LONGEST_TEXT, ""),
        signatures=taken.texts("signatures"),
        keys=taken.texts("keys"),
        owners=taken.texts("owners"),
        kind=Kind(taken.text("kind", 20)),
        scheme=taken.matching("scheme", NAME, None),
        height=taken.whole("height"),
        block=taken.matching("block", BLOCK, None),
        control=None if control is None else parse_control(control),
    )
    outcome = JsonObject(taken.inner("outcome") or refuse("it has no outcome"))
    judged = JudgedRow(
        row=row,
        account=outcome.printable("account", LONGEST_ADDRESS),
        status=Status(outcome.text("status", 20)),
        reason=outcome.printable("reason", LONGEST_SENTENCE),
        scheme=outcome.matching("scheme", OPTIONAL_NAME),
        fresh=FreshnessVerdict(Freshness(outcome.text("freshness", 20)), ""),
        balance=_balance(outcome, row.amount),
    )
    # Anything not read above, or not in canonical form, is not what would have been written here.
    if canonical(_record(judged)) != line:
        refuse("it is not in canonical form, or has keys that do not belong there")
    return judged


def _balance(outcome: JsonObject, amount: int) -> BalanceCheck:
    check = Check(outcome.text("balance", 20))
    held = outcome.amount("held") if outcome.has("held") else None
    expected = Check.NOT_CHECKED if held is None else Check.CONFIRMED if held == amount else Check.DIFFERS
    if check is not expected:
        refuse(f"its balance is said to be {check.value}, but is {expected.value}")
    return BalanceCheck(
        check,
        held,
        outcome.printable("balance_source", LONGEST_SENTENCE, ""),
        outcome.printable("balance_reason", LONGEST_SENTENCE, ""),
    )
