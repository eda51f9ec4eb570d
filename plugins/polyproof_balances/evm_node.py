"""A node of Ethereum that is asked about one block: several requests at a time, and given up if it keeps failing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from attrs import frozen

from polyproof.balances import Pin
from polyproof.progress import Progress
from polyproof.toolkit.endpoint import Endpoint, EndpointOptions
from polyproof.toolkit.http import Failed
from polyproof.toolkit.json_rpc import Call, Refused, Rpc
from polyproof_balances.asking import Clients, Patience
from polyproof_balances.evm_abi import BLOCK_HASH, quantity

__all__ = ["Node", "Unknown", "parsed"]

_T = TypeVar("_T")


@frozen
class Unknown:
    """Why something is not known."""

    reason: str
    reverted: bool = False
    """Whether the node ran the contract, and the contract reverted."""


class Node:
    """Asks about the block of one pin; as a context manager, its connections and threads end with the block."""

    def __init__(
        self,
        endpoint: Endpoint,
        options: EndpointOptions,
        pin: Pin,
        progress: Progress,
        *,
        chain_id: int,
        batch: int,
        parallel: int,
    ) -> None:
        """``batch``: calls in one request. ``parallel``: requests at a time, each on a connection of its own."""
        self._pin = pin
        self._progress = progress
        self._chain_id = chain_id
        self._batch = batch
        self._patience = Patience()
        self._clients = Clients(lambda: Rpc(endpoint, options), parallel)

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self._clients.__exit__()

    @property
    def block(self) -> dict[str, Any]:
        """The block parameter of a call, by hash: the answer is about that block or there is none (EIP-1898)."""
        return {"blockHash": self._pin.block.lower(), "requireCanonical": True}

    def contract_call(self, contract: str, data: str) -> Call:
        """``eth_call`` of a contract at the block."""
        return Call("eth_call", ({"to": contract.lower(), "data": data}, self.block))

    def unusable(self) -> Unknown | None:
        """Why this node cannot be asked about this block; None if it can."""
        pin = self._pin
        if not BLOCK_HASH.match(pin.block):
            return Unknown("the pinned block is not a hash of 32 bytes, 0x and 64 hexadecimal digits")
        try:
            chain_id = quantity(self._clients.mine().call("eth_chainId"))
            if chain_id != self._chain_id:
                return Unknown(f"the node is on chain {chain_id}, not {self._chain_id}")
            block = self._clients.mine().call("eth_getBlockByHash", pin.block.lower(), False)
            if not isinstance(block, dict):
                return Unknown("the node does not know the snapshot's block")
            if str(block.get("hash")).lower() != pin.block.lower():
                return Unknown("the node answered with a block other than the snapshot's")
            height = quantity(block.get("number"))
            if height != pin.height:
                return Unknown(f"the snapshot's block has height {height}, not {pin.height}")
        except (Failed, Refused, ValueError) as error:
            return Unknown(str(error))
        return None

    def ask(self, calls: Sequence[Call], parse: Callable[[Any], _T], title: str | None) -> list[_T | Unknown]:
        """The answers to calls, in order. ``parse`` raises ``ValueError`` for what is not an answer.

        ``title`` is that of the progress shown; None shows none.
        """
        batches = [calls[start : start + self._batch] for start in range(0, len(calls), self._batch)]
        found: list[_T | Unknown] = []
        with (self._progress if title else Progress()).task(title or "", len(calls)) as task:
            for batch, results in zip(batches, self._clients.pool.map(self._exchange, batches), strict=True):
                found += [parsed(result, parse) for result in results]
                task.advance(len(batch))
        return found

    def _exchange(self, batch: Sequence[Call]) -> Sequence[Any]:
        if why := self._patience.ended:
            return [Unknown(why)] * len(batch)
        try:
            results = self._clients.mine().batch(batch)
        except Failed as error:
            self._patience.failed()
            return [Unknown(str(error))] * len(batch)
        self._patience.answered()
        return results


def parsed(result: Any, parse: Callable[[Any], _T]) -> _T | Unknown:
    """The result of a call, parsed; ``Unknown`` if the node refused or ``parse`` raises ``ValueError``."""
    if isinstance(result, Unknown):
        return result
    if isinstance(result, Refused):
        # Code 3 is "execution reverted" in most clients; the others say so in words.
        return Unknown(str(result), result.code == 3 or "revert" in result.message.lower())
    try:
        return parse(result)
    except ValueError as error:
        return Unknown(str(error))
