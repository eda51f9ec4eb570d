"""The quotient on D is what section 3 of the protocol page says, whichever way the prover computes its parts."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyproof_stark.quotient
from polyproof.constraints import ConstraintSystem, Node, Operation, Rows
from polyproof.engine import Engine
from polyproof.registry import default_registry
from polyproof_goldilocks.extension import CompiledExtension
from polyproof_stark.committed import Committed
from polyproof_stark.compiler import compile_system
from polyproof_stark.divisors import Divisors
from polyproof_stark.expressions import OnArrays, Value, evaluate
from polyproof_stark.groups import RowSet
from polyproof_stark.parameters import Parameters
from polyproof_stark.protocol import Instance
from polyproof_stark.quotient import Quotient


class RandomSystem(ConstraintSystem):
    """Range checks of up to three widths, of columns in any order and of expressions; sums; zeros anywhere.

    Tables of up to 2^7 values are up to six on the 25 rows of ``instance_of``.
    """

    name = "random"

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.columns = tuple(f"c{k}" for k in range(np.random.default_rng(seed).integers(1, 30)))
        self.publics = ("p", "q")

    def constraints(self, builder):
        random = np.random.default_rng(self.seed)
        columns = [builder.column(name) for name in self.columns]
        publics = [builder.public(name) for name in self.publics]

        def linear(ahead=False):
            picked = [columns[k] for k in random.integers(0, len(columns), random.integers(1, 4))]
            terms = [column.next if ahead and random.integers(2) else column for column in picked]
            weights = [publics[0] * 3, publics[1] - 1, builder.constant(int(random.integers(1, 2**62)))]
            return reduce(lambda a, b: a + b, (term * weights[random.integers(3)] for term in terms)) + publics[0]

        for bits in random.choice(range(1, 8), random.integers(0, 4), replace=False).tolist():
            first, kind = random.integers(0, len(columns)), random.integers(3)
            neighbours = columns[first : first + random.integers(1, 30)]
            values = [neighbours, [columns[k] for k in random.permutation(len(columns))], [linear(), *neighbours]][kind]
            builder.range_check(f"range of {bits}", values, bits)
        for number in range(random.integers(0, 3)):
            builder.assert_sum(f"sum {number}", linear(), publics[number], last=linear())
        for number, rows in enumerate(random.choice(list(Rows), random.integers(1, 6))):
            expression = linear(rows is Rows.TRANSITION)
            for _ in range(random.integers(3)):
                expression = expression * linear(rows is Rows.TRANSITION)
            builder.assert_zero(f"zero {number}", expression, rows)

    def trace(self, witness, rows):
        raise NotImplementedError


class Plain(CompiledExtension):
    """Offers no kernel, like a plugin's field that knows of none."""

    def helper_sums(self, values, size, alpha, weights):
        return None


def instance_of(seed: int, degree: int, blowup: int, plain: bool = False) -> Instance:
    field = default_registry().create("field", "goldilocks", Engine.COMPILED)
    parameters = Parameters(log_rows=5, blowup=blowup, queries=1, grinding=0, arity=2, degree=degree, blinding=7)
    compiled = compile_system(RandomSystem(seed), parameters)
    extension = Plain(field, degree) if plain else field.extension(degree)
    return Instance(compiled, extension, parameters, {"p": 5, "q": field.modulus - 2})


def defined(instance: Instance, trace, arguments, challenges, eta, step=None, inverse_divisors=None) -> np.ndarray:
    """Σ η^k · C_k / divisor_k, a constraint at a time; on D unless other points are given.

    ``step``: how many points further on the next row is; ``inverse_divisors`` on the points.
    """
    compiled, layout, extension = instance.compiled, instance.layout, instance.extension
    if inverse_divisors is None:
        step, inverse_divisors = instance.parameters.blowup, Divisors(instance).on_evaluation_domain()

    def leaf(node: Node) -> Value:
        if node.operation is not Operation.COLUMN:
            return compiled.scalar(node, instance.publics, challenges)
        extended = node.first >= compiled.base_columns
        if extended:
            values = arguments.reshape(len(trace), -1, layout.degree)[:, node.first - compiled.base_columns]
        else:
            values = trace[:, layout.base_column(node.first)]
        rolled = np.roll(values, -step * node.second, axis=0)
        return Value(np.ascontiguousarray(rolled), extended)

    result = np.zeros((len(trace), layout.degree), np.uint64)
    power = extension.embed(np.array(1, np.uint64))
    for constraint in compiled.constraints:
        value = evaluate(compiled.nodes, [constraint.node], leaf, OnArrays(extension))[constraint.node]
        array = value.array if value.extended else extension.embed(value.array)
        quotient = extension.scale(array, inverse_divisors[constraint.rows])
        result = extension.add(result, extension.multiply(quotient, power))
        power = extension.multiply(power, eta)
    return result


def inverse_divisors_on_h(instance: Instance) -> dict[RowSet, np.ndarray]:
    """Inverse divisors on H, factor by factor; 0 up to row U, where some divisor vanishes."""
    p, modulus = instance.parameters, instance.field.modulus
    points = [pow(instance.field.root_of_unity(p.rows), row, modulus) for row in range(p.rows)]
    roots = {
        RowSet.ALL: points[: p.active],
        RowSet.TRANSITION: points[: p.active - 1],
        RowSet.FIRST: points[:1],
        RowSet.LAST: points[p.active - 1 : p.active],
        RowSet.END: points[p.active : p.active + 1],
    }
    found = {rows: np.zeros(p.rows, np.uint64) for rows in roots}
    for rows, zeros in roots.items():
        for row in range(p.active + 1, p.rows):
            divisor = reduce(lambda product, zero, x=points[row]: product * (x - zero) % modulus, zeros, 1)
            found[rows][row] = pow(divisor, -1, modulus)
    return found


def committed(instance: Instance) -> tuple[Committed, Committed]:
    """Random columns of degree below N."""
    p, layout, field = instance.parameters, instance.layout, instance.field

    def columns(count: int) -> Committed:
        on_h = field.random((p.rows, count))
        return Committed(on_h, field.coset_lde(on_h, p.blowup), None)

    return columns(layout.trace), columns(layout.argument * layout.degree)


@given(
    seed=st.integers(0, 2**32),
    degree=st.sampled_from([2, 3]),
    # The kernel for groups of 15 is in a proof of test_two_verifiers.py; it takes 12 seconds or more to compile.
    blowup=st.sampled_from([2, 4, 8]),
    block=st.sampled_from([1 << 13, 5]),
    plain=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_the_quotient_of_random_systems_is_its_definition(seed, degree, blowup, block, plain):
    """On D and on the rows after U, where columns are as random as on D; in one block of points and in several."""
    instance = instance_of(seed, degree, blowup, plain)
    extension, first = instance.extension, instance.parameters.active + 1
    challenges, eta = [extension.random(()), extension.random(())], extension.random(())
    trace, arguments = committed(instance)
    on_d = defined(instance, trace.extended, arguments.extended, challenges, eta)
    on_h = defined(instance, trace.on_h, arguments.on_h, challenges, eta, 1, inverse_divisors_on_h(instance))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(polyproof_stark.quotient, "_BLOCK", block)
        quotient = Quotient(instance, trace, arguments, challenges, eta)
        assert np.array_equal(quotient.on_d(), on_d)
        assert np.array_equal(quotient.on_blinding_rows(), on_h[first:])


@pytest.mark.parametrize("degree", [2, 3])
def test_the_kernel_takes_every_helper_constraint(degree, monkeypatch):
    """What is left for the graph does not grow with the number of looked-up values."""
    instance = instance_of(3, degree, 4)
    lookups = instance.compiled.lookups
    assert len(lookups) > 1
    assert sum(len(lookup.groups) for lookup in lookups) > 3
    assert max(len(lookup.table_groups) for lookup in lookups) > 1
    evaluated = []
    monkeypatch.setattr(
        "polyproof_stark.quotient.evaluate",
        lambda nodes, roots, *rest: evaluated.extend(roots) or evaluate(nodes, roots, *rest),
    )
    extension = instance.extension
    challenges, eta = [extension.random(()), extension.random(())], extension.random(())
    Quotient(instance, *committed(instance), challenges, eta).on_d()
    helpers = {
        instance.compiled.constraints[lookup.constraints + number].node
        for lookup in lookups
        for number in range(len(lookup.groups) + len(lookup.table_groups))
    }
    names = [instance.compiled.constraints[index].name for lookup in lookups for index in lookup.table_constraints]
    assert names == [
        f"range{lookup.bits}.table helper{number}" for lookup in lookups for number in range(len(lookup.table_groups))
    ]
    assert {instance.compiled.constraints[lookup.constraints].name for lookup in lookups} == {
        f"range{lookup.bits}.helper0" for lookup in lookups
    }
    assert not helpers & set(evaluated)
