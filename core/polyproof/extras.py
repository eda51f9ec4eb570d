"""The extras of the distribution: what a bare install lacks, and how to install it.

A bare install verifies. Proving needs ``polyproof[prove]``, judging reserves ``polyproof[reserves]``, writing reports
``polyproof[report]``, a Dask cluster ``polyproof[dask]``, accounts from a server ``polyproof[postgres]`` or
``polyproof[mysql]``, having a digest noted and checking tokens of time-stamping authorities ``polyproof[anchors]``,
encrypting what is private and reading it ``polyproof[private]``, signing statements about audits and checking their
signatures ``polyproof[attestations]``, proofs on KZG commitments, and verifying them, ``polyproof[kzg]``, handing each
customer their own inclusion file ``polyproof[serve]``; ``polyproof[all]`` is everything. ``require_extras`` is called
before work that needs one begins, so that nobody finds out hours later.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from polyproof.errors import ExtraMissing, Problem

__all__ = ["EXTRAS", "is_installed", "missing_extra", "require_extras"]

EXTRAS: dict[str, tuple[str, ...]] = {
    "prove": ("duckdb", "filelock", "llvmlite", "numba"),
    "reserves": ("Crypto", "coincurve", "nacl", "py_arkworks_bls12381", "urllib3"),
    "report": ("jinja2", "markupsafe", "segno"),
    "dask": ("distributed",),
    "arrow": ("pyarrow",),
    "excel": ("fastexcel", "pyarrow"),
    "mysql": ("pymysql",),
    "postgres": ("adbc_driver_manager", "adbc_driver_postgresql"),
    "anchors": ("cryptography", "rfc3161_client", "urllib3"),
    "private": ("cryptography", "filelock", "pyrage"),
    "attestations": ("cryptography",),
    "kzg": ("py_ecc",),
    "serve": ("cryptography", "jwt", "segno", "starlette", "uvicorn"),
}
"""For each extra, the modules that its packages bring; pyproject.toml lists the packages."""


def is_installed(extra: str) -> bool:
    """Whether all packages of an extra are installed; none is imported."""
    return not _missing(extra)


def require_extras(*extras: str, purpose: str) -> None:
    """Raise ``ExtraMissing`` unless all packages of the extras are installed; ``purpose`` says what needs them."""
    if lacking := {extra: modules for extra in extras if (modules := _missing(extra))}:
        raise _error(purpose, lacking)


def missing_extra(error: ImportError, purpose: str) -> ExtraMissing | None:
    """The error for a failed import, if the missing module comes with an extra; otherwise None."""
    name = (error.name or "").partition(".")[0]
    # Several may bring it: the first of them is enough.
    found = (extra for extra, modules in EXTRAS.items() if name in modules and name in _missing(extra))
    extra = next(found, None)
    return None if extra is None else _error(purpose, {extra: (name,)})


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
            f"{purpose} needs modules that are not installed: {modules}",
            hint=f'install polyproof with the extra: in a checkout pip install ".[{names}]", with a wheel '
            f'pip install "polyproof-….whl[{names}]"',
        ),
        tuple(lacking),
    )
