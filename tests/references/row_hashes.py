"""The hashes and the Merkle tree of docs/reference/hashes.md in plain Python, written from the page.

Rows and digests are lists and tuples of integers. Nothing here is fast; nothing is shared with polyproof.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import blake3
from Crypto.Hash import keccak

P = 2**64 - 2**32 + 1
Digest = tuple[int, ...]
RowHash = Callable[[str, Sequence[int]], Digest]


def tag(domain: str) -> bytes:
    assert 1 <= len(domain) <= 21
    return b"polyproof/1 " + domain.encode("ascii")


def row_bytes(row: Sequence[int]) -> bytes:
    return b"".join(word.to_bytes(8, "little") for word in row)


def digest_of_bytes(data: bytes) -> Digest:
    return struct.unpack("<4Q", data)


def hash_blake3(domain: str, row: Sequence[int]) -> Digest:
    return digest_of_bytes(blake3.blake3(row_bytes(row), derive_key_context=tag(domain).decode()).digest())


def hash_sha256(domain: str, row: Sequence[int]) -> Digest:
    tagged = hashlib.sha256(tag(domain)).digest()
    return digest_of_bytes(hashlib.sha256(tagged + tagged + row_bytes(row)).digest())


def hash_keccak256(domain: str, row: Sequence[int]) -> Digest:
    block = (bytes([len(tag(domain))]) + tag(domain)).ljust(136, b"\0")
    return digest_of_bytes(keccak.new(digest_bits=256, data=block + row_bytes(row)).digest())


Permutation = Callable[[list[int]], list[int]]


def sponge(permute: Permutation, rate: int, capacity: int) -> RowHash:
    """``rate`` and ``capacity``: the first element of each."""

    def hash_row(domain: str, row: Sequence[int]) -> Digest:
        assert 1 <= len(domain) <= 21
        assert all(0 <= word < P for word in row)
        padded = domain.encode("ascii").ljust(21, b"\0")
        state = [0] * 12
        state[capacity : capacity + 4] = [
            len(row),
            *(int.from_bytes(padded[i : i + 7], "little") for i in (0, 7, 14)),
        ]
        for first in range(0, max(len(row), 1), 8):
            chunk = list(row[first : first + 8])
            state[rate : rate + 8] = chunk + [0] * (8 - len(chunk))
            state = permute(state)
        return tuple(state[rate : rate + 4])

    return hash_row


Matrix = list[list[int]]


def circulant(first_row: Sequence[int]) -> Matrix:
    return [[first_row[(j - i) % 12] for j in range(12)] for i in range(12)]


def times(matrix: Matrix, vector: Sequence[int]) -> list[int]:
    return [sum(m * x for m, x in zip(row, vector, strict=True)) % P for row in matrix]


def power7(x: int) -> int:
    return pow(x, 7, P)


# Poseidon


def chacha8_words() -> Iterator[int]:
    """Words of 64 bits of the key stream seeded with ``seed_from_u64(0)``."""
    s, key = 0, []
    for _ in range(8):
        s = (6364136223846793005 * s + 11634580027462260723) % 2**64
        word, turn = ((s >> 18 ^ s) >> 27) % 2**32, s >> 59
        key.append((word >> turn | word << 32 - turn) % 2**32)
    counter = 0
    while True:
        start = [*struct.unpack("<4I", b"expand 32-byte k"), *key, counter % 2**32, counter >> 32, 0, 0]
        x = list(start)
        columns = [(i, 4 + i, 8 + i, 12 + i) for i in range(4)]
        diagonals = [(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4) for i in range(4)]
        for a, b, c, d in (columns + diagonals) * 4:
            for to, by, mixed, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[to] = (x[to] + x[by]) % 2**32
                word = x[mixed] ^ x[to]
                x[mixed] = (word << turn | word >> 32 - turn) % 2**32
        block = [(end + begin) % 2**32 for end, begin in zip(x, start, strict=True)]
        yield from (block[i] | block[i + 1] << 32 for i in range(0, 16, 2))
        counter += 1


@cache
def poseidon_constants() -> list[list[int]]:
    words = chacha8_words()
    constants: list[int] = []
    while len(constants) < 30 * 12:
        product = next(words) * P
        if product % 2**64 < P:
            constants.append(product >> 64)
    return [constants[i : i + 12] for i in range(0, len(constants), 12)]


POSEIDON_MATRIX = circulant((17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20))
POSEIDON_MATRIX[0][0] += 8


def permute_poseidon(state: list[int]) -> list[int]:
    for number, constants in enumerate(poseidon_constants()):
        state = [x + c for x, c in zip(state, constants, strict=True)]
        full = number < 4 or number >= 26
        state = [power7(x) for x in state] if full else [power7(state[0]), *state[1:]]
        state = times(POSEIDON_MATRIX, state)
    return state


# Poseidon2

M4 = ((5, 7, 1, 3), (4, 6, 1, 1), (1, 3, 5, 7), (1, 1, 4, 6))
EXTERNAL = [[M4[i % 4][j % 4] * (2 if i // 4 == j // 4 else 1) for j in range(12)] for i in range(12)]


def grain_words(size: int = 64, width: int = 12, partial: int = 22) -> Iterator[int]:
    fields = ((1, 2), (0, 4), (size, 12), (width, 12), (8, 10), (partial, 10), (2**30 - 1, 30))
    register = [int(bit) for value, bits in fields for bit in format(value, f"0{bits}b")]

    def bits() -> Iterator[int]:
        while True:
            register.append(register[62] ^ register[51] ^ register[38] ^ register[23] ^ register[13] ^ register[0])
            register.pop(0)
            yield register[-1]

    stream = bits()
    for _ in range(160):
        next(stream)
    while True:
        word = ""
        while len(word) < size:
            decides, bit = next(stream), next(stream)
            if decides:
                word += str(bit)
        yield int(word, 2)


@cache
def poseidon2_parameters() -> tuple[list[list[int]], list[int], Matrix]:
    """Constants of the eight full rounds, of the partial rounds, and the internal matrix."""
    words = grain_words()
    below_p = (word for word in words if word < P)
    early, partial, late = ([next(below_p) for _ in range(count)] for count in (48, 22, 48))
    full = early + late
    while True:
        internal = [[1] * 12 for _ in range(12)]
        for i in range(12):
            internal[i][i] = next(words) % P
        if resists_subspace_trails(internal):
            return [full[i : i + 12] for i in range(0, 96, 12)], partial, internal


def resists_subspace_trails(matrix: Matrix) -> bool:
    """Whether M, M², …, M^24 all have an irreducible minimal polynomial of degree 12.

    It then equals the characteristic polynomial; conversely, an irreducible characteristic polynomial is minimal.
    """
    power = matrix
    for _ in range(24):
        if not irreducible(characteristic_polynomial(power)):
            return False
        columns = [times(power, column) for column in zip(*matrix, strict=True)]
        power = [list(row) for row in zip(*columns, strict=True)]
    return True


def characteristic_polynomial(matrix: Matrix) -> list[int]:
    """Lowest coefficient first, by Faddeev and LeVerrier."""
    size = len(matrix)
    coefficients = [1]
    product = [[0] * size for _ in range(size)]
    for k in range(1, size + 1):
        shifted = [[(x + coefficients[-1] * (i == j)) % P for j, x in enumerate(row)] for i, row in enumerate(product)]
        product = [list(row) for row in zip(*(times(matrix, c) for c in zip(*shifted, strict=True)), strict=True)]
        coefficients.append(-sum(product[i][i] for i in range(size)) * pow(k, -1, P) % P)
    return coefficients[::-1]


def irreducible(f: list[int]) -> bool:
    """Rabin's test for degree 12: f divides X^(p^12) − X and shares no factor with X^(p^6) − X, X^(p^4) − X."""

    def multiply(a: list[int], b: list[int]) -> list[int]:
        product = [0] * 23
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                product[i + j] += x * y
        for i in range(22, 11, -1):
            for j in range(12):
                product[i - 12 + j] -= product[i] * f[j]
        return [x % P for x in product[:12]]

    x = [0, 1] + [0] * 10
    frobenius, square = [1] + [0] * 11, x  # X^p
    for bit in reversed(format(P, "b")):
        if bit == "1":
            frobenius = multiply(frobenius, square)
        square = multiply(square, square)
    images = [[1] + [0] * 11]
    for _ in range(11):
        images.append(multiply(images[-1], frobenius))
    conjugates = [x]
    for _ in range(12):
        conjugates.append(
            [sum(c * image[i] for c, image in zip(conjugates[-1], images, strict=True)) % P for i in range(12)]
        )
    differences = [[(a - b) % P for a, b in zip(conjugates[k], x, strict=True)] for k in (6, 4)]
    return conjugates[12] == x and all(coprime(f, difference) for difference in differences)


def coprime(a: list[int], b: list[int]) -> bool:
    while True:
        while b and b[-1] == 0:
            b = b[:-1]
        if not b:
            return len(a) == 1
        a = list(a)
        while len(a) >= len(b):
            factor = a[-1] * pow(b[-1], -1, P) % P
            a = [(x - factor * y) % P for x, y in zip(a, [0] * (len(a) - len(b)) + b, strict=True)][:-1]
        a, b = b, a


def permute_poseidon2(state: list[int]) -> list[int]:
    full, partial, internal = poseidon2_parameters()
    state = times(EXTERNAL, state)
    for constants in full[:4]:
        state = times(EXTERNAL, [power7(x + c) for x, c in zip(state, constants, strict=True)])
    for constant in partial:
        state = times(internal, [power7(state[0] + constant), *state[1:]])
    for constants in full[4:]:
        state = times(EXTERNAL, [power7(x + c) for x, c in zip(state, constants, strict=True)])
    return state


# Poseidon2 over BabyBear

Q = 2**31 - 2**27 + 1
WIDE_EXTERNAL = [[M4[i % 4][j % 4] * (2 if i // 4 == j // 4 else 1) for j in range(24)] for i in range(24)]


@cache
def babybear_parameters() -> tuple[list[list[int]], list[int], list[int]]:
    """Constants of the eight full rounds, of the partial rounds, and μ: the fifth candidate, as the page says."""
    words = grain_words(31, 24, 21)
    below_q = (word for word in words if word < Q)
    early, partial, late = ([next(below_q) for _ in range(count)] for count in (96, 21, 96))
    full = early + late
    candidates = [[next(words) % Q for _ in range(24)] for _ in range(5)]
    return [full[i : i + 24] for i in range(0, 192, 24)], partial, candidates[4]


def permute_babybear(state: list[int]) -> list[int]:
    full, partial, mu = babybear_parameters()

    def external(state: list[int]) -> list[int]:
        return [sum(a * x for a, x in zip(row, state, strict=True)) % Q for row in WIDE_EXTERNAL]

    state = external(state)
    for constants in full[:4]:
        state = external([pow(x + c, 7, Q) for x, c in zip(state, constants, strict=True)])
    for constant in partial:
        state = [pow(state[0] + constant, 7, Q), *state[1:]]
        total = sum(state)
        state = [(total + (m - 1) * x) % Q for m, x in zip(mu, state, strict=True)]
    for constants in full[4:]:
        state = external([pow(x + c, 7, Q) for x, c in zip(state, constants, strict=True)])
    return state


def hash_babybear(domain: str, row: Sequence[int]) -> Digest:
    assert 1 <= len(domain) <= 21
    assert all(0 <= word < Q for word in row)
    padded = domain.encode("ascii").ljust(21, b"\0")
    state = [0] * 16 + [len(row), *(int.from_bytes(padded[i : i + 3], "little") for i in range(0, 21, 3))]
    for first in range(0, max(len(row), 1), 16):
        chunk = list(row[first : first + 16])
        state = permute_babybear([*chunk, *[0] * (16 - len(chunk)), *state[16:]])
    return tuple(state[:8])


# Rescue Prime Optimized

RESCUE_MATRIX = circulant((7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8))


@cache
def rescue_constants() -> list[list[int]]:
    data = hashlib.shake_256(b"RPO(18446744069414584321,12,4,128)").digest(14 * 12 * 9)
    constants = [int.from_bytes(data[i : i + 9], "little") % P for i in range(0, len(data), 9)]
    return [constants[i : i + 12] for i in range(0, len(constants), 12)]


def permute_rescue(state: list[int]) -> list[int]:
    for half, constants in enumerate(rescue_constants()):
        exponent = 10540996611094048183 if half % 2 else 7
        state = [pow(x + c, exponent, P) for x, c in zip(times(RESCUE_MATRIX, state), constants, strict=True)]
    return state


HASHES: dict[str, tuple[int, RowHash]] = {
    "blake3": (2**64, hash_blake3),
    "sha256": (2**64, hash_sha256),
    "keccak256": (2**64, hash_keccak256),
    "poseidon": (P, sponge(permute_poseidon, 0, 8)),
    "poseidon2": (P, sponge(permute_poseidon2, 0, 8)),
    "rescue-prime-optimized": (P, sponge(permute_rescue, 4, 0)),
    "poseidon2-babybear": (Q, hash_babybear),
}
"""Word bound and hash of a row, by name."""


def room(bound: int) -> int:
    """b, the bits that fit in any word."""
    return bound.bit_length() - 1


def hash_message(name: str, domain: str, message: bytes) -> Digest:
    bound, hash_row = HASHES[name]
    size = min(7, room(bound) // 8)
    words = [int.from_bytes(message[i : i + size], "little") for i in range(0, len(message), size)]
    return hash_row(domain, [len(message), *words])


def packed_elements(name: str, modulus: int, row: Sequence[int]) -> list[int]:
    """Elements below a modulus, several to a word."""
    bits, b = modulus.bit_length(), room(HASHES[name][0])
    m = max(1, b // bits)
    if m == 1:
        return list(row)
    filled = [*row, *[2**bits - 1] * (-len(row) % m)]
    return [sum(x << (b // m * j) for j, x in enumerate(filled[i : i + m])) for i in range(0, len(filled), m)]


# Merkle trees


class WrongOpening(Exception):
    """Leaves and siblings that do not lead to the root."""


def lacking(size: int, indices: Sequence[int]) -> list[int]:
    """The nodes, as heap numbers, whose digests a multi-opening holds, in order."""
    known = sorted(size + index for index in indices)
    nodes = []
    while known != [1]:
        present = set(known)
        nodes += [node ^ 1 for node in known if node ^ 1 not in present]
        known = sorted({node >> 1 for node in known})
    return nodes


def check_opening(
    hash_row: RowHash, root: Digest, size: int, leaves: dict[int, Digest], siblings: Sequence[Digest]
) -> None:
    """``leaves``: the opened ones by index. Raises ``WrongOpening``."""
    if size < 1 or size & (size - 1) or not leaves or not all(0 <= index < size for index in leaves):
        raise WrongOpening("indices")
    nodes = lacking(size, list(leaves))
    if len(nodes) != len(siblings):
        raise WrongOpening(f"{len(nodes)} siblings wanted, {len(siblings)} found")
    digests = {size + index: leaf for index, leaf in leaves.items()}
    digests.update(zip(nodes, siblings, strict=True))
    # From the highest numbers down: both children of a node are known before it is reached.
    for node in sorted(ancestors(digests), reverse=True):
        digests[node] = hash_row("merkle/node", [*digests[2 * node], *digests[2 * node + 1]])
    if digests[1] != tuple(root):
        raise WrongOpening("another root")


def ancestors(nodes: dict[int, Digest]) -> set[int]:
    found = set()
    for node in nodes:
        while node > 1:
            node >>= 1
            found.add(node)
    return found
