"""``polyproof anchor``: have the publication digest of an audit noted by others, and keep their evidence beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.anchors_view import ANCHORED, anchored_payload, show_evidence
from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, SecretsOption, load_spec_argument, usable_registry
from polyproof.cli.shapes import DIGEST, TEXT, record
from polyproof.cli.views import facts
from polyproof.errors import Problem, UsageError
from polyproof.extras import require_extras

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities.record import Publication
    from polyproof.publication.anchoring import Asked

__all__ = ["RESULT", "command", "published"]

RESULT = record(audit_id=TEXT, publication_digest=DIGEST, **ANCHORED)


def command(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="An audit, or a history: then its newest audit is anchored.")
    ],
    anchors: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="ANCHOR",
            help="Who notes the digest: a name, or '{name: rfc3161, url: https://…}'. May be given several times.",
        ),
    ] = None,
    spec: Annotated[
        str | None, typer.Option("--spec", metavar="SPEC", help="The spec whose anchors note the digest.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Have it noted once more, although there is evidence by this anchor.")
    ] = False,
    secrets: SecretsOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Have an audit's publication digest noted by others; repeated, fetch better evidence. Nothing is replaced."""
    from polyproof.publication.anchoring import anchor_all
    from polyproof.publication.anchors import open_anchor
    from polyproof.settings.anchors import parse_anchor
    from polyproof.toolkit.secrets import NO_SECRETS, load_secrets

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    require_extras("anchors", purpose="having a digest noted")
    lent = load_secrets(secrets, registry) if secrets is not None else NO_SECRETS
    opened = [open_anchor(parse_anchor(text, registry), Path(), lent, registry) for text in anchors or ()]
    if spec is not None:
        loaded = load_spec_argument(spec, registry)
        opened += [open_anchor(choice, loaded.directory, lent, registry) for choice in loaded.anchors]
    if not opened:
        where = f"{spec} names no anchors" if spec is not None else "nothing says who is to note the digest"
        raise UsageError(Problem(where, hint="--with ANCHOR, or --spec SPEC with the key anchors"))
    publication = published(directory)
    with console.progress() as progress:
        asked = anchor_all(publication, opened, again=again, progress=progress)
    failed = [one.failed for one in asked if one.failed is not None]
    if len(failed) < len(asked):
        payload: dict[str, Any] = {
            "audit_id": publication.manifest.audit_id,
            "publication_digest": publication.digest.hex(),
            **anchored_payload(asked),
        }
        console.result(payload, lambda rich: _show(rich, publication, asked))
    if failed:
        console.refuse(*failed)


def published(directory: Path) -> Publication:
    """The audit to anchor, or to attest, opened: every file that its record names is the one that it names."""
    from polyproof.liabilities.folder import is_history
    from polyproof.liabilities.record import open_publication
    from polyproof.publication.history import check_chain
    from polyproof.settings.policy import UNRESTRICTED

    if is_history(directory):
        return check_chain(directory, UNRESTRICTED)[-1]
    return open_publication(directory, UNRESTRICTED)


def _show(rich: RichConsole, publication: Publication, asked: Sequence[Asked]) -> None:
    facts(
        rich,
        ("audit", publication.manifest.audit_id),
        ("publication digest", publication.digest.hex()),
    )
    found = [one.evidence for one in asked if one.evidence is not None]
    show_evidence(rich, found)
    for one in asked:
        if one.evidence is not None or one.failed is not None:
            continue
        rich.print(
            f"{one.anchor}: there is evidence already, and no better one now. --again has the digest noted once more.",
            soft_wrap=True,
        )
    if found:
        rich.print("Publish the folder anchors with the audit. The digest does not cover it: files may be added to it.")
