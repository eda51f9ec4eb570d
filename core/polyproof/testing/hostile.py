"""Hostile variants of honest bytes, for suites that ask whether a reader rejects all of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

__all__ = ["variants"]


def variants(data: bytes, regions: int = 48, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Bytes other than ``data``, each with a name for what was done to them.

    Truncated, extended, replaced, and corrupted in each of ``regions`` equal regions: one bit flipped, and eight bytes
    set to a value too large for a length. The same arguments give the same variants.
    """
    rng = random.Random(seed)
    found = [*_of_any_length(data, rng), *_in_each_region(data, min(regions, len(data)), rng)]
    for name, changed in found:
        if changed != data:
            yield name, changed


def _of_any_length(data: bytes, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "one zero byte", b"\0"
    yield "last byte missing", data[:-1]
    yield "first byte missing", data[1:]
    yield "first half alone", data[: len(data) // 2]
    yield "header alone", data[:12]
    for more in (b"\0", b"\n", bytes(64), data):
        yield f"{len(more)} bytes more at the end", data + more
    yield "one byte more at the beginning", b"\0" + data
    yield "zeros of this length", bytes(len(data))
    yield "ones of this length", b"\xff" * len(data)
    yield "random bytes of this length", rng.randbytes(len(data))
    yield "random bytes after the header", data[:12] + rng.randbytes(max(len(data) - 12, 0))
    yield "halves exchanged", data[len(data) // 2 :] + data[: len(data) // 2]


def _in_each_region(data: bytes, regions: int, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    for region in range(regions):
        start, end = len(data) * region // regions, len(data) * (region + 1) // regions
        at = rng.randrange(start, end)
        yield f"bit flipped in byte {at}", data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
        yield f"cut short at byte {at}", data[:at]
        for name, word in (("all ones", b"\xff" * 8), ("2^40", (1 << 40).to_bytes(8, "little"))):
            yield f"eight bytes {name} at byte {at}", data[:at] + word[: len(data) - at] + data[at + 8 :]
