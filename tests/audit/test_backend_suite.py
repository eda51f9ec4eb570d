"""The suite of backends: the tally passes it, and each faulty backend fails the tests that are there for its fault."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.faulty_backends import FAULTY
from audit.tally_backend import Tally, TallyOptions
from polyproof.testing.backend import BackendSuite
from polyproof.testing.exchange import OneSegment
from polyproof.testing.hostile import variants

pytestmark = pytest.mark.slow


class TestTally(BackendSuite):
    backend_name = "tally"
    options = TallyOptions(capacity=8)
    registry_factory = "audit.tally_backend:tally_registry"

    def secrets(self, segment: OneSegment, key: bytes) -> Iterator[bytes]:
        for salt in json.loads((segment.state / "salts.json").read_text()).values():
            yield salt.encode()


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The tests of the suite that each faulty backend fails, by the name of its class."""
    results = tmp_path_factory.mktemp("faulty") / "results.xml"
    here = Path(__file__).parent
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results}"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here.parent), *filter(None, sys.path)])}
    subprocess.run([*program, str(here / "faulty_suites.py")], env=environment, capture_output=True, check=False)
    found: dict[str, set[str]] = {cls.__name__: set() for cls in FAULTY}
    for case in ElementTree.parse(results).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            name = case.get("classname", "").rpartition(".Test")[2]
            found[name].add(case.get("name", "").removeprefix("test_"))
    return found


@pytest.mark.parametrize("cls", FAULTY, ids=lambda cls: cls.name)
def test_suite_finds_the_fault(failed: dict[str, set[str]], cls: type[Tally]) -> None:
    assert set(FAULTY[cls]) - failed[cls.__name__] == set()


def test_every_test_of_the_suite_finds_a_fault() -> None:
    tests = {name.removeprefix("test_") for name in dir(BackendSuite) if name.startswith("test_")}
    assert tests - {name for names in FAULTY.values() for name in names} == set()


def test_hostile_variants_are_many_and_none_is_the_honest_one() -> None:
    data = bytes(range(200))
    found = dict(variants(data))
    assert data not in found.values()
    assert len(found) > 150
    assert {len(changed) for changed in found.values()} >= {0, 1, 199, 200, 201, 400}
    for length in (0, 1, 7, 13):
        assert b"" in [b"", *dict(variants(bytes(length))).values()]
