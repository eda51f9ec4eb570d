"""Rules of single ways to sign: headers of Bitcoin's messages, bare texts, kinds of keys, spellings of addresses."""

from __future__ import annotations

import base64
import hashlib

import pytest
from attrs import evolve

from ownership import wallets
from ownership.judged import judge
from polyproof.ownership import OwnershipClaim, Status
from polyproof.toolkit import encodings
from polyproof_ownership.messages import bare_text

MESSAGE = "audit 2025-11"


def status(claim: OwnershipClaim) -> Status:
    return judge(claim).status


# Bitcoin


@pytest.mark.parametrize(
    ("way", "headers"),
    [
        ("bitcoin P2PKH", {31}),
        ("bitcoin P2PKH, uncompressed", {27}),
        ("bitcoin P2WPKH, header of BIP-137", {31, 39}),
        ("bitcoin P2SH-P2WPKH, header of BIP-137", {31, 35}),
    ],
)
def test_a_header_is_for_its_form_of_address(way: str, headers: set[int]) -> None:
    claim = wallets.PROVEN[way](1, MESSAGE)
    data = base64.b64decode(claim.signatures[0])
    recovery = (data[0] - 27) % 4
    for header in range(256):
        text = base64.b64encode(bytes([header]) + data[1:]).decode()
        found = status(evolve(claim, signatures=[text])) is Status.PROVEN
        assert found == (header - recovery in headers), header


def test_a_message_of_one_chain_does_not_prove_the_address_of_another() -> None:
    chains = ("bitcoin", "litecoin", "dogecoin", "dash")
    for mine in chains:
        for other in chains:
            claim = wallets.p2pkh(mine)(1, MESSAGE)
            signed = wallets.p2pkh(other)(1, MESSAGE).signatures
            assert (status(evolve(claim, signatures=signed)) is Status.PROVEN) == (mine == other)


def test_an_address_of_the_test_network_is_refused() -> None:
    claim = wallets.p2pkh("bitcoin")(1, MESSAGE)
    for version in (111, 196, 48, 30):
        address = encodings.base58_check_encode(bytes([version]) + wallets.hash160(wallets.public(1)))
        assert status(evolve(claim, address=address)) is Status.FAILED
    claim = wallets.p2wpkh("bitcoin", 39)(1, MESSAGE)
    for prefix in ("tb", "bcrt", "ltc"):
        address = encodings.segwit_encode(prefix, 0, wallets.hash160(wallets.public(1)))
        assert status(evolve(claim, address=address)) is Status.FAILED


def test_a_taproot_address_has_no_signed_message_of_the_old_kind() -> None:
    claim = wallets.bip322("bitcoin", "p2tr", full=False)(1, MESSAGE)
    for header in (27, 31, 35, 39):
        old = wallets.compact(1, wallets.bitcoin_digest("bitcoin", MESSAGE), header=header)
        assert status(evolve(claim, signatures=[old], scheme="bip322")) is Status.UNSUPPORTED
        for scheme in (None, "bitcoin-signmessage"):
            result = judge(evolve(claim, signatures=[old], scheme=scheme))
            assert result.status is Status.UNSUPPORTED
            assert "BIP-137" in result.reason
            assert "sign with BIP-322" in result.reason


def test_a_malformed_bip_322_signature_of_a_taproot_address_is_not_taken_for_an_old_one() -> None:
    claim = wallets.bip322("bitcoin", "p2tr", full=False)(1, MESSAGE)
    for header in (0, 26, 43, 255):
        text = base64.b64encode(bytes([header]) + bytes(64)).decode()
        assert status(evolve(claim, signatures=[text])) is Status.FAILED
    for size in (63, 64, 66):
        assert status(evolve(claim, signatures=[base64.b64encode(b"\x1f" * size).decode()])) is Status.FAILED


def test_an_uncompressed_key_does_not_sign_for_a_witness_address() -> None:
    digest = wallets.bitcoin_digest("bitcoin", MESSAGE)
    program = wallets.hash160(wallets.public(1, compressed=False))
    for header in (27, 31, 39):
        signed = wallets.compact(1, digest, header=header)
        claim = wallets.claim("bitcoin", wallets.segwit("bitcoin", 0, program), MESSAGE, signed)
        assert status(claim) is Status.FAILED


@pytest.mark.parametrize(
    "way", ["bitcoin P2PKH", "bitcoin P2WPKH, header of BIP-137", "bitcoin P2SH-P2WPKH, header of BIP-137"]
)
def test_a_key_given_beside_a_signature_must_be_its(way: str) -> None:
    claim = wallets.PROVEN[way](1, MESSAGE)
    assert status(evolve(claim, keys=(wallets.public(1).hex(),))) is Status.PROVEN
    assert status(evolve(claim, keys=(wallets.public(2).hex(),))) is Status.FAILED
    assert status(evolve(claim, keys=("zz",))) is Status.FAILED
    assert status(evolve(claim, keys=(wallets.public(1).hex(), wallets.public(1).hex()))) is Status.FAILED


def test_a_script_longer_than_the_stack_takes_is_no_p2sh_script() -> None:
    script = wallets.multisig_script(1, needed=1, keys=16)
    signed = wallets.compact(1, wallets.bitcoin_digest("bitcoin", MESSAGE))
    assert len(script) > 520
    witness = hashlib.sha256(script).digest()
    for address, expected in (
        (wallets.p2sh("bitcoin", script), Status.FAILED),
        (wallets.segwit("bitcoin", 0, witness), Status.PROVEN),
        (wallets.p2sh("bitcoin", b"\x00\x20" + witness), Status.PROVEN),
    ):
        assert status(wallets.claim("bitcoin", address, MESSAGE, signed, keys=(script.hex(),))) is expected


def test_a_witness_script_with_an_uncompressed_key_is_refused() -> None:
    script = b"\x51\x41" + wallets.public(1, compressed=False) + b"\x51\xae"
    signed = wallets.compact(1, wallets.bitcoin_digest("bitcoin", MESSAGE), header=27)
    address = wallets.segwit("bitcoin", 0, hashlib.sha256(script).digest())
    assert status(wallets.claim("bitcoin", address, MESSAGE, signed, keys=(script.hex(),))) is Status.FAILED
    address = wallets.p2sh("bitcoin", script)
    assert status(wallets.claim("bitcoin", address, MESSAGE, signed, keys=(script.hex(),))) is Status.PROVEN


# Ed25519


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 32,
        "é" * 16,
        "\x01\x00\x05 a transaction starts so",
        "\t\n\t also so",
        "\nx",
        " x",
        "tab\there",
        "null\0",
        "\x7f",
        "\u200b",
        "\ue000",
    ],
)
def test_a_bare_text_that_could_be_something_else_is_not_a_message(text: str) -> None:
    assert bare_text(text) is None


@pytest.mark.parametrize("text", ["a", "two\nlines", "x" * 31, "x" * 33, "é", "测试"])
def test_a_bare_text_that_people_read_is_a_message(text: str) -> None:
    assert bare_text(text) == text.encode()


def test_a_signed_transaction_is_not_taken_for_a_message() -> None:
    # What a Solana key signs for a transfer is bytes that start with the number of signatures.
    transaction = b"\x01\x00\x01\x03" + wallets.ed25519(1)[0] + b"A" * 70
    shown = "".join(map(chr, transaction))
    for message in (transaction.decode("latin-1"), "\x01\x00\x01\x03" + "A" * 100, shown):
        claim = wallets.solana_bare(1, message)
        assert status(claim) is Status.FAILED


def test_a_signed_digest_is_not_taken_for_a_message() -> None:
    assert status(wallets.solana_bare(1, "x" * 32)) is Status.FAILED
    assert status(wallets.solana_bare(1, "x" * 33)) is Status.PROVEN


@pytest.mark.parametrize("chain", ["TON", "ADA", "DOT", "APT"])
def test_a_bare_text_is_a_message_only_where_wallets_sign_it(chain: str) -> None:
    ways = {"TON": "TON v3r2", "ADA": "Cardano, base", "DOT": "Polkadot", "APT": "Aptos, exchange's header"}
    claim = wallets.PROVEN[ways[chain]](1, MESSAGE)
    signed = wallets.sign_ed25519(1, MESSAGE.encode()).hex()
    assert status(evolve(claim, signatures=[signed])) is Status.FAILED


def test_keys_of_small_order_verify_nothing() -> None:
    # With such a key, R = 0 and s = 0 would satisfy the equation for any message (RFC 8032 leaves it to libraries).
    for key in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ):
        address = encodings.base58_encode(bytes.fromhex(key))
        for body in ("01" + "00" * 63, "00" * 64, key + "00" * 32):
            assert status(wallets.claim("SOL", address, MESSAGE, body)) is Status.FAILED


def test_a_second_spelling_of_s_is_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    claim = wallets.PROVEN["Solana, without key"](1, MESSAGE)
    data = bytes.fromhex(claim.signatures[0][2:])
    s = int.from_bytes(data[32:], "little")
    for multiple in range(1, 15):
        other = data[:32] + (s + multiple * order).to_bytes(32, "little")
        assert status(evolve(claim, signatures=["0x" + other.hex()])) is Status.FAILED


def test_an_sr25519_signature_is_unsupported_and_not_proven() -> None:
    claim = wallets.PROVEN["Polkadot"](1, MESSAGE)
    body = wallets.secret(5) + wallets.secret(6)[:31]
    for text in ((body + b"\x80").hex(), "01" + body.hex() + "80", "01" + "00" * 64, "02" + "00" * 64):
        result = judge(evolve(claim, signatures=["0x" + text]))
        assert result.status is Status.UNSUPPORTED
    for text in ("03" + "00" * 64, body.hex() + "00", "00" * 66):
        assert status(evolve(claim, signatures=["0x" + text])) is Status.FAILED


def test_an_address_of_another_substrate_network_is_refused() -> None:
    key, _ = wallets.ed25519(1)
    claim = wallets.PROVEN["Polkadot"](1, MESSAGE)
    for prefix in (2, 42, 63):
        assert status(evolve(claim, address=wallets.ss58(prefix)(key))) is Status.FAILED


# What TON's wallets sign, from docs.ton.org ("Sign data" of TON Connect) and wtf-0002 of ton-foundation/specs


def ton_signed_data(kind: bytes, account: bytes, payload: bytes) -> bytes:
    domain = b"exchange.example"
    fields = [b"\xff\xffton-connect/sign-data/", bytes(4), account, len(domain).to_bytes(4), domain]
    fields += [(1700000000).to_bytes(8), kind, len(payload).to_bytes(4), payload]
    return hashlib.sha256(b"".join(fields)).digest()


@pytest.mark.parametrize("kind", [b"txt", b"bin", b"cell"])
def test_a_signature_of_ton_connect_is_unsupported_and_not_false(kind: bytes) -> None:
    claim = wallets.PROVEN["TON v3r2"](1, MESSAGE)
    # Of a cell its hash is signed, which no row could hold.
    digest = wallets.secret(7) if kind == b"cell" else ton_signed_data(kind, wallets.secret(5), MESSAGE.encode())
    text = base64.b64encode(wallets.sign_ed25519(1, digest)).decode()
    for spelled in (text, text.replace("+", "-").replace("/", "_")):
        for keys in (claim.keys, ()):
            result = judge(evolve(claim, signatures=[spelled], keys=keys))
            assert result.status is Status.UNSUPPORTED
            assert "signData" in result.reason


def test_a_personal_signature_of_a_ton_wallet_is_unsupported_and_not_false() -> None:
    claim = wallets.PROVEN["TON v3r2"](1, MESSAGE)
    prefix = b"\xff\xffton-safe-sign-magic"
    for signed in (prefix + MESSAGE.encode(), prefix + hashlib.sha512(MESSAGE.encode()).digest()):
        signature = wallets.sign_ed25519(1, signed).hex()
        result = judge(evolve(claim, signatures=[signature]))
        assert result.status is Status.UNSUPPORTED
        assert "ton_personalSign" in result.reason
        # By another key, of another message, or on another chain it is just false.
        assert status(evolve(claim, signatures=[wallets.sign_ed25519(2, signed).hex()])) is Status.FAILED
        assert status(evolve(claim, signatures=[signature], message="another")) is Status.FAILED
        polkadot = wallets.PROVEN["Polkadot"](1, MESSAGE)
        assert status(evolve(polkadot, signatures=["0x00" + signature])) is Status.FAILED


def test_another_wallets_standard_is_told_apart_on_its_own_chain_alone() -> None:
    cose = "845846a2" + "00" * 70 + "5840" + "00" * 64
    text = base64.b64encode(bytes(64)).decode()
    for way in ("TON v3r2", "Polkadot", "Aptos, exchange's header", "Solana, exchange's header"):
        assert status(evolve(wallets.PROVEN[way](1, MESSAGE), signatures=[cose])) is Status.FAILED
    for way in ("Cardano, base", "Polkadot", "Aptos, exchange's header", "Solana, exchange's header"):
        assert status(evolve(wallets.PROVEN[way](1, MESSAGE), signatures=[text])) is Status.FAILED
    for cut in (cose[:-2], cose[2:], cose + "00", cose.replace("5840", "5841")):
        assert status(evolve(wallets.PROVEN["Cardano, base"](1, MESSAGE), signatures=[cut])) is Status.FAILED


def test_a_public_key_must_be_given_where_the_address_does_not_tell_it() -> None:
    for way in ("Aptos, exchange's header", "TON v3r2", "Polkadot", "Cardano, base"):
        claim = wallets.PROVEN[way](1, MESSAGE)
        assert status(evolve(claim, keys=())) is Status.FAILED
        assert status(evolve(claim, keys=(claim.keys[0], claim.keys[0]))) is Status.FAILED
        for key in ("", "0x", claim.keys[0][:-2], claim.keys[0] + "00", "null"):
            assert status(evolve(claim, keys=(key,))) is Status.FAILED


def test_a_solana_key_that_is_not_the_address_is_refused() -> None:
    claim = wallets.PROVEN["Solana, exchange's header"](1, MESSAGE)
    assert status(evolve(claim, keys=(wallets.ed25519(2)[0].hex(),))) is Status.FAILED


@pytest.mark.parametrize("head", [0x00, 0x02, 0x60, 0x62, 0x63, 0x81, 0x90, 0xE1, 0xF1])
def test_a_cardano_address_of_another_network_or_kind_is_not_proven(head: int) -> None:
    for stake in (b"", bytes(28)):
        claim = wallets.exchange_ed25519("ADA", wallets.cardano(head, stake))(1, MESSAGE)
        assert status(claim) is Status.FAILED


@pytest.mark.parametrize("head", [0x11, 0x31, 0x51, 0x71, 0x41])
def test_a_cardano_address_of_a_script_is_unsupported(head: int) -> None:
    assert status(wallets.exchange_ed25519("ADA", wallets.cardano(head, bytes(28)))(1, MESSAGE)) is Status.UNSUPPORTED


def test_cardano_addresses_have_the_size_of_their_kind() -> None:
    for head, stake in ((0x61, bytes(28)), (0x61, b"x"), (0x01, b""), (0x01, bytes(27)), (0x01, bytes(29))):
        assert status(wallets.exchange_ed25519("ADA", wallets.cardano(head, stake))(1, MESSAGE)) is Status.FAILED


# Accounts of secp256k1 keys


def test_a_public_key_given_beside_must_be_the_signers() -> None:
    for name in ("Filecoin f1", "aelf", "OKT 0x", "XRP"):
        claim = wallets.PROVEN[name](1, MESSAGE)
        for data in (wallets.public(1), wallets.public(1, compressed=False), wallets.public(1, compressed=False)[1:]):
            assert status(evolve(claim, keys=(data.hex(),))) is Status.PROVEN
        for text in (
            wallets.public(2).hex(),
            "",
            "00" * 33,
            "04" + "00" * 64,
            "06" + wallets.public(1, compressed=False)[1:].hex(),
        ):
            assert status(evolve(claim, keys=(text,))) is Status.FAILED


@pytest.mark.parametrize("prefix", ["f0", "f2", "f3"])
def test_filecoin_addresses_without_a_secp256k1_key_are_unsupported(prefix: str) -> None:
    claim = wallets.PROVEN["Filecoin f1"](1, MESSAGE)
    assert status(evolve(claim, address=prefix + claim.address[2:])) is Status.UNSUPPORTED


def test_filecoin_addresses_of_the_test_network_are_refused() -> None:
    for name in ("Filecoin f1", "Filecoin f410"):
        claim = wallets.PROVEN[name](1, MESSAGE)
        assert status(evolve(claim, address="t" + claim.address[1:])) is Status.FAILED


def test_a_filecoin_address_that_stands_for_an_actor_id_is_refused() -> None:
    claim = wallets.PROVEN["Filecoin f410 as 0x"](1, MESSAGE)
    result = judge(evolve(claim, address="0xff" + "00" * 11 + "00" * 7 + "65"))
    assert result.status is Status.FAILED
    assert "actor id" in result.reason


@pytest.mark.parametrize("text", ["", ".", "a..", "A", "name6", "0", "x" * 14, "aaaaaaaaaaaaz", "a b", "é"])
def test_what_is_not_a_name_of_eos_fails(text: str) -> None:
    assert status(evolve(wallets.eos(1, MESSAGE), address=text)) is Status.FAILED


@pytest.mark.parametrize("text", ["a", "okbwallet1tr", "eosio.token", "12345abcdefg", "aaaaaaaaaaaaj"])
def test_names_of_eos_are_key_only(text: str) -> None:
    assert status(evolve(wallets.eos(1, MESSAGE), address=text)) is Status.KEY_ONLY


def test_all_eos_keys_given_must_sign() -> None:
    claim = wallets.eos_two(1, MESSAGE)
    assert status(evolve(claim, signatures=claim.signatures[:1])) is Status.FAILED
    assert status(evolve(claim, keys=claim.keys[:1])) is Status.FAILED
    assert status(evolve(claim, keys=())) is Status.FAILED
    assert status(evolve(claim, keys=(claim.keys[0], claim.keys[0]))) is Status.FAILED
