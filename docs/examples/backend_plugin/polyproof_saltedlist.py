"""A backend that binds the exchange and proves nothing else: a published list of salted leaves, one for each account.

Published are the totals and, sorted, a digest of every account's id, balances and secret salt. A user who is given the
salt finds their own leaf in the list. Nobody checks that the totals are the sum of the balances in the leaves, and
nobody could: this is what a proof of liabilities looks like before there is a proof in it.
"""

from __future__ import annotations

import hmac
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from attrs import frozen

from polyproof.backend import (
    EVERYBODY_ELSE,
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
from polyproof.errors import ArtifactError, OptionsError, ProofRejected
from polyproof.hash import DIGEST_BYTES, Hash
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.security import Assumptions, Figure, SecurityReport, SecurityTerm
from polyproof.toolkit.binary import Reader, Writer
from polyproof.toolkit.private_state import AccountIndex, load_array, save_array

polyproof_interface = 2

MAGIC_PROOF, MAGIC_INCLUSION, FORMAT = b"SALTLIST", b"SALTINCL", 1
SALT_BYTES = 32


@hookimpl
def polyproof_components() -> list[Component]:
    """One backend."""
    summary = "A list of salted leaves: binds the exchange, proves no sum"
    return [Component("backend", "salted-list", summary, "polyproof_saltedlist:SaltedList")]


@frozen
class SaltedListOptions:
    """What a spec can set."""

    hash: str = option(default="sha256", kind="hash", doc="Hash of the leaves and of the commitment to their list.")
    accounts_per_segment: int = option(
        default=1 << 16, least=1, most=1 << 20, doc="Most accounts in one segment, and so in one list."
    )


PROPERTIES = BackendProperties(
    zero_knowledge=False,
    transparent=True,
    post_quantum=True,
    per_asset_totals=False,
    exact_totals=False,
    non_negativity=NOT_PROVEN,
    proves=(
        "the exchange is bound to the published totals and to a list of leaves",
        "to each user who verifies: a leaf in it is for their account id and balances",
    ),
    hides=("account ids and balances, even from those who guess them: a leaf is bound to a secret salt of 32 bytes",),
    leaks=("totals and the number of accounts of every segment, to everybody",),
    remaining_trust=(
        "that the totals are the sum of the balances in the leaves: they are the exchange's word",
        "everything that a proof of liabilities leaves open",
    ),
    hides_balances=EVERYBODY_ELSE,
    hides_sums=True,
)


class SaltedList(Backend):
    """The backend ``salted-list``."""

    name = "salted-list"
    Options = SaltedListOptions

    def __init__(self, options: SaltedListOptions, registry: Registry) -> None:
        """``registry`` gives the hash; its portable engine is enough for proving too."""
        self.options = options
        self._registry = registry

    @property
    def properties(self) -> BackendProperties:
        """The same for all options."""
        return PROPERTIES

    @property
    def _hash(self) -> Hash:
        made: Hash = self._registry.create("hash", self.options.hash)
        return made

    def check(self, assets: Sequence[Asset]) -> None:
        """Raise ``OptionsError`` for no assets, ``PluginError`` for no such hash."""
        if not assets:
            raise OptionsError("a list of salted leaves needs at least one asset")
        self._registry.get("hash", self.options.hash)

    def capacity(self, assets: Sequence[Asset]) -> int:
        """The option ``accounts_per_segment``."""
        return self.options.accounts_per_segment

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        """Publish totals and sorted leaves; keep the key of the salts and the ids."""
        salting = _salting_key(key, statement)
        claims = (Claim(user, accounts.balances(row)) for row, user in enumerate(accounts.ids))
        leaves = sorted(_leaves(self._hash, statement, ((claim, _salt(salting, claim.user_id)) for claim in claims)))
        AccountIndex.write(state, accounts.ids, np.arange(len(accounts)))
        save_array(state / "salting-key.npy", np.frombuffer(salting, np.uint8))
        totals = accounts.totals()
        return SegmentProof(_proof(self._hash, statement, totals, leaves), totals)

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        """An account's salt."""
        salting = load_array(state / "salting-key.npy").tobytes()
        if len(salting) != SALT_BYTES:
            raise ArtifactError(f"{state}: the salting key has {len(salting)} bytes, expected {SALT_BYTES}")
        try:
            found = AccountIndex(state).find(user_id)
        except UnicodeEncodeError:  # a terminal's undecodable bytes: no account has such an id
            return None
        return None if found is None else _inclusion(_salt(salting, user_id))

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        """Every account's salt."""
        salting = load_array(state / "salting-key.npy").tobytes()
        for user in AccountIndex(state).ids:
            yield user, _inclusion(_salt(salting, user))

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """Recompute the commitment from statement, totals and leaves. Establishes nothing about any sum."""
        self._verified(statement, totals, proof)
        return Verdict(tuple(totals), self.security(statement.assets))

    def _verified(self, statement: Statement, totals: Sequence[int], proof: bytes) -> list[bytes]:
        reader = Reader(proof, MAGIC_PROOF, FORMAT, "list of salted leaves")
        # Lengths are bounded by the verifier's own options before anything is read.
        data = reader.blob("leaves", self.options.accounts_per_segment * DIGEST_BYTES)
        published = tuple(reader.big_integer("total", 128) for _ in statement.assets)
        reader.raw("commitment", DIGEST_BYTES)
        reader.finish()
        if tuple(totals) != published:
            raise ProofRejected("totals", "the totals stated are not the totals of the list")
        if len(data) % DIGEST_BYTES:
            raise ProofRejected("leaves", f"the leaves have {len(data)} bytes, not a multiple of {DIGEST_BYTES}")
        leaves = [data[at : at + DIGEST_BYTES] for at in range(0, len(data), DIGEST_BYTES)]
        if any(one >= other for one, other in itertools.pairwise(leaves)):
            raise ProofRejected("leaves", "the leaves are not in order, each once")
        if proof != _proof(self._hash, statement, published, leaves):
            raise ProofRejected("commitment", "the commitment is not to this statement, these totals and these leaves")
        return leaves

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        """Find the claim's leaf in the list."""
        leaves = self._verified(statement, totals, proof)
        reader = Reader(inclusion, MAGIC_INCLUSION, FORMAT, "salt of a leaf")
        salt = reader.raw("salt", SALT_BYTES)
        reader.finish()
        (leaf,) = _leaves(self._hash, statement, [(claim, salt)])
        if leaf not in leaves:
            raise ProofRejected("leaf", "no leaf is for this account id with these balances and this salt")
        for held, total, asset in zip(claim.balances, totals, statement.assets, strict=True):
            if held > total:
                raise ProofRejected("totals", f"this account alone holds more {asset.symbol} than the total")
        return InclusionVerdict(
            (
                "A leaf in the published list is for the account id and the balances that you gave.",
                "Whether your balances are in the totals is the exchange's word: this backend proves no sum.",
            ),
            self.security(statement.assets),
        )

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        """The same for every proof."""
        return self.security(statement.assets)

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        """How hard it is to open a list to something else; nothing else is proven."""
        used: type[Hash] = self._registry.get("hash", self.options.hash)
        term = SecurityTerm(
            f"collisions of {used.name}",
            float(used.collision_bits),
            "a leaf or total that changes after publication is a collision: at most 256 / 2 bits",
            "a commitment by hash and salt: Halevi and Micali, CRYPTO 1996",
            options=("hash",),
        )
        return SecurityReport(
            binding=Figure((term,), f"collision resistance of {used.name}"),
            assumptions=Assumptions(collision_resistant=(used.name,)),
            notes=("binding alone: the totals are the exchange's word",),
        )


def _salting_key(key: bytes, statement: Statement) -> bytes:
    """The key of a segment's salts: the audit's key is for all segments, and must not be in the state of one."""
    return hmac.digest(key, b"salted-list" + statement.context + statement.segment.to_bytes(8, "little"), "sha256")


def _salt(salting_key: bytes, user_id: str) -> bytes:
    return hmac.digest(salting_key, user_id.encode(), "sha256")


def _leaves(hash: Hash, statement: Statement, claims: Iterable[tuple[Claim, bytes]]) -> list[bytes]:
    """The leaf of each claim and salt; every part of the message carries its length."""
    messages = []
    for claim, salt in claims:
        writer = Writer(b"SALTLEAF", FORMAT)
        writer.raw(salt)
        writer.text(claim.user_id)
        for asset, held in zip(statement.assets, claim.balances, strict=True):
            writer.text(asset.symbol)
            writer.big_integer(held)
        messages.append(writer.getvalue())
    encoded = hash.encode_digests(hash.hash_messages(messages, "salted-list/leaf"))
    return [encoded[at : at + DIGEST_BYTES] for at in range(0, len(encoded), DIGEST_BYTES)]


def _proof(hash: Hash, statement: Statement, totals: Sequence[int], leaves: Sequence[bytes]) -> bytes:
    """The public file. It ends in the commitment to all of it and to the statement."""
    writer = Writer(MAGIC_PROOF, FORMAT)
    writer.blob(b"".join(leaves))
    for total in totals:
        writer.big_integer(total)
    body = writer.getvalue()
    bound = Writer(b"SALTBIND", FORMAT)
    bound.text(statement.audit_id)
    bound.blob(statement.context)
    bound.integer(statement.segment)
    bound.integer(statement.segments)
    bound.blob(body)
    return body + hash.encode_digests(hash.hash_messages([bound.getvalue()], "salted-list/bind"))


def _inclusion(salt: bytes) -> bytes:
    writer = Writer(MAGIC_INCLUSION, FORMAT)
    writer.raw(salt)
    return writer.getvalue()
