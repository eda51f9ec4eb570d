"""Bitcoin Core and nodes like it: the unspent outputs of addresses, by ``scantxoutset``.

A scan reads the state at the node's tip, so the tip must be the snapshot's block: before the audit the operator rolls
the node back to it (``invalidateblock``). The answer to every scan names the block it was made at. Unless that is the
pinned one, by hash and by height, nothing in the answer counts, so a chain that advances meanwhile is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen

from polyproof.balances import Answer, BalanceProvider, Lack, Pin, Question
from polyproof.config.options import option
from polyproof.model.amounts import AmountError, Rounding, parse_amount
from polyproof.model.chains import coin_name, own_coin
from polyproof.model.holdings import FINEST
from polyproof.model.names import DIGEST, matches
from polyproof.progress import Progress
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof.toolkit.http import Failed
from polyproof.toolkit.json_rpc import Call, Refused, Rpc

__all__ = ["BitcoinCore", "BitcoinCoreOptions"]

_BATCH = 500
"""Addresses validated in one exchange."""
_SCRIPT = re.compile(r"(?:[0-9a-f]{2}){1,10000}\Z")


@frozen(kw_only=True)
class BitcoinCoreOptions(EndpointOptions):
    """One chain, and the node to ask about it."""

    chain: str = option(
        default="bitcoin", choices=("bitcoin", "litecoin", "dash", "dogecoin"), doc="The chain of the node."
    )
    network: str = option(
        default="main",
        choices=("main", "test", "testnet4", "signet", "regtest"),
        doc="The network that the node must report.",
    )
    timeout: float = option(
        default=3600.0, least=0.1, most=86400.0, doc="Seconds that one request may take in all; a scan takes minutes."
    )
    scan: int = option(default=10_000, least=1, most=100_000, doc="Addresses in one scan.")


class _NotKnown(Exception):
    """Why the answer to a question is not known."""


class _OtherBlock(_NotKnown):
    """The node's tip is not the snapshot's block."""


class BitcoinCore(BalanceProvider):
    """Asks one node about the chain's own coin."""

    name: ClassVar[str] = "bitcoin-core"
    Options = BitcoinCoreOptions
    options: BitcoinCoreOptions

    def open(self, base: Path) -> None:
        """Find the node's URL and credentials. Raises ``InputError``."""
        self._endpoint = open_endpoint(self.options)

    def serves(self, question: Question) -> bool:
        """The chain's own coin."""
        mine = (self.options.chain, own_coin(self.options.chain), "")
        return (question.chain, coin_name(question.asset), question.token) == mine

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        """Scan for all addresses, ``options.scan`` at a time."""
        source = f"scantxoutset at block {pin.block}"
        answers: list[Answer] = []
        rpc = Rpc(self._endpoint, self.options)
        try:
            self._check_node(rpc)
            with progress.task(f"scan {self.options.chain}", len(questions)) as task:
                for start in range(0, len(questions), self.options.scan):
                    part = questions[start : start + self.options.scan]
                    answers += self._scan(rpc, part, pin, source)
                    task.advance(len(part))
        except (_NotKnown, Failed, Refused) as error:
            left = len(questions) - len(answers)
            lack = Lack.OTHER_BLOCK if isinstance(error, _OtherBlock) else Lack.UNANSWERED
            answers += [Answer(None, source, str(error), lack)] * left
        finally:
            rpc.close()
        return answers

    def _check_node(self, rpc: Rpc) -> None:
        info = rpc.call("getblockchaininfo")
        network = info.get("chain") if isinstance(info, dict) else None
        if network != self.options.network:
            raise _NotKnown(f"the node is on the network {str(network)[:20]!r}, not {self.options.network!r}")

    def _scan(self, rpc: Rpc, questions: Sequence[Question], pin: Pin, source: str) -> list[Answer]:
        scripts = self._scripts(rpc, questions)
        known = sorted({script for script in scripts if script is not None})
        held = self._held(rpc, known, pin) if known else {}
        return [
            Answer(None, source, "the node does not know such an address")
            if script is None
            else Answer(held[script], source)
            for script in scripts
        ]

    def _scripts(self, rpc: Rpc, questions: Sequence[Question]) -> list[str | None]:
        """The output script of each address in hexadecimal, as the node derives it; None if the node rejects it."""
        found: list[str | None] = []
        for start in range(0, len(questions), _BATCH):
            part = questions[start : start + _BATCH]
            for result in rpc.batch([Call("validateaddress", (question.address,)) for question in part]):
                if isinstance(result, Refused):
                    raise result
                if not isinstance(result, dict) or not isinstance(result.get("isvalid"), bool):
                    raise _NotKnown("the node's answer about an address cannot be read")
                script = result.get("scriptPubKey")
                if not result["isvalid"]:
                    found.append(None)
                elif isinstance(script, str) and _SCRIPT.match(script):
                    found.append(script)
                else:
                    raise _NotKnown("the node's answer about an address cannot be read")
        return found

    def _held(self, rpc: Rpc, scripts: Sequence[str], pin: Pin) -> dict[str, int]:
        """The sum of the outputs to each script, in units of 10^−36."""
        answer = rpc.call("scantxoutset", "start", [f"raw({script})" for script in scripts])
        if not isinstance(answer, dict) or answer.get("success") is not True:
            raise _NotKnown("the scan did not succeed")
        if answer.get("bestblock") != pin.block.lower() or answer.get("height") != pin.height:
            at = f"{str(answer.get('height'))[:20]} {str(answer.get('bestblock'))[:64]}"
            raise _OtherBlock(f"the node's tip is not the snapshot's block: it is {at!r}")
        held = dict.fromkeys(scripts, 0)
        outputs, seen = answer.get("unspents"), set()
        if not isinstance(outputs, list):
            raise _NotKnown("the scan's answer has no outputs")
        for output in outputs:
            script, amount, place = _output(output)
            if script not in held or place in seen:
                raise _NotKnown("the scan's answer has an output that was not asked for, or lists one twice")
            seen.add(place)
            held[script] += amount
        if sum(held.values()) != _coins(answer.get("total_amount")):
            raise _NotKnown("the outputs of the scan do not add up to its total")
        return held


def _output(output: Any) -> tuple[str, int, tuple[str, int]]:
    if not isinstance(output, dict):
        raise _NotKnown("an output of the scan cannot be read")
    txid, vout, script = output.get("txid"), output.get("vout"), output.get("scriptPubKey")
    if not (isinstance(txid, str) and matches(DIGEST, txid) and isinstance(vout, int) and isinstance(script, str)):
        raise _NotKnown("an output of the scan cannot be read")
    return script, _coins(output.get("amount")), (txid, vout)


def _coins(value: Any) -> int:
    """A JSON number of coins, which the reader keeps as text, in units of 10^−36."""
    try:
        units = parse_amount(str(value), FINEST, Rounding.EXACT) if type(value) in (str, int) else -1
    except AmountError:
        units = -1
    if units < 0:
        raise _NotKnown("an amount of the scan cannot be read")
    return units
