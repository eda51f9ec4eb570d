"""Whose statements about an audit a verifier believes, and which of them every audit must have."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from polyproof.config.options import Fault, did_you_mean, option, printable
from polyproof.errors import InputError
from polyproof.model.names import DIGEST

__all__ = ["AttestationsPolicy", "BelievedSigner"]


@frozen(kw_only=True)
class BelievedSigner:
    """Somebody whose key a verifier knows, or learns from somebody whom they trust to know it."""

    name: str = option(check=printable(200), doc="What you call them; it stands beside what their key has signed.")
    key: str | None = option(default=None, pattern=DIGEST, doc="Their Ed25519 key, in hexadecimal.")
    roots: Path | None = option(
        default=None,
        doc="In place of a key: a file of root certificates (PEM), relative to this file, whose owners you trust to "
        "say which key is whose.",
    )
    subject: str | None = option(
        default=None,
        check=printable(200),
        doc="With roots: the name that their certificate has, as its common name or organisation, to the letter.",
    )

    def __attrs_post_init__(self) -> None:
        """A key, or roots and what to look for under them."""
        if (self.key is None) == (self.roots is None):
            raise InputError(f"{self.name}: give key, or roots and subject")
        if (self.roots is None) != (self.subject is None):
            # Under most roots anybody can have a certificate, in their own name.
            raise InputError(f"{self.name}: roots and subject are given together")


def _names_differ(signers: tuple[BelievedSigner, ...]) -> Iterable[Fault]:
    seen: set[tuple[str, str | None]] = set()
    for index, signer in enumerate(signers):
        if (signer.name, signer.key) in seen:
            yield Fault(f"{signer.name} is given twice in one way", None, (index, "name"))
        seen.add((signer.name, signer.key))


@frozen(kw_only=True)
class AttestationsPolicy:
    """Whose statements a verifier believes to be theirs, and what of it is required."""

    believe: tuple[BelievedSigner, ...] = option(
        default=(),
        items=(0, 64),
        check=_names_differ,
        doc="Whose keys you know. Of any other signature it is said by which key it is, and not whose that is.",
    )
    require: tuple[str, ...] = option(
        default=(),
        items=(0, 64),
        doc="Names of those in believe by whom every audit must have a statement.",
    )
    expired: bool = option(
        default=False,
        doc="Whether a certificate that has run out since is believed where it was valid at the date of the statement. "
        "That date is the signer's word: whoever has the key can still write it.",
    )

    def __attrs_post_init__(self) -> None:
        """Whoever is required can be recognised."""
        names = [signer.name for signer in self.believe]
        for name in self.require:
            if name not in names:
                raise InputError(f"require names {name!r}, who is not in believe: {did_you_mean(name, names)}")
