"""Fixtures of what lies beside an audit: two small audits of one exchange, which conftests import."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.policies import naming
from polyproof.cli import run
from report.months import at

__all__ = ["audit", "command", "proved"]

SPEC = """\
polyproof: 1
name: example
organisation: Example Exchange
snapshot: 2025-11-30T00:00:00Z
assets: [{symbol: BTC, decimals: 8}]
backend: merkle-sum
accounts: {path: accounts.csv}
"""


@pytest.fixture(scope="session")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two audits of one exchange, not to be changed: names one and two."""
    folder = tmp_path_factory.mktemp("proved")
    (folder / "spec.yaml").write_text(SPEC)
    for name in ("one", "two"):
        (folder / "accounts.csv").write_text(f"account,BTC\nalice,0.25\n{name},1\n")
        arguments = ["--out", str(folder / name), "--audit-id", name, "--policy", "merkle-sum", "--quiet"]
        with at("2026-01-31T11:00:00+00:00"):
            assert run(["prove", str(folder / "spec.yaml"), *arguments]) == 0
    return folder


@pytest.fixture
def audit(proved: Path, tmp_path: Path) -> Path:
    """The public half of an audit of one's own."""
    return shutil.copytree(proved / "one/public", tmp_path / "public")


@pytest.fixture
def command(command: Command) -> Command:
    """Run a command in this process: audits here are Merkle sum trees, which the default policy refuses."""
    return naming(command, "merkle-sum")
