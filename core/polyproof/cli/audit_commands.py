"""The commands of the main job: check, prove, verify, inclusion, verify-inclusion."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.console import Console, amounts, grouped, size_text, table, time_text
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
from polyproof.errors import Problem, UsageError

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.backend import Claim
    from polyproof.liabilities import (
        AuditProved,
        AuditVerified,
        InclusionVerified,
        PublishedAudit,
        SnapshotChecked,
    )
    from polyproof.liabilities.typed_balances import Balance
    from polyproof.model.assets import Asset

__all__ = ["check_command", "register"]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("check")(check_command)
    app.command("prove")(prove_command)
    app.command("verify")(verify_command)
    app.command("inclusion")(inclusion_command)
    app.command("verify-inclusion")(verify_inclusion_command)


def check_command(spec: SpecArgument, json: Json = False, quiet: Quiet = False) -> None:
    """Check a spec and its snapshot before proving: every problem with file and row."""
    from polyproof import liabilities as audit

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry)
    with console.progress() as progress:
        checked = audit.check(loaded, registry=registry, progress=progress)
    console.result(check_payload(checked), lambda rich: show_check(rich, checked))


def check_payload(checked: SnapshotChecked) -> dict[str, Any]:
    """``check`` for machines."""
    return {
        "ok": True,
        "accounts": checked.accounts,
        "segments": list(checked.segments),
        "totals": amounts(checked.spec.assets, checked.totals),
        "backend": checked.spec.backend.name,
        "spec_digest": checked.spec.digest.hex(),
        "proven_bits": checked.security.proven_bits,
    }


def show_check(rich: RichConsole, checked: SnapshotChecked) -> None:
    """``check`` for people."""
    rich.print(totals_table(checked.spec.assets, checked.totals))
    rich.print(
        f"{checked.accounts:,} accounts in {_segments(checked.segments)}, ready to prove by "
        f"{checked.spec.backend.name} with {checked.security.proven_bits:.0f} proven bits."
    )


def prove_command(
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
    previous: Annotated[
        Path | None, typer.Option("--previous", metavar="DIR", help="The audit before this one, to chain to it.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Prove what the accounts of a spec add up to; write what to publish and what to keep."""
    from datetime import UTC, datetime

    from polyproof import liabilities as audit

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry)
    directory = out or loaded.output_directory / f"{loaded.name}-{datetime.now(UTC):%Y-%m-%d}"
    chained = audit.open_audit(previous, registry=registry).manifest.digest if previous else None
    with console.progress() as progress:
        proved = audit.prove(
            loaded, directory, audit_id=audit_id, previous=chained, registry=registry, progress=progress
        )
    console.warn(proved.warnings)
    console.result(prove_payload(proved), lambda rich: show_prove(rich, loaded.assets, proved, directory))


def prove_payload(proved: AuditProved) -> dict[str, Any]:
    """``prove`` for machines."""
    manifest = proved.manifest
    return {
        "ok": True,
        "directory": str(proved.directory),
        "audit_id": manifest.audit_id,
        "manifest_digest": manifest.digest.hex(),
        "previous": manifest.previous.hex() if manifest.previous else None,
        "accounts": proved.accounts,
        "segments": list(proved.segments),
        "resumed_segments": proved.resumed,
        "totals": [
            {"asset": asset["symbol"], "units": str(total)}
            for asset, total in zip(manifest.spec["assets"], manifest.totals, strict=True)
        ],
        "public_bytes": proved.public_bytes,
        "private_bytes": proved.private_bytes,
        "seconds": dict(proved.seconds),
    }


def show_prove(rich: RichConsole, assets: Sequence[Asset], proved: AuditProved, directory: Path) -> None:
    """``prove`` for people."""
    rich.print(totals_table(assets, proved.manifest.totals))
    resumed = f", {proved.resumed} of them from the run before" if proved.resumed else ""
    times = ", ".join(f"{phase} {time_text(seconds)}" for phase, seconds in proved.seconds.items())
    facts(
        rich,
        ("audit", proved.manifest.audit_id),
        ("accounts", f"{proved.accounts:,} in {_segments(proved.segments)}{resumed}"),
        ("time", times),
        ("publish", f"{directory / 'public'}  ({size_text(proved.public_bytes)})"),
        ("keep private", f"{directory / 'private'}  ({size_text(proved.private_bytes)})"),
        ("manifest digest", proved.manifest.digest.hex()),
    )
    rich.print("Publish the manifest digest where you cannot take it back; users compare it first.")


def verify_command(
    directory: AuditArgument,
    policy: PolicyOption = None,
    digest: DigestOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Verify a published audit, or a whole history of audits, from public files alone."""
    from polyproof import liabilities as audit
    from polyproof.liabilities.artifacts import is_history

    console = Console(json=json, quiet=quiet)
    known = parse_digest(digest)
    registry = usable_registry(console)
    if is_history(directory):
        from polyproof.cli.report_commands import verify_whole

        verify_whole(directory, policy, known, console, registry)
        return
    with console.progress() as progress:
        verified = audit.verify(
            directory,
            policy=load_policy_option(policy, registry),
            registry=registry,
            manifest_digest=known,
            progress=progress,
        )
    console.warn(verified.warnings)
    console.result(verify_payload(verified), lambda rich: show_verify(rich, verified, compared=known is not None))


def verify_payload(verified: AuditVerified) -> dict[str, Any]:
    """``verify`` for machines."""
    published = verified.audit
    manifest = published.manifest
    return {
        "ok": True,
        "audit_id": manifest.audit_id,
        "created": manifest.created,
        "organisation": manifest.organisation,
        "manifest_digest": manifest.digest.hex(),
        "previous": manifest.previous.hex() if manifest.previous else None,
        "backend": manifest.backend,
        "segments": len(manifest.segments),
        "totals": amounts(published.spec.assets, verified.totals),
        "proven_bits": verified.security.proven_bits,
        "binding_term": verified.security.binding,
        "establishes": list(published.backend.properties.proves),
        "non_negativity": published.backend.properties.non_negativity,
        "proof_bytes": sum(segment.size for segment in manifest.segments),
        "seconds": verified.seconds,
    }


def show_verify(rich: RichConsole, verified: AuditVerified, *, compared: bool) -> None:
    """``verify`` for people."""
    published, manifest = verified.audit, verified.audit.manifest
    rich.print(totals_table(published.spec.assets, verified.totals))
    count = len(manifest.segments)
    facts(
        rich,
        ("audit", f"{manifest.audit_id}, {manifest.organisation or 'organisation not named'}, {manifest.created}"),
        ("proved by", f"{manifest.backend}, {verified.security.proven_bits:.0f} proven bits"),
        ("checked", f"{count} segment{'s' if count > 1 else ''} in {time_text(verified.seconds)}"),
        ("manifest digest", manifest.digest.hex()),
    )
    properties = published.backend.properties
    rich.print("VERIFIED. This establishes:", style="bold green")
    points(rich, [*properties.proves, f"non-negativity: {properties.non_negativity}"])
    rich.print(f"What it leaves open: polyproof explain {published.public}", soft_wrap=True)
    if not compared:
        rich.print("Compare the manifest digest with the one published elsewhere, or pass it as --digest.")


def inclusion_command(
    directory: AuditArgument,
    user: Annotated[str | None, typer.Option("--user", "-u", metavar="ID", help="Account id of one user.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Cut the files of all users.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="PATH", help="File, or directory with --all. Default: in DIR/private/inclusion."
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cut the inclusion file of one user, or of all, from an audit's private half."""
    from polyproof import liabilities as audit

    console = Console(json=json, quiet=quiet)
    if (user is None) != every:
        raise UsageError("either --user ID or --all says whose inclusion file to cut")
    registry = usable_registry(console)
    if user is not None:
        path, size = audit.cut_inclusion(directory, user, out=out, registry=registry)
        console.result(
            {"ok": True, "file": str(path), "bytes": size},
            lambda rich: rich.print(f"{path}  ({size_text(size)})", soft_wrap=True),
        )
        return
    with console.progress() as progress:
        cut = audit.cut_all_inclusions(directory, out=out, registry=registry, progress=progress)
    console.result(
        {
            "ok": True,
            "directory": str(cut.directory),
            "index": str(cut.index),
            "count": cut.count,
            "bytes": cut.bytes,
            "seconds": cut.seconds,
        },
        lambda rich: facts(
            rich,
            ("files", f"{cut.count:,} in {cut.directory}  ({size_text(cut.bytes)}, {time_text(cut.seconds)})"),
            ("whose is which", f"{cut.index}  (private)"),
        ),
    )


def verify_inclusion_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Inclusion file you got from the exchange.")],
    directory: Annotated[Path, typer.Option("--audit", "-a", metavar="DIR", help="Directory of the published audit.")],
    user: Annotated[str | None, typer.Option("--user", "-u", metavar="ID", help="Your account id.")] = None,
    balance: Annotated[
        list[str] | None,
        typer.Option(
            "--balance",
            "-b",
            metavar="SYMBOL=AMOUNT",
            help="A balance of yours; once for each asset, others count as zero.",
        ),
    ] = None,
    balances: Annotated[
        Path | None,
        typer.Option("--balances", metavar="FILE", help="Your balances, symbol to amount: JSON, YAML or CSV."),
    ] = None,
    policy: PolicyOption = None,
    digest: DigestOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that your balances are in a published audit: those you type, not those a file tells."""
    from polyproof import liabilities as audit
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

    verified = audit.verify_inclusion(
        file,
        directory,
        claim,
        policy=load_policy_option(policy, registry),
        registry=registry,
        manifest_digest=known,
    )
    console.result(inclusion_payload(verified), lambda rich: show_inclusion(rich, verified, compared=known is not None))


def _require_claim(user: str | None, given: Sequence[Balance]) -> None:
    """What is missing is asked for on a terminal; anywhere else that would hang or read something else."""
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
                hint="they are not in the file on purpose: it cannot vouch for itself",
            )
        )


def _ask_balances(assets: Sequence[Asset]) -> list[Balance]:
    from polyproof.errors import InputError
    from polyproof.liabilities.typed_balances import make_claim, parse_balance

    symbols = ", ".join(asset.symbol for asset in assets)
    typer.echo(f"Assets: {symbols}\nType your balances, SYMBOL=AMOUNT on a line; an empty line ends.", err=True)
    given: list[Balance] = []
    while True:
        line = typer.prompt("Balance", default="", show_default=False, err=True)
        if not line.strip():
            return given
        try:
            balance = parse_balance(line)
            make_claim(assets, "-", [*given, balance])
        except InputError as error:
            typer.echo(str(error), err=True)
        else:
            given.append(balance)


def inclusion_payload(verified: InclusionVerified) -> dict[str, Any]:
    """``verify-inclusion`` for machines."""
    manifest = verified.audit.manifest
    return {
        "ok": True,
        "audit_id": manifest.audit_id,
        "manifest_digest": manifest.digest.hex(),
        "segment": verified.segment,
        "user": verified.claim.user_id,
        "balances": amounts(verified.audit.spec.assets, verified.claim.balances),
        "proven": list(verified.verdict.sentences),
        "seconds": verified.seconds,
    }


def show_inclusion(rich: RichConsole, verified: InclusionVerified, *, compared: bool) -> None:
    """``verify-inclusion`` for people."""
    manifest = verified.audit.manifest
    held = [
        (asset, units)
        for asset, units in zip(verified.audit.spec.assets, verified.claim.balances, strict=True)
        if units
    ]
    balances = ", ".join(f"{grouped(asset, units)} {asset.symbol}" for asset, units in held) or "nothing"
    facts(
        rich,
        ("audit", f"{manifest.audit_id}, {manifest.organisation or 'organisation not named'}, {manifest.created}"),
        ("you", verified.claim.user_id),
        ("your balances", balances + (", all else zero" if held else "")),
        ("manifest digest", manifest.digest.hex()),
    )
    rich.print("INCLUDED: your balances are in the audit's totals.", style="bold green")
    points(rich, verified.verdict.sentences)
    if not compared:
        rich.print("Compare the manifest digest with the one published elsewhere, or pass it as --digest.")


def totals_table(assets: Sequence[Asset], totals: Sequence[int]) -> Any:
    """Totals of all assets, decimal points below each other."""
    made = table("Asset", "Total owed", numbers=(1,))
    parts = [grouped(asset, total).partition(".") for asset, total in zip(assets, totals, strict=True)]
    width = max((len(point + fraction) for _, point, fraction in parts), default=0)
    for asset, (whole, point, fraction) in zip(assets, parts, strict=True):
        made.add_row(asset.symbol, whole + (point + fraction).ljust(width))
    return made


def points(rich: RichConsole, sentences: Iterable[str]) -> None:
    """A list of sentences."""
    for sentence in sentences:
        rich.print(textwrap.fill(sentence, rich.width, initial_indent=" • ", subsequent_indent="   "))


def facts(rich: RichConsole, *rows: tuple[str, str]) -> None:
    """Name and value, a line each."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        rich.print(f"{name:<{width}}  {value}", soft_wrap=True)


def _segments(sizes: Sequence[int]) -> str:
    return f"{len(sizes)} segments" if len(sizes) > 1 else "one segment"
