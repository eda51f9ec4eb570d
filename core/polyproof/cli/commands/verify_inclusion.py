"""``polyproof verify-inclusion``: users check balances that they type themselves."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.console import Console, amounts, grouped
from polyproof.cli.options import (
    DigestOption,
    Json,
    PolicyOption,
    Quiet,
    load_policy_option,
    parse_digest,
    usable_registry,
)
from polyproof.cli.security_view import components_payload, components_text, figures_facts, figures_payload
from polyproof.cli.views import COMPARE_DIGEST, audit_lines, corrects_payload, facts, points
from polyproof.cli.visible import visible
from polyproof.errors import InputError, Problem, ProofRejected, UsageError

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.backend import Claim
    from polyproof.liabilities import InclusionVerified, PublishedAudit
    from polyproof.liabilities.typed_balances import Balance
    from polyproof.model.assets import Asset

__all__ = ["command", "inclusion_payload"]


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Inclusion file that you received from the exchange.")],
    directory: Annotated[Path, typer.Option("--audit", "-a", metavar="DIR", help="Directory of the published audit.")],
    user: Annotated[str | None, typer.Option("--user", "-u", metavar="ID", help="Your account id.")] = None,
    balance: Annotated[
        list[str] | None,
        typer.Option(
            "--balance",
            "-b",
            metavar="SYMBOL=AMOUNT",
            help="One of your balances; repeat for each asset. All others count as zero.",
        ),
    ] = None,
    balances: Annotated[
        Path | None,
        typer.Option(
            "--balances", metavar="FILE", help="File with your balances, symbol and amount: JSON, YAML or CSV."
        ),
    ] = None,
    policy: PolicyOption = None,
    digest: DigestOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that your balances, as you type them, are in a published audit."""
    from polyproof import liabilities
    from polyproof.liabilities.rejections import meaning_of
    from polyproof.liabilities.typed_balances import make_claim, parse_balance, read_balances

    console = Console(json=json, quiet=quiet)
    known = parse_digest(digest)
    given = [parse_balance(text) for text in balance or ()]
    if balances is not None:
        given += read_balances(balances)
    _require_claim(user, given)
    registry = usable_registry(console)

    def claim(published: PublishedAudit) -> Claim:
        assets = published.spec.assets
        account = user if user is not None else typer.prompt("Your account id", err=True)
        return make_claim(assets, account, given or _ask_balances(assets))

    try:
        verified = liabilities.verify_inclusion(
            file,
            directory,
            claim,
            policy=load_policy_option(policy, registry),
            registry=registry,
            digest=known,
        )
    except ProofRejected as error:
        if meaning := meaning_of(error.check):
            error.add_note(f"{meaning.title}. {meaning.meaning} {meaning.advice}")
        raise
    console.result(inclusion_payload(verified), lambda rich: _show(rich, verified, compared=known is not None))


def _require_claim(user: str | None, given: Sequence[Balance]) -> None:
    """On a terminal, missing values are asked for; anywhere else that would hang or read the wrong input."""
    if sys.stdin.isatty():
        return
    missing = [
        *(["your account id (--user ID)"] if user is None else []),
        *(["your balances (--balance SYMBOL=AMOUNT for each, or --balances FILE)"] if not given else []),
    ]
    if missing:
        raise UsageError(
            Problem(
                f"{' and '.join(missing)} must be given",
                hint="they are deliberately not in the file: it cannot vouch for itself",
            )
        )


def _ask_balances(assets: Sequence[Asset]) -> list[Balance]:
    from polyproof.liabilities.typed_balances import make_claim, parse_balance

    symbols = ", ".join(asset.symbol for asset in assets)
    typer.echo(f"Assets: {symbols}\nType your balances, one SYMBOL=AMOUNT per line; end with an empty line.", err=True)
    given: list[Balance] = []
    while True:
        line = typer.prompt("Balance", default="", show_default=False, err=True)
        if not line.strip():
            return given
        try:
            balance = parse_balance(line)
            make_claim(assets, "-", [*given, balance])
        except InputError as error:
            typer.echo(visible(str(error)), err=True)
        else:
            given.append(balance)


def inclusion_payload(verified: InclusionVerified) -> dict[str, Any]:
    """``verify-inclusion`` for machines."""
    manifest = verified.audit.manifest
    return {
        "ok": True,
        "audit_id": manifest.audit_id,
        "created": manifest.created,
        "snapshot": manifest.snapshot,
        "publication_digest": verified.audit.digest.hex(),
        "manifest_digest": manifest.digest.hex(),
        "corrects": corrects_payload(verified.audit.record),
        "segment": verified.segment,
        "segments": len(manifest.segments),
        "user": verified.claim.user_id,
        "balances": amounts(verified.audit.spec.assets, verified.claim.balances),
        "proven": list(verified.verdict.sentences),
        **components_payload(verified.audit),
        **figures_payload(verified.verdict.security),
        "seconds": verified.seconds,
    }


def _show(rich: RichConsole, verified: InclusionVerified, *, compared: bool) -> None:
    """``verify-inclusion`` for people."""
    held = [
        (asset, units)
        for asset, units in zip(verified.audit.spec.assets, verified.claim.balances, strict=True)
        if units
    ]
    parts = len(verified.audit.manifest.segments)
    balances = ", ".join(f"{grouped(asset, units)} {asset.symbol}" for asset, units in held) or "nothing"
    facts(
        rich,
        *audit_lines(verified.audit),
        ("you", verified.claim.user_id),
        ("your balances", balances + (", all others zero" if held else "")),
        ("proved by", components_text(verified.audit)),
        *figures_facts(verified.verdict.security),
        *(
            [("checked", f"part {verified.segment + 1} of {parts}, your own; polyproof verify checks all")]
            if parts > 1
            else []
        ),
        ("publication digest", verified.audit.digest.hex()),
    )
    rich.print("INCLUDED: your balances are in the audit's totals.", style="bold green")
    points(rich, verified.verdict.sentences)
    if not compared:
        rich.print(COMPARE_DIGEST)
