"""A table of texts that a terminal, Markdown and a page draw alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from polyproof.cli.console import table
from polyproof.cli.lines import stacked

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

__all__ = ["Table", "draw", "markdown"]


@frozen
class Table:
    """A table to be drawn somewhere."""

    title: str | None
    columns: tuple[str, ...]
    numbers: tuple[int, ...]
    """Columns that are set to the right."""
    rows: tuple[tuple[str, ...], ...]


def markdown(table: Table) -> str:
    """The table in Markdown, its title as a line before it. No cell ends its row, or is taken for HTML."""
    rules = ["---:" if number in table.numbers else "---" for number in range(len(table.columns))]
    lines = [table.columns, rules, *table.rows]
    drawn = ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]
    return "\n".join([*([f"{table.title}:", ""] if table.title else []), *drawn]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def draw(rich: RichConsole, drawn: Table, width: int | None = None) -> None:
    """The table on a terminal, or no wider than ``width`` where nobody knows how wide the reader's is.

    One that does not fit becomes lines with a name and a value each, so that no word breaks.
    """
    made = table(*drawn.columns, title=drawn.title, numbers=drawn.numbers)
    for row in drawn.rows:
        made.add_row(*row)
    lines = "" if width is None else stacked(made, width)
    if lines:
        rich.print(lines, soft_wrap=True)
    else:
        rich.print(made, width=width)
