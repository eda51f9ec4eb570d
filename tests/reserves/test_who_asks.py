"""Who asks which chain: the rows of an exchange with 22 assets, and a verifier who has all of them looked up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from doubles.fixtures import Command
from ownership import wallets
from polyproof.balances import BalanceProvider, Pin, Question
from polyproof.model.chains import own_coin
from polyproof.ownership import OwnershipClaim
from polyproof.registry import default_registry
from polyproof.reserves.signing import challenge_text
from polyproof.settings.bundled import find_spec
from polyproof.settings.spec import load_spec
from polyproof.testing.servers import Respond, Server
from polyproof.toolkit.addresses import ss58_decode, ton_address
from polyproof_balances.aptos import FungibleAsset
from polyproof_balances.evm import CHAIN_IDS, Token
from polyproof_balances.solana import Mint
from polyproof_balances.ton import Jetton
from polyproof_balances.tron import Trc20
from polyproof_okx.coins import COINS
from polyproof_ownership.chains import Family, family_of
from reserves import test_balances_aelf as aelf
from reserves import test_balances_aptos as aptos
from reserves import test_balances_eos as eos
from reserves import test_balances_filecoin as filecoin
from reserves import test_balances_solana as solana
from reserves import test_balances_substrate as substrate
from reserves import test_balances_ton as ton
from reserves import test_balances_tron as tron
from reserves import test_balances_xrp as xrp
from reserves.answering import answering
from reserves.exchange import jsonl, prove, spec_text, write_spec

USDT, USDC = "USDT", "USDC"

# Chain or family: a row's address, the provider, and its options for the tokens of the tables of coins, each with an
# address of its own; which one it is does not matter here.
ASKS: dict[str | Family, tuple[str, str, dict[str, Any]]] = {
    Family.BITCOIN: ("bc1qone", "bitcoin-core", {}),
    Family.EVM: (wallets.evm_account(0), "evm", {}),
    Family.OKT: (wallets.evm_account(0), "evm", {}),
    Family.SOLANA: (
        solana.A,
        "solana",
        {"tokens": (Mint(asset=USDC, mint=solana.USDC), Mint(asset=USDT, mint=solana.A))},
    ),
    Family.XRP: (xrp.A, "xrp", {}),
    Family.TRON: (
        tron.A,
        "tron",
        {"tokens": (Trc20(asset=USDT, contract=tron.USDT), Trc20(asset=USDC, contract=tron.A))},
    ),
    Family.TON: (ton.A, "ton", {"tokens": (Jetton(asset=USDT, minter=ton.MINTER, decimals=6),)}),
    Family.APTOS: (
        aptos.A,
        "aptos",
        {"tokens": (FungibleAsset(asset=USDT, metadata=aptos.USDT), FungibleAsset(asset=USDC, metadata=aptos.A))},
    ),
    Family.SUBSTRATE: (wallets.PROVEN["Polkadot"](0, "x").address, "substrate", {}),
    Family.EOS: ("okbtothemoon", "eos", {}),
    Family.FILECOIN: (filecoin.A, "filecoin", {}),
    Family.AELF: (aelf.A, "aelf", {}),
}
NOBODY = {("USDT", "bitcoin", "omni")}
"""Overlays of a chain are in no node's own answers."""
UNPROVEN = {"algorand", "starknet", "sui"}
"""Chains on which no scheme proves an address, so that rows there never count."""


def asking(chain: str, assets: set[str]) -> tuple[str, BalanceProvider]:
    family = family_of(chain)
    assert family is not None
    address, name, options = ASKS[family]
    options = {**options, "url": "http://localhost"}
    if name in ("bitcoin-core", "evm", "substrate", "eos"):
        options["chain"] = chain
    if name == "evm":
        contracts = sorted(assets - {own_coin(chain)})
        names = [(asset, token) for asset in contracts for token in ("", "bridged")]
        named = [
            Token(asset=asset, contract=f"0x{number:040x}", token=token)
            for number, (asset, token) in enumerate(names, 1)
        ]
        options |= {"tokens": tuple(named), "chain_id": CHAIN_IDS.get(chain, 1)}
    component = default_registry().get("balances", name)
    made = component(component.Options(**options), default_registry())
    made.open(Path())
    return address, made


def test_every_row_of_an_exchange_with_22_assets_has_a_provider_that_asks_for_it() -> None:
    assets = {asset.symbol for asset in load_spec(find_spec("okx-22")).assets}
    assert len(assets) == 22
    coins = [coin for coin in COINS if coin.asset in assets]
    assert {coin.chain for coin in coins if family_of(coin.chain) is None} == UNPROVEN
    nobody = set()
    for coin in coins:
        if coin.chain not in UNPROVEN:
            address, provider = asking(coin.chain, assets)
            if not provider.serves(Question(coin.asset, coin.chain, address, coin.token)):
                nobody.add((coin.asset, coin.chain, coin.token))
    assert nobody == NOBODY


def eos_claim(_: int, message: str) -> OwnershipClaim:
    signed = tuple(wallets.eos_sign(number, message) for number in (1, 2))
    return OwnershipClaim("EOS", "eos", "okbtothemoon", message, signed, eos.KEYS)


DOT = wallets.PROVEN["Polkadot"](0, "x").address
GRAM = wallets.PROVEN["TON v3r2"](0, "x").address
WORKCHAIN, ACCOUNT = ton_address(GRAM)
HELD: dict[str, tuple[Pin, str, str, Callable[[int, str], OwnershipClaim], int, Callable[[], Respond]]] = {
    "SOL": (
        *(solana.PIN, "solana", "1.5", wallets.PROVEN["Solana, without key"], 0),
        lambda: answering(solana.cluster().node()),
    ),
    "XRP": (xrp.PIN, "xrp", "148.446663", wallets.PROVEN["XRP"], 0, xrp.ledger),
    "DOT": (
        *(substrate.PIN, "substrate", "1.5", wallets.PROVEN["Polkadot"], 0),
        lambda: answering(substrate.Chain({ss58_decode(DOT, 0): substrate.info(15 * 10**9)}).node()),
    ),
    "APT": (aptos.PIN, "aptos", "1.5", wallets.PROVEN["Aptos, exchange's header"], 0, aptos.fullnode),
    "FIL": (
        *(filecoin.PIN, "filecoin", "1.5", wallets.PROVEN["Filecoin f1"], 1),
        lambda: answering(filecoin.Chain().node()),
    ),
    "TON": (ton.PIN, "ton", "1.5", wallets.PROVEN["TON v3r2"], 0, ton.api),
    "TRX": (tron.PIN, "tron", "1.5", wallets.PROVEN["Tron, its header"], 0, tron.java_tron),
    "EOS": (eos.PIN, "eos", "15.0001", eos_claim, 0, eos.nodeos),
    "ELF": (aelf.PIN, "aelf", "1.5", wallets.PROVEN["aelf"], 0, aelf.node),
}
"""By asset: the snapshot's block, the provider, what is held, how to sign, with which wallet, and the node."""
DECIMALS = {"SOL": 9, "XRP": 6, "DOT": 10, "APT": 8, "FIL": 9, "TON": 9, "TRX": 6, "EOS": 4, "ELF": 8}


def test_a_verifier_has_the_coins_of_nine_chains_looked_up(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row is signed by its keys or, of EOS, by those that the chain names, and held as the chain says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(ton.COINS, f"{WORKCHAIN}:{ACCOUNT.hex()}", "1500000000")
    with ExitStack() as running:
        urls = {asset: running.enter_context(Server(node()).listening()) for asset, (*_, node) in HELD.items()}
        entries = [f"{{name: {name}, url: '{urls[asset]}'}}" for asset, (_, name, *_) in HELD.items()]
        more = "  balances:\n" + "".join(f"    - {entry}\n" for entry in entries)
        text = spec_text(
            "{name: native, path: rows.jsonl}",
            assets=tuple(f"{asset} {decimals}" for asset, decimals in DECIMALS.items()),
            policy="{}",
            more=more,
        )
        pins = "".join(
            f"    - {{chain: {pin.chain}, height: {pin.height}, block: '{pin.block}'}}\n"
            for pin, *_ in HELD.values()
            if pin.chain != "tron"
        )
        text = text.replace("  pins:\n", f"  pins:\n{pins}").replace("ef" * 32, tron.PIN.block)
        spec = write_spec(tmp_path, text)
        audit = prove(tmp_path, spec, dict.fromkeys(HELD, "1"))
        rows = []
        for asset, (pin, _, amount, sign, number, _) in HELD.items():
            address = sign(number, "x").address
            claim = sign(number, challenge_text(spec, audit, pin.chain, address))
            row = {"asset": asset, "chain": pin.chain, "address": address, "amount": amount, "message": claim.message}
            rows.append({**row, "signatures": list(claim.signatures), "keys": list(claim.keys)})
        Path("rows.jsonl").write_text(jsonl(rows))
        assert command("reserves", "spec.yaml", "--audit", "audit").status == 0
        Path("nodes.yaml").write_text("polyproof-nodes: 1\n" + more.replace("  balances", "balances", 1))
        found = command("verify", "audit", "--nodes", "nodes.yaml", "--json")
    assert found.status == 0, found.err
    holdings = found.result["holdings"]
    assert holdings["balances"]["confirmed"] == {"rows": 9, "counted": 9}
    assert holdings["ownership"]["signed"] == {"rows": 8, "counted": 8}
    assert holdings["ownership"]["looked-up"] == {"rows": 1, "counted": 1}
    assert holdings["on_word"] == ["liabilities"], "a sum tree proves no totals"


def test_whoever_asks_a_node_that_has_left_the_block_is_told_what_may_be_done(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Server(aelf.node(evolve(aelf.PIN, height=aelf.PIN.height + 1))).listening() as url:
        more = f"  balances: [{{name: aelf, url: '{url}'}}]\n"
        text = spec_text("{name: native, path: rows.jsonl}", assets=("ELF 8",), policy="{}", more=more)
        pin = f"    - {{chain: aelf, height: {aelf.PIN.height}, block: '{aelf.PIN.block}'}}\n"
        spec = write_spec(tmp_path, text.replace("  pins:\n", f"  pins:\n{pin}"))
        audit = prove(tmp_path, spec, {"ELF": "1"})
        claim = wallets.PROVEN["aelf"](0, challenge_text(spec, audit, "aelf", aelf.A))
        row = {"asset": "ELF", "chain": "aelf", "address": aelf.A, "amount": "1.5", "message": claim.message}
        Path("rows.jsonl").write_text(jsonl([{**row, "signatures": list(claim.signatures)}]))
        ended = command("reserves", "spec.yaml", "--audit", "audit")
    assert ended.status == 1
    said = " ".join(ended.out.split())
    assert "answers about its newest block alone" in said
    assert "ask a node that is held at the snapshot's block, with --record, and replay what it answered" in said
