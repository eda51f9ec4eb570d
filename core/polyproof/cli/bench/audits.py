"""Whole audits by size: reading, proving with its phases, verifying, and cutting what users receive.

Each audit is measured in a process of its own, so that its memory is that of one audit, its threads are as many as
asked for, and one that a machine has no memory for ends alone. The accounts are those of ``polyproof sample``: the same
for the same numbers. An audit is proved once to warm up and then ``runs`` times; without further runs the first counts.
"""

from __future__ import annotations

import csv
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from polyproof import liabilities
from polyproof.cli.bench import phases
from polyproof.cli.bench.results import JOINED_BY, AuditFacts, Measurement, NotMeasured
from polyproof.cli.bench.shapes import Shape, assets_of, choice, spec_of
from polyproof.cli.sample import write_sample
from polyproof.cli.security_view import figures_line
from polyproof.config.options import plain
from polyproof.errors import PolyproofError
from polyproof.liabilities.typed_balances import make_claim
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import open_options

__all__ = ["measure_audits"]

_LIGHT_RUNS = 3
"""What takes a fraction of a second is repeated at least so often, however few runs of the rest were asked for."""
_SEED = 1
_NEW_PROCESS = "verify, new process"

Item = Measurement | AuditFacts | NotMeasured


def measure_audits(shapes: Sequence[Shape], runs: int, progress: Progress) -> Iterator[Item]:
    """Measure each audit, in order."""
    with (
        tempfile.TemporaryDirectory(prefix="polyproof-bench-") as temporary,
        progress.task("measure audits", len(shapes)) as task,
    ):
        for shape in shapes:
            setting = shape.setting
            snapshot = Path(temporary, f"{setting.accounts}x{setting.assets}.csv")
            if not snapshot.exists():
                write_sample(snapshot, assets_of(setting.assets), setting.accounts, _SEED, progress=progress)
            yield from _in_a_process(shape, snapshot, runs)
            task.advance()


def _in_a_process(shape: Shape, snapshot: Path, runs: int) -> list[Item]:
    context = get_context("spawn")
    with ProcessPoolExecutor(1, context, _use_threads, (shape.setting.threads,)) as pool:
        try:
            return pool.submit(_measured, shape, snapshot, runs).result()
        except BrokenProcessPool:
            reason = "its process ended before it was done; most likely the system had no memory left"
            return [NotMeasured("audit", shape.backend, reason, shape.setting)]


def _use_threads(count: int) -> None:
    os.environ["POLYPROOF_THREADS"] = str(count)


def _measured(shape: Shape, snapshot: Path, runs: int) -> list[Item]:
    """In the process of its own: everything about one audit, as far as it gets. It raises nothing, for not every error
    can be sent.
    """
    found: list[Item] = []
    try:
        with tempfile.TemporaryDirectory(dir=snapshot.parent) as temporary:
            for item in _rows(shape, snapshot, Path(temporary), runs):
                found.append(item)
    except PolyproofError as error:
        found.append(NotMeasured("audit", shape.backend, str(error), shape.setting))
    except Exception as error:  # noqa: BLE001 - a plugin's backend may raise anything
        found.append(NotMeasured("audit", shape.backend, f"{type(error).__name__}: {error}", shape.setting))
    return found


def _rows(shape: Shape, snapshot: Path, folder: Path, runs: int) -> Iterator[Item]:
    registry = default_registry()
    spec = spec_of(shape, snapshot, registry)
    accounts = shape.setting.accounts

    def row(operation: str, engine: str, items: int, unit: str, found: list[phases.Spent]) -> Measurement:
        counted = found[1:] or found
        return Measurement(
            "audit",
            shape.backend,
            engine,
            operation,
            items,
            unit,
            first=found[0].wall,
            median=statistics.median(spent.wall for spent in counted),
            cpu=statistics.median(spent.cpu for spent in counted),
            runs=len(found) - 1,
            peak=max((spent.peak for spent in counted if spent.peak is not None), default=None),
            setting=shape.setting,
        )

    recorders = []
    for number in range(1 + runs):
        shutil.rmtree(folder / f"audit{number - 1}", ignore_errors=True)
        recorder = phases.Recorder()
        with recorder.task("audit"):
            proved = liabilities.prove(
                spec, folder / f"audit{number}", policy=UNRESTRICTED, registry=registry, progress=recorder
            )
        recorders.append(recorder)
    audit, public = proved.directory, proved.directory / "public"
    for path in _in_order(recorders[-1].spent):
        found = [recorder.spent[path] for recorder in recorders if path in recorder.spent]
        yield row(JOINED_BY.join(path), "compiled", accounts, "account", found)

    user, balances = _first_account(snapshot)
    claim = make_claim(spec.assets, user, balances)
    file, size = liabilities.cut_inclusion(audit, user, out=folder / "user.polyproof", registry=registry)
    light = {
        "verify": lambda: liabilities.verify(public, policy=UNRESTRICTED, registry=registry),
        _NEW_PROCESS: lambda: _verify_in_a_process(public),
        "cut one inclusion file": lambda: liabilities.cut_inclusion(audit, user, out=file, registry=registry),
        "verify one inclusion file": lambda: liabilities.verify_inclusion(
            file, public, lambda _: claim, policy=UNRESTRICTED, registry=registry
        ),
    }
    for operation, run in light.items():
        further = runs if operation == _NEW_PROCESS else max(runs, _LIGHT_RUNS)
        repeated = [_spent(run) for _ in range(1 + further)]
        yield row(operation, "portable", 1, "file" if "inclusion" in operation else "audit", repeated)

    stores: list[liabilities.InclusionsStored] = []

    def store() -> None:
        stores.append(liabilities.store_inclusions(audit, out=folder / f"store{len(stores)}", registry=registry))

    in_bulk = [_spent(store) for _ in range(1 + runs)]
    yield row("cut all inclusion files", "portable", accounts, "file", in_bulk)

    verified = liabilities.verify(public, policy=UNRESTRICTED, registry=registry)
    published = verified.audit.spec.backend.options
    given = [text.partition("=")[0] for text in shape.setting.options]
    would = {key: choice(spec, key, max(proved.segments), registry) for key in given}
    yield AuditFacts(
        name=shape.backend,
        setting=shape.setting,
        settled=tuple(f"{key}={plain(getattr(published, key))}" for key in open_options(spec.backend, registry)),
        chosen=tuple(f"{key}={value}" for key, value in would.items() if value is not None),
        segments=len(proved.segments),
        proof=sum(segment.size for segment in proved.manifest.segments),
        public=proved.public_bytes,
        private=proved.private_bytes,
        inclusion=size,
        store=stores[-1].bytes,
        figures=figures_line(verified.security),
    )


def _spent(run: Any) -> phases.Spent:
    recorder = phases.Recorder()
    with recorder.task("run"):
        run()
    return recorder.spent["run",]


def _in_order(spent: Mapping[phases.Path, phases.Spent]) -> list[phases.Path]:
    """Each task before those within it. They were noted as they ended."""
    paths = list(spent)

    def within(outer: phases.Path) -> Iterator[phases.Path]:
        for path in paths:
            if path[:-1] == outer:
                yield path
                yield from within(path)

    return list(within(()))


def _first_account(snapshot: Path) -> tuple[str, list[tuple[str, str, None]]]:
    with snapshot.open(newline="", encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    user = row.pop("account")
    return user, [(symbol, amount, None) for symbol, amount in row.items() if amount.strip("0.")]


_VERIFY = """\
import sys
from pathlib import Path
from polyproof import liabilities
from polyproof.settings.policy import UNRESTRICTED
liabilities.verify(Path(sys.argv[1]), policy=UNRESTRICTED)
"""


def _verify_in_a_process(public: Path) -> None:
    command = [sys.executable, "-P", "-c", _VERIFY, str(public)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise PolyproofError(f"a new process does not verify the audit: {last}")
