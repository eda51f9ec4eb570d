"""How many queries and how much grinding reach a target in bits of soundness with the smallest proof."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from polyproof.errors import OptionsError
from polyproof.field import Field
from polyproof.hash import Hash
from polyproof.security import SecurityReport, bits_text
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.parameters import Parameters
from polyproof_stark.security import security_report

__all__ = ["MAX_GRINDING", "MAX_QUERIES", "choose_queries", "raise_to_target"]

MAX_GRINDING = 20
"""The most bits of grinding that are chosen: about a million hashes."""
MAX_QUERIES = 1024
"""The most queries that are chosen."""


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

    def fits(queries: int) -> bool:
        candidate = parameters(queries, 0)
        return 5 * candidate.blinding <= candidate.rows

    high = bisect_left(range(1, MAX_QUERIES + 1), True, key=lambda queries: not fits(queries))
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


def raise_to_target(
    chosen: Parameters,
    compiled: Callable[[Parameters], CompiledSystem],
    parameters: Callable[[int, int], Parameters],
    field: Field,
    hash: Hash,
    target: float,
) -> Parameters:
    """The parameters chosen, or more of them where they miss ``target`` with the system that is made for them.

    ``choose_queries`` judges all candidates by one system. That of the chosen ones has other blinding rows, of which it
    can depend how many values share a helper column, and with that a fraction of a bit. So grinding and then queries
    are added, one at a time. Raises ``OptionsError`` as ``choose_queries`` does.
    """
    while True:
        report = security_report(compiled(chosen), chosen, field, hash)
        assert report.soundness is not None, "a STARK's report has it"
        if report.soundness.bits >= target:
            return chosen
        if chosen.grinding < MAX_GRINDING:
            more = parameters(chosen.queries, chosen.grinding + 1)
        else:
            more = parameters(chosen.queries + 1, MAX_GRINDING)
        if more.queries > MAX_QUERIES or 5 * more.blinding > more.rows:
            raise OptionsError(_unreachable(report, target, chosen))
        chosen = more


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
