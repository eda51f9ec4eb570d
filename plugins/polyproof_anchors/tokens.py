"""What rfc3161-client leaves to its user in a token: which certificate it names, and fractions of a second.

RFC 3161, section 2.4.2, and RFC 5816: a token is signed together with a digest of the signer's certificate, so that
nobody can put another certificate of the same key in its place. Of the token's time the library drops the fraction.
DER (X.690) is read here only as far as these two: the library has parsed the whole before.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

__all__ = ["has_fraction", "names_certificate"]

_SIGNING_CERTIFICATE = bytes.fromhex("060b2a864886f70d010910020c")
"""1.2.840.113549.1.9.16.2.12 (RFC 2634), with SHA-1."""
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")
"""1.2.840.113549.1.9.16.2.47 (RFC 5035)."""
_HASHES = {
    bytes.fromhex("0609608648016503040201"): "sha256",
    bytes.fromhex("0609608648016503040202"): "sha384",
    bytes.fromhex("0609608648016503040203"): "sha512",
}


def names_certificate(token: bytes, certificate: bytes) -> bool:
    """Whether the signed attributes of a token, a ContentInfo of DER with one signer, name a certificate.

    Raises ``ValueError`` for what cannot be read.
    """
    content_info = _one(token)
    signed_data = _one(list(_values(content_info))[1][1])
    *_, (_, signer_infos) = _values(signed_data)
    attributes = next(content for tag, content in _values(_one(signer_infos)) if tag == 0xA0)
    for _, attribute in _values(attributes):
        identifier, rest = attribute[:13], attribute[13:]
        if identifier in (_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2):
            # AttributeValues, a set of one; SigningCertificate; its list; the first of them is the signer's.
            first = list(_values(_one(_one(_one(_one(rest, whole=False)), whole=False), whole=False)))
            if _names(first, certificate, v2=identifier == _SIGNING_CERTIFICATE_V2):
                return True
    return False


def has_fraction(token: bytes) -> bool:
    """Whether the time of a token, a ContentInfo of DER, has a fraction of a second. Raises ``ValueError``."""
    signed_data = _one(list(_values(_one(token)))[1][1])
    # EncapsulatedContentInfo: its type, and [0] with the octets of TSTInfo, whose fifth part is the time.
    octets = _one(list(_values(list(_values(signed_data))[2][1]))[1][1])
    return b"." in list(_values(_one(octets)))[4][1]


def _names(identifier: list[tuple[int, bytes]], certificate: bytes, *, v2: bool) -> bool:
    """Whether an ESSCertID or ESSCertIDv2 is that of a certificate. The latter's hash is SHA-256 if it names none."""
    name = "sha256" if v2 else "sha1"
    if v2 and identifier and identifier[0][0] == 0x30:
        stated = identifier.pop(0)[1]
        name = next((name for oid, name in _HASHES.items() if stated.startswith(oid)), "")
    if not name or not identifier or identifier[0][0] != 0x04:
        return False
    return hmac.compare_digest(identifier[0][1], hashlib.new(name, certificate, usedforsecurity=False).digest())


def _one(data: bytes, *, whole: bool = True) -> bytes:
    """The content of the first value; ``whole``: nothing may follow it."""
    found = list(_values(data))
    if not found or (whole and len(found) > 1):
        raise ValueError("a value of DER is missing, or one too many is there")
    return found[0][1]


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of the values in a content, one after another."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("DER ends too early")
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= 0x80:
            size = length - 0x80
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
            if not 0 < size <= 4:
                raise ValueError("a length of DER is out of range")
        if at + length > len(data):
            raise ValueError("DER ends too early")
        yield tag, data[at : at + length]
        at += length
