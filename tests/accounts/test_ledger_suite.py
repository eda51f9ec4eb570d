"""The conformance suite of ledger formats, passed by the one that comes with polyproof."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from polyproof.ledger import LedgerFormat
from polyproof.testing.ledger import Accounts, LedgerSuite, Write
from polyproof_okx.ledger_json import OkxJson


class TestOkxJson(LedgerSuite):
    @pytest.fixture
    def ledger(self) -> LedgerFormat:
        return OkxJson()

    @pytest.fixture(params=[None, 4], ids=["one line", "indented"])
    def write(self, request: pytest.FixtureRequest) -> Write:
        def write(accounts: Accounts) -> bytes:
            batch = [{"id": name, "assets": dict(amounts)} for name, amounts in accounts]
            return json.dumps(batch, indent=request.param, ensure_ascii=False).encode()

        return write

    @pytest.fixture
    def wrong(self) -> Sequence[tuple[bytes, int | None]]:
        good = '{"id": "a", "assets": {"BTC": "1"}}'
        second = ('"b"', "null", "{}", '{"id": [], "assets": {}}', '{"id": "b"}', '{"id": "b", "assets": []}')
        wrong: list[tuple[bytes, int | None]] = [(f"[{good},{item},{good}]".encode(), 2) for item in second]
        return [*wrong, (b'[{"id": "b", "id": "c", "assets": {}}]', 1), (f"[{good}".encode(), None), (b"{}", None)]
