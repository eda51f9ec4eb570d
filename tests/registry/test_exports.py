"""What ``import polyproof`` offers: every name is there, and nothing is loaded before it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import polyproof
from doubles.policies import SUM_TREE_FILE


@pytest.mark.parametrize("name", polyproof.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(polyproof, name) is not None
    assert name in dir(polyproof)


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="'polyproof' has no attribute 'proof'"):
        polyproof.proof  # noqa: B018


def test_a_spec_is_loaded_and_an_audit_verified_by_exported_names_alone(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account,BTC\nalice,0.25\nbob,1\n")
    (tmp_path / "spec.yaml").write_text(
        "polyproof: 1\nname: x\nsnapshot: 2025-11-30T00:00:00Z\n"
        "assets: [{symbol: BTC, decimals: 8}]\nbackend: merkle-sum\n"
        "accounts: {path: accounts.csv}\n"
    )
    # A Merkle sum tree proves nothing about accounts that nobody opens: only this policy accepts one.
    (tmp_path / "policy.yaml").write_text(SUM_TREE_FILE)
    policy = polyproof.load_policy(tmp_path / "policy.yaml")
    spec = polyproof.load_spec(tmp_path / "spec.yaml")
    assert polyproof.check(spec, policy=policy).accounts == 2
    proved = polyproof.prove(spec, tmp_path / "audit", policy=policy)
    assert polyproof.verify(proved.directory / "public", policy=policy).totals == (125_000_000,)
    file, _ = polyproof.cut_inclusion(proved.directory, "alice")
    claim = polyproof.Claim("alice", (25_000_000,))
    checked = polyproof.verify_inclusion(file, proved.directory / "public", lambda _: claim, policy=policy)
    assert checked.claim == claim
    wrong = polyproof.Claim("alice", (25_000_001,))
    with pytest.raises(polyproof.ProofRejected):
        polyproof.verify_inclusion(file, proved.directory / "public", lambda _: wrong, policy=policy)


def test_the_import_loads_nothing_that_is_not_used() -> None:
    code = "import sys, polyproof; print(sorted({'numpy', 'attrs', 'numba', 'duckdb', 'typer'} & sys.modules.keys()))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
