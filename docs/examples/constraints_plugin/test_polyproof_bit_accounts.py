"""What every system of liabilities must do, cheats and all."""

import pytest
from polyproof_bit_accounts import BitAccounts

from polyproof.model.assets import Asset
from polyproof.testing.constraints import Fault
from polyproof.testing.liabilities import LiabilitiesSystemSuite


class TestBitAccounts(LiabilitiesSystemSuite):
    """The conformance suite, with assets that are narrow enough for a field of 31 bits too."""

    assets = (Asset("EUR", 2, 24), Asset("XAU", 3, 20))

    @pytest.fixture
    def construct(self):
        """The class itself."""
        return BitAccounts

    @pytest.fixture
    def faults(self):
        """A cell, a value that is wrong there, and what the debug check says."""
        return [
            Fault("EUR.bit0", 5, 2, "EUR.bit0 is 0 or 1"),
            Fault("EUR.bit23", 63, 1, "EUR.bit23 is 0 on the last row"),
            Fault("XAU.bit19", 63, 1, "XAU.bit19 is 0 on the last row"),
            Fault("XAU.bit3", 17, 7, "XAU adds up"),
        ]
