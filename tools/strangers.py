"""Treat packages as a stranger's: install each, run its tests, look for it in the registry.

Every package under docs/examples, by ``tox -e strangers``; with ``--begun`` one of each kind that ``polyproof
new-plugin`` writes, by ``tox -e begun``. Both environments have the wheel of polyproof with its ``test`` extra, and
hatchling, which builds the packages. Each package is copied away from the repository and installed in an environment
of its own, so that none can lean on this checkout or on another package; as many are treated at a time as there are
CPUs.

Exit status: 0 all passed, 1 one did not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from environments import OFFLINE, own_environment
from polyproof.hookspecs import KINDS

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


class Failure(Exception):
    """A package that does not install, pass its tests, or appear in the registry."""


def packages(folder: Path) -> list[Path]:
    """The folders that are packages."""
    return sorted(path.parent for path in folder.glob("*/pyproject.toml"))


def run(python: Path | str, folder: Path, *arguments: str) -> str:
    """What a Python command prints in a folder. Raises ``Failure`` with all of it if the command fails."""
    done = subprocess.run(
        [str(python), *arguments],
        cwd=folder,
        env={**os.environ, **OFFLINE, "NO_COLOR": "1", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Failure(f"{' '.join(arguments)} (exit status {done.returncode})\n{done.stdout}")
    return done.stdout


def begun(work: Path) -> list[Path]:
    """Packages that ``polyproof new-plugin`` has just written, one of each kind."""
    for kind in KINDS:
        options = (kind, f"new-{kind}", "--quiet", "--out", str(work / f"new_{kind}"))
        run(sys.executable, work, "-m", "polyproof", "new-plugin", *options)
    return [work / f"new_{kind}" for kind in KINDS]


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
    """Install a package, run its tests, find it in the list of plugins. Returns what pytest counted."""
    project = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = project["name"]
    if "polyproof.plugins" not in project.get("entry-points", {}):
        raise Failure("pyproject.toml has no entry point in the group polyproof.plugins")
    here, tests = work / "treated" / package.name, work / "tests" / package.name
    shutil.copytree(package, here, ignore=shutil.ignore_patterns("__pycache__", ".*", "dist"))
    python = own_environment(work / "environments" / package.name) / "python"
    run(python, work, "-m", "pip", "install", "--quiet", f"{here}[test]")
    # The tests alone, against the module as it was installed: one beside them would hide that a wheel lacks it.
    tests.mkdir(parents=True)
    for test in here.glob("test_*.py"):
        shutil.copy(test, tests)
    counted = run(python, tests, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider", "--rootdir", ".")
    found = offered(run(python, work, "-m", "polyproof", "plugins", "--json"), name)
    return f"{', '.join(found):32} {counted.strip().splitlines()[-1]}"


def main() -> int:
    """Treat the examples, those of them that are named, or the packages that have just been begun."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if sys.argv[1:] == ["--begun"]:
            chosen = begun(work)
        else:
            chosen = [EXAMPLES / name for name in sys.argv[1:]] or packages(EXAMPLES)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            treated = {pool.submit(treat, package, work): package.name for package in chosen}
            for done in as_completed(treated):
                try:
                    print(f"{treated[done]:24} {done.result()}", flush=True)
                except Failure as failure:
                    failed += 1
                    print(f"{treated[done]:24} FAILED: {failure}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
