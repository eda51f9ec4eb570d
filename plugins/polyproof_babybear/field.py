"""The BabyBear field: checks at the border, and the engine behind it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from polyproof.engine import Engine
from polyproof.errors import FieldError
from polyproof.field import Elements
from polyproof.toolkit.checked_transforms import ArrayTransforms, CheckedTransforms, elements_of
from polyproof.toolkit.narrow_field import NarrowField
from polyproof_babybear import portable
from polyproof_babybear.constants import GENERATOR, MODULUS, TWO_ADICITY

__all__ = ["BabyBear"]

_TINY = 8
"""Up to this many elements, Python integers are faster than arrays."""


def _elements(a: npt.ArrayLike) -> Elements:
    """Operands as ``uint64``, checked."""
    return elements_of(a, MODULUS, "BabyBear")


class BabyBear(CheckedTransforms, NarrowField):
    """p = 2^31 − 2^27 + 1, with extensions of degree 2 to 6 by θ^e = 31.

    The largest prime below 2^31 of the form k·2^27 + 1. A sum of two elements fits 32 bits and a product 64, so that
    processors work on many side by side. An extension of degree 6 has 185 bits, as many as soundness needs;
    31 generates the multiplicative group, of order 2^27·3·5, and so θ^e − 31 is irreducible for all these degrees.
    """

    name = "babybear"
    _called = "BabyBear"
    modulus = MODULUS
    generator = GENERATOR
    two_adicity = TWO_ADICITY
    extension_degrees = (2, 3, 4, 5, 6)
    default_extension = 6
    default_hash = "poseidon2-babybear"

    def __init__(self, engine: Engine = Engine.PORTABLE) -> None:
        """The compiled engine imports its kernels here and compiles them on their first use."""
        super().__init__(engine)
        self._transforms: ArrayTransforms = portable
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

    # Encoding

    def encode(self, a: npt.ArrayLike) -> bytes:
        """Four bytes for each element, little-endian; ``FieldError`` for an array that is not canonical."""
        x = _elements(a)
        if not self.is_canonical(x):
            raise FieldError(f"only canonical elements, below {MODULUS}, are encoded")
        return np.ascontiguousarray(x, "<u4").tobytes()
