"""The Goldilocks field: checks at the border, and the engine behind it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from polyproof.engine import Engine
from polyproof.errors import FieldError, ProofRejected
from polyproof.field import Elements, Extension
from polyproof.toolkit.checked_transforms import ArrayTransforms, CheckedTransforms, elements_of
from polyproof.toolkit.extension import BinomialExtension
from polyproof.toolkit.uniform_words import uniform_words
from polyproof_goldilocks import portable
from polyproof_goldilocks.reduction import GENERATOR, MODULUS, NONRESIDUE

__all__ = ["Goldilocks"]

_MODULUS = np.uint64(MODULUS)
_TINY = 8
"""Up to this many elements, Python integers are faster than arrays."""


def _is_power_of_two(n: int) -> bool:
    return n > 0 and n & (n - 1) == 0


def _tiny(operation: Callable[[int, int], int], a: Elements, b: Elements) -> Elements | None:
    """The operation on Python integers, for few elements of the same shape, or one against few."""
    if a.size > _TINY or b.size > _TINY or not a.size or not b.size:
        return None
    x, y = a.ravel().tolist(), b.ravel().tolist()
    if a.shape == b.shape:
        shape = a.shape
    elif len(x) == 1 or len(y) == 1:
        shape = a.shape if a.ndim >= b.ndim and len(y) == 1 else np.broadcast_shapes(a.shape, b.shape)
        x, y = (x * len(y), y) if len(x) == 1 else (x, y * len(x))
    else:
        return None
    return np.array([operation(i, j) % MODULUS for i, j in zip(x, y, strict=True)], np.uint64).reshape(shape)


def _elements(a: npt.ArrayLike) -> Elements:
    """Operands as ``uint64``, checked."""
    return elements_of(a, MODULUS, "Goldilocks")


class _Arrays(ArrayTransforms, Protocol):
    """Operations on arrays of elements that the field has checked: what the module of each engine offers."""

    def add(self, a: Elements, b: Elements, /) -> Elements: ...

    def subtract(self, a: Elements, b: Elements, /) -> Elements: ...

    def negate(self, a: Elements, /) -> Elements: ...

    def multiply(self, a: Elements, b: Elements, /) -> Elements: ...

    def inverse(self, a: Elements, /) -> Elements | None: ...

    def sum(self, a: Elements, /) -> Elements: ...

    def cumulative_sum(self, a: Elements, /) -> Elements: ...


class Goldilocks(CheckedTransforms):
    """p = 2^64 − 2^32 + 1, with extensions of degree 2 and 3 by θ^e = 7.

    A generalised Mersenne prime (Solinas, CORR 99-39, 1999): products reduce with a few additions because
    2^64 ≡ 2^32 − 1 and 2^96 ≡ −1.
    """

    name = "goldilocks"
    _called = "Goldilocks"
    modulus = MODULUS
    generator = GENERATOR
    two_adicity = 32
    element_bytes = 8
    extension_degrees = (2, 3)
    default_extension = 3
    default_hash = "poseidon"

    def __init__(self, engine: Engine = Engine.PORTABLE) -> None:
        """The compiled engine imports and, on its first use, compiles its kernels here."""
        super().__init__(engine)
        self._transforms: _Arrays = portable
        if engine is Engine.COMPILED:
            from polyproof_goldilocks import compiled

            self._transforms = compiled

    # Arithmetic

    def add(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a + b."""
        x, y = _elements(a), _elements(b)
        result = _tiny(operator.add, x, y)
        return self._transforms.add(x, y) if result is None else result

    def subtract(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a − b."""
        x, y = _elements(a), _elements(b)
        result = _tiny(operator.sub, x, y)
        return self._transforms.subtract(x, y) if result is None else result

    def negate(self, a: npt.ArrayLike) -> Elements:
        """−a."""
        return self._transforms.negate(_elements(a))

    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b."""
        x, y = _elements(a), _elements(b)
        result = _tiny(operator.mul, x, y)
        return self._transforms.multiply(x, y) if result is None else result

    def inverse(self, a: npt.ArrayLike) -> Elements:
        """1 / a; ``FieldError`` names the first position that holds zero."""
        x = _elements(a)
        result = self._transforms.inverse(x)
        if result is None:
            position = tuple(int(i) for i in np.argwhere(x == 0)[0])
            where = f" at position {position[0] if len(position) == 1 else position}" if position else ""
            raise FieldError(f"zero has no inverse{where}")
        return result

    def power(self, a: npt.ArrayLike, exponent: int) -> Elements:
        """a^exponent; a negative exponent inverts first."""
        x = _elements(a)
        if exponent < 0:
            return self.power(self.inverse(x), -exponent)
        if x.size <= _TINY:
            return np.array([pow(value, exponent, MODULUS) for value in x.ravel().tolist()], np.uint64).reshape(x.shape)
        if exponent >= MODULUS:
            # The group has order p − 1; a positive exponent stays positive, for the sake of zero.
            exponent = (exponent - 1) % (MODULUS - 1) + 1
        result: Elements | None = None
        while exponent:
            if exponent & 1:
                result = x if result is None else self._transforms.multiply(result, x)
            exponent >>= 1
            if exponent:
                x = self._transforms.multiply(x, x)
        if result is None:
            return np.ones(x.shape, np.uint64)
        return result.copy()

    def sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Sum along ``axis``."""
        x = _elements(a)
        axis = range(x.ndim)[axis]
        outer, inner = x.shape[:axis], x.shape[axis + 1 :]
        return self._transforms.sum(self._around(x, axis)).reshape(outer + inner)

    def cumulative_sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Inclusive prefix sums along ``axis``."""
        x = _elements(a)
        return self._transforms.cumulative_sum(self._around(x, range(x.ndim)[axis])).reshape(x.shape)

    @staticmethod
    def _around(a: Elements, axis: int) -> Elements:
        """The array as (before, along, after) the axis."""
        sizes = (a.shape[:axis], a.shape[axis : axis + 1], a.shape[axis + 1 :])
        before, along, after = (int(np.prod(part, dtype=np.int64)) for part in sizes)
        return a.reshape(before, along, after)

    def powers(self, base: int, count: int) -> Elements:
        """(1, base, base², …), shape ``(count,)``."""
        base = int(base) % MODULUS
        first = portable.powers(base, min(count, 1 << 12))
        if count <= len(first):
            return first
        steps = self.powers(pow(base, len(first), MODULUS), -(-count // len(first)))
        return self._transforms.multiply(steps[:, None], first[None, :]).reshape(-1)[:count]

    # Domains and transforms

    def root_of_unity(self, order: int) -> int:
        """The primitive root 7^((p−1)/order); ``FieldError`` unless the order is a power of two up to 2^32."""
        if not _is_power_of_two(order) or order > 1 << self.two_adicity:
            raise FieldError(
                f"the Goldilocks field has no root of unity of order {order}: orders are powers of two up to 2^32"
            )
        return pow(GENERATOR, (MODULUS - 1) // order, MODULUS)

    # Encoding and randomness

    def encode(self, a: npt.ArrayLike) -> bytes:
        """Canonical little-endian bytes; ``FieldError`` for an array that is not canonical."""
        x = _elements(a)
        if not self.is_canonical(x):
            raise FieldError(f"only canonical elements, below {MODULUS}, are encoded")
        return np.ascontiguousarray(x, "<u8").tobytes()

    def decode(self, data: bytes, shape: tuple[int, ...]) -> Elements:
        """The inverse of ``encode``. Raises ``ProofRejected`` for a wrong length or an element ≥ p."""
        size = 1
        for extent in shape:
            size *= extent
        if len(data) != 8 * size:
            raise ProofRejected("element-length", f"{size} Goldilocks elements take {8 * size} bytes, got {len(data)}")
        elements = np.frombuffer(data, "<u8").astype(np.uint64).reshape(shape)
        if not self.is_canonical(elements):
            raise ProofRejected("element-canonical", f"a Goldilocks element is not below {MODULUS}")
        return elements

    def is_canonical(self, a: npt.ArrayLike) -> bool:
        """Whether every entry is below p."""
        x = a if isinstance(a, np.ndarray) and a.dtype.kind == "u" else np.array(a, object)
        return not x.size or (bool(x.max() < _MODULUS) and bool(x.min() >= 0))

    def random(self, shape: tuple[int, ...]) -> Elements:
        """Uniform elements from the operating system, words ≥ p drawn again."""
        return uniform_words(int(np.prod(shape, dtype=np.int64)), MODULUS).reshape(shape)

    # Extensions

    def extension(self, degree: int) -> Extension:
        """F[θ]/(θ^degree − 7) for degree 2 or 3."""
        if degree not in self.extension_degrees:
            raise FieldError(f"the Goldilocks field has extensions of degree 2 and 3 here, not {degree}")
        if self.engine is Engine.COMPILED:
            from polyproof_goldilocks.extension import CompiledExtension

            return CompiledExtension(self, degree)
        return BinomialExtension(self, degree, NONRESIDUE)
