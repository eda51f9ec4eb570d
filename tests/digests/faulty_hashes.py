"""A hash with one fault each, and the suite on it; ``test_hash_suite`` runs what must fail."""

from __future__ import annotations

import numpy as np
import pytest

from polyproof.engine import Engine
from polyproof.testing.hash import HashSuite, MakeHash
from references.hashlib_hash import HashlibHash


class Faulty(HashSuite):
    """The suite; a subclass says which hash it is on."""

    under_test: type[HashlibHash]

    @pytest.fixture
    def make(self) -> MakeHash:
        return self.under_test


class TestLengthIsNotBound(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            padded = np.zeros((len(rows), max(128, rows.shape[1])), np.uint64)
            padded[:, : rows.shape[1]] = rows
            return super().hash_rows(padded, domain)


class TestDomainIsIgnored(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            return super().hash_rows(rows, "any")


class TestDomainIsCut(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            return super().hash_rows(rows, domain[:7])


class TestDomainIsNotChecked(Faulty):
    class under_test(HashlibHash):
        pass


class TestDependsOnTheBatch(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            digests = super().hash_rows(rows, domain)
            return digests ^ np.uint64(len(rows) > 32)


class TestEnginesDiffer(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            if self.engine is Engine.COMPILED and len(rows) > 64:
                rows = rows[:, ::-1]
            return super().hash_rows(rows, domain)


class TestInstancesDiffer(Faulty):
    class under_test(HashlibHash):
        def __init__(self, engine=Engine.PORTABLE):
            super().__init__(engine)
            self.salt = np.random.default_rng().integers(0, 2**63, dtype=np.uint64)

        def hash_rows(self, rows, domain):
            return super().hash_rows(rows, domain) ^ self.salt


class TestMemoryIsReadAsItLies(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            return super().hash_rows(np.asarray(rows).ravel(order="K").reshape(rows.shape), domain)


class TestInputIsOverwritten(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            digests = super().hash_rows(rows, domain)
            if rows.shape[1] >= 4:
                rows[:, :4] = digests
            return digests


class TestHighBitsAreLost(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            return super().hash_rows(np.asarray(rows) & np.uint64(2**56 - 1), domain)


class TestNodesAreHashedAnotherWay(Faulty):
    class under_test(HashlibHash):
        def compress(self, left, right, domain):
            return super().compress(right, left, domain)


class TestOrderOfChildrenIsLost(Faulty):
    class under_test(HashlibHash):
        def compress(self, left, right, domain):
            return super().compress(np.minimum(left, right), np.maximum(left, right), domain)


class TestBitsAreNotBalanced(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            return super().hash_rows(rows, domain) | np.uint64(1 << 17)


class TestMessagesWithoutTheirLength(Faulty):
    class under_test(HashlibHash):
        def hash_messages(self, messages, domain):
            longest = max((len(message) for message in messages), default=0)
            return super().hash_messages([message.ljust(longest, b"\0") for message in messages], domain)


class TestMessagesLoseTheirOrder(Faulty):
    class under_test(HashlibHash):
        def hash_messages(self, messages, domain):
            return super().hash_messages(sorted(messages, key=len), domain)


class TestDigestsOfAnyLength(Faulty):
    class under_test(HashlibHash):
        def decode_digests(self, data, count):
            return super().decode_digests(data[: 32 * count].ljust(32 * count, b"\0"), count)


class TestWordsAboveTheBound(Faulty):
    class under_test(HashlibHash):
        word_bound = 2**63

        def decode_digests(self, data, count):
            return np.frombuffer(data, "<u8").astype(np.uint64).reshape(count, 4)


class TestBoundTooLow(Faulty):
    class under_test(HashlibHash):
        word_bound = 2**40


class TestShortDigests(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            return super().hash_rows(rows, domain)[:, :3]


class TestDigestsAreEncodedBigEndian(Faulty):
    class under_test(HashlibHash):
        def encode_digests(self, digests):
            return np.ascontiguousarray(digests, ">u8").tobytes()


class TestTranscriptsDiffer(Faulty):
    class under_test(HashlibHash):
        def hash_rows(self, rows, domain):
            return super().hash_rows(rows, domain if len(rows) > 1 else f"{domain}{self.engine.value[0]}")
