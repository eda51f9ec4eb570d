from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from audit.example import ACCOUNTS, SPEC
from audit.tally_backend import tally_registry
from doubles.fixtures import Command
from doubles.policies import ANYTHING, naming
from polyproof import registry as registry_module


@pytest.fixture
def command(command: Command, monkeypatch: pytest.MonkeyPatch, anything: Path) -> Command:
    """Run a command in this process, with the test double among the plugins, and a policy that accepts it."""
    monkeypatch.setattr(registry_module, "_default", tally_registry())
    return naming(command, anything)


@pytest.fixture(scope="session")
def anything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy file that accepts what the audits here are made by: the double, and a Merkle sum tree."""
    path = tmp_path_factory.mktemp("policy") / "anything.yaml"
    path.write_text(ANYTHING)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty current directory with a spec and its snapshot."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def proved_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit by the Merkle sum tree and alice's inclusion file, made once."""
    from polyproof import liabilities as audit
    from polyproof.settings.policy import UNRESTRICTED
    from polyproof.settings.spec import load_spec

    base = tmp_path_factory.mktemp("proved")
    (base / "spec.yaml").write_text(SPEC.replace("{name: tally, capacity: 2}", "merkle-sum"))
    (base / "accounts.csv").write_text(ACCOUNTS)
    registry = tally_registry()
    audit.prove(
        load_spec(base / "spec.yaml", registry),
        base / "audit",
        audit_id="example-1",
        registry=registry,
        policy=UNRESTRICTED,
    )
    audit.cut_inclusion(base / "audit", "alice", out=base / "alice.polyproof", registry=registry)
    return base


@pytest.fixture
def proved(proved_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that audit in the current directory: ``audit`` and ``alice.polyproof``."""
    shutil.copytree(proved_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
