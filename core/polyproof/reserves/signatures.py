"""Signatures of many rows: each judged by the one scheme that serves it, in batches, in as many processes as help.

What a scheme must do is in ``polyproof.ownership``. Here is what no scheme decides for itself: which of them judges a
row, that a row declared custodial is custodial whatever else it says, and that a scheme that raises has established
nothing.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from polyproof.engine import thread_count
from polyproof.ownership import Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.plugin_faults import fault
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry

__all__ = ["load_schemes", "verify_ownership"]


def load_schemes(registry: Registry | None = None, names: Sequence[str] | None = None) -> list[OwnershipScheme]:
    """The installed schemes, or those named; raises ``PluginError`` as the registry does."""
    registry = registry or default_registry()
    return [registry.create("ownership", name) for name in (registry.names("ownership") if names is None else names)]


BLOCK = 512
"""How many rows a scheme gets at once: enough for batch verification, few enough to show progress."""
MANY = 8192
"""The number of rows from which processes are worth starting."""


def verify_ownership(
    rows: Sequence[OwnershipClaim],
    schemes: Sequence[OwnershipScheme],
    progress: Progress | None = None,
    processes: int | None = None,
) -> list[OwnershipResult]:
    """Judge every row by the scheme that serves it: one result for each row, in order.

    A row declared custodial is custodial whatever else it says. A row that no scheme serves, or that several serve
    while it names none, is unsupported. A scheme that raises has established nothing: its row failed. A scheme that
    loses rows, or returns anything but results, is broken: ``PluginFault``.

    ``processes``: how many share the work; by default, as many as there are threads to use, if there are many rows.
    Processes and not threads, because a signature costs as much time in Python as in the library that checks it, and
    threads would wait for each other. If no process can be started, the work is done in this one.
    """
    results: list[OwnershipResult | None] = [None] * len(rows)
    numbers_of: dict[str, list[int]] = {}
    by_name = {scheme.name: scheme for scheme in schemes}
    for number, claim in enumerate(rows):
        chosen = _choose(claim, schemes, by_name)
        if isinstance(chosen, OwnershipResult):
            results[number] = chosen
        else:
            numbers_of.setdefault(chosen.name, []).append(number)
    blocks = [
        (by_name[name], numbers[start : start + BLOCK])
        for name, numbers in numbers_of.items()
        for start in range(0, len(numbers), BLOCK)
    ]
    work = [(scheme, [rows[number] for number in numbers]) for scheme, numbers in blocks]
    if processes is None:
        processes = thread_count() if len(rows) >= MANY else 1
    with (progress or Progress()).task("verify ownership", len(rows)) as task:
        task.advance(len(rows) - sum(len(numbers) for _, numbers in blocks))
        for (_, numbers), judged in zip(blocks, _judge_all(work, processes), strict=True):
            for number, result in zip(numbers, judged, strict=True):
                results[number] = result
            task.advance(len(numbers))
    return [result for result in results if result is not None]


Work = list[tuple[OwnershipScheme, list[OwnershipClaim]]]


def _judge_all(work: Work, processes: int) -> Iterator[list[OwnershipResult]]:
    done = 0
    if min(processes, len(work)) > 1 and _can_be_sent(work):
        # Spawned: a fork of a process that has threads may find their locks held forever.
        pool = ProcessPoolExecutor(min(processes, len(work)), get_context("spawn"))
        try:
            for judged in pool.map(_judge, *zip(*work, strict=True)):
                yield judged
                done += 1
        except BrokenProcessPool:
            pass  # The rest is judged below, in this process.
        finally:
            pool.shutdown(cancel_futures=True)
    for scheme, rows in work[done:]:
        yield _judge(scheme, rows)


def _can_be_sent(work: Work) -> bool:
    try:
        pickle.dumps([scheme for scheme, _ in work])
    except Exception:  # noqa: BLE001 - a plugin's scheme may hold anything
        return False
    return True


def _choose(
    claim: OwnershipClaim, schemes: Sequence[OwnershipScheme], by_name: dict[str, OwnershipScheme]
) -> OwnershipScheme | OwnershipResult:
    if claim.scheme is not None and claim.scheme not in by_name:
        return OwnershipResult(Status.UNSUPPORTED, f"no ownership scheme is named {claim.scheme[:40]!r}")
    try:
        asked = schemes if claim.scheme is None else [by_name[claim.scheme]]
        serving = [scheme for scheme in asked if scheme.serves(claim)]
        if claim.kind is Kind.CUSTODIAL:
            chain, address = serving[0].account(claim) if len(serving) == 1 else ("", "")
            reason = "declared to be held by a custodian; no signature is checked"
            return OwnershipResult(Status.CUSTODIAL, reason, chain=chain, address=address)
    except Exception as error:  # noqa: BLE001 - a plugin's scheme may raise anything
        failure = f"{type(error).__name__}: {error}"[:200]
        return OwnershipResult(Status.FAILED, f"a scheme could not read this row: {failure}")
    if len(serving) == 1:
        return serving[0]
    if serving:
        names = " and ".join(scheme.name for scheme in serving)
        return OwnershipResult(Status.UNSUPPORTED, f"{names} all serve this row; it must name the one that applies")
    if claim.scheme is not None:
        return OwnershipResult(
            Status.UNSUPPORTED, f"{claim.scheme} does not serve this row: its chain or its kind of signature"
        )
    return OwnershipResult(Status.UNSUPPORTED, f"no ownership scheme serves the chain {claim.chain[:40]!r}")


def _judge(scheme: OwnershipScheme, rows: list[OwnershipClaim]) -> list[OwnershipResult]:
    try:
        results = scheme.verify(rows)
    except Exception as error:  # noqa: BLE001 - a plugin's scheme may raise anything
        if len(rows) == 1:
            failure = f"{type(error).__name__}: {error}"[:200]
            return [OwnershipResult(Status.FAILED, f"the scheme could not judge this row: {failure}", scheme.name)]
        return [result for row in rows for result in _judge(scheme, [row])]
    if not isinstance(results, list) or not all(map(_is_result, results)):
        raise fault(scheme, "it returned something other than a list of results")
    if len(results) != len(rows):
        raise fault(scheme, f"it gave {len(results)} results for {len(rows)} rows")
    return results


def _is_result(result: object) -> bool:
    return (
        isinstance(result, OwnershipResult)
        and isinstance(result.status, Status)
        and all(isinstance(text, str) for text in (result.reason, result.scheme, result.chain, result.address))
    )
