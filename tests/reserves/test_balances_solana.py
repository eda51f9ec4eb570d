"""Solana: what the last transaction up to the snapshot's slot left, and nothing that another slot says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field

from doubles.fixtures import Command
from ownership import wallets
from polyproof import liabilities as audit
from polyproof.balances import BalanceProvider, Pin, Question
from polyproof.errors import InputError
from polyproof.model.holdings import FINEST
from polyproof.progress import Progress
from polyproof.reserves.signing import challenge_text
from polyproof.testing.balances import Held
from polyproof.testing.servers import Respond
from polyproof.toolkit.encodings import base58_encode
from polyproof_balances.solana import GENESIS, PROGRAMS, SYSTEM, Mint, Solana, associated_account
from reserves.answering import AccountBalanceSuite, answering, held_or_why, opened
from reserves.exchange import jsonl, spec_text, write_spec
from reserves.rpc_server import Node, RpcError, serving

COIN = 10**FINEST
PIN = Pin(chain="solana", height=383_000_000, block=base58_encode(b"\x11" * 32))
A, B, C = (wallets.PROVEN["Solana, without key"](number, "x").address for number in range(3))
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGkZwyTDt1v"
TOKEN = PROGRAMS["token"]
USDC_OF_A = associated_account(A, USDC, TOKEN)
FIRST_AFTER = base58_encode(b"\x77" * 64)


@define
class Cluster:
    """Solana, as an archive node tells it: shapes as solana.com/docs/rpc/http documents them."""

    left: dict[str, tuple[int, int, list[dict[str, Any]]]] = field(factory=dict)
    """Slot, lamports and token balances that the last transaction of an account left."""
    pin: Pin = PIN
    genesis: str = GENESIS
    first: int = 0
    owner: str = SYSTEM
    child: str = ""
    """Hash that the next block names as its parent's."""
    methods: dict[str, Any] = field(factory=dict)

    def node(self) -> Node:
        return Node(
            {
                "getGenesisHash": lambda params: self.genesis,
                "getFirstAvailableBlock": lambda params: self.first,
                "getBlock": self._block,
                "getBlocksWithLimit": lambda params: [params[0], params[0] + 2],
                "getAccountInfo": lambda params: {
                    "context": {"apiVersion": "3.0.0", "slot": self.pin.height + 900},
                    "value": {"data": ["", "base64"], "executable": False, "lamports": 1, "owner": self.owner}
                    if params[0] in self.left
                    else None,
                },
                "getSignaturesForAddress": self._signatures,
                "getTransaction": self._transaction,
                **self.methods,
            }
        )

    def _block(self, params: list[Any]) -> Any:
        slot, asked = params
        assert asked["commitment"] == "finalized"
        if slot == self.pin.height:
            return {"blockhash": self.pin.block, "parentSlot": slot - 1, "previousBlockhash": GENESIS}
        if slot == self.pin.height + 1:  # a block in which there is nothing
            parent = self.child or self.pin.block
            return {"blockhash": USDC, "parentSlot": slot - 1, "previousBlockhash": parent, "signatures": []}
        if slot == self.pin.height + 3:
            found = [FIRST_AFTER, base58_encode(b"\x78" * 64)]
            return {"blockhash": A, "parentSlot": slot - 2, "previousBlockhash": USDC, "signatures": found}
        raise RpcError(-32007, f"Slot {slot} was skipped, or missing due to ledger jump to recent snapshot")

    @staticmethod
    def _name(account: str) -> str:
        return base58_encode(account.encode().ljust(64, b"\1")[:64])

    def _signatures(self, params: list[Any]) -> Any:
        account, asked = params
        assert asked == {"commitment": "finalized", "limit": 1, "before": FIRST_AFTER}
        if account not in self.left:
            return []
        found = {"signature": self._name(account), "slot": self.left[account][0], "err": None, "memo": None}
        return [{**found, "blockTime": 1764460799, "confirmationStatus": "finalized"}]

    def _transaction(self, params: list[Any]) -> Any:
        (account,) = (one for one in self.left if self._name(one) == params[0])
        slot, lamports, tokens = self.left[account]
        meta = {
            "err": None,
            "fee": 5000,
            "preBalances": [9, 9, 1],
            "postBalances": [7, lamports, 1],
            "postTokenBalances": tokens,
            "loadedAddresses": {"writable": [account], "readonly": [TOKEN]},
        }
        message = {"accountKeys": [B if account != B else A], "recentBlockhash": GENESIS, "instructions": []}
        return {
            "slot": slot,
            "meta": meta,
            "transaction": {"message": message, "signatures": [params[0]]},
            "version": 0,
        }


def tokens(amount: str, **more: Any) -> list[dict[str, Any]]:
    shown = {"amount": amount, "decimals": 6, "uiAmount": 1.5e-06, "uiAmountString": "…"}
    mine = {"accountIndex": 1, "mint": USDC, "owner": A, "programId": TOKEN, "uiTokenAmount": shown, **more}
    return [{**mine, "accountIndex": 0, "owner": B}, mine]


def cluster(**changes: Any) -> Cluster:
    left = {
        A: (PIN.height, 1_500_000_000, []),
        B: (PIN.height - 70_000, 1, []),
        USDC_OF_A: (PIN.height - 9, 2_039_280, tokens("2500000")),
    }
    return Cluster(**{"left": left, **changes})


def poorer() -> Cluster:
    """After the pinned slot was given to another block."""
    chain = cluster(pin=evolve(PIN, block=base58_encode(b"\x12" * 32)))
    chain.left = {account: (slot, lamports + 5, tokens("9")) for account, (slot, lamports, _) in chain.left.items()}
    return chain


def connected(url: str, **options: Any) -> BalanceProvider:
    return opened(Solana, url, **{"tokens": (Mint(asset="USDC", mint=USDC),), **options})


def asked(chain: Cluster, *questions: Question, pin: Pin = PIN, **options: Any) -> list[Any]:
    with serving(chain.node()) as node:
        answers = connected(node.url, timeout=5.0, **options).balances(questions, pin, Progress())
    return [held_or_why(answer) for answer in answers]


SOL_A, SOL_C = Question("SOL", "solana", A), Question("SOL", "solana", C)
USDC_A, USDC_C = Question("USDC", "solana", A), Question("USDC", "solana", C)


class TestSolana(AccountBalanceSuite):
    snapshot = PIN
    connected = staticmethod(connected)

    @pytest.fixture
    def held(self) -> Held:
        return {SOL_A: 3 * COIN // 2, Question("SOL", "solana", B): COIN // 10**9, USDC_A: 5 * COIN // 2}

    @pytest.fixture
    def respond(self) -> Respond:
        return answering(cluster().node())

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        other = base58_encode(b"\x12" * 32)
        return {
            "the test network": answering(cluster(genesis="4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY").node()),
            "another block in the slot": answering(cluster(pin=evolve(PIN, block=other)).node()),
            "another slot": answering(cluster(pin=evolve(PIN, height=PIN.height - 100)).node()),
            "a next block on another": answering(cluster(child=other).node()),
        }

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        return {"another block": answering(poorer().node())}


def test_an_associated_account_is_the_one_that_wallets_derive() -> None:
    """Source: github.com/solana-labs/solana-program-library, token/js, tests of getAssociatedTokenAddress."""
    owner, mint = "B8UwBUUnKwCyKuGMbFKWaG7exYdDk2ozZrPg72NyVbfj", "7o36UsWR1JQLpZ9PE2gn9L4SQ69CNNiWAXd4Jt7rqz9Z"
    assert associated_account(owner, mint, TOKEN) == "DShWnroshVbeUp28oopA3Pu7oFPDBtC1DBmPECXXAQ9n"
    assert associated_account(owner, mint, PROGRAMS["token-2022"]) != associated_account(owner, mint, TOKEN)


def test_an_account_that_was_never_used_holds_nothing_if_the_node_has_all_of_history() -> None:
    assert asked(cluster(), SOL_C, USDC_C) == [0, 0]
    (reason,) = asked(cluster(first=1), SOL_C)
    assert "does not have all since the chain's beginning" in reason


def test_a_token_account_that_the_transaction_closed_holds_nothing() -> None:
    chain = cluster()
    chain.left[USDC_OF_A] = (PIN.height, 0, tokens("7")[:1])
    assert asked(chain, USDC_A) == [0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"owner": B}, "another owner"),
        ({"mint": TOKEN}, "another owner or token"),
        ({"accountIndex": 0}, "two balances of one account"),
        ({"uiTokenAmount": {"amount": "1.5", "decimals": 6}}, "digits for amount"),
        ({"uiTokenAmount": {"amount": 15, "decimals": 6}}, "digits for amount"),
        ({"uiTokenAmount": {"amount": "9" * 40, "decimals": 6}}, "digits for amount"),
        ({"uiTokenAmount": {"amount": "5", "decimals": 37}}, "37 decimals"),
    ],
)
def test_a_token_balance_of_something_else_is_none(change: dict[str, Any], reason: str) -> None:
    chain = cluster()
    chain.left[USDC_OF_A] = (PIN.height, 0, tokens("7", **change))
    if change == {"accountIndex": 0}:
        chain.left[USDC_OF_A][2].append(tokens("7")[1])
        chain.left[USDC_OF_A][2].append(tokens("7")[1])
    (found,) = asked(chain, USDC_A)
    assert reason in found


def test_what_a_transaction_after_the_slot_left_is_no_balance_of_the_snapshot() -> None:
    chain = cluster()
    chain.left[A] = (PIN.height + 1, 10**9, [])
    (reason,) = asked(chain, SOL_A)
    assert "after the snapshot's slot" in reason


def test_an_account_of_a_program_is_not_taken_for_a_wallet() -> None:
    """Stakes earn rewards without a transaction."""
    (reason,) = asked(cluster(owner="Stake11111111111111111111111111111111111111"), SOL_A)
    assert "a program owns this account" in reason


def test_a_snapshot_that_nothing_follows_yet_is_asked_later() -> None:
    (reason,) = asked(cluster(methods={"getBlocksWithLimit": lambda params: []}), SOL_A)
    assert "ask again" in reason


def test_another_transaction_than_the_one_asked_for_is_not_believed() -> None:
    chain = cluster()
    told = chain._transaction
    for change in (
        {"slot": PIN.height - 1},
        {"transaction": {**told([chain._name(A)])["transaction"], "signatures": ["x"]}},
    ):
        chain.methods["getTransaction"] = lambda params, change=change: {**told(params), **change}
        (reason,) = asked(chain, SOL_A)
        assert "other than the one asked for" in reason


def test_a_token_is_named_by_its_mint() -> None:
    with pytest.raises(InputError, match="the mint of USDC is 26 bytes"):
        connected("http://localhost", tokens=(Mint(asset="USDC", mint="1" * 8 + USDC[:23] + "1"),))
    provider = connected("http://localhost")
    assert provider.serves(USDC_A)
    assert not provider.serves(evolve(USDC_A, asset="USDT"))
    assert not provider.serves(evolve(SOL_A, token="wrapped"))


def test_a_page_is_green_once_a_verifier_has_asked_solana(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the spec over proof, signed rows and evidence to a verifier's own look-up and the page."""
    monkeypatch.chdir(tmp_path)
    with serving(cluster().node()) as node:
        entry = f"{{name: solana, url: '{node.url}', tokens: [{{asset: USDC, mint: {USDC}}}]}}"
        more = f"  balances: [{entry}]\n"
        text = spec_text("{name: native, path: rows.jsonl}", assets=("SOL 9", "USDC 6"), policy="{}", more=more)
        text = text.replace("{name: merkle-sum, hash: sha256}", "{name: stark, hash: blake3}")
        pin = f"    - {{chain: solana, height: {PIN.height}, block: '{PIN.block}'}}\n"
        spec = write_spec(tmp_path, text.replace("  pins:\n", f"  pins:\n{pin}"))
        Path("any.yaml").write_text("polyproof-policy: 2\n")
        Path("accounts.csv").write_text("account,SOL,USDC\nalice,1.5,2\n")
        audit.prove(spec, tmp_path / "audit", audit_id="example-1")
        claim = wallets.PROVEN["Solana, without key"](0, challenge_text(spec, tmp_path / "audit", "solana", A))
        row = {"chain": "solana", "address": A, "message": claim.message, "signatures": list(claim.signatures)}
        Path("rows.jsonl").write_text(
            jsonl([{"asset": "SOL", "amount": "1.5", **row}, {"asset": "USDC", "amount": "2.5", **row}])
        )
        assert command("reserves", "spec.yaml", "--audit", "audit", "--policy", "any.yaml").status == 0
        Path("nodes.yaml").write_text(f"polyproof-nodes: 1\nbalances:\n  - {entry}\n")
        told = command("verify", "audit", "--policy", "any.yaml", "--json").result["holdings"]
        found = command("verify", "audit", "--nodes", "nodes.yaml", "--policy", "any.yaml", "--json")
        site = command("report", "audit", "--nodes", "nodes.yaml", "--out", "site", "--policy", "any.yaml", "--json")
    assert (told["balances"]["claimed"], told["on_word"]) == ({"rows": 2, "counted": 2}, ["balances"])
    assert found.status == 0
    assert found.result["holdings"]["balances"]["confirmed"] == {"rows": 2, "counted": 2}
    assert (site.status, site.result["verdict"], site.result["on_word"]) == (0, "covered", [])
    for page in ("index.html", "assets/SOL.html", "assets/USDC.html"):
        assert '<section class="verdict good"' in Path("site", page).read_text(), page
    evidence = [json.loads(line) for line in Path("audit/public/reserves-evidence.jsonl").read_text().splitlines()[1:]]
    assert {one["outcome"]["balance_source"] for one in evidence} == {
        f"last transaction at block {PIN.block}",
        f"last transaction of the associated account for {USDC} at block {PIN.block}",
    }
