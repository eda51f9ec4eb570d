"""One victim's output in each form of address, and signatures over the very transaction that spends it."""

from __future__ import annotations

from attrs import evolve
from coincurve import PrivateKey

from ownership import judged, spending, wallets
from ownership.spending import Solution, Solve, push, sha256
from ownership.wallets import hash160
from polyproof.ownership import OwnershipClaim, OwnershipResult

MESSAGE = "audit 2025-11"
VICTIM = PrivateKey(wallets.secret(1))
VICTIMS_KEY, VICTIMS_SCRIPT = VICTIM.public_key.format(), wallets.multisig_script(1)
OWN = [PrivateKey(wallets.secret(1, part)) for part in range(2)]

ANOTHER_KEY = "the key is not that of this address"


def key_hash_code(key: bytes) -> bytes:
    return b"\x76\xa9\x14" + hash160(key) + b"\x88\xac"


def nested_key(key: bytes) -> bytes:
    return b"\x00\x14" + hash160(key)


def nested_script(script: bytes) -> bytes:
    return b"\x00\x20" + sha256(script)


def pay_to_script(script: bytes) -> tuple[str, bytes]:
    return wallets.p2sh("bitcoin", script), b"\xa9\x14" + hash160(script) + b"\x87"


P2PKH = wallets.p2pkh_address("bitcoin", 1), key_hash_code(VICTIMS_KEY)
P2WPKH = wallets.segwit("bitcoin", 0, hash160(VICTIMS_KEY)), nested_key(VICTIMS_KEY)
P2WSH = wallets.segwit("bitcoin", 0, sha256(VICTIMS_SCRIPT)), nested_script(VICTIMS_SCRIPT)
P2SH = pay_to_script(VICTIMS_SCRIPT)
P2SH_P2WPKH = pay_to_script(nested_key(VICTIMS_KEY))
P2SH_P2WSH = pay_to_script(nested_script(VICTIMS_SCRIPT))
P2TR = wallets.segwit("bitcoin", 1, spending.taproot_key(VICTIM)), b"\x51\x20" + spending.taproot_key(VICTIM)


def judge(target: tuple[str, bytes], solve: Solve, full: bool = True) -> OwnershipResult:
    """What comes of a signature over the victim's own transaction."""
    address, output = target
    signature = spending.sign(MESSAGE.encode(), output, solve, full)
    result = judged.judge(OwnershipClaim("BTC", "bitcoin", address, MESSAGE, [signature]))
    assert result.scheme == "bip322"
    return result


def key_hash(key: PrivateKey) -> Solve:
    return lambda tx: Solution(push(spending.ecdsa(key, tx.legacy(tx.output))) + push(key.public_key.format()))


def witness_key_hash(key: PrivateKey, owner: bytes, redeem: bytes = b"") -> Solve:
    """Signed by one key for the program of the owner's, so that the digest is right for the address."""
    script = push(redeem) if redeem else b""
    return lambda tx: Solution(script, [spending.ecdsa(key, tx.segwit(key_hash_code(owner))), key.public_key.format()])


def witness_script(script: bytes, keys: list[PrivateKey], redeem: bytes = b"") -> Solve:
    pushed = push(redeem) if redeem else b""
    return lambda tx: evolve(spending.by_witness_script(script, keys)(tx), script=pushed)
