"""Signatures of statements, by Ed25519 keys and by keys of certificates; needs the extra ``attestations``.

A path of certificates is judged by cryptography's ``x509.verification``, which follows the profile of the web (RFC 5280
and the rules of the CA/Browser Forum), with two differences for the signer's own: it needs no name of a server in it,
and its purposes are those of signing documents.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

from polyproof.errors import InputError, Problem
from polyproof.liabilities.attestation_file import ALGORITHMS, Signature
from polyproof.model.timestamps import FORMAT

__all__ = [
    "Certificate",
    "bare_key",
    "holds",
    "made_elsewhere",
    "now",
    "parsed_time",
    "path_fault",
    "read_certificate",
    "read_chain",
    "read_private_key",
    "read_public_key",
    "read_roots",
    "sign",
]

_PURPOSES = (
    "1.3.6.1.5.5.7.3.36",  # documents, RFC 9336
    "1.3.6.1.5.5.7.3.4",  # mail, as S/MIME certificates of persons have it
    "1.3.6.1.4.1.311.10.3.12",  # documents, Microsoft
    "1.2.840.113583.1.1.5",  # documents, Adobe
    "2.5.29.37.0",  # any
)
_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_LEAST_RSA = 2048
_MOST_RSA = 8192
_LONGEST_CHAIN = 8
_LONGEST_NAME = 200
Key = Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey
PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@frozen
class Certificate:
    """A signer's certificate, of which nothing is believed yet."""

    parsed: x509.Certificate
    key: Key
    subject: str
    """Its subject on one line, as whoever made it chose it."""

    @property
    def sha256(self) -> str:
        """Its fingerprint."""
        return self.parsed.fingerprint(hashes.SHA256()).hex()

    def is_of(self, name: str) -> bool:
        """Whether its common name or its organisation is this, to the letter."""
        wanted = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        return any(one.value == name for oid in wanted for one in self.parsed.subject.get_attributes_for_oid(oid))


def read_certificate(der: bytes) -> Certificate:
    """A signer's certificate. Raises ``ValueError`` for one that cannot be read, or whose key is too weak."""
    parsed = x509.load_der_x509_certificate(der)
    if parsed.public_bytes(Encoding.DER) != der:
        raise ValueError("it is not in DER")
    key = parsed.public_key()
    if isinstance(key, rsa.RSAPublicKey) and not _LEAST_RSA <= key.key_size <= _MOST_RSA:
        raise ValueError(f"its key has {key.key_size} bits, expected {_LEAST_RSA} to {_MOST_RSA}")
    if isinstance(key, ec.EllipticCurvePublicKey) and not isinstance(key.curve, _CURVES):
        raise ValueError(f"its key is on the curve {key.curve.name}, expected P-256, P-384 or P-521")
    if not isinstance(key, Key):
        raise ValueError("its key is of a kind that signs nothing here, expected Ed25519, ECDSA or RSA")
    return Certificate(parsed, key, _shown(parsed.subject))


def holds(algorithm: str, key: Key, signature: bytes, signed: bytes) -> bool:
    """Whether a signature is by a key, of these bytes."""
    try:
        if algorithm == "ed25519" and isinstance(key, Ed25519PublicKey):
            key.verify(signature, signed)
        elif algorithm.startswith("ecdsa-") and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(_HASHES[algorithm.rpartition("-")[2]]))
        elif algorithm.startswith("rsa-") and isinstance(key, rsa.RSAPublicKey):
            digest = _HASHES[algorithm.rpartition("-")[2]]
            padded: padding.PSS | padding.PKCS1v15 = padding.PKCS1v15()
            if algorithm.startswith("rsa-pss-"):
                padded = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
            key.verify(signature, signed, padded, digest)
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def bare_key(signature: Signature) -> Ed25519PublicKey:
    """The key of a signature without certificates. Raises ``ValueError`` for one that is no point."""
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.public_key or ""))


def path_fault(chain: Sequence[bytes], roots: Sequence[x509.Certificate], when: datetime) -> str:
    """Why certificates do not lead to a root at a time; empty if they do. Whether one is revoked is not looked up."""
    leaf, *others = [x509.load_der_x509_certificate(der) for der in chain]
    builder = (
        PolicyBuilder()
        .store(Store(list(roots)))
        .time(when)
        .max_chain_depth(_LONGEST_CHAIN)
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=_signers())
    )
    try:
        builder.build_client_verifier().verify(leaf, others)
    except VerificationError as error:
        if not leaf.not_valid_before_utc <= when <= leaf.not_valid_after_utc:
            begins, ends = leaf.not_valid_before_utc.strftime(FORMAT), leaf.not_valid_after_utc.strftime(FORMAT)
            return f"its certificate is valid from {begins} to {ends} only"
        reason = str(error).partition(" (encountered")[0].removeprefix("validation failed: ")
        return f"its certificate does not lead to a root that your policy names: {_one_line(reason)}"
    return ""


def _signers() -> ExtensionPolicy:
    policy = ExtensionPolicy.webpki_defaults_ee()
    policy = policy.may_be_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    policy = policy.may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _check_purpose)
    return policy.may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _check_usage)


def _check_purpose(policy: Policy, certificate: x509.Certificate, found: x509.ExtendedKeyUsage | None) -> None:
    if found is not None and not any(one.dotted_string in _PURPOSES for one in found):
        raise ValueError("its certificate is for another purpose than to sign documents")


def _check_usage(policy: Policy, certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
    if found is not None and (found.key_cert_sign or not (found.digital_signature or found.content_commitment)):
        raise ValueError("its certificate is for a key that signs no documents")


def read_roots(data: bytes, file: str) -> tuple[x509.Certificate, ...]:
    """Root certificates in PEM. Raises ``InputError`` for a file that has none, or one that is no root."""
    try:
        found = tuple(x509.load_pem_x509_certificates(data))
    except ValueError as error:
        raise InputError(
            Problem(f"{file} has no certificates", hint="expected PEM: -----BEGIN CERTIFICATE…")
        ) from error
    for one in found:
        try:
            one.verify_directly_issued_by(one)
        except Exception as error:
            raise InputError(
                Problem(f"{file} has a certificate that is no root", hint="a root is signed by itself")
            ) from error
    return found


# Signing


def read_private_key(data: bytes, file: str) -> PrivateKey:
    """A private key in PEM, to sign with. Raises ``InputError``."""
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError as error:
        raise InputError(
            Problem(
                f"{file} is encrypted",
                hint="sign with the program that opens it: --to-sign writes what is to be signed, --signature takes it",
            )
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(Problem(f"{file} is no private key", hint="expected PEM: -----BEGIN PRIVATE KEY…")) from error
    if not isinstance(key, PrivateKey):
        raise InputError(f"{file} is a key of a kind that signs nothing here: expected Ed25519, ECDSA or RSA")
    return key


def read_public_key(data: bytes, file: str) -> Ed25519PublicKey:
    """An Ed25519 public key in PEM. Raises ``InputError``."""
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(Problem(f"{file} is no public key", hint="expected PEM: -----BEGIN PUBLIC KEY…")) from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(Problem(f"{file} is no Ed25519 key", hint="keys of other kinds are named by --certificates"))
    return key


def read_chain(data: bytes, file: str) -> tuple[bytes, ...]:
    """Certificates in PEM, the signer's first, in DER. Raises ``InputError``."""
    try:
        found = tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(data))
        read_certificate(found[0])
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(
            Problem(f"{file}: {_one_line(str(error))}", hint="expected PEM, the signer's first")
        ) from error
    return found


def sign(key: PrivateKey, chain: Sequence[bytes], signed: bytes) -> Signature:
    """The signature of these bytes by a key, or by that of a certificate. Raises ``InputError`` if they do not fit."""
    if isinstance(key, Ed25519PrivateKey):
        value = key.sign(signed)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        value = key.sign(signed, ec.ECDSA(_HASHES["sha256" if key.key_size <= 256 else "sha384"]))
    else:
        digest = _HASHES["sha256"]
        value = key.sign(signed, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    public = key.public_key()
    if chain:
        return made_elsewhere(value, None, chain, signed)
    if not isinstance(public, Ed25519PublicKey):
        raise InputError(Problem("a key that is not Ed25519 needs a certificate", hint="--certificates FILE"))
    return made_elsewhere(value, public, (), signed)


def made_elsewhere(value: bytes, key: Ed25519PublicKey | None, chain: Sequence[bytes], signed: bytes) -> Signature:
    """A signature that was made somewhere, as the file has it. Raises ``InputError`` for one that does not hold.

    ``value`` is the signature itself, or the same in base64; ECDSA in DER.
    """
    public: Key = read_certificate(chain[0]).key if key is None else key
    tried = [value]
    with suppress(ValueError):
        tried.append(base64.b64decode(b"".join(value.split()), validate=True))
    for data in tried:
        for algorithm in ALGORITHMS:
            if data and holds(algorithm, public, data, signed):
                return Signature(
                    algorithm=algorithm,
                    public_key=key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex() if key else None,
                    certificates=tuple(base64.b64encode(one).decode() for one in chain) if key is None else None,
                    value=base64.b64encode(data).decode(),
                )
    raise InputError("the signature is not by this key, or not of this statement: it does not hold")


# Times and names


def now() -> datetime:
    """The time at which certificates are judged, if not at a stated one."""
    return datetime.now(UTC)


def parsed_time(text: str) -> datetime:
    """A stated time."""
    return datetime.strptime(text, FORMAT).replace(tzinfo=UTC)


def _shown(name: x509.Name) -> str:
    return _one_line(name.rfc4514_string())


def _one_line(text: str) -> str:
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"
