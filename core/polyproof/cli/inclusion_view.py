"""What ``verify-inclusion`` shows of one user's claim, and of the claims of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyproof.cli.console import amounts, grouped
from polyproof.cli.envelope import ERROR, error_objects
from polyproof.cli.evidence_view import EVIDENCE, Checked
from polyproof.cli.security_view import (
    COMPONENTS,
    FIGURES,
    components_payload,
    components_text,
    figures_facts,
    figures_payload,
    verdict,
)
from polyproof.cli.shapes import (
    AMOUNTS,
    COUNT,
    DIGEST,
    SECONDS,
    TEXT,
    TEXTS,
    Shape,
    either,
    listed,
    nullable,
    record,
    seconds,
)
from polyproof.cli.views import (
    COMPARE_DIGEST,
    CORRECTS,
    LEFT_OUT,
    audit_lines,
    corrects_payload,
    facts,
    left_out_payload,
    points,
    unlisted_text,
)
from polyproof.cli.visible import one_line
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console as RichConsole

    from polyproof.backend import Claim
    from polyproof.liabilities import InclusionsVerified, InclusionVerified, PublishedAudit

__all__ = [
    "INCLUSION",
    "INCLUSIONS",
    "balances_text",
    "count_sentence",
    "inclusion_payload",
    "inclusions_payload",
    "show_inclusion",
    "show_inclusions",
]


_AUDIT: dict[str, Shape] = {
    "audit_id": TEXT,
    "created": TEXT,
    "snapshot": TEXT,
    "publication_digest": DIGEST,
    "manifest_digest": DIGEST,
    "corrects": CORRECTS,
    "left_out": LEFT_OUT,
    "segments": COUNT,
    **COMPONENTS,
    "seconds": SECONDS,
}
INCLUSION = record(
    **_AUDIT,
    segment=COUNT,
    user=TEXT,
    balances=AMOUNTS,
    debts=AMOUNTS,
    proven=TEXTS,
    evidence=nullable(EVIDENCE),
    **FIGURES,
)
INCLUSIONS = record(
    **_AUDIT,
    files=listed(
        either(
            record(
                ok={"const": True},
                file=TEXT,
                user=TEXT,
                balances=AMOUNTS,
                debts=AMOUNTS,
                segment=COUNT,
                proven=TEXTS,
                **FIGURES,
            ),
            record(ok={"const": False}, file=TEXT, user=TEXT, balances=AMOUNTS, debts=AMOUNTS, error=ERROR),
        )
    ),
    included=COUNT,
    rejected=COUNT,
)


def inclusion_payload(verified: InclusionVerified, checked: Checked | None = None) -> dict[str, Any]:
    """``verify-inclusion`` for machines; ``checked`` is the evidence that it was about, if it was."""
    return {
        **_audit_payload(verified.audit),
        "segment": verified.segment,
        "user": verified.claim.user_id,
        "balances": amounts(verified.audit.spec.assets, verified.claim.balances),
        "debts": _debts(verified.audit, verified.claim),
        "proven": list(verified.verdict.sentences),
        "evidence": None if checked is None else checked.payload(),
        **components_payload(verified.audit),
        **figures_payload(verified.verdict.security),
        "seconds": seconds(verified.seconds),
    }


def _audit_payload(audit: PublishedAudit) -> dict[str, Any]:
    manifest = audit.manifest
    return {
        "audit_id": manifest.audit_id,
        "created": manifest.created,
        "snapshot": manifest.snapshot,
        "publication_digest": audit.digest.hex(),
        "manifest_digest": manifest.digest.hex(),
        "corrects": corrects_payload(audit.record),
        "left_out": left_out_payload(manifest.left_out),
        "segments": len(manifest.segments),
    }


def _debts(audit: PublishedAudit, claim: Claim) -> list[dict[str, str]]:
    """What a user owes, for machines; nothing of an audit in which nobody can owe anything."""
    if audit.margin is None:
        return []
    assets = audit.spec.assets
    return amounts(assets, [claim.debt_of(place) for place in range(len(assets))])


def show_inclusion(
    rich: RichConsole, verified: InclusionVerified, *, compared: bool, checked: Checked | None = None
) -> None:
    """``verify-inclusion`` for people."""
    parts = len(verified.audit.manifest.segments)
    facts(
        rich,
        *audit_lines(verified.audit),
        ("you" if checked is None else "account id", verified.claim.user_id),
        ("your balances" if checked is None else "balances", balances_text(verified.audit, verified.claim)),
        *([] if checked is None else checked.facts()),
        ("proved by", components_text(verified.audit)),
        *figures_facts(verified.verdict.security),
        *(
            [("checked", f"part {verified.segment + 1} of {parts}, your own; polyproof verify checks all")]
            if parts > 1
            else []
        ),
        ("publication digest", verified.audit.digest.hex()),
    )
    gross = "gross " if verified.audit.margin is not None else ""
    balances = "your balances" if checked is None else "these balances"
    verdict(rich, verified.verdict.security, "INCLUDED", f"{balances} are in the audit's {gross}totals.")
    points(rich, verified.verdict.sentences)
    for note in [] if checked is None else checked.notes(None):
        rich.print(note, soft_wrap=True)
    _show_left_out(rich, verified.audit)
    if not compared:
        rich.print(COMPARE_DIGEST)


def _show_left_out(rich: RichConsole, audit: PublishedAudit) -> None:
    if left_out := audit.manifest.left_out:
        names = unlisted_text([one.asset for one in left_out])
        rich.print(
            f"Left out by the organisation's choice: {counted(len(left_out), 'asset')}. What you are owed of "
            f"{'it' if len(left_out) == 1 else 'them'} is no part of this audit: {names}.",
            soft_wrap=True,
        )


def balances_text(audit: PublishedAudit, claim: Claim) -> str:
    """What a claim says, for people."""

    def listed(amounts: Sequence[int]) -> list[str]:
        found = zip(audit.spec.assets, amounts, strict=True)
        return [f"{grouped(asset, units)} {asset.symbol}" for asset, units in found if units]

    held = listed(claim.balances)
    owed = f"; owing {', '.join(listed(claim.debts))}" if claim.debts else ""
    if not held:
        return f"nothing{owed}"
    return ", ".join(held) + (", all others zero" if len(held) < len(claim.balances) else "") + owed


def inclusions_payload(verified: InclusionsVerified) -> dict[str, Any]:
    """The check of several files for machines: one entry for each, in order."""
    from polyproof.liabilities.inclusion import InclusionRejected

    audit, results = verified.audit, []
    for result in verified.results:
        entry: dict[str, Any] = {
            "file": str(result.file),
            "user": result.claim.user_id,
            "balances": amounts(audit.spec.assets, result.claim.balances),
            "debts": _debts(audit, result.claim),
        }
        if isinstance(result, InclusionRejected):
            results.append({"ok": False, **entry, "error": error_objects(result.error)[0]})
        else:
            proven = {"segment": result.segment, "proven": list(result.verdict.sentences)}
            results.append({"ok": True, **entry, **proven, **figures_payload(result.verdict.security)})
    return {
        **_audit_payload(audit),
        **components_payload(audit),
        "files": results,
        "included": len(verified.included),
        "rejected": len(verified.rejected),
        "seconds": seconds(verified.seconds),
    }


def show_inclusions(rich: RichConsole, verified: InclusionsVerified, *, compared: bool) -> None:
    """The same for people: those that are included here, the rejections after them."""
    from polyproof.security import weakest

    audit, included = verified.audit, verified.included
    if included:
        parts, own = len(audit.manifest.segments), len({result.segment for result in included})
        facts(
            rich,
            *audit_lines(audit),
            ("proved by", components_text(audit)),
            *figures_facts(weakest([result.verdict.security for result in included])),
            *(
                [("checked", f"{own} of {parts} parts, those of the files; polyproof verify checks all")]
                if parts > 1
                else []
            ),
            ("publication digest", audit.digest.hex()),
        )
    said = list(dict.fromkeys(result.verdict.sentences for result in included))
    for result in included:
        claim = f"{result.claim.user_id}: {balances_text(audit, result.claim)}"
        forgeable = result.verdict.security.assumptions.insecure_setup
        word = "INCLUDED under an INSECURE SET-UP, so that anybody can have forged it" if forgeable else "INCLUDED"
        rich.print(
            f"{word}: {one_line(str(result.file))}, {one_line(claim)}",
            style="bold red" if forgeable else "bold green",
            soft_wrap=True,
        )
        if len(said) > 1:
            points(rich, result.verdict.sentences)
    if len(said) == 1:
        rich.print("For each of these:")
        points(rich, said[0])
    insecure = any(result.verdict.security.assumptions.insecure_setup for result in included)
    rich.print(
        f"{count_sentence(verified)}{', under an INSECURE SET-UP' if insecure else ''}.",
        style="bold red" if verified.rejected or insecure else "bold green",
    )
    if included:
        _show_left_out(rich, audit)
    if included and not compared:
        rich.print(COMPARE_DIGEST)


def count_sentence(verified: InclusionsVerified) -> str:
    """How many files of several show their claims."""
    rejected = len(verified.rejected)
    shown = f"{len(verified.included)} of {counted(len(verified.results), 'file')} included"
    return f"{shown}, {rejected} REJECTED" if rejected else shown
