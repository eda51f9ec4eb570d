"""BLAKE3 without a compiler: message by message in plain Python, or many messages at once in numpy.

A message is cut into chunks of 1024 bytes; a chunk is a chain of compressions, one for each block of 64
bytes; the chaining values of the chunks are the leaves of a binary tree whose left subtrees are full
(O'Connor, Aumasson, Neves, Wilcox-O'Hearn: BLAKE3, one function, fast everywhere, 2020; section 2).

Both compression functions keep the 4 × 4 state as four rows a, b, c, d and mix all columns together, then all diagonals
(BLAKE3 paper, 2.2, as in the SIMD implementations it describes). A chaining value is 8 words and a block 16:
tuples of integers in plain Python, arrays ``(8, n)`` and ``(16, n)`` of ``uint32`` in numpy.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from polyproof.toolkit.sha256_constants import SHA256_INITIAL
from polyproof_digests.byte_hash import Bytes
from polyproof_digests.constants import (
    BLAKE3_BLOCK_BYTES,
    BLAKE3_CHUNK_BYTES,
    BLAKE3_SCHEDULE,
    CHUNK_END,
    CHUNK_START,
    PARENT,
    ROOT,
)

__all__ = ["hash_messages"]

Words32 = npt.NDArray[np.uint32]
Chaining = TypeVar("Chaining", tuple[int, ...], Words32)
Block = TypeVar("Block", Sequence[int], Words32)

_FEW = 7
"""Up to this many messages are hashed one by one; for more, numpy was measured to be faster."""

_MASK32 = (1 << 32) - 1

# One block. A row of four words is one integer with a word in every 64 bits: the upper halves take the carries
# of additions, so only rotations need to mask. Unmasked sums stay below 2^38.

_ROW = (1 << 256) - 1
_LOW_HALVES = sum(_MASK32 << 64 * column for column in range(4))


def _pack(w0: int, w1: int, w2: int, w3: int) -> int:
    return w0 | w1 << 64 | w2 << 128 | w3 << 192


def _unpack(row: int) -> tuple[int, int, int, int]:
    return row & _MASK32, row >> 64 & _MASK32, row >> 128 & _MASK32, row >> 192 & _MASK32


_IV_ROW = _pack(*SHA256_INITIAL[:4])


def _mix_rows(a: int, b: int, c: int, d: int, x: int, y: int) -> tuple[int, int, int, int]:
    """The quarter round G on four columns; ``x`` and ``y`` are rows of message words."""
    a += b + x
    d = (d ^ a) & _LOW_HALVES
    d = (d | d << 32) >> 16 & _LOW_HALVES
    c += d
    b = (b ^ c) & _LOW_HALVES
    b = (b | b << 32) >> 12 & _LOW_HALVES
    a += b + y
    d = (d ^ a) & _LOW_HALVES
    d = (d | d << 32) >> 8 & _LOW_HALVES
    c += d
    b = (b ^ c) & _LOW_HALVES
    b = (b | b << 32) >> 7 & _LOW_HALVES
    return a, b, c, d


def _compress(
    chaining: tuple[int, ...], block: Sequence[int], counter: int, length: int, flags: int
) -> tuple[int, ...]:
    """Compress one block of ``length`` bytes: the next chaining value, 8 words."""
    a, b, c = _pack(*chaining[:4]), _pack(*chaining[4:]), _IV_ROW
    d = _pack(counter & _MASK32, counter >> 32, length, flags)
    for order in BLAKE3_SCHEDULE:
        m = [block[word] for word in order]
        a, b, c, d = _mix_rows(a, b, c, d, _pack(*m[0:8:2]), _pack(*m[1:8:2]))
        # Diagonals become columns: row b moves by one column, c by two, d by three.
        b, c, d = (b >> 64 | b << 192) & _ROW, (c >> 128 | c << 128) & _ROW, (d >> 192 | d << 64) & _ROW
        a, b, c, d = _mix_rows(a, b, c, d, _pack(*m[8::2]), _pack(*m[9::2]))
        b, c, d = (b >> 192 | b << 64) & _ROW, (c >> 128 | c << 128) & _ROW, (d >> 64 | d << 192) & _ROW
    return _unpack(a ^ c) + _unpack(b ^ d)


# Many blocks. A row is an array (4, n).

_ORDERS = tuple(
    tuple(np.array(order[first : first + 8 : 2]) for first in (0, 1))
    + tuple(np.array(order[first::2]) for first in (8, 9))
    for order in BLAKE3_SCHEDULE
)
_BY_ONE, _BY_TWO, _BY_THREE = (np.array([(column + step) % 4 for column in range(4)]) for step in (1, 2, 3))


def _rotate_right(words: Words32, bits: int) -> None:
    """In place."""
    low = words >> np.uint32(bits)
    words <<= np.uint32(32 - bits)
    words |= low


def _mix_batch(a: Words32, b: Words32, c: Words32, d: Words32, x: Words32, y: Words32) -> None:
    """The quarter round G on four columns of n states, in place."""
    for message, first, second in ((x, 16, 12), (y, 8, 7)):
        a += b
        a += message
        d ^= a
        _rotate_right(d, first)
        c += d
        b ^= c
        _rotate_right(b, second)


def _compress_batch(chaining: Words32, block: Words32, counter: int, length: int, flags: int) -> Words32:
    """Compress n blocks of ``length`` bytes: ``(8, n), (16, n) → (8, n)``."""
    a, b, c, d = chaining[:4].copy(), chaining[4:].copy(), np.empty_like(block[:4]), np.empty_like(block[:4])
    c.T[:] = SHA256_INITIAL[:4]
    d.T[:] = counter & _MASK32, counter >> 32, length, flags
    for columns_x, columns_y, diagonals_x, diagonals_y in _ORDERS:
        _mix_batch(a, b, c, d, block[columns_x], block[columns_y])
        b, c, d = b[_BY_ONE], c[_BY_TWO], d[_BY_THREE]
        _mix_batch(a, b, c, d, block[diagonals_x], block[diagonals_y])
        b, c, d = b[_BY_THREE], c[_BY_TWO], d[_BY_ONE]
    return np.concatenate((a ^ c, b ^ d))


def _hash_tree(
    block_at: Callable[[int], Block],
    length: int,
    key: Chaining,
    mode: int,
    compress: Callable[[Chaining, Block, int, int, int], Chaining],
    join: Callable[[Chaining, Chaining], Block],
) -> Chaining:
    """The root of a message of ``length`` bytes, or of n such messages at once.

    ``block_at(i)`` is block i, filled up with zeros; ``join`` makes the block of two chaining values;
    ``mode`` is the flag of the mode, which every compression gets.
    """
    chunks = max(-(-length // BLAKE3_CHUNK_BYTES), 1)
    subtrees: list[Chaining] = []  # full subtrees still without a right sibling, the largest first
    for chunk in range(chunks):
        start = chunk * BLAKE3_CHUNK_BYTES
        stop = min(start + BLAKE3_CHUNK_BYTES, length)
        offsets = range(start, max(stop, start + 1), BLAKE3_BLOCK_BYTES)
        node = key
        for offset in offsets:
            flags = mode
            if offset == offsets[0]:
                flags |= CHUNK_START
            if offset == offsets[-1]:
                flags |= CHUNK_END | (ROOT if chunks == 1 else 0)
            block = block_at(offset // BLAKE3_BLOCK_BYTES)
            node = compress(node, block, chunk, min(BLAKE3_BLOCK_BYTES, stop - offset), flags)
        last = chunk == chunks - 1
        # Chunk 2^k m - 1, m odd, completes k subtrees; the last one completes whatever is open.
        for _ in range(len(subtrees) if last else _trailing_zeros(chunk + 1)):
            flags = mode | PARENT | (ROOT if last and len(subtrees) == 1 else 0)
            node = compress(key, join(subtrees.pop(), node), 0, BLAKE3_BLOCK_BYTES, flags)
        subtrees.append(node)
    return subtrees[0]


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def hash_messages(messages: Bytes, key: tuple[int, ...], mode: int) -> Bytes:
    """``(n, length) → (n, 32)``, under a key of 8 words and the flag of a mode (0 for none)."""
    count, length = messages.shape
    blocks = max(-(-length // BLAKE3_BLOCK_BYTES), 1)
    padded = np.zeros((count, blocks * BLAKE3_BLOCK_BYTES), np.uint8)
    padded[:, :length] = messages
    words = padded.view("<u4").astype(np.uint32, copy=False).reshape(count, blocks, 16)
    digests = np.empty((count, 8), "<u4")
    if count <= _FEW:
        for index, message in enumerate(words):
            digests[index] = _hash_tree(message.tolist().__getitem__, length, key, mode, _compress, operator.add)
    else:
        keys = np.repeat(np.array(key, np.uint32)[:, None], count, axis=1)
        by_block = np.ascontiguousarray(words.transpose(1, 2, 0))
        digests[:] = _hash_tree(by_block.__getitem__, length, keys, mode, _compress_batch, _join_batch).T
    return digests.view(np.uint8)


def _join_batch(left: Words32, right: Words32) -> Words32:
    return np.concatenate((left, right))
