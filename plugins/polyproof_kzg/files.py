"""The two files of the grand sum: the public proof of a segment, and one user's inclusion file."""

from __future__ import annotations

from attrs import frozen

from polyproof.toolkit.binary import Reader, Writer
from polyproof_kzg.construction import NONCE_BYTES

__all__ = ["Inclusion", "Proof"]

PROOF_MAGIC = b"PPGRSPRF"
INCLUSION_MAGIC = b"PPGRSINC"
VERSION = 1
_MOST_BYTES = 1 << 20
"""Of a commitment or an opening, which the commitment then reads with the length that it must have."""


@frozen
class Proof:
    """The public proof of one segment, each part as the commitment wrote it."""

    commitment: bytes
    opening: bytes
    """At 0."""

    def to_bytes(self) -> bytes:
        """The file."""
        writer = Writer(PROOF_MAGIC, VERSION)
        writer.blob(self.commitment)
        writer.blob(self.opening)
        return writer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Proof:
        """Read a file. Raises ``ProofRejected`` for one of another shape."""
        reader = Reader(data, PROOF_MAGIC, VERSION, "grand-sum proof")
        commitment = reader.blob("commitment", _MOST_BYTES)
        opening = reader.blob("opening", _MOST_BYTES)
        reader.finish()
        return cls(commitment, opening)


@frozen
class Inclusion:
    """One user's file. It contains neither user id nor balances: the user supplies those."""

    row: int
    nonce: bytes
    opening: bytes
    """At ω^row, without its values."""

    def to_bytes(self) -> bytes:
        """The file."""
        writer = Writer(INCLUSION_MAGIC, VERSION)
        writer.integer(self.row)
        writer.raw(self.nonce)
        writer.blob(self.opening)
        return writer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, rows: int) -> Inclusion:
        """Read a file. Raises ``ProofRejected`` for one of another shape, and for a row from ``rows`` on."""
        reader = Reader(data, INCLUSION_MAGIC, VERSION, "grand-sum inclusion file")
        row = reader.integer("row", 0, rows - 1)
        nonce = reader.raw("nonce", NONCE_BYTES)
        opening = reader.blob("opening", _MOST_BYTES)
        reader.finish()
        return cls(row, nonce, opening)
