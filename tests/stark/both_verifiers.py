"""An audit's claims as values, checked by the verifier of the backend and by the slow one of the references.

``Case`` is everything that a verifier of a segment is given, ``InclusionCase`` everything that a user's check is
given. ``verdicts`` runs both verifiers, asserts that they agree, and returns what they say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, frozen

from polyproof.backend import Claim, InclusionVerdict, Statement
from polyproof.errors import ProofRejected
from polyproof.liabilities.acceptance import Judge
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof_stark.backend import StarkBackend
from polyproof_stark.options import StarkOptions
from references import stark_verifier as slow

POLICY = evolve(UNRESTRICTED, max_segments=1 << 48)
MOST_SECONDS = 3.0
"""Of processor time, for one verification of anything: a hundred times what an honest small proof takes."""


@lru_cache(maxsize=64)
def backend(options: tuple[tuple[str, Any], ...]) -> StarkBackend:
    return StarkBackend(StarkOptions(**dict(options)), default_registry())


def judged(backend: StarkBackend) -> Judge:
    """The backend as core asks it."""
    return Judge(backend, backend.options, POLICY)


@frozen
class Case:
    """A proof and what it is said to prove."""

    options: Mapping[str, Any]
    statement: Statement
    totals: tuple[int, ...]
    proof: bytes

    @property
    def backend(self) -> StarkBackend:
        return backend(tuple(self.options.items()))

    @property
    def slow_statement(self) -> slow.Statement:
        return slow.Statement(
            tuple((asset.symbol, asset.bits) for asset in self.statement.assets),
            slow.Options(**self.options),
            self.statement.context,
            self.statement.audit_id,
            self.statement.segment,
            self.statement.segments,
            tuple(self.totals),
        )

    def fast(self) -> str | None:
        """The check that the backend's verifier says failed, or None if it accepts."""
        try:
            judged(self.backend).verify(self.statement, self.totals, self.proof)
        except ProofRejected as rejected:
            return rejected.check
        return None

    def slow(self) -> str | None:
        """The slow verifier's reason, or None if it accepts."""
        try:
            slow.verify(self.slow_statement, self.proof)
        except slow.Rejected as rejected:
            return str(rejected)
        return None


@frozen
class InclusionCase(Case):
    """An inclusion proof and what its user claims."""

    user_id: str
    balances: tuple[int, ...]
    inclusion: bytes

    def fast(self) -> str | None:
        try:
            check = _check_of(tuple(self.options.items()), self.statement, tuple(self.totals), self.proof)
            check(Claim(self.user_id, self.balances), self.inclusion)
        except ProofRejected as rejected:
            return rejected.check
        return None

    def slow(self) -> str | None:
        try:
            slow.verify_inclusion(
                _verified(self.slow_statement, self.proof), self.user_id, self.balances, self.inclusion
            )
        except slow.Rejected as rejected:
            return str(rejected)
        return None


# A proof is verified once by each verifier, however many claims are checked against it: the backend's
# ``verify_inclusion`` is its ``inclusion_verifier``, asked once.


@lru_cache(maxsize=4)
def _check_of(
    options: tuple[tuple[str, Any], ...], statement: Statement, totals: tuple[int, ...], proof: bytes
) -> Callable[[Claim, bytes], InclusionVerdict]:
    return judged(backend(options)).inclusion_verifier(statement, totals, proof)


@lru_cache(maxsize=4)
def _verified(statement: slow.Statement, proof: bytes) -> slow.Accepted:
    return slow.verify(statement, proof)


def verdicts(case: Case) -> tuple[str | None, str | None]:
    """What the fast and the slow verifier say; it is a failure of the test if they differ or take long."""
    said = []
    for verify in (case.fast, case.slow):
        start = time.process_time()
        said.append(verify())
        assert time.process_time() - start < MOST_SECONDS
    fast, slow = said
    assert (fast is None) == (slow is None), f"fast: {fast}, slow: {slow}"
    return fast, slow


def accepted(case: Case) -> bool:
    """Whether both accept."""
    return verdicts(case) == (None, None)


@frozen
class Audit:
    """An honest exchange's segment, proven."""

    case: Case
    accounts: Accounts
    state: Path

    def inclusion(self, position: int) -> InclusionCase:
        """The honest inclusion proof and claim of one account."""
        case = self.case
        user_id = self.accounts.ids[position]
        inclusion = case.backend.open_inclusion(case.statement, case.proof, self.state, user_id)
        assert inclusion is not None
        return InclusionCase(
            case.options, case.statement, case.totals, case.proof, user_id, self.accounts.balances(position), inclusion
        )


def prove(
    state: Path,
    options: Mapping[str, Any],
    widths: Sequence[int],
    count: int = 50,
    *,
    audit_id: str = "audit-1",
    segment: int = 0,
    segments: int = 1,
    seed: int = 1,
) -> Audit:
    """Prove random accounts of assets with these widths in bits; the first account has the largest balances."""
    random = np.random.default_rng(seed)
    assets = tuple(Asset(f"A{number}", min(18, bits // 4), bits) for number, bits in enumerate(widths))
    rows = []
    for number in range(count):
        lengths = [int(random.integers(0, bits + 1)) for bits in widths]
        balances = [int.from_bytes(random.bytes(32), "little") >> (256 - length) for length in lengths]
        rows.append((f"user-{number}", balances if number else [(1 << bits) - 1 for bits in widths]))
    accounts = Accounts.of(assets, rows)
    statement = Statement(audit_id, random.bytes(32), assets, segment, segments)
    made = backend(tuple(options.items())).prove(statement, accounts, random.bytes(32), state, Progress())
    return Audit(Case(options, statement, made.totals, made.proof), accounts, state)


__all__ = ["POLICY", "Audit", "Case", "InclusionCase", "accepted", "evolve", "prove", "verdicts"]
