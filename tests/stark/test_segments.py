"""A whole audit over several STARK segments: one manifest, every user in one segment, nothing exchanged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from audit.forged import refit
from polyproof import liabilities as audit
from polyproof.backend import Claim
from polyproof.errors import ProofRejected
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import load_spec

SPEC = """
polyproof: 1
name: segments
assets:
  - {symbol: BTC, decimals: 8, bits: 48}
  - {symbol: ETH, decimals: 18, bits: 96}
backend: {name: stark, hash: blake3, queries: 12, grinding: 2, limb_bits: 8, segment_rows: 1024}
accounts: {path: accounts.csv}
snapshot: 2025-11-30T00:00:00Z
"""
ACCOUNTS = 2500
POLICY = UNRESTRICTED


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segments")
    (folder / "spec.yaml").write_text(SPEC)
    rows = "".join(f"user-{k},{k}.00000001,0.{k:018d}\n" for k in range(ACCOUNTS))
    (folder / "accounts.csv").write_text("account,BTC,ETH\n" + rows)
    audit.prove(load_spec(folder / "spec.yaml", default_registry()), folder / "audit", policy=POLICY)
    return folder / "audit"


def claim(user: int) -> Claim:
    return Claim(f"user-{user}", (user * 10**8 + 1, user))


def test_the_published_total_is_the_sum_of_all_segments(published):
    verified = audit.verify(published / "public", policy=POLICY)
    manifest = json.loads((published / "public" / "manifest.json").read_text())
    assert len(manifest["segments"]) == 3
    users = sum(range(ACCOUNTS))
    assert tuple(verified.totals) == (users * 10**8 + ACCOUNTS, users)


def test_every_user_is_in_one_segment_and_needs_no_other(published, tmp_path):
    """With the proofs of the other segments gone a user is still protected: their totals cannot be negative."""
    segments = set()
    for user in (0, 1, 42, 1234, 2499, 77, 900):
        file, _ = audit.cut_inclusion(published, f"user-{user}", out=tmp_path / f"{user}.polyproof")
        checked = audit.verify_inclusion(file, published / "public", lambda _, user=user: claim(user), policy=POLICY)
        segments.add(checked.segment)
        # No proof of another segment was read: nothing may be said about the balances in it.
        row, negative, _ = checked.verdict.sentences
        part = f"the totals of part {checked.segment + 1} of 3"
        assert row.endswith(f"{part} were summed over, which are part of the published totals.")
        assert negative.startswith("No balance in those totals is negative")
        with pytest.raises(ProofRejected):
            audit.verify_inclusion(file, published / "public", lambda _, user=user: claim(user + 1), policy=POLICY)
    assert len(segments) > 1


def test_exchanged_segment_proofs_are_rejected(published, tmp_path):
    public = tmp_path / "public"
    shutil.copytree(published / "public", public)
    first, second = public / "proof-0000.bin", public / "proof-0001.bin"
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    with pytest.raises(ProofRejected):
        audit.verify(public, policy=POLICY)
    manifest = json.loads((public / "manifest.json").read_text())
    for name in ("bytes", "sha256", "totals"):
        left, right = manifest["segments"][0], manifest["segments"][1]
        left[name], right[name] = right[name], left[name]
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    (public / "manifest.json").write_text(text)
    refit(public)
    with pytest.raises(ProofRejected):
        audit.verify(public, policy=POLICY)


def test_a_segment_less_is_rejected(published, tmp_path):
    public = tmp_path / "public"
    shutil.copytree(published / "public", public)
    max(public.glob("proof-*.bin")).unlink()
    manifest = json.loads((public / "manifest.json").read_text())
    dropped = manifest["segments"].pop()
    totals = [int(total) for total in manifest["totals"]]
    manifest["totals"] = [str(a - int(b)) for a, b in zip(totals, dropped["totals"], strict=True)]
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    (public / "manifest.json").write_text(text)
    refit(public)
    with pytest.raises(ProofRejected):
        audit.verify(public, policy=POLICY)
