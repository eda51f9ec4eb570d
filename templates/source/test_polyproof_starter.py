"""What every source must do."""

import pytest
from polyproof_starter import StarterSource

from polyproof.registry import default_registry
from polyproof.source import FileOptions
from polyproof.testing.source import SourceSuite


class TestStarterSource(SourceSuite):
    """The conformance suite of polyproof."""

    file_name = "wallets.txt"
    asset = "BTC"
    closed = True  # YOURS: False if a file does not mark its end, so that nobody can see that it was cut off

    @pytest.fixture
    def source(self):
        """With the options that a spec would give."""
        return StarterSource(FileOptions(path=("wallets.txt",)), default_registry())

    @pytest.fixture
    def write(self):
        """YOURS: the bytes of a file with these holdings."""

        def write(holdings):
            lines = [f"BTC bitcoin {address} {amount} signature" for address, amount in holdings]
            return "".join(f"{line}\n" for line in [*lines, f"= {len(holdings)}"]).encode()

        return write

    @pytest.fixture
    def wrong(self):
        """YOURS: files with one fault each, and the row that it is in."""
        return [
            (b"BTC bitcoin bc1 1\nBTC bitcoin bc2\n= 2\n", 2),
            (b"BTC bitcoin bc1 1 a b\n= 1\n", 1),
            (b"BTC bitcoin bc1 1\n", None),
        ]
