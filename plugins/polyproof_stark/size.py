"""How many bytes a proof has, before it is made (section 9 of docs/reference/protocol.md).

All lengths but two follow from options and system: how many cosets a layer opens, and how many siblings an opening has,
depends on where the queries fall. Given the queries the size is exact. Over queries it varies by less than a hundredth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polyproof.commitment import VectorCommitment
from polyproof.field import Field
from polyproof.hash import DIGEST_BYTES
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.fri import leaves_of
from polyproof_stark.parameters import Parameters
from polyproof_stark.protocol import layout_of

__all__ = ["expected_size", "proof_size"]

_INTEGER = 8
_HEADER = 8 + 4 + _INTEGER
"""Magic, version, n."""
_DRAWS = 8


def proof_size(
    compiled: CompiledSystem, p: Parameters, field: Field, trees: Mapping[str, VectorCommitment], queries: Sequence[int]
) -> int:
    """Bytes of a proof whose queries, distinct indices in D, are these."""
    layout, extension = layout_of(compiled, p), field.element_bytes * p.degree
    committed = ["trace", "argument", "quotient"] if layout.argument else ["trace", "quotient"]
    siblings = sum(trees[name].opening_size(p.domain_size, queries) for name in committed)
    layers = leaves_of(p.folding, p.domain_size, queries)
    size, total = p.domain_size, _HEADER
    total += (len(committed) + 2) * DIGEST_BYTES
    # At z all columns and the masks of A and of B, at ωz some columns.
    opened = compiled.base_columns + 2 + layout.argument + layout.chunks + len(compiled.next_columns)
    total += opened * extension
    total += len(queries) * layout.words * field.element_bytes + 3 * _INTEGER + siblings * DIGEST_BYTES
    total += (2 * len(layers) - 1) * DIGEST_BYTES + p.folding.final_bound * extension + _INTEGER
    for arity, leaves in zip(p.folding.arities, layers, strict=True):
        size //= arity
        total += 2 * _INTEGER + len(leaves) * arity * extension
        total += trees["fri"].opening_size(size, leaves) * DIGEST_BYTES
    return total


def expected_size(compiled: CompiledSystem, p: Parameters, field: Field, trees: Mapping[str, VectorCommitment]) -> int:
    """Bytes of a proof, the mean over a few draws of queries, which are always the same."""
    random, arity = np.random.default_rng(0), p.folding.arities[0]
    cosets = p.domain_size // arity
    sizes = []
    for _ in range(_DRAWS):
        drawn = random.choice(cosets, p.queries, replace=False) + cosets * random.integers(0, arity, p.queries)
        sizes.append(proof_size(compiled, p, field, trees, drawn.tolist()))
    return round(sum(sizes) / _DRAWS)
