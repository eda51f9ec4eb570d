"""Goldilocks: p = 2^64 − 2^32 + 1, generator 7, two-adicity 32."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from polyproof.engine import Engine, for_blocks
from polyproof.errors import FieldError, ProofRejected
from polyproof.field import Elements, Field
from polyproof_goldilocks import formulas
from polyproof_goldilocks.extension import GoldilocksExtension
from polyproof_goldilocks.formulas import MODULUS

__all__ = ["Goldilocks"]

_BLOCK = 1 << 14
"""Elements a thread takes at a time."""


def as_elements(a: npt.ArrayLike) -> Elements:
    """Anything that holds canonical words, as an array."""
    return np.asarray(a, np.uint64)


def portable(formula: Callable[[Any, Any], Any]) -> Callable[[npt.ArrayLike, npt.ArrayLike], Elements]:
    """A formula on numpy arrays of any shape; scalars become arrays of one element for the time."""

    def apply(a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        a, b = as_elements(a), as_elements(b)
        if a.ndim or b.ndim:
            result: Elements = formula(np.atleast_1d(a), np.atleast_1d(b))
            return result
        return formula(a.reshape(1), b.reshape(1))[0:1].reshape(())  # type: ignore[no-any-return]

    return apply


_add, _subtract, _multiply = (portable(item) for item in (formulas.add, formulas.subtract, formulas.multiply))


class Goldilocks(Field):
    """The field of the primary backend.

    The portable engine runs the formulas of ``formulas.py`` on numpy arrays, the compiled engine the same
    formulas as vector instructions.
    """

    name = "goldilocks"
    modulus = MODULUS
    generator = 7
    two_adicity = 32
    element_bytes = 8
    extension_degrees = (2, 3)

    def __init__(self, engine: Engine = Engine.PORTABLE) -> None:
        """``engine`` chooses the implementation; results are the same."""
        super().__init__(engine)
        self._kernels: Any = None
        self._add, self._subtract, self._multiply = _add, _subtract, _multiply
        if engine is Engine.COMPILED:
            from polyproof_goldilocks import array_kernels

            self._kernels = array_kernels
            self._add, self._subtract, self._multiply = (
                array_kernels.add,
                array_kernels.subtract,
                array_kernels.multiply,
            )

    # Arithmetic

    def add(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a + b."""
        return self._add(as_elements(a), as_elements(b))

    def subtract(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a − b."""
        return self._subtract(as_elements(a), as_elements(b))

    def negate(self, a: npt.ArrayLike) -> Elements:
        """−a."""
        return self._subtract(np.zeros(1, np.uint64)[0:1].reshape(()), as_elements(a))

    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b."""
        return self._multiply(as_elements(a), as_elements(b))

    def inverse(self, a: npt.ArrayLike) -> Elements:
        """1 / a."""
        a = as_elements(a)
        zeros = np.flatnonzero(a == 0)
        if zeros.size:
            position = tuple(int(i) for i in np.unravel_index(zeros[0], a.shape))
            raise FieldError(f"zero has no inverse: the array is zero at {position}")
        flat = np.ascontiguousarray(a).ravel()
        out = np.empty_like(flat)
        if self._kernels is not None:
            kernel = self._kernels.inverse
            for_blocks(lambda start, stop: kernel(flat[start:stop], out[start:stop]), len(flat), _BLOCK)
        else:
            _inverse_in_columns(flat, out)
        return out.reshape(a.shape)

    def power(self, a: npt.ArrayLike, exponent: int) -> Elements:
        """a^exponent."""
        a = as_elements(a)
        if exponent < 0:
            a, exponent = self.inverse(a), -exponent
        if not a.ndim:
            return np.array(pow(int(a), exponent, MODULUS), np.uint64)
        result = np.ones_like(a)
        while exponent:
            if exponent & 1:
                result = self.multiply(result, a)
            exponent >>= 1
            if exponent:
                a = self.multiply(a, a)
        return result

    def sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Sum along an axis: 32-bit halves are added as integers, so at most 2^32 terms."""
        a = as_elements(a)
        low = (a & np.uint64(0xFFFFFFFF)).sum(axis=axis, dtype=np.uint64)
        high = (a >> np.uint64(32)).sum(axis=axis, dtype=np.uint64)
        return self.add(_canonical(low), self.multiply(_canonical(high), 1 << 32))

    def cumulative_sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Inclusive prefix sums."""
        a = np.moveaxis(as_elements(a), axis, 0)
        if not a.size:
            return np.moveaxis(a.copy(), 0, axis)
        rows = np.ascontiguousarray(a).reshape(len(a), -1)
        out = np.empty_like(rows)
        if self._kernels is not None:
            self._kernels.cumulative_sum(rows, out)
        else:
            out[:] = rows
            distance = 1
            while distance < len(rows):
                out[distance:] = self.add(out[distance:], out[:-distance].copy())
                distance *= 2
        return np.moveaxis(out.reshape(a.shape), 0, axis)

    def powers(self, base: int, count: int) -> Elements:
        """(1, base, base², …)."""
        result = np.ones(max(count, 1), np.uint64)
        known = 1
        while known < count:
            step = min(known, count - known)
            result[known : known + step] = self.multiply(result[:step], pow(int(base), known, MODULUS))
            known += step
        return result[:count]

    # Domains and transforms

    def root_of_unity(self, order: int) -> int:
        """The primitive root 7^((p−1)/order)."""
        if order < 1 or order & (order - 1) or order.bit_length() - 1 > self.two_adicity:
            raise FieldError(
                f"{self.name} has roots of unity of orders 2^0 to 2^{self.two_adicity}; {order} is none of them"
            )
        return pow(self.generator, (MODULUS - 1) // order, MODULUS)

    def forward(self, coefficients: Elements, shift: int = 1) -> Elements:
        """Evaluate on shift·⟨ω⟩."""
        return self.extend(coefficients, len(coefficients), shift)

    def inverse_transform(self, values: Elements, shift: int = 1) -> Elements:
        """Interpolate on shift·⟨ω⟩."""
        values = np.ascontiguousarray(values, np.uint64)
        size = len(values)
        root = self.root_of_unity(size)
        if not values.size:
            return values.copy()
        if self._kernels is not None:
            from polyproof_goldilocks import transform

            return transform.interpolate(values, shift % MODULUS)
        coefficients = self._transform(values, pow(root, -1, MODULUS))
        scale = self.multiply(self.powers(pow(shift, -1, MODULUS), size), pow(size, -1, MODULUS))
        return self.multiply(coefficients, scale[:, None])

    def extend(self, coefficients: Elements, size: int, shift: int) -> Elements:
        """Evaluate on a larger coset."""
        coefficients = np.ascontiguousarray(coefficients, np.uint64)
        root = self.root_of_unity(size)
        self.root_of_unity(len(coefficients))
        if size < len(coefficients):
            raise FieldError(f"{len(coefficients)} coefficients do not fit a domain of {size} points")
        if not coefficients.size:
            return np.zeros((size, coefficients.shape[1]), np.uint64)
        if self._kernels is not None:
            from polyproof_goldilocks import transform

            return transform.evaluate(coefficients, size, shift % MODULUS)
        padded = np.zeros((size, coefficients.shape[1]), np.uint64)
        scale = self.powers(shift % MODULUS, len(coefficients))
        padded[: len(coefficients)] = self.multiply(coefficients, scale[:, None])
        return self._transform(padded, root)

    def coset_lde(self, values: Elements, blowup: int, shift: int | None = None) -> Elements:
        """Low-degree extension from ⟨ω_n⟩ to shift·⟨ω_{blowup·n}⟩."""
        shift = self.generator if shift is None else shift % MODULUS
        if self._kernels is not None and np.size(values):
            from polyproof_goldilocks import transform

            values = np.ascontiguousarray(values, np.uint64)
            self.root_of_unity(blowup * len(values))
            return transform.extend(values, blowup * len(values), shift)
        return self.extend(self.inverse_transform(values), blowup * len(values), shift)

    def _transform(self, values: Elements, root: int) -> Elements:
        """Values at the powers of ``root``, by halving: (f(x), f(−x)) from the halves' sums and differences."""
        size, columns = values.shape
        # Decimation in frequency, blocks of rows side by side: (blocks, rows, columns).
        blocks = values.reshape(1, size, columns)
        while size > 1:
            half = size // 2
            low, high = blocks[:, :half], blocks[:, half:]
            twiddles = self.powers(root, half)[None, :, None]
            blocks = np.stack((self.add(low, high), self.multiply(self.subtract(low, high), twiddles)), axis=1)
            blocks = blocks.reshape(-1, half, columns)
            root = root * root % MODULUS
            size = half
        return np.ascontiguousarray(blocks[_bit_reversal(len(blocks)), 0])

    # Encoding and randomness

    def encode(self, a: npt.ArrayLike) -> bytes:
        """Eight bytes an element, little-endian."""
        return np.ascontiguousarray(a, "<u8").tobytes()

    def decode(self, data: bytes, shape: tuple[int, ...]) -> Elements:
        """The inverse of ``encode``."""
        count = 1
        for length in shape:
            count *= length
        if len(data) != count * self.element_bytes:
            raise ProofRejected(
                "element-length", f"{count} elements take {count * self.element_bytes} bytes, got {len(data)}"
            )
        elements = np.frombuffer(data, "<u8").astype(np.uint64).reshape(shape)
        if not self.is_canonical(elements):
            raise ProofRejected("element-canonical", f"an element is not below the modulus {MODULUS}")
        return elements

    def is_canonical(self, a: npt.ArrayLike) -> bool:
        """Whether every entry is below p."""
        return not bool((as_elements(a) >= np.uint64(MODULUS)).any())

    def random(self, shape: tuple[int, ...]) -> Elements:
        """Uniform elements by rejection; a draw is rejected with probability 2^−32."""
        count = 1
        for length in shape:
            count *= length
        elements = np.frombuffer(secrets.token_bytes(8 * count), np.uint64).copy()
        while (bad := np.flatnonzero(elements >= np.uint64(MODULUS))).size:
            elements[bad] = np.frombuffer(secrets.token_bytes(8 * bad.size), np.uint64)
        return elements.reshape(shape)

    # Extensions and kernels

    def extension(self, degree: int) -> GoldilocksExtension:
        """F[θ]/(θ^degree − 7)."""
        if degree not in self.extension_degrees:
            raise FieldError(
                f"{self.name} has extensions of degree {' and '.join(map(str, self.extension_degrees))}, not {degree}"
            )
        return GoldilocksExtension(self, degree)

    @property
    def kernels(self) -> SimpleNamespace:
        """The formulas for compiled provers."""
        from polyproof_goldilocks import words

        return SimpleNamespace(
            add=words.add, subtract=words.subtract, multiply=words.multiply, canonical=words.canonical
        )


def _canonical(a: npt.ArrayLike) -> Elements:
    a = as_elements(a)
    return np.where(a >= np.uint64(MODULUS), a - np.uint64(MODULUS), a)


def _inverse_in_columns(flat: Elements, out: Elements) -> None:
    """Montgomery's trick on whole arrays: products up a binary tree, one inversion at its root."""
    if flat.size == 1:
        out[0] = pow(int(flat[0]), -1, MODULUS)
        return
    half = flat.size // 2
    low, high = flat[:half], flat[half : 2 * half]
    products = np.concatenate((_multiply(low, high), flat[2 * half :]))
    inverses = np.empty_like(products)
    _inverse_in_columns(products, inverses)
    out[:half] = _multiply(inverses[:half], high)
    out[half : 2 * half] = _multiply(inverses[:half], low)
    out[2 * half :] = inverses[half:]


@lru_cache(maxsize=32)
def _bit_reversal(size: int) -> npt.NDArray[np.int64]:
    order = np.zeros(1, np.int64)
    while len(order) < size:
        order = np.concatenate((2 * order, 2 * order + 1))
    return order
