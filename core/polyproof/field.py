"""The Field interface: arithmetic on arrays of field elements, transforms, extensions, encoding.

Arrays of base-field elements are ``uint64`` of any shape and canonical (below the modulus). Arrays of
elements of an extension of degree e have one more axis at the end, of length e: the coefficients of 1,
θ, …, θ^(e−1). All operations broadcast as numpy does, return new canonical arrays and never modify
their operands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from polyproof.engine import Engine

__all__ = ["Elements", "Extension", "Field", "HelperSums"]

Elements = npt.NDArray[np.uint64]
"""Field elements: ``uint64``, canonical."""

HelperSums = Callable[[Elements, Elements], Elements]
"""From ``Extension.helper_sums``: base values ``(rows, k)`` and helpers ``(rows, groups, e)`` to ``(rows, e)``.

Both may be parts of wider matrices. It may be called from several threads at once.
"""


class Field(ABC):
    """A prime field whose multiplicative group has a large subgroup of order 2^two_adicity."""

    name: ClassVar[str]
    """The name used in specs."""
    modulus: ClassVar[int]
    """The prime p, below 2^64."""
    generator: ClassVar[int]
    """A generator of the multiplicative group."""
    two_adicity: ClassVar[int]
    """The largest s such that 2^s divides p − 1."""
    element_bytes: ClassVar[int]
    """Size of an encoded element, in bytes."""
    extension_degrees: ClassVar[tuple[int, ...]]
    """Degrees e for which ``extension(e)`` exists."""
    default_extension: ClassVar[int]
    """The degree that proofs use where a spec leaves it open: one of ``extension_degrees``."""
    default_hash: ClassVar[str] = "blake3"
    """The name of the hash that proofs use where a spec leaves it open: one made for this field, if there is one."""

    def __init__(self, engine: Engine = Engine.PORTABLE) -> None:
        """``engine`` chooses the implementation; results are the same."""
        self.engine = engine

    # Arithmetic

    @abstractmethod
    def add(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a + b."""

    @abstractmethod
    def subtract(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a − b."""

    def negate(self, a: npt.ArrayLike) -> Elements:
        """−a."""
        return self.subtract(0, a)

    @abstractmethod
    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b."""

    @abstractmethod
    def inverse(self, a: npt.ArrayLike) -> Elements:
        """1 / a for every element, one inversion for the batch (Montgomery's trick).

        Raises ``FieldError`` naming the first position that holds zero.
        """

    def power(self, a: npt.ArrayLike, exponent: int) -> Elements:
        """a^exponent. A negative exponent inverts first: raises ``FieldError`` for zero."""
        base = np.asarray(a, np.uint64)
        if exponent < 0:
            base, exponent = self.inverse(base), -exponent
        result = np.ones(base.shape, np.uint64)
        while exponent:
            if exponent & 1:
                result = self.multiply(result, base)
            exponent >>= 1
            base = self.multiply(base, base)
        return result

    @abstractmethod
    def sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Sum along ``axis``, which disappears from the shape."""

    @abstractmethod
    def cumulative_sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Inclusive prefix sums along ``axis``: the same shape."""

    @abstractmethod
    def powers(self, base: int, count: int) -> Elements:
        """(1, base, base², …), shape ``(count,)``."""

    # Domains and transforms

    @abstractmethod
    def root_of_unity(self, order: int) -> int:
        """The primitive root generator^((p−1)/order), so that root(order)^2 = root(order/2).

        Raises ``FieldError`` unless ``order`` is a power of two that divides p − 1.
        """

    @abstractmethod
    def forward(self, coefficients: Elements, shift: int = 1) -> Elements:
        """Evaluate columns on the coset shift·⟨ω⟩ in natural order: ``(n, columns) → (n, columns)``.

        Row k of the result holds the values at shift·ω^k, ω = ``root_of_unity(n)``. n is a power of two.
        """

    @abstractmethod
    def inverse_transform(self, values: Elements, shift: int = 1) -> Elements:
        """The coefficients whose ``forward`` with the same ``shift`` gives ``values``."""

    @abstractmethod
    def extend(self, coefficients: Elements, size: int, shift: int) -> Elements:
        """Evaluate polynomials on a larger coset shift·⟨ω_size⟩, natural order.

        ``(n, columns) → (size, columns)``, n ≤ size, both powers of two.
        """

    def coset_lde(
        self, values: Elements, blowup: int, shift: int | None = None, out: Elements | None = None
    ) -> Elements:
        """Low-degree extension of columns given on ⟨ω_n⟩ to shift·⟨ω_{blowup·n}⟩, natural order.

        ``(n, columns) → (blowup·n, columns)``; ``shift`` defaults to the generator, which makes the
        coset disjoint from the subgroup. With ``out``, contiguous and of the result's shape, the result is written
        there, over whatever it held, and ``out`` is returned. A field that can do this without storing the coefficients
        overrides it.
        """
        coefficients = self.inverse_transform(values)
        extended = self.extend(coefficients, blowup * len(values), self.generator if shift is None else shift)
        if out is None:
            return extended
        out[...] = extended
        return out

    # Encoding and randomness

    @abstractmethod
    def encode(self, a: npt.ArrayLike) -> bytes:
        """Canonical little-endian bytes in C order, ``element_bytes`` bytes for each element."""

    @abstractmethod
    def decode(self, data: bytes, shape: tuple[int, ...]) -> Elements:
        """The inverse of ``encode``. Raises ``ProofRejected`` for a wrong length or an element ≥ p."""

    def is_canonical(self, a: npt.ArrayLike) -> bool:
        """Whether every entry is below the modulus; of an array of unsigned integers of any width without a copy."""
        unsigned = a if isinstance(a, np.ndarray) and a.dtype.kind == "u" else np.asarray(a, np.uint64)
        return bool((unsigned < np.uint64(self.modulus)).all())

    @abstractmethod
    def random(self, shape: tuple[int, ...]) -> Elements:
        """Uniform elements from the operating system's CSPRNG: no bias (by rejection), and no seed to set."""

    # Extensions

    @abstractmethod
    def extension(self, degree: int) -> Extension:
        """The extension F[θ]/(θ^degree − nonresidue). Raises ``FieldError`` for any other degree."""


class Extension(ABC):
    """F[θ]/(θ^e − nonresidue): arrays with a trailing axis of length ``degree``."""

    field: Field
    degree: int
    nonresidue: int

    @abstractmethod
    def embed(self, a: npt.ArrayLike) -> Elements:
        """Base elements of shape S as extension elements of shape S + (e,)."""

    @abstractmethod
    def add(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a + b."""

    @abstractmethod
    def subtract(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a − b."""

    @abstractmethod
    def negate(self, a: npt.ArrayLike) -> Elements:
        """−a."""

    @abstractmethod
    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b, both in the extension."""

    @abstractmethod
    def scale(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b with a of shape S + (e,) and b base elements broadcast against S."""

    @abstractmethod
    def inverse(self, a: npt.ArrayLike) -> Elements:
        """1 / a for every element, one inversion for the batch. Raises ``FieldError`` for zero."""

    @abstractmethod
    def power(self, a: npt.ArrayLike, exponent: int) -> Elements:
        """a^exponent. A negative exponent inverts first: raises ``FieldError`` for zero."""

    @abstractmethod
    def powers(self, a: npt.ArrayLike, count: int) -> Elements:
        """(1, a, a², …) of one element a of shape ``(e,)``: shape ``(count, e)``."""

    @abstractmethod
    def sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Sum along ``axis``, any but the trailing one."""

    @abstractmethod
    def dot(self, base: npt.ArrayLike, weights: npt.ArrayLike) -> Elements:
        """Σ_j base[…, j] · weights[j]: base elements ``S + (k,)``, weights ``(k, e)`` → ``S + (e,)``."""

    def sum_entries(self, table: Elements, indices: Elements, group: int) -> Elements:
        """Sums of entries of a table, ``group`` consecutive ones at a time: ``(m, e), (n, k) → (n, ⌈k/group⌉, e)``.

        Element (i, g) is Σ table[indices[i, j]] over j from group·g up to group·(g + 1), or k. Indices are ``uint64``.
        Raises ``IndexError`` for one that is not below m. A field that can do this without arrays of single entries
        overrides it.
        """
        sums = []
        for first in range(0, indices.shape[1], group):
            total = table[indices[:, first]]
            for column in range(first + 1, min(first + group, indices.shape[1])):
                total = self.add(total, table[indices[:, column]])
            sums.append(total)
        return np.stack(sums, axis=1) if sums else np.zeros((len(indices), 0, self.degree), np.uint64)

    def combine(self, base: npt.ArrayLike, weights: npt.ArrayLike) -> Elements:
        """Σ_i base[i, c] · weights[i] for every column c: ``(n, columns)``, weights ``(n, e)`` → ``(columns, e)``."""
        return self.dot(np.ascontiguousarray(np.asarray(base, np.uint64).T), weights)

    @abstractmethod
    def evaluate(self, coefficients: npt.ArrayLike, point: npt.ArrayLike) -> Elements:
        """Values at one extension point of polynomials with base coefficients: ``(n, columns) → (columns, e)``."""

    def helper_sums(self, values: int, size: int, alpha: Elements, weights: Elements) -> HelperSums | None:
        """Prepare Σ_g w_g·(h_g·∏_j (α − v_j) − Σ_j ∏_{l≠j} (α − v_l)), the helper constraints of a lookup on each row.

        ``values`` base elements v are cut into groups of ``size``, of which the last may be smaller; ``weights``:
        ``(groups, e)``. An argument by logarithmic derivatives (Haböck, eprint 2022/1530) spends most of its proving
        time on these. ``None``, unless overridden: then the caller evaluates them one operation at a time.
        """
        return None

    @abstractmethod
    def in_base(self, a: npt.ArrayLike) -> bool:
        """Whether at least one element of the array lies in the base field."""

    @abstractmethod
    def encode(self, a: npt.ArrayLike) -> bytes:
        """Canonical bytes in C order, as ``Field.encode``; the coefficient of 1 comes first."""

    @abstractmethod
    def decode(self, data: bytes, shape: tuple[int, ...]) -> Elements:
        """The inverse of ``encode``, with ``shape`` given without the trailing axis.

        Raises ``ProofRejected`` as ``Field.decode`` does.
        """

    @abstractmethod
    def random(self, shape: tuple[int, ...]) -> Elements:
        """Uniform elements from the operating system's CSPRNG; ``shape`` is given without the trailing axis."""
