"""What commands print and where: results to stdout, progress, warnings and errors to stderr.

A command makes one ``Console`` and gives it its result, once; ``polyproof.cli.envelope`` says how. With ``--json``
stdout gets one JSON object and nothing else, with ``--quiet`` nothing at all. Nothing printed here is markup, and
nothing in it can command the terminal: names of directories, of files in an archive that somebody sent, and texts from
files all pass through ``visible``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from polyproof.cli.envelope import Interrupted, Refused, answer
from polyproof.cli.lines import broken, stacked
from polyproof.cli.visible import one_line, visible
from polyproof.errors import PolicyRejected, PolyproofError, ProofRejected
from polyproof.model.assets import Asset
from polyproof.model.counts import size_text
from polyproof.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.table import Table
    from rich.text import Text

__all__ = [
    "Console",
    "amounts",
    "grouped",
    "plain_console",
    "print_error",
    "size_text",
    "table",
    "time_text",
]


def plain_console(stream: TextIO) -> RichConsole:
    """A console of rich that takes nothing for markup, and shows what cannot be seen as escapes."""
    from rich.console import Console as RichConsole
    from rich.table import Table as RichTable

    class Plain(RichConsole):
        def render_str(self, text: str, **options: Any) -> Text:
            # Every string that is printed comes through here, also those in the cells and headings of tables.
            return super().render_str(visible(text), **options)

        def print(self, *objects: Any, soft_wrap: bool | None = None, end: str = "\n", **options: Any) -> None:
            # A line that a program reads is left whole; on a terminal it would break within words.
            if soft_wrap and self.is_terminal and all(isinstance(one, str) for one in objects):
                objects = (broken(" ".join(objects), self.width, self._begun),)
                self._begun = len(objects[0]) if end == "" else 0
            elif self.is_terminal and len(objects) == 1 and isinstance(objects[0], RichTable):
                objects = (stacked(objects[0], self.width) or objects[0],)
            super().print(*objects, soft_wrap=soft_wrap, end=end, **options)

        _begun = 0
        """How much of a line has been printed."""

        def on_broken_pipe(self) -> None:
            # rich would end the process with status 1, which here means that a proof was rejected.
            raise BrokenPipeError

    # A pipe has no width: do not cut what a program will read.
    width = None if stream.isatty() else 120
    return Plain(file=stream, markup=False, highlight=False, emoji=False, soft_wrap=False, width=width)


class Console:
    """Output of one command."""

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        """``json`` wins over ``quiet``: the object is printed."""
        self.json = json
        self.quiet = quiet
        self._answer = answer()
        self._hidden: Callable[[], AbstractContextManager[None]] = nullcontext
        """Takes off the terminal what is drawn there, while something else is printed."""

    @property
    def talks(self) -> bool:
        """Whether text for people goes to stdout."""
        return not (self.json or self.quiet)

    def result(self, payload: Mapping[str, Any], render: Callable[[RichConsole], None]) -> None:
        """A command's result, given once: the object for machines, or what ``render`` prints for people."""
        assert self._answer.result is None, "a command has one result"
        self._answer.result = payload
        if self.talks:
            with self._hidden():
                render(plain_console(sys.stdout))

    def refuse(self, *errors: PolyproofError, told: bool = False) -> NoReturn:
        """After a result that is not good: end with these errors. ``told``: its text says all that they say."""
        raise Refused(errors, told=told and self.talks)

    def say(self, text: str, style: str | None = None) -> None:
        """A line for people while a command with several steps is under way."""
        if self.talks:
            with self._hidden():
                plain_console(sys.stdout).print(text, style=style)

    def warn(self, messages: Iterable[str]) -> None:
        """Warnings on stderr, and for machines."""
        for message in messages:
            self._answer.warnings.append(message)
            if not self.quiet:
                with self._hidden():
                    plain_console(sys.stderr).print(f"warning: {one_line(message)}", style="yellow")

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Progress on stderr: drawn anew on a terminal, a line now and then elsewhere, nothing with either option."""
        if self.json or self.quiet:
            yield Progress()
            return
        from polyproof.cli.progress_view import in_lines, on_terminal

        if not sys.stderr.isatty():
            with in_lines(sys.stderr) as progress:
                yield progress
            return
        with on_terminal(plain_console(sys.stderr)) as (progress, self._hidden):
            try:
                yield progress
            finally:
                self._hidden = nullcontext


# Errors


def print_error(error: PolyproofError) -> None:
    """Report an error on stderr, for people."""
    console = plain_console(sys.stderr)
    notes = [one_line(str(note)) for note in getattr(error, "__notes__", ())]
    if isinstance(error, Interrupted):
        console.print("\n".join([str(error), *notes]), soft_wrap=True)
        return
    if isinstance(error, PolicyRejected):
        console.print(f"REJECTED by your policy: {one_line(str(error))}", style="bold red", soft_wrap=True)
    elif isinstance(error, ProofRejected):
        console.print(f"REJECTED: {one_line(str(error))}", style="bold red", soft_wrap=True)
    else:
        for line in str(error).splitlines():
            console.print("error: ", style="bold red", end="", soft_wrap=True)
            console.print(line, soft_wrap=True)
    for note in notes:
        console.print(f"note: {note}", soft_wrap=True)


# Words and tables


def amounts(assets: Sequence[Asset], values: Sequence[int]) -> list[dict[str, str]]:
    """Amounts for machines: symbol, base units and decimal, all of them strings, all exact."""
    return [
        {"asset": asset.symbol, "units": str(value), "amount": asset.format(value)}
        for asset, value in zip(assets, values, strict=True)
    ]


def grouped(asset: Asset, units: int) -> str:
    """An amount for people: exact, with thousands separated."""
    whole, point, fraction = asset.format(units).partition(".")
    return f"{int(whole):,}{point}{fraction}"


def time_text(seconds: float) -> str:
    """A time for people."""
    for scale, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * scale >= 1:
            return f"{seconds * scale:.1f} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def table(*columns: str, title: str | None = None, numbers: Sequence[int] = ()) -> Table:
    """A table without rules between rows; columns in ``numbers`` are set to the right."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for position, column in enumerate(columns):
        made.add_column(column, justify="right" if position in numbers else "left", overflow="fold")
    return made
