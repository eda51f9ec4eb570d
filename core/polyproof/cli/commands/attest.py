"""``polyproof attest``: a statement about an audit, signed here or elsewhere, and kept beside the audit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.attestations_view import ATTESTATION, attestation_payload
from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet
from polyproof.cli.shapes import DIGEST, FLAG, TEXT, nullable, record
from polyproof.cli.views import facts
from polyproof.errors import InputError, Problem, ProofRejected, UsageError
from polyproof.extras import require_extras

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities.attestation_file import Statement
    from polyproof.liabilities.record import Publication

__all__ = ["RESULT", "command"]

RESULT = record(
    audit_id=TEXT,
    publication_digest=DIGEST,
    to_sign=nullable(TEXT),
    added=FLAG,
    statement=nullable(ATTESTATION),
)
_MOST_BYTES = 1 << 20


def command(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="An audit, or a history: then the statement is about its newest.")
    ],
    statement: Annotated[
        Path | None,
        typer.Option("--statement", metavar="FILE", help="What is stated: text, paragraphs parted by empty lines."),
    ] = None,
    signer: Annotated[str | None, typer.Option("--signer", metavar="NAME", help="Who states it.")] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="agreed-upon-procedures, limited-assurance, reasonable-assurance or other.",
        ),
    ] = "other",
    date: Annotated[
        str | None, typer.Option("--date", metavar="TIME", help="When, such as 2025-12-01T00:00:00Z. Default: now.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="The private key that signs (PEM).")] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(
            "--certificates", metavar="FILE", help="The signer's certificate, and those after it up to a root (PEM)."
        ),
    ] = None,
    to_sign: Annotated[
        Path | None,
        typer.Option("--to-sign", metavar="FILE", help="Write what is to be signed elsewhere there, and nothing else."),
    ] = None,
    signed: Annotated[
        Path | None, typer.Option("--signed", metavar="FILE", help="What --to-sign wrote and was signed elsewhere.")
    ] = None,
    signature: Annotated[
        Path | None, typer.Option("--signature", metavar="FILE", help="The signature that was made elsewhere.")
    ] = None,
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", metavar="FILE", help="The Ed25519 key that it is by (PEM); or --certificates."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Add a signed statement about an audit to those beside it. Nothing that is there is replaced."""
    from polyproof.cli.commands.anchor import published

    console = Console(json=json, quiet=quiet)
    require_extras("attestations", purpose="signing statements about audits")
    if (statement is None) == (signed is None):
        raise UsageError("give --statement with what is stated, or --signed with what was signed elsewhere")
    publication = published(directory)
    if statement is not None:
        stated = _stated(publication, statement, signer, kind, date)
        if (key is None) == (to_sign is None):
            raise UsageError("give --key to sign here, or --to-sign to have it signed elsewhere")
        if to_sign is not None:
            _write_to_sign(console, publication, stated, to_sign)
            return
    if statement is None and (signature is None or key is not None or to_sign is not None):
        raise UsageError("--signed goes with --signature, and with --public-key or --certificates")
    from polyproof.liabilities.attestation_file import parse_statement
    from polyproof.publication import signatures

    chain = signatures.read_chain(_read(certificates), str(certificates)) if certificates is not None else ()
    if statement is None:
        assert signed is not None
        assert signature is not None
        if (public_key is None) == (certificates is None):
            raise UsageError("give --public-key or --certificates: whose signature it is")
        try:
            stated = parse_statement(_read(signed), str(signed))
        except ProofRejected as error:
            raise InputError(
                Problem(f"{signed} is not what was to be signed: {error.reason}", hint="--to-sign writes such a file")
            ) from error
        bare = signatures.read_public_key(_read(public_key), str(public_key)) if public_key is not None else None
        made = signatures.made_elsewhere(_read(signature), bare, chain, stated.to_sign)
    else:
        assert key is not None
        made = signatures.sign(signatures.read_private_key(_read(key), str(key)), chain, stated.to_sign)
    _add(console, publication, stated, made)


def _stated(publication: Publication, file: Path, signer: str | None, kind: str, date: str | None) -> Statement:
    from polyproof.publication.attesting import state

    if signer is None:
        raise UsageError(Problem("nothing says who states it", hint="--signer NAME"))
    try:
        text = _read(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8: {error.reason} at byte {error.start}") from error
    return state(publication, text, signer=signer, kind=kind, date=date, file=file)


def _write_to_sign(console: Console, publication: Publication, statement: Statement, path: Path) -> None:
    from polyproof.formats.files import write_durably

    if path.exists():
        raise InputError(Problem(f"{path} exists already, and nothing is overwritten", hint="name another file"))
    write_durably(path, statement.to_sign)
    console.result(
        {**_about(publication), "to_sign": str(path), "added": False, "statement": None},
        lambda rich: rich.print(
            f"{path} is what is to be signed, all of its bytes. Add the signature with --signed {path} --signature "
            "FILE and --public-key or --certificates.",
            soft_wrap=True,
        ),
    )


def _add(console: Console, publication: Publication, statement: Statement, signature: Any) -> None:
    from polyproof.publication.attestations import check_attestations
    from polyproof.publication.attesting import add_signed

    signed, added = add_signed(publication, statement, signature)
    found = next(one for one in check_attestations(publication, None).statements if one.sha256 == signed.sha256)
    payload = {**_about(publication), "to_sign": None, "added": added, "statement": attestation_payload(found)}

    def show(rich: RichConsole) -> None:
        facts(
            rich,
            ("audit", publication.manifest.audit_id),
            ("publication digest", publication.digest.hex()),
            ("statement", f"{found.place}, by {statement.signer}, of {statement.date}"),
            (
                "signed by",
                f"the key {found.key}" if signature.public_key else f"the key of the certificate {found.key}",
            ),
        )
        rich.print(
            "Publish attestation.json with the audit. The digest does not cover it: statements may be added to it."
            if added
            else "It was there already: nothing is written."
        )

    console.result(payload, show)


def _about(publication: Publication) -> dict[str, Any]:
    return {"audit_id": publication.manifest.audit_id, "publication_digest": publication.digest.hex()}


def _read(path: Path) -> bytes:
    from polyproof.formats.files import read_input

    return read_input(path, _MOST_BYTES)
