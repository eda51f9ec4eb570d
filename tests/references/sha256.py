"""SHA-256 as FIPS 180-4 writes it, one message at a time; slow and independent of the plugin."""

from __future__ import annotations

from decimal import Decimal, getcontext

getcontext().prec = 60


def _first_primes(count: int) -> list[int]:
    return [n for n in range(2, 400) if all(n % d for d in range(2, n))][:count]


def _fraction_bits(root: Decimal) -> int:
    """The first 32 bits of the fractional part."""
    return int((root % 1) * 2**32)


INITIAL = [_fraction_bits(Decimal(prime).sqrt()) for prime in _first_primes(8)]
K = [_fraction_bits(Decimal(prime) ** (Decimal(1) / 3)) for prime in _first_primes(64)]


def _rotr(x: int, n: int) -> int:
    return (x >> n | x << 32 - n) % 2**32


def _compress(h: list[int], block: bytes) -> list[int]:
    w = [int.from_bytes(block[i : i + 4], "big") for i in range(0, 64, 4)]
    for t in range(16, 64):
        s0 = _rotr(w[t - 15], 7) ^ _rotr(w[t - 15], 18) ^ w[t - 15] >> 3
        s1 = _rotr(w[t - 2], 17) ^ _rotr(w[t - 2], 19) ^ w[t - 2] >> 10
        w.append((s1 + w[t - 7] + s0 + w[t - 16]) % 2**32)
    a, b, c, d, e, f, g, last = h
    for t in range(64):
        choice = (e & f) ^ (~e & g)
        majority = (a & b) ^ (a & c) ^ (b & c)
        t1 = last + (_rotr(e, 6) ^ _rotr(e, 11) ^ _rotr(e, 25)) + choice + K[t] + w[t]
        t2 = (_rotr(a, 2) ^ _rotr(a, 13) ^ _rotr(a, 22)) + majority
        a, b, c, d, e, f, g, last = (t1 + t2) % 2**32, a, b, c, (d + t1) % 2**32, e, f, g
    return [(old + new) % 2**32 for old, new in zip(h, (a, b, c, d, e, f, g, last), strict=True)]


def pad(message: bytes) -> bytes:
    """The message, a one bit, zeros, and the length in bits as 64 bits (5.1.1)."""
    zeros = bytes(-(len(message) + 9) % 64)
    return message + b"\x80" + zeros + (8 * len(message)).to_bytes(8, "big")


def sha256(message: bytes) -> bytes:
    padded = pad(message)
    h = INITIAL
    for start in range(0, len(padded), 64):
        h = _compress(h, padded[start : start + 64])
    return b"".join(word.to_bytes(4, "big") for word in h)
