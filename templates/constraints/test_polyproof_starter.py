"""What every constraint system of accounts must do, cheats and all."""

import pytest
from polyproof_starter import StarterSystem

from polyproof.model.assets import Asset
from polyproof.testing.constraints import Fault
from polyproof.testing.liabilities import LiabilitiesSystemSuite


class TestStarterSystem(LiabilitiesSystemSuite):
    """The conformance suite of polyproof."""

    assets = (Asset("EUR", 2, 24), Asset("XAU", 3, 16))

    @pytest.fixture
    def construct(self):
        """The class itself."""
        return StarterSystem

    @pytest.fixture
    def faults(self):
        """YOURS: for each of your constraints a cell, a value that is wrong there, and what the debug check says."""
        return [
            Fault("EUR.byte0", 5, 256, "balances are made of bytes"),
            Fault("EUR.byte2", 63, 1, "EUR.byte2 is 0 on the last row"),
            Fault("XAU.byte1", 17, 7, "XAU adds up"),
        ]
