"""The proof file of one segment: what it holds, how it is written, how hostile bytes are read.

Widths and the number of layers come from the verifier's own instance, never from the file. What the
queries decide (distinct cosets, siblings) carries a count with an upper bound, and the verifier checks
that the count is the right one.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from polyproof.commitment import VectorOpening
from polyproof.field import Elements
from polyproof.hash import Digest, Hash
from polyproof.toolkit.binary import Reader, Writer
from polyproof_stark.low_degree import LowDegreeProof, read_opening, write_opening
from polyproof_stark.protocol import Instance, Openings

__all__ = ["StarkProof", "read_log_rows"]

MAGIC = b"PPSTARK\0"
VERSION = 1


@frozen(eq=False)
class StarkProof:
    """Every message of the prover, in order."""

    trace_root: Digest
    inclusion_root: Digest
    argument_root: Digest | None
    """``None`` for a system without lookups and sums."""
    quotient_root: Digest
    openings: Openings
    pair_root: Digest
    low_degree: LowDegreeProof
    """FRI on D, with the chain on H, whose layer 0 is the pair tree."""
    trace_rows: Elements
    """``(q, trace width)``, in the order the queries were drawn."""
    argument_rows: Elements
    quotient_rows: Elements
    trace_opening: VectorOpening
    argument_opening: VectorOpening
    quotient_opening: VectorOpening

    def write(self, instance: Instance, hash: Hash) -> bytes:
        """The proof file."""
        writer = Writer(MAGIC, VERSION)
        field, extension = instance.field, instance.extension
        writer.integer(instance.parameters.log_rows)
        roots = [self.trace_root, self.inclusion_root, self.argument_root, self.quotient_root, self.pair_root]
        writer.digests(hash, np.stack([root for root in roots if root is not None]))
        writer.elements(extension, self.openings.all())
        writer.elements(field, self.trace_rows)
        writer.elements(field, self.argument_rows)
        writer.elements(field, self.quotient_rows)
        for opening in (self.trace_opening, self.argument_opening, self.quotient_opening):
            write_opening(writer, hash, opening)
        self.low_degree.write(writer, instance.low_degree_test, hash)
        return writer.getvalue()

    @classmethod
    def read(cls, data: bytes, instance: Instance, hash: Hash) -> StarkProof:
        """Parse a proof file for an instance. Raises ``ProofRejected`` for anything that is not exactly one."""
        field, extension, layout, p = instance.field, instance.extension, instance.layout, instance.parameters
        reader = Reader(data, MAGIC, VERSION, "STARK proof")
        reader.integer("log2 of the rows", p.log_rows, p.log_rows)
        has_argument = layout.argument > 0
        roots = reader.digests("roots", hash, 5 if has_argument else 4)
        base = len(instance.compiled.witness_columns) + len(instance.compiled.range_columns)
        sizes = [base, 2, layout.argument, layout.chunks, len(instance.compiled.next_columns)]
        parts = np.split(reader.elements("openings", extension, (sum(sizes),)), np.cumsum(sizes)[:-1])
        trace_rows = reader.elements("trace rows", field, (p.queries, layout.trace))
        argument_rows = reader.elements("argument rows", field, (p.queries, layout.argument * layout.degree))
        quotient_rows = reader.elements("quotient rows", field, (p.queries, layout.chunks * layout.degree))
        most = p.queries * p.domain_size.bit_length()
        openings = [read_opening(reader, hash, f"{name} siblings", most) for name in ("trace", "argument", "quotient")]
        low_degree = LowDegreeProof.read(reader, instance.low_degree_test, hash, chain=True)
        reader.finish()
        return cls(
            roots[0],
            roots[1],
            roots[2] if has_argument else None,
            roots[-2],
            Openings(*parts),
            roots[-1],
            low_degree,
            trace_rows,
            argument_rows,
            quotient_rows,
            openings[0],
            openings[1],
            openings[2],
        )


def read_log_rows(data: bytes, most: int) -> int:
    """The trace length that a proof file claims, within [10, most]: the instance is built from it."""
    return Reader(data, MAGIC, VERSION, "STARK proof").integer("log2 of the rows", 10, most)
