"""Keccak-256 as FIPS 202 writes Keccak-f[1600], one message at a time; slow and independent of the plugin.

The state is ``A[x][y]``. Only the padding is not FIPS 202's: Ethereum has that of the submission, 10*1
without a suffix.
"""

from __future__ import annotations

RATE = 136


def _rc(t: int) -> int:
    """Algorithm 5 of FIPS 202, on a list of bits."""
    r = [1, 0, 0, 0, 0, 0, 0, 0]
    for _ in range(t % 255):
        r = [0, *r]
        for i in (0, 4, 5, 6):
            r[i] ^= r[8]
        r = r[:8]
    return r[0]


ROUND_CONSTANTS = [sum(_rc(j + 7 * i) << 2**j - 1 for j in range(7)) for i in range(24)]


def _rot(lane: int, offset: int) -> int:
    return (lane << offset % 64 | lane >> 64 - offset % 64) % 2**64


def _rotation_offsets() -> list[list[int]]:
    offsets = [[0] * 5 for _ in range(5)]
    x, y = 1, 0
    for t in range(24):
        offsets[x][y] = (t + 1) * (t + 2) // 2
        x, y = y, (2 * x + 3 * y) % 5
    return offsets


ROTATION_OFFSETS = _rotation_offsets()


def keccak_f(a: list[list[int]]) -> list[list[int]]:
    for constant in ROUND_CONSTANTS:
        c = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        d = [c[(x - 1) % 5] ^ _rot(c[(x + 1) % 5], 1) for x in range(5)]
        a = [[a[x][y] ^ d[x] for y in range(5)] for x in range(5)]
        a = [[_rot(a[x][y], ROTATION_OFFSETS[x][y]) for y in range(5)] for x in range(5)]
        a = [[a[(x + 3 * y) % 5][x] for y in range(5)] for x in range(5)]
        a = [[a[x][y] ^ (~a[(x + 1) % 5][y] & a[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        a[0][0] ^= constant
    return a


def pad(message: bytes) -> bytes:
    """The message, a one bit, zeros, a one bit, up to a multiple of the rate; bits of a byte from the lowest."""
    padded = bytearray(message + bytes(RATE - len(message) % RATE))
    padded[len(message)] ^= 0x01
    padded[-1] ^= 0x80
    return bytes(padded)


def keccak256(message: bytes) -> bytes:
    padded = pad(message)
    a = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), RATE):
        for i in range(RATE // 8):
            a[i % 5][i // 5] ^= int.from_bytes(padded[start + 8 * i : start + 8 * i + 8], "little")
        a = keccak_f(a)
    return b"".join(a[i][0].to_bytes(8, "little") for i in range(4))
