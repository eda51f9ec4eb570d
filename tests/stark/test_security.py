"""The security analysis against published figures, against exact arithmetic, and against its own claims."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import floor, isqrt, log2, sqrt
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyproof_stark.queries
from polyproof.constraints import Builder, ConstraintSystem, Rows
from polyproof.errors import OptionsError
from polyproof.field import Field
from polyproof.hash import Hash
from polyproof.model.assets import Asset
from polyproof.security import Figure, FigureName, SecurityReport
from polyproof_accounts.system import AccountsSystem
from polyproof_fibonacci.system import FibonacciSystem
from polyproof_stark.compiler import CompiledSystem, compile_system
from polyproof_stark.parameters import Parameters
from polyproof_stark.proximity import Johnson, MutualJohnson, RandomWords, UniqueDecoding
from polyproof_stark.queries import MAX_GRINDING, choose_queries, least_queries, reach_target
from polyproof_stark.security import QUERIES, security_report

GOLDILOCKS = 2**64 - 2**32 + 1
BABY_BEAR = 2**31 - 2**27 + 1


class AField:
    """All that an account needs of a field."""

    name = "goldilocks"
    modulus = GOLDILOCKS


class AHash:
    """All that an account needs of a hash."""

    name = "poseidon"
    collision_bits = 128


FIELD, HASH = cast(Field, AField()), cast(Hash, AHash())
OKX = tuple(Asset(f"A{number}", 8, 64) for number in range(22))


def compiled_accounts(
    p: Parameters, assets: tuple[Asset, ...] = OKX, limb_bits: int = 16, modulus: int = GOLDILOCKS
) -> CompiledSystem:
    system = AccountsSystem(assets, active=p.active, modulus=modulus, limb_bits=limb_bits)
    return compile_system(system, p)


def parameters(
    log_rows: int = 20,
    *,
    blowup: int = 4,
    queries: int = 88,
    grinding: int = 16,
    arity: int = 8,
    degree: int = 3,
    blinding: int | None = None,
) -> Parameters:
    """The defaults of the options, but for what a test says."""
    blinding = 2 * queries + 2 * degree if blinding is None else blinding
    return Parameters(log_rows, blowup, queries, grinding, arity, degree, blinding)


def whole(p: Parameters, assets: tuple[Asset, ...] = OKX, limb_bits: int = 16) -> SecurityReport:
    return security_report(compiled_accounts(p, assets, limb_bits), p, FIELD, HASH)


def report(p: Parameters, assets: tuple[Asset, ...] = OKX, limb_bits: int = 16) -> Figure:
    """Soundness by long-proven bounds."""
    return soundness(whole(p, assets, limb_bits))


def soundness(found: SecurityReport) -> Figure:
    assert found.soundness is not None
    return found.soundness


def bits(found: Figure, name: str) -> float:
    return next(term.bits for term in found.terms if term.name == name)


def by_bound(found: Figure, name: str) -> Figure:
    return next(account for account in (found, *found.alternatives) if account.bound.startswith(name))


# Published figures. The protocols differ from ours, so what is compared are the bounds, put together as
# the sources put them together.


def test_risc_zero_figures() -> None:
    """RISC Zero, risc0/zkp/src/docs/soundness.ipynb (September 2024), "Regime 2: Provable Soundness in the
    List-Decoding Radius": k = 2, h = 21, BabyBear^4, C = 279, L = 283, s = 50, max_combo = 9, m = 16, m+ = 17.
    Printed: e_FRI_constant −39.759659, e_FRI_queries −47.780294, e_ALI −110.374161, e_DEEP −95.176350.
    """
    field_size, rows, domain = BABY_BEAR**4, 2**21, 2**23
    bound = Johnson(1 / 4, 16)
    # Their batching counts L − ½: the fold terms of all rounds add at most half a line (BCIKS20, lemma 8.2).
    constant = log2(283 - 0.5) + bound.exceptional(1, domain) - log2(field_size)
    assert constant == pytest.approx(-39.759659, abs=1e-5)
    assert 50 * log2(bound.agreement) == pytest.approx(-47.780294, abs=1e-6)
    list_size = Johnson((rows + 9) / domain, 17).list_size
    assert log2(list_size * 279 / field_size) == pytest.approx(-110.374161, abs=1e-6)
    identity = 4 * (rows + 9 - 1) + (rows - 1)
    assert log2(list_size * identity / (field_size - rows - domain)) == pytest.approx(-95.176350, abs=1e-6)


@pytest.mark.parametrize(
    ("degree", "blowup", "queries", "grinding", "log_rows", "folding", "words", "expected"),
    [
        (2, 4, 119, 20, 20, 2, 2, 100),
        (2, 8, 123, 16, 8, 2, 2, 116),
        (2, 8, 123, 16, 8, 4, 2, 115),
        (2, 2, 195, 20, 8, 2, 2, 100),
        (2, 8, 120, 20, 16, 8, 2, 106),
        (2, 8, 120, 20, 16, 8, 1 << 5, 104),
        (2, 8, 120, 20, 16, 8, 1 << 8, 101),
    ],
)
def test_winterfell_figures_within_unique_decoding(
    degree: int, blowup: int, queries: int, grinding: int, log_rows: int, folding: int, words: int, expected: int
) -> None:
    """Winterfell, air/src/proof/security.rs (July 2025, eprint 2024/1553 theorem 3), tests get_100_bits_security,
    unique_decoding_folding_factor_effect, unique_versus_list_decoding_rate_effect, deep_batching_method_udr.
    """
    bound, domain = UniqueDecoding(1 / blowup), blowup << log_rows
    found = min(
        64 * degree - bound.exceptional(words - 1, domain),
        64 * degree - bound.exceptional_fold(folding, domain // folding, domain),
        grinding - queries * log2(bound.agreement),
        128,
    )
    assert floor(found) == expected


@pytest.mark.parametrize(
    ("degree", "blowup", "queries", "log_rows", "words", "expected"),
    [
        (2, 4, 119, 20, 2, 69),
        (3, 4, 81, 20, 2, 100),
        (3, 4, 80, 18, 2, 99),
        (3, 8, 53, 18, 2, 99),
        (3, 8, 85, 18, 2, 128),
        (3, 16, 65, 18, 2, 128),
        (2, 8, 85, 18, 2, 70),
        (3, 8, 120, 22, 2, 126),
        (3, 8, 120, 22, 1 << 8, 118),
    ],
)
def test_winterfell_figures_up_to_the_johnson_radius(
    degree: int, blowup: int, queries: int, log_rows: int, words: int, expected: int
) -> None:
    """The same file, theorem 2 of eprint 2024/1553: get_100_bits_security, get_96_bits_security,
    get_128_bits_security, extension_degree, deep_batching_method_ldr. Grinding is 20 bits in all.
    """
    found = 0.0
    for m in range(3, 1000):
        bound = Johnson(1 / blowup, m)
        gap = 64 * degree - bound.exceptional(words - 1, blowup << log_rows)
        found = max(found, min(gap, 20 - queries * log2(bound.agreement), 128))
    assert floor(found) == expected


def test_plonky3_figures() -> None:
    """Plonky3, security/src/fri.rs, proven_security_regression_benchmark_high_arity: blowup 2, 100 queries, 16 bits
    of grinding, |F| = 2^252, 2^20 rows: 57 bits within unique decoding, 65 up to the Johnson radius.
    """
    assert floor(16 - 100 * log2(UniqueDecoding(1 / 2).agreement)) == 57
    johnson = Johnson(1 / 2, 1000)
    assert 252 - johnson.exceptional_fold(8, 2**18, 2**21) > 65
    assert floor(16 - 100 * log2(johnson.agreement)) == 65


def test_soundcalc_figures_of_the_linear_bound() -> None:
    """ethereum/soundcalc, reports/risc0.md (May 2026), row JBR, by BCHKS25 with its m = 40: 283 words batched by
    powers, folds by 16, 50 queries: batching 63, commit rounds 71, 75, 79, 83, query phase 48.
    """
    bound, field_bits = MutualJohnson(1 / 4, 20), 4 * log2(BABY_BEAR)
    assert floor(field_bits - bound.exceptional(282, 2**23)) == 63
    sizes = [2**23 >> shift for shift in (4, 8, 12, 16)]
    assert [floor(field_bits - bound.exceptional_fold(16, size, 2**23)) for size in sizes] == [71, 75, 79, 83]
    assert floor(-50 * log2(bound.agreement)) == 48


# Exact arithmetic: every error as a rational number, or its square where a root of ρ is in it. Written from
# docs/explanation/security.md and the papers, for the accounts system, without the compiler.


def exact_log2(value: Fraction) -> float:
    """log2 of a positive rational of any size: 64 leading bits of either part are kept."""

    def of_integer(number: int) -> float:
        shift = max(number.bit_length() - 64, 0)
        return shift + log2(number >> shift)

    return of_integer(value.numerator) - of_integer(value.denominator)


def exact_bits(p: Parameters, limbs: list[int], limb_bits: int, modulus: int, m: int | None) -> dict[str, float]:
    """Bits of every term: up to the Johnson radius with m, or within unique decoding without."""
    rows, domain, blinding = 2**p.log_rows, p.blowup * 2**p.log_rows, p.blinding
    active, outside, rate = rows - blinding, modulus**p.degree - modulus, Fraction(1, p.blowup)
    columns, v = sum(limbs), 0
    while 2 ** (limb_bits * (v + 1)) * 4 * active < modulus:
        v += 1
    sums = sum(-(-count // v) for count in limbs)

    def grouped(size: int) -> tuple[int, int, int]:
        """Helpers of limbs, chunks, and the degree of what holds on every row, with groups of this size."""
        # Degrees of the constraints of section 3 of the protocol, in columns of degree N − 1, over their divisors.
        every_row = max(min(size, columns) + 1, 2)
        quotient = max(every_row * (rows - 1) - active, 2 * (rows - 1) - (active - 1))
        return -(-columns // size), -(-(quotient + 1) // active), every_row

    groups, chunks, every_row = min(map(grouped, (p.blowup - 1, p.blowup)), key=lambda found: found[0] + found[1])
    constraints = 3 + groups + 1 + 4
    words = columns + 1 + 2 + groups + 2 + chunks + 2 + 1
    # The identity at z, in columns of degree N, times Z_U(X)·(X − ω^U).
    identity = max(every_row * rows + 1, 2 * rows + 2, rows + active, (chunks - 1) * active + rows + active + 1)
    squared_list = Fraction(1) if m is None else (Fraction(2 * m + 1, 2)) ** 2 / rate

    def squared_gap(degree: int, size: int, first: int, fold: bool) -> Fraction:
        if m is None:
            return Fraction(degree * ((first + 1) if fold else size)) ** 2
        algebraic = Fraction(2 * m + 1, 2) ** 14 / (9 * rate**3) * size**4
        weights = Fraction((2 * m + 1) * (first + 1)) ** 2 / rate
        return degree**2 * (max(algebraic, weights) if fold else algebraic)

    squares = {
        "lookups and sums": squared_list * (active * (columns + 1) + sums) ** 2,
        "batching of constraints": squared_list * (constraints - 1) ** 2,
        "out-of-domain point": squared_list * identity**2,
        "batching of columns": squared_gap(words - 1, domain, domain, fold=False),
        "joining of G_A and G_B": squared_gap(1, domain, domain, fold=False),
    }
    size, bound, worst = domain, rows, Fraction(0)
    while bound > 32:
        arity = min(p.arity, bound // 32)
        size, bound = size // arity, bound // arity
        worst = max(worst, squared_gap(arity - 1, size, domain, fold=True))
    squares["folds"] = worst
    found = {name: -exact_log2(square / outside**2) / 2 for name, square in squares.items()}
    squared_agreement = ((1 + rate) / 2) ** 2 if m is None else rate * Fraction(2 * m + 1, 2 * m) ** 2
    found[QUERIES] = -exact_log2(squared_agreement**p.queries) / 2 + p.grinding
    found["hash collisions"] = 128.0
    return found


shapes = st.builds(
    parameters,
    st.integers(12, 20),
    blowup=st.sampled_from([2, 4, 8, 16]),
    queries=st.integers(1, 300),
    grinding=st.integers(0, 32),
    arity=st.sampled_from([2, 4, 8, 16]),
    degree=st.integers(2, 8),
    blinding=st.integers(1, 300),
)


@settings(max_examples=60)
@given(shapes, st.lists(st.sampled_from([8, 32, 40, 64, 96, 128]), min_size=1, max_size=12))
def test_every_term_agrees_with_exact_arithmetic(p: Parameters, widths: list[int]) -> None:
    assets = tuple(Asset(f"A{number}", 8, width) for number, width in enumerate(widths))
    limb_bits = 10
    found = report(p, assets, limb_bits)
    limbs = [-(-width // limb_bits) for width in widths]
    for account in (found, *found.alternatives):
        m = int(account.bound.rpartition(" ")[2]) if account.bound.startswith("Johnson") else None
        expected = exact_bits(p, limbs, limb_bits, GOLDILOCKS, m)
        assert {term.name for term in account.terms} == set(expected)
        for term in account.terms:
            assert term.bits == pytest.approx(expected[term.name], abs=1e-6), term.name
        assert account.bits == pytest.approx(min(expected.values()), abs=1e-6)


@settings(max_examples=25)
@given(shapes)
def test_no_other_m_gives_more_bits(p: Parameters) -> None:
    assets = OKX[:2]
    johnson = by_bound(report(p, assets, 10), "Johnson")
    chosen = int(johnson.bound.rpartition(" ")[2])
    assert chosen >= 3
    for m in {3, 4, 5, 10, 30, 100, 1000, max(chosen - 1, 3), chosen + 1, 2 * chosen}:
        assert min(exact_bits(p, [7, 7], 10, GOLDILOCKS, m).values()) <= johnson.bits + 1e-6


@given(st.sampled_from([1 / 2, 1 / 4, 1 / 8, 1 / 16]), st.integers(3, 10**6))
def test_list_size_is_above_johnsons_bound(rate: float, m: int) -> None:
    """At most (α − ρ)/(α² − ρ) tuples agree on a share α if any two agree on a share ρ at most."""
    bound = Johnson(rate, m)
    square = Fraction(rate) * Fraction(2 * m + 1, 2 * m) ** 2
    # α from below, so that the fraction is from above.
    alpha = Fraction(isqrt(int(square * 10**60)), 10**30)
    assert (alpha - Fraction(rate)) / (alpha**2 - Fraction(rate)) < Fraction(bound.list_size)


def test_curves_of_unique_decoding_are_lines_times_their_degree() -> None:
    bound = UniqueDecoding(1 / 4)
    assert bound.exceptional(129, 2**22) == pytest.approx(bound.exceptional(1, 2**22) + log2(129))
    assert bound.exceptional(1, 2**22) == 22


def test_conjectured_agreement_is_worse_than_the_refuted_one_and_better_than_the_proven() -> None:
    conjectured = RandomWords(1 / 4, 192.0)
    assert 1 / 4 < conjectured.agreement < sqrt(1 / 4)
    assert -log2(conjectured.agreement) == pytest.approx(1.974, abs=1e-3)


# What the protocol page claims


def test_defaults_at_a_million_rows_give_102_bits_86_of_them_from_queries() -> None:
    p = parameters(20)
    compiled = compiled_accounts(p)
    assert len(compiled.witness_columns) == 88
    found = report(p)
    assert found.bits == pytest.approx(102.38, abs=0.01)
    assert found.decides.name == QUERIES
    assert found.bound == "Johnson radius, m = 39"
    assert found.grinding_bits == 16
    assert bits(found, QUERIES) - found.grinding_bits == pytest.approx(86.4, abs=0.1)
    # The query term and the batching of columns meet there: a better m does not exist.
    assert bits(found, "batching of columns") - found.bits < 0.5


def test_default_options_have_a_hundred_bits_at_every_length_they_allow() -> None:
    assert all(report(parameters(log_rows)).bits > 100 for log_rows in range(17, 21))


def test_fewer_rows_give_more_bits() -> None:
    found = [report(parameters(log_rows)).bits for log_rows in range(17, 21)]
    assert all(fewer > more for fewer, more in pairwise(found))


def test_blowup_8_with_60_queries_has_a_hundred_bits_too() -> None:
    assert report(parameters(20, blowup=8, queries=60)).bits > 100


def test_extension_of_degree_2_does_not_reach_a_hundred_bits_at_a_million_rows() -> None:
    for queries in (88, 200, 1024):
        assert report(parameters(20, queries=queries, grinding=MAX_GRINDING, degree=2)).bits < 100


def test_inclusion_has_figures_of_its_own_within_unique_decoding_and_beyond() -> None:
    account = whole(parameters(20))
    found, within, beyond = soundness(account), account.inclusion, account.inclusion_2025
    assert within is not None
    assert beyond is not None
    assert within.bound == "unique decoding"
    assert within.bits == pytest.approx(by_bound(found, "unique").bits)
    assert within.bits == pytest.approx(75.67, abs=0.01)
    assert beyond.bits == pytest.approx(found.bits)
    assert "mutual correlated agreement" in beyond.decides.source
    assert "2025/2055" in beyond.decides.source
    assert "mutual" not in within.decides.source


def test_figures_are_apart_and_each_says_what_it_rests_on() -> None:
    account = whole(parameters(20))
    assert list(account.given) == [name for name in FigureName if name is not FigureName.ESTIMATED]
    assert account.given[FigureName.BINDING].bits == 128
    assert "2020" in account.given[FigureName.SOUNDNESS].rests_on
    assert "2025" in account.given[FigureName.SOUNDNESS_2025].rests_on
    assert "unique decoding" in account.given[FigureName.INCLUSION].rests_on
    assert "2025" in account.given[FigureName.INCLUSION_2025].rests_on
    assert account.assumptions.collision_resistant == account.assumptions.random_oracle == (HASH.name,)
    assert account.assumptions.trusted_setup == ""
    for figure in account.given.values():
        assert all(term.options for term in figure.terms)


def test_theorems_of_2025_give_soundness_no_fewer_bits() -> None:
    """Mutual correlated agreement is agreement, with fewer exceptional challenges at the same distance."""
    for p in (parameters(20), parameters(12, queries=30), parameters(17, degree=2), parameters(20, blowup=16)):
        account = whole(p)
        newer, older = account.soundness_2025, by_bound(soundness(account), "Johnson")
        assert newer is not None
        assert newer.bits >= older.bits


def test_chain_adds_its_error_to_that_of_its_rounds() -> None:
    """With very many queries over a small extension the (columns + 3)·N rows and cosets count."""
    account = whole(parameters(20, queries=1024, degree=2))
    found, inclusion = soundness(account), account.inclusion
    assert inclusion is not None
    chain = log2(GOLDILOCKS**2 - GOLDILOCKS) - log2((88 + 3) * 2**20)
    errors = 2**-chain + 2 ** -by_bound(found, "unique").bits
    assert inclusion.bits == pytest.approx(-log2(errors))
    assert inclusion.bits < min(chain, found.bits) - 0.2


def test_grinding_counts_in_the_query_term_alone() -> None:
    without, with_grinding = report(parameters(20, grinding=0)), report(parameters(20, grinding=16))
    m = {by_bound(found, "unique").bound for found in (without, with_grinding)}
    assert m == {"unique decoding"}
    for a, b in zip(by_bound(without, "unique").terms, by_bound(with_grinding, "unique").terms, strict=True):
        assert b.bits - a.bits == pytest.approx(16 if a.name == QUERIES else 0)


def test_unique_decoding_is_used_where_it_is_better() -> None:
    found = report(parameters(20, queries=200, degree=2))
    assert found.bound == "unique decoding"
    assert found.alternatives[0].bound.startswith("Johnson")
    assert found.bits > found.alternatives[0].bits


def test_every_term_says_formula_source_and_round() -> None:
    found = report(parameters(20))
    for account in (found, *found.alternatives):
        for term in account.terms:
            assert term.formula
            assert term.source
            assert term.round or term.name == "hash collisions"
        assert account.bits == min(term.bits for term in account.terms)
    assert "= 79·(1048394·89 + 44)/2^192.0" in found.terms[0].formula


def test_a_formula_is_a_quotient_and_then_what_its_letters_mean() -> None:
    found = whole(parameters(20))
    accounts = [figure for figure in (found.soundness, found.soundness_2025) if figure is not None]
    assert any("µ" in term.formula for account in accounts for term in account.terms)
    for account in accounts:
        for term in (term for term in account.terms if "n = " in term.formula):
            quotient, whole_of_it, letters = term.formula.partition("/|K∖F|, ")
            assert whole_of_it, term.formula
            assert " = " not in quotient, term.formula
            for letter in ("µ", "θ"):
                assert (letter in quotient) == (f"{letter} = " in letters), term.formula


def test_weak_hash_caps_the_bits() -> None:
    class Weak(AHash):
        collision_bits = 64

    p = parameters(20)
    found = security_report(compiled_accounts(p), p, FIELD, cast(Hash, Weak()))
    assert (soundness(found).bits, soundness(found).decides.name) == (64, "hash collisions")
    assert found.conjectured_soundness_bits == 64
    assert all(figure.bits <= 64 for figure in found.given.values())


def test_system_without_lookups_has_no_term_for_them() -> None:
    compiled = compile_system(FibonacciSystem(GOLDILOCKS), parameters(10))
    found = soundness(security_report(compiled, parameters(10), FIELD, HASH))
    assert {term.name for term in found.terms}.isdisjoint({"lookups and sums"})
    # deg Q = N − 2, of a value on one row: two chunks of degree N, the second shifted by U, and Z_U(X)·(X − ω^U).
    active = 1024 - 182
    identity = active + 1024 + active + 1
    assert bits(by_bound(found, "unique"), "out-of-domain point") == pytest.approx(192 - log2(identity))


class Weighted(ConstraintSystem):
    """Five sums whose totals are made of one public value: powers of λ are counted, not public values."""

    name = "weighted"
    columns = ("a",)
    publics = ("total",)

    def constraints(self, builder: Builder) -> None:
        for k in range(1, 6):
            builder.assert_sum(f"sum{k}", builder.column("a") * k, builder.public("total") * k)
        builder.assert_zero("first", builder.column("a"), Rows.FIRST)

    def trace(self, witness: object, rows: int):
        raise NotImplementedError


def test_sums_are_counted_by_powers_of_lambda() -> None:
    found = soundness(security_report(compile_system(Weighted(), parameters(10)), parameters(10), FIELD, HASH))
    assert bits(by_bound(found, "unique"), "lookups and sums") == pytest.approx(192 - log2(5))


# Monotonicity

small = st.builds(
    parameters,
    st.integers(12, 19),
    blowup=st.sampled_from([2, 4, 8]),
    queries=st.integers(1, 200),
    grinding=st.integers(0, 20),
    arity=st.sampled_from([2, 4, 8, 16]),
    degree=st.integers(2, 4),
    blinding=st.integers(1, 300),
)


@settings(max_examples=30)
@given(small, st.integers(1, 50))
def test_more_of_anything_that_protects_never_costs_bits(p: Parameters, more: int) -> None:
    from attrs import evolve

    assets = OKX[:3]
    now = report(p, assets, 10).bits
    for stronger in (
        evolve(p, queries=p.queries + more),
        evolve(p, grinding=p.grinding + more),
        evolve(p, degree=p.degree + 1),
    ):
        assert report(stronger, assets, 10).bits >= now - 1e-9


@settings(max_examples=30)
@given(small)
def test_more_rows_and_more_assets_never_gain_bits(p: Parameters) -> None:
    from attrs import evolve

    now = report(p, OKX[:3], 10).bits
    assert report(evolve(p, log_rows=p.log_rows + 1), OKX[:3], 10).bits <= now + 1e-9
    assert report(p, OKX[:4], 10).bits <= now + 1e-9


@settings(max_examples=20)
@given(small)
def test_no_figure_exceeds_the_conjectured_one_and_inclusion_does_not_exceed_soundness(p: Parameters) -> None:
    account = whole(p, OKX[:3], 10)
    found = soundness(account)
    assert account.conjectured_soundness_bits is not None
    assert found.bits <= account.conjectured_soundness_bits + 1e-9
    assert all(other.bits <= found.bits for other in found.alternatives)
    for name in (FigureName.INCLUSION, FigureName.INCLUSION_2025):
        assert account.given[name].bits <= found.bits + 1e-9


# The optimiser


def optimise(target: float, log_rows: int = 20, degree: int = 3, blowup: int = 4) -> Parameters:
    def candidate(queries: int, grinding: int) -> Parameters:
        return parameters(log_rows, queries=queries, grinding=grinding, degree=degree, blowup=blowup)

    return choose_queries(compiled_accounts(candidate(88, 16)), candidate, FIELD, HASH, target)


@pytest.mark.parametrize("blowup", [2, 4, 8, 16])
def test_no_target_is_reached_with_fewer_queries_than_a_proof_must_have_room_for(blowup: int) -> None:
    for target in (1, 20, 21, 60, 100):
        assert optimise(target, log_rows=14, blowup=blowup).queries >= least_queries(target, blowup) >= 1


def with_own_system(target: float, usual: Parameters, own: Callable[[Parameters], CompiledSystem]) -> Parameters:
    """What is chosen if the usual parameters have the usual system, and all others have their own."""

    def made(queries: int, grinding: int) -> Parameters:
        return parameters(usual.log_rows, queries=queries, grinding=grinding)

    def compiled(p: Parameters) -> CompiledSystem:
        return compiled_accounts(p, limb_bits=8) if p == usual else own(p)

    return reach_target(usual, compiled, made, FIELD, HASH, target)


def test_parameters_reach_the_target_with_the_system_that_is_made_for_them() -> None:
    """Judged by a system with which fewer reach it, and proved with one of more columns, which loses some bits."""
    usual = parameters(queries=40)
    wider = (*OKX, *(Asset(f"W{number}", 8, 64) for number in range(200)))
    target = 110
    chosen = with_own_system(target, usual, lambda p: compiled_accounts(p, wider, 8))
    judged = with_own_system(target, usual, lambda p: compiled_accounts(p, limb_bits=8))
    assert report(chosen, wider, 8).bits >= target
    assert report(judged, limb_bits=8).bits >= target > report(judged, wider, 8).bits
    assert (chosen.queries, chosen.grinding) > (judged.queries, judged.grinding)


def test_target_that_no_queries_reach_with_their_own_system_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile manifest chooses the target: each round compiles a system, and there are few."""
    compiled: list[Parameters] = []

    def never(p: Parameters) -> CompiledSystem:
        compiled.append(p)
        return compiled_accounts(p, limb_bits=8)

    stubborn = parameters(queries=30, grinding=0)
    monkeypatch.setattr(polyproof_stark.queries, "choose_queries", lambda *_: stubborn)
    with pytest.raises(OptionsError, match="target_bits 110 is missed by whatever queries are chosen for it"):
        with_own_system(110, parameters(queries=40), never)
    assert len(compiled) <= 4


@pytest.mark.parametrize("target", [1, 60, 80, 100, 110, 120, 128])
def test_optimiser_reaches_the_target_with_the_fewest_queries(target: int) -> None:
    chosen = optimise(target)
    assert report(chosen).bits >= target
    assert chosen.grinding <= MAX_GRINDING
    if chosen.queries > 1:
        for grinding in range(MAX_GRINDING + 1):
            fewer = parameters(20, queries=chosen.queries - 1, grinding=grinding)
            assert report(fewer).bits < target
    if chosen.grinding:
        less = parameters(20, queries=chosen.queries, grinding=chosen.grinding - 1)
        assert report(less).bits < target


@settings(max_examples=10)
@given(st.integers(20, 120), st.integers(17, 20), st.sampled_from([2, 4, 8]))
def test_optimiser_is_minimal_everywhere(target: int, log_rows: int, blowup: int) -> None:
    chosen = optimise(target, log_rows, blowup=blowup)
    assert report(chosen).bits >= target
    if chosen.queries > 1:
        fewer = parameters(log_rows, queries=chosen.queries - 1, grinding=MAX_GRINDING, blowup=blowup)
        assert report(fewer).bits < target


@pytest.mark.parametrize("target", [100, 128])
def test_target_that_a_small_extension_cannot_reach_is_an_error_with_the_arithmetic(target: int) -> None:
    with pytest.raises(OptionsError) as error:
        optimise(target, degree=2)
    message = str(error.value)
    assert f"target_bits {target} cannot be reached with 2^20 rows and extension 2" in message
    # 2^128 − … over (88 + 33 + 1)·2^22 challenges: 99.0 bits within unique decoding.
    assert "unique decoding: batching of columns gives 99.0 bits" in message
    assert "ℓ = 88 + 33 + 1, n = |D| = 2^22" in message
    assert "2^28.9/2^128.0" in message
    assert "Johnson radius, m = 3: batching of columns gives" in message


def test_target_above_what_the_hash_gives_is_an_error_that_names_the_hash() -> None:
    class Weak(AHash):
        collision_bits = 120

    def candidate(queries: int, grinding: int) -> Parameters:
        return parameters(20, queries=queries, grinding=grinding)

    with pytest.raises(OptionsError, match=r"128 cannot be reached.*hash collisions gives 120\.0 bits"):
        choose_queries(compiled_accounts(candidate(88, 16)), candidate, FIELD, cast(Hash, Weak()), 128)


def test_optimiser_takes_less_than_a_second() -> None:
    start = time.process_time()
    optimise(100)
    assert time.process_time() - start < 1
