"""Compiled transforms of any size and number of columns: how a matrix is cut into passes, blocks and tiles."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from polyproof.engine import for_blocks, thread_count
from polyproof.field import Elements
from polyproof.large_arrays import empty
from polyproof_goldilocks import transform_kernels
from polyproof_goldilocks.reduction import GENERATOR, MODULUS
from polyproof_goldilocks.transform_kernels import Domain, Interpolation, Strides, Tiles

__all__ = ["evaluate", "extend", "interpolate"]

_TILE_WORDS = 3 << 14
"""Words of a set of tiles, 384 KiB: it stays in the second-level cache."""
_FULL_COLUMNS = 24
"""Matrices with fewer columns share tiles between positions."""
_WHOLE = 1 << 10
"""Up to this many rows a transform of full lanes is one pass."""
_WHOLE_NARROW = 1 << 6
"""The same for matrices with few columns, which need two passes to fill the lanes."""
_BLOCK_WORDS = 1 << 20
"""Words a thread takes at a time, at least."""


def _root(order: int) -> int:
    return pow(GENERATOR, (MODULUS - 1) // order, MODULUS)


def _plain_table(size: int, inverse: bool) -> Elements:
    """Twiddle factors on ⟨ω_size⟩ in Montgomery form, in the order of ``transform_kernels._coset_table``."""
    root = pow(_root(size), -1 if inverse else 1, MODULUS)
    powers = [2**64 % MODULUS]
    for _ in range(size - 1):
        powers.append(powers[-1] * root % MODULUS)
    exponents = [np.zeros(0, np.int64)]
    whole = size
    while whole > 1:
        radix = min(8, whole)
        part = np.arange(1, radix)[:, None] * np.arange(whole // radix) * (size // whole)
        exponents.insert(0, part.ravel())
        whole //= radix
    table: Elements = np.array(powers, np.uint64)[np.concatenate(exponents).astype(np.int64)]
    return table


@lru_cache(maxsize=64)
def _domain(size: int) -> Domain:
    """Tables of ⟨ω_size⟩ and the orders of its rows."""
    natural = np.arange(size, dtype=np.int64)
    reverse = np.zeros(1, np.int64)
    while len(reverse) < size:
        reverse = np.concatenate((2 * reverse, 2 * reverse + 1))
    return Domain(size, _plain_table(size, False), _plain_table(size, True), natural, reverse)


def _tiles(lanes: int, size: int) -> Tiles:
    """Uninitialised tiles of ``size`` rows."""
    words = empty((lanes * size,))
    again = words[:]
    again.flags.writeable = False
    return Tiles(lanes, words, again)


class _Plan:
    """The cut of n rows and ``columns`` columns: n = first · second, lanes in use, positions a group."""

    def __init__(self, n: int, columns: int) -> None:
        self.n = n
        self.columns = columns
        full = columns >= _FULL_COLUMNS
        bits = n.bit_length() - 1
        self.first = 1 if n <= (_WHOLE if full else _WHOLE_NARROW) else 1 << (bits // 2)
        self.second = n // self.first
        lanes = max(8, _TILE_WORDS // self.second // 8 * 8)
        if full:
            # Chunks of columns of about the same width.
            chunks = -(-columns // lanes)
            self.group = 1
            self.lanes = -(-columns // chunks // 8) * 8
        else:
            self.group = max(1, lanes // columns)
            if self.group >= 8:
                self.group -= self.group % 8
            self.lanes = -(-self.group * columns // 8) * 8

    def block(self, positions: int, words: int) -> int:
        """How many positions of ``words`` words a thread takes at a time."""
        share = -(-positions // (4 * thread_count()))
        count = max(share, _BLOCK_WORDS // words, 1)
        return -(-count // self.group) * self.group


def _columns(
    plan: _Plan, source: Elements, target: Elements, inverse: bool, shift: int, root: int, positions: int
) -> None:
    """Transforms of size ``plan.first`` across the whole matrix; see ``transform_kernels.transform_columns``."""
    size, columns = plan.first, plan.columns
    domain = _domain(size)

    def run(start: int, stop: int) -> None:
        transform_kernels.transform_columns(
            source.reshape(-1), target.reshape(-1), positions * columns, columns, domain, inverse, np.uint64(shift),
            np.uint64(root), _tiles(plan.lanes, size), plan.group, start, stop,
        )  # fmt: skip

    for_blocks(run, positions, plan.block(positions, size * columns))


def _rows(
    plan: _Plan,
    source: Elements,
    contiguous_source: bool,
    target: Elements,
    inverse_shift: int | None,
    shifts: list[int],
    in_place: bool = False,
) -> None:
    """Transforms of size ``plan.second``; see ``transform_kernels.transform_rows``.

    Block b of the coefficients is the rows b + first·j; a block of values is a contiguous run of rows. ``in_place``:
    ``source`` is the end of ``target``.
    """
    size, columns, first = plan.second, plan.columns, plan.first
    cosets = max(1, len(shifts))
    strided = Strides(columns, first * columns)
    contiguous = Strides(size * columns, columns)
    extended = Strides(cosets * size * columns, cosets * columns)
    source_strides = contiguous if contiguous_source else strided
    target_strides = extended if shifts else strided
    scale = np.uint64(pow(plan.n, -1, MODULUS))
    interpolation = Interpolation(inverse_shift is not None, np.uint64(inverse_shift or 0), scale)
    shift_array = np.array(shifts, np.uint64)
    domain = _domain(size)

    def run_from(first_block: int, start: int, stop: int) -> None:
        work, results = empty((8 * size,)), empty((plan.lanes * size * cosets,))
        transform_kernels.transform_rows(
            source.reshape(-1), source_strides, target.reshape(-1), target_strides, columns, domain, interpolation,
            shift_array, _tiles(plan.lanes, size), work, results, plan.group, first_block + start,
            first_block + stop,
        )  # fmt: skip

    # In place, block b of the target lies on the source's blocks below cosets·(b + 1) − (cosets − 1)·first. So many at
    # a time that those have all been read in earlier calls, or else one group, which is read before it is written.
    done = 0
    while done < first:
        stop = max(done + plan.group, ((cosets - 1) * first + done) // cosets) if in_place else first
        count = min(stop, first) - done
        for_blocks(partial(run_from, done), count, plan.block(count, size * columns * cosets))
        done += count


def _coset_shifts(plan: _Plan, size: int, shift: int) -> list[int]:
    """The cosets of size ``plan.second`` that x^first of the points of shift·⟨ω_size⟩ form, in order."""
    root = _root(size)
    return [pow(shift * pow(root, s, MODULUS), plan.first, MODULUS) for s in range(size // plan.n)]


def _finish(plan: _Plan, target: Elements, shift: int) -> Elements:
    size = len(target)
    if plan.first > 1:
        _columns(plan, target, target, False, shift, _root(size), size // plan.first)
    return target


def evaluate(coefficients: Elements, size: int, shift: int) -> Elements:
    """Values on shift·⟨ω_size⟩ of polynomials given by n ≤ size coefficients: ``(n, columns) → (size, columns)``."""
    n, columns = coefficients.shape
    if n == 1 or not columns:
        return np.zeros((size, columns), np.uint64) + coefficients[:1]
    plan = _Plan(n, columns)
    target = empty((size, columns))
    _rows(plan, coefficients, False, target, None, _coset_shifts(plan, size, shift))
    return _finish(plan, target, shift)


def _first_inverse(plan: _Plan, values: Elements, shift: int, scratch: Elements | None = None) -> Elements:
    if plan.first == 1:
        return values
    if scratch is None:
        scratch = empty(values.shape)
    root = pow(_root(plan.n), -1, MODULUS)
    _columns(plan, values, scratch, True, pow(shift, -1, MODULUS), root, plan.second)
    return scratch


def interpolate(values: Elements, shift: int) -> Elements:
    """Coefficients of the polynomials with these values on shift·⟨ω_n⟩."""
    if len(values) == 1 or not values.size:
        return values.copy()
    plan = _Plan(*values.shape)
    target = empty(values.shape)
    _rows(plan, _first_inverse(plan, values, shift), True, target, pow(shift, -plan.first, MODULUS), [])
    return target


def extend(values: Elements, size: int, shift: int, out: Elements | None) -> Elements:
    """Values on shift·⟨ω_size⟩ of the polynomials with ``values`` on ⟨ω_n⟩, in ``out`` if given.

    Needs no memory beside the result: what is between the first two passes lies at its end until it is overwritten.
    """
    n, columns = values.shape
    target = empty((size, columns)) if out is None else out
    if n == 1 or not columns:
        target[...] = values[:1]
        return target
    plan = _Plan(n, columns)
    between = _first_inverse(plan, values, 1, target[size - n :])
    _rows(plan, between, True, target, 1, _coset_shifts(plan, size, shift), in_place=plan.first > 1)
    return _finish(plan, target, shift)
