"""What is the same for everybody: the files that the record and the manifest of an audit name, and the page."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from attrs import frozen

from polyproof.errors import ArtifactError
from polyproof.formats.files import PlainFile
from polyproof.liabilities import PublishedAudit
from polyproof.liabilities.artifacts import RECORD
from polyproof.publication.browser import page_beside_audit, page_policy
from polyproof.publication.browser.phone import on_a_phone
from polyproof.publication.report.wording import moment

__all__ = ["BLOCK", "PublicFile", "blocks", "public_files", "served_page"]

BLOCK = 256 << 10
"""Bytes that are read of a file at once."""
_KINDS = {".json": "application/json", ".jsonl": "application/x-ndjson"}


@frozen
class PublicFile:
    """A file that everybody gets: the same bytes and headers whoever asks."""

    route: str
    """What the log calls it."""
    kind: str
    """Its media type."""
    size: int
    etag: str
    source: PlainFile | bytes
    policy: str | None = None
    """The Content-Security-Policy of a page; None for what is no page."""
    cache: str = "public, max-age=3600"


def blocks(file: PlainFile) -> Iterator[bytes]:
    """Its bytes. Raises ``ArtifactError`` for a file that was cut short since it was opened."""
    at = 0
    while at < file.size:
        block = file.read(at, min(BLOCK, file.size - at))
        if not block:
            raise ArtifactError("a public file ended too early")
        at += len(block)
        yield block


def public_files(audit: PublishedAudit) -> Mapping[str, PublicFile]:
    """The files of an audit by their path, ``/AUDIT_ID/NAME``, each opened and compared with its digest.

    What lies beside them and is named by neither record nor manifest is not served. Raises ``ArtifactError`` for a file
    that is missing or another than the one named.
    """
    record, manifest = audit.record, audit.manifest
    named = ((RECORD, record.digest), *record.files, *((one.file, one.sha256) for one in manifest.segments))
    return {f"/{manifest.audit_id}/{name}": _opened(audit.public / name, digest) for name, digest in named}


def _opened(path: Path, digest: bytes) -> PublicFile:
    file = PlainFile(path)
    found = PublicFile("file", _KINDS.get(path.suffix, "application/octet-stream"), file.size, _etag(digest), file)
    computed = hashlib.sha256()
    for block in blocks(file):
        computed.update(block)
    if not hmac.compare_digest(computed.digest(), digest):
        file.close()
        raise ArtifactError(f"{path} is not the file that the audit names")
    return found


def served_page(
    audit: PublishedAudit, *, link: bool, address: str | None = None, page: bytes | None = None
) -> PublicFile:
    """The page, beside the files of an audit as ``public_files`` places them.

    ``link``: whether it links to the customer's own file, which works where the proxy says who asks. ``address`` is
    where customers reach the server, for the code that phones read. ``page`` is the released one unless another is
    given. Raises ``ArtifactError`` for a page of another form.
    """
    copy = page_beside_audit(_about(audit, link=link, address=address), files=audit.manifest.audit_id, page=page)
    etag = _etag(hashlib.sha256(copy).digest())
    return PublicFile("page", "text/html; charset=utf-8", len(copy), etag, copy, page_policy(copy), "public, no-cache")


def _about(audit: PublishedAudit, *, link: bool, address: str | None) -> str:
    manifest = audit.manifest
    own = (
        '<a href="inclusion">Download your own file</a>, if you are logged in.'
        if link
        else "Your own file comes from where you are logged in with them."
    )
    return (
        f"<h2>Audit {escape(manifest.audit_id)}</h2>\n"
        f"<p>Of {escape(manifest.organisation or 'an organisation that it does not name')}, balances as of "
        f"{moment(manifest.snapshot)}. {own}</p>\n"
        f"<p>This page and its files come from whoever runs this server. The audit’s publication digest, to be "
        f"compared with what the organisation has published elsewhere:</p>\n"
        f"<pre><code>{audit.digest.hex()}</code></pre>" + ("" if address is None else f"\n{on_a_phone(address)}")
    )


def _etag(digest: bytes) -> str:
    return f'"{digest.hex()}"'
