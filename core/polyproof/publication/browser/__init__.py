"""A customer's check in the browser: the page as it is released, and the copies of it that are served beside an audit.

``check.html`` in this folder is built from ``web/``; a release lists its SHA-256. A copy that lies beside an audit is
the released page with three texts replaced, each of which it has exactly once, so that anybody can undo that and
compare:

``<html lang="en">``
    gets ``data-files``, the folder with ``publication.json``, relative to the page and without a slash at its end.
    Without it the page loads nothing.
``content="default-src 'none';``
    the beginning of its policy, gets ``connect-src 'self'``, without which nothing could be loaded.
``<!-- audit -->``
    becomes what there is to say about this one audit: HTML that has neither scripts nor styles of its own.
"""

from __future__ import annotations

import hashlib
import re
from html import escape
from pathlib import Path

from polyproof.errors import ArtifactError

__all__ = ["PAGE", "page_beside_audit", "page_digest", "page_policy", "released_page"]

PAGE = "check.html"
"""The name of the page wherever it lies."""
_FILE = Path(__file__).with_name(PAGE)
_ROOT = b'<html lang="en">'
_POLICY = b"content=\"default-src 'none';"
_AUDIT = b"<!-- audit -->"


def released_page() -> bytes:
    """The page as it is released. Raises ``ArtifactError`` where this install lacks it."""
    try:
        return _FILE.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactError(f"{_FILE} is missing: this install of polyproof is not whole") from error


def page_digest() -> bytes:
    """SHA-256 of the page as it is released."""
    return hashlib.sha256(released_page()).digest()


def page_beside_audit(files: str, about: str, page: bytes | None = None) -> bytes:
    """The copy of the page (the released one unless another is given) that lies beside an audit.

    ``files``: the folder with ``publication.json``, relative to where the copy will lie; ``about``: HTML about this
    audit, already escaped. Raises ``ArtifactError`` for a page that is not of this form.
    """
    page = released_page() if page is None else page
    for old, new in (
        (_ROOT, b'<html lang="en" data-files="%s">' % escape(files).encode()),
        (_POLICY, _POLICY + b" connect-src 'self';"),
        (_AUDIT, about.encode()),
    ):
        if page.count(old) != 1:
            raise ArtifactError(f"the page has {old.decode()} {page.count(old)} times, expected once")
        page = page.replace(old, new)
    return page


def page_policy(page: bytes) -> str:
    """The Content-Security-Policy that a page states for itself. Raises ``ArtifactError`` if it states none."""
    found = re.search(rb"<meta http-equiv=\"Content-Security-Policy\" content=\"(default-src 'none';[^\"\n]*)\">", page)
    if found is None:
        raise ArtifactError("the page states no Content-Security-Policy")
    return found[1].decode()
