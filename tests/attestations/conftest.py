from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from attestations.signers import Authority, authority
from doubles.fixtures import Command
from doubles.policies import naming
from polyproof.cli import run
from report.months import at

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
def attested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two audits of one exchange, not to be changed: names one and two."""
    folder = tmp_path_factory.mktemp("attested")
    (folder / "spec.yaml").write_text(SPEC)
    for name in ("one", "two"):
        (folder / "accounts.csv").write_text(f"account,BTC\nalice,0.25\n{name},1\n")
        arguments = ["--out", str(folder / name), "--audit-id", name, "--policy", "merkle-sum", "--quiet"]
        with at("2026-01-31T11:00:00+00:00"):
            assert run(["prove", str(folder / "spec.yaml"), *arguments]) == 0
    return folder


@pytest.fixture
def audit(attested: Path, tmp_path: Path) -> Path:
    """The public half of an audit of one's own."""
    return shutil.copytree(attested / "one/public", tmp_path / "public")


@pytest.fixture
def other(attested: Path, tmp_path: Path) -> Path:
    """The same of another audit."""
    return shutil.copytree(attested / "two/public", tmp_path / "other")


@pytest.fixture(scope="session")
def issuer() -> Authority:
    """An authority that knows auditors."""
    return authority()


@pytest.fixture
def command(command: Command) -> Command:
    """Run a command in this process: audits here are Merkle sum trees, which the default policy refuses."""
    return naming(command, "merkle-sum")
