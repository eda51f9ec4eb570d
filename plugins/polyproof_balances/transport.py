"""JSON-RPC over HTTP with a server that may be slow, wrong or hostile.

One exchange takes bounded time and memory: a deadline for the whole of it, headers and body included, a largest body,
no redirects, no proxies, no compression. What fails in a way that may pass is tried again, a bounded number of times,
with waits that double and are spread at random. URLs and what authorises are in no message: they may hold keys.

http.client of the standard library is enough for this: one connection, one request at a time.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from polyproof.config.options import option
from polyproof.errors import InputError, Problem

__all__ = ["Call", "Endpoint", "EndpointOptions", "Failed", "Refused", "Rpc", "open_endpoint"]

_MOST_DEPTH = 100
_ENVIRONMENT = (r"[A-Za-z_][A-Za-z0-9_]{0,127}", "the name of an environment variable")


@frozen(kw_only=True)
class EndpointOptions:
    """Where a node is and how patiently it is asked; options of a provider derive from it."""

    url: str | None = option(
        default=None, doc="URL of the node's JSON-RPC. If it holds a key, name a variable instead: specs get shared."
    )
    url_env: str | None = option(
        default=None, pattern=_ENVIRONMENT, doc="Environment variable that holds the URL, user:password@ included."
    )
    authorization_env: str | None = option(
        default=None, pattern=_ENVIRONMENT, doc="Environment variable that holds the value of the header Authorization."
    )
    timeout: float = option(default=30.0, least=0.1, most=86400.0, doc="Seconds that one exchange may take in all.")
    attempts: int = option(default=4, least=1, most=20, doc="How often a question is asked before it is given up.")
    backoff: float = option(
        default=0.5, least=0.0, most=600.0, doc="Seconds before the second attempt; they double each time, up to 60."
    )
    max_response_bytes: int = option(default=32 << 20, least=1024, most=1 << 30, doc="The largest answer that is read.")


class Failed(Exception):
    """No usable answer; the text says why, for people, and holds no URL."""


class Passing(Failed):
    """The same, but it may go better next time."""


class Refused(Exception):
    """The server understood a call and answered with an error of its own."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"the node answered with error {code}: {message}")


@frozen
class Endpoint:
    """A URL taken apart. Its text shows nothing of it."""

    secure: bool = field(repr=False)
    host: str = field(repr=False)
    port: int = field(repr=False)
    path: str = field(repr=False)
    authorization: str | None = field(repr=False)

    def hidden_in(self, text: str) -> str:
        """A server's words without what they repeat of this."""
        parts = [self.host, *re.split(r"[/?&=]", self.path), *(self.authorization or "").split()]
        for part in sorted((part for part in parts if len(part) >= 4), key=len, reverse=True):
            text = text.replace(part, "…")
        return text[:160]


def open_endpoint(options: EndpointOptions) -> Endpoint:
    """Where the options point. Raises ``InputError``, without the URL in it."""
    if (options.url is None) == (options.url_env is None):
        raise InputError(Problem("either url or url_env says where the node is"))
    url = options.url if options.url is not None else _environment(options.url_env or "")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise InputError("the URL of a node cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise InputError(Problem("the URL of a node is none", hint="wanted is http://… or https://…"))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not re.fullmatch(r"[!-~]+", path):
        raise InputError("the URL of a node has characters that must be escaped")
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    if options.authorization_env is not None:
        authorization = _environment(options.authorization_env)
    if authorization is not None and not re.fullmatch(r"[ -~]+", authorization):
        raise InputError("what authorises has characters that a header cannot have")
    secure = parts.scheme == "https"
    return Endpoint(secure, parts.hostname, port or (443 if secure else 80), path, authorization)


def _environment(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise InputError(Problem(f"the environment variable {name} is not set", hint="the spec names it"))
    return value


@frozen
class Call:
    """One call of a method."""

    method: str
    params: tuple[Any, ...]


Result = Any
"""What a call returned, with numbers that are no integers as texts; or ``Refused``."""


class Rpc:
    """Calls a server; for one thread at a time."""

    def __init__(self, endpoint: Endpoint, options: EndpointOptions) -> None:
        """Nothing is sent yet."""
        self._endpoint = endpoint
        self._options = options
        self._connection: http.client.HTTPConnection | None = None
        self._next_id = random.randrange(1, 1 << 31)
        self._sleep: Callable[[float], None] = time.sleep

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None

    def call(self, method: str, *params: Any) -> Result:
        """One call. Raises ``Failed``, or ``Refused`` for an error that the server answers with."""
        (result,) = self.batch([Call(method, params)])
        if isinstance(result, Refused):
            raise result
        return result

    def batch(self, calls: Sequence[Call]) -> list[Result]:
        """Several calls in one exchange; a call that the server refuses has ``Refused`` for its result.

        Raises ``Failed`` where the exchange as a whole brought nothing usable, after all attempts.
        """
        wait = self._options.backoff
        for attempt in range(self._options.attempts):
            try:
                return self._exchange(calls)
            except Passing as error:
                self.close()
                if attempt + 1 == self._options.attempts:
                    raise Failed(f"{error}, {attempt + 1} times" if attempt else str(error)) from None
                # Full jitter: whoever failed together does not come back together.
                self._sleep(random.uniform(0, min(wait, 60.0)))
                wait *= 2
            except Failed:
                self.close()
                raise
        raise AssertionError("there is at least one attempt")

    def _exchange(self, calls: Sequence[Call]) -> list[Result]:
        ids = [self._next_id + number for number in range(len(calls))]
        self._next_id += len(calls)
        requests = [
            {"jsonrpc": "2.0", "id": id, "method": call.method, "params": list(call.params)}
            for id, call in zip(ids, calls, strict=True)
        ]
        single = len(calls) == 1
        body = json.dumps(requests[0] if single else requests, separators=(",", ":")).encode()
        answer = _parse(self._post(body))
        answers = [answer] if single else answer
        if not isinstance(answers, list):
            raise Passing(self._endpoint.hidden_in(_told(answer)))
        results = [
            Refused(one.code, self._endpoint.hidden_in(one.message)) if isinstance(one, Refused) else one
            for one in _in_order(answers, ids)
        ]
        for result in results:
            if isinstance(result, Refused) and result.code in _TOO_MANY:
                raise Passing(str(result))
        return results

    def _post(self, body: bytes) -> bytes:
        """Send and read within the deadline, whatever the server drips."""
        connection = self._connection
        fresh = connection is None
        if connection is None:
            connection = self._connection = self._connect()
        guard = _Guard(connection, self._options.timeout)
        try:
            with guard:
                data = self._talk(connection, body)
            if guard.fired:
                raise Passing(_TOO_LONG)
            return data
        except (http.client.HTTPException, OSError, ValueError, Failed) as error:
            if guard.fired or isinstance(error, TimeoutError):
                raise Passing(_TOO_LONG) from None
            if isinstance(error, Failed):
                raise
            if isinstance(error, ssl.SSLCertVerificationError):
                raise Failed("the node's certificate is not valid") from None
            kept = "" if fresh else " (of a connection that was kept)"
            raise Passing(f"the connection failed: {type(error).__name__}{kept}") from None

    def _connect(self) -> http.client.HTTPConnection:
        where, timeout = self._endpoint, self._options.timeout
        if where.secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(where.host, where.port, timeout=timeout, context=context)
        return http.client.HTTPConnection(where.host, where.port, timeout=timeout)

    def _talk(self, connection: http.client.HTTPConnection, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        if self._endpoint.authorization is not None:
            headers["Authorization"] = self._endpoint.authorization
        connection.request("POST", self._endpoint.path, body, headers)
        response = connection.getresponse()
        most = self._options.max_response_bytes
        data = response.read(most + 1) if (response.length or 0) <= most else b""
        if len(data) > most or (response.length or 0) > most:
            raise Failed(f"the node's answer has more than {most} bytes")
        if response.will_close:
            self.close()
        if response.length:
            raise Passing("the node's answer was cut short")
        _check_status(response, data)
        return data


_TOO_LONG = "the node took too long to answer"


class _Guard:
    """Cuts a connection off when its time is up: the timeout of a socket is for each read alone."""

    def __init__(self, connection: http.client.HTTPConnection, seconds: float) -> None:
        self.fired = False
        self._connection = connection
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True

    def _fire(self) -> None:
        self.fired = True
        with contextlib.suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


_TOO_MANY = {-32005, 429}
"""What nodes answer to who asks too much at a time (EIP-1474 «limit exceeded», and gateways)."""
_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}


def _check_status(response: http.client.HTTPResponse, data: bytes) -> None:
    status = response.status
    if status == 200:
        return
    if 300 <= status < 400:
        raise Failed(f"the node answered with a redirect ({status}), which is not followed")
    # Bitcoin Core answers 500 with an error of its own in the body, which _parse reads.
    if status in (400, 404, 500) and data.lstrip()[:1] in (b"{", b"["):
        return
    if status in _MAY_PASS:
        raise Passing(f"the node answered with HTTP status {status}")
    raise Failed(f"the node answered with HTTP status {status}")


def _parse(data: bytes) -> Any:
    try:
        text = data.decode("utf-8")
        return json.loads(text, parse_float=str, parse_constant=str, parse_int=_integer, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        kind = "HTML" if data.lstrip()[:1] == b"<" else "something else"
        raise Passing(f"the node's answer is no JSON but {kind}") from None


def _integer(digits: str) -> int:
    if len(digits) > 100:
        raise ValueError("a number is too long")
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _told(answer: Any) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    return f"the node answered a batch with an error: {_message(error)}" if error else "the node's answer is no batch"


def _in_order(answers: list[Any], ids: Sequence[int]) -> list[Result]:
    by_id: dict[int, Result] = {}
    wanted = set(ids)
    for answer in answers:
        if not isinstance(answer, dict):
            raise Passing("the node's answer is no JSON-RPC")
        id = answer.get("id")
        if type(id) is not int or id not in wanted or id in by_id:
            raise Passing("the node answered what it was not asked, or twice")
        by_id[id] = _result(answer)
    if len(by_id) < len(ids):
        raise Passing("the node left a question unanswered")
    return [by_id[id] for id in ids]


def _result(answer: dict[str, Any]) -> Result:
    error = answer.get("error")
    if error is None:
        if "result" not in answer:
            raise Passing("the node's answer has neither a result nor an error")
        return answer["result"]
    code = error.get("code") if isinstance(error, dict) else None
    return Refused(code if type(code) is int and abs(code) < 1 << 31 else 0, _message(error))


def _message(error: Any) -> str:
    """A server's words, harmless: they are shown, and published. ``Endpoint.hidden_in`` makes them short."""
    text = error.get("message") if isinstance(error, dict) else error
    text = text if isinstance(text, str) else "no message"
    text = "".join(char if " " <= char <= "~" else "?" for char in text[:1000])
    # Some servers repeat the URL they were asked under, or a key.
    return re.sub(r"\S*(?:://|[A-Za-z0-9_-]{24,})\S*", "…", text)


def cookie(path: Path) -> str:
    """What authorises by a node's cookie file. Raises ``InputError``."""
    try:
        text = path.read_text(encoding="utf-8")[:1000].strip()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"the node's cookie file {path} cannot be read") from None
    return "Basic " + base64.b64encode(text.encode()).decode()
