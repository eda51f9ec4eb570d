"""Whole audits by size: reading, proving with its phases, verifying, and cutting what users receive.

The accounts are those of ``polyproof sample``: the same for the same numbers. An audit is proved once to warm up and
then ``runs`` times; without further runs the first counts.
"""

from __future__ import annotations

import csv
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from polyproof import liabilities
from polyproof.backend import Claim
from polyproof.cli.bench.results import AuditFacts, Measurement, NotMeasured
from polyproof.cli.bench.runs import Repeated, in_own_process, prove_again, spent_by, use_again
from polyproof.cli.bench.shapes import Shape, assets_of, choice, spec_of
from polyproof.cli.sample import write_sample
from polyproof.cli.security_view import figures_line
from polyproof.config.options import plain
from polyproof.errors import ExecutionError, PolyproofError
from polyproof.liabilities.typed_balances import make_claim
from polyproof.model.assets import Asset
from polyproof.plugin_faults import RAISED, reason_of
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import open_options

__all__ = ["SEED", "first_claim", "measure_audits"]

SEED = 1
"""Of the invented accounts."""
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
                write_sample(snapshot, assets_of(setting.assets), setting.accounts, SEED, progress=progress)
            yield from _in_a_process(shape, snapshot, runs)
            task.advance()


def _in_a_process(shape: Shape, snapshot: Path, runs: int) -> list[Item]:
    try:
        return in_own_process(shape.setting.threads, _measured, shape, snapshot, runs)
    except ExecutionError as error:
        return [NotMeasured("audit", shape.backend, str(error), shape.setting)]


def _measured(shape: Shape, snapshot: Path, runs: int) -> list[Item]:
    """In the process of its own: everything about one audit, as far as it gets. It raises nothing, for not every error
    can be sent.
    """
    found: list[Item] = []
    try:
        with tempfile.TemporaryDirectory(dir=snapshot.parent) as temporary:
            for item in _rows(shape, snapshot, Path(temporary), runs):
                found.append(item)
    except RAISED as error:
        found.append(NotMeasured("audit", shape.backend, reason_of(error), shape.setting))
    return found


def _rows(shape: Shape, snapshot: Path, folder: Path, runs: int) -> Iterator[Item]:
    registry = default_registry()
    spec = spec_of(shape, snapshot, registry)
    proved, proving = prove_again(spec, folder, runs, registry)
    yield from (_row(shape, found) for found in proving)
    audit, public = proved.directory, proved.directory / "public"
    claim, file = first_claim(snapshot, spec.assets), folder / "user.polyproof"
    for found in use_again(audit, claim, file, runs, registry):
        yield _row(shape, found)
    spent = tuple(spent_by(lambda: _verify_in_a_process(public)) for _ in range(1 + runs))
    yield _row(shape, Repeated(_NEW_PROCESS, "portable", 1, "audit", spent))
    stores: list[liabilities.InclusionsStored] = []

    def store() -> None:
        stores.append(liabilities.store_inclusions(audit, out=folder / f"store{len(stores)}", registry=registry))

    in_bulk = tuple(spent_by(store) for _ in range(1 + runs))
    yield _row(shape, Repeated("cut all inclusion files", "portable", proved.accounts, "file", in_bulk))

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
        inclusion=file.stat().st_size,
        store=stores[-1].bytes,
        figures=figures_line(verified.security),
    )


def _row(shape: Shape, found: Repeated) -> Measurement:
    counted = found.counted
    return Measurement(
        "audit",
        shape.backend,
        found.engine,
        found.operation,
        found.items,
        found.unit,
        first=found.spent[0].wall,
        median=statistics.median(spent.wall for spent in counted),
        cpu=statistics.median(spent.cpu for spent in counted),
        runs=len(found.spent) - 1,
        peak=max((spent.peak for spent in counted if spent.peak is not None), default=None),
        setting=shape.setting,
    )


def first_claim(snapshot: Path, assets: Sequence[Asset]) -> Claim:
    """What the owner of the first account of a sample claims."""
    with snapshot.open(newline="", encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    user = row.pop("account")
    owed = [(symbol, amount, None) for symbol, amount in row.items() if amount.strip("0.")]
    return make_claim(assets, user, owed or [(assets[0].symbol, "0", None)])


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
