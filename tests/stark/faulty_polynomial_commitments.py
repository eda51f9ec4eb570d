"""FRI with one fault each, and the suite on it; ``test_fri_suite`` runs what must fail."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from polyproof.errors import ProofRejected
from polyproof.transcript import Transcript
from polyproof_stark.commitment import FriCommitment
from polyproof_stark.low_degree import LowDegreeTest
from stark.test_fri_conformance import HASH, FalseValues, Fri, HighDegree, TestFri

__all__ = ["HASH"]

COUNTER = itertools.count()


class Faulty(Fri):
    """The suite; a subclass says which scheme it is on, and which prover cheats."""

    field = TestFri.field
    degree = 2
    under_test: type[FriCommitment] = FriCommitment
    cheat: type[FriCommitment] = FalseValues

    @pytest.fixture
    def make(self):
        return lambda size: self.of(self.under_test, size)

    @pytest.fixture
    def dishonest(self):
        return [self.of(self.cheat, self.size)]


class Unchecked(FriCommitment):
    """Folds are not followed to the final polynomial."""

    def __init__(self, *arguments, **options):
        class Test(LowDegreeTest):
            def check(self, *arguments):
                pass

        super().__init__(*arguments, **options)
        test = self.test
        self.test = Test(test.extension, test.folding, test.domain, test.queries, test.grinding)


class TestFalseValuesPass(Faulty):
    under_test = Unchecked


class TestHighDegreePasses(Faulty):
    under_test = Unchecked
    cheat = HighDegree


class TestTreesAreNotChecked(Faulty):
    class under_test(FriCommitment):
        def __init__(self, field, hash, tree, **options):
            super().__init__(
                field, hash, type("Lenient", (type(tree),), {"verify_many": lambda *_: None})(hash), **options
            )


class TestRootsAreNotAbsorbed(Faulty):
    class under_test(FriCommitment):
        def _absorb_statement(self, transcript, roots, widths):
            super()._absorb_statement(transcript, [], widths)


class TestPointsAreNotAbsorbed(Faulty):
    class under_test(FriCommitment):
        def _absorb_values(self, transcript, points, values):
            return super()._absorb_values(transcript, [], values)


class TestValuesAreNotAbsorbed(Faulty):
    class under_test(FriCommitment):
        def _absorb_values(self, transcript, points, values):
            return super()._absorb_values(transcript, points, [])


class TestTranscriptOfItsOwn(Faulty):
    class under_test(FriCommitment):
        def open(self, states, points, transcript):
            return super().open(states, points, Transcript(self.hash, "own"))

        def verify(self, commitments, points, opening, transcript):
            super().verify(commitments, points, opening, Transcript(self.hash, "own"))


class TestVerifierSaysMore(Faulty):
    class under_test(FriCommitment):
        def verify(self, commitments, points, opening, transcript):
            super().verify(commitments, points, opening, transcript)
            transcript.absorb_text("goodbye", "goodbye")


class TestVerifierWavers(Faulty):
    class under_test(FriCommitment):
        def verify(self, commitments, points, opening, transcript):
            super().verify(commitments, points, opening, transcript)
            transcript.absorb_integers("count", next(COUNTER))


class TestSaltedRoots(Faulty):
    class under_test(FriCommitment):
        def commit(self, values):
            salt = np.full((len(values), 1), next(COUNTER), np.uint64)
            return super().commit(np.concatenate((values, salt), axis=1))


class TestValuesOfAnotherOrder(Faulty):
    class under_test(FriCommitment):
        def read(self, data, widths, points, **known):
            opening = super().read(data, widths, points, **known)
            for of_state in opening.values:
                for values in of_state:
                    values[:] = values[::-1].copy()
            return opening

        def verify(self, commitments, points, opening, transcript):
            for of_state in opening.values:
                for values in of_state:
                    values[:] = values[::-1].copy()
            super().verify(commitments, points, opening, transcript)
            for of_state in opening.values:
                for values in of_state:
                    values[:] = values[::-1].copy()


class TestBytesAfterTheEnd(Faulty):
    class under_test(FriCommitment):
        def read(self, data, widths, points, **known):
            while True:
                try:
                    return super().read(data, widths, points, **known)
                except ProofRejected as error:
                    if error.check != "trailing-bytes":
                        raise
                    data = data[:-1]


class TestHostileBytesCrash(Faulty):
    class under_test(FriCommitment):
        def read(self, data, widths, points, **known):
            try:
                return super().read(data, widths, points, **known)
            except ProofRejected as error:
                raise IndexError(str(error)) from error


class TestShortColumns(Faulty):
    class under_test(FriCommitment):
        def commit(self, values):
            padded = np.zeros((self.size, values.shape[1]), np.uint64)
            padded[: len(values)] = values[: self.size]
            return super().commit(padded)


class TestPointsOfTheBaseField(Faulty):
    class under_test(FriCommitment):
        def _points(self, points):
            return [np.asarray(point, np.uint64) for point in points]


class TestMissingRoots(Faulty):
    class under_test(FriCommitment):
        def verify(self, commitments, points, opening, transcript):
            if len(commitments) < len(opening.values):
                return
            super().verify(commitments, points, opening, transcript)
