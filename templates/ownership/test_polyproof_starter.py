"""What every ownership scheme must do."""

import pytest
from nacl.signing import SigningKey
from polyproof_starter import StarterScheme

from polyproof.ownership import OwnershipClaim
from polyproof.testing.ownership import OwnershipSuite


class TestStarterScheme(OwnershipSuite):
    """The conformance suite of polyproof."""

    @pytest.fixture
    def scheme(self):
        """Constructed without arguments."""
        return StarterScheme()

    @pytest.fixture
    def sign(self):
        """YOURS: the signed claim of a wallet; each number is another wallet."""

        def sign(wallet, message):
            key = SigningKey(wallet.to_bytes(32, "big"))
            signature = key.sign(message.encode()).signature.hex()
            return OwnershipClaim("COIN", "starter-name", key.verify_key.encode().hex(), message, [signature])

        return sign


# YOURS: an example that another implementation signed.
