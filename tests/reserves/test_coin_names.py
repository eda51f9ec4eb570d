"""What files call coins: tables, in which nothing is guessed and nothing contradicts the ownership schemes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from polyproof.errors import InputError
from polyproof.model.assets import Asset
from polyproof.model.chains import CHAINS, KNOWN_COINS, TOLD_APART
from polyproof.reserves.coins import CoinNames, spelling
from polyproof.settings.reserves import CoinName
from polyproof_okx.coins import COINS, NETWORKS
from polyproof_ownership.chains import canonical_chain

ROOT = Path(__file__).parents[2]
SYMBOLS = ("BTC", "ETH", "USDT", "USDC", "OKB", "XRP", "DOT", "FIL", "TON", "APT", "EOS", "LINK", "BNB")
ASSETS = (*(Asset(symbol, 8) for symbol in SYMBOLS), Asset("SHIBA", 8, aliases=("SHIB",)))


def names(**options: object) -> CoinNames:
    return CoinNames(ASSETS, named=COINS, networks=NETWORKS, **options)


@pytest.mark.parametrize(
    ("coin", "network", "wanted"),
    [
        ("BTC", "", ("BTC", "bitcoin", "")),
        ("ETH", "", ("ETH", "ethereum", "")),
        ("ETH", "ETH", ("ETH", "ethereum", "")),
        ("eth_arbitrum", "", ("ETH", "arbitrum", "")),
        ("ETH-ARBITRUM", "", ("ETH", "arbitrum", "")),
        ("ETH", "ARBITRUM", ("ETH", "arbitrum", "")),
        ("ETH", "ETH_ARBITRUM", ("ETH", "arbitrum", "")),
        ("ETH", "OPTIMISM", ("ETH", "optimism", "")),
        ("USDT-TRC20", "", ("USDT", "tron", "")),
        ("USDT-TRC20", "TRX", ("USDT", "tron", "")),
        ("USDT", "TRC20", ("USDT", "tron", "")),
        ("USDT-OMNI", "BTC", ("USDT", "bitcoin", "omni")),
        ("USDC", "", ("USDC", "ethereum", "")),
        ("POLY-USDC", "", ("USDC", "polygon", "bridged")),
        ("POLY-USDC-3359", "", ("USDC", "polygon", "")),
        ("USDC-ARBITRUM", "", ("USDC", "arbitrum", "bridged")),
        ("USDC-ARBITRUM-NATIVE", "", ("USDC", "arbitrum", "")),
        ("FILK-OKC20", "", ("FIL", "okt", "")),
        ("TONCOIN-NEW", "TON", ("TON", "ton", "")),
        ("USDT-TON", "TON", ("USDT", "ton", "")),
        ("APTOS", "APTOS", ("APT", "aptos", "")),
        ("RIPPLE", "", ("XRP", "xrp-ledger", "")),
        ("ASSET-HUB", "", ("DOT", "polkadot-asset-hub", "")),
        ("OKB-X1-USDT", "XLAYER", ("USDT", "x-layer", "")),
        ("SHIB", "", ("SHIBA", "ethereum", "")),
        ("BASE", "", ("ETH", "base", "")),
        (" usdt erc20 ", "", ("USDT", "ethereum", "")),
    ],
)
def test_a_coin_is_an_asset_on_a_chain(coin: str, network: str, wanted: tuple[str, str, str]) -> None:
    found = names().find(coin, network)
    assert (found.asset, found.chain, found.token) == wanted


@pytest.mark.parametrize(
    ("coin", "asset", "chain"),
    [("ETH(ALL)", "ETH", ""), ("usdt (all)", "USDT", ""), ("SHIB(ALL)", "SHIBA", ""), ("ETH", "ETH", "ethereum")],
)
def test_the_coin_of_a_total_may_be_an_asset_on_all_its_chains(coin: str, asset: str, chain: str) -> None:
    found = names().find_total(coin)
    assert (found.asset, found.chain) == (asset, chain)


@pytest.mark.parametrize(
    ("coin", "network", "part"),
    [
        ("FOO", "", "unknown coin 'FOO'"),
        ("USDT-TRC21", "", "did you mean USDT-TRC20"),
        ("ETH(ALL)", "", "unknown coin"),
        ("USDT", "", "on many chains"),
        ("USDT", "NOWHERE", "unknown network 'NOWHERE'"),
        ("USDT-TRC20", "ETH", "is on tron, but the network is 'ETH'"),
        ("DOGE", "", "not an asset of the spec"),
        ("", "", "unknown coin"),
    ],
)
def test_an_unknown_or_contradictory_name_is_a_clear_problem(coin: str, network: str, part: str) -> None:
    with pytest.raises(InputError) as caught:
        names().find(coin, network)
    assert part in str(caught.value)


def test_the_spec_can_say_what_a_coin_is() -> None:
    own = (
        CoinName(coin="FOO-BEP20", asset="LINK", chain="bnb-smart-chain"),
        CoinName(coin="LINK", asset="LINK", chain="new-chain", token="wrapped"),
    )
    found = names(coins=own)
    assert found.find("foo_bep20").chain == "bnb-smart-chain"
    assert found.find("LINK").token == "wrapped"
    assert found.chain("NEW_CHAIN") == "new-chain"


@pytest.mark.parametrize("ignored", ["DOGE", "doge", "USDT-TRC20", "FOO", "USDT"])
def test_the_spec_can_leave_coins_and_assets_out(ignored: str) -> None:
    found = names(ignore=[ignored])
    assert found.find({"FOO": "FOO", "USDT": "USDT-POLY"}.get(ignored, ignored.upper())).ignored
    assert not found.find("BTC").ignored


@pytest.mark.parametrize("pattern", ["*", "DO?E", "d*", "[CD]OGE"])
def test_a_pattern_leaves_out_what_is_no_asset_of_the_spec(pattern: str) -> None:
    """Of those, a coin that is misspelt or of an unknown chain stays an error."""
    found = names(ignore=[pattern, "U*", "B*"])
    assert found.find("DOGE").ignored
    assert found.find_total("DOGE(ALL)").ignored
    assert not found.find("BTC").ignored
    assert not found.find("USDT-TRC20").ignored
    with pytest.raises(InputError):
        found.find("USDT")
    with pytest.raises(InputError):
        names(ignore=["D*"]).find("XDOGE")


def test_chains_of_strangers_schemes_are_known() -> None:
    assert names(chains=["nova"]).chain("NOVA") == "nova"
    with pytest.raises(InputError):
        names(chains=["No Chain"]).chain("No Chain")


# The tables themselves


def test_no_name_means_two_things() -> None:
    found = [spelling(coin.name) for coin in COINS]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("chain", sorted(CHAINS))
def test_a_chain_is_called_what_the_ownership_schemes_call_it(chain: str) -> None:
    """A coin that a scheme knows by its own table must be on the same chain there."""
    assert canonical_chain(chain) in (chain, None)
    served = canonical_chain(chain) is not None
    for coin in COINS:
        theirs = canonical_chain(coin.name)
        if coin.chain == chain and theirs is not None and served:
            assert theirs == chain, coin.name


@pytest.mark.parametrize("chain", sorted(CHAINS))
def test_every_coin_on_a_network_called_like_its_chain_is_found(chain: str) -> None:
    symbols = {coin.asset for coin in COINS}
    found = CoinNames([Asset(symbol, 8) for symbol in sorted(symbols)], named=COINS, networks=NETWORKS)
    assert found.chain(chain.upper()) == chain
    for coin in COINS:
        if coin.chain == chain:
            assert found.find(coin.name, chain).chain == chain


@pytest.mark.parametrize("chain", sorted(CHAINS))
def test_a_network_is_called_what_the_ownership_schemes_call_it(chain: str) -> None:
    served = canonical_chain(chain) is not None
    for network in CHAINS[chain].networks:
        assert canonical_chain(network) in ((chain, None) if served else (None,))


def test_no_network_means_two_chains() -> None:
    found = [*(name for chain in CHAINS.values() for name in chain.networks), *map(spelling, CHAINS)]
    assert len(set(found)) == len(found)
    assert not {spelling(name) for name in NETWORKS} & set(found)


def test_every_name_of_a_format_is_of_a_chain_that_core_knows() -> None:
    assert {coin.chain for coin in COINS} | set(NETWORKS.values()) <= set(CHAINS)
    told_apart = {(coin.asset, coin.chain, coin.token) for coin in COINS if coin.token}
    assert told_apart <= TOLD_APART


def test_every_coin_of_a_format_is_one_that_core_knows() -> None:
    """Otherwise its rows would be read, and count for nobody."""
    assert {(coin.asset, coin.chain, coin.token) for coin in COINS} <= KNOWN_COINS


@pytest.mark.parametrize(("coin", "network"), [("USDT-TRC20", "tron"), ("ETH-ARBITRUM", ""), ("ETH", "ETH-ARBITRUM")])
def test_names_of_one_format_mean_nothing_in_another(coin: str, network: str) -> None:
    names().find(coin, network)
    with pytest.raises(InputError, match="unknown"):
        CoinNames(ASSETS).find(coin, network)


@pytest.mark.parametrize(
    ("coin", "network", "expected"),
    [
        ("USDT", "TRC20", ("USDT", "tron", "")),
        ("ETH", "ETH", ("ETH", "ethereum", "")),
        ("eth", "Arbitrum One", ("ETH", "arbitrum", "")),
        ("BTC", "BTC", ("BTC", "bitcoin", "")),
        ("BNB", "BSC", ("BNB", "bnb-smart-chain", "")),
        ("SHIB", "ERC20", ("SHIBA", "ethereum", "")),
    ],
)
def test_an_asset_by_its_own_name_is_known_on_every_chain(
    coin: str, network: str, expected: tuple[str, str, str]
) -> None:
    found = CoinNames(ASSETS).find(coin, network)
    assert (found.asset, found.chain, found.token) == expected


@pytest.mark.parametrize("coin", ["BTC", "ETH", "USDT", "SHIB"])
def test_an_assets_own_name_alone_does_not_say_the_chain(coin: str) -> None:
    with pytest.raises(InputError, match="on many chains"):
        CoinNames(ASSETS).find(coin)


def coin_table() -> str:
    """What OKX calls coins, as the reference has it."""
    lines = ["| Chain | Coins on it |", "| --- | --- |"]
    for chain in sorted({coin.chain for coin in COINS}):
        coins = []
        for coin in COINS:
            if coin.chain == chain:
                meant = "" if coin.asset == coin.name else f" ({coin.asset}{', ' + coin.token if coin.token else ''})"
                coins.append(f"`{coin.name}`{meant}")
        lines.append(f"| `{chain}` | {', '.join(coins)} |")
    return "\n".join(lines)


def network_list() -> str:
    """What OKX calls networks besides."""
    names = ", ".join(f"`{name}` ({chain})" for name, chain in NETWORKS.items())
    return textwrap.fill(names, 120, break_on_hyphens=False)


def chain_table() -> str:
    """The chains that core knows."""
    lines = ["| Chain | Its own coin | Tokens known on it | Its network is called |", "| --- | --- | --- | --- |"]
    for name, chain in sorted(CHAINS.items()):
        tokens = [
            f"{asset} ({token})" if token else asset
            for asset, there, token in sorted(KNOWN_COINS)
            if there == name and (asset, token) != (chain.coin, "")
        ]
        networks = ", ".join(f"`{network}`" for network in chain.networks)
        lines.append(f"| `{name}` | {chain.coin or 'not confirmed'} | {', '.join(tokens)} | {networks} |")
    return "\n".join(lines)


@pytest.mark.parametrize("made", [coin_table, network_list, chain_table])
def test_the_documentation_lists_the_table(made: Callable[[], str]) -> None:
    page = (ROOT / "docs" / "reference" / "reserves.md").read_text(encoding="utf-8")
    assert made() in page, "run: PYTHONPATH=tests python tests/reserves/test_coin_names.py"


if __name__ == "__main__":
    print(chain_table(), network_list(), coin_table(), sep="\n\n")
