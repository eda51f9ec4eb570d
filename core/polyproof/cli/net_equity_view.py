"""What accounts with debts add up to, for machines and for people: gross, lent, net and pledged, asset by asset."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any

from polyproof.cli.console import grouped, table
from polyproof.cli.shapes import AMOUNT, COUNT, DECIMAL, FLAG, TEXT, Shape, by_name, listed, nullable, record
from polyproof.cli.views import totals_table
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities.margin import AssetPositions
    from polyproof.liabilities.weighing import MarginPrepared
    from polyproof.model.assets import Asset
    from polyproof.model.manifest import Manifest
    from polyproof.model.net_equity import AssetTerms
    from polyproof.model.net_equity_facts import NetEquityFacts
    from polyproof.model.prices import AssetPrice, Quote
    from polyproof.settings.spec import PublicSpec, Spec

__all__ = [
    "NET_EQUITY",
    "NET_EQUITY_VERIFIED",
    "net_equity_payload",
    "prepared_payload",
    "proved_payload",
    "show_net_equity",
    "show_prepared",
    "show_proved_totals",
]

_MEMBERS: dict[str, Shape] = {
    "assets": listed(
        record(
            asset=TEXT,
            gross=AMOUNT,
            lent=AMOUNT,
            net=AMOUNT,
            pledged=by_name(AMOUNT),
            price_for_debts=DECIMAL,
            price_for_collateral=DECIMAL,
        )
    ),
    "currency": TEXT,
    "prices_from": TEXT,
    "prices_to": TEXT,
    "margin_segments": COUNT,
    "underwater": nullable(record(accounts=COUNT, equity=listed(AMOUNT), debt=listed(AMOUNT))),
}
NET_EQUITY: Shape = nullable(record(**_MEMBERS))
"""Of accounts that may have debts, while their audit is made; null for any others."""
NET_EQUITY_VERIFIED: Shape = nullable(record(**_MEMBERS, own_prices=FLAG))
"""The same of an audit that was verified. ``own_prices``: they were compared with the verifier's own."""


def net_equity_payload(
    terms: Sequence[AssetTerms], totals: Sequence[int], facts: NetEquityFacts, prices: dict[str, AssetPrice]
) -> dict[str, Any]:
    """For machines. ``totals``: one for each position."""
    from polyproof.liabilities.margin import cut_by_asset

    left_out = facts.underwater
    assets = [one.asset for one in terms]
    return {
        "assets": [_asset(one, prices[one.terms.asset.symbol]) for one in cut_by_asset(terms, totals)],
        "currency": _currency(facts.prices),
        "prices_from": min(one.time for one in facts.prices),
        "prices_to": max(one.time for one in facts.prices),
        "margin_segments": facts.margin_segments,
        "underwater": None
        if left_out is None
        else {
            "accounts": left_out.accounts,
            "equity": [_amount(asset, units) for asset, units in zip(assets, left_out.equity, strict=True)],
            "debt": [_amount(asset, units) for asset, units in zip(assets, left_out.debt, strict=True)],
        },
    }


def _asset(one: AssetPositions, price: AssetPrice) -> dict[str, Any]:
    asset, names = one.terms.asset, [category.name for category in one.terms.categories]
    return {
        "asset": asset.symbol,
        "gross": _amount(asset, one.equity),
        "lent": _amount(asset, one.debt),
        "net": _amount(asset, max(one.net, 0)),
        "pledged": {name: _amount(asset, units) for name, units in zip(names, one.pledged, strict=True)},
        "price_for_debts": _decimal(price.highest),
        "price_for_collateral": _decimal(price.lowest),
    }


def _amount(asset: Asset, units: int) -> dict[str, str]:
    return {"asset": asset.symbol, "units": str(units), "amount": asset.format(units)}


def _decimal(value: Fraction) -> str:
    from polyproof.model.amounts import exact_decimal

    return exact_decimal(value)


def _currency(quotes: Sequence[Quote]) -> str:
    return quotes[0].currency


def show_net_equity(
    rich: RichConsole,
    terms: Sequence[AssetTerms],
    totals: Sequence[int],
    facts: NetEquityFacts,
    prices: dict[str, AssetPrice],
    snapshot: str,
) -> None:
    """For people. ``snapshot``: the time of the balances. Net below zero is nothing owed, and offsets no
    other asset.
    """
    from polyproof.liabilities.margin import cut_by_asset
    from polyproof.liabilities.netting import times_sentence

    found, currency = cut_by_asset(terms, totals), _currency(facts.prices)
    names = list(dict.fromkeys(category.name for one in terms for category in one.categories))
    made = table(
        "Asset",
        "Gross",
        "Lent",
        "Net",
        *(f"Pledged: {name}" for name in names),
        numbers=tuple(range(1, 4 + len(names))),
    )
    for one in found:
        asset = one.terms.asset
        own = dict(zip((category.name for category in one.terms.categories), one.pledged, strict=True))
        made.add_row(
            asset.symbol,
            grouped(asset, one.equity),
            grouped(asset, one.debt),
            grouped(asset, max(one.net, 0)),
            *(grouped(asset, own[name]) if name in own else "" for name in names),
        )
    rich.print(made)
    gross = sum((one.value(one.equity, prices) for one in found), Fraction(0))
    net = sum((one.value(max(one.net, 0), prices) for one in found), Fraction(0))
    rich.print(
        f"At the median of the stated prices: gross {_whole(gross)} {currency}, net {_whole(net)} {currency}. Net is "
        "gross less what is lent to customers; an asset of which more is lent than they have counts as nothing owed. "
        f"{times_sentence(facts.prices, snapshot)}"
    )
    if (left_out := facts.underwater) is not None:
        rich.print(
            f"Left out, as the organisation says: {counted(left_out.accounts, 'account')} whose collateral does not "
            "cover what they owe. They have "
            f"{_list(terms, left_out.equity)}, and owe {_list(terms, left_out.debt)}."
        )


def prepared_payload(margin: MarginPrepared | None) -> dict[str, Any] | None:
    """Of accounts before anything is proved, for machines; None where none can have debts."""
    return None if margin is None else net_equity_payload(margin.terms, margin.totals, margin.facts, margin.prices)


def show_prepared(rich: RichConsole, spec: Spec, totals: Sequence[int], margin: MarginPrepared | None) -> None:
    """Totals before anything is proved, of accounts with debts or of others."""
    if margin is None:
        rich.print(totals_table(spec.assets, totals))
    else:
        show_net_equity(rich, margin.terms, margin.totals, margin.facts, margin.prices, spec.snapshot)


def proved_payload(spec: PublicSpec, manifest: Manifest) -> dict[str, Any] | None:
    """Of an audit of one's own that has been made, for machines; None where none can have debts."""
    return None if manifest.net_equity is None else net_equity_payload(*_proved(spec, manifest, manifest.net_equity))


def show_proved_totals(rich: RichConsole, spec: PublicSpec, manifest: Manifest) -> None:
    """The same for people, and the totals of any other audit."""
    if manifest.net_equity is None:
        rich.print(totals_table(spec.assets, manifest.totals))
    else:
        show_net_equity(rich, *_proved(spec, manifest, manifest.net_equity), manifest.snapshot)


def _proved(
    spec: PublicSpec, manifest: Manifest, facts: NetEquityFacts
) -> tuple[tuple[AssetTerms, ...], tuple[int, ...], NetEquityFacts, dict[str, AssetPrice]]:
    from polyproof.model.prices import prices_of
    from polyproof.settings.spec import terms_of_spec

    prices = prices_of(facts.prices, [asset.symbol for asset in spec.assets])
    return terms_of_spec(spec, facts.prices), manifest.position_totals, facts, prices


def _list(terms: Sequence[AssetTerms], amounts: Sequence[int]) -> str:
    found = [
        f"{grouped(one.asset, units)} {one.asset.symbol}" for one, units in zip(terms, amounts, strict=True) if units
    ]
    return ", ".join(found) or "nothing"


def _whole(value: Fraction) -> str:
    # Rounded up: it is what is owed.
    return f"{ceil(value):,}"
