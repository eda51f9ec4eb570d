"""An address as TON's virtual machine has it: a slice of one cell, in a bag of cells.

An address is the bits 100 (standard, no anycast), 8 of the workchain and 256 of the account; a one marks their end in
the cell. Source: docs.ton.org, "TL-B: MsgAddressInt" and "Bag of cells".
"""

from __future__ import annotations

import base64
from typing import Any

from polyproof.toolkit.encodings import Malformed, base64_decode
from polyproof_balances.accounts import NotKnown

__all__ = ["address_cell", "cell_address"]

_BITS = 267
_HEAD = bytes([0, _BITS // 8 + -(-_BITS // 8)])
"""No references, and the whole and the begun bytes of the data."""
_MAGIC = bytes.fromhex("b5ee9c72")
_PLAIN, _CHECKED = 0x01, 0x41
"""Flags of a bag whose numbers have one byte, without and with a CRC-32C at its end."""
_ONE_CELL = bytes([1, 1, 1, 0, 36, 0])
"""Numbers of one byte; one cell, which is the root; none absent; its size; the root's index."""


def address_cell(workchain: int, account: bytes) -> str:
    """A bag with the cell of an address, in base64."""
    bits = (0b100 << 8 | workchain % 256) << 256 | int.from_bytes(account)
    data = (bits << 5 | 0b10000).to_bytes(34)
    return base64.b64encode(_MAGIC + bytes([_PLAIN]) + _ONE_CELL + _HEAD + data).decode()


def cell_address(value: Any) -> tuple[int, bytes]:
    """The workchain and account in such a bag. Raises ``NotKnown`` for anything else."""
    try:
        bag = base64_decode(value) if isinstance(value, str) else b""
    except Malformed:
        bag = b""
    begin = len(_MAGIC) + 1 + len(_ONE_CELL)
    ending = {_PLAIN: 0, _CHECKED: 4}.get(bag[4] if len(bag) > 4 else -1)
    whole = bag[:4] == _MAGIC and bag[5:begin] == _ONE_CELL and bag[begin : begin + 2] == _HEAD
    if not whole or ending is None or len(bag) != begin + 36 + ending:
        raise NotKnown("the node's answer is not the cell of an address")
    bits = int.from_bytes(bag[begin + 2 : begin + 36])
    if bits & 0b11111 != 0b10000 or bits >> 269 != 0b100:
        raise NotKnown("the node's answer is not the cell of an address")
    workchain = bits >> 261 & 255
    return (workchain - 256 if workchain > 127 else workchain), (bits >> 5 & (1 << 256) - 1).to_bytes(32)
