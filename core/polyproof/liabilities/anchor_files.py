"""Files of evidence about an audit: the folder ``anchors`` of its public half.

::

    public/anchors/rfc3161-0001.tsr  public/anchors/opentimestamps-0002.ots …

A file is named after the anchor that it is of, and after its place among all files of the folder. None is ever
replaced: better evidence is another file. The folder is outside the publication digest, which is what its files are
about, so that files may be added after the digest is fixed, by anybody; each is checked by itself, and shows something
or is refused.
"""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from pathlib import Path

from attrs import frozen

from polyproof.anchor import MOST_EVIDENCE
from polyproof.errors import ArtifactError, Problem, ProofRejected
from polyproof.formats.files import read_bounded, write_durably
from polyproof.liabilities.artifacts import ANCHORS
from polyproof.liabilities.folder import check_listed, present
from polyproof.model.counts import counted
from polyproof.model.names import NAME

__all__ = [
    "MOST_FILES",
    "EvidenceFile",
    "check_not_anchored",
    "others_in_anchors",
    "read_evidence",
    "write_evidence",
]

MOST_FILES = 64
"""The most files of evidence about one audit."""
_NAMED = re.compile(rf"(?P<anchor>{NAME[0]})-(?P<number>[0-9]{{4}})\.(?P<suffix>[a-z0-9]{{1,8}})")


@frozen(slots=False)
class EvidenceFile:
    """A file of evidence, read and not yet looked into."""

    path: Path
    anchor: str
    """Name of the anchor that it is of, as the file is named."""
    suffix: str
    data: bytes

    @property
    def name(self) -> str:
        """Its name within the folder."""
        return self.path.name

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def read_evidence(public: Path) -> tuple[EvidenceFile, ...]:
    """All evidence in a public half, the oldest first.

    Raises ``ProofRejected`` for a folder or file that is a link or something else than it should be, for a file larger
    than evidence can be, and for more files than are read.
    """
    found = []
    for named in _named(public):
        path = public / ANCHORS / named[0]
        found.append(EvidenceFile(path, named["anchor"], named["suffix"], read_bounded(path, MOST_EVIDENCE)))
    return tuple(found)


def others_in_anchors(public: Path) -> tuple[str, ...]:
    """What else lies in the folder of evidence: paths within the public half, fit to be shown. Nothing of it is read.

    Raises ``ProofRejected`` as ``read_evidence`` does, and where something could be taken for part of an audit.
    """
    names = [named[0] for named in _named(public)]
    if not present(public / ANCHORS):
        return ()
    return tuple(f"{ANCHORS}/{name}" for name in check_listed(public / ANCHORS, names))


def check_not_anchored(public: Path) -> None:
    """Raise ``ArtifactError`` where there is evidence: it would be about another digest once the record is changed."""
    if found := _named(public):
        raise ArtifactError(
            Problem(
                f"{public} is anchored: {ANCHORS}/{found[0][0]} is evidence about its digest, which would change",
                hint=f"move {public / ANCHORS} away if that evidence may be lost; anchor an audit once it is final",
            )
        )


def write_evidence(public: Path, anchor: str, suffix: str, data: bytes) -> EvidenceFile:
    """Write evidence as the next file of the folder. Raises ``ArtifactError`` where there is no room for another."""
    found = _named(public)
    last = int(found[-1]["number"]) if found else 0
    if len(found) >= MOST_FILES or last >= 9999:
        raise ArtifactError(
            Problem(
                f"{public / ANCHORS} holds {counted(len(found), 'file')} of evidence",
                hint=f"{MOST_FILES} are read at most: remove those that later ones contain",
            )
        )
    path = public / ANCHORS / f"{anchor}-{last + 1:04d}.{suffix}"
    path.parent.mkdir(exist_ok=True)
    write_durably(path, data)
    return EvidenceFile(path, anchor, suffix, data)


def _named(public: Path) -> list[re.Match[str]]:
    """The names of all evidence, taken apart, by number."""
    folder = public / ANCHORS
    if not present(folder):
        return []
    if folder.is_symlink():
        raise ProofRejected("file-kind", "a symbolic link, which may point anywhere", file=folder)
    if not folder.is_dir():
        raise ProofRejected("file-kind", "not a folder", file=folder)
    found = []
    for entry in folder.iterdir():
        if named := _NAMED.fullmatch(entry.name):
            found.append(named)
            if len(found) > MOST_FILES:
                raise ProofRejected("anchor-files", f"more than {MOST_FILES} files of evidence", file=folder)
    return sorted(found, key=lambda named: (named["number"], named[0]))
