"""TON: the address of a wallet contract is the hash of its code and initial data, and the data contains the key.

An account's address is the representation hash of its ``StateInit`` (The Open Network, "TON Blockchain", §§1.1.5, 1.7.3
and 3.1.7): a cell of five bits and two references, to the code and to the data. Only the hash and the depth of the code
matter, so only those are listed here.
"""

from __future__ import annotations

import hashlib

from attrs import frozen

__all__ = ["WALLETS", "Code", "ton_personal_texts", "wallet_addresses"]


@frozen
class Code:
    """Representation hash and depth of a wallet's code cell."""

    hash: bytes
    depth: int


# Published code of the wallets: toncenter/tonweb src/contract/wallet/WalletSources.md (v3), and in ton-blockchain
# wallet-contract (v4 revision 2), wallet-contract-v5, highload-wallet-contract-v3.
WALLETS = {
    "v3r1": Code(bytes.fromhex("b61041a58a7980b946e8fb9e198e3c904d24799ffa36574ea4251c41a566f581"), 0),
    "v3r2": Code(bytes.fromhex("84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599"), 0),
    "v4r2": Code(bytes.fromhex("feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0"), 7),
    "v5r1": Code(bytes.fromhex("20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f"), 6),
    "highload v3": Code(bytes.fromhex("11acad7955844090f283bf238bc1449871f783e7cc0979408d3f4859483e8525"), 6),
}

SUBWALLET = 698983191
"""The default subwallet number of wallets, to which the workchain is added."""
HIGHLOAD_SUBWALLET = 0x10AD
HIGHLOAD_TIMEOUTS = (3600, 2 * 3600, 12 * 3600, 24 * 3600)
"""Seconds. The contract's page recommends this subwallet and one hour to a day; OKX uses 12 hours."""
MAINNET = -239
"""The main network's number, which the data of wallets from v5 on contains."""


def _data_hash(bits: str) -> bytes:
    """Representation hash of an ordinary cell without references: two descriptor bytes, then the padded bits."""
    descriptors = bytes([0, len(bits) // 8 + -(-len(bits) // 8)])
    if len(bits) % 8:
        bits += "1" + "0" * (-(len(bits) + 1) % 8)
    return hashlib.sha256(descriptors + int(bits, 2).to_bytes(len(bits) // 8)).digest()


def _state_hash(code: Code, data: bytes) -> bytes:
    # Five bits: no split depth, not special, code, data, no library. Then the depths and hashes of both references.
    body = bytes([2, 1]) + bytes([0b00110_100]) + code.depth.to_bytes(2) + bytes(2) + code.hash + data
    return hashlib.sha256(body).digest()


def _uint(value: int, bits: int) -> str:
    return format(value % (1 << bits), f"0{bits}b")


def wallet_addresses(key: bytes, workchain: int) -> dict[bytes, str]:
    """The account ids (32 bytes) of the usual wallets of a key, each with the name of the wallet."""
    key_bits = _uint(int.from_bytes(key), 256)
    subwallet = _uint(SUBWALLET + workchain, 32)
    # The context of a client wallet (a one, workchain, version 0, subwallet 0) combined with the network's number.
    wallet_id = (1 << 31 | workchain % 256 << 23) ^ MAINNET % (1 << 32)
    data = {
        "v3r1": _uint(0, 32) + subwallet + key_bits,
        "v3r2": _uint(0, 32) + subwallet + key_bits,
        "v4r2": _uint(0, 32) + subwallet + key_bits + "0",
        "v5r1": "1" + _uint(0, 32) + _uint(wallet_id, 32) + key_bits + "0",
    }
    found = {_state_hash(WALLETS[wallet], _data_hash(bits)): wallet for wallet, bits in data.items()}
    for timeout in HIGHLOAD_TIMEOUTS:
        bits = key_bits + _uint(HIGHLOAD_SUBWALLET, 32) + _uint(0, 66) + _uint(timeout, 22)
        found[_state_hash(WALLETS["highload v3"], _data_hash(bits))] = f"highload v3 with {timeout // 3600} h timeout"
    return found


def ton_personal_texts(message: bytes) -> tuple[bytes, ...]:
    """What wallets sign for ``ton_rawSign`` and ``ton_personalSign``: a prefix, and the message or its SHA-512.

    Source: github.com/ton-foundation/specs, wtf-0002, and OpenMask and MyTonWallet, which differ in the hash.
    """
    prefix = b"\xff\xffton-safe-sign-magic"
    return prefix + message, prefix + hashlib.sha512(message).digest()
