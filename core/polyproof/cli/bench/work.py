"""What is to be measured: components of some kinds, or audits of some sizes, as a command line says."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polyproof.cli.bench import COLUMNS, audits, components
from polyproof.cli.bench.results import AuditFacts, Measurement, NotMeasured
from polyproof.cli.bench.shapes import Shape, shapes
from polyproof.config.options import did_you_mean
from polyproof.errors import UsageError
from polyproof.progress import Progress
from polyproof.registry import Registry

__all__ = ["AUDIT", "Sizes", "Work"]

AUDIT = "audit"
_BACKEND = "stark"


@frozen
class Sizes:
    """Of audits: what the options of the command line give, which may be nothing."""

    accounts: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()
    option: tuple[str, ...] = ()
    near: str | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """As they are given to a command."""
        listed = [(name, getattr(self, name)) for name in ("accounts", "assets", "threads", "option")]
        found = [f"--{name}={text}" for name, texts in listed for text in texts]
        return (*found, *([f"--near={self.near}"] if self.near else []))


@frozen
class Work:
    """What is to be measured."""

    registry: Registry
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    load: components.Load
    shapes: tuple[Shape, ...]
    arguments: tuple[str, ...]
    """Of a ``polyproof bench`` that measures this, of an older version too where that can."""

    @classmethod
    def of(
        cls,
        registry: Registry,
        kinds: Sequence[str],
        names: Sequence[str],
        log_rows: int,
        columns: int,
        runs: int,
        sizes: Sizes,
    ) -> Work:
        """What a command line asks for. Raises ``UsageError`` for what there is not, or does not fit together."""
        kinds = tuple(kinds or ([AUDIT] if sizes.arguments else components.MEASURED_KINDS))
        known = (*components.MEASURED_KINDS, AUDIT)
        for kind in kinds:
            if kind not in known:
                raise UsageError(f"--kind {kind!r}: {did_you_mean(kind, known)}")
        if sizes.arguments and AUDIT not in kinds:
            raise UsageError(f"{sizes.arguments[0]} is of whole audits: add --kind audit")
        if not runs and set(kinds) - {AUDIT}:
            raise UsageError("--runs 0 is for audits: of a component the first run may compile, and is not counted")
        installed = [name for kind in kinds for name in registry.names("backend" if kind == AUDIT else kind)]
        for name in names:
            if name not in installed:
                raise UsageError(f"--name {name!r}: {did_you_mean(name, installed)}")
        arguments = [*(f"--kind={kind}" for kind in kinds), *(f"--name={name}" for name in names)]
        arguments += [f"--size={log_rows}", f"--runs={runs}"]
        arguments += [f"--columns={columns}"] if columns != COLUMNS else []  # older versions lack the option
        wanted: list[Shape] = []
        if AUDIT in kinds:
            backends = [name for name in names if name in registry.names("backend")] or [_BACKEND]
            wanted = shapes(
                registry,
                backends,
                accounts=sizes.accounts,
                assets=sizes.assets,
                threads=sizes.threads,
                options=sizes.option,
                near=sizes.near,
            )
        load = components.Load(1 << log_rows, columns, runs)
        return cls(
            registry,
            tuple(kind for kind in kinds if kind != AUDIT),
            tuple(names),
            load,
            tuple(wanted),
            (*arguments, *sizes.arguments),
        )

    def measured(self, progress: Progress) -> list[Measurement | AuditFacts | NotMeasured]:
        """Measure it: components first, audits then."""
        found: list[Measurement | AuditFacts | NotMeasured] = []
        found += components.measure(self.registry, self.kinds, self.names, self.load, progress)
        if self.shapes:
            found += audits.measure_audits(self.shapes, self.load.runs, progress)
        return found
