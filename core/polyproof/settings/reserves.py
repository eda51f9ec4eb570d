"""What a spec says about reserves, the key ``reserves``, and what a verifier's policy says about them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from functools import cached_property

from attrs import frozen

from polyproof.balances import Pin
from polyproof.config.options import Fault, option
from polyproof.config.reader import Choice
from polyproof.model.chains import KNOWN_COINS, coin_name, may_exist
from polyproof.model.names import NAME, OPTIONAL_NAME

__all__ = [
    "AcceptedCoin",
    "BalancesChoice",
    "CoinName",
    "ReservesPolicy",
    "ReservesSpec",
    "SourceChoice",
    "one_pin_a_chain",
]

_COIN = (r"[^\s,;\"'](?:[^,;\"'\r\n]{0,62}[^\s,;\"'])?", "1 to 64 characters without commas, semicolons and quotes")


@frozen
class SourceChoice(Choice):
    """A format of reserve files, by name, and its options."""

    kind = "source"


@frozen
class BalancesChoice(Choice):
    """A way to ask what an address held at the snapshot, by name, and its options."""

    kind = "balances"


@frozen(kw_only=True)
class CoinName:
    """What a coin in the reserve files is, where neither its format nor core's table says so."""

    coin: str = option(pattern=_COIN, doc="What the files call it, such as FOO-BEP20.")
    asset: str = option(pattern=_COIN, doc="Symbol or alias of an asset in the spec.")
    chain: str = option(pattern=NAME, doc="The chain it is on, such as bnb-smart-chain.")
    token: str = option(
        default="",
        pattern=OPTIONAL_NAME,
        doc="Tells several tokens of the asset on that chain apart, such as bridged.",
    )


@frozen(kw_only=True)
class AcceptedCoin:
    """A coin beyond core's table that counts: this asset on this chain."""

    asset: str = option(pattern=_COIN, doc="Symbol of the asset.")
    chain: str = option(pattern=NAME, doc="The chain it is on, such as bnb-smart-chain.")
    token: str = option(
        default="",
        pattern=OPTIONAL_NAME,
        doc="Which of several tokens of the asset on that chain; empty for the usual one.",
    )


@frozen(kw_only=True)
class ReservesPolicy:
    """Which holdings count, and how much of what is owed they must cover."""

    least_ratio: str = option(
        default="1",
        pattern=(r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,12})?", "a decimal such as 1 or 1.05"),
        doc="The least ratio of counted holdings to liabilities, for every asset; exact, so written in quotes.",
    )
    against: str = option(
        default="gross",
        choices=("gross", "net"),
        doc="What holdings are compared with where accounts have debts. gross: all that accounts have. net: that, less "
        "what is lent to them; an invented borrower lowers it. Both ratios are shown.",
    )
    count: tuple[str, ...] = option(
        default=("signed", "looked-up"),
        choices=("signed", "looked-up", "claimed", "key-only", "unbound", "custodial"),
        items=(0, 6),
        doc="By which ownership rows count. looked-up: whoever applies the policy asked the chain who controls the "
        "account. claimed: the organisation says that it did. A failed or unsupported row never counts.",
    )
    balances: str = option(
        default="claimed",
        choices=("checked", "claimed", "declared"),
        doc="checked: only balances count that whoever applies the policy asked the chain for. claimed: also those "
        "that the organisation says it asked for. declared: for the others too, what its file says. Of two amounts, "
        "the smaller counts.",
    )
    messages: tuple[str, ...] = option(
        default=("challenge",),
        choices=("challenge", "stale", "constant"),
        items=(0, 3),
        doc="Which signed messages make a row count. challenge: this audit's own, which binds organisation, audit, "
        "snapshot and block. stale: the challenge of another audit of the organisation. constant: a text that names no "
        "audit, which anybody could have signed for anybody, at any time.",
    )

    coins: tuple[AcceptedCoin, ...] = option(
        default=(),
        items=(0, 4096),
        doc="Coins that count beyond those that core knows. A row of any other is shown and counts for nothing.",
    )

    @cached_property
    def _coins(self) -> frozenset[tuple[str, str, str]]:
        return frozenset((coin_name(coin.asset), coin.chain, coin.token) for coin in self.coins)

    def knows(self, asset: str, chain: str, token: str) -> bool:
        """Whether an asset is on a chain, as core's table or this policy says: never as a file or a spec does."""
        coin = (coin_name(asset), chain, token)
        return may_exist(asset, chain) and (coin in KNOWN_COINS or coin in self._coins)

    @property
    def least(self) -> Fraction:
        """The least ratio, exact."""
        return Fraction(self.least_ratio)


def one_pin_a_chain(pins: tuple[Pin, ...]) -> Iterable[Fault]:
    """A ``check`` for lists of pins: of two blocks of a chain, a reader could take one and a verifier the other."""
    seen: set[str] = set()
    for index, pin in enumerate(pins):
        if pin.chain in seen:
            yield Fault(f"{pin.chain} is pinned twice", "one block for each chain", (index, "chain"))
        seen.add(pin.chain)


def _coins_differ(coins: tuple[CoinName, ...]) -> Iterable[Fault]:
    seen: set[str] = set()
    for index, coin in enumerate(coins):
        name = re.sub(r"[_ ]", "-", coin.coin.upper())
        if name in seen:
            yield Fault(f"{coin.coin!r} is given twice", None, (index, "coin"))
        seen.add(name)


@frozen(kw_only=True)
class ReservesSpec:
    """What the organisation holds: where it is listed, how it is checked, what counts."""

    sources: tuple[SourceChoice, ...] = option(items=(1, 64), doc="The reserve files, by format.")
    signed: tuple[SourceChoice, ...] = option(
        default=(),
        items=(0, 64),
        doc="Files of signed challenges, by format: each row is merged into the row of the sources that it answers.",
    )
    pins: tuple[Pin, ...] = option(
        default=(), items=(0, 256), check=one_pin_a_chain, doc="The block of the snapshot, for each chain."
    )
    balances: tuple[BalancesChoice, ...] = option(
        default=(),
        items=(0, 256),
        doc="Where balances at the snapshot are looked up; the first provider that answers counts.",
    )
    coins: tuple[CoinName, ...] = option(
        default=(), items=(0, 4096), check=_coins_differ, doc="Names of coins beyond those that a format itself has."
    )
    ignore: tuple[str, ...] = option(
        default=(),
        pattern=_COIN,
        items=(0, 4096),
        doc="Coins or assets in the files to leave out. Patterns, in which * ? [ ] match as in a shell, leave out only "
        "what is no asset of the spec: * alone leaves out all of it.",
    )
    policy: ReservesPolicy = option(default=ReservesPolicy(), doc="Which holdings count, and how much is enough.")
