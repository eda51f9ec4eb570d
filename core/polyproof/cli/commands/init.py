"""``polyproof init``: a folder to begin from, with a spec, a sample ledger and sample wallets."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, usable_registry
from polyproof.cli.shapes import TEXT, TEXTS, record
from polyproof.cli.views import facts
from polyproof.cli.visible import one_line
from polyproof.errors import UsageError
from polyproof.extras import is_installed, require_extras

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.cli.begin import Beginning

__all__ = ["RESULT", "command"]

RESULT = record(directory=TEXT, spec=TEXT, files=TEXTS, next=TEXTS)

_T = TypeVar("_T")
_ORGANISATION, _ASSETS, _BACKEND, _SOURCE = "Lakeside Exchange", "BTC,ETH,USDT", "stark", "csv"
_MARK = "(SAMPLE)"


def command(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write; made if it does not exist.")
    ] = Path(),
    example: Annotated[
        str | None,
        typer.Option("--example", metavar="NAME", help="Assets and backend of a spec of polyproof's: okx-22."),
    ] = None,
    organisation: Annotated[
        str | None, typer.Option("--organisation", metavar="TEXT", help=f"Who is audited. Default: {_ORGANISATION}.")
    ] = None,
    assets: Annotated[
        str | None,
        typer.Option(
            "--assets",
            metavar="LIST",
            help=f"Symbols, with decimals where they are not known: BTC,FOO:12. Default: {_ASSETS}.",
        ),
    ] = None,
    backend: Annotated[
        str | None, typer.Option("--backend", metavar="NAME", help="stark (default) or merkle-sum.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="NAME", help="The ledger: csv (default), csv-long, parquet or sqlite."),
    ] = None,
    snapshot: Annotated[
        str | None,
        typer.Option("--snapshot", metavar="TIME", help="Time of the balances. Default: midnight, UTC."),
    ] = None,
    accounts: Annotated[int, typer.Option("--accounts", "-n", min=1, help="How many accounts to invent.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="The same seed gives the same samples.")] = 1,
    debts: Annotated[
        bool, typer.Option("--debts", help="An exchange that lends: accounts with debts and pledges, and prices.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: defaults for whatever is not given.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Begin: write a spec with comments, a sample ledger and sample wallets, and say what to run next."""
    require_extras("prove", purpose="inventing a ledger")
    from datetime import UTC, datetime

    from polyproof.cli.begin import SOURCES, Choices, begin, example_choices, own_assets, parse_assets, slug

    if example is not None and (assets is not None or backend is not None):
        raise UsageError("--example brings its assets and backend: leave out --assets and --backend")
    console = Console(json=json, quiet=quiet)
    asks = console.talks and not yes and sys.stdin.isatty() and sys.stderr.isatty()
    registry = usable_registry(console)

    def chosen(given: str | None, question: str, default: str, read: Callable[[str], _T]) -> _T:
        if given is not None or not asks:
            return read(default if given is None else given)
        while True:
            try:
                return read(typer.prompt(question, default=default, err=True))
            except UsageError as error:
                typer.echo(one_line(str(error)), err=True)

    def one_of(what: str, names: list[str]) -> Callable[[str], str]:
        def read(text: str) -> str:
            if text not in names:
                raise UsageError(f"{text!r} is no {what} here: {', '.join(names)}")
            return text

        return read

    named = chosen(organisation, "Who is audited", _ORGANISATION, _organisation)
    if example is not None:
        asset_lines, backend_lines = example_choices(example)
    else:
        asset_lines = own_assets(
            chosen(assets, "Assets, with decimals where they are not known (BTC,FOO:12)", _ASSETS, parse_assets)
        )
        backend_lines = "backend: " + chosen(
            backend, "Backend (stark, merkle-sum)", _BACKEND, one_of("backend", ["stark", "merkle-sum"])
        )
    taken = _snapshot(snapshot or f"{datetime.now(UTC):%Y-%m-%d}T00:00:00Z")
    found = chosen(source, f"Ledger ({', '.join(SOURCES)})", _SOURCE, one_of("ledger", list(SOURCES)))
    choices = Choices(
        name=example or slug(named) or "sample",
        organisation=named if _MARK in named else f"{named} {_MARK}",
        snapshot=taken,
        assets=asset_lines,
        backend=backend_lines,
        source=found,
        accounts=accounts,
        seed=seed,
        keys=seed,
        debts=debts,
        reserves=is_installed("reserves"),
    )
    with console.progress() as progress:
        begun = begin(directory, choices, registry, progress)
    if not choices.reserves:
        console.warn(
            [
                "no sample wallets: signing needs the extra reserves; in a checkout install it by pip install "
                '".[reserves]", then run init again in another folder'
            ]
        )
    payload = {
        "directory": str(directory),
        "spec": str(begun.spec),
        "files": [str(path) for path in begun.files],
        "next": list(begun.next),
    }
    console.result(payload, lambda rich: _show(rich, begun))


def _organisation(text: str) -> str:
    from polyproof.model.manifest import LONGEST_ORGANISATION

    name = text.strip()
    most = LONGEST_ORGANISATION - len(_MARK) - 1
    if not name or not name.isprintable() or len(name) > most:
        raise UsageError(f"{text[:60]!r} is no name of an organisation: 1 to {most} printable characters")
    return name


def _snapshot(text: str) -> str:
    from polyproof.errors import Problem
    from polyproof.model.timestamps import is_ahead, is_timestamp

    if not is_timestamp(text):
        raise UsageError(Problem(f"--snapshot is {text[:40]!r}", expected="a time in UTC such as 2025-11-30T00:00:00Z"))
    if is_ahead(text):
        raise UsageError(f"--snapshot {text} is in the future: balances were taken then")
    return text


def _show(rich: RichConsole, begun: Beginning) -> None:
    from rich.text import Text

    from polyproof.cli.begin import about

    rich.print("Written, all of it invented:", style="bold")
    facts(rich, *((f"  {one_line(str(path))}", about(path.name)) for path in begun.files))
    rich.print("Next:", style="bold")
    folder = [f"cd {shlex.quote(str(begun.directory))}"] if begun.directory != Path() else []
    for line in [*folder, *begun.next]:
        # Whole, whatever the terminal's width: a command that is copied in two lines is two commands.
        rich.print(Text(f"  {one_line(line)}"), soft_wrap=True)
