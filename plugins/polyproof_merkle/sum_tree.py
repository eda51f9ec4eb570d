"""The Merkle-sum-tree backend: the baseline that a STARK is compared with.

A binary tree of fixed depth. A leaf is the digest of an account's tag (audit id, segment, user id,
secret nonce) and its balances; a node is the digest of its level and of both children's digests *and*
sums; the root binds the statement, the top node and the totals. A user who knows an account id and its
balances recomputes the path from that account's leaf to the root, adding up sums on the way.

What the public proof alone establishes: a commitment to exactly these totals for exactly this
statement, which cannot change once it is published. Nothing about accounts: a root over invented
nodes verifies too.

What inclusion files establish, unless the hash's collisions were found: the totals are at least the
sum of the balances of *all users who verified*, for each asset. Where paths of verifying users meet
they share a node, a node's digest determines its children's digests and sums, and every sum that a
user sees beside their path was checked to be non-negative; so from the leaves up a node's sum is at
least the sum of the verifying users below it (Hu, Zhang and Guo 2018, the corrected Maxwell tree;
Chalkias, Lewi, Mohassel and Nikolaenko, "Distributed Auditing Proofs of Liabilities", eprint 2020/468).

What nothing here establishes: a negative or forged sum in a part of the tree that no verifying user's
path touches or passes beside; it can cost only users who do not verify. And a user's file shows the
sums of the siblings on the path, at the lowest level one other account's balances, without a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from attrs import frozen

from polyproof.backend import Backend, BackendProperties, Claim, InclusionVerdict, SegmentProof, Statement, Verdict
from polyproof.checks import CoreCheck
from polyproof.config.options import option
from polyproof.engine import Engine
from polyproof.errors import ArtifactError, InputError, OptionsError, ProofRejected
from polyproof.hash import Hash
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.net_equity import Position
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.security import Assumptions, Figure, SecurityReport, SecurityTerm
from polyproof.toolkit.private_state import INDEXED
from polyproof_merkle.construction import Nonces, account_tags, leaf_digests, node_digests, root_digest
from polyproof_merkle.files import Inclusion, Proof
from polyproof_merkle.sums import Sums
from polyproof_merkle.tree import TreeState, build, depth_for, place

__all__ = ["MerkleSumTree", "MerkleSumTreeOptions"]

_MAX_DEPTH = 32


@frozen
class MerkleSumTreeOptions:
    """What a spec can set."""

    hash: str = option(default="blake3", kind="hash", doc="Hash of leaves, nodes and the root.")
    accounts_per_segment: int = option(
        default=1 << 22, least=1, most=1 << _MAX_DEPTH, doc="Most accounts in one segment, and so in one tree."
    )
    min_depth: int = option(
        default=0,
        least=0,
        most=_MAX_DEPTH,
        doc="Least depth of a tree. The depth is public and shows the number of accounts to the next power of "
        "two; a greater one hides it at the price of padding.",
    )


_PROPERTIES = BackendProperties(
    zero_knowledge=False,
    transparent=True,
    post_quantum=True,
    per_asset_totals=True,
    exact_totals=False,
    non_negativity="only along the paths that users open: their balances and the sums beside the path",
    proves=(
        "the exchange is bound to the published totals, and to one account id and balances at each place in its tree",
        "to each user who verifies: their balances are part of the totals, under their account id and no other",
        "to all users who verify: the total of each asset is at least the sum of all their balances",
    ),
    hides=(
        "account ids, even from anyone who guesses them: a leaf is bound to a secret nonce of 32 bytes",
        "balances of accounts that are not neighbours of a colluding user's path",
        "the order of accounts: rows are a secret permutation, fresh in every audit",
        "the number of accounts, beyond its next power of two (option min_depth hides more)",
    ),
    leaks=(
        "totals of every segment, and the depth of its tree, to everybody",
        "to each user: the balances of one other account (without its id), and the sums of 2, 4, 8, … "
        "accounts beside the path",
        "to users who pool their files: sums of ever smaller groups of the accounts that are left",
        "which rows colluding users have, and from zero sums that a neighbour is empty or padding",
        "to whoever gets hold of a user's file: whether a guess of that user's account id and balances is right",
    ),
    remaining_trust=(
        "leave out balances of users who never verify, or offset them by negative ones, where no verifying user's "
        "path passes beside them",
        "show an auditor totals that are sums of nothing: the public proof alone is a commitment to totals",
        "give one account id to two users with equal balances: one place in the tree serves both, unless the id is one "
        "that a user knows to be theirs",
        "leave out what is owed to nobody's account, or choose a moment that suits it",
        "show different users different audits, if they do not compare the publication digest",
        "own less than it owes: this is about what is owed alone",
    ),
    inexact_totals="not proven: at least the balances of all users who check, together",
    hides_balances="not from one other user, nor from users who pool their files",
    hides_sums=False,
)


class MerkleSumTree(Backend):
    """The backend ``merkle-sum``."""

    name = "merkle-sum"
    Options = MerkleSumTreeOptions

    def __init__(self, options: MerkleSumTreeOptions, registry: Registry) -> None:
        """``registry`` gives the hash, portable for verifying and compiled for proving."""
        self.options = options
        self._registry = registry

    @property
    def properties(self) -> BackendProperties:
        """The same for all options."""
        return _PROPERTIES

    @cached_property
    def _portable(self) -> Hash:
        portable: Hash = self._registry.create("hash", self.options.hash, engine=Engine.PORTABLE)
        return portable

    @property
    def _depths(self) -> tuple[int, int]:
        """The least and the greatest depth that the options allow."""
        return self.options.min_depth, depth_for(self.options.accounts_per_segment, self.options.min_depth)

    def check(self, assets: Sequence[Asset]) -> None:
        """Raise ``OptionsError`` for no assets, ``PluginError`` for no such hash. Every width of balances is served."""
        if not assets:
            raise OptionsError("a Merkle sum tree needs at least one asset")
        self._registry.get("hash", self.options.hash)

    def least_state_size(self, assets: Sequence[Asset], accounts: int) -> int:
        """Of the digests of all nodes, and of each account's balances and place in the index."""
        words = sum(asset.words for asset in assets)
        return (64 << depth_for(accounts, self.options.min_depth)) + accounts * (INDEXED + 8 * words)

    def capacity(self, assets: Sequence[Asset]) -> int:
        """The option ``accounts_per_segment``."""
        return self.options.accounts_per_segment

    # Proving

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        """Build the tree of one segment. The same arguments give the same proof and state, so a rerun is safe."""
        self.check(statement.assets)
        _check_accounts(statement, accounts, self.options.accounts_per_segment)
        if len(key) != 32:
            raise ValueError(f"an audit's key has 32 bytes, not {len(key)}")
        compiled: Hash = self._registry.create("hash", self.options.hash, engine=Engine.COMPILED)
        sums = Sums(statement.assets, depth_for(len(accounts), self.options.min_depth))
        nonces = Nonces.derive(key, statement)
        totals = accounts.totals()
        accounts, rows = place(accounts, nonces, sums.depth)
        tree = build(compiled, statement, sums, accounts, rows, nonces, progress)
        # The tree adds limb by limb and the table word by word: two ways to the same totals.
        if sums.to_integers(tree.upper[1]) != totals:
            raise InputError("the sums of the tree are not the totals of the accounts: memory or hardware is faulty")
        TreeState.write(state, accounts, rows, nonces, tree)
        root = root_digest(compiled, statement, sums.depth, tree.digests[1], sums.to_limbs(totals))
        return SegmentProof(Proof(sums.depth, tree.digests[1], totals, root).to_bytes(compiled), totals)

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        """Cut one account's file. Raises ``ArtifactError`` for a state that is not this proof's."""
        opened = self._state(statement, proof, state)
        try:
            user_id.encode()
        except UnicodeEncodeError:
            return None  # a terminal's undecodable bytes: no account has such an id
        return opened.cut(user_id)

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        """Cut every account's file. Raises ``ArtifactError`` for a state that is not this proof's."""
        yield from self._state(statement, proof, state).cut_all()

    def _state(self, statement: Statement, proof: bytes, state: Path) -> TreeState:
        read = Proof.from_bytes(proof, self._portable, len(statement.assets), self._depths)
        opened = TreeState(state, Sums(statement.assets, read.depth), self._portable)
        if not np.array_equal(opened.top, read.top):
            raise ArtifactError(f"{state}: the private state belongs to another proof")
        return opened

    # Verifying

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """Recompute the root from statement, totals and proof.

        Establishes that the proof commits to exactly these totals, each in [0, 2^(bits + depth)), for
        exactly this statement and hash. Establishes nothing about any account: see the module's docstring.
        """
        read = self._verify(statement, totals, proof)
        return Verdict(read.totals, self.security(statement.assets))

    def _verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Proof:
        if len(totals) != len(statement.assets):
            raise ProofRejected(
                CoreCheck.TOTAL_COUNT, f"{counted(len(totals), 'total')} for {counted(len(statement.assets), 'asset')}"
            )
        read = Proof.from_bytes(proof, self._portable, len(statement.assets), self._depths)
        sums = Sums(statement.assets, read.depth)
        if tuple(totals) != read.totals:
            raise ProofRejected("totals", "the totals stated are not the totals of the proof")
        sums.check(read.totals, read.depth, "the total", CoreCheck.TOTAL_RANGE)
        root = root_digest(self._portable, statement, read.depth, read.top, sums.to_limbs(read.totals))
        if not np.array_equal(root, read.root):
            raise ProofRejected(
                "root",
                "the root does not bind this statement and these totals: another audit's proof, or a changed one",
            )
        return read

    def verify_inclusion(
        self,
        statement: Statement,
        totals: Sequence[int],
        proof: bytes,
        claim: Claim,
        inclusion: bytes,
    ) -> InclusionVerdict:
        """Verify the proof, then the path from the claim's own leaf to its root, ranges included."""
        read = self._verify(statement, totals, proof)
        sums = Sums(statement.assets, read.depth)
        path = Inclusion.from_bytes(inclusion, self._portable, sums)
        self._verify_path(statement, sums, read, claim, path)
        return InclusionVerdict(_sentences(statement, claim), self.security(statement.assets), path.row)

    def _verify_path(self, statement: Statement, sums: Sums, proof: Proof, claim: Claim, path: Inclusion) -> None:
        """From the claim's leaf to the top node.

        The claim's balances are below 2^bits, as core has checked, and a sibling's sums below 2^(bits + level), as its
        reader has: so their sum is below 2^(bits + level + 1), in range one level up without a check of its own.
        """
        portable, own = self._portable, claim.balances
        tag = account_tags(portable, statement.audit_id, statement.segment, [claim.user_id.encode()], [path.nonce])
        digest = leaf_digests(portable, tag, np.array([sums.to_limbs(own)], np.uint64))
        for level, (sibling_digest, sibling_sums) in enumerate(path.siblings):
            digests = np.stack((digest[0], sibling_digest))
            children = np.array([sums.to_limbs(own), sums.to_limbs(sibling_sums)], np.uint64)
            left_first = slice(None, None, -1) if path.row >> level & 1 else slice(None)
            digest = node_digests(portable, level + 1, digests[left_first], children[left_first])
            own = tuple(mine + other for mine, other in zip(own, sibling_sums, strict=True))
        if not np.array_equal(digest[0], proof.top):
            raise ProofRejected(
                "inclusion-path",
                "the file does not show that these balances were counted for this account: with this id and these "
                "balances it does not lead to the root of the tree",
            )
        # The top digest binds the children's sums, the root binds the totals: only here do they meet.
        if own != proof.totals:
            raise ProofRejected("totals", "the sums along the path do not add up to the totals")

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        """The account of these options: it does not depend on the proof."""
        return self.security(statement.assets)

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        """Binding and inclusion, which both rest on collisions of the hash; no soundness.

        Nothing is proven about accounts that nobody opens: a root over invented nodes verifies too.
        """
        used: type[Hash] = self._registry.get("hash", self.options.hash)
        most = self.options.accounts_per_segment if accounts is None else accounts
        rows = depth_for(most, self.options.min_depth)
        collisions = SecurityTerm(
            f"collisions of {used.name}",
            float(used.collision_bits),
            "a leaf, sum or total that changes after commitment is a collision: at most 256 / 2 bits",
            "Merkle, CRYPTO 1987; for sum trees Hu, Zhang and Guo, eprint 2018/1139",
            options=("hash",),
        )
        figure = Figure((collisions,), f"collision resistance of {used.name}")
        return SecurityReport(
            binding=figure,
            inclusion=figure,
            assumptions=Assumptions(collision_resistant=(used.name,)),
            notes=(
                "both figures rest on the assumption that collisions of the hash cost what its designers claim",
                "if k accounts were left out or lowered and each user verifies independently with probability f, "
                "nobody notices with probability (1 − f)^k, and with certainty if it is known who never verifies; no "
                "bits of the hash change that",
                "without any user who verifies, the totals are the exchange's word",
                f"hiding rests on HMAC-SHA256 and on nonces of 256 bits: to guess one of 2^{rows} rows' takes "
                f"2^{256 - rows} tries",
            ),
        )


def _check_accounts(statement: Statement, accounts: Accounts, capacity: int) -> None:
    if accounts.assets != statement.assets:
        raise InputError("the accounts are not of the statement's assets")
    if len(accounts) > capacity:
        raise InputError(f"{counted(len(accounts), 'account')} for a segment of at most {capacity}")
    for asset, words in accounts.columns():
        over = asset.bits % 64
        if over and bool((words[:, -1] >> np.uint64(over)).any()):
            row = int(np.flatnonzero(words[:, -1] >> np.uint64(over))[0])
            raise InputError(
                f"account {accounts.ids[row]!r} has a {asset.symbol} balance that is not below 2^{asset.bits}"
            )


def _sentences(statement: Statement, claim: Claim) -> tuple[str, ...]:
    held = [
        f"{asset.format(balance)} {asset.symbol}"
        for asset, balance in zip(statement.assets, claim.balances, strict=True)
        if balance
    ]
    zeros = len(statement.assets) - len(held)
    listed = ", ".join(held) if held else "no balance"
    if held and zeros:
        listed += f" and 0 of the other {zeros} assets" if zeros > 1 else " and 0 of the other asset"
    what, of_whom = "Your balances", f": {listed} for account {claim.user_id!r}"
    if any(isinstance(asset, Position) for asset in statement.assets):
        what, of_whom = f"{what}, your debts and what your file says you have pledged", f", for {claim.user_id!r}"
    part = f", part {statement.segment + 1} of {statement.segments}" if statement.segments > 1 else ""
    return (
        f"{what} were counted in audit {statement.audit_id}{part}{of_whom}.",
        f"The totals of this {'part' if part else 'audit'} include them: every sum on the way to the root is in range "
        "and adds up.",
        "The place in the tree is bound to your account id, so no other account id can be shown the same place.",
        f"These totals are at least the sum of the balances of all users in {'the part' if part else 'it'} who verify.",
        "Not proven: that balances of users who do not verify were counted, or that none of them is negative.",
        "Your file shows the balances of one other account, without its id, and sums of groups of accounts: "
        "keep it to yourself.",
    )
