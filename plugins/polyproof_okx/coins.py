"""What OKX's reserve files call coins and networks.

A coin that has the name of an asset stands for that asset on one chain, which the files need not say: ``OKB`` is the
one on Ethereum.
Source: github.com/okx/proof-of-reserves (common/coin.go, docs/support_coins.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from polyproof.source import Coin

__all__ = ["COINS", "NETWORKS"]

# Chain: the coins on it. A coin is NAME if that is the asset's own name, otherwise NAME=ASSET; after a slash, which of
# several tokens of that asset on that chain.
_TABLE = {
    "bitcoin": "BTC USDT-OMNI=USDT/omni",
    "bitcoin-cash": "BCH BCHN=BCH",
    "bitcoin-sv": "BSV BCHSV=BSV",
    "bitcoin-gold": "BTG",
    "bitcoin-diamond": "BCD",
    "ecash": "XEC BCHA=XEC",
    "litecoin": "LTC",
    "dogecoin": "DOGE",
    "dash": "DASH",
    "digibyte": "DGB",
    "qtum": "QTUM",
    "ravencoin": "RVN",
    "zcash": "ZEC ZCASH=ZEC",
    "horizen": "ZEN",
    "decred": "DCR",
    "ethereum": "ETH BETH USDT-ERC20=USDT USDC USDC-ERC20=USDC USDG-ERC20=USDG SHIB UNI LINK BLUR MATIC PEOPLE OKB",
    "arbitrum": "ETH-ARBITRUM=ETH ARB USDT-ARBITRUM=USDT USDC-ARBITRUM-NATIVE=USDC USDC-ARBITRUM=USDC/bridged",
    "optimism": (
        "ETH-OPTIMISM=ETH OP OPTIMISM=OP USDT-OPTIMISM=USDT USDC-OPTIMISM-FF85=USDC USDC-OPTIMISM=USDC/bridged"
    ),
    "base": "ETH-BASE=ETH BASE=ETH USDC-BASE=USDC",
    "polygon": "POL USDT-POLY=USDT POLY-USDC-3359=USDC POLY-USDC=USDC/bridged",
    "bnb-smart-chain": "BNB BNB-BSC=BNB BABYDOGE-BSC=BABYDOGE",
    "avalanche-c": "AVAX AVAXC=AVAX USDT-AVAXC=USDT USDC-AVAXC=USDC",
    "ethereum-classic": "ETC",
    "ethereum-pow": "ETHW",
    "ethereum-fair": "ETHF",
    "x-layer": "OKB-X1=OKB OKB-XLAYER=OKB OKB-X1-ETH=ETH OKB-X1-USDT=USDT OKB-X1-USDC=USDC USDG-XLAYER=USDG",
    "linea": "ETH-LINEA=ETH",
    "zksync": "ETH-ZKSYNC2=ETH ETH-ZKSYNC=ETH ZKSYNC2=ETH",
    "unichain": "ETH-UNICHAIN=ETH",
    "blast": "ETH-BLAST=ETH",
    "mode": "ETH-MODE=ETH",
    "katana": "ETH-KATANA=ETH",
    "world-chain": "ETH-WORLD=ETH",
    "megaeth": "ETH-MEGA=ETH",
    "lisk": "ETH-LSK=ETH",
    "core": "CORE",
    "berachain": "BERA",
    "conflux": "CFX",
    "conflux-espace": "CFX-EVM=CFX",
    "story": "IP-STORY=IP",
    "merlin": "MERLIN-BTC=BTC",
    "ronin": "RON",
    "endurance": "ACE",
    "moonbeam": "GLMR",
    "moonriver": "MOVR",
    "flare": "FLR",
    "theta": "TFUEL",
    "sonic": "S-SONIC=S",
    "fantom": "FTM FTM-OPERA=FTM",
    "celo": "CELO",
    "gravity": "G-GRAVITY=G",
    "oasys": "OAS",
    "zetachain": "ZETA",
    "plasma": "XPL",
    "pulsechain": "PLS",
    "apechain": "APE-APECHAIN=APE",
    "heco": "HT-HECO=HT",
    "astar-evm": "ASTR-ASTAREVM=ASTR",
    "mantle": "MNT",
    "okt": (
        "OKT OKC=OKT USDT-OKC20=USDT USDC-OKC20=USDC OKB-OKC20=OKB LTCK-OKC20=LTC FILK-OKC20=FIL SHIBK-KIP20=SHIB "
        "DOTK-OKC20=DOT ETCK-KIP20=ETC XRPK-KIP20=XRP UNIK-OKC20=UNI BCHK-KIP20=BCH BABYDOGE-KIP20=BABYDOGE "
        "LINKK-OKC20=LINK TRXK-KIP20=TRX ETHK-OKC20=ETH"
    ),
    "tron": "TRX TRON=TRX USDT-TRC20=USDT USDC-TRC=USDC USDC-TRC20=USDC",
    "solana": "SOL USDC-SPL=USDC USDT-SPL=USDT USDG",
    "aptos": "APT APTOS=APT APTOS-FA=APT/fungible-asset USDT-APTOS=USDT USDC-APTOS=USDC",
    "sui": "SUI USDC-SUI=USDC",
    "ton": "TON TONCOIN=TON TONCOIN-NEW=TON USDT-TON=USDT",
    "polkadot": "DOT",
    "polkadot-asset-hub": "ASSET-HUB=DOT",
    "kusama": "KSM",
    "kusama-asset-hub": "ASSET-HUB-KSM=KSM",
    "cardano": "ADA",
    "filecoin": "FIL FEVM=FIL FIL-EVM=FIL",
    "aelf": "ELF",
    "xrp-ledger": "XRP RIPPLE=XRP",
    "eos": "EOS A",
    "wax": "WAXP",
    "algorand": "ALGO USDT-ALGO=USDT",
    "stellar": "XLM",
    "pi": "PI",
    "near": "NEAR",
    "hedera": "HBAR",
    "terra-classic": "LUNC",
    "starknet": "STARKNET-ETH=ETH",
    "tezos": "XTZ",
    "cosmos": "ATOM",
    "celestia": "TIA",
    "internet-computer": "ICP",
    "iota": "IOTA",
    "stacks": "STX",
}


def _coins() -> Iterator[Coin]:
    for chain, coins in _TABLE.items():
        for item in coins.split():
            name, _, meant = item.partition("=")
            asset, _, token = (meant or name).partition("/")
            yield Coin(name, asset, chain, token)


COINS = tuple(_coins())
"""The table, coin by coin."""
NETWORKS = {
    "POLY": "polygon",
    "OP-BNB": "opbnb",
    "LSK": "lisk",
    "ACE-MAIN": "endurance",
    "METIS-MAINNET": "metis",
    "FRAX-EVM": "fraxtal",
    "MANTA2": "manta-pacific",
    "OKC20": "okt",
    "KIP20": "okt",
}
"""Networks that have neither the name of their chain nor that of a coin above."""
