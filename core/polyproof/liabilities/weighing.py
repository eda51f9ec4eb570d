"""The accounts of an audit of the rule net-equity, read once to be weighed: with debts or without, covered or not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import frozen

from polyproof.backend import Backend
from polyproof.errors import AccountsError, InputError, Location, Problem, SpecError
from polyproof.findings import Findings
from polyproof.liabilities.dividing import divide
from polyproof.model.net_equity import AssetTerms, Position, positions_of
from polyproof.model.net_equity_facts import NetEquityFacts, Underwater
from polyproof.model.prices import AssetPrice, Quote, prices_of
from polyproof.model.timestamps import FORMAT
from polyproof.registry import Registry
from polyproof.settings.prices import load_prices
from polyproof.settings.spec import BackendChoice, Spec, check_margin, margin_choice, terms_of_spec

if TYPE_CHECKING:
    from polyproof.liabilities.snapshot.reader import OpenSnapshot

__all__ = ["Divided", "MarginPrepared", "Weighing", "begin_weighing", "weigh"]


@frozen
class Weighing:
    """What accounts are weighed by, and the backend for those with debts."""

    quotes: tuple[Quote, ...]
    prices: dict[str, AssetPrice]
    terms: tuple[AssetTerms, ...]
    positions: tuple[Position, ...]
    choice: BackendChoice
    """As the spec states it, not settled yet."""
    backend: Backend


def begin_weighing(spec: Spec, registry: Registry) -> Weighing:
    """From a spec and the file of prices that it names.

    Raises ``InputError`` for prices under which a proof would not mean what it says, and for a backend that cannot
    serve accounts with debts.
    """
    assert spec.prices is not None, "the rule net-equity has prices"
    path = spec.directory / spec.prices
    quotes = load_prices(path, spec.assets, spec.snapshot)
    now = f"{datetime.now(UTC):{FORMAT}}"
    for one in quotes:
        if one.time > now:
            ahead = f"the price of {one.asset} by {one.source} is of {one.time}, and now it is {now}"
            raise SpecError(
                Problem(ahead, Location(str(path)), "a price that was not there yet is refused by verifiers")
            )
    try:
        prices = prices_of(quotes, [asset.symbol for asset in spec.assets])
        terms = terms_of_spec(spec, quotes)
    except InputError as error:
        problems = [Problem(one.message, one.location or Location(str(path)), one.hint) for one in error.problems]
        raise SpecError(problems) from error
    choice = margin_choice(spec, registry)
    return Weighing(quotes, prices, terms, positions_of(terms), choice, check_margin(spec, choice, terms, registry))


@frozen
class Divided:
    """How many accounts there are of each kind, and what those that are proved add up to."""

    cash: int
    margin: int
    totals: tuple[int, ...]
    """One for each position, of accounts that are covered."""
    underwater: Underwater | None


def weigh(spec: Spec, snapshot: OpenSnapshot, weighing: Weighing) -> Divided:
    """Read all accounts.

    Raises ``AccountsError`` with every account whose collateral does not cover its debts, unless the spec leaves such
    accounts out.
    """
    assert spec.net_equity is not None, "the rule net-equity has settings"
    refuses, findings = spec.net_equity.underwater == "refuse", Findings()
    cash = margin = left = before = 0
    sums = [0] * len(weighing.positions)
    missing = [0] * len(weighing.positions)
    for chunk in snapshot.chunks():
        found = divide(chunk, weighing.terms)
        cash, margin, left = cash + len(found.cash), margin + len(found.margin), left + len(found.underwater)
        gone = found.underwater.totals()
        missing = [sum(pair) for pair in zip(missing, gone, strict=True)]
        sums = [total + own - less for total, own, less in zip(sums, chunk.totals(), gone, strict=True)]
        for number, place in enumerate(found.places.tolist() if refuses else ()):
            problem = Problem(
                f"account {found.underwater.ids[number]!r} owes more than what it has pledged counts for",
                hint="net_equity.underwater: leave-out takes such accounts out of the audit, and publishes their sums",
                code="account-underwater",
            )
            account = before + place
            findings.add_problem(problem, order=(account,), at=lambda account=account: snapshot.location(account))  # type: ignore[misc]
        before += len(chunk)
    findings.raise_any(AccountsError)
    underwater = _underwater(left, missing, weighing.positions) if left else None
    return Divided(cash, margin, tuple(sums), underwater)


def _underwater(accounts: int, totals: list[int], positions: tuple[Position, ...]) -> Underwater:
    of = {
        kind: tuple(t for t, p in zip(totals, positions, strict=True) if p.kind == kind) for kind in ("equity", "debt")
    }
    return Underwater(accounts=accounts, equity=of["equity"], debt=of["debt"])


@frozen
class MarginPrepared:
    """What is known about accounts with debts before anything is proved."""

    facts: NetEquityFacts
    terms: tuple[AssetTerms, ...]
    positions: tuple[Position, ...]
    prices: dict[str, AssetPrice]
    """Of each asset."""
    totals: tuple[int, ...]
    """One for each position."""
    backend: Backend
    """With its settled options."""

    @classmethod
    def of(cls, divided: Divided, weighing: Weighing, segments: int, backend: Backend) -> MarginPrepared:
        """With so many segments of accounts with debts."""
        facts = NetEquityFacts(
            margin_segments=segments,
            positions=tuple(one.symbol for one in weighing.positions),
            prices=weighing.quotes,
            underwater=divided.underwater,
        )
        return cls(facts, weighing.terms, weighing.positions, weighing.prices, divided.totals, backend)
