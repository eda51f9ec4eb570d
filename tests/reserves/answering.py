"""What tests of providers share: nodes behind the server of the conformance suite, questions to one, patience."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from polyproof.balances import Answer, BalanceProvider, Pin, Question
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.testing.balances import Connect, ServedBalanceSuite
from polyproof.testing.servers import Reply, Request, Respond, Server
from reserves.rpc_server import Node, spelled

QUICK: dict[str, Any] = {"attempts": 2, "backoff": 0.0, "timeout": 0.3, "max_response_bytes": 1 << 20}
ONCE: dict[str, Any] = {**QUICK, "attempts": 1}
"""For providers that share how they ask with one that is tried with two attempts: silence takes half the time."""


def answering(node: Node) -> Respond:
    """A node's answers over the suite's server."""

    def respond(request: Request) -> Reply:
        asked = json.loads(request.body)
        answer = [node.answer(call) for call in asked] if isinstance(asked, list) else node.answer(asked)
        return Reply(spelled(answer).encode())

    return respond


def opened(Provider: type[BalanceProvider], url: str, **options: Any) -> BalanceProvider:
    """A provider that asks this server one question at a time, and each once."""
    made = Provider(Provider.Options(**{"url": url, "parallel": 1, **ONCE, **options}), default_registry())
    made.open(Path())
    return made


def answer_of(provider: BalanceProvider, question: Question, pin: Pin) -> Answer:
    """To one question alone."""
    (found,) = provider.balances([question], pin, Progress())
    return found


def answer_by(respond: Respond, connect: Connect, question: Question, pin: Pin) -> Answer:
    """The same from a provider that asks a server with these answers."""
    with Server(respond).listening() as url:
        return answer_of(connect(url), question, pin)


def held_or_why(found: Answer) -> int | str:
    """What the account held, or why that is not known."""
    return found.reason if found.held is None else found.held


class AccountBalanceSuite(ServedBalanceSuite):
    """For providers that ask about one account after another."""

    one_by_one = True
    snapshot: ClassVar[Pin]
    connected: ClassVar[Connect]

    @pytest.fixture
    def pin(self) -> Pin:
        return self.snapshot

    @pytest.fixture
    def connect(self) -> Connect:
        return self.connected
