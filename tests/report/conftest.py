from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.policies import naming
from report.months import FAILING, HEALTHY, OWED, run, write_month

HOSTILE = """<script>alert(1)</script>"'&{{ 7*7 }}"""


@pytest.fixture(scope="session")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three exchanges with their audits: healthy and failing, three months each; and one of liabilities alone."""
    base = tmp_path_factory.mktemp("exchanges")
    for name, last in (("healthy", HEALTHY), ("failing", FAILING)):
        for number, held in enumerate((HEALTHY, HEALTHY, last), 1):
            write_month(base / name, OWED, held)
            run(base / name, f"2025-0{number}-28T12:00:00+00:00", f"{name}-{number}")
    write_month(base / "alone", OWED, None, organisation=HOSTILE)
    run(base / "alone", "2025-01-28T12:00:00+00:00", "alone-1")
    return base


@pytest.fixture
def healthy(exchanges: Path, tmp_path: Path) -> Path:
    """A copy of the healthy exchange's published history."""
    return shutil.copytree(exchanges / "healthy/audits/published", tmp_path / "published")


@pytest.fixture
def failing(exchanges: Path) -> Path:
    """The failing exchange's published history, not to be changed."""
    return exchanges / "failing/audits/published"


@pytest.fixture
def alone(exchanges: Path) -> Path:
    """The published history of liabilities alone, by an organisation with a hostile name; not to be changed."""
    return exchanges / "alone/audits/published"


@pytest.fixture
def command(command: Command) -> Command:
    """Run a command in this process: audits here are Merkle sum trees, which the default policy refuses."""
    return naming(command, "merkle-sum")
