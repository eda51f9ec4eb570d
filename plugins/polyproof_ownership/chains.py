"""The chains that are served: the canonical name of each, its family, and the names that exchanges use for it.

A reserve file says ``ETH``, ``ETH-ARBITRUM``, ``USDT-TRC20`` or ``TONCOIN_NEW``; all of these are looked up here and
nowhere else. The names of tokens are those of OKX's reserve files (github.com/okx/proof-of-reserves,
docs/support_coins.md and common/coin.go), in which older files name a token's network by the token alone.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["Family", "canonical_chain", "chains_of", "family_of"]


class Family(Enum):
    """Chains on which addresses are derived from keys in the same way."""

    BITCOIN = "bitcoin"
    EVM = "evm"
    TRON = "tron"
    SOLANA = "solana"
    APTOS = "aptos"
    TON = "ton"
    SUBSTRATE = "substrate"
    CARDANO = "cardano"
    FILECOIN = "filecoin"
    AELF = "aelf"
    OKT = "okt"
    XRP = "xrp"
    EOS = "eos"


# Name of the chain, then its other names. Case does not matter, nor whether -, _ or a space separates words.
_CHAINS: dict[Family, dict[str, str]] = {
    Family.BITCOIN: {
        "bitcoin": "BTC USDT-OMNI",
        "litecoin": "LTC",
        "dogecoin": "DOGE",
        "dash": "",
    },
    Family.EVM: {
        "ethereum": "ETH ERC20 USDT-ERC20 USDC USDC-ERC20 USDG-ERC20 SHIB UNI LINK BLUR MATIC PEOPLE OKB BETH",
        "arbitrum": "ARB ETH-ARBITRUM ARBITRUM-ONE USDT-ARBITRUM USDC-ARBITRUM USDC-ARBITRUM-NATIVE",
        "arbitrum-nova": "",
        "optimism": "OP ETH-OPTIMISM USDT-OPTIMISM USDC-OPTIMISM USDC-OPTIMISM-FF85",
        "base": "ETH-BASE USDC-BASE",
        "polygon": "POL USDT-POLY POLY-USDC POLY-USDC-3359 POLY-OPERA",
        "polygon-zkevm": "",
        "bnb-smart-chain": "BSC BEP20 BNB-BSC BABYDOGE-BSC",
        "opbnb": "OP-BNB",
        "avalanche-c": "AVAXC AVAX-C USDT-AVAXC USDC-AVAXC",
        "ethereum-classic": "ETC",
        "ethereum-pow": "ETHW",
        "ethereum-fair": "ETHF",
        "x-layer": "XLAYER OKB-X1 OKB-X1-ETH OKB-X1-USDT OKB-X1-USDC USDG-XLAYER",
        "linea": "ETH-LINEA",
        "zksync": "ZKSYNC2 ETH-ZKSYNC ETH-ZKSYNC2",
        "scroll": "",
        "unichain": "ETH-UNICHAIN",
        "blast": "ETH-BLAST",
        "mode": "ETH-MODE",
        "taiko": "",
        "katana": "ETH-KATANA",
        "world-chain": "ETH-WORLD",
        "megaeth": "ETH-MEGA",
        "lisk": "ETH-LSK",
        "core": "",
        "berachain": "BERA",
        "conflux-espace": "CFX-EVM",
        "story": "IP-STORY",
        "merlin": "MERLIN-BTC",
        "chiliz": "CHZ",
        "ronin": "RON",
        "kaia": "KLAY",
        "endurance": "ACE ACE-MAIN",
        "moonbeam": "GLMR",
        "moonriver": "MOVR",
        "metis": "METIS-MAINNET",
        "flare": "FLR",
        "theta": "TFUEL",
        "sonic": "S-SONIC",
        "fantom": "FTM FTM-OPERA",
        "celo": "",
        "gravity": "G G-GRAVITY",
        "sophon": "",
        "oasys": "OAS",
        "zetachain": "ZETA",
        "cronos": "",
        "plasma": "XPL",
        "sei-evm": "",
        "monad": "",
        "hyperevm": "",
        "fraxtal": "FRAX-EVM",
        "abstract": "",
        "pulsechain": "PLS",
        "apechain": "APE-APECHAIN",
        "manta-pacific": "MANTA2",
        "heco": "HT-HECO",
        "kcc": "",
        "astar-evm": "ASTR-ASTAREVM",
        "gnosis": "XDAI",
        "mantle": "MNT",
    },
    Family.TRON: {"tron": "TRX TRC20 USDT-TRC20 USDC-TRC USDC-TRC20"},
    Family.SOLANA: {"solana": "SOL SPL USDC-SPL USDT-SPL USDG"},
    Family.APTOS: {"aptos": "APT APTOS-FA USDT-APTOS USDC-APTOS"},
    Family.TON: {"ton": "TONCOIN TONCOIN-NEW USDT-TON"},
    Family.SUBSTRATE: {
        "polkadot": "DOT",
        "polkadot-asset-hub": "ASSET-HUB",
        "kusama": "KSM",
        "kusama-asset-hub": "ASSET-HUB-KSM",
    },
    Family.CARDANO: {"cardano": "ADA"},
    # An f410 address and the 0x address that it is made from are the same account.
    Family.FILECOIN: {"filecoin": "FIL FEVM FIL-EVM"},
    Family.AELF: {"aelf": "ELF"},
    Family.OKT: {
        "okt": (
            "OKC OKTC USDT-OKC20 USDC-OKC20 OKB-OKC20 LTCK-OKC20 FILK-OKC20 SHIBK-KIP20 DOTK-OKC20 ETCK-KIP20"
            " XRPK-KIP20 UNIK-OKC20 BCHK-KIP20 BABYDOGE-KIP20 LINKK-OKC20 TRXK-KIP20 ETHK-OKC20"
        )
    },
    Family.XRP: {"xrp-ledger": "XRP RIPPLE XRPL"},
    Family.EOS: {"eos": "VAULTA A", "wax": "WAXP"},
}


def _spelling(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")


def _index() -> dict[str, tuple[str, Family]]:
    index: dict[str, tuple[str, Family]] = {}
    for family, chains in _CHAINS.items():
        for name, others in chains.items():
            for spelling in (name, *others.split()):
                if _spelling(spelling) in index:
                    raise ValueError(f"two chains are called {spelling}")
                index[_spelling(spelling)] = name, family
    return index


_INDEX = _index()


def canonical_chain(name: str) -> str | None:
    """The canonical name of a chain, or None if it is not served."""
    found = _INDEX.get(_spelling(name))
    return found[0] if found else None


def family_of(name: str) -> Family | None:
    """The family of a chain by any of its names, or None if it is not served."""
    found = _INDEX.get(_spelling(name))
    return found[1] if found else None


def chains_of(*families: Family) -> frozenset[str]:
    """The canonical names of all chains of these families."""
    return frozenset(name for family in families for name in _CHAINS[family])
