"""A fresh environment with the wheel of this checkout and its base dependencies, nothing else; it needs no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout."""
    # Where the build's own tool is there already, nothing is fetched.
    isolation = ["--no-build-isolation"] if find_spec("hatchling") else []
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", *isolation, "-w", str(folder), str(ROOT)]
    subprocess.run(command, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    (wheel,) = folder.glob("polyproof-*.whl")
    return wheel


def requirements(found: Distribution, extra: str = "") -> Iterator[str]:
    """Names of what a distribution requires, with one of its extras or without."""
    for line in found.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield canonicalize_name(requirement.name)


class Bare:
    """The environment; what it lends from the one around it are links, only those of base dependencies."""

    def __init__(self, folder: Path) -> None:
        """Make it in a new folder."""
        venv.EnvBuilder(symlinks=True, with_pip=False).create(folder / "venv")
        self.python = folder / "venv" / "bin" / "python"
        self.packages = next((folder / "venv" / "lib").glob("python*/site-packages"))
        wheel = build_wheel(folder)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(self.packages)
        (metadata,) = self.packages.glob("polyproof-*.dist-info")
        self.distribution = PathDistribution(metadata)
        self.names: set[str] = set()
        for name in requirements(self.distribution):
            self._lend(name)

    def _lend(self, name: str) -> None:
        if name in self.names:
            return
        self.names.add(name)
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            link = self.packages / top
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(top))).resolve())
        for needed in requirements(found):
            self._lend(needed)

    def run(self, *arguments: str, directory: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run its Python, which sees nothing of the environment around it."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return subprocess.run(
            [str(self.python), "-I", *arguments], cwd=directory, env=kept, capture_output=True, text=True, check=False
        )

    def polyproof(self, *arguments: str, directory: Path | None = None) -> tuple[int, dict[str, Any], str]:
        """Run a command; its status, its JSON, and what it says on stderr."""
        done = self.run("-m", "polyproof", *arguments, "--json", directory=directory)
        return done.returncode, json.loads(done.stdout), done.stderr
