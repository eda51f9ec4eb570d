"""The grand sum passes the suite of backends: its cheats on logarithms at once, all of it and on the curve if asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyproof.testing.audited_backend import AuditedBackend
from polyproof.testing.backend import BackendSuite
from polyproof.testing.backend_cheats import BackendCheatsSuite
from polyproof.testing.exchange import OneSegment
from polyproof.toolkit.private_state import AccountIndex
from polyproof_kzg.construction import Secrets
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
