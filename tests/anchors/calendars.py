"""A calendar of OpenTimestamps, blocks of Bitcoin that cost no work, and the node that has them: for tests."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from attrs import define, field

from polyproof.testing.servers import Reply, Request
from polyproof_anchors.ots_file import BITCOIN, PENDING, Attestation, Step, Timestamp, write_number, write_timestamp

ADDRESS = "https://calendar.example"
TIME = int(datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC).timestamp())
LATEST = "2026-01-31T14:00:00Z"
HEIGHT = 930_000


def pending(address: str = ADDRESS) -> Attestation:
    return Attestation(PENDING, write_number(len(address)) + address.encode())


def bitcoin(height: int = HEIGHT) -> Attestation:
    return Attestation(BITCOIN, write_number(height))


def mined(root: bytes, time: int = TIME) -> bytes:
    """A header with the easiest target there is (regtest)."""
    for nonce in range(1000):
        header = b"\2\0\0\0" + bytes(32) + root + time.to_bytes(4, "little") + bytes.fromhex("ffff7f20")
        header += nonce.to_bytes(4, "little")
        if hashlib.sha256(hashlib.sha256(header).digest()).digest()[::-1] < bytes.fromhex("7fffff") + bytes(29):
            return header
    raise AssertionError("a thousand attempts of one half")


def block_hash(header: bytes) -> str:
    return hashlib.sha256(hashlib.sha256(header).digest()).digest()[::-1].hex()


def up(message: bytes) -> tuple[bytes, bytes]:
    """What stands beside a message in the tree of a calendar, and the root that they have."""
    beside = hashlib.sha256(b"beside" + message).digest()
    return beside, hashlib.sha256(message + beside).digest()


def path(message: bytes, end: Attestation) -> Timestamp:
    """From a message to the root of a tree, and who attests to it."""
    beside, root = up(message)
    hashed = Step(0x08, b"", Timestamp(root, (end,)))
    return Timestamp(message, (), (Step(0xF0, beside, Timestamp(message + beside, (), (hashed,))),))


@define
class Calendar:
    """Promises at first; once ``block`` is set, has a path to it for what it promised."""

    block: int | None = None
    asked: list[bytes] = field(factory=list)

    def respond(self, request: Request) -> Reply:
        if request.method == "POST" and request.path == "/digest":
            self.asked.append(request.body)
            return Reply(write_timestamp(Timestamp(request.body, (pending(),))))
        message = bytes.fromhex(request.path.removeprefix("/timestamp/"))
        if self.block is None or message not in self.asked:
            return Reply(b"Pending confirmation in Bitcoin blockchain", 404)
        return Reply(write_timestamp(path(message, bitcoin(self.block))))


@define
class Node:
    """Blocks by height, as Bitcoin Core and as Esplora."""

    headers: dict[int, bytes]
    tip: int = HEIGHT + 5

    def respond(self, request: Request) -> Reply:
        if request.method == "POST":
            call = json.loads(request.body)
            return Reply(json.dumps({"id": call["id"], **self._called(call["method"], call["params"])}).encode())
        parts = request.path.strip("/").split("/")
        if parts == ["blocks", "tip", "height"]:
            return Reply(str(self.tip).encode())
        if parts[0] == "block-height" and int(parts[1]) in self.headers:
            return Reply(block_hash(self.headers[int(parts[1])]).encode())
        by_hash = {block_hash(header): header for header in self.headers.values()}
        if parts[0] == "block" and parts[1] in by_hash:
            return Reply(by_hash[parts[1]].hex().encode())
        return Reply(b"Block not found", 404)

    def _called(self, method: str, params: list[Any]) -> dict[str, Any]:
        if method == "getblockcount":
            return {"result": self.tip}
        if method == "getblockhash" and params[0] in self.headers:
            return {"result": block_hash(self.headers[params[0]])}
        by_hash = {block_hash(header): header for header in self.headers.values()}
        if method == "getblockheader" and params[0] in by_hash and params[1] is False:
            return {"result": by_hash[params[0]].hex()}
        return {"error": {"code": -8, "message": "Block height out of range"}}
