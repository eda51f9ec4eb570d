"""How a node is asked many questions: a client for each thread, and an end to it where the node keeps failing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from polyproof.toolkit.http import HttpClient

__all__ = ["Clients", "Patience"]

_IN_A_ROW = 3
_ALWAYS_FORGIVEN = 32
_OF = 100
_Client = TypeVar("_Client", bound=HttpClient)


class Patience:
    """Ends when a node has failed several times in a row, or too often in all.

    A failure has cost all attempts of a request, each as long as the timeout. A node that fails twice and then answers,
    again and again, could so stretch a run to the time of all questions; it is forgiven 32 failures, and one more for
    each hundred questions that it answered.
    """

    def __init__(self) -> None:
        self._in_a_row = self._failed = self._answered = 0

    @property
    def ended(self) -> str:
        """Why nothing more is asked; empty while something is. The text may be published."""
        if self._in_a_row >= _IN_A_ROW:
            return "no longer asked: the node failed several times in a row"
        if self._failed > _ALWAYS_FORGIVEN + self._answered // _OF:
            return "no longer asked: the node failed too often"
        return ""

    def failed(self) -> None:
        """A question was not answered at all."""
        self._in_a_row += 1
        self._failed += 1

    def answered(self) -> None:
        """A question was answered, if only with a refusal."""
        self._in_a_row = 0
        self._answered += 1


class Clients(Generic[_Client]):
    """A client for each thread of a pool; all of them, and the threads, end with the block."""

    def __init__(self, make: Callable[[], _Client], parallel: int) -> None:
        self.pool = ThreadPoolExecutor(parallel)
        self._make = make
        self._local = threading.local()
        self._made: list[_Client] = []

    def mine(self) -> _Client:
        """This thread's own."""
        client: _Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._make()
            self._made.append(client)
        return client

    def __enter__(self) -> Clients[_Client]:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        for client in self._made:
            client.close()
