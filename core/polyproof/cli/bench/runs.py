"""One audit proved, verified and opened again and again, and what each time took; and a process of its own for it.

In a process of its own an audit's memory is that of one audit, its threads are as many as asked for, and one that a
machine has no memory for ends alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import frozen

from polyproof import liabilities
from polyproof.backend import Claim
from polyproof.cli.bench import phases
from polyproof.cli.bench.results import JOINED_BY
from polyproof.errors import ExecutionError
from polyproof.registry import Registry
from polyproof.settings.policy import UNRESTRICTED

if TYPE_CHECKING:
    from polyproof.liabilities import AuditProved
    from polyproof.settings.spec import Spec

__all__ = ["CHECK", "CUT", "PROVED", "VERIFY", "Repeated", "in_own_process", "prove_again", "spent_by", "use_again"]

PROVED, VERIFY, CUT, CHECK = "audit", "verify", "cut one inclusion file", "verify one inclusion file"
"""Operations of every audit that is measured."""

_LIGHT_RUNS = 3
"""What takes a fraction of a second is repeated at least so often, however few runs of the rest were asked for."""

_T = TypeVar("_T")


@frozen
class Repeated:
    """An operation, and what each of its runs took; the first may have compiled kernels."""

    operation: str
    """Phases within phases are joined by ›."""
    engine: str
    items: int
    unit: str
    spent: tuple[phases.Spent, ...]

    @property
    def counted(self) -> tuple[phases.Spent, ...]:
        """The runs after the first; without any, the first."""
        return self.spent[1:] or self.spent


def in_own_process(threads: int, call: Callable[..., _T], *arguments: Any) -> _T:
    """What the function returns in a new process with so many threads. It, and all that crosses, can be pickled.

    Raises ``ExecutionError`` if the process ends before it is done.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), _use_threads, (threads,)) as pool:
        try:
            return pool.submit(call, *arguments).result()
        except BrokenProcessPool:
            reason = "its process ended before it was done; most likely the system had no memory left"
            raise ExecutionError(reason) from None


def _use_threads(count: int) -> None:
    os.environ["POLYPROOF_THREADS"] = str(count)


def spent_by(run: Callable[[], object]) -> phases.Spent:
    """What a function takes."""
    recorder = phases.Recorder()
    with recorder.task("run"):
        run()
    return recorder.spent["run",]


def prove_again(spec: Spec, folder: Path, runs: int, registry: Registry) -> tuple[AuditProved, list[Repeated]]:
    """Prove an audit once and then ``runs`` times, in a new directory of ``folder`` each time, of which the last stays.

    Returns that one, and what the whole and each of its phases took.
    """
    recorders = []
    for number in range(1 + runs):
        shutil.rmtree(folder / f"audit{number - 1}", ignore_errors=True)
        recorder = phases.Recorder()
        with recorder.task(PROVED):
            proved = liabilities.prove(
                spec, folder / f"audit{number}", policy=UNRESTRICTED, registry=registry, progress=recorder
            )
        recorders.append(recorder)
    found = []
    for path in _in_order(recorders[-1].spent):
        spent = tuple(recorder.spent[path] for recorder in recorders if path in recorder.spent)
        found.append(Repeated(JOINED_BY.join(path), "compiled", proved.accounts, "account", spent))
    return proved, found


def use_again(audit: Path, claim: Claim, file: Path, runs: int, registry: Registry) -> Iterator[Repeated]:
    """What a verifier, the exchange and a user do with a proved audit, each once and then at least ``runs`` times.

    ``file`` is where the inclusion file of the claim's user is, cut anew each time.
    """
    public = audit / "public"
    light: dict[str, Callable[[], object]] = {
        VERIFY: lambda: liabilities.verify(public, policy=UNRESTRICTED, registry=registry),
        CUT: lambda: liabilities.cut_inclusion(audit, claim.user_id, out=file, registry=registry),
        CHECK: lambda: liabilities.verify_inclusion(
            file, public, lambda _: claim, policy=UNRESTRICTED, registry=registry
        ),
    }
    for operation, run in light.items():
        spent = tuple(spent_by(run) for _ in range(1 + max(runs, _LIGHT_RUNS)))
        yield Repeated(operation, "portable", 1, "file" if "inclusion" in operation else "audit", spent)


def _in_order(spent: Mapping[phases.Path, phases.Spent]) -> list[phases.Path]:
    """Each task before those within it. They were noted as they ended."""
    paths = list(spent)

    def within(outer: phases.Path) -> Iterator[phases.Path]:
        for path in paths:
            if path[:-1] == outer:
                yield path
                yield from within(path)

    return list(within(()))
