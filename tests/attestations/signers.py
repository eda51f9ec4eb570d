"""Auditors of the tests: keys, and certificates from an authority of their own. Every part can be made wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import evolve, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from polyproof.liabilities.attestation_file import AttestationFile, SignedStatement, Statement, read_attestations
from polyproof.liabilities.record import read_record
from polyproof.publication.signatures import PrivateKey, sign

DOCUMENTS = "1.3.6.1.5.5.7.3.36"
AUDITOR = "Example Audit LLP"


def ed25519(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32))


def public_hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def private_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@frozen
class Authority:
    """A root, and who it issues certificates to."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def issue(
        self,
        key: PrivateKey,
        organisation: str = AUDITOR,
        *,
        days: tuple[int, int] = (-1, 365),
        purposes: Sequence[str] = (DOCUMENTS,),
        signs: bool = True,
        ca: bool = False,
        critical: bool = False,
    ) -> x509.Certificate:
        return certificate(organisation, self, key, days=days, purposes=purposes, signs=signs, ca=ca, critical=critical)


def authority(name: str = "Example Root") -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    root = certificate(name, None, key, ca=True, days=(-4000, 4000))
    return Authority(key, root)


def certificate(
    name: str,
    issuer: Authority | None,
    key: PrivateKey,
    *,
    days: tuple[int, int] = (-1, 365),
    purposes: Sequence[str] = (),
    signs: bool = True,
    ca: bool = False,
    critical: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
    signer = issuer.key if issuer else key
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.root.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(x509.KeyUsage(signs and not ca, False, not signs, False, False, ca, ca, False, False), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
    )
    if purposes:
        made = made.add_extension(x509.ExtendedKeyUsage([ObjectIdentifier(one) for one in purposes]), False)
    if critical:
        made = made.add_extension(x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)
    assert not isinstance(signer, Ed25519PrivateKey)
    return made.sign(signer, hashes.SHA256())


# Statements


def statement(public: Path, **changed: object) -> Statement:
    """A statement about the audit that lies there."""
    record = read_record(public)
    made = Statement(
        audit_id=record.audit_id,
        publication_digest=record.digest.hex(),
        kind="agreed-upon-procedures",
        signer=AUDITOR,
        date="2026-02-01T00:00:00Z",
        text=("We compared the totals with the ledger.", "They agree."),
    )
    return evolve(made, **changed)  # type: ignore[arg-type]


def signed(stated: Statement, key: PrivateKey, *chain: x509.Certificate) -> SignedStatement:
    der = [one.public_bytes(Encoding.DER) for one in chain]
    return SignedStatement(statement=stated, signature=sign(key, der, stated.to_sign))


def write(public: Path, *statements: SignedStatement) -> None:
    """Put a file of these beside an audit, as anybody can."""
    file = evolve(read_attestations(public), statements=statements)
    assert isinstance(file, AttestationFile)
    (public / "attestation.json").write_bytes(file.to_bytes())
