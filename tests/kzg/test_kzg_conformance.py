"""KZG passes the suite that every polynomial commitment passes: on logarithms at once, on the curve when asked."""

from __future__ import annotations

import pytest
from attrs import evolve

from kzg.logarithms import LOGARITHMS
from polyproof.errors import OptionsError, ProofRejected
from polyproof.testing.openings import LABEL, commit_and_open
from polyproof.testing.polynomial_commitment import PolynomialCommitmentSuite
from polyproof.transcript import Transcript
from polyproof_kzg.commitment import KzgCommitment
from polyproof_kzg.curve import BN254
from polyproof_kzg.polynomials import evaluate, interpolate, root_of_unity
from polyproof_kzg.setup import development
from references.hashlib_hash import HashlibHash

HASH = HashlibHash()


class FalseValues(KzgCommitment):
    """Claims one more than the true value, and has the witness of the true one."""

    def _absorb(self, transcript, commitments, points, values):
        if not transcript.__dict__.setdefault("lied", False):
            transcript.lied = True
            values[1][0][2, 0] = (values[1][0][2, 0] + 1) % self.curve.order
        return super()._absorb(transcript, commitments, points, values)


class HighDegree(KzgCommitment):
    """Commits to columns that agree with the honest ones on the domain, one of them of degree n, and opens those."""

    def commit(self, values):
        honest = super().commit(values).coefficients
        first = [*honest[0], 1]
        first[0] = (first[0] - 1) % self.curve.order
        return self.commit_to([first, *honest[1:]])


class Kzg(PolynomialCommitmentSuite):
    """The suite, on a curve."""

    curve = BN254

    @pytest.fixture
    def hash(self):
        return HASH

    @pytest.fixture
    def make(self):
        return lambda size: KzgCommitment(development(2 * self.size, self.curve), HASH, size=size)

    @pytest.fixture
    def dishonest(self):
        setup = development(2 * self.size, self.curve)
        return [cls(setup, HASH, size=self.size) for cls in (FalseValues, HighDegree)]


class TestKzgOnLogarithms(Kzg):
    curve = LOGARITHMS


@pytest.mark.slow
class TestKzg(Kzg):
    size = 4


def test_an_opening_on_the_curve_verifies_from_its_bytes_and_a_false_one_does_not() -> None:
    scheme = KzgCommitment(development(8), HASH, size=8)
    opened = commit_and_open(scheme, HASH, (2,), 1)
    verifier = KzgCommitment(development(0), HASH, size=8)
    committed = verifier.read_commitment(scheme.write_commitment(opened.commitments[0]), 2)
    opening = verifier.read(opened.data, [2], 1)
    verifier.verify([committed], opened.points, opening, Transcript(HASH, LABEL))
    opening.values[0][0][1, 0] = (opening.values[0][0][1, 0] + 1) % BN254.order
    with pytest.raises(ProofRejected) as caught:
        verifier.verify([committed], opened.points, opening, Transcript(HASH, LABEL))
    assert caught.value.check == "kzg-pairing"


def test_powers_beyond_the_size_do_not_help_to_commit_to_a_higher_degree() -> None:
    """Whoever has more of the ceremony than was loaded can commit to any degree, but not show that it is below n."""

    class Cutting(HighDegree):
        """Reverses what fits of f, so that all but one coefficient is right."""

        def _combined(self, coefficients, gamma):
            return super()._combined(coefficients, gamma)[: self.size]

    scheme = KzgCommitment(development(16, LOGARITHMS), HASH, size=8)
    for cls in (HighDegree, Cutting):
        cheating = cls(development(16, LOGARITHMS), HASH, size=8)
        lie = commit_and_open(cheating, HASH, (2,), 1)
        with pytest.raises(ProofRejected) as caught:
            evolve(lie, scheme=scheme).verify()
        assert caught.value.check == "kzg-pairing"


def test_a_scalar_beyond_the_order_is_refused() -> None:
    scheme = KzgCommitment(development(4, LOGARITHMS), HASH, size=4)
    opened = commit_and_open(scheme, HASH, (1,), 1)
    value = int.from_bytes(opened.data[12:44], "little")
    changed = opened.data[:12] + (value + BN254.order).to_bytes(32, "little") + opened.data[44:]
    with pytest.raises(ProofRejected) as caught:
        opened.read(changed)
    assert caught.value.check == "curve-scalar"


def test_an_opening_of_another_shape_is_refused() -> None:
    scheme = KzgCommitment(development(4, LOGARITHMS), HASH, size=4)
    opened = commit_and_open(scheme, HASH, (2,), 1)
    other = commit_and_open(scheme, HASH, (3,), 1)
    with pytest.raises(ProofRejected) as caught:
        opened.verify(other.read())
    assert caught.value.check == "kzg-shape"


@pytest.mark.parametrize("size", [0, 1, 3, 6, 1 << 29])
def test_sizes_that_no_domain_has_are_refused(size: int) -> None:
    with pytest.raises(OptionsError, match="power of two"):
        KzgCommitment(development(0, LOGARITHMS), HASH, size=size)


def test_more_entries_than_the_set_up_has_powers_are_refused() -> None:
    with pytest.raises(OptionsError, match="needs 8 powers, the set-up has 4"):
        KzgCommitment(development(4, LOGARITHMS), HASH, size=8)


def test_three_random_entries_hide_the_others() -> None:
    """Whatever the others are, some random ones give the same f(τ), f(ζ) and f(1/τ): what a commitment shows is one
    invertible map of three random entries, for any distinct points outside the domain.
    """
    order, size, tau, zeta = BN254.order, 8, 1234567, 7654321
    omega = root_of_unity(size, order)
    at = [tau, zeta, pow(tau, -1, order)]

    def shown(entries: list[int]) -> list[int]:
        f = interpolate(entries, omega, order)
        return [evaluate(f, point, order) for point in at]

    rows = [shown([int(k == entry) for k in range(size)]) for entry in (5, 6, 7)]
    (a, b, c), (d, e, f), (g, h, i) = rows
    assert (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) % order
