"""Specs and policies that come with polyproof: beside the package in a wheel, in the top folder of a checkout."""

from __future__ import annotations

from pathlib import Path

from polyproof.config.options import did_you_mean
from polyproof.errors import Problem, SpecError

__all__ = ["bundled_policies", "bundled_specs", "find_policy", "find_spec"]


def _directory() -> Path:
    package = Path(__file__).parents[1]
    in_wheel, in_checkout = package / "specs", package.parents[1] / "specs"
    return in_wheel if in_wheel.is_dir() else in_checkout


def bundled_specs() -> dict[str, Path]:
    """The specs, by name."""
    return {path.stem: path for path in sorted(_directory().glob("*.yaml"))}


def bundled_policies() -> dict[str, Path]:
    """The policies, by name."""
    return {path.stem: path for path in sorted((_directory() / "policies").glob("*.yaml"))}


def find_spec(name: str) -> Path:
    """The file that ``name`` means: a path, or a bundled spec's name without suffix.

    Raises ``SpecError`` for a name that is neither, and for one that is both: in a folder that somebody else made, the
    file could be another than is meant. With a folder before it, ``./NAME``, a name is always a path.
    """
    return _find(name, "spec", bundled_specs())


def find_policy(name: str) -> Path:
    """The same for a policy."""
    return _find(name, "policy", bundled_policies())


def _find(name: str, what: str, bundled: dict[str, Path]) -> Path:
    path = Path(name)
    # A directory is neither: an audit may be called as a policy is.
    is_file = path.exists() and not path.is_dir()
    if name in bundled:
        if not is_file:
            return bundled[name]
        raise SpecError(
            Problem(
                f"{name} is a {what} that comes with polyproof, and a file in this folder is called the same",
                hint=f"./{name} is the file; for the {what} that comes with polyproof, work in another folder",
            )
        )
    if is_file or path.suffix or path.name != name:
        return path
    raise SpecError(
        Problem(
            f"{name} is neither a file nor a {what} that comes with polyproof", hint=did_you_mean(name, list(bundled))
        )
    )
