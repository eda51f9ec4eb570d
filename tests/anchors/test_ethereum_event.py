"""A log of a declared contract: there, by that address, in a final block, and the only one of its place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import Factory, define, evolve

from polyproof.anchor import Anchor, Shown, Subject
from polyproof.errors import ExecutionError, InputError, ProofRejected
from polyproof.formats.strict_json import canonical_line
from polyproof.registry import default_registry
from polyproof.testing.anchor import SUBJECTS, ServedAnchorSuite
from polyproof.testing.servers import Reply, Request, Respond, Server
from polyproof_anchors.ethereum_event import SELECTOR, TOPIC, EthereumEvent, EthereumEventOptions
from references.keccak256 import keccak256

ONE, TWO = SUBJECTS[:2]
ADDRESS = "0x" + "ab" * 20
OTHER = "0x" + "cd" * 20


def hexed(*parts: object) -> str:
    return "0x" + hashlib.sha256(repr(parts).encode()).hexdigest()


@define
class Chain:
    """A node and what is logged: height, address, place and digest of each record, one in a transaction."""

    logged: list[tuple[int, str, bytes, bytes]]
    final: int = 100
    newest: int = 110
    chain_id: int = 1
    failed: bool = False
    knows: bool = True
    widest: int = 10**9
    changes: dict[str, Callable[[Any], Any]] = Factory(dict)
    """By method, what is done to its results."""

    def respond(self, request: Request) -> Reply:
        call = json.loads(request.body)
        try:
            result = getattr(self, call["method"])(*call["params"])
        except ValueError as error:
            return Reply(json.dumps({"id": call["id"], "error": {"code": -32000, "message": str(error)}}).encode())
        result = self.changes.get(call["method"], lambda value: value)(result)
        return Reply(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result}).encode())

    def eth_chainId(self) -> str:
        return hex(self.chain_id)

    def eth_getBlockByNumber(self, which: str, full: bool) -> Any:
        assert full is False
        height = self.final if which == "finalized" else int(which, 16)
        if height > self.newest:
            return None
        return {"number": hex(height), "hash": hexed("block", height), "timestamp": hex(1_769_860_800 + 12 * height)}

    def eth_getTransactionReceipt(self, transaction: str) -> Any:
        for index in range(len(self.logged)):
            log = self._log(index)
            if self.knows and log["transactionHash"] == transaction:
                status = "0x0" if self.failed else "0x1"
                return {"transactionHash": transaction, "blockHash": log["blockHash"], "status": status, "logs": [log]}
        return None

    def eth_getLogs(self, asked: Any) -> Any:
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        if last - first >= self.widest:
            raise ValueError("block range is too wide")
        found = [self._log(index) for index in range(len(self.logged)) if first <= self.logged[index][0] <= last]
        return [log for log in found if log["address"] == asked["address"] and log["topics"][:2] == asked["topics"]]

    def _log(self, index: int) -> dict[str, Any]:
        height, address, place, digest = self.logged[index]
        return {
            "address": address,
            "topics": [TOPIC, f"0x{place.hex()}", f"0x{digest.hex()}"],
            "data": "0x",
            "blockNumber": hex(height),
            "blockHash": hexed("block", height),
            "transactionHash": hexed("transaction", index),
            "logIndex": hex(index),
            "removed": False,
        }


def record(subject: Subject, height: int = 50, address: str = ADDRESS, digest: bytes = b"") -> Any:
    return height, address, subject.place, digest or subject.digest


def evidence(subject: Subject, index: int = 0, height: int = 50, **changes: Any) -> bytes:
    """As it is written for the record with this number."""
    return canonical_line(
        {
            "format": "polyproof/ethereum-event",
            "version": 1,
            "chain_id": 1,
            "address": ADDRESS,
            "height": height,
            "block": hexed("block", height),
            "transaction": hexed("transaction", index),
            "index": index,
            "place": subject.place.hex(),
            "digest": subject.digest.hex(),
            **changes,
        }
    )


def made(url: str | None, **options: Any) -> EthereumEvent:
    given = {"address": ADDRESS, "attempts": 1, "backoff": 0.0, **options}
    anchor = EthereumEvent(EthereumEventOptions(url=url, **given), default_registry())
    anchor.open(Path())
    return anchor


@pytest.fixture
def asking() -> Callable[..., Any]:
    """What a verifier who asks this chain is shown: ``asking(chain, evidence)``."""

    def ask(chain: Chain, given: bytes | None = None, **options: Any) -> Shown:
        with Server(chain.respond).listening() as url:
            return made(url, **options).check(ONE, given or evidence(ONE))

    return ask


SOUND = Chain([record(subject, 50 + number) for number, subject in enumerate(SUBJECTS)])


class TestConformance(ServedAnchorSuite):
    @pytest.fixture
    def noted(self) -> Mapping[Subject, bytes]:
        return {subject: evidence(subject, number, 50 + number) for number, subject in enumerate(SUBJECTS)}

    @pytest.fixture
    def respond(self) -> Respond:
        return SOUND.respond

    @pytest.fixture
    def connect(self) -> Callable[[str], Anchor]:
        return lambda url: made(url, timeout=0.3)

    @pytest.fixture
    def anchor(self, server: tuple[Server, str]) -> Anchor:
        return made(server[1])


def test_topic_and_selector_are_those_of_the_signatures() -> None:
    assert keccak256(b"Anchored(bytes32,bytes32)").hex() == TOPIC[2:]
    assert keccak256(b"anchor(bytes32,bytes32)").hex()[:8] == SELECTOR[2:]


def test_a_final_log_of_the_named_address_shows_time_and_uniqueness(asking: Any) -> None:
    found = asking(SOUND)
    assert (found.time.latest, found.time.checked) == ("2026-01-31T12:10:00Z", True)
    assert (found.uniqueness.others, found.uniqueness.checked) == (0, True)
    assert "in blocks 0 to 100" in found.uniqueness.where
    assert any("nobody else can have it log records" in sentence for sentence in found.rests_on)
    assert any("that no log was left out, is the word of the node" in sentence for sentence in found.rests_on)


def test_another_record_of_the_same_place_is_seen_wherever_it_is(asking: Any) -> None:
    for height in (1, 50, 99):
        chain = Chain([record(ONE), record(ONE, height, digest=bytes(32)), record(TWO, height)])
        assert asking(chain).uniqueness.others == 1
    same = Chain([record(ONE), record(ONE, 60)])
    assert asking(same).uniqueness.others == 0, "the same digest twice is one record"
    elsewhere = Chain([record(ONE), record(ONE, 60, OTHER, bytes(32))])
    assert asking(elsewhere).uniqueness.others == 0, "what others log is not the organisation's"


def test_records_are_looked_for_in_spans(asking: Any) -> None:
    chain = Chain([record(ONE), record(ONE, 99, digest=bytes(32))], widest=10)
    found = asking(chain)
    assert found.time.checked
    assert not found.uniqueness.checked
    assert "too wide" in found.uniqueness.why
    assert asking(chain, span=10).uniqueness.others == 1
    assert asking(chain, span=1, since=50).uniqueness.others == 1


def test_a_look_that_cannot_have_seen_everything_is_none(asking: Any) -> None:
    late = asking(SOUND, since=51)
    assert late.time.checked
    assert "this one is before it" in late.uniqueness.why
    missing = Chain([record(ONE)], changes={"eth_getLogs": lambda logs: []})
    assert "it may miss others" in asking(missing).uniqueness.why


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"address": None}, "you named no address"),
        ({"address": OTHER}, "it is not the address that you named"),
        ({"chain_id": 10}, "it is not the address that you named"),
    ],
)
def test_whatever_an_address_logs_that_was_not_named_is_a_claim(asking: Any, options: dict[str, Any], why: str) -> None:
    found = asking(SOUND, **options)
    assert not found.time.checked
    assert not found.uniqueness.checked
    assert why in found.time.why


@pytest.mark.parametrize(
    ("chain", "why"),
    [
        (evolve(SOUND, final=49), "block 50 is not final yet"),
        (evolve(SOUND, chain_id=5), "the node is on chain 5, not 1"),
        (evolve(SOUND, knows=False), "the node does not know the transaction"),
        (Chain([]), "the node does not know the transaction"),
    ],
)
def test_what_the_node_cannot_say_leaves_a_claim(asking: Any, chain: Chain, why: str) -> None:
    found = asking(chain)
    assert not found.time.checked
    assert not found.uniqueness.checked
    assert why in found.time.why


def changed(**values: Any) -> Callable[[Any], Any]:
    """A receipt whose log is changed."""
    return lambda receipt: {**receipt, "logs": [{**receipt["logs"][0], **values}]}


@pytest.mark.parametrize(
    ("chain", "given"),
    [
        (evolve(SOUND, failed=True), {}),
        (Chain([record(ONE, 50, OTHER)]), {}),
        (Chain([record(ONE, 50, digest=bytes(32))]), {}),
        (Chain([record(TWO)]), {}),
        (evolve(SOUND, changes={"eth_getTransactionReceipt": changed(removed=True)}), {}),
        (evolve(SOUND, changes={"eth_getTransactionReceipt": changed(topics=[TOPIC])}), {}),
        (SOUND, {"block": hexed("a fork", 50)}),
        (SOUND, {"height": 51, "block": hexed("block", 51)}),
        (SOUND, {"index": 1}),
        (SOUND, {"transaction": hexed("transaction", 1)}),
    ],
)
def test_a_log_that_the_node_says_is_not_there_is_rejected(asking: Any, chain: Chain, given: dict[str, Any]) -> None:
    with pytest.raises(ProofRejected) as caught:
        asking(chain, evidence(ONE, **given))
    assert caught.value.check == "anchor-evidence"


@pytest.mark.parametrize("method", ["eth_chainId", "eth_getBlockByNumber", "eth_getTransactionReceipt", "eth_getLogs"])
@pytest.mark.parametrize("value", [None, "0x", "-0x1", 5, [], {}, [5], [{}], [{"address": ADDRESS}]])
def test_an_answer_of_another_type_is_never_taken_for_a_record(asking: Any, method: str, value: Any) -> None:
    chain = evolve(SOUND, changes={method: lambda result: value})
    try:
        found = asking(chain)
    except ProofRejected as error:
        assert error.check == "anchor-evidence"  # noqa: PT017 - either way nothing is shown
        return
    # An empty list of logs is one of the right type; then this record is missing from it.
    assert not found.uniqueness.checked
    assert found.time.checked == (method == "eth_getLogs")


@pytest.mark.parametrize("value", ["0x" + "AB" * 32, "x" * 1_000_000, "0x\x1b[2J", ["0x"], {}])
def test_a_block_with_a_hash_that_is_none_is_not_quoted(asking: Any, value: Any) -> None:
    found = asking(evolve(SOUND, changes={"eth_getBlockByNumber": lambda block: {**block, "hash": value}}))
    assert (found.time.checked, found.time.why) == (False, "the node's answer has a hash that is none")


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "polyproof/other"},
        {"version": 2},
        {"version": True},
        {"chain_id": "1"},
        {"address": ADDRESS.upper()},
        {"height": -1},
        {"block": "0x1"},
        {"index": None},
        {"more": 1},
    ],
)
def test_evidence_of_another_form_is_rejected(changes: dict[str, Any]) -> None:
    with pytest.raises(ProofRejected) as caught:
        made(None).check(ONE, evidence(ONE, **changes))
    assert caught.value.check == "anchor-format"


def test_evidence_for_another_place_is_rejected() -> None:
    with pytest.raises(ProofRejected) as caught:
        made(None).check(ONE, evidence(ONE, place=TWO.place.hex()))
    assert caught.value.check == "anchor-digest"


def test_a_node_is_asked_little_however_many_files_there_are() -> None:
    """A place is read once, and a node that does not answer is not asked again."""
    chain = Server(SOUND.respond)
    with chain.listening() as url:
        anchor = made(url, span=1)
        for _ in range(3):
            assert anchor.check(ONE, evidence(ONE)).uniqueness is not None
    assert len(chain.requests) == 101 + 3 * 4
    silent = Server(lambda request: Reply(b"", 500))
    with silent.listening() as url:
        anchor = made(url)
        for _ in range(3):
            assert anchor.check(ONE, evidence(ONE)).time is not None
    assert len(silent.requests) == 1


# Publishing


def test_what_is_logged_is_found_and_what_is_not_is_said_how_to_log() -> None:
    with Server(SOUND.respond).listening() as url:
        assert made(url).publish(ONE) == evidence(ONE)
    with Server(Chain([record(TWO)]).respond).listening() as url, pytest.raises(ExecutionError) as caught:
        made(url).publish(ONE)
    early = evolve(SOUND, final=49)
    with Server(early.respond).listening() as url, pytest.raises(ExecutionError, match="in a block that is final"):
        made(url).publish(ONE)
    assert f"{SELECTOR}{ONE.place.hex()}{ONE.digest.hex()}" in str(caught.value)


@pytest.mark.parametrize("since", [101, 102, 10**12])
def test_a_contract_whose_first_block_is_not_final_yet_has_logged_nothing(since: int) -> None:
    with (
        Server(SOUND.respond).listening() as url,
        pytest.raises(ExecutionError, match=f"final is 100, before `since`: {since}"),
    ):
        made(url, since=since).publish(ONE)


def test_without_an_address_nothing_is_looked_for() -> None:
    with pytest.raises(InputError, match="nothing says which contract"):
        made("http://localhost:9", address=None).publish(ONE)
