"""What the public proof shows of the accounts: nothing that the totals do not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from attrs import evolve

from polyproof.constraints import Node, Operation
from polyproof.engine import Engine
from polyproof.model.accounts import Accounts
from polyproof_stark.divisors import Divisors
from polyproof_stark.expressions import OnArrays, Value, evaluate
from polyproof_stark.prover import Prover
from stark.exchange import ACCOUNTS, ASSETS, PARAMETERS, Exchange
from stark.linear import consistent, rank

P = 2**64 - 2**32 + 1


def lagrange(points: list[int], omega: int, size: int, rows: list[int]) -> list[list[int]]:
    """L_r(x) for each base point x and row r, in plain integers."""
    inverse_size = pow(size, -1, P)
    matrix = []
    for x in points:
        vanishing = (pow(x, size, P) - 1) * inverse_size % P
        matrix.append([vanishing * pow(omega, r, P) * pow(x - pow(omega, r, P), -1, P) % P for r in rows])
    return matrix


def lagrange_outside(extension, point, omega: int, size: int, rows: list[int]) -> np.ndarray:
    """L_r(z) for one point of K: ``(rows, e)``."""
    roots = np.array([pow(omega, r, P) for r in rows], np.uint64)
    one = extension.embed(np.array(1, np.uint64))
    vanishing = extension.subtract(extension.power(point, size), one)
    scaled = extension.scale(vanishing, np.array(pow(size, -1, P), np.uint64))
    inverse = extension.inverse(extension.subtract(point, extension.embed(roots)))
    return extension.scale(extension.multiply(inverse, scaled), roots)


# Rank: the blinding rows determine every opening, whatever the accounts are.


def opening_matrix(exchange: Exchange, indices: list[int], z: np.ndarray, *, ahead: bool) -> list[list[int]]:
    """What a verifier learns of one base column, as linear forms of its blinding rows."""
    p = exchange.parameters
    field = exchange.field(Engine.PORTABLE)
    extension = field.extension(p.degree)
    omega = field.root_of_unity(p.rows)
    rows = list(range(p.active, p.rows))
    points = [int(x) for x in exchange.instance().evaluation_domain.points(field, indices)]
    outside = [z]
    if ahead:
        points += [x * omega % P for x in points]
        outside.append(extension.scale(z, np.array(omega, np.uint64)))
    matrix = lagrange(points, omega, p.rows, rows)
    for point in outside:
        matrix += lagrange_outside(extension, point, omega, p.rows, rows).T.tolist()
    return matrix


@pytest.mark.parametrize("degree", [2, 3])
def test_blinding_rows_cover_every_opening_of_a_column_that_is_read_one_row_ahead(degree):
    queries = 20
    parameters = evolve(PARAMETERS, degree=degree, queries=queries, blinding=2 * queries + 2 * degree)
    exchange = Exchange(parameters=parameters, degree=degree)
    field = exchange.field(Engine.PORTABLE)
    z = field.extension(degree).random(())
    indices = np.random.default_rng(3).choice(parameters.domain_size, queries, replace=False).tolist()
    matrix = opening_matrix(exchange, indices, z, ahead=True)
    assert len(matrix) == 2 * queries + 2 * degree == parameters.blinding
    assert rank(matrix, P) == len(matrix)


def test_one_blinding_row_fewer_leaves_an_opening_that_depends_on_the_accounts():
    parameters = evolve(PARAMETERS, queries=20, blinding=2 * 20 + 2 * 2 - 1)
    exchange = Exchange(parameters=parameters)
    z = exchange.field(Engine.PORTABLE).extension(2).random(())
    indices = list(range(5, 25))
    matrix = opening_matrix(exchange, indices, z, ahead=True)
    assert rank(matrix, P) < len(matrix)


# The linear distinguisher between two lists of accounts with equal totals.


class Observer:
    """Somebody with the public proof and a guess of all accounts and their rows."""

    def __init__(self, exchange: Exchange, proof) -> None:
        self.exchange = exchange
        self.proof = proof
        self.instance = instance = exchange.instance(engine=Engine.PORTABLE)
        hash = exchange.hash(Engine.PORTABLE)
        extension = instance.extension
        transcript = instance.begin(hash)
        transcript.absorb_digests("trace root", proof.trace_root)
        transcript.absorb_digests("inclusion root", proof.inclusion_root)
        self.alpha = transcript.draw_extension("alpha", extension)
        self.lam = transcript.draw_extension("lambda", extension)
        transcript.absorb_digests("argument root", proof.argument_root)
        self.eta = transcript.draw_extension("constraint challenge", extension)
        transcript.absorb_digests("quotient root", proof.quotient_root)
        self.z = transcript.draw_extension("z", extension)
        transcript.absorb_elements("openings", proof.openings.all(), below=instance.field.modulus)
        transcript.draw_extension("gamma", extension)
        transcript.absorb_digests("pair root", proof.pair_root)
        transcript.draw_extension("delta", extension)
        _, self.indices = instance.low_degree_test.replay(transcript, proof.low_degree)

    def running_sum_of(self, guess: Exchange) -> np.ndarray:
        """acc on rows 0 … U if the guess is right: everything in it but the accounts is public."""
        prover = Prover(self.exchange.instance(), self.exchange.hash(), self.exchange.trees())
        rows = prover.trace_matrix(guess.trace)
        arguments = prover.argument_matrix(rows, self.alpha, self.lam)
        column = self.instance.compiled.accumulator - self.instance.compiled.base_columns
        return arguments[: self.exchange.parameters.active + 1, column]

    def is_possible(self, guess: Exchange) -> bool:
        """Whether some choice of the blinding rows of acc explains everything that was opened of it.

        Equations over F: acc(x) at each query, e each; acc(ωx) through Q(x), e − 1 each (the step of
        t at ωx is one unknown of F, which is projected away); acc(z) and acc(ωz), e each.
        """
        instance, p = self.instance, self.exchange.parameters
        field, extension, compiled = instance.field, instance.extension, instance.compiled
        degree, omega = p.degree, field.root_of_unity(p.rows)
        known_rows, free_rows = list(range(p.active + 1)), list(range(p.active + 1, p.rows))
        known = self.running_sum_of(guess)
        points = [int(x) for x in instance.evaluation_domain.points(field, self.indices)]
        matrix: list[list[int]] = []
        right: list[int] = []

        def equation(weights: list[list[list[int]]], value: list[int]) -> None:
            """Σ_r M_r·acc_r = value with M_r an e×e matrix over F: e rows of the system."""
            for i in range(degree):
                matrix.append([weights[r][i][k] for r in range(len(free_rows)) for k in range(degree)])
                right.append(value[i])

        def scalar(weight: int) -> list[list[int]]:
            return [[weight if i == k else 0 for k in range(degree)] for i in range(degree)]

        def multiplication(element) -> list[list[int]]:
            """The matrix over F of multiplication by an element of K."""
            basis = np.eye(degree, dtype=np.uint64)
            columns = extension.multiply(basis, np.asarray(element, np.uint64))
            return [[int(columns[k][i]) for k in range(degree)] for i in range(degree)]

        def known_part(weights) -> np.ndarray:
            return extension.sum(extension.multiply(np.asarray(weights, np.uint64), known), axis=0)

        accumulator = compiled.accumulator - compiled.base_columns
        opened = self.proof.argument_rows.reshape(len(points), -1, degree)[:, accumulator]
        free = lagrange(points, omega, p.rows, free_rows)
        fixed = lagrange(points, omega, p.rows, known_rows)
        for number in range(len(points)):
            part = known_part(extension.embed(np.array(fixed[number], np.uint64)))
            value = extension.subtract(opened[number], part)
            equation([scalar(weight) for weight in free[number]], value.tolist())
        for point, value in (
            (self.z, self.proof.openings.argument[accumulator]),
            (
                extension.scale(self.z, np.array(omega, np.uint64)),
                self.proof.openings.ahead[list(compiled.next_columns).index(compiled.accumulator)],
            ),
        ):
            part = known_part(lagrange_outside(extension, point, omega, p.rows, known_rows))
            weights = lagrange_outside(extension, point, omega, p.rows, free_rows)
            equation([multiplication(weight) for weight in weights], extension.subtract(value, part).tolist())

        ahead = [x * omega % P for x in points]
        free = lagrange(ahead, omega, p.rows, free_rows)
        fixed = lagrange(ahead, omega, p.rows, known_rows)
        for number, x in enumerate(points):
            factor, step_factor, value = self.next_equation(number, x)
            part = known_part(extension.embed(np.array(fixed[number], np.uint64)))
            # factor·(acc(ωx)) + step_factor·s = value, s in F unknown: divide by step_factor and drop
            # the coefficient of 1, where s is.
            inverse = extension.inverse(step_factor)
            factor, value = extension.multiply(factor, inverse), extension.multiply(value, inverse)
            value = extension.subtract(value, extension.multiply(factor, part))
            whole = multiplication(factor)
            for i in range(1, degree):
                matrix.append([weight * whole[i][k] % P for weight in free[number] for k in range(degree)])
                right.append(int(value[i]))
        return consistent(matrix, right, P)

    def next_equation(self, number: int, x: int):
        """factor·acc(ωx) + step_factor·s = value, s = (t′ − t)(t′ − t − 1), from the opened rows and Q(x)."""
        instance = self.instance
        compiled, extension, layout = instance.compiled, instance.extension, instance.layout
        row = self.proof.trace_rows[number]
        arguments = self.proof.argument_rows[number].reshape(-1, layout.degree)

        def leaf(node: Node) -> Value:
            if node.operation is Operation.PUBLIC:
                return Value(np.array(instance.publics[compiled.publics[node.first]], np.uint64), False)
            if node.operation is Operation.CHALLENGE:
                return Value([self.alpha, self.lam][node.first], True)
            if node.first < compiled.base_columns:
                # t′ = t makes its step vanish: s stands for what it really is.
                return Value(np.array(row[layout.base_column(node.first)], np.uint64), False)
            if node.second:
                return Value(np.zeros(layout.degree, np.uint64), True)
            return Value(arguments[node.first - compiled.base_columns], True)

        numerators = evaluate(compiled.nodes, [item.node for item in compiled.constraints], leaf, OnArrays(extension))
        divisors = Divisors(instance).at(extension.embed(np.array(x, np.uint64)))
        powers = extension.powers(self.eta, len(compiled.constraints))
        total = np.zeros(layout.degree, np.uint64)
        factor = np.zeros(layout.degree, np.uint64)
        step_factor = np.zeros(layout.degree, np.uint64)
        for item, power in zip(compiled.constraints, powers, strict=True):
            weight = extension.multiply(power, divisors[item.rows])
            value = numerators[item.node]
            array = value.array if value.extended else extension.embed(value.array)
            total = extension.add(total, extension.multiply(weight, array))
            if item.name in ("accumulator grows", "accumulator grows on the last row"):
                factor = extension.add(factor, weight)
            if item.name.endswith("table steps by 0 or 1"):
                step_factor = weight
        step = extension.power(extension.embed(np.array(x, np.uint64)), instance.parameters.active)
        chunks = self.proof.quotient_rows[number].reshape(-1, layout.degree)
        powers = extension.powers(step, len(chunks))
        quotient = extension.sum(extension.multiply(chunks, powers), axis=0)
        return factor, step_factor, extension.subtract(quotient, total)


def two_lists() -> tuple[Accounts, Accounts]:
    """Two lists with equal totals: one satoshi moved from one account to another."""
    rows = [(f"user-{k}", ACCOUNTS.balances(k)) for k in range(100)]
    other = list(rows)
    other[3] = (rows[3][0], (rows[3][1][0] + 1, *rows[3][1][1:]))
    other[4] = (rows[4][0], (rows[4][1][0] - 1, *rows[4][1][1:]))
    return Accounts.of(ASSETS, rows), Accounts.of(ASSETS, other)


@pytest.mark.parametrize("limb_bits", [8, 12])
@pytest.mark.parametrize("enough", [False, True])
def test_distinguisher_tells_two_lists_apart_with_q_plus_3e_blinding_rows_and_not_with_ours(enough, limb_bits):
    """With one table, and with five of which each has multiplicities of its own."""
    first, second = two_lists()
    assert first.totals() == second.totals()
    queries, degree = PARAMETERS.queries, PARAMETERS.degree
    blinding = 2 * queries + 2 * degree if enough else queries + 3 * degree
    parameters = evolve(PARAMETERS, blinding=blinding)
    honest, guess = (Exchange(accounts, parameters=parameters, limb_bits=limb_bits) for accounts in (first, second))
    assert honest.instance().compiled.lookups[0].tables.count == (1 if limb_bits == 8 else 5)
    proof = honest.prove().proof
    honest.verify(proof)
    observer = Observer(honest, proof)
    assert observer.is_possible(honest)
    assert observer.is_possible(guess) is enough


def multiplicities_are_possible(observer: Observer, guess: Exchange, number: int) -> bool:
    """Whether some blinding rows of μ_number explain all that was opened of it, if the accounts are those of the guess.

    Equations over F: its value at each query, and e for its value at z.
    """
    instance, p = observer.instance, observer.exchange.parameters
    field, extension, layout = instance.field, instance.extension, instance.layout
    column = instance.compiled.lookups[0].table + 1 + number
    made = Prover(observer.exchange.instance(), observer.exchange.hash(), observer.exchange.trees())
    known = made.trace_matrix(guess.trace)[: p.active, layout.base_column(column)]
    omega, known_rows, free_rows = field.root_of_unity(p.rows), range(p.active), range(p.active, p.rows)
    points = [int(x) for x in instance.evaluation_domain.points(field, observer.indices)]
    matrix = lagrange(points, omega, p.rows, list(free_rows))
    fixed = lagrange(points, omega, p.rows, list(known_rows))
    opened = observer.proof.trace_rows[:, layout.base_column(column)].tolist()
    right = [
        (value - sum(int(m) * weight for m, weight in zip(known, weights, strict=True))) % P
        for value, weights in zip(opened, fixed, strict=True)
    ]
    matrix += lagrange_outside(extension, observer.z, omega, p.rows, list(free_rows)).T.tolist()
    at_z = lagrange_outside(extension, observer.z, omega, p.rows, list(known_rows))
    part = extension.sum(extension.scale(at_z, known), axis=0)
    right += extension.subtract(observer.proof.openings.base[column], part).tolist()
    return consistent(matrix, right, P)


@pytest.mark.parametrize("enough", [False, True])
def test_multiplicities_of_every_table_are_hidden_by_q_plus_e_rows_and_not_by_one_fewer(enough):
    """Which limbs occur, and how often, differs between the lists in table 0 at least."""
    first, second = two_lists()
    blinding = PARAMETERS.queries + PARAMETERS.degree - (0 if enough else 1)
    parameters = evolve(PARAMETERS, blinding=blinding)
    honest, guess = (Exchange(accounts, parameters=parameters, limb_bits=12) for accounts in (first, second))
    observer = Observer(honest, honest.prove().proof)
    assert all(multiplicities_are_possible(observer, honest, number) for number in range(5))
    told = [multiplicities_are_possible(observer, guess, number) for number in range(5)]
    assert all(told) is enough


# Distributions, exactly, on a trace so small that all blinding can be enumerated.


def test_openings_of_a_tiny_trace_have_the_same_distribution_for_all_accounts():
    """p = 17, N = 8, d = 2, one query: the pairs (f(x), f(ωx)) over all blinding, for two columns."""
    p, size, blinding = 17, 8, 2
    omega = pow(3, (p - 1) // size, p)
    x = 3

    def opened(column: tuple[int, ...]) -> tuple[int, int]:
        def at(point: int) -> int:
            vanishing = (pow(point, size, p) - 1) * pow(size, -1, p)
            return (
                sum(v * pow(omega, r, p) * pow(point - pow(omega, r, p), -1, p) for r, v in enumerate(column))
                * vanishing
                % p
            )

        return at(x), at(x * omega % p)

    distributions = []
    for accounts in ((0, 0, 0, 0, 0, 0), (5, 1, 0, 9, 16, 3)):
        seen = sorted(opened((*accounts, *blind)) for blind in product(range(p), repeat=blinding))
        distributions.append(seen)
    assert distributions[0] == distributions[1]
    assert len(set(distributions[0])) == p**blinding


def test_two_proofs_of_the_same_accounts_share_no_opened_value():
    """All blinding is fresh for every attempt: a retry shows nothing twice."""
    exchange = Exchange()
    first, second = exchange.prove().proof, exchange.prove().proof
    for name in ("trace_rows", "argument_rows", "quotient_rows"):
        assert not set(getattr(first, name).ravel().tolist()) & set(getattr(second, name).ravel().tolist())
    assert not np.array_equal(first.trace_root, second.trace_root)


@pytest.mark.parametrize("name", ["all users", "one user"])
def test_users_who_pool_their_files_see_uniform_values_of_everybody_else(name):
    """On H users only see G_A and G_B: with the masks unknown the two codewords hit no value twice."""
    exchange = Exchange()
    result = exchange.prove()
    values = result.pair_rows.ravel()
    assert len(np.unique(values)) == values.size
    rows = exchange.rows if name == "all users" else exchange.rows[:1]
    limbs = set(np.unique(exchange.trace.columns[rows]).tolist()) - {0}
    assert not limbs & set(values.tolist())


def test_public_proof_holds_no_private_value():
    exchange = Exchange()
    result = exchange.prove()
    data = result.proof.write(exchange.instance(), exchange.hash())
    for position in range(len(exchange.accounts)):
        assert exchange.accounts.ids.encoded(position) not in data
        for balance, asset in zip(exchange.accounts.balances(position), ASSETS, strict=True):
            if balance.bit_length() > 32:
                assert balance.to_bytes(asset.words * 8, "little") not in data
    words = np.frombuffer(data[len(data) % 8 :], "<u8")
    assert not np.isin(result.mask.ravel(), words).any()
