"""What ``verify-inclusion`` says of evidence: what it took from there, whose word that is, and what was said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from polyproof.cli.shapes import FLAG, TEXT, nullable, one_of, record
from polyproof.cli.visible import one_line
from polyproof.errors import PolyproofError, ProofRejected

if TYPE_CHECKING:
    from polyproof.liabilities.saved_check import SavedCheck

__all__ = ["EVIDENCE", "Checked"]

EVIDENCE = record(
    file=TEXT,
    saved=TEXT,
    program=TEXT,
    user=one_of("typed", "from-file"),
    balances=one_of("typed", "from-file"),
    audit=one_of("typed", "from-file"),
    digest=nullable(TEXT),
    policy=nullable(TEXT),
    verdict=record(outcome=TEXT, check=nullable(TEXT), reason=TEXT),
    same=FLAG,
)


@frozen
class Checked:
    """Evidence that was checked, and what of it was replaced by what the verifier typed."""

    saved: SavedCheck
    user: bool
    """Whether the verifier typed the id."""
    balances: bool
    """Whether the verifier typed what is owed, either way."""
    audit: Path | None
    """The verifier's own copy of the audit, in place of the files in the evidence."""

    def payload(self) -> dict[str, Any]:
        """For machines, of evidence whose claim was verified."""
        saved = self.saved
        return {
            "file": str(saved.path),
            "saved": saved.saved,
            "program": saved.program,
            "user": _source(self.user),
            "balances": _source(self.balances),
            "audit": _source(self.audit is not None),
            "digest": saved.digest,
            "policy": saved.policy,
            "verdict": {"outcome": saved.outcome, "check": saved.check, "reason": saved.reason},
            "same": self.same(None),
        }

    def same(self, error: PolyproofError | None) -> bool:
        """Whether the verdict in it is what came out."""
        saved = self.saved
        if error is None:
            return saved.outcome == "included"
        if isinstance(error, ProofRejected):
            return (saved.outcome, saved.check) == ("rejected", error.check)
        return saved.outcome == "bad-input"

    def facts(self) -> list[tuple[str, str]]:
        """For people, beside what was verified: what the file says of itself."""
        saved = self.saved
        compared = f"compared with {saved.digest}" if saved.digest else "none was compared"
        return [
            ("evidence", one_line(f"saved {saved.saved} by {saved.program}, as it says")),
            ("digest there", one_line(compared)),
            ("policy there", one_line(saved.policy or "not named")),
        ]

    def notes(self, error: PolyproofError | None) -> Iterator[str]:
        """Sentences for people: whose word it is, and whether the verdict in it is what came out, ``error`` or none."""
        if not (self.user and self.balances):
            taken, it = _TAKEN[self.user, self.balances]
            yield (
                f"{taken} what the evidence says, and whoever gave it to you can have written anything in it: ask the "
                f"customer for {it}, and type {it}."
            )
        saved = self.saved
        stated = saved.outcome if saved.check is None else f"{saved.outcome} [{saved.check}]"
        if self.same(error):
            yield one_line(f"The verdict that was saved in it, {stated}, is the one that comes out here.")
        else:
            yield one_line(f"The verdict that was saved in it is another: {stated}, {saved.reason}")


_TAKEN = {
    (False, False): ("The account id and the balances are", "them"),
    (False, True): ("The account id is", "it"),
    (True, False): ("The balances are", "them"),
}
"""By whether the id, and the balances, were typed: what was taken from the file."""


def _source(typed: bool) -> str:
    return "typed" if typed else "from-file"
