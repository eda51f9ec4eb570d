"""A certification authority and a time-stamping authority, made for a test: certificates and tokens of RFC 3161.

DER is written here by hand (X.690), since nothing that is installed issues tokens: TSTInfo of RFC 3161, section 2.4.2,
in SignedData of RFC 5652, with the attribute SigningCertificateV2 of RFC 5816. Every part can be made wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from polyproof.testing.servers import Reply, Request

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)

# DER


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        length = bytes([size])
    else:
        spelled = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([128 + len(spelled)]) + spelled
    return bytes([tag]) + length + content


def sequence(*parts: bytes) -> bytes:
    return der(0x30, *parts)


def integer(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytes([40 * first + second])
    for arc in rest:
        digits = [arc & 127]
        while arc := arc >> 7:
            digits.append(arc & 127 | 128)
        content += bytes(reversed(digits))
    return der(0x06, content)


def general_time(time: datetime) -> bytes:
    fraction = f".{time.microsecond:06d}".rstrip("0") if time.microsecond else ""
    return der(0x18, f"{time:%Y%m%d%H%M%S}{fraction}Z".encode())


def read(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """Tag, content and end of the value at a place."""
    tag, length, at = data[at], data[at + 1], at + 2
    if length >= 128:
        size = length - 128
        length, at = int.from_bytes(data[at : at + size], "big"), at + size
    return tag, data[at : at + length], at + length


def inside(data: bytes) -> list[tuple[int, bytes]]:
    """Tags and contents of the values one after another."""
    found, at = [], 0
    while at < len(data):
        tag, content, at = read(data, at)
        found.append((tag, content))
    return found


SHA256 = "2.16.840.1.101.3.4.2.1"
_TST_INFO, _SIGNED_DATA = "1.2.840.113549.1.9.16.1.4", "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2, _ECDSA_SHA256 = "1.2.840.113549.1.9.16.2.47", "1.2.840.10045.4.3.2"

# Certificates


@frozen
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


TIME_STAMPING = (ExtendedKeyUsageOID.TIME_STAMPING,)


def holder(
    name: str,
    issuer: Holder | None = None,
    *,
    authority: bool = False,
    usages: Sequence[x509.ObjectIdentifier] | None = None,
    critical: bool = True,
    since: datetime = NOW - timedelta(days=365),
    until: datetime = NOW + timedelta(days=365),
) -> Holder:
    """A certificate by ``issuer``, or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
    return Holder(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def revocations(issuer: Holder, revoked: Holder, when: datetime, reason: x509.ReasonFlags | None) -> bytes:
    """A list of revoked certificates, PEM, with one of them."""
    entry = x509.RevokedCertificateBuilder().serial_number(revoked.certificate.serial_number).revocation_date(when)
    if reason is not None:
        entry = entry.add_extension(x509.CRLReason(reason), critical=False)
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(when).next_update(when + timedelta(days=3650)).add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM)


# Tokens


@frozen(kw_only=True)
class Authority:
    """A time-stamping authority: each part of what it says may be wrong."""

    root: Holder
    signer: Holder
    between: tuple[Holder, ...] = ()
    sends: tuple[Holder, ...] | None = None
    """The certificates in its tokens; by default the signer's and those between."""
    time: datetime = NOW
    accuracy: tuple[int, int, int] | None = (1, 0, 0)
    """Seconds, thousandths, millionths."""
    imprint: bytes | None = None
    """Instead of what it was asked for."""
    algorithm: str = SHA256
    nonce: int | None = None
    """Instead of the one that it was asked for."""
    status: int = 0
    names: Holder | None = None
    """The certificate that the signed attribute names; by default the signer's."""
    named: bool = True
    """Whether there is such an attribute."""
    spoiled: bool = False
    """Whether the signature is another one."""

    def token(self, digest: bytes, nonce: int | None = None) -> bytes:
        """A token for a SHA-256."""
        info = sequence(
            integer(1),
            oid("1.3.6.1.4.1.99999.1"),
            sequence(sequence(oid(self.algorithm)), der(0x04, self.imprint or digest)),
            integer(7),
            general_time(self.time),
            *([_accuracy(self.accuracy)] if self.accuracy else []),
            *([integer(nonce)] if nonce is not None else []),
        )
        attributes = [
            sequence(oid(_CONTENT_TYPE), der(0x31, oid(_TST_INFO))),
            sequence(oid(_MESSAGE_DIGEST), der(0x31, der(0x04, hashlib.sha256(info).digest()))),
        ]
        if self.named:
            named = hashlib.sha256((self.names or self.signer).der).digest()
            certificate = sequence(sequence(sequence(der(0x04, named))))
            attributes.append(sequence(oid(_SIGNING_CERTIFICATE_V2), der(0x31, certificate)))
        signed = b"".join(sorted(attributes))
        text = der(0x31, signed) + (b"spoiled" if self.spoiled else b"")
        signature = self.signer.key.sign(text, ec.ECDSA(hashes.SHA256()))
        certificate = self.signer.certificate
        signer = sequence(
            integer(1),
            sequence(certificate.issuer.public_bytes(), integer(certificate.serial_number)),
            sequence(oid(SHA256)),
            der(0xA0, signed),
            sequence(oid(_ECDSA_SHA256)),
            der(0x04, signature),
        )
        sent = (self.signer, *self.between) if self.sends is None else self.sends
        data = sequence(
            integer(3),
            der(0x31, sequence(oid(SHA256))),
            sequence(oid(_TST_INFO), der(0xA0, der(0x04, info))),
            *([der(0xA0, *sorted(one.der for one in sent))] if sent else []),
            der(0x31, signer),
        )
        return sequence(oid(_SIGNED_DATA), der(0xA0, data))

    def answer(self, digest: bytes, nonce: int | None = None) -> bytes:
        """A TimeStampResp."""
        status = sequence(integer(self.status))
        return sequence(status, self.token(digest, nonce)) if self.status < 2 else sequence(status)

    def respond(self, request: Request) -> Reply:
        """As a server of RFC 3161, section 3.4."""
        asked = inside(inside(request.body)[0][1])
        digest = inside(asked[1][1])[1][1]
        nonces = [int.from_bytes(content, "big") for tag, content in asked[2:] if tag == 0x02]
        nonce = self.nonce if self.nonce is not None else nonces[0] if nonces else None
        return Reply(self.answer(digest, nonce))


def _accuracy(parts: tuple[int, int, int]) -> bytes:
    seconds, thousandths, millionths = parts
    found = [integer(seconds)]
    for tag, part in ((0x80, thousandths), (0x81, millionths)):
        if part:
            found.append(der(tag, integer(part)[2:]))
    return sequence(*found)


def authority(**changes: Any) -> Authority:
    """A sound one, with a certificate between the root and the signer, unless something is changed."""
    root = holder("Test Root", authority=True)
    between = holder("Test Intermediate", root, authority=True)
    signer = holder("Test Clock", between, usages=TIME_STAMPING)
    return Authority(**{"root": root, "signer": signer, "between": (between,), **changes})
