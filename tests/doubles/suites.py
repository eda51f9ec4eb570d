"""Whether a conformance suite catches a fault: its tests, run on implementations that have one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]


def caught(file: Path, tests: dict[str, str], folder: Path) -> dict[str, bool]:
    """For each class of a file whether its test fails; ``tests`` names one for each class. One run for all."""
    report = folder / "report.xml"
    nodes = [f"{file.relative_to(ROOT)}::{cls}::{test}" for cls, test in tests.items()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *nodes],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert report.exists(), done.stdout + done.stderr
    failed = dict.fromkeys(tests, False)
    ran = set()
    for case in ElementTree.parse(report).iter("testcase"):
        cls, name = case.attrib["classname"].rpartition(".")[2], case.attrib["name"].partition("[")[0]
        assert tests[cls] == name
        ran.add(cls)
        failed[cls] |= case.find("failure") is not None or case.find("error") is not None
    assert ran == set(tests), f"not run: {set(tests) - ran}\n{done.stdout}"
    return failed
