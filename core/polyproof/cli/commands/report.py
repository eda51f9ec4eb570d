"""``polyproof report``: verify, and write a site about the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import (
    DigestOption,
    Json,
    NodesOption,
    PolicyOption,
    PublishedArgument,
    Quiet,
    SecretsOption,
    parse_digest,
    usable_registry,
)
from polyproof.cli.shapes import COUNT, DIGEST, TEXT, TEXTS, Shape, nullable, record
from polyproof.cli.views import audits_text, facts
from polyproof.errors import PolicyRejected
from polyproof.extras import require_extras

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.publication.report.document import Report

__all__ = ["REPORTED", "RESULT", "command", "refuse_uncovered", "report_payload", "show_report", "show_verdict"]

REPORTED: dict[str, Shape] = {
    "verdict": TEXT,
    "on_word": TEXTS,
    "audit_id": TEXT,
    "snapshot": TEXT,
    "publication_digest": DIGEST,
    "previous": nullable(DIGEST),
    "history": COUNT,
    "chain": TEXT,
    "short": TEXTS,
    "address": nullable(TEXT),
}
RESULT = record(**REPORTED, site=TEXT, index=TEXT)


def command(
    directory: PublishedArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Where the site goes. Default: DIR/report, or DIR if it is a history."
        ),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option("--history", metavar="DIR", help="The history that the audit belongs to, or follows."),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            "--address",
            metavar="URL",
            help="Where the site is reached: pages get a QR code for phones. Kept; '' removes it.",
        ),
    ] = None,
    policy: PolicyOption = None,
    nodes: NodesOption = None,
    secrets: SecretsOption = None,
    digest: DigestOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Verify an audit, or a whole history, and write a report on it: a static site, and JSON."""
    require_extras("report", purpose="writing a report")
    from polyproof.publication.accepting import load_accepted
    from polyproof.publication.reporting import report_on

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    with console.progress() as progress:
        written = report_on(
            directory,
            out=out,
            history=history,
            address=address,
            digest=parse_digest(digest),
            progress=progress,
            **load_accepted(policy, nodes, secrets, registry),
        )
    report, site = written.report, written.site
    console.result(report_payload(report, site), lambda rich: show_report(rich, report, site))
    if report.verdict == "not-covered":
        refuse_uncovered(console, report)


def report_payload(report: Report, site: Path) -> dict[str, Any]:
    """A short report for machines; all of it is in ``report.json``."""
    return {
        "site": str(site),
        "index": str(site / "index.html"),
        "verdict": report.verdict,
        "on_word": list(report.on_word),
        "audit_id": report.audit.audit_id,
        "snapshot": report.audit.snapshot,
        "publication_digest": report.audit.publication_digest,
        "previous": report.audit.previous,
        "history": len(report.history),
        "chain": report.chain,
        "short": [asset.symbol for asset in report.short],
        "address": report.address,
    }


def show_report(rich: RichConsole, report: Report, site: Path) -> None:
    """``report`` for people."""
    facts(
        rich,
        ("audit", f"{report.audit.audit_id}, {report.audit.organisation or 'organisation not named'}"),
        ("balances as of", report.audit.snapshot),
        ("history", audits_text(len(report.history)) + ("" if report.chain == "whole" else ", earlier ones not given")),
        ("site", str(site / "index.html")),
        *(() if report.address is None else (("reached at", report.address),)),
    )
    show_verdict(rich, report)


def refuse_uncovered(console: Console, report: Report) -> NoReturn:
    """End with the reason: holdings do not cover what is owed. The verdict has told people."""
    from polyproof.settings.policy import PolicyCheck

    short = ", ".join(asset.symbol for asset in report.short)
    console.refuse(PolicyRejected(PolicyCheck.RESERVES, f"not covered: {short}"), told=True)


def show_verdict(rich: RichConsole, report: Report) -> None:
    """The verdict, in its colour."""
    from polyproof.cli.coverage_view import whose
    from polyproof.publication.report.wording import headline

    style = {"covered": "bold green", "not-covered": "bold red"}.get(report.verdict, "bold yellow")
    if report.on_word and report.verdict == "covered":
        style = "bold yellow"
    if report.security.insecure_setup:
        style = "bold red"
    short = f" ({', '.join(asset.symbol for asset in report.short)})" if report.short else ""
    by = f", by {whose(report.reserves.policy)}" if report.reserves else ""
    rich.print(f"{headline(report)}{short}{by}.", style=style)
