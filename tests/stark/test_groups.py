"""Groups of β − 1 or β values to a helper column, and the quotient that has more coefficients than D has points.

Section 3 of the protocol page, "Size of groups" and "A quotient longer than D".
"""

from __future__ import annotations

from functools import reduce
from itertools import product

import numpy as np
import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polyproof_koalabear import KoalaBear

from polyproof.constraints import ConstraintSystem, PlacedAccounts, Rows, Trace
from polyproof.engine import Engine
from polyproof.errors import OptionsError
from polyproof.field import Elements, Field
from polyproof.model.assets import Asset
from polyproof.registry import default_registry
from polyproof.toolkit.stated_constraints import state_constraints
from polyproof_accounts.system import AccountsSystem
from polyproof_babybear.field import BabyBear
from polyproof_stark.committed import Committed
from polyproof_stark.compiler import CompiledSystem, compile_system, expand
from polyproof_stark.divisors import Divisors
from polyproof_stark.limits import check_parameters
from polyproof_stark.longer_quotient import with_blinding_rows
from polyproof_stark.parameters import Parameters
from polyproof_stark.protocol import Instance, layout_of
from polyproof_stark.prover import Prover
from polyproof_stark.quotient import Quotient
from polyproof_stark.widths import limbs_of, widths
from stark.exchange import ASSETS, PARAMETERS, Exchange, some_accounts
from stark.test_quotient import RandomSystem

P = 2**64 - 2**32 + 1
ACTIVE = PARAMETERS.active
GOLDILOCKS = default_registry().create("field", "goldilocks", Engine.COMPILED)

FIVE = (*ASSETS, Asset("SOL", 9, 64), Asset("XRP", 6, 64))
ONE_TABLE = Exchange()
TABLES = Exchange(some_accounts(60, FIVE), limb_bits=12)
"""Thirty limbs, and five tables, of which four share a helper."""


def test_the_exchanges_under_test_have_groups_of_the_blowup_and_a_quotient_that_is_too_long_for_d():
    for exchange in (ONE_TABLE, TABLES):
        compiled = exchange.instance().compiled
        assert compiled.group_size == PARAMETERS.blowup == 4
        assert compiled.quotient_degree(PARAMETERS.rows, PARAMETERS.blinding) >= PARAMETERS.domain_size
    assert [len(group) for group in TABLES.instance().compiled.lookups[0].table_groups] == [4, 1]


# The choice


def columns(compiled: CompiledSystem, p: Parameters) -> int:
    return len(compiled.argument_columns) + compiled.chunks(p.rows, p.blinding)


@given(
    seed=st.integers(0, 2**32),
    blowup=st.sampled_from([2, 4, 8]),
    log_rows=st.integers(5, 9),
    blinding=st.integers(2, 7),
)
@settings(max_examples=60, deadline=None)
def test_the_size_is_the_one_of_the_fewest_columns_that_fits(seed, blowup, log_rows, blinding):
    p = Parameters(log_rows, blowup, queries=1, grinding=0, arity=2, degree=2, blinding=blinding)
    system = RandomSystem(seed)
    less, more = (expand(state_constraints(system), p.active, size) for size in (blowup - 1, blowup))
    fits = more.quotient_degree(p.rows, p.blinding) + 1 <= p.domain_size + p.blinding - 2
    wanted = more if fits and columns(more, p) < columns(less, p) else less
    assert compile_system(system, p).group_size == wanted.group_size


class Squares(ConstraintSystem):
    """Range checks of columns, and at the end of squares."""

    name = "squares"
    publics = ()

    def __init__(self, values: int, squares: int) -> None:
        self.columns = tuple(f"c{number}" for number in range(values))
        self.squares = squares

    def constraints(self, builder):
        found = [builder.column(name) for name in self.columns]
        first = len(found) - self.squares
        builder.range_check("small", found[:first] + [value * value for value in found[first:]], 4)

    def trace(self, witness, rows):
        raise NotImplementedError


def test_where_groups_of_the_blowup_make_a_quotient_that_is_too_long_they_have_one_less():
    """Eight groups of four are fewer columns than eleven of three, but a square makes the last of degree 6."""
    p = evolve(PARAMETERS, log_rows=12)
    assert compile_system(Squares(32, 0), p).group_size == 4
    compiled = compile_system(Squares(32, 1), p)
    assert compiled.group_size == 3
    check_parameters(p, compiled, GOLDILOCKS)
    longer = expand(state_constraints(Squares(32, 1)), p.active, 4)
    assert columns(longer, p) < columns(compiled, p)
    with pytest.raises(OptionsError, match=r"coefficients, more than 4·2\^12 \+ 64 − 2 = 16446"):
        check_parameters(p, longer, GOLDILOCKS)


@given(
    bits=st.lists(st.sampled_from((1, 8, 33, 64, 96)), min_size=1, max_size=12),
    log_rows=st.integers(10, 14),
    blowup=st.sampled_from([2, 4, 8, 16]),
)
@settings(max_examples=8, deadline=None)
def test_the_cost_model_counts_the_columns_of_the_compiled_system(bits, log_rows, blowup):
    assets = [Asset(f"A{number}", 0, width) for number, width in enumerate(bits)]
    p = evolve(PARAMETERS, log_rows=log_rows, blowup=blowup)
    for width in widths(limbs_of(assets), p):
        try:
            system = AccountsSystem(assets, active=p.active, modulus=P, limb_bits=width.bits)
        except OptionsError:
            continue
        compiled = compile_system(system, p)
        check_parameters(p, compiled, GOLDILOCKS)
        assert width.groups.size == compiled.group_size
        layout = layout_of(compiled, p)
        # Besides what the model counts: masks, t and the running sum.
        assert width.limbs + width.tables == layout.trace - 2 * p.degree - 1
        assert width.groups.helpers + width.groups.chunks == layout.argument - 1 + layout.chunks
        assert width.cost == (
            p.blowup * p.rows * (width.limbs + width.tables + 2 * (layout.argument - 1 + layout.chunks))
            + (2 << width.bits)
        )


# The quotient is the polynomial that it would be on a larger domain


def honest_columns(instance: Instance, trace: Trace) -> tuple[Elements, Elements, list, Elements]:
    """A‖B and C on H, for random challenges."""
    prover = Prover(instance, None, {})
    extension = instance.extension
    alpha, lam, eta = (extension.random(()) for _ in range(3))
    rows = prover.trace_matrix(trace)
    arguments = prover.argument_matrix(rows, alpha, lam).reshape(len(rows), -1)
    return rows, arguments, [alpha, lam], eta


def quotient_by(instance: Instance, rows, arguments, challenges, eta) -> Elements:
    """The coefficients of what interpolates it on D."""
    field, p, shift = instance.field, instance.parameters, instance.evaluation_domain.shift
    matrices = [Committed(matrix, field.coset_lde(matrix, p.blowup), None) for matrix in (rows, arguments)]
    quotient = Quotient(instance, *matrices, challenges, eta)
    on_d = field.inverse_transform(quotient.on_d(), shift)
    if instance.compiled.quotient_degree(p.rows, p.blinding) + 1 < p.domain_size:
        return on_d
    return with_blinding_rows(quotient, on_d)


@given(
    bits=st.lists(st.sampled_from((1, 7, 20, 40, 64)), min_size=1, max_size=5),
    log_rows=st.integers(6, 8),
    blowup=st.sampled_from([2, 4, 8]),
    degree=st.sampled_from([2, 3]),
    blinding=st.integers(3, 12),
    limb_bits=st.integers(4, 9),
    longer=st.booleans(),
    seed=st.integers(0, 2**16),
    field=st.sampled_from([GOLDILOCKS, BabyBear()]),
)
@example([40], 6, 8, 2, 8, 4, True, 0, GOLDILOCKS).via("as many coefficients as D has points: one over must be zero")
@settings(max_examples=30, deadline=None)
def test_the_quotient_is_that_of_twice_the_blowup(
    bits, log_rows, blowup, degree, blinding, limb_bits, longer, seed, field
):
    p = Parameters(log_rows, blowup, queries=1, grinding=0, arity=2, degree=degree, blinding=blinding)
    assets = tuple(Asset(f"A{number}", 0, width) for number, width in enumerate(bits))
    system = AccountsSystem(assets, active=p.active, modulus=field.modulus, limb_bits=limb_bits)
    accounts = some_accounts(p.active // 2, assets, seed)
    trace = system.trace(PlacedAccounts(accounts, np.arange(len(accounts), dtype=np.int64)), p.active)
    compiled = expand(state_constraints(system), p.active, blowup - 1 + longer)
    instance = Instance(compiled, field.extension(degree), p, trace.publics)
    found = honest_columns(instance, trace)
    bound = compiled.quotient_degree(p.rows, p.blinding)

    wanted = quotient_by(evolve(instance, parameters=evolve(p, blowup=2 * blowup)), *found)
    assert not wanted[bound + 1 :].any()
    quotient = quotient_by(instance, *found)
    assert len(quotient) > bound + 1
    assert not quotient[bound + 1 :].any()
    assert np.array_equal(quotient[: bound + 1], wanted[: bound + 1])


# A small field, by brute force

SMALL = 97
SMALL_PARAMETERS = Parameters(log_rows=3, blowup=2, queries=1, grinding=0, arity=2, degree=2, blinding=3)


class Cubes(ConstraintSystem):
    """c = a²·b on every row, of degree β + 1; a steps by 0 or 1 and ends at a public value."""

    name = "cubes"
    columns = ("a", "b", "c")
    publics = ("end",)

    def constraints(self, builder):
        a, b, c = (builder.column(name) for name in self.columns)
        builder.assert_zero("cube", a * a * b - c)
        builder.assert_zero("step", (a.next - a) * (a.next - a - 1), Rows.TRANSITION)
        builder.assert_zero("start", b - 5, Rows.FIRST)
        builder.assert_zero("end", a - builder.public("end"), Rows.LAST)

    def trace(self, witness, rows):
        raise NotImplementedError


@pytest.fixture
def small_field() -> Field:
    """F_97: 96 = 2^5·3, and 5 generates it."""

    class F97(KoalaBear):
        name, modulus, generator, two_adicity = "f97", SMALL, 5, 5

        def random(self, shape):
            return np.random.default_rng(7).integers(0, SMALL, shape, dtype=np.uint64)

    return F97()


def cubes(field: Field) -> tuple[Instance, np.ndarray]:
    compiled = compile_system(Cubes(), SMALL_PARAMETERS)
    p = SMALL_PARAMETERS
    assert compiled.quotient_degree(p.rows, p.blinding) == p.domain_size + p.blinding - 3
    check = compiled.quotient_degree(p.rows, p.blinding) + 1 <= p.quotient_bound
    assert check
    rows = np.random.default_rng(3).integers(0, SMALL, (p.rows, layout_of(compiled, p).trace), dtype=np.uint64)
    rows[: p.active, 0] = [20, 20, 21, 22, 22]
    rows[0, 1] = 5
    rows[: p.active, 2] = rows[: p.active, 0] ** 2 * rows[: p.active, 1] % SMALL
    return Instance(compiled, field.extension(2), p, {"end": 22}), rows


def small_quotient(instance: Instance, rows: np.ndarray) -> np.ndarray:
    eta = np.array([3, 14], np.uint64)
    return quotient_by(instance, rows, np.zeros((len(rows), 0), np.uint64), [], eta)


def times(a: list[int], b: list[int]) -> list[int]:
    found = [0] * (len(a) + len(b) - 1)
    for (i, x), (j, y) in product(enumerate(a), enumerate(b)):
        found[i + j] = (found[i + j] + x * y) % SMALL
    return found


def minus(a: list[int], b: list[int]) -> list[int]:
    length = max(len(a), len(b))
    a, b = (item + [0] * (length - len(item)) for item in (a, b))
    return [(x - y) % SMALL for x, y in zip(a, b, strict=True)]


def over(numerator: list[int], roots: list[int]) -> list[int]:
    """The exact quotient by ∏ (X − root)."""
    for root in roots:
        remainder, found = 0, []
        for coefficient in reversed(numerator):
            remainder = (remainder * root + coefficient) % SMALL
            found.append(remainder)
        assert found.pop() == 0
        numerator = found[::-1]
    return numerator


def interpolated(values: list[int], points: list[int]) -> list[int]:
    found = [0] * len(values)
    for x, value in zip(points, values, strict=True):
        others, scale = [1], value
        for other in points:
            if other != x:
                others, scale = times(others, [-other % SMALL, 1]), scale * pow(x - other, -1, SMALL) % SMALL
        found = [(a + scale * b) % SMALL for a, b in zip(found, others, strict=True)]
    return found


def test_the_quotient_is_what_division_of_polynomials_gives(small_field):
    instance, rows = cubes(small_field)
    omega = small_field.root_of_unity(8)
    points = [pow(omega, row, SMALL) for row in range(8)]
    a, b, c = (interpolated([int(value) for value in rows[:, column]], points) for column in range(3))
    ahead = [value * pow(omega, power, SMALL) % SMALL for power, value in enumerate(a)]
    step = minus(ahead, a)
    quotients = [
        over(minus(times(times(a, a), b), c), points[:5]),
        over(times(step, minus(step, [1])), points[:4]),
        over(minus(b, [5]), points[:1]),
        over(minus(a, [22]), points[4:5]),
    ]
    extension, found = instance.extension, np.zeros((18, 2), np.uint64)
    weights = extension.powers(np.array([3, 14], np.uint64), 4)
    for weight, quotient in zip(weights, quotients, strict=True):
        for power, value in enumerate(quotient):
            found[power] = (found[power] + weight * np.uint64(value)) % SMALL
    assert found[-1].tolist() == [0, 0]
    assert found[16].any(), "longer than D has points"
    assert small_quotient(instance, rows).tolist() == found.tolist()


def test_every_broken_cell_leaves_a_coefficient_that_must_be_zero(small_field):
    """Whatever the row under constraints and the wrong value: the prover's own check sees it, in this field too."""
    instance, honest = cubes(small_field)
    assert not small_quotient(instance, honest)[17:].any()
    for row, more in product(range(5), range(1, SMALL)):
        rows = honest.copy()
        rows[row, 2] = (rows[row, 2] + np.uint64(more)) % SMALL
        assert small_quotient(instance, rows)[17:].any()


@pytest.mark.parametrize("field", [GOLDILOCKS, KoalaBear()])
@pytest.mark.parametrize("blinding", [1, 2, 7, 31])
def test_products_over_the_blinding_rows_are_products(field, blinding):
    p = Parameters(5, 2, queries=1, grinding=0, arity=2, degree=2, blinding=blinding)
    divisors = Divisors(Instance(compile_system(Cubes(), p), field.extension(2), p, {}))
    modulus, roots = field.modulus, divisors.blinding_roots
    products, polynomial = [], [1]
    for root in roots:
        products.append(reduce(lambda found, other: found * (root - other) % modulus, set(roots) - {root}, 1))
        polynomial = [(a - root * b) % modulus for a, b in zip([0, *polynomial], [*polynomial, 0], strict=True)]
    assert divisors.blinding_products.tolist() == products
    assert divisors.polynomial_of(p.active).tolist() == polynomial
