"""BIP-322 signatures made by building both transactions and signing the one that spends, from the BIPs alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from attrs import field, frozen
from coincurve import PrivateKey, PublicKeyXOnly

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sized(data: bytes) -> bytes:
    return (bytes([len(data)]) if len(data) < 253 else b"\xfd" + len(data).to_bytes(2, "little")) + data


def tagged(tag: str, data: bytes) -> bytes:
    return sha256(sha256(tag.encode()) * 2 + data)


def hash160(data: bytes) -> bytes:
    from Crypto.Hash import RIPEMD160

    return RIPEMD160.new(sha256(data)).digest()


@frozen
class Spending:
    """The transaction to be signed."""

    previous: bytes
    output: bytes
    """Script being spent."""
    version: int = 0
    sequence: int = 0
    lock_time: int = 0

    def serialized(self, script: bytes, witness: list[bytes] | None = None) -> bytes:
        marker = b"\x00\x01" if witness else b""
        stack = b"" if not witness else bytes([len(witness)]) + b"".join(sized(item) for item in witness)
        return (
            self.version.to_bytes(4, "little")
            + marker
            + (b"\x01" + self.previous + b"\0\0\0\0" + sized(script) + self.sequence.to_bytes(4, "little"))
            + (b"\x01" + b"\0\0\0\0\0\0\0\0" + b"\x01\x6a")
            + stack
            + self.lock_time.to_bytes(4, "little")
        )

    def legacy(self, code: bytes, kind: int = 1) -> bytes:
        return sha256(sha256(self.serialized(code) + kind.to_bytes(4, "little")))

    def segwit(self, code: bytes, kind: int = 1) -> bytes:
        outpoint = self.previous + b"\0\0\0\0"
        parts = [
            self.version.to_bytes(4, "little"),
            sha256(sha256(outpoint)),
            sha256(sha256(self.sequence.to_bytes(4, "little"))),
            outpoint,
            sized(code),
            b"\0" * 8,
            self.sequence.to_bytes(4, "little"),
            sha256(sha256(b"\0" * 8 + b"\x01\x6a")),
            self.lock_time.to_bytes(4, "little"),
            kind.to_bytes(4, "little"),
        ]
        return sha256(sha256(b"".join(parts)))

    def taproot(self, kind: int = 0) -> bytes:
        parts = [
            bytes([0, kind]),
            self.version.to_bytes(4, "little"),
            self.lock_time.to_bytes(4, "little"),
            sha256(self.previous + b"\0\0\0\0"),
            sha256(b"\0" * 8),
            sha256(sized(self.output)),
            sha256(self.sequence.to_bytes(4, "little")),
            sha256(b"\0" * 8 + b"\x01\x6a"),
            b"\0",
            b"\0\0\0\0",
        ]
        return tagged("TapSighash", b"".join(parts))


@frozen
class Solution:
    script: bytes = b""
    witness: list[bytes] = field(factory=list)


Solve = Callable[[Spending], Solution]


def push(data: bytes) -> bytes:
    return (bytes([len(data)]) if len(data) < 0x4C else b"\x4c" + bytes([len(data)])) + data


def ecdsa(key: PrivateKey, digest: bytes, kind: int = 1) -> bytes:
    return key.sign(digest, hasher=None) + bytes([kind])


def by_key_hash(key: PrivateKey) -> Solve:
    public = key.public_key.format()
    return lambda tx: Solution(push(ecdsa(key, tx.legacy(tx.output))) + push(public))


def by_witness_key_hash(key: PrivateKey, redeem: bytes = b"", kind: int = 1) -> Solve:
    public = key.public_key.format()
    code = b"\x76\xa9\x14" + hash160(public) + b"\x88\xac"
    script = push(redeem) if redeem else b""
    return lambda tx: Solution(script, [ecdsa(key, tx.segwit(code, kind), kind), public])


def by_script(script: bytes, keys: list[PrivateKey]) -> Solve:
    return lambda tx: Solution(b"\x00" + b"".join(push(ecdsa(key, tx.legacy(script))) for key in keys) + push(script))


def by_witness_script(script: bytes, keys: list[PrivateKey]) -> Solve:
    return lambda tx: Solution(b"", [b"", *[ecdsa(key, tx.segwit(script)) for key in keys], script])


def taproot_secret(key: PrivateKey) -> PrivateKey:
    """The secret of the output key with no script tree (BIP-341, BIP-86)."""
    public = key.public_key.format()
    number = int.from_bytes(key.secret)
    even = number if public[0] == 2 else CURVE_ORDER - number
    tweak = int.from_bytes(tagged("TapTweak", public[1:]))
    return PrivateKey(((even + tweak) % CURVE_ORDER).to_bytes(32))


def taproot_key(key: PrivateKey) -> bytes:
    return PublicKeyXOnly.from_secret(taproot_secret(key).secret).format()


def by_taproot(key: PrivateKey, kind: int = 0) -> Solve:
    suffix = bytes([kind]) if kind else b""
    return lambda tx: Solution(b"", [taproot_secret(key).sign_schnorr(tx.taproot(kind)) + suffix])


def to_spend(message: bytes, output: bytes) -> bytes:
    """Its hash."""
    script = b"\x00\x20" + tagged("BIP0322-signed-message", message)
    source = b"\0" * 32 + b"\xff\xff\xff\xff" + sized(script) + b"\0\0\0\0"
    raw = b"\0\0\0\0\x01" + source + b"\x01" + b"\0" * 8 + sized(output) + b"\0\0\0\0"
    return sha256(sha256(raw))


def sign(
    message: bytes, output: bytes, solve: Solve, full: bool, version: int = 0, sequence: int = 0, lock_time: int = 0
) -> str:
    tx = Spending(to_spend(message, output), output, version, sequence, lock_time)
    solution = solve(tx)
    if full:
        return "ful" + base64.b64encode(tx.serialized(solution.script, solution.witness)).decode()
    stack = bytes([len(solution.witness)]) + b"".join(sized(item) for item in solution.witness)
    return "smp" + base64.b64encode(stack).decode()
