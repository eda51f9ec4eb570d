"""Making statements about an audit: the text that is signed, and adding it with its signature."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from polyproof.errors import InputError, Problem, SpecError
from polyproof.liabilities.attestation_file import Signature, SignedStatement, Statement, add_statement
from polyproof.liabilities.record import Publication
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.model.timestamps import is_ahead
from polyproof.publication.attestations import dated_before

__all__ = ["add_signed", "state"]


def state(publication: Publication, text: str, *, signer: str, kind: str, date: str | None, file: Path) -> Statement:
    """A statement about an audit: paragraphs are parted by empty lines, other line ends count as spaces.

    ``date`` is now unless it is given. Raises ``InputError`` for a text that no statement can have, and for a date that
    readers would not believe.
    """
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n[ \t\r]*\n", text) if part.strip()]
    try:
        statement = Statement(
            audit_id=publication.manifest.audit_id,
            publication_digest=publication.digest.hex(),
            kind=kind,
            signer=signer,
            date=date or f"{datetime.now(UTC):{TIMESTAMP}}",
            text=tuple(paragraphs),
        )
    except SpecError as error:
        raise InputError([Problem(f"{file}: {one.message}", hint=one.hint) for one in error.problems]) from error
    check_date(publication, statement)
    return statement


def check_date(publication: Publication, statement: Statement) -> None:
    """Raise ``InputError`` for a date that no reader would believe."""
    if fault := dated_before(statement, publication.manifest):
        raise InputError(f"the statement is wrong: {fault}")
    if is_ahead(statement.date):
        raise InputError(f"the statement is dated {statement.date}, which is in the future")


def add_signed(publication: Publication, statement: Statement, signature: Signature) -> tuple[SignedStatement, bool]:
    """Add a statement whose signature holds to those of an audit; returns it, and whether it was not there before.

    Raises ``InputError`` for a statement about another audit.
    """
    if statement.publication_digest != publication.digest.hex() or statement.audit_id != publication.manifest.audit_id:
        raise InputError(
            Problem(
                f"what was signed is about audit {statement.audit_id}, {statement.publication_digest}",
                hint=f"this is audit {publication.manifest.audit_id}, {publication.digest.hex()}",
            )
        )
    check_date(publication, statement)
    signed = SignedStatement(statement=statement, signature=signature)
    return signed, add_statement(publication.public, signed)
