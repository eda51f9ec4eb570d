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
from polyproof.liabilities.snapshot.position_columns import Source
from polyproof.liabilities.snapshot.position_names import SIGNED
from polyproof.liabilities.snapshot.wide import WideTable
from polyproof.model.amounts import shown
from polyproof.model.net_equity import DEBT, EQUITY
from polyproof.plugin_faults import asking, fault, is_problem

__all__ = ["read_ledger"]

_BATCH = 8192
"""How many accounts are put into the table at a time."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_ZERO = re.compile(r"[+-]?(?:0+\.?0*|\.0+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
"""Zero, however it is written."""
_BEGINS = tuple("0123456789.")
"""What a number begins with, after its sign."""


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
    """Accounts on their way into the table: a text for whatever is counted of each."""

    def __init__(self, table: WideTable, file: SnapshotFile, ledger: LedgerFormat) -> None:
        self._table, self._file, self._ledger = table, file, ledger
        self._ignored = frozenset(table.settings.ignore)
        self._index_of: dict[str, int | None] = {}
        self._unknown: dict[str, int | None] = {}
        self._kinds: dict[str, str | None] = {}
        """Names of positions that occurred, and what the spec calls them; ``None`` if it has none of that name."""
        self._ids: list[str] = []
        self._others: list[tuple[int, str, str]] = []
        """Of assets that are left out: row of the table, name, amount."""
        self._texts: list[list[str]] = [[] for _ in table.assets]
        sources = [Source(f"t{k}::VARCHAR") for k in range(len(table.assets))]
        self._selection = table.converted("account", sources, "polyproof_batch")

    def add(self, account: Account) -> None:
        """Add an account; report what the spec does not know about it."""
        record = account.row - 1
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
        if not isinstance(account.positions, Mapping) or not all(isinstance(kind, str) for kind in account.positions):
            raise _broken(self._ledger, f"the positions of row {account.row} are not a mapping of names")
        self._put_all(account, account.amounts, EQUITY if DEBT in account.positions else SIGNED)
        for kind, amounts in account.positions.items():
            self._put_all(account, amounts, kind)
        if len(self._ids) == _BATCH:
            self.flush()

    def _put_all(self, account: Account, amounts: Mapping[str, str], kind: str) -> None:
        """Put the amounts of a position in their places; report those of assets and positions that the spec lacks."""
        if not isinstance(amounts, Mapping) or not all(isinstance(name, str) for name in amounts):
            raise _broken(self._ledger, f"the amounts of row {account.row} are not a mapping of texts")
        record = account.row - 1
        if (own := self._kind(kind, record)) is None:
            return
        names = self._table.names
        for name, text in amounts.items():
            if name not in self._index_of:
                self._index_of[name] = names.known.find(name)
            asset = self._index_of[name]
            if not isinstance(text, str):
                raise _broken(self._ledger, f"the amount of {name} in row {account.row} is {type(text).__name__}")
            if not text.isascii():
                self._file.report(
                    f"the amount of {name} is {shown(text)}", "only ASCII digits are allowed", record=record
                )
            elif asset is not None:
                self._put(record, asset, own, text)
            elif not self._table.left_out.take_name(name):
                self._unknown.setdefault(name, record)
            elif own in (SIGNED, EQUITY, DEBT):
                owed = "-" + text.lstrip(" \t").removeprefix("+") if own == DEBT else text
                self._others.append((self._table.rows + len(self._ids) - 1, name, owed))

    def _kind(self, kind: str, record: int) -> str | None:
        """What the spec calls a position of the file; ``None``, reported once, if it has none of that name."""
        names = self._table.names
        if kind == SIGNED or (kind == DEBT and not names.positions):
            return kind
        if kind not in self._kinds:
            found = names.kind(kind)
            pledges = [names.positions[index].kind for index in names.derived]
            if not names.positions:  # what is pledged is a part of what there is
                found = SIGNED if kind == EQUITY else None
            elif found is None and kind not in self._ignored:
                hint = "name it so in the spec, or list it under accounts.ignore, if nothing in it covers debts"
                self._file.report(f"has a position {shown(kind)}, and the spec no such category", hint, record=record)
            elif found in pledges and kind not in self._ignored:
                hint = f"accounts.pledge_all derives them: remove it, or list {shown(kind)} under accounts.ignore"
                self._file.report(f"has pledges under {shown(kind)}", hint, record=record)
            self._kinds[kind] = None if kind in self._ignored else found
        return self._kinds[kind]

    def _put(self, record: int, asset: int, kind: str, text: str) -> None:
        """Put the amount of an asset of the spec in its place."""
        names, table = self._table.names, self._table
        symbol = names.assets[asset].symbol
        if not names.positions:
            if kind == DEBT:
                if not _ZERO.fullmatch(text):
                    hint = f"rule {table.rule!r} allows no debts, but net-equity does"
                    problem = Problem(
                        f"{symbol} debt is {shown(text)}", hint=hint, code="amount-negative", about=symbol
                    )
                    order, file = (self._file.number, record, asset + 1), self._file
                    file.findings.add_problem(problem, order=order, at=lambda: file.location(record))
                return
            self._set(record, asset, symbol, text)
            return
        if kind == SIGNED:
            bare = text.lstrip(" \t")
            kind = DEBT if bare[:1] == "-" and bare[1:2] in _BEGINS else EQUITY
            text = bare[1:] if kind == DEBT else text
            other = names.index(asset, EQUITY if kind == DEBT else DEBT)
            if other is not None and self._texts[other][-1]:
                self._file.report(f"{symbol} occurs twice, by its symbol and an alias", record=record)
                return
        index = names.index(asset, kind)
        if index is None:
            if not _ZERO.fullmatch(text):
                hint = f"it has {', '.join(names.categories(symbol)) or 'none'}"
                self._file.report(f"pledges {symbol} as {kind}, a category that it does not have", hint, record=record)
            return
        self._set(record, index, symbol, text)
        for derived, source in names.derived.items():
            if source == index:
                self._texts[derived][-1] = self._texts[index][-1]

    def _set(self, record: int, index: int, symbol: str, text: str) -> None:
        if self._texts[index][-1]:
            self._file.report(f"{symbol} occurs twice, by its symbol and an alias", record=record)
        else:
            self._texts[index][-1] = text or " "  # not "", which is zero: an empty amount is an error here

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
        self._table.names.known.report_unknown(self._file, "assets", list(self._unknown.items()))
