"""Every hash with every field and backend, and the options that change how they meet: does each work or say why not?

    python tools/matrix.py                       the whole matrix, as a table in Markdown
    python tools/matrix.py --backend stark       some of it; also --field, --hash
    python tools/matrix.py --json                each cell for itself

Backends, fields and hashes are those that the registry has, so a new one comes in by being installed. A backend's axes
are the options that it declares of ``AXES``. A cell is a few accounts in the smallest segment, with so few queries that
it proves next to nothing: proved, verified, one account opened and checked, and then refused with another total and
with another balance. Each cell is

- verified: all of that went as it should; or
- refused: the options cannot work together, and an ``OptionsError`` says so with the numbers.

Anything else is a fault, and the program ends with status 1.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from polyproof.backend import Claim, Statement
from polyproof.config.options import options_of
from polyproof.config.reader import component_options
from polyproof.errors import OptionsError, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry

__all__ = ["AXES", "Cell", "cells", "judged", "table"]

AXES: dict[str, tuple[int, ...]] = {"blowup": (2, 4, 8, 16), "arity": (2, 4, 8, 16), "limb_bits": (4, 8, 16)}
"""Numbers of a backend that change which fields and hashes it can go with."""
SMALL: dict[str, int] = {"queries": 4, "grinding": 0, "segment_rows": 1024, "accounts_per_segment": 4}
"""What makes a cell small."""
ASSETS = (Asset("BTC", 8, 40),)
ACCOUNTS = (("alice", (25_000_000,)), ("bob", ((1 << 40) - 1,)), ("carol", (0,)))


@frozen
class Cell:
    """One combination: a backend, and what it names of each kind and axis."""

    backend: str
    chosen: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        return " ".join((self.backend, *(f"{key}={value}" for key, value in self.chosen)))

    def get(self, key: str) -> Any:
        """The value of one axis; None if the backend has no such option."""
        return dict(self.chosen).get(key)


@frozen
class Result:
    """How a cell came out."""

    cell: Cell
    outcome: str
    """``verified``, ``refused`` or ``fault``."""
    words: str = ""
    seconds: float = 0.0
    """Of CPU."""


def cells(
    registry: Registry, backends: Sequence[str] = (), kinds: dict[str, Sequence[str]] | None = None
) -> Iterator[Cell]:
    """All combinations, or those of these backends and of these components by kind."""
    for backend in backends or registry.names("backend"):
        declared = {option.name: option for option in options_of(component_options(registry, "backend", backend))}
        axes: list[list[tuple[str, Any]]] = []
        for kind in ("field", "hash"):
            names = (kinds or {}).get(kind) or registry.names(kind)
            axes += [[(option.name, name) for name in names] for option in declared.values() if option.kind == kind]
        axes += [[(name, value) for value in values] for name, values in AXES.items() if name in declared]
        for chosen in itertools.product(*axes):
            yield Cell(backend, chosen)


def judged(cell: Cell, registry: Registry) -> Result:
    """What becomes of a cell. Whatever is raised that should not be is a fault."""
    start = time.process_time()
    try:
        outcome, words = _tried(cell, registry)
    except Exception as error:  # noqa: BLE001 - what a cell must not end in is what this program looks for
        outcome, words = "fault", f"{type(error).__name__}: {error}"
    return Result(cell, outcome, " ".join(words.split()), time.process_time() - start)


def _tried(cell: Cell, registry: Registry) -> tuple[str, str]:
    made = component_options(registry, "backend", cell.backend)
    small = {key: value for key, value in SMALL.items() if key in {option.name for option in options_of(made)}}
    accounts = Accounts.of(ASSETS, ACCOUNTS)
    try:
        options = made(**small, **dict(cell.chosen))
        backend = registry.create("backend", cell.backend, options, registry)
        backend.check(ASSETS)
        options = backend.settle(options, ASSETS, len(accounts)).options
        backend = registry.create("backend", cell.backend, options, registry)
        backend.check(ASSETS)
    except OptionsError as error:
        if not re.search(r"\d", str(error)):
            return "fault", f"refused without a number: {error}"
        return "refused", str(error)
    statement = Statement("matrix", bytes(32), ASSETS, 0, 1)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        segment = backend.prove(statement, accounts, bytes(32), state, Progress())
        if segment.totals != accounts.totals():
            return "fault", f"proved totals {segment.totals}, and the accounts have {accounts.totals()}"
        backend.verify(statement, segment.totals, segment.proof)
        opened = backend.open_inclusion(statement, segment.proof, state, "alice")
    claim = Claim("alice", ACCOUNTS[0][1])
    backend.verify_inclusion(statement, segment.totals, segment.proof, claim, opened)
    lied = (segment.totals[0] - 1,)
    with suppress(ProofRejected):
        backend.verify(statement, lied, segment.proof)
        return "fault", "another total was accepted"
    with suppress(ProofRejected):
        other = evolve(claim, balances=(claim.balances[0] + 1,))
        backend.verify_inclusion(statement, segment.totals, segment.proof, other, opened)
        return "fault", "another balance was accepted"
    return "verified", ""


def table(results: Sequence[Result]) -> str:
    """One row for each backend, field and hash: how many cells were verified, how many refused, and why."""
    lines = ["| backend | field | hash | verified | refused | refusals |", "|---|---|---|---|---|---|"]
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for one in results:
        key = (one.cell.backend, one.cell.get("field") or "–", one.cell.get("hash") or "–")
        groups.setdefault(key, []).append(one)
    for (backend, field, hash), found in groups.items():
        refused = [one for one in found if one.outcome == "refused"]
        reasons: dict[str, str] = {}
        for one in refused:
            reasons.setdefault(re.sub(r"\d+", "#", one.words), one.words)
        verified = sum(one.outcome == "verified" for one in found)
        why = "; ".join(words.replace("|", "\\|") for words in reasons.values())
        lines.append(f"| {backend} | {field} | {hash} | {verified} | {len(refused)} | {why} |")
    return "\n".join(lines)


def main() -> int:
    """Run it and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for kind in ("backend", "field", "hash"):
        parser.add_argument(
            f"--{kind}", action="append", default=[], metavar="NAME", help="only this one; repeat for more"
        )
    parser.add_argument("--json", action="store_true", help="print each cell for itself")
    given = parser.parse_args()
    registry, results = default_registry(), []
    for cell in cells(registry, given.backend, {"field": given.field, "hash": given.hash}):
        results.append(judged(cell, registry))
        if results[-1].outcome == "fault":
            print(f"FAULT {cell}: {results[-1].words}", file=sys.stderr, flush=True)
    if given.json:
        for one in results:
            print(json.dumps({"cell": str(one.cell), "outcome": one.outcome, "words": one.words, "cpu": one.seconds}))
    else:
        print(table(results))
        seconds = sum(one.seconds for one in results)
        print(f"\n{counted(len(results), 'cell')} in {seconds:.0f} CPU seconds.")
    return int(any(one.outcome == "fault" for one in results))


if __name__ == "__main__":
    raise SystemExit(main())
