"""What every balance provider must do, in front of an honest sidecar and of hostile ones."""

import json
import re
from pathlib import Path

import pytest
from attrs import evolve
from polyproof_sidecar import Sidecar, SidecarOptions

from polyproof.balances import Pin, Question
from polyproof.registry import default_registry
from polyproof.testing.balances import ServedBalanceSuite
from polyproof.testing.servers import Reply

PIN = Pin(chain="polkadot", height=28_000_000, block="0x" + "ab" * 32)
ALICE = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"
BOB = "14E5nqKAp3oAJcmzgZhUD2RcptBeUBScxKHgJKU4HPNcKVf3"
FREE = {ALICE: "12345678901", BOB: "70000000000"}
COIN = 10**36


def sidecar(pin=PIN, coin="DOT"):
    """A server that knows two accounts at one block."""

    def respond(request):
        asked = re.fullmatch(r"/accounts/(\w+)/balance-info\?at=(\w+)", request.path)
        if not asked or asked[1] not in FREE or asked[2] != pin.block:
            return Reply(b'{"code": 404, "message": "not found"}', 404)
        at = {"hash": pin.block, "height": str(pin.height)}
        found = {"at": at, "nonce": "7", "tokenSymbol": coin, "free": FREE[asked[1]], "reserved": "5", "locks": []}
        return Reply(json.dumps(found).encode())

    return respond


class TestSidecar(ServedBalanceSuite):
    """The conformance suite."""

    @pytest.fixture
    def pin(self):
        """The snapshot's block."""
        return PIN

    @pytest.fixture
    def held(self):
        """Ten decimals."""
        return {Question("DOT", "polkadot", who): (int(FREE[who]) + 5) * COIN // 10**10 for who in (BOB, ALICE)}

    @pytest.fixture
    def respond(self):
        """Honest."""
        return sidecar()

    @pytest.fixture
    def elsewhere(self):
        """Honest, but not here."""
        return {"Kusama": sidecar(coin="KSM"), "a later block": sidecar(evolve(PIN, block="0x" + "cd" * 32))}

    @pytest.fixture
    def connect(self):
        """Impatient."""

        def connect(url):
            options = SidecarOptions(url=url, timeout=0.3, attempts=2, backoff=0.0, max_response_bytes=1 << 20)
            provider = Sidecar(options, default_registry())
            provider.open(Path())
            return provider

        return connect
