"""What an organisation declares about itself and its audit: its word, bound to the audit and proven by nothing.

Auditors ask for it: who the legal entity is, which products are in scope, what is pledged. It stands in the manifest,
so that every proof is bound to it and none of it can be changed later. No total and no ratio is computed from it.

A list that is left out says nothing; an empty one declares that there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import attrs
from attrs import frozen

from polyproof.config.options import Fault, all_printable, did_you_mean, option, printable
from polyproof.errors import InputError
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.names import EXACT_DECIMAL, SYMBOL, Pattern

__all__ = [
    "Affiliate",
    "Custodian",
    "Disclosures",
    "Encumbrance",
    "Entity",
    "ManagementStatement",
    "OwnIssued",
    "asset_faults",
    "stated",
]

LONGEST_TEXT = 1000
"""The most characters of a declared text; a manifest's can have few more."""
_NAME = 200
_LEI: Pattern = (r"[0-9A-Z]{18}[0-9]{2}", "18 digits or capital letters and two digits (ISO 17442)")
_DATE: Pattern = (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2025-12-01")


def _lei(text: str) -> Iterable[Fault]:
    # ISO 7064, MOD 97-10: with letters as 10 to 35, the number is 1 modulo 97.
    if int("".join(str(int(char, 36)) for char in text)) % 97 != 1:
        yield Fault(f"{text} is no LEI", "its last two digits do not check the others: there is a typing mistake in it")


def _day(text: str) -> Iterable[Fault]:
    try:
        date.fromisoformat(text)
    except ValueError:
        yield Fault(f"{text} is in no calendar")


@frozen(kw_only=True)
class Entity:
    """The legal entity that owes what is audited."""

    name: str = option(check=printable(_NAME), doc="Its full legal name.")
    jurisdiction: str | None = option(
        default=None, check=printable(_NAME), doc="Under which law it exists, such as Malta."
    )
    registration: str | None = option(
        default=None, check=printable(_NAME), doc="Its number, and in which register, such as C 88392, Malta."
    )
    lei: str | None = option(default=None, pattern=_LEI, check=_lei, doc="Its Legal Entity Identifier.")


@frozen(kw_only=True)
class Custodian:
    """Somebody who keeps assets for the organisation."""

    name: str = option(check=printable(_NAME), doc="Its full name.")
    jurisdiction: str | None = option(default=None, check=printable(_NAME), doc="Where it is.")
    assets: tuple[str, ...] | None = option(
        default=None, pattern=SYMBOL, items=(0, 4096), doc="Which assets of the audit it keeps."
    )


@frozen(kw_only=True)
class Encumbrance:
    """Assets of the organisation's that somebody else has a claim to: pledged, lent, frozen."""

    asset: str = option(pattern=SYMBOL, doc="An asset of the audit.")
    amount: str | None = option(
        default=None, pattern=EXACT_DECIMAL, doc="How much, in coins; exact, so written in quotes."
    )
    reason: str = option(check=printable(LONGEST_TEXT), doc="To whom, and for what.")


@frozen(kw_only=True)
class OwnIssued:
    """An asset that the organisation, or somebody it controls, issues."""

    asset: str = option(pattern=SYMBOL, doc="An asset of the audit.")
    note: str | None = option(
        default=None, check=printable(LONGEST_TEXT), doc="Who issues it, and how much of it others hold."
    )


@frozen(kw_only=True)
class Affiliate:
    """Somebody who controls the organisation, is controlled by it, or has the same owner."""

    name: str = option(check=printable(_NAME), doc="Its full name.")
    relation: str = option(check=printable(LONGEST_TEXT), doc="What it is to the organisation, and what it does.")
    accounts: str | None = option(
        default=None,
        choices=("included", "excluded", "none"),
        doc="Whether its accounts are among those audited; none: it has no account.",
    )


@frozen(kw_only=True)
class ManagementStatement:
    """What the management states about the audit, in its own words."""

    text: tuple[str, ...] = option(
        items=(1, 40), check=all_printable(LONGEST_TEXT), doc="Its paragraphs, one item each."
    )
    by: str = option(check=printable(_NAME), doc="Who states it: names and offices.")
    date: str | None = option(default=None, pattern=_DATE, check=_day, doc="When, such as 2025-12-01.")


def _once(items: tuple[OwnIssued, ...]) -> Iterable[Fault]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item.asset in seen:
            yield Fault(f"{item.asset} is listed twice", None, (index, "asset"))
        seen.add(item.asset)


@frozen(kw_only=True)
class Disclosures:
    """What the organisation declares; all of it is its word."""

    entity: Entity | None = option(default=None, doc="The legal entity that owes what is audited.")
    in_scope: tuple[str, ...] | None = option(
        default=None,
        items=(0, 64),
        check=all_printable(_NAME),
        doc="Products whose balances are among the accounts, such as spot accounts.",
    )
    out_of_scope: tuple[str, ...] | None = option(
        default=None,
        items=(0, 64),
        check=all_printable(_NAME),
        doc="Products in which something is owed too, and whose balances are not among the accounts.",
    )
    cut_off: str | None = option(
        default=None,
        check=printable(LONGEST_TEXT),
        doc="How deposits, withdrawals and trades that were under way at the snapshot are treated.",
    )
    custodians: tuple[Custodian, ...] | None = option(
        default=None, items=(0, 256), doc="Who keeps assets for the organisation."
    )
    encumbered: tuple[Encumbrance, ...] | None = option(
        default=None, items=(0, 1024), doc="Assets of the organisation's that somebody else has a claim to."
    )
    own_issued: tuple[OwnIssued, ...] | None = option(
        default=None, items=(0, 1024), check=_once, doc="Assets of the audit that the organisation issues itself."
    )
    affiliates: tuple[Affiliate, ...] | None = option(
        default=None, items=(0, 256), doc="Who controls it, is controlled by it, or has the same owner."
    )
    exceptions: tuple[str, ...] | None = option(
        default=None,
        items=(0, 64),
        check=all_printable(LONGEST_TEXT),
        doc="In what this audit departs from what is declared here, or from earlier audits.",
    )
    statement: ManagementStatement | None = option(
        default=None, doc="What the management states about the audit, in its own words."
    )

    def __attrs_post_init__(self) -> None:
        """At least one thing is declared."""
        if all(value is None for value in attrs.astuple(self, recurse=False)):
            raise InputError("disclosures declare nothing: leave the key out, or declare something")

    def issues(self, symbol: str) -> bool:
        """Whether an asset is declared to be the organisation's own."""
        return any(item.asset == symbol for item in self.own_issued or ())

    def encumbered_of(self, symbol: str) -> Fraction | None:
        """How much of an asset is declared to be encumbered, in coins; None where no amount is declared."""
        amounts = [Fraction(item.amount) for item in self.encumbered or () if item.asset == symbol and item.amount]
        return sum(amounts, Fraction()) if amounts else None


def stated(value: Any) -> Any:
    """What is declared as plain JSON: what is left out is left out."""
    if isinstance(value, tuple):
        return [stated(item) for item in value]
    if not attrs.has(type(value)):
        return value
    fields = {field.name: getattr(value, field.name) for field in attrs.fields(type(value))}
    return {name: stated(found) for name, found in fields.items() if found is not None}


def asset_faults(declared: Disclosures, assets: Sequence[Asset]) -> Iterator[Fault]:
    """What is wrong with the assets that are named, given those of the audit."""
    known = {asset.symbol: asset for asset in assets}
    named: list[tuple[tuple[str | int, ...], str]] = []
    for index, custodian in enumerate(declared.custodians or ()):
        named += [
            (("custodians", index, "assets", place), symbol) for place, symbol in enumerate(custodian.assets or ())
        ]
    named += [(("encumbered", index, "asset"), item.asset) for index, item in enumerate(declared.encumbered or ())]
    named += [(("own_issued", index, "asset"), item.asset) for index, item in enumerate(declared.own_issued or ())]
    for path, symbol in named:
        if symbol not in known:
            yield Fault(f"{symbol} is no asset of the audit", did_you_mean(symbol, known), path)
    for index, item in enumerate(declared.encumbered or ()):
        asset = known.get(item.asset)
        places = len((item.amount or "").partition(".")[2])
        if asset is not None and places > asset.decimals:
            message = f"{item.amount} has {counted(places, 'decimal')}, and {asset.symbol} {asset.decimals}"
            yield Fault(message, "an amount in coins that the asset can have", ("encumbered", index, "amount"))
