"""What ownership schemes answer, checked when it arrives.

A scheme never raises because of what a row says, and a row is never failed because its scheme did: whoever would read
"failed" there would take a mistake in a plugin for a false claim of the organisation. So whatever a scheme raises, and
any answer of another type than its interface states, is the scheme's fault, by its name.
"""

from __future__ import annotations

from collections.abc import Sequence

from polyproof.config.options import shown
from polyproof.model.counts import counted
from polyproof.ownership import OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.plugin_faults import asking, fault

__all__ = ["account_of", "digests_of", "results_of", "serves"]


def serves(scheme: OwnershipScheme, claim: OwnershipClaim) -> bool:
    """``scheme.serves``. Raises ``PluginFault``."""
    with asking(scheme, lambda: _judging(claim)):
        answer = scheme.serves(claim)
    if type(answer) is not bool:
        raise fault(scheme, f"serves returned {shown(answer)}, expected a bool")
    return answer


def account_of(scheme: OwnershipScheme, claim: OwnershipClaim) -> tuple[str, str]:
    """``scheme.account``. Raises ``PluginFault``."""
    with asking(scheme, lambda: _judging(claim)):
        answer = scheme.account(claim)
    if not (isinstance(answer, tuple) and len(answer) == 2 and all(isinstance(text, str) for text in answer)):
        raise fault(scheme, f"account returned {shown(answer)}, expected a chain and an address")
    return answer


def digests_of(scheme: OwnershipScheme, claim: OwnershipClaim) -> tuple[bytes, ...]:
    """``scheme.digests``. Raises ``PluginFault``."""
    with asking(scheme, lambda: _judging(claim)):
        answer = scheme.digests(claim)
    if not (isinstance(answer, tuple) and all(isinstance(digest, bytes) for digest in answer)):
        raise fault(scheme, f"digests returned {shown(answer)}, expected a tuple of bytes")
    return answer


def results_of(scheme: OwnershipScheme, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
    """``scheme.verify``: a result for each row. Raises ``PluginFault``, which names the row if one alone is enough."""
    with asking(
        scheme, lambda: _judging(rows[0]) if len(rows) == 1 else f"while judging {counted(len(rows), 'row')} together"
    ):
        try:
            results = scheme.verify(rows)
        except Exception:
            if len(rows) > 1:
                for row in rows:
                    results_of(scheme, [row])
            raise
    if not isinstance(results, list) or not all(map(_is_result, results)):
        raise fault(scheme, "it returned something other than a list of results")
    if len(results) != len(rows):
        raise fault(scheme, f"it gave {counted(len(results), 'result')} for {counted(len(rows), 'row')}")
    for result in results:
        if result.scheme not in ("", scheme.name):
            raise fault(scheme, f"it says that {shown(result.scheme)} judged a row, and not itself")
    return results


def _is_result(result: object) -> bool:
    return (
        isinstance(result, OwnershipResult)
        and isinstance(result.status, Status)
        and all(isinstance(text, str) for text in (result.reason, result.scheme, result.chain, result.address))
    )


def _judging(claim: OwnershipClaim) -> str:
    return f"while judging {shown(claim.address)} on {shown(claim.chain)}"
