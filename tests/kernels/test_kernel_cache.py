"""Compiled kernels are kept on disk under a digest of what they are made from: none is ever stale."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import polyproof_digests

PACKAGE = {
    "__init__": "",
    "kernels": """
from typing import TYPE_CHECKING

from numba import int64

from house import parts
from house.constants import OFFSET
from polyproof.toolkit.kernels import kernel

if TYPE_CHECKING:
    from house.types import Number

@kernel(int64(int64))
def compute(x: "Number") -> "Number":
    return parts.scaled(x) + OFFSET
""",
    "parts": """
from polyproof.toolkit.kernels import helper
from .depths import FACTOR

@helper(inline="always")
def scaled(x):
    return FACTOR * x
""",
    "constants": "OFFSET = 1\n",
    "depths": "FACTOR = 10\n",
    "types": "Number = int\n",
    "stranger": "UNUSED = 1\n",
}
"""A package whose kernel takes a function, a constant, and what the function takes in turn, from other files."""

PROGRAM = "from house.kernels import compute; print(compute(2), sum(compute.stats.cache_hits.values()))"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    package = tmp_path / "house"
    package.mkdir()
    for name, text in PACKAGE.items():
        (package / f"{name}.py").write_text(text)
    return package


def run(program: str, directory: Path, **environment: str) -> str:
    """What a fresh process prints that finds packages in a directory before any others."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    variables |= {"PYTHONPATH": str(directory), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def compute(house: Path, **environment: str) -> tuple[int, bool]:
    """The kernel's result for 2 in a fresh process, and whether the kernel came from the disk."""
    result, hits = run(PROGRAM, house.parent, **environment).split()
    return int(result), hits == "1"


def rewrite(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_kernel_follows_every_source_it_is_made_from(house: Path) -> None:
    """After each edit it is compiled anew; the files of what it was made from before are gone by then."""
    files: set[str] = set()
    for module, old, new, expected in (
        ("kernels", "", "", 21),
        ("parts", "FACTOR * x", "FACTOR - x", 9),
        ("constants", "1", "5", 13),
        ("depths", "10", "11", 14),
        ("kernels", "+ OFFSET", "- OFFSET", 4),
    ):
        rewrite(house / f"{module}.py", old, new)
        assert compute(house) == (expected, False)
        before, files = files, {file.name for file in (house / "__pycache__").iterdir()}
        assert len(files) == 2
        assert not before & files


def test_kernel_comes_from_the_disk_while_nothing_changes_that_it_is_made_from(house: Path) -> None:
    assert compute(house) == (21, False)
    for module in ("stranger", "types"):
        (house / f"{module}.py").write_text("Number = int\nmore = 2\n")
    assert compute(house) == (21, True)


def test_kernels_of_a_read_only_package_are_kept_in_the_cache_of_the_user(house: Path, tmp_path: Path) -> None:
    (house / "__pycache__").touch()  # no directory can be made here, even by root
    home = tmp_path / "home"
    home.mkdir()
    elsewhere = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LOCALAPPDATA": str(home / "cache")}
    assert compute(house, **elsewhere) == (21, False)
    assert compute(house, **elsewhere) == (21, True)


def test_kernels_run_where_nothing_can_be_written(house: Path, tmp_path: Path) -> None:
    (house / "__pycache__").touch()
    home = tmp_path / "home"
    home.touch()
    nowhere = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LOCALAPPDATA": str(home / "cache")}
    assert compute(house, **nowhere) == (21, False)


DIGESTS = """
import numpy as np
from polyproof.engine import Engine
from polyproof_digests.keccak256 import Keccak256

rows = np.arange(9 * 20, dtype=np.uint64).reshape(9, 20)
compiled, portable = (Keccak256(engine).hash_rows(rows, "cache") for engine in (Engine.COMPILED, Engine.PORTABLE))
assert np.array_equal(compiled, portable)
print(compiled[0].tolist())
"""


def test_hash_of_a_copied_plugin_follows_a_constant_that_its_kernel_inlines(tmp_path: Path) -> None:
    """A constant of ρ is changed in its file alone; both engines of the copy must know it, in a fresh process."""
    copy = tmp_path / "polyproof_digests"
    shutil.copytree(Path(polyproof_digests.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = run(DIGESTS, tmp_path)
    rewrite(copy / "constants.py", "(t + 1) * (t + 2) // 2 % 64", "(t + 1) * (t + 2) // 2 % 61 + 1")
    assert run(DIGESTS, tmp_path) != before
