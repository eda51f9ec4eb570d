"""The STARK backend: accounts, segments and user claims on one side, the protocol on the other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from polyproof.backend import (
    Backend,
    BackendProperties,
    Claim,
    InclusionVerdict,
    SecurityReport,
    SegmentProof,
    Statement,
    Verdict,
)
from polyproof.commitment import VectorCommitment
from polyproof.constraints import LiabilitiesSystem, PlacedAccounts
from polyproof.engine import Engine
from polyproof.errors import ArtifactError, FieldError, InputError, OptionsError, ProofRejected
from polyproof.field import Extension, Field
from polyproof.formats.files import write_private
from polyproof.hash import Hash, Words
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.toolkit.private_state import AccountIndex, load_array, save_array
from polyproof_stark.compiler import CompiledSystem, compile_system
from polyproof_stark.fri import leaves_of
from polyproof_stark.inclusion import InclusionProof, verify_inclusion
from polyproof_stark.options import StarkOptions, check_shape
from polyproof_stark.parameters import Parameters, check_parameters
from polyproof_stark.proof import StarkProof, read_log_rows
from polyproof_stark.protocol import Context, Instance, trees_of
from polyproof_stark.security import choose_queries, security_report
from polyproof_stark.tags import account_nonce, account_tag, row_tags
from polyproof_stark.verifier import verify

__all__ = ["StarkBackend"]

DEFAULT_QUERIES, DEFAULT_GRINDING = 88, 16


class StarkBackend(Backend):
    """The accounts STARK of docs/reference/protocol.md: sum, non-negativity and inclusion in zero knowledge."""

    name = "stark"
    Options = StarkOptions
    properties = BackendProperties(
        zero_knowledge=True,
        transparent=True,
        post_quantum=True,
        per_asset_totals=True,
        non_negativity="every account",
        proves=(
            "each asset's total is the exact integer sum of the balances of all accounts in the proof",
            "no balance in it is negative or wraps around, whether its user checks or not",
            "to each user who verifies: their balances are among those summed, under their account id and no other",
        ),
        hides=(
            "every balance, of everybody, from everybody else, even if all other users pool what they were given",
            "account ids, even from anyone who guesses them: a leaf is bound to a secret nonce of 32 bytes",
            "how many accounts there are, but for the trace length, which bounds it",
            "the order of accounts: rows are a secret permutation, fresh in every audit",
        ),
        leaks=(
            "the totals of each segment and asset, which are published",
            "the number of segments and the length of their traces",
            "to each user: the number of their row, which is random",
        ),
        remaining_trust=(
            "leave out or lower accounts whose users never check: of k such accounts, if each user checks "
            "independently with probability f, none is noticed with probability (1 − f)^k",
            "give one account id to two users with equal balances: one row serves both, unless the id is one that a "
            "user knows to be theirs",
            "leave out what is owed to nobody's account, or choose a moment that suits it",
            "show different users different audits, if they do not compare the manifest's digest",
            "own less than it owes: this proves what is owed, not what is owned",
        ),
    )

    def __init__(self, options: StarkOptions, registry: Registry) -> None:
        """``options`` of a spec; components come from the registry."""
        self.options = options
        self.registry = registry
        self._compiled = lru_cache(maxsize=16)(self._compile)
        self._report = lru_cache(maxsize=16)(self._account_of)

    # Numbers

    def _field(self, engine: Engine) -> Field:
        return cast(Field, self.registry.create("field", self.options.field, engine))

    def _hash(self, engine: Engine) -> Hash:
        return cast(Hash, self.registry.create("hash", self.options.hash, engine))

    def _trees(self, hash: Hash) -> Mapping[str, VectorCommitment]:
        return trees_of(self.registry, self.options.commitment, hash)

    def _extension(self, field: Field) -> Extension:
        try:
            return field.extension(self.options.extension)
        except FieldError as error:
            raise OptionsError(f"{error}") from error

    def _system(self, assets: Sequence[Asset], active: int, modulus: int) -> LiabilitiesSystem:
        found = self.registry.get("constraints", self.options.constraints)
        if not issubclass(found, LiabilitiesSystem):
            raise OptionsError(f"constraint system {self.options.constraints!r} is not one of accounts")
        return found(assets, active=active, modulus=modulus, limb_bits=self.options.limb_bits)

    def _compile(
        self, assets: tuple[Asset, ...], active: int, modulus: int
    ) -> tuple[LiabilitiesSystem, CompiledSystem]:
        system = self._system(assets, active, modulus)
        return system, compile_system(system, self.options.group_size)

    def _parameters(self, assets: tuple[Asset, ...], log_rows: int) -> Parameters:
        """The parameters for a trace of 2^log_rows rows. Raises ``OptionsError`` if they do not fit."""
        options = self.options
        check_shape(options, assets)
        field, hash = self._field(Engine.PORTABLE), self._hash(Engine.PORTABLE)
        if hash.word_bound < field.modulus:
            raise OptionsError(
                f"hash {options.hash!r} takes words below {hash.word_bound}, elements of {options.field!r} go to "
                f"{field.modulus - 1}"
            )
        self._extension(field)

        def parameters(queries: int, grinding: int) -> Parameters:
            blinding = options.blinding or 2 * queries + 2 * options.extension
            return Parameters(log_rows, options.blowup, queries, grinding, options.arity, options.extension, blinding)

        if options.target_bits is None:
            queries = DEFAULT_QUERIES if options.queries is None else options.queries
            grinding = DEFAULT_GRINDING if options.grinding is None else options.grinding
            chosen = parameters(queries, grinding)
        else:
            rough = parameters(DEFAULT_QUERIES, DEFAULT_GRINDING)
            _, compiled = self._compiled(assets, rough.active, field.modulus)
            chosen = choose_queries(compiled, parameters, field, hash, options.target_bits)
        _, compiled = self._compiled(assets, chosen.active, field.modulus)
        check_parameters(chosen, compiled, field)
        return chosen

    def _least_parameters(self, assets: tuple[Asset, ...], accounts: int) -> Parameters:
        """The parameters of the shortest trace that holds this many accounts."""
        most = self.options.segment_rows.bit_length() - 1
        problem: OptionsError | None = None
        for log_rows in range(10, most + 1):
            if (1 << log_rows) <= accounts:
                continue
            try:
                parameters = self._parameters(assets, log_rows)
            except OptionsError as error:
                problem = error
                continue
            if parameters.active - 1 >= accounts:
                return parameters
        if problem is not None:
            raise problem
        raise OptionsError(f"{accounts} accounts do not fit in a trace of {self.options.segment_rows} rows")

    def _instance(
        self, statement: Statement, totals: Sequence[int], parameters: Parameters, engine: Engine
    ) -> tuple[LiabilitiesSystem, Instance]:
        field = self._field(engine)
        system, compiled = self._compiled(statement.assets, parameters.active, field.modulus)
        context = Context(statement.context, statement.audit_id, statement.segment, statement.segments, tuple(totals))
        publics = system.publics_of_totals(totals)
        return system, Instance(compiled, self._extension(field), parameters, publics, context)

    def check(self, assets: Sequence[Asset]) -> None:
        """Options fit these assets at the longest trace; the target in bits is reached."""
        check_shape(self.options, assets)
        self._trees(self._hash(Engine.PORTABLE))
        self._parameters(tuple(assets), self.options.segment_rows.bit_length() - 1)

    def capacity(self, assets: Sequence[Asset]) -> int:
        """U − 1 at the longest trace."""
        return self._parameters(tuple(assets), self.options.segment_rows.bit_length() - 1).active - 1

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        """Proven bits round by round, at the trace length for this many accounts (the longest, if not given)."""
        assets = tuple(assets)
        if accounts is None:
            parameters = self._parameters(assets, self.options.segment_rows.bit_length() - 1)
        else:
            parameters = self._least_parameters(assets, min(accounts, self.capacity(assets)))
        return self._report(assets, parameters)

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        """Proven bits at the length of the proof's trace, which its first bytes state."""
        return self._report(statement.assets, self._parameters_of(statement, proof))

    def _parameters_of(self, statement: Statement, proof: bytes) -> Parameters:
        """The parameters that follow from the options and from the trace length in the proof's first bytes."""
        log_rows = read_log_rows(proof, self.options.segment_rows.bit_length() - 1)
        try:
            return self._parameters(statement.assets, log_rows)
        except InputError as error:
            raise ProofRejected("options", f"the published options do not fit: {error}") from error

    def _account_of(self, assets: tuple[Asset, ...], parameters: Parameters) -> SecurityReport:
        field, hash = self._field(Engine.PORTABLE), self._hash(Engine.PORTABLE)
        _, compiled = self._compiled(assets, parameters.active, field.modulus)
        return security_report(compiled, parameters, field, hash)

    # Proving

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        """Prove one segment; accounts are placed on random rows, and padding fills the others."""
        from polyproof_stark.prover import Prover

        parameters = self._least_parameters(statement.assets, len(accounts))
        totals = accounts.totals()
        system, instance = self._instance(statement, totals, parameters, Engine.COMPILED)
        hash = self._hash(Engine.COMPILED)
        rows = _random_rows(len(accounts), parameters.active - 1)
        trace = system.trace(PlacedAccounts(accounts, rows), parameters.active)
        tags = row_tags(hash, statement, key, accounts.ids, rows, parameters.rows)
        result = Prover(instance, hash, self._trees(hash), progress).prove(trace, tags)

        AccountIndex.write(state, accounts.ids, rows)
        write_private(state / "key", key)
        save_array(state / "mask.npy", result.opened_rows[:, instance.layout.mask_a])
        trees = self._trees(hash)
        save_array(state / "inclusion-tree.npy", trees["inclusion"].dump(result.inclusion_tree))
        for number, (layer, tree) in enumerate([(result.pair_rows, result.pair_tree), *result.chain]):
            save_array(state / f"chain-{number}-rows.npy", layer)
            save_array(state / f"chain-{number}-tree.npy", trees["chain"].dump(tree))
        return SegmentProof(result.proof.write(instance, hash), totals)

    # Verifying

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """Verify one segment."""
        _, instance, _, security = self._verified(statement, totals, proof)
        p = instance.parameters
        return Verdict(
            tuple(totals),
            security,
            {
                "rows": p.rows,
                "blowup": p.blowup,
                "queries": p.queries,
                "grinding": p.grinding,
                "arity": p.arity,
                "extension": p.degree,
                "blinding": p.blinding,
                "hash": self.options.hash,
                "field": self.options.field,
                "bytes": len(proof),
            },
        )

    def _verified(
        self, statement: Statement, totals: Sequence[int], proof: bytes
    ) -> tuple[LiabilitiesSystem, Instance, Any, SecurityReport]:
        parameters = self._parameters_of(statement, proof)
        try:
            security = self._report(statement.assets, parameters)
            system, instance = self._instance(statement, totals, parameters, Engine.PORTABLE)
        except InputError as error:
            raise ProofRejected("options", f"the published options do not fit: {error}") from error
        hash = self._hash(Engine.PORTABLE)
        parsed = StarkProof.read(proof, instance, hash, self._trees(hash))
        return system, instance, verify(instance, parsed, hash, self._trees(hash)), security

    # Inclusion

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        """Cut one account's inclusion proof: a few pages of the private state."""
        opened = _PrivateState(self, statement, proof, state)
        position = opened.index.find(user_id)
        return None if position is None else opened.cut(position)

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        """Cut every account's."""
        opened = _PrivateState(self, statement, proof, state)
        for position, user_id in enumerate(opened.index.ids):
            yield user_id, opened.cut(position)

    def verify_inclusion(
        self,
        statement: Statement,
        totals: Sequence[int],
        proof: bytes,
        claim: Claim,
        inclusion: bytes,
    ) -> InclusionVerdict:
        """Check a user's claim: the tag and limbs of their row are rebuilt from what they typed."""
        system, instance, accepted, security = self._verified(statement, totals, proof)
        hash = self._hash(Engine.PORTABLE)
        limbs = system.account_row(claim.balances)
        parsed = InclusionProof.read(inclusion, instance, hash, self._trees(hash))
        tag = account_tag(hash, statement, claim.user_id.encode(), parsed.nonce)
        verify_inclusion(instance, accepted, parsed, limbs, tag, self._trees(hash))
        return InclusionVerdict(
            (
                "The account id and balances that you gave are on one row of the accounts that the published "
                "totals were summed over.",
                "No balance in those totals is negative, so nobody else's account can have reduced them.",
                _effort(security),
            ),
            security,
            {
                "bytes": len(inclusion),
                "proven_bits": security.proven_bits,
                "inclusion_bits": {term.name: term.bits for term in security.inclusion},
            },
        )


def _effort(security: SecurityReport) -> str:
    """What forging an inclusion proof takes: within unique decoding, and beyond, which rests on newer theorems."""
    within, beyond = (term.bits for term in security.inclusion)
    better = f", 2^{int(beyond)} by theorems of 2025" if beyond > within else ""
    return f"Forging this takes at least about 2^{int(within)} evaluations of the hash by older theorems{better}."


def _random_rows(count: int, available: int) -> npt.NDArray[np.int64]:
    """``count`` distinct rows below ``available``, a secret uniform choice in secret order."""
    keys = np.frombuffer(secrets.token_bytes(8 * available), np.uint64)
    return np.argsort(keys, kind="stable")[:count].astype(np.int64)


def _words(path: Path) -> Words:
    """An array of words, mapped into memory."""
    return np.asarray(load_array(path), np.uint64)


class _PrivateState:
    """The private state of a segment, mapped into memory."""

    def __init__(self, backend: StarkBackend, statement: Statement, proof: bytes, state: Path) -> None:
        self.statement = statement
        try:
            log_rows = read_log_rows(proof, 32)
            self.key = (state / "key").read_bytes()
        except (OSError, ProofRejected) as error:
            raise ArtifactError(f"{state}: not the private state of this proof: {error}") from error
        parameters = backend._parameters(statement.assets, log_rows)
        # Totals do not affect what is cut; only the instance's shape is used.
        _, self.instance = backend._instance(statement, [0] * len(statement.assets), parameters, Engine.PORTABLE)
        self.hash = backend._hash(Engine.PORTABLE)
        self.index = AccountIndex(state)
        self.mask = load_array(state / "mask.npy")
        self.scheme = backend._trees(self.hash)["inclusion"]
        self.inclusion = self.scheme.load(_words(state / "inclusion-tree.npy"))
        self.layers = [
            (
                load_array(state / f"chain-{number}-rows.npy"),
                self.scheme.load(_words(state / f"chain-{number}-tree.npy")),
            )
            for number in range(len(parameters.folding.arities))
        ]

    def cut(self, position: int) -> bytes:
        """The inclusion proof of the account at a position of the index."""
        row = int(self.index.rows[position])
        p = self.instance.parameters
        nonce = account_nonce(self.key, self.statement, row, self.index.ids.encoded(position))
        opened = []
        for (rows, tree), leaves, arity in zip(
            self.layers, leaves_of(p.folding, p.rows, [row]), p.folding.arities, strict=True
        ):
            coset = np.array(rows[leaves[0]], np.uint64).reshape(arity, -1, p.degree)
            opened.append((coset, self.scheme.open(tree, leaves[:1]).siblings))
        proof = InclusionProof(
            row,
            nonce,
            np.array(self.mask[row], np.uint64),
            self.scheme.open(self.inclusion, [row]).siblings,
            opened[0][0],
            opened[0][1],
            tuple((coset[:, 0], path) for coset, path in opened[1:]),
        )
        return proof.write(self.instance, self.hash)
