"""The conformance suite, passed by every scheme that comes with polyproof, in every way that its wallets sign."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import pytest
from attrs import evolve
from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from ownership import wallets
from polyproof.ownership import AccountControl, OwnershipClaim, OwnershipScheme, Status
from polyproof.registry import default_registry
from polyproof.testing.ownership import OwnershipSuite, Sign
from polyproof_ownership.validators import CIPHERSUITE

WAYS = wallets.PROVEN | wallets.KEY_ONLY
ALWAYS = {
    "bitcoin P2WPKH, header of BIP-137",
    "bitcoin P2WSH",
    "litecoin P2SH",
    "BIP-322 simple P2TR",
    "BIP-322 full P2SH",
    "EVM, EIP-191",
    "EVM, contract with looked-up owners",
    "Tron, its header",
    "Tron, permission looked up",
    "Solana, as wallets sign",
    "Aptos, rotated key looked up",
    "TON v3r2",
    "Polkadot, as wallets sign",
    "Cardano, base",
    "Filecoin f410",
    "aelf with its marks",
    "OKT ex",
    "XRP with its key",
    "EOS",
    "WAX, two keys",
}
"""Ways in the default run, one of each kind; test_ownership_wallets.py says much the same of all of them."""


def scheme_named(name: str) -> OwnershipScheme:
    made: OwnershipScheme = default_registry().create("ownership", name)
    return made


def ways_of(name: str) -> list[Any]:
    served = [way for way, sign in WAYS.items() if scheme_named(name).serves(sign(1, "m"))]
    return [way if way in ALWAYS else pytest.param(way, marks=pytest.mark.slow) for way in served]


class BuiltIn(OwnershipSuite):
    name: str

    @pytest.fixture
    def scheme(self) -> OwnershipScheme:
        return scheme_named(self.name)


class TestBitcoinSignMessage(BuiltIn):
    name = "bitcoin-signmessage"

    @pytest.fixture(params=ways_of(name))
    def sign(self, request: pytest.FixtureRequest) -> Sign:
        return WAYS[request.param]


class TestBip322(BuiltIn):
    name = "bip322"

    @pytest.fixture(params=ways_of(name))
    def sign(self, request: pytest.FixtureRequest) -> Sign:
        return WAYS[request.param]


class TestEvmAccount(BuiltIn):
    name = "evm-eoa"

    @pytest.fixture(params=ways_of(name))
    def sign(self, request: pytest.FixtureRequest) -> Sign:
        return WAYS[request.param]


class TestTronAccount(BuiltIn):
    name = "tron"

    @pytest.fixture(params=ways_of(name))
    def sign(self, request: pytest.FixtureRequest) -> Sign:
        return WAYS[request.param]


class TestEd25519Account(BuiltIn):
    name = "ed25519-account"

    @pytest.fixture(params=ways_of(name))
    def sign(self, request: pytest.FixtureRequest) -> Sign:
        return WAYS[request.param]


class TestSecp256k1Account(BuiltIn):
    name = "secp256k1-account"

    @pytest.fixture(params=ways_of(name))
    def sign(self, request: pytest.FixtureRequest) -> Sign:
        return WAYS[request.param]


class TestEosKey(BuiltIn):
    name = "eos-k1"
    status = Status.KEY_ONLY

    @pytest.fixture(params=ways_of(name))
    def sign(self, request: pytest.FixtureRequest) -> Sign:
        return WAYS[request.param]


# Validators


def bls_secret(number: int) -> Scalar:
    return Scalar.from_le_bytes(wallets.secret(number)[:31] + b"\0")


@cache
def bls_key(number: int) -> bytes:
    return bytes((G1Point() * bls_secret(number)).to_compressed_bytes())


@cache
def bls_signature(number: int, message: str) -> str:
    point = G2Point.hash_to_curve(wallets.personal_hashed(message.encode()), CIPHERSUITE) * bls_secret(number)
    return "0x" + bytes(point.to_compressed_bytes()).hex()


def validator(number: int, message: str) -> OwnershipClaim:
    """Signed by the validator's own key."""
    return wallets.claim("ETH", f"0x{bls_key(number).hex()}", message, bls_signature(number, message))


def validator_and_declared_account(number: int, message: str) -> OwnershipClaim:
    signed = wallets.rsv(number, wallets.personal(message.encode()))
    row = validator(number, message)
    return evolve(row, signatures=(*row.signatures, signed), owners=(wallets.evm_account(number),))


def validator_by_account(number: int, message: str) -> OwnershipClaim:
    """Signed by the account that the withdrawal credentials name."""
    signed = wallets.rsv(number, wallets.personal(message.encode()))
    control = AccountControl("validators at slot 7", ("0x01" + "00" * 11 + wallets.evm_account(number)[2:],))
    return evolve(validator(number, message), signatures=(signed,), control=control)


def validator_by_withdrawal_key(number: int, message: str) -> OwnershipClaim:
    """Signed by the key whose hash the withdrawal credentials are."""
    key = bls_key(number + 1000)
    control = AccountControl("validators at slot 7", ("0x00" + hashlib.sha256(key).hexdigest()[2:],))
    signed = bls_signature(number + 1000, message)
    return evolve(validator(number, message), signatures=(signed,), keys=(key.hex(),), control=control)


class TestValidator(BuiltIn):
    name = "eth-validator-bls"
    status = Status.UNBOUND

    @pytest.fixture(params=[validator, validator_and_declared_account], ids=lambda sign: sign.__name__)
    def sign(self, request: pytest.FixtureRequest) -> Sign:
        return request.param


class TestValidatorWithCredentials(BuiltIn):
    name = "eth-validator-bls"

    @pytest.fixture(params=[validator_by_account, validator_by_withdrawal_key], ids=lambda sign: sign.__name__)
    def sign(self, request: pytest.FixtureRequest) -> Sign:
        return request.param


def test_every_scheme_passes_the_suite() -> None:
    tested = {cls.name for cls in BuiltIn.__subclasses__()}
    assert tested == set(default_registry().names("ownership"))
