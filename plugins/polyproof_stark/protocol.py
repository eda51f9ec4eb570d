"""What prover and verifier share: the instance, the transcript, weights, divisors.

Symbols are those of docs/reference/protocol.md. Rows of the trace matrix are
(witness ‖ mask of A ‖ range ‖ mask of B); columns of the extension take e base columns each.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from attrs import frozen

from polyproof.commitment import VectorCommitment
from polyproof.errors import OptionsError
from polyproof.field import Elements, Extension, Field
from polyproof.hash import Hash
from polyproof.registry import Registry
from polyproof.transcript import Transcript
from polyproof_stark.compiler import CompiledSystem, RowSet
from polyproof_stark.fri import Domain
from polyproof_stark.low_degree import LowDegreeTest
from polyproof_stark.parameters import Parameters

__all__ = ["LABEL", "Context", "Divisors", "Instance", "Layout", "Openings", "Weights", "trees_of"]

LABEL = "polyproof/accounts-stark/1"

DOMAINS = {
    "trace": "stark/trace",
    "inclusion": "stark/inclusion",
    "argument": "stark/argument",
    "quotient": "stark/quotient",
    "pair": "stark/pair",
    "fri": "stark/fri",
    "chain": "stark/chain",
}
"""Leaf domain of each kind of tree."""


@frozen
class Layout:
    """Which columns of the committed matrices hold what."""

    witness: int
    """Number of witness columns."""
    range: int
    argument: int
    """Number of extension columns."""
    chunks: int
    degree: int

    @property
    def mask_a(self) -> slice:
        """Base columns of A's mask."""
        return slice(self.witness, self.witness + self.degree)

    @property
    def range_columns(self) -> slice:
        """Base columns of B's tables and multiplicities."""
        return slice(self.witness + self.degree, self.witness + self.degree + self.range)

    @property
    def mask_b(self) -> slice:
        """Base columns of B's mask."""
        return slice(self.trace - self.degree, self.trace)

    @property
    def opened_row(self) -> slice:
        """What a user opens: witness columns and A's mask."""
        return slice(0, self.witness + self.degree)

    @property
    def trace(self) -> int:
        """Width of the trace matrix."""
        return self.witness + self.range + 2 * self.degree

    def base_column(self, column: int) -> int:
        """Position in the trace matrix of a base column of the compiled system."""
        return column if column < self.witness else column + self.degree


@frozen
class Context:
    """What a proof is bound to beside its constraints: another audit, spec or segment is another proof."""

    audit: bytes = b""
    audit_id: str = ""
    segment: int = 0
    segments: int = 1
    totals: tuple[int, ...] = ()


@frozen(slots=False)
class Instance:
    """Everything public that is fixed before the first message."""

    compiled: CompiledSystem
    extension: Extension
    parameters: Parameters
    publics: Mapping[str, int]
    context: Context = Context()

    @property
    def field(self) -> Field:
        """The base field."""
        return self.extension.field

    @cached_property
    def layout(self) -> Layout:
        """Of the committed matrices."""
        p = self.parameters
        return Layout(
            len(self.compiled.witness_columns),
            len(self.compiled.range_columns),
            len(self.compiled.argument_columns),
            self.compiled.chunks(p.rows, p.blinding),
            p.degree,
        )

    @property
    def trace_domain(self) -> Domain:
        """H."""
        return Domain(self.parameters.rows, 1)

    @property
    def evaluation_domain(self) -> Domain:
        """D."""
        return Domain(self.parameters.domain_size, self.field.generator)

    @property
    def low_degree_test(self) -> LowDegreeTest:
        """FRI on D for codewords of degree below N."""
        p = self.parameters
        return LowDegreeTest(self.extension, p.folding, self.evaluation_domain, p.queries, p.grinding)

    def begin(self, hash: Hash) -> Transcript:
        """The transcript up to the first root: everything of the instance absorbed (section 7, message 1)."""
        p = self.parameters
        transcript = Transcript(hash, LABEL)
        context = self.context
        transcript.absorb_text("audit context", context.audit)
        transcript.absorb_text("constraint system", self.compiled.digest)
        transcript.absorb_text("hash", hash.name)
        transcript.absorb_text("field", self.field.name)
        transcript.absorb_integers(
            "options", p.degree, p.blowup, p.queries, p.grinding, p.arity, p.blinding, self.layout.chunks
        )
        transcript.absorb_text("audit id", context.audit_id)
        transcript.absorb_integers("segment", context.segment, context.segments)
        transcript.absorb_integers("rows", p.log_rows, p.active)
        transcript.absorb_text("columns", "\n".join(self.compiled.witness_columns))
        transcript.absorb_integers("totals", *context.totals)
        transcript.absorb_integers("publics", *(self.publics[name] for name in self.compiled.publics))
        return transcript


def trees_of(registry: Registry, scheme: str, hash: Hash) -> Mapping[str, VectorCommitment]:
    """The vector commitments by their part in the protocol, each with a leaf domain of its own."""
    found = registry.get("commitment", scheme)
    if not issubclass(found, VectorCommitment):
        raise OptionsError(f"commitment scheme {scheme!r} commits to polynomials; the STARK needs one of vectors")
    return {name: found(hash, leaf_domain=domain) for name, domain in DOMAINS.items()}


@frozen(eq=False)
class Openings:
    """The values at z and at ωz, all of K."""

    base: Elements
    """``(witness + range columns, e)``."""
    masks: Elements
    """``(2, e)``: m_A(z), m_B(z)."""
    argument: Elements
    """``(argument columns, e)``."""
    chunks: Elements
    """``(chunks, e)``."""
    ahead: Elements
    """``(next columns, e)``, at ωz."""

    def all(self) -> Elements:
        """Everything in the order it is absorbed: ``(values, e)``."""
        return np.concatenate((self.base, self.masks, self.argument, self.chunks, self.ahead))


@frozen(eq=False)
class Weights:
    """The weights of every base column of the committed matrices in G_A and G_B, for one γ.

    G_A(X) = (row · ``a`` − ``at_z_a``) / (X − z), and
    G_B(X) = (row · ``b`` + arguments · ``argument`` + chunks · ``chunks`` − ``at_z_b``) / (X − z)
             + (row · ``ahead_base`` + arguments · ``ahead_argument`` − ``at_next``) / (X − ωz).
    """

    a: Elements
    b: Elements
    argument: Elements
    chunks: Elements
    ahead_base: Elements
    ahead_argument: Elements
    at_z_a: Elements
    at_z_b: Elements
    at_next: Elements

    @classmethod
    def of(cls, instance: Instance, openings: Openings, gamma: Elements) -> Weights:
        """Assign the powers of γ in the protocol's order; the masks have weight 1."""
        extension, layout, compiled = instance.extension, instance.layout, instance.compiled
        degree = layout.degree
        unit = np.eye(degree, dtype=np.uint64)
        count = 1 + max(layout.witness, layout.range + layout.argument + layout.chunks + len(compiled.next_columns))
        powers = extension.powers(gamma, count)

        def spread(weights: Elements) -> Elements:
            """Weights of K-columns as weights of their e base columns: w·θ^i."""
            return extension.multiply(weights[:, None, :], unit[None, :, :]).reshape(-1, degree)

        a = np.zeros((layout.trace, degree), np.uint64)
        a[: layout.witness] = powers[1 : 1 + layout.witness]
        a[layout.mask_a] = unit
        b = np.zeros((layout.trace, degree), np.uint64)
        b[layout.mask_b] = unit
        used = 1
        range_weights = powers[used : used + layout.range]
        b[layout.range_columns] = range_weights
        used += layout.range
        argument_weights = powers[used : used + layout.argument]
        used += layout.argument
        chunk_weights = powers[used : used + layout.chunks]
        used += layout.chunks
        ahead_weights = powers[used : used + len(compiled.next_columns)]
        ahead_base = np.zeros((layout.trace, degree), np.uint64)
        ahead_extended = np.zeros((layout.argument, degree), np.uint64)
        for weight, column in zip(ahead_weights, compiled.next_columns, strict=True):
            if column < compiled.base_columns:
                ahead_base[layout.base_column(column)] = weight
            else:
                ahead_extended[column - compiled.base_columns] = weight

        def weighted(weights: Elements, values: Elements) -> Elements:
            return extension.sum(extension.multiply(weights, values), axis=0)

        at_z_a = extension.add(weighted(a[: layout.witness], openings.base[: layout.witness]), openings.masks[0])
        at_z_b = openings.masks[1]
        for weights, values in (
            (range_weights, openings.base[layout.witness :]),
            (argument_weights, openings.argument),
            (chunk_weights, openings.chunks),
        ):
            at_z_b = extension.add(at_z_b, weighted(weights, values))
        return cls(
            a,
            b,
            spread(argument_weights),
            spread(chunk_weights),
            ahead_base,
            spread(ahead_extended),
            at_z_a,
            at_z_b,
            weighted(ahead_weights, openings.ahead),
        )

    def g_a(self, extension: Extension, rows: Elements, inverse: Elements) -> Elements:
        """G_A at points with trace rows ``(k, trace width)`` and 1/(x − z) ``(k, e)``."""
        combined = extension.dot(rows, self.a)
        return extension.multiply(extension.subtract(combined, self.at_z_a), inverse)

    def g_b(
        self,
        extension: Extension,
        rows: Elements,
        arguments: Elements,
        chunks: Elements,
        inverse: Elements,
        inverse_next: Elements,
    ) -> Elements:
        """G_B at points, with 1/(x − z) and 1/(x − ωz)."""
        here = extension.add(extension.dot(rows, self.b), extension.dot(chunks, self.chunks))
        ahead = extension.dot(rows, self.ahead_base)
        if arguments.shape[-1]:
            here = extension.add(here, extension.dot(arguments, self.argument))
            ahead = extension.add(ahead, extension.dot(arguments, self.ahead_argument))
        here = extension.multiply(extension.subtract(here, self.at_z_b), inverse)
        return extension.add(here, extension.multiply(extension.subtract(ahead, self.at_next), inverse_next))


class Divisors:
    """What each set of rows divides a constraint by, at any points.

    Rows r < U: Z_U(X) = (X^N − 1) / ∏_{r ≥ U} (X − ω^r). Without the last of them: Z_U(X) / (X − ω^{U−1}).
    A single row: X − ω^r.
    """

    def __init__(self, instance: Instance) -> None:
        """For one instance."""
        self.instance = instance
        p, field = instance.parameters, instance.field
        omega = field.root_of_unity(p.rows)
        self.last = pow(omega, p.active - 1, field.modulus)
        self.end = pow(omega, p.active, field.modulus)
        self.omega = omega

    @cached_property
    def blinding_roots(self) -> list[int]:
        """ω^r for r ≥ U."""
        field, p = self.instance.field, self.instance.parameters
        root, roots = self.end, []
        for _ in range(p.blinding):
            roots.append(root)
            root = root * self.omega % field.modulus
        return roots

    @cached_property
    def blinding_polynomial(self) -> list[int]:
        """Coefficients of ∏_{r ≥ U} (X − ω^r), constant first: computed once, extended by a transform."""
        modulus = self.instance.field.modulus
        coefficients = [1]
        for root in self.blinding_roots:
            shifted = [0, *coefficients]
            for index, value in enumerate(coefficients):
                shifted[index] = (shifted[index] - root * value) % modulus
            coefficients = shifted
        return coefficients

    def at(self, point: Elements) -> Mapping[RowSet, Elements]:
        """Inverse divisors at one point of K: ``(e,)`` each."""
        extension, p, field = self.instance.extension, self.instance.parameters, self.instance.field

        def minus(root: int) -> Elements:
            return extension.subtract(point, extension.embed(np.array(root, np.uint64)))

        roots = extension.embed(np.array(self.blinding_roots, np.uint64))
        factors = extension.subtract(point, roots)
        while len(factors) > 1:
            half = len(factors) // 2
            paired = extension.multiply(factors[:half], factors[half : 2 * half])
            factors = np.concatenate((paired, factors[2 * half :]))
        vanishing = extension.subtract(
            extension.power(point, p.rows), extension.embed(np.array(1 % field.modulus, np.uint64))
        )
        all_rows = extension.multiply(factors[0], extension.inverse(vanishing))
        return {
            RowSet.ALL: all_rows,
            RowSet.TRANSITION: extension.multiply(all_rows, minus(self.last)),
            RowSet.FIRST: extension.inverse(minus(1)),
            RowSet.LAST: extension.inverse(minus(self.last)),
            RowSet.END: extension.inverse(minus(self.end)),
        }

    def on_evaluation_domain(self) -> Mapping[RowSet, Elements]:
        """Inverse divisors on all of D: ``(|D|,)`` base elements each."""
        p, field, domain = self.instance.parameters, self.instance.field, self.instance.evaluation_domain
        points = domain.points_between(field, 0, domain.size)
        coefficients = np.zeros((domain.size, 1), np.uint64)
        coefficients[: p.blinding + 1, 0] = self.blinding_polynomial
        blinding = field.forward(coefficients, domain.shift)[:, 0]
        # x^N takes only β values on D, one for each residue of the index.
        period = [
            (pow(domain.shift, p.rows, field.modulus) * pow(field.root_of_unity(p.blowup), k, field.modulus) - 1)
            % field.modulus
            for k in range(p.blowup)
        ]
        inverse_vanishing = np.tile(field.inverse(np.array(period, np.uint64)), p.rows)
        all_rows = field.multiply(blinding, inverse_vanishing)
        return {
            RowSet.ALL: all_rows,
            RowSet.TRANSITION: field.multiply(all_rows, field.subtract(points, self.last)),
            RowSet.FIRST: field.inverse(field.subtract(points, 1)),
            RowSet.LAST: field.inverse(field.subtract(points, self.last)),
            RowSet.END: field.inverse(field.subtract(points, self.end)),
        }
