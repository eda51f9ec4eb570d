"""Which code a combination is measured with: a version stays the same while somebody edits what they have installed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["code_digest"]

_OWN = "polyproof"


def code_digest(modules: Iterable[str]) -> str:
    """SHA-256 of every Python file of the packages that these modules are in, and of polyproof's own."""
    packages = sorted({_OWN, *(module.partition(".")[0] for module in modules)})
    return hashlib.sha256(
        "".join(f"{package} {_package_digest(package)}\n" for package in packages).encode()
    ).hexdigest()


@cache
def _package_digest(package: str) -> str:
    """Of one package or module, read once: what is edited later is not what has been imported."""
    found = find_spec(package)
    digest = hashlib.sha256()
    roots = [] if found is None else list(found.submodule_search_locations or [])
    files = [(path.relative_to(root).as_posix(), path) for root in map(Path, roots) for path in root.rglob("*.py")]
    if not roots and found is not None and found.origin is not None and Path(found.origin).is_file():
        files = [(Path(found.origin).name, Path(found.origin))]
    for name, path in sorted(files):
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
