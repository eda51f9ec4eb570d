"""Mutants of the verification path: each change that the tests do not notice must be known, with the reason.

    tox -e mutants -- --list                                  the modules, their tests, and how many changes are tried
    tox -e mutants -- core/polyproof/toolkit/binary.py …      those modules
    tox -e mutants                                            all of them: some hours

Each change is one mutant (``mutant_changes``), made in a copy of what git has, on which the module's tests are run
(``mutant_runs``). What survives is compared with ``tests/mutants/survivors.toml``; the exit status is 1 for one not
listed there. Results are kept in a folder, one file for each state of a module, so that a run goes on where it ended.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import multiprocessing
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mutant_changes
import mutant_runs

ROOT = Path(__file__).parents[1]
SURVIVORS = ROOT / "tests" / "mutants" / "survivors.toml"
MODULES = ROOT / "tests" / "mutants" / "modules.toml"


def tests_of() -> dict[str, list[str]]:
    """The tests that must notice, by module."""
    with MODULES.open("rb") as file:
        modules: dict[str, list[str]] = tomllib.load(file)["modules"]
    return modules


def explained() -> list[dict[str, Any]]:
    """The survivors that are known to be harmless."""
    with SURVIVORS.open("rb") as file:
        survivors: list[dict[str, Any]] = tomllib.load(file)["survivors"]
    return survivors


def changed(text: str, mutant: str) -> tuple[str, str]:
    """What a mutant takes from the source and what it puts there, lines joined and without indentation."""
    diff = list(difflib.ndiff(text.splitlines(), mutant.splitlines()))
    before, after = ([line[2:].strip() for line in diff if line.startswith(sign)] for sign in ("- ", "+ "))
    return " ".join(filter(None, before)), " ".join(filter(None, after))


def run_module(module: str, keep: Path, again: bool) -> None:
    """Run the mutants of a module that have no result yet, and with ``again`` those that survived."""
    text = (ROOT / module).read_text(encoding="utf-8")
    tried = list(mutant_changes.mutants_of(text))
    file = results_file(module, keep)
    names = {one.name for one in tried}
    results = {name: one for name, one in results_of(file).items() if name in names}
    lines = [json.dumps(result) + "\n" for result in results.values()]
    file.write_text("".join(lines))  # Without those of kinds that are no longer tried.
    left = [one for one in tried if one.name not in results or (again and results[one.name]["noticed"] is None)]
    if not left:
        return
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder).resolve()
        mutant_runs.copy_of_the_repository(ROOT, where)
        runs = mutant_runs.Runs(where, module, tests_of()[module])
        runs.prepare()
        with file.open("a") as kept:
            for mutant in left:
                taken, put = changed(text, mutant.text)
                cpu = runs.cpu
                noticed = runs.outcome(mutant.line, mutant.text)
                result = {"mutant": mutant.name, "line": mutant.line, "before": taken, "after": put}
                result |= {"noticed": noticed, "seconds": round(runs.cpu - cpu, 2)}
                print(json.dumps(result), file=kept, flush=True)
                if noticed is None:
                    print(f"{module}:{mutant.line} survives\n  - {taken}\n  + {put}", flush=True)


def results_file(module: str, keep: Path) -> Path:
    """Where the results of a module are kept, in its present state."""
    state = hashlib.sha256((ROOT / module).read_bytes()).hexdigest()[:12]
    return keep / f"{mutant_runs.name_of(module)}-{state}.jsonl"


def results_of(file: Path) -> dict[str, Any]:
    """The last result of each mutant."""
    lines = file.read_text().splitlines() if file.exists() else []
    return {result["mutant"]: result for result in map(json.loads, lines)}


def unexplained(module: str, results: dict[str, Any]) -> list[str]:
    """The survivors of a module that are not listed, and how its mutants ended in a sentence."""
    known = {
        (one["module"], one["line"], mutant)
        for one in explained()
        for mutant in one.get("mutants", [one.get("mutant")])
    }
    survived = [one for one in results.values() if one["noticed"] is None]
    seconds = sum(one["seconds"] for one in results.values())
    print(f"{module}: {len(results)} mutants, {len(survived)} survived, {seconds:.0f} s of CPU", flush=True)
    return [
        f"{module}:{one['line']}\n  - {one['before']}\n  + {one['after']}"
        for one in survived
        if not known & {(module, one["before"], one["after"]), (module, one["before"], None)}
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the modules named, or all of them."""
    modules = tests_of()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="a module of tests/mutants/modules.toml")
    parser.add_argument("--list", action="store_true", help="list the modules, their tests, and the number of changes")
    parser.add_argument("--keep", type=Path, default=ROOT / ".tox" / "mutants", help="the folder of results")
    parser.add_argument(
        "--again", action="store_true", help="also run those again that survived, after tests were added"
    )
    given = parser.parse_args(arguments)
    unknown = [module for module in given.modules if module not in modules]
    if unknown:
        parser.error(f"{unknown[0]} is not in {MODULES.relative_to(ROOT)}")
    chosen = given.modules or list(modules)
    if given.list:
        for module in chosen:
            places = len(mutant_changes.places_of((ROOT / module).read_text(encoding="utf-8")))
            print(f"{module}: at most {places} changes; {' '.join(modules[module])}")
        return 0
    given.keep.mkdir(parents=True, exist_ok=True)
    found = []
    for module in chosen:
        # A process for each: what one module's tests need imported, another's must not have.
        process = multiprocessing.get_context("spawn").Process(
            target=run_module, args=(module, given.keep, given.again)
        )
        process.start()
        process.join()
        if process.exitcode:
            return 3
        found += unexplained(module, results_of(results_file(module, given.keep)))
    print(*found, sep="\n")
    print(f"{len(found)} survivors that {SURVIVORS.relative_to(ROOT)} does not explain")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
