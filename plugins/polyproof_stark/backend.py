"""The STARK backend: accounts, segments and user claims on one side, the protocol on the other."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from attrs import evolve

from polyproof.backend import (
    EVERY_ACCOUNT,
    EVERYBODY_ELSE,
    NOT_PROVEN,
    Backend,
    BackendProperties,
    Claim,
    InclusionVerdict,
    SegmentProof,
    Settled,
    Statement,
    Verdict,
)
from polyproof.constraints import ConstraintsChoice, Established, LiabilitiesSystem, PlacedAccounts, Trace
from polyproof.engine import Engine
from polyproof.errors import InputError, OptionsError, PluginFault, ProofRejected
from polyproof.hash import Words
from polyproof.large_arrays import memory_kept
from polyproof.model.accounts import AccountRefused, Accounts
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.net_equity import Position
from polyproof.plugin_faults import fault
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.security import SecurityReport
from polyproof.toolkit.system_answers import account_row_of, established_by, liabilities_class, trace_of
from polyproof_stark.configuration import Configuration
from polyproof_stark.inclusion import InclusionProof, verify_inclusion
from polyproof_stark.options import StarkOptions, check_shape
from polyproof_stark.parameters import Parameters
from polyproof_stark.phases import PHASES
from polyproof_stark.proof import StarkProof, read_log_rows
from polyproof_stark.protocol import Instance
from polyproof_stark.segment_state import SegmentState, least_state_size, write_state
from polyproof_stark.tags import account_tag, row_tags
from polyproof_stark.verifier import Accepted, verify

__all__ = ["StarkBackend"]

_CASH, _MARGIN = "accounts", "margin-accounts"
"""The constraint systems of accounts without debts and with."""


class StarkBackend(Backend):
    """The accounts STARK of docs/reference/protocol.md: sum, non-negativity and inclusion in zero knowledge."""

    name = "stark"
    Options = StarkOptions
    settles = ("extension", "hash", "limb_bits", "segment_rows")

    def __init__(self, options: StarkOptions, registry: Registry) -> None:
        """``options`` of a spec; components come from the registry."""
        self.options = options
        self.registry = registry
        self._configuration = Configuration(options, registry)

    @property
    def properties(self) -> BackendProperties:
        """What the constraint system establishes, shown in zero knowledge to everybody and to each user."""
        return _properties(self._established(), self.options.constraints.name)

    def _established(self) -> Established:
        chosen = self.options.constraints
        return established_by(liabilities_class(chosen, self.registry), chosen.options)

    def check(self, assets: Sequence[Asset]) -> None:
        """Raise ``OptionsError`` unless the options fit these assets at the longest trace and reach target_bits."""
        check_shape(self.options, assets)
        if any(isinstance(asset, Position) for asset in assets) and not self._established().debts_covered:
            # Sums of debts that nothing covers would look like those of debts that are.
            raise OptionsError(
                f"constraint system {self.options.constraints.name!r} does not show that debts are covered, and "
                f"accounts with debts are proved by one that does: {_MARGIN}"
            )
        self._configuration.trees(self._configuration.hash(Engine.PORTABLE))
        self._longest(assets)

    def _longest(self, assets: Sequence[Asset]) -> Parameters:
        log_rows = self._configuration.most_log_rows(assets)
        return self._configuration.at(assets, log_rows).parameters(tuple(assets), log_rows)

    def least_proof_size(self, assets: Sequence[Asset]) -> int:
        """Of a full segment, like ``check``; a shorter trace has the same columns."""
        return self._configuration.least_proof_size(assets, self._configuration.most_log_rows(assets))

    def least_state_size(self, assets: Sequence[Asset], accounts: int) -> int:
        """Of the files that ``SegmentState`` lists; of trees what their scheme says (``least_dump_size``)."""
        scheme = self._configuration.trees(self._configuration.hash(Engine.PORTABLE))["inclusion"]
        return least_state_size(self._configuration.least_parameters(tuple(assets), accounts), accounts, scheme)

    def refused(self, assets: Sequence[Asset], accounts: Accounts) -> Sequence[AccountRefused]:
        """Those for which the constraint system has no row."""
        assets = tuple(assets)
        return self._configuration.system(assets, self._longest(assets)).refused(accounts)

    def options_for_positions(self, options: StarkOptions) -> StarkOptions:
        """With the constraint system of accounts with debts, where the spec names the one of accounts without."""
        if options.constraints.name != _CASH:
            return options
        return evolve(options, constraints=ConstraintsChoice(_MARGIN))

    def capacity(self, assets: Sequence[Asset]) -> int:
        """U − 1 at the longest trace."""
        return self._longest(assets).active - 1

    def settle(self, options: StarkOptions, assets: Sequence[Asset], accounts: int) -> Settled:
        """The field's hash and extension, the rows of a trace that this many accounts need, and limbs for it.

        Of the width of limbs see ``polyproof_stark.widths``.
        """
        parameters = self._configuration.least_parameters(tuple(assets), accounts)
        width = self._configuration.at(assets, parameters.log_rows).options.limb_bits
        assert width is not None, "at() chooses one"
        settled = evolve(
            options,
            extension=parameters.degree,
            hash=self._configuration.hash_name,
            limb_bits=width,
            segment_rows=options.segment_rows or parameters.rows,
        )
        found = () if options.limb_bits else self._configuration.width_reasons(tuple(assets), parameters, width)
        own = self._configuration.field_reasons(tuple(assets))
        return Settled(
            settled, (*own, *self._configuration.profile_reasons(tuple(assets), parameters.log_rows), *found)
        )

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        """Every figure round by round, at the trace length for this many accounts (the longest, if not given)."""
        assets = tuple(assets)
        if accounts is None:
            parameters = self._longest(assets)
        else:
            parameters = self._configuration.least_parameters(assets, min(accounts, self.capacity(assets)))
        return self._configuration.at(assets, parameters.log_rows).security(assets, parameters)

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        """Every figure at the length of the proof's trace, which its first bytes state."""
        return self._configuration.security(statement.assets, self._parameters_of(statement, proof))

    def _parameters_of(self, statement: Statement, proof: bytes) -> Parameters:
        """The parameters that follow from the options and from the trace length in the proof's first bytes."""
        log_rows = read_log_rows(proof, self._configuration.most_log_rows(statement.assets))
        try:
            least = self._configuration.least_proof_size(statement.assets, log_rows)
            if len(proof) < least:
                raise ProofRejected(
                    "proof-size", f"{len(proof)} bytes, and a proof of these assets has at least {least}"
                )
            return self._configuration.parameters(statement.assets, log_rows)
        except PluginFault:
            raise
        except InputError as error:
            raise ProofRejected("options", f"the published options do not fit: {error}") from error

    # Proving

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        """Prove one segment: its accounts are placed on random rows, and padding fills the others."""
        from polyproof_stark.prover import Prover

        parameters = self._configuration.least_parameters(statement.assets, len(accounts))
        totals = accounts.totals()
        system, instance = self._configuration.instance(statement, totals, parameters, Engine.COMPILED)
        hash = self._configuration.hash(Engine.COMPILED)
        rows = _random_rows(len(accounts), parameters.active - 1)
        progress.plan(PHASES, of=f"{counted(len(accounts), 'account')} on {counted(parameters.rows, 'row')}")
        trees = self._configuration.trees(hash)

        # If nobody else has the balances, their memory is free once the trace is made of them.
        ids, placed = accounts.ids, [PlacedAccounts(accounts, rows)]
        del accounts

        def limbs() -> Trace:
            with progress.task("limbs"):
                return trace_of(system, placed.pop(), parameters.active, instance.field.modulus)

        def tags() -> Words:
            with progress.task("tags"):
                return row_tags(hash, statement, key, ids, rows, parameters.active - 1)

        try:
            with memory_kept():
                # Nobody but the prover has the trace and the tags, so that they are gone when they have been used.
                result = Prover(instance, hash, trees, progress).prove(limbs(), tags())
        except PluginFault:
            raise
        except InputError as error:
            # The accounts have been checked, and a trace is the system's own: what it breaks is no mistake of a spec's.
            raise fault(system, str(error)) from error
        with progress.task("private state"):
            write_state(state, key, ids, rows, result, instance, trees)
        return SegmentProof(result.proof.write(instance, hash), totals)

    # Verifying

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """Verify one segment."""
        *_, security = self._verified(statement, totals, proof)
        return Verdict(tuple(totals), security)

    def _verified(
        self, statement: Statement, totals: Sequence[int], proof: bytes
    ) -> tuple[LiabilitiesSystem, Instance, Accepted, SecurityReport]:
        parameters = self._parameters_of(statement, proof)
        try:
            security = self._configuration.security(statement.assets, parameters)
            system, instance = self._configuration.instance(statement, totals, parameters, Engine.PORTABLE)
        except PluginFault:
            raise
        except InputError as error:
            raise ProofRejected("options", f"the published options do not fit: {error}") from error
        hash = self._configuration.hash(Engine.PORTABLE)
        trees = self._configuration.trees(hash)
        parsed = StarkProof.read(proof, instance, hash, trees)
        return system, instance, verify(instance, parsed, hash, trees), security

    # Inclusion

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        """Cut one account's inclusion proof, which reads a few pages of the private state."""
        opened = SegmentState(self._configuration, statement, proof, state)
        position = opened.index.find(user_id)
        return None if position is None else next(opened.cut(np.array([position])))[1]

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        """Cut every account's inclusion proof, those of neighbouring rows together."""
        return SegmentState(self._configuration, statement, proof, state).cut_all()

    def verify_inclusion(
        self,
        statement: Statement,
        totals: Sequence[int],
        proof: bytes,
        claim: Claim,
        inclusion: bytes,
    ) -> InclusionVerdict:
        """Check a user's claim; the tag and the limbs of their row are rebuilt from what they typed."""
        return self.inclusion_verifier(statement, totals, proof)(claim, inclusion)

    def inclusion_verifier(
        self, statement: Statement, totals: Sequence[int], proof: bytes
    ) -> Callable[[Claim, bytes], InclusionVerdict]:
        """Verify the proof; claims are then checked against what it fixes."""
        system, instance, accepted, security = self._verified(statement, totals, proof)
        hash = self._configuration.hash(Engine.PORTABLE)
        trees = self._configuration.trees(hash)

        def check(claim: Claim, inclusion: bytes) -> InclusionVerdict:
            parsed = InclusionProof.read(inclusion, instance, hash, trees)
            limbs = account_row_of(system, claim.balances, instance.field.modulus)
            tag = account_tag(hash, statement, claim.user_id.encode(), parsed.nonce)
            verify_inclusion(instance, accepted, parsed, limbs, tag, hash, trees)
            told = _included(self._established(), statement, self.options.constraints.name)
            return InclusionVerdict((*told, _effort(security)), security, parsed.row)

        return check


def _properties(established: Established, system: str) -> BackendProperties:
    """What a proof gives if the constraints of a system establish this much, and what it then leaves open."""
    proves, remaining = list(_further(established, system)), []
    to_user = "their account id and balances are on one row of the proof, under their account id and no other"
    if established.exact_sums:
        proves.append("each asset's total is the exact integer sum of the balances of all accounts in the proof")
        to_user = "their balances are among those summed, under their account id and no other"
    else:
        remaining.append("publish totals that are not the sums of the accounts: its constraint system excludes none")
    if established.non_negative:
        proves.append("no balance in it is negative or wraps around, whether its user checks or not")
    else:
        remaining.append("lower the totals by negative balances: its constraint system excludes none")
    return BackendProperties(
        zero_knowledge=True,
        transparent=True,
        post_quantum=True,
        per_asset_totals=True,
        exact_totals=established.exact_sums,
        covers_debts=established.debts_covered,
        non_negativity=EVERY_ACCOUNT if established.non_negative else NOT_PROVEN,
        proves=(*proves, f"to each user who verifies: {to_user}"),
        hides=(
            "every balance from everybody else; users who pool what they were given learn no more than the published "
            "totals less their own balances",
            "account ids, even from anyone who guesses them: each is bound to a secret number of 32 bytes",
            "how many accounts there are, but for the trace length, which bounds it",
            "the order of accounts: rows are a secret permutation, fresh in every audit",
        ),
        leaks=(
            "the totals of each segment and asset, which are published",
            "the number of segments and the length of their traces",
            "to each user: the number of their row, which is random",
            "to users who pool their balances: what is left of a segment's totals, which is the balance of the last "
            "one if all others pool",
            "to whoever gets hold of a user's file: whether a guess of that user's account id and balances is right",
        ),
        remaining_trust=(
            *remaining,
            "leave out or lower accounts whose users never check, unnoticed if it knows which these are; if it does "
            "not, and one user in a hundred checks, ten accounts go unnoticed with a probability above 90 %, a "
            "thousand with one below 0.005 %",
            "give one account id to two users with equal balances: one row serves both, unless the id is one that a "
            "user knows to be theirs",
            "leave out what is owed to nobody's account, or choose a moment that suits it",
            "show different users different audits, if they do not compare the publication digest",
            "own less than it owes: this proof is about what is owed alone",
        ),
        hides_balances=EVERYBODY_ELSE,
        hides_sums=True,
    )


def _further(established: Established, system: str) -> Iterator[str]:
    """What a constraint system says of itself, under its name: polyproof checks its constraints, not its words."""
    return (f"by constraint system {system}: {sentence}" for sentence in established.further)


def _included(established: Established, statement: Statement, system: str) -> tuple[str, ...]:
    """What a user is told of their row, and of the others in its segment: no proof of another segment was read."""
    several = statement.segments > 1
    part = f"totals of part {statement.segment + 1} of {statement.segments}" if several else "published totals"
    whole = ", which are part of the published totals" if several else ""
    debts = any(isinstance(asset, Position) for asset in statement.assets)
    gave = "account id, balances and debts" if debts else "account id and balances"
    row = f"The {gave} that you gave are on one row of the accounts that the {part}"
    reduced = "what they say that accounts have" if debts else "them"
    return (
        f"{row} were summed over{whole}."
        if established.exact_sums
        else f"{row} were proved with{whole}. That the totals are the sums of such rows is not proven.",
        f"No balance in those totals is negative, so nobody else's account can have reduced {reduced}."
        if established.non_negative
        else "Not proven: that no balance is negative. Somebody else's account may have reduced the totals.",
        *(f"{sentence[0].upper()}{sentence[1:]}." for sentence in _further(established, system)),
    )


def _effort(security: SecurityReport) -> str:
    """A sentence on the effort of forging an inclusion proof, within unique decoding and by newer theorems beyond."""
    assert security.inclusion is not None, "security_report gives it"
    assert security.inclusion_2025 is not None, "security_report gives it"
    within, beyond = security.inclusion.bits, security.inclusion_2025.bits
    better = f", and 2^{int(beyond)} by theorems of 2025" if beyond > within else ""
    return (
        f"Faking this with a fair chance of success takes about 2^{int(within)} tries, a number of "
        f"{len(str(1 << int(within)))} digits, by theorems that have long been known{better}. Each try computes the "
        "hash of the proof at least once."
    )


def _random_rows(count: int, available: int) -> npt.NDArray[np.int64]:
    """``count`` distinct rows below ``available``, chosen secretly and uniformly, in secret order."""
    keys = np.frombuffer(secrets.token_bytes(8 * available), np.uint64)
    return np.argsort(keys, kind="stable")[:count].astype(np.int64)
