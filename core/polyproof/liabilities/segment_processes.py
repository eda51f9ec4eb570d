"""Segments verified in several processes, for audits of many.

Processes and not threads: a verifier works on a few rows at a time, mostly in Python, and threads would wait for each
other. A process makes the backend from the same public spec and asks it under the same policy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from polyproof.backend import Statement, Verdict
from polyproof.liabilities.acceptance import Judge
from polyproof.liabilities.verification import PublishedAudit, largest_proof_of
from polyproof.registry import default_registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import create_backend, spec_from_public

__all__ = ["verdicts_of_processes"]


def verdicts_of_processes(audit: PublishedAudit, processes: int) -> Iterator[Verdict]:
    """The verdicts on the segments in order, of an audit that was opened with the default registry.

    It ends early, and raises nothing, where a segment is refused or a process fails: whoever asks verifies the rest in
    its own process, where it is known what is wrong, or whose fault it is.
    """
    manifest = audit.manifest
    given = (dict(manifest.spec), audit.policy, largest_proof_of(audit.public, manifest))
    # Spawned: a fork of a process that has threads may find their locks held forever.
    pool = ProcessPoolExecutor(min(processes, len(manifest.segments)), get_context("spawn"), _prepare, given)
    waiting: deque[Future[Verdict]] = deque()
    try:
        for segment in manifest.segments:
            proof = audit.proof(segment.index)
            waiting.append(pool.submit(_verdict, audit.statement(segment.index), segment.totals, proof))
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
