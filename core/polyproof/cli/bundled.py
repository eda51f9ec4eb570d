"""The specs that come with polyproof: beside the package in a wheel, in the top folder of a checkout."""

from __future__ import annotations

from pathlib import Path

import polyproof
from polyproof.config.options import did_you_mean
from polyproof.errors import Problem, SpecError

__all__ = ["find_spec", "specs_directory"]


def specs_directory() -> Path:
    """Where the bundled specs are."""
    package = Path(polyproof.__file__).parent
    in_wheel, in_checkout = package / "specs", package.parents[1] / "specs"
    return in_wheel if in_wheel.is_dir() else in_checkout


def find_spec(name: str) -> Path:
    """The file that ``name`` means: a path, or a bundled spec's name without suffix. Raises ``SpecError``."""
    path = Path(name)
    if path.exists() or path.suffix or len(path.parts) != 1:
        return path
    bundled = {spec.stem: spec for spec in specs_directory().glob("*.yaml")}
    if name in bundled:
        return bundled[name]
    raise SpecError(
        Problem(
            f"{name} is neither a file nor a spec that comes with polyproof", hint=did_you_mean(name, sorted(bundled))
        )
    )
