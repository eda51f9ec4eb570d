"""The Goldilocks field in plain Python integers: slow, and with nothing in common with the fast paths."""

from __future__ import annotations

from collections.abc import Sequence

P = 2**64 - 2**32 + 1
GENERATOR = 7
NONRESIDUE = 7

EDGE_WORDS = sorted(
    {
        (base + offset) % 2**64
        for base in (0, 2**16, 2**24, 2**31, 2**32, 2**40, 2**48, 2**63, P, P - 2**32, P - 2**48, 2**64 - 2**33)
        for offset in (-2, -1, 0, 1, 2)
    }
    | {0xFFFF_FFFF_0000_0000, 0xFFFF_FFFE_FFFF_FFFF, 0x5555_5555_5555_5555, 0xAAAA_AAAA_AAAA_AAAA}
)
"""Words around every value at which a carry, a borrow or a fold changes; some of them not below p."""
EDGES = [word for word in EDGE_WORDS if word < P]


def root(order: int) -> int:
    """The primitive root of unity 7^((p−1)/order)."""
    return pow(GENERATOR, (P - 1) // order, P)


def horner(coefficients: Sequence[int], x: int) -> int:
    """The value of a polynomial."""
    value = 0
    for c in reversed(coefficients):
        value = (value * x + c) % P
    return value


def evaluate(matrix: Sequence[Sequence[int]], size: int, shift: int) -> list[list[int]]:
    """Every column's polynomial at shift·ω^k, k < size."""
    columns = list(zip(*matrix, strict=True))
    omega = root(size)
    return [[horner(column, shift * pow(omega, k, P) % P) for column in columns] for k in range(size)]


def lagrange(values: Sequence[int], x: int) -> int:
    """At x outside ⟨ω_n⟩, the polynomial of degree below n with these values on ⟨ω_n⟩, by Lagrange's formula."""
    n = len(values)
    points = [pow(root(n), k, P) for k in range(n)]
    total = 0
    for i, value in enumerate(values):
        above = below = 1
        for j, point in enumerate(points):
            if j != i:
                above = above * (x - point) % P
                below = below * (points[i] - point) % P
        total += value * above * pow(below, -1, P)
    return total % P


def extension_product(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """The product in F[θ]/(θ^e − 7): multiply polynomials, divide by θ^e − 7."""
    degree = len(a)
    product = [0] * (2 * degree - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    for k in range(2 * degree - 2, degree - 1, -1):
        product[k - degree] += NONRESIDUE * product.pop()
    return [value % P for value in product]


def extension_power(a: Sequence[int], exponent: int) -> list[int]:
    """a^exponent by squaring."""
    result, base = [1] + [0] * (len(a) - 1), list(a)
    while exponent:
        if exponent & 1:
            result = extension_product(result, base)
        base = extension_product(base, base)
        exponent >>= 1
    return result


def extension_inverse(a: Sequence[int]) -> list[int]:
    """1/a = a^(p^e − 2): nothing but products."""
    return extension_power(a, P ** len(a) - 2)
