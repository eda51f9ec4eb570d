"""What every ownership scheme must do, and an example of SEP-53."""

import base64
import binascii
import hashlib

import pytest
from nacl.signing import SigningKey
from polyproof_stellar import ACCOUNT, HEADER, Stellar

from polyproof.ownership import OwnershipClaim, Status
from polyproof.testing.ownership import OwnershipSuite


class TestStellar(OwnershipSuite):
    """The conformance suite."""

    @pytest.fixture
    def scheme(self):
        """The scheme."""
        return Stellar()

    @pytest.fixture
    def sign(self):
        """A wallet is a number here."""

        def sign(wallet, message):
            key = SigningKey(wallet.to_bytes(32, "big"))
            body = bytes([ACCOUNT]) + key.verify_key.encode()
            address = base64.b32encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "little")).decode()
            signature = key.sign(hashlib.sha256(HEADER + message.encode()).digest()).signature
            return OwnershipClaim("XLM", "stellar", address, message, [base64.b64encode(signature).decode()])

        return sign


def test_the_first_example_of_sep_53_is_proven():
    """Made by another implementation."""
    claim = OwnershipClaim(
        asset="XLM",
        chain="stellar",
        address="GBXFXNDLV4LSWA4VB7YIL5GBD7BVNR22SGBTDKMO2SBZZHDXSKZYCP7L",
        message="Hello, World!",
        signatures=["fO5dbYhXUhBMhe6kId/cuVq/AfEnHRHEvsP8vXh03M1uLpi5e46yO2Q8rEBzu3feXQewcQE5GArp88u6ePK6BA=="],
    )
    (result,) = Stellar().verify([claim])
    assert result.status is Status.PROVEN
