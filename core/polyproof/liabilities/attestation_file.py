"""``attestation.json``: signed statements about an audit, in its public half.

A statement is somebody's own words about one audit, which it names by its publication digest, and a signature by
Ed25519 or by the key of an X.509 certificate. The file is outside the digest, which its statements are about, so that
anybody may add one after the digest is fixed; none is ever replaced. docs/reference/audit-directory.md describes the
format.

What is signed is ``"polyproof/attestation/1\\n"`` and the canonical JSON line of the statement: one statement has one
such text, and nothing else that polyproof has signed begins like it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from attrs import evolve, frozen

from polyproof.config.options import Check, Fault, all_printable, option, plain, printable
from polyproof.errors import ArtifactError, InputError, Problem, ProofRejected
from polyproof.formats.files import read_bounded, write_durably
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities.artifacts import ATTESTATIONS
from polyproof.liabilities.folder import present
from polyproof.model.counts import counted
from polyproof.model.names import AUDIT_ID, DIGEST, TIME
from polyproof.model.timestamps import in_calendar
from polyproof.settings.documents import read_document

__all__ = [
    "ALGORITHMS",
    "DOMAIN",
    "KINDS",
    "MOST_BYTES",
    "AttestationFile",
    "Signature",
    "SignedStatement",
    "Statement",
    "add_statement",
    "check_not_attested",
    "parse_statement",
    "read_attestations",
]

FORMAT = "polyproof/attestation"
VERSION = 1
DOMAIN = b"polyproof/attestation/1\n"
MOST_BYTES = 1 << 20
"""The most bytes of the file that are read."""
MOST_STATEMENTS = 64
_MOST_CERTIFICATES = 8
_LONGEST_CERTIFICATE = 16 << 10
_LONGEST_SIGNATURE = 4 << 10

KINDS = ("agreed-upon-procedures", "limited-assurance", "reasonable-assurance", "other")
"""What kind of engagement a statement is said to come from."""
ALGORITHMS = (
    "ed25519",
    "ecdsa-sha256",
    "ecdsa-sha384",
    "ecdsa-sha512",
    "rsa-pss-sha256",
    "rsa-pss-sha384",
    "rsa-pss-sha512",
    "rsa-pkcs1-sha256",
    "rsa-pkcs1-sha384",
    "rsa-pkcs1-sha512",
)


def _base64(longest: int) -> Check:
    """A ``check`` for a text, or each of a list of texts, in base64 of at most so many characters."""

    def check(value: str | tuple[str, ...]) -> Iterable[Fault]:
        for index, text in enumerate((value,) if isinstance(value, str) else value):
            path = () if isinstance(value, str) else (index,)
            try:
                canonical = (
                    len(text) <= longest and base64.b64encode(base64.b64decode(text, validate=True)) == text.encode()
                )
            except (ValueError, binascii.Error):
                canonical = False
            if not canonical or not text:
                yield Fault("this is not base64", f"expected 1 to {longest} characters of base64, with padding", path)

    return check


@frozen(kw_only=True)
class Statement:
    """What somebody states about an audit: the part that is signed."""

    audit_id: str = option(pattern=AUDIT_ID, doc="Id of the audit that it is about.")
    publication_digest: str = option(pattern=DIGEST, doc="Publication digest of that audit.")
    kind: str = option(choices=KINDS, doc="From what kind of engagement it comes, in the signer's words.")
    signer: str = option(check=printable(200), doc="Who states it, as they call themselves.")
    date: str = option(pattern=TIME, check=in_calendar, doc="When they say that they state it.")
    text: tuple[str, ...] = option(items=(1, 40), check=all_printable(1000), doc="Its paragraphs.")

    def to_bytes(self) -> bytes:
        """It, in canonical form."""
        return canonical_line(plain(self))

    @property
    def to_sign(self) -> bytes:
        """The bytes that are signed."""
        return DOMAIN + self.to_bytes()


@frozen(kw_only=True)
class Signature:
    """A signature of a statement, by an Ed25519 key or by the key of a certificate."""

    algorithm: str = option(choices=ALGORITHMS, doc="How it is signed.")
    public_key: str | None = option(pattern=DIGEST, doc="The Ed25519 key; null with certificates.")
    certificates: tuple[str, ...] | None = option(
        items=(1, _MOST_CERTIFICATES),
        check=_base64(_LONGEST_CERTIFICATE),
        doc="Certificates (X.509, DER) in base64: the signer's, then those that lead to a root. null with public_key.",
    )
    value: str = option(check=_base64(_LONGEST_SIGNATURE), doc="The signature, in base64.")

    def __attrs_post_init__(self) -> None:
        """It is by one or the other, and a bare key is Ed25519."""
        if (self.public_key is None) == (self.certificates is None):
            raise InputError("a signature names a public key or certificates, and not both")
        if self.public_key is not None and self.algorithm != "ed25519":
            raise InputError(f"a public key of its own is one of Ed25519, and not for {self.algorithm}")

    @property
    def data(self) -> bytes:
        """The signature."""
        return base64.b64decode(self.value)

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates, in DER."""
        return tuple(base64.b64decode(text) for text in self.certificates or ())

    @property
    def key(self) -> str:
        """What names the key: the Ed25519 key itself, or SHA-256 of the signer's certificate; in hexadecimal."""
        return self.public_key or hashlib.sha256(self.chain[0]).hexdigest()


@frozen(kw_only=True, slots=False)
class SignedStatement:
    """A statement with its signature, read and not yet looked into."""

    statement: Statement = option(doc="What is signed.")
    signature: Signature = option(doc="The signature.")

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of both in canonical form, in hexadecimal."""
        return hashlib.sha256(canonical_line(plain(self))).hexdigest()


@frozen(kw_only=True)
class AttestationFile:
    """The file."""

    format: str = option(choices=(FORMAT,), doc="What kind of file this is.")
    version: int = option(choices=(VERSION,), doc="Version of the format.")
    statements: tuple[SignedStatement, ...] = option(items=(0, MOST_STATEMENTS), doc="The oldest first.")

    def to_bytes(self) -> bytes:
        """The file, in canonical form."""
        return canonical_line(plain(self))


_EMPTY = AttestationFile(format=FORMAT, version=VERSION, statements=())


def read_attestations(public: Path) -> AttestationFile:
    """The signed statements of a public half; none where there is no file.

    Raises ``ProofRejected`` for a file that is a link, too large, or anything but the canonical form of one.
    """
    path = public / ATTESTATIONS
    if not present(path):
        return _EMPTY
    return read_document(read_bounded(path, MOST_BYTES), AttestationFile, "attestation", str(path))


def parse_statement(data: bytes, file: str) -> Statement:
    """The statement of bytes that were to be signed. Raises ``ProofRejected`` for any others."""
    if not data.startswith(DOMAIN):
        raise ProofRejected("attestation-format", f"it does not begin with {DOMAIN.decode().strip()}", file=file)
    return read_document(data[len(DOMAIN) :], Statement, "attestation", file)


def add_statement(public: Path, signed: SignedStatement) -> bool:
    """Add a statement as the last of the file; False if it is there already. Nothing that is there is changed.

    Several may do so at once. Raises ``ArtifactError`` for a file that is there and cannot be read, and where there is
    no room for another statement.
    """
    path = public / ATTESTATIONS
    with _alone(public):
        try:
            found = read_attestations(public)
        except ProofRejected as error:
            raise ArtifactError(
                Problem(
                    f"{path} is no file of statements: {error.reason}",
                    hint="move it away first: what is in it would be lost",
                )
            ) from error
        if signed in found.statements:
            return False
        if len(found.statements) == MOST_STATEMENTS:
            raise ArtifactError(f"{path} holds {counted(len(found.statements), 'statement')}, and none has more")
        data = evolve(found, statements=(*found.statements, signed)).to_bytes()
        if len(data) > MOST_BYTES:
            raise ArtifactError(f"{path} would have {len(data)} bytes, and at most {MOST_BYTES} are read")
        write_durably(path, data)
    return True


@contextmanager
def _alone(public: Path) -> Iterator[None]:
    """Alone among processes that add statements to one audit; on Windows nobody waits for anybody.

    What is locked is the folder itself, so that no file is left behind, and a process that is killed lets go.
    """
    if os.name == "nt":
        yield
        return
    import fcntl

    descriptor = os.open(public, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise ArtifactError(f"{public} cannot be locked while a statement is added: {error.strerror}") from error
        yield
    finally:
        os.close(descriptor)


def check_not_attested(public: Path) -> None:
    """Raise ``ArtifactError`` where there are statements: once the record changes they are about another digest."""
    path = public / ATTESTATIONS
    if present(path):
        raise ArtifactError(
            Problem(
                f"{path} holds statements about the digest of this audit, which would change",
                hint="move it away if they may be lost; have an audit attested once it is final",
            )
        )
