"""Where lines break on a terminal: between words, never within one, and never between a number and its unit.

A digest, a path or a number that is longer than a line keeps a line of its own, and the terminal breaks it.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["broken", "in_column", "stacked"]

_UNIT = re.compile(r"(?<=\d) (?=(?:ns|µs|ms|s|min|bytes|KiB|MiB|GiB|bits|%)(?![^\W_]))")
_GLUE = "\u00a0"


def broken(text: str, width: int, begun: int = 0) -> str:
    """The lines of a text, each broken at spaces where it is longer than ``width``.

    ``begun``: how many characters stand before its first line already.
    """
    lines = []
    for number, line in enumerate(text.split("\n")):
        first = " " * begun if number == 0 else ""
        if len(first) + len(line) > width:
            wrapped = textwrap.fill(
                _UNIT.sub(_GLUE, line),
                width,
                initial_indent=first,
                subsequent_indent=" " * (len(line) - len(line.lstrip())),
                break_long_words=False,
                break_on_hyphens=False,
            )
            line = wrapped.replace(_GLUE, " ")[len(first) :]
        lines.append(line)
    return "\n".join(lines)


def in_column(name: str, value: str, width: int) -> str:
    """A value in a column after its name, or below it if the column is too narrow for the longest word."""
    lead = len(name)
    lines = broken(value, max(1, width - lead)).split("\n")
    if lead + max(len(line) for line in lines) <= width:
        return name + f"\n{' ' * lead}".join(lines)
    return name.rstrip() + "\n  " + "\n  ".join(broken(value, max(1, width - 2)).split("\n"))


def stacked(table: Table, width: int) -> str:
    """A table as lines with a name and a value each, if it is too wide for its numbers; otherwise nothing.

    Columns of text are broken at spaces, and take no less than their longest word. Columns of single words, such as
    times and ids, keep their width when the table is drawn.
    """
    titles = [str(column.header) for column in table.columns]
    columns = [[str(cell) for cell in column.cells] for column in table.columns]
    frame = 2 + 3 * (len(columns) - 1)
    least, wanted = [], []
    for column, title, cells in zip(table.columns, titles, columns, strict=True):
        if column.justify != "right" and len(cells) > 0 and not any(len(cell.split()) > 1 for cell in cells):
            column.no_wrap = True
        whole = column.justify == "right" or column.no_wrap
        words = cells if whole else [word for cell in cells for word in cell.split()]
        heads = [title] if column.no_wrap else title.split()
        least.append(max((len(word) for word in [*words, *heads]), default=0))
        wanted.append(max((len(line) for text in [title, *cells] for line in text.split("\n")), default=0))
    spare = width - frame - sum(least)
    if spare >= 0:
        # rich would narrow the widest columns, whatever their words are. Here those that lack little get it first.
        fits = sum(wanted) + frame <= width
        by_lack = sorted(range(len(columns)), key=lambda place: wanted[place] - least[place])
        for left, place in zip(range(len(columns), 0, -1), by_lack, strict=True):
            more = min(wanted[place] - least[place], spare // left)
            table.columns[place].width = None if fits else least[place] + more
            spare -= more
        return ""
    lead = max(len(title) for title in titles[1:])
    lines = [str(table.title)] if table.title else []
    for name, *values in zip(*columns, strict=True):
        lines.append(name.strip())
        for title, value in zip(titles[1:], values, strict=True):
            lines.append("  " + in_column(f"{title:<{lead}}  ", value.strip(), width - 2).replace("\n", "\n  "))
    return "\n".join(lines)
