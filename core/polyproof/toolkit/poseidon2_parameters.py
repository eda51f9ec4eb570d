"""Parameters of Poseidon2 over any prime field, derived as Horizen Labs' script derives them.

Poseidon2: Grassi, Khovratovich, Schofnegger, eprint 2023/323. Generator: github.com/HorizenLabs/poseidon2,
``poseidon2_rust_params.sage``. One stream of the Grain LFSR gives first the round constants and then candidates for the
internal matrix, until one passes the script's check against invariant subspaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from attrs import frozen

__all__ = ["BLOCK", "Poseidon2Parameters", "external_matrix", "poseidon2_parameters", "times_external"]

BLOCK = ((5, 7, 1, 3), (4, 6, 1, 1), (1, 3, 5, 7), (1, 1, 4, 6))
"""M_4 of eprint 2023/323, an MDS matrix of Duval and Leurent (eprint 2018/260)."""


@frozen
class Poseidon2Parameters:
    """What is particular to a permutation beside its modulus and its width."""

    full: tuple[tuple[int, ...], ...]
    """Constants of the full rounds, a row each: of those before the partial rounds, then of those after."""
    partial: tuple[int, ...]
    """Constants of the partial rounds, for the first element."""
    diagonal: tuple[int, ...]
    """μ − 1 for the diagonal μ of the internal matrix, whose other entries are 1: y_i = (μ_i − 1)·x_i + Σ x."""


def external_matrix(width: int) -> list[list[int]]:
    """The matrix of the full rounds: circ(2·M_4, M_4, …, M_4)."""
    return [
        [(2 if row // 4 == column // 4 else 1) * BLOCK[row % 4][column % 4] for column in range(width)]
        for row in range(width)
    ]


def times_external(state: list[int]) -> list[int]:
    """``external_matrix`` times a state, not reduced: values grow by a factor of 16·(1 + width/4) at most."""
    blocks: list[int] = []
    for i in range(0, len(state), 4):
        a, b, c, d = state[i : i + 4]
        ab, cd = a + b, c + d
        # M_4 in eight additions (Duval, Leurent, eprint 2018/260).
        p, q = 2 * b + cd, 2 * d + ab
        r, s = 4 * cd + q, 4 * ab + p
        blocks += [q + s, s, p + r, r]
    sums = [sum(blocks[i::4]) for i in range(4)]
    return [x + sums[i % 4] for i, x in enumerate(blocks)]


@cache
def poseidon2_parameters(modulus: int, width: int, full_rounds: int, partial_rounds: int) -> Poseidon2Parameters:
    """The parameters for an S-box x^α; α is not among what the generator is started with. Takes up to a second."""
    words = _grain_words(modulus.bit_length(), width, full_rounds, partial_rounds)

    def canonical_words(count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            word = next(words)
            if word < modulus:
                found.append(word)
        return found

    early = canonical_words(full_rounds // 2 * width)
    partial = canonical_words(partial_rounds)
    full = early + canonical_words(full_rounds // 2 * width)
    while True:
        diagonal = [(next(words) - 1) % modulus for _ in range(width)]
        if _resists_subspace_trails(diagonal, modulus):
            rows = tuple(tuple(full[i : i + width]) for i in range(0, len(full), width))
            return Poseidon2Parameters(rows, tuple(partial), tuple(diagonal))


def _grain_words(size: int, width: int, full_rounds: int, partial_rounds: int) -> Iterator[int]:
    """Words of ``size`` bits, highest first, of the self-shrinking Grain LFSR (eprint 2019/458, appendix E)."""
    fields = [(1, 2), (0, 4), (size, 12), (width, 12), (full_rounds, 10), (partial_rounds, 10), (2**30 - 1, 30)]
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
            if length == size:
                yield word
                word, length = 0, 0


def _resists_subspace_trails(diagonal: list[int], modulus: int) -> bool:
    """Whether M, M², …, M^{2t} all have an irreducible minimal polynomial of degree t, the width.

    The matrix M = diag(d) + 1·1ᵀ has the characteristic polynomial χ = f − f′ for f = Π (X − d_i). If χ is
    irreducible, powers of M are powers of an element θ of F_p[X]/χ, a field of p^t elements, and the minimal
    polynomial of θ^k is irreducible; its degree is t unless θ^k lies in one of the maximal subfields, which have
    p^{t/q} elements for the primes q that divide t.
    """
    width = len(diagonal)
    degrees = [width // q for q in range(2, width + 1) if width % q == 0 and all(q % r for r in range(2, q))]
    f = [1]
    for d in diagonal:
        f = [(above - d * here) % modulus for above, here in zip([0, *f], [*f, 0], strict=True)]
    derivative = [i * coefficient for i, coefficient in enumerate(f)][1:]
    chi = [(a - b) % modulus for a, b in zip(f, [*derivative, 0], strict=True)][:width]  # without the leading 1

    def times(a: list[int], b: list[int]) -> list[int]:
        product = [0] * (2 * width - 1)
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                product[i + j] += x * y
        for i in range(2 * width - 2, width - 1, -1):
            top = product[i] % modulus
            for j, coefficient in enumerate(chi, i - width):
                product[j] -= top * coefficient
        return [x % modulus for x in product[:width]]

    theta = [0, 1] + [0] * (width - 2)
    one = [1] + [0] * (width - 1)
    frobenius = one  # θ^p
    for bit in bin(modulus)[2:]:
        frobenius = times(frobenius, frobenius)
        if bit == "1":
            frobenius = times(frobenius, theta)
    images = [one]  # of the basis under x → x^p
    for _ in range(width - 1):
        images.append(times(images[-1], frobenius))
    conjugates = [theta]  # θ^(p^k)
    for _ in range(width):
        last = conjugates[-1]
        conjugates.append(
            [sum(x * image[j] for x, image in zip(last, images, strict=True)) % modulus for j in range(width)]
        )
    # Rabin's test.
    if conjugates[width] != theta:
        return False
    for degree in degrees:
        difference = [(a - b) % modulus for a, b in zip(conjugates[degree], theta, strict=True)]
        if not _coprime([*chi, 1], difference, modulus):
            return False
    for degree in degrees:
        power, conjugate = theta, conjugates[degree]
        for _ in range(2 * width):
            if power == conjugate:
                return False
            power, conjugate = times(power, theta), times(conjugate, conjugates[degree])
    return True


def _coprime(a: list[int], b: list[int], modulus: int) -> bool:
    """Whether two polynomials, lowest coefficient first, have no common factor."""
    while True:
        while b and b[-1] == 0:
            b.pop()
        if not b:
            return len(a) == 1
        inverse = pow(b[-1], -1, modulus)
        a = list(a)
        while len(a) >= len(b):
            factor = a[-1] * inverse % modulus
            for i, coefficient in enumerate(b, len(a) - len(b)):
                a[i] = (a[i] - factor * coefficient) % modulus
            a.pop()
        a, b = b, a
