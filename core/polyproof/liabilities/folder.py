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
from collections.abc import Collection
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
    r"(publication|manifest|history|reserves)\.json|reserves-evidence\.jsonl|proof-[0-9]+\.bin|public|private|audits",
    re.IGNORECASE,
)
"""Names that have a meaning in an audit or a history. On some file systems case makes no difference."""
_MOST_UNLISTED = 10_000
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
    others = sorted(entry for entry in os.listdir(folder) if entry not in listed)
    seen = 0
    for name in others:
        _refuse_meant(folder, name)
        if (folder / name).is_symlink():
            # Not followed, nor are those below: whatever they lead to is not looked at either.
            continue
        for where, folders, files in os.walk(folder / name):
            for inner in (*folders, *files):
                _refuse_meant(Path(where), inner)
            seen += len(folders) + len(files)
            if seen > _MOST_UNLISTED:
                reason = f"more than {_MOST_UNLISTED} files are no part of what is published here"
                raise ProofRejected("unlisted", reason, file=folder / name)
    return tuple(ascii(name)[1:-1] if not name.isprintable() else name for name in others)


def _refuse_meant(folder: Path, name: str) -> None:
    if _MEANT.fullmatch(name):
        reason = "it is no part of what is published here, but is named as if it were"
        raise ProofRejected("unlisted", reason, file=folder / name)
