"""Who can read the private half of an audit: its data key, encrypted with age for each recipient.

``private/recipients.json`` lists the recipients and holds an age file (age-encryption.org/v1, X25519) with the data
key, the audit's id and the same list: whoever opens it sees whether the list that everybody can read is the one it was
made with. An age file does not show who wrote it: this hides the private half, and does not prove where it comes from.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from polyproof.errors import ArtifactError, InputError, Location, Problem, ProofRejected
from polyproof.extras import require_extras
from polyproof.formats.encrypted_file import DataKey
from polyproof.formats.files import read_bounded, refuse_readable_by_others, write_durably
from polyproof.formats.strict_json import BadJson, canonical_line, parse_strict
from polyproof.liabilities.artifacts import RECIPIENTS
from polyproof.model.names import AUDIT_ID, Pattern
from polyproof.toolkit.json_object import JsonObject

__all__ = [
    "MOST_RECIPIENTS",
    "Identities",
    "Recipient",
    "Recipients",
    "key_of",
    "load_identities",
    "new_data_key",
    "new_identity",
    "open_private_half",
    "parse_recipient",
    "read_recipients",
    "refuse_secret",
]

FORMAT = "polyproof/recipients"
VERSION = 1
MOST_RECIPIENTS = 64
_MOST_BYTES = 64 << 10
_MOST_NAME = 100
_KEY: Pattern = ("age1[02-9ac-hj-np-z]{58}", "a recipient of age, which begins with age1")
_SECRET: Pattern = ("[0-9a-f]{64}", "64 hexadecimal digits")
_SECRET_KEY = "AGE-SECRET-KEY-"
_PURPOSE = "encrypting what is private"


@frozen
class Recipient:
    """Somebody who can read a private half: the public key of age's, and what the exchange calls them."""

    key: str
    name: str | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.key})" if self.name else self.key

    def member(self) -> dict[str, Any]:
        """As it stands in files."""
        return {"key": self.key, "name": self.name}


@frozen
class Identities:
    """Secret keys of age, of which each reads what was encrypted for its recipient."""

    keys: tuple[Any, ...] = field(repr=False)

    def recipients(self) -> frozenset[str]:
        """The public keys of all of them."""
        return frozenset(str(key.to_public()) for key in self.keys)


def parse_recipient(text: str) -> Recipient:
    """``age1…``, or ``NAME=age1…``. Raises ``InputError``."""
    require_extras("private", purpose=_PURPOSE)
    import pyrage

    refuse_secret(text, "a recipient")
    name, equals, key = text.rpartition("=")
    if equals and not (name.isprintable() and 0 < len(name) <= _MOST_NAME):
        raise InputError(f"{ascii(name)[:80]} is no name of a recipient: expected 1 to {_MOST_NAME} characters")
    try:
        return Recipient(str(pyrage.x25519.Recipient.from_str(key)), name or None)
    except pyrage.RecipientError:
        raise InputError(
            Problem(
                f"{ascii(text)[:100]} is no recipient",
                expected="age1…, or NAME=age1…",
                hint="`polyproof private new-key` prints one, and so does age-keygen",
            )
        ) from None


def refuse_secret(text: str, expected: str) -> None:
    """Raise ``InputError`` for a secret key where something else was expected. Nothing of the text is shown."""
    if _SECRET_KEY in text.upper():
        raise InputError(
            Problem(
                f"this is a secret key, and not {expected}",
                hint="if it was typed, the shell's history and the list of processes have it: make a new one",
            )
        )


def new_identity() -> tuple[str, Recipient]:
    """A new secret key as the text of an identity file of age's, and its recipient."""
    require_extras("private", purpose=_PURPOSE)
    import pyrage

    made = pyrage.x25519.Identity.generate()
    recipient = Recipient(str(made.to_public()))
    return f"# public key: {recipient.key}\n{made}\n", recipient


def load_identities(path: Path) -> Identities:
    """Read an identity file of age's: lines with secret keys, and with comments. It may be a pipe.

    Raises ``InputError`` for any other, and for a file that others than its owner can read.
    """
    require_extras("private", purpose=_PURPOSE)
    import pyrage

    refuse_secret(str(path), "the path of an identity file")
    place = Location(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(Problem(f"the identity cannot be read: {error.strerror}", place)) from None
    refuse_readable_by_others(path)
    lines = data.decode("ascii", errors="replace").splitlines() if len(data) <= _MOST_BYTES else []
    found = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    try:
        keys = tuple(pyrage.x25519.Identity.from_str(line) for line in found)
    except pyrage.IdentityError:
        keys = ()
    if not keys:
        # What is in it is secret, whatever it is: nothing of it is shown.
        hint = "one that is encrypted itself is decrypted on the way: --identity <(age --decrypt FILE)"
        raise InputError(Problem("not an identity file of age: it has no line AGE-SECRET-KEY-1…", place, hint))
    return Identities(keys)


@frozen
class Recipients:
    """The file ``recipients.json``: who can read a private half."""

    audit_id: str
    listed: tuple[Recipient, ...]
    wrapped: bytes
    """The age file with the data key."""

    @classmethod
    def of(cls, audit_id: str, listed: Sequence[Recipient], key: DataKey) -> Recipients:
        """Encrypt a data key for recipients."""
        import pyrage

        if not 0 < len(listed) <= MOST_RECIPIENTS:
            raise InputError(f"expected 1 to {MOST_RECIPIENTS} recipients, and there are {len(listed)}")
        if len({recipient.key for recipient in listed}) < len(listed):
            raise InputError("a recipient is named twice")
        content = {"audit_id": audit_id, "data_key": key.secret.hex(), "recipients": _members(listed)}
        keys = [pyrage.x25519.Recipient.from_str(recipient.key) for recipient in listed]
        return cls(audit_id, tuple(listed), pyrage.encrypt(canonical_line(content), keys))

    def write(self, private: Path) -> None:
        """Write the file, or replace it."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "audit_id": self.audit_id,
            "recipients": _members(self.listed),
            "wrapped": base64.b64encode(self.wrapped).decode(),
        }
        write_durably(private / RECIPIENTS, canonical_line(content), private=True)

    def open(self, identities: Identities, path: Path) -> DataKey:
        """The data key. Raises ``ArtifactError`` for identities that cannot read it, and for a file that was changed.

        ``path``: of the file, for messages.
        """
        require_extras("private", purpose=_PURPOSE)
        import pyrage

        try:
            content = pyrage.decrypt(self.wrapped, list(identities.keys))
        except pyrage.DecryptError:
            listed = ", ".join(map(str, self.listed))
            if identities.recipients() & {recipient.key for recipient in self.listed}:
                raise ArtifactError(f"{path}: damaged: its data key cannot be decrypted") from None
            raise ArtifactError(f"{path}: this identity cannot read it; the file names {listed}") from None
        try:
            found = JsonObject(parse_strict(content))
            key = DataKey(bytes.fromhex(found.matching("data_key", _SECRET)))
            inside = (found.text("audit_id", 128), found.items("recipients"))
        except (ValueError, ProofRejected):
            raise ArtifactError(f"{path}: what was encrypted in it is no data key") from None
        if inside != (self.audit_id, _members(self.listed)):
            raise ArtifactError(f"{path}: its audit or its recipients are not those that it was made with")
        return key


def _members(listed: Sequence[Recipient]) -> list[dict[str, Any]]:
    return [recipient.member() for recipient in listed]


def new_data_key() -> DataKey:
    """A data key that nothing was encrypted with."""
    return DataKey(secrets.token_bytes(32))


def read_recipients(private: Path) -> Recipients | None:
    """Who can read a private half, as its file says; None if it is not encrypted. Raises ``ArtifactError``."""
    path = private / RECIPIENTS
    if not os.path.lexists(path):
        return None
    try:
        found = JsonObject(parse_strict(read_bounded(path, _MOST_BYTES)))
        found.only("format", "version", "audit_id", "recipients", "wrapped")
        if found.text("format", 100) != FORMAT or found.integer("version") != VERSION:
            raise ValueError(f"expected {FORMAT}, version {VERSION}")
        listed = [JsonObject(item, f"recipients[{at}]") for at, item in enumerate(found.items("recipients"))]
        if not 0 < len(listed) <= MOST_RECIPIENTS:
            raise ValueError(f"expected 1 to {MOST_RECIPIENTS} recipients")
        return Recipients(
            found.matching("audit_id", AUDIT_ID),
            tuple(_recipient(item) for item in listed),
            base64.b64decode(found.text("wrapped", _MOST_BYTES), validate=True),
        )
    except (ValueError, binascii.Error, BadJson, ProofRejected) as error:
        raise ArtifactError(f"{path}: not the recipients of a private half: {error}") from error


def _recipient(item: JsonObject) -> Recipient:
    item.only("key", "name")
    name = None if item.is_null("name") else item.printable("name", _MOST_NAME)
    return Recipient(item.matching("key", _KEY), name)


def open_private_half(private: Path, identities: Identities | None) -> DataKey | None:
    """The key of a private half, or None where it is not encrypted.

    Raises ``ArtifactError`` without an identity that can read it.
    """
    recipients = read_recipients(private)
    if recipients is None:
        return None
    if identities is None:
        listed = ", ".join(map(str, recipients.listed))
        raise ArtifactError(
            Problem(
                f"{private} is encrypted for {listed}",
                hint="name an identity file of one of them, by --identity FILE or in POLYPROOF_IDENTITY",
            )
        )
    return recipients.open(identities, private / RECIPIENTS)


def key_of(private: Path, identity: Path | None) -> DataKey | None:
    """The same, with an identity file instead of what is in it."""
    if read_recipients(private) is None:
        return None
    return open_private_half(private, load_identities(identity) if identity is not None else None)
