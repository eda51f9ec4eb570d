"""Poseidon2 over BabyBear, width 24, rate 16: Horizen Labs' permutation, in a sponge as those over Goldilocks are.

Grassi, Khovratovich, Schofnegger, eprint 2023/323; parameters are derived in ``polyproof.toolkit.poseidon2_parameters``
and are those of github.com/HorizenLabs/poseidon2, ``poseidon2_instance_babybear.rs`` (t = 24, α = 7, 8 full and 21
partial rounds).

A state has 24 elements, sixteen of rate and eight of capacity. Hashing a row of n words under a domain starts from
zero, with n and the seven words of the domain in the capacity. The row is absorbed sixteen words at a time in overwrite
mode: the words replace the rate, a last chunk that is shorter is filled up with zeros, and after each chunk the state
is permuted; an empty row is one permutation. The digest is the first eight elements. Overwrite mode is as secure as
the sponge (Bertoni, Daemen, Peeters, Van Assche: Duplexing the sponge, 2011). Capacity and digest have 8·log2(p) =
247.2 bits, half of which are 123.6.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from polyproof.engine import Engine, for_blocks
from polyproof.hash import Hash, Words, domain_words
from polyproof.toolkit.poseidon2_parameters import Poseidon2Parameters, poseidon2_parameters, times_external
from polyproof_babybear.constants import MODULUS

__all__ = ["Poseidon2BabyBear", "parameters"]

WIDTH, RATE, DIGEST = 24, 16, 8
FULL_ROUNDS, PARTIAL_ROUNDS = 8, 21
_P = np.uint64(MODULUS)
_FEW_ROWS = 4
"""Up to so many rows, plain integers are faster than numpy."""
_PORTABLE_ROWS = 512
"""Rows a batch of the numpy path: its buffers stay in the second-level cache."""
_COMPILED_ROWS = 1024
"""Rows a thread takes at a time."""


def parameters() -> Poseidon2Parameters:
    """Constants and internal matrix."""
    return poseidon2_parameters(MODULUS, WIDTH, FULL_ROUNDS, PARTIAL_ROUNDS)


class Poseidon2BabyBear(Hash):
    """Poseidon2 with Horizen Labs' parameters."""

    name = "poseidon2-babybear"
    word_bound = MODULUS
    digest_words = DIGEST
    collision_bits = 123

    def permute(self, states: Words) -> Words:
        """The bare permutation: states of shape ``(n, 24)`` → ``(n, 24)``, canonical."""
        return self._run(_matrix("states", states, WIDTH), [0] * WIDTH, WIDTH, WIDTH)

    def hash_rows(self, rows: Words, domain: str) -> Words:
        """See ``Hash.hash_rows``; the module's docstring defines the function."""
        rows = _matrix("rows", rows)
        initial = [0] * RATE + [rows.shape[1], *domain_words(domain, self.message_bytes())]
        return self._run(rows, initial, RATE, DIGEST)

    def compress(self, left: Words, right: Words, domain: str) -> Words:
        """See ``Hash.compress``: one permutation a pair."""
        left, right = _matrix("left", left, DIGEST), _matrix("right", right, DIGEST)
        if len(left) != len(right):
            raise ValueError(f"compress takes as many left as right digests, got {len(left)} and {len(right)}")
        return self.hash_rows(np.concatenate((left, right), axis=1), domain)

    def _run(self, rows: Words, initial: list[int], rate: int, size: int) -> Words:
        """From the initial state, write each chunk of ``rate`` words and permute: the first ``size`` elements."""
        count, columns = rows.shape
        result = np.empty((count, size), np.uint64)
        if self.engine is Engine.COMPILED:
            from polyproof_babybear import poseidon2_kernel

            start_state, table = np.array(initial, np.uint64), poseidon2_kernel.table()

            def run(start: int, stop: int) -> None:
                own = np.require(rows[start:stop], np.uint64, ("C_CONTIGUOUS", "ALIGNED", "WRITEABLE"))
                poseidon2_kernel.hash_rows(own, start_state, rate, table, result[start:stop])

            for_blocks(run, count, _COMPILED_ROWS)
        elif count <= _FEW_ROWS:
            for row, words in enumerate(rows.tolist()):
                state = list(initial)
                for first in range(0, max(columns, 1), rate):
                    chunk = words[first : first + rate]
                    state[:rate] = chunk + [0] * (rate - len(chunk))
                    state = _permute_integers(state)
                result[row] = state[:size]
        else:
            for start in range(0, count, _PORTABLE_ROWS):
                part = rows[start : start + _PORTABLE_ROWS]
                states = np.repeat(np.array(initial, np.uint64)[:, None], len(part), axis=1)
                for first in range(0, max(columns, 1), rate):
                    states[:rate] = 0
                    states[: min(rate, columns - first)] = part[:, first : first + rate].T
                    states = _permute_arrays(states)
                result[start : start + len(part)] = states[:size].T
        return result


def _matrix(what: str, words: Words, columns: int | None = None) -> Words:
    if words.ndim != 2 or words.dtype != np.uint64 or columns not in (None, words.shape[1]):
        expected = "(n, columns)" if columns is None else f"(n, {columns})"
        raise ValueError(f"{what} must be {expected} of uint64, got {words.shape} of {words.dtype}")
    return words


# Plain integers


def _full_integers(state: list[int], constants: tuple[int, ...]) -> list[int]:
    return times_external([pow(x + c, 7, MODULUS) for x, c in zip(state, constants, strict=True)])


def _permute_integers(state: list[int]) -> list[int]:
    own = parameters()
    state = times_external(state)
    for constants in own.full[: FULL_ROUNDS // 2]:
        state = _full_integers(state, constants)
    for constant in own.partial:
        state[0] = pow(state[0] + constant, 7, MODULUS)
        total = sum(state)
        state = [(x * d + total) % MODULUS for x, d in zip(state, own.diagonal, strict=True)]
    for constants in own.full[FULL_ROUNDS // 2 :]:
        state = _full_integers(state, constants)
    return [x % MODULUS for x in state]


# numpy


@cache
def _columns() -> tuple[Words, Words, Words]:
    """Constants of the full rounds, ``(8, 24, 1)``, of the partial ones and the diagonal, ``(24, 1)``."""
    own = parameters()
    full, diagonal = np.array(own.full, np.uint64), np.array(own.diagonal, np.uint64)
    return full[:, :, None], np.array(own.partial, np.uint64), diagonal[:, None]


def _external_arrays(x: Words) -> Words:
    """The external matrix on states ``(24, n)``; not reduced."""
    x = x.reshape(WIDTH // 4, 4, -1)
    a, b, c, d = x[:, 0], x[:, 1], x[:, 2], x[:, 3]
    one, two = np.uint64(1), np.uint64(2)
    ab, cd = a + b, c + d
    p, q = (b << one) + cd, (d << one) + ab
    r, s = (cd << two) + q, (ab << two) + p
    blocks = np.stack((q + s, s, p + r, r), axis=1)
    mixed: Words = blocks + blocks.sum(axis=0)
    return mixed.reshape(WIDTH, -1)


def _seventh_power(x: Words) -> Words:
    """x^7 of words below 2^64, canonical."""
    x = x % _P
    square = x * x % _P
    seventh: Words = (square * square % _P) * (square * x % _P) % _P
    return seventh


def _permute_arrays(states: Words) -> Words:
    full, partial, diagonal = _columns()
    states = _external_arrays(states)
    for constants in full[: FULL_ROUNDS // 2]:
        states = _external_arrays(_seventh_power(states + constants))
    for constant in partial:
        states[0] = _seventh_power(states[0] + constant)
        # Elements are below 2^39 once, and then below 2^31; so are the products below 2^64.
        states = states % _P
        states = (states * diagonal + states.sum(axis=0)) % _P
    for constants in full[FULL_ROUNDS // 2 :]:
        states = _external_arrays(_seventh_power(states + constants))
    return states % _P
