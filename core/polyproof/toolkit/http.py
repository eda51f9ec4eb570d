"""HTTP with a server that may be slow, wrong or hostile.

One exchange takes bounded time and memory: a deadline for the whole of it, headers and body included, a largest body,
no redirects, no proxies, no decompression. Failures that may be temporary are retried, a bounded number of times, with
waits that double and are spread at random. URLs and credentials appear in no message and no log.

urllib3 connects, speaks TLS and HTTP, and counts the attempts. Four things it cannot do are here: a deadline for an
exchange (its timeouts are for each read alone, so a server that sends slowly is never late), waits spread from zero,
another attempt after an answer that is useless, and silence: it logs URLs.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, ClassVar, TypeVar

import urllib3.connection
import urllib3.exceptions
from attrs import frozen
from urllib3.util.retry import Retry

from polyproof.formats.strict_json import parse_strict
from polyproof.toolkit.endpoint import Endpoint, EndpointOptions

__all__ = ["Failed", "HttpClient", "MayPass", "Response"]

_T = TypeVar("_T")
_TOO_LONG = "the node took too long to answer"
_LONGEST_WAIT = 60.0
_PIECE = 1 << 16
_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}
"""Statuses of servers that are busy, restarting, or behind something that is."""


class Failed(Exception):
    """No usable answer; the text says why, for people, and contains no URL."""


class MayPass(Failed):
    """The same, but another attempt may succeed."""


@frozen
class Response:
    """What a server answered, whatever its status; a redirect never gets here."""

    status: int
    body: bytes

    def check(self) -> None:
        """Raise ``Failed`` for any status but 200, ``MayPass`` for one that may pass."""
        if self.status != 200:
            kind = MayPass if self.status in _MAY_PASS else Failed
            raise kind(f"the node answered with HTTP status {self.status}")

    def json(self) -> Any:
        """The body as JSON, where numbers that are not integers are texts as they are written. Raises ``MayPass``."""
        try:
            return parse_strict(self.body, fractions_as_text=True, most_digits=100)
        except ValueError:
            kind = "HTML" if self.body.lstrip()[:1] == b"<" else "something else"
            raise MayPass(f"the node's answer is not JSON but {kind}") from None


class HttpClient:
    """Asks one server over one connection, which is kept; for one thread at a time."""

    sends: ClassVar[str] = "application/json"
    """The media type of what is posted."""
    accepts: ClassVar[str] = "application/json"
    """The media type of answers."""

    def __init__(self, endpoint: Endpoint, options: EndpointOptions) -> None:
        """Nothing is sent yet."""
        self._endpoint = endpoint
        self._options = options
        self._connection: urllib3.connection.HTTPConnection | None = None
        self._sleep: Callable[[float], None] = time.sleep

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None

    def get(self, path: str, read: Callable[[Response], _T]) -> _T:
        """What ``read`` makes of the answer to GET of ``path``, which begins with a slash, below the URL.

        ``read`` raises ``MayPass`` for an answer that is worth another attempt and ``Failed`` for one that is not; so
        does this, once all attempts are made.
        """
        return self._ask("GET", path, None, read)

    def post(self, body: bytes, read: Callable[[Response], _T], path: str = "") -> _T:
        """The same of POST to the URL itself, or to ``path`` below it."""
        return self._ask("POST", path, body, read)

    def _ask(self, method: str, path: str, body: bytes | None, read: Callable[[Response], _T]) -> _T:
        attempts: Retry = _Attempts(
            self._options.attempts - 1, backoff_factor=self._options.backoff, backoff_max=_LONGEST_WAIT
        )
        while True:
            try:
                return read(self._exchange(method, self._endpoint.target(path), body))
            except MayPass as error:
                self.close()
                made = len(attempts.history) + 1
                try:
                    attempts = attempts.increment(error=error)
                except urllib3.exceptions.MaxRetryError:
                    raise Failed(f"{error}, {made} times" if made > 1 else str(error)) from None
                self._sleep(attempts.get_backoff_time())
            except Failed:
                self.close()
                raise

    def _exchange(self, method: str, target: str, body: bytes | None) -> Response:
        """Send and read within the deadline, however slowly the server sends."""
        fresh = self._connection is None
        deadline = _Deadline(self._options.timeout)
        try:
            with _silence(), deadline:
                response = self._talk(deadline, method, target, body)
            if deadline.passed:
                raise MayPass(_TOO_LONG)
            return response
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            cause = error.__cause__ or error
            if deadline.passed or isinstance(cause, TimeoutError):
                raise MayPass(_TOO_LONG) from None
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise Failed("the node's certificate is not valid") from None
            kept = "" if fresh else " (of a connection that was kept)"
            raise MayPass(f"the connection failed: {_what(cause)}{kept}") from None

    def _talk(self, deadline: _Deadline, method: str, target: str, body: bytes | None) -> Response:
        connection = self._connection = self._connection or self._connect()
        if not connection.is_connected:
            connection.close()
            connection.connect()
        deadline.watch(connection.sock)
        headers = {"Accept": self.accepts, "Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = self.sends
        if self._endpoint.authorization is not None:
            headers["Authorization"] = self._endpoint.authorization
        connection.request(method, target, body, headers, preload_content=False, decode_content=False)
        answer = connection.getresponse()
        most = self._options.max_response_bytes
        announced = answer.length_remaining or 0
        data = bytearray()
        # Piece by piece with read1. ``stream`` takes lines of any length between chunks, and ``read`` takes a chunk of
        # size −1 for everything that is still to come.
        while announced <= most and len(data) <= most and (piece := answer.read1(_PIECE, decode_content=False)):
            data += piece
        if max(len(data), announced) > most:
            raise Failed(f"the node's answer has more than {most} bytes")
        if 300 <= answer.status < 400:
            raise Failed(f"the node answered with a redirect ({answer.status}), which is not followed")
        return Response(answer.status, bytes(data))

    def _connect(self) -> urllib3.connection.HTTPConnection:
        kind = urllib3.connection.HTTPSConnection if self._endpoint.secure else urllib3.connection.HTTPConnection
        return kind(self._endpoint.host, self._endpoint.port, timeout=self._options.timeout)


_WHAT: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "it was refused"),
    (socket.gaierror, "the name of its host is not known"),
    (urllib3.exceptions.NameResolutionError, "the name of its host is not known"),
    (http.client.RemoteDisconnected, "it was closed without an answer"),
    (ConnectionError, "it was broken off"),
    (ssl.SSLError, "no TLS could be agreed on"),
    (http.client.IncompleteRead, "the answer was broken off"),
    (urllib3.exceptions.IncompleteRead, "the answer was broken off"),
    (http.client.HTTPException, "what came is no answer of HTTP"),
    (urllib3.exceptions.HTTPError, "what came is no answer of HTTP"),
    (OSError, "there is no way to its host"),
)


def _what(error: BaseException) -> str:
    """What happened to a connection, by the kind of the error alone: its text may hold the host."""
    return next((words for kind, words in _WHAT if isinstance(error, kind)), "what came is no answer of HTTP")


class _Attempts(Retry):
    """Full jitter: clients that failed together do not come back together."""

    def get_backoff_time(self) -> float:
        """At random up to the wait, which doubles with every attempt that failed."""
        doubled: float = self.backoff_factor * 2 ** (len(self.history) - 1)
        return random.uniform(0, min(doubled, self.backoff_max))


class _Deadline:
    """Cuts a socket off when the time is up, in whatever read or write it is.

    The socket itself is kept, and not the connection, which forgets it while a last answer is still being read.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def watch(self, connected: socket.socket) -> None:
        """Watch this socket from now on. Raises ``TimeoutError`` if connecting has used up the time."""
        self._socket = connected
        if self.passed:
            raise TimeoutError

    def _pass(self) -> None:
        self.passed = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which would drop TLS while another thread is reading.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


_silent: ContextVar[bool] = ContextVar("_silent", default=False)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Drop everything that urllib3 logs in this thread: for malformed headers, it logs the URL."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


class _Silencer(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to keep the record: only if it comes from an exchange in another thread."""
        return not _silent.get()


for _name in ("urllib3.connection", "urllib3.response"):
    logging.getLogger(_name).addFilter(_Silencer())
