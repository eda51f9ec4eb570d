"""What every source must do."""

import pytest
from polyproof_cold_list import HEADER, ColdList

from polyproof.registry import default_registry
from polyproof.source import FileOptions
from polyproof.testing.source import SourceSuite


class TestColdList(SourceSuite):
    """The conformance suite."""

    file_name = "cold.csv"
    asset = "USDT"
    closed = False  # a list that lacks its last lines looks whole

    @pytest.fixture
    def source(self):
        """With the options that a spec would give."""
        return ColdList(FileOptions(path=("cold.csv",)), default_registry())

    @pytest.fixture
    def write(self):
        """A line for each holding."""

        def write(holdings):
            lines = [f"Tether,Tron,{address},{amount},0x01" for address, amount in holdings]
            return "".join(f"{line}\n" for line in [HEADER, *lines]).encode()

        return write

    @pytest.fixture
    def wrong(self):
        """Files with one fault, and the row it is in."""
        good = "Tether,Tron,T1,5,0x01"
        return [
            (f"{HEADER}\n{good}\nTether,Tron,T2\n{good}\n".encode(), 2),
            (f"{HEADER}\n{good}\nTether,Tron,T2,1,000,0x01\n".encode(), 2),
            (f"{good}\n".encode(), None),
        ]
