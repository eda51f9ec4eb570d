"""The folder that a comparison is kept in: a file for each combination that has been measured, and what is made of all.

A comparison that is interrupted goes on where it was, since what was measured is read again: of the same spec and
options, the same accounts and prices, as many runs, on the same machine, by the same versions and the same code. What
differs in what was proved, or in the code of polyproof and of the plugins, has another name; results of another machine
or version are refused and not mixed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from attrs import frozen

from polyproof.cli.bench.comparison import machine_differences
from polyproof.cli.bench.results import Machine, machine, unwrapped
from polyproof.cli.compare.code import code_digest
from polyproof.cli.compare.rows import MEASURED, Row
from polyproof.cli.compare.varying import Candidate
from polyproof.cli.shapes import seconds
from polyproof.config.options import option, plain
from polyproof.config.reader import OptionsReader
from polyproof.config.tree import from_json
from polyproof.errors import ArtifactError, Location, Problem, SpecError, UsageError
from polyproof.formats.files import write_durably
from polyproof.formats.paths import named_files
from polyproof.formats.strict_json import BadJson, canonical, parse_strict
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.registry import Registered, Registry
from polyproof.settings.policy import components_of

__all__ = ["FORMAT", "HEADER", "MEASURED_FOLDER", "Folder", "Kept", "read", "rounded"]

FORMAT = 1
"""Version of the format: the value of the key ``polyproof-compare``."""

HEADER = "polyproof-compare"
MEASURED_FOLDER = "measured"
_MOST_BYTES = 4 << 20
_LONGEST_NUMBER = 40
_NUMBERS = {"median", "least", "most", "cpu", "bits"}
_FRACTION = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")


T = TypeVar("T")


@frozen(kw_only=True)
class Kept:
    """A row, and what it was measured on and with."""

    measured: str = option(doc="When, in UTC.")
    machine: Machine = option(doc="What it was measured on.")
    plugins: tuple[str, ...] = option(doc="Which distributions the components are of, with their versions.")
    row: Row = option(doc="What was found.")


@frozen
class Folder:
    """A folder of kept rows."""

    path: Path | None
    """None: nothing is kept."""
    registry: Registry
    runs: int

    def find(self, candidate: Candidate) -> Kept | None:
        """What was measured of a combination before, here and with the same versions.

        Raises ``UsageError`` for what was measured elsewhere or with others, ``ArtifactError`` for a damaged file.
        """
        file = self._file(candidate)
        if file is None or not file.exists():
            return None
        kept = read(file, Kept, self.registry)
        other = [*machine_differences(machine(), kept.machine), *self._other_plugins(candidate, kept)]
        if other:
            raise UsageError(
                Problem(
                    f"{file} was measured elsewhere or by another version: {'; '.join(other)}",
                    hint="--again measures everything anew, --out names another folder",
                )
            )
        return kept

    def keep(self, candidate: Candidate, row: Row) -> Kept:
        """Keep a row that was measured now. What could not be measured is tried again the next time."""
        now = f"{datetime.now(UTC):{TIMESTAMP}}"
        kept = Kept(measured=now, machine=machine(), plugins=self._plugins(candidate), row=row)
        file = self._file(candidate)
        if file is not None and row.outcome == MEASURED:
            file.parent.mkdir(parents=True, exist_ok=True)
            found = plain(kept)
            found = {HEADER: FORMAT, **found, "row": rounded(found["row"])}
            write_durably(file, (json.dumps(found, indent=1) + "\n").encode())
        return kept

    def _file(self, candidate: Candidate) -> Path | None:
        """Where the combination is kept, under a name of everything that it is made of; None if that is not known."""
        if self.path is None or candidate.reason is not None:
            return None
        accounts = _accounts_of(candidate)
        if accounts is None:
            return None
        spec = candidate.spec
        made_of = {
            "spec": spec.name,
            **spec.public(),
            "stated": list(candidate.stated),
            "accounts": accounts,
            "runs": self.runs,
            "code": code_digest(one.component.factory.partition(":")[0] for one in self._components(candidate)),
        }
        if spec.prices is not None:
            # As they are now: what is missing is a fault of the measurement, which says so.
            prices = spec.directory / spec.prices
            made_of["prices"] = hashlib.sha256(prices.read_bytes()).hexdigest() if prices.is_file() else None
        return self.path / MEASURED_FOLDER / f"{hashlib.sha256(canonical(made_of)).hexdigest()[:32]}.json"

    def _other_plugins(self, candidate: Candidate, kept: Kept) -> Iterator[str]:
        now = self._plugins(candidate)
        if now != kept.plugins:
            yield f"plugins: {', '.join(now)} here, {', '.join(kept.plugins)} there"

    def _plugins(self, candidate: Candidate) -> tuple[str, ...]:
        """The distributions and versions that the backend and the components of its options are of."""
        found = self._components(candidate)
        return tuple(sorted({f"{one.origin.partition(' ')[0]} {one.version}" for one in found}))

    def _components(self, candidate: Candidate) -> list[Registered]:
        """The backend, and the components of its options."""
        backend = candidate.spec.backend
        named = [("backend", backend.name), *components_of(backend.options)]
        return [self.registry.find(kind, name) for kind, name in named]


def read(file: Path, cls: type[T], registry: Registry, besides: tuple[str, ...] = ()) -> T:
    """A file of what was measured. ``besides``: keys that are not read.

    Raises ``ArtifactError`` for one that is missing, of another version or damaged.
    """
    hint = "it is no file of `polyproof compare`; remove it to measure anew"
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ArtifactError(Problem(f"more than {_MOST_BYTES} bytes", Location(str(file)), hint))
        value = unwrapped(_with_numbers(parse_strict(data, fractions_as_text=True, most_digits=_LONGEST_NUMBER)))
        reader = OptionsReader(registry, limit=10)
        node = from_json(value, str(file))
        reader.header(node, HEADER, FORMAT)
        found = reader.build(node, cls, besides=(HEADER, *besides))
        reader.finish()
    except OSError as error:
        raise ArtifactError(Problem(f"cannot be read: {error.strerror}", Location(str(file)))) from None
    except BadJson as error:
        raise ArtifactError(Problem(str(error), Location(str(file)), hint)) from None
    except SpecError as error:
        problems = [Problem(one.message, one.location, one.hint or hint) for one in error.problems]
        raise ArtifactError(problems, more=error.more) from None
    assert found is not None, "an incomplete file has a problem"
    return found


def rounded(row: Any) -> Any:
    """A row as JSON, with its seconds rounded as they are everywhere."""
    for timed in (row["times"] or {}).values():
        if isinstance(timed, dict):
            timed |= {key: seconds(timed[key]) for key in ("median", "least", "most", "cpu")}
    return row


def _accounts_of(candidate: Candidate) -> Any:
    """What the accounts are known by: how many are invented, or the spec's settings and its files as they are now.

    None for those of a database or in memory, which nothing shows to be the same as before.
    """
    if candidate.accounts is not None:
        return candidate.accounts
    spec = candidate.spec
    if spec.in_memory is not None or not spec.accounts.path or spec.accounts.database is not None:
        return None
    from polyproof.findings import Findings

    files = named_files(spec.directory, spec.accounts.path, Findings(1), folders=True)
    states = [(file, file.stat()) for file in files if file.is_file()]
    return {
        "settings": plain(spec.accounts),
        "files": [[str(file), state.st_size, str(state.st_mtime_ns)] for file, state in states],
    }


def _with_numbers(value: Any) -> Any:
    """A document whose fractions are numbers again, which strict JSON leaves as they are written."""
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: float(item)
        if key in _NUMBERS and isinstance(item, str) and _FRACTION.fullmatch(item)
        else _with_numbers(item)
        for key, item in value.items()
    }
