"""Every way to sign, as parameters of tests."""

from __future__ import annotations

import pytest

from ownership.wallets import KEY_ONLY, PROVEN

WAYS = PROVEN | KEY_ONLY
MESSAGE = "We are the exchange; audit 2025-11"

every_way = pytest.mark.parametrize("sign", WAYS.values(), ids=list(WAYS))
DERIVED = {name: sign for name, sign in PROVEN.items() if sign(1, MESSAGE).control is None}
"""Ways in which the address comes from the key; elsewhere it is a name, or the chain says whose it is."""
every_derived_address = pytest.mark.parametrize("sign", DERIVED.values(), ids=list(DERIVED))
