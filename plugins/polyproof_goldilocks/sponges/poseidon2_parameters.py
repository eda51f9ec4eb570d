"""Parameters of Poseidon2 as Horizen Labs' instance has them, derived as their script derives them.

Poseidon2: Grassi, Khovratovich, Schofnegger, eprint 2023/323. Instance and generator: github.com/HorizenLabs/poseidon2,
``poseidon2_instance_goldilocks.rs`` (t = 12) and ``poseidon2_rust_params.sage``. One stream of the Grain
LFSR gives first the round constants and then candidates for the internal matrix, until one passes the
script's check against invariant subspaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges.integers import WIDTH

__all__ = ["FULL_ROUNDS", "PARTIAL_ROUNDS", "external_matrix", "internal_diagonal", "round_constants"]

FULL_ROUNDS = 8
"""Half of them before the partial rounds, half after."""
PARTIAL_ROUNDS = 22

_BLOCK = ((5, 7, 1, 3), (4, 6, 1, 1), (1, 3, 5, 7), (1, 1, 4, 6))
"""M_4 of eprint 2023/323, an MDS matrix of Duval and Leurent (eprint 2018/260)."""


def external_matrix() -> list[list[int]]:
    """The matrix of the full rounds: circ(2·M_4, M_4, M_4)."""
    return [
        [(2 if row // 4 == column // 4 else 1) * _BLOCK[row % 4][column % 4] for column in range(WIDTH)]
        for row in range(WIDTH)
    ]


def round_constants() -> tuple[list[list[int]], list[int]]:
    """Constants of the full rounds (8 rows of twelve) and of the partial rounds (22, for the first element)."""
    return _parameters()[0], _parameters()[1]


def internal_diagonal() -> list[int]:
    """μ − 1 for the diagonal μ of the internal matrix, whose other entries are 1: y_i = (μ_i − 1)·x_i + Σ x."""
    return _parameters()[2]


@cache
def _parameters() -> tuple[list[list[int]], list[int], list[int]]:
    words = _grain_words()

    def canonical_words(count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            word = next(words)
            if word < MODULUS:
                found.append(word)
        return found

    early = canonical_words(FULL_ROUNDS // 2 * WIDTH)
    partial = canonical_words(PARTIAL_ROUNDS)
    late = canonical_words(FULL_ROUNDS // 2 * WIDTH)
    full = early + late
    while True:
        diagonal = [(next(words) - 1) % MODULUS for _ in range(WIDTH)]
        if _resists_subspace_trails(diagonal):
            return [full[i : i + WIDTH] for i in range(0, len(full), WIDTH)], partial, diagonal


def _grain_words() -> Iterator[int]:
    """64-bit words, most significant bit first, of the self-shrinking Grain LFSR (eprint 2019/458, appendix E)."""
    fields = [(1, 2), (0, 4), (64, 12), (WIDTH, 12), (FULL_ROUNDS, 10), (PARTIAL_ROUNDS, 10), (2**30 - 1, 30)]
    start = "".join(f"{value:0{bits}b}" for value, bits in fields)
    register = int(start[::-1], 2)  # bit i is b_i, with b_(i+80) = b_(i+62) + b_(i+51) + … + b_i

    def bits() -> Iterator[int]:
        nonlocal register
        while True:
            # The newest bit that b_(i+80) needs is b_(i+62): sixteen steps at once see only known bits.
            new = register >> 62 ^ register >> 51 ^ register >> 38 ^ register >> 23 ^ register >> 13 ^ register
            register = register >> 16 | (new & 0xFFFF) << 64
            yield from (new >> i & 1 for i in range(16))

    stream = bits()
    for _ in range(160):
        next(stream)
    word, length = 0, 0
    # Of each pair of bits the first decides whether the second is output.
    for decides, bit in zip(stream, stream, strict=True):
        if decides:
            word, length = word << 1 | bit, length + 1
            if length == 64:
                yield word
                word, length = 0, 0


def _resists_subspace_trails(diagonal: list[int]) -> bool:
    """Whether M, M², …, M^24 all have an irreducible minimal polynomial of degree 12.

    The matrix M = diag(d) + 1·1ᵀ has the characteristic polynomial χ = f − f′ for f = Π (X − d_i). If χ is
    irreducible, powers of M are powers of an element θ of F_p[X]/χ, a field of p^12 elements, and the minimal
    polynomial of θ^k is irreducible; its degree is 12 unless θ^k lies in one of the maximal subfields, which have
    p^6 and p^4 elements.
    """
    f = [1]
    for d in diagonal:
        f = [(above - d * here) % MODULUS for above, here in zip([0, *f], [*f, 0], strict=True)]
    derivative = [i * coefficient for i, coefficient in enumerate(f)][1:]
    chi = [(a - b) % MODULUS for a, b in zip(f, [*derivative, 0], strict=True)][:WIDTH]  # without the leading 1

    def times(a: list[int], b: list[int]) -> list[int]:
        product = [0] * (2 * WIDTH - 1)
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                product[i + j] += x * y
        for i in range(2 * WIDTH - 2, WIDTH - 1, -1):
            top = product[i] % MODULUS
            for j, coefficient in enumerate(chi, i - WIDTH):
                product[j] -= top * coefficient
        return [x % MODULUS for x in product[:WIDTH]]

    theta = [0, 1] + [0] * (WIDTH - 2)
    one = [1] + [0] * (WIDTH - 1)
    frobenius = one  # θ^p
    for bit in bin(MODULUS)[2:]:
        frobenius = times(frobenius, frobenius)
        if bit == "1":
            frobenius = times(frobenius, theta)
    images = [one]  # of the basis under x → x^p
    for _ in range(WIDTH - 1):
        images.append(times(images[-1], frobenius))
    conjugates = [theta]  # θ^(p^k)
    for _ in range(WIDTH):
        last = conjugates[-1]
        conjugates.append(
            [sum(x * image[j] for x, image in zip(last, images, strict=True)) % MODULUS for j in range(WIDTH)]
        )
    # Rabin's test.
    if conjugates[12] != theta:
        return False
    for degree in (6, 4):
        difference = [(a - b) % MODULUS for a, b in zip(conjugates[degree], theta, strict=True)]
        if not _coprime([*chi, 1], difference):
            return False
    for degree in (6, 4):
        power, conjugate = theta, conjugates[degree]
        for _ in range(2 * WIDTH):
            if power == conjugate:
                return False
            power, conjugate = times(power, theta), times(conjugate, conjugates[degree])
    return True


def _coprime(a: list[int], b: list[int]) -> bool:
    """Whether two polynomials, lowest coefficient first, have no common factor."""
    while True:
        while b and b[-1] == 0:
            b.pop()
        if not b:
            return len(a) == 1
        inverse = pow(b[-1], -1, MODULUS)
        a = list(a)
        while len(a) >= len(b):
            factor = a[-1] * inverse % MODULUS
            for i, coefficient in enumerate(b, len(a) - len(b)):
                a[i] = (a[i] - factor * coefficient) % MODULUS
            a.pop()
        a, b = b, a
