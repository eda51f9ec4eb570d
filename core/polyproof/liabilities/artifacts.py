"""What an audit leaves on disk: a public half, a private half, inclusion files.

::

    DIR/public/publication.json  DIR/public/manifest.json  DIR/public/proof-0000.bin …     to publish
    DIR/private/key  DIR/private/state-0000/ …  DIR/private/inclusion.store …   owner-only

Reading assumes that others wrote the files: sizes are checked before anything is read into memory, and
symbolic links and special files are refused. docs/reference/audit-directory.md describes the formats.
"""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from polyproof.errors import ArtifactError, ProofRejected
from polyproof.formats.files import read_bounded
from polyproof.model.names import AUDIT_ID, matches
from polyproof.settings.policy import Policy
from polyproof.toolkit.binary import Reader, Writer

__all__ = [
    "ANCHORS",
    "ATTESTATIONS",
    "AUDITS",
    "DESTROYED",
    "EVIDENCE",
    "HISTORY",
    "MANIFEST",
    "MOST_EVIDENCE",
    "MOST_RESERVES",
    "PRIVATE_README",
    "PUBLISHED_MARK",
    "RECIPIENTS",
    "RECORD",
    "RESERVES",
    "STORE",
    "InclusionFile",
    "find_private",
    "read_inclusion_file",
    "state_directory",
]

RECORD = "publication.json"
"""What names all the others: see ``polyproof.liabilities.record``."""
MANIFEST = "manifest.json"
ANCHORS = "anchors"
"""The folder of a public half with evidence about its digest, which is outside that digest: see
``polyproof.publication.anchors``."""
ATTESTATIONS = "attestation.json"
"""Signed statements about it, outside its digest too: see ``polyproof.liabilities.attestation_file``."""
AUDITS = "audits"
"""The folder of a history that holds the public half of each audit."""
HISTORY = "history.json"
"""The index of a published history: see ``polyproof.publication.history``."""
RESERVES = "reserves.json"
"""What is held against it, if that is published: see ``polyproof.reserves.published``."""
EVIDENCE = "reserves-evidence.jsonl"
"""Every row of it: see ``polyproof.reserves.evidence``."""

STORE = "inclusion.store"
"""In the private half: the inclusion files of all users; see ``polyproof.liabilities.inclusion_store``."""

RECIPIENTS = "recipients.json"
"""In a private half that is encrypted: who can read it; see ``polyproof.liabilities.recipients``."""

DESTROYED = "destroyed.json"
"""In the private half: what of it was destroyed; see ``polyproof.liabilities.destruction_mark``."""

MOST_RESERVES = 4 << 20
"""The most bytes of ``reserves.json`` that are read."""
MOST_EVIDENCE = 1 << 30
"""The most bytes of evidence that are read."""

PUBLISHED_MARK = "published"
"""In the private half of an audit that is in a history: the publication digest that it is fixed under."""

PRIVATE_README = """\
PRIVATE: never publish anything in this folder.

It holds the account ids and balances of every user, and the key that hides them in the published
proofs. Users' inclusion files are cut from it (polyproof inclusion). What may be published is in
the folder "public" beside this one: all of it.

Keep this folder, encrypted and backed up, for as long as users may ask for their inclusion files.
polyproof private status says what is in it; private encrypt and private destroy do what they say.
"""

_INCLUSION_MAGIC = b"PPROOFIN"
_INCLUSION_VERSION = 1
_INCLUSION_OVERHEAD = 512
"""An upper bound on the bytes of the container around an inclusion proof."""


def find_private(directory: Path) -> Path:
    """The private half of an audit. Raises ``ArtifactError``."""
    private = directory / "private"
    if private.is_dir():
        return private
    raise ArtifactError(
        f"{directory} has no private half: inclusion files are cut where the audit was proved, "
        f"from the directory that `polyproof prove` wrote"
    )


def state_directory(private: Path, segment: int) -> Path:
    """Where a backend keeps the private state of a segment."""
    return private / f"state-{segment:04d}"


@frozen
class InclusionFile:
    """What a user receives: the audit and segment it belongs to, and the backend's inclusion proof.

    It holds neither the user's id nor balances: the user types those, so that the file cannot vouch for itself.
    """

    audit_id: str
    manifest_digest: bytes
    segment: int
    inclusion: bytes

    def to_bytes(self) -> bytes:
        """The file."""
        writer = Writer(_INCLUSION_MAGIC, _INCLUSION_VERSION)
        writer.text(self.audit_id)
        writer.raw(self.manifest_digest)
        writer.integer(self.segment)
        writer.blob(self.inclusion)
        return writer.getvalue()

    @classmethod
    def parse(cls, data: bytes, policy: Policy) -> InclusionFile:
        """Read one. Raises ``ProofRejected``."""
        reader = Reader(data, _INCLUSION_MAGIC, _INCLUSION_VERSION, "polyproof inclusion file")
        audit_id = reader.text("audit id", 128)
        if not matches(AUDIT_ID, audit_id):
            raise ProofRejected("audit-id", "the inclusion file has a malformed audit id")
        digest = reader.raw("manifest digest", 32)
        segment = reader.integer("segment")
        inclusion = reader.blob("inclusion proof", len(data))
        reader.finish()
        policy.check_inclusion_size(len(inclusion))
        return cls(audit_id, digest, segment, inclusion)


def read_inclusion_file(path: Path, policy: Policy) -> InclusionFile:
    """Read a user's inclusion file. Raises ``ProofRejected``, or ``ArtifactError`` for a missing one."""
    data = read_bounded(path, policy.max_inclusion_bytes + _INCLUSION_OVERHEAD, policy.check_inclusion_size)
    try:
        return InclusionFile.parse(data, policy)
    except ProofRejected as error:
        raise error.at(path) from error
