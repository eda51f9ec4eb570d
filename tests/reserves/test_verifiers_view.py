"""Reserves as a verifier knows them: what the exchange says of its chains is its word, and its policy decides nothing.

A dishonest exchange is one whose nodes answer whatever it likes: it writes the files itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from attrs import evolve

from audit.forged import refit
from doubles.fixtures import Command
from doubles.policies import SUM_TREE, SUM_TREE_FILE
from ownership import wallets
from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Pin, Question
from polyproof.ownership import AccountControl, Status
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.reserves import Check, Ownership, ReservesPolicy, ReservesVerified, run, run_reserves, verify_reserves
from polyproof.reserves.signing import challenge_text
from polyproof.toolkit.recording import Answered, write_recording
from polyproof_balances.evm import Evm, EvmOptions
from reserves import nodes
from reserves.exchange import ETHEREUM, jsonl, prove, spec_text, write_spec
from reserves.rpc_server import serving

STRANGER = "0x" + "5e" * 20
"""An address that belongs to somebody else, and holds much."""
EIGHTS = "0x" + "88" * 32
JUNK = "0x" + "11" * 65
SIGNERS = (50, 51)
OWNERS = tuple(wallets.evm_account(number) for number in SIGNERS)


class Node(BalanceProvider):
    """A node that answers as it is made to."""

    name = "node"

    def __init__(
        self, held: int | None = 5, control: Callable[[ControlQuestion], AccountControl | None] = lambda _: None
    ) -> None:
        super().__init__(None, default_registry())
        self.held, self.control = held, control

    def serves(self, question: Question) -> bool:
        return True

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        held = None if self.held is None else self.held * 10**36
        return [Answer(held, "a node", "" if self.held else "it does not know") for _ in questions]

    def controls_chain(self, chain: str) -> bool:
        return True

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        return [ControlAnswer(self.control(question), "asked") for question in questions]


def accepting(question: ControlQuestion) -> AccountControl:
    """Says of any contract that it accepts any signature (EIP-1271)."""
    return AccountControl("isValidSignature", (), 1, question.digests)


def owned(question: ControlQuestion) -> AccountControl:
    """Says of any contract that the signers are its owners."""
    return AccountControl("getOwners", OWNERS, 2)


def published(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: Callable[[str], list[dict[str, object]]],
    node: Node | None = None,
    policy: str = "{}",
) -> Path:
    """An audit that owes 5 ETH, and reserves as an exchange with such a node publishes them."""
    text = spec_text("{name: native, path: rows.jsonl}", assets=("ETH 9",), policy=policy)
    text = text.replace("0x" + "cd" * 32, EIGHTS)
    spec = write_spec(folder, text)
    audit = prove(folder, spec, {"ETH": "5"})
    (folder / "rows.jsonl").write_text(jsonl(rows(challenge_text(spec, audit, "ETH", STRANGER))))
    with monkeypatch.context() as patched:
        patched.setattr(run, "open_providers", lambda *_: [node] if node else [])
        run_reserves(spec, audit, policy=SUM_TREE)
    return audit


def contract(*signatures: str) -> Callable[[str], list[dict[str, object]]]:
    """The stranger's address as a contract, with this audit's message and such signatures."""
    row = {"asset": "ETH", "chain": "ethereum", "address": STRANGER, "amount": "5", "owners": list(OWNERS)}
    return lambda message: [{**row, "message": message, "signatures": list(signatures)}]


def signed_by_owners(message: str) -> list[dict[str, object]]:
    return contract(*(wallets.rsv(number, wallets.personal(message.encode())) for number in SIGNERS))(message)


def ownership(verified: ReservesVerified) -> tuple[Ownership, Check]:
    (one,) = verified.evaluation.rows
    return one.ownership, one.balance.check


def test_a_strangers_address_that_the_exchange_says_accepts_it_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = published(tmp_path, monkeypatch, contract(JUNK), Node(control=accepting))
    verified = verify_reserves(audit, policy=SUM_TREE)
    assert verified.published.met is True, "the exchange calls it covered"
    assert verified.evaluation.met is False
    assert ownership(verified) == (Ownership.CLAIMED, Check.CLAIMED)
    assert verified.evaluation.assets[0].counted == 0
    assert not any("signature" in sentence for sentence in verified.establishes)
    assert verified.refusal is not None
    believing = ReservesPolicy(count=("claimed",))
    assert verify_reserves(audit, reserves_policy=believing, policy=SUM_TREE).evaluation.met is True, (
        "who asks for it can have it"
    )
    assert verify_reserves(audit, reserves_policy=believing, policy=SUM_TREE).on_word == (
        "liabilities",
        "ownership",
        "balances",
    )


def test_a_contract_is_asked_about_at_least_one_signature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verified = verify_reserves(published(tmp_path, monkeypatch, contract(), Node(control=accepting)), policy=SUM_TREE)
    (one,) = verified.evaluation.rows
    assert (one.status, one.reason) == (Status.FAILED, "there is no signature")


def test_a_safe_whose_owners_only_the_exchange_names_does_not_count_until_the_verifier_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = published(tmp_path, monkeypatch, signed_by_owners, Node(control=owned))
    told = verify_reserves(audit, policy=SUM_TREE)
    assert (told.evaluation.met, *ownership(told)) == (False, Ownership.CLAIMED, Check.CLAIMED)
    asked = verify_reserves(audit, providers=[Node(control=owned)], policy=SUM_TREE)
    assert (asked.evaluation.met, *ownership(asked)) == (True, Ownership.LOOKED_UP, Check.CONFIRMED)
    assert asked.evaluation.assets[0].on_word == ()
    assert asked.establishes[0].startswith("1 row carries signatures by those who control its account")
    refusing = ReservesPolicy(count=("signed",))
    assert (
        verify_reserves(
            audit, reserves_policy=refusing, providers=[Node(control=owned)], policy=SUM_TREE
        ).evaluation.met
        is False
    )


def test_what_the_verifiers_node_says_decides_against_what_the_exchange_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = published(tmp_path, monkeypatch, signed_by_owners, Node(control=owned))
    others = AccountControl("getOwners", (STRANGER,), 1)
    verified = verify_reserves(audit, providers=[Node(3, control=lambda _: others)], policy=SUM_TREE)
    assert ownership(verified)[0] is Ownership.FAILED
    poorer = verify_reserves(audit, providers=[Node(3, control=owned)], policy=SUM_TREE)
    assert ownership(poorer) == (Ownership.LOOKED_UP, Check.DIFFERS)
    assert poorer.evaluation.assets[0].counted == 3 * 10**9


def test_a_contract_that_the_verifiers_node_does_not_find_is_not_the_exchanges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even to a policy that takes the exchange's word where nobody was asked."""
    audit = published(tmp_path, monkeypatch, signed_by_owners, Node(control=owned))
    believing = ReservesPolicy(count=("claimed", "unbound"), balances="declared")
    assert verify_reserves(audit, reserves_policy=believing, policy=SUM_TREE).evaluation.met is True
    with serving(nodes.Evm(pin=evolve(ETHEREUM, block=EIGHTS)).node()) as asked:
        node = Evm(EvmOptions(chain="ethereum", url=asked.url), default_registry())
        node.open(tmp_path)
        verified = verify_reserves(audit, reserves_policy=believing, providers=[node], policy=SUM_TREE)
    (one,) = verified.evaluation.rows
    assert (one.ownership, one.asked, verified.evaluation.met) == (Ownership.FAILED, True, False)


def test_a_node_that_does_not_know_leaves_it_the_exchanges_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = published(tmp_path, monkeypatch, signed_by_owners, Node(control=owned))
    verified = verify_reserves(audit, providers=[Node(None)], policy=SUM_TREE)
    assert ownership(verified) == (Ownership.CLAIMED, Check.CLAIMED)


def test_a_policy_can_want_balances_that_the_verifier_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(message: str) -> list[dict[str, object]]:
        claim = wallets.PROVEN["EVM, EIP-191"](1, "I am an example address")
        row = {"asset": "ETH", "chain": "ethereum", "address": claim.address, "amount": "5", "message": claim.message}
        return [{**row, "signatures": list(claim.signatures)}]

    audit = published(tmp_path, monkeypatch, rows, Node())
    own = ReservesPolicy(balances="checked", messages=("constant",))
    claimed = verify_reserves(audit, reserves_policy=evolve(own, balances="claimed"), policy=SUM_TREE)
    assert claimed.evaluation.met is True
    assert claimed.on_word == ("liabilities", "balances", "messages")
    assert verify_reserves(audit, reserves_policy=own, policy=SUM_TREE).evaluation.met is False
    assert verify_reserves(audit, reserves_policy=own, providers=[Node()], policy=SUM_TREE).evaluation.met is True


def test_a_verifiers_nodes_are_named_on_the_command_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    published(tmp_path, monkeypatch, signed_by_owners, Node(control=owned))
    told = command("verify", "audit", "--json")
    assert (told.status, told.result["holdings"]["ownership"]["claimed"]) == (1, {"rows": 1, "counted": 0})
    pin = evolve(ETHEREUM, block=EIGHTS)
    chain = nodes.Evm({STRANGER: 5 * 10**18}, {STRANGER: nodes.safe(list(OWNERS), 2)}, pin)
    with serving(chain.node()) as node:
        entry = f"{{name: evm, chain: ethereum, url: '{node.url}'}}"
        Path("nodes.yaml").write_text(f"polyproof-nodes: 1\nbalances:\n  - {entry}\n")
        asked = command("verify", "audit", "--nodes", "nodes.yaml", "--json")
        site = command("report", "audit", "--nodes", "nodes.yaml", "--out", "site", "--json")
    assert asked.status == 0
    assert asked.result["holdings"]["ownership"]["looked-up"] == {"rows": 1, "counted": 1}
    assert asked.result["holdings"]["balances"]["confirmed"] == {"rows": 1, "counted": 1}
    assert asked.result["holdings"]["on_word"] == ["liabilities"], "a sum tree proves no totals"
    assert (site.status, site.result["verdict"], site.result["on_word"]) == (0, "covered", ["liabilities"])


def test_a_recording_is_no_node_of_the_verifiers(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exchange that hands out a recording, and a file that names it, would have its own word called looked up."""
    monkeypatch.chdir(tmp_path)
    published(tmp_path, monkeypatch, signed_by_owners, Node(control=owned))
    (row,) = verify_reserves(tmp_path / "audit", policy=SUM_TREE).evaluation.rows
    question = Question("ETH", "ethereum", row.account)
    told = [Answered(question, 5 * 10**36, None), Answered(question, None, row.row.control)]
    write_recording(Path("told.jsonl"), [evolve(ETHEREUM, block=EIGHTS)], told)
    Path("nodes.yaml").write_text("polyproof-nodes: 1\nbalances: [{name: replay, path: told.jsonl}]\n")
    for words in (("verify", "audit"), ("report", "audit", "--out", "site")):
        ended = command(*words, "--nodes", "nodes.yaml")
        assert ended.status == 2
        assert "replay asks nobody" in ended.err
        assert "VERIFIED" not in ended.out


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("balances: []\n", "polyproof-nodes"),
        ("polyproof-nodes: 1\n", "'balances' is missing"),
        ("polyproof-nodes: 1\nbalances: [{name: nobody}]\n", "no balances is named 'nobody'"),
        ("polyproof-nodes: 2\nbalances: [{name: replay, path: a}]\n", "polyproof-nodes"),
    ],
)
def test_what_is_wrong_with_a_file_of_nodes_is_reported(command: Command, generous: Path, text: str, part: str) -> None:
    Path("nodes.yaml").write_text(text)
    ended = command("verify", "audit", "--nodes", "nodes.yaml")
    assert ended.status == 2
    assert part in ended.err
    assert command("verify", "audit", "--secrets", "secrets.yaml").status == 2


# By whose policy


def custodial(message: str) -> list[dict[str, object]]:
    return [{"asset": "ETH", "chain": "ethereum", "address": STRANGER, "amount": "0", "kind": "custodial"}]


@pytest.fixture
def generous(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exchange that calls nothing at all enough."""
    monkeypatch.chdir(tmp_path)
    rule = '{least_ratio: "0", count: [custodial], balances: declared}'
    return published(tmp_path, monkeypatch, custodial, policy=rule)


def test_the_exchanges_policy_does_not_decide_what_is_covered(command: Command, generous: Path) -> None:
    ended = command("verify", "audit")
    assert ended.status == 1
    assert "NOT COVERED by the default policy: ETH" in ended.out
    assert "By the organisation's own rule: covered" in ended.out
    assert "policy-reserves" in ended.err
    found = command("verify", "audit", "--json")
    assert (found.status, found.result["met"]) == (1, False)
    assert found.error["code"] == "policy-reserves"
    assert found.result["holdings"]["by_organisation"]["met"] is True
    assert found.result["holdings"]["ownership"]["custodial"] == {"rows": 1, "counted": 0}


def test_a_policy_file_of_the_verifier_decides(command: Command, generous: Path) -> None:
    Path("mine.yaml").write_text(f'{SUM_TREE_FILE}reserves: {{least_ratio: "0"}}\n')
    assert command("verify", "audit", "--policy", "mine.yaml").status == 0
    Path("other.yaml").write_text(f"{SUM_TREE_FILE}max_segments: 4\n")
    assert command("verify", "audit", "--policy", "other.yaml").status == 1, "it says nothing of reserves"


def test_a_report_says_by_whose_policy_and_ends_like_verify(command: Command, generous: Path) -> None:
    assert command("report", "audit", "--out", "site").status == 1
    page = Path("site/index.html").read_text()
    assert "is not covered" in page
    assert "By the organisation&#39;s own rule" in page


@pytest.mark.parametrize("policy", [(), ("--policy", "mine.yaml")])
def test_garbage_for_reserves_is_rejected_and_not_passed_over(
    command: Command, generous: Path, policy: tuple[str, ...]
) -> None:
    Path("mine.yaml").write_text(f'{SUM_TREE_FILE}reserves: {{least_ratio: "0"}}\n')
    (generous / "public/reserves.json").write_text("garbage\n")
    assert command("verify", "audit", *policy).status == 1
    refit(generous / "public")
    ended = command("verify", "audit", *policy)
    assert ended.status == 1
    assert "reserves-format" in ended.err


def test_without_the_extra_reserves_are_not_checked_and_that_is_no_success(
    command: Command, generous: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from polyproof import extras

    monkeypatch.setattr(extras, "_missing", lambda extra: ("coincurve",))
    ended = command("verify", "audit")
    assert ended.status == 2
    assert "NOT CHECKED" in ended.out
