"""Segments verified in several processes, for audits of many.

Processes and not threads: a verifier works on a few rows at a time, mostly in Python, and threads would wait for each
other. A process makes the backend from the same public spec and asks it under the same policy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from polyproof.backend import Statement, Verdict
from polyproof.liabilities.acceptance import Judge
from polyproof.registry import default_registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import create_backend, spec_from_public

__all__ = ["verdicts_of_processes"]


Work = tuple[Statement, tuple[int, ...], bytes]
"""A segment to verify: its statement, totals and proof."""


def verdicts_of_processes(
    spec: Mapping[str, Any], policy: Policy, largest_proof: int, segments: Iterable[Work], processes: int
) -> Iterator[Verdict]:
    """The verdicts on segments in order, of the audit with this public spec and its largest proof of so many bytes.

    It ends early, and raises nothing, where a segment is refused or a process fails: whoever asks verifies the rest in
    its own process, where it is known what is wrong, or whose fault it is.
    """
    # Spawned: a fork of a process that has threads may find their locks held forever.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _prepare, (dict(spec), policy, largest_proof))
    waiting: deque[Future[Verdict]] = deque()
    try:
        for work in segments:
            waiting.append(pool.submit(_verdict, *work))
            if len(waiting) > 2 * processes:  # so many proofs are in memory, and not all of them
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except Exception:  # noqa: BLE001 - processes may end, and backends may raise anything
        return
    finally:
        pool.shutdown(cancel_futures=True)


_judge: Judge
"""In a process of the pool: what it asks."""


def _prepare(spec: Mapping[str, Any], policy: Policy, largest_proof: int) -> None:
    global _judge
    registry = default_registry()
    public = spec_from_public(spec, registry, largest_proof=largest_proof)
    _judge = Judge(create_backend(public, registry), public.backend.options, policy)


def _verdict(statement: Statement, totals: tuple[int, ...], proof: bytes) -> Verdict:
    return _judge.verify(statement, totals, proof)
