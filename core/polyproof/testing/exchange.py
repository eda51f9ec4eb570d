"""A small exchange for the suite of backends: accounts that are hard to serve, proved by core into three segments."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path

from attrs import evolve, field, frozen

from polyproof.backend import Backend, Claim, Statement
from polyproof.liabilities import AuditProved, PublishedAudit, cut_inclusion, open_audit, prove
from polyproof.liabilities.artifacts import MANIFEST, InclusionFile, state_directory
from polyproof.liabilities.record import record_of, write_record
from polyproof.model.assets import Asset
from polyproof.model.manifest import Manifest, Segment
from polyproof.registry import Registry
from polyproof.settings.policy import UNRESTRICTED, Policy
from polyproof.settings.spec import BackendChoice, Spec, parse_spec

__all__ = ["ASSETS", "LENIENT", "Exchange", "OneSegment", "found_exchange"]

ASSETS = (Asset("BTC", 8, 64), Asset("ETH", 18, 96), Asset("USDT", 6, 40))
LENIENT = UNRESTRICTED
"""A policy without a minimum of bits, since options quick enough for a suite give few."""
AWKWARD = ("0", "a", "A", "a  b", "user,1", 'user"2"', "用户", "e\u0301", "\u00e9", "x" * 200)
"""Ids that a reader of CSV or JSON could confuse with each other, or with syntax."""


@frozen
class OneSegment:
    """A segment as a backend needs it: to verify it, and with its private state to open accounts."""

    statement: Statement
    totals: tuple[int, ...]
    proof: bytes
    state: Path


@frozen
class Exchange:
    """An exchange and its audit on disk."""

    spec: Spec
    registry: Registry
    balances: Mapping[str, tuple[int, ...]]
    directory: Path
    cut: dict[str, Path] = field(factory=dict)
    """Inclusion files cut so far, by user."""

    @property
    def public(self) -> Path:
        """The public half of its audit."""
        return self.directory / "public"

    @property
    def key(self) -> bytes:
        """The secret key of its audit."""
        return (self.directory / "private" / "key").read_bytes()

    def prove(self) -> AuditProved:
        """Prove the audit, as ``polyproof prove`` does."""
        return prove(self.spec, self.directory, audit_id="conformance-1", policy=LENIENT, registry=self.registry)

    def audit(self, policy: Policy = LENIENT) -> PublishedAudit:
        """The audit, opened."""
        return open_audit(self.public, policy=policy, registry=self.registry)

    def backend(self) -> Backend:
        """A backend object that has not been used yet."""
        return self.audit().backend

    def segment(self, index: int) -> OneSegment:
        """One segment of the audit."""
        audit = self.audit()
        state = state_directory(self.directory / "private", index)
        return OneSegment(audit.statement(index), audit.manifest.segments[index].totals, audit.proof(index), state)

    def file(self, user: str) -> Path:
        """A user's inclusion file."""
        if user not in self.cut:
            out = self.directory.parent / f"user-{len(self.cut)}.polyproof"
            self.cut[user], _ = cut_inclusion(self.directory, user, out=out, registry=self.registry)
        return self.cut[user]

    def inclusion(self, user: str) -> InclusionFile:
        """What is in a user's inclusion file."""
        return InclusionFile.parse(self.file(user).read_bytes(), LENIENT)

    def claim(self, user: str) -> Claim:
        """A user's true claim."""
        return Claim(user, self.balances[user])

    def republished(self, folder: Path, manifest: Manifest, proofs: Mapping[int, bytes] | None = None) -> Path:
        """A copy of the public half with another manifest and other proofs in some files, consistent in itself."""
        shutil.copytree(self.public, folder)
        segments = []
        for segment in manifest.segments:
            if proofs is not None and segment.index in proofs:
                segment = with_proof(segment, proofs[segment.index])
                (folder / segment.file).write_bytes(proofs[segment.index])
            segments.append(segment)
        manifest = evolve(manifest, segments=tuple(segments))
        (folder / MANIFEST).write_bytes(manifest.to_bytes())
        write_record(folder, record_of(manifest))
        return folder


def with_proof(segment: Segment, proof: bytes) -> Segment:
    """A segment of the manifest that lists another proof."""
    return evolve(segment, size=len(proof), sha256=hashlib.sha256(proof).digest())


def found_exchange(choice: BackendChoice, assets: tuple[Asset, ...], registry: Registry, folder: Path) -> Exchange:
    """An exchange with two accounts more than two segments hold, so three segments; nothing is proved yet."""
    backend: Backend = choice.create(registry)
    capacity = backend.capacity(assets)
    assert 4 <= capacity <= 2000, f"a segment holds {capacity} accounts: choose options for 4 to 2000"
    balances = _balances(assets, 2 * capacity + 2)
    with (folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["account", *(asset.symbol for asset in assets)])
        for user, held in balances.items():
            rows.writerow([user, *(asset.format(units) for asset, units in zip(assets, held, strict=True))])
    written = {
        "polyproof": 1,
        "name": "conformance",
        "organisation": "Conformance Exchange",
        "snapshot": "2025-11-30T00:00:00Z",
        "assets": [{"symbol": asset.symbol, "decimals": asset.decimals, "bits": asset.bits} for asset in assets],
        "backend": choice.plain(),
        "accounts": {"path": "accounts.csv"},
    }
    (folder / "spec.yaml").write_text(json.dumps(written), encoding="utf-8")
    spec = parse_spec((folder / "spec.yaml").read_bytes(), str(folder / "spec.yaml"), registry)
    return Exchange(spec, registry, balances, folder / "audit")


def _balances(assets: tuple[Asset, ...], count: int) -> dict[str, tuple[int, ...]]:
    """One account with the largest balances, one with none, and the rest with random ones of nearly full width."""
    rng = random.Random(1)
    users = [*AWKWARD, *(f"user-{number}@example.org" for number in range(count))][:count]
    found = {}
    for number, user in enumerate(users):
        if number == 1:
            held = tuple((1 << asset.bits) - 1 for asset in assets)
        elif number == 2:
            held = (0,) * len(assets)
        else:
            held = tuple(rng.getrandbits(asset.bits - 1) | 1 << (asset.bits - 2) for asset in assets)
        found[user] = held
    return found
