"""The conformance suite on somebody else's field: what it asks is asked of any field, not of Goldilocks."""

from __future__ import annotations

import pytest
from polyproof_koalabear import KoalaBear

from polyproof.testing.field import FieldSuite


class TestKoalaBear(FieldSuite):
    @pytest.fixture
    def field(self):
        return KoalaBear()
