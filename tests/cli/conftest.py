from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from audit.example import ACCOUNTS, SPEC
from audit.tally_backend import Tally, tally_registry
from polyproof import registry as registry_module
from polyproof.cli import run


@frozen
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Stdout as the one JSON object that it must be."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Command = Callable[..., Ended]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process, with the test double among the plugins."""
    monkeypatch.setattr(registry_module, "_default", tally_registry())

    def call(*arguments: object) -> Ended:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    return call


@pytest.fixture
def tally() -> Iterator[type[Tally]]:
    """The test double, with whatever a test told it undone afterwards."""
    kept = {name: vars(Tally)[name] for name in ("proving", "inflate", "crash_on_verify")}
    yield Tally
    for name, value in kept.items():
        setattr(Tally, name, value)


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
    from polyproof.settings.spec import load_spec

    base = tmp_path_factory.mktemp("proved")
    (base / "spec.yaml").write_text(SPEC.replace("{name: tally, capacity: 2}", "merkle-sum"))
    (base / "accounts.csv").write_text(ACCOUNTS)
    registry = tally_registry()
    audit.prove(load_spec(base / "spec.yaml", registry), base / "audit", audit_id="example-1", registry=registry)
    audit.cut_inclusion(base / "audit", "alice", out=base / "alice.polyproof", registry=registry)
    return base


@pytest.fixture
def proved(proved_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that audit in the current directory: ``audit`` and ``alice.polyproof``."""
    shutil.copytree(proved_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path
