"""Treat every package under docs/examples as a stranger's: install it, run its tests, look for it in the registry.

Run by ``tox -e strangers`` in an environment that has the wheel of polyproof with its ``test`` extra, and hatchling,
which builds the examples. Each package is copied away from the repository first and uninstalled before the next, so
that none can lean on this checkout or on another example.

Exit status: 0 all passed, 1 one did not; 2 there is nothing to run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


class Failure(Exception):
    """A package that does not install, pass its tests, or appear in the registry."""


def packages(folder: Path) -> list[Path]:
    """The folders that are packages."""
    return sorted(path.parent for path in folder.glob("*/pyproject.toml"))


def run(folder: Path, *arguments: str) -> str:
    """What a Python command prints in a folder. Raises ``Failure`` with all of it if the command fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Failure(f"{' '.join(arguments)} (exit status {done.returncode})\n{done.stdout}")
    return done.stdout


def offered(plugins: str, name: str) -> list[str]:
    """Kind and name of what a distribution offers, from ``polyproof plugins --json``.

    Raises ``Failure`` if it offers nothing, or if any plugin was skipped or shares a name with another.
    """
    report = json.loads(plugins)["result"]
    found = [
        f"{item['kind']} {item['name']}" for item in report["components"] if item["origin"].startswith(f"{name} (")
    ]
    if not found or report["skipped"] or report["conflicts"]:
        raise Failure(f"polyproof plugins lists {found} of {name}: {report['skipped']} {report['conflicts']}")
    return found


def treat(package: Path, work: Path) -> str:
    """Install a package, run its tests, find it in the list of plugins, remove it. Returns what pytest counted."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = project["name"]
    here = work / package.name
    shutil.copytree(package, here, ignore=shutil.ignore_patterns("__pycache__", ".*", "dist"))
    if "polyproof.plugins" not in project.get("entry-points", {}):
        raise Failure("pyproject.toml has no entry point in the group polyproof.plugins")
    run(work, "-m", "pip", "install", "--quiet", "--no-build-isolation", f"{here}[test]")
    try:
        # The tests alone, against the module as it was installed: one beside them would hide that a wheel lacks it.
        tests = work / f"{package.name}-tests"
        tests.mkdir()
        for test in here.glob("test_*.py"):
            shutil.copy(test, tests)
        counted = run(tests, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider", "--rootdir", ".")
        found = offered(run(work, "-m", "polyproof", "plugins", "--json"), name)
    finally:
        run(work, "-m", "pip", "uninstall", "--quiet", "--yes", name)
    return f"{', '.join(found):32} {counted.strip().splitlines()[-1]}"


def main() -> int:
    """Treat all packages, or those whose folders are named."""
    chosen = [EXAMPLES / name for name in sys.argv[1:]] or packages(EXAMPLES)
    if not chosen:
        print(f"error: no packages under {EXAMPLES}", file=sys.stderr)
        return 2
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        for package in chosen:
            try:
                print(f"{package.name:24} {treat(package, Path(work))}", flush=True)
            except Failure as failure:
                failed += 1
                print(f"{package.name:24} FAILED: {failure}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
