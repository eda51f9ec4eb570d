"""Two installations of polyproof measured against each other, on one machine and in turn.

A machine has other work, which changes from minute to minute, so two measurements one after the other differ for
reasons that lie in neither. Here each round measures both installations directly after one another, in an order that
alternates, and only the ratio within a round counts. Each measurement is a process of its own that runs ``polyproof
bench --json``: nothing of one installation is loaded in the other, and the other may be of an older version.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import asdict, frozen

from polyproof.cli.bench.results import NAMED_BY, unwrapped
from polyproof.errors import UsageError
from polyproof.progress import Progress

__all__ = ["Pair", "installed_at", "measure_pairs"]

_Key = tuple[Any, ...]
"""What ``NAMED_BY`` and its setting say of a measurement."""
_Round = dict[_Key, dict[str, Any]]


@frozen
class Pair:
    """One operation, measured in both installations in every round."""

    kind: str
    name: str
    engine: str
    operation: str
    items: int
    unit: str
    setting: Mapping[str, Any] | None
    """Of a whole audit: what it was made of."""
    here: tuple[float, ...]
    """Seconds that passed, the median of each round, in the installation that asks."""
    there: tuple[float, ...]
    """The same in the other."""
    cpu_here: tuple[float, ...]
    """Seconds of CPU, the median of each round. Empty if the other installation does not report them."""
    cpu_there: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """Of each round, ``here / there``: below 1 where this installation is faster."""
        return [a / b for a, b in zip(self.here, self.there, strict=True)]

    @property
    def cpu_ratios(self) -> list[float]:
        """The same of CPU seconds; empty where a clock saw none."""
        pairs = list(zip(self.cpu_here, self.cpu_there, strict=True))
        return [a / b for a, b in pairs] if all(b > 0 for _, b in pairs) else []

    def payload(self) -> dict[str, Any]:
        """For machines."""
        cpu = statistics.median(self.cpu_ratios) if self.cpu_ratios else None
        return {**asdict(self), "ratio": statistics.median(self.ratios), "cpu_ratio": cpu}


def installed_at(python: str) -> str:
    """Where the polyproof of a Python lies. Raises ``UsageError`` if it has none."""
    return _output([python, "-P", "-c", "import polyproof; print(polyproof.__path__[0])"]).strip()


def measure_pairs(
    other: str, arguments: Sequence[str], rounds: int, progress: Progress
) -> tuple[list[Pair], list[str]]:
    """Measure this installation and that of another Python in turn; ``arguments`` go to ``polyproof bench``.

    Returns the pairs, and the operations that could not be paired because only one of the two measured them.
    Raises ``UsageError`` if one of the two cannot be measured at all.
    """
    pythons = {"here": sys.executable, "there": other}
    found: dict[str, list[_Round]] = {"here": [], "there": []}
    with progress.task("measure in turn", 2 * rounds) as task:
        for round in range(rounds):
            for side in ("here", "there") if round % 2 == 0 else ("there", "here"):
                asked = [pythons[side], "-P", "-m", "polyproof", "bench", *arguments, "--json"]
                report = unwrapped(json.loads(_output(asked)))
                found[side].append({_key(item): item for item in report["measurements"]})
                task.advance()
    everything = [*found["here"], *found["there"]]
    named = dict.fromkeys(key for of_round in everything for key in of_round)
    shared = [key for key in named if all(key in of_round for of_round in everything)]
    unpaired = [f"{kind} {name}, {engine}: {does}" for kind, name, engine, does, *_ in named.keys() - set(shared)]
    return [_pair(key, found["here"], found["there"]) for key in shared], sorted(unpaired)


def _key(item: dict[str, Any]) -> _Key:
    setting = item.get("setting")  # which older versions do not have
    return *(item[name] for name in NAMED_BY), setting and json.dumps(setting, sort_keys=True)


def _pair(key: _Key, here: list[_Round], there: list[_Round]) -> Pair:
    def seconds(rounds: list[_Round], what: str) -> tuple[float, ...]:
        return tuple(of_round[key][what] for of_round in rounds)

    has_cpu = all("cpu" in of_round[key] for of_round in there)
    cpu = [seconds(rounds, "cpu") if has_cpu else () for rounds in (here, there)]
    return Pair(
        **dict(zip(NAMED_BY, key[:-1], strict=True)),
        setting=here[0][key].get("setting"),
        here=seconds(here, "median"),
        there=seconds(there, "median"),
        cpu_here=cpu[0],
        cpu_there=cpu[1],
    )


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode == 0:
        return done.stdout
    try:
        reason = json.loads(done.stdout)["errors"][0]["message"]
    except (ValueError, LookupError, TypeError):
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    raise UsageError(f"the polyproof of {command[0]} cannot be measured: {reason}")
