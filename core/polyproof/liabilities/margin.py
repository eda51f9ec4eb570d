"""Segments of accounts with debts: what is counted in them, by which backend, and what must hold beforehand.

All conditions on prices, ratios and slices are part of what a proof shows, since it is made under them: with a price of
zero or a ratio above one, worthless coins would carry any debt. So a verifier derives the terms from the header itself,
refuses those that do not hold, and gives the backend positions with these terms and no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from attrs import frozen

from polyproof.backend import Backend
from polyproof.errors import InputError, PluginFault, ProofRejected
from polyproof.liabilities.acceptance import Judge
from polyproof.model.assets import Asset
from polyproof.model.disclosures import Disclosures
from polyproof.model.manifest import Manifest
from polyproof.model.net_equity import AssetTerms, Position, positions_of
from polyproof.model.net_equity_facts import NetEquityFacts
from polyproof.model.prices import AssetPrice, Quote, prices_of
from polyproof.registry import Registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import NET_EQUITY, PublicSpec, check_margin, terms_of_spec

__all__ = ["AssetPositions", "Margin", "check_policy", "cut_by_asset", "open_margin"]


@frozen
class Margin:
    """What core needs of the segments of accounts with debts, of an audit or of a plan."""

    facts: NetEquityFacts
    terms: tuple[AssetTerms, ...]
    positions: tuple[Position, ...]
    prices: dict[str, AssetPrice]
    judge: Judge

    @property
    def backend(self) -> Backend:
        """The backend with its options for accounts with debts."""
        return self.judge.backend


def open_margin(
    manifest: Manifest, spec: PublicSpec, policy: Policy, registry: Registry, largest_proof: int | None = None
) -> Margin | None:
    """What a header says about accounts with debts, if its rule allows them; None if not.

    Raises ``ProofRejected`` for a header that does not hold, ``PolicyRejected`` for a backend that the policy refuses.
    """
    facts = manifest.net_equity
    if (facts is not None) != (spec.rule == NET_EQUITY):
        told = "says nothing about debts" if facts is None else "is about debts"
        raise ProofRejected("manifest-net-equity", f"its rule is {spec.rule}, and the rest of it {told}")
    if facts is None:
        return None
    assert spec.margin_backend is not None, "a public spec of the rule net-equity has one"
    for one in facts.prices:
        if one.time > manifest.created:
            raise ProofRejected(
                "manifest-prices", f"a price of {one.asset} is of {one.time}, after the proof was started"
            )
    try:
        terms = terms_of_spec(spec, facts.prices)
    except InputError as error:
        raise ProofRejected("manifest-prices", str(error)) from error
    positions = positions_of(terms)
    if facts.positions != tuple(one.symbol for one in positions):
        raise ProofRejected("manifest-net-equity", "the positions that it lists are not those of its spec, in order")
    _check_underwater(facts, spec)
    # Before its backend does any work: whose constraints, and from which plugin.
    policy.check_assets(len(spec.assets))
    policy.check_options(spec.margin_backend.name, spec.margin_backend.options)
    try:
        backend = check_margin(spec, spec.margin_backend, terms, registry, largest_proof)
    except PluginFault:
        raise
    except InputError as error:
        raise ProofRejected("public-spec", str(error)) from error
    judge = Judge(backend, spec.margin_backend.options, policy)
    return Margin(facts, terms, positions, _prices(facts.prices, spec.assets), judge)


def _prices(quotes: Sequence[Quote], assets: Sequence[Asset]) -> dict[str, AssetPrice]:
    return prices_of(quotes, [asset.symbol for asset in assets])


def _check_underwater(facts: NetEquityFacts, spec: PublicSpec) -> None:
    left_out = facts.underwater
    if left_out is None:
        return
    assert spec.net_equity is not None, "the rule net-equity has settings"
    if spec.net_equity.underwater != "leave-out":
        raise ProofRejected("manifest-net-equity", "accounts under water are left out, and its spec refuses them")
    if not len(left_out.equity) == len(left_out.debt) == len(spec.assets):
        raise ProofRejected("manifest-net-equity", "what was left out does not have an amount for each asset")


def check_policy(
    margin: Margin, policy: Policy, declared: Disclosures | None, totals: Sequence[int], snapshot: str
) -> None:
    """Refuse what the policy does not accept of accounts with debts. ``totals``: one for each position.

    ``snapshot``: the time of the balances. ``declared``: where the organisation says as well which assets it
    issues. Raises ``PolicyRejected``.
    """
    accepted = policy.net_equity
    accepted.check_covered(margin.backend.properties.covers_debts)
    accepted.check_terms(margin.terms, [one.asset for one in declared.own_issued or ()] if declared else [])
    accepted.check_times(margin.facts.prices, snapshot)
    found = cut_by_asset(margin.terms, totals)
    counts = {one.asset.symbol for one in margin.terms if any(part.ratio for c in one.categories for part in c.slices)}
    weighed = [one.terms.asset.symbol for one in found if one.debt or one.terms.asset.symbol in counts]
    accepted.check_prices(margin.prices, weighed)
    for one in found:
        asset = one.terms.asset
        accepted.check_net(asset.symbol, one.net, asset.format(-one.net))


@frozen
class AssetPositions:
    """The totals of an asset, in base units."""

    terms: AssetTerms
    equity: int
    """Gross: what all accounts have, pledges included."""
    debt: int
    pledged: tuple[int, ...]
    """One for each of its categories."""

    @property
    def net(self) -> int:
        """Equity less debt. Below zero the organisation lends its own coins, and it counts as nothing owed."""
        return self.equity - self.debt

    def value(self, units: int, prices: dict[str, AssetPrice]) -> Fraction:
        """An amount in the currency of the quotes, at the median, for showing it."""
        return prices[self.terms.asset.symbol].median * Fraction(units, 10**self.terms.asset.decimals)


def cut_by_asset(terms: Sequence[AssetTerms], totals: Sequence[int]) -> tuple[AssetPositions, ...]:
    """Totals of positions, in the order of ``positions_of``, asset by asset."""
    found, place = [], 0
    for one in terms:
        equity, debt, *pledged = totals[place : place + 2 + len(one.categories)]
        found.append(AssetPositions(one, equity, debt, tuple(pledged)))
        place += 2 + len(one.categories)
    return tuple(found)
