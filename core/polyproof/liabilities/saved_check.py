"""A check that was saved: one file with the audit's files, the inclusion file, what was typed, and what came of it.

The page on which customers check in a browser writes it, and ``polyproof verify-inclusion`` verifies it anew. Whoever
hands it on can have written anything in it, so nothing of it is believed: its files are read as any others are, and its
verdict is only compared. docs/reference/audit-directory.md describes the format.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import frozen

from polyproof.errors import ArtifactError, InputError, Location, ProofRejected
from polyproof.formats.files import open_regular, read_at, read_bounded
from polyproof.formats.strict_json import BadJson, parse_strict
from polyproof.liabilities.artifacts import MANIFEST, RECORD
from polyproof.liabilities.typed_balances import Balance
from polyproof.model.names import TIME, matches

__all__ = ["INCLUSION_NAME", "MOST_BYTES", "OUTCOMES", "SavedCheck", "is_saved_check", "read_saved_check"]

FORMAT = "polyproof/evidence"
VERSION = 1
MOST_BYTES = 128 << 20
"""The most bytes that are read, here and on the page: the largest proof, manifest and inclusion file that the default
policy accepts, in base64."""
INCLUSION_NAME = "own.polyproof"
"""What the inclusion file is called where the files are laid out."""
OUTCOMES = ("included", "rejected", "bad-input", "not-covered", "failed")
_PROOF = re.compile(r"proof-[0-9]{4,9}\.bin")
_LONGEST = 4096
"""Characters of the longest text of a claim or a verdict."""
_MOST_AMOUNTS = 10_000
_LOOKED_AT = 64


@frozen
class SavedCheck:
    """What a file of evidence says. None of it is shown by anything."""

    path: Path
    saved: str
    """When, by the clock of whoever wrote it."""
    program: str
    """Which program is said to have written it."""
    files: Mapping[str, bytes]
    """Of the public half, by name."""
    inclusion: bytes
    user: str
    balances: tuple[Balance, ...]
    debts: tuple[Balance, ...]
    digest: str | None
    """The publication digest that was typed, if one was."""
    policy: str | None
    """The name of the policy by which it was judged."""
    outcome: str
    """One of ``OUTCOMES``."""
    check: str | None
    """The name of the check that failed."""
    reason: str

    @contextmanager
    def laid_out(self) -> Iterator[tuple[Path, Path]]:
        """Its files as files, for as long as the block lasts: the inclusion file, and the public half.

        They are the owner's alone. A rejection of one of them names it within the evidence.
        """
        with TemporaryDirectory(prefix="polyproof-evidence-") as name:
            folder = Path(name)
            public, own = folder / "public", folder / INCLUSION_NAME
            public.mkdir()
            for file, data in self.files.items():
                (public / file).write_bytes(data)
            own.write_bytes(self.inclusion)
            try:
                yield own, public
            except ProofRejected as error:
                reason, place = error.reason.replace(f"{folder}/", ""), error.file
                if place is not None and Path(place).is_relative_to(folder):
                    place = f"{self.path}: {Path(place).relative_to(folder)}"
                raise type(error)(error.check, reason, file=place) from error
            except ArtifactError as error:
                raise ArtifactError(str(error).replace(f"{folder}/", f"{self.path}: ")) from error


def is_saved_check(path: Path) -> bool:
    """Whether a file is meant as evidence: it begins as JSON does, which no inclusion file does. No error is raised."""
    try:
        descriptor = open_regular(path)
    except (ArtifactError, ProofRejected, OSError):
        return False
    try:
        return read_at(descriptor, _LOOKED_AT, 0).lstrip(b" \t\r\n").startswith(b"{")
    finally:
        os.close(descriptor)


def read_saved_check(path: Path) -> SavedCheck:
    """Read evidence that others wrote.

    Raises ``InputError`` for a file of another form or version, ``ProofRejected`` for one that is too large or no
    regular file.
    """
    data = read_bounded(path, MOST_BYTES)
    try:
        value = parse_strict(data, most_depth=4)
        return _checked(path, _members(value, "the file", _TOP))
    except BadJson as error:
        raise _wrong(path, str(error)) from error
    except _FormError as error:
        raise _wrong(path, str(error)) from error


class _FormError(ValueError):
    """What is wrong with its form."""


def _wrong(path: Path, why: str) -> InputError:
    return InputError(f"{path}: not evidence that this polyproof reads: {why}")


_TOP = ("format", "version", "saved", "program", "files", "inclusion", "claim", "verdict")


def _checked(path: Path, top: Mapping[str, Any]) -> SavedCheck:
    if (top["format"], top["version"]) != (FORMAT, VERSION) or type(top["version"]) is not int:
        raise _FormError(f"expected format {FORMAT!r} in version {VERSION}")
    program = _members(top["program"], "program", ("name", "version"))
    claim = _members(top["claim"], "claim", ("user", "balances", "debts", "digest", "policy"))
    verdict = _members(top["verdict"], "verdict", ("outcome", "check", "reason"))
    saved, outcome = _text(top["saved"], "saved"), _text(verdict["outcome"], "outcome")
    if not matches(TIME, saved):
        raise _FormError(f"saved is not {TIME[1]}")
    if outcome not in OUTCOMES:
        raise _FormError(f"the outcome is none of {', '.join(OUTCOMES)}")
    files = {_name(name): _bytes(text, name) for name, text in _object(top["files"], "files").items()}
    return SavedCheck(
        path=path,
        saved=saved,
        program=f"{_text(program['name'], 'name')} {_text(program['version'], 'version')}",
        files=files,
        inclusion=_bytes(top["inclusion"], "inclusion"),
        user=_text(claim["user"], "user"),
        balances=_amounts(path, claim["balances"], "balances"),
        debts=_amounts(path, claim["debts"], "debts"),
        digest=_text_or_none(claim["digest"], "digest"),
        policy=_text_or_none(claim["policy"], "policy"),
        outcome=outcome,
        check=_text_or_none(verdict["check"], "check"),
        reason=_text(verdict["reason"], "reason"),
    )


def _name(name: str) -> str:
    """The name of a file that a check takes; any other could be meant for another place, and is refused."""
    if name in (RECORD, MANIFEST) or _PROOF.fullmatch(name):
        return name
    raise _FormError(f"a file is called {ascii(name)[:60]}: no check takes one of that name")


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _FormError(f"{what} is not an object")
    if len(value) > _MOST_AMOUNTS:
        raise _FormError(f"{what} has more than {_MOST_AMOUNTS} members")
    return value


def _members(value: Any, what: str, names: tuple[str, ...]) -> dict[str, Any]:
    found = _object(value, what)
    if set(found) != set(names):
        raise _FormError(f"{what} must have {', '.join(names)} and nothing else")
    return found


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise _FormError(f"{what} is not a text")
    if len(value) > _LONGEST:
        raise _FormError(f"{what} has more than {_LONGEST} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise _FormError(f"{what} is not a text")
    return value


def _text_or_none(value: Any, what: str) -> str | None:
    return None if value is None else _text(value, what)


def _bytes(value: Any, what: str) -> bytes:
    if not isinstance(value, str):
        raise _FormError(f"{what} is not a text")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _FormError(f"{what} is not base64") from error


def _amounts(path: Path, value: Any, what: str) -> tuple[Balance, ...]:
    place = Location(str(path))
    return tuple((_text(symbol, what), _text(text, what), place) for symbol, text in _object(value, what).items())
