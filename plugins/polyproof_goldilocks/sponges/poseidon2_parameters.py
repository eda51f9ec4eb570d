"""Parameters of Poseidon2 as Horizen Labs' instance has them, derived as their script derives them.

Instance: github.com/HorizenLabs/poseidon2, ``poseidon2_instance_goldilocks.rs`` (t = 12).
"""

from __future__ import annotations

from polyproof.toolkit import poseidon2_parameters as generator
from polyproof.toolkit.poseidon2_parameters import Poseidon2Parameters
from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges.integers import WIDTH

__all__ = ["FULL_ROUNDS", "PARTIAL_ROUNDS", "external_matrix", "internal_diagonal", "round_constants"]

FULL_ROUNDS = 8
"""Half of them before the partial rounds, half after."""
PARTIAL_ROUNDS = 22


def external_matrix() -> list[list[int]]:
    """The matrix of the full rounds: circ(2·M_4, M_4, M_4)."""
    return generator.external_matrix(WIDTH)


def round_constants() -> tuple[list[list[int]], list[int]]:
    """Constants of the full rounds (8 rows of twelve) and of the partial rounds (22, for the first element)."""
    found = _parameters()
    return [list(row) for row in found.full], list(found.partial)


def internal_diagonal() -> list[int]:
    """μ − 1 for the diagonal μ of the internal matrix, whose other entries are 1: y_i = (μ_i − 1)·x_i + Σ x."""
    return list(_parameters().diagonal)


def _parameters() -> Poseidon2Parameters:
    return generator.poseidon2_parameters(MODULUS, WIDTH, FULL_ROUNDS, PARTIAL_ROUNDS)
