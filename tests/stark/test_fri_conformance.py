"""The polynomial commitment that comes with polyproof passes the suite that strangers get."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from polyproof_koalabear import KoalaBear

from polyproof.engine import Engine
from polyproof.registry import default_registry
from polyproof.testing.polynomial_commitment import PolynomialCommitmentSuite
from polyproof_stark.commitment import FriCommitment
from references.hashlib_hash import HashlibHash
from stark.cheats import TruncatingTest

HASH = HashlibHash()
TREE = default_registry().create("commitment", "merkle", HASH, leaf_domain="fri/rows")


class GoesOn(FriCommitment):
    """Sends what fits of a final polynomial that is too long."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        test = self.test
        self.test = TruncatingTest(test.extension, test.folding, test.domain, test.queries, test.grinding)


class FalseValues(GoesOn):
    """Claims one more than the true value, and believes it."""

    def _absorb_values(self, transcript, points, values):
        values[1][0][2, 0] = self.field.add(values[1][0][2, 0], 1)
        return super()._absorb_values(transcript, points, values)


class HighDegree(GoesOn):
    """Commits to columns that agree with the honest ones on ⟨ω_n⟩ and are of degree 2n − 1, and opens those."""

    def commit(self, values):
        state = super().commit(values)
        coefficients = np.concatenate((state.coefficients, np.zeros_like(state.coefficients)))
        # X^n − 1 vanishes on ⟨ω_n⟩.
        coefficients[-1, 0], coefficients[self.size - 1, 0] = 1, self.field.subtract(coefficients[self.size - 1, 0], 1)
        extended = self.field.extend(coefficients, self.test.domain.size, self.test.domain.shift)
        tree = self.tree.commit(extended)
        return evolve(state, coefficients=coefficients, extended=extended, tree=tree, root=tree.root)


class Fri(PolynomialCommitmentSuite):
    """The suite, over a field."""

    field: object
    degree: int

    def of(self, cls, size):
        return cls(self.field, HASH, TREE, size=size, extension=self.degree, queries=8, grinding=2)

    @pytest.fixture
    def hash(self):
        return HASH

    @pytest.fixture
    def make(self):
        return lambda size: self.of(FriCommitment, size)

    @pytest.fixture
    def dishonest(self):
        return [self.of(cls, self.size) for cls in (FalseValues, HighDegree)]


class TestFri(Fri):
    field = default_registry().create("field", "goldilocks", Engine.COMPILED)
    degree = 2


class TestFriForVerifiers(Fri):
    field = default_registry().create("field", "goldilocks", Engine.PORTABLE)
    degree = 3


class TestFriOverKoalaBear(Fri):
    field = KoalaBear()
    degree = 4
