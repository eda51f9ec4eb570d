"""``polyproof assemble``: make the audit of a work directory in which every segment is proved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyproof.cli.commands.prove import PROVED, prove_payload, show_proved
from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, WorkArgument, usable_registry
from polyproof.cli.shapes import record
from polyproof.cli.views import PUBLISH_DIGEST

__all__ = ["RESULT", "command"]

RESULT = record(**PROVED)


def command(
    directory: WorkArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="AUDIT", help="New directory for the audit. Default: beside DIR, called by its id."
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", min=1, help="Processes that share the segments to verify.")
    ] = 1,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Verify the proofs of a work directory, make the audit, and remove the directory."""
    from polyproof import liabilities
    from polyproof.settings.spec import spec_from_public

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    with console.progress() as progress:
        proved = liabilities.assemble(directory, out, jobs=jobs, registry=registry, progress=progress)
    console.warn(proved.warnings)
    spec = spec_from_public(proved.manifest.spec, registry)
    # `plan` read the snapshot, and said what rounding added.
    said = ("rounded", "resumed_segments")
    payload = {name: value for name, value in prove_payload(proved, spec).items() if name not in said}
    console.result(payload, lambda rich: show_proved(rich, spec, proved, out or proved.directory, PUBLISH_DIGEST))
