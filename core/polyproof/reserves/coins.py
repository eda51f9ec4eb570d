"""What reserve files call coins and chains, and what is meant: an asset of the spec on a chain.

Core knows chains by their canonical names and by those in general use, and which coins are on them
(``polyproof.model.chains``). Any
other names of coins in a format, such as ``USDT-TRC20``, come with the format (``polyproof.source.Coin``), and a spec
may add more (``reserves.coins``). Nothing is guessed from the look of a name, since ``USDC-ARBITRUM`` and
``ARBITRUM-USDC`` may be different tokens: a row with a name that is not defined is reported as a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from attrs import frozen

from polyproof.config.options import did_you_mean, nearest, shown
from polyproof.errors import InputError, Problem
from polyproof.model.assets import Asset
from polyproof.model.chains import CHAINS, KNOWN_ASSETS, TOLD_APART, coin_name, may_exist
from polyproof.model.names import NAME, matches
from polyproof.source import Coin

if TYPE_CHECKING:
    from polyproof.settings.reserves import CoinName

__all__ = ["CoinMeaning", "CoinNames", "spelling"]

_PATTERN = re.compile(r"[*?\[]")
_ALL = re.compile(r"(.+?)\s*\(ALL\)")


def spelling(name: str) -> str:
    """A name in the form used for look-ups: case does not matter, nor whether -, _ or a space separates words."""
    return name.strip().upper().replace("_", "-").replace(" ", "-")


@frozen
class CoinMeaning:
    """An asset of the spec on a chain, or on all of them if ``chain`` is empty."""

    asset: str
    chain: str
    token: str = ""
    ignored: bool = False
    """The spec says to leave it out."""


class CoinNames:
    """Finds what a file of one format means, for the assets of one spec."""

    def __init__(
        self,
        assets: Sequence[Asset],
        coins: Sequence[CoinName] = (),
        ignore: Iterable[str] = (),
        chains: Iterable[str] = (),
        *,
        named: Sequence[Coin] = (),
        networks: Mapping[str, str] | None = None,
    ) -> None:
        """``coins``: names that the spec adds, which take precedence. ``ignore``: coins or assets to leave out, or
        patterns of them, which leave out no coin of these assets.

        ``chains``: chains beyond the table's, namely those that the installed ownership schemes serve. ``named``,
        ``networks``: what the format calls coins and chains.
        """
        self._symbols = {spelling(name): asset.symbol for asset in assets for name in (asset.symbol, *asset.aliases)}
        own = [Coin(coin.coin, coin.asset, coin.chain, coin.token) for coin in coins]
        self._coins = {spelling(coin.name): coin for coin in (*named, *own)}
        self._assets = {spelling(coin.asset) for coin in self._coins.values()} | set(self._symbols)
        self._assets |= {chain.coin for chain in CHAINS.values() if chain.coin}
        self._networks = {spelling(name): name for name in CHAINS}
        self._networks |= {other: chain.name for chain in CHAINS.values() for other in chain.networks}
        self._networks |= {spelling(name): chain for name, chain in (networks or {}).items()}
        # Networks are often called by a coin named after them, such as ETH_ARBITRUM, or by their own coin.
        for name, coin in self._coins.items():
            self._networks.setdefault(name, coin.chain)
        for known in CHAINS.values():
            if known.coin:
                self._networks.setdefault(known.coin, known.name)
        further = [*(chain for chain in chains if matches(NAME, chain)), *(coin.chain for coin in own)]
        self._networks |= {spelling(chain): chain for chain in further}
        self._ignore = {spelling(name) for name in ignore}
        self._ignored_patterns = [name for name in self._ignore if _PATTERN.search(name)]
        self._names = {asset.symbol: {coin_name(name) for name in (asset.symbol, *asset.aliases)} for asset in assets}
        self._defined = {
            (self._symbols.get(spelling(coin.asset), coin.asset), coin.chain) for coin in self._coins.values()
        }
        self._tokens: dict[tuple[str, str], set[str]] = {}
        for asset, chain, token in (*TOLD_APART, *((one.asset, one.chain, one.token) for one in self._coins.values())):
            symbol = self._symbols.get(spelling(asset))
            if symbol is not None and token:
                self._tokens.setdefault((symbol, chain), set()).add(token)
        self._found: dict[tuple[str, str], CoinMeaning] = {}

    def chain(self, network: str) -> str:
        """The canonical name of a chain. Raises ``InputError``."""
        chain = self._networks.get(spelling(network))
        if chain is None:
            raise InputError(Problem(f"unknown network {shown(network)}", hint=self._hint(network, self._networks)))
        return chain

    def check_token(self, asset: str, chain: str, token: str) -> None:
        """Raise ``InputError`` for a token that is not known there, since an account may count once for each token."""
        known = self._tokens.get((asset, chain), set())
        if token and token not in known:
            hint = f"{did_you_mean(token, sorted(known))}; reserves.coins adds one"
            raise InputError(Problem(f"there is no token {shown(token)} of {asset} on {chain}", hint=hint))

    def find(self, coin: str, network: str = "") -> CoinMeaning:
        """What a row's coin means, together with its network if the row has one. Raises ``InputError``."""
        found = self._found.get((coin, network))
        if found is None:
            found = self._found[coin, network] = self._find(coin, network)
        return found

    def find_total(self, coin: str, network: str = "") -> CoinMeaning:
        """What the coin of a declared total means: as for a row, or ``ASSET(ALL)`` for all its chains."""
        match = _ALL.fullmatch(coin.strip().upper())
        if match is None:
            return self.find(coin, network)
        return self._meaning(coin, match[1], "", "")

    def _find(self, coin: str, network: str) -> CoinMeaning:
        name = spelling(coin)
        known = self._coins.get(name)
        chain = self.chain(network) if network else ""
        if known is not None and (not chain or chain == known.chain):
            return self._meaning(coin, known.asset, known.chain, known.token)
        if name in self._assets and (known is None or spelling(known.asset) == name):
            if chain:
                return self._meaning(coin, coin, chain, "")
            if name in self._ignore:
                return CoinMeaning(coin, "", ignored=True)
            raise InputError(
                Problem(
                    f"{shown(coin)} is on many chains",
                    hint="say on which: give a network, or a name such as USDT-TRC20",
                )
            )
        if known is not None:
            raise InputError(
                Problem(
                    f"{shown(coin)} is on {known.chain}, but the network is {shown(network)}",
                    hint="one of them is wrong",
                )
            )
        if name in self._ignore or self._is_ignored(name):
            return CoinMeaning(coin, chain, ignored=True)
        near = self._hint(coin, {*self._coins, *self._symbols})
        hint = f"{near}define it in reserves.coins, or leave it out with reserves.ignore"
        raise InputError(Problem(f"unknown coin {shown(coin)}", hint=hint))

    def _meaning(self, coin: str, asset: str, chain: str, token: str) -> CoinMeaning:
        symbol = self._symbols.get(spelling(asset))
        if {spelling(coin), spelling(asset)} & self._ignore:
            return CoinMeaning(symbol or asset, chain, token, ignored=True)
        if symbol is None and (self._is_ignored(spelling(coin)) or self._is_ignored(spelling(asset))):
            return CoinMeaning(asset, chain, token, ignored=True)
        if symbol is None:
            raise InputError(
                Problem(
                    f"{shown(coin)} is {asset}, which is not an asset of the spec",
                    hint=f"{did_you_mean(asset, self._symbols)}; reserves.ignore leaves it out",
                )
            )
        if chain:
            self._check_exists(symbol, chain)
        return CoinMeaning(symbol, chain, token)

    def _is_ignored(self, name: str) -> bool:
        """Whether a pattern leaves out a coin that is of no asset of the spec."""
        return any(fnmatchcase(name, pattern) for pattern in self._ignored_patterns)

    def _check_exists(self, symbol: str, chain: str) -> None:
        """Raise ``InputError`` for an asset on a chain of which neither core, the format nor the spec says it is there.

        A row of it would be the same coins as another row, under a name that somebody made up.
        """
        if not any(may_exist(name, chain) for name in self._names[symbol]):
            raise InputError(
                Problem(f"there is no {symbol} on {chain}", hint=f"that chain has no coin but {CHAINS[chain].coin}")
            )
        known = any((name, chain) in KNOWN_ASSETS for name in self._names[symbol])
        if not known and (symbol, chain) not in self._defined:
            raise InputError(
                Problem(
                    f"{symbol} on {chain} is not known",
                    hint="if it exists, define it in reserves.coins; it counts for those whose policy names it too",
                )
            )

    def _hint(self, name: str, allowed: Iterable[str]) -> str:
        near = nearest(spelling(name), allowed)
        return f"did you mean {near}? " if near else ""
