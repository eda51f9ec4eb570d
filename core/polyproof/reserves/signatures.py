"""Signatures of many rows: each judged by the one scheme that serves it, in batches, in as many processes as help.

What a scheme must do is in ``polyproof.ownership``. Here is what no scheme decides for itself: which of them judges a
row, and that a row declared custodial is custodial whatever else it says.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence

from polyproof.engine import in_processes, thread_count
from polyproof.ownership import Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.reserves.scheme_answers import account_of, results_of, serves

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
    while it names none, is unsupported. A scheme that raises, loses rows, or returns anything but results, is broken:
    ``PluginFault``. No row fails for it, since nothing was found out about the row.

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
        for judged in in_processes(results_of, work, min(processes, len(work))):
            yield judged
            done += 1
    for scheme, rows in work[done:]:
        yield results_of(scheme, rows)


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
    asked = schemes if claim.scheme is None else [by_name[claim.scheme]]
    serving = [scheme for scheme in asked if serves(scheme, claim)]
    if claim.kind is Kind.CUSTODIAL:
        chain, address = account_of(serving[0], claim) if len(serving) == 1 else ("", "")
        reason = "declared to be held by a custodian; no signature is checked"
        return OwnershipResult(Status.CUSTODIAL, reason, chain=chain, address=address)
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
