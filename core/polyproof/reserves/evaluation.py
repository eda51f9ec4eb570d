"""From rows to holdings: who owns what, what the chain says, what counts, and whether it is enough.

Every row ends in one status of ownership, one outcome of the balance check and one of freshness; how much of it counts
follows from these and the policy alone. All sums are integers in units of 10^−36 coin, all ratios exact; figures for
people are rounded against the exchange.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from fractions import Fraction

from attrs import frozen

from polyproof.balances import Answer
from polyproof.model.assets import Asset
from polyproof.model.holdings import FINEST, LARGEST
from polyproof.ownership import Status
from polyproof.reserves.challenge import Freshness, FreshnessVerdict
from polyproof.reserves.rows import ReserveRow
from polyproof.settings.reserves import ReservesPolicy

__all__ = [
    "AssetReserves",
    "BalanceCheck",
    "Check",
    "Evaluation",
    "Holding",
    "JudgedRow",
    "percent",
    "settle",
]


class Check(Enum):
    """What the chain said about a row's amount."""

    CONFIRMED = "confirmed"
    """At the snapshot's block the address held exactly this amount."""
    DIFFERS = "differs"
    """It held a different amount; the smaller of the two counts."""
    NOT_CHECKED = "not-checked"
    """No provider was asked, or no usable answer came. The balance is neither zero nor confirmed."""


@frozen
class BalanceCheck:
    """The outcome of a balance check."""

    check: Check
    held: int | None = None
    """What the chain says, in units of 10^−36; None if not checked."""
    source: str = ""
    reason: str = ""

    @classmethod
    def compare(cls, amount: int, answer: Answer) -> BalanceCheck:
        """The outcome for a row that declares ``amount``."""
        if answer.held is None:
            return cls(Check.NOT_CHECKED, None, answer.source, answer.reason)
        if not 0 <= answer.held < LARGEST * 10**FINEST:
            return cls(Check.NOT_CHECKED, None, answer.source, "no account holds that much, or less than nothing")
        check = Check.CONFIRMED if answer.held == amount else Check.DIFFERS
        return cls(check, answer.held, answer.source, answer.reason)


UNASKED = BalanceCheck(Check.NOT_CHECKED, reason="nobody was asked")


@frozen
class JudgedRow:
    """A row and all that was found out about it."""

    row: ReserveRow
    """Including what its chain said about who controls the account."""
    account: str
    """The canonical form of its address."""
    status: Status
    reason: str
    """Why that status, in plain words."""
    scheme: str
    """The ownership scheme that judged it; empty if none did."""
    fresh: FreshnessVerdict
    balance: BalanceCheck

    def counted(self, policy: ReservesPolicy) -> int:
        """How much of the row counts as a holding, in units of 10^−36."""
        if self.status.value not in policy.count:
            return 0
        if not policy.knows(self.row.asset, self.row.chain, self.row.token):
            return 0
        signed = self.status is not Status.CUSTODIAL
        if signed and self.fresh.freshness.value not in policy.messages:
            return 0
        if self.balance.held is not None:
            return min(self.row.amount, self.balance.held)
        return self.row.amount if policy.balances == "declared" else 0


@frozen
class Holding:
    """Rows of one kind together."""

    rows: int = 0
    amount: int = 0
    """What they declare, in units of 10^−36."""
    counted: int = 0
    """How much of it counts, in units of 10^−36."""

    def __add__(self, other: Holding) -> Holding:
        return Holding(self.rows + other.rows, self.amount + other.amount, self.counted + other.counted)


@frozen
class AssetReserves:
    """One asset: what is held, by status, balance check, freshness and chain, and what is owed."""

    asset: Asset
    liabilities: int | None
    """In base units; None if no proof of liabilities was given."""
    by_status: Mapping[Status, Holding]
    by_check: Mapping[Check, Holding]
    by_freshness: Mapping[Freshness, Holding]
    """Only rows whose signatures are checked: all but the custodial."""
    by_chain: Mapping[tuple[str, str], Holding]
    """By chain and token."""
    looked_up: Holding
    """Proven rows whose owners were looked up on their chain: the look-up rests on the word of whoever made it."""
    least: Fraction
    """The least ratio that the policy requires."""

    @property
    def total(self) -> Holding:
        """All rows."""
        return sum(self.by_status.values(), Holding())

    @property
    def counted(self) -> int:
        """What counts, in base units of the asset, rounded down."""
        units: int = self.total.counted * 10**self.asset.decimals // 10**FINEST
        return units

    @property
    def ratio(self) -> Fraction | None:
        """Counted holdings to liabilities, exact; None if nothing is owed, or liabilities are not known."""
        return Fraction(self.counted, self.liabilities) if self.liabilities else None

    @property
    def met(self) -> bool | None:
        """Whether what counts is enough; None if it is not known what is owed."""
        if self.liabilities is None:
            return None
        return self.counted >= self.least * self.liabilities

    @property
    def surplus(self) -> int | None:
        """Counted holdings less liabilities, in base units; negative where something is missing."""
        return None if self.liabilities is None else self.counted - self.liabilities


@frozen
class Evaluation:
    """All rows judged, all assets added up."""

    rows: tuple[JudgedRow, ...]
    assets: tuple[AssetReserves, ...]
    policy: ReservesPolicy

    @property
    def met(self) -> bool | None:
        """Whether every asset is covered as the policy requires; None if it is not known what is owed."""
        verdicts = [asset.met for asset in self.assets]
        return None if None in verdicts else all(verdicts)

    @property
    def short(self) -> tuple[AssetReserves, ...]:
        """The assets that are not covered."""
        return tuple(asset for asset in self.assets if asset.met is False)


def percent(ratio: Fraction, digits: int = 2) -> str:
    """A ratio as a percentage, rounded down: never more than the exact ratio."""
    scaled = ratio.numerator * 100 * 10**digits // ratio.denominator
    whole, fraction = divmod(scaled, 10**digits)
    return f"{whole}.{fraction:0{digits}}" if digits else str(whole)


# Adding up


def settle(
    judged: Iterable[JudgedRow], assets: Sequence[Asset], liabilities: Sequence[int] | None, policy: ReservesPolicy
) -> Evaluation:
    """Add up judged rows, asset by asset. Depends on nothing else: anyone who has the rows gets the same result."""
    rows = tuple(judged)
    sums = {asset.symbol: _Sums() for asset in assets}
    for one in rows:
        sums[one.row.asset].add(one, policy)
    owed: Sequence[int | None] = liabilities if liabilities is not None else [None] * len(assets)
    return Evaluation(
        rows,
        tuple(sums[asset.symbol].close(asset, owes, policy) for asset, owes in zip(assets, owed, strict=True)),
        policy,
    )


class _Sums:
    """An asset while its rows are added up."""

    def __init__(self) -> None:
        self._found: dict[_Group, list[int]] = {}

    def add(self, one: JudgedRow, policy: ReservesPolicy) -> None:
        chain = (one.row.chain, one.row.token)
        groups: list[_Group] = [one.status, one.balance.check, chain]
        if one.status is not Status.CUSTODIAL:
            groups.append(one.fresh.freshness)
        if one.status is Status.PROVEN and one.row.control is not None:
            groups.append(None)
        counted = one.counted(policy)
        for group in groups:
            found = self._found.setdefault(group, [0, 0, 0])
            found[0] += 1
            found[1] += one.row.amount
            found[2] += counted

    def _of(self, group: _Group) -> Holding:
        return Holding(*self._found.get(group, ()))

    def close(self, asset: Asset, liabilities: int | None, policy: ReservesPolicy) -> AssetReserves:
        chains = sorted(group for group in self._found if isinstance(group, tuple))
        return AssetReserves(
            asset,
            liabilities,
            {status: self._of(status) for status in Status},
            {check: self._of(check) for check in Check},
            {freshness: self._of(freshness) for freshness in Freshness},
            {chain: self._of(chain) for chain in chains},
            self._of(None),
            policy.least,
        )


_Group = Status | Check | Freshness | tuple[str, str] | None
"""What rows are grouped by: a status, an outcome, a chain and token, or (None) those proven by a look-up."""
