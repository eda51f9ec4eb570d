"""Transforms of a field that checks what it is given and leaves the arrays to the module of its engine."""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from polyproof.errors import FieldError
from polyproof.field import Elements, Field

__all__ = ["ArrayTransforms", "CheckedTransforms", "elements_of"]


def elements_of(a: npt.ArrayLike, modulus: int, called: str) -> Elements:
    """Operands as ``uint64``. Arrays of that type are taken as they are; everything else is checked.

    Raises ``FieldError``, which names the field as it is ``called``.
    """
    if isinstance(a, np.ndarray) and a.dtype == np.uint64:
        return a
    array = a if isinstance(a, np.ndarray) else np.array(a, object)
    if array.dtype.kind == "O":
        if not all(isinstance(value, (int, np.integer)) for value in array.flat):
            raise FieldError(f"elements of the {called} field are integers")
    elif array.dtype.kind not in "iub":
        raise FieldError(f"elements of the {called} field are integers, not {array.dtype}")
    if array.size and (int(array.min()) < 0 or int(array.max()) >= modulus):
        raise FieldError(f"an element of the {called} field is not in [0, {modulus})")
    return array.astype(np.uint64)


class ArrayTransforms(Protocol):
    """Transforms of matrices that the field has checked: what the module of each engine offers."""

    def evaluate(self, coefficients: Elements, size: int, shift: int, /) -> Elements:
        """Values on shift·⟨ω_size⟩."""
        ...

    def interpolate(self, values: Elements, shift: int, /) -> Elements:
        """The coefficients whose values on shift·⟨ω_n⟩ these are."""
        ...

    def extend(self, values: Elements, size: int, shift: int, out: Elements | None, /) -> Elements:
        """From values on ⟨ω_n⟩ to values on shift·⟨ω_size⟩, into ``out`` where it is given."""
        ...


class CheckedTransforms(Field):
    """A field whose transforms are those of ``_transforms``, on matrices, sizes and shifts that are checked here.

    Raises ``FieldError`` for what is no matrix, for a size that is no order of a root of unity or too small, for a
    shift of zero, and for a result of another shape.
    """

    _called: ClassVar[str]
    """The field in messages."""
    _transforms: ArrayTransforms

    def _matrix(self, a: Elements, size: int | None = None) -> tuple[Elements, int]:
        """A matrix and the size of its domain, both checked."""
        matrix = elements_of(a, self.modulus, self._called)
        if matrix.ndim != 2:
            raise FieldError(f"a transform takes a matrix, (rows, columns), not an array of shape {matrix.shape}")
        rows = len(matrix)
        self.root_of_unity(rows)
        size = rows if size is None else size
        self.root_of_unity(size)
        if size < rows:
            raise FieldError(f"{rows} coefficients do not fit a domain of {size} points")
        return np.ascontiguousarray(matrix), size

    def _shift(self, shift: int) -> int:
        """A shift modulo p, checked to be invertible."""
        if int(shift) % self.modulus == 0:
            raise FieldError("zero shifts no domain")
        return int(shift) % self.modulus

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
        """From values on ⟨ω_n⟩ to values on shift·⟨ω_{blowup·n}⟩; the shift is the generator by default."""
        matrix, size = self._matrix(values, len(values) * blowup)
        if out is not None and (out.shape != (size, matrix.shape[1]) or not out.flags.c_contiguous):
            raise FieldError(f"the result is a contiguous array of shape {(size, matrix.shape[1])}, not {out.shape}")
        return self._transforms.extend(matrix, size, self._shift(self.generator if shift is None else shift), out)
