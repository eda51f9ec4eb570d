"""The grand-sum backend: balances as the values of polynomials, totals as their constant coefficients.

A column for each asset has a row for each account; f is the polynomial of degree below n with its entries at 1, ω, …,
ω^(n−1). The sum of these entries is n·f(0), since the powers of ω of every other exponent add up to zero. So one
opening at 0 shows all totals, and one at ω^row a user's balances. A further column ties each row to one account id. The
design with KZG and this identity is Summa's, of its second version; protocol and code here are our own: see
docs/reference/grand-sum.md.

What it establishes: totals are the sums of the committed rows, modulo r; each user who checks has a row of their own
with their balances. What it does not: *that any row is not negative*. An exchange can put r − x into a row that nobody
opens and publish x less than it owes, while every user's check succeeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from attrs import evolve, frozen

from polyproof.backend import (
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
from polyproof.checks import CoreCheck
from polyproof.config.options import option
from polyproof.engine import Engine
from polyproof.errors import ArtifactError, InputError, OptionsError, ProofRejected
from polyproof.formats.files import write_private
from polyproof.hash import Hash
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.net_equity import Position
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.security import Assumptions, Figure, FigureName, SecurityReport, SecurityTerm
from polyproof.toolkit.private_state import INDEXED, AccountIndex, load_array, read_private, save_array
from polyproof.transcript import Transcript
from polyproof_kzg.checks import KzgCheck
from polyproof_kzg.commitment import KzgColumns, KzgCommitment, KzgState
from polyproof_kzg.construction import PROTOCOL, Secrets, columns_of, id_entries
from polyproof_kzg.curve import G1_BYTES, G2_BYTES, SCALAR_BYTES
from polyproof_kzg.files import Inclusion, Proof
from polyproof_kzg.polynomials import interpolate
from polyproof_kzg.setup import DEVELOPMENT, Setup, decoded_tau, development, setup_digest

__all__ = ["GrandSum", "GrandSumOptions"]

_MOST_ROWS = 1 << 12
_OPENED_OUTSIDE = 1
"""Points outside the domain at which columns are opened: 0."""
_LOGARITHM_BITS = 100.0


@frozen
class GrandSumOptions:
    """What a spec can set."""

    hash: str = option(default="blake3", kind="hash", doc="Hash of challenges and of account ids.")
    commitment: str = option(default="kzg", kind="commitment", doc="Commitment to polynomials; on a curve.")
    accounts_per_segment: int = option(
        default=64,
        least=1,
        most=_MOST_ROWS - 4,
        doc="Most accounts in one segment. The number of rows is the next power of two that is at least four larger.",
    )
    ceremony: Path | None = option(
        default=None,
        published=False,
        doc="File of a ceremony whose set-up is used (.ptau of snarkjs, for BN254). Without it, a set-up for "
        "development is used whose secret everybody knows: INSECURE. The path is not published.",
    )
    setup: str | None = option(
        default=None,
        pattern=(rf"[0-9a-f]{{64}}|{DEVELOPMENT}", f"64 hexadecimal digits, or {DEVELOPMENT}"),
        doc="Which set-up: SHA-256 that names it. Left open, that of the ceremony's file; stated, the file must be of "
        "it.",
    )
    setup_point: str | None = option(
        default=None,
        pattern=(rf"[0-9a-f]{{{2 * G2_BYTES}}}", f"{2 * G2_BYTES} hexadecimal digits"),
        doc="The point of the set-up that verifiers need, [τ]₂. Left open, that of the set-up.",
    )


class GrandSum(Backend):
    """The backend ``grand-sum``."""

    name = "grand-sum"
    Options = GrandSumOptions
    settles = ("setup", "setup_point")

    def __init__(self, options: GrandSumOptions, registry: Registry) -> None:
        """``registry`` gives the hash and the commitment."""
        self.options = options
        self._registry = registry

    # What it is

    @property
    def _insecure(self) -> bool:
        if self.options.setup is None:
            return self.options.ceremony is None
        return self.options.setup == DEVELOPMENT

    @property
    def _who_can_forge(self) -> str:
        if self._insecure:
            return "made for development from a constant: everybody knows its secret and can forge proofs"
        named = f" {self.options.setup}" if self.options.setup else ""
        return f"ceremony{named}: whoever knows its secret, all who took part together or one who made it up, can forge"

    @property
    def _proves(self) -> tuple[str, ...]:
        totals = "the published totals are the sums of all committed rows, modulo a prime of 254 bits"
        row = "one of these rows holds their balances, under their account id and no other"
        if self._insecure:
            return (
                f"nothing with this set-up, whose secret is public; with a ceremony's, that {totals}",
                f"with a ceremony's, to each user who verifies: {row}",
            )
        return totals, f"to each user who verifies: {row}"

    @property
    def properties(self) -> BackendProperties:
        """The same for all options but the set-up."""
        kind = "the INSECURE set-up was " if self._insecure else "the set-up is a "
        entries = "committed entries modulo a prime of 254 bits, of which any may be a negative amount"
        return BackendProperties(
            zero_knowledge=True,
            transparent=False,
            post_quantum=False,
            per_asset_totals=True,
            exact_totals=False,
            non_negativity=NOT_PROVEN,
            proves=self._proves,
            hides=(
                "balances and account ids from everybody but their user: commitments are blinded by random rows",
                "which users are neighbours, and how many there are up to the capacity of a segment",
            ),
            leaks=("totals of every segment, and its capacity, to everybody",),
            remaining_trust=(
                "put a negative amount into a row that nobody opens, and so publish any totals that it likes while "
                "every user's check succeeds",
                "leave out accounts whose users never verify, which it may know",
                f"forge, if it knows the secret of the set-up: {kind}{self._who_can_forge}",
                "give one account id to two users with equal balances",
                "leave out what is owed to nobody's account, or choose a moment that suits it",
                "show different users different audits, if they do not compare the publication digest",
                "own less than it owes: this is about what is owed alone",
            ),
            inexact_totals=(
                f"not proven with the INSECURE set-up; with another: of {entries}"
                if self._insecure
                else f"proven, of {entries}"
            ),
            hides_balances=EVERYBODY_ELSE,
            hides_sums=True,
        )

    @property
    def rows(self) -> int:
        """n, the entries of a column: beside the accounts as many random ones as its commitment and openings show."""
        shown = KzgCommitment.reveals + _OPENED_OUTSIDE
        return 1 << (self.options.accounts_per_segment + shown - 1).bit_length()

    @cached_property
    def _scheme(self) -> type[KzgCommitment]:
        found = self._registry.get("commitment", self.options.commitment)
        if not issubclass(found, KzgCommitment):
            raise OptionsError(
                f"a grand sum opens entries of a column, hides the others, and adds up below a modulus of 254 bits: "
                f"commitment {self.options.commitment!r} is not one that can; use kzg"
            )
        return found

    def _committing(self, setup: Setup, hash: Hash) -> KzgCommitment:
        # Not by the registry's create, which would try it out: a verifier's set-up has no powers to commit with.
        return self._scheme(setup, hash, size=self.rows)

    def _hash(self, engine: Engine) -> Hash:
        found: Hash = self._registry.create("hash", self.options.hash, engine=engine)
        return found

    @cached_property
    def _verifying(self) -> KzgCommitment:
        return self._committing(Setup(self._tau(), (), self._scheme.on), self._hash(Engine.PORTABLE))

    def _tau(self) -> object:
        """[τ]₂ as the options state it; it must be what they name."""
        setup, point, curve = self.options.setup, self.options.setup_point, self._scheme.on
        if setup is None or point is None:
            raise OptionsError("setup and setup_point are stated together")
        data = bytes.fromhex(point)
        if setup == DEVELOPMENT:
            if data != curve.encode_second(development(0, curve).tau):
                raise OptionsError(f"setup_point is not that of the set-up {DEVELOPMENT}")
        elif setup != setup_digest(data):
            raise OptionsError(f"setup_point has the digest {setup_digest(data)}, setup names another")
        try:
            return decoded_tau(data, curve)
        except ProofRejected as error:
            raise OptionsError(f"no set-up can have this setup_point: {error.reason}") from error

    def check(self, assets: Sequence[Asset]) -> None:
        """Raise ``OptionsError`` for no assets, sums that could wrap, and a set-up that is not what it is called."""
        if not assets:
            raise OptionsError("a grand sum needs at least one asset")
        self._registry.get("hash", self.options.hash)
        order = self._scheme.on.order
        for asset in assets:
            if self.rows << asset.bits >= order:
                raise OptionsError(
                    f"{self.rows} balances of {asset.symbol} below 2^{asset.bits} add up to less than "
                    f"2^{asset.bits + self.rows.bit_length() - 1}, which must be below the modulus, about "
                    f"2^{math.log2(order):.1f}: use at most {order.bit_length() - self.rows.bit_length()} bits"
                )
        ceremony = self.options.ceremony
        if ceremony is not None:
            if self.options.setup == DEVELOPMENT:
                raise OptionsError(f"setup is {DEVELOPMENT}, and a ceremony's file is named: leave out one of them")
            if not ceremony.is_file():
                raise OptionsError(f"ceremony is {ceremony}: there is no such file")
        if (self.options.setup, self.options.setup_point).count(None) == 0:
            self._tau()

    def settle(self, options: GrandSumOptions, assets: Sequence[Asset], accounts: int) -> Settled:
        """The set-up, by its digest and its point: of the ceremony's file, or that for development."""
        if options.ceremony is None:
            if options.setup not in (None, DEVELOPMENT):
                if options.setup_point is not None:
                    return Settled(options)
                raise OptionsError("setup names a ceremony: name its file too, as ceremony")
            named, reason = DEVELOPMENT, "the set-up is the INSECURE one for development: no ceremony's file is named"
            point = self._scheme.on.encode_second(development(0, self._scheme.on).tau)
        else:
            point = self._scheme.on.encode_second(self._powers().tau)
            named = setup_digest(point)
            reason = f"the set-up is {named}, of {options.ceremony.name}"
        for stated, found in ((options.setup, named), (options.setup_point, point.hex())):
            if stated not in (None, found):
                raise OptionsError(f"the set-up in use is {named}, and the options state another")
        return Settled(evolve(options, setup=named, setup_point=point.hex()), (reason,))

    def _powers(self) -> Setup:
        """The set-up of whoever proves."""
        if self.options.ceremony is not None:
            from polyproof_kzg.ceremony import load_ceremony

            return load_ceremony(self.options.ceremony, self.rows)
        if not self._insecure:
            raise InputError("proving with a ceremony's set-up takes its file: name it as ceremony")
        return development(self.rows, self._scheme.on)

    def least_proof_size(self, assets: Sequence[Asset]) -> int:
        """What every proof of so many assets has: headers, points and scalars."""
        columns = 1 + len(assets)
        commitment = 12 + (columns + 3) * G1_BYTES + SCALAR_BYTES
        opening = 12 + columns * SCALAR_BYTES + G1_BYTES
        return 12 + 8 + commitment + 8 + opening

    def least_state_size(self, assets: Sequence[Asset], accounts: int) -> int:
        """Of the powers, and of each account's balances and place in the index."""
        return self.rows * G1_BYTES + accounts * (INDEXED + 8 * sum(asset.words for asset in assets))

    def capacity(self, assets: Sequence[Asset]) -> int:
        """The option ``accounts_per_segment``."""
        return self.options.accounts_per_segment

    # Proving

    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        """Commit to all columns and open them at 0. The same arguments give the same proof and state."""
        self.check(statement.assets)
        if accounts.assets != statement.assets:
            raise InputError("the accounts are not of the statement's assets")
        if len(accounts) > self.options.accounts_per_segment:
            raise InputError(
                f"{counted(len(accounts), 'account')} for a segment of at most {self.options.accounts_per_segment}"
            )
        if len(key) != 32:
            raise ValueError(f"an audit's key has 32 bytes, not {len(key)}")
        secrets = Secrets.derive(key, statement)
        rows = secrets.permutation(self.rows)[: len(accounts)]
        hash = self._hash(Engine.COMPILED)
        with progress.task("read the set-up", 1) as task:
            setup = self._powers()
            if setup.curve.encode_second(setup.tau).hex() != self.options.setup_point:
                raise InputError("the ceremony's file is of another set-up than the audit was planned with")
            task.advance()
        with progress.task("commit to the columns", 1) as task:
            scheme = self._committing(setup, hash)
            entries = columns_of(hash, statement, accounts, rows.tolist(), self.rows, secrets, self._scheme.on.order)
            committed = scheme.commit(scheme.value_field.array(entries).T)
            task.advance()
        with progress.task("open the totals", 1) as task:
            transcript = self._transcript(hash, statement)
            opening = scheme.open([committed], [scheme.value_field.array([0])], transcript)
            task.advance()
        AccountIndex.write(state, accounts.ids, rows)
        save_array(state / "words.npy", accounts.words)
        powers = b"".join(map(setup.curve.encode, setup.powers))
        save_array(state / "powers.npy", np.frombuffer(powers, np.uint8))
        write_private(state / "key.bin", secrets.segment_key)
        proof = Proof(scheme.write_commitment(committed.commitment), scheme.write(opening))
        return SegmentProof(proof.to_bytes(), accounts.totals())

    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        """Cut one account's file. Raises ``ArtifactError`` for a state that is not this proof's."""
        try:
            user_id.encode()
        except UnicodeEncodeError:
            return None  # a terminal's undecodable bytes: no account has such an id
        position = AccountIndex(state).find(user_id)
        return None if position is None else self._cutter(statement, proof, state)(position)

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        """Cut every account's file. Raises ``ArtifactError`` for a state that is not this proof's."""
        ids, cut = AccountIndex(state).ids, self._cutter(statement, proof, state)
        for position in range(len(ids)):
            yield ids[position], cut(position)

    def _cutter(self, statement: Statement, proof: bytes, state: Path) -> Callable[[int], bytes]:
        """From an account's position to its file: the columns are made again, the commitment is the proof's."""
        curve, index, secrets = self._scheme.on, AccountIndex(state), Secrets(read_private(state / "key.bin"))
        data = np.asarray(load_array(state / "powers.npy"), np.uint8).tobytes()
        try:
            powers = [curve.decode(data[at : at + G1_BYTES], "power") for at in range(0, len(data), G1_BYTES)]
            scheme = self._committing(Setup(self._tau(), tuple(powers), curve), self._hash(Engine.PORTABLE))
            committed = scheme.read_commitment(Proof.from_bytes(proof).commitment, 1 + len(statement.assets))
        except (ProofRejected, OptionsError) as error:
            raise ArtifactError(f"{state}: the private state belongs to another proof: {error}") from error
        accounts = Accounts(statement.assets, index.ids, np.asarray(load_array(state / "words.npy"), np.uint64))
        rows = [int(row) for row in index.rows]
        entries = columns_of(scheme.hash, statement, accounts, rows, self.rows, secrets, curve.order)
        coefficients = tuple(interpolate(column, scheme.root_of_unity, curve.order) for column in entries)
        if curve.encode(curve.combine(powers, coefficients[0])) != curve.encode(committed.columns[0]):
            raise ArtifactError(f"{state}: the private state belongs to another proof")
        prepared = KzgState(coefficients, committed)

        def cut(position: int) -> bytes:
            row = rows[position]
            opening = scheme.open([prepared], [self._point(scheme, row)], self._transcript(scheme.hash, statement, row))
            nonce = secrets.nonce(row, index.ids.encoded(position))
            return Inclusion(row, nonce, scheme.write(opening, values=False)).to_bytes()

        return cut

    # Verifying

    def _transcript(self, hash: Hash, statement: Statement, row: int | None = None) -> Transcript:
        """Begun with the statement; an opening of a row with the row as well."""
        transcript = Transcript(hash, PROTOCOL)
        transcript.absorb_text("context", statement.context)
        transcript.absorb_text("audit", statement.audit_id)
        transcript.absorb_integers("segment", statement.segment, statement.segments, self.rows, len(statement.assets))
        for asset in statement.assets:
            transcript.absorb_text("symbol", asset.symbol)
            transcript.absorb_integers("asset", asset.decimals, asset.bits)
        if row is not None:
            transcript.absorb_integers("row", row)
        return transcript

    @staticmethod
    def _point(scheme: KzgCommitment, row: int) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        """ω^row."""
        point: np.ndarray[tuple[int], np.dtype[np.object_]] = scheme.value_field.array(
            [pow(scheme.root_of_unity, row, scheme.value_field.modulus)]
        )
        return point

    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """Check that the totals are those of the committed rows, which may be negative."""
        self._verify(statement, totals, proof)
        return Verdict(tuple(totals), self.security(statement.assets))

    def _verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> KzgColumns:
        scheme, columns = self._verifying, 1 + len(statement.assets)
        read = Proof.from_bytes(proof)
        committed = scheme.read_commitment(read.commitment, columns)
        opening = scheme.read(read.opening, [columns], 1)
        if len(totals) != len(statement.assets):
            raise ProofRejected("totals", "the totals stated are not the totals of the proof")
        for asset, total, value in zip(statement.assets, totals, opening.values[0][0][1:, 0].tolist(), strict=True):
            if not 0 <= total < self.rows << asset.bits:
                raise ProofRejected(
                    CoreCheck.TOTAL_RANGE, f"the total of {asset.symbol} is not one that {self.rows} balances can have"
                )
            if self.rows * value % scheme.value_field.modulus != total:
                raise ProofRejected("totals", "the totals stated are not the totals of the proof")
        transcript = self._transcript(scheme.hash, statement)
        scheme.verify([committed], [scheme.value_field.array([0])], opening, transcript)
        return committed

    def verify_inclusion(
        self, statement: Statement, totals: Sequence[int], proof: bytes, claim: Claim, inclusion: bytes
    ) -> InclusionVerdict:
        """Verify the proof, then that the opened row holds the claim."""
        return self.inclusion_verifier(statement, totals, proof)(claim, inclusion)

    def inclusion_verifier(
        self, statement: Statement, totals: Sequence[int], proof: bytes
    ) -> Callable[[Claim, bytes], InclusionVerdict]:
        """Verifies the proof once."""
        committed = self._verify(statement, totals, proof)
        scheme = self._verifying

        def check(claim: Claim, inclusion: bytes) -> InclusionVerdict:
            file = Inclusion.from_bytes(inclusion, self.rows)
            modulus = scheme.value_field.modulus
            entries = id_entries(scheme.hash, statement, [claim.user_id.encode()], [file.nonce], modulus)
            values = scheme.value_field.array([*entries, *claim.balances]).reshape(-1, 1)
            opening = scheme.read(file.opening, [len(values)], 1, values=[[values]])
            transcript = self._transcript(scheme.hash, statement, file.row)
            try:
                scheme.verify([committed], [self._point(scheme, file.row)], opening, transcript)
            except ProofRejected as error:
                raise ProofRejected(
                    KzgCheck.ROW,
                    "the file does not show that these balances were counted for this account: with this id and these "
                    "balances it opens no row",
                ) from error
            return InclusionVerdict(self._sentences(statement, claim), self.security(statement.assets), file.row)

        return check

    def _sentences(self, statement: Statement, claim: Claim) -> tuple[str, ...]:
        held = [
            f"{asset.format(balance)} {asset.symbol}"
            for asset, balance in zip(statement.assets, claim.balances, strict=True)
            if balance
        ]
        what, of_whom = "Your balances", f": {', '.join(held) or 'no balance'} for account {claim.user_id!r}"
        if any(isinstance(asset, Position) for asset in statement.assets):
            what = f"{what}, your debts and what your file says you have pledged"
            of_whom = f", for {claim.user_id!r}"
        part = f", part {statement.segment + 1} of {statement.segments}" if statement.segments > 1 else ""
        warning = (
            "INSECURE: the set-up was made for development. Everybody knows its secret and could have forged this; "
            "what follows holds only if nobody did."
            if self._insecure
            else f"This rests on the set-up {self.options.setup}: whoever knows its secret could have forged it."
        )
        return (
            warning,
            f"{what} were counted in audit {statement.audit_id}{part}{of_whom}.",
            "The row is bound to your account id, so no other account id can be shown the same row.",
            "Not proven: that no other row is negative. An exchange could publish totals that are too small, and your "
            "check would succeed all the same.",
            "Not proven: that balances of users who do not verify were counted.",
        )

    # Security

    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        """The account of these options: it does not depend on the proof."""
        Proof.from_bytes(proof)
        return self.security(statement.assets)

    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        """Bits by estimate: nothing is proven about how hard logarithms are. No soundness: any row may be negative."""
        used: type[Hash] = self._registry.get("hash", self.options.hash)
        order = math.log2(self._scheme.on.order)
        terms = [
            SecurityTerm(
                "logarithms in BN254",
                _LOGARITHM_BITS,
                "about 100 bits by the special extended tower number field sieve in the target group; 127 by generic "
                "ways",
                "Kim and Barbulescu, eprint 2015/1027; estimates: Barbulescu and Duquesne, eprint 2017/334",
            ),
            SecurityTerm(
                "the secret, from its powers",
                (order - 28) / 2,
                f"√(r/d) for the largest d that divides r − 1 and is a power that ceremonies have published: "
                f"({order:.1f} − 28) / 2",
                "Cheon, EUROCRYPT 2006",
            ),
            SecurityTerm(
                f"collisions of {used.name}",
                float(used.collision_bits),
                "two accounts with one entry, or two messages with one challenge",
                "claimed by its designers",
                options=("hash",),
            ),
            SecurityTerm(
                "luck in a challenge",
                order - 30,
                "a false identity of polynomials below degree 2^29 holds at ζ with at most 2^30 / r",
                "Schwartz 1980, Zippel 1979; docs/reference/kzg.md",
                round="ζ",
            ),
        ]
        if self._insecure:
            terms.insert(
                0,
                SecurityTerm(
                    "the secret, which is public",
                    0.0,
                    "the secret of the set-up for development can be computed by everybody: forging is as easy as "
                    "proving",
                    "docs/reference/kzg.md",
                    options=("ceremony",),
                ),
            )
        logarithms = f"logarithms in BN254, in the algebraic group model, and {used.name} as random oracle"
        where = "nothing: the secret of its INSECURE set-up is public" if self._insecure else logarithms
        return SecurityReport(
            estimated=Figure(tuple(terms), where),
            by_estimate=() if self._insecure else (FigureName.BINDING, FigureName.INCLUSION, FigureName.INCLUSION_2025),
            assumptions=Assumptions(
                collision_resistant=(used.name,),
                random_oracle=(used.name,),
                trusted_setup=self._who_can_forge,
                setup=self.options.setup or (DEVELOPMENT if self._insecure else ""),
                insecure_setup=self._insecure,
                others=("the q-strong Diffie–Hellman problem in BN254 is hard, in the algebraic group model",),
            ),
            notes=(
                "no soundness: totals are sums of rows of which any may be negative, so they can be made too small",
                "a quantum computer that computes logarithms breaks all of it, for proofs made earlier too, but what "
                "their random rows hide stays hidden",
                "bits by estimate are not bits of a proof: better ways to compute logarithms have lowered them before",
            ),
        )
