"""FRI on its own: folding, and the polynomial commitment."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from polyproof.commitment import VectorOpening
from polyproof.engine import Engine
from polyproof.errors import OptionsError, ProofRejected
from polyproof.registry import default_registry
from polyproof.transcript import Transcript
from polyproof_stark.commitment import FriCommitment
from polyproof_stark.fri import Domain, Folding, fold_codeword, leaves_of

P = 2**64 - 2**32 + 1


def extension(engine=Engine.COMPILED, degree=2):
    return default_registry().create("field", "goldilocks", engine).extension(degree)


@settings(max_examples=30)
@given(
    st.sampled_from([2, 4, 8, 16]),
    st.integers(5, 8),
    st.sampled_from([1, 7, 49]),
    st.integers(0, P - 1),
    st.integers(0, P - 1),
)
def test_a_fold_is_the_interpolant_of_each_coset_at_the_challenge(arity, log_size, shift, low, high):
    """Against Lagrange interpolation in plain integers of F[θ]/(θ² − 7)."""
    kit = extension()
    size = 1 << log_size
    codeword = kit.random((size,))
    challenge = np.array([low, high], np.uint64)
    folded = fold_codeword(kit, codeword, Domain(size, shift), arity, challenge)
    count = size // arity
    omega = kit.field.root_of_unity(size)

    def multiply(a, b):
        return (a[0] * b[0] + 7 * a[1] * b[1]) % P, (a[0] * b[1] + a[1] * b[0]) % P

    for leaf in (0, 1, count - 1):
        points = [shift * pow(omega, leaf + j * count, P) % P for j in range(arity)]
        total = (0, 0)
        for j, x in enumerate(points):
            value = tuple(int(v) for v in codeword[leaf + j * count])
            denominator = 1
            for i, y in enumerate(points):
                if i != j:
                    value = multiply(value, ((low - y) % P, high))
                    denominator = denominator * (x - y) % P
            inverse = pow(denominator, -1, P)
            total = ((total[0] + value[0] * inverse) % P, (total[1] + value[1] * inverse) % P)
        assert tuple(int(v) for v in folded[leaf]) == total


@pytest.mark.parametrize("shift", [1, 7])
def test_the_points_of_a_block_are_those_at_each_of_its_indices(shift):
    field, domain = extension().field, Domain(64, shift)
    points = [shift * pow(field.root_of_unity(64), index, P) % P for index in range(64)]
    assert domain.points(field, range(64)).tolist() == points
    for start, stop in ((0, 64), (5, 23), (48, 64)):
        assert domain.points_between(field, start, stop).tolist() == points[start:stop]


@given(st.integers(6, 24), st.sampled_from([2, 4, 8, 16]))
def test_the_schedule_ends_at_thirty_two_coefficients(log_bound, arity):
    folding = Folding.of(1 << log_bound, arity)
    assert folding.final_bound == 32
    assert all(2 <= step <= arity for step in folding.arities)
    assert all(step == arity for step in folding.arities[:-1])


def test_leaves_of_coinciding_queries_are_opened_once():
    folding = Folding(256, (4, 2))
    assert leaves_of(folding, 64, [3, 19, 35, 4]) == [[3, 4], [3, 4]]
    assert leaves_of(folding, 64, [3, 11]) == [[3, 11], [3]]


def scheme(engine=Engine.COMPILED, **options) -> FriCommitment:
    registry = default_registry()
    hash = registry.create("hash", "blake3", engine)
    tree = registry.create("commitment", "merkle", hash, leaf_domain="fri/rows")
    field = registry.create("field", "goldilocks", engine)
    return FriCommitment(field, hash, tree, **{"size": 256, "queries": 20, "grinding": 4, "extension": 2, **options})


class Opened:
    """Two commitments opened at two points."""

    def __init__(self) -> None:
        self.scheme = scheme()
        random = np.random.default_rng(5)
        self.columns = [random.integers(0, P, (256, width), np.uint64) for width in (3, 5)]
        self.states = [self.scheme.commit(values) for values in self.columns]
        self.points = [self.scheme.extension.random(()) for _ in range(2)]
        self.opening = self.scheme.open(self.states, self.points, self.transcript(self.scheme))
        self.data = self.scheme.write(self.opening)

    @staticmethod
    def transcript(of: FriCommitment):
        return Transcript(of.hash, "test")

    def verify(self, opening=None, roots=None, points=None, data=None) -> None:
        verifier = scheme(Engine.PORTABLE)
        opening = verifier.read(self.data if data is None else data, [3, 5], 2) if opening is None else opening
        roots = [state.root for state in self.states] if roots is None else roots
        verifier.verify(roots, self.points if points is None else points, opening, self.transcript(verifier))


@pytest.fixture(scope="module")
def opened() -> Opened:
    return Opened()


@pytest.mark.parametrize("arity", [2, 4, 8])
def test_a_commitment_is_opened_through_layers_of_any_arity(arity):
    kit, verifier = scheme(arity=arity), scheme(Engine.PORTABLE, arity=arity)
    state = kit.commit(np.random.default_rng(6).integers(0, P, (256, 2), np.uint64))
    points = [kit.extension.random(())]
    data = kit.write(kit.open([state], points, Opened.transcript(kit)))
    opening = verifier.read(data, [2], 1)
    assert len(opening.low_degree.layers) == {2: 3, 4: 2, 8: 1}[arity]
    verifier.verify([state.root], points, opening, Opened.transcript(verifier))
    for number in range(len(opening.low_degree.layers)):
        roots = opening.low_degree.layer_roots.copy()
        roots[number, 0] ^= np.uint64(1)
        changed = evolve(opening, low_degree=evolve(opening.low_degree, layer_roots=roots))
        with pytest.raises(ProofRejected):
            verifier.verify([state.root], points, changed, Opened.transcript(verifier))


def test_opened_values_are_those_of_the_polynomials(opened):
    opened.verify()
    field = opened.scheme.field
    for columns, of_state in zip(opened.columns, opened.opening.values, strict=True):
        coefficients = field.inverse_transform(columns)
        for point, values in zip(opened.points, of_state, strict=True):
            for column in range(columns.shape[1]):
                total = (0, 0)
                z = [int(v) for v in point]
                for c in reversed(coefficients[:, column].tolist()):
                    total = (
                        (total[0] * z[0] + 7 * total[1] * z[1] + c) % P,
                        (total[0] * z[1] + total[1] * z[0]) % P,
                    )
                assert tuple(int(v) for v in values[column]) == total


def test_every_false_value_is_rejected(opened):
    for state in range(2):
        for point in range(2):
            for column in range(opened.columns[state].shape[1]):
                values = [list(of_state) for of_state in opened.opening.values]
                changed = values[state][point].copy()
                changed[column, 0] = (int(changed[column, 0]) + 1) % P
                values[state][point] = changed
                with pytest.raises(ProofRejected):
                    opened.verify(evolve(opened.opening, values=tuple(tuple(row) for row in values)))


def test_an_honest_prover_of_a_false_value_fails_the_low_degree_test(opened):
    """The prover believes its own false value: its quotient is not a polynomial."""

    class Liar(FriCommitment):
        def _absorb_values(self, transcript, points, values):
            values[0][0][0, 0] = (int(values[0][0][0, 0]) + 1) % P
            return super()._absorb_values(transcript, points, values)

    liar = scheme()
    liar.__class__ = Liar
    with pytest.raises(ValueError, match="degree"):
        liar.open(opened.states, opened.points, opened.transcript(liar))


def test_other_roots_points_and_transcripts_are_rejected(opened):
    roots = [state.root for state in opened.states]
    with pytest.raises(ProofRejected):
        opened.verify(roots=roots[::-1])
    with pytest.raises(ProofRejected):
        opened.verify(points=opened.points[::-1])
    verifier = scheme(Engine.PORTABLE)
    with pytest.raises(ProofRejected):
        verifier.verify(roots, opened.points, opened.opening, Transcript(verifier.hash, "another"))


def test_a_layer_that_opens_fewer_or_more_cosets_than_the_queries_touch_is_rejected_as_such(opened):
    proof = opened.opening.low_degree
    for number, layer in enumerate(proof.layers):
        for cosets in (layer.cosets[:-1], layer.cosets[:0], np.concatenate((layer.cosets, layer.cosets[:1]))):
            layers = (*proof.layers[:number], evolve(layer, cosets=cosets), *proof.layers[number + 1 :])
            with pytest.raises(ProofRejected) as caught:
                opened.verify(evolve(opened.opening, low_degree=evolve(proof, layers=layers)))
            assert caught.value.check == "coset-count"


def test_a_layer_states_no_more_cosets_or_siblings_than_its_size_allows(opened):
    """The number is refused before anything is read for it."""
    proof, test = opened.opening.low_degree, opened.scheme.test
    size = test.domain.size
    for number, (layer, arity) in enumerate(zip(proof.layers, test.folding.arities, strict=True)):
        size //= arity
        most = len(layer.cosets) * opened.scheme.tree.opening_size(size, [0])
        cosets = np.concatenate([layer.cosets] * 20)
        for changed, check in (
            (evolve(layer, opening=VectorOpening(np.zeros((most, 4), np.uint64))), None),
            (evolve(layer, opening=VectorOpening(np.zeros((most + 1, 4), np.uint64))), "range"),
            (evolve(layer, cosets=layer.cosets[:0], opening=VectorOpening(np.zeros((0, 4), np.uint64))), "range"),
            (evolve(layer, cosets=cosets[: test.queries + 1]), "range"),
        ):
            layers = (*proof.layers[:number], changed, *proof.layers[number + 1 :])
            data = opened.scheme.write(evolve(opened.opening, low_degree=evolve(proof, layers=layers)))
            with pytest.raises(ProofRejected) as caught:
                opened.verify(data=data)
            assert (caught.value.check == "range") is (check == "range")


def test_a_layer_that_is_opened_whole_has_no_siblings():
    numbers = {"size": 64, "blowup": 2, "arity": 2, "queries": 64, "grinding": 0}
    kit, verifier = scheme(**numbers), scheme(Engine.PORTABLE, **numbers)
    state = kit.commit(np.random.default_rng(8).integers(0, P, (64, 1), np.uint64))
    points = [kit.extension.random(())]
    opening = verifier.read(kit.write(kit.open([state], points, Opened.transcript(kit))), [1], 1)
    assert [len(layer.opening.siblings) for layer in opening.low_degree.layers] == [0]
    verifier.verify([state.root], points, opening, Opened.transcript(verifier))


def test_a_nonce_is_below_two_to_the_forty_eight(opened):
    proof = opened.opening.low_degree
    for nonce in (2**48 - 1, 2**48, 2**64 - 1):
        data = opened.scheme.write(evolve(opened.opening, low_degree=evolve(proof, nonce=nonce)))
        with pytest.raises(ProofRejected) as caught:
            opened.verify(data=data)
        assert (caught.value.check == "range") is (nonce >= 2**48)


def test_openings_of_other_numbers_of_points_commitments_or_rows_are_rejected_as_such(opened):
    opening = opened.opening
    for changed in (
        evolve(opening, values=opening.values[:1]),
        evolve(opening, values=(*opening.values, opening.values[0])),
        evolve(opening, values=tuple(of_state[:1] for of_state in opening.values)),
        evolve(opening, rows=(opening.rows[0][:-1], opening.rows[1])),
        evolve(opening, rows=(opening.rows[0][:, :-1], opening.rows[1])),
    ):
        with pytest.raises(ProofRejected) as caught:
            opened.verify(changed)
        assert caught.value.check == "shape"


def test_every_kind_of_damage_to_the_bytes_is_a_typed_rejection(opened):
    random = np.random.default_rng(7)
    positions = random.integers(0, len(opened.data), 150).tolist()
    for position in positions:
        data = bytearray(opened.data)
        data[position] ^= 1 << int(random.integers(0, 8))
        with pytest.raises(ProofRejected):
            opened.verify(data=bytes(data))
    for cut in (0, 7, 12, 100, len(opened.data) - 1):
        with pytest.raises(ProofRejected):
            opened.verify(data=opened.data[:cut])
    with pytest.raises(ProofRejected, match="after its end"):
        opened.verify(data=opened.data + b"\0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 100}, "power of two"),
        ({"size": 32}, "at least 64"),
        ({"arity": 3}, "arity 3"),
        ({"queries": 500}, "cosets"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(options, message):
    with pytest.raises(OptionsError, match=message):
        scheme(**options)


def test_points_of_the_base_field_are_refused(opened):
    with pytest.raises(ValueError, match="outside the base field"):
        opened.scheme.open(opened.states, [np.array([5, 0], np.uint64)], opened.transcript(opened.scheme))
