"""The nightly export of an imaginary accounting system, as a ledger format for polyproof.

Cells are separated by tabs. The first line names the currencies, the last one counts the customers, so that a file that
was cut off is noticed, and each line between them is a customer::

    customer	BTC	USD
    alice	0.25	100.00
    bob	1	0
    #	2
"""

from collections.abc import Iterator
from pathlib import Path

from polyproof.errors import Location, Problem
from polyproof.hookspecs import Component, hookimpl
from polyproof.ledger import Account, LedgerFormat

polyproof_interface = 2

LONGEST_LINE = 10_000
"""Bytes. No line is read without a bound: a file may be one line of many gigabytes."""


@hookimpl
def polyproof_components() -> list[Component]:
    """One format."""
    summary = "Cells separated by tabs, a line for each customer, and their number at the end"
    return [Component("ledger", "tab-ledger", summary, "polyproof_tab_ledger:TabLedger")]


class TabLedger(LedgerFormat):
    """Every line between the first and the last is an account; amounts and currencies are for core to judge."""

    name = "tab-ledger"
    suffixes = (".ledger",)

    def read(self, file: Path) -> Iterator[Account | Problem]:
        """Every line is an account, or reported."""
        with file.open("rb") as lines:
            header = _cells(lines.readline(LONGEST_LINE))
            if header[0] != "customer":
                yield Problem("the first line is not a header", Location(str(file), 1), "customer, a tab, BTC")
                return
            row = 0
            while raw := lines.readline(LONGEST_LINE):
                cells = _cells(raw)
                if cells == ["#", str(row)] and not lines.read(1):
                    return
                row += 1
                if len(cells) != len(header):
                    place = Location(str(file), row + 1, row=row)
                    yield Problem("is not one line of text with a cell for each currency", place)
                else:
                    yield Account(row, cells[0], dict(zip(header[1:], cells[1:], strict=True)), line=row + 1)
                while raw and not raw.endswith(b"\n"):  # the rest of a line that is too long
                    raw = lines.readline(LONGEST_LINE)
        yield Problem("the file is cut off", Location(str(file)), "its last line counts the customers: #, a tab, 2")


def _cells(line: bytes) -> list[str]:
    """The cells of a line; none if it is not a whole line of text."""
    try:
        return line.decode("utf-8").rstrip("\r\n").split("\t") if line.endswith(b"\n") else [""]
    except UnicodeDecodeError:
        return [""]
