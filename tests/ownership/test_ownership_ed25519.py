"""Accounts of Ed25519 keys, to the byte: what an address, a key and a signature must be on each chain."""

from __future__ import annotations

import hashlib

import pytest
from attrs import evolve

from ownership import wallets
from ownership.judged import judge, refusal
from ownership.ways import MESSAGE
from polyproof.model.counts import counted
from polyproof.ownership import OwnershipClaim, Status
from polyproof.toolkit import encodings
from polyproof.toolkit.encodings import BECH32, BECH32M
from polyproof_ownership.ed25519 import cardano_key_hash, solana_key, ss58_decode

KEY, _ = wallets.ed25519(1)
SIGNED = wallets.envelope(MESSAGE.encode())
SIGNATURE = wallets.sign_ed25519(1, SIGNED)
BASE58 = encodings.base58_encode


def solana(*signatures: str, message: str = MESSAGE) -> OwnershipClaim:
    return wallets.claim("solana", BASE58(KEY), message, *signatures)


def polkadot(*signatures: str, chain: str = "polkadot", prefix: int = 0) -> OwnershipClaim:
    return wallets.claim(chain, wallets.ss58(prefix)(KEY), MESSAGE, *signatures, keys=("0x" + KEY.hex(),))


# Addresses


@pytest.mark.parametrize("data", [b"\1", KEY[:31], b"\0\0" + KEY[:31]])
def test_an_address_of_solana_is_a_key(data: bytes) -> None:
    assert refusal(solana_key, BASE58(data)) == f"is {counted(len(data), 'byte')} where 32 are expected"
    assert solana_key(BASE58(KEY)) == KEY


def test_an_address_of_solana_has_at_most_44_characters() -> None:
    assert len(BASE58(b"\xff" * 32)) == 44
    assert solana_key(BASE58(b"\xff" * 32)) == b"\xff" * 32
    assert refusal(solana_key, "z" * 45) == "is 45 characters long"


# Source: the registry of SS58 prefixes, github.com/paritytech/ss58-registry; the Asset Hubs have their relay chain's
PREFIXES = {"polkadot": 0, "polkadot-asset-hub": 0, "kusama": 2, "kusama-asset-hub": 2}


@pytest.mark.parametrize("chain", PREFIXES)
def test_an_account_has_the_prefix_of_its_chain(chain: str) -> None:
    for prefix in range(6):
        result = judge(polkadot("0x" + SIGNATURE.hex(), chain=chain, prefix=prefix))
        if prefix == PREFIXES[chain]:
            assert result.status is Status.PROVEN
        else:
            reason = f"the address is not an account with the SS58 prefix {PREFIXES[chain]}"
            assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_an_account_has_its_length_whatever_its_checksum(size: int) -> None:
    assert refusal(ss58_decode, wallets.ss58(0)((KEY + b"\1")[:size]), 0) == "is not an account with the SS58 prefix 0"
    assert ss58_decode(wallets.ss58(0)(KEY), 0) == KEY


def test_an_account_has_the_checksum_of_all_before_it() -> None:
    text = wallets.ss58(0)(KEY)
    data = encodings.base58_decode(text)
    for place in range(1, 35):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert refusal(ss58_decode, BASE58(changed), 0) == "has a wrong checksum"


def test_an_account_has_at_most_64_characters() -> None:
    assert refusal(ss58_decode, "z" * 65, 0) == "is 65 characters long"
    assert refusal(ss58_decode, "z" * 64, 0) == "is not an account with the SS58 prefix 0"


def cardano(head: int, size: int, prefix: str = "addr", constant: int = BECH32) -> str:
    data = bytes([head]) + bytes(size - 1) if size else b""
    return encodings.bech32_encode(prefix, encodings.to_five_bits(data), constant)


def test_an_address_of_cardano_is_of_the_main_network() -> None:
    assert cardano_key_hash(cardano(0x61, 29)) == bytes(28)
    assert cardano_key_hash(cardano(0x01, 57)) == cardano_key_hash(cardano(0x21, 57)) == bytes(28)
    for text in (
        cardano(0x60, 29),
        cardano(0x62, 29),
        cardano(0x61, 29, "addr_test"),
        cardano(0x61, 29, "stake"),
        cardano(0x61, 29, constant=BECH32M),
        cardano(0x61, 0),
    ):
        assert refusal(cardano_key_hash, text) == "is not one of Cardano's main network"


@pytest.mark.parametrize(
    ("head", "size"), [(0x61, 28), (0x61, 30), (0x61, 57), (0x01, 56), (0x01, 58), (0x01, 29), (0x81, 29)]
)
def test_an_address_of_cardano_has_the_length_of_its_type(head: int, size: int) -> None:
    reason = f"is of type {head >> 4} and {size} bytes, unlike any payment address"
    assert refusal(cardano_key_hash, cardano(head, size)) == reason


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        *(
            (cardano(kind << 4 | 1, 57), "the address is controlled by a script, which is not supported")
            for kind in (1, 3)
        ),
        (cardano(0x51, 30), "the address is controlled by a script, which is not supported"),
        (cardano(0x71, 29), "the address is controlled by a script, which is not supported"),
        (cardano(0x41, 32), "pointer addresses are not supported"),
        ("Ae2xyz", "Byron addresses are not supported"),
        ("DdzFFxyz", "Byron addresses are not supported"),
    ],
)
def test_other_kinds_of_cardanos_addresses_are_unsupported(address: str, reason: str) -> None:
    row = wallets.exchange_ed25519("cardano", wallets.cardano(0x61))(1, MESSAGE)
    result = judge(evolve(row, address=address))
    assert (result.status, result.reason) == (Status.UNSUPPORTED, reason)


def test_an_address_of_cardano_has_at_most_128_characters() -> None:
    assert refusal(cardano_key_hash, "addr1" + "q" * 124) == "is 129 characters long"
    assert "characters long" not in refusal(cardano_key_hash, "addr1" + "q" * 123)


# Keys


def test_a_key_that_is_given_is_that_of_the_address() -> None:
    row = solana("0x" + SIGNATURE.hex())
    assert judge(evolve(row, keys=[KEY.hex()])).status is Status.PROVEN
    result = judge(evolve(row, keys=[wallets.ed25519(2)[0].hex()]))
    assert (result.status, result.reason) == (Status.FAILED, "the public key given is not that of this address")
    two = judge(evolve(row, keys=[KEY.hex(), KEY.hex()]))
    assert (two.status, two.reason) == (Status.FAILED, "there are 2 public keys where one is expected")


def test_an_address_that_does_not_contain_its_key_needs_it() -> None:
    result = judge(evolve(polkadot("0x" + SIGNATURE.hex()), keys=()))
    reason = "there is no public key, and the address does not contain it"
    assert (result.status, result.reason) == (Status.FAILED, reason)


# Signatures


@pytest.mark.parametrize("more", [b"x", b"\0"])
def test_what_is_signed_cannot_begin_in_the_signature(more: bytes) -> None:
    # The library takes signature and message as one text: a signature of a longer message, cut further on.
    longer = wallets.sign_ed25519(1, more + SIGNED) + more
    for row in (solana("0x" + longer.hex()), solana(BASE58(longer))):
        result = judge(row)
        reason = f"the signature is {64 + len(more)} bytes where 64 are expected"
        assert (result.status, result.reason) == (Status.FAILED, reason)


@pytest.mark.parametrize("size", [1, 63, 65, 66])
def test_a_signature_has_64_bytes(size: int) -> None:
    result = judge(solana("0x" + (SIGNATURE + b"\0\0")[:size].hex()))
    assert (result.status, result.reason) == (
        Status.FAILED,
        f"the signature is {counted(size, 'byte')} where 64 are expected",
    )


def test_a_signature_of_polkadot_may_follow_the_byte_of_its_kind() -> None:
    assert judge(polkadot("0x00" + SIGNATURE.hex())).status is Status.PROVEN
    for kind in (1, 2):
        result = judge(polkadot(f"0x{kind:02x}" + SIGNATURE.hex()))
        reason = "the signature is by an sr25519 or ECDSA key; only ed25519 is supported"
        assert (result.status, result.reason) == (Status.UNSUPPORTED, reason)
    for kind in (3, 4, 255):
        result = judge(polkadot(f"0x{kind:02x}" + SIGNATURE.hex()))
        assert (result.status, result.reason) == (Status.FAILED, f"the signature is of the unknown kind {kind}")
    long = judge(polkadot("0x00" + SIGNATURE.hex() + "00"))
    assert (long.status, long.reason) == (Status.FAILED, "the signature is 66 bytes where 64 are expected")


def test_the_byte_of_a_kind_is_polkadots_alone() -> None:
    result = judge(solana("0x00" + SIGNATURE.hex()))
    assert (result.status, result.reason) == (Status.FAILED, "the signature is 65 bytes where 64 are expected")


def test_a_signature_of_solana_is_in_base58_or_hexadecimal() -> None:
    for text in (BASE58(SIGNATURE), "0x" + SIGNATURE.hex(), SIGNATURE.hex()):
        assert judge(solana(text)).status is Status.PROVEN
    # 64 bytes have at most 88 characters in base58; a text of 90 is read as hexadecimal.
    assert judge(solana("z" * 89)).reason == "the signature is 66 bytes where 64 are expected"
    assert judge(solana("z" * 90)).reason == "the signature is not hexadecimal"
    assert judge(solana("0x" + "ab" * 20)).reason == "the signature is 20 bytes where 64 are expected"


@pytest.mark.parametrize("chain", ["aptos", "cardano"])
def test_base58_is_solanas_alone(chain: str) -> None:
    address = {"aptos": wallets.aptos_address, "cardano": wallets.cardano(0x61)}[chain]
    row = wallets.exchange_ed25519(chain, address)(1, MESSAGE)
    assert judge(row).status is Status.PROVEN
    result = judge(evolve(row, signatures=[BASE58(SIGNATURE)]))
    assert (result.status, result.reason) == (Status.FAILED, "the signature is not hexadecimal")


def test_each_chain_has_its_own_ways_to_sign() -> None:
    bare = wallets.sign_ed25519(1, MESSAGE.encode())
    marked = wallets.sign_ed25519(1, b"<Bytes>" + MESSAGE.encode() + b"</Bytes>")
    assert judge(solana(BASE58(bare))).reason == "signed by the key of this address (as the wallet signs text)"
    assert judge(polkadot("0x" + marked.hex())).reason == "signed by the key of this address (between <Bytes> marks)"
    assert judge(solana(BASE58(marked))).status is Status.FAILED
    assert judge(polkadot("0x" + bare.hex())).status is Status.FAILED
    for chain, address in (("cardano", wallets.cardano(0x61)), ("aptos", wallets.aptos_address)):
        row = wallets.exchange_ed25519(chain, address)(1, MESSAGE)
        for signed in (bare, marked):
            assert judge(evolve(row, signatures=["0x" + signed.hex()])).status is Status.FAILED


def test_a_key_is_hashed_as_its_chain_does() -> None:
    digest = hashlib.blake2b(KEY, digest_size=28).digest()
    assert cardano_key_hash(wallets.cardano(0x61)(KEY)) == digest


def test_aptos_form_of_a_message_counts_on_aptos_alone() -> None:
    text = wallets.aptos_wallet(1, MESSAGE).message
    bare = "0x" + wallets.sign_ed25519(1, text.encode()).hex()
    for chain, address in (("cardano", wallets.cardano(0x61)), ("polkadot", wallets.ss58(0))):
        result = judge(evolve(wallets.exchange_ed25519(chain, address)(1, text), signatures=[bare]))
        assert (result.status, result.reason) == (
            Status.FAILED,
            "the signature is not by this key, or of another message",
        )
