"""The conformance suite on somebody else's field: what it asks is asked of any field, not of Goldilocks."""

from __future__ import annotations

import pytest
from polyproof_babybear import BabyBear

from polyproof.testing.field import FieldSuite


class TestBabyBear(FieldSuite):
    @pytest.fixture
    def field(self):
        return BabyBear()
