"""Mutants of the verification path: each change that the tests do not notice must be known, with the reason.

    tox -e mutants -- --list                                  the modules, and the tests that must notice
    tox -e mutants -- core/polyproof/toolkit/binary.py …      those modules
    tox -e mutants                                            all of them: many hours

cosmic-ray makes the mutants, one small change each, in a copy of what git has, and runs the module's tests on every
one. What survives is compared with ``tests/mutants/survivors.toml``; the exit status is 1 for one not listed there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
SURVIVORS = ROOT / "tests" / "mutants" / "survivors.toml"
MODULES = ROOT / "tests" / "mutants" / "modules.toml"
TIMEOUT = 600
"""Seconds for the tests of one mutant: a mutant that makes them run for ever counts as noticed."""
ANNOTATIONS = ["core/ReplaceBinaryOperator_BitOr_.*"]
"""Operators that are left out: these change ``A | None`` in annotations, and the verification path has no other use."""


def tests_of() -> dict[str, list[str]]:
    """The tests that must notice, by module."""
    with MODULES.open("rb") as file:
        modules: dict[str, list[str]] = tomllib.load(file)["modules"]
    return modules


def copy_of_the_repository(where: Path) -> None:
    """What git has, as it is on disk: mutants are never written to the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, where / name)


def configuration(module: str, tests: Sequence[str]) -> str:
    """cosmic-ray's, for one module. JSON strings and lists are TOML too."""
    command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider -m 'not slow' {' '.join(tests)}"
    return (
        f"[cosmic-ray]\nmodule-path = {json.dumps(module)}\ntimeout = {TIMEOUT}.0\nexcluded-modules = []\n"
        f'test-command = {json.dumps(command)}\n[cosmic-ray.distributor]\nname = "local"\n'
        f"[cosmic-ray.filters.operators-filter]\nexclude-operators = {json.dumps(ANNOTATIONS)}\n"
    )


def survivors_of(module: str, tests: Sequence[str], where: Path) -> Iterator[tuple[str, str]]:
    """Run the mutants of a module in a copy of the repository; the line before and after, of each that survived."""
    inner = {
        "PYTHONPATH": os.pathsep.join(("core", "plugins")),
        "POLYPROOF_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment = {**os.environ, **inner}
    programs = Path(sys.executable).parent

    def run(program: str, *arguments: str) -> str:
        done = subprocess.run(
            [programs / program, *arguments], cwd=where, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout

    (where / "mutants.toml").write_text(configuration(module, tests))
    (where / "mutants.sqlite").unlink(missing_ok=True)
    run("cosmic-ray", "baseline", "mutants.toml")
    run("cosmic-ray", "init", "mutants.toml", "mutants.sqlite")
    run("cr-filter-operators", "mutants.sqlite", "mutants.toml")
    run("cosmic-ray", "exec", "mutants.toml", "mutants.sqlite")
    outcomes: dict[str, int] = {}
    for line in run("cosmic-ray", "dump", "mutants.sqlite").splitlines():
        _, result = json.loads(line)
        if result is None or result["worker_outcome"] == "skipped":
            continue
        outcomes[result["test_outcome"]] = outcomes.get(result["test_outcome"], 0) + 1
        if result["test_outcome"] == "survived":
            yield changed(result["diff"])
    print(f"{module}: {', '.join(f'{count} {outcome}' for outcome, count in sorted(outcomes.items()))}", flush=True)


def changed(diff: str) -> tuple[str, str]:
    """What a mutant takes from the source and what it puts there, lines joined and without indentation."""
    parts = []
    for sign in "-+":
        lines = [line[1:].strip() for line in diff.splitlines() if re.match(rf"\{sign}(?!\{sign}\{sign})", line)]
        parts.append(" ".join(lines))
    return parts[0], parts[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the modules named, or all of them."""
    modules = tests_of()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="a module of tests/mutants/modules.toml")
    parser.add_argument("--list", action="store_true", help="list the modules and the tests that must notice")
    given = parser.parse_args(arguments)
    if given.list:
        print(*(f"{module}: {' '.join(tests)}" for module, tests in modules.items()), sep="\n")
        return 0
    unknown = [module for module in given.modules if module not in modules]
    if unknown:
        parser.error(f"{unknown[0]} is not in {MODULES.relative_to(ROOT)}")
    with SURVIVORS.open("rb") as file:
        known = {(one["module"], one["line"], one.get("mutant")) for one in tomllib.load(file)["survivors"]}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        copy_of_the_repository(Path(folder))
        subprocess.run([sys.executable, "-m", "compileall", "-q", "core", "plugins", "tests"], cwd=folder, check=True)
        for module in given.modules or modules:
            for line, mutant in survivors_of(module, modules[module], Path(folder)):
                if not known & {(module, line, mutant), (module, line, None)}:
                    found.append(f"{module}\n  - {line}\n  + {mutant}")
    print(*found, sep="\n")
    print(f"{len(found)} survivors that {SURVIVORS.relative_to(ROOT)} does not explain")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
