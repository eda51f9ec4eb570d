"""The two files of the Merkle sum tree: the public proof of a segment, and one user's inclusion file.

Both are fixed by the statement, the options and the depth: no length is taken from the file.
"""

from __future__ import annotations

from attrs import frozen

from polyproof.hash import Digest, Hash
from polyproof.toolkit.binary import Reader, Writer
from polyproof_merkle.construction import NONCE_BYTES
from polyproof_merkle.sums import Sums

__all__ = ["INCLUSION_MAGIC", "PROOF_MAGIC", "VERSION", "Inclusion", "Proof", "inclusion_bytes"]

PROOF_MAGIC = b"PPSUMPRF"
INCLUSION_MAGIC = b"PPSUMINC"
VERSION = 1
HEADER_BYTES = 12
"""Magic and version."""
_MAX_TOTAL_BYTES = 4096


@frozen(eq=False)
class Proof:
    """The public proof of one segment."""

    depth: int
    top: Digest
    """Digest of the node over all leaves."""
    totals: tuple[int, ...]
    root: Digest
    """The commitment: binds statement, depth, top and totals."""

    def to_bytes(self, hash: Hash) -> bytes:
        """The file."""
        writer = Writer(PROOF_MAGIC, VERSION)
        writer.integer(self.depth)
        writer.digests(hash, self.top)
        for total in self.totals:
            writer.big_integer(total)
        writer.digests(hash, self.root)
        return writer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, hash: Hash, assets: int, depths: tuple[int, int]) -> Proof:
        """Read a file. Rejects one of another shape, a depth outside ``depths``, and words that no digest can have."""
        reader = Reader(data, PROOF_MAGIC, VERSION, "Merkle-sum-tree proof")
        depth = reader.integer("depth", *depths)
        top = reader.digests("digest of the top node", hash, 1)[0]
        totals = tuple(reader.big_integer(f"total {k + 1}", _MAX_TOTAL_BYTES) for k in range(assets))
        root = reader.digests("root digest", hash, 1)[0]
        reader.finish()
        return cls(depth, top, totals, root)


@frozen(eq=False)
class Inclusion:
    """One user's file. It contains neither user id nor balances: the user supplies those."""

    row: int
    nonce: bytes
    siblings: tuple[tuple[Digest, tuple[int, ...]], ...]
    """Digest and sums of the sibling at each level, from the leaf's."""

    @classmethod
    def from_bytes(cls, data: bytes, hash: Hash, sums: Sums) -> Inclusion:
        """Read a file for a tree of ``sums.depth``. Rejects a row outside it and every sum out of range."""
        reader = Reader(data, INCLUSION_MAGIC, VERSION, "Merkle-sum-tree inclusion file")
        row = reader.integer("row", 0, (1 << sums.depth) - 1)
        nonce = reader.raw("nonce", NONCE_BYTES)
        siblings = tuple(
            (
                reader.digests(f"digest of the sibling at level {level}", hash, 1)[0],
                sums.read(reader, level, f"the sum of the sibling at level {level}"),
            )
            for level in range(sums.depth)
        )
        reader.finish()
        return cls(row, nonce, siblings)


def inclusion_bytes(sums: Sums) -> int:
    """Size of every inclusion file of a tree."""
    siblings = sum(32 + sum(sums.byte_widths(level)) for level in range(sums.depth))
    return HEADER_BYTES + 8 + NONCE_BYTES + siblings
