"""What an audit keeps private: which files there are, what each reveals, how long it is needed, who can get at it.

Nothing here reads what is in the files, so that it can be asked of an audit whatever its state. The names of files say
what they are; ``polyproof.liabilities.artifacts`` has the names.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import Factory, define, frozen

from polyproof.errors import ArtifactError, PolyproofError
from polyproof.formats.encrypted_file import SUFFIX, is_there
from polyproof.formats.files import open_regular
from polyproof.liabilities.artifacts import (
    DESTROYED,
    HISTORY,
    PRIVATE_README,
    PUBLISHED_MARK,
    RECIPIENTS,
    RECORD,
    STORE,
    state_directory,
)
from polyproof.liabilities.destruction_mark import Mark, read_destroyed
from polyproof.liabilities.folder import present
from polyproof.liabilities.recipients import Recipient, read_recipients
from polyproof.liabilities.record import open_publication
from polyproof.model.counts import counted
from polyproof.model.manifest import Manifest
from polyproof.model.timestamps import FORMAT
from polyproof.settings.policy import UNRESTRICTED

__all__ = ["SORTS", "PrivateFiles", "PrivateHalf", "Sort", "is_private_half", "look_at", "private_halves", "sort_of"]


@frozen
class Sort:
    """A sort of private file."""

    name: str
    reveals: str
    needed: str
    secret: bool = True
    """Whether it reveals anything about users."""


_CUTS = "to cut inclusion files, as long as customers may ask for theirs"

SORTS: Mapping[str, Sort] = {
    sort.name: sort
    for sort in (
        Sort("key", "nothing by itself; with names of inclusion files, guesses of ids can be tested", _CUTS),
        Sort("state", "every account id, and every balance or what guesses of it can be tested with", _CUTS),
        Sort("store", "everybody's inclusion file: guesses of ids and balances can be tested", "to serve from"),
        Sort("files", "these customers' inclusion files", "until they are handed out"),
        Sort("index", "every account id, and which inclusion file is whose", "while the files are handed out"),
        Sort("work", "every account id and balance", "while an audit is being made; `prove` goes on with it"),
        Sort("leftovers", "what the file reveals that it was to become", "for nothing: an interrupted run left it"),
        Sort("others", "not known: polyproof did not write it", "not known"),
        Sort("recipients", "who can read the files", "to read what is encrypted", False),
        Sort(
            "checkpoint",
            "digests of reserves' rows and verdicts, nothing of users",
            "to judge reserves faster",
            False,
        ),
        Sort("lock", "nothing", "while files are encrypted, decrypted or destroyed", False),
        Sort("mark", "nothing: the publication digest is public", "so that a published record stays as it is", False),
        Sort("destroyed", "nothing: what was destroyed, and when", "to tell that from a loss", False),
        Sort("readme", "nothing", "for whoever finds the folder", False),
    )
}
"""By name, in the order in which they are shown."""

_NAMED = {
    "key": "key",
    STORE: "store",
    "inclusion": "files",
    "inclusion.csv": "index",
    "reserves-checkpoint.sqlite": "checkpoint",
    PUBLISHED_MARK: "mark",
    RECIPIENTS: "recipients",
    DESTROYED: "destroyed",
    "lock": "lock",
    "README": "readme",
}


_README = PRIVATE_README.partition("\n")[0].encode()


def sort_of(name: str) -> Sort:
    """What an entry of a private half is, by its name: encrypted or not."""
    name = name.removesuffix(SUFFIX)
    if name.startswith(".") and name.endswith((".writing", ".partial")):
        return SORTS["leftovers"]
    if name.startswith("state-"):
        return SORTS["state"]
    return SORTS[_NAMED.get(name, "others")]


@define
class PrivateFiles:
    """All private files of one sort."""

    sort: Sort
    count: int = 0
    bytes: int = 0
    encrypted: int = 0
    """How many of them are encrypted."""
    modes: int = 0
    """The permissions that any of them gives to anybody."""
    written: float = 0
    """When the newest was written: seconds since 1970."""

    def add(self, path: Path, found: os.stat_result) -> None:
        """Count a file."""
        self.count += 1
        self.encrypted += path.name.endswith(SUFFIX)
        self.bytes += found.st_size
        self.modes |= stat.S_IMODE(found.st_mode)
        self.written = max(self.written, found.st_mtime)


@define
class PrivateHalf:
    """The private half of an audit, as it lies there."""

    directory: Path
    """Of the audit."""
    manifest: Manifest | None
    """None if the public half is not beside it, or cannot be read."""
    files: list[PrivateFiles]
    cuts: bool
    """Whether inclusion files of every segment can be cut from it."""
    serves: bool
    """Whether there is a store to serve them from."""
    recipients: tuple[Recipient, ...]
    """Who can read what is encrypted, as the private half says itself; none if nothing is encrypted."""
    destroyed: Mark | None
    """What of it was destroyed on purpose."""
    problems: list[str] = Factory(list)
    """What is not as it should be: who else can get at it."""

    @property
    def form(self) -> str:
        """Whether what reveals anything is encrypted: ``"none"``, ``"partly"`` or ``"all"`` of it."""
        secret = [files for files in self.files if files.sort.secret]
        encrypted = sum(files.encrypted for files in secret)
        return "none" if not encrypted else "all" if encrypted == sum(files.count for files in secret) else "partly"

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.directory / "private"

    def expires(self, keep: int) -> datetime | None:
        """When the time is over for which it is kept, ``keep`` days from the snapshot; None if nobody knows."""
        if self.manifest is None:
            return None
        taken = datetime.strptime(self.manifest.snapshot, FORMAT).replace(tzinfo=UTC)
        try:
            return taken + timedelta(days=keep)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)


def is_private_half(private: Path) -> bool:
    """Whether a folder says of itself that it is the private half of an audit: others may be called ``private`` too."""
    try:
        with os.fdopen(open_regular(private / "README"), "rb") as file:
            return file.read(len(_README)) == _README
    except ArtifactError:
        return False


def private_halves(directory: Path) -> list[Path]:
    """The audits that a command is about: the one in ``directory``, or all those in it with anything private.

    Raises ``ArtifactError`` if there is none.
    """
    if _keeps(directory):
        return [directory]
    found = sorted(entry for entry in directory.iterdir() if _keeps(entry)) if directory.is_dir() else []
    if not found:
        raise ArtifactError(f"{directory} has no private half, nor has any audit in it")
    return found


def _keeps(directory: Path) -> bool:
    return not directory.name.startswith(".") and (directory / "private").is_dir()


def look_at(directory: Path) -> PrivateHalf:
    """What is private of an audit. Raises ``ArtifactError`` if it has no private half."""
    private = directory / "private"
    if not private.is_dir():
        raise ArtifactError(f"{directory} has no private half")
    try:
        manifest = open_publication(directory, UNRESTRICTED, liabilities_only=True).manifest
    except PolyproofError:
        manifest = None
    recipients, destroyed, damaged = None, None, []
    try:
        recipients = read_recipients(private)
    except ArtifactError as error:
        damaged.append(str(error))
    try:
        destroyed = read_destroyed(private)
    except ArtifactError as error:
        damaged.append(str(error))
    found = {name: PrivateFiles(sort) for name, sort in SORTS.items()}
    exposed: list[Path] = []
    links: list[Path] = []
    for sort, path in _entries(directory):
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            links.append(path)
            continue
        if status.st_mode & 0o077 and os.name != "nt":
            exposed.append(path)
        if stat.S_ISREG(status.st_mode):
            found[sort.name].add(path, status)
    segments = len(manifest.segments) if manifest is not None else 0
    return PrivateHalf(
        directory,
        manifest,
        [files for files in found.values() if files.count],
        cuts=bool(segments)
        and is_there(private / "key")
        and all(state_directory(private, index).is_dir() for index in range(segments)),
        serves=is_there(private / STORE),
        recipients=recipients.listed if recipients is not None else (),
        destroyed=destroyed,
        problems=[*damaged, *_exposed(exposed, private), *_linked(links), *_misplaced(private)],
    )


def _entries(directory: Path) -> Iterator[tuple[Sort, Path]]:
    """Everything private of an audit, folders included, with what it is."""
    private = directory / "private"
    yield SORTS["readme"], private
    for entry in sorted(private.iterdir()):
        for path in _within(entry):
            yield sort_of(entry.name), path
    work = directory.absolute().parent / f".{directory.absolute().name}.partial"
    if work.is_dir() and not work.is_symlink():
        for path in _within(work):
            yield SORTS["work"], path


def _within(entry: Path) -> Iterator[Path]:
    """An entry and all that is below it; links are not followed."""
    yield entry
    if entry.is_dir() and not entry.is_symlink():
        for folder, folders, names in os.walk(entry):
            yield from (Path(folder, name) for name in (*folders, *names))


# Who else can get at it


def _exposed(paths: list[Path], private: Path) -> Iterator[str]:
    if paths:
        yield (
            f"{counted(len(paths), 'file or folder', 'files and folders')} can be reached by other users of this "
            f"machine, {paths[0]} among them: chmod -R go= {private}"
        )


def _linked(paths: list[Path]) -> Iterator[str]:
    for path in paths[:3]:
        yield f"{path} is a symbolic link: what it leads to was not looked at"


def _misplaced(private: Path) -> Iterator[str]:
    """Whether a folder around it is one that is published, or that git takes copies of."""
    around = private.resolve().parents
    for folder in around:
        if any(present(folder / name) for name in (HISTORY, RECORD)):
            yield f"{private} lies within {folder}, which is to be published: move it out"
    for folder in around:
        if (folder / ".git").exists():
            yield f"{private} lies in a work tree of git, {folder}: what is committed there stays in its history"
            break
