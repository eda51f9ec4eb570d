"""``polyproof verify``: one audit, or a whole published history, from public files alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from polyproof.cli.console import Console, amounts, error_object, print_error, table, time_text
from polyproof.cli.options import (
    DigestOption,
    Json,
    PolicyOption,
    PublishedArgument,
    Quiet,
    load_policy_option,
    load_reserves_policy_option,
    parse_digest,
    usable_registry,
)
from polyproof.cli.views import COMPARE_DIGEST, audit_lines, audits_text, facts, points, totals_table
from polyproof.errors import ExtraMissing
from polyproof.extras import is_installed, require_extras

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities import AuditVerified
    from polyproof.publication.history import HistoryVerified, VerifiedAudit
    from polyproof.registry import Registry

__all__ = ["command", "verify_payload"]


def command(
    directory: PublishedArgument,
    policy: PolicyOption = None,
    digest: DigestOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Verify a published audit, or a whole history of audits, from public files alone."""
    from polyproof import liabilities
    from polyproof.liabilities.folder import is_history

    console = Console(json=json, quiet=quiet)
    known = parse_digest(digest)
    registry = usable_registry(console)
    if is_history(directory):
        _verify_history(directory, policy, known, console, registry)
        return
    with console.progress() as progress:
        verified = liabilities.verify(
            directory,
            policy=load_policy_option(policy, registry),
            registry=registry,
            digest=known,
            progress=progress,
        )
    console.warn(verified.warnings)
    console.result(verify_payload(verified), lambda rich: _show(rich, verified, compared=known is not None))


def verify_payload(verified: AuditVerified) -> dict[str, Any]:
    """``verify`` for machines."""
    published = verified.audit
    manifest = published.manifest
    return {
        "ok": True,
        "audit_id": manifest.audit_id,
        "created": manifest.created,
        "snapshot": manifest.snapshot,
        "organisation": manifest.organisation,
        "publication_digest": published.digest.hex(),
        "manifest_digest": manifest.digest.hex(),
        "previous": manifest.previous.hex() if manifest.previous else None,
        "backend": manifest.backend,
        "segments": len(manifest.segments),
        "totals": amounts(published.spec.assets, verified.totals),
        "proven_bits": verified.security.proven_bits,
        "binding_term": verified.security.binding,
        "establishes": list(published.backend.properties.proves),
        "non_negativity": published.backend.properties.non_negativity,
        "reserves": "not-checked" if published.record.reserves_digest is not None else None,
        "unlisted": list(published.unlisted),
        "proof_bytes": sum(segment.size for segment in manifest.segments),
        "seconds": verified.seconds,
    }


def _show(rich: RichConsole, verified: AuditVerified, *, compared: bool) -> None:
    """``verify`` for people."""
    published, manifest = verified.audit, verified.audit.manifest
    rich.print(totals_table(published.spec.assets, verified.totals))
    count = len(manifest.segments)
    facts(
        rich,
        *audit_lines(manifest),
        ("proved by", f"{manifest.backend}, {verified.security.proven_bits:.0f} proven bits"),
        ("checked", f"{count} segment{'s' if count > 1 else ''} in {time_text(verified.seconds)}"),
        ("publication digest", published.digest.hex()),
    )
    properties = published.backend.properties
    rich.print("VERIFIED. This establishes:", style="bold green")
    points(rich, [*properties.proves, f"non-negativity: {properties.non_negativity}"])
    if published.record.reserves_digest is not None:
        # Verifying a single audit covers what is owed, not what is held.
        rich.print(
            "Reserves are published with it and were NOT CHECKED: nothing here says that what is owed is covered. "
            f"To check them: polyproof report {published.public}, or polyproof verify of the whole history.",
            style="yellow",
            soft_wrap=True,
        )
    if published.unlisted:
        rich.print(f"Not looked at, no part of the audit: {', '.join(published.unlisted)}", soft_wrap=True)
    rich.print(f"What it leaves open: polyproof explain {published.public}", soft_wrap=True)
    if not compared:
        rich.print(COMPARE_DIGEST)


# A whole history


def _verify_history(
    directory: Path, policy: Path | None, known: bytes | None, console: Console, registry: Registry
) -> None:
    """Verify a whole published directory: the chain, and every audit in it."""
    from polyproof.publication.history import verify_history

    with console.progress() as progress:
        verified = verify_history(
            directory,
            policy=load_policy_option(policy, registry),
            reserves_policy=load_reserves_policy_option(policy, registry),
            digest=known,
            check_reserves=is_installed("reserves"),
            registry=registry,
            progress=progress,
        )
    for one in verified.audits:
        console.warn(one.liabilities.warnings)
    missing = _missing(verified)
    payload = {
        "ok": missing is None,
        **(error_object(missing) if missing else {}),
        "audits": [
            {
                "audit_id": one.manifest.audit_id,
                "created": one.manifest.created,
                "snapshot": one.manifest.snapshot,
                "publication_digest": one.digest.hex(),
                "previous": one.manifest.previous.hex() if one.manifest.previous else None,
                "backend": one.manifest.backend,
                "proven_bits": one.liabilities.security.proven_bits,
                "reserves": "not-checked" if one.reserves_unchecked else "checked" if one.reserves else None,
                "met": one.met,
                "short": list(one.reserves.published.short) if one.reserves else [],
            }
            for one in verified.audits
        ],
        "pinned": verified.pinned,
        "seconds": verified.seconds,
    }
    console.result(payload, lambda rich: _show_history(rich, verified, compared=known is not None))
    if missing is not None:
        # Status 0 must mean what it means where all extras are installed: everything published was verified.
        if not console.json:
            print_error(missing, json=False)
        raise typer.Exit(missing.exit_status)


def _missing(verified: HistoryVerified) -> ExtraMissing | None:
    """Why a history could not be verified completely, or None."""
    if not verified.unchecked:
        return None
    try:
        require_extras("reserves", purpose="checking the reserves that are published with it")
    except ExtraMissing as error:
        return error
    raise AssertionError("reserves are unchecked only where the extra is missing")


def _show_history(rich: RichConsole, verified: HistoryVerified, *, compared: bool) -> None:
    made = table("Balances as of", "Audit", "Proved by", "Reserves")
    for one in verified.audits:
        manifest = one.manifest
        bits = f"{manifest.backend}, {one.liabilities.security.proven_bits:.0f} bits"
        made.add_row(
            manifest.snapshot, manifest.audit_id, bits, _reserves_text(one), style="red" if one.met is False else None
        )
    rich.print(made)
    facts(rich, ("newest publication digest", verified.audits[-1].digest.hex()))
    number = len(verified.audits)
    if verified.unchecked:
        rich.print(
            f"VERIFIED IN PART: {audits_text(number)}, every proof of what is owed, every link; "
            f"{time_text(verified.seconds)}.\nReserves of {audits_text(verified.unchecked)} were NOT CHECKED: nothing "
            f"here says that what is owed is covered.",
            style="bold yellow",
        )
    else:
        rich.print(
            f"VERIFIED: {audits_text(number)}, every proof, every signature, every link; "
            f"{time_text(verified.seconds)}.",
            style="bold green",
        )
    if not compared:
        rich.print("Compare the newest publication digest with the one published elsewhere, or pass it as --digest.")
    elif verified.pinned < number:
        rich.print(
            f"The digest is that of audit {verified.pinned}: it vouches for it and those before it, not for the "
            f"{number - verified.pinned} after it."
        )


def _reserves_text(one: VerifiedAudit) -> str:
    if one.reserves_unchecked:
        return "NOT CHECKED"
    if one.reserves is None:
        return "not examined"
    return "covered" if one.met else f"NOT COVERED: {', '.join(one.reserves.published.short)}"
