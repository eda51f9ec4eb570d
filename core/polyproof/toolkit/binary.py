"""Binary files: how proofs are written, and how hostile bytes are read.

A file begins with a magic string and a version. All integers are little-endian and of fixed width;
variable parts carry their length. The reader checks every length against what its caller allows
before it allocates anything, and the end of the file after the last item.
"""

from __future__ import annotations

import struct

from polyproof.errors import ProofRejected
from polyproof.field import Elements, Extension, Field
from polyproof.hash import DIGEST_BYTES, Hash, Words
from polyproof.model.counts import counted

__all__ = ["Reader", "Writer"]


class Writer:
    """Appends items to a byte string."""

    def __init__(self, magic: bytes, version: int) -> None:
        """Begin a file: eight magic bytes, a version."""
        if len(magic) != 8:
            raise ValueError("a magic string has eight bytes")
        self._parts = [magic, struct.pack("<I", version)]

    def integer(self, value: int) -> None:
        """A non-negative integer below 2^64."""
        self._parts.append(struct.pack("<Q", value))

    def big_integer(self, value: int) -> None:
        """A non-negative integer of any size, in its shortest form."""
        self.blob(value.to_bytes((value.bit_length() + 7) // 8, "little"))

    def blob(self, data: bytes) -> None:
        """Bytes with their length."""
        self.integer(len(data))
        self._parts.append(data)

    def text(self, text: str) -> None:
        """A string as UTF-8 with its length."""
        self.blob(text.encode())

    def raw(self, data: bytes) -> None:
        """Bytes whose length the reader knows."""
        self._parts.append(data)

    def digests(self, hash: Hash, digests: Words) -> None:
        """Digests whose number the reader knows."""
        self._parts.append(hash.encode_digests(digests))

    def elements(self, field: Field | Extension, elements: Elements) -> None:
        """Field or extension elements whose shape the reader knows."""
        self._parts.append(field.encode(elements))

    def getvalue(self) -> bytes:
        """The file."""
        return b"".join(self._parts)


class Reader:
    """Takes items from a byte string. Every method raises ``ProofRejected`` for bytes that do not fit."""

    def __init__(self, data: bytes, magic: bytes, version: int, what: str) -> None:
        """Check magic and version; ``what`` names the file in messages."""
        self._data = memoryview(data)
        self._position = 0
        self._what = what
        if self._take(8, "magic") != magic:
            raise ProofRejected("magic", f"this is no {what}")
        found = struct.unpack("<I", self._take(4, "version"))[0]
        if found != version:
            raise ProofRejected("version", f"the {what} has format version {found}, this polyproof reads {version}")

    def _take(self, count: int, item: str) -> bytes:
        if count > len(self._data) - self._position:
            raise ProofRejected(
                "truncated",
                f"the {self._what} ends inside {item!r}: expected {counted(count, 'byte')} at offset {self._position}, "
                f"found {len(self._data) - self._position}",
            )
        start = self._position
        self._position += count
        return bytes(self._data[start : self._position])

    def integer(self, item: str, least: int = 0, most: int = 2**64 - 1) -> int:
        """An integer within [least, most]."""
        value: int = struct.unpack("<Q", self._take(8, item))[0]
        if not least <= value <= most:
            raise ProofRejected("range", f"{item} is {value}, expected {least} to {most}")
        return value

    def big_integer(self, item: str, max_bytes: int) -> int:
        """A non-negative integer in its shortest form, of at most ``max_bytes``."""
        data = self.blob(item, max_bytes)
        if data and data[-1] == 0:
            raise ProofRejected("canonical", f"{item} is not in its shortest form")
        return int.from_bytes(data, "little")

    def blob(self, item: str, max_bytes: int) -> bytes:
        """Bytes of at most ``max_bytes``."""
        return self._take(self.integer(f"length of {item}", 0, max_bytes), item)

    def text(self, item: str, max_bytes: int) -> str:
        """A UTF-8 string of at most ``max_bytes``."""
        try:
            return self.blob(item, max_bytes).decode("utf-8")
        except UnicodeDecodeError as error:
            raise ProofRejected("utf-8", f"{item} is not UTF-8") from error

    def raw(self, item: str, count: int) -> bytes:
        """Exactly ``count`` bytes."""
        return self._take(count, item)

    def digests(self, item: str, hash: Hash, count: int) -> Words:
        """``count`` digests: ``(count, digest_words)``."""
        return hash.decode_digests(self._take(count * DIGEST_BYTES, item), count)

    def elements(self, item: str, field: Field | Extension, shape: tuple[int, ...]) -> Elements:
        """Canonical elements of a known shape (without the trailing axis for an extension)."""
        count = 1
        for length in shape:
            count *= length
        if isinstance(field, Extension):
            size = field.field.element_bytes * field.degree
        else:
            size = field.element_bytes
        return field.decode(self._take(count * size, item), shape)

    def finish(self) -> None:
        """Reject bytes after the last item."""
        left = len(self._data) - self._position
        if left:
            raise ProofRejected("trailing-bytes", f"the {self._what} has {counted(left, 'byte')} after its end")
