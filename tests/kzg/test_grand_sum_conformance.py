"""The grand sum passes the suite of backends: its cheats on logarithms at once, all of it and on the curve if asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyproof.backend import Statement
from polyproof.registry import default_registry
from polyproof.testing.audited_backend import AuditedBackend
from polyproof.testing.backend import BackendSuite
from polyproof.testing.backend_cheats import BackendCheatsSuite
from polyproof.testing.exchange import OneSegment
from polyproof.toolkit.private_state import AccountIndex
from polyproof_kzg.construction import Secrets, id_entries
from polyproof_kzg.grand_sum import GrandSumOptions


class GrandSum(AuditedBackend):
    backend_name = "grand-sum"
    options = GrandSumOptions(hash="sha256", accounts_per_segment=12)

    def secrets(self, segment: OneSegment, key: bytes) -> Iterator[bytes]:
        index, secrets = AccountIndex(segment.state), Secrets.derive(key, segment.statement)
        yield secrets.segment_key
        for row, user_id in zip(index.rows, index.ids.iterate_encoded(), strict=True):
            yield secrets.nonce(int(row), user_id)


class OnLogarithms(GrandSum):
    options = GrandSumOptions(hash="sha256", accounts_per_segment=12, commitment="kzg-logarithms")
    registry_factory = "kzg.doubles:registry"


class TestCheatsOnLogarithms(OnLogarithms, BackendCheatsSuite):
    pass


@pytest.mark.slow
class TestGrandSumOnLogarithms(OnLogarithms, BackendSuite):
    pass


@pytest.mark.slow
class TestGrandSum(GrandSum, BackendSuite):
    pass


@pytest.mark.parametrize("name", ["sha256", "poseidon2-babybear"])
def test_the_entry_of_an_account_is_its_digest_of_32_bytes_whatever_words_the_hash_has(name: str) -> None:
    """Eight words of 31 bits spread over 512 bits would be no such integer: modulo r they can coincide."""
    hash, modulus = default_registry().create("hash", name), 2**255 - 19
    before = b"\x01" + bytes(7) + b"a" + bytes(8)
    digest = hash.hash_messages([before + b"\x04" + bytes(7) + b"user" + bytes(32)], "grand-sum/account")
    statement = Statement("a", bytes(32), (), 0, 1)
    (entry,) = id_entries(hash, statement, [b"user"], [bytes(32)], modulus)
    assert entry == int.from_bytes(hash.encode_digests(digest), "little") % modulus
    assert id_entries(hash, statement, [], [], modulus) == []
