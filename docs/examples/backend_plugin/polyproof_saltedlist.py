"""A backend that binds the exchange and proves nothing else: a commitment to a list of salted leaves, one an account.

Published are the totals and the root over a digest of every account's id, balances and secret salt. A user who is given
salt and opening finds their own leaf under the root. Nobody checks that the totals are the sum of the balances in the
leaves, and nobody could: this is what a proof of liabilities looks like before there is a proof in it.

Hash and commitment come from the registry by the names that a spec gives them: any hash, and any vector commitment.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

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
from polyproof.commitment import VectorCommitment, VectorOpening
from polyproof.config.options import option
from polyproof.errors import ArtifactError, OptionsError, ProofRejected
from polyproof.hash import DIGEST_BYTES, Digest, Hash, Words
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.security import Assumptions, Figure, SecurityReport, SecurityTerm
from polyproof.toolkit.binary import Reader, Writer
from polyproof.toolkit.private_state import AccountIndex, load_array, save_array

polyproof_interface = 2

MAGIC_PROOF, MAGIC_INCLUSION, FORMAT = b"SALTLIST", b"SALTINCL", 2
SALT_BYTES = 32
LEAF_DOMAIN = "salted-list/leaf"


@hookimpl
def polyproof_components() -> list[Component]:
    """One backend."""
    summary = "A list of salted leaves: binds the exchange, proves no sum"
    return [Component("backend", "salted-list", summary, "polyproof_saltedlist:SaltedList")]


@frozen
class SaltedListOptions:
    """What a spec can set."""

    hash: str = option(default="sha256", kind="hash", doc="Hash of the leaves and of the commitment to their list.")
    commitment: str = option(default="merkle", kind="commitment", doc="Vector commitment to the list.")
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
    leaks=("totals and the number of accounts of every segment, rounded up to a power of two, to everybody",),
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

    def _parts(self) -> tuple[Hash, VectorCommitment]:
        hash: Hash = self._registry.create("hash", self.options.hash)
        tree: VectorCommitment = self._registry.create(
            "commitment", self.options.commitment, hash, leaf_domain=LEAF_DOMAIN
        )
        return hash, tree

    def check(self, assets: Sequence[Asset]) -> None:
        """``OptionsError`` for no assets and for a commitment to polynomials, ``PluginError`` for no such part."""
        if not assets:
            raise OptionsError("a list of salted leaves needs at least one asset")
        self._registry.get("hash", self.options.hash)
        if not issubclass(self._registry.get("commitment", self.options.commitment), VectorCommitment):
            raise OptionsError(f"{self.options.commitment} does not commit to a vector")

    def capacity(self, assets: Sequence[Asset]) -> int:
        """The option ``accounts_per_segment``."""
        return self.options.accounts_per_segment

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        """Commit to the leaves and to as many that nobody can open as make a power of two."""
        hash, tree = self._parts()
        salting = _salting_key(key, statement)
        claims = [Claim(user, accounts.balances(row)) for row, user in enumerate(accounts.ids)]
        messages = [_message(statement, claim, _salt(salting, claim.user_id)) for claim in claims]
        size = 1 << (len(messages) - 1).bit_length()
        messages += [os.urandom(SALT_BYTES) for _ in range(size - len(messages))]
        committed: Any = tree.commit(_rows(hash, messages))
        AccountIndex.write(state, accounts.ids, np.arange(len(accounts)))
        save_array(state / "salting-key.npy", np.frombuffer(salting, np.uint8))
        save_array(state / "list.npy", tree.dump(committed))
        totals = accounts.totals()
        return SegmentProof(_proof(hash, statement, totals, size, committed.root), totals)

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        """An account's place in the list, its salt, and the opening of its leaf."""
        index, salting = AccountIndex(state), _salting_key_of(state)
        try:
            found = index.find(user_id)
        except UnicodeEncodeError:  # a terminal's undecodable bytes: no account has such an id
            return None
        if found is None:
            return None
        hash, tree = self._parts()
        place = int(index.rows[found])
        opening = tree.open(tree.load(load_array(state / "list.npy")), [place])
        return _inclusion(hash, place, _salt(salting, user_id), opening.siblings)

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        """Every account's; all leaves are opened together."""
        index, salting = AccountIndex(state), _salting_key_of(state)
        hash, tree = self._parts()
        opened = tree.open_each(tree.load(load_array(state / "list.npy")), index.rows)
        for user, place, siblings in zip(index.ids, index.rows.tolist(), opened, strict=True):
            yield user, _inclusion(hash, place, _salt(salting, user), siblings)

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """Recompute what binds root and totals to the statement. Establishes nothing about any sum."""
        self._verified(statement, totals, proof)
        return Verdict(tuple(totals), self.security(statement.assets))

    def _verified(self, statement: Statement, totals: Sequence[int], proof: bytes) -> tuple[int, Digest]:
        """The size of the list, and its root."""
        hash, _ = self._parts()
        reader = Reader(proof, MAGIC_PROOF, FORMAT, "list of salted leaves")
        # Bounded by the verifier's own options: whoever opens a leaf reads as many digests as the size says.
        size = reader.integer("size", 1, 2 * self.options.accounts_per_segment - 1)
        published = tuple(reader.big_integer("total", 128) for _ in statement.assets)
        root = reader.digests("root", hash, 1)[0]
        reader.raw("binding", DIGEST_BYTES)
        reader.finish()
        if tuple(totals) != published:
            raise ProofRejected("totals", "the totals stated are not the totals of the list")
        if size & (size - 1):
            raise ProofRejected("size", f"a list has a power of two leaves, not {size}")
        if proof != _proof(hash, statement, published, size, root):
            raise ProofRejected("binding", "the proof is not bound to this statement, these totals and this root")
        return size, root

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        """Make the claim's leaf again, and see that it is in its place under the root."""
        size, root = self._verified(statement, totals, proof)
        hash, tree = self._parts()
        reader = Reader(inclusion, MAGIC_INCLUSION, FORMAT, "opening of a leaf")
        place = reader.integer("place", 0, size - 1)
        salt = reader.raw("salt", SALT_BYTES)
        siblings = reader.digests("siblings", hash, tree.opening_size(size, [place]))
        reader.finish()
        leaves = tree.hash_leaves(_rows(hash, [_message(statement, claim, salt)]))
        tree.verify(root, size, [place], leaves, VectorOpening(siblings))
        sentences = (
            "A leaf for your account id and balances is in the list that the exchange is bound to.",
            "Nothing shows that the totals are the sum of the list.",
        )
        return InclusionVerdict(sentences, self.security(statement.assets))

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


def _salting_key_of(state: Path) -> bytes:
    """The key of a segment's salts, as ``prove`` left it."""
    salting = load_array(state / "salting-key.npy").tobytes()
    if len(salting) != SALT_BYTES:
        raise ArtifactError(f"{state}: the salting key has {len(salting)} bytes, expected {SALT_BYTES}")
    return salting


def _message(statement: Statement, claim: Claim, salt: bytes) -> bytes:
    """What a leaf is made of; every part carries its length."""
    writer = Writer(b"SALTLEAF", FORMAT)
    writer.raw(salt)
    writer.text(claim.user_id)
    for asset, held in zip(statement.assets, claim.balances, strict=True):
        writer.text(asset.symbol)
        writer.big_integer(held)
    return writer.getvalue()


def _rows(hash: Hash, messages: Sequence[bytes]) -> Words:
    """The rows that are committed to: a digest of each message, ``(n, digest_words)``."""
    return hash.hash_messages(messages, "salted-list/message")


def _proof(hash: Hash, statement: Statement, totals: Sequence[int], size: int, root: Digest) -> bytes:
    """The public file. It ends in a digest that binds all of it to the statement."""
    writer = Writer(MAGIC_PROOF, FORMAT)
    writer.integer(size)
    for total in totals:
        writer.big_integer(total)
    writer.digests(hash, root[None, :])
    body = writer.getvalue()
    bound = Writer(b"SALTBIND", FORMAT)
    bound.text(statement.audit_id)
    bound.blob(statement.context)
    bound.integer(statement.segment)
    bound.integer(statement.segments)
    bound.blob(body)
    return body + hash.encode_digests(hash.hash_messages([bound.getvalue()], "salted-list/bind"))


def _inclusion(hash: Hash, place: int, salt: bytes, siblings: Words) -> bytes:
    """The private file of one account."""
    writer = Writer(MAGIC_INCLUSION, FORMAT)
    writer.integer(place)
    writer.raw(salt)
    writer.digests(hash, siblings)
    return writer.getvalue()
