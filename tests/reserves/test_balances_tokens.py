"""Tokens that options name: a contract that is named for two would have one balance counted twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from polyproof.balances import BalanceProvider
from polyproof.errors import InputError
from polyproof.registry import default_registry
from polyproof_balances.aptos import Aptos, AptosOptions, FungibleAsset
from polyproof_balances.evm import Evm, EvmOptions, Token
from polyproof_balances.solana import Mint, Solana, SolanaOptions
from polyproof_balances.ton import Jetton, Ton, TonOptions
from polyproof_balances.tron import Trc20, Tron, TronOptions

URL = "http://localhost"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGkZwyTDt1v"
USDG = "2u1tszSeqZ3qBWF3uNGPFc8TzMk2tdiwknnRMWGWjGWH"
JETTON = "EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs"
JETTON_RAW = "0:b113a994b5024a16719f69139328eb759596c38a25f59028b146fecdc3621dfe"
OTHER_JETTON = "0:" + "12" * 32
TRC20 = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
OTHER_TRC20 = "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"
KINDS: dict[str, Any] = {
    "evm": (
        lambda tokens: Evm(EvmOptions(url=URL, chain="ethereum", tokens=tokens), default_registry()),
        lambda asset, contract, token="": Token(asset=asset, contract=contract, token=token),
        ("0x" + "ab" * 20, "0x" + "AB" * 20, "0x" + "cd" * 20),
    ),
    "solana": (
        lambda tokens: Solana(SolanaOptions(url=URL, tokens=tokens), default_registry()),
        lambda asset, mint, token="": Mint(asset=asset, mint=mint, token=token),
        (USDC, USDC, USDG),
    ),
    "aptos": (
        lambda tokens: Aptos(AptosOptions(url=URL, tokens=tokens), default_registry()),
        lambda asset, metadata, token="": FungibleAsset(asset=asset, metadata=metadata, token=token),
        ("0xb", "0x" + "B".rjust(64, "0"), "0xc"),
    ),
    "ton": (
        lambda tokens: Ton(TonOptions(url=URL, tokens=tokens), default_registry()),
        lambda asset, minter, token="": Jetton(asset=asset, minter=minter, token=token, decimals=6),
        (JETTON, JETTON_RAW, OTHER_JETTON),
    ),
    "tron": (
        lambda tokens: Tron(TronOptions(url=URL, tokens=tokens), default_registry()),
        lambda asset, contract, token="": Trc20(asset=asset, contract=contract, token=token),
        (TRC20, TRC20, OTHER_TRC20),
    ),
}


def opened(made: BalanceProvider) -> None:
    made.open(Path())


@pytest.mark.parametrize("kind", KINDS)
def test_a_contract_is_named_for_one_token_however_it_is_written(kind: str) -> None:
    make, token, (one, again, other) = KINDS[kind]
    opened(make((token("USDC", one), token("USDC", other, "bridged"))))
    for second in (token("USDC", again, "bridged"), token("USDT", again)):
        with pytest.raises(InputError, match="is named for USDC and for USD"):
            opened(make((token("USDC", one), second)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_has_one_contract(kind: str) -> None:
    make, token, (one, _, other) = KINDS[kind]
    with pytest.raises(InputError, match="two tokens are named USDC/bridged"):
        opened(make((token("USDC", one, "bridged"), token("USDC", other, "bridged"))))


@pytest.mark.parametrize("metadata", ["0xa", "0x" + "a".rjust(64, "0")])
def test_apt_has_no_third_name(metadata: str) -> None:
    make, token, _ = KINDS["aptos"]
    with pytest.raises(InputError, match="named for APT/fungible-asset and for APT/third"):
        opened(make((token("APT", metadata, "third"),)))


def test_no_mint_is_named_for_sol() -> None:
    make, token, (one, *_) = KINDS["solana"]
    with pytest.raises(InputError, match="a mint is named for SOL"):
        opened(make((token("SOL", one),)))
    opened(make((token("SOL", one, "wrapped"),)))
