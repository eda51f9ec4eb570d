"""What every balance provider must do, in front of an honest server and of hostile ones."""

import json
import re
from pathlib import Path

import pytest
from polyproof_starter import StarterOptions, StarterProvider

from polyproof.balances import Pin, Question
from polyproof.registry import default_registry
from polyproof.testing.balances import ServedBalanceSuite
from polyproof.testing.servers import Reply

PIN = Pin(chain="starter-name", height=28_000_000, block="0x" + "ab" * 32)
HELD = {"alice1": 12345678901, "bob2": 70000000000}


class TestStarterProvider(ServedBalanceSuite):
    """The conformance suite of polyproof."""

    one_by_one = True  # YOURS: False if one request asks about several addresses

    @pytest.fixture
    def pin(self):
        """YOURS: the block of the snapshot."""
        return PIN

    @pytest.fixture
    def held(self):
        """YOURS: what accounts held then, in units of 10^-36 coin."""
        return {Question("COIN", "starter-name", who): amount * 10**28 for who, amount in HELD.items()}

    @pytest.fixture
    def respond(self):
        """YOURS: an honest server, which knows this block and these accounts and nothing else."""

        def respond(request):
            asked = re.fullmatch(r"/balance/(\w+)\?block=(\w+)", request.path)
            if not asked or asked[1] not in HELD or asked[2] != PIN.block:
                return Reply(b"not found", 404)
            found = {"address": asked[1], "block": PIN.block, "height": PIN.height, "held": str(HELD[asked[1]])}
            return Reply(json.dumps(found).encode())

        return respond

    @pytest.fixture
    def connect(self):
        """Impatient, so that the suite's hostile servers are given up soon."""

        def connect(url):
            options = StarterOptions(url=url, timeout=0.3, attempts=2, backoff=0.0, max_response_bytes=1 << 20)
            provider = StarterProvider(options, default_registry())
            provider.open(Path())
            return provider

        return connect
