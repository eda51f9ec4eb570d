"""The set-up of a KZG commitment: powers of a secret τ in the exponent, and what names them.

Whoever knows τ can open any commitment to anything. A *ceremony* has many people each multiply in a secret of their own
and forget it: one honest one is enough (``polyproof_kzg.ceremony`` loads what it published). The *development* set-up
has a τ that is computed below from a constant, for everybody to see: it is for trying things out and protects nobody.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from attrs import frozen

from polyproof_kzg.curve import BN254, Curve, Point

__all__ = ["DEVELOPMENT", "Setup", "decoded_tau", "development", "setup_digest"]

DEVELOPMENT = "insecure-development"
"""What stands in the place of a digest where τ is known to everybody."""

_CONSTANT = b"polyproof/kzg/insecure development set-up: everybody knows this secret"
_DIGEST_DOMAIN = b"polyproof/kzg/setup/1\n"


@frozen(eq=False)
class Setup:
    """A set-up as far as it is needed: a verifier has no powers of the first group."""

    tau: Point
    """[τ]₂."""
    powers: tuple[Point, ...] = ()
    """[1]₁, [τ]₁, [τ²]₁, …, for whoever commits and opens."""
    curve: Curve = BN254


@lru_cache(maxsize=64)
def decoded_tau(data: bytes, curve: Curve = BN254) -> Point:
    """[τ]₂ from its bytes, checked once a process. Raises ``ProofRejected`` for what encodes no point of the group."""
    return curve.decode_second(data, "setup_point")


def setup_digest(tau: bytes) -> str:
    """What names a set-up, whatever number of powers is taken of it: SHA-256 of a domain and the 128 bytes of [τ]₂."""
    return hashlib.sha256(_DIGEST_DOMAIN + tau).hexdigest()


@lru_cache(maxsize=8)
def development(powers: int, curve: Curve = BN254) -> Setup:
    """The development set-up with so many powers. Its secret is SHA-512 of a constant, modulo r."""
    secret = int.from_bytes(hashlib.sha512(_CONSTANT).digest(), "little") % curve.order
    exponents = [1]
    while len(exponents) < powers:
        exponents.append(exponents[-1] * secret % curve.order)
    return Setup(curve.second_multiple(secret), tuple(curve.multiples(exponents[:powers])) if powers else (), curve)
