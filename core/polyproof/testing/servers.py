"""A local server that answers as a test wants: honestly, wrongly, or as no server should.

For tests of clients that ask a server over HTTP. It writes to sockets itself, so that it can send what no HTTP library
would. ``FLOODS`` and ``DRIPS`` are answers that never end.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from attrs import field, frozen

__all__ = ["DRIPS", "FLOODS", "SECRET", "Reply", "Request", "Respond", "Server", "Wire"]

SECRET = "secret-key-of-the-suite"
"""A secret in the server's URL, which must never be printed, logged or published."""


@frozen
class Request:
    """What a client asked."""

    method: str
    path: str
    """Path and query below the URL of the server: empty, or beginning with a slash."""
    body: bytes
    headers: dict[str, str] = field(factory=dict, eq=False)
    """By name in lower case."""


@frozen
class Reply:
    """A well-formed answer of HTTP."""

    body: bytes
    status: int = 200
    location: str | None = None


@frozen
class Wire:
    """Raw bytes to send: some once, then others repeatedly until the client hangs up; then the connection is closed."""

    first: bytes
    again: bytes = b""
    pause: float = 0.0
    """Seconds before each repetition."""


_LONGEST = 10.0
_MOST = 256 << 20
"""Seconds and bytes after which an endless answer stops after all, so that a test of a bad client fails, not hangs."""
Respond = Callable[[Request], "Reply | Wire"]


class Server:
    """Serves one port; ``respond`` may be replaced while it runs."""

    def __init__(self, respond: Respond, tls: ssl.SSLContext | None = None) -> None:
        """``respond`` answers each request; with ``tls`` the server speaks HTTPS. It does not listen yet."""
        self.respond = respond
        self.requests: list[Request] = []
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The URL while the block runs; afterwards all connections and threads are gone."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = self._start(self._accept, listener)
            scheme = "https" if self._tls else "http"
            try:
                yield f"{scheme}://localhost:{listener.getsockname()[1]}/{SECRET}"
            finally:
                self._over.set()
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()
                for connection in list(self._open):
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)
                for thread in self._threads:
                    thread.join()

    def _start(self, target: Callable[[socket.socket], None], argument: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=target, args=(argument,), daemon=True)
        thread.start()
        return thread

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._open.add(connection)
                self._threads.append(self._start(self._serve, connection))

    def _serve(self, connection: socket.socket) -> None:
        wrapped = connection
        with suppress(OSError, ValueError):
            if self._tls is not None:
                wrapped = self._tls.wrap_socket(connection, server_side=True)
                self._open.add(wrapped)
            with wrapped.makefile("rb") as stream:
                while (request := _read(stream.readline, stream.read)) is not None:
                    self.requests.append(request)
                    answer = self.respond(request)
                    if isinstance(answer, Wire):
                        self._send(wrapped, answer)
                        break
                    wrapped.sendall(_spelled(answer))
        for one in (wrapped, connection):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
            self._open.discard(one)

    def _send(self, connection: socket.socket, wire: Wire) -> None:
        connection.sendall(wire.first)
        end, left = time.monotonic() + _LONGEST, _MOST
        while wire.again and left > 0 and time.monotonic() < end and not self._over.wait(min(wire.pause, _LONGEST)):
            connection.sendall(wire.again)
            left -= len(wire.again)


def _read(line: Callable[[], bytes], read: Callable[[int], bytes]) -> Request | None:
    method, _, rest = line().decode("latin-1").partition(" ")
    if not rest:
        return None
    headers = {}
    while text := line().decode("latin-1").strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    body = read(int(headers.get("content-length", 0)))
    return Request(method, rest.rpartition(" ")[0].removeprefix(f"/{SECRET}"), body, headers)


def _spelled(reply: Reply) -> bytes:
    location = f"Location: {reply.location}\r\n" if reply.location else ""
    head = f"HTTP/1.1 {reply.status} Reply\r\nContent-Length: {len(reply.body)}\r\n{location}\r\n"
    return head.encode() + reply.body


_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_BLOCK = b" " * 65536

DRIPS: dict[str, Wire] = {
    "silence": Wire(b"", b" ", 3600.0),
    "a body": Wire(_OK + b"Content-Length: 1000000\r\n\r\n", b" ", 0.02),
    "a body after Connection: close": Wire(_OK + b"Connection: close\r\nContent-Length: 1000000\r\n\r\n", b" ", 0.02),
    "a body without a length": Wire(_OK + b"\r\n", b" ", 0.02),
    "a body of HTTP/1.0": Wire(b"HTTP/1.0 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" ", 0.02),
    "chunks": Wire(_CHUNKED, b"1\r\n \r\n", 0.02),
    "a chunk": Wire(_CHUNKED + b"ffff\r\n", b" ", 0.02),
    "a chunk's extension": Wire(_CHUNKED + b"1;", b"x", 0.02),
    "headers": Wire(_OK, b"X: y\r\n", 0.02),
    "a header": Wire(_OK + b"X: ", b"y", 0.02),
    "a status line": Wire(b"HTTP/1.1 200 ", b"O", 0.02),
    "a line after the last chunk": Wire(_CHUNKED + b"0\r\n", b"X: y\r\n", 0.02),
    "informational answers": Wire(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
}
"""Answers that never finish; all but the first keep sending, so that no timeout of a single read is reached."""

FLOODS: dict[str, Wire] = {
    "a body": Wire(_OK + b"Content-Length: 100000000000\r\n\r\n", _BLOCK),
    "a body without a length": Wire(_OK + b"\r\n", _BLOCK),
    "a chunk": Wire(_CHUNKED + b"fffffffffffffffffffff\r\n", _BLOCK),
    "a chunk of size -1": Wire(_CHUNKED + b"-1\r\n", _BLOCK),
    "a chunk of size -ffff": Wire(_CHUNKED + b"-ffff\r\n", _BLOCK),
    "chunks": Wire(_CHUNKED, b"10000\r\n" + _BLOCK + b"\r\n"),
    "a chunk's size": Wire(_CHUNKED, b"1" * 65536),
    "a chunk's extension": Wire(_CHUNKED + b"1;", b"x" * 65536),
    "lines after the last chunk": Wire(_CHUNKED + b"0\r\n", b"X: y\r\n" * 10000),
    "a line after the last chunk": Wire(_CHUNKED + b"0\r\n", b"x" * 65536),
    "headers": Wire(_OK, b"X: y\r\n" * 10000),
    "a header": Wire(_OK + b"X: ", b"y" * 65536),
    "long headers": Wire(_OK, b"X: " + b"y" * 65000 + b"\r\n"),
    "a status line": Wire(b"HTTP/1.1 200 ", b"O" * 65536),
    "informational answers": Wire(b"", b"HTTP/1.1 100 Continue\r\n" + b"X: y\r\n" * 90 + b"\r\n"),
}
"""Answers that never finish and send as fast as the client reads."""
