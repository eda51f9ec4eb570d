"""What every ledger format must do."""

import pytest
from polyproof_starter import StarterLedger

from polyproof.testing.ledger import LedgerSuite


class TestStarterLedger(LedgerSuite):
    """The conformance suite of polyproof."""

    closed = True  # YOURS: False if a file does not mark its end, so that nobody can see that it was cut off

    @pytest.fixture
    def ledger(self):
        """Constructed without arguments."""
        return StarterLedger()

    @pytest.fixture
    def write(self):
        """YOURS: the bytes of a file with these accounts."""

        def write(accounts):
            lines = [" ".join([name, *(f"{asset}={held}" for asset, held in owed.items())]) for name, owed in accounts]
            return "".join(f"{line}\n" for line in [*lines, f"= {len(accounts)}"]).encode()

        return write

    @pytest.fixture
    def wrong(self):
        """YOURS: files with one fault each, and the row that it is in."""
        return [
            (b"alice BTC=1\nbob BTC\n= 2\n", 2),
            (b"alice BTC=1 BTC=2\n= 1\n", 1),
            (b"alice BTC=1\n", None),
        ]
