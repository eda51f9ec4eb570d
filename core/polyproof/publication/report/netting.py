"""What a report says of accounts with debts: what is deducted where, what that hides, what a reader can do about it.

Amounts of each asset, and whether debts are proven to be covered, stand in the report; here are the words around them.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from polyproof.liabilities.netting import times_sentence
from polyproof.model.counts import counted
from polyproof.publication.report.document import Report, ReportAsset
from polyproof.publication.report.wording import compared_with, exact, percentage

__all__ = ["READERS_CAN", "control_scope", "lending_facts", "netting_sentences", "underwater_sentence", "value"]

READERS_CAN = (
    "look at gross totals beside net ones, and at which coins are pledged: an invented borrower has coins that nobody "
    "would buy at the stated price, and owes one that the organisation lacks",
    "compare the prices with your own: polyproof verify --prices FILE --tolerance 2%",
    "state in a policy the most that collateral may count for, and whose coins it may not be: net_equity.haircuts, "
    "net_equity.own_issued",
)
"""What a reader can do about what netting hides."""


def netting_sentences(report: Report) -> tuple[str, ...]:
    """What gross and net mean here, and what is proven of debts; empty where no account can have any."""
    netting = report.netting
    if netting is None:
        return ()
    covered = (
        f"Of each account with debts it is proven that, at the prices below, what it has pledged counts for at least "
        f"what it owes ({counted(netting.segments, 'proof')} of such accounts)."
        if netting.covered
        else "That debts are covered is not proven. They may be invented, so that nothing can be said about net totals."
    )
    said = [
        "The organisation lends to its customers. Gross is all that the accounts listed have; net is that, less what "
        "they owe.",
        covered,
        "Net of one asset is no bound on what is owed of it, since debts of others lower it. Where more is lent than "
        "accounts have, net is nothing, and that offsets no other asset.",
    ]
    said.append(times_sentence(netting.quotes, report.audit.snapshot))
    if report.reserves is not None:
        said.append(f"Holdings are compared with {compared_with(report)}; the ratio to the other is shown beside it.")
    return tuple(said)


def underwater_sentence(report: Report) -> str:
    """Which accounts the organisation says that it left out; empty if none."""
    left_out = report.netting.underwater if report.netting else None
    if left_out is None:
        return ""
    whose = (
        "whose pledges do not cover what it owes"
        if left_out.accounts == 1
        else ("whose pledges do not cover what they owe")
    )
    return (
        f"The organisation says that it left out {counted(left_out.accounts, 'account')} {whose}. Nothing is proven "
        "about them: how many they are and what they add up to is its word."
    )


def control_scope(report: Report) -> str:
    """What stands behind a control sum: it is of all accounts read, so it may exceed what is published as owed."""
    if report.netting is None:
        return ""
    if report.netting.underwater is None:
        return ", gross"
    return ", gross, of all accounts: those that were left out are in it, and are not in what is owed"


def lending_facts(asset: ReportAsset, currency: str) -> tuple[tuple[str, str], ...]:
    """Of one asset in words, title and text, with exact amounts; nothing where no account can have debts."""
    one = asset.lending
    if one is None:
        return ()
    found = [
        ("Lent to customers", f"{exact(one.lent)} {asset.symbol}"),
        ("Owed, net of that", f"{exact(one.net)} {asset.symbol}"),
    ]
    if one.beyond != "0":
        found.append(("Lent beyond what accounts have", f"{exact(one.beyond)} {asset.symbol}: the organisation’s own"))
    found += [(f"Pledged: {part.category}", f"{exact(part.amount)} {asset.symbol}") for part in one.pledged]
    debts, pledges = exact(one.price_for_debts), exact(one.price_for_collateral)
    found.append(("Price", f"{debts} {currency} for debts, {pledges} {currency} for pledges, before their haircut"))
    if asset.reserves is not None and asset.reserves.lending is not None:
        ratios = asset.reserves.lending
        for name, ratio in (("gross", ratios.gross_ratio), ("net", ratios.net_ratio)):
            found.append((f"Ratio to {name}", percentage(ratio.percent if ratio else None)))
    return tuple(found)


def value(amount: str) -> str:
    """What is owed, in the currency of the prices, rounded up to whole units: it is for orientation."""
    return f"{ceil(Fraction(amount)):,}"
