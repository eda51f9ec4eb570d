"""What the tests of the field hashes share: the three hashes, their references, awkward words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from attrs import frozen
from hypothesis import strategies as st

from polyproof_goldilocks.sponges.poseidon import Poseidon
from polyproof_goldilocks.sponges.poseidon2 import Poseidon2
from polyproof_goldilocks.sponges.rescue import RescuePrimeOptimized
from polyproof_goldilocks.sponges.sponge import Sponge
from references import goldilocks_sponges as reference
from references.goldilocks_sponges import P

MASK32 = 2**32 - 1


@frozen
class Case:
    """A hash and its reference."""

    make: type[Sponge]
    permute: reference.Permutation
    rate: range
    capacity: range

    def digest(self, words: list[int], domain: str) -> list[int]:
        return reference.sponge(self.permute, self.rate, self.capacity, words, domain)


CASES = [
    Case(Poseidon, reference.poseidon, range(8), range(8, 12)),
    Case(Poseidon2, reference.poseidon2, range(8), range(8, 12)),
    Case(RescuePrimeOptimized, reference.rescue, range(4, 12), range(4)),
]
NAMES = [case.make.name for case in CASES]

EDGES = sorted(
    {
        word
        for base in (0, 2**31, 2**32, 2**33, 2**63, P, 2**64 - 2**32, 2**64, 0xFFFFFFFF00000000, 2**48, MASK32 * MASK32)
        for word in (base - 2, base - 1, base, base + 1, base + 2)
        if 0 <= word < 2**64
    }
)
"""Words at which carries and borrows happen, non-canonical ones included."""

words = st.one_of(st.sampled_from(EDGES), st.integers(0, 2**64 - 1))
elements = st.one_of(st.sampled_from([word for word in EDGES if word < P]), st.integers(0, P - 1))


def as_words(rows: list[list[int]]) -> npt.NDArray[np.uint64]:
    return np.array(rows, np.uint64)


def repeated(state: list[int], count: int) -> npt.NDArray[np.uint64]:
    """A batch of equal states, large enough for the path that is expected."""
    return np.repeat(as_words([state]), count, axis=0)
