"""The ledger format starter-name for polyproof: from a file of accounts to plain accounts.

YOURS: as it stands a file is a line for each account, and a last line with their number::

    alice BTC=0.25 USD=100.00
    bob BTC=1
    = 2
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
    summary = "A line an account, a starting point"
    return [Component("ledger", "starter-name", summary, "polyproof_starter:StarterLedger")]


class StarterLedger(LedgerFormat):
    """YOURS: what a record looks like, and how the end of a file is known."""

    name = "starter-name"
    suffixes = ()  # YOURS: (".ending",), by which its files are known where a spec names no format

    def read(self, file: Path) -> Iterator[Account | Problem]:
        """Every line is an account or a problem, so that no debt is left out. What amounts mean is judged by core."""
        row = 0
        with file.open("rb") as lines:
            while raw := lines.readline(LONGEST_LINE):
                if raw == f"= {row}\n".encode() and not lines.read(1):
                    return
                row += 1
                yield _account(raw, row) or Problem("is not an account", Location(str(file), row, row=row), "id BTC=1")
                while raw and not raw.endswith(b"\n"):  # the rest of a line that is too long
                    raw = lines.readline(LONGEST_LINE)
        yield Problem("the file is cut off", Location(str(file)), "its last line has the number of accounts: = 2")


def _account(line: bytes, row: int) -> Account | None:
    """YOURS: the account that a line states, or nothing."""
    try:
        words = line.decode("utf-8").removesuffix("\n").split(" ")
    except UnicodeDecodeError:
        return None
    pairs = [word.split("=") for word in words[1:]]
    if not line.endswith(b"\n") or not all(len(pair) == 2 for pair in pairs):
        return None
    amounts = dict(pairs)
    return Account(row, words[0], amounts, line=row) if len(amounts) == len(pairs) else None
