"""Chains, and which coins are on them: what is decided here for everybody, and by no file, format or spec.

Two rows are about one coin if they say so under these names. An asset that is not listed on a chain here may exist all
the same, but then only a verifier's own policy can say so (``ReservesPolicy.coins``).

Sources. Own coins of chains like Ethereum: the ``nativeCurrency`` of each chain in viem 2.57 (src/chains/definitions),
and for ethereum-pow, endurance, heco and story in github.com/ethereum-lists/chains. Of other chains: SLIP-44; for aptos
its documentation; for celestia and terra-classic github.com/cosmos/chain-registry. Fraxtal's was frxETH until its North
Star upgrade (FIP-428); Kaia's was called KLAY when the chain was Klaytn; on Starknet fees are paid in STRK since
transactions of version 3. Those of ethereum-fair and wax could not be confirmed and are left open. Tokens:
github.com/okx/proof-of-reserves, docs/support_coins.md. APT stands there twice, since an account's APT can lie in its
coin store, in its fungible store, or in both (github.com/aptos-foundation/AIPs, aip-63).
"""

from __future__ import annotations

from attrs import frozen

__all__ = [
    "CHAINS",
    "KNOWN_ASSETS",
    "KNOWN_COINS",
    "NO_TOKENS",
    "TOLD_APART",
    "Chain",
    "coin_name",
    "may_exist",
    "own_coin",
]

# Chain: its own coin, or - where that is not confirmed, then the other names of its network.
_TABLE = {
    "bitcoin": "BTC",
    "bitcoin-cash": "BCH",
    "bitcoin-sv": "BSV",
    "bitcoin-gold": "BTG",
    "bitcoin-diamond": "BCD",
    "ecash": "XEC",
    "litecoin": "LTC",
    "dogecoin": "DOGE",
    "dash": "DASH",
    "digibyte": "DGB",
    "qtum": "QTUM",
    "ravencoin": "RVN",
    "zcash": "ZEC",
    "horizen": "ZEN",
    "decred": "DCR",
    "ethereum": "ETH ERC20",
    "arbitrum": "ETH ARB ARBITRUM-ONE",
    "arbitrum-nova": "ETH",
    "optimism": "ETH OP",
    "base": "ETH",
    "polygon": "POL",
    "polygon-zkevm": "ETH",
    "bnb-smart-chain": "BNB BSC BEP20",
    "opbnb": "BNB",
    "avalanche-c": "AVAX AVAX-C",
    "ethereum-classic": "ETC",
    "ethereum-pow": "ETHW",
    "ethereum-fair": "-",
    "x-layer": "OKB XLAYER",
    "linea": "ETH",
    "zksync": "ETH",
    "scroll": "ETH",
    "unichain": "ETH",
    "blast": "ETH",
    "mode": "ETH",
    "taiko": "ETH",
    "katana": "ETH",
    "world-chain": "ETH",
    "megaeth": "ETH",
    "lisk": "ETH",
    "core": "CORE",
    "berachain": "BERA",
    "conflux": "CFX",
    "conflux-espace": "CFX",
    "story": "IP",
    "merlin": "BTC",
    "chiliz": "CHZ",
    "ronin": "RON",
    "kaia": "KAIA KLAY",
    "endurance": "ACE",
    "moonbeam": "GLMR",
    "moonriver": "MOVR",
    "metis": "METIS",
    "flare": "FLR",
    "theta": "TFUEL",
    "sonic": "S",
    "fantom": "FTM",
    "celo": "CELO",
    "gravity": "G",
    "sophon": "SOPH",
    "oasys": "OAS",
    "zetachain": "ZETA",
    "cronos": "CRO",
    "plasma": "XPL",
    "sei-evm": "SEI",
    "monad": "MON",
    "hyperevm": "HYPE",
    "fraxtal": "FRAX",
    "abstract": "ETH",
    "pulsechain": "PLS",
    "apechain": "APE",
    "manta-pacific": "ETH",
    "heco": "HT",
    "kcc": "KCS",
    "astar-evm": "ASTR",
    "gnosis": "XDAI",
    "mantle": "MNT",
    "okt": "OKT OKC OKTC",
    "tron": "TRX TRC20",
    "solana": "SOL SPL",
    "aptos": "APT",
    "sui": "SUI",
    "ton": "TON TONCOIN",
    "polkadot": "DOT",
    "polkadot-asset-hub": "DOT",
    "kusama": "KSM",
    "kusama-asset-hub": "KSM",
    "cardano": "ADA",
    "filecoin": "FIL FEVM",
    "aelf": "ELF",
    "xrp-ledger": "XRP XRPL RIPPLE",
    "eos": "EOS VAULTA A",
    "wax": "-",
    "algorand": "ALGO",
    "stellar": "XLM",
    "pi": "PI",
    "near": "NEAR",
    "hedera": "HBAR",
    "terra-classic": "LUNC",
    "starknet": "STRK",
    "tezos": "XTZ",
    "cosmos": "ATOM",
    "celestia": "TIA",
    "internet-computer": "ICP",
    "iota": "IOTA",
    "stacks": "STX",
}

# The assets on a chain besides its own coin. After a slash, which of several tokens of that asset on that chain.
_TOKENS = {
    "bitcoin": "USDT/omni",
    "ethereum": "USDT USDC USDG SHIB UNI LINK BLUR MATIC PEOPLE OKB BETH",
    "arbitrum": "ARB USDT USDC USDC/bridged",
    "optimism": "OP USDT USDC USDC/bridged",
    "base": "USDC",
    "polygon": "USDT USDC USDC/bridged",
    "bnb-smart-chain": "BABYDOGE",
    "avalanche-c": "USDT USDC",
    "ethereum-fair": "ETHF",
    "x-layer": "ETH USDT USDC USDG",
    "okt": "USDT USDC OKB LTC FIL SHIB DOT ETC XRP UNI BCH BABYDOGE LINK TRX ETH",
    "tron": "USDT USDC",
    "solana": "USDC USDT USDG",
    "aptos": "APT/fungible-asset USDT USDC",
    "sui": "USDC",
    "ton": "USDT",
    "eos": "A",
    "wax": "WAXP",
    "algorand": "USDT",
    "starknet": "ETH",
}


@frozen
class Chain:
    """A chain that core knows."""

    name: str
    """Its canonical name, in lower case letters, digits and hyphens."""
    coin: str
    """Its own coin, that fees are paid in, by its symbol; empty where that is not confirmed."""
    networks: tuple[str, ...]
    """Other names of its network."""


CHAINS = {
    name: Chain(name, coin.strip("-"), tuple(others))
    for name, (coin, *others) in ((n, t.split()) for n, t in _TABLE.items())
}
"""The chains that core knows, by name. Where several share a coin, its home comes first."""

NO_TOKENS = frozenset({"litecoin", "dogecoin", "dash", "zcash", "decred", "bitcoin-gold", "bitcoin-diamond"})
"""Chains whose protocol has no coin but their own, so that no policy and no spec can add one.

Consensus knows no token there, as of November 2026: Zcash's shielded assets are drafts (ZIP 226 and 227 on
zips.z.cash), and those of Dash are on its Platform, a chain of its own. What overlays write into transactions, such as
Omni on Litecoin or inscriptions on Dogecoin, no node of the chain checks. Others are missing because they have tokens:
bitcoin-cash (CHIP-2022-02 CashTokens), ecash (eToken), bitcoin-sv, digibyte, qtum and ravencoin.
"""


def _known() -> frozenset[tuple[str, str, str]]:
    found = {(chain.coin, chain.name, "") for chain in CHAINS.values() if chain.coin}
    for chain, items in _TOKENS.items():
        for item in items.split():
            asset, _, token = item.partition("/")
            found.add((asset, chain, token))
    return frozenset(found)


KNOWN_COINS = _known()
"""Asset, chain and token: the own coins and the tokens of the tables above."""
KNOWN_ASSETS = frozenset((asset, chain) for asset, chain, _ in KNOWN_COINS)
"""Asset and chain."""
TOLD_APART = frozenset(coin for coin in KNOWN_COINS if coin[2])
"""Asset, chain and token, where a chain has a second token of an asset besides the usual one."""

_SYNONYMS = {"XBT": "BTC"}
"""Symbols that mean the same coin everywhere."""


def coin_name(symbol: str) -> str:
    """The one name of a coin: in upper case, and the same for all its symbols."""
    name = symbol.upper()
    return _SYNONYMS.get(name, name)


def own_coin(chain: str) -> str:
    """The symbol of a chain's own coin; empty where the chain or its coin is not known here."""
    known = CHAINS.get(chain)
    return known.coin if known else ""


def may_exist(asset: str, chain: str) -> bool:
    """Whether an asset can be on a chain at all: only the own coin is on one of ``NO_TOKENS``."""
    return chain not in NO_TOKENS or coin_name(asset) == own_coin(chain)
