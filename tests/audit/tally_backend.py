"""A backend that proves nothing, for tests of the audit around it.

Its proof repeats the statement and the totals, lists a salted hash of every account and ends with a checksum; its
inclusion proof is the salt. It can be told to fail, to lie and to leave files that everybody may read.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from attrs import frozen

from polyproof.backend import (
    NOT_PROVEN,
    Backend,
    BackendProperties,
    Claim,
    InclusionVerdict,
    SegmentProof,
    Statement,
    Verdict,
)
from polyproof.config.options import option
from polyproof.errors import OptionsError, ProofRejected
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.security import Figure, SecurityReport, SecurityTerm
from polyproof.settings.policy import Policy
from polyproof.toolkit.binary import Reader, Writer

_MAGIC = b"TALLYTST"


@frozen
class TallyOptions:
    capacity: int = option(default=1000, least=1, doc="Accounts a segment.")
    bits: int = option(default=120, least=1, most=200, doc="Bits to claim.")


PROPERTIES = BackendProperties(
    zero_knowledge=False,
    transparent=True,
    post_quantum=True,
    per_asset_totals=True,
    exact_totals=False,
    non_negativity=NOT_PROVEN,
    proves=("nothing",),
    hides=("little",),
    leaks=("totals",),
    remaining_trust=("everything",),
)


class Tally(Backend):
    name = "tally"
    Options = TallyOptions
    proving: ClassVar[Callable[[Statement], None]] = staticmethod(lambda statement: None)
    """Called before a segment is proved; tests make it fail."""
    inflate: ClassVar[int] = 0
    """Added to the totals it says it proved."""
    crash_on_verify: ClassVar[bool] = False

    def __init__(self, options: TallyOptions, registry: Registry) -> None:
        self.options = options

    @property
    def properties(self) -> BackendProperties:
        return PROPERTIES

    def check(self, assets: Sequence[Asset]) -> None:
        if len(assets) > 30:
            raise OptionsError("a tally has at most 30 assets")

    def capacity(self, assets: Sequence[Asset]) -> int:
        return self.options.capacity

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        (state / "half").write_text("an attempt that may be cut short")
        type(self).proving(statement)
        salts = {user: os.urandom(16).hex() for user in accounts.ids}
        tags = [self.tag(salts[user], user, accounts.balances(row)) for row, user in enumerate(accounts.ids)]
        totals = accounts.totals()
        totals = (totals[0] + self.inflate, *totals[1:])
        (state / "salts.json").write_text(json.dumps(salts))
        (state / "salts.json").chmod(0o644)
        writer = Writer(_MAGIC, 1)
        writer.integer(len(totals))
        for total in totals:
            writer.big_integer(total)
        writer.blob(b"".join(tags))
        return SegmentProof(self.sealed(self._header(statement) + writer.getvalue()[12:]), totals)

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        if self.crash_on_verify:
            raise ZeroDivisionError("a bug in a plugin")
        self._tags(statement, totals, proof)
        return Verdict(tuple(totals), self.security(statement.assets))

    def _tags(self, statement: Statement, totals: Sequence[int], proof: bytes) -> list[bytes]:
        expected = self._header(statement)
        if self.sealed(proof[:-32]) != proof:
            raise ProofRejected("tally-checksum", "the proof is not as it was written")
        if proof[: len(expected)] != expected:
            raise ProofRejected("statement", "the proof is about something else")
        reader = Reader(_MAGIC + b"\1\0\0\0" + proof[len(expected) : -32], _MAGIC, 1, "tally")
        count = reader.integer("assets", len(statement.assets), len(statement.assets))
        if [reader.big_integer("total", 64) for _ in range(count)] != list(totals):
            raise ProofRejected("totals", "the proof is of other totals")
        tags = reader.blob("tags", 1 << 20)
        reader.finish()
        return [tags[k : k + 32] for k in range(0, len(tags), 32)]

    # What faulty ones get wrong

    def _header(self, statement: Statement) -> bytes:
        writer = Writer(_MAGIC, 1)
        writer.text(statement.audit_id)
        writer.raw(statement.context)
        writer.integer(statement.segment)
        writer.integer(statement.segments)
        return writer.getvalue()

    def sealed(self, data: bytes) -> bytes:
        return data + hashlib.sha256(data).digest()

    def tag(self, salt: str, user: str, balances: Sequence[int]) -> bytes:
        return hashlib.sha256(json.dumps([salt, user, list(balances)]).encode()).digest()

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        salt = json.loads((state / "salts.json").read_text()).get(user_id)
        return None if salt is None else salt.encode()

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        for user, salt in json.loads((state / "salts.json").read_text()).items():
            yield user, salt.encode()

    def verify_inclusion(
        self,
        statement: Statement,
        totals: Sequence[int],
        proof: bytes,
        claim: Claim,
        inclusion: bytes,
    ) -> InclusionVerdict:
        self.verify(statement, totals, proof)
        salt = inclusion.decode("ascii", "replace")
        if self.tag(salt, claim.user_id, claim.balances) not in self._tags(statement, totals, proof):
            raise ProofRejected("tally-tag", "this account with these balances is not listed")
        return InclusionVerdict(("Your account with these balances is listed.",), self.security(statement.assets))

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        return self.security(statement.assets)

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        bits = float(self.options.bits)
        figure = Figure((SecurityTerm("none", bits, "made up", "nowhere", options=("bits",)),), "nothing")
        return SecurityReport(binding=figure, soundness=figure, inclusion=figure)


WITH_TALLY = Policy(backends=None, hashes=None)
"""The default policy, but that it allows this backend and that none of its options names a hash."""


def tally_registry(*more: Component, plugin: Any = None) -> Registry:
    """The installed plugins and the tally."""
    registry = Registry()
    registry.discover()
    module = ModuleType("tally_plugin")
    module.polyproof_interface = 2  # type: ignore[attr-defined]

    @hookimpl
    def polyproof_components() -> list[Component]:
        return [Component("backend", "tally", "Proves nothing", "audit.tally_backend:Tally"), *more]

    module.polyproof_components = polyproof_components  # type: ignore[attr-defined]
    registry.register(module, "tally", "1", "tests (audit.tally_backend)")
    if plugin is not None:
        registry.register(plugin, "extra", "1", "tests (extra)")
    assert not [item for item in registry.skipped if item.plugin in ("tally", "extra")], registry.skipped
    return registry
