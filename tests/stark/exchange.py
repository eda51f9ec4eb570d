"""A small exchange whose audit the tests prove, honestly and not.

``Exchange`` holds one segment's accounts and everything a prover needs; ``prove`` takes the prover class, so
that a test cheats by overriding one method. Small traces, few queries: what the tests show does not
depend on sizes, and a cheat that only a query could catch is made on most of the domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from attrs import frozen

from polyproof.backend import Statement
from polyproof.constraints import PlacedAccounts, Trace
from polyproof.engine import Engine
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.registry import default_registry
from polyproof_accounts.system import AccountsSystem
from polyproof_stark.compiler import compile_system
from polyproof_stark.inclusion import InclusionProof, verify_inclusion
from polyproof_stark.parameters import Parameters
from polyproof_stark.proof import StarkProof
from polyproof_stark.protocol import Context, Instance, trees_of
from polyproof_stark.prover import Prover, ProverResult
from polyproof_stark.tags import account_nonces, account_tag, row_tags
from polyproof_stark.verifier import Accepted, verify

ASSETS = (Asset("BTC", 8, 64), Asset("ETH", 18, 96), Asset("USDT", 6, 40))
KEY = bytes(range(32))


def some_accounts(count: int, assets: Sequence[Asset] = ASSETS, seed: int = 1) -> Accounts:
    """Accounts with balances of all magnitudes, zeros and the largest one included."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        balances = []
        for asset in assets:
            bits = int(random.integers(0, asset.bits + 1))
            balances.append(int.from_bytes(random.bytes(32), "little") & ((1 << bits) - 1))
        rows.append((f"user-{number}", balances))
    rows[0] = ("user-0", [(1 << asset.bits) - 1 for asset in assets])
    return Accounts.of(assets, rows)


ACCOUNTS = some_accounts(300)
PARAMETERS = Parameters(log_rows=10, blowup=4, queries=30, grinding=4, arity=4, degree=2, blinding=2 * 30 + 2 * 2)


@frozen(slots=False)
class Exchange:
    """One segment of an audit."""

    accounts: Accounts = ACCOUNTS
    audit_id: str = "audit-1"
    context_digest: bytes = b"audit context of thirty-two byte"
    hash_name: str = "blake3"
    field_name: str = "goldilocks"
    degree: int = 2
    limb_bits: int = 8
    parameters: Parameters = PARAMETERS

    @cached_property
    def statement(self) -> Statement:
        """Of the only segment."""
        return Statement(self.audit_id, self.context_digest, self.accounts.assets, 0, 1)

    @cached_property
    def rows(self) -> np.ndarray:
        """The row of each account: spread, with padding between."""
        random = np.random.default_rng(2)
        return random.permutation(self.parameters.active - 1)[: len(self.accounts)].astype(np.int64)

    def field(self, engine: Engine = Engine.COMPILED):
        return default_registry().create("field", self.field_name, engine)

    def hash(self, engine: Engine = Engine.COMPILED):
        return default_registry().create("hash", self.hash_name, engine)

    def trees(self, engine: Engine = Engine.COMPILED):
        return trees_of(default_registry(), "merkle", self.hash(engine))

    @cached_property
    def system(self) -> AccountsSystem:
        return AccountsSystem(
            self.accounts.assets,
            active=self.parameters.active,
            modulus=self.field().modulus,
            limb_bits=self.limb_bits,
        )

    def instance(self, totals: Sequence[int] | None = None, engine: Engine = Engine.COMPILED) -> Instance:
        """The instance for some totals (the true ones by default)."""
        totals = tuple(self.accounts.totals() if totals is None else totals)
        compiled = compile_system(self.system, self.parameters)
        context = Context(self.context_digest, self.audit_id, 0, 1, totals)
        publics = self.system.publics_of_totals(totals)
        return Instance(compiled, self.field(engine).extension(self.degree), self.parameters, publics, context)

    @cached_property
    def trace(self) -> Trace:
        """The honest trace."""
        return self.system.trace(PlacedAccounts(self.accounts, self.rows), self.parameters.active)

    @cached_property
    def tags(self) -> np.ndarray:
        """The honest tags of all rows that may be an account's."""
        return row_tags(self.hash(), self.statement, KEY, self.accounts.ids, self.rows, self.parameters.active - 1)

    def prove(
        self,
        prover: type[Prover] = Prover,
        *,
        trace: Trace | None = None,
        tags: np.ndarray | None = None,
        totals: Sequence[int] | None = None,
    ) -> ProverResult:
        """Run a prover, honest unless told otherwise."""
        made = prover(self.instance(totals), self.hash(), self.trees())
        return made.prove(self.trace if trace is None else trace, self.tags if tags is None else tags)

    def verify(self, proof: StarkProof | bytes, totals: Sequence[int] | None = None) -> Accepted:
        """The verifier's check, from bytes."""
        instance = self.instance(totals, Engine.PORTABLE)
        hash = self.hash(Engine.PORTABLE)
        data = proof if isinstance(proof, bytes) else proof.write(instance, hash)
        trees = self.trees(Engine.PORTABLE)
        return verify(instance, StarkProof.read(data, instance, hash, trees), hash, trees)

    def cut(self, result: ProverResult, position: int, row: int | None = None) -> InclusionProof:
        """The inclusion proof of an account, at its row or at another."""
        row = int(self.rows[position]) if row is None else row
        (nonce,) = account_nonces(KEY, self.statement, [row], [self.accounts.ids.encoded(position)])
        return cut_row(self.parameters, result, row, nonce)

    def check(
        self,
        accepted: Accepted,
        inclusion: InclusionProof,
        user_id: str,
        balances: Sequence[int],
        totals: Sequence[int] | None = None,
    ) -> None:
        """The user's check, from bytes."""
        self.check_limbs(accepted, inclusion, user_id, self.system.account_row(balances), totals)

    def check_limbs(
        self,
        accepted: Accepted,
        inclusion: InclusionProof,
        user_id: str,
        limbs: np.ndarray,
        totals: Sequence[int] | None = None,
    ) -> None:
        """The same of a row of limbs, whatever balances may have made it."""
        instance = self.instance(totals, Engine.PORTABLE)
        hash, trees = self.hash(Engine.PORTABLE), self.trees(Engine.PORTABLE)
        parsed = InclusionProof.read(inclusion.write(instance, hash), instance, hash, trees)
        tag = account_tag(hash, self.statement, user_id.encode(), parsed.nonce)
        verify_inclusion(instance, accepted, parsed, limbs, tag, hash, trees)


def cut_row(parameters: Parameters, result: ProverResult, row: int, nonce: bytes) -> InclusionProof:
    """The inclusion proof of any row of a prover's state."""
    trees = trees_of(default_registry(), "merkle", default_registry().create("hash", "blake3"))
    degree = parameters.degree
    size, index, opened = parameters.rows, row, []
    for arity, (rows, tree) in zip(
        parameters.folding.arities, [(result.pair_rows, result.pair_tree), *result.chain], strict=True
    ):
        size //= arity
        index %= size
        opened.append((rows[index].reshape(arity, -1, degree), trees["chain"].open(tree, [index]).siblings))
    return InclusionProof(
        row,
        nonce,
        result.mask[row],
        trees["inclusion"].open(result.inclusion_tree, [row]).siblings,
        opened[0][0],
        opened[0][1],
        tuple((coset[:, 0], path) for coset, path in opened[1:]),
    )
