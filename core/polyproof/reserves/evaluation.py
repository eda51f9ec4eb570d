"""From rows to holdings: who owns what, what the chain says, what counts, and whether it is enough.

Every row ends in one way of ownership, one outcome of the balance check and one of freshness; how much of it counts
follows from these and the policy alone. What whoever evaluates has asked a chain is kept apart from what the
organisation says that a chain said. All sums are integers in units of 10^−36 coin, all ratios exact; figures for
people are rounded against the exchange.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from fractions import Fraction

from attrs import evolve, field, frozen

from polyproof.balances import Answer, Lack
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
    "Ownership",
    "percent",
    "settle",
]


class Ownership(Enum):
    """By what a row is known to be the organisation's, to whoever evaluates it."""

    SIGNED = "signed"
    """Signatures by the keys that this very address is derived from."""
    LOOKED_UP = "looked-up"
    """Signatures by those who control the account, as its chain said when this evaluation asked it."""
    CLAIMED = "claimed"
    """The same, except that the organisation says what its chain said: nobody asked it here."""
    KEY_ONLY = "key-only"
    UNBOUND = "unbound"
    CUSTODIAL = "custodial"
    UNSUPPORTED = "unsupported"
    FAILED = "failed"
    """The last five as in ``polyproof.ownership.Status``."""


class Check(Enum):
    """What the chain said about a row's amount."""

    CONFIRMED = "confirmed"
    """At the snapshot's block the address held exactly this amount: this evaluation asked."""
    DIFFERS = "differs"
    """It held a different amount, as this evaluation was told; the smaller of the two counts."""
    CLAIMED = "claimed"
    """The organisation says what its chain said, the same amount or another: nobody asked it here."""
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
    other_block: bool = field(default=False, eq=False)
    """Whether whoever was asked answers about another block alone (``Lack.OTHER_BLOCK``); evidence does not keep it."""

    @classmethod
    def compare(cls, amount: int, answer: Answer) -> BalanceCheck:
        """The outcome for a row that declares ``amount``."""
        if answer.held is None:
            elsewhere = answer.lack is Lack.OTHER_BLOCK
            return cls(Check.NOT_CHECKED, None, answer.source, answer.reason, elsewhere)
        if not 0 <= answer.held < LARGEST * 10**FINEST:
            return cls(Check.NOT_CHECKED, None, answer.source, "no account holds that much, or less than nothing")
        check = Check.CONFIRMED if answer.held == amount else Check.DIFFERS
        return cls(check, answer.held, answer.source, answer.reason)

    @property
    def claimed(self) -> BalanceCheck:
        """The same to somebody who did not ask."""
        return self if self.held is None else evolve(self, check=Check.CLAIMED)


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
    asked: bool = False
    """Whether ``row.control`` is what its chain told this evaluation, and not what somebody says it said."""

    @property
    def ownership(self) -> Ownership:
        """By what the row is known to be the organisation's."""
        if self.status is not Status.PROVEN:
            return Ownership(self.status.value)
        if self.row.control is None:
            return Ownership.SIGNED
        return Ownership.LOOKED_UP if self.asked else Ownership.CLAIMED

    @property
    def claimed(self) -> JudgedRow:
        """The row to somebody who did not ask its chain."""
        return evolve(self, asked=False, balance=self.balance.claimed)

    def counted(self, policy: ReservesPolicy) -> int:
        """How much of the row counts as a holding, in units of 10^−36."""
        if self.why_nothing(policy):
            return 0
        return self.row.amount if self.balance.held is None else min(self.row.amount, self.balance.held)

    def why_nothing(self, policy: ReservesPolicy) -> str:
        """By what the policy refuses to count the row; empty if it does not."""
        if self.ownership.value not in policy.count:
            return f"{self.ownership.value}: {self.reason}"
        if not policy.knows(self.row.asset, self.row.chain, self.row.token):
            return "neither polyproof nor the policy knows this coin on this chain"
        signed = self.status is not Status.CUSTODIAL
        if signed and self.fresh.freshness.value not in policy.messages:
            return self.fresh.reason or self.fresh.freshness.value
        checked = self.balance.held is not None or policy.balances == "declared"
        if not checked or (self.balance.check is Check.CLAIMED and policy.balances == "checked"):
            return f"balance {self.balance.check.value}" + (f": {self.balance.reason}" if self.balance.reason else "")
        return ""


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
    """One asset: what is held, by ownership, balance check, freshness and chain, and what is owed."""

    asset: Asset
    liabilities: int | None
    """In base units; None if no proof of liabilities was given. Gross, where accounts have debts."""
    by_ownership: Mapping[Ownership, Holding]
    by_check: Mapping[Check, Holding]
    by_freshness: Mapping[Freshness, Holding]
    """Only rows whose signatures are checked: all but the custodial."""
    by_chain: Mapping[tuple[str, str], Holding]
    """By chain and token."""
    least: Fraction
    """The least ratio that the policy requires."""
    lent: int | None = None
    """What accounts owe the organisation, in base units; None where no account can have debts."""
    against: str = "gross"
    """What the policy compares holdings with, where accounts have debts: gross or net liabilities."""

    @property
    def net(self) -> int | None:
        """Liabilities less what is lent, in base units; None where no account can have debts.

        Where more is lent than accounts have, nothing is owed: what is owed of other assets is no less for it.
        """
        return None if self.liabilities is None or self.lent is None else max(self.liabilities - self.lent, 0)

    @property
    def compared(self) -> int | None:
        """The liabilities that holdings are compared with, in base units; None if they are not known."""
        return self.net if self.against == "net" and self.net is not None else self.liabilities

    @property
    def total(self) -> Holding:
        """All rows."""
        return sum(self.by_ownership.values(), Holding())

    @property
    def counted(self) -> int:
        """What counts, in base units of the asset, rounded down."""
        units: int = self.total.counted * 10**self.asset.decimals // 10**FINEST
        return units

    @property
    def ratio(self) -> Fraction | None:
        """Counted holdings to the liabilities that they are compared with, exact.

        None if nothing is owed, or liabilities are not known.
        """
        return self.ratio_to(self.compared)

    def ratio_to(self, owed: int | None) -> Fraction | None:
        """Counted holdings to so much that is owed, exact; None if that is nothing, or not known."""
        return Fraction(self.counted, owed) if owed else None

    @property
    def met(self) -> bool | None:
        """Whether what counts is enough; None if it is not known what is owed."""
        if self.compared is None:
            return None
        return self.counted >= self.least * self.compared

    @property
    def on_word(self) -> tuple[str, ...]:
        """What of its counted holdings rests on the organisation's word: ownership, balances, messages, or nothing."""
        return tuple(
            name
            for name, holdings in (
                ("ownership", [self.by_ownership[one] for one in Ownership if one not in _SHOWN]),
                ("balances", [self.by_check[one] for one in (Check.CLAIMED, Check.NOT_CHECKED)]),
                ("messages", [self.by_freshness[one] for one in Freshness if one is not Freshness.CHALLENGE]),
            )
            if any(holding.counted for holding in holdings)
        )

    @property
    def surplus(self) -> int | None:
        """Counted holdings less what they are compared with, in base units; negative where something is missing."""
        return None if self.compared is None else self.counted - self.compared


_SHOWN = (Ownership.SIGNED, Ownership.LOOKED_UP)
"""The ownership that whoever evaluates has checked."""


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
    judged: Iterable[JudgedRow],
    assets: Sequence[Asset],
    liabilities: Sequence[int] | None,
    policy: ReservesPolicy,
    lent: Sequence[int] | None = None,
) -> Evaluation:
    """Add up judged rows, asset by asset. Depends on nothing else: anyone who has the rows gets the same result.

    ``lent``: what accounts owe of each asset, where they may have debts; ``liabilities`` are gross then.
    """
    rows = tuple(judged)
    sums = {asset.symbol: _Sums() for asset in assets}
    for one in rows:
        sums[one.row.asset].add(one, policy)
    none: Sequence[None] = [None] * len(assets)
    owed, owing = none if liabilities is None else liabilities, none if lent is None else lent
    return Evaluation(
        rows,
        tuple(
            sums[asset.symbol].close(asset, liability, debts, policy)
            for asset, liability, debts in zip(assets, owed, owing, strict=True)
        ),
        policy,
    )


class _Sums:
    """An asset while its rows are added up."""

    def __init__(self) -> None:
        self._found: dict[_Group, list[int]] = {}

    def add(self, one: JudgedRow, policy: ReservesPolicy) -> None:
        chain = (one.row.chain, one.row.token)
        groups: list[_Group] = [one.ownership, one.balance.check, chain]
        if one.status is not Status.CUSTODIAL:
            groups.append(one.fresh.freshness)
        counted = one.counted(policy)
        for group in groups:
            found = self._found.setdefault(group, [0, 0, 0])
            found[0] += 1
            found[1] += one.row.amount
            found[2] += counted

    def _of(self, group: _Group) -> Holding:
        return Holding(*self._found.get(group, ()))

    def close(self, asset: Asset, liabilities: int | None, lent: int | None, policy: ReservesPolicy) -> AssetReserves:
        chains = sorted(group for group in self._found if isinstance(group, tuple))
        return AssetReserves(
            asset,
            liabilities,
            {ownership: self._of(ownership) for ownership in Ownership},
            {check: self._of(check) for check in Check},
            {freshness: self._of(freshness) for freshness in Freshness},
            {chain: self._of(chain) for chain in chains},
            policy.least,
            lent,
            policy.against,
        )


_Group = Ownership | Check | Freshness | tuple[str, str]
"""What rows are grouped by: ownership, an outcome, or a chain and token."""
