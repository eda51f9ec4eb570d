"""Conformance suite for ``PolynomialCommitment``: what a scheme owes its callers, negative cases included.

A plugin author inherits it and supplies the scheme for a size, the hash of its transcript, and provers that cheat::

    class TestMyScheme(PolynomialCommitmentSuite):
        @pytest.fixture
        def make(self):
            return lambda size: MyScheme(MyField(), MyHash(), size=size)

        @pytest.fixture
        def hash(self):
            return MyHash()

        @pytest.fixture
        def dishonest(self):
            return [MySchemeWithFalseValues(...), MySchemeOfAnyDegree(...)]

Each prover in ``dishonest`` is a subclass of the scheme that carries on where the honest one gives up: with false
values, or with polynomials at or above the degree bound. Everything else that the suite changes is bound by the
transcript; only these show that the proof itself is checked.

``make`` should return a scheme that is as weak as its parameters allow (few queries, no grinding), since the suite
verifies some hundred openings.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from attrs import evolve

from polyproof.commitment import PolynomialCommitment, ValueField, Values
from polyproof.errors import ProofRejected
from polyproof.hash import Hash
from polyproof.testing.openings import (
    LABEL,
    Opened,
    RecordingTranscript,
    UnderCommitment,
    coefficients_of,
    columns_of,
    commit_and_open,
    point_of,
    value_at,
)
from polyproof.transcript import Transcript

__all__ = ["PolynomialCommitmentSuite", "RecordingTranscript"]

Make = Callable[[int], PolynomialCommitment]

SHAPES = [((1,), 1), ((3,), 1), ((1,), 3), ((2, 5), 2), ((4, 1, 2), 3)]
"""Columns of each commitment, and the number of points."""


class PolynomialCommitmentSuite:
    """What every ``polyproof.commitment.PolynomialCommitment`` promises."""

    size = 64
    """Degree bound of the polynomials that the suite commits to."""

    @pytest.fixture
    def make(self) -> Make:
        """How to make the scheme for a size; override it."""
        raise NotImplementedError("override the fixture `make`: a function from a size to your PolynomialCommitment")

    @pytest.fixture
    def hash(self) -> Hash:
        """The hash of the transcript; override it."""
        raise NotImplementedError("override the fixture `hash`: the Hash that your scheme's transcript is over")

    @pytest.fixture
    def dishonest(self) -> Sequence[PolynomialCommitment]:
        """Provers that cheat, for ``size``; override it."""
        raise NotImplementedError("override the fixture `dishonest`: your scheme with a prover that cheats, or several")

    @pytest.fixture
    def scheme(self, make: Make) -> PolynomialCommitment:
        """The scheme under test."""
        return make(self.size)

    @pytest.fixture
    def opened(self, scheme: PolynomialCommitment, hash: Hash) -> Opened:
        """Two commitments, of two and three columns, opened at two points."""
        return commit_and_open(scheme, hash, (2, 3), 2)

    # True openings are accepted

    def test_scheme_states_its_name_and_numbers(self, scheme: PolynomialCommitment) -> None:
        assert isinstance(scheme, PolynomialCommitment)
        assert scheme.name
        assert scheme.size == self.size
        assert isinstance(scheme.value_field, ValueField)
        modulus, omega = scheme.value_field.modulus, scheme.root_of_unity
        assert pow(omega, self.size, modulus) == 1 != pow(omega, self.size // 2, modulus)
        assert type(scheme.opens_domain) is bool
        assert scheme.reveals is None or scheme.reveals >= 0

    @pytest.mark.parametrize(("widths", "points"), SHAPES)
    def test_opened_values_are_those_of_the_polynomials(
        self, scheme: PolynomialCommitment, make: Make, hash: Hash, widths: tuple[int, ...], points: int
    ) -> None:
        opened = commit_and_open(scheme, hash, widths, points)
        # From bytes, as another process would verify it.
        verifier = make(self.size)
        opening = verifier.read(opened.data, widths, points)
        commitments = [
            verifier.read_commitment(scheme.write_commitment(commitment), width)
            for commitment, width in zip(opened.commitments, widths, strict=True)
        ]
        verifier.verify(commitments, opened.points, opening, Transcript(hash, LABEL))
        for columns, of_state in zip(opened.columns, opening.values, strict=True):
            coefficients = coefficients_of(scheme, columns)
            for point, values in zip(opened.points, of_state, strict=True):
                assert values.shape == (columns.shape[1], scheme.value_field.degree)
                for column in range(columns.shape[1]):
                    assert values[column].tolist() == value_at(scheme.value_field, coefficients[column], point)

    @pytest.mark.parametrize("kind", ["zero", "constant", "highest power"])
    def test_polynomials_of_every_degree_below_the_bound_open(
        self, scheme: PolynomialCommitment, hash: Hash, kind: str
    ) -> None:
        modulus = scheme.value_field.modulus
        exponent = {"zero": 0, "constant": 0, "highest power": self.size - 1}[kind]
        coefficients = [int(k == exponent and kind != "zero") for k in range(self.size)]
        at = [pow(scheme.root_of_unity, k * exponent, modulus) * (kind != "zero") for k in range(self.size)]
        state = scheme.commit(scheme.value_field.array(at).reshape(-1, 1))
        point = point_of(scheme.value_field, 0)
        opening = scheme.open([state], [point], Transcript(hash, LABEL))
        opening = scheme.read(scheme.write(opening), [1], 1)
        scheme.verify([state.commitment], [point], opening, Transcript(hash, LABEL))
        assert opening.values[0][0][0].tolist() == value_at(scheme.value_field, coefficients, point)

    def test_commitment_is_a_function_of_the_values(self, scheme: PolynomialCommitment) -> None:
        values = columns_of(scheme, 3)
        written = _committed(scheme, values)
        assert written == _committed(scheme, values.copy())
        for row in (0, 1, self.size // 2, self.size - 1):
            changed = values.copy()
            changed[row, 1] = (int(changed[row, 1]) + 1) % scheme.value_field.modulus
            assert written != _committed(scheme, changed)
        assert written != _committed(scheme, np.ascontiguousarray(values[:, ::-1]))
        assert written != _committed(scheme, np.ascontiguousarray(values[:, :2]))

    # Transcript

    def test_prover_and_verifier_have_the_same_transcript(self, opened: Opened) -> None:
        prover, verifier = (RecordingTranscript(opened.hash, LABEL) for _ in range(2))
        opening = opened.scheme.open(opened.states, opened.points, prover)
        opened.verify(opened.read(opened.scheme.write(opening)), verifier)
        assert verifier.said == prover.said
        assert np.array_equal(verifier.state, prover.state)

    def test_transcript_of_the_verifier_is_the_same_every_time(self, opened: Opened) -> None:
        first, second = (RecordingTranscript(opened.hash, LABEL) for _ in range(2))
        opened.verify(transcript=first)
        opened.verify(transcript=second)
        assert first.said == second.said

    def test_commitments_points_and_values_are_absorbed(self, opened: Opened) -> None:
        """Statements that differ in one of them, true or not, make the verifier's transcript differ."""
        said = []
        opening = opened.read()
        other_value = copy.deepcopy(opening)
        changed = other_value.values[1][1]
        changed[0, 0] = (int(changed[0, 0]) + 1) % opened.scheme.value_field.modulus
        other = opened.scheme.commit(columns_of(opened.scheme, 2, seed=7)).commitment
        other_point = point_of(opened.scheme.value_field, 9)
        for commitments, points, candidate in (
            (opened.commitments, opened.points, opening),
            ((other, *opened.commitments[1:]), opened.points, opening),
            (opened.commitments, (opened.points[0], other_point), opening),
            (opened.commitments, opened.points, other_value),
        ):
            transcript = RecordingTranscript(opened.hash, LABEL)
            try:
                opened.scheme.verify(commitments, points, candidate, transcript)
            except ProofRejected:
                honest = commitments is opened.commitments and points is opened.points
                assert candidate is not opening or not honest
            said.append(repr(transcript.said))
        assert len(set(said)) == len(said)

    def test_opening_is_bound_to_earlier_messages(self, opened: Opened) -> None:
        opened.verify()
        assert opened.is_rejected(transcript=Transcript(opened.hash, "conformance/2"))
        later = Transcript(opened.hash, LABEL)
        later.absorb_integers("something else", 1)
        assert opened.is_rejected(transcript=later)

    # False openings are rejected

    def test_every_changed_value_is_rejected(self, opened: Opened) -> None:
        field = opened.scheme.value_field
        for state, point in np.ndindex(len(opened.commitments), len(opened.points)):
            for cell in np.ndindex(opened.widths[state], field.degree):
                opening = opened.read()
                values = opening.values[state][point]
                values[cell] = (int(values[cell]) + 1) % field.modulus
                assert opened.is_rejected(opening)

    def test_exchanged_values_are_rejected(self, opened: Opened) -> None:
        for state in range(len(opened.commitments)):
            opening = opened.read()
            first, second = opening.values[state]
            first[:], second[:] = second.copy(), first.copy()
            assert opened.is_rejected(opening)
            opening = opened.read()
            opening.values[state][0][:] = opening.values[state][0][::-1].copy()
            assert opened.is_rejected(opening)

    def test_another_point_is_rejected(self, opened: Opened) -> None:
        other = point_of(opened.scheme.value_field, 9)
        first, second = opened.points
        for points in ((other, second), (first, other), (second, first), (first, first)):
            assert evolve(opened, points=points).is_rejected(opened.read())

    def test_another_commitment_is_rejected(self, opened: Opened) -> None:
        scheme = opened.scheme
        other = scheme.commit(columns_of(scheme, 2, seed=7)).commitment
        first, second = opened.commitments
        for commitments in ((other, second), (first, other), (second, first), (first, first)):
            assert evolve(opened, commitments=commitments).is_rejected(opened.read())

    def test_changed_bytes_of_a_commitment_are_rejected(self, opened: Opened) -> None:
        """One bit each at up to forty positions, where the commitment is read or where the opening is verified."""
        scheme, (first, second) = opened.scheme, opened.commitments
        written = scheme.write_commitment(first)
        for position in sorted(set(np.linspace(0, len(written) - 1, 40).astype(int).tolist())):
            changed = bytearray(written)
            changed[position] ^= 1 << position % 8
            try:
                read = scheme.read_commitment(bytes(changed), 2)
            except ProofRejected:
                continue
            assert evolve(opened, commitments=(read, second)).is_rejected()

    def test_commitment_of_another_length_is_rejected(self, opened: Opened) -> None:
        written = opened.scheme.write_commitment(opened.commitments[0])
        for wrong in (b"", written[:-1], written[: len(written) // 2], written + b"\0", written * 2):
            with pytest.raises(ProofRejected):
                opened.scheme.read_commitment(wrong, 2)

    def test_another_number_of_commitments_or_points_is_rejected(self, opened: Opened) -> None:
        first, second = opened.commitments
        for commitments in ((first,), (first, second, second)):
            assert evolve(opened, commitments=commitments).is_rejected(opened.read())
        for points in (opened.points[:1], (*opened.points, point_of(opened.scheme.value_field, 9))):
            assert evolve(opened, points=points).is_rejected(opened.read())

    def test_opening_of_other_columns_is_rejected(self, scheme: PolynomialCommitment, opened: Opened) -> None:
        other = commit_and_open(scheme, opened.hash, (2, 3), 2, seed=5)
        other.verify()
        assert opened.is_rejected(other.read())

    def test_openings_of_dishonest_provers_are_rejected(
        self, scheme: PolynomialCommitment, hash: Hash, dishonest: Sequence[PolynomialCommitment]
    ) -> None:
        assert dishonest, "an empty list of provers shows nothing"
        for prover in dishonest:
            lie = commit_and_open(prover, hash, (2, 3), 2)
            believed = evolve(lie, scheme=scheme)
            opening = believed.read()  # it must be well formed, so that verify is what rejects it
            with pytest.raises(ProofRejected):
                believed.verify(opening)

    def test_opening_under_a_commitment_that_is_not_its_own_is_rejected(
        self, scheme: PolynomialCommitment, hash: Hash
    ) -> None:
        """A prover that states the commitment to other columns and draws its challenges accordingly."""
        state, other = scheme.commit(columns_of(scheme, 2)), scheme.commit(columns_of(scheme, 2, seed=8))
        point = point_of(scheme.value_field, 0)
        opening = scheme.open([UnderCommitment(state, other.commitment)], [point], Transcript(hash, LABEL))
        opening = scheme.read(scheme.write(opening), [2], 1)
        with pytest.raises(ProofRejected):
            scheme.verify([other.commitment], [point], opening, Transcript(hash, LABEL))

    @pytest.mark.parametrize("widths", [(2, 2), (2, 4), (3, 2), (1, 3), (5, 0), (0, 5)])
    def test_another_number_of_columns_is_rejected(self, opened: Opened, widths: tuple[int, int]) -> None:
        with pytest.raises(ProofRejected):
            opened.verify(opened.read(widths=widths))

    def test_polynomial_above_the_degree_bound_is_rejected(
        self, scheme: PolynomialCommitment, make: Make, hash: Hash
    ) -> None:
        """It opens under the scheme for its own degree bound, but not under the scheme for half of it."""
        larger = commit_and_open(make(2 * self.size), hash, (2, 3), 2)
        larger.verify()
        with pytest.raises(ProofRejected):
            scheme.verify(
                larger.commitments, larger.points, scheme.read(larger.data, (2, 3), 2), Transcript(hash, LABEL)
            )

    def test_changed_bytes_are_rejected(self, opened: Opened) -> None:
        """One bit each at some two hundred positions: the first and last forty bytes, and others spread in between."""
        length = len(opened.data)
        spread = np.linspace(0, length - 1, 120).astype(int).tolist()
        for position in sorted({*range(min(40, length)), *spread, *range(max(0, length - 40), length)}):
            changed = bytearray(opened.data)
            changed[position] ^= 1 << position % 8
            with pytest.raises(ProofRejected):
                opened.verify(opened.read(bytes(changed)))

    def test_values_that_the_verifier_knows_need_not_be_written(self, opened: Opened) -> None:
        """Those that it reads the opening with are the ones that are checked."""
        scheme, known = opened.scheme, opened.read()
        data = scheme.write(known, values=False)
        assert len(data) < len(opened.data)
        opened.verify(scheme.read(data, opened.widths, len(opened.points), values=known.values))
        other = copy.deepcopy(known.values)
        other[0][1][0, 0] = (int(other[0][1][0, 0]) + 1) % scheme.value_field.modulus
        assert opened.is_rejected(scheme.read(data, opened.widths, len(opened.points), values=other))
        for wrong in (data[:-1], data + b"\0", opened.data):
            with pytest.raises(ProofRejected):
                scheme.read(wrong, opened.widths, len(opened.points), values=known.values)

    def test_bytes_of_another_length_are_rejected(self, opened: Opened) -> None:
        length = len(opened.data)
        for cut in (0, 1, 7, 8, 12, length // 2, length - 1):
            with pytest.raises(ProofRejected):
                opened.verify(opened.read(opened.data[:cut]))
        with pytest.raises(ProofRejected):
            opened.verify(opened.read(opened.data + b"\0"))

    # Calls that no caller may make

    def test_columns_of_another_length_are_not_committed_to(self, scheme: PolynomialCommitment) -> None:
        values = columns_of(scheme, 2)
        for wrong in (values[:-1], values[: self.size // 2], np.concatenate((values, values)), values[:0]):
            with pytest.raises(ValueError):
                scheme.commit(np.ascontiguousarray(wrong))

    def test_points_of_the_domain_open_or_are_refused(self, opened: Opened) -> None:
        """There a value is an entry of a column: a scheme says whether it shows one."""
        scheme, row = opened.scheme, 5
        field = scheme.value_field
        entry = field.array([pow(scheme.root_of_unity, row, field.modulus), *(0 for _ in range(field.degree - 1))])
        if not scheme.opens_domain:
            with pytest.raises(ValueError):
                scheme.open(opened.states, [entry], Transcript(opened.hash, LABEL))
            return
        opening = scheme.open(opened.states, [entry], Transcript(opened.hash, LABEL))
        opening = scheme.read(scheme.write(opening), opened.widths, 1)
        scheme.verify(opened.commitments, [entry], opening, Transcript(opened.hash, LABEL))
        for columns, of_state in zip(opened.columns, opening.values, strict=True):
            assert of_state[0][:, 0].tolist() == columns[row].tolist()
            assert not of_state[0][:, 1:].any()


def _committed(scheme: PolynomialCommitment, values: Values) -> bytes:
    """The commitment to some columns, as bytes."""
    return scheme.write_commitment(scheme.commit(values).commitment)
