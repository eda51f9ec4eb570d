"""The backend starter-name for polyproof: how a segment of accounts is proved, verified and opened.

YOURS: as it stands it publishes totals and a salted digest of each account. That binds the exchange and proves no sum,
as `PROPERTIES` says and everything printed about an audit repeats.
"""

import hmac
from collections.abc import Sequence
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
from polyproof.errors import OptionsError, ProofRejected
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

PROOF, INCLUSION, FORMAT = b"OWNPROOF", b"OWNINCLU", 1  # YOURS: how your files begin, eight bytes each


@hookimpl
def polyproof_components() -> list[Component]:
    """One backend."""
    return [
        Component("backend", "starter-name", "Salted digests, a starting point", "polyproof_starter:StarterBackend")
    ]


@frozen
class StarterOptions:
    """YOURS: what a spec may set. Every hash, field and commitment that you use is an option of that kind."""

    hash: str = option(default="sha256", kind="hash", doc="Hash of the accounts.")
    accounts_per_segment: int = option(default=1 << 16, least=1, most=1 << 20, doc="Most accounts in one segment.")


PROPERTIES = BackendProperties(  # YOURS: what holds, in whole words; people decide by it
    zero_knowledge=False,
    transparent=True,
    post_quantum=True,
    per_asset_totals=True,
    exact_totals=False,
    non_negativity=NOT_PROVEN,
    proves=("to each user who verifies: the exchange published a digest of their account id and balances",),
    hides=("account ids and balances, by a secret salt",),
    leaks=("totals and the number of accounts of every segment",),
    remaining_trust=("that the totals are the sums of the balances",),
    hides_balances=EVERYBODY_ELSE,
    hides_sums=True,
)


class StarterBackend(Backend):
    """YOURS: the protocol, and where it is published."""

    name = "starter-name"
    Options = StarterOptions
    properties = PROPERTIES

    def __init__(self, options: StarterOptions, registry: Registry) -> None:
        """``registry`` makes the components that the options name."""
        self.options = options
        self.registry = registry

    def check(self, assets: Sequence[Asset]) -> None:
        """``OptionsError``, with the arithmetic, if these assets cannot be proved with these options."""
        if not assets:
            raise OptionsError("there is no asset")
        self.registry.get("hash", self.options.hash)

    def capacity(self, assets: Sequence[Asset]) -> int:
        """The most accounts of one segment."""
        return self.options.accounts_per_segment

    # The exchange

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        """YOURS. What inclusion proofs are cut from goes to ``state``; ``key``, of all segments, stays out of it."""
        secret = _secret(key, statement)
        claims = [Claim(user, accounts.balances(row)) for row, user in enumerate(accounts.ids)]
        digests = self._digests(statement, claims, [_salt(secret, claim.user_id) for claim in claims])
        AccountIndex.write(state, accounts.ids, np.arange(len(accounts)))
        save_array(state / "secret.npy", np.frombuffer(secret, np.uint8))
        totals = accounts.totals()
        return SegmentProof(self._proof(statement, totals, b"".join(digests)), totals)

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        """YOURS: what this user needs beside the proof; None if the account is not in this segment."""
        try:
            row = AccountIndex(state).find(user_id)
        except UnicodeEncodeError:  # a terminal's undecodable bytes: no account has such an id
            return None
        if row is None:
            return None
        writer = Writer(INCLUSION, FORMAT)
        writer.integer(row)
        writer.raw(_salt(load_array(state / "secret.npy").tobytes(), user_id))
        return writer.getvalue()

    # Whoever verifies: ``ProofRejected`` and nothing else for hostile bytes, in bounded time and memory

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """YOURS."""
        self._verified(statement, totals, proof)
        return Verdict(tuple(totals), self.security(statement.assets))

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        """YOURS: the proof is verified here as well, since the claim rests on it."""
        digests = self._verified(statement, totals, proof)
        reader = Reader(inclusion, INCLUSION, FORMAT, "salt of an account")
        row = reader.integer("row", most=max(0, len(digests) - 1))
        salt = reader.raw("salt", 32)
        reader.finish()
        if self._digests(statement, [claim], [salt]) != digests[row : row + 1]:
            raise ProofRejected("own-digest", "the digest published is not of this account id and these balances")
        sentence = (
            "The exchange published a digest of your account id and balances. Nothing shows that they were added up."
        )
        return InclusionVerdict((sentence,), self.security(statement.assets))

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        """YOURS: a figure for each claim that is proven; one that is left out is said not to be."""
        used: type[Hash] = self.registry.get("hash", self.options.hash)
        collisions = SecurityTerm(
            f"collisions of {used.name}", float(used.collision_bits), "256 / 2 bits", "the birthday bound", ("hash",)
        )
        return SecurityReport(
            binding=Figure((collisions,), f"collision resistance of {used.name}"),
            assumptions=Assumptions(collision_resistant=(used.name,)),
        )

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        """The same as in the verdict on this proof."""
        return self.security(statement.assets)

    # The formats

    def _hash(self) -> Hash:
        made: Hash = self.registry.create("hash", self.options.hash)
        return made

    def _digests(self, statement: Statement, claims: Sequence[Claim], salts: Sequence[bytes]) -> list[bytes]:
        messages = []
        for claim, salt in zip(claims, salts, strict=True):
            writer = Writer(b"OWNROW\0\0", FORMAT)
            writer.raw(salt)
            writer.text(claim.user_id)
            for held in claim.balances:
                writer.big_integer(held)
            messages.append(writer.getvalue())
        hash = self._hash()
        return _cut(hash.encode_digests(hash.hash_messages(messages, "own/account")))

    def _proof(self, statement: Statement, totals: Sequence[int], digests: bytes) -> bytes:
        """The public file. Its end binds it to the statement: to this audit, this segment, these assets."""
        writer = Writer(PROOF, FORMAT)
        writer.blob(digests)
        for total in totals:
            writer.big_integer(total)
        body = writer.getvalue()
        bound = Writer(b"OWNBOUND", FORMAT)
        bound.text(statement.audit_id)
        bound.raw(statement.context)
        bound.integer(statement.segment)
        bound.integer(statement.segments)
        bound.blob(body)
        hash = self._hash()
        return body + hash.encode_digests(hash.hash_messages([bound.getvalue()], "own/bound"))

    def _verified(self, statement: Statement, totals: Sequence[int], proof: bytes) -> list[bytes]:
        """The digests of a proof that is of this statement and these totals."""
        reader = Reader(proof, PROOF, FORMAT, "list of digests")
        # Lengths are bounded by the verifier's own options before anything is read.
        digests = reader.blob("digests", self.options.accounts_per_segment * DIGEST_BYTES)
        published = tuple(reader.big_integer("total", 128) for _ in statement.assets)
        reader.raw("binding", DIGEST_BYTES)
        reader.finish()
        if tuple(totals) != published:
            raise ProofRejected("totals", "the totals stated are not those of the proof")
        if not digests or len(digests) % DIGEST_BYTES:
            raise ProofRejected("own-digests", f"{len(digests)} bytes are no list of digests")
        if proof != self._proof(statement, published, digests):
            raise ProofRejected("own-binding", "the proof is of another statement")
        return _cut(digests)


def _cut(digests: bytes) -> list[bytes]:
    return [digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES)]


def _secret(key: bytes, statement: Statement) -> bytes:
    """What the salts of a segment are made from."""
    return hmac.digest(key, b"starter-name" + statement.context + statement.segment.to_bytes(8, "little"), "sha256")


def _salt(secret: bytes, user_id: str) -> bytes:
    return hmac.digest(secret, user_id.encode(), "sha256")
