"""A client that calls an ASGI application without a network, and sends a path as it stands, which browsers do not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlencode

from attrs import frozen
from starlette.types import ASGIApp, Message

Headers = Mapping[str, str] | Sequence[tuple[str | bytes, str | bytes]]


@frozen
class Answer:
    """What came back; nothing of it says when."""

    status_code: int
    pairs: tuple[tuple[str, str], ...]
    """Headers in their order, names in lower case."""
    content: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The headers, none of which may be there twice."""
        assert len(dict(self.pairs)) == len(self.pairs), self.pairs
        return dict(self.pairs)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()


class AsgiClient:
    """One who asks from an address."""

    def __init__(self, app: ASGIApp, address: str) -> None:
        self._app = app
        self._address = address

    def request(self, method: str, target: str, *, headers: Headers = (), body: bytes = b"") -> Answer:
        """Ask for something; ``target`` is sent as it stands."""
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        raw = [(_bytes(name).lower(), _bytes(value)) for name, value in pairs]
        path, _, query = target.partition("?")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": raw,
            "client": (self._address, 40000),
            "server": ("testserver", 80),
        }
        return asyncio.run(self._ask(scope, body))

    async def _ask(self, scope: dict[str, Any], body: bytes) -> Answer:
        sent: list[Message] = []
        asked = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Message:
            return next(asked, {"type": "http.disconnect"})

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        start, *parts = sent
        assert start["type"] == "http.response.start"
        assert not parts[-1].get("more_body", False)
        pairs = tuple((name.decode(), value.decode()) for name, value in start["headers"])
        # A server sends no body to HEAD, whatever the application gives it.
        content = b"" if scope["method"] == "HEAD" else b"".join(part.get("body", b"") for part in parts)
        return Answer(start["status"], pairs, content)

    def get(self, target: str, headers: Headers = ()) -> Answer:
        """GET."""
        return self.request("GET", target, headers=headers)

    def head(self, target: str) -> Answer:
        """HEAD."""
        return self.request("HEAD", target)

    def post(self, target: str, fields: Sequence[tuple[str, str]], headers: Headers = ()) -> Answer:
        """POST of a form."""
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        kind = ("Content-Type", "application/x-www-form-urlencoded")
        return self.request("POST", target, headers=[*pairs, kind], body=urlencode(fields).encode())


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")
