"""The tests of one module, run on each of its mutants in a fork.

A mutant costs what its tests cost, not the start of Python, pytest and Numba, nor the import of modules that do not see
the change: the first run, of the module as it is, records what it imported, which tests ran which lines, and how long
each took. The process imports what does not depend on the module. A mutant runs the tests that ran the function that is
changed, those that ran the changed line first, and ends at the first that fails.

A change within a function is tried in a fork of a process that has collected the tests and imported the module as it
is: there the function's code is replaced. No value that was made before depends on it, for a function that was run
while tests were collected is not tried that way. Such functions, and what is outside of functions, are tried by running
pytest anew on the changed file, with all tests.

A test that asks the module in a process of its own, or that gets what an earlier test left in a cache, is not seen to
run the function: such a mutant may survive here, and is looked at.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import gc
import importlib
import inspect
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

MEMORY = 12 * 2**30
"""Bytes of address space for the tests of a mutant."""
OPTIONS = ("-x", "-q", "-m", "not slow", "--no-header", "--tb=line", "-p", "no:cacheprovider")
NO_COLLECTION = ("-p", "no:unraisableexception", "-p", "no:threadexception")
"""Without these pytest does not collect garbage, thrice, at its end: a quarter of what a mutant costs."""
CANNOT = 71
"""The exit status of a child that found no function to replace."""
FIRST, LAST, OUTPUT = "first.json", "last.json", "output.txt"


def copy_of_the_repository(root: Path, where: Path) -> None:
    """What git does not ignore, and compiled kernels: mutants are never written to the working tree."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout
    kernels = (path for kind in ("nbi", "nbc") for path in (root / "plugins").glob(f"*/**/__pycache__/*.{kind}"))
    for name in (*filter(None, listed.decode().split("\0")), *(str(path.relative_to(root)) for path in kernels)):
        if (root / name).is_file():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, where / name)


def _few_examples() -> None:
    """Hypothesis draws the same few examples each time: what they miss survives, and is looked at.

    One that fails is not made smaller: that it fails is enough.
    """
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants",
        deadline=None,
        derandomize=True,
        max_examples=25,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("mutants")


class FirstRun:
    """pytest's plugin for the module as it is: the seconds of each test, the lines of the module that it ran."""

    def __init__(self, module: Path, report: Path) -> None:
        """``module`` is watched, ``report`` written at the end."""
        self._module, self._report = str(module), report
        self._seconds: dict[str, float] = {}
        self._ran: defaultdict[str, set[int]] = defaultdict(set)
        self._collecting: set[int] = set()
        self._lines: set[int] = set()
        self._test, self._began = "", 0.0

    def pytest_addoption(self) -> None:
        """Before anything is imported."""
        sys.settrace(self._watch)

    def pytest_configure(self) -> None:
        """Before any test is made."""
        _few_examples()

    def _watch(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != self._module:
            return None
        self._lines.add(frame.f_lineno)
        return self._watch

    def pytest_runtest_protocol(self, item: Any) -> None:
        """Before each test."""
        self._finish()
        self._test, self._began = item.nodeid, time.process_time()
        sys.settrace(self._watch)
        threading.settrace(self._watch)

    def _finish(self) -> None:
        sys.settrace(None)
        if self._test:
            self._seconds[self._test] = time.process_time() - self._began
            self._ran[self._test] |= self._lines
        else:
            self._collecting = self._lines
        self._lines = set()

    def pytest_sessionfinish(self) -> None:
        """After the last test."""
        self._finish()
        found = {
            "seconds": self._seconds,
            "ran": {test: sorted(lines) for test, lines in self._ran.items()},
            "collecting": sorted(self._collecting),
            "modules": list(sys.modules),
        }
        self._report.write_text(json.dumps(found))


class MutantRun:
    """pytest's plugin for a mutant: which tests, in which order, their limits, and which one failed."""

    def __init__(self, chosen: Sequence[str], seconds: dict[str, float], report: Path) -> None:
        """``chosen`` are the tests in order; ``seconds`` what each took on the module as it is."""
        self._chosen, self._seconds, self._report = chosen, seconds, report

    def pytest_configure(self) -> None:
        """Before any test is made."""
        _few_examples()

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """The chosen ones alone."""
        items[:] = in_order(items, self._chosen)

    def pytest_runtest_protocol(self, item: Any) -> None:
        """A test that takes four times as long as it did, and three seconds more, is ended: the mutant is noticed."""
        seconds = time.process_time() + 4 * self._seconds.get(item.nodeid, 0) + 3
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, resource.RLIM_INFINITY))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """The one that failed."""
        if report.failed:
            self._report.write_text(json.dumps(report.nodeid))


def in_order(items: Sequence[Any], chosen: Sequence[str]) -> list[Any]:
    """The chosen ones of what pytest collected."""
    place = {test: number for number, test in enumerate(chosen)}
    return sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])


class Collected(MutantRun):
    """pytest's plugin for the process that has collected the tests: it forks for each mutant that it is sent."""

    def __init__(self, pipe: Connection, path: Path, seconds: dict[str, float], report: Path) -> None:
        """``path`` is the module, of which the process has imported the present text."""
        super().__init__((), seconds, report)
        self._pipe, self._path, self._text = pipe, path, path.read_text(encoding="utf-8")

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """All of them."""

    def pytest_runtestloop(self, session: Any) -> bool:
        """In place of running the tests."""
        functions = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
        functions = [one for one in functions if one.__code__.co_filename == str(self._path)]
        gc.freeze()
        self._pipe.send("collected")
        with contextlib.suppress(EOFError):
            while True:
                line, text, chosen, wall = self._pipe.recv()
                try_it = functools.partial(self._try, session, functions, line, text, chosen)
                self._pipe.send(in_a_child(try_it, wall))
        return True

    def _try(self, session: Any, functions: Sequence[FunctionType], line: int, text: str, chosen: Sequence[str]) -> int:
        from _pytest.main import pytest_runtestloop

        before, after = codes_of(self._text, text, self._path, line)
        found = [one for one in functions if one.__code__ == before]
        if not found or before.co_freevars != after.co_freevars:
            return CANNOT
        for one in found:
            one.__code__ = after
        session.items[:] = in_order(session.items, chosen)
        with contextlib.suppress(session.Failed, session.Interrupted):
            pytest_runtestloop(session)
        return int(session.testsfailed > 0)


def codes_of(text: str, mutant: str, path: Path, line: int) -> tuple[CodeType, CodeType]:
    """The code of the function that is changed at a line, before and after."""
    pairs = [(compile(text, path, "exec", dont_inherit=True), compile(mutant, path, "exec", dont_inherit=True))]
    functions: list[tuple[CodeType, CodeType]] = []
    while pairs:
        before, after = pairs.pop()
        inner = [[one for one in code.co_consts if isinstance(one, CodeType)] for code in (before, after)]
        for old, new in zip(*inner, strict=True):
            # A class is code as well, of which the methods are within.
            (functions if old.co_flags & inspect.CO_NEWLOCALS else pairs).append((old, new))
    named = [pair for pair in functions if not pair[0].co_name.startswith("<") and pair[0].co_firstlineno <= line]
    return max(named, key=lambda pair: pair[0].co_firstlineno)


def in_a_child(run: Callable[[], int], wall: float) -> tuple[int, float]:
    """Run in a fork: the exit status, or the signal that ended it, negative; and its seconds of CPU."""
    sys.stdout.flush()
    if (child := os.fork()) == 0:
        status = 70
        try:
            os.setsid()
            status = run()
        except BaseException:  # noqa: BLE001 - nothing may return into the parent's code
            traceback.print_exc()
        finally:
            os._exit(status)
    deadline = time.monotonic() + wall
    while not (ended := os.wait4(child, os.WNOHANG))[0] and time.monotonic() < deadline:
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # What the tests started, and the tests themselves at the deadline.
    _, code, usage = ended if ended[0] else os.wait4(child, 0)
    return os.waitstatus_to_exitcode(code), usage.ru_utime + usage.ru_stime


def imported_by(path: Path) -> set[str]:
    """The names of modules that a module imports, at any place in it, with the packages around them."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}


def functions_of(text: str) -> list[range]:
    """The lines of each function's body. What its decorators and defaults say is outside of it, as is a lambda."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [range(node.body[0].lineno, (node.end_lineno or 0) + 1) for node in nodes]


def name_of(module: str) -> str:
    """``core/polyproof/toolkit/binary.py`` is imported as ``polyproof.toolkit.binary``."""
    return ".".join(Path(module).with_suffix("").parts[1:]).removesuffix(".__init__")


class Runs:
    """The runs of one module's tests, in a copy of the repository."""

    def __init__(self, where: Path, module: str, tests: Sequence[str]) -> None:
        """``where`` is the copy; paths are relative to it."""
        self._where, self._path, self._module, self._tests = where, where / module, module, tests
        self._kills: Counter[str] = Counter()
        self.cpu = 0.0
        """Seconds that the tests took so far."""
        os.environ["PYTHONPATH"] = os.pathsep.join(str(where / folder) for folder in ("core", "plugins"))
        os.environ["POLYPROOF_THREADS"] = "1"
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

    def prepare(self) -> None:
        """Run the tests on the module as it is; import what does not depend on it."""
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        sys.dont_write_bytecode = False
        for _ in range(2):  # The first may compile kernels; what tests take is measured in the second.
            began = time.monotonic()
            first = FirstRun(self._path, self._where / FIRST)
            status, cpu = in_a_child(lambda plugin=first: self._pytest(plugin, self._tests), 3600)  # type: ignore[misc]
            if status:
                output = (self._where / OUTPUT).read_text(errors="replace")
                raise SystemExit(f"{self._module}: its tests fail without a change:\n{output}")
            if cpu < 20:
                break
        self._wall = time.monotonic() - began
        found = json.loads((self._where / FIRST).read_text())
        self._seconds: dict[str, float] = found["seconds"]
        self._ran: dict[str, list[int]] = found["ran"]
        self._known = sorted({line for lines in self._ran.values() for line in lines})
        if not self._known:
            raise SystemExit(f"{self._module}: its tests run no line of it")
        functions = functions_of(self._path.read_text(encoding="utf-8"))
        self._functions = sorted(functions, key=len)  # Innermost first.
        outermost = [one for one in functions if not any(one[0] in other for other in functions if other != one)]
        self._collecting: set[int] = set(found["collecting"])
        self._replaceable = [one for one in outermost if not set(one) & self._collecting]
        # From here on nothing is compiled to disk: the changed module must never be read from a cache.
        for cache in self._path.parent.glob(f"__pycache__/{self._path.stem}.*.pyc"):
            cache.unlink()
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        self._import(found["modules"])
        self._collect()

    def _collect(self) -> None:
        """Start the process that collects the tests, with the module as it is."""
        self._collected, there = multiprocessing.Pipe()
        plugin = Collected(there, self._path, self._seconds, self._where / LAST)
        if os.fork() == 0:
            self._collected.close()
            try:
                self._pytest(plugin, self._tests)
            finally:
                os._exit(0)
        there.close()
        self._collected.recv()  # Only then may the file be changed.

    def _import(self, modules: Iterable[str]) -> None:
        """Import what the first run had imported, without the tests, the module, and all that depends on it."""
        sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
        own = {
            name_of(str(path.relative_to(self._where))): path
            for top in ("core", "plugins")
            for path in (self._where / top).rglob("*.py")
        }
        imports = {name: imported_by(path) for name, path in own.items()}
        left_out = {name_of(self._module)}
        while more := {name for name, needs in imports.items() if needs & left_out} - left_out:
            left_out |= more
        tests = {path.stem for path in (self._where / "tests").rglob("*.py")} | {"tests", "docs", "conftest"}
        limit = sys.getrecursionlimit()
        for name in modules:
            top = name.partition(".")[0]
            packages = {".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 2)}
            if top in tests or top == "__main__" or packages & left_out:
                continue
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        sys.setrecursionlimit(limit)
        gc.collect()
        gc.freeze()
        if wrong := sorted(left_out & set(sys.modules)):
            raise SystemExit(f"{self._module}: imported before it is changed: {', '.join(wrong)}")

    def _chosen(self, line: int) -> list[str]:
        """The tests for a change of a line, in the order in which they are run."""
        key = self._known[max(bisect(self._known, line) - 1, 0)]
        around = next((lines for lines in self._functions if line in lines), None)
        if around is None or self._collecting & set(around):
            chosen = set(self._seconds)  # What was made while tests were collected, any of them may read.
        else:
            chosen = {test for test, lines in self._ran.items() if any(one in around for one in lines)}
        return sorted(chosen, key=lambda test: (self._place_of(test), key not in self._ran[test], self._cost_of(test)))

    def _place_of(self, test: str) -> int:
        """Which of the module's files or folders of tests it is of: what is listed first is quick to set up."""
        return next((place for place, listed in enumerate(self._tests) if test.startswith(listed)), len(self._tests))

    def _cost_of(self, test: str) -> float:
        return self._seconds[test] / (1 + self._kills[test])

    def outcome(self, line: int, text: str) -> str | None:
        """Run the tests on a mutant: what noticed it, or None where all tests passed."""
        chosen = self._chosen(line)
        if not chosen:
            return None
        (self._where / LAST).unlink(missing_ok=True)
        original = self._path.read_bytes()
        self._path.write_text(text, encoding="utf-8")
        try:
            status, cpu = self._status(line, text, chosen)
        finally:
            self._path.write_bytes(original)
        self.cpu += cpu
        if status in (0, 5):  # All passed; or none of them exists in the changed module's tests.
            return None
        with contextlib.suppress(OSError, ValueError):
            noticed: str = json.loads((self._where / LAST).read_text())
            self._kills[noticed] += 1
            return noticed
        return f"ended by signal {-status}" if status < 0 else f"pytest's status {status}"

    def _status(self, line: int, text: str, chosen: Sequence[str]) -> tuple[int, float]:
        wall = 10 * self._wall + 60
        if any(line in lines for lines in self._replaceable):
            self._collected.send((line, text, chosen, wall))
            status, cpu = self._collected.recv()
            if status != CANNOT:
                return status, cpu
        files = sorted({test.partition("::")[0] for test in chosen})
        plugin = MutantRun(chosen, self._seconds, self._where / LAST)
        return in_a_child(lambda: self._pytest(plugin, files, 4 * int(sum(self._seconds.values())) + 30), wall)

    def _pytest(self, plugin: object, tests: Sequence[str], cpu: int = resource.RLIM_INFINITY) -> int:
        os.chdir(self._where)
        file = os.open(self._where / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
        import pytest

        arguments = [*OPTIONS, *NO_COLLECTION, f"--basetemp={self._where / 'basetemp'}", *tests]
        return int(pytest.main(arguments, plugins=[plugin]))
