"""Cheats on the grand sum: those that the protocol stops, and the two that it cannot and that are said."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from kzg.doubles import KzgOnLogarithms, registry
from kzg.logarithms import LOGARITHMS
from polyproof.backend import Claim, SegmentProof, Statement
from polyproof.errors import ArtifactError, InputError, OptionsError, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof_kzg import grand_sum
from polyproof_kzg.construction import columns_of
from polyproof_kzg.files import Inclusion, Proof
from polyproof_kzg.grand_sum import GrandSum, GrandSumOptions
from polyproof_kzg.setup import DEVELOPMENT, development, setup_digest

ASSETS = (Asset("BTC", 8), Asset("ETH", 18, 96))
STATEMENT = Statement("audit-1", bytes(range(32)), ASSETS, 0, 1)
HELD = {"alice": (5, 700), "bob": (3, 20), "carol": (0, 1 << 90)}
KEY = bytes(range(32))
REGISTRY = registry()
OPEN = GrandSumOptions(hash="sha256", commitment="kzg-logarithms", accounts_per_segment=4)


def settled(options: GrandSumOptions = OPEN) -> GrandSum:
    return GrandSum(GrandSum(options, REGISTRY).settle(options, ASSETS, 4).options, REGISTRY)


BACKEND = settled()


def proved(state: Path, held: dict[str, tuple[int, ...]] = HELD) -> SegmentProof:
    state.mkdir(exist_ok=True)
    return BACKEND.prove(STATEMENT, Accounts.of(ASSETS, list(held.items())), KEY, state, Progress())


@pytest.fixture
def honest(tmp_path: Path) -> SegmentProof:
    return proved(tmp_path / "state")


def user_accepts(proof: SegmentProof, user: str, held: tuple[int, ...], inclusion: bytes) -> bool:
    """Whether the user's check succeeds; if not, it is for the row that it fails."""
    checks = []
    try:
        BACKEND.verify_inclusion(STATEMENT, proof.totals, proof.proof, Claim(user, held), inclusion)
    except ProofRejected as error:
        checks.append(error.check)
    assert checks in ([], ["grand-sum-row"])
    return not checks


def test_an_honest_segment_verifies_and_each_user_with_it(honest: SegmentProof, tmp_path: Path) -> None:
    assert BACKEND.verify(STATEMENT, honest.totals, honest.proof).totals == (8, 720 + (1 << 90))
    for user, held in HELD.items():
        inclusion = BACKEND.open_inclusion(STATEMENT, honest.proof, tmp_path / "state", user)
        assert inclusion is not None
        assert user_accepts(honest, user, held, inclusion)


def test_one_row_cannot_be_shown_to_two_users(tmp_path: Path) -> None:
    """Alice and Bob hold the same. Bob is given Alice's row, under every nonce that the exchange has."""
    proof = proved(tmp_path / "state", {"alice": (5, 7), "carol": (1, 1)})
    opened = BACKEND.open_inclusion(STATEMENT, proof.proof, tmp_path / "state", "alice")
    assert opened is not None
    assert user_accepts(proof, "alice", (5, 7), opened)
    with pytest.raises(ProofRejected) as caught:
        BACKEND.verify_inclusion(STATEMENT, proof.totals, proof.proof, Claim("bob", (5, 7)), opened)
    assert caught.value.check == "grand-sum-row"
    file = Inclusion.from_bytes(opened, BACKEND.rows)
    for nonce in (bytes(32), KEY, file.nonce[::-1]):
        assert not user_accepts(proof, "bob", (5, 7), evolve(file, nonce=nonce).to_bytes())


def test_another_row_does_not_open_to_a_users_balances(honest: SegmentProof, tmp_path: Path) -> None:
    opened = BACKEND.open_inclusion(STATEMENT, honest.proof, tmp_path / "state", "alice")
    assert opened is not None
    file = Inclusion.from_bytes(opened, BACKEND.rows)
    for row in range(BACKEND.rows):
        assert user_accepts(honest, "alice", HELD["alice"], evolve(file, row=row).to_bytes()) == (row == file.row)


def test_balances_that_are_equal_modulo_the_order_are_not_taken(honest: SegmentProof, tmp_path: Path) -> None:
    """Core refuses claims beyond the assets' bits; a backend that is asked all the same refuses them too."""
    opened = BACKEND.open_inclusion(STATEMENT, honest.proof, tmp_path / "state", "bob")
    assert opened is not None
    assert not user_accepts(honest, "bob", (3 + LOGARITHMS.order, 20), opened)


@pytest.mark.parametrize("change", [-1, 1, LOGARITHMS.order, -LOGARITHMS.order])
def test_totals_are_those_of_the_rows_as_integers(honest: SegmentProof, change: int) -> None:
    with pytest.raises(ProofRejected) as caught:
        BACKEND.verify(STATEMENT, (honest.totals[0] + change, honest.totals[1]), honest.proof)
    assert caught.value.check == ("totals" if abs(change) == 1 else "total-range")


def test_the_value_at_zero_cannot_be_another(honest: SegmentProof) -> None:
    """The totals are lowered, and with them the values in the opening."""
    scheme, read = BACKEND._verifying, Proof.from_bytes(honest.proof)
    opening = scheme.read(read.opening, [3], 1)
    less = pow(BACKEND.rows, -1, LOGARITHMS.order)
    opening.values[0][0][1, 0] = (opening.values[0][0][1, 0] - less) % LOGARITHMS.order
    forged = Proof(read.commitment, scheme.write(opening)).to_bytes()
    with pytest.raises(ProofRejected) as caught:
        BACKEND.verify(STATEMENT, (honest.totals[0] - 1, honest.totals[1]), forged)
    assert caught.value.check == "kzg-pairing"


def test_a_column_of_higher_degree_does_not_hide_what_is_owed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """X^n is 1 in every row: moved there from the constant coefficient, a debt of 8 would vanish from the total, while
    every row stays as it is. Anybody has the powers for it; the proof of degrees is what stops it.
    """

    class Moving(KzgOnLogarithms):
        def commit(self, values):
            honest = super().commit(values).coefficients
            order, btc = self.curve.order, honest[1]
            share = 8 * pow(self.size, -1, order) % order
            return self.commit_to([honest[0], [(btc[0] - share) % order, *btc[1:], share], honest[2]])

    monkeypatch.setattr(grand_sum, "development", lambda powers, curve: development(max(powers, 64), curve))
    cheating = GrandSum(BACKEND.options, REGISTRY)
    cheating.__dict__["_scheme"] = Moving
    state = tmp_path / "state"
    state.mkdir()
    lie = cheating.prove(STATEMENT, Accounts.of(ASSETS, list(HELD.items())), KEY, state, Progress())
    totals = (0, lie.totals[1])
    opened = BACKEND._verifying.read(Proof.from_bytes(lie.proof).opening, [3], 1)
    assert opened.values[0][0][1, 0] == 0, "the lie is as good as the cheat can make it"
    with pytest.raises(ProofRejected) as caught:
        BACKEND.verify(STATEMENT, totals, lie.proof)
    assert caught.value.check == "kzg-pairing"


# What it cannot stop, and says


def test_a_negative_row_that_nobody_opens_goes_unnoticed_and_this_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason why it has no soundness: with r − 8 in a row of no account nothing is owed, and all users verify."""

    def with_a_debt(*arguments):
        columns = columns_of(*arguments)
        rows, size, order = arguments[3], arguments[4], LOGARITHMS.order
        nobodys = next(row for row in range(size) if row not in rows)
        columns[1][nobodys] = (columns[1][nobodys] - 8) % order
        return columns

    monkeypatch.setattr(grand_sum, "columns_of", with_a_debt)
    state = tmp_path / "state"
    lie = proved(state)
    totals = (0, lie.totals[1])
    BACKEND.verify(STATEMENT, totals, lie.proof)
    inclusion = BACKEND.open_inclusion(STATEMENT, lie.proof, state, "alice")
    assert inclusion is not None
    said = BACKEND.verify_inclusion(STATEMENT, totals, lie.proof, Claim("alice", HELD["alice"]), inclusion)
    assert any("no other row is negative" in sentence for sentence in said.sentences)
    assert BACKEND.properties.non_negativity == "not proven"
    assert not BACKEND.properties.exact_totals
    assert "any may be a negative amount" in BACKEND.properties.inexact_totals
    assert BACKEND.properties.inexact_totals.startswith("not proven with the INSECURE set-up")
    ceremony = GrandSum(evolve(OPEN, setup="0" * 64), REGISTRY)
    assert ceremony.properties.inexact_totals.startswith("proven, of committed entries")
    assert any("negative amount" in trust for trust in BACKEND.properties.remaining_trust)
    assert said.security.soundness is None
    assert any("no soundness" in note for note in said.security.notes)


def test_whoever_knows_the_secret_forges_and_this_is_said(honest: SegmentProof) -> None:
    """A commitment is opened to any value: W = (C − y)/(τ − z) takes no polynomial if τ is known."""
    order, scheme = LOGARITHMS.order, BACKEND._verifying
    tau, read = scheme.setup.tau, Proof.from_bytes(honest.proof)
    committed = scheme.read_commitment(read.commitment, 3)
    opening = scheme.read(read.opening, [3], 1)
    opening.values[0][0][1, 0] = 0
    transcript = BACKEND._transcript(scheme.hash, STATEMENT)
    gamma = scheme._absorb(transcript, [committed], [0], opening.values)
    weights = [1, gamma, gamma * gamma % order]
    combined = sum(weight * point for weight, point in zip(weights, committed.columns, strict=True))
    value = sum(weight * int(one) for weight, one in zip(weights, opening.values[0][0][:, 0], strict=True))
    witness = (combined - value) * pow(tau, -1, order) % order
    forged = Proof(read.commitment, scheme.write(evolve(opening, witnesses=(witness,)))).to_bytes()
    BACKEND.verify(STATEMENT, (0, honest.totals[1]), forged)
    report = BACKEND.security(ASSETS)
    assert report.assumptions.insecure_setup
    assert report.estimated is not None
    assert report.estimated.bits == 0.0
    assert any("INSECURE" in sentence for sentence in report.assumptions.sentences)
    assert any("INSECURE" in trust for trust in BACKEND.properties.remaining_trust)


# Set-ups by name


def test_a_set_up_that_is_not_what_it_is_called_is_refused() -> None:
    """A published spec cannot call a set-up of the exchange's own by the digest of a known ceremony."""
    own = LOGARITHMS.encode_second(42)
    known = setup_digest(LOGARITHMS.encode_second(4242))
    for setup, point, words in (
        (known, own.hex(), "setup names another"),
        (DEVELOPMENT, own.hex(), "is not that of the set-up"),
        (setup_digest(bytes(128)), bytes(128).hex(), "no set-up can have"),
        (known, None, "name its file too"),
    ):
        options = evolve(OPEN, setup=setup, setup_point=point)
        with pytest.raises(OptionsError, match=words):
            GrandSum(options, REGISTRY).settle(options, ASSETS, 4) if point is None else GrandSum(
                options, REGISTRY
            ).check(ASSETS)


def test_a_ceremonys_set_up_is_trusted_and_has_bits_by_estimate_alone(tmp_path: Path) -> None:
    point = LOGARITHMS.encode_second(42)
    backend = GrandSum(evolve(OPEN, setup=setup_digest(point), setup_point=point.hex()), REGISTRY)
    backend.check(ASSETS)
    report = backend.security(ASSETS)
    assert report.assumptions.setup == setup_digest(point)
    assert report.assumptions.trusted_setup
    assert not report.assumptions.insecure_setup
    assert list(report.given) == ["estimated"]
    assert report.estimated is not None
    assert report.estimated.bits == 100.0
    with pytest.raises(InputError, match="takes its file"):
        backend.prove(STATEMENT, Accounts.of(ASSETS, []), KEY, tmp_path, Progress())


@pytest.mark.parametrize(("bits", "fits"), [(250, True), (251, False), (256, False)])
def test_sums_that_could_wrap_are_refused_with_the_arithmetic(bits: int, fits: bool) -> None:
    assets = (Asset("BTC", 8), Asset("WIDE", 0, bits))
    assert BACKEND.rows == 8
    if fits:
        BACKEND.check(assets)
        return
    with pytest.raises(OptionsError, match=r"8 balances of WIDE .* use at most 250 bits"):
        BACKEND.check(assets)


def test_commitments_that_do_not_serve_are_refused() -> None:
    for name in ("fri", "merkle"):
        with pytest.raises(OptionsError, match="use kzg"):
            GrandSum(evolve(OPEN, commitment=name), REGISTRY).check(ASSETS)


def test_a_full_segment_has_random_rows_enough_and_one_more_account_is_refused(tmp_path: Path) -> None:
    full = {f"user-{k}": (k, k) for k in range(4)}
    assert BACKEND.rows - 4 >= KzgOnLogarithms.reveals + 1
    proof = proved(tmp_path / "state", full)
    BACKEND.verify(STATEMENT, proof.totals, proof.proof)
    with pytest.raises(InputError, match="5 accounts for a segment of at most 4"):
        proved(tmp_path / "state", {**full, "user-4": (1, 1)})


def test_the_state_of_another_proof_is_refused(honest: SegmentProof, tmp_path: Path) -> None:
    other = proved(tmp_path / "other", {"alice": (1, 1)})
    with pytest.raises(ArtifactError, match="belongs to another proof"):
        BACKEND.open_inclusion(STATEMENT, honest.proof, tmp_path / "other", "alice")
    assert other.proof != honest.proof
