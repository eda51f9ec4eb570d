"""JSON-RPC 2.0: calls and batches of calls, each with exactly one answer that bears its id."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from polyproof.toolkit.endpoint import Endpoint, EndpointOptions
from polyproof.toolkit.http import HttpClient, MayPass, Response

__all__ = ["Call", "Refused", "Rpc"]

_TOO_MANY = {-32005, 429}
"""Error codes for too many requests: "limit exceeded" of EIP-1474, and the HTTP status that gateways repeat."""


class Refused(Exception):
    """The server understood a call and answered with an error of its own."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"the node answered with error {code}: {message}")


@frozen
class Call:
    """One call of a method."""

    method: str
    params: tuple[Any, ...]


Result = Any
"""What a call returned, with numbers that are not integers as strings; or ``Refused``."""


class Rpc(HttpClient):
    """Calls the methods of a server; for one thread at a time."""

    def __init__(self, endpoint: Endpoint, options: EndpointOptions) -> None:
        """Nothing is sent yet."""
        super().__init__(endpoint, options)
        self._next_id = random.randrange(1, 1 << 31)

    def call(self, method: str, *params: Any) -> Result:
        """The result of one call. Raises ``Failed``, or ``Refused`` if the server answers with an error."""
        (result,) = self.batch([Call(method, params)])
        if isinstance(result, Refused):
            raise result
        return result

    def batch(self, calls: Sequence[Call]) -> list[Result]:
        """The results of several calls in one exchange, in order; ``Refused`` for a call that the server refuses.

        Raises ``Failed`` if no attempt at the exchange brings a usable answer.
        """
        ids = [self._next_id + number for number in range(len(calls))]
        self._next_id += len(calls)
        requests = [
            {"jsonrpc": "2.0", "id": id, "method": call.method, "params": list(call.params)}
            for id, call in zip(ids, calls, strict=True)
        ]
        single = len(calls) == 1
        body = json.dumps(requests[0] if single else requests, separators=(",", ":")).encode()
        return self.post(body, lambda response: self._results(response, ids, single=single))

    def _results(self, response: Response, ids: Sequence[int], *, single: bool) -> list[Result]:
        # Bitcoin Core uses these statuses when the body contains an error of JSON-RPC.
        if response.status not in (400, 404, 500) or response.body.lstrip()[:1] not in (b"{", b"["):
            response.check()
        answer = response.json()
        answers = [answer] if single else answer
        if not isinstance(answers, list):
            raise MayPass(self._endpoint.hidden_in(_about_batch(answer)))
        results = [
            Refused(one.code, self._endpoint.hidden_in(one.message)) if isinstance(one, Refused) else one
            for one in _in_order(answers, ids)
        ]
        for result in results:
            if isinstance(result, Refused) and result.code in _TOO_MANY:
                raise MayPass(str(result))
        return results


def _about_batch(answer: Any) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    return (
        f"the node answered a batch with an error: {_message(error)}" if error else "the node's answer is not a batch"
    )


def _in_order(answers: list[Any], ids: Sequence[int]) -> list[Result]:
    by_id: dict[int, Result] = {}
    asked = set(ids)
    for answer in answers:
        if not isinstance(answer, dict):
            raise MayPass("the node's answer is not JSON-RPC")
        id = answer.get("id")
        if type(id) is not int or id not in asked or id in by_id:
            raise MayPass("the node answered a question that it was not asked, or answered one twice")
        by_id[id] = _result(answer)
    if len(by_id) < len(ids):
        raise MayPass("the node left a question unanswered")
    return [by_id[id] for id in ids]


def _result(answer: dict[str, Any]) -> Result:
    error = answer.get("error")
    if error is None:
        if "result" not in answer:
            raise MayPass("the node's answer has neither a result nor an error")
        return answer["result"]
    code = error.get("code") if isinstance(error, dict) else None
    return Refused(code if type(code) is int and abs(code) < 1 << 31 else 0, _message(error))


def _message(error: Any) -> str:
    """A server's message, safe to publish: printable ASCII without URLs. ``Endpoint.hidden_in`` shortens it."""
    text = error.get("message") if isinstance(error, dict) else error
    text = text if isinstance(text, str) else "no message"
    text = "".join(char if " " <= char <= "~" else "?" for char in text[:1000])
    # Some servers repeat the URL they were asked under, or a key.
    return re.sub(r"\S*(?:://|[A-Za-z0-9_-]{24,})\S*", "…", text)
