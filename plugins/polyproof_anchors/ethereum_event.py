"""The anchor ``ethereum-event``: a contract at a declared address logs the digest, once for each place of a history.

The organisation deploys a contract that it alone can call and declares its address. Called as ``anchor(bytes32 place,
bytes32 digest)``, it logs ``Anchored(bytes32 indexed place, bytes32 indexed digest)``. The place is that of
``polyproof.anchor.Subject``: an organisation, and the audit that this one follows.

It is a log, and not the data of a plain transaction, because nodes find logs by address and topic: whoever asks for all
logs of a place sees every record that was made for it, and so whether this is the only one. Transactions of a sender
are indexed by no node, so that a second one could not be looked for.

No key is kept and no transaction is sent from here. ``publish`` looks for the log; where there is none, it says what to
send. The evidence says where the log is, and the verifier's own node says whether it is there: in a block that is
final, of the chain, by the address that the verifier named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import frozen

from polyproof.anchor import Anchor, Shown, Subject, Time, Uniqueness
from polyproof.config.options import option
from polyproof.errors import ExecutionError, InputError, Problem, ProofRejected
from polyproof.formats.strict_json import canonical_line, parse_strict
from polyproof.model.names import DIGEST
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof.toolkit.json_object import JsonObject
from polyproof_anchors.unavailable import Unavailable

__all__ = ["EthereumEvent", "EthereumEventOptions"]

FORMAT = "polyproof/ethereum-event"
VERSION = 1
TOPIC = "0xa34b8972ff170527846956acf8a20640ac6f8829b9c748bb92ccccddd797c1f8"
"""Keccak-256 of ``Anchored(bytes32,bytes32)``."""
SELECTOR = "0xa21f3c6a"
"""The first four bytes of Keccak-256 of ``anchor(bytes32,bytes32)``."""

_ADDRESS = (r"0x[0-9a-fA-F]{40}", "0x and 40 hexadecimal digits")
_HASH = (r"0x[0-9a-f]{64}", "0x and 64 lower-case hexadecimal digits")
_MOST_LOGS = 10_000
_MOST_QUESTIONS = 10_000


@frozen(kw_only=True)
class EthereumEventOptions(EndpointOptions):
    """Which address, and the node that is asked about it."""

    url: str | None = option(default=None, doc="URL of your own node, if it needs no key and no password.")
    address: str | None = option(
        default=None,
        pattern=_ADDRESS,
        doc="Address of the organisation's contract, as you know it from elsewhere than the audit.",
    )
    chain_id: int = option(default=1, least=1, doc="EIP-155 id of the chain: 1 is Ethereum.")
    since: int = option(
        default=0,
        least=0,
        most=10**12,
        doc="The block from which other records are looked for: the contract's first.",
    )
    span: int | None = option(
        default=None,
        least=1,
        most=10**12,
        doc="Blocks in one question, for nodes that answer no longer ranges. null: all of them.",
    )


@frozen(kw_only=True)
class _Log:
    """Where a record is logged."""

    chain_id: int
    address: str
    height: int
    block: str
    transaction: str
    index: int


class EthereumEvent(Anchor):
    """A contract's log."""

    name = "ethereum-event"
    suffix = "json"
    Options = EthereumEventOptions
    options: EthereumEventOptions

    def open(self, base: Path) -> None:
        """Nothing has been asked yet. What a node says of a place is kept: many files may be about one."""
        self._down: str | None = None
        self._noted: dict[tuple[bytes, int], list[bytes]] = {}

    # Publishing

    def publish(self, subject: Subject) -> bytes:
        """The log that the organisation has had made. If there is none yet, the error says what to send."""
        address = self._address()
        if address is None:
            raise InputError(Problem("nothing says which contract logs", hint="address: 0x…"))
        node = _Node(self.options)
        try:
            node.check_chain()
            newest = node.height_of("finalized")
            if newest < self.options.since:
                raise Unavailable(f"its newest block that is final is {newest}, before `since`: {self.options.since}")
            found = [
                log for log in node.logs(address, subject.place, self.options.since, newest) if log[0] == subject.digest
            ]
        except Unavailable as error:
            raise ExecutionError(f"the node cannot be asked for records: {error}") from None
        finally:
            node.close()
        if not found:
            data = SELECTOR + subject.place.hex() + subject.digest.hex()
            raise ExecutionError(
                Problem(
                    f"{address} has logged no record of this audit in a block that is final",
                    hint=f"send a transaction to it with the data {data}, and repeat this in half an hour",
                )
            )
        log = found[0][1]
        return canonical_line(
            {
                "format": FORMAT,
                "version": VERSION,
                "chain_id": log.chain_id,
                "address": log.address,
                "height": log.height,
                "block": log.block,
                "transaction": log.transaction,
                "index": log.index,
                "place": subject.place.hex(),
                "digest": subject.digest.hex(),
            }
        )

    # Checking

    def check(self, subject: Subject, evidence: bytes) -> Shown:
        """Whether the verifier's node has that log, by the named address, in a final block, and no other there."""
        log = _parsed(subject, evidence)
        clock = f"the validators of chain {log.chain_id}, in block {log.height}"
        where = f"the address {log.address} of chain {log.chain_id}"

        def claimed(why: str) -> Shown:
            return Shown(
                time=Time(latest=None, clock=clock, checked=False, why=why),
                uniqueness=Uniqueness(where=where, others=None, checked=False, why=why),
            )

        if self._address() is None:
            return claimed("you named no address, and anybody can have a contract log anything")
        if (log.address, log.chain_id) != (self._address(), self.options.chain_id):
            return claimed("it is not the address that you named, and anybody can have a contract log anything")
        if self.options.url is None and self.options.lent is None:
            return claimed("you named no node")
        if self._down is not None:
            return claimed(self._down)
        node = _Node(self.options)
        try:
            node.check_chain()
            latest, last = self._time(node, subject, log)
            time = Time(latest=latest, clock=clock, checked=True)
            rests_on = (
                "That the address is the organisation's, and that nobody else can have it log records, is for you to "
                "know.",
                "That these blocks are final on the chain, and that no log was left out, is the word of the node that "
                "you named.",
            )
            try:
                others = self._others(node, subject, log, last)
            except Unavailable as error:
                unknown = Uniqueness(where=where, others=None, checked=False, why=str(error))
                return Shown(time=time, uniqueness=unknown, rests_on=rests_on)
            where = f"{where}, in blocks {self.options.since} to {last},"
            return Shown(time=time, uniqueness=Uniqueness(where=where, others=others, checked=True), rests_on=rests_on)
        except Unavailable as error:
            self._down = str(error) if error.down else None
            return claimed(str(error))
        finally:
            node.close()

    def _address(self) -> str | None:
        return None if self.options.address is None else self.options.address.lower()

    def _time(self, node: _Node, subject: Subject, log: _Log) -> tuple[str, int]:
        """The time of the log's block, and the height of the newest block that is final.

        Raises ``ProofRejected`` where the node says that there is no such log.
        """
        last = node.height_of("finalized")
        if last < log.height:
            raise Unavailable(f"block {log.height} is not final yet: the newest that is has height {last}")
        block = node.block(hex(log.height))
        if (found := _hash(block.get("hash"))) != log.block:
            raise _rejected(f"block {log.height} is {found}, and not the one that it names")
        receipt = node.receipt(log.transaction)
        if (receipt.get("blockHash"), receipt.get("status")) != (log.block, "0x1"):
            raise _rejected("its transaction failed, or is in another block")
        for one in _list(receipt.get("logs")):
            if isinstance(one, dict) and one.get("logIndex") == hex(log.index):
                if _record(one) != (log.address, subject.place, subject.digest) or one.get("removed") is True:
                    raise _rejected("what its transaction logged there is no record of this audit by that address")
                break
        else:
            raise _rejected("its transaction has no such log")
        try:
            return datetime.fromtimestamp(_quantity(block.get("timestamp")), UTC).strftime(TIMESTAMP), last
        except (OverflowError, OSError, ValueError):
            raise Unavailable("the node's block has a time that is none") from None

    def _others(self, node: _Node, subject: Subject, log: _Log, last: int) -> int:
        """How many other digests are logged for the place, up to a height."""
        if self.options.since > log.height:
            raise Unavailable(f"you look for others from block {self.options.since} on, and this one is before it")
        key = subject.place, last
        if key not in self._noted:
            found = node.logs(log.address, subject.place, self.options.since, last)
            self._noted[key] = [digest for digest, _ in found]
        digests = self._noted[key]
        if subject.digest not in digests:
            raise Unavailable("the node does not list this record among those of its place: it may miss others")
        return len(set(digests) - {subject.digest})


# The evidence


def _parsed(subject: Subject, evidence: bytes) -> _Log:
    """Where it says that the record is logged. Raises ``ProofRejected``."""
    try:
        value = parse_strict(evidence)
        taken = JsonObject(value)
        keys = (
            "format",
            "version",
            "chain_id",
            "address",
            "height",
            "block",
            "transaction",
            "index",
            "place",
            "digest",
        )
        taken.only(*keys)
        if value.get("format") != FORMAT or type(value.get("version")) is not int or value["version"] != VERSION:
            raise ValueError("another format or version")
        place, digest = taken.matching("place", DIGEST), taken.matching("digest", DIGEST)
        log = _Log(
            chain_id=taken.integer("chain_id"),
            address=taken.matching("address", (r"0x[0-9a-f]{40}", "0x and 40 lower-case hexadecimal digits")),
            height=taken.integer("height"),
            block=taken.matching("block", _HASH),
            transaction=taken.matching("transaction", _HASH),
            index=taken.integer("index"),
        )
        if canonical_line(value) != evidence:
            raise ValueError("it is not in canonical form")
    except ValueError as error:
        raise ProofRejected("anchor-format", f"no evidence of a log: {str(error)[:200]}") from error
    if digest != subject.digest.hex():
        raise ProofRejected("anchor-digest", f"it is for {digest}, not {subject.digest.hex()}")
    if place != subject.place.hex():
        raise ProofRejected("anchor-digest", "it is for another place in a history than this audit has")
    return log


def _rejected(reason: str) -> ProofRejected:
    return ProofRejected("anchor-evidence", f"by your node, {reason}")


# The node


class _Node:
    """The verifier's own. What it answers is taken with its type, or ``Unavailable`` is raised."""

    def __init__(self, options: EthereumEventOptions) -> None:
        from polyproof.toolkit.json_rpc import Rpc

        self._options = options
        self._rpc = Rpc(open_endpoint(options), options)

    def close(self) -> None:
        self._rpc.close()

    def check_chain(self) -> None:
        found = self.number("eth_chainId")
        if found != self._options.chain_id:
            raise Unavailable(f"the node is on chain {found}, not {self._options.chain_id}")

    def number(self, method: str) -> int:
        return _quantity(self._call(method))

    def height_of(self, tag: str) -> int:
        return _quantity(self.block(tag).get("number"))

    def block(self, which: str) -> Mapping[str, Any]:
        return self._mapping(self._call("eth_getBlockByNumber", which, False), "the block")

    def receipt(self, transaction: str) -> Mapping[str, Any]:
        found = self._mapping(self._call("eth_getTransactionReceipt", transaction), "the transaction")
        if found.get("transactionHash") != transaction:
            raise Unavailable("the node answered about another transaction")
        return found

    def logs(self, address: str, place: bytes, first: int, last: int) -> list[tuple[bytes, _Log]]:
        """Every record of a place that an address has logged in blocks ``first`` to ``last``, in their order."""
        span = self._options.span or last - first + 1
        if last - first >= span * _MOST_QUESTIONS:
            raise Unavailable(f"its blocks take more than {_MOST_QUESTIONS} questions: set `since`, or a wider `span`")
        found: list[tuple[bytes, _Log]] = []
        for start in range(first, last + 1, span):
            end = min(start + span - 1, last)
            asked = {
                "address": address,
                "topics": [TOPIC, f"0x{place.hex()}"],
                "fromBlock": hex(start),
                "toBlock": hex(end),
            }
            for one in _list(self._call("eth_getLogs", asked)):
                record = _record(one) if isinstance(one, dict) else None
                if record is None or record[:2] != (address, place) or one.get("removed") is True:
                    raise Unavailable("the node answered with a log that it was not asked for")
                height = _quantity(one.get("blockNumber"))
                if not start <= height <= end:
                    raise Unavailable("the node answered with a log of another block")
                found.append((record[2], self._place_of(one, address, height)))
            if len(found) > _MOST_LOGS:
                raise Unavailable(f"more than {_MOST_LOGS} records are logged for this place")
        return found

    def _place_of(self, one: Mapping[str, Any], address: str, height: int) -> _Log:
        block, transaction = _hash(one.get("blockHash")), _hash(one.get("transactionHash"))
        index = _quantity(one.get("logIndex"))
        return _Log(
            chain_id=self._options.chain_id,
            address=address,
            height=height,
            block=block,
            transaction=transaction,
            index=index,
        )

    def _mapping(self, value: Any, what: str) -> Mapping[str, Any]:
        if value is None:
            raise Unavailable(f"the node does not know {what}")
        if not isinstance(value, dict):
            raise Unavailable("the node's answer is not what was asked for")
        return value

    def _call(self, method: str, *params: Any) -> Any:
        from polyproof.toolkit.http import Failed
        from polyproof.toolkit.json_rpc import Refused

        try:
            return self._rpc.call(method, *params)
        except (Failed, Refused) as error:
            raise Unavailable(str(error), down=isinstance(error, Failed)) from None


def _quantity(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"0x(0|[1-9a-f][0-9a-f]{0,14})", value):
        raise Unavailable("the node's answer has a number that is none")
    return int(value, 16)


def _hash(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(_HASH[0], value):
        raise Unavailable("the node's answer has a hash that is none")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unavailable("the node's answer is no list")
    return value


def _record(log: Mapping[str, Any]) -> tuple[str, bytes, bytes] | None:
    """The address, the place and the digest of a log; None if it is no record."""
    address, topics = log.get("address"), log.get("topics")
    if not isinstance(address, str) or not isinstance(topics, list) or len(topics) != 3 or topics[0] != TOPIC:
        return None
    if not all(isinstance(topic, str) and re.fullmatch(_HASH[0], topic) for topic in topics):
        return None
    return address.lower(), bytes.fromhex(topics[1][2:]), bytes.fromhex(topics[2][2:])
