"""Comparisons measured in this process, so that a test takes a fraction of a second and the double can be a plugin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.example import ACCOUNTS, SPEC
from audit.tally_backend import tally_registry
from doubles.fixtures import Command, command, tally
from polyproof import registry as registry_module
from polyproof.cli.bench import runs
from polyproof.cli.compare import measuring
from polyproof.cli.compare.rows import Row
from polyproof.cli.compare.varying import Candidate, axis, candidates
from polyproof.settings.spec import load_spec

__all__ = ["Compare", "command", "compare", "folder", "tally"]

Compare = Callable[..., Any]
MERKLE = SPEC.replace("{name: tally, capacity: 2}", "{name: merkle-sum, hash: sha256}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty current directory with a spec and its accounts."""
    (tmp_path / "spec.yaml").write_text(MERKLE)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry_module, "_default", tally_registry())
    return tmp_path


@pytest.fixture
def compare(folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """Run ``polyproof compare``, with as few runs as there are, and no process but this one."""
    monkeypatch.setattr(measuring, "in_own_process", lambda threads, call, *arguments: call(*arguments))
    monkeypatch.setattr(runs, "_LIGHT_RUNS", 0)

    def call(*arguments: object) -> Any:
        return command("compare", *arguments, *(() if "--runs" in arguments else ("--runs", 0)))

    return call


@pytest.fixture(scope="session")
def measured_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """What was measured of five accounts, once, by backend."""
    base = tmp_path_factory.mktemp("compared")
    (base / "spec.yaml").write_text(MERKLE)
    (base / "accounts.csv").write_text(ACCOUNTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry_module, "_default", tally_registry())
        patch.setattr(runs, "_LIGHT_RUNS", 1)
        spec = load_spec(base / "spec.yaml")
        found = candidates([spec], [axis("backend=merkle-sum,tally")], [None], registry_module.default_registry())
        rows = {}
        for one in found:
            (base / one.backend).mkdir()
            rows[one.backend] = measuring._row(one, None, 1, base / one.backend)
    return rows


@pytest.fixture
def quick(compare: Compare, measured_once: dict[str, Row], monkeypatch: pytest.MonkeyPatch) -> Compare:
    """The same, where what a backend takes was measured once; ``quick.asked`` are those that it was asked of."""
    asked: list[str] = []

    def row(candidate: Candidate, *_: object) -> Row:
        asked.append(candidate.backend)
        known = measured_once[candidate.backend]
        made_of = evolve(measuring._combination(candidate), accounts=candidate.accounts or known.combination.accounts)
        return evolve(known, combination=made_of)

    monkeypatch.setattr(measuring, "_row", row)
    compare.asked = asked  # type: ignore[attr-defined]
    return compare
