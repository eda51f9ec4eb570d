"""``polyproof prove-segment``: prove one segment of a planned audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.console import Console, size_text, time_text
from polyproof.cli.options import Json, Quiet, WorkArgument, usable_registry
from polyproof.cli.shapes import BYTES, COUNT, DIGEST, FLAG, PHASES, SECONDS, TEXT, record, seconds
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities import SegmentDone

__all__ = ["RESULT", "command", "segment_payload"]

RESULT = record(
    directory=TEXT,
    segment=COUNT,
    accounts=COUNT,
    proved=FLAG,
    bytes=BYTES,
    sha256=DIGEST,
    seconds=SECONDS,
    phases=PHASES,
)


def command(
    directory: WorkArgument,
    index: Annotated[int, typer.Option("--index", metavar="K", min=0, help="Number of the segment, from 0.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Prove one segment of a work directory, unless it is proved already."""
    from polyproof import liabilities

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    with console.progress() as progress:
        done = liabilities.prove_segment(directory, index, registry=registry, progress=progress)
    console.result(segment_payload(done), lambda rich: _show(rich, done))


def segment_payload(done: SegmentDone) -> dict[str, Any]:
    """``prove-segment`` for machines."""
    return {
        "directory": str(done.directory),
        "segment": done.index,
        "accounts": done.accounts,
        "proved": done.proved,
        "bytes": done.segment.size,
        "sha256": done.segment.sha256.hex(),
        "seconds": seconds(sum(done.seconds.values())),
        "phases": {phase: seconds(passed) for phase, passed in done.seconds.items()},
    }


def _show(rich: RichConsole, done: SegmentDone) -> None:
    """``prove-segment`` for people."""
    times = ", ".join(f"{phase} {time_text(passed)}" for phase, passed in done.seconds.items())
    if done.proved:
        how = f"proved and verified ({times})"
    else:
        how = "another process was faster, and its proof is kept" if times else "was finished already"
    rich.print(f"Segment {done.index}, {counted(done.accounts, 'account')}, {size_text(done.segment.size)}: {how}.")
