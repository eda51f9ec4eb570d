"""A JSON-RPC server on this machine, which answers as a node does or as a test wants it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import define, field

Method = Callable[[list[Any]], Any]


class RpcError(Exception):
    """An error that the server answers with."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


def spelled(value: Any) -> str:
    """JSON, in which texts of the class ``Spelled`` are numbers as they are written."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{spelled(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spelled, value)) + "]"
    return str(value) if type(value).__name__ == "Spelled" else json.dumps(value)


@define
class Node:
    """What the server does. ``raw`` answers a request by itself: it gets the handler, the body and the count."""

    methods: dict[str, Method] = field(factory=dict)
    raw: Callable[[Handler, bytes, int], bool] | None = None
    """True where it has answered; otherwise the methods do."""
    requests: list[Any] = field(factory=list)
    headers: list[dict[str, str]] = field(factory=list)
    url: str = ""

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call."""
        found: dict[str, Any] = {"jsonrpc": "2.0", "id": call["id"]}
        method = self.methods.get(call["method"])
        if method is None:
            return {**found, "error": {"code": -32601, "message": "the method does not exist"}}
        try:
            return {**found, "result": method(call["params"])}
        except RpcError as error:
            return {**found, "error": {"code": error.code, "message": error.message}}

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Every call of every request, in order."""
        return [call for one in self.requests for call in (one if isinstance(one, list) else [one])]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        node = self.server.node
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        node.requests.append(request)
        node.headers.append(dict(self.headers))
        if node.raw is not None and node.raw(self, body, len(node.requests)):
            return
        answer = [node.answer(call) for call in request] if isinstance(request, list) else node.answer(request)
        self.send(200, spelled(answer).encode())

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    node: Node

    def handle_error(self, *_: object) -> None:
        """Clients that cut the connection off are what is tested."""


@contextmanager
def serving(node: Node) -> Iterator[Node]:
    """The server while the block runs, at ``node.url``."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.node = node
        node.url = f"http://127.0.0.1:{server.server_address[1]}/v3/secret-key-of-the-test"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield node
        finally:
            server.shutdown()
            thread.join()
