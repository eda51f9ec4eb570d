"""The sponge that the three permutations share, and the choice between their implementations.

A state has twelve elements, eight of rate and four of capacity. Hashing a row of n words under a domain starts from
zero, with n and the three words of the domain in the capacity. The row is absorbed eight words at a
time in overwrite mode: the words replace the rate, a last chunk that is shorter is filled up with
zeros, and after each chunk the state is permuted; an empty row is one permutation. The digest is the
first four elements of the rate.

Overwrite mode is as secure as the sponge (Bertoni, Daemen, Peeters, Van Assche: Duplexing the sponge, 2011);
it is how plonky2 and RPO absorb. Their own padding, none or a flag, is replaced by the length in the
capacity, which makes the zero fill injective; so digests differ from theirs while the permutations
are the same.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from polyproof.engine import Engine, for_blocks, thread_count
from polyproof.errors import PluginError
from polyproof.hash import DIGEST_WORDS, Hash, Words, domain_words
from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges.arrays import States, canonical
from polyproof_goldilocks.sponges.integers import WIDTH

__all__ = ["RATE", "Sponge"]

RATE = 8
_PORTABLE_ROWS = 704
"""Rows a batch of the numpy path: its buffers stay in the second-level cache, and its matrix products are too small for
numpy to start threads, which on a machine that has other work take several times as long as the product itself."""
_LEAST_ROWS, _MOST_ROWS = 1024, 4096
"""Rows a thread takes at once: enough to outweigh its start, few enough to stay in the second-level cache."""


@frozen
class _Piece:
    """Columns of a matrix and the rate position they are written to."""

    rows: Words
    first_column: int
    columns: int
    position: int


class Sponge(Hash):
    """A hash with the sponge above; a subclass gives the permutation in its three forms."""

    word_bound: ClassVar[int] = MODULUS
    collision_bits: ClassVar[int] = 128

    rate_start: ClassVar[int]
    """First element of the rate."""
    capacity_start: ClassVar[int]
    """First element of the capacity."""
    few_rows: ClassVar[int]
    """Up to so many rows, plain integers are faster than numpy."""

    @staticmethod
    @abstractmethod
    def _permute_integers(state: list[int]) -> list[int]:
        """The permutation of one state; any residues in, canonical ones out."""

    @staticmethod
    @abstractmethod
    def _permute_arrays(states: States) -> None:
        """The permutation of the states' words, in place; any residues in and out."""

    @staticmethod
    @abstractmethod
    def _lanes_kernel() -> tuple[Any, tuple[Words, ...]]:
        """The Numba kernel that permutes blocks ``(blocks, 12, LANES)`` in place, and its further arguments.

        Imports the compiler.
        """

    def permute(self, states: Words) -> Words:
        """The bare permutation: states of shape ``(n, 12)`` → ``(n, 12)``, canonical."""
        states = _matrix("states", states, WIDTH)
        count = len(states)
        result = np.empty((count, WIDTH), np.uint64)
        piece = _Piece(states, 0, WIDTH, 0)
        return self._run([[piece]], [0] * WIDTH, 0, result)

    def hash_rows(self, rows: Words, domain: str) -> Words:
        """See ``Hash.hash_rows``; the module's docstring defines the function."""
        rows = _matrix("rows", rows)
        columns = rows.shape[1]
        chunks = [
            [_Piece(rows, first, min(RATE, columns - first), self.rate_start)] for first in range(0, columns, RATE)
        ]
        return self._digests(chunks or [[_Piece(rows, 0, 0, self.rate_start)]], len(rows), columns, domain)

    def hash_matrices(self, matrices: Sequence[tuple[Words, str]]) -> list[Words]:
        """See ``Hash.hash_matrices``. Without the compiler rows of all widths are absorbed side by side."""
        matrices = [(_matrix("rows", rows), domain) for rows, domain in matrices]
        digests = [np.empty((len(rows), DIGEST_WORDS), np.uint64) for rows, _ in matrices]
        portable = self.engine is Engine.PORTABLE
        many = [number for number, (rows, _) in enumerate(matrices) if portable and len(rows) > self.few_rows]
        few = [number for number in range(len(matrices)) if number not in many]
        for number, made in zip(few, super().hash_matrices([matrices[number] for number in few]), strict=True):
            digests[number] = made
        many.sort(key=lambda number: -matrices[number][0].shape[1])
        for batch in _batches(sum(len(digests[number]) for number in many)):
            parts, before = [], 0
            for number in many:
                rows, domain = matrices[number]
                at = slice(max(batch.start - before, 0), max(batch.stop - before, 0))
                if len(rows[at]):
                    parts.append((rows[at], domain, digests[number][at]))
                before += len(rows)
            self._run_ragged(parts)
        return digests

    def compress(self, left: Words, right: Words, domain: str) -> Words:
        """See ``Hash.compress``: one permutation a pair."""
        left, right = _matrix("left", left, DIGEST_WORDS), _matrix("right", right, DIGEST_WORDS)
        if len(left) != len(right):
            raise ValueError(f"compress takes as many left as right digests, got {len(left)} and {len(right)}")
        pieces = [
            _Piece(left, 0, DIGEST_WORDS, self.rate_start),
            _Piece(right, 0, DIGEST_WORDS, self.rate_start + DIGEST_WORDS),
        ]
        return self._digests([pieces], len(left), 2 * DIGEST_WORDS, domain)

    def _digests(self, chunks: list[list[_Piece]], count: int, length: int, domain: str) -> Words:
        state = [0] * WIDTH
        state[self.capacity_start : self.capacity_start + 4] = [length, *domain_words(domain)]
        return self._run(chunks, state, self.rate_start, np.empty((count, DIGEST_WORDS), np.uint64))

    def _run(self, chunks: list[list[_Piece]], initial: list[int], position: int, result: Words) -> Words:
        """From the initial state, write each chunk and permute; the elements from ``position`` on are the result."""
        count = len(result)
        if self.engine is Engine.COMPILED:
            self._run_lanes(chunks, initial, position, result)
        elif count <= self.few_rows:
            self._run_integers(chunks, initial, position, result)
        else:
            for part in _batches(count):
                self._run_arrays(chunks, initial, position, result, part)
        return result

    def _run_integers(self, chunks: list[list[_Piece]], initial: list[int], position: int, result: Words) -> None:
        states = [list(initial) for _ in result]
        for pieces in chunks:
            fill = _zero_fill(pieces)
            for piece in pieces:
                words = piece.rows[:, piece.first_column : piece.first_column + piece.columns].tolist()
                for state, row in zip(states, words, strict=True):
                    state[piece.position : piece.position + piece.columns] = row
            for state in states:
                state[fill] = [0] * (fill.stop - fill.start)
                state[:] = self._permute_integers(state)
        for index, state in enumerate(states):
            result[index] = state[position : position + result.shape[1]]

    def _run_arrays(
        self, chunks: list[list[_Piece]], initial: list[int], position: int, result: Words, part: slice
    ) -> None:
        states = States(part.stop - part.start)
        words = states.words
        words[...] = np.array(initial, np.uint64)[:, None]
        for pieces in chunks:
            words[_zero_fill(pieces)] = 0
            for piece in pieces:
                columns = piece.rows[part, piece.first_column : piece.first_column + piece.columns]
                words[piece.position : piece.position + piece.columns] = columns.T
            self._permute_arrays(states)
        result[part] = canonical(words[position : position + result.shape[1]]).T

    def _run_ragged(self, parts: Sequence[tuple[Words, str, Words]]) -> None:
        """Hash one batch of rows, the widest first, into their digests: ``(rows, domain, digests)``.

        All absorb in step, and rows that have been absorbed leave the batch.
        """
        ends = np.cumsum([len(rows) for rows, _, _ in parts]).tolist()
        places = [slice(end - len(rows), end) for end, (rows, _, _) in zip(ends, parts, strict=True)]
        chunks = [max(-(-rows.shape[1] // RATE), 1) for rows, _, _ in parts]
        padded = np.zeros((ends[-1], RATE * chunks[0]), np.uint64)
        states = States(ends[-1])
        states.words[...] = 0
        for (rows, domain, _), at in zip(parts, places, strict=True):
            padded[at, : rows.shape[1]] = rows
            capacity = np.array([rows.shape[1], *domain_words(domain)], np.uint64)
            states.words[self.capacity_start : self.capacity_start + 4, at] = capacity[:, None]
        rate = slice(self.rate_start, self.rate_start + RATE)
        for chunk in range(chunks[0]):
            count = max(end for end, last in zip(ends, chunks, strict=True) if last > chunk)
            if count < states.words.shape[1]:
                before, states = states, States(count)
                states.words[...] = before.words[:, :count]
            states.words[rate] = padded[:count, RATE * chunk : RATE * (chunk + 1)].T
            self._permute_arrays(states)
            for (_, _, digests), at, last in zip(parts, places, chunks, strict=True):
                if last == chunk + 1:
                    digests[...] = canonical(states.words[rate, at][:DIGEST_WORDS]).T

    def _run_lanes(self, chunks: list[list[_Piece]], initial: list[int], position: int, result: Words) -> None:
        from polyproof_goldilocks.sponges.blocks import LANES, load, store

        permute = _checked_kernel(type(self))
        start_state = np.array(initial, np.uint64)[:, None]

        def run(start: int, stop: int) -> None:
            count = stop - start
            states = np.empty((-(-count // LANES), WIDTH, LANES), np.uint64)
            states[...] = start_state
            for pieces in chunks:
                states[:, _zero_fill(pieces)] = 0
                for piece in pieces:
                    load(states, piece.position, piece.rows, start, count, piece.first_column, piece.columns)
                permute(states)
            store(states, position, result, start, count)

        share = -(-len(result) // thread_count())
        for_blocks(run, len(result), min(max(-(-share // LANES) * LANES, _LEAST_ROWS), _MOST_ROWS))


@cache
def _checked_kernel(hash: type[Sponge]) -> Callable[[Words], None]:
    """The compiled permutation, compared once a process with plain integers: a faulty compiler makes no digest."""
    from polyproof_goldilocks.sponges.blocks import LANES

    kernel, constants = hash._lanes_kernel()
    words = np.arange(WIDTH * LANES, dtype=np.uint64) * np.uint64(0x9E37_79B9_7F4A_7C15)
    given = words.reshape(1, WIDTH, LANES)
    states = given.copy()
    kernel(states, *constants)
    for lane in (0, LANES // 2, LANES - 1):
        expected = hash._permute_integers([int(word) for word in given[0, :, lane]])
        if [int(word) % MODULUS for word in states[0, :, lane]] != expected:
            raise PluginError(
                f"the compiled kernel of {hash.name} disagrees with its plain form: a fault of this Numba or this CPU;"
                " the portable engine computes the same hash"
            )
    return lambda states: kernel(states, *constants)


def _batches(count: int) -> list[slice]:
    """As few batches as numpy takes so many rows in, all of about the same length."""
    rows = -(-count // max(-(-count // _PORTABLE_ROWS), 1))
    return [slice(start, min(start + rows, count)) for start in range(0, count, rows)] if count else []


def _zero_fill(pieces: Sequence[_Piece]) -> slice:
    """The elements of the rate that a short chunk does not reach."""
    end = pieces[-1].position + pieces[-1].columns
    written = sum(piece.columns for piece in pieces)
    return slice(end, end + max(RATE - written, 0))


def _matrix(name: str, array: Words, columns: int | None = None) -> Words:
    """The argument as an aligned ``uint64`` matrix, without a copy if it is one."""
    if array.ndim != 2 or (columns is not None and array.shape[1] != columns):
        expected = "(n, columns)" if columns is None else f"(n, {columns})"
        raise ValueError(f"{name} has shape {array.shape}, not {expected}")
    if array.dtype.kind != "u":
        raise TypeError(f"{name} has dtype {array.dtype}, not uint64")
    return np.require(array, np.uint64, ["ALIGNED"])
