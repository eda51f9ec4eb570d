"""The leaves of the inclusion tree: packed limbs have one reading, and rows that nobody opens show nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from polyproof.constraints import Builder, ConstraintSystem, Trace
from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.registry import default_registry
from polyproof_stark.compiler import compile_system
from polyproof_stark.inclusion import InclusionProof
from polyproof_stark.leaves import InclusionLeaves, LimbOutOfRange
from polyproof_stark.protocol import Instance
from polyproof_stark.prover import Prover
from references import stark_verifier as slow
from stark.cheats import Unranged
from stark.exchange import ACCOUNTS, ASSETS, PARAMETERS, Exchange, some_accounts

P = 2**64 - 2**32 + 1
HONEST = Exchange()
LAST = PARAMETERS.active - 1


class Mixed(ConstraintSystem):
    """Columns that are range-checked to these bits; ``None`` for one that is not, or not by itself."""

    name = "mixed"
    publics = ()

    def __init__(self, widths: Sequence[int | None]) -> None:
        self.widths = widths
        self.columns = [f"c{number}" for number in range(len(widths))]

    def constraints(self, builder: Builder) -> None:
        for name, bits in zip(self.columns, self.widths, strict=True):
            column = builder.column(name)
            if bits is not None:
                builder.range_check(f"{name} in range", [column], bits)
                builder.range_check(f"{name} in a wider range", [column], bits + 1)
            builder.range_check(f"{name} in no range of its own", [column + 1], 4)

    def trace(self, witness: object, rows: int) -> Trace:
        raise NotImplementedError


class Bounded:
    """What leaves need of a hash."""

    def __init__(self, word_bound: int, engine: Engine = Engine.PORTABLE) -> None:
        self.word_bound, self.digest_words, self.engine = word_bound, 4, engine


def leaves_of(widths: Sequence[int | None], bound: int = P, engine: Engine = Engine.PORTABLE) -> InclusionLeaves:
    field = default_registry().create("field", "goldilocks", Engine.PORTABLE)
    compiled = compile_system(Mixed(widths), evolve(PARAMETERS, log_rows=16))
    return InclusionLeaves.of(Instance(compiled, field.extension(2), PARAMETERS, {}), Bounded(bound, engine))


def words_of(made: InclusionLeaves) -> list[list[int]]:
    """The witness columns in each word, the lowest bits first."""
    places = made.places[: len(made.names)].tolist()
    return [[column for column, place in enumerate(places) if place == word] for word in range(places[-1] + 1)]


def filled(made: InclusionLeaves, rows: np.ndarray) -> np.ndarray:
    """The packed words of rows without their masks and tags."""
    count = len(rows)
    leaves = np.full((count, made.width), 2**64 - 1, np.uint64)
    masks, tags = np.full((count, 2), 7, np.uint64), np.full((count, 4), 9, np.uint64)
    made.fill(leaves, np.concatenate((rows, masks), axis=1), tags)
    assert (leaves[:, -6:-4] == 7).all()
    assert (leaves[:, -4:] == 9).all()
    return leaves[:, :-6]


# Packing


@pytest.mark.parametrize(
    ("limbs", "bits", "bound", "words"),
    [(88, 16, P, 30), (66, 22, P, 33), (88, 16, 2**64, 30), (66, 22, 2**56, 33), (9, 20, 2**56, 5), (31, 2, P, 1)],
)
def test_as_many_limbs_share_a_word_as_62_bits_and_the_bound_have_room_for(limbs, bits, bound, words):
    made = leaves_of([bits] * limbs, bound)
    assert len(words_of(made)) == words == -(-limbs // (min(62, bound.bit_length() - 1) // bits))
    assert made.width == words + 2 + 4


@pytest.mark.parametrize(("bits", "words"), [(15, 1), (16, 2)])
def test_words_of_a_small_bound_have_one_bit_less_than_it(bits, words):
    """Below 2^31 − 2^27 + 1 is every number of 30 bits, and not every one of 31."""
    assert len(words_of(leaves_of([15, bits], 2**31 - 2**27 + 1))) == words


def test_the_row_of_22_assets_takes_five_permutations_of_a_sponge():
    """8 words to a permutation, e = 3: 37 words with limbs of 16 bits, 40 with limbs of 22, where 95 were twelve."""
    for limbs, bits in ((88, 16), (66, 22)):
        assert -(-(len(words_of(leaves_of([bits] * limbs))) + 3 + 4) // 8) == 5


def test_only_columns_that_are_range_checked_by_themselves_are_packed():
    made = leaves_of([8, 8, None, 8, 16, None, None, 23, 23, 23])
    assert words_of(made) == [[0, 1], [2], [3, 4], [5], [6], [7, 8], [9]]


class OfASum(Mixed):
    """A range check of a sum whose second term is the first node of all."""

    def constraints(self, builder: Builder) -> None:
        first, second = (builder.column(name) for name in self.columns)
        builder.range_check("sum", [second + first], 8)


def test_columns_of_which_only_a_sum_is_range_checked_are_not_packed():
    field = default_registry().create("field", "goldilocks", Engine.PORTABLE)
    compiled = compile_system(OfASum([None, None]), PARAMETERS)
    made = InclusionLeaves.of(Instance(compiled, field.extension(2), PARAMETERS, {}), Bounded(P))
    assert words_of(made) == [[0], [1]]
    assert not made.beyond.any(), "any value is allowed"


def test_words_of_rows_that_nobody_opens_are_drawn_until_they_are_below_the_bound(monkeypatch):
    """Three bits of each random word, for a bound of 5: 5, 6 and 7 are drawn again, and 4 is not."""
    drawn = iter(b"".join((number << 61).to_bytes(8, "little") for number in [0, 7, 4, 3, 5, 6, 1, 2, 4] * 3))
    monkeypatch.setattr("os.urandom", lambda size: bytes(next(drawn) for _ in range(size)))
    made = evolve(leaves_of([8]), bound=5)
    assert made.width == 7
    assert made.unopened(1).tolist() == [[0, 2, 4, 3, 4, 0, 1]]


@settings(deadline=None, max_examples=40)
@given(
    widths=st.lists(st.one_of(st.none(), st.integers(1, 23)), min_size=1, max_size=40),
    bound=st.sampled_from([2**56, 2**61 - 1, P, 2**64]),
    engine=st.sampled_from(Engine),
    seed=st.integers(0, 2**32),
)
def test_packed_limbs_can_be_read_back_and_are_below_the_bound(widths, bound, engine, seed):
    """What a word has can be unpacked, so that no two rows in range have the same words."""
    made = leaves_of(widths, bound, engine)
    random = np.random.default_rng(seed)
    most = [min(bound, P) - 1 if width is None else (1 << width) - 1 for width in widths]
    rows = np.array([random.integers(0, most, dtype=np.uint64, endpoint=True), most, [0] * len(most)], np.uint64)
    words = filled(made, rows)
    assert [column for word in words_of(made) for column in word] == list(range(len(widths)))
    for row, packed in zip(rows.tolist(), words.tolist(), strict=True):
        read: list[int] = []
        for word, columns in zip(packed, words_of(made), strict=True):
            assert word < bound
            for column in columns:
                width = widths[column]
                if width is None:
                    assert columns == [column]
                    read.append(word)
                else:
                    read.append(word & ((1 << width) - 1))
                    word >>= width
        assert read == row


@pytest.mark.parametrize("hash", ["blake3", "poseidon"])
@pytest.mark.parametrize("bits", [6, 8, 9])
def test_the_slow_verifier_packs_the_same_words(hash, bits):
    exchange = Exchange(hash_name=hash, limb_bits=bits, degree=2)
    made = InclusionLeaves.of(exchange.instance(), exchange.hash())
    statement = slow.Statement(
        tuple((asset.symbol, asset.bits) for asset in ASSETS),
        slow.Options(hash, "goldilocks", "standard", 2, 4, 30, 4, None, bits, 4, 1024),
        b"",
        "audit-1",
        0,
        1,
        ACCOUNTS.totals(),
    )
    instance = slow.Instance(statement, PARAMETERS.log_rows)
    for position in range(20):
        limbs = exchange.system.account_row(ACCOUNTS.balances(position))
        assert slow.packed(instance, limbs.tolist()) == filled(made, limbs[None])[0].tolist()
    with pytest.raises(slow.Rejected, match="range"):
        slow.packed(instance, [2**bits, *limbs.tolist()[1:]])


# A limb that carries into its neighbour


def carried(limbs: np.ndarray, column: int) -> np.ndarray:
    """Another row with the same words: 2^w more in a column, one less in the next."""
    made = limbs.copy()
    made[column] += np.uint64(1 << HONEST.limb_bits)
    made[column + 1] -= np.uint64(1)
    return made


def without_the_range(made: InclusionLeaves) -> InclusionLeaves:
    """Packs whatever it is given."""
    return evolve(made, beyond=np.zeros_like(made.beyond))


def all_the_largest() -> Exchange:
    """Everybody has the largest balances: each limb can lend one to the limb before it."""
    return Exchange(Accounts.of(ASSETS, [(f"user-{k}", [2**asset.bits - 1 for asset in ASSETS]) for k in range(9)]))


@pytest.fixture(scope="module")
def rich():
    exchange = all_the_largest()
    result = exchange.prove()
    return exchange, exchange.verify(result.proof), exchange.cut(result, 3)


SHARED = [
    pytest.param(column, id=f"{HONEST.system.columns[column]} to {HONEST.system.columns[column + 1]}")
    for word in words_of(InclusionLeaves.of(HONEST.instance(), HONEST.hash()))
    for column in word[:-1]
]
"""Every limb that has a neighbour above it in its word."""


def test_limbs_of_different_assets_share_a_word():
    names = [str(param.id) for param in SHARED]
    assert any("BTC" in name and "ETH" in name for name in names)


@pytest.mark.parametrize("column", SHARED)
def test_a_row_whose_limb_carries_into_its_neighbour_is_refused_though_it_has_the_same_leaf(rich, column):
    exchange, accepted, inclusion = rich
    limbs = exchange.system.account_row(exchange.accounts.balances(3))
    exchange.check_limbs(accepted, inclusion, "user-3", limbs)
    with pytest.raises(ProofRejected, match="not below 256") as caught:
        exchange.check_limbs(accepted, inclusion, "user-3", carried(limbs, column))
    assert caught.value.check == "limb-range"


def test_without_the_range_one_leaf_is_that_of_two_rows(rich, monkeypatch):
    """What the range of a limb keeps out: the path of the one row shows the other."""
    exchange, accepted, inclusion = rich
    limbs = exchange.system.account_row(exchange.accounts.balances(3))
    made = InclusionLeaves.of
    monkeypatch.setattr(InclusionLeaves, "of", lambda *given: without_the_range(made(*given)))
    with pytest.raises(ProofRejected) as caught:
        exchange.check_limbs(accepted, inclusion, "user-3", carried(limbs, SHARED[0].values[0]))
    assert caught.value.check == "own-row", "the path leads to the root: only the challenges are in the way"


def test_without_the_range_a_row_chosen_after_the_challenge_passes(rich, monkeypatch):
    """Multiples of 2^w·γ^j − γ^(j+1) over more pairs of limbs than K has coordinates add up to zero for any γ.

    So a row of other limbs has the same leaf and the same G_A: nothing but the range of limbs refuses it.
    """
    exchange, accepted, inclusion = rich
    instance = exchange.instance(engine=Engine.PORTABLE)
    extension = instance.extension
    limbs = exchange.system.account_row(exchange.accounts.balances(3)).astype(object)
    pairs = [param.values[0] for param in SHARED][:3]
    weights = accepted.weights.a
    steps = [
        extension.subtract(extension.scale(weights[j], np.uint64(256)), weights[j + 1]).astype(object) for j in pairs
    ]
    # Σ k_i·step_i = 0 over F, two equations in three unknowns: the cross product.
    (a, b), (c, d), (e, f) = steps
    multiples = [(c * f - d * e) % P, (b * e - a * f) % P, (a * d - b * c) % P]
    for column, multiple in zip(pairs, multiples, strict=True):
        limbs[column] = (limbs[column] + 256 * multiple) % P
        limbs[column + 1] = (limbs[column + 1] - multiple) % P
    forged = np.array(limbs, np.uint64)
    assert any(multiples)

    with pytest.raises(ProofRejected) as caught:
        exchange.check_limbs(accepted, inclusion, "user-3", forged)
    assert caught.value.check == "limb-range"

    words = words_of(InclusionLeaves.of(instance, exchange.hash()))
    honest = exchange.system.account_row(exchange.accounts.balances(3))

    def over_the_field(self, leaves, opened, tags):
        """Packing as it would be in the field, where a carry of any size has its counterpart."""
        assert len(opened) == 1
        row = opened[0].tolist()
        packed = [sum(row[column] << (8 * place) for place, column in enumerate(columns)) % P for columns in words]
        leaves[0] = [*packed, *row[len(honest) :], *tags[0].tolist()]

    monkeypatch.setattr(InclusionLeaves, "fill", over_the_field)
    exchange.check_limbs(accepted, inclusion, "user-3", forged)


def test_the_prover_makes_no_leaf_of_a_limb_that_carries_into_its_neighbour():
    columns = HONEST.trace.columns.astype(np.uint64)
    row = int(HONEST.rows[0])
    columns[row] = carried(columns[row], 0)
    honest_leaves = type("Lie", (Unranged,), {"inclusion_leaves": Prover.inclusion_leaves})
    with pytest.raises(LimbOutOfRange, match=r"BTC\.limb0 is 511, not below 256"):
        HONEST.prove(honest_leaves, trace=Trace(columns, HONEST.trace.publics))


# Rows that nobody opens


class Watched(Prover):
    """Keeps what the leaves hash."""

    def inclusion_leaves(self, rows, tags):
        self.rows = rows.copy()
        self.leaves = super().inclusion_leaves(rows, tags).copy()
        return self.leaves.copy()


def watched(exchange: Exchange) -> Watched:
    prover = Watched(exchange.instance(), exchange.hash(), exchange.trees())
    prover.prove(exchange.trace, exchange.tags)
    return prover


def far_from_uniform(words: np.ndarray, bound: int) -> bool:
    """Whether some bit is set in far more or fewer than half of the words, or a word occurs twice.

    Six standard deviations: uniform words fail once in a million times. The low 32 bits of words below p are those of
    words below 2^64 but for one in 2^32.
    """
    bits = np.unpackbits(np.ascontiguousarray(words).reshape(-1).view(np.uint8)).reshape(-1, 64)
    off = np.abs(bits.mean(axis=0) - 0.5) * 2 * np.sqrt(len(bits))
    return bool((off > 6).any()) or len(np.unique(words)) < words.size or int(words.max()) >= bound


@pytest.mark.parametrize("hash", ["blake3", "poseidon"])
def test_leaves_from_the_carry_row_on_are_uniform_words_that_no_two_attempts_share(hash):
    exchange = Exchange(hash_name=hash)
    bound = exchange.hash().word_bound
    first, second = watched(exchange), watched(exchange)
    both = np.concatenate((first.leaves[LAST:], second.leaves[LAST:]))
    assert not far_from_uniform(both, bound)
    assert not np.isin(first.leaves[LAST:], second.leaves).any()
    # Nothing of the row itself: no blinding value, no mask, no carry.
    assert not np.isin(first.leaves[LAST:], first.rows).any()


def test_the_distinguisher_tells_leaves_of_the_rows_themselves_from_uniform_words():
    """It would notice packed carries, packed blinding values, and one leaf for all rows."""
    prover = watched(Exchange())
    made = InclusionLeaves.of(prover.instance, prover.hash)
    count = PARAMETERS.rows - LAST
    opened = prover.rows[LAST:, prover.layout.opened_row]
    random_tags = made.unopened(count)[:, :4]
    carries = made.unopened(count)
    made.fill(carries[:1], opened[:1], random_tags[:1])
    assert far_from_uniform(np.repeat(carries[:1], count, axis=0), 2**64)
    assert far_from_uniform(np.repeat(carries[:1, : len(words_of(made))], 30, axis=0) + np.arange(30)[:, None], 2**64)
    with pytest.raises(LimbOutOfRange):
        made.fill(carries, opened, random_tags)
    wrapped = np.empty_like(carries)
    without_the_range(made).fill(wrapped, opened, random_tags)
    assert np.isin(wrapped, prover.rows).any(), "masks and limbs stand in the words as they are"


def test_padding_has_a_leaf_that_guessing_does_not_find():
    """A neighbour's file shows the sibling's leaf. Its mask and its tag are uniform, whatever else is known of it."""
    exchange = Exchange(some_accounts(300))
    prover = watched(exchange)
    words = len(words_of(InclusionLeaves.of(prover.instance, prover.hash)))
    padding = np.setdiff1d(np.arange(LAST), exchange.rows)
    limbs = prover.leaves[padding, :words]
    assert not limbs.any(), "padding is all zeros but for its mask and its tag"
    hidden = prover.leaves[padding, words:]
    assert not far_from_uniform(hidden[:, :2], P)
    assert not far_from_uniform(hidden[:, 2:], 2**64)
    digests = exchange.trees()["inclusion"].hash_leaves(prover.leaves)
    assert not far_from_uniform(digests, 2**64)


# Files


def test_the_inclusion_file_has_no_limbs_in_it(rich):
    exchange, _, inclusion = rich
    instance = exchange.instance(engine=Engine.PORTABLE)
    data = inclusion.write(instance, exchange.hash())
    p = PARAMETERS
    depths = [p.log_rows]
    size = p.rows
    for arity in p.folding.arities:
        size //= arity
        depths.append(size.bit_length() - 1)
    cosets = 2 * p.folding.arities[0] + sum(p.folding.arities[1:])
    assert len(data) == 12 + 8 + 32 + 8 * p.degree * (1 + cosets) + 32 * sum(depths)


def test_an_inclusion_payload_of_the_format_before_is_refused_by_its_version(rich):
    exchange, _, inclusion = rich
    instance, hash = exchange.instance(engine=Engine.PORTABLE), exchange.hash(Engine.PORTABLE)
    data = bytearray(inclusion.write(instance, hash))
    assert int.from_bytes(data[8:12], "little") == 2
    data[8:12] = (1).to_bytes(4, "little")
    with pytest.raises(ProofRejected, match="format version 1, this polyproof reads 2") as caught:
        InclusionProof.read(bytes(data), instance, hash, exchange.trees(Engine.PORTABLE))
    assert caught.value.check == "version"
