"""Files in the formats of plugins: their accounts go into the table, in batches."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from polyproof.errors import PluginFault, Problem
from polyproof.ledger import Account, LedgerFormat
from polyproof.liabilities.snapshot.file import SnapshotFile
from polyproof.liabilities.snapshot.symbols import Symbols
from polyproof.liabilities.snapshot.wide import WideTable
from polyproof.model.amounts import shown
from polyproof.plugin_faults import asking, fault, is_problem

__all__ = ["read_ledger"]

_BATCH = 8192
"""How many accounts are put into the table at a time."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_ledger(table: WideTable, file: SnapshotFile, path: Path, ledger: LedgerFormat) -> None:
    """Put the accounts of a file into the table and report what is wrong with them. Raises ``OSError``.

    Raises ``PluginFault`` if the format does what its interface forbids.
    """
    batch = _Batch(table, file, ledger)
    skipped, lines = array("q"), array("q")
    file.line_of = lambda record: (lines[record] or None) if record < len(lines) else None
    reported: set[int] = set()
    row = 0
    for item in _items(ledger, path):
        if isinstance(item, Problem):
            if not is_problem(item):
                raise _broken(ledger, f"it reports {ascii(item)[:200]}")
            if item.location is not None and item.location.row is not None:
                reported.add(item.location.row)
            file.report_problem(item)
            continue
        if not isinstance(item, Account):
            raise _broken(ledger, f"it yields {type(item).__name__}")
        if type(item.row) is not int or not (item.line is None or type(item.line) is int):
            raise _broken(ledger, f"it yields an account with row {item.row!r:.40}, line {item.line!r:.40}")
        for passed in range(row + 1, item.row):
            if passed not in reported:
                raise _broken(ledger, f"it skips row {passed} of {path} without reporting it")
            skipped.append(passed - 1)
        if item.row <= row:
            raise _broken(ledger, f"row {item.row} of {path} comes after row {row}")
        if item.line is not None:
            lines.extend([0] * (item.row - 1 - len(lines)))
            lines.append(item.line)
        row = item.row
        reported.clear()
        batch.add(item)
    batch.flush()
    file.skipped = np.array(skipped, np.int64)
    batch.report_unknown()


def _items(ledger: LedgerFormat, path: Path) -> Iterator[Account | Problem]:
    with asking(ledger, f"while reading {path}", may=(OSError,)):
        yield from ledger.read(path)


def _broken(ledger: LedgerFormat, how: str) -> PluginFault:
    return fault(ledger, how)


class _Batch:
    """Accounts on their way into the table: a text for each asset of the spec."""

    def __init__(self, table: WideTable, file: SnapshotFile, ledger: LedgerFormat) -> None:
        assets = table.assets
        self._table, self._file, self._ledger = table, file, ledger
        self._ignored = frozenset(table.settings.ignore)
        self._known = Symbols(assets)
        self._index_of: dict[str, int | None] = {}
        self._unknown: dict[str, int | None] = {}
        self._ids: list[str] = []
        self._others: list[tuple[int, str, str]] = []
        """Of assets that are left out: row of the table, name, amount."""
        self._texts: list[list[str]] = [[] for _ in assets]
        self._selection = table.converted("account", [f"t{k}::VARCHAR" for k in range(len(assets))], "polyproof_batch")

    def add(self, account: Account) -> None:
        """Add an account; report what the spec does not know about it."""
        record = account.row - 1
        if not isinstance(account.amounts, Mapping) or not all(isinstance(name, str) for name in account.amounts):
            raise _broken(self._ledger, f"the amounts of row {account.row} are not a mapping of texts")
        if not isinstance(account.besides, tuple) or not all(isinstance(name, str) for name in account.besides):
            raise _broken(self._ledger, f"what else row {account.row} has is not a tuple of texts")
        for name in account.besides:
            if name not in self._ignored:
                self._file.report(
                    f"has an unknown key {shown(name)}", "accounts.ignore lists what to leave out", record=record
                )
        if not isinstance(account.id, str):
            raise _broken(self._ledger, f"the id of row {account.row} is {type(account.id).__name__}")
        if not account.id.isascii() and _SURROGATE.search(account.id):
            self._file.report("has no id that is Unicode text", record=record)
        self._ids.append(_SURROGATE.sub("\ufffd", account.id))
        for column in self._texts:
            column.append("")
        for name, text in account.amounts.items():
            if name not in self._index_of:
                self._index_of[name] = self._known.find(name)
            index = self._index_of[name]
            if not isinstance(text, str):
                raise _broken(self._ledger, f"the amount of {name} in row {account.row} is {type(text).__name__}")
            if not text.isascii():
                self._file.report(
                    f"the amount of {name} is {shown(text)}", "only ASCII digits are allowed", record=record
                )
            elif index is None:
                if not self._table.left_out.take_name(name):
                    self._unknown.setdefault(name, record)
                else:
                    self._others.append((self._table.rows + len(self._ids) - 1, name, text))
            elif self._texts[index][-1]:
                symbol = self._table.assets[index].symbol
                self._file.report(f"{symbol} occurs twice, by its symbol and an alias", record=record)
            else:
                self._texts[index][-1] = text or " "  # not "", which is zero: an empty amount is an error here
        if len(self._ids) == _BATCH:
            self.flush()

    def flush(self) -> None:
        """Put the accounts collected so far into the table."""
        if not self._ids:
            return
        columns = {"account": np.array(self._ids, object)}
        columns.update((f"t{k}", np.array(texts, object)) for k, texts in enumerate(self._texts))
        self._table.connection.register("polyproof_batch", columns)
        self._table.fill(self._file, self._selection)
        if self._others:
            rows, names, amounts = zip(*self._others, strict=True)
            others = {"row": np.array(rows, np.int64), "name": np.array(names, object)}
            self._table.connection.register("polyproof_others", {**others, "amount": np.array(amounts, object)})
            self._table.add_left_out("SELECT row, name, amount FROM polyproof_others")
        self._others.clear()
        for column in (self._ids, *self._texts):
            column.clear()

    def report_unknown(self) -> None:
        """Report the names that are not assets of the spec."""
        self._known.report_unknown(self._file, "assets", list(self._unknown.items()))
