"""Constraints written once: degrees, debug check, digest, evaluation; a second system and a second field."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from polyproof_koalabear import KoalaBear

from polyproof.commitment import VectorOpening
from polyproof.constraints import Builder, ConstraintSystem, PlacedAccounts, Rows, Trace
from polyproof.engine import Engine
from polyproof.errors import InputError, OptionsError, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.registry import default_registry
from polyproof_accounts.system import AccountsSystem
from polyproof_fibonacci.system import FibonacciSystem, FibonacciWitness
from polyproof_stark.compiler import compile_system
from polyproof_stark.debug import check_trace
from polyproof_stark.limits import check_parameters
from polyproof_stark.parameters import Parameters
from polyproof_stark.proof import StarkProof
from polyproof_stark.protocol import Instance, trees_of
from polyproof_stark.prover import Prover
from polyproof_stark.verifier import verify
from stark.exchange import ASSETS, some_accounts

P = 2**64 - 2**32 + 1
PARAMETERS = Parameters(log_rows=10, blowup=4, queries=16, grinding=2, arity=4, degree=3, blinding=40)


def proven(system: ConstraintSystem, trace: Trace, extension, portable, parameters=PARAMETERS, prover=Prover):
    """Prove and verify over any field; returns the verifier's instance and the proof's bytes."""
    registry = default_registry()
    compiled = compile_system(system, parameters)
    check_parameters(parameters, compiled, extension.field)
    tags = np.zeros((parameters.active - 1, 4), np.uint64)
    hash = registry.create("hash", "blake3", Engine.COMPILED)
    instance = Instance(compiled, extension, parameters, trace.publics)
    result = prover(instance, hash, trees_of(registry, "merkle", hash)).prove(trace, tags)
    hash = registry.create("hash", "blake3")
    other = Instance(compiled, portable, parameters, trace.publics)
    data = result.proof.write(other, hash)
    trees = trees_of(registry, "merkle", hash)
    verify(other, StarkProof.read(data, other, hash, trees), hash, trees)
    return other, data


def goldilocks(engine: Engine, degree: int = 3):
    return default_registry().create("field", "goldilocks", engine).extension(degree)


def test_fibonacci_is_proven_and_another_result_is_rejected():
    system = FibonacciSystem(P)
    trace = system.trace(FibonacciWitness(3, 5), PARAMETERS.active)
    instance, data = proven(system, trace, goldilocks(Engine.COMPILED), goldilocks(Engine.PORTABLE))
    hash = default_registry().create("hash", "blake3")
    publics = {**trace.publics, "result": (trace.publics["result"] + 1) % P}
    other = Instance(instance.compiled, instance.extension, instance.parameters, publics)
    trees = trees_of(default_registry(), "merkle", hash)
    with pytest.raises(ProofRejected):
        verify(other, StarkProof.read(data, other, hash, trees), hash, trees)


def test_a_system_without_lookups_and_sums_has_no_siblings_of_an_argument_tree():
    """No tree would check them, so that a file with any would be another file of the same proof."""
    system = FibonacciSystem(P)
    trace = system.trace(FibonacciWitness(3, 5), PARAMETERS.active)
    instance, data = proven(system, trace, goldilocks(Engine.COMPILED), goldilocks(Engine.PORTABLE))
    hash = default_registry().create("hash", "blake3")
    trees = trees_of(default_registry(), "merkle", hash)
    proof = StarkProof.read(data, instance, hash, trees)
    idle = evolve(proof, argument_opening=VectorOpening(proof.trace_opening.siblings[:1]))
    with pytest.raises(ProofRejected, match="argument siblings"):
        StarkProof.read(idle.write(instance, hash), instance, hash, trees)


def test_fibonacci_has_the_degrees_that_one_reads_off():
    compiled = compile_system(FibonacciSystem(P), PARAMETERS)
    assert compiled.degree == 1
    assert [item.degree for item in compiled.constraints] == [1, 1, 1, 1]
    assert compiled.next_columns == (0, 1)
    assert compiled.argument_columns == ()
    assert compiled.chunks(1024, 40) == 2


def test_accounts_have_the_degrees_of_the_protocol():
    system = AccountsSystem(ASSETS, active=PARAMETERS.active, modulus=P, limb_bits=8)
    compiled = compile_system(system, PARAMETERS)
    assert (compiled.group_size, compiled.degree) == (4, 5)
    wide = compile_system(system, evolve(PARAMETERS, blowup=8))
    assert (wide.group_size, wide.degree) == (7, 8)
    assert compiled.chunks(1 << 20, 182) == 5


@pytest.mark.parametrize("degree", [4, 8])
def test_everything_is_generic_over_the_field(degree):
    """KoalaBear, 31 bits, a plain numpy field of the tests: parts, carries and lookups fit themselves to it."""
    field = KoalaBear()
    parameters = evolve(PARAMETERS, degree=degree, blinding=2 * 16 + 2 * degree)
    system = AccountsSystem(ASSETS, active=parameters.active, modulus=field.modulus, limb_bits=6)
    accounts = some_accounts(200)
    rows = np.arange(200, dtype=np.int64) * 3
    trace = system.trace(PlacedAccounts(accounts, rows), parameters.active)
    proven(system, trace, field.extension(degree), field.extension(degree), parameters)


class TwoTables(ConstraintSystem):
    """Two ranges of different widths, a product, a sum with a value on the last row."""

    name = "two-tables"
    columns = ("x", "y", "z")
    publics = ("total",)

    def constraints(self, builder: Builder) -> None:
        x, y, z = (builder.column(name) for name in self.columns)
        builder.range_check("x is small", [x], 4)
        builder.range_check("y is larger", [y], 6)
        builder.assert_zero("z is the product", z - x * y)
        builder.assert_zero("y starts at 9", y - 9, Rows.FIRST)
        builder.assert_sum("sum of z", z, builder.public("total"), last=z * 2)

    def trace(self, witness: int, rows: int) -> Trace:
        random = np.random.default_rng(witness)
        columns = np.zeros((rows, 3), np.uint64)
        columns[:, 0] = random.integers(0, 16, rows)
        columns[:, 1] = random.integers(0, 64, rows)
        columns[0, 1] = 9
        columns[:, 2] = columns[:, 0] * columns[:, 1]
        total = int(columns[:-1, 2].sum()) + 2 * int(columns[-1, 2])
        return Trace(columns, {"total": total})


def test_lookups_of_two_widths_and_a_sum_with_a_last_row_are_proven():
    system = TwoTables()
    proven(system, system.trace(4, PARAMETERS.active), goldilocks(Engine.COMPILED), goldilocks(Engine.PORTABLE))


def test_a_value_in_range_of_the_wider_table_only_does_not_pass_for_the_narrower():
    """Tables of two widths have running sums of their own: values do not leak from one to the other."""
    from stark.cheats import LowestBits, Truncating

    class WrongTable(LowestBits, Truncating):
        def multiplicities(self, rows, values, bits):
            counts = np.zeros(1 << bits, np.int64)
            for value in self.evaluate_on_h(rows, values, 0, self.parameters.active):
                inside = value[value < np.uint64(1 << bits)].astype(np.int64)
                counts += np.bincount(inside, minlength=1 << bits)
            if bits == 6:
                counts[20] += 1
            return counts.astype(np.uint64)

        def helpers(self, rows, lookup, inverses, alpha, start, stop):
            extension = self.extension
            assert all(len(group) == 1 for group in lookup.groups)
            values = self.looked_up(rows, lookup.values, start, stop)
            return extension.inverse(extension.subtract(alpha, extension.embed(values)))

    system = TwoTables()
    trace = system.trace(4, PARAMETERS.active)
    columns = trace.columns.astype(np.uint64)
    total = trace.publics["total"] - int(columns[5, 2])
    columns[5, 0] = 20
    columns[5, 2] = columns[5, 0] * columns[5, 1]
    lie = Trace(columns, {"total": total + int(columns[5, 2])})
    with pytest.raises(ProofRejected):
        proven(system, lie, goldilocks(Engine.COMPILED), goldilocks(Engine.PORTABLE), prover=WrongTable)


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(17, 2, "z is the product"), (0, 1, "y starts at 9"), (900, 2, "z is the product")],
)
def test_debug_check_names_constraint_and_row(row, column, name):
    system = TwoTables()
    trace = system.trace(4, PARAMETERS.active)
    columns = trace.columns.astype(np.uint64)
    columns[row, column] = 1 if columns[row, column] != 1 else 2
    with pytest.raises(InputError, match=f"'{name}' does not hold on row {row}"):
        proven(system, Trace(columns, trace.publics), goldilocks(Engine.COMPILED), goldilocks(Engine.PORTABLE))


def test_debug_check_finds_nothing_in_an_honest_trace():
    compiled = compile_system(FibonacciSystem(P), PARAMETERS)
    trace = FibonacciSystem(P).trace(FibonacciWitness(1, 1), 100)
    base = np.concatenate((trace.columns, np.zeros((28, 2), np.uint64)))
    none = np.zeros((128, 0, 3), np.uint64)
    extension = goldilocks(Engine.PORTABLE)
    assert check_trace(compiled, extension, base, none, 100, trace.publics, []) == []
    base[50, 1] += 1
    assert {str(item) for item in check_trace(compiled, extension, base, none, 100, trace.publics, [])} == {
        "constraint 'a moves up' does not hold on row 50",
        "constraint 'b is the sum' does not hold on row 49",
    }


def test_digest_binds_columns_publics_ranges_sums_and_constraints():
    def digest(assets=ASSETS, limb_bits=8, blowup=4):
        parameters = evolve(PARAMETERS, blowup=blowup)
        system = AccountsSystem(assets, active=parameters.active, modulus=P, limb_bits=limb_bits)
        return compile_system(system, parameters).digest

    seen = {
        digest(),
        digest(limb_bits=7),
        digest(blowup=8),
        digest(ASSETS[:2]),
        digest((ASSETS[1], ASSETS[0], ASSETS[2])),
        compile_system(FibonacciSystem(P), PARAMETERS).digest,
        compile_system(TwoTables(), PARAMETERS).digest,
    }
    assert len(seen) == 7
    assert digest() == digest()


def test_a_system_that_names_a_column_it_does_not_have_is_refused():
    class Wrong(FibonacciSystem):
        def constraints(self, builder):
            builder.assert_zero("x", builder.column("c"))

    with pytest.raises(InputError, match="no column 'c'; it has a, b"):
        compile_system(Wrong(P), PARAMETERS)


@pytest.mark.parametrize(
    ("assets", "active", "limb_bits", "message"),
    [
        ((Asset("X", 0, 64),), 1 << 43, 20, "can wrap a sum"),
        ((Asset("X", 0, 64),), 1 << 43, 19, r"limbs of 18 bits \(limb_bits\) would not"),
        ((Asset("X", 0, 63),), 1 << 30, 21, "2 carries below 1073741824 need 2·2 = 4 limbs of the last row"),
    ],
)
def test_limbs_under_which_a_sum_could_wrap_are_refused_with_the_arithmetic(assets, active, limb_bits, message):
    with pytest.raises(OptionsError, match=message):
        AccountsSystem(assets, active=active, modulus=P, limb_bits=limb_bits)


@pytest.mark.parametrize("bits", [1, 7, 8, 9, 63, 64, 65, 127, 128, 200, 256])
def test_totals_of_any_width_are_exact(bits):
    """Every account holds the most it can: carries and digits at their largest."""
    assets = (Asset("X", 18, bits),)
    active = 900
    system = AccountsSystem(assets, active=active, modulus=P, limb_bits=8)
    most = (1 << bits) - 1
    accounts = Accounts.of(assets, [(str(k), (most,)) for k in range(active - 1)])
    trace = system.trace(PlacedAccounts(accounts, np.arange(active - 1, dtype=np.int64)), active)
    base = 1 << (8 * system.arithmetic.part_limbs)
    parts = [trace.publics[name] for name in system.publics]
    assert sum(value * base**part for part, value in enumerate(parts)) == (active - 1) * most
    assert all(value < base for value in parts[:-1])
    assert int(trace.columns.max()) < 256
    prover_side = compile_system(system, PARAMETERS)
    assert prover_side.accumulator is not None
    proven(
        system,
        system.trace(PlacedAccounts(accounts, np.arange(active - 1, dtype=np.int64)), active),
        goldilocks(Engine.COMPILED),
        goldilocks(Engine.PORTABLE),
        evolve(PARAMETERS, blinding=124),
    )
