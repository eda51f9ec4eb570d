"""How many queries and how much grinding reach a target in bits of soundness with the smallest proof."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from math import ceil, log2

from polyproof.errors import OptionsError
from polyproof.field import Field
from polyproof.hash import Hash
from polyproof.security import SecurityReport, bits_text
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.parameters import Parameters
from polyproof_stark.security import security_report

__all__ = ["MAX_GRINDING", "MAX_QUERIES", "choose_queries", "least_queries", "reach_target"]

MAX_GRINDING = 20
"""The most bits of grinding that are chosen: about a million hashes."""
MAX_QUERIES = 1024
"""The most queries that are chosen."""
_ROUNDS = 4
"""How often queries are chosen at most, each time for another system. No options are known that take a second."""


def least_queries(target: float, blowup: int) -> int:
    """Queries without which nothing reaches ``target``: each gives log2 β bits at the most, by any bound there is.

    A word that agrees with a polynomial on a share of 1/β of D always exists, so no bound can say more of a query.
    """
    return max(1, ceil((target - MAX_GRINDING) / log2(blowup)))


def choose_queries(
    compiled: CompiledSystem,
    parameters: Callable[[int, int], Parameters],
    field: Field,
    hash: Hash,
    target: float,
) -> Parameters:
    """The parameters of the smallest proof that reaches ``target`` bits of soundness.

    A query costs bytes and grinding costs none, so these are the fewest queries that reach the target with the most
    grinding, and then no more grinding than they need. ``parameters(queries, grinding)`` makes candidates. Raises
    ``OptionsError`` that names the term which cannot reach the target.
    """

    def reached(queries: int, grinding: int) -> bool:
        soundness = security_report(compiled, parameters(queries, grinding), field, hash).soundness
        return soundness is not None and soundness.bits >= target

    high = bisect_left(range(1, MAX_QUERIES + 1), True, key=lambda queries: not _fits(parameters(queries, 0)))
    if not high:
        return parameters(1, 0)  # the blinding rows of a single query do not fit: check_parameters says so
    if not reached(high, MAX_GRINDING):
        most = parameters(high, MAX_GRINDING)
        raise OptionsError(_unreachable(security_report(compiled, most, field, hash), target, most))
    low = 1
    while low < high:
        middle = (low + high) // 2
        if reached(middle, MAX_GRINDING):
            high = middle
        else:
            low = middle + 1
    grinding = MAX_GRINDING
    while grinding and reached(low, grinding - 1):
        grinding -= 1
    return parameters(low, grinding)


def reach_target(
    usual: Parameters,
    compiled: Callable[[Parameters], CompiledSystem],
    parameters: Callable[[int, int], Parameters],
    field: Field,
    hash: Hash,
    target: float,
) -> Parameters:
    """The parameters of ``choose_queries``, which reach ``target`` with the system that is made for them.

    ``choose_queries`` judges all candidates by one system, at first that of the ``usual`` ones. The chosen ones have
    other blinding rows, of which it can depend how many values share a helper column, and with that a fraction of a
    bit. So what misses by its own system is chosen once more, by that one, and no more often than ``_ROUNDS`` times:
    whoever wrote the options may be hostile, and each time a system is compiled. Raises ``OptionsError``.
    """
    judge = compiled(usual)
    for _ in range(_ROUNDS):
        chosen = choose_queries(judge, parameters, field, hash, target)
        if not _fits(chosen):
            return chosen  # whatever the queries: check_parameters says so
        judge = compiled(chosen)
        soundness = security_report(judge, chosen, field, hash).soundness
        if soundness is not None and soundness.bits >= target:
            return chosen
    raise OptionsError(
        f"target_bits {target:g} is missed by whatever queries are chosen for it: their blinding rows change the "
        f"constraint system by which they were chosen. Give queries and grinding, or blinding, or another target"
    )


def _fits(p: Parameters) -> bool:
    """Whether there are few enough blinding rows, as ``check_parameters`` asks."""
    return 5 * p.blinding <= p.rows


def _unreachable(report: SecurityReport, target: float, p: Parameters) -> str:
    """Why no number of queries reaches a target: the binding term by each bound."""
    limit = (
        "whatever the queries"
        if p.queries == MAX_QUERIES
        else f"with {p.queries} queries, the most whose blinding rows fit: 5·{p.blinding} ≤ {p.rows}"
    )
    reasons = []
    assert report.soundness is not None, "a STARK's report has it"
    for account in (report.soundness, *report.soundness.alternatives):
        term = account.decides
        reasons.append(f"{account.bound}: {term.name} gives {bits_text(term.bits)} bits, {term.formula}")
    return (
        f"target_bits {target:g} cannot be reached with 2^{p.log_rows} rows and extension {p.degree}, {limit}. By "
        f"{'; by '.join(reasons)}. A larger extension, other segments (segment_rows) or a stronger hash help where "
        f"they are in the term"
    )
