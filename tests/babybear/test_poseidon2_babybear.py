"""Poseidon2 over BabyBear: the conformance suite, the published vector, and the function written out once more."""

from __future__ import annotations

import numpy as np
import pytest

from polyproof.engine import Engine
from polyproof.hash import domain_words
from polyproof.testing.hash import HashSuite
from polyproof.toolkit.poseidon2_parameters import external_matrix
from polyproof_babybear.poseidon2 import Poseidon2BabyBear, parameters

P = 2**31 - 2**27 + 1


class TestPoseidon2BabyBear(HashSuite):
    @pytest.fixture
    def make(self):
        return Poseidon2BabyBear


# github.com/HorizenLabs/poseidon2 at bb476b9, plain_implementations/src/poseidon2/poseidon2.rs, kats of t = 24; the
# same stands in github.com/risc0/risc0, risc0/zkp/src/core/hash/poseidon2, poseidon2_test_vectors.
OF_0_TO_23 = (
    *(0x2ED3E23D, 0x12921FB0, 0x0E659E79, 0x61D81DC9, 0x32BAE33B, 0x62486AE3, 0x1E681B60, 0x24B91325),
    *(0x2A2EF5B9, 0x50E8593E, 0x5BC818EC, 0x10691997, 0x35A14520, 0x2BA6A3C5, 0x279D47EC, 0x55014E81),
    *(0x5953A67F, 0x2F403111, 0x6B8828FF, 0x1801301F, 0x2749207A, 0x3DC9CF21, 0x3C985BA2, 0x57A99864),
)


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("count", [1, 40])
def test_the_permutation_is_the_published_one(engine: Engine, count: int):
    states = np.tile(np.arange(24, dtype=np.uint64), (count, 1))
    assert Poseidon2BabyBear(engine).permute(states).tolist() == [list(OF_0_TO_23)] * count


def permuted(state: list[int]) -> list[int]:
    """With matrices as matrices, and integers."""
    own, matrix = parameters(), external_matrix(24)

    def external(state: list[int]) -> list[int]:
        return [sum(a * x for a, x in zip(row, state, strict=True)) % P for row in matrix]

    state = external(state)
    for number in range(8):
        if number == 4:
            for constant in own.partial:
                state[0] = pow(state[0] + constant, 7, P)
                state = [(sum(state) + d * x) % P for d, x in zip(own.diagonal, state, strict=True)]
        state = external([pow(x + c, 7, P) for x, c in zip(state, own.full[number], strict=True)])
    return state


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("columns", [0, 1, 15, 16, 17, 40])
def test_rows_are_absorbed_sixteen_words_at_a_time(engine: Engine, columns: int):
    rows = np.random.default_rng(columns).integers(0, P, (20, columns), np.uint64)
    found = Poseidon2BabyBear(engine).hash_rows(rows, "a/domain")
    for row, digest in zip(rows[:3].tolist(), found.tolist(), strict=False):
        capacity = [columns, *domain_words("a/domain", 3)]
        state = [0] * 16 + capacity
        for first in range(0, max(columns, 1), 16):
            state = permuted([*row[first : first + 16], *[0] * (16 - len(row[first : first + 16])), *state[16:]])
        assert digest == state[:8]


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("value", [0, 1, P - 1, P // 2])
def test_extreme_states(engine: Engine, value: int):
    """Sums are largest where all elements are, in the external matrix and in the internal one."""
    states = np.full((17, 24), value, np.uint64)
    assert Poseidon2BabyBear(engine).permute(states)[16].tolist() == permuted([value] * 24)
