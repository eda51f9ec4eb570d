"""Conformance suites run against implementations that are wrong on purpose: which tests fail for which."""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]


class Faulty:
    """A file with a sound implementation in class ``TestSound`` and faulty ones in classes ``Test…`` of their own.

    ``caught_by`` names the test that each fault must fail, with its parameter in brackets if one is enough. The file's
    name keeps pytest from collecting it by itself. A file whose sound implementations pass their suite elsewhere has no
    ``TestSound``.
    """

    def __init__(self, file: Path, caught_by: Mapping[str, str]) -> None:
        self.file = file
        self.caught_by = caught_by
        self._failed: dict[str, set[str]] | None = None

    def failed(self, name: str) -> set[str]:
        """Names of the tests that failed, without parameters: of the sound one all were run, else that of the fault."""
        if self._failed is None:
            expected = [f"Test{fault}::{test}" for fault, test in self.caught_by.items()]
            sound = ["TestSound"] if "TestSound" in self._classes() else []
            self._failed = _run(self.file, [*sound, *expected])
        return self._failed[f"Test{name}"]

    def faults(self) -> set[str]:
        """Names of the faulty classes in the file, after ``Test``."""
        return {name.removeprefix("Test") for name in self._classes()} - {"Sound"}

    def _classes(self) -> set[str]:
        names = set()
        for node in ast.parse(self.file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                names.add(node.targets[0].id)
        return {name for name in names if name.startswith("Test")}


def _run(file: Path, selected: Iterable[str]) -> dict[str, set[str]]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command += [f"{file}::{one}" for one in selected]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
        assert done.returncode == 1, done.stdout + done.stderr
        found: dict[str, set[str]] = {}
        for case in ElementTree.parse(report).iter("testcase"):
            failed = found.setdefault(case.attrib["classname"].rpartition(".")[2], set())
            if case.find("failure") is not None or case.find("error") is not None:
                failed.add(case.attrib["name"].partition("[")[0])
    return found
