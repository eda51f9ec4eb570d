"""Which audits are to be measured, from what a command line says, and the spec of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from attrs import evolve, frozen

from polyproof.cli.bench.results import JOINED_BY, Results, Setting
from polyproof.engine import thread_count
from polyproof.errors import InputError, Problem, UsageError
from polyproof.model.assets import Asset
from polyproof.registry import Registry
from polyproof.settings.settled import capacity_of, settle
from polyproof.settings.spec import Spec, create_backend, parse_spec

__all__ = ["PROVE", "Shape", "assets_of", "choice", "choices_text", "shapes", "sizes", "spec_of"]

PROVE = JOINED_BY.join(("audit", "prove segments", "prove"))
"""The operation that is a backend's proving alone."""

DEFAULT_ACCOUNTS, DEFAULT_ASSETS = 1000, 22
_MOST = {"accounts": 10**8, "assets": 4096, "threads": 4096}
_MOST_AUDITS = 1000
_NEAR = 2
_SNAPSHOT = Path("accounts.csv")
_NUMBER = re.compile(r"(\d[\d_]*)(?:\^(\d{1,2}))?")


@frozen
class Shape:
    """An audit to measure."""

    backend: str
    setting: Setting


def shapes(
    registry: Registry,
    backends: Sequence[str],
    *,
    accounts: Sequence[str],
    assets: Sequence[str],
    threads: Sequence[str],
    options: Sequence[str],
    near: str | None,
) -> list[Shape]:
    """Every combination of what the command line gives, all of which have specs.

    Raises ``UsageError`` for what is no size, and for options that a backend does not have or cannot work with.
    """
    wanted = product(
        sizes("accounts", accounts) or [DEFAULT_ACCOUNTS],
        sizes("assets", assets) or [DEFAULT_ASSETS],
        sizes("threads", threads) or [thread_count()],
    )
    found = [
        Shape(backend, Setting(accounts=count, assets=width, threads=shared, options=chosen))
        for (count, width, shared), chosen, backend in product(wanted, _combined(options), backends)
    ]
    if near is not None:
        found = [shape for one in found for shape in _near(one, near, registry)]
    if len(found) > _MOST_AUDITS:
        raise UsageError(f"these are {len(found)} audits, and at most {_MOST_AUDITS} are measured at once")
    if near is None:  # of neighbours some may not fit, which is part of what is asked
        for shape in found:
            spec_of(shape, _SNAPSHOT, registry)
    return found


def sizes(what: str, texts: Sequence[str]) -> list[int]:
    """The numbers that an option lists, each once. Raises ``UsageError``."""
    found = []
    for text in ",".join(texts).split(",") if texts else ():
        match = _NUMBER.fullmatch(text.strip())
        number = int(match[1]) ** int(match[2] or 1) if match and len(match[1]) < 10 else 0
        if not 1 <= number <= _MOST[what]:
            raise UsageError(f"--{what} {text!r}: expected a number from 1 to {_MOST[what]}, such as 1000 or 2^10")
        found.append(number)
    return list(dict.fromkeys(found))


def _combined(options: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """One value of each key, in every combination."""
    by_key: dict[str, list[str]] = {}
    for text in options:
        key, separator, _ = text.partition("=")
        if not separator or not key:
            raise UsageError(f"--option {text!r}: expected KEY=VALUE, such as hash=blake3")
        by_key.setdefault(key, []).append(text)
    return product(*by_key.values())


def assets_of(count: int) -> tuple[Asset, ...]:
    """The assets of an audit that is measured."""
    return tuple(Asset(f"A{k}", 8) for k in range(count))


def spec_of(shape: Shape, snapshot: Path, registry: Registry) -> Spec:
    """The spec of an audit. Raises ``UsageError`` for options that the backend does not have or cannot work with."""
    options = {}
    for text in shape.setting.options:
        key, _, value = text.partition("=")
        try:
            options[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UsageError(f"--option {text!r}: what follows = is not YAML") from None
    document = {
        "polyproof": 1,
        "name": "bench",
        "snapshot": "2025-11-30T00:00:00Z",
        "assets": [{"symbol": asset.symbol, "decimals": asset.decimals} for asset in assets_of(shape.setting.assets)],
        "backend": {"name": shape.backend, **options},
        "accounts": {"path": snapshot.name},
    }
    try:
        return parse_spec(yaml.safe_dump(document).encode(), str(snapshot.with_name("bench.yaml")), registry)
    except InputError as error:
        # Their places are in a spec that nobody wrote.
        raise UsageError([Problem(problem.message, hint=problem.hint) for problem in error.problems]) from error


# What a backend chooses


def _near(shape: Shape, option: str, registry: Registry) -> Iterator[Shape]:
    """The audit with an option as its backend would choose it, and with its neighbours, two on either side."""
    chosen = choice(spec_of(shape, _SNAPSHOT, registry), option, shape.setting.accounts, registry)
    if type(chosen) is not int:
        settles = ", ".join(registry.get("backend", shape.backend).settles) or "nothing"
        raise UsageError(f"--near {option}: no number that the backend {shape.backend} chooses; it chooses {settles}")
    for value in range(chosen - _NEAR, chosen + _NEAR + 1):
        options = (*shape.setting.options, f"{option}={value}")
        yield evolve(shape, setting=evolve(shape.setting, options=options))


def choice(spec: Spec, option: str, accounts: int, registry: Registry) -> Any:
    """What a backend chooses for an option if it is left open; ``None`` for one that it does not choose."""
    if option not in registry.get("backend", spec.backend.name).settles:
        return None
    left_open = evolve(spec, backend=evolve(spec.backend, options=evolve(spec.backend.options, **{option: None})))
    capacity = capacity_of(create_backend(left_open, registry), left_open.assets)
    segments = -(-accounts // capacity)
    settled, _ = settle(left_open, registry, -(-accounts // segments))
    return getattr(settled.backend.options, option)


def choices_text(results: Results) -> Iterator[str]:
    """How what a backend chooses compares with what else was measured, in a sentence for each choice."""
    proving = {(item.name, item.setting): item.cpu for item in results.measurements if item.operation == PROVE}
    groups: dict[tuple[str, Setting, str], dict[str, float]] = {}
    for item in results.audits:
        for chosen in item.chosen:
            key = chosen.partition("=")[0]
            own = next(text for text in item.setting.options if text.partition("=")[0] == key)
            rest = tuple(text for text in item.setting.options if text != own)
            seconds = proving.get((item.name, item.setting))
            if seconds:
                groups.setdefault((item.name, evolve(item.setting, options=rest), chosen), {})[own] = seconds
    for (name, setting, chosen), measured in groups.items():
        if chosen in measured and len(measured) > 1:
            key, _, value = chosen.partition("=")
            shares = ", ".join(
                f"{text.partition('=')[2]}: {seconds / measured[chosen]:.2f}" for text, seconds in measured.items()
            )
            best = min(measured, key=lambda text: measured[text])
            verdict = "the fastest" if best == chosen else f"{best.partition('=')[2]} is the fastest"
            yield (
                f"{setting.accounts:,} × {setting.assets}: {name} chooses {key} {value}, {verdict}; "
                f"CPU seconds to prove beside those of its choice: {shares}"
            )
