"""The format of BIP-322 signatures: a witness, or a whole transaction, in base64.

Source: BIP-322 version 2.0.0. A signature starts with ``smp`` (a witness stack), ``ful`` (the transaction that spends
the message's) or ``pof``; before version 1.0.0 a witness stack had no prefix.
"""

from __future__ import annotations

from attrs import frozen

from polyproof.model.counts import counted
from polyproof.ownership import OwnershipClaim
from polyproof.toolkit.encodings import Malformed, base64_decode

__all__ = ["Proof", "is_bip322", "read_proof"]


@frozen
class Proof:
    """The input that spends the message's transaction, and what else of the spending one is signed."""

    witness: tuple[bytes, ...]
    script_signature: bytes = b""
    version: int = 0
    sequence: int = 0
    lock_time: int = 0


class _Reader:
    """Bytes read from the front, each read checked."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, size: int) -> bytes:
        """The next bytes."""
        if self.place + size > len(self.data):
            raise Malformed("ends too early")
        self.place += size
        return self.data[self.place - size : self.place]

    def number(self, size: int) -> int:
        """The next bytes as a little-endian number."""
        return int.from_bytes(self.take(size), "little")

    def compact(self) -> int:
        """A variable-size integer, in its shortest form and below 2^16."""
        first = self.number(1)
        if first < 0xFD:
            return first
        if first > 0xFD:
            # Four or eight bytes, for what a text of LONGEST_SIGNATURE characters cannot hold.
            raise Malformed("has a number beyond its own length")
        value = self.number(2)
        if value < 0xFD:
            raise Malformed("has a number that is not in its shortest form")
        return value

    def text(self) -> bytes:
        """Bytes that follow their count."""
        return self.take(self.compact())

    def witness(self) -> tuple[bytes, ...]:
        """A witness stack."""
        count = self.compact()
        if count > 100:
            raise Malformed(f"has a witness of {counted(count, 'element')}")
        return tuple(self.text() for _ in range(count))

    def end(self) -> None:
        """Raise ``Malformed`` unless nothing is left."""
        if self.place != len(self.data):
            raise Malformed("has bytes after its end")


def _read_witness(data: bytes) -> Proof:
    reader = _Reader(data)
    witness = reader.witness()
    reader.end()
    if not witness:
        raise Malformed("has an empty witness")
    return Proof(witness)


def _read_transaction(data: bytes, spent: bytes) -> Proof:
    reader = _Reader(data)
    version = reader.number(4)
    inputs = reader.compact()
    has_witness = inputs == 0
    if has_witness:
        if reader.number(1) != 1:
            raise Malformed("is not a transaction")
        inputs = reader.compact()
    if inputs != 1:
        raise Malformed(f"has {counted(inputs, 'input')} where one is expected")
    previous, index = reader.take(32), reader.number(4)
    if previous != spent or index != 0:
        raise Malformed("spends a transaction other than that of this message and address")
    script_signature = reader.text()
    sequence = reader.number(4)
    if reader.compact() != 1 or reader.take(8) != bytes(8) or reader.text() != b"\x6a":
        raise Malformed("has outputs other than one of nothing to OP_RETURN")
    witness = reader.witness() if has_witness else ()
    if has_witness and not witness:
        raise Malformed("has an empty witness")
    lock_time = reader.number(4)
    reader.end()
    if version not in (0, 2):
        raise Malformed(f"has the version {version} where 0 or 2 is expected")
    return Proof(witness, script_signature, version, sequence, lock_time)


def read_proof(text: str, spent: bytes) -> Proof:
    """Read a signature; a whole transaction must spend the one with the hash ``spent``. Raises ``Malformed``."""
    if text.startswith("ful"):
        return _read_transaction(base64_decode(text[3:]), spent)
    return _read_witness(base64_decode(text.removeprefix("smp")))


def _is_witness(text: str) -> bool:
    try:
        data = base64_decode(text)
        # A signed message has 65 bytes and starts with 27 or more, which would be the number of elements.
        return len(data) != 65 and bool(_read_witness(data))
    except Malformed:
        return False


def _is_signed_message(text: str) -> bool:
    """Whether a text is base64 of 65 bytes, a header, r and s: a signed message from before BIP-322.

    A witness of a Taproot key never is, since it has 66 bytes, or 67 with the type of its hash.
    """
    try:
        data = base64_decode(text, most=88)
    except Malformed:
        return False
    return len(data) == 65 and 27 <= data[0] <= 42


def is_bip322(claim: OwnershipClaim) -> bool:
    """Whether a claim is in this format: by the prefix of its signature, by a bare witness, or by a Taproot address.

    A text that has no prefix and is not a witness is left to ``signmessage``. So is any base64 of 65 bytes, which
    ``signmessage`` then refuses for a Taproot address.
    """
    if claim.address.lower().startswith(("bc1p", "ltc1p")):
        return not any(_is_signed_message(text) for text in claim.signatures)
    return any(text.startswith(("smp", "ful", "pof")) or _is_witness(text) for text in claim.signatures)
