"""What reserve files call coins and networks, and what is meant: an asset on a chain.

One table says it all; nothing is guessed from how a name looks, since «USDC-ARBITRUM» and «ARBITRUM-USDC» may be
different tokens. A name that is neither here nor in the spec (``reserves.coins``) is a problem of its row.

The names are those of OKX's reserve files (github.com/okx/proof-of-reserves, common/coin.go, docs/support_coins.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from polyproof.config.options import did_you_mean, nearest, shown
from polyproof.errors import InputError, Problem
from polyproof.model.assets import Asset

if TYPE_CHECKING:
    from polyproof.settings.reserves import CoinName

__all__ = ["BUILT_IN", "CHAINS", "CoinMeaning", "CoinNames", "spelling"]

# Chain: what files call the network, then the coins on it. A coin is NAME where it has the asset's own name, else
# NAME=ASSET; after a slash, which of several tokens of that asset on that chain. The first coin is the chain's own.
_TABLE = {
    "bitcoin": ("BTC", "BTC USDT-OMNI=USDT/omni"),
    "bitcoin-cash": ("BCH BCHN", "BCH BCHN=BCH"),
    "bitcoin-sv": ("BSV BCHSV", "BSV BCHSV=BSV"),
    "bitcoin-gold": ("BTG", "BTG"),
    "bitcoin-diamond": ("BCD", "BCD"),
    "ecash": ("XEC BCHA", "XEC BCHA=XEC"),
    "litecoin": ("LTC", "LTC"),
    "dogecoin": ("DOGE", "DOGE"),
    "dash": ("DASH", "DASH"),
    "digibyte": ("DGB", "DGB"),
    "qtum": ("QTUM", "QTUM"),
    "ravencoin": ("RVN", "RVN"),
    "zcash": ("ZEC ZCASH", "ZEC ZCASH=ZEC"),
    "horizen": ("ZEN", "ZEN"),
    "decred": ("DCR", "DCR"),
    "ethereum": (
        "ETH ERC20",
        "ETH BETH USDT-ERC20=USDT USDC USDC-ERC20=USDC USDG-ERC20=USDG SHIB UNI LINK BLUR MATIC PEOPLE OKB",
    ),
    "arbitrum": (
        "ARBITRUM ARBITRUM-ONE",
        "ETH-ARBITRUM=ETH ARB USDT-ARBITRUM=USDT USDC-ARBITRUM-NATIVE=USDC USDC-ARBITRUM=USDC/bridged",
    ),
    "arbitrum-nova": ("", ""),
    "optimism": (
        "OPTIMISM",
        "ETH-OPTIMISM=ETH OP OPTIMISM=OP USDT-OPTIMISM=USDT USDC-OPTIMISM-FF85=USDC USDC-OPTIMISM=USDC/bridged",
    ),
    "base": ("", "ETH-BASE=ETH BASE=ETH USDC-BASE=USDC"),
    "polygon": ("POLY", "POL USDT-POLY=USDT POLY-USDC-3359=USDC POLY-USDC=USDC/bridged"),
    "polygon-zkevm": ("", ""),
    "bnb-smart-chain": ("BSC BEP20 BNB-BSC", "BNB BNB-BSC=BNB BABYDOGE-BSC=BABYDOGE"),
    "opbnb": ("OP-BNB", ""),
    "avalanche-c": ("AVAXC AVAX-C", "AVAX AVAXC=AVAX USDT-AVAXC=USDT USDC-AVAXC=USDC"),
    "ethereum-classic": ("ETC", "ETC"),
    "ethereum-pow": ("ETHW", "ETHW"),
    "ethereum-fair": ("ETHF", "ETHF"),
    "x-layer": (
        "XLAYER",
        "OKB-X1=OKB OKB-XLAYER=OKB OKB-X1-ETH=ETH OKB-X1-USDT=USDT OKB-X1-USDC=USDC USDG-XLAYER=USDG",
    ),
    "linea": ("", "ETH-LINEA=ETH"),
    "zksync": ("ZKSYNC2 ETH-ZKSYNC", "ETH-ZKSYNC2=ETH ETH-ZKSYNC=ETH ZKSYNC2=ETH"),
    "scroll": ("", ""),
    "unichain": ("", "ETH-UNICHAIN=ETH"),
    "blast": ("", "ETH-BLAST=ETH"),
    "mode": ("", "ETH-MODE=ETH"),
    "taiko": ("", ""),
    "katana": ("", "ETH-KATANA=ETH"),
    "world-chain": ("", "ETH-WORLD=ETH"),
    "megaeth": ("", "ETH-MEGA=ETH"),
    "lisk": ("LSK", "ETH-LSK=ETH"),
    "core": ("", "CORE"),
    "berachain": ("", "BERA"),
    "conflux": ("", "CFX"),
    "conflux-espace": ("", "CFX-EVM=CFX"),
    "story": ("IP-STORY", "IP-STORY=IP"),
    "merlin": ("MERLIN-BTC", "MERLIN-BTC=BTC"),
    "chiliz": ("CHZ", ""),
    "ronin": ("", "RON"),
    "kaia": ("KLAY", ""),
    "endurance": ("ACE-MAIN", "ACE"),
    "moonbeam": ("", "GLMR"),
    "moonriver": ("", "MOVR"),
    "metis": ("METIS-MAINNET", ""),
    "flare": ("", "FLR"),
    "theta": ("", "TFUEL"),
    "sonic": ("S-SONIC", "S-SONIC=S"),
    "fantom": ("FTM-OPERA", "FTM FTM-OPERA=FTM"),
    "celo": ("", "CELO"),
    "gravity": ("G-GRAVITY", "G-GRAVITY=G"),
    "sophon": ("", ""),
    "oasys": ("", "OAS"),
    "zetachain": ("", "ZETA"),
    "cronos": ("", ""),
    "plasma": ("", "XPL"),
    "sei-evm": ("", ""),
    "monad": ("", ""),
    "hyperevm": ("", ""),
    "fraxtal": ("FRAX-EVM", ""),
    "abstract": ("", ""),
    "pulsechain": ("", "PLS"),
    "apechain": ("APE-APECHAIN", "APE-APECHAIN=APE"),
    "manta-pacific": ("MANTA2", ""),
    "heco": ("HT-HECO", "HT-HECO=HT"),
    "kcc": ("", ""),
    "astar-evm": ("ASTR-ASTAREVM", "ASTR-ASTAREVM=ASTR"),
    "gnosis": ("XDAI", ""),
    "mantle": ("", "MNT"),
    "okt": (
        "OKC OKTC OKC20 KIP20",
        "OKT OKC=OKT USDT-OKC20=USDT USDC-OKC20=USDC OKB-OKC20=OKB LTCK-OKC20=LTC FILK-OKC20=FIL SHIBK-KIP20=SHIB "
        "DOTK-OKC20=DOT ETCK-KIP20=ETC XRPK-KIP20=XRP UNIK-OKC20=UNI BCHK-KIP20=BCH BABYDOGE-KIP20=BABYDOGE "
        "LINKK-OKC20=LINK TRXK-KIP20=TRX ETHK-OKC20=ETH",
    ),
    "tron": ("TRX TRC20", "TRX TRON=TRX USDT-TRC20=USDT USDC-TRC=USDC USDC-TRC20=USDC"),
    "solana": ("SOL SPL", "SOL USDC-SPL=USDC USDT-SPL=USDT USDG"),
    "aptos": ("APT APTOS-FA", "APT APTOS=APT APTOS-FA=APT/fungible-asset USDT-APTOS=USDT USDC-APTOS=USDC"),
    "sui": ("", "SUI USDC-SUI=USDC"),
    "ton": ("TONCOIN TONCOIN-NEW", "TON TONCOIN=TON TONCOIN-NEW=TON USDT-TON=USDT"),
    "polkadot": ("DOT", "DOT"),
    "polkadot-asset-hub": ("ASSET-HUB", "ASSET-HUB=DOT"),
    "kusama": ("KSM", "KSM"),
    "kusama-asset-hub": ("ASSET-HUB-KSM", "ASSET-HUB-KSM=KSM"),
    "cardano": ("ADA", "ADA"),
    "filecoin": ("FIL FEVM FIL-EVM", "FIL FEVM=FIL FIL-EVM=FIL"),
    "aelf": ("ELF", "ELF"),
    "xrp-ledger": ("XRP RIPPLE XRPL", "XRP RIPPLE=XRP"),
    "eos": ("VAULTA A", "EOS A"),
    "wax": ("WAXP", "WAXP"),
    "algorand": ("ALGO", "ALGO USDT-ALGO=USDT"),
    "stellar": ("XLM", "XLM"),
    "pi": ("", "PI"),
    "near": ("", "NEAR"),
    "hedera": ("HBAR", "HBAR"),
    "terra-classic": ("LUNC", "LUNC"),
    "starknet": ("", "STARKNET-ETH=ETH"),
    "tezos": ("XTZ", "XTZ"),
    "cosmos": ("ATOM", "ATOM"),
    "celestia": ("TIA", "TIA"),
    "internet-computer": ("ICP", "ICP"),
    "iota": ("", "IOTA"),
    "stacks": ("STX", "STX"),
}

_CHAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_ALL = re.compile(r"(.+?)\s*\(ALL\)")


def spelling(name: str) -> str:
    """A name as it is looked up: case, and whether - or _ or a blank separates words, do not matter."""
    return name.strip().upper().replace("_", "-").replace(" ", "-")


@frozen
class CoinMeaning:
    """An asset of the spec on a chain; or on all of them, where ``chain`` is empty."""

    asset: str
    chain: str
    token: str = ""
    ignored: bool = False
    """The spec says to leave it out."""


@frozen
class _Coin:
    name: str
    asset: str
    chain: str
    token: str


def _coins() -> Iterator[_Coin]:
    for chain, (_, coins) in _TABLE.items():
        for item in coins.split():
            name, _, meant = item.partition("=")
            asset, _, token = (meant or name).partition("/")
            yield _Coin(name, asset, chain, token)


def _networks() -> Iterator[tuple[str, str]]:
    for chain, (others, _) in _TABLE.items():
        yield spelling(chain), chain
        yield from ((spelling(other), chain) for other in others.split())


BUILT_IN = tuple(_coins())
"""The table, coin by coin."""
CHAINS = frozenset(_TABLE)
"""The one names of all chains it knows."""


class CoinNames:
    """Finds what a file means, for the assets of one spec."""

    def __init__(
        self,
        assets: Sequence[Asset],
        coins: Sequence[CoinName] = (),
        ignore: Iterable[str] = (),
        chains: Iterable[str] = (),
    ) -> None:
        """``coins``: further names, which win over the table's. ``ignore``: coins or assets to leave out.

        ``chains``: chains beyond the table's, those that the installed ownership schemes serve.
        """
        self._symbols = {spelling(name): asset.symbol for asset in assets for name in (asset.symbol, *asset.aliases)}
        own = [_Coin(coin.coin, coin.asset, coin.chain, coin.token) for coin in coins]
        self._coins = {spelling(coin.name): coin for coin in (*BUILT_IN, *own)}
        self._assets = {spelling(coin.asset) for coin in self._coins.values()} | set(self._symbols)
        self._networks = dict(_networks())
        # A network is often called by the coin that has its name, such as ETH_ARBITRUM.
        self._networks |= {name: coin.chain for name, coin in self._coins.items() if name not in self._networks}
        further = [*(chain for chain in chains if _CHAIN.match(chain)), *(coin.chain for coin in own)]
        self._networks |= {spelling(chain): chain for chain in further}
        self._ignore = {spelling(name) for name in ignore}
        self._tokens: dict[tuple[str, str], set[str]] = {}
        for coin in self._coins.values():
            symbol = self._symbols.get(spelling(coin.asset))
            if symbol is not None and coin.token:
                self._tokens.setdefault((symbol, coin.chain), set()).add(coin.token)
        self._found: dict[tuple[str, str], CoinMeaning] = {}

    def chain(self, network: str) -> str:
        """The one name of a chain. Raises ``InputError``."""
        chain = self._networks.get(spelling(network))
        if chain is None:
            raise InputError(Problem(f"unknown network {shown(network)}", hint=self._hint(network, self._networks)))
        return chain

    def check_token(self, asset: str, chain: str, token: str) -> None:
        """Raise ``InputError`` for a token that is not told apart there: one account may count once for each."""
        known = self._tokens.get((asset, chain), set())
        if token and token not in known:
            hint = f"{did_you_mean(token, sorted(known))}; reserves.coins adds one"
            raise InputError(Problem(f"there is no token {shown(token)} of {asset} on {chain}", hint=hint))

    def find(self, coin: str, network: str = "") -> CoinMeaning:
        """What a row's coin means, together with its network where the row has one. Raises ``InputError``."""
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
                Problem(f"{shown(coin)} is on many chains", hint="say which: a network, or a name such as USDT-TRC20")
            )
        if known is not None:
            raise InputError(
                Problem(f"{shown(coin)} is on {known.chain}, but the network is {shown(network)}", hint="one is wrong")
            )
        if name in self._ignore:
            return CoinMeaning(coin, chain, ignored=True)
        raise InputError(
            Problem(
                f"unknown coin {shown(coin)}",
                hint=f"{self._hint(coin, self._coins)}tell what it is in reserves.coins, or leave it out by "
                f"reserves.ignore",
            )
        )

    def _meaning(self, coin: str, asset: str, chain: str, token: str) -> CoinMeaning:
        symbol = self._symbols.get(spelling(asset))
        if {spelling(coin), spelling(asset)} & self._ignore:
            return CoinMeaning(symbol or asset, chain, token, ignored=True)
        if symbol is None:
            raise InputError(
                Problem(
                    f"{shown(coin)} is {asset}, which is no asset of the spec",
                    hint=f"{did_you_mean(asset, self._symbols)}; reserves.ignore leaves it out",
                )
            )
        return CoinMeaning(symbol, chain, token)

    def _hint(self, name: str, allowed: Iterable[str]) -> str:
        near = nearest(spelling(name), allowed)
        return f"did you mean {near}? " if near else ""
