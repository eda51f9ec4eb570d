"""``polyproof schema``: the JSON Schema of specs, and of published files."""

from __future__ import annotations

from json import loads
from typing import Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, usable_registry
from polyproof.errors import UsageError

__all__ = ["RESULT", "command"]

RESULT = {"type": "object", "description": "A JSON Schema."}


def command(
    reserves: Annotated[
        bool, typer.Option("--reserves", help="The schema of a published reserves.json instead.")
    ] = False,
    report: Annotated[bool, typer.Option("--report", help="The schema of a report.json instead.")] = False,
    history: Annotated[bool, typer.Option("--history", help="The schema of a history.json instead.")] = False,
    publication: Annotated[
        bool, typer.Option("--publication", help="The schema of a publication.json instead.")
    ] = False,
    output: Annotated[
        bool, typer.Option("--output", help="The schema of what every command prints with --json instead.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print the JSON Schema of specs, for editors."""
    from polyproof.cli.envelope import output_schema
    from polyproof.liabilities.record import publication_schema_text
    from polyproof.publication.history import history_schema_text
    from polyproof.publication.report.document import report_schema_text
    from polyproof.reserves.published import reserves_schema_text
    from polyproof.settings.schema import file_text, schema_text

    console = Console(json=json, quiet=quiet)
    if reserves + report + history + publication + output > 1:
        raise UsageError("ask for one schema at a time: --reserves, --report, --history, --publication or --output")
    documents = (
        (reserves, reserves_schema_text),
        (report, report_schema_text),
        (history, history_schema_text),
        (publication, publication_schema_text),
        (output, lambda: file_text(output_schema())),
    )
    text = next((made() for requested, made in documents if requested), None)
    if text is None:
        registry = usable_registry(console)
        text = schema_text(registry)
        console.warn(f"left out of the schema: {error}" for error in registry.lacking().values())
    made = text
    console.result(loads(made), lambda _: print(made, end=""))
