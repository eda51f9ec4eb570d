"""Segments verified in several processes, for audits of many.

Processes and not threads: a verifier works on a few rows at a time, mostly in Python. A process makes the backend from
the same public spec and asks it under the same policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from polyproof.backend import Statement, Verdict
from polyproof.engine import in_processes
from polyproof.liabilities.acceptance import Judge
from polyproof.registry import default_registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import create_backend, spec_from_public

__all__ = ["verdicts_of_processes"]


Work = tuple[Statement, tuple[int, ...], bytes, bool]
"""A segment to verify: its statement, totals and proof, and whether it is one of accounts with debts."""


def verdicts_of_processes(
    spec: Mapping[str, Any], policy: Policy, largest_proof: int, segments: Iterable[Work], processes: int
) -> Iterator[Verdict]:
    """The verdicts on segments in order, of the audit with this public spec and its largest proof of so many bytes.

    It ends early, as ``in_processes`` does, where a segment is refused or a process fails.
    """
    return in_processes(_verdict, segments, processes, begin=_prepare, given=(dict(spec), policy, largest_proof))


_judges: dict[bool, Judge]
"""In a process of the pool: whom it asks, about segments of accounts with debts and without."""


def _prepare(spec: Mapping[str, Any], policy: Policy, largest_proof: int) -> None:
    global _judges
    registry = default_registry()
    public = spec_from_public(spec, registry, largest_proof=largest_proof)
    _judges = {False: Judge(create_backend(public, registry), public.backend.options, policy)}
    if (choice := public.margin_backend) is not None:
        _judges[True] = Judge(choice.create(registry), choice.options, policy)


def _verdict(statement: Statement, totals: tuple[int, ...], proof: bytes, margin: bool) -> Verdict:
    return _judges[margin].verify(statement, totals, proof)
