"""Signed challenges are merged into the rows that they answer, so that one wallet stays one row.

``polyproof challenge`` writes a file of the rows that wallets sign for, with their messages; custodial rows are not in
it. Once it is signed it is named in ``reserves.signed``, beside the sources and not in place of them: what an address
holds is what its row in the sources says, and the signed row says who controls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve

from polyproof.errors import Problem
from polyproof.findings import Findings
from polyproof.ownership import Kind
from polyproof.reserves.rows import ReserveRow
from polyproof.reserves.spellings import Spellings

__all__ = ["merged"]


def merged(
    rows: Sequence[ReserveRow], answers: Iterable[ReserveRow], spellings: Spellings, findings: Findings
) -> list[ReserveRow]:
    """The rows with message, signatures, keys, owners and scheme of the answers that have signatures.

    An answer is to the row of the same asset, chain, token and account. One that is to no row, to a custodial one or to
    one that has been answered is reported.
    """
    found = list(rows)
    signed = [answer for answer in answers if answer.signatures]
    if not signed:
        return found
    places = {_key(row, spellings): place for place, row in enumerate(rows)}
    first: dict[int, ReserveRow] = {}
    for answer in signed:
        place = places.get(_key(answer, spellings))
        where = f"{answer.asset} on {answer.chain}, {answer.address[:100]}"
        if place is None:
            _report(findings, f"is signed for {where}, which no row of the sources lists", answer, "unlisted")
        elif rows[place].kind is Kind.CUSTODIAL:
            hint = "a custodian's account is not signed for"
            which = f"which is custodial in {rows[place].location}"
            _report(findings, f"is signed for {where}, {which}", answer, "custodial", hint)
        elif first.setdefault(place, answer) is not answer:
            _report(findings, f"is signed twice: {where}", answer, "twice", f"first in {first[place].location}")
        else:
            row = rows[place]
            found[place] = evolve(
                row,
                message=answer.message,
                signatures=answer.signatures,
                keys=answer.keys or row.keys,
                owners=answer.owners or row.owners,
                scheme=answer.scheme or row.scheme,
            )
    return found


def _report(findings: Findings, message: str, answer: ReserveRow, kind: str, hint: str | None = None) -> None:
    findings.add_problem(Problem(message, answer.location, hint, code="signed-unknown", about=kind))


def _key(row: ReserveRow, spellings: Spellings) -> tuple[str, str, str, str]:
    return row.asset, row.chain, row.token, spellings.of(row.claim)
