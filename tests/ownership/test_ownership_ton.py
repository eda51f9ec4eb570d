"""TON: which accounts a key has, against cells put together by their definition, and how an address is written."""

from __future__ import annotations

import base64
import binascii
import hashlib

import pytest

from ownership import wallets
from ownership.judged import refusal
from ownership.wallets import Cell, Code
from polyproof.toolkit.addresses import ton_address
from polyproof_ownership.ton import ton_personal_texts, wallet_addresses

KEY, _ = wallets.ed25519(1)
KEY_BITS = f"{int.from_bytes(KEY):0256b}"

# Hash and depth of each wallet's code; the published code is hashed in test_ownership_published.
CODES = {
    "v3r1": ("b61041a58a7980b946e8fb9e198e3c904d24799ffa36574ea4251c41a566f581", 0),
    "v3r2": ("84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599", 0),
    "v4r2": ("feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0", 7),
    "v5r1": ("20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f", 6),
    "highload v3": ("11acad7955844090f283bf238bc1449871f783e7cc0979408d3f4859483e8525", 6),
}


def account(wallet: str, data: str) -> bytes:
    return Cell("00110", Code(*CODES[wallet]), Cell(data)).hash


@pytest.mark.parametrize("workchain", [0, -1])
def test_the_accounts_of_a_key_are_those_of_the_usual_wallets(workchain: int) -> None:
    subwallet = f"{698983191 + workchain:032b}"
    # Source: wallet-contract-v5, "Wallet ID": a one, the workchain, the version and the subwallet, xor the network.
    context = int("1" + f"{workchain % 256:08b}" + f"{0:08b}" + f"{0:015b}", 2)
    wallet_id = f"{context ^ (2**32 - 239):032b}"
    expected = {
        account("v3r1", f"{0:032b}" + subwallet + KEY_BITS): "v3r1",
        account("v3r2", f"{0:032b}" + subwallet + KEY_BITS): "v3r2",
        account("v4r2", f"{0:032b}" + subwallet + KEY_BITS + "0"): "v4r2",
        account("v5r1", "1" + f"{0:032b}" + wallet_id + KEY_BITS + "0"): "v5r1",
    }
    for hours in (1, 2, 12, 24):
        data = KEY_BITS + f"{0x10AD:032b}" + f"{0:066b}" + f"{hours * 3600:022b}"
        expected[account("highload v3", data)] = f"highload v3 with {hours} h timeout"
    assert wallet_addresses(KEY, workchain) == expected


def test_a_personal_text_has_a_prefix_that_no_transaction_has() -> None:
    prefix = b"\xff\xffton-safe-sign-magic"
    assert ton_personal_texts(b"m") == (prefix + b"m", prefix + hashlib.sha512(b"m").digest())


def friendly(tag: int, workchain: int, body: bytes = bytes(32)) -> str:
    data = bytes([tag, workchain]) + body
    return base64.urlsafe_b64encode(data + binascii.crc_hqx(data, 0).to_bytes(2)).decode()


def test_an_address_has_a_tag_of_the_main_network() -> None:
    assert ton_address(friendly(0x11, 0)) == ton_address(friendly(0x51, 0)) == (0, bytes(32))
    for tag in set(range(256)) - {0x11, 0x51}:
        assert refusal(ton_address, friendly(tag, 0)) == "is not one of TON's main network"


def test_an_address_is_in_one_of_two_workchains() -> None:
    assert ton_address(friendly(0x11, 255)) == ton_address("-1:" + "00" * 32) == (-1, bytes(32))
    for workchain in range(1, 255):
        assert refusal(ton_address, friendly(0x11, workchain)) == f"is in the workchain {workchain}"
    for text in ("1:" + "00" * 32, "-2:" + "00" * 32, "+0:" + "00" * 32, "0:" + "00" * 31, "0:" + "00" * 33):
        assert refusal(ton_address, text) == "is neither workchain:hexadecimal nor 48 characters of base64"


def test_an_address_in_base64_has_the_checksum_of_all_before_it() -> None:
    data = base64.urlsafe_b64decode(friendly(0x11, 0, bytes(range(32))))
    for place in range(36):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert refusal(ton_address, base64.urlsafe_b64encode(changed).decode()) == "has a wrong checksum"


def test_an_account_is_the_thirty_two_bytes_after_tag_and_workchain() -> None:
    body = bytes(range(32))
    assert ton_address(friendly(0x11, 0, body)) == (0, body)
    assert ton_address("0:" + body.hex()) == ton_address("0:" + body.hex().upper()) == (0, body)
