"""What a command prints for people, as HTML: the same words in the same order, for a notebook.

The views of commands print to a ``Page`` as they print to a terminal. Tables, facts and lists become elements; all text
is escaped, and what cannot be seen is shown as an escape as it is on a terminal. Nothing is set in a colour of its own,
so that a dark notebook reads as well as a light one; a verdict has a coloured edge.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from html import escape
from typing import Any

from rich.console import Console as RichConsole
from rich.table import Table
from rich.text import Text

from polyproof.cli.visible import visible

__all__ = ["COLOURS", "Html", "Page", "as_page", "as_text"]

COLOURS = {"green": "#2e9e4f", "yellow": "#c98a00", "red": "#d1362b"}
"""Of edges and bars, never of text: seen on white and on black."""
_FIGURE_SPACE = "\u2007"
_UNBROKEN = 40
"""The longest time, name or number that is not broken into lines."""
_CELL = "text-align:{};padding:0.1em 0.9em 0.1em 0;vertical-align:top"
_NUMBER = ";white-space:pre;font-variant-numeric:tabular-nums"


class Html(str):
    """HTML of our own, in which all text of others is escaped."""

    __slots__ = ()


class Page(RichConsole):
    """Collects what is printed."""

    def __init__(self) -> None:
        # Nothing is cut into lines here.
        super().__init__(file=io.StringIO(), width=1 << 20)
        self._parts: list[str] = []
        self._open = ""

    @property
    def html(self) -> str:
        """All of it, in one element."""
        if self._open:
            self._line("", "", "\n")
        return f'<div class="polyproof">{"".join(self._parts)}</div>'

    def print(self, *objects: Any, style: Any = None, end: str = "\n", **_: Any) -> None:
        """A table, or a line of text."""
        for one in objects:
            if isinstance(one, Table):
                self._table(one)
            elif isinstance(one, str | Text):
                self._line(str(one), str(style or ""), end)
            else:
                self._parts.append(f"<pre>{escape(as_text(partial(_print, one)))}</pre>")
        if not objects:
            self._line("", "", end)

    def add_facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and values."""
        cells = (
            f'<tr><th scope="row" style="{_CELL.format("left")}">{_text(name)}</th>'
            f'<td style="{_CELL.format("left")};overflow-wrap:anywhere">{_text(value)}</td></tr>'
            for name, value in rows
        )
        self._parts.append(f"<table><tbody>{''.join(cells)}</tbody></table>")

    def add_points(self, sentences: Iterable[str]) -> None:
        """A list of sentences."""
        self._parts.append(f"<ul>{''.join(f'<li>{_text(sentence)}</li>' for sentence in sentences)}</ul>")

    def add_html(self, html: Html) -> None:
        """HTML of our own."""
        self._parts.append(html)

    def add_table(
        self, caption: str, headings: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Collection[int] = ()
    ) -> None:
        """A table; columns in ``numbers`` are set to the right."""
        sides = ["right" if column in numbers else "left" for column in range(len(headings))]
        head = "".join(
            f'<th scope="col" style="{_CELL.format(side)}">{_text(heading)}</th>'
            for side, heading in zip(sides, headings, strict=True)
        )
        body = "".join(
            f"<tr>{''.join(_cell(value, side) for value, side in zip(row, sides, strict=True))}</tr>" for row in rows
        )
        title = f'<caption style="text-align:left">{_text(caption)}</caption>' if caption else ""
        self._parts.append(f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")

    def _line(self, text: str, style: str, end: str) -> None:
        self._open += text
        if end != "\n":
            return
        text, self._open = self._open, ""
        edge = next((colour for name, colour in COLOURS.items() if name in style), None)
        css = f"border-left:4px solid {edge};padding-left:0.6em" if edge else ""
        weight = ";font-weight:bold" if "bold" in style else ""
        said = "<br>".join(_text(line) for line in text.split("\n"))
        self._parts.append(f'<p style="margin:0.4em 0;{css}{weight}">{said}</p>')

    def _table(self, table: Table) -> None:
        columns = list(table.columns)
        numbers = {place for place, column in enumerate(columns) if column.justify == "right"}
        rows = zip(*(list(column.cells) for column in columns), strict=True)
        self.add_table(str(table.title or ""), [str(column.header) for column in columns], list(rows), numbers)


def _cell(value: Any, side: str) -> str:
    text, css = _text(value), _CELL.format(side)
    if side == "right":
        # Spaces that put decimal points below each other, as wide as digits.
        digits = text.rstrip(" ")
        text, css = digits + _FIGURE_SPACE * (len(text) - len(digits)), css + _NUMBER
    elif " " not in text and len(text) <= _UNBROKEN:
        css += ";white-space:nowrap"
    return f'<td style="{css}">{text}</td>'


def _text(value: Any) -> str:
    if isinstance(value, Html):
        return value
    return escape(visible(value.plain if isinstance(value, Text) else str(value)))


def _print(one: Any, rich: RichConsole) -> None:
    rich.print(one)


def as_page(show: Callable[[RichConsole], None], *more: Callable[[Page], None]) -> str:
    """What a view shows, as HTML, and what is added to it."""
    page = Page()
    for add in (show, *more):
        add(page)
    return page.html


def as_text(show: Callable[[RichConsole], None]) -> str:
    """The same as plain text: what the command prints into a pipe."""
    from polyproof.cli.console import plain_console

    stream = io.StringIO()
    show(plain_console(stream))
    return stream.getvalue().strip("\n")
