"""Two results side by side: what was measured in both, what in one alone, and what else is different."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from attrs import fields, frozen

from polyproof.cli.bench.results import NAMED_BY, AuditFacts, Machine, Measurement, Results
from polyproof.cli.console import size_text
from polyproof.config.options import plain

__all__ = ["Comparison", "compare", "machine_differences", "ratio"]

_NAMES = (*NAMED_BY, "setting")


@frozen
class Comparison:
    """What two results have in common, and what not."""

    here: Results
    there: Results
    pairs: tuple[tuple[Measurement, Measurement], ...]
    """The same work, here and there."""
    audits: tuple[tuple[AuditFacts, AuditFacts], ...]
    """The same audit, here and there."""
    only_here: tuple[Measurement, ...]
    only_there: tuple[Measurement, ...]
    differences: tuple[str, ...]
    """What else differs, in sentences: a ratio between two machines is none between two versions."""

    @property
    def median_ratio(self) -> float | None:
        """The median of the ratios of CPU seconds; ``None`` where there are none."""
        found = (ratio(here.cpu, there.cpu) for here, there in self.pairs)
        known = [value for value in found if value is not None]
        return median(known) if known else None

    def payload(self) -> dict[str, Any]:
        """For machines."""
        return {
            "differences": list(self.differences),
            "median_cpu_ratio": self.median_ratio,
            "pairs": [
                {
                    **_named(here),
                    "ratio": ratio(here.median, there.median),
                    "cpu_ratio": ratio(here.cpu, there.cpu),
                    "memory_ratio": ratio(here.peak, there.peak),
                }
                for here, there in self.pairs
            ],
            "audits": [
                {
                    "name": here.name,
                    "setting": plain(here.setting),
                    "proof_ratio": ratio(here.proof, there.proof),
                    "inclusion_ratio": ratio(here.inclusion, there.inclusion),
                }
                for here, there in self.audits
            ],
            "only_here": [_named(item) for item in self.only_here],
            "only_there": [_named(item) for item in self.only_there],
        }


def ratio(here: float | None, there: float | None) -> float | None:
    """here / there: below 1, this one is less. ``None`` if one of them is not known or a clock saw nothing."""
    return here / there if here and there else None


def compare(here: Results, there: Results) -> Comparison:
    """Results of this run beside earlier ones."""
    ours, theirs = ({_key(item): item for item in results.measurements} for results in (here, there))
    facts, others = ({(item.name, item.setting): item for item in results.audits} for results in (here, there))
    return Comparison(
        here,
        there,
        pairs=tuple((item, theirs[key]) for key, item in ours.items() if key in theirs),
        audits=tuple((item, others[key]) for key, item in facts.items() if key in others),
        only_here=tuple(item for key, item in ours.items() if key not in theirs),
        only_there=tuple(item for key, item in theirs.items() if key not in ours),
        differences=tuple(_differences(here, there)),
    )


def _key(item: Measurement) -> tuple[Any, ...]:
    return tuple(getattr(item, name) for name in _NAMES)


def _named(item: Measurement) -> dict[str, Any]:
    return dict(zip(_NAMES, map(plain, _key(item)), strict=True))


def machine_differences(here: Machine, there: Machine) -> Iterator[str]:
    """What differs between two machines and the versions on them, in phrases."""
    for field in fields(Machine):
        ours, theirs = getattr(here, field.name), getattr(there, field.name)
        if field.name == "memory":
            # Kernels of one system differ by a few pages in what they keep for themselves.
            ours, theirs = (size_text(value) if value else None for value in (ours, theirs))
        if ours != theirs:
            yield f"{field.name}: {_shown(ours)} here, {_shown(theirs)} there"


def _differences(here: Results, there: Results) -> Iterator[str]:
    yield from machine_differences(here.machine, there.machine)
    if here.arguments != there.arguments:
        yield f"arguments: {_shown(here.arguments)} here, {_shown(there.arguments)} there"


def _shown(value: Any) -> str:
    return (" ".join(value) or "none") if isinstance(value, tuple) else "unknown" if value is None else str(value)
