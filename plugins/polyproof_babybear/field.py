"""The BabyBear field: checks at the border, and the engine behind it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from polyproof.engine import Engine
from polyproof.errors import FieldError
from polyproof.field import Elements
from polyproof.toolkit.narrow_field import NarrowField
from polyproof_babybear import portable
from polyproof_babybear.constants import GENERATOR, MODULUS, TWO_ADICITY

__all__ = ["BabyBear"]

_TINY = 8
"""Up to this many elements, Python integers are faster than arrays."""


def _elements(a: npt.ArrayLike) -> Elements:
    """Operands as ``uint64``. Arrays of that type are taken as they are; everything else is checked."""
    if isinstance(a, np.ndarray) and a.dtype == np.uint64:
        return a
    array = a if isinstance(a, np.ndarray) else np.array(a, object)
    if array.dtype.kind == "O":
        if not all(isinstance(value, (int, np.integer)) for value in array.flat):
            raise FieldError("elements of the BabyBear field are integers")
    elif array.dtype.kind not in "iub":
        raise FieldError(f"elements of the BabyBear field are integers, not {array.dtype}")
    if array.size and (int(array.min()) < 0 or int(array.max()) >= MODULUS):
        raise FieldError(f"an element of the BabyBear field is not in [0, {MODULUS})")
    return array.astype(np.uint64)


class _Transforms(Protocol):
    """Transforms of matrices that the field has checked: what the module of each engine offers."""

    def evaluate(self, coefficients: Elements, size: int, shift: int, /) -> Elements: ...

    def interpolate(self, values: Elements, shift: int, /) -> Elements: ...

    def extend(self, values: Elements, size: int, shift: int, out: Elements | None, /) -> Elements: ...


class BabyBear(NarrowField):
    """p = 2^31 − 2^27 + 1, with extensions of degree 2 to 6 by θ^e = 31.

    The largest prime below 2^31 of the form k·2^27 + 1. A sum of two elements fits 32 bits and a product 64, so that
    processors work on many side by side. An extension of degree 6 has 185 bits, as many as soundness needs;
    31 generates the multiplicative group, of order 2^27·3·5, and so θ^e − 31 is irreducible for all these degrees.
    """

    name = "babybear"
    modulus = MODULUS
    generator = GENERATOR
    two_adicity = TWO_ADICITY
    extension_degrees = (2, 3, 4, 5, 6)
    default_extension = 6
    default_hash = "poseidon2-babybear"

    def __init__(self, engine: Engine = Engine.PORTABLE) -> None:
        """The compiled engine imports its kernels here and compiles them on their first use."""
        super().__init__(engine)
        self._transforms: _Transforms = portable
        if engine is Engine.COMPILED:
            from polyproof_babybear import compiled

            self._transforms = compiled

    # Arithmetic

    def add(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a + b."""
        return portable.add(_elements(a), _elements(b))

    def subtract(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a − b."""
        return portable.subtract(_elements(a), _elements(b))

    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b."""
        return portable.multiply(_elements(a), _elements(b))

    def inverse(self, a: npt.ArrayLike) -> Elements:
        """1 / a; ``FieldError`` names the first position that holds zero."""
        x = _elements(a)
        result = portable.inverse(x)
        if result is None:
            position = tuple(int(i) for i in np.argwhere(x == 0)[0])
            where = f" at position {position[0] if len(position) == 1 else position}" if position else ""
            raise FieldError(f"zero has no inverse{where}")
        return result

    def power(self, a: npt.ArrayLike, exponent: int) -> Elements:
        """a^exponent; a negative exponent inverts first."""
        x = _elements(a)
        if exponent >= 0 and x.size <= _TINY:
            return np.array([pow(value, exponent, MODULUS) for value in x.ravel().tolist()], np.uint64).reshape(x.shape)
        return super().power(x, exponent)

    def sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Sum along ``axis``."""
        return portable.sum(_elements(a), axis)

    def cumulative_sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Inclusive prefix sums along ``axis``."""
        return portable.cumulative_sum(_elements(a), axis)

    def powers(self, base: int, count: int) -> Elements:
        """(1, base, base², …), shape ``(count,)``."""
        return portable.powers(int(base) % MODULUS, count)

    # Domains and transforms

    def _matrix(self, a: Elements, size: int | None = None) -> tuple[Elements, int]:
        """A matrix and the size of its domain, both checked."""
        matrix = _elements(a)
        if matrix.ndim != 2:
            raise FieldError(f"a transform takes a matrix, (rows, columns), not an array of shape {matrix.shape}")
        rows = len(matrix)
        self.root_of_unity(rows)
        size = rows if size is None else size
        self.root_of_unity(size)
        if size < rows:
            raise FieldError(f"{rows} coefficients do not fit a domain of {size} points")
        return np.ascontiguousarray(matrix), size

    @staticmethod
    def _shift(shift: int) -> int:
        """A shift modulo p, checked to be invertible."""
        if int(shift) % MODULUS == 0:
            raise FieldError("zero shifts no domain")
        return int(shift) % MODULUS

    def forward(self, coefficients: Elements, shift: int = 1) -> Elements:
        """Values on shift·⟨ω_n⟩ in natural order."""
        matrix, size = self._matrix(coefficients)
        return self._transforms.evaluate(matrix, size, self._shift(shift))

    def inverse_transform(self, values: Elements, shift: int = 1) -> Elements:
        """The coefficients whose ``forward`` with the same shift gives ``values``."""
        matrix, _ = self._matrix(values)
        return self._transforms.interpolate(matrix, self._shift(shift))

    def extend(self, coefficients: Elements, size: int, shift: int) -> Elements:
        """Values on shift·⟨ω_size⟩ in natural order, ``(n, columns) → (size, columns)``."""
        matrix, size = self._matrix(coefficients, size)
        return self._transforms.evaluate(matrix, size, self._shift(shift))

    def coset_lde(
        self, values: Elements, blowup: int, shift: int | None = None, out: Elements | None = None
    ) -> Elements:
        """From values on ⟨ω_n⟩ to values on shift·⟨ω_{blowup·n}⟩; the shift is 31 by default."""
        matrix, size = self._matrix(values, len(values) * blowup)
        if out is not None and (out.shape != (size, matrix.shape[1]) or not out.flags.c_contiguous):
            raise FieldError(f"the result is a contiguous array of shape {(size, matrix.shape[1])}, not {out.shape}")
        return self._transforms.extend(matrix, size, self._shift(GENERATOR if shift is None else shift), out)

    # Encoding

    def encode(self, a: npt.ArrayLike) -> bytes:
        """Four bytes for each element, little-endian; ``FieldError`` for an array that is not canonical."""
        x = _elements(a)
        if not self.is_canonical(x):
            raise FieldError(f"only canonical elements, below {MODULUS}, are encoded")
        return np.ascontiguousarray(x, "<u4").tobytes()
