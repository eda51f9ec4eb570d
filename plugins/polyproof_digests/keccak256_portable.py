"""Keccak-256 without a compiler: message by message in plain Python, or many messages at once in numpy.

The permutation is Keccak-f[1600] (FIPS 202, 3.2 and 3.3), its state 25 lanes of 64 bits, lane (x, y) at
place x + 5y. The five lanes of one y are a plane.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from polyproof_digests.byte_hash import Bytes
from polyproof_digests.constants import (
    KECCAK_LANE_SOURCES,
    KECCAK_RATE_BYTES,
    KECCAK_ROTATIONS,
    KECCAK_ROUND_CONSTANTS,
)

__all__ = ["hash_messages", "permute"]

Words = npt.NDArray[np.uint64]

_DIGEST_BYTES = 32
_FEW = 3
"""Up to this many messages are hashed one by one; for more, numpy was measured to be faster."""

_SOURCES = np.array(KECCAK_LANE_SOURCES)
_LEFT = np.array(KECCAK_ROTATIONS, np.uint64)[_SOURCES]
_RIGHT = np.uint64(64) - _LEFT  # a shift by 64 bits gives 0 in numpy

# One message. The state is one integer of 1600 bits, lane 0 lowest: θ, χ and ι act on all of it at once.
# ρ and π treat every lane differently and pass through an array of 25 lanes.


def _in_every_plane(plane: int) -> int:
    return sum(plane << 320 * y for y in range(5))


def _lanes(lanes: Iterable[int], value: int) -> int:
    """A plane with ``value`` in these lanes."""
    return sum(value << 64 * x for x in lanes)


_LANE = (1 << 64) - 1
_PLANE = (1 << 320) - 1
_LOWEST_BITS = _lanes(range(5), 1)
_OTHER_BITS = _PLANE ^ _LOWEST_BITS
_ONE_COPY_A_PLANE = _in_every_plane(1)
_FIRST_FOUR, _LAST = _in_every_plane(_lanes(range(4), _LANE)), _in_every_plane(_lanes([4], _LANE))


def permute(state: int) -> int:
    """Keccak-f[1600] of one state."""
    buffer = bytearray(200)
    lanes = np.frombuffer(buffer, "<u8")
    moved, low = np.empty(25, "<u8"), np.empty(25, "<u8")
    moved_bytes = moved.data.cast("B")
    shift_left, shift_right, either = np.left_shift, np.right_shift, np.bitwise_or
    for constant in KECCAK_ROUND_CONSTANTS:
        # θ: every lane takes in the parity of column x - 1 and, rotated by one bit, that of column x + 1.
        folded = state ^ state >> 640
        parity = (folded ^ folded >> 320 ^ state >> 1280) & _PLANE
        twice = parity | parity << 320
        following = twice >> 64
        rotated = following << 1 & _OTHER_BITS ^ following >> 63 & _LOWEST_BITS
        state ^= ((twice >> 256 ^ rotated) & _PLANE) * _ONE_COPY_A_PLANE
        # ρ and π
        buffer[:] = state.to_bytes(200, "little")
        lanes.take(_SOURCES, None, moved, "clip")
        shift_right(moved, _RIGHT, low)
        shift_left(moved, _LEFT, moved)
        either(moved, low, moved)
        state = int.from_bytes(moved_bytes, "little")
        # χ and ι: a lane takes in ¬next ∧ second, which is (next ∨ second) ⊕ next.
        following = state >> 64 & _FIRST_FOUR | state << 256 & _LAST
        second = following >> 64 & _FIRST_FOUR | following << 256 & _LAST
        state ^= (following | second) ^ following ^ constant
    return state


# Many messages. The state is an array (25, n).

_NEXT_COLUMN, _PREVIOUS_COLUMN = np.array([1, 2, 3, 4, 0]), np.array([4, 0, 1, 2, 3])
_NEXT_LANE = np.array([(x + 1) % 5 + 5 * y for y in range(5) for x in range(5)])
_SECOND_LANE = _NEXT_LANE[_NEXT_LANE]
_ONE, _SIXTY_THREE = np.uint64(1), np.uint64(63)


def _permute_batch(state: Words) -> Words:
    """Keccak-f[1600] of n states, ``(25, n)``; the argument is overwritten."""
    left, right = _LEFT[:, None], _RIGHT[:, None]
    for constant in KECCAK_ROUND_CONSTANTS:
        planes = state.reshape(5, 5, -1)
        parity = np.bitwise_xor.reduce(planes, axis=0)
        rotated = parity << _ONE
        rotated |= parity >> _SIXTY_THREE
        planes ^= parity[_PREVIOUS_COLUMN] ^ rotated[_NEXT_COLUMN]
        state = state[_SOURCES]
        low = state >> right
        state <<= left
        state |= low
        following = state[_NEXT_LANE]
        second = state[_SECOND_LANE]
        second |= following
        second ^= following
        state ^= second
        state[0] ^= np.uint64(constant)
    return state


def hash_messages(messages: Bytes, padding: bytes, begun: int) -> Bytes:
    """``(n, length) → (n, 32)``: absorb every message and the padding into the state ``begun``."""
    count, length = messages.shape
    if count <= _FEW:
        digests = bytearray()
        for message in messages:
            padded = message.tobytes() + padding
            state = begun
            for start in range(0, len(padded), KECCAK_RATE_BYTES):
                state = permute(state ^ int.from_bytes(padded[start : start + KECCAK_RATE_BYTES], "little"))
            digests += state.to_bytes(200, "little")[:_DIGEST_BYTES]
        return np.frombuffer(digests, np.uint8).reshape(count, _DIGEST_BYTES)

    padded = np.empty((count, length + len(padding)), np.uint8)
    padded[:, :length] = messages
    padded[:, length:] = np.frombuffer(padding, np.uint8)
    words = padded.view("<u8")
    rate = KECCAK_RATE_BYTES // 8
    states = np.empty((25, count), np.uint64)
    states.T[:] = np.frombuffer(begun.to_bytes(200, "little"), "<u8")
    for start in range(0, words.shape[1], rate):
        states[:rate] ^= words[:, start : start + rate].T
        states = _permute_batch(states)
    return np.ascontiguousarray(states[:4].T, "<u8").view(np.uint8)
