"""The verifier: numpy and plain Python, without compiled code and without importing the prover.

It relies on nothing that the proof says about itself: widths, degrees, sizes and queries follow from the instance and
the transcript.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen

from polyproof.commitment import VectorCommitment
from polyproof.constraints import Node, Operation
from polyproof.errors import ProofRejected
from polyproof.field import Elements
from polyproof.hash import Hash
from polyproof_stark.divisors import Divisors
from polyproof_stark.expressions import AtPoint, PointValue, evaluate
from polyproof_stark.groups import RowSet
from polyproof_stark.opened_rows import OpenedRows, verify_rows
from polyproof_stark.proof import StarkProof
from polyproof_stark.protocol import Instance, Openings
from polyproof_stark.weights import Weights

__all__ = ["Accepted", "constraints_at", "verify"]


@frozen(eq=False)
class Accepted:
    """What an accepted proof fixes, for inclusion proofs to be checked against."""

    proof: StarkProof
    z: Elements
    delta: Elements
    weights: Weights
    folds: tuple[Elements, ...]
    """The fold challenges."""


def verify(instance: Instance, proof: StarkProof, hash: Hash, trees: Mapping[str, VectorCommitment]) -> Accepted:
    """Verify one proof; ``trees`` from ``trees_of``. Raises ``ProofRejected`` with the check that failed."""
    extension = instance.extension

    # Messages 1 to 4 of section 7: the statement, and every matrix before the challenge that its prover must not know.
    transcript = instance.begin(hash)
    transcript.absorb_digests("trace root", proof.trace_root)
    transcript.absorb_digests("inclusion root", proof.inclusion_root)
    alpha = transcript.draw_extension("alpha", extension)
    lam = transcript.draw_extension("lambda", extension)
    if instance.layout.argument:
        transcript.absorb_digests("argument root", proof.argument_root)
    eta = transcript.draw_extension("constraint challenge", extension)
    transcript.absorb_digests("quotient root", proof.quotient_root)
    z = transcript.draw_extension("z", extension)
    # Messages 5 and 6: the constraints hold at z (section 5) if the opened values are right. The rest shows that they
    # are, since only then is G a polynomial.
    transcript.absorb_elements("openings", proof.openings.all(), below=instance.field.modulus)
    check_identity(instance, proof, [alpha, lam], eta, z)
    gamma = transcript.draw_extension("gamma", extension)
    transcript.absorb_digests("pair root", proof.pair_root)
    delta = transcript.draw_extension("delta", extension)
    # Messages 7 and 8: fold challenges, grinding, queries (section 6).
    test = instance.low_degree_test
    folds, indices = test.replay(transcript, proof.low_degree)

    # The queried rows are the committed ones (section 4) and give the values of G that FRI opens (section 6).
    weights = Weights.of(instance, proof.openings, gamma)
    check_trees(instance, proof, indices, trees)
    values = codeword_at(instance, proof, indices, weights, z, delta)
    test.check(proof.low_degree, indices, values, folds)
    return Accepted(proof, z, delta, weights, tuple(folds))


def check_identity(
    instance: Instance, proof: StarkProof, challenges: list[Elements], eta: Elements, z: Elements
) -> None:
    """The constraint identity at z: Σ η^k C_k(z) / divisor_k(z) = Σ z^{i(N−d)} chunk_i(z). Raises ``ProofRejected``."""
    extension, p = instance.extension, instance.parameters
    step = extension.power(z, p.rows - p.blinding)
    powers = extension.powers(step, instance.layout.chunks)
    quotient = extension.sum(extension.multiply(proof.openings.chunks, powers), axis=0)
    if not np.array_equal(constraints_at(instance, proof.openings, challenges, eta, z), quotient):
        raise ProofRejected(
            "constraint-identity",
            "the proof does not belong to what is stated: it was made for another header of the manifest, other totals "
            "or other options, or it is false (the constraints do not hold at the point z)",
        )


def constraints_at(
    instance: Instance, openings: Openings, challenges: list[Elements], eta: Elements, z: Elements
) -> Elements:
    """Σ η^k C_k(z) / divisor_k(z) of the opened values, ``(e,)``, which the chunks must add up to."""
    compiled, extension = instance.compiled, instance.extension
    arithmetic = AtPoint(extension)
    opened: list[PointValue] = [tuple(value) for value in (*openings.base.tolist(), *openings.argument.tolist())]
    ahead = {column: tuple(value) for column, value in zip(compiled.next_columns, openings.ahead.tolist(), strict=True)}

    def leaf(node: Node) -> PointValue:
        if node.operation is Operation.COLUMN:
            return ahead[node.first] if node.second else opened[node.first]
        scalar = compiled.scalar(node, instance.publics, challenges)
        return tuple(scalar.array.tolist()) if scalar.extended else int(scalar.array)

    numerators = evaluate(compiled.nodes, [item.node for item in compiled.constraints], leaf, arithmetic)
    powers = extension.powers(eta, len(compiled.constraints))
    inverse_divisors = Divisors(instance).at(z)
    total = np.zeros(extension.degree, np.uint64)
    for rows in RowSet:
        chosen = [k for k, item in enumerate(compiled.constraints) if item.rows is rows]
        if chosen:
            found = [arithmetic.embedded(numerators[compiled.constraints[k].node]) for k in chosen]
            combined = extension.sum(extension.multiply(np.array(found, np.uint64), powers[chosen]), axis=0)
            total = extension.add(total, extension.multiply(combined, inverse_divisors[rows]))
    return total


def check_trees(
    instance: Instance, proof: StarkProof, indices: list[int], trees: Mapping[str, VectorCommitment]
) -> None:
    """Check the openings of all trees together. Raises ``ProofRejected``."""
    size = instance.parameters.domain_size
    opened = instance.low_degree_test.opened_cosets(proof.low_degree, indices, trees["fri"])
    for name, root, rows, opening in (
        ("trace", proof.trace_root, proof.trace_rows, proof.trace_opening),
        ("argument", proof.argument_root, proof.argument_rows, proof.argument_opening),
        ("quotient", proof.quotient_root, proof.quotient_rows, proof.quotient_opening),
    ):
        if rows.shape[1]:  # a matrix without columns is not committed to
            opened.append(OpenedRows(trees[name], root, size, indices, rows, opening))
    verify_rows(opened, instance.field.modulus)


def codeword_at(
    instance: Instance, proof: StarkProof, indices: list[int], weights: Weights, z: Elements, delta: Elements
) -> Elements:
    """G = G_A + δ·G_B at the queried points, from the opened rows: ``(q, e)``."""
    extension, field = instance.extension, instance.field
    points = extension.embed(instance.evaluation_domain.points(field, indices))
    inverse = extension.inverse(extension.subtract(points, z))
    inverse_next = extension.inverse(extension.subtract(points, instance.next_point(z)))
    g_a = weights.g_a(extension, proof.trace_rows, inverse)
    g_b = weights.g_b(extension, proof.trace_rows, proof.argument_rows, proof.quotient_rows, inverse, inverse_next)
    return extension.add(g_a, extension.multiply(g_b, delta))
