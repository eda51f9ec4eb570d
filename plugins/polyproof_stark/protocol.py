"""What prover and verifier share: the instance, the start of the transcript, the trees, the opened values.

Symbols and section numbers are those of docs/reference/protocol.md.
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
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.fri import Domain
from polyproof_stark.layout import Layout
from polyproof_stark.low_degree import LowDegreeTest
from polyproof_stark.parameters import Parameters

__all__ = ["LABEL", "Context", "Instance", "Openings", "layout_of", "trees_of"]

LABEL = "polyproof/accounts-stark/2"

DOMAINS = {
    "trace": "stark/trace",
    "inclusion": "stark/inclusion/2",
    "argument": "stark/argument",
    "quotient": "stark/quotient",
    "pair": "stark/pair",
    "fri": "stark/fri",
    "chain": "stark/chain",
}
"""Leaf domain of each kind of tree."""


@frozen
class Context:
    """What a proof is bound to besides its constraints: it is of this audit, spec and segment alone."""

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
        """The layout of the committed matrices."""
        return layout_of(self.compiled, self.parameters)

    @property
    def trace_domain(self) -> Domain:
        """H, the subgroup of order N (section 1)."""
        return Domain(self.parameters.rows, 1)

    @property
    def evaluation_domain(self) -> Domain:
        """D, the coset of size β·N (section 1)."""
        return Domain(self.parameters.domain_size, self.field.generator)

    def next_point(self, z: Elements) -> Elements:
        """ωz, where a column has the value that its next row has at z."""
        omega = self.field.root_of_unity(self.parameters.rows)
        return self.extension.scale(z, np.array(omega, np.uint64))

    @property
    def low_degree_test(self) -> LowDegreeTest:
        """FRI on D for codewords of degree below N."""
        p = self.parameters
        return LowDegreeTest(self.extension, p.folding, self.evaluation_domain, p.queries, p.grinding)

    def begin(self, hash: Hash) -> Transcript:
        """A transcript that has absorbed the whole instance (section 7, message 1)."""
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
        tables = [number for lookup in self.compiled.lookups for number in (lookup.bits, lookup.tables.count)]
        transcript.absorb_integers("tables and groups", *tables, self.compiled.group_size)
        transcript.absorb_text("audit id", context.audit_id)
        transcript.absorb_integers("segment", context.segment, context.segments)
        transcript.absorb_integers("rows", p.log_rows, p.active)
        transcript.absorb_text("columns", "\n".join(self.compiled.witness_columns))
        transcript.absorb_integers("totals", *context.totals)
        transcript.absorb_integers("publics", *(self.publics[name] for name in self.compiled.publics))
        return transcript


def layout_of(compiled: CompiledSystem, parameters: Parameters) -> Layout:
    """The layout of the committed matrices of proofs of a system."""
    return Layout(
        len(compiled.witness_columns),
        len(compiled.range_columns),
        len(compiled.argument_columns),
        compiled.chunks(parameters.rows, parameters.blinding),
        parameters.degree,
    )


def trees_of(registry: Registry, scheme: str, hash: Hash) -> Mapping[str, VectorCommitment]:
    """The vector commitments by their role in the protocol, each with its own leaf domain. Raises ``OptionsError``."""
    found = registry.get("commitment", scheme)
    if not issubclass(found, VectorCommitment):
        raise OptionsError(f"commitment scheme {scheme!r} commits to polynomials; the STARK needs one of vectors")
    return {name: registry.create("commitment", scheme, hash, leaf_domain=domain) for name, domain in DOMAINS.items()}


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
        """All values in the order in which they are absorbed: ``(values, e)``."""
        return np.concatenate((self.base, self.masks, self.argument, self.chunks, self.ahead))
