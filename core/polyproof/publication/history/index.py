"""The index of a history: a table of contents, which proves nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import frozen

from polyproof.config.options import Fault, option, plain
from polyproof.errors import ProofRejected
from polyproof.formats.files import read_bounded
from polyproof.formats.strict_json import BadJson, canonical_line, parse_strict
from polyproof.liabilities.artifacts import AUDITS, HISTORY
from polyproof.model.names import AUDIT_ID, DIGEST, TIME
from polyproof.model.timestamps import in_calendar
from polyproof.settings.documents import read_document

__all__ = [
    "FORMAT",
    "VERSION",
    "ListedAudit",
    "PublishedHistory",
    "audit_directory",
    "history_schema",
    "history_schema_text",
    "parse_history",
    "read_history",
]

FORMAT = "polyproof/history"
VERSION = 2
READ_BY = {1: "polyproof 0.1"}
"""Which release reads histories of an earlier version."""
MOST_BYTES = 8 << 20
MOST_AUDITS = 8192


@frozen(kw_only=True)
class ListedAudit:
    """One audit, as listed in the index."""

    audit_id: str = option(pattern=AUDIT_ID, doc="Its id, and the name of its directory in audits.")
    created: str = option(pattern=TIME, check=in_calendar, doc="When its proof was started, as its manifest has it.")
    snapshot: str = option(pattern=TIME, check=in_calendar, doc="When balances were taken, as its manifest has it.")
    publication_digest: str = option(pattern=DIGEST, doc="SHA-256 of its publication.json.")
    previous: str | None = option(pattern=DIGEST, doc="The digest that its manifest names; null in the first audit.")
    corrects: str | None = option(
        pattern=DIGEST, doc="Publication digest of the audit that its record says it corrects; null for most."
    )


def _listed_once(audits: tuple[ListedAudit, ...]) -> Iterable[Fault]:
    names: set[str] = set()
    digests: set[str] = set()
    for index, one in enumerate(audits):
        # On a file system that ignores case, two names that differ only in case would be one directory.
        if one.audit_id.casefold() in names:
            yield Fault(f"audit {one.audit_id} is listed twice", None, (index, "audit_id"))
        if one.publication_digest in digests:
            yield Fault(f"publication {one.publication_digest} is listed twice", None, (index, "publication_digest"))
        names.add(one.audit_id.casefold())
        digests.add(one.publication_digest)


@frozen(kw_only=True)
class PublishedHistory:
    """The index of a history: every audit that was published, oldest first."""

    format: str = option(choices=(FORMAT,), doc="What kind of file this is.")
    version: int = option(choices=(VERSION,), doc="Version of the format.")
    audits: tuple[ListedAudit, ...] = option(
        items=(1, MOST_AUDITS), check=_listed_once, doc="The audits, oldest first."
    )

    def to_bytes(self) -> bytes:
        """The file, in canonical form."""
        return canonical_line(plain(self))


def history_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``history.json``."""
    from polyproof.settings.schema import document_schema

    return document_schema(PublishedHistory, "polyproof history")


def history_schema_text() -> str:
    """The schema as the file ``specs/history.schema.json`` has it."""
    from polyproof.settings.schema import file_text

    return file_text(history_schema())


def parse_history(data: bytes, file: str = HISTORY) -> PublishedHistory:
    """Read an index that others wrote. Raises ``ProofRejected`` for anything but the canonical form of one."""
    _refuse_old(data, file)
    return read_document(data, PublishedHistory, "history", file)


def _refuse_old(data: bytes, file: str) -> None:
    try:
        found = parse_strict(data)
    except BadJson:
        return
    version = found.get("version") if isinstance(found, dict) else None
    if type(version) is int and version in READ_BY:
        raise ProofRejected(
            "history-version",
            f"the history has version {version}, which {READ_BY[version]} reads; this polyproof reads version "
            f"{VERSION}",
            file=file,
        )


def read_history(directory: Path) -> PublishedHistory:
    """The index of a published history. Raises ``ProofRejected``; ``ArtifactError`` if there is none."""
    return parse_history(read_bounded(directory / HISTORY, MOST_BYTES), str(directory / HISTORY))


def audit_directory(directory: Path, audit_id: str) -> Path:
    """Where a history keeps the public half of an audit."""
    return directory / AUDITS / audit_id
