"""Arithmetic modulo p = 2^64 − 2^32 + 1 as straight-line formulas on 64-bit words.

The formulas are written once, on words that wrap around at 2^64, and run where their words run: ``array_formulas``
makes lists of numpy calls of them (the portable engine), ``lane_formulas`` vector instructions (the compiled one).
With ε = 2^32 − 1, p = 2^64 − ε, so

    2^64 ≡ ε,    2^96 ≡ −1    (mod p).

A word is *canonical* if it is below p. Unless a docstring says otherwise operands and results are
canonical. The words in [p, 2^64) are 2^32 − 1 in number: random tests never meet them, so every
formula states its range argument, and the tests feed the edges.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

__all__ = [
    "EPSILON",
    "GENERATOR",
    "MODULUS",
    "NONRESIDUE",
    "Word",
    "add",
    "canonical",
    "discrete_fourier_2",
    "discrete_fourier_4",
    "discrete_fourier_8",
    "evaluation_butterfly",
    "extension_multiply",
    "extension_norm",
    "helper_terms",
    "interpolation_butterfly",
    "join",
    "join_scaled",
    "montgomery",
    "montgomery_multiply",
    "montgomery_multiply_add",
    "montgomery_square",
    "multiply",
    "multiply_small",
    "negate",
    "square",
    "subtract",
    "symmetric_sums",
    "wide_sum",
]

MODULUS = 2**64 - 2**32 + 1
EPSILON = 2**32 - 1
GENERATOR = 7
"""The smallest generator of the multiplicative group."""
NONRESIDUE = GENERATOR
"""The extensions adjoin θ with θ^e = 7: irreducible, because 7 generates the group."""

_LOW = 2**32 - 1


class Word(ABC):
    """An unsigned 64-bit word, or many side by side. An integer in its place is a constant, modulo 2^64.

    Sums, differences and products wrap around at 2^64. A comparison gives a condition, which is there to ``choose``.
    """

    @abstractmethod
    def __add__(self, other: Self | int) -> Self: ...

    @abstractmethod
    def __sub__(self, other: Self | int) -> Self: ...

    @abstractmethod
    def __rsub__(self, other: int) -> Self: ...

    @abstractmethod
    def __mul__(self, other: Self | int) -> Self: ...

    @abstractmethod
    def __and__(self, other: Self | int) -> Self: ...

    @abstractmethod
    def __or__(self, other: Self | int) -> Self: ...

    @abstractmethod
    def __xor__(self, other: Self | int) -> Self: ...

    @abstractmethod
    def __lshift__(self, bits: int) -> Self: ...

    @abstractmethod
    def __rshift__(self, bits: int) -> Self: ...

    @abstractmethod
    def __lt__(self, other: Self | int) -> Self: ...

    @abstractmethod
    def choose(self, yes: Self, no: Self) -> Self:
        """``yes`` where this condition holds, else ``no``: two words of which one is the other plus a constant."""


W = TypeVar("W", bound=Word)


# Addition and subtraction


def subtract(a: W, b: W | int) -> W:
    """a − b. Also for any word a and b ≤ p: then the result is some word of the right residue.

    A borrow adds 2^64 ≡ ε, so ε is taken off again. It cannot borrow twice: a − b + 2^64 ≥ 2^64 − p = ε.
    For canonical a the corrected value is a − b + p < p.
    """
    difference = a - b
    return (a < b).choose(difference - EPSILON, difference)


def add(a: W, b: W | int) -> W:
    """a + b, as a − (p − b) with p − b in [1, p]; a may be any word as in ``subtract``."""
    return subtract(a, MODULUS - b)


def negate(a: W) -> W:
    """−a: p − a, which is canonical but for a = 0."""
    return canonical(MODULUS - a)


def canonical(a: W) -> W:
    """The canonical word of any word's residue: a − p wraps to above a exactly when a < p."""
    reduced = a - MODULUS
    return (a < reduced).choose(a, reduced)


# Products


def _fold(words: W) -> W:
    """ε·w for words w < 2^32."""
    return (words << 32) - words


def _add_folded(a: W, high: W) -> W:
    """a + ε·high for any word a and high < 2^32; canonical.

    As a + m − ε with m = ε·(high + 1) = 2^32·high + (ε − high): two halves that need no carry, and ε ≤ m ≤ 2^64 − 2^32.
    If a + m carries, the carry 2^64 ≡ ε cancels the −ε, and what is left is below 2^64 − 2^32 < p. If not, a + m − ε is
    not negative and below 2^64 − ε = p.
    """
    m = (high << 32) | (high ^ EPSILON)
    total = a + m
    return (total < m).choose(total, total - EPSILON)


def _reduce(low: W, high: W) -> W:
    """low + 2^64·high for any two words; canonical: ≡ low − ⌊high / 2^32⌋ + ε·(high mod 2^32).

    In ``subtract`` b is below 2^32, so low may be any word, and so may the difference.
    """
    return _add_folded(subtract(low, high >> 32), high & _LOW)


def _reduce_halves(bottom: W, cross: W, other: W, top: W) -> W:
    """bottom + 2^32·(cross + other) + 2^64·top for four products of 32-bit words; canonical.

    No sum wraps: (2^32 − 1)² + 2·(2^32 − 1) = 2^64 − 1.
    """
    cross = cross + (bottom >> 32)
    other = other + (cross & _LOW)
    return _reduce((other << 32) | (bottom & _LOW), top + (cross >> 32) + (other >> 32))


def multiply(a: W, b: W | int) -> W:
    """a · b for any two words; canonical. Of 32-bit halves, so that loops become vector instructions."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> 32, b & _LOW, b >> 32
    return _reduce_halves(a_low * b_low, a_high * b_low, a_low * b_high, a_high * b_high)


def square(a: W) -> W:
    """a² = low² + 2^33·low·high + 2^64·high² for any word; canonical. Three products instead of four."""
    low, high = a & _LOW, a >> 32
    bottom = low * low
    cross = low * high + (bottom >> 33)  # at most (2^32 − 1)² + 2^31 − 1
    return _reduce((cross << 33) | (bottom & (2**33 - 1)), high * high + (cross >> 31))


def join(low: W, high: W) -> W:
    """low + 2^32·high for low and high below 2^62: some word of the right residue.

    The bits of high from 32 on, fewer than 30, are folded onto low, which stays below 2^63. So a carry leaves less
    than 2^63, and adding 2^64 ≡ ε carries no more.
    """
    bottom = low + _fold(high >> 32)
    total = (high << 32) + bottom
    return (total < bottom).choose(total + EPSILON, total)


def join_scaled(low: W, high: W) -> W:
    """2^64·(low + 2^32·high) for low and high below 2^40: some word of the right residue.

    2^64·low ≡ 2^32·low − low and 2^96·high ≡ −high. (2^41 + 1) + 2^32·(2^32 − 1 − 2^9) = p keeps both parts from
    being negative.
    """
    return join(2**41 + 1 - low - high, low + (2**32 - 1 - 2**9))


# Products that divide by 2^64 (Montgomery, Modular multiplication without trial division, 1985)


def montgomery(a: W, low: W, high: W) -> W:
    """a · b · 2^−64 for any word a and canonical b = low + 2^32·high; canonical.

    ``low`` may carry anything above its 32 bits. A constant c is prepared as b = c·2^64 mod p; then this is
    a·c, five instructions shorter than ``multiply``. Montgomery's reduction one 32-bit digit at a time:
    p ≡ 1 (mod 2^32), so the lowest digit itself says how often to subtract p.

    With x₀ + 2^32·x₁ = a_low·b_low and m = x₀ + x₁ + a_low·b_high + a_high·b_low the two steps leave
    a_high·b_high + ⌊m/2^32⌋ − x₀ − ε·(m mod 2^32), a value in (−p, p) because a·b < 2^64·p.
    """
    a_low, a_high, low = a & _LOW, a >> 32, low & _LOW
    bottom = a_low * low
    x_0 = bottom & _LOW
    # Neither term of m wraps, as in ``multiply``; their sum may, once.
    term = a_high * low + (bottom >> 32)
    m = a_low * high + x_0 + term
    # At most (2^32 − 1)² + 2^33 − 2 < 2^64.
    positive = a_high * high + (m >> 32)
    positive = (m < term).choose(positive + 2**32, positive)
    # At most ε² + ε < p.
    negative = _fold(m & _LOW) + x_0
    return subtract(positive, negative)


def _reduce_halves_by_digits(bottom: W, cross: W, other: W, top: W) -> W:
    """(bottom + 2^32·(cross + other) + 2^64·top) · 2^−64; some word of the right residue.

    Four products of 32-bit words, to the first two of which such a word may have been added. As in ``montgomery``, the
    two digits say how often to subtract p, but each sum is carried at once: (2^32 − 1)² + 2·(2^32 − 1) = 2^64 − 1, so
    none wraps, and what is subtracted is at most ε + ε² = p − 1. One comparison instead of two, and a longer chain of
    instructions: for loops that have other words to work on while they wait.
    """
    x_0 = bottom & _LOW
    cross = cross + (bottom >> 32)
    other = other + x_0 + (cross & _LOW)
    return subtract(top + (cross >> 32) + (other >> 32), _fold(other & _LOW) + x_0)


def montgomery_multiply(a: W, b: W) -> W:
    """a · b · 2^−64 for any two words; some word of the right residue."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> 32, b & _LOW, b >> 32
    return _reduce_halves_by_digits(a_low * b_low, a_high * b_low, a_low * b_high, a_high * b_high)


def montgomery_multiply_add(a: W, b_low: W, b_high: W, c_low: W, c_high: W) -> W:
    """(a · b + c) · 2^−64 for any three words, b and c given as halves: b = b_low + 2^32·b_high.

    Some word of the right residue.
    """
    a_low, a_high = a & _LOW, a >> 32
    return _reduce_halves_by_digits(a_low * b_low + c_low, a_high * b_low + c_high, a_low * b_high, a_high * b_high)


def montgomery_square(a: W) -> W:
    """a² · 2^−64 for any word; some word of the right residue. Three products instead of four."""
    low, high = a & _LOW, a >> 32
    cross = low * high
    return _reduce_halves_by_digits(low * low, cross, cross, high * high)


def multiply_small(a: W, factor: int) -> W:
    """a · factor for any word a and 0 < factor < 2^32; canonical."""
    bottom = (a & _LOW) * factor
    top = (a >> 32) * factor + (bottom >> 32)
    return _add_folded((top << 32) | (bottom & _LOW), top >> 32)


def _times_2_24(a: W) -> W:
    """2^24 · a for any word a; canonical."""
    return _add_folded(a << 24, a >> 40)


def _times_2_48(a: W) -> W:
    """2^48 · a for any word a; canonical. The topmost 16 bits meet 2^96 ≡ −1."""
    return _add_folded(subtract(a << 48, a >> 48), (a << 16) >> 32)


def _times_2_72(a: W) -> W:
    """2^72 · a for any word a; canonical: 2^64·(2^8·low) + 2^96·high with 24 and 40 bits.

    ε·(2^8·low) ≤ ε² < p, and high is canonical.
    """
    return subtract(_fold((a << 40) >> 32), a >> 24)


# Small transforms: the roots of unity of order 4 and 8 are ω₄ = 2^48 and ω₈ = −2^24 (tested)


def discrete_fourier_2(a_0: W, a_1: W) -> tuple[W, W]:
    """Σ_r a_r·(−1)^{rq} for q = 0, 1."""
    return add(a_0, a_1), subtract(a_0, a_1)


def discrete_fourier_4(a_0: W, a_1: W, a_2: W, a_3: W) -> tuple[W, W, W, W]:
    """Σ_r a_r·ω₄^{rq} for q = 0 … 3."""
    even_0, even_1 = discrete_fourier_2(a_0, a_2)
    odd_0, odd_1 = discrete_fourier_2(a_1, a_3)
    odd_1 = _times_2_48(odd_1)
    return add(even_0, odd_0), add(even_1, odd_1), subtract(even_0, odd_0), subtract(even_1, odd_1)


def discrete_fourier_8(*a: W) -> tuple[W, ...]:
    """Σ_r a_r·ω₈^{rq} for q = 0 … 7.

    ω₈ and ω₈³ are −2^24 and −2^72: the sign goes into the order of the subtraction.
    """
    sums = [add(a[r], a[r + 4]) for r in range(4)]
    differences = [
        subtract(a[0], a[4]),
        _times_2_24(subtract(a[5], a[1])),
        _times_2_48(subtract(a[2], a[6])),
        _times_2_72(subtract(a[7], a[3])),
    ]
    even = discrete_fourier_4(*sums)
    odd = discrete_fourier_4(*differences)
    return even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3]


_FOURIER: dict[int, Callable[..., tuple[Any, ...]]] = {
    2: discrete_fourier_2,
    4: discrete_fourier_4,
    8: discrete_fourier_8,
}


def evaluation_butterfly(a: Sequence[W], low: Sequence[W], high: Sequence[W]) -> tuple[W, ...]:
    """The transform of size 2, 4 or 8 of a_0, a_1·t_1, a_2·t_2, …; canonical.

    Of any words a_r, r > 0, and t_r = low + 2^32·high in Montgomery form, halves below 2^32.
    """
    factors = zip(a[1:], low, high, strict=True)
    return _FOURIER[len(a)](a[0], *(montgomery(word, *halves) for word, *halves in factors))


def interpolation_butterfly(a: Sequence[W], low: Sequence[W], high: Sequence[W]) -> tuple[W, ...]:
    """The transpose, with inverse twiddle factors: v_0, v_{−1}·t_1, v_{−2}·t_2, … of the transform v of a; canonical.

    A transform with inverse roots is the forward one with outputs q and −q exchanged. With one factor more, the first
    one is that of v_0.
    """
    v_0, *others = _FOURIER[len(a)](*a)
    results = [v_0, *reversed(others)]
    untouched = len(results) - len(low)
    factors = zip(results[untouched:], low, high, strict=True)
    return *results[:untouched], *(montgomery(word, *halves) for word, *halves in factors)


# Lazily reduced sums of products


def wide_sum(sums: Sequence[W]) -> W:
    """S₀ + 2^22·S₁ + 2^44·S₂ + 2^32·(S₃ + 2^22·S₄ + 2^44·S₅) for any six words; canonical.

    Σ a·b is collected in six sums of products of a 32-bit half of a and a limb of b of 22, 22 and
    20 bits: a product stays below 2^54, so 2^10 of them can be added before anything is reduced.
    """
    low, high = (
        add(add(multiply(s_1, 2**22), multiply(s_2, 2**44)), canonical(s_0)) for s_0, s_1, s_2 in (sums[:3], sums[3:])
    )
    return add(multiply(high, 2**32), low)


# Extensions F[θ]/(θ^e − 7), elements as tuples of e coefficients


def extension_multiply(a: Sequence[W], b: Sequence[W]) -> tuple[W, ...]:
    """a · b by the schoolbook: e² products, the wrapped ones times 7 once a coefficient."""
    degree = len(a)
    result = []
    for k in range(degree):
        straight = [multiply(a[i], b[k - i]) for i in range(k + 1)]
        wrapped = [multiply(a[i], b[k + degree - i]) for i in range(k + 1, degree)]
        total = straight[0]
        for product in straight[1:]:
            total = add(total, product)
        if wrapped:
            around = wrapped[0]
            for product in wrapped[1:]:
                around = add(around, product)
            total = add(total, multiply_small(around, NONRESIDUE))
        result.append(total)
    return tuple(result)


def extension_norm(a: Sequence[W]) -> tuple[W, tuple[W, ...]]:
    """The norm N(a) in the base field, and c with a·c = N(a): then 1/a = c/N(a).

    Degree 2: c is the conjugate. Degree 3: c is the product of the two conjugates, the first column of
    the adjugate of the multiplication matrix. N(a) = 0 only for a = 0.
    """
    if len(a) == 2:
        a_0, a_1 = a
        norm = subtract(square(a_0), multiply_small(square(a_1), NONRESIDUE))
        return norm, (a_0, negate(a_1))
    a_0, a_1, a_2 = a
    cofactors = (
        subtract(square(a_0), multiply_small(multiply(a_1, a_2), NONRESIDUE)),
        subtract(multiply_small(square(a_2), NONRESIDUE), multiply(a_0, a_1)),
        subtract(square(a_1), multiply(a_0, a_2)),
    )
    wrapped = add(multiply(a_1, cofactors[2]), multiply(a_2, cofactors[1]))
    return add(multiply(a_0, cofactors[0]), multiply_small(wrapped, NONRESIDUE)), cofactors


# Helper constraints of lookups: h·∏ (α − v_j) − Σ_j ∏_{l≠j} (α − v_l), expanded in α


def _montgomery_product(a: W, b: W) -> W:
    return montgomery(a, b, b >> 32)


def symmetric_sums(values: Sequence[W]) -> list[W]:
    """The elementary symmetric polynomials E_1 … E_s of s canonical words, E_i·2^−64·(i − 1); canonical.

    E_i is the sum of all products of i of the values. Each product of two takes a factor 2^−64 along (``montgomery``).
    """
    sums = [values[0]]
    for value in values[1:]:
        products = [_montgomery_product(value, known) for known in sums]
        sums = [add(sums[0], value), *(add(a, b) for a, b in zip(sums[1:], products[:-1], strict=True)), products[-1]]
    return sums


def helper_terms(
    sums: Sequence[W], symmetric: Sequence[W], helper: Sequence[W], product: Sequence[W], cofactors: Sequence[W]
) -> tuple[W, ...]:
    """``sums`` + h·Y − C in F[θ]/(θ^e − 7); canonical.

    With E_0 = 1 and the E_i of ``symmetric_sums`` of s values, Y = Σ_{i ≤ s} E_i·y_i and C = Σ_{0 < i < s} E_i·c_i. The
    constants ``product``, y_0 … y_s, and ``cofactors``, c_1 … c_{s−1}, are elements of e words each, with the powers of
    2^64 that make up for those which products lose: 2^64·(i + 1) in y_i, 2^64·i in c_i.
    """
    degree = len(helper)
    y = list(product[:degree])
    c: list[W] = []
    for i, e_i in enumerate(symmetric):
        for k in range(degree):
            y[k] = add(y[k], _montgomery_product(e_i, product[(i + 1) * degree + k]))
            if i < len(symmetric) - 1:
                term = _montgomery_product(e_i, cofactors[i * degree + k])
                if i:
                    c[k] = add(c[k], term)
                else:
                    c.append(term)
    result = []
    for k in range(degree):
        total = _montgomery_product(helper[0], y[k])
        for i in range(1, k + 1):
            total = add(total, _montgomery_product(helper[i], y[k - i]))
        if k + 1 < degree:
            around = _montgomery_product(helper[k + 1], y[degree - 1])
            for i in range(k + 2, degree):
                around = add(around, _montgomery_product(helper[i], y[k + degree - i]))
            total = add(total, multiply_small(around, NONRESIDUE))
        if c:
            total = subtract(total, c[k])
        result.append(add(sums[k], total))
    return tuple(result)
