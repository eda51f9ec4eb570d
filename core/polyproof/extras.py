"""The extras of the distribution: what a bare install lacks, and what to install where it is missed.

A bare install verifies. What proves, what judges reserves and what writes reports comes as ``polyproof[prove]``,
``polyproof[reserves]`` and ``polyproof[report]``; ``polyproof[all]`` is everything. ``require_extras`` stands where
work begins that needs one, so that nobody waits for hours to learn of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from polyproof.errors import ExtraMissing, Problem

__all__ = ["EXTRAS", "is_installed", "missing_extra", "require_extras"]

EXTRAS: dict[str, tuple[str, ...]] = {
    "prove": ("duckdb", "filelock", "llvmlite", "numba"),
    "reserves": ("Crypto", "coincurve", "nacl", "py_arkworks_bls12381", "urllib3"),
    "report": ("jinja2", "markupsafe"),
}
"""By name of the extra, the modules that its packages bring; pyproject.toml lists the packages."""


def is_installed(extra: str) -> bool:
    """Whether all packages of an extra are there; none is imported."""
    return not _missing(extra)


def require_extras(*extras: str, purpose: str) -> None:
    """Raise ``ExtraMissing`` unless all packages of some extras are there; ``purpose`` says what needs them."""
    if lacking := {extra: modules for extra in extras if (modules := _missing(extra))}:
        raise _error(purpose, lacking)


def missing_extra(error: ImportError, purpose: str) -> ExtraMissing | None:
    """The error for a failed import, if what could not be imported comes with an extra."""
    name = (error.name or "").partition(".")[0]
    lacking = {extra: (name,) for extra, modules in EXTRAS.items() if name in modules and name in _missing(extra)}
    return _error(purpose, lacking) if lacking else None


def _missing(extra: str) -> tuple[str, ...]:
    return tuple(module for module in EXTRAS[extra] if not _is_there(module))


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _error(purpose: str, lacking: Mapping[str, tuple[str, ...]]) -> ExtraMissing:
    names = ",".join(lacking)
    modules = ", ".join(module for found in lacking.values() for module in found)
    return ExtraMissing(
        Problem(
            f"{purpose} needs what is not installed: {modules}",
            hint=f'pip install "polyproof[{names}]", or in a checkout pip install ".[{names}]"',
        ),
        tuple(lacking),
    )
