"""What every ledger format must do."""

import pytest
from polyproof_tab_ledger import TabLedger

from polyproof.testing.ledger import LedgerSuite


class TestTabLedger(LedgerSuite):
    """The conformance suite."""

    @pytest.fixture
    def ledger(self):
        """Constructed without arguments."""
        return TabLedger()

    @pytest.fixture
    def write(self):
        """A line for the currencies, one for each customer, and one for their number."""

        def write(accounts):
            assets = sorted({asset for _, owed in accounts for asset in owed})
            lines = ["\t".join(["customer", *assets])]
            lines += ["\t".join([name, *(owed.get(asset, "0") for asset in assets)]) for name, owed in accounts]
            return "".join(f"{line}\n" for line in [*lines, f"#\t{len(accounts)}"]).encode()

        return write

    @pytest.fixture
    def wrong(self):
        """Files with one fault, and the row it is in."""
        return [
            (b"customer\tBTC\nalice\t1\nbob\ncarol\t1\n#\t3\n", 2),
            (b"customer\tBTC\nalice\t1\nbob\t1\n", None),
            (b"alice\t1\n", None),
        ]
