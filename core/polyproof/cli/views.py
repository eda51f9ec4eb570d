"""What several commands show: totals, facts, lists of sentences."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from polyproof.cli.console import grouped, table
from polyproof.cli.lines import in_column
from polyproof.cli.shapes import COUNT, DECIMAL, DIGEST, TEXT, listed, nullable, record
from polyproof.cli.visible import one_line
from polyproof.config.options import plain
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities import PublishedAudit
    from polyproof.liabilities.record import PublicationRecord
    from polyproof.liabilities.snapshot.rounding import Rounded
    from polyproof.liabilities.weighing import MarginPrepared
    from polyproof.model.assets import Asset
    from polyproof.model.left_out import LeftOut

__all__ = [
    "COMPARE_DIGEST",
    "CORRECTS",
    "DIGEST_CHANGES",
    "PUBLISH_DIGEST",
    "ROUNDED",
    "Listing",
    "audit_lines",
    "audits_text",
    "control_payload",
    "corrects_payload",
    "facts",
    "left_out_payload",
    "points",
    "rounded_payload",
    "segments_text",
    "show_control",
    "show_left_out",
    "show_rounded",
    "show_warnings",
    "totals_table",
    "unlisted_text",
]


@runtime_checkable
class Listing(Protocol):
    """What shows facts and lists in a form of its own, rather than as lines of text: a page in a notebook."""

    def add_facts(self, rows: Iterable[tuple[str, str]], /) -> None:
        """Names and values."""

    def add_points(self, sentences: Iterable[str], /) -> None:
        """A list of sentences."""


COMPARE_DIGEST = (
    "Compare the publication digest with the one published elsewhere, or pass it as --digest: "
    "it shows whose audit this is."
)
"""A name is only written in a manifest: anybody can write one, and make an audit of it that verifies."""
PUBLISH_DIGEST = "Publish the publication digest where you cannot take it back; users compare it first."
_MOST_NAMES = 20
DIGEST_CHANGES = "Reserves are not in it yet: `polyproof reserves` adds them, and the publication digest changes."


def totals_table(assets: Sequence[Asset], totals: Sequence[int]) -> Any:
    """Totals of all assets, with decimal points aligned."""
    made = table("Asset", "Total owed", numbers=(1,))
    parts = [grouped(asset, total).partition(".") for asset, total in zip(assets, totals, strict=True)]
    width = max((len(point + fraction) for _, point, fraction in parts), default=0)
    for asset, (whole, point, fraction) in zip(assets, parts, strict=True):
        made.add_row(asset.symbol, whole + (point + fraction).ljust(width))
    return made


ROUNDED = listed(record(asset=TEXT, balances=COUNT, added=DECIMAL))
CONTROL = nullable(listed(record(asset=TEXT, amount=DECIMAL)))
LEFT_OUT = listed(record(asset=TEXT, owed=DECIMAL, debts=DECIMAL, units=TEXT))
CORRECTS = nullable(record(publication_digest=DIGEST, reason=TEXT))


def rounded_payload(rounded: Sequence[Rounded]) -> list[dict[str, Any]]:
    """What rounding balances up added, for machines: assets of which any was, amounts exact."""
    return [
        {"asset": each.asset.symbol, "balances": each.balances, "added": each.amount}
        for each in rounded
        if each.balances
    ]


def show_rounded(rich: RichConsole, rounded: Sequence[Rounded]) -> None:
    """The same for people."""
    for each in rounded:
        if each.balances:
            rich.print(f"{each.asset.symbol}: {each}")


def control_payload(assets: Sequence[Asset], control: Sequence[str] | None) -> list[dict[str, str]] | None:
    """What the control query gave, for machines; None without one."""
    if control is None:
        return None
    return [{"asset": asset.symbol, "amount": amount} for asset, amount in zip(assets, control, strict=True)]


def show_control(rich: RichConsole, control: Sequence[str] | None, margin: MarginPrepared | None) -> None:
    """The same for people. Accounts that are left out once debts are weighed were read, and are in these sums."""
    if control is not None:
        left_out = margin is not None and margin.facts.underwater is not None
        rich.print(
            f"The accounts{', those left out included,' if left_out else ''} add up to what the control query gave, "
            "asset by asset, before any was rounded up."
        )


def left_out_payload(left_out: Sequence[LeftOut]) -> list[dict[str, str]]:
    """The assets of the accounts that the spec leaves out, for machines."""
    return [plain(one) for one in left_out]


def show_left_out(rich: RichConsole, left_out: Sequence[LeftOut], *, word: str = "") -> None:
    """The same for people; ``word``: whose word the sums are, where they were not added up here."""
    if not left_out:
        return
    units = ". Amounts are in the smallest unit of each" if left_out[0].units == "base" else ""
    rich.print(f"Left out by the organisation's choice: {counted(len(left_out), 'asset')}, not audited{word}{units}.")
    made = table("Left out", "Balances above zero", "Debts", numbers=(1, 2))
    for one in left_out[:_MOST_NAMES]:
        made.add_row(one_line(one.asset), one.owed, one.debts)
    rich.print(made)
    if len(left_out) > _MOST_NAMES:
        rich.print(f"{len(left_out) - _MOST_NAMES:,} more are left out: --json lists all of them.")


def show_warnings(rich: RichConsole, warnings: Iterable[str]) -> None:
    """Warnings, where they belong to the result: a command prints them to stderr instead."""
    for warning in warnings:
        rich.print(f"warning: {one_line(warning)}", style="yellow")


def points(rich: RichConsole, sentences: Iterable[str]) -> None:
    """A list of sentences."""
    if isinstance(rich, Listing):
        rich.add_points(sentences)
        return
    for sentence in sentences:
        rich.print(textwrap.fill(sentence, rich.width, initial_indent=" • ", subsequent_indent="   "))


def facts(rich: RichConsole, *rows: tuple[str, str]) -> None:
    """Names and values, one pair per line."""
    if isinstance(rich, Listing):
        rich.add_facts([(name, one_line(value)) for name, value in rows])
        return
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        lead, text = f"{name:<{width}}  ", one_line(value)
        rich.print(in_column(lead, text, rich.width) if rich.is_terminal else lead + text, soft_wrap=True)


def audit_lines(audit: PublishedAudit) -> tuple[tuple[str, str], ...]:
    """Which audit, whose, of when, and what it corrects."""
    manifest, corrects = audit.manifest, audit.record.corrects
    return (
        ("audit", f"{manifest.audit_id}, {_named(manifest.organisation)}"),
        ("balances as of", f"{manifest.snapshot}; proof started {manifest.created}; both as it says"),
        *(
            [("corrects", f"{corrects.publication_digest}; what was wrong, as it says: {corrects.reason}")]
            if corrects
            else []
        ),
    )


def _named(organisation: str | None) -> str:
    """A name stands in a manifest because somebody wrote it there."""
    return f"{organisation}, as it calls itself" if organisation else "organisation not named"


def corrects_payload(record: PublicationRecord) -> dict[str, str] | None:
    """What an audit corrects, for machines."""
    found = record.corrects
    return None if found is None else {"publication_digest": found.publication_digest, "reason": found.reason}


def unlisted_text(names: Sequence[str]) -> str:
    """Names of what else lies in a folder: if they are many, the first of them and how many more there are."""
    more = f", and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return one_line(", ".join(names[:_MOST_NAMES])) + more


def segments_text(count: int) -> str:
    """How many segments."""
    return counted(count, "segment") if count > 1 else "one segment"


def audits_text(count: int) -> str:
    """How many audits."""
    return counted(count, "audit") if count > 1 else "one audit"
