"""What assets may be called in a snapshot."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from polyproof.liabilities.snapshot.file import SnapshotFile
from polyproof.model.amounts import shown
from polyproof.model.assets import Asset

__all__ = ["Symbols"]


class Symbols:
    """The names of assets: symbol or alias, in any letter case if exactly one asset matches.

    Spaces and tabs around a name are no part of it.
    """

    def __init__(self, assets: Sequence[Asset]) -> None:
        """Names of these assets; ``find`` returns indices into them."""
        self._exact: dict[str, set[int]] = {}
        self._folded: dict[str, set[int]] = {}
        self._symbols = [asset.symbol for asset in assets]
        for index, asset in enumerate(assets):
            for name in (asset.symbol, *asset.aliases):
                self._exact.setdefault(name, set()).add(index)
                self._folded.setdefault(name.casefold(), set()).add(index)

    def _candidates(self, name: str) -> set[int]:
        name = name.strip(" \t")
        return self._exact.get(name) or self._folded.get(name.casefold()) or set()

    def find(self, name: str) -> int | None:
        """The index of the one asset called that, or ``None``."""
        found = self._candidates(name)
        return next(iter(found)) if len(found) == 1 else None

    def note(self, name: str) -> str:
        """What may have been meant by a name that ``find`` does not find; empty if nothing is close."""
        found = sorted(self._candidates(name))
        if found:
            return f"{' or '.join(self._symbols[index] for index in found)}? write it as the spec does"
        near = difflib.get_close_matches(name.casefold()[:100], self._folded, 1)
        return f"did you mean {self._symbols[min(self._folded[near[0]])]!r}?" if near else ""

    def report_unknown(self, file: SnapshotFile, what: str, names: Sequence[tuple[str, int | None]]) -> None:
        """Report what is not an asset of the spec: names, and the records in which they first occur, if any."""
        if not names:
            return
        listed = []
        for name, record in names[: file.findings.limit]:
            notes = [f"row {record + 1}"] if record is not None else []
            notes += [note] if (note := self.note(name)) else []
            listed.append(f"{shown(name)} ({', '.join(notes)})" if notes else shown(name))
        more = f" and {len(names) - len(listed)} more" if len(names) > len(listed) else ""
        file.report(
            f"{what} unknown to the spec: {', '.join(listed)}{more}",
            f"the spec has {', '.join(self._symbols)}; accounts.leave_out leaves assets out"
            + (", accounts.ignore other columns" if what == "columns" else ""),
            record=names[0][1],
        )
