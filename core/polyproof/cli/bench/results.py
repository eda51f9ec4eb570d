"""What was measured, and the file that it is kept in: what ``polyproof bench --json`` prints.

Declared as options are, so that a file is read as strictly as a spec: a key too many, a number that is none and a file
of another version are each told apart, with their place.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, fields, frozen

from polyproof.cli.shapes import seconds
from polyproof.config.options import option, plain
from polyproof.config.reader import OptionsReader
from polyproof.config.tree import from_json
from polyproof.engine import thread_count
from polyproof.errors import ArtifactError, Location, Problem, SpecError, UsageError
from polyproof.formats.strict_json import BadJson, parse_strict
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.registry import Registry
from polyproof.version import __version__

__all__ = [
    "FORMAT",
    "JOINED_BY",
    "NAMED_BY",
    "AuditFacts",
    "Machine",
    "Measurement",
    "NotMeasured",
    "Results",
    "Setting",
    "joined",
    "machine",
    "read_results",
    "unwrapped",
]

FORMAT = 1
"""Version of the format: the value of the key ``polyproof-bench``."""

JOINED_BY = " › "
"""Between a phase and the one that it is within, in the name of an operation."""

NAMED_BY = ("kind", "name", "engine", "operation", "items", "unit")
"""What these and its setting say of a measurement: two measurements with the same of it are of the same work."""

_HEADER = "polyproof-bench"
_MOST_BYTES = 16 << 20
_LONGEST_NUMBER = 40
_SECONDS = ("first", "median", "cpu")
_FRACTION = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_FEATURES = ("avx2", "avx512f", "sha_ni", "asimd", "sha3")
"""Of a processor, what decides how fast such kernels can be, as Linux calls it."""


@frozen(kw_only=True)
class Setting:
    """What a whole audit was made of."""

    accounts: int = option(least=1, doc="How many accounts.")
    assets: int = option(least=1, doc="How many assets, each of 64 bits.")
    threads: int = option(least=1, doc="How many threads were to be used.")
    options: tuple[str, ...] = option(default=(), doc="Options of the backend that were set, KEY=VALUE.")


@frozen
class Measurement:
    """One operation of one component, or one phase of an audit."""

    kind: str = option(doc="What kind of component: field, hash, commitment or backend; or audit, for a whole one.")
    name: str = option(doc="Name of the component, of an audit its backend.")
    engine: str = option(doc="compiled or portable.")
    operation: str = option(doc="What was done; phases within phases are joined by ›.")
    items: int = option(least=1, doc="How many of `unit` one run works on.")
    unit: str = option(doc="What is counted.")
    first: float = option(least=0, doc="Seconds that the first run took, compilation included.")
    median: float = option(least=0, doc="Seconds that passed, the median of the further runs; without any, the first.")
    cpu: float = option(least=0, doc="Seconds of CPU, of all threads together, the median of the same runs.")
    runs: int = option(least=0, doc="Runs after the first.")
    note: str | None = option(default=None, doc="What else there is to say of what was measured.")
    peak: int | None = option(default=None, least=0, doc="Resident bytes of the process at their highest.")
    setting: Setting | None = option(default=None, doc="Of an audit: what it was made of.")

    @property
    def busy(self) -> float:
        """Cores that were busy on average."""
        return self.cpu / self.median if self.median else 0.0

    @property
    def path(self) -> tuple[str, ...]:
        """The phases that this one is within, and itself."""
        return tuple(self.operation.split(JOINED_BY))


@frozen(kw_only=True)
class AuditFacts:
    """What came of an audit that was measured."""

    name: str = option(doc="Name of the backend.")
    setting: Setting = option(doc="What it was made of.")
    settled: tuple[str, ...] = option(doc="Options that were open and that the backend settled, KEY=VALUE.")
    chosen: tuple[str, ...] = option(doc="What the backend would have chosen for options that were set, KEY=VALUE.")
    segments: int = option(least=1, doc="How many segments.")
    proof: int = option(least=0, doc="Bytes of all proofs together.")
    public: int = option(least=0, doc="Bytes of the public half.")
    private: int = option(least=0, doc="Bytes of the private half, without inclusion files.")
    inclusion: int = option(least=0, doc="Bytes of one user's inclusion file.")
    store: int = option(least=0, doc="Bytes of everybody's inclusion files together.")
    figures: str = option(doc="The security figures: speed and size say nothing without what they buy.")


@frozen
class NotMeasured:
    """What could not be measured, and why."""

    kind: str = option(doc="As of a measurement.")
    name: str = option(doc="As of a measurement.")
    reason: str = option(doc="What was wrong.")
    setting: Setting | None = option(default=None, doc="Of an audit: what it was to be made of.")


@frozen(kw_only=True)
class Machine:
    """What the numbers were measured on and with."""

    processor: str = option(doc="What the processor calls itself.")
    features: tuple[str, ...] = option(doc="Instruction sets that matter to the kernels.")
    cores: int = option(least=1, doc="Logical processors of the machine.")
    threads: int = option(least=1, doc="Threads that polyproof would use by default.")
    memory: int | None = option(default=None, least=1, doc="Bytes of memory.")
    system: str = option(doc="Operating system and architecture.")
    polyproof: str = option(doc="Version of polyproof.")
    python: str = option(doc="Version of Python.")
    numpy: str = option(doc="Version of numpy.")
    numba: str = option(doc="Version of numba.")


@frozen(kw_only=True)
class Results:
    """Everything one run of ``polyproof bench`` found."""

    measured: str = option(doc="When, in UTC.")
    machine: Machine = option(doc="What the numbers were measured on.")
    arguments: tuple[str, ...] = option(doc="Arguments of `polyproof bench`.")
    measurements: tuple[Measurement, ...] = option(doc="What was measured.")
    audits: tuple[AuditFacts, ...] = option(default=(), doc="What came of each audit.")
    not_measured: tuple[NotMeasured, ...] = option(default=(), doc="What could not be measured.")

    @classmethod
    def of(cls, found: list[Measurement | AuditFacts | NotMeasured], arguments: tuple[str, ...]) -> Results:
        """Of what was found here and now."""
        return cls(
            measured=f"{datetime.now(UTC):{TIMESTAMP}}",
            machine=machine(),
            arguments=arguments,
            measurements=tuple(item for item in found if isinstance(item, Measurement)),
            audits=tuple(item for item in found if isinstance(item, AuditFacts)),
            not_measured=tuple(item for item in found if isinstance(item, NotMeasured)),
        )

    def payload(self) -> dict[str, Any]:
        """The command's result, for machines: ``read_results`` reads what is printed of it."""
        found: dict[str, Any] = plain(self)
        for item in found["measurements"]:
            item |= {key: seconds(item[key]) for key in _SECONDS}
        return {_HEADER: FORMAT, **found}


def joined(found: Sequence[Results]) -> Results:
    """Several results as one. Raises ``UsageError`` if they are not of one machine and the same versions."""
    first = found[0]
    for other in found[1:]:
        for field in fields(Machine):
            ours, theirs = (getattr(results.machine, field.name) for results in (first, other))
            if ours != theirs:
                raise UsageError(
                    f"--results are joined if of one machine and version: {field.name} is {ours!r} and {theirs!r}"
                )
    audits = [(item.name, item.setting) for results in found for item in results.audits]
    for name, setting in audits:
        if audits.count((name, setting)) > 1:
            raise UsageError(f"--results: the audit {name} {plain(setting)} is in several of them")
    return evolve(
        first,
        measured=max(results.measured for results in found),
        measurements=tuple(item for results in found for item in results.measurements),
        audits=tuple(item for results in found for item in results.audits),
        not_measured=tuple(item for results in found for item in results.not_measured),
    )


def machine() -> Machine:
    """The machine and the versions that this process runs on."""
    processor, features = _processor()
    return Machine(
        processor=processor,
        features=features,
        cores=os.cpu_count() or 1,
        threads=thread_count(),
        memory=_memory(),
        system=f"{platform.system()} {platform.machine()}",
        polyproof=__version__,
        python=platform.python_version(),
        numpy=np.__version__,
        numba=metadata.version("numba"),
    )


def _processor() -> tuple[str, tuple[str, ...]]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    stated = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = (stated.get("flags") or stated.get("Features") or "").split()
    name = stated.get("model name") or platform.processor() or platform.machine() or "unknown"
    return name, tuple(feature for feature in _FEATURES if feature in flags)


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def read_results(path: Path, registry: Registry) -> Results:
    """Read a file of results. Raises ``ArtifactError`` for one that is missing, of another version or damaged."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ArtifactError(Problem(f"cannot be read: {error.strerror}", Location(str(path)))) from None
    hint = "expected what `polyproof bench --json` prints"
    if len(data) > _MOST_BYTES:
        raise ArtifactError(Problem(f"more than {_MOST_BYTES} bytes", Location(str(path)), hint))
    try:
        value = unwrapped(parse_strict(data, fractions_as_text=True, most_digits=_LONGEST_NUMBER))
    except BadJson as error:
        raise ArtifactError(Problem(str(error), Location(str(path)), hint)) from None
    reader = OptionsReader(registry, limit=10)
    try:
        node = from_json(_with_seconds(value), str(path))
        reader.header(node, _HEADER, FORMAT)
        results = reader.build(node, Results, besides=(_HEADER,))
        reader.finish()
    except SpecError as error:
        raise ArtifactError(error.problems, more=error.more) from None
    assert results is not None, "an incomplete file has a problem"
    return results


def unwrapped(document: Any) -> Any:
    """The result in what ``polyproof bench --json`` prints: an envelope, which versions before it did not have."""
    return document["result"] if isinstance(document, dict) and "result" in document else document


def _with_seconds(value: Any) -> Any:
    """A document whose seconds are numbers again, which strict JSON leaves as they are written."""
    listed = value.get("measurements") if isinstance(value, dict) else None
    for item in listed if isinstance(listed, list) else ():
        for key in _SECONDS if isinstance(item, dict) else ():
            if isinstance(item.get(key), str) and _FRACTION.fullmatch(item[key]):
                item[key] = float(item[key])
    return value
