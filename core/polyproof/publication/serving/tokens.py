"""Signed tokens of the organisation's login: JSON Web Tokens (RFC 7519), of an algorithm that the key decides.

A token names the audit (``aud``), the account (``sub``) and when it ends (``exp``), at most an hour ahead. What it says
of its own algorithm is compared and never believed, and a key serves one algorithm: so neither ``none`` nor a public
key taken for a secret gets anywhere (RFC 8725, sections 3.1 and 3.2).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jwt
from attrs import field, frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from cryptography.x509 import load_der_x509_certificate

from polyproof.errors import InputError, Problem
from polyproof.formats.files import read_input, refuse_readable_by_others
from polyproof.publication.serving.asking import LONGEST_ACCOUNT, NobodyError, Request, single

__all__ = ["FIELD", "LONGEST_LIFE", "LONGEST_TOKEN", "TokenKey", "Tokens", "public_key", "secret_key"]

FIELD = "token"
"""The field of a form that has a token in it: a form sends it in its body, where no history and no log keeps it."""
LONGEST_TOKEN = 8192
"""Characters of the longest token that is looked at."""
LONGEST_LIFE = 3600
"""Seconds that a token may still be good for when it is used."""
_LEEWAY = 30
"""Seconds that two clocks may differ."""
_MOST_KEY = 64 << 10
_LEAST_SECRET = 32
"""Bytes: as many as the hash has (RFC 7518, section 3.2)."""
_LEAST_RSA = 2048
"""Bits (RFC 7518, section 3.3)."""


@frozen
class TokenKey:
    """A key and the one algorithm that it is for."""

    algorithm: str
    key: Any = field(repr=False)


def public_key(path: Path) -> TokenKey:
    """A public key (PEM): Ed25519 for EdDSA, P-256 for ES256, RSA for RS256. Raises ``InputError``."""
    data = read_input(path, _MOST_KEY, ", and no public key has")
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(
            Problem(
                f"{path} is not a public key in PEM",
                hint="`openssl pkey -in private.pem -pubout` writes one from yours",
            )
        ) from error
    if isinstance(key, Ed25519PublicKey):
        return TokenKey("EdDSA", key)
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return TokenKey("ES256", key)
    if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA:
        return TokenKey("RS256", key)
    raise InputError(f"{path}: expected an Ed25519 key, one on the curve P-256, or RSA of at least {_LEAST_RSA} bits")


def secret_key(path: Path) -> TokenKey:
    """The secret of HS256: the bytes of a file, without white space at its ends. Raises ``InputError``."""
    data = read_input(path, _MOST_KEY, ", and no secret has").strip()
    if _is_key(data):
        raise InputError(
            Problem(
                f"{path} is a key for signatures, not a secret",
                hint="--token-key takes public keys; as a secret, everybody who has the public key could sign",
            )
        )
    if len(data) < _LEAST_SECRET:
        raise InputError(
            Problem(
                f"{path}: a secret of {len(data)} bytes can be guessed; at least {_LEAST_SECRET} are needed",
                hint="`openssl rand -hex 32` makes one",
            )
        )
    refuse_readable_by_others(path)
    return TokenKey("HS256", data)


def _is_key(data: bytes) -> bool:
    """Whether this is a key, which others may have: in PEM, DER, JSON (RFC 7517) or the form of SSH."""
    if (
        b"-----BEGIN" in data
        or data.startswith((b"ssh-", b"ecdsa-", b"sk-"))
        or (data[:1] == b"{" and b'"kty"' in data)
    ):
        return True
    for load in (load_der_public_key, load_der_x509_certificate):
        try:
            load(data)
        except (ValueError, UnsupportedAlgorithm):
            continue
        return True
    return False


class Tokens:
    """Customers who bring a token, in the header ``Authorization: Bearer`` or in the field ``token`` of a form."""

    def __init__(self, keys: Sequence[TokenKey], audit_id: str) -> None:
        """``keys``: each may have signed; two serve while one replaces another."""
        self._keys = tuple(keys)
        self._audit_id = audit_id

    def account(self, request: Request) -> str:
        """The account that the token names. Raises ``NobodyError``."""
        return self._account(_token(request))

    def _account(self, token: str) -> str:
        if len(token) > LONGEST_TOKEN:
            raise NobodyError("token-long")
        try:
            header = jwt.get_unverified_header(token)
        except Exception as error:  # whatever the parser does with a stranger's text
            raise NobodyError("token-form") from error
        # Extensions that change what is signed or how (RFC 7515, section 4.1.11; RFC 7797): there are none here.
        if "crit" in header or "b64" in header:
            raise NobodyError("token-form")
        stated, why = str(header.get("alg")).encode(errors="surrogatepass"), "token-algorithm"
        for key in self._keys:
            if hmac.compare_digest(stated, key.algorithm.encode()):
                try:
                    return self._claimed(token, key)
                except NobodyError as error:
                    why = error.why
        raise NobodyError(why)

    def _claimed(self, token: str, key: TokenKey) -> str:
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audit_id,
                leeway=_LEEWAY,
                options={"require": ["exp", "aud", "sub"], "strict_aud": True},
            )
        except jwt.ExpiredSignatureError as error:
            raise NobodyError("token-expired") from error
        except jwt.InvalidAudienceError as error:
            raise NobodyError("token-audience") from error
        except jwt.InvalidSignatureError as error:
            raise NobodyError("token-signature") from error
        except Exception as error:  # as above
            raise NobodyError("token-claims") from error
        ends, account = claims["exp"], claims["sub"]
        if type(ends) not in (int, float) or not ends <= time.time() + LONGEST_LIFE + _LEEWAY:
            raise NobodyError("token-life")
        if not isinstance(account, str) or not 0 < len(account) <= LONGEST_ACCOUNT:
            raise NobodyError("token-claims")
        return account


def _token(request: Request) -> str:
    """The one token of a request. Raises ``NobodyError`` if there is none, or more than one."""
    found = [value for name, value in request.form if name == FIELD]
    header = single(request.headers, b"authorization")
    if header is not None:
        scheme, _, value = header.partition(b" ")
        if scheme.lower() != b"bearer":
            raise NobodyError("token-form")
        found.append(value.strip().decode("latin-1"))
    if len(found) != 1:
        raise NobodyError("token-twice" if found else "token-missing")
    return found[0]
