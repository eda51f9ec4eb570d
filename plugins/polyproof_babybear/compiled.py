"""The compiled engine: transforms by kernels, in blocks of columns on all threads."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from polyproof.engine import for_blocks
from polyproof.field import Elements
from polyproof.large_arrays import empty
from polyproof_babybear import portable, transform_kernels
from polyproof_babybear.constants import GENERATOR, MODULUS
from polyproof_babybear.transform_kernels import COLUMNS

__all__ = ["evaluate", "extend", "interpolate"]

_P = np.uint64(MODULUS)


def _root(order: int) -> int:
    return pow(GENERATOR, (MODULUS - 1) // order, MODULUS)


def _with_quotients(factors: Elements) -> Elements:
    """Each factor w with ⌊w·2^32/p⌋ after it: ``(…,) → (…, 2)``."""
    return np.stack((factors, (factors << np.uint64(32)) // _P), axis=-1)


@lru_cache(maxsize=32)
def _twiddles(n: int, inverse: bool) -> Elements:
    """What the passes of a transform of n points take: whether the number of stages is odd, then the factors.

    For each pair of stages h and 2h and each j below h: ω_{2h}^j, ω_{4h}^j and ω_{4h}^{j+h} with their quotients.
    """
    odd = (n.bit_length() - 1) % 2
    parts = [np.array([odd], np.uint64)]
    h = 1 + odd
    while 4 * h <= n:
        root = pow(_root(4 * h), -1 if inverse else 1, MODULUS)
        of_four = portable.powers(root, 2 * h)
        factors = np.stack((of_four[::2], of_four[:h], of_four[h:]), axis=1)
        parts.append(_with_quotients(factors).reshape(-1))
        h *= 4
    return np.concatenate(parts)


@lru_cache(maxsize=32)
def _factors(n: int, shifts: tuple[int, ...], scale: int) -> Elements:
    """scale·shift^i for every shift, in the order of reversed bits, with quotients."""
    order = portable.bit_reversal(n)
    powers = [portable.multiply(portable.powers(shift, n), np.uint64(scale))[order] for shift in shifts]
    return _with_quotients(np.stack(powers)).reshape(-1)


def _shifts(n: int, size: int, shift: int) -> tuple[int, ...]:
    root = _root(size)
    return tuple(shift * pow(root, coset, MODULUS) % MODULUS for coset in range(size // n))


def evaluate(coefficients: Elements, size: int, shift: int) -> Elements:
    """Values on shift·⟨ω_size⟩ of polynomials given by n ≤ size coefficients: ``(n, columns) → (size, columns)``."""
    n, columns = coefficients.shape
    if n == 1 or not columns:
        return np.zeros((size, columns), np.uint64) + coefficients[:1]
    target = empty((size, columns))
    order, twiddles, factors = portable.bit_reversal(n), _twiddles(n, False), _factors(n, _shifts(n, size, shift), 1)
    source, flat = _flat(coefficients), target.reshape(-1)

    def run(start: int, stop: int) -> None:
        transform_kernels.evaluate(source, flat, columns, order, twiddles, factors, start, stop)

    for_blocks(run, -(-columns // COLUMNS), 1)
    return target


def interpolate(values: Elements, shift: int) -> Elements:
    """Coefficients of the polynomials with these values on shift·⟨ω_n⟩."""
    n, columns = values.shape
    if n == 1 or not columns:
        return values.copy()
    target = empty((n, columns))
    factors = _factors(n, (pow(shift, -1, MODULUS),), pow(n, -1, MODULUS))
    order, twiddles = portable.bit_reversal(n), _twiddles(n, True)
    source, flat = _flat(values), target.reshape(-1)

    def run(start: int, stop: int) -> None:
        transform_kernels.interpolate(source, flat, columns, order, twiddles, factors, start, stop)

    for_blocks(run, -(-columns // COLUMNS), 1)
    return target


def extend(values: Elements, size: int, shift: int, out: Elements | None) -> Elements:
    """Values on shift·⟨ω_size⟩ of the polynomials with ``values`` on ⟨ω_n⟩, in ``out`` if given."""
    n, columns = values.shape
    target = empty((size, columns)) if out is None else out
    if n == 1 or not columns:
        target[...] = values[:1]
        return target
    backward, forward = _twiddles(n, True), _twiddles(n, False)
    factors = _factors(n, _shifts(n, size, shift), pow(n, -1, MODULUS))
    source, flat = _flat(values), target.reshape(-1)

    def run(start: int, stop: int) -> None:
        transform_kernels.extend(source, flat, columns, backward, forward, factors, n, start, stop)

    for_blocks(run, -(-columns // COLUMNS), 1)
    return target


def _flat(a: Elements) -> Elements:
    """The elements in C order, one-dimensional and aligned: what kernels take."""
    flat: Elements = np.require(a.reshape(-1), np.uint64, ("C_CONTIGUOUS", "ALIGNED", "WRITEABLE"))
    return flat
