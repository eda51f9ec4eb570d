"""What goes over the wire to nodes of Ethereum: values of its JSON-RPC, and calls and answers of contracts.

The Ethereum JSON-RPC specification defines quantities and data, the contract ABI specification the rest. Readers raise
``ValueError``, with a reason that can be published, for an answer of another form.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = [
    "ADDRESS",
    "BLOCK_HASH",
    "DECIMALS",
    "DELEGATION",
    "GET_OWNERS",
    "GET_THRESHOLD",
    "addresses",
    "balance_of",
    "data",
    "is_magic_value",
    "is_valid_signature",
    "quantity",
    "small_word",
    "word",
]

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")
BLOCK_HASH = re.compile(r"0x[0-9a-fA-F]{64}\Z")
_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})\Z")
_WORD = re.compile(r"0x[0-9a-fA-F]{64}\Z")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*\Z")

# Selectors: the first four bytes of the Keccak-256 of a function's signature (ABI specification, "Function Selector").
_BALANCE_OF = "0x70a08231"
"""``balanceOf(address)``"""
DECIMALS = "0x313ce567"
"""``decimals()``"""
_IS_VALID_SIGNATURE = "0x1626ba7e"
"""``isValidSignature(bytes32,bytes)``, which also returns this for a valid signature (EIP-1271)."""
GET_OWNERS = "0xa0e67e2b"
"""``getOwners()``"""
GET_THRESHOLD = "0xe75235b8"
"""``getThreshold()``"""
DELEGATION = "0xef0100"
"""How the code of an account begins that delegates to a contract but keeps its key (EIP-7702)."""

_MOST_OWNERS = 64
_LONGEST_SIGNATURE = 8192
"""Bytes of a signature that is still sent to a node."""


# Answers


def quantity(value: Any) -> int:
    """A quantity of JSON-RPC, at most 256 bits."""
    if not isinstance(value, str) or not _QUANTITY.match(value):
        raise ValueError("the node's answer is not a quantity")
    return int(value, 16)


def data(value: Any) -> str:
    """Data of JSON-RPC: 0x and an even number of hexadecimal digits, in lower case."""
    if not isinstance(value, str) or not _DATA.match(value):
        raise ValueError("the node's answer is not data")
    return value.lower()


def word(value: Any) -> int:
    """``uint256`` of the ABI."""
    if not isinstance(value, str) or not _WORD.match(value):
        raise ValueError("the contract's answer is not a number: is there a contract?")
    return int(value, 16)


def small_word(value: Any) -> int:
    """``uint256`` of the ABI, at most 255."""
    number = word(value)
    if number > 255:
        raise ValueError("the contract's answer is not a small number")
    return number


def addresses(value: Any) -> tuple[str, ...]:
    """``address[]`` of the ABI, 1 to 64 of them in lower case: the offset of the list, its length, a word for each."""
    digits = data(value)[2:]
    words = [digits[start : start + 64] for start in range(0, len(digits), 64)]
    if len(digits) % 64 or len(words) < 2 or int(words[0], 16) != 32:
        raise ValueError("the contract's answer is not a list of addresses")
    count = int(words[1], 16)
    if not 1 <= count <= _MOST_OWNERS or len(words) != count + 2 or any(int(one[:24], 16) for one in words[2:]):
        raise ValueError("the contract's answer is not a list of addresses")
    return tuple("0x" + one[24:] for one in words[2:])


def is_magic_value(value: Any) -> bool:
    """Whether ``isValidSignature`` returned its magic value: four bytes at the start of a word (EIP-1271)."""
    if not isinstance(value, str) or not _WORD.match(value):
        raise ValueError("the contract's answer is not a bytes4")
    return value.lower() == _IS_VALID_SIGNATURE + "0" * 56


# Calls


def balance_of(address: str) -> str:
    """The call ``balanceOf(address)``."""
    return _BALANCE_OF + address[2:].lower().rjust(64, "0")


def is_valid_signature(digest: bytes, signature: str) -> str | None:
    """The call ``isValidSignature(digest, signature)``: a word, the offset of the bytes, their number, the bytes.

    ``signature`` is in hexadecimal; None if it is not, or is longer than 8192 bytes.
    """
    digits = signature.removeprefix("0x").lower()
    if not re.fullmatch("(?:[0-9a-f]{2})+", digits) or len(digits) > 2 * _LONGEST_SIGNATURE:
        return None
    padded = digits + "0" * (-len(digits) % 64)
    return f"{_IS_VALID_SIGNATURE}{digest.hex()}{64:064x}{len(digits) // 2:064x}{padded}"
