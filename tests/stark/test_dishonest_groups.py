"""Lies about helpers that serve β limbs, and about the quotient that has more coefficients than D has points.

The exchanges of ``test_dishonest_exchange`` and ``test_zero_knowledge`` have such helpers too.
"""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from polyproof.errors import InputError, ProofRejected
from polyproof.toolkit.stated_constraints import state_constraints
from polyproof_stark.compiler import CompiledSystem, expand
from polyproof_stark.prover import Prover
from stark.cheats import Forging, Truncating, Unranged
from stark.exchange import Exchange
from stark.test_groups import ACTIVE, ONE_TABLE, PARAMETERS, TABLES
from stark.test_wide_tables import WIDE, changed_multiplicities, rejected, with_columns

BOTH = [ONE_TABLE, TABLES]


@pytest.mark.parametrize("exchange", BOTH)
def test_an_honest_exchange_verifies_and_its_users_find_their_row(exchange):
    result = exchange.prove()
    accepted = exchange.verify(result.proof)
    for position in (0, 17, 59):
        exchange.check(
            accepted, exchange.cut(result, position), f"user-{position}", exchange.accounts.balances(position)
        )


# A constraint that does not hold


def wrong_helper(row: int, number: int) -> type[Prover]:
    """Adds one to a helper of limbs on one row; the running sum follows."""

    class Lie(Prover):
        def helpers(self, rows, lookup, inverses, alpha, start, stop):
            helpers = super().helpers(rows, lookup, inverses, alpha, start, stop)
            if start <= row < stop:
                helpers[row - start, number, 0] ^= 1
            return helpers

    return Lie


@pytest.mark.parametrize(
    ("exchange", "row"), [*((ONE_TABLE, row) for row in (0, 1, ACTIVE - 2, ACTIVE - 1)), (TABLES, 500)]
)
def test_a_helper_that_is_wrong_on_one_row_is_rejected(exchange, row):
    rejected(exchange, wrong_helper(row, 2))


def test_an_honest_prover_sees_a_helper_that_is_wrong_on_one_row():
    with pytest.raises(InputError, match=r"'range8\.helper6' does not hold on row 500"):
        ONE_TABLE.prove(wrong_helper(500, 6))


@pytest.mark.parametrize("limb", [1 << 12, 5 * 820 - 1, 5 * 820, ACTIVE + (1 << 12)])
def test_a_limb_past_the_last_table_is_rejected(limb):
    row = int(TABLES.rows[7])
    rejected(TABLES, Unranged, trace=with_columns(TABLES, lambda columns: columns.__setitem__((row, 1), limb)))


@pytest.mark.parametrize(
    "changes",
    [
        ((0, 3, 1), (1, 3, -1)),
        ((3, 3, 1), (4, 3, -1)),  # from a group of tables to the next
        ((4, 0, 1), (3, 815, -1)),
        ((2, ACTIVE - 1, 1),),
    ],
)
def test_multiplicities_that_lie_are_rejected(changes):
    rejected(TABLES, changed_multiplicities(*changes))


# A quotient that is right on D alone


def beyond(*coefficients: tuple[int, int]) -> type[Prover]:
    """Adds (X^|D| − 7^|D|)·S to Q, which changes no value on D; S by (power, coefficient)."""

    class Lie(Prover):
        def quotient(self, committed, argument, challenges, eta):
            honest = super().quotient(committed, argument, challenges, eta)
            size, field = self.parameters.domain_size, self.field
            changed = np.zeros((size + 200, honest.shape[1]), np.uint64)
            changed[: len(honest)] = honest
            on_d = pow(self.instance.evaluation_domain.shift, size, field.modulus)
            for power, coefficient in coefficients:
                changed[size + power, 0] = field.add(changed[size + power, 0], coefficient)
                changed[power, 0] = field.subtract(changed[power, 0], field.multiply(coefficient, on_d))
            return changed

    return Lie


class WithoutTheRest(Prover):
    """Sends the interpolant of Q on D, of degree below |D|."""

    def quotient(self, committed, argument, challenges, eta):
        honest = super().quotient(committed, argument, challenges, eta)
        size, field = self.parameters.domain_size, self.field
        on_d, rest = honest[:size].copy(), honest[size:]
        on_d[: len(rest)] = field.add(
            on_d[: len(rest)], field.multiply(rest, pow(self.instance.evaluation_domain.shift, size, field.modulus))
        )
        return np.concatenate((on_d, np.zeros_like(rest)))


OTHERS = {
    "without the rest": WithoutTheRest,
    "with another rest": beyond((0, 1)),
    "with a rest of two wrong coefficients": beyond((5, 3), (40, 1)),
    "of the highest degree and one more": beyond((60, 1)),
    "of a degree that fits its chunks": beyond((190, 1)),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(("way", "check"), [(Truncating, "constraint-identity"), (Forging, "final-polynomial")])
def test_a_quotient_that_is_right_on_all_of_d_and_wrong_elsewhere_is_rejected(name, way, check):
    with pytest.raises(ProofRejected) as caught:
        ONE_TABLE.verify(ONE_TABLE.prove(type("Lie", (OTHERS[name], way), {})).proof)
    assert caught.value.check == check


@pytest.mark.parametrize("name", OTHERS)
def test_those_quotients_are_right_on_all_of_d(name):
    found = []

    class Recording(OTHERS[name]):
        def quotient(self, *arguments):
            for lie in (False, True):
                coefficients = super().quotient(*arguments) if lie else Prover.quotient(self, *arguments)
                size, field = self.parameters.domain_size, self.field
                beyond = np.zeros((size, coefficients.shape[1]), np.uint64)
                beyond[: len(coefficients) - size] = coefficients[size:]
                on_d = pow(self.instance.evaluation_domain.shift, size, field.modulus)
                found.append(field.add(coefficients[:size], field.multiply(beyond, on_d)))  # modulo X^|D| − 7^|D|
            return coefficients

        def check_quotient(self, coefficients):
            pass

    ONE_TABLE.prove(Recording)
    assert np.array_equal(*found)


# Chunks, groups and what the transcript says of them


def with_chunks(more: int, claimed: bool) -> type[Prover]:
    """Splits the quotient into more chunks, or fewer; says so, or claims the right number."""

    class Lie(Truncating):
        def __init__(self, instance, *rest):
            other = evolve(instance)
            object.__setattr__(other, "layout", evolve(instance.layout, chunks=instance.layout.chunks + more))
            if claimed:
                object.__setattr__(other, "begin", instance.begin)
            super().__init__(other, *rest)

    return Lie


@pytest.mark.parametrize("claimed", [False, True])
@pytest.mark.parametrize("more", [-1, 1])
def test_another_number_of_chunks_is_rejected(more, claimed):
    made = with_chunks(more, claimed)(ONE_TABLE.instance(), ONE_TABLE.hash(), ONE_TABLE.trees())
    proof = made.prove(ONE_TABLE.trace, ONE_TABLE.tags).proof
    with pytest.raises(ProofRejected):
        ONE_TABLE.verify(proof.write(made.instance, ONE_TABLE.hash()))


def proved_with(exchange: Exchange, compiled: CompiledSystem) -> bytes:
    instance = evolve(exchange.instance(), compiled=compiled)
    made = Prover(instance, exchange.hash(), exchange.trees())
    return made.prove(exchange.trace, exchange.tags).proof.write(instance, exchange.hash())


@pytest.mark.parametrize("exchange", [ONE_TABLE, TABLES, WIDE])
@pytest.mark.parametrize("claimed", [False, True])
def test_groups_of_another_size_are_rejected(exchange, claimed):
    """An honest proof but for s, which the prover states or keeps to itself."""
    own = exchange.instance().compiled
    other = expand(state_constraints(exchange.system), ACTIVE, 7 - own.group_size)
    assert {own.group_size, other.group_size} == {3, 4}
    if claimed:
        other = evolve(other, group_size=own.group_size, digest=own.digest)
    with pytest.raises(ProofRejected):
        exchange.verify(proved_with(exchange, other))


def test_limbs_that_are_grouped_otherwise_are_rejected():
    """As many helpers, of other limbs: everything that the prover commits to satisfies its own constraints."""
    own = ONE_TABLE.instance().compiled

    def grouped(order) -> CompiledSystem:
        stated = state_constraints(ONE_TABLE.system)
        (check,) = stated.ranges
        other = evolve(stated, ranges=(evolve(check, values=tuple(check.values[number] for number in order)),))
        return evolve(expand(other, ACTIVE, 4), digest=own.digest)

    numbers = list(range(25))
    ONE_TABLE.verify(proved_with(ONE_TABLE, grouped(numbers)))
    for order in (numbers[::-1], numbers[3:] + numbers[:3], [1, 0, *numbers[4:8], 2, 3, *numbers[8:]]):
        with pytest.raises(ProofRejected) as caught:
            ONE_TABLE.verify(proved_with(ONE_TABLE, grouped(order)))
        assert caught.value.check == "constraint-identity"


def test_the_chunks_are_those_of_the_whole_quotient_and_new_in_every_proof():
    """Σ X^(i(N−d))·chunk_i = Q, whatever the re-randomisers."""
    found = []

    class Recording(Prover):
        def quotient(self, *arguments):
            found.append(super().quotient(*arguments))
            return found[-1]

        def quotient_chunks(self, *arguments):
            first, second = super().quotient_chunks(*arguments), super().quotient_chunks(*arguments)
            found.extend((first, second))
            return first

    ONE_TABLE.verify(ONE_TABLE.prove(Recording).proof)
    (quotient, again, first, second), step = found, ACTIVE
    assert np.array_equal(quotient, again)
    assert not np.array_equal(first[:, :-1], second[:, :-1])
    for chunks in (first, second):
        total = np.zeros(((chunks.shape[1] - 1) * step + PARAMETERS.rows, 2), np.uint64)
        for number in range(chunks.shape[1]):
            part = total[number * step : number * step + PARAMETERS.rows]
            part[...] = ONE_TABLE.field().add(part, chunks[:, number])
        assert np.array_equal(total[: len(quotient)], quotient)
        assert not total[len(quotient) :].any()
