"""Poseidon, Poseidon2 and Rescue Prime Optimized as the papers write them: plain integers, dense matrices.

Slow and independent of the plugin: the constants are generated here once more, bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from hashlib import shake_256

P = 2**64 - 2**32 + 1
WIDTH = 12

State = list[int]
Matrix = list[list[int]]
Permutation = Callable[[State], State]


def matrix_times(matrix: Matrix, state: State) -> State:
    return [sum(entry * x for entry, x in zip(row, state, strict=True)) % P for row in matrix]


def circulant(first_row: list[int]) -> Matrix:
    """Each row is the one above moved one place to the right."""
    rows = [first_row]
    for _ in range(len(first_row) - 1):
        rows.append([rows[-1][-1], *rows[-1][:-1]])
    return rows


# Poseidon, with the constants of plonky2


def chacha8_keystream(key: list[int]) -> Iterator[int]:
    """32-bit words of ChaCha with 8 rounds: 64-bit block counter from 0, nonce 0."""

    def rotated(x: int, n: int) -> int:
        return ((x << n) | (x >> (32 - n))) % 2**32

    def quarter(s: list[int], a: int, b: int, c: int, d: int) -> None:
        s[a] = (s[a] + s[b]) % 2**32
        s[d] = rotated(s[d] ^ s[a], 16)
        s[c] = (s[c] + s[d]) % 2**32
        s[b] = rotated(s[b] ^ s[c], 12)
        s[a] = (s[a] + s[b]) % 2**32
        s[d] = rotated(s[d] ^ s[a], 8)
        s[c] = (s[c] + s[d]) % 2**32
        s[b] = rotated(s[b] ^ s[c], 7)

    counter = 0
    while True:
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key, counter % 2**32, counter // 2**32, 0, 0]
        s = list(start)
        for _ in range(4):
            quarter(s, 0, 4, 8, 12)
            quarter(s, 1, 5, 9, 13)
            quarter(s, 2, 6, 10, 14)
            quarter(s, 3, 7, 11, 15)
            quarter(s, 0, 5, 10, 15)
            quarter(s, 1, 6, 11, 12)
            quarter(s, 2, 7, 8, 13)
            quarter(s, 3, 4, 9, 14)
        yield from ((x + y) % 2**32 for x, y in zip(s, start, strict=True))
        counter += 1


@cache
def poseidon_constants() -> list[list[int]]:
    """``ChaCha8Rng::seed_from_u64(0)`` and 360 times ``gen_range(0..p)``."""
    key = []
    pcg = 0
    for _ in range(8):
        pcg = (pcg * 6364136223846793005 + 11634580027462260723) % 2**64
        shifted = ((pcg >> 18 ^ pcg) >> 27) % 2**32
        turn = pcg >> 59
        key.append((shifted >> turn | shifted << (32 - turn)) % 2**32)
    stream = chacha8_keystream(key)
    constants: list[int] = []
    while len(constants) < 360:
        low, high = next(stream), next(stream)
        upper, lower = divmod((high * 2**32 + low) * P, 2**64)
        if lower <= P - 1:
            constants.append(upper)
    return [constants[12 * r : 12 * r + 12] for r in range(30)]


def poseidon(state: State) -> State:
    mds = circulant([17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20])
    mds[0] = [25, *mds[0][1:]]
    for r, constants in enumerate(poseidon_constants()):
        state = [(x + c) % P for x, c in zip(state, constants, strict=True)]
        if 4 <= r < 26:
            state = [pow(state[0], 7, P), *state[1:]]
        else:
            state = [pow(x, 7, P) for x in state]
        state = matrix_times(mds, state)
    return state


# Poseidon2, with the constants of Horizen Labs; the diagonal of t = 12 typed in from
# plain_implementations/src/poseidon2/poseidon2_instance_goldilocks.rs, MAT_DIAG12_M_1

POSEIDON2_DIAGONAL = [
    0xC3B6C08E23BA9300,
    0xD84B5DE94A324FB6,
    0x0D0C371C5B35B84F,
    0x7964F570E7188037,
    0x5DAF18BBD996604B,
    0x6743BC47B9595257,
    0x5528B9362C59BB70,
    0xAC45E25B7127B68B,
    0xA2077D7DFBB606B5,
    0xF3FAAC6FAEE378AE,
    0x0C6388B51545E883,
    0xD27DBB6944917B60,
]


def grain_bits() -> Iterator[int]:
    """The Grain LFSR of the Poseidon paper for a prime field of 64 bits, x^7, t = 12, 8 and 22 rounds."""
    b = [int(bit) for bit in f"{1:02b}{0:04b}{64:012b}{12:012b}{8:010b}{22:010b}" + 30 * "1"]

    def clock() -> int:
        b.append(b[62] ^ b[51] ^ b[38] ^ b[23] ^ b[13] ^ b[0])
        del b[0]
        return b[-1]

    for _ in range(160):
        clock()
    while True:
        while clock() == 0:
            clock()
        yield clock()


@cache
def poseidon2_constants() -> tuple[list[list[int]], list[int]]:
    """Constants of the full rounds and of the partial ones."""
    bits = grain_bits()
    numbers: list[int] = []
    while len(numbers) < 96 + 22:
        number = int("".join(str(next(bits)) for _ in range(64)), 2)
        if number < P:
            numbers.append(number)
    full = numbers[:48] + numbers[70:]
    return [full[12 * r : 12 * r + 12] for r in range(8)], numbers[48:70]


def poseidon2(state: State) -> State:
    m4 = [[5, 7, 1, 3], [4, 6, 1, 1], [1, 3, 5, 7], [1, 1, 4, 6]]
    external = [[m4[i % 4][j % 4] * (1 + (i // 4 == j // 4)) for j in range(12)] for i in range(12)]
    internal = [[1 + (POSEIDON2_DIAGONAL[i] if i == j else 0) for j in range(12)] for i in range(12)]
    full, partial = poseidon2_constants()
    state = matrix_times(external, state)
    for constants in full[:4]:
        state = matrix_times(external, [pow(x + c, 7, P) for x, c in zip(state, constants, strict=True)])
    for constant in partial:
        state = matrix_times(internal, [pow(state[0] + constant, 7, P), *state[1:]])
    for constants in full[4:]:
        state = matrix_times(external, [pow(x + c, 7, P) for x, c in zip(state, constants, strict=True)])
    return state


# Rescue Prime Optimized


@cache
def rescue_constants() -> list[list[int]]:
    """From "RPO(p,12,4,128)": two rows a round, nine bytes a constant."""
    data = shake_256(f"RPO({P},12,4,128)".encode()).digest(9 * 168)
    numbers = [sum(byte << 8 * k for k, byte in enumerate(data[9 * i : 9 * i + 9])) % P for i in range(168)]
    return [numbers[12 * r : 12 * r + 12] for r in range(14)]


def rescue(state: State) -> State:
    mds = circulant([7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8])
    constants = rescue_constants()
    for r in range(7):
        state = [(x + c) % P for x, c in zip(matrix_times(mds, state), constants[2 * r], strict=True)]
        state = [pow(x, 7, P) for x in state]
        state = [(x + c) % P for x, c in zip(matrix_times(mds, state), constants[2 * r + 1], strict=True)]
        state = [pow(x, 10540996611094048183, P) for x in state]
    return state


# The hash: length and domain in the capacity, overwrite mode


def sponge(permute: Permutation, rate: range, capacity: range, words: list[int], domain: str) -> list[int]:
    """The digest of one row."""
    state = [0] * WIDTH
    text = domain.encode().ljust(21, b"\0")
    for element, word in zip(
        capacity, [len(words)] + [int.from_bytes(text[i : i + 7], "little") for i in (0, 7, 14)], strict=True
    ):
        state[element] = word
    chunks = [words[i : i + 8] for i in range(0, len(words), 8)] or [[]]
    for chunk in chunks:
        for element, word in zip(rate, chunk + [0] * (8 - len(chunk)), strict=True):
            state[element] = word
        state = permute(state)
    return [state[element] for element in rate[:4]]
