"""What a directory is, by one rule for every command, and what in it is part of an audit.

* A directory with ``history.json`` is a history.
* One with ``publication.json`` is the public half of an audit.
* One with ``public/publication.json`` is the directory of an audit, as it was proved.

A directory that is two of these is refused, rather than read as one of them. Everything in a public half is either
named by its record and manifest, or reported: a name that an audit could have (another manifest, a proof, a further
``public``) is a rejection wherever below it lies, and any other is listed as not looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from enum import Enum
from pathlib import Path

from polyproof.errors import ArtifactError, Problem, ProofRejected
from polyproof.formats.files import read_bounded
from polyproof.formats.strict_json import BadJson, parse_strict
from polyproof.liabilities.artifacts import HISTORY, MANIFEST, RECORD
from polyproof.liabilities.manifest import READ_BY
from polyproof.model.manifest import VERSION

__all__ = ["Kind", "check_listed", "find_public", "is_history", "kind_of", "present"]

_MEANT = re.compile(
    r"(publication|manifest|history|reserves|attestation)\.json|reserves-evidence\.jsonl|proof-[0-9]+\.bin|public|private|audits",
    re.IGNORECASE,
)
"""Names that have a meaning in an audit or a history. On some file systems case makes no difference."""
_MOST_UNLISTED = 10_000
_DEEPEST_UNLISTED = 32
_OLD_MANIFEST = 16 << 20


class Kind(Enum):
    """What a directory is."""

    HISTORY = HISTORY
    PUBLIC = RECORD
    AUDIT = f"public/{RECORD}"


def present(path: Path) -> bool:
    """Whether something has this name, if only a link that leads nowhere."""
    return path.is_symlink() or path.exists()


def kind_of(directory: Path) -> Kind:
    """What a directory is. Raises ``ProofRejected`` if it is several things, ``ArtifactError`` if it is none."""
    kinds = [kind for kind in Kind if present(directory / kind.value)]
    if len(kinds) > 1:
        found = " and ".join(kind.value for kind in kinds)
        raise ProofRejected(
            "folder", f"it holds {found}: a folder is a history, or an audit, or the public half of one", file=directory
        )
    if kinds:
        return kinds[0]
    if not directory.exists():
        raise ArtifactError(f"{directory} does not exist")
    if not directory.is_dir():
        raise ArtifactError(
            Problem(
                f"{directory} is a file, not the folder of an audit or a history",
                hint=f"that is the one with {RECORD} or {HISTORY} in it; an archive has to be unpacked first",
            )
        )
    for public in (directory, directory / "public"):
        if present(public / MANIFEST):
            _refuse_without_record(public)
    raise ArtifactError(
        Problem(
            f"{directory} is neither an audit nor a history of audits",
            hint=f"expected {RECORD}, public/{RECORD} or {HISTORY} in it",
        )
    )


def _refuse_without_record(public: Path) -> None:
    """Raise ``ProofRejected``: an earlier version of polyproof wrote no record, any other audit has lost it."""
    try:
        found = parse_strict(read_bounded(public / MANIFEST, _OLD_MANIFEST), fractions_as_text=True)
    except BadJson:
        found = None
    version = found.get("version") if isinstance(found, dict) else None
    if type(version) is int and version in READ_BY:
        raise ProofRejected(
            "manifest-version",
            f"the manifest has version {version}, which {READ_BY[version]} reads; this polyproof reads version "
            f"{VERSION}",
            file=public / MANIFEST,
        )
    raise ProofRejected("publication-missing", f"{RECORD} is missing beside {MANIFEST}", file=public / RECORD)


def is_history(directory: Path) -> bool:
    """Whether a directory is a published history rather than a single audit. Raises as ``kind_of`` does."""
    return kind_of(directory) is Kind.HISTORY


def find_public(directory: Path) -> Path:
    """The public half of an audit: ``directory`` itself, or ``public`` in it. Raises as ``kind_of`` does."""
    match kind_of(directory):
        case Kind.PUBLIC:
            return directory
        case Kind.AUDIT:
            return directory / "public"
    raise ArtifactError(
        Problem(f"{directory} is a history, not a single audit", hint=f"its audits: {directory}/audits/AUDIT_ID")
    )


def check_listed(folder: Path, listed: Collection[str]) -> tuple[str, ...]:
    """What else lies in a folder than what is ``listed``: names, sorted, fit to be shown.

    Raises ``ProofRejected`` where a name could be taken for part of an audit, at any depth below what is not listed.
    """
    others: list[str] = []
    seen, left = 0, [(folder, 0)]
    while left:
        where, depth = left.pop()
        if depth > _DEEPEST_UNLISTED:
            raise _unlisted(folder, f"what is no part of it is nested deeper than {_DEEPEST_UNLISTED} folders")
        for entry in _entries(where, readable=not depth):
            if not depth and entry.name in listed:
                continue
            if _MEANT.fullmatch(entry.name):
                raise _unlisted(
                    where / entry.name, "it is no part of what is published here, but is named as if it were"
                )
            seen += 1
            if seen > _MOST_UNLISTED:
                raise _unlisted(folder, f"more than {_MOST_UNLISTED} files in it are no part of it")
            if not depth:
                others.append(entry.name)
            # A link is not followed: whatever it leads to is not looked at either.
            if entry.is_dir(follow_symlinks=False):
                left.append((where / entry.name, depth + 1))
    return tuple(ascii(name)[1:-1] if not name.isprintable() else name for name in sorted(others))


def _entries(folder: Path, *, readable: bool) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder; nothing if nobody with these rights can look into it, unless it must be ``readable``."""
    try:
        with os.scandir(folder) as found:
            yield from found
    except PermissionError:
        if readable:
            raise
    except OSError as error:
        reason = f"it is no part of what is published here, and cannot be looked into: {error.strerror}"
        raise _unlisted(folder, reason) from error


def _unlisted(path: Path, why: str) -> ProofRejected:
    return ProofRejected("unlisted", why, file=path)
