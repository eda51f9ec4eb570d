"""Signed messages as Bitcoin wallets have made them since 2011, for one key or m of n.

A signature is 65 bytes in base64: a header, r and s. The header says which of four keys is meant and, by BIP-137, for
which form of address; Electrum writes the header of a compressed P2PKH key for every form. The address is derived from
the recovered key or from the script given, so the header decides only whether the key is compressed.

s may be in either half of its range, as it may for Bitcoin Core. A signature therefore has two forms, so distinct keys,
and not signatures, count towards m of n.
"""

from __future__ import annotations

from attrs import frozen
from coincurve import PublicKey

from polyproof.model.counts import counted
from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof.toolkit.encodings import Malformed, base58_check_encode, base64_decode, hex_decode, segwit_encode
from polyproof_ownership.bip322_format import is_bip322
from polyproof_ownership.bitcoin import (
    NETWORKS,
    Destination,
    Network,
    Output,
    nested_witness_key,
    parse_multisig,
    read_address,
    script_hash,
)
from polyproof_ownership.chains import Family, canonical_chain, chains_of
from polyproof_ownership.keys import Signature, evm_signature, hash160, recover
from polyproof_ownership.messages import bitcoin_digest, exchange_envelope, keccak256
from polyproof_ownership.rows import Account, RowScheme, failed, one_signature, reading, unsupported
from polyproof_ownership.sample_signatures import secp256k1_key, signmessage_signature

__all__ = ["BitcoinScheme", "BitcoinSignMessage", "compact_signature"]


@frozen
class Compact:
    """A signature and what its header says about the key."""

    signature: Signature
    compressed: bool
    meant_for: tuple[Output, ...]
    """The forms of address that a signature with this header may be for."""


def compact_signature(text: str) -> Compact:
    """Read a signature in base64: header, r and s. Raises ``Malformed``."""
    data = base64_decode(text, most=88)
    if len(data) != 65:
        raise Malformed(f"is {counted(len(data), 'byte')} where 65 are expected")
    header = data[0]
    if not 27 <= header <= 42:
        raise Malformed(f"starts with {header} where 27 to 42 is expected")
    scripts = (Output.P2SH, Output.P2WSH)
    meant_for: tuple[Output, ...] = (Output.P2PKH, *scripts)
    if 31 <= header <= 34:
        meant_for = (Output.P2PKH, Output.P2WPKH, *scripts)
    elif 35 <= header <= 38:
        meant_for = (Output.P2SH, Output.P2WSH)
    elif header >= 39:
        meant_for = (Output.P2WPKH, Output.P2WSH)
    return Compact(Signature(data[1:], (header - 27) % 4), header >= 31, meant_for)


class BitcoinScheme(RowScheme[Destination]):
    """What both schemes for Bitcoin's addresses share."""

    chains = chains_of(Family.BITCOIN)

    def read(self, chain: str, address: str) -> Account[Destination]:
        """What the address stands for; spelled in lower case if bech32, with the chain's own version byte if P2SH."""
        return Account(*read_address(address, NETWORKS[chain]))


class BitcoinSignMessage(BitcoinScheme):
    """``signmessage`` of one key, or of m distinct keys of a P2SH or P2WSH script."""

    name = "bitcoin-signmessage"

    def serves(self, claim: OwnershipClaim) -> bool:
        """A row on one of its chains whose signature is not in BIP-322's format."""
        return canonical_chain(claim.chain) in self.chains and not is_bip322(claim)

    def judge(self, claim: OwnershipClaim, chain: str, account: Account[Destination]) -> OwnershipResult:
        """Proven if the recovered key gives the address, or if m keys of the script that gives it have signed."""
        network = NETWORKS[chain]
        destination = account.value
        if destination.form is Output.P2TR:
            raise unsupported(
                "the signature is a signed message, with a header as in BIP-137, which is not defined for Taproot"
                " addresses; sign with BIP-322"
            )
        if len(claim.keys) > 1:
            raise failed(f"there are {len(claim.keys)} keys or scripts where one is expected")
        given = b""
        if claim.keys:
            with reading("the key or script"):
                given = hex_decode(claim.keys[0], most=1650)
        by_script = destination.form is Output.P2WSH or (destination.form is Output.P2SH and len(given) > 33)
        if by_script:
            return self._judge_script(claim, network, destination, given)
        if destination.form is Output.P2SH and network.prefix is None:
            raise failed("there is no script, and on this chain a P2SH address is never that of a key")
        text = one_signature(claim)
        with reading("the signature"):
            key, compressed = self._recover(text, claim.message, network, destination.form)
        if not self._is_key_of(destination, key, compressed):
            raise failed("the signature is by another key, or of another message")
        fitting = (key.format(), key.format(False), nested_witness_key(key.format()), destination.script())
        if given and given not in fitting:
            raise failed("validly signed, but the key or script given is not that of this address")
        form = "P2SH-P2WPKH" if destination.form is Output.P2SH else destination.form.value
        return OwnershipResult(Status.PROVEN, f"signed by the key of this {form} address")

    def _judge_script(
        self, claim: OwnershipClaim, network: Network, destination: Destination, script: bytes
    ) -> OwnershipResult:
        if not script:
            raise failed("there is no script, and the address does not contain its keys")
        with reading("the script"):
            multisig = parse_multisig(script)
        form = script_hash(destination, script, network)
        if not form:
            raise failed("the script is not that of this address")
        if form != "P2SH" and any(len(key) != 33 for key in multisig.keys):
            raise failed("the script has a key that is not compressed, with which a witness cannot be spent")
        signers = set()
        for text in claim.signatures:
            with reading("a signature"):
                key, compressed = self._recover(text, claim.message, network, destination.form)
            spelled = key.format(compressed)
            if spelled not in multisig.keys:
                raise failed("a signature is by a key that is not in the script, or of another message")
            if spelled in signers:
                raise failed("two signatures are by one key")
            signers.add(spelled)
        needed = multisig.threshold
        if len(signers) < needed:
            raise failed(f"{len(signers)} of the {counted(needed, 'key')} needed have signed")
        signed = (
            f"signed by {len(signers)} of {counted(len(multisig.keys), 'key')} of this {form} address, {needed} needed"
        )
        return OwnershipResult(Status.PROVEN, signed)

    @staticmethod
    def _recover(text: str, message: str, network: Network, form: Output) -> tuple[PublicKey, bool]:
        """The key that signed, and whether its compressed form is meant. Raises ``Malformed``."""
        data = message.encode()
        if text.startswith("0x"):
            # OKX's way for keys kept with Ethereum's: its own header, Keccak-256, and r, s and v in hexadecimal.
            return recover(evm_signature(text), keccak256(exchange_envelope(data))), True
        parsed = compact_signature(text)
        if form not in parsed.meant_for:
            raise Malformed(f"has the header of another form of address than {form.value}")
        # Bitcoin Core's verifymessage accepts both forms of s (CPubKey::RecoverCompact), and old wallets wrote both.
        return recover(parsed.signature, bitcoin_digest(data, network.header), high_s=True), parsed.compressed

    @staticmethod
    def _is_key_of(destination: Destination, key: PublicKey, compressed: bool) -> bool:
        data = key.format(compressed)
        if destination.form is Output.P2PKH:
            return hash160(data) == destination.program
        if not compressed:
            return False
        if destination.form is Output.P2WPKH:
            return hash160(data) == destination.program
        return hash160(nested_witness_key(data)) == destination.program

    def sample_claim(self, asset: str, chain: str, secret: bytes, message: str) -> OwnershipClaim | None:
        """P2WPKH, or P2PKH on chains without segregated witness."""
        network, program = NETWORKS[chain], hash160(secp256k1_key(secret).format())
        if network.prefix is None:
            address, header = base58_check_encode(bytes([network.p2pkh]) + program), 31
        else:
            address, header = segwit_encode(network.prefix, 0, program), 39
        signature = signmessage_signature(secret, bitcoin_digest(message.encode(), network.header), header)
        return OwnershipClaim(asset, chain, address, message, (signature,))
