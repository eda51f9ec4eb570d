"""The leaves of the inclusion tree: limbs packed into words, mask and tag (section 4 of docs/reference/protocol.md).

A word of a hash has room for several limbs, so that the row of an account with many assets costs fewer permutations.
Packing is injective on limbs in range and on no others: a limb of 2^w is its neighbour's 1, and with it one leaf would
be that of two rows. So limbs are checked wherever a leaf is computed. Which columns are limbs, and of what width, a
constraint system states by its range checks. Blinding rows are not in range, and no user opens them: from row U−1 on a
leaf is the hash of random words.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from polyproof.constraints import Operation
from polyproof.engine import Engine
from polyproof.errors import InputError
from polyproof.field import Elements
from polyproof.hash import Hash, Words
from polyproof.toolkit.uniform_words import uniform_words
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.protocol import Instance

__all__ = ["InclusionLeaves", "LimbOutOfRange"]

MOST_WORD_BITS = 62
"""Of limbs in a word, so that words are the same under every hash that comes with polyproof."""


class LimbOutOfRange(InputError):
    """A column that is range-checked holds a value that is not in its range, so that its row has no leaf."""


@frozen(eq=False)
class InclusionLeaves:
    """How rows of A, with their masks and tags, become the rows of words that the inclusion tree hashes.

    All arrays have an entry for each column that a user opens: those of the witness, then the mask's.
    """

    names: tuple[str, ...]
    """Of the witness columns."""
    places: Words
    """The word that a column goes to."""
    shifts: Words
    """How many bits up in it."""
    beyond: Words
    """The bits that a column cannot have: of a limb all from w on, of others none."""
    bound: int
    """All words are below it."""
    tag_words: int
    """Words of a tag, which is a digest."""
    engine: Engine

    @classmethod
    def of(cls, instance: Instance, hash: Hash) -> InclusionLeaves:
        """The leaves of an instance under a hash, whose word bound is at least the field's modulus.

        In the order of the columns a limb joins the word of the limb before it, if it still fits; a column that is no
        limb has a word of its own.
        """
        most = min(MOST_WORD_BITS, hash.word_bound.bit_length() - 1)
        widths = [*_limb_widths(instance.compiled), *[None] * instance.layout.degree]
        places: list[int] = []
        shifts: list[int] = []
        beyond: list[int] = []
        word, used = -1, most
        for width in widths:
            if width is None or used + width > most:
                word, used = word + 1, 0
            places.append(word)
            shifts.append(used)
            beyond.append(0 if width is None else (1 << 64) - (1 << width))
            used += most if width is None else width
        return cls(
            instance.compiled.witness_columns,
            np.array(places, np.uint64),
            np.array(shifts, np.uint64),
            np.array(beyond, np.uint64),
            hash.word_bound,
            hash.digest_words,
            hash.engine,
        )

    @property
    def width(self) -> int:
        """Words of a leaf's row."""
        return int(self.places[-1]) + 1 + self.tag_words

    def fill(self, leaves: Words, opened: Elements, tags: Words) -> None:
        """Write into ``leaves``, ``(n, width)``, what the leaves of n rows hash.

        ``opened``: ``(n, witness + e)``, the rows of A and its mask; ``tags``: ``(n, tag_words)``. Raises
        ``LimbOutOfRange``.
        """
        if self.engine is Engine.COMPILED:
            from polyproof_stark.leaf_kernel import pack

            in_range = pack(opened, tags, self.places, self.shifts, self.beyond, leaves)
        else:
            in_range = not (opened & self.beyond).any()
            leaves[:, : -self.tag_words] = 0
            for column, (place, shift) in enumerate(zip(self.places, self.shifts, strict=True)):
                leaves[:, place] |= opened[:, column] << shift
            leaves[:, -self.tag_words :] = tags
        if not in_range:
            row, column = (int(index[0]) for index in np.nonzero(opened & self.beyond))
            most = (1 << 64) - int(self.beyond[column])
            raise LimbOutOfRange(f"{self.names[column]} is {int(opened[row, column])}, not below {most}")

    def unopened(self, count: int) -> Words:
        """What the leaves of rows that nobody opens hash, ``(count, width)``: uniform words, of no row of A.

        Fresh in every attempt, from the operating system.
        """
        return uniform_words(count * self.width, self.bound).reshape(count, self.width)


def _limb_widths(compiled: CompiledSystem) -> tuple[int | None, ...]:
    """For each witness column the least bits of the range checks that it is in by itself."""
    widths: list[int | None] = [None] * len(compiled.witness_columns)
    for lookup in compiled.lookups:
        for index in lookup.values:
            node = compiled.nodes[index]
            if node.operation is Operation.COLUMN and not node.second:
                known = widths[node.first]
                widths[node.first] = lookup.bits if known is None else min(known, lookup.bits)
    return tuple(widths)
