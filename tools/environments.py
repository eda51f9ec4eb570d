"""Environments that have all of this one and into which something else can be installed, without a copy of anything."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

__all__ = ["OFFLINE", "own_environment"]

OFFLINE = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""For pip in such an environment: what builds a package, and what it needs, is here already, and nothing is loaded.

The first is pip's way to say ``--no-build-isolation``."""


def own_environment(folder: Path) -> Path:
    """Make one in a new folder; returns the folder of its programs: ``python``, ``pip``, ``pytest``, ``polyproof``."""
    venv.create(folder)
    programs = folder / "bin"
    (site,) = (folder / "lib").glob("python*/site-packages")
    here = [path for path in sys.path if Path(path).name == "site-packages"]
    (site / "beneath.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in here))
    for program in ("pip", "polyproof", "pytest"):
        (programs / program).write_text(f'#!/bin/sh\nexec "{programs / "python"}" -m {program} "$@"\n')
        (programs / program).chmod(0o755)
    return programs
