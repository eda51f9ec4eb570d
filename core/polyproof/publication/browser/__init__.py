"""A customer's check in the browser: the page as it is released, and the copies of it that are served beside an audit.

``check.html`` in this folder is built from ``web/``; a release lists its SHA-256. A copy that lies beside an audit is
the released page with these texts replaced, each of which it has exactly once, so that anybody can undo that and
compare:

``<html lang="en">``
    gets ``data-files``, the folder with ``publication.json``, relative to the page and without a slash at its end.
    Without it the page loads nothing.
``content="default-src 'none';``
    the beginning of its policy, gets ``connect-src 'self'``, without which nothing could be loaded.
``<!-- audit -->``
    becomes what there is to say about this one audit, and ``<!-- navigation -->`` the links to a site's other pages:
    HTML that has neither scripts nor styles of its own.
``<meta charset="utf-8">``
    gets beside it which version of polyproof wrote the site.

A copy from which nothing can be loaded, such as one in an archive, has the first two as they are released.
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
_NAVIGATION = b"<!-- navigation -->"
_CHARSET = b'<meta charset="utf-8">'


def released_page() -> bytes:
    """The page as it is released. Raises ``ArtifactError`` where this install lacks it."""
    try:
        return _FILE.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactError(f"{_FILE} is missing: this install of polyproof is not whole") from error


def page_digest() -> bytes:
    """SHA-256 of the page as it is released."""
    return hashlib.sha256(released_page()).digest()


def page_beside_audit(
    about: str,
    *,
    files: str | None,
    navigation: str | None = None,
    written_by: str | None = None,
    page: bytes | None = None,
) -> bytes:
    """The copy of the page (the released one unless another is given) that lies beside an audit.

    ``about`` and ``navigation``: HTML, already escaped; ``files``: the folder with ``publication.json``, relative to
    where the copy will lie, or None where nothing can be loaded; ``written_by``: ``polyproof`` and a version. Raises
    ``ArtifactError`` for a page that is not of this form.
    """
    page = released_page() if page is None else page
    changes = [(_AUDIT, about.encode())]
    if files is not None:
        changes += [
            (_ROOT, b'<html lang="en" data-files="%s">' % escape(files).encode()),
            (_POLICY, _POLICY + b" connect-src 'self';"),
        ]
    if navigation is not None:
        changes.append((_NAVIGATION, navigation.encode()))
    if written_by is not None:
        changes.append((_CHARSET, _CHARSET + b'\n<meta name="generator" content="%s">' % escape(written_by).encode()))
    # Places are found before anything is put into them: what is put in may hold such a text.
    parts = [page]
    for old, new in changes:
        if page.count(old) != 1:
            raise ArtifactError(f"the page has {old.decode()} {page.count(old)} times, expected once")
        parts = [piece for part in parts for piece in _put(part, old, new)]
    return b"".join(parts)


def _put(part: bytes, old: bytes, new: bytes) -> tuple[bytes, ...]:
    """A part of the page, or what was put between two, with ``old`` replaced if it is there."""
    if isinstance(part, _Put) or old not in part:
        return (part,)
    before, _, after = part.partition(old)
    return before, _Put(new), after


class _Put(bytes):
    """What was put in, in which nothing is replaced."""


def page_policy(page: bytes) -> str:
    """The Content-Security-Policy that a page states for itself. Raises ``ArtifactError`` if it states none."""
    found = re.search(rb"<meta http-equiv=\"Content-Security-Policy\" content=\"(default-src 'none';[^\"\n]*)\">", page)
    if found is None:
        raise ArtifactError("the page states no Content-Security-Policy")
    return found[1].decode()
