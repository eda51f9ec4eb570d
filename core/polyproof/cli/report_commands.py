"""The commands of the month: audit, report; and verify for a whole history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.audit_commands import facts
from polyproof.cli.console import Console, table, time_text
from polyproof.cli.options import (
    AuditArgument,
    DigestOption,
    Json,
    PolicyOption,
    Quiet,
    SpecArgument,
    load_policy_option,
    load_spec_argument,
    parse_digest,
    usable_registry,
)
from polyproof.cli.reserves_commands import NOT_COVERED

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.publication.history import HistoryVerified, VerifiedAudit
    from polyproof.publication.report.document import Report
    from polyproof.registry import Registry
    from polyproof.settings.reserves import ReservesPolicy

__all__ = ["register", "verify_whole"]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("audit")(audit_command)
    app.command("report")(report_command)


def audit_command(
    spec: SpecArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="New directory for the audit. Default: NAME-DATE in the spec's output directory.",
        ),
    ] = None,
    audit_id: Annotated[
        str | None, typer.Option("--audit-id", metavar="ID", help="Id of the audit. Default: NAME-DATE-RANDOM.")
    ] = None,
    proved: Annotated[
        Path | None,
        typer.Option("--proved", metavar="DIR", help="Go on with an audit that is proved and not yet published."),
    ] = None,
    policy: PolicyOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The whole month in one go: prove, evaluate reserves, verify, add to the history, write the report."""
    from polyproof.errors import UsageError
    from polyproof.publication.month import run_month

    console = Console(json=json, quiet=quiet)
    if proved is not None and (out is not None or audit_id is not None):
        raise UsageError("--proved names an audit that has its directory and its id already")
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry)
    with console.progress() as progress:
        done = run_month(
            loaded,
            out=out,
            proved=proved,
            audit_id=audit_id,
            policy=load_policy_option(policy, registry),
            registry=registry,
            progress=progress,
        )
    if done.proved is not None:
        console.warn(done.proved.warnings)
    payload = {
        **_report_payload(done.report, done.published),
        "directory": str(done.directory),
        "audits": len(done.history.audits),
        "seconds": done.seconds,
    }

    def show(rich: RichConsole) -> None:
        facts(
            rich,
            ("audit", done.report.audit.audit_id),
            ("in the history", f"{_audits(len(done.history.audits))}, every link checked"),
            ("keep private", str(done.directory / "private")),
            ("publish", f"{done.published}  (all of it; begin reading at index.html)"),
            ("manifest digest", done.report.audit.manifest_digest),
        )
        _show_verdict(rich, done.report)
        rich.print("Publish the manifest digest where you cannot take it back; users compare it first.")

    console.result(payload, show)
    if done.report.verdict == "not-covered":
        raise typer.Exit(NOT_COVERED)


def report_command(
    directory: AuditArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Where the site goes. Default: DIR/report, or DIR if it is a history."
        ),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option("--history", metavar="DIR", help="The history that the audit is part of, or follows."),
    ] = None,
    policy: PolicyOption = None,
    digest: DigestOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Verify an audit, or a whole history, and write a report on it: a static site, and JSON."""
    from polyproof.errors import UsageError
    from polyproof.liabilities.artifacts import is_history
    from polyproof.publication.history import verify_history, verify_one
    from polyproof.publication.month import write_report
    from polyproof.publication.report.document import make_report
    from polyproof.publication.report.site import check_place, render_site, write_site

    console = Console(json=json, quiet=quiet)
    known = parse_digest(digest)
    registry = usable_registry(console)
    whole = is_history(directory)
    if whole and history is not None:
        raise UsageError(f"{directory} is a history itself: --history is for a single audit")
    site = out or (directory if whole else directory / "report")
    check_place(site)
    accepted: dict[str, Any] = {
        "policy": load_policy_option(policy, registry),
        "reserves_policy": _reserves_policy(policy, registry),
        "registry": registry,
    }
    with console.progress() as progress:
        if whole:
            audits = verify_history(directory, manifest_digest=known, progress=progress, **accepted).audits
        else:
            audits = (verify_one(directory, manifest_digest=known, progress=progress, **accepted),)
        if history is not None:
            earlier = verify_history(history, progress=progress, **accepted)
            audits = _up_to(earlier, audits[0])
    report = make_report(audits)
    if site.resolve() == directory.resolve() and whole:
        write_report(site, report)
    else:
        write_site(site, render_site(report))
    console.result(_report_payload(report, site), lambda rich: _show_report(rich, report, site))


def _up_to(history: HistoryVerified, newest: VerifiedAudit) -> tuple[VerifiedAudit, ...]:
    """The audits of a history through this one, or before it. Raises ``ProofRejected`` if it is neither."""
    from polyproof.errors import ProofRejected
    from polyproof.liabilities.artifacts import HISTORY

    digests = [one.manifest.digest for one in history.audits]
    if newest.manifest.digest in digests:
        earlier = history.audits[: digests.index(newest.manifest.digest)]
    elif newest.manifest.previous == digests[-1]:
        earlier = history.audits
    else:
        named = newest.manifest.previous.hex() if newest.manifest.previous else "no audit"
        raise ProofRejected(
            "history-link",
            f"audit {newest.manifest.audit_id} is not in this history and does not follow its newest: it names {named}",
            file=history.directory / HISTORY,
        )
    return (*earlier, newest)


def _reserves_policy(path: Path | None, registry: Registry) -> ReservesPolicy | None:
    from polyproof.settings.policy import load_reserves_policy

    return load_reserves_policy(path, registry) if path else None


def _report_payload(report: Report, site: Path) -> dict[str, Any]:
    """A report for machines, in short; all of it is in ``report.json``."""
    return {
        "ok": True,
        "site": str(site),
        "index": str(site / "index.html"),
        "verdict": report.verdict,
        "audit_id": report.audit.audit_id,
        "manifest_digest": report.audit.manifest_digest,
        "previous": report.audit.previous,
        "history": len(report.history),
        "chain": report.chain,
        "short": [asset.symbol for asset in report.short],
    }


def _show_report(rich: RichConsole, report: Report, site: Path) -> None:
    facts(
        rich,
        ("audit", f"{report.audit.audit_id}, {report.audit.organisation or 'organisation not named'}"),
        ("history", _audits(len(report.history)) + ("" if report.chain == "whole" else ", earlier ones not given")),
        ("site", str(site / "index.html")),
    )
    _show_verdict(rich, report)


def _audits(number: int) -> str:
    return f"{number} audits" if number > 1 else "one audit"


def _show_verdict(rich: RichConsole, report: Report) -> None:
    from polyproof.publication.report.words import headline

    style = {"covered": "bold green", "not-covered": "bold red"}.get(report.verdict, "bold yellow")
    short = f" ({', '.join(asset.symbol for asset in report.short)})" if report.short else ""
    rich.print(f"{headline(report)}{short}.", style=style)


# verify, for a whole history


def verify_whole(
    directory: Path, policy: Path | None, known: bytes | None, console: Console, registry: Registry
) -> None:
    """Verify a whole published directory: the chain, and every audit in it."""
    from polyproof.publication.history import verify_history

    with console.progress() as progress:
        verified = verify_history(
            directory,
            policy=load_policy_option(policy, registry),
            reserves_policy=_reserves_policy(policy, registry),
            manifest_digest=known,
            registry=registry,
            progress=progress,
        )
    for one in verified.audits:
        console.warn(one.liabilities.warnings)
    payload = {
        "ok": True,
        "audits": [
            {
                "audit_id": one.manifest.audit_id,
                "created": one.manifest.created,
                "manifest_digest": one.manifest.digest.hex(),
                "previous": one.manifest.previous.hex() if one.manifest.previous else None,
                "backend": one.manifest.backend,
                "proven_bits": one.liabilities.security.proven_bits,
                "met": one.met,
                "short": list(one.reserves.published.short) if one.reserves else [],
            }
            for one in verified.audits
        ],
        "pinned": verified.pinned,
        "seconds": verified.seconds,
    }
    console.result(payload, lambda rich: _show_whole(rich, verified, compared=known is not None))


def _show_whole(rich: RichConsole, verified: HistoryVerified, *, compared: bool) -> None:
    made = table("Created", "Audit", "Proved by", "Reserves")
    for one in verified.audits:
        short = ", ".join(one.reserves.published.short) if one.reserves else ""
        reserves = {None: "not examined", True: "covered", False: f"NOT COVERED: {short}"}[one.met]
        manifest = one.manifest
        bits = f"{manifest.backend}, {one.liabilities.security.proven_bits:.0f} bits"
        style = "red" if one.met is False else None
        made.add_row(manifest.created, manifest.audit_id, bits, reserves, style=style)
    rich.print(made)
    facts(rich, ("newest manifest digest", verified.audits[-1].manifest.digest.hex()))
    number = len(verified.audits)
    rich.print(
        f"VERIFIED: {_audits(number)}, every proof, every signature, every link; {time_text(verified.seconds)}.",
        style="bold green",
    )
    if not compared:
        rich.print("Compare the newest manifest digest with the one published elsewhere, or pass it as --digest.")
    elif verified.pinned < number:
        rich.print(
            f"The digest is that of audit {verified.pinned}: it vouches for this one and those before it, not for the "
            f"{number - verified.pinned} after it."
        )
