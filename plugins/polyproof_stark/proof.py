"""The proof file of one segment (section 9 of docs/reference/protocol.md): its contents, and its reader and writer.

Widths and the number of layers come from the verifier's own instance, never from the file. Parts whose length depends
on the queries (distinct cosets, siblings) carry a count with an upper bound, and the verifier checks that it is right.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import frozen

from polyproof.commitment import VectorCommitment, VectorOpening
from polyproof.field import Elements
from polyproof.hash import Digest, Hash
from polyproof.toolkit.binary import Reader, Writer
from polyproof_stark.low_degree import LowDegreeProof, read_opening, write_opening
from polyproof_stark.parameters import LEAST_LOG_ROWS
from polyproof_stark.protocol import Instance, Openings

__all__ = ["StarkProof", "read_log_rows"]

MAGIC = b"PPSTARK\0"
VERSION = 2


@frozen(eq=False)
class StarkProof:
    """Every message of the prover, in order."""

    trace_root: Digest
    inclusion_root: Digest
    argument_root: Digest
    """``(0,)`` for a system without lookups and sums, whose argument rows and opening are empty too."""
    quotient_root: Digest
    openings: Openings
    pair_root: Digest
    low_degree: LowDegreeProof
    """FRI on D, with the chain on H, whose layer 0 is the pair tree."""
    trace_rows: Elements
    """``(q, trace width)``, in the order in which the queries were drawn."""
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
        for root in (self.trace_root, self.inclusion_root, self.argument_root, self.quotient_root, self.pair_root):
            writer.digests(hash, root)
        writer.elements(extension, self.openings.all())
        writer.elements(field, self.trace_rows)
        writer.elements(field, self.argument_rows)
        writer.elements(field, self.quotient_rows)
        for opening in (self.trace_opening, self.argument_opening, self.quotient_opening):
            write_opening(writer, hash, opening)
        self.low_degree.write(writer, instance.low_degree_test, hash)
        return writer.getvalue()

    @classmethod
    def read(cls, data: bytes, instance: Instance, hash: Hash, trees: Mapping[str, VectorCommitment]) -> StarkProof:
        """Parse a proof file for an instance. Raises ``ProofRejected`` for anything else."""
        field, extension, layout, p = instance.field, instance.extension, instance.layout, instance.parameters
        reader = Reader(data, MAGIC, VERSION, "STARK proof")
        reader.integer("log2 of the rows", p.log_rows, p.log_rows)
        trace_root, inclusion_root = reader.digests("trace and inclusion root", hash, 2)
        argument_root = reader.digests("argument root", hash, 1 if layout.argument else 0).reshape(-1)
        quotient_root, pair_root = reader.digests("quotient and pair root", hash, 2)
        base = instance.compiled.base_columns
        sizes = [base, 2, layout.argument, layout.chunks, len(instance.compiled.next_columns)]
        opened = np.split(reader.elements("openings", extension, (sum(sizes),)), np.cumsum(sizes)[:-1])
        trace_rows = reader.elements("trace rows", field, (p.queries, layout.trace))
        argument_rows = reader.elements("argument rows", field, (p.queries, layout.argument * layout.degree))
        quotient_rows = reader.elements("quotient rows", field, (p.queries, layout.chunks * layout.degree))

        def opening(name: str, rows: int) -> VectorOpening:
            return read_opening(reader, hash, f"{name} siblings", trees[name], p.domain_size, rows)

        trace_opening = opening("trace", p.queries)
        argument_opening = opening("argument", p.queries if layout.argument else 0)
        quotient_opening = opening("quotient", p.queries)
        low_degree = LowDegreeProof.read(reader, instance.low_degree_test, hash, trees["fri"], chain=True)
        reader.finish()
        return cls(
            trace_root=trace_root,
            inclusion_root=inclusion_root,
            argument_root=argument_root,
            quotient_root=quotient_root,
            openings=Openings(*opened),
            pair_root=pair_root,
            low_degree=low_degree,
            trace_rows=trace_rows,
            argument_rows=argument_rows,
            quotient_rows=quotient_rows,
            trace_opening=trace_opening,
            argument_opening=argument_opening,
            quotient_opening=quotient_opening,
        )


def read_log_rows(data: bytes, most: int) -> int:
    """log2 of the trace length that a proof file states, within [LEAST_LOG_ROWS, most]. Raises ``ProofRejected``."""
    return Reader(data, MAGIC, VERSION, "STARK proof").integer("log2 of the rows", LEAST_LOG_ROWS, most)
