"""A node of the tests behind the server of the conformance suite, and options of providers that give up soon."""

from __future__ import annotations

import json
from typing import Any

from polyproof.testing.servers import Reply, Request, Respond
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
