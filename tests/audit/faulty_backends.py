"""Backends with one fault each, to show that core refuses them or that the suite of backends finds the fault."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import evolve, frozen

from audit.example import ACCOUNTS, SPEC
from audit.tally_backend import Tally, TallyOptions, tally_registry
from polyproof.backend import BackendProperties, Claim, InclusionVerdict, SegmentProof, Statement, Verdict
from polyproof.config.options import option
from polyproof.errors import ProofRejected
from polyproof.hookspecs import Component
from polyproof.liabilities import cut_inclusion, prove
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.security import Figure, SecurityReport, SecurityTerm
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import load_spec


@frozen
class Inner:
    """Options within options."""

    hash: str = option(default="sha256", kind="hash", doc="A hash.")


@frozen
class CredulousOptions(TallyOptions):
    """A backend that names its hash and its field, deep within its options."""

    inner: Inner = option(default=Inner(), doc="More options.")
    more: tuple[Inner, ...] = option(default=(), doc="And more.")
    field: str = option(default="goldilocks", kind="field", doc="A field.")


class Credulous(Tally):
    """Accepts anything, with as many bits as its options say."""

    name = "credulous"
    Options = CredulousOptions
    report: ClassVar[Any] = None
    """What it says instead of a security report, if anything; tests set it."""

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        return Verdict(tuple(totals), self.security(statement.assets))

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        return InclusionVerdict(("Whatever you say.",), self.security(statement.assets))

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        return super().security(assets) if self.report is None else self.report


# Faults that the suite must find


class Echo(Tally):
    """Takes the totals that it is given for those of the proof."""

    name = "echo"

    def _tags(self, statement: Statement, totals: Sequence[int], proof: bytes) -> list[bytes]:
        try:
            return super()._tags(statement, totals, proof)
        except ProofRejected as error:
            if error.check != "totals":
                raise
            return [b""]


class TrustsProofs(Tally):
    """Checks a user's claim against a proof that it does not verify."""

    name = "trusts-proofs"

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        salt = inclusion.decode("ascii", "replace")
        if self.tag(salt, claim.user_id, claim.balances) not in proof:
            raise ProofRejected("tally-tag", "this account with these balances is not listed")
        return InclusionVerdict(("Your account is listed.",), self.security(statement.assets))


class ForgetsContext(Tally):
    """Does not bind the manifest's header."""

    name = "forgets-context"

    def _header(self, statement: Statement) -> bytes:
        return super()._header(evolve(statement, context=bytes(32)))


class ForgetsSegment(Tally):
    """Does not bind which segment of how many it proved."""

    name = "forgets-segment"

    def _header(self, statement: Statement) -> bytes:
        return super()._header(evolve(statement, segment=0, segments=1))


class ForgetsIds(Tally):
    """Lists balances alone, so that one file serves all who hold the same."""

    name = "forgets-ids"

    def tag(self, salt: str, user: str, balances: Sequence[int]) -> bytes:
        return super().tag(salt, "", balances)


class ForgetsAnAsset(Tally):
    """Lists the first balance alone."""

    name = "forgets-an-asset"

    def tag(self, salt: str, user: str, balances: Sequence[int]) -> bytes:
        return super().tag(salt, user, balances[:1])


class Unsealed(Tally):
    """Reads its list of accounts with no check of it."""

    name = "unsealed"

    def sealed(self, data: bytes) -> bytes:
        return data + bytes(32)


class ReadsOn(Tally):
    """Ignores what comes after the end."""

    name = "reads-on"

    def _tags(self, statement: Statement, totals: Sequence[int], proof: bytes) -> list[bytes]:
        for end in range(len(proof), 0, -1):
            if self.sealed(proof[: end - 32]) == proof[:end]:
                return super()._tags(statement, totals, proof[:end])
        raise ProofRejected("tally-checksum", "the proof is not as it was written")


class Crashes(Tally):
    """Raises whatever Python raises for bytes that are not as it expects."""

    name = "crashes"

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        proof[-33]
        return super().verify(statement, totals, proof)


class CrashesOnUsers(Tally):
    """The same for inclusion proofs."""

    name = "crashes-on-users"

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        inclusion.decode("ascii")
        return super().verify_inclusion(statement, totals, proof, claim, inclusion)


class Hungry(Tally):
    """Allocates what a hostile file tells it to."""

    name = "hungry"

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        bytearray(min(max(inclusion, default=0) << 21, 1 << 29))
        return super().verify_inclusion(statement, totals, proof, claim, inclusion)


class Slow(Tally):
    """Spends too long on hostile bytes."""

    name = "slow"

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        until = time.process_time() + (1.0 if self.sealed(proof[:-32]) != proof else 0)
        while time.process_time() < until:
            pass
        return super().verify(statement, totals, proof)


class Leaky(Tally):
    """Writes what must stay secret into the proof."""

    def leak(self, accounts: Accounts, key: bytes, state: Path) -> bytes:
        """What is written."""
        raise NotImplementedError

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        proved = super().prove(statement, accounts, key, state, progress)
        return evolve(proved, proof=self.sealed(proved.proof[:-32] + self.leak(accounts, key, state)))

    def _tags(self, statement: Statement, totals: Sequence[int], proof: bytes) -> list[bytes]:
        if self.sealed(proof[:-32]) != proof:
            raise ProofRejected("tally-checksum", "the proof is not as it was written")
        for end in range(len(proof) - 32, 0, -1):
            try:
                return super()._tags(statement, totals, self.sealed(proof[:end]))
            except ProofRejected as error:
                if error.check != "trailing-bytes":
                    raise
        raise ProofRejected("truncated", "there is nothing in it")


class LeaksIds(Leaky):
    name = "leaks-ids"

    def leak(self, accounts: Accounts, key: bytes, state: Path) -> bytes:
        return accounts.ids[0].encode()


class LeaksHashedIds(Leaky):
    name = "leaks-hashed-ids"

    def leak(self, accounts: Accounts, key: bytes, state: Path) -> bytes:
        return hashlib.sha256(accounts.ids[0].encode()).digest()


class LeaksBalances(Leaky):
    name = "leaks-balances"

    def leak(self, accounts: Accounts, key: bytes, state: Path) -> bytes:
        return max(accounts.balances(row)[0] for row in range(len(accounts))).to_bytes(8, "big")


class LeaksTheKey(Leaky):
    name = "leaks-the-key"

    def leak(self, accounts: Accounts, key: bytes, state: Path) -> bytes:
        return key


class LeaksSalts(Leaky):
    name = "leaks-salts"

    def leak(self, accounts: Accounts, key: bytes, state: Path) -> bytes:
        return next(iter(json.loads((state / "salts.json").read_text()).values())).encode()


class TellsUsersTheirIds(Tally):
    """Puts the account id into its inclusion proof."""

    name = "tells-users-their-ids"

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        salt = super().open_inclusion(statement, proof, state, user_id)
        return None if salt is None else salt + user_id.encode()

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        for user, salt in super().open_all(statement, proof, state):
            yield user, salt + user.encode()

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        salt, told = inclusion[:32], inclusion[32:]
        if told != claim.user_id.encode():
            raise ProofRejected("tally-id", "the file is somebody else's")
        return super().verify_inclusion(statement, totals, proof, claim, salt)


class ServesStrangers(Tally):
    """Has an inclusion proof for everybody."""

    name = "serves-strangers"

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        return super().open_inclusion(statement, proof, state, user_id) or (b"" if statement.segment == 0 else None)


class BulkForgets(Tally):
    """Cuts for all but one in bulk."""

    name = "bulk-forgets"

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        cut = list(super().open_all(statement, proof, state))
        yield from cut[1:]


class BulkDiffers(Tally):
    """Cuts something else in bulk."""

    name = "bulk-differs"

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        for user, salt in super().open_all(statement, proof, state):
            yield user, salt + b" "


class RemembersTheFirst(Tally):
    """Tells everybody what it found for the first who asked."""

    name = "remembers-the-first"

    def inclusion_verifier(
        self, statement: Statement, totals: Sequence[int], proof: bytes
    ) -> Callable[[Claim, bytes], InclusionVerdict]:
        found: list[InclusionVerdict] = []

        def check(claim: Claim, inclusion: bytes) -> InclusionVerdict:
            if not found:
                found.append(self.verify_inclusion(statement, totals, proof, claim, inclusion))
            return found[0]

        return check


class TrustsProofsOfMany(Tally):
    """Leaves the proof unverified where it is to be verified once for many."""

    name = "trusts-proofs-of-many"

    def inclusion_verifier(
        self, statement: Statement, totals: Sequence[int], proof: bytes
    ) -> Callable[[Claim, bytes], InclusionVerdict]:
        def check(claim: Claim, inclusion: bytes) -> InclusionVerdict:
            if self.tag(inclusion.decode("ascii", "replace"), claim.user_id, claim.balances) not in proof:
                raise ProofRejected("tally-tag", "this account with these balances is not listed")
            return InclusionVerdict(("Your account with these balances is listed.",), self.security(statement.assets))

        return check


class Boasts(Tally):
    """Says that an alternative is better than the figure beside which it stands."""

    name = "boasts"

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        report = super().security(assets)
        assert report.soundness is not None
        better = Figure((evolve(report.soundness.decides, bits=200.0),), "hope")
        return evolve(report, soundness=evolve(report.soundness, alternatives=(better,)))


class SaysNothing(Tally):
    """Has a security report from which nothing follows."""

    name = "says-nothing"

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        return SecurityReport(soundness=Figure((), "faith"))


class BoastsToUsers(Tally):
    """Tells users of more bits than auditors."""

    name = "boasts-to-users"

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        verdict = super().verify_inclusion(statement, totals, proof, claim, inclusion)
        figure = Figure((SecurityTerm("none", 255.0, "made up", "nowhere"),), "nothing")
        return evolve(verdict, security=evolve(verdict.security, inclusion=figure))


class ForgetsThePoor(Tally):
    """Lists nobody who owns nothing."""

    name = "forgets-the-poor"

    def tag(self, salt: str, user: str, balances: Sequence[int]) -> bytes:
        return super().tag(salt, user, balances) if any(balances) else os.urandom(32)


class TakesProofsForFiles(Tally):
    """Takes the public proof for anybody's inclusion proof."""

    name = "takes-proofs-for-files"

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        if inclusion == proof:
            return InclusionVerdict(("You are in it somewhere.",), self.verify(statement, totals, proof).security)
        return super().verify_inclusion(statement, totals, proof, claim, inclusion)


class SaysNoWord(Tally):
    """Does not say what it leaks."""

    name = "says-no-word"

    @property
    def properties(self) -> BackendProperties:
        return evolve(super().properties, leaks=())


class HidesItsHash(Tally):
    """Uses a hash that no option names, so that no policy can refuse it."""

    name = "hides-its-hash"

    def __init__(self, options: TallyOptions, registry: Registry) -> None:
        super().__init__(options, registry)
        self.registry = registry

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        self.registry.get("hash", "sha256")
        return super().verify(statement, totals, proof)


class Forgetful(Tally):
    """Keeps a secret of the audit in memory, and on disk only with the first segment."""

    name = "forgetful"

    def __init__(self, options: TallyOptions, registry: Registry) -> None:
        super().__init__(options, registry)
        self.pepper = os.urandom(16).hex()

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        if statement.segment == 0:
            (state / "pepper").write_text(self.pepper)
        return super().prove(statement, accounts, key, state, progress)

    def tag(self, salt: str, user: str, balances: Sequence[int]) -> bytes:
        return super().tag(salt if len(salt) == 64 else salt + self.pepper, user, balances)

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        salt = super().open_inclusion(statement, proof, state, user_id)
        pepper = (state.parent / "state-0000" / "pepper").read_bytes()
        return None if salt is None else salt + pepper

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        for user, _ in super().open_all(statement, proof, state):
            inclusion = self.open_inclusion(statement, proof, state, user)
            assert inclusion is not None
            yield user, inclusion


class Compiles(Tally):
    """Imports a compiler to verify."""

    name = "compiles"

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        import numba  # noqa: F401

        return super().verify(statement, totals, proof)


class FlattersItself(Tally):
    """Reports more bits of a proof that is only looked at than of one that was verified."""

    name = "flatters-itself"

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        figure = Figure((SecurityTerm("none", 255.0, "made up", "nowhere"),), "nothing")
        return evolve(super().security_of(statement, proof), soundness=figure)


class CrashesOnReports(Tally):
    """Raises whatever Python raises where it is asked about bytes that are not as it expects."""

    name = "crashes-on-reports"

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        proof[-33]
        return super().security_of(statement, proof)


class Overstates(Tally):
    """Says that proofs have more bytes than its own have."""

    name = "overstates"

    def least_proof_size(self, assets: Sequence[Asset]) -> int:
        return 1 << 20


class SaysYes(Tally):
    """Returns a truth value."""

    name = "says-yes"

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        super().verify(statement, totals, proof)
        return True  # type: ignore[return-value]


FAULTY: dict[type[Tally], tuple[str, ...]] = {
    Credulous: (
        "hostile_proofs_are_rejected",
        "hostile_proofs_are_rejected_by_users_too",
        "hostile_inclusion_proofs_are_rejected",
        "proof_of_another_statement_is_rejected",
        "proof_of_another_manifest_is_rejected",
        "proof_of_one_segment_does_not_serve_another",
        "wrong_totals_are_rejected",
        "totals_moved_between_segments_are_rejected",
        "file_serves_only_its_user_with_all_the_balances",
        "other_users_file_does_not_serve",
    ),
    Echo: ("wrong_totals_are_rejected", "totals_moved_between_segments_are_rejected"),
    TrustsProofs: ("hostile_proofs_are_rejected_by_users_too", "wrong_totals_are_rejected"),
    ForgetsContext: ("proof_of_another_statement_is_rejected", "proof_of_another_manifest_is_rejected"),
    ForgetsSegment: ("proof_of_another_statement_is_rejected", "proof_of_one_segment_does_not_serve_another"),
    ForgetsIds: ("file_serves_only_its_user_with_all_the_balances",),
    ForgetsAnAsset: ("file_serves_only_its_user_with_all_the_balances",),
    Unsealed: ("hostile_proofs_are_rejected",),
    ReadsOn: ("hostile_proofs_are_rejected",),
    Crashes: ("hostile_proofs_are_rejected",),
    CrashesOnUsers: ("hostile_inclusion_proofs_are_rejected",),
    Hungry: ("lengths_that_lie_take_bounded_memory",),
    Slow: ("hostile_proofs_are_rejected",),
    LeaksIds: ("public_files_hold_no_secret",),
    LeaksHashedIds: ("public_files_hold_no_secret",),
    LeaksBalances: ("public_files_hold_no_secret",),
    LeaksTheKey: ("public_files_hold_no_secret",),
    LeaksSalts: ("public_files_hold_no_secret",),
    TellsUsersTheirIds: ("inclusion_proof_holds_neither_its_id_nor_its_balances_nor_the_key",),
    ServesStrangers: ("stranger_has_no_inclusion_proof",),
    BulkForgets: ("open_all_gives_what_open_inclusion_gives",),
    BulkDiffers: ("open_all_gives_what_open_inclusion_gives",),
    RemembersTheFirst: ("verifier_of_many_claims_answers_each_as_if_it_were_alone",),
    TrustsProofsOfMany: ("verifier_of_many_claims_verifies_the_proof",),
    Boasts: ("audit_verifies_from_its_public_half", "options_have_a_security_report_before_anything_is_proved"),
    SaysNothing: ("audit_verifies_from_its_public_half",),
    BoastsToUsers: (
        "claim_rests_on_the_report_of_its_segment",
        "policy_bites_in_verify_and_in_verify_inclusion",
    ),
    ForgetsThePoor: ("every_users_file_verifies",),
    TakesProofsForFiles: ("proof_and_inclusion_proof_cannot_stand_for_each_other",),
    SaysNoWord: ("properties_are_said_in_words",),
    HidesItsHash: ("components_that_it_asks_for_are_named_in_its_options",),
    Forgetful: ("interrupted_proving_goes_on_and_verifies",),
    Compiles: ("verifying_imports_no_compiler",),
    FlattersItself: ("proof_states_the_security_that_its_verdict_has",),
    CrashesOnReports: ("security_of_hostile_bytes_is_a_report_or_a_rejection",),
    Overstates: ("no_proof_is_smaller_than_the_least_size",),
    SaysYes: ("audit_verifies_from_its_public_half",),
}
"""Each fault, and the tests of the suite that must find it."""


def faulty_registry() -> Registry:
    """The installed plugins, the tally and all faulty backends."""
    module = __name__
    return tally_registry(
        *(Component("backend", cls.name, "Faulty", f"{module}:{cls.__qualname__}") for cls in FAULTY),
    )


WEAK = SecurityReport(soundness=Figure((SecurityTerm("hope", 1.0, "1", "nowhere"),), "hope"))
"""What a backend that proves next to nothing would honestly say."""


def proved(folder: Path, registry: Registry, backend: str) -> Path:
    """An audit of the example by a backend, with alice's file beside it; returns its directory."""
    audit = proved_alone(folder, registry, backend)
    cut_inclusion(audit, "alice", out=folder / "alice.polyproof", registry=registry)
    return audit


def proved_alone(folder: Path, registry: Registry, backend: str) -> Path:
    """The same without any user's file."""
    folder.mkdir(exist_ok=True)
    (folder / "accounts.csv").write_text(ACCOUNTS)
    (folder / "spec.yaml").write_text(SPEC.replace("{name: tally, capacity: 2}", backend))
    prove(
        load_spec(folder / "spec.yaml", registry),
        folder / "audit",
        audit_id="example-1",
        registry=registry,
        policy=UNRESTRICTED,
    )
    return folder / "audit"
