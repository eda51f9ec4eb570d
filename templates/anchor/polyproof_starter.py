"""The anchor starter-name for polyproof: who notes a publication digest, and what their evidence shows.

YOURS: as it stands a notary signs time and digest with Ed25519, and `publish` signs with a secret key that lies here.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from polyproof.anchor import Anchor, Shown, Subject, Time
from polyproof.config.options import option
from polyproof.errors import InputError, Problem, ProofRejected
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.timestamps import is_timestamp

polyproof_interface = 2

EVIDENCE = re.compile(rb"([0-9TZ:-]{20}) ([0-9a-f]{64}) ([0-9a-f]{128})")
HEX_KEY = ("[0-9a-f]{64}", "64 lower-case hexadecimal digits")


@hookimpl
def polyproof_components() -> list[Component]:
    """One anchor."""
    summary = "A notary's signature, a starting point"
    return [Component("anchor", "starter-name", summary, "polyproof_starter:StarterAnchor")]


@frozen
class StarterOptions:
    """YOURS. Each has a default, and with the defaults nobody is believed."""

    notary: str | None = option(default=None, pattern=HEX_KEY, doc="The notary's public key, whom you believe.")
    secret: Path | None = option(default=None, doc="File of the notary's secret key, in hexadecimal, to sign with.")


class StarterAnchor(Anchor):
    """YOURS: what evidence is, who makes it, and what it shows to whoever believes them."""

    name = "starter-name"
    suffix = "txt"
    Options = StarterOptions
    options: StarterOptions

    def open(self, base: Path) -> None:
        """Paths start from ``base``."""
        self._base = base

    def publish(self, subject: Subject) -> bytes:
        """YOURS: have it noted elsewhere. Only the digest leaves this machine."""
        if self.options.secret is None:
            raise InputError(Problem("nothing says with which key the notary signs", hint="secret: FILE"))
        try:
            seed = bytes.fromhex((self._base / self.options.secret).read_text(encoding="ascii").strip())
            key = Ed25519PrivateKey.from_private_bytes(seed)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.options.secret} is not a secret key: {error}") from error
        return evidence(key, subject, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    def check(self, subject: Subject, evidence: bytes) -> Shown:
        """YOURS: format, then digest, then whether it holds. What cannot be checked is shown as a claim."""
        found = EVIDENCE.fullmatch(evidence)
        if found is None or not is_timestamp(time := found[1].decode()):
            raise ProofRejected("anchor-format", "not evidence of this notary: a time, a digest and a signature")
        if found[2].decode() != subject.digest.hex():
            raise ProofRejected("anchor-digest", f"it is about {found[2].decode()}, not {subject.digest.hex()}")
        if self.options.notary is None:
            why = "you name no notary's key"
            return Shown(time=Time(latest=time, clock="the notary", checked=False, why=why), uniqueness=None)
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.options.notary))
            key.verify(bytes.fromhex(found[3].decode()), _signed(subject, time))
        except InvalidSignature as error:
            raise ProofRejected("anchor-evidence", "the signature is not by the notary whom you believe") from error
        return Shown(time=Time(latest=time, clock="the notary", checked=True), uniqueness=None)


def evidence(key: Ed25519PrivateKey, subject: Subject, time: str) -> bytes:
    """What the notary writes about a record."""
    return f"{time} {subject.digest.hex()} {key.sign(_signed(subject, time)).hex()}".encode()


def _signed(subject: Subject, time: str) -> bytes:
    return b"starter-name\n" + time.encode() + subject.digest
