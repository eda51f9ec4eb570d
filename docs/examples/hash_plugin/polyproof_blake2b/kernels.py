"""BLAKE2b's compression function (RFC 7693, section 3.2) on rows of words, compiled by Numba."""

import numpy as np
from numba import uint64

from polyproof.hash import Words
from polyproof.toolkit.kernels import helper, kernel

# The square roots of the first eight primes: those of SHA-512 (RFC 7693, section 2.6).
INITIAL = np.array(
    [
        0x6A09E667F3BCC908,
        0xBB67AE8584CAA73B,
        0x3C6EF372FE94F82B,
        0xA54FF53A5F1D36F1,
        0x510E527FADE682D1,
        0x9B05688C2B3E6C1F,
        0x1F83D9ABFB41BD6B,
        0x5BE0CD19137E2179,
    ],
    np.uint64,
)
# Which words of a block each round takes, in which order (section 2.7); rounds 10 and 11 are 0 and 1 again.
ORDER = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ],
    np.uint64,  # an index without a sign is not looked at twice
)
ROUNDS, BLOCK_WORDS, BLOCK_BYTES, DIGEST_BYTES = 12, 16, 128, 32


@helper(inline="always")
def turned(word, bits):
    """A word turned right by so many bits."""
    return (word >> uint64(bits)) | (word << uint64(64 - bits))


@helper(inline="always")
def mix(a, b, c, d, x, y):
    """The mixing function G (section 3.1), on words and not on an array of them: so they stay in registers."""
    a = a + b + x
    d = turned(d ^ a, 32)
    c = c + d
    b = turned(b ^ c, 24)
    a = a + b + y
    d = turned(d ^ a, 16)
    c = c + d
    return a, turned(b ^ c, 63), c, d


@helper()
def compress(h, m, count, last):
    """The compression function F (section 3.2): block ``m`` into state ``h``; ``count`` bytes so far, this included."""
    a0, a1, a2, a3, b0, b1, b2, b3 = h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
    c0, c1, c2, c3 = INITIAL[0], INITIAL[1], INITIAL[2], INITIAL[3]
    d0, d1, d2, d3 = INITIAL[4] ^ uint64(count), INITIAL[5], INITIAL[6], INITIAL[7]
    if last:
        d2 = ~d2
    for step in range(ROUNDS):
        s = ORDER[step % 10]
        a0, b0, c0, d0 = mix(a0, b0, c0, d0, m[s[0]], m[s[1]])
        a1, b1, c1, d1 = mix(a1, b1, c1, d1, m[s[2]], m[s[3]])
        a2, b2, c2, d2 = mix(a2, b2, c2, d2, m[s[4]], m[s[5]])
        a3, b3, c3, d3 = mix(a3, b3, c3, d3, m[s[6]], m[s[7]])
        a0, b1, c2, d3 = mix(a0, b1, c2, d3, m[s[8]], m[s[9]])
        a1, b2, c3, d0 = mix(a1, b2, c3, d0, m[s[10]], m[s[11]])
        a2, b3, c0, d1 = mix(a2, b3, c0, d1, m[s[12]], m[s[13]])
        a3, b0, c1, d2 = mix(a3, b0, c1, d2, m[s[14]], m[s[15]])
    h[0], h[1], h[2], h[3] = h[0] ^ a0 ^ c0, h[1] ^ a1 ^ c1, h[2] ^ a2 ^ c2, h[3] ^ a3 ^ c3
    h[4], h[5], h[6], h[7] = h[4] ^ b0 ^ d0, h[5] ^ b1 ^ d1, h[6] ^ b2 ^ d2, h[7] ^ b3 ^ d3


@kernel()
def keyed(key: Words, length: int) -> Words:
    """The state after the block of the key, whose ``length`` bytes are in 16 words: where every row begins."""
    h = INITIAL.copy()
    h[0] ^= uint64(0x01010000) ^ (uint64(length) << uint64(8)) ^ uint64(DIGEST_BYTES)
    compress(h, key, BLOCK_BYTES, False)
    return h


@kernel()
def hash_rows(rows: Words, start: Words, digests: Words) -> None:
    """The digest of every row, ``(n, columns) → (n, 4)``, from the state ``start``. Columns are at least 1."""
    h, m = np.empty(8, np.uint64), np.empty(BLOCK_WORDS, np.uint64)
    columns = rows.shape[1]
    for row in range(len(rows)):
        for i in range(8):
            h[i] = start[i]
        count = BLOCK_BYTES
        for first in range(0, columns, BLOCK_WORDS):
            words = min(BLOCK_WORDS, columns - first)
            for i in range(BLOCK_WORDS):
                m[i] = rows[row, first + i] if i < words else uint64(0)
            count += 8 * words
            compress(h, m, count, first + words == columns)
        for i in range(4):
            digests[row, i] = h[i]
