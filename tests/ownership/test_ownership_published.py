"""Vectors that others published: what they say is proven is proven here, and addresses come from keys as they say."""

from __future__ import annotations

import hashlib

import pytest
from attrs import evolve
from coincurve import PublicKey

from ownership import judged, published
from ownership.published import Signed
from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof.toolkit import addresses, encodings
from polyproof_ownership import bip322, ed25519, eos, evm, secp256k1_accounts, ton


def judge(row: Signed, message: str | None = None) -> OwnershipResult:
    text = row.message if message is None else message
    return judged.judge(OwnershipClaim("COIN", row.chain, row.address, text, row.signatures, row.keys))


SIGNED = [
    *published.BIP322,
    *published.EXCHANGE,
    *published.BITCOIN_CORE,
    *published.ELECTRUM,
    *published.TREZOR,
    *published.KEEPKEY,
    *published.BITCOINJS,
    *published.WEB3,
]


@pytest.mark.parametrize("row", SIGNED, ids=[f"{row.chain}-{row.address}" for row in SIGNED])
def test_a_published_signature_proves_its_address_and_no_other_message(row: Signed) -> None:
    assert judge(row).status is Status.PROVEN, judge(row).reason
    assert judge(row, row.message + ".").status is Status.FAILED


@pytest.mark.parametrize("row", published.BIP322_TIME_LOCKED, ids=lambda row: row.address)
def test_a_script_with_a_time_lock_is_unsupported(row: Signed) -> None:
    assert judge(row).status is Status.UNSUPPORTED
    assert judge(row, row.message + ".").status is Status.FAILED


def test_a_published_cip_8_signature_is_unsupported_and_says_so() -> None:
    for keys in (published.CARDANO_CIP8.keys, (published.CARDANO_CIP8.keys[0][-64:],), ()):
        for signature in (published.CARDANO_CIP8.signatures[0], "0xD2" + published.CARDANO_CIP8.signatures[0].upper()):
            result = judge(evolve(published.CARDANO_CIP8, signatures=(signature,), keys=keys))
            assert result.status is Status.UNSUPPORTED
            assert "CIP-8" in result.reason


def test_the_published_eos_row_is_key_only() -> None:
    assert judge(published.EOS).status is Status.KEY_ONLY
    assert judge(published.EOS, "another").status is Status.FAILED


def test_the_published_validator_row_is_validly_signed_and_unbound() -> None:
    assert judge(published.VALIDATOR).status is Status.UNBOUND
    assert judge(published.VALIDATOR, "another").status is Status.FAILED


# BIP-322, basic-test-vectors.json, tx_hashes
@pytest.mark.parametrize(
    ("message", "hashed", "spent", "signed"),
    [
        (
            "",
            "c90c269c4f8fcbe6880f72a721ddfbf1914268a794cbb21cfafee13770ae19f1",
            "c5680aa69bb8d860bf82d4e9cd3504b55dde018de765a91bb566283c545a99a7",
            "1e9654e951a5ba44c8604c4de6c67fd78a27e81dcadcfe1edf638ba3aaebaed6",
        ),
        (
            "Hello World",
            "f0eb03b1a75ac6d9847f55c624a99169b5dccba2a31f5b23bea77ba270de0a7a",
            "b79d196740ad5217771c1098fc4a4b51e0535c32236c71f1ea4d61a2d603352b",
            "88737ae86f2077145f93cc4b153ae9a1cb8d56afa511988c149c5c8c9d93bddf",
        ),
        (
            "UTF-8 support: öäüéàè 测试文本 😄",
            "43936b237ea38c7794eb5d755e0d220b6db92ebfc5c8f482759d22b1286376d7",
            "c8f4f525fe8afb1bc09b44175bd2096f079c98425e8a1be676b712add1fb62f0",
            "8f488e06b89eafd019ec528109eafaf7f1d1811fd617aa1eeb9658f1c1be6586",
        ),
    ],
)
def test_the_hashes_of_bip322_are_those_published(message: str, hashed: str, spent: str, signed: str) -> None:
    _, program = encodings.segwit_decode("bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l", "bc")
    to_spend = bip322.to_spend_hash(message.encode(), b"\x00\x14" + program)
    assert bip322.message_hash(message.encode()).hex() == hashed
    assert to_spend[::-1].hex() == spent
    assert bip322.to_sign_hash(bip322.Proof(()), to_spend)[::-1].hex() == signed


@pytest.mark.parametrize("address", published.CHECKSUMMED)
def test_the_letter_case_of_an_address_is_its_checksum(address: str) -> None:
    account = evm.evm_address(address)
    assert evm.evm_address(address.lower()) == account
    for place, character in enumerate(address[2:], 2):
        changed = address[:place] + character.swapcase() + address[place + 1 :]
        if changed != address and changed[2:] not in (address[2:].lower(), address[2:].upper()):
            with pytest.raises(encodings.Malformed, match="EIP-55"):
                evm.evm_address(changed)


@pytest.mark.parametrize(("address", "prefix", "script"), published.SEGWIT)
def test_witness_programs_decode(address: str, prefix: str, script: str) -> None:
    version, program = encodings.segwit_decode(address, prefix)
    assert bytes([version and 0x50 + version, len(program)]) + program == bytes.fromhex(script)
    assert encodings.segwit_encode(prefix, version, program) == address.lower()


@pytest.mark.parametrize("address", published.NOT_SEGWIT)
def test_what_is_not_a_witness_program_is_refused(address: str) -> None:
    for prefix in ("bc", "tb"):
        with pytest.raises(encodings.Malformed):
            encodings.segwit_decode(address, prefix)


def test_an_ss58_address_is_of_its_account_and_network() -> None:
    account, address = published.SS58_ALICE
    assert ed25519.ss58_encode(bytes.fromhex(account), 0) == address
    assert ed25519.ss58_decode(address, 0).hex() == account
    with pytest.raises(encodings.Malformed):
        ed25519.ss58_decode(address, 2)


def test_an_xrp_address_comes_from_its_key() -> None:
    key, address = published.XRP_GENESIS
    assert secp256k1_accounts.xrp_address(bytes.fromhex(key)) == address


def test_filecoin_addresses_come_from_their_keys() -> None:
    key, address = published.FILECOIN_KEY
    assert secp256k1_accounts.filecoin_secp256k1(PublicKey(bytes.fromhex(key))) == address
    payload, address = published.FILECOIN_F1
    assert encodings.base32_lower_decode(address[2:])[:20].hex() == payload
    assert secp256k1_accounts.Secp256k1Account().read("filecoin", address).spelling == address
    account, address = published.FILECOIN_F410
    assert secp256k1_accounts.filecoin_delegated(evm.evm_address(account)) == address
    assert secp256k1_accounts.Secp256k1Account().read("filecoin", account).spelling == address


def test_cardano_addresses_hold_the_hash_of_their_payment_key() -> None:
    key, *addresses = published.CARDANO_KEY
    for address in addresses:
        assert ed25519.cardano_key_hash(address) == hashlib.blake2b(bytes.fromhex(key), digest_size=28).digest()


@pytest.mark.parametrize(
    "address", [*published.CARDANO_SCRIPTS, "Ae2tdPwUPEZ4YjgvykNpoFeYUxoyhNj2kg8KfKWN2FizsSpLUPv68MpTVDo"]
)
def test_cardano_addresses_without_a_payment_key_are_unsupported(address: str) -> None:
    assert judge(Signed("ADA", address, "m", ("00",), ("00" * 32,))).status is Status.UNSUPPORTED


@pytest.mark.parametrize(("key", "wallet", "address"), published.TON_WALLETS)
def test_ton_wallets_have_the_addresses_that_others_derive(key: str, wallet: str, address: str) -> None:
    workchain, account = addresses.ton_address(address)
    assert workchain == 0
    assert ton.wallet_addresses(bytes.fromhex(key), 0)[account] == wallet


def test_ton_addresses_have_one_meaning_in_every_spelling() -> None:
    friendly, raw = published.TON_RAW
    assert addresses.ton_address(friendly) == addresses.ton_address(raw) == addresses.ton_address(raw.upper())
    assert addresses.ton_address(friendly.replace("-", "+").replace("_", "/")) == addresses.ton_address(raw)


@pytest.mark.parametrize("wallet", published.TON_CODE)
def test_the_code_of_ton_wallets_has_the_hash_and_depth_that_stand_here(wallet: str) -> None:
    assert bag_of_cells(bytes.fromhex(published.TON_CODE[wallet])) == ton.WALLETS[wallet]


def bag_of_cells(data: bytes) -> ton.Code:
    """Hash and depth of the one root of a bag of cells (TON whitepaper, "TON Blockchain", appendix B)."""
    assert data[:4] == bytes.fromhex("b5ee9c72")
    size, offsets, count = data[4] & 7, data[5], data[6]
    assert size == 1
    place = 6 + 3 * size + offsets + size
    cells = []
    for _ in range(count):
        references, length = data[place], (data[place + 1] + 1) // 2
        end = place + 2 + length
        cells.append((data[place:end], data[end : end + references]))
        place = end + references
    found: dict[int, ton.Code] = {}
    for number in reversed(range(count)):
        head, references = cells[number]
        below = [found[reference] for reference in references]
        depths = b"".join(code.depth.to_bytes(2) for code in below)
        digest = hashlib.sha256(head + depths + b"".join(code.hash for code in below)).digest()
        found[number] = ton.Code(digest, 1 + max(code.depth for code in below) if below else 0)
    return found[0]


def test_an_eos_key_has_two_spellings() -> None:
    key, *spellings = published.EOS_KEYS
    assert [eos.eos_public_key(text).hex() for text in spellings] == [key, key]
    for text in spellings:
        for place in range(4, len(text)):
            with pytest.raises(encodings.Malformed):
                eos.eos_public_key(text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :])
