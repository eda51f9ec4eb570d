"""Conformance suites run against implementations that are wrong on purpose: which of their tests fail."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]


@cache
def failed_tests(path: Path) -> dict[str, set[str]]:
    """Names of the tests that failed, without parameters, by class; a class that passed has none.

    ``path``: a file of test classes whose name keeps pytest from collecting it by itself.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        found: dict[str, set[str]] = {}
        for case in ElementTree.parse(report).iter("testcase"):
            failed = found.setdefault(case.attrib["classname"].rpartition(".")[2], set())
            if case.find("failure") is not None or case.find("error") is not None:
                failed.add(case.attrib["name"].partition("[")[0])
    return found
