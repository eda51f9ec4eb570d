"""A constraint system of your own, proved: secret salaries, none above 65 535, whose sum is public."""

import numpy as np

from polyproof.constraints import Builder, ConstraintSystem, Rows, Trace
from polyproof.engine import Engine
from polyproof.errors import InputError, ProofRejected
from polyproof.registry import default_registry
from polyproof_stark.compiler import compile_system
from polyproof_stark.limits import check_parameters
from polyproof_stark.parameters import Parameters
from polyproof_stark.proof import StarkProof
from polyproof_stark.protocol import Instance, trees_of
from polyproof_stark.prover import Prover
from polyproof_stark.verifier import verify


class SalariesSystem(ConstraintSystem):
    """The salaries add up to ``total``, each is limbs[0] + 256·limbs[1], and the first row, the chief's, is public."""

    name = "salaries"
    columns = ("low", "high", "salary")
    publics = ("total", "chief")

    def constraints(self, builder: Builder) -> None:
        """Each line is one statement; its name is what the debug check says."""
        low, high, salary = (builder.column(name) for name in self.columns)
        builder.range_check("limbs are bytes", [low, high], 8)
        builder.assert_zero("salary is made of its limbs", salary - low - 256 * high)
        builder.assert_zero("the chief's salary is public", salary - builder.public("chief"), Rows.FIRST)
        builder.assert_sum("salaries add up", salary, builder.public("total"), last=salary)

    def trace(self, witness: list[int], rows: int) -> Trace:
        """One row for each salary; the rest are zero."""
        salaries = np.zeros(rows, np.uint64)
        salaries[: len(witness)] = witness
        columns = np.stack((salaries & np.uint64(255), salaries >> np.uint64(8), salaries), axis=1)
        return Trace(columns, {"total": sum(witness), "chief": witness[0]})


registry = default_registry()
parameters = Parameters(log_rows=11, blowup=4, queries=88, grinding=16, arity=8, degree=3, blinding=182)
compiled = compile_system(SalariesSystem(), parameters)
print("degree", compiled.degree, "digest", compiled.digest.hex()[:8])


def instance(publics: dict[str, int], engine: Engine) -> Instance:
    """What prover and verifier agree on."""
    extension = registry.create("field", "goldilocks", engine).extension(parameters.degree)
    check_parameters(parameters, compiled, extension.field)
    return Instance(compiled, extension, parameters, publics)


def prove(trace: Trace) -> bytes:
    """Bytes of a proof; ``InputError`` names constraint and row if there is none."""
    hash = registry.create("hash", "poseidon", Engine.COMPILED)
    mine = instance(trace.publics, Engine.COMPILED)
    tags = np.zeros((parameters.active - 1, 4), np.uint64)  # nobody's row is opened here
    result = Prover(mine, hash, trees_of(registry, "merkle", hash)).prove(trace, tags)
    return result.proof.write(mine, hash)


def check(publics: dict[str, int], proof: bytes) -> None:
    """Verify from public values and bytes alone. Raises ``ProofRejected``."""
    hash = registry.create("hash", "poseidon")
    theirs = instance(publics, Engine.PORTABLE)
    trees = trees_of(registry, "merkle", hash)
    verify(theirs, StarkProof.read(proof, theirs, hash, trees), hash, trees)


trace = SalariesSystem().trace([9000, 4200, 3900, 5100], parameters.active)
proof = prove(trace)
check({"total": 22200, "chief": 9000}, proof)
print(f"verified, {len(proof):,} bytes")

try:
    check({"total": 22199, "chief": 9000}, proof)
except ProofRejected as error:
    print("another total is rejected:", error.check)
else:
    raise SystemExit("another total was accepted")

wrong = trace.columns.copy()
wrong[2, 2] += 1
try:
    prove(Trace(wrong, trace.publics))
except InputError as error:
    print("debug check:", error)
else:
    raise SystemExit("a false trace was proved")
