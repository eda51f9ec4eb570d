"""BIP-322: to sign a message is to spend the output script of the address in a transaction that cannot be mined.

Supported are the scripts that keys alone control: P2PKH, P2WPKH, P2SH-P2WPKH, the key path of Taproot, and m of n as
P2SH, P2WSH and P2SH-P2WSH. A full signature may have any lock time and sequence, which these scripts do not depend on
and the signature covers. Other scripts, Taproot script paths and proofs of funds are unsupported.

The package ``bip322`` on PyPI covers only Bitcoin, the simple form and single keys, accepts addresses of any network,
and is maintained by one person. The tests compare this module with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from coincurve import PublicKeyXOnly

from polyproof.model.counts import counted
from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof.toolkit.encodings import Malformed, sha256d
from polyproof_ownership.bip322_format import Proof, is_bip322, read_proof
from polyproof_ownership.bitcoin import (
    NETWORKS,
    Destination,
    Network,
    Output,
    nested_witness_key,
    parse_multisig,
    script_hash,
)
from polyproof_ownership.chains import canonical_chain
from polyproof_ownership.keys import hash160, public_key
from polyproof_ownership.messages import variable_text
from polyproof_ownership.rows import Account, failed, one_signature, reading, unsupported
from polyproof_ownership.signmessage import BitcoinScheme

__all__ = ["Bip322", "message_hash", "to_sign_hash", "to_spend_hash"]

SIGHASH_DEFAULT, SIGHASH_ALL = 0, 1
OP_RETURN_OUTPUT = bytes(8) + b"\x01\x6a"


def tagged_hash(tag: str, data: bytes) -> bytes:
    """SHA-256 under a tag (BIP-340)."""
    start = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(start + start + data).digest()


def message_hash(message: bytes) -> bytes:
    """The tagged hash of a message that the transaction to be spent contains, 32 bytes."""
    return tagged_hash("BIP0322-signed-message", message)


def to_spend_hash(message: bytes, script: bytes) -> bytes:
    """Hash (txid) of the transaction whose only output is to be spent, 32 bytes."""
    signature = b"\x00\x20" + message_hash(message)
    source = bytes(32) + b"\xff" * 4 + variable_text(signature) + bytes(4)
    return sha256d(bytes(4) + b"\x01" + source + b"\x01" + bytes(8) + variable_text(script) + bytes(4))


def _stripped(proof: Proof, spent: bytes, script: bytes) -> bytes:
    """The spending transaction without its witness, and with ``script`` as that of its input."""
    return (
        proof.version.to_bytes(4, "little")
        + b"\x01"
        + spent
        + bytes(4)
        + variable_text(script)
        + proof.sequence.to_bytes(4, "little")
        + b"\x01"
        + OP_RETURN_OUTPUT
        + proof.lock_time.to_bytes(4, "little")
    )


def to_sign_hash(proof: Proof, spent: bytes) -> bytes:
    """Hash (txid) of the spending transaction."""
    return sha256d(_stripped(proof, spent, proof.script_signature))


def _legacy_digest(proof: Proof, spent: bytes, code: bytes) -> bytes:
    return sha256d(_stripped(proof, spent, code) + SIGHASH_ALL.to_bytes(4, "little"))


def _witness_digest(proof: Proof, spent: bytes, code: bytes) -> bytes:
    """The digest of BIP-143, for an input of no value."""
    outpoint = spent + bytes(4)
    sequence = proof.sequence.to_bytes(4, "little")
    return sha256d(
        proof.version.to_bytes(4, "little")
        + sha256d(outpoint)
        + sha256d(sequence)
        + outpoint
        + variable_text(code)
        + bytes(8)
        + sequence
        + sha256d(OP_RETURN_OUTPUT)
        + proof.lock_time.to_bytes(4, "little")
        + SIGHASH_ALL.to_bytes(4, "little")
    )


def _taproot_digest(proof: Proof, spent: bytes, script: bytes, kind: int) -> bytes:
    """The digest of BIP-341 for a key path without annex."""

    def sha256(data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    return tagged_hash(
        "TapSighash",
        b"\x00"
        + bytes([kind])
        + proof.version.to_bytes(4, "little")
        + proof.lock_time.to_bytes(4, "little")
        + sha256(spent + bytes(4))
        + sha256(bytes(8))
        + sha256(variable_text(script))
        + sha256(proof.sequence.to_bytes(4, "little"))
        + sha256(OP_RETURN_OUTPUT)
        + b"\x00"
        + bytes(4),
    )


def _pushes(script: bytes) -> list[bytes]:
    """The stack that a script leaves which consists of minimal pushes. Raises ``Malformed`` for any other script."""
    found = []
    place = 0
    while place < len(script):
        code = script[place]
        place += 1
        size = code
        if 0x4C <= code <= 0x4D:
            width = code - 0x4B
            size = int.from_bytes(script[place : place + width], "little")
            place += width
            if size < (0x4C if width == 1 else 0x100):
                raise Malformed("has a push that is not minimal")
        elif code > 0x4D:
            raise Malformed("does more than push")
        if place + size > len(script):
            raise Malformed("ends within a push")
        found.append(script[place : place + size])
        place += size
    return found


def _is_signed(signature: bytes, key: bytes, digest: bytes) -> bool:
    """Whether a signature is strict DER with low s, for SIGHASH_ALL, and by the key."""
    if not signature or signature[-1] != SIGHASH_ALL:
        return False
    try:
        return public_key(key).verify(signature[:-1], digest, hasher=None)
    except ValueError:
        return False


def _by_key(signature: bytes, key: bytes, digest: bytes) -> str:
    if not _is_signed(signature, key, digest):
        raise failed("the signature is by another key, or of another message")
    return "the key"


def _by_keys(stack: list[bytes], script: bytes, digest: Callable[[bytes], bytes]) -> str:
    """Check ``0 signature … signature`` against the keys of a script, in the order of the script."""
    with reading("the script"):
        multisig = parse_multisig(script)
    if not stack or stack[0]:
        raise failed("the signature does not start with the empty element that CHECKMULTISIG takes")
    signatures = stack[1:]
    if len(signatures) != multisig.threshold:
        given = f"{counted(len(signatures), 'signature')} {'is' if len(signatures) == 1 else 'are'} given"
        raise failed(f"{given} where {multisig.threshold} are expected")
    signed = digest(script)
    keys = iter(multisig.keys)
    for signature in signatures:
        if not any(_is_signed(signature, key, signed) for key in keys):
            raise failed("a signature is by no key of the script, by one that has signed, or of another message")
    return f"{multisig.threshold} of {counted(len(multisig.keys), 'key')}"


class Bip322(BitcoinScheme):
    """Simple and full signatures for scripts that keys alone control."""

    name = "bip322"

    def serves(self, claim: OwnershipClaim) -> bool:
        """A row on one of its chains whose signature is in BIP-322's format."""
        return canonical_chain(claim.chain) in self.chains and is_bip322(claim)

    def judge(self, claim: OwnershipClaim, chain: str, account: Account[Destination]) -> OwnershipResult:
        """Proven if the signature spends the output of the address."""
        destination = account.value
        text = one_signature(claim)
        if text.startswith("pof"):
            raise unsupported("proofs of funds are not supported: which coins are unspent must be asked of the chain")
        spent = to_spend_hash(claim.message.encode(), destination.script())
        with reading("the signature"):
            proof = read_proof(text, spent)
            signer, form = _spend(destination, proof, spent, NETWORKS[chain])
        return OwnershipResult(Status.PROVEN, f"signed by {signer} of this {form} address (BIP-322)")


def _spend(destination: Destination, proof: Proof, spent: bytes, network: Network) -> tuple[str, str]:
    """Who signed, and the form of the address; raises ``Refused`` or ``Malformed``."""
    witness = list(proof.witness)
    form = destination.form
    if witness and network.prefix is None:
        raise Malformed("has a witness, which transactions of this chain cannot have")
    if form is Output.P2PKH:
        stack = _pushes(proof.script_signature)
        if witness or len(stack) != 2:
            raise Malformed("is not a signature and a key, as this address requires")
        return _key_hash(stack, destination.program, form.value, _legacy_digest(proof, spent, destination.script()))
    if form is Output.P2SH:
        return _spend_script_hash(destination, proof, spent, network)
    if proof.script_signature:
        raise Malformed("has a script beside the witness")
    if form is Output.P2WPKH:
        return _witness_key_hash(witness, destination.program, form.value, proof, spent)
    if form is Output.P2WSH:
        return _witness_script_hash(witness, destination, proof, spent, network)
    return _taproot(witness, destination, proof, spent), form.value


def _key_hash(stack: list[bytes], program: bytes, form: str, digest: bytes) -> tuple[str, str]:
    signature, key = stack
    if hash160(key) != program:
        raise failed("the key is not that of this address")
    return _by_key(signature, key, digest), form


def _witness_key_hash(witness: list[bytes], program: bytes, form: str, proof: Proof, spent: bytes) -> tuple[str, str]:
    if len(witness) != 2 or len(witness[1]) != 33:
        raise Malformed("is not a signature and a compressed key, as this address requires")
    code = Destination(Output.P2PKH, program).script()
    return _key_hash(witness, program, form, _witness_digest(proof, spent, code))


def _witness_script_hash(
    witness: list[bytes], destination: Destination, proof: Proof, spent: bytes, network: Network
) -> tuple[str, str]:
    if not witness:
        raise Malformed("has no witness, which this address requires")
    *stack, script = witness
    form = script_hash(destination, script, network)
    if form not in ("P2WSH", "P2SH-P2WSH"):
        raise failed("the script is not that of this address")
    if not script.endswith(b"\xae"):
        raise unsupported("the address has a script that is not m of n keys")
    with reading("the script"):
        if any(len(key) != 33 for key in parse_multisig(script).keys):
            raise Malformed("has a key that is not compressed")
    return _by_keys(stack, script, lambda code: _witness_digest(proof, spent, code)), form


def _spend_script_hash(destination: Destination, proof: Proof, spent: bytes, network: Network) -> tuple[str, str]:
    stack = _pushes(proof.script_signature)
    witness = list(proof.witness)
    if not stack:
        # Before version 1.0.0 wallets wrote only the witness, which determines the redeem script.
        if len(witness) == 2 and len(witness[1]) == 33:
            stack = [nested_witness_key(witness[1])]
        elif witness:
            stack = [b"\x00\x20" + hashlib.sha256(witness[-1]).digest()]
        else:
            raise Malformed("has neither script nor witness")
    redeem = stack[-1]
    if hash160(redeem) != destination.program:
        raise failed("the key or script is not that of this address")
    if witness:
        if len(stack) != 1:
            raise Malformed("has more than the redeem script beside the witness")
        if len(redeem) == 22 and redeem[:2] == b"\x00\x14":
            return _witness_key_hash(witness, redeem[2:], "P2SH-P2WPKH", proof, spent)
        if len(redeem) == 34 and redeem[:2] == b"\x00\x20":
            return _witness_script_hash(witness, destination, proof, spent, network)
        raise Malformed("has a witness that its redeem script does not allow")
    if not redeem.endswith(b"\xae"):
        raise unsupported("the address has a script that is not m of n keys")
    return _by_keys(stack[:-1], redeem, lambda code: _legacy_digest(proof, spent, code)), "P2SH"


def _taproot(witness: list[bytes], destination: Destination, proof: Proof, spent: bytes) -> str:
    if not witness:
        raise Malformed("has no witness, which this address requires")
    if len(witness) > 1:
        raise unsupported("Taproot script paths and annexes are not supported")
    signature = witness[0]
    kind = SIGHASH_DEFAULT
    if len(signature) == 65:
        kind = signature[64]
        if kind != SIGHASH_ALL:
            raise Malformed("is not for SIGHASH_ALL")
    elif len(signature) != 64:
        raise Malformed(f"is {counted(len(signature), 'byte')} where 64 or 65 are expected")
    try:
        key = PublicKeyXOnly(destination.program)
    except ValueError:
        raise failed("the address is not that of a point") from None
    digest = _taproot_digest(proof, spent, destination.script(), kind)
    if not key.verify(signature[:64], digest):
        raise failed("the signature is by another key, or of another message")
    return "the key"
