"""The conformance suites of balance providers, passed by those that come with polyproof."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from ownership import wallets
from polyproof.balances import BalanceProvider, ControlQuestion, Pin, Question
from polyproof.model.holdings import FINEST
from polyproof.ownership import AccountControl, OwnershipClaim
from polyproof.registry import default_registry
from polyproof.testing.balances import BalanceSuite, Connect, Controlled, Held, ServedBalanceSuite
from polyproof.testing.servers import Respond
from polyproof.toolkit.recording import Answered, write_recording
from polyproof_balances.bitcoin_core import BitcoinCore, BitcoinCoreOptions
from polyproof_balances.evm import Evm, EvmOptions, Token
from polyproof_balances.replay import Replay, ReplayOptions
from reserves import nodes
from reserves.answering import QUICK, answering
from reserves.exchange import BITCOIN, ETHEREUM

COIN = 10**FINEST


# Ethereum

A, B, C = (wallets.evm_account(number) for number in range(3))
USDT, SAFE, WALLET = ("0x" + byte * 20 for byte in ("da", "c0", "c1"))
OWNERS = [wallets.evm_account(number) for number in (1, 2)]
MESSAGE = "I am an example address"
DIGEST = wallets.personal(MESSAGE.encode())
SIGNATURE = wallets.rsv(9, DIGEST)


def ethereum() -> nodes.Evm:
    accepts = nodes.wallet_1271(lambda digest, given: (digest, given) == (DIGEST, bytes.fromhex(SIGNATURE[2:])))
    contracts = {USDT: nodes.erc20({B: 2_500_000, A: 7}), SAFE: nodes.safe(OWNERS, 2), WALLET: accepts}
    return nodes.Evm({A: 15 * 10**17, C: 10**18}, contracts)


class TestEvm(ServedBalanceSuite):
    @pytest.fixture
    def pin(self) -> Pin:
        return ETHEREUM

    @pytest.fixture
    def held(self) -> Held:
        return {
            Question("ETH", "ethereum", A): 3 * COIN // 2,
            Question("USDT", "ethereum", B): 5 * COIN // 2,
            Question("ETH", "ethereum", C): COIN,
        }

    @pytest.fixture
    def controlled(self) -> Controlled:
        claim = OwnershipClaim("ETH", "ethereum", A, MESSAGE, (SIGNATURE,))
        source = f"of chain 1 at block {ETHEREUM.block}"
        return {
            ControlQuestion(evolve(claim, address=SAFE)): AccountControl(
                f"getOwners and getThreshold {source}", OWNERS, 2
            ),
            ControlQuestion(claim): AccountControl(f"eth_getCode {source}", (A,)),
            ControlQuestion(evolve(claim, address=WALLET), (DIGEST,)): AccountControl(
                f"isValidSignature {source}", (), 1, (DIGEST,)
            ),
        }

    @pytest.fixture
    def respond(self) -> Respond:
        return answering(ethereum().node())

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        changes: dict[str, dict[str, Any]] = {
            "another chain": {"chain_id": 5},
            "without the block": {"known": False},
            "another height": {"pin": evolve(ETHEREUM, height=5)},
        }
        return {name: answering(evolve(ethereum(), **change).node()) for name, change in changes.items()}

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        other = evolve(ethereum(), pin=evolve(ETHEREUM, block="0x" + "ce" * 32), coins={A: 1, C: 2})
        return {"another block": answering(other.node())}

    @pytest.fixture
    def connect(self) -> Connect:
        def connect(url: str) -> BalanceProvider:
            tokens = (Token(asset="USDT", contract=USDT),)
            made = Evm(EvmOptions(url=url, chain="ethereum", tokens=tokens, **QUICK), default_registry())
            made.open(Path())
            return made

        return connect


# Bitcoin

AMOUNTS = {"bc1qone": ["0.10000000", "0.20000001"], "bc1qtwo": ["21000000.00000000"], "3three": ["0.00000001"]}


def bitcoin(core: nodes.Core) -> Respond:
    """A node that knows its own addresses alone."""
    node = core.node()
    validate = node.methods["validateaddress"]
    node.methods["validateaddress"] = lambda params: (
        validate(params) if params[0] in AMOUNTS else {"isvalid": False, "error": "no"}
    )
    return answering(node)


class TestBitcoinCore(ServedBalanceSuite):
    @pytest.fixture
    def pin(self) -> Pin:
        return BITCOIN

    @pytest.fixture
    def held(self) -> Held:
        satoshis = {"bc1qone": 30_000_001, "bc1qtwo": 21_000_000 * 10**8, "3three": 1}
        return {Question("BTC", "bitcoin", address): held * COIN // 10**8 for address, held in satoshis.items()}

    @pytest.fixture
    def respond(self) -> Respond:
        return bitcoin(nodes.Core(AMOUNTS))

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        return {
            "a test network": bitcoin(nodes.Core(AMOUNTS, network="regtest")),
            "another tip": bitcoin(nodes.Core(AMOUNTS, evolve(BITCOIN, height=BITCOIN.height + 1))),
        }

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        less = {address: amounts[:1] for address, amounts in AMOUNTS.items()}
        return {"another tip": bitcoin(nodes.Core(less, evolve(BITCOIN, block="00" * 8 + "ce" * 24)))}

    @pytest.fixture
    def connect(self) -> Connect:
        def connect(url: str) -> BalanceProvider:
            made = BitcoinCore(BitcoinCoreOptions(url=url, scan=2, **QUICK), default_registry())
            made.open(Path())
            return made

        return connect


# Recorded

CONTROL = AccountControl("getOwners and getThreshold", OWNERS, 2)


class TestReplay(BalanceSuite):
    @pytest.fixture
    def pin(self) -> Pin:
        return ETHEREUM

    @pytest.fixture
    def held(self) -> Held:
        return {Question("ETH", "ethereum", A): COIN, Question("USDT", "ethereum", B, "bridged"): 7}

    @pytest.fixture
    def controlled(self) -> Controlled:
        claim = OwnershipClaim("ETH", "ethereum", SAFE)
        return {ControlQuestion(claim): evolve(CONTROL, source=f"recorded: {CONTROL.source}")}

    @pytest.fixture
    def provider(self, tmp_path: Path, held: Held) -> BalanceProvider:
        answers = [Answered(question, amount, None) for question, amount in held.items()]
        answers.append(Answered(Question("ETH", "ethereum", SAFE), None, CONTROL))
        write_recording(tmp_path / "balances.jsonl", [ETHEREUM], answers)
        made = Replay(ReplayOptions(path=Path("balances.jsonl")), default_registry())
        made.open(tmp_path)
        return made


def test_every_provider_passes_the_suite() -> None:
    here = {provider.name for provider in {TestEvm: Evm, TestBitcoinCore: BitcoinCore, TestReplay: Replay}.values()}
    others = {
        file.stem.removeprefix("test_balances_")
        for file in Path(__file__).parent.glob("test_balances_*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and any("BalanceSuite" in ast.unparse(base) for base in node.bases)
    }
    assert here | others == set(default_registry().names("balances"))
