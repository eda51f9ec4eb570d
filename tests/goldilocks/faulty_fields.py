"""KoalaBear with one fault each, and the suite on it; ``test_field_suite`` runs what must fail."""

from __future__ import annotations

import numpy as np
import pytest
from polyproof_koalabear import KoalaBear, P

from polyproof.errors import ProofRejected
from polyproof.testing.field import FieldSuite
from polyproof.toolkit.extension import BinomialExtension


class Faulty(FieldSuite):
    """The suite; a subclass says which field it is on."""

    under_test: type[KoalaBear]

    @pytest.fixture
    def field(self) -> KoalaBear:
        return self.under_test()


class Changed(BinomialExtension):
    """An extension made past the checks of its constructor, or with a method changed."""


class TestModulusIsNoPrime(Faulty):
    class under_test(KoalaBear):
        modulus = 3215031751
        """The least composite that passes to the bases 2, 3, 5 and 7."""


class TestGeneratorOfASubgroup(Faulty):
    class under_test(KoalaBear):
        generator = 31**3 % P


class TestSumsAreNotReduced(Faulty):
    class under_test(KoalaBear):
        def add(self, a, b):
            return np.asarray(a, np.uint64) + np.asarray(b, np.uint64)


class TestOperandIsOverwritten(Faulty):
    class under_test(KoalaBear):
        def add(self, a, b):
            result = super().add(a, b)
            if isinstance(a, np.ndarray) and a.shape == np.shape(result) and a.flags.writeable:
                a[...] = result
            return result


class TestZeroIsItsOwnInverse(Faulty):
    class under_test(KoalaBear):
        def inverse(self, a):
            return self.power(a, P - 2)


class TestErrorSaysNoPlace(Faulty):
    class under_test(KoalaBear):
        def inverse(self, a):
            try:
                return super().inverse(a)
            except Exception as error:
                raise type(error)("zero has no inverse") from error


class TestSumsOfThirtyTwoBits(Faulty):
    class under_test(KoalaBear):
        def sum(self, a, axis=0):
            return np.asarray(a, np.uint64).astype(np.uint32).sum(axis=axis, dtype=np.uint32).astype(np.uint64) % P


class TestRootsThatDoNotFitOneAnother(Faulty):
    class under_test(KoalaBear):
        def root_of_unity(self, order):
            root = super().root_of_unity(order)
            return pow(root, 3, P) if order == 64 else root


class TestBitReversedOrder(Faulty):
    class under_test(KoalaBear):
        def forward(self, coefficients, shift=1):
            values = super().forward(coefficients, shift)
            bits = len(values).bit_length() - 1
            order = [int(f"{k:0{bits}b}"[::-1], 2) if bits else 0 for k in range(len(values))]
            return values[order]


class TestShiftIsForgotten(Faulty):
    class under_test(KoalaBear):
        def inverse_transform(self, values, shift=1):
            return super().inverse_transform(values)


class TestCosetIsTheSubgroup(Faulty):
    class under_test(KoalaBear):
        def coset_lde(self, values, blowup, shift=None, out=None):
            return super().coset_lde(values, blowup, 1 if shift is None else shift, out)


class TestWritesIntoWhatItHeld(Faulty):
    class under_test(KoalaBear):
        def coset_lde(self, values, blowup, shift=None, out=None):
            extended = super().coset_lde(values, blowup, shift)
            if out is None:
                return extended
            out[1:] = extended[1:]
            return out


class TestNoMatrixWithoutColumns(Faulty):
    class under_test(KoalaBear):
        def extend(self, coefficients, size, shift):
            assert coefficients.shape[1]
            return super().extend(coefficients, size, shift)


class TestValuesFromTheModulusOnAreRead(Faulty):
    class under_test(KoalaBear):
        def decode(self, data, shape):
            if len(data) != 4 * int(np.prod(shape, dtype=int)):
                raise ProofRejected("element-length", "wrong length")
            return np.frombuffer(data, "<u4").astype(np.uint64).reshape(shape) % P


class TestLengthIsNotChecked(Faulty):
    class under_test(KoalaBear):
        def decode(self, data, shape):
            return super().decode(data[: 4 * int(np.prod(shape, dtype=int))], shape)


class TestRandomBits(Faulty):
    class under_test(KoalaBear):
        def random(self, shape):
            return np.random.default_rng().integers(0, 2**28, shape, np.uint64)


class TestSeededRandomness(Faulty):
    class under_test(KoalaBear):
        def random(self, shape):
            return np.random.default_rng(0).integers(0, P, shape, np.uint64)


class TestReducibleExtension(Faulty):
    class under_test(KoalaBear):
        def extension(self, degree):
            made = super().extension(degree)
            made.nonresidue = pow(31, degree, P)
            return made


class TestExtensionMultipliesCoefficients(Faulty):
    class under_test(KoalaBear):
        def extension(self, degree):
            class Extension(BinomialExtension):
                def multiply(self, a, b):
                    return self.field.multiply(a, b)

            super().extension(degree)
            return Extension(self, degree, 31)


class TestScalesTheConstantOnly(Faulty):
    class under_test(KoalaBear):
        def extension(self, degree):
            class Extension(BinomialExtension):
                def scale(self, a, b):
                    result = np.array(a)
                    result[..., 0] = self.field.multiply(result[..., 0], b)
                    return result

            super().extension(degree)
            return Extension(self, degree, 31)


class TestDotForgetsTheLastColumn(Faulty):
    class under_test(KoalaBear):
        def extension(self, degree):
            class Extension(BinomialExtension):
                def dot(self, base, weights):
                    return super().dot(base[..., :-1], weights[:-1])

            super().extension(degree)
            return Extension(self, degree, 31)


class TestCombinesWithoutTheLastRow(Faulty):
    class under_test(KoalaBear):
        def extension(self, degree):
            class Extension(BinomialExtension):
                def combine(self, base, weights):
                    kept = len(base) - (len(base) > 6)
                    return super().combine(base[:kept], weights[:kept])

            super().extension(degree)
            return Extension(self, degree, 31)


class TestHelperSumsForgetTheWeights(Faulty):
    class under_test(KoalaBear):
        def extension(self, degree):
            class Extension(BinomialExtension):
                def helper_sums(self, values, size, alpha, weights):
                    def sums(base, helpers):
                        result = np.zeros((len(base), self.degree), np.uint64)
                        for group in range(len(weights)):
                            product, cofactors = self.embed(np.ones(len(base), np.uint64)), np.zeros_like(result)
                            for column in base[:, group * size : (group + 1) * size].T:
                                factor = self.subtract(alpha, self.embed(column))
                                cofactors = self.add(self.multiply(cofactors, factor), product)
                                product = self.multiply(product, factor)
                            own = self.multiply(helpers[:, group], product)
                            result = self.add(result, self.subtract(own, cofactors))
                        return result

                    return sums

            super().extension(degree)
            return Extension(self, degree, 31)


class TestOnlyAllInTheBaseFieldCounts(Faulty):
    class under_test(KoalaBear):
        def extension(self, degree):
            class Extension(BinomialExtension):
                def in_base(self, a):
                    return not bool(np.asarray(a)[..., 1:].any())

            super().extension(degree)
            return Extension(self, degree, 31)


class TestExtensionReadsAnyLength(Faulty):
    class under_test(KoalaBear):
        def extension(self, degree):
            class Extension(BinomialExtension):
                def decode(self, data, shape):
                    elements = np.frombuffer(data, "<u4").astype(np.uint64)
                    return np.resize(elements, (*shape, self.degree))

            super().extension(degree)
            return Extension(self, degree, 31)
