"""The answers: an ASGI application with one path for every customer's file and one for each public file.

============================  =====================================================================================
``GET|POST /inclusion``       the file of the account that the request is from
``GET /``, ``/check.html``    the page
``GET /AUDIT_ID/NAME``        a public file
``GET /robots.txt``           keeps robots away from ``/inclusion``
anything else                 404
============================  =====================================================================================

Where there is nothing to hand out, ``/inclusion`` answers as every path does that does not exist: with the same status,
headers and bytes, whether the token is missing, forged or expired, or names an account that the audit does not have. A
path holds no id, nothing depends on a query, and no cookie is set or read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from urllib.parse import parse_qsl

from attrs import define, field, frozen
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polyproof.publication.browser import PAGE
from polyproof.publication.serving.asking import Asking, NobodyError, Request
from polyproof.publication.serving.public import PublicFile, blocks
from polyproof.publication.serving.rates import Rates, network_of
from polyproof.publication.serving.store import ServedStore

__all__ = ["INCLUSION", "MOST_BODY", "Limits", "Line", "Served", "application"]

INCLUSION = "/inclusion"
MOST_BODY = 16 << 10
"""Bytes of the longest form that is read."""
_FORM = "application/x-www-form-urlencoded"
_SHUT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_ROBOTS = f"User-agent: *\nDisallow: {INCLUSION}\n".encode()
_NOT_HERE = (
    b"There is nothing here for this request.\n\n"
    b"If you came for your own file: log in where you have your account, and ask for it there again, since what you\n"
    b"are given there is good for a short time. If this remains so, the audit does not have the account that you are\n"
    b"logged in with. Ask why.\n"
)
_TOO_OFTEN = b"Too many requests. Try again in a minute.\n"
_NOT_NOW = b"This cannot be answered at the moment. Try again later.\n"
_METHODS = ("GET", "HEAD", "POST", "OPTIONS")


@frozen
class Limits:
    """What one customer, one address and all together may take."""

    per_account: int = 10
    """Requests for the own file in a minute; 0 for any number."""
    per_address: int = 60
    """Requests for an own file from one address in a minute; 0 for any number."""
    seconds: float = 30.0
    """How long a request may wait for its turn, and a file for being found."""
    body_seconds: float = 10.0
    """How long a form may take to arrive."""
    at_once: int = 32
    """How many files are looked up at once; others wait for their turn."""


@frozen
class Line:
    """What the log says of an answer: neither who asked, nor from where, nor with what."""

    method: str
    route: str
    status: int
    seconds: float
    why: str = ""
    """Why there was nothing, in a word."""


@define
class Served:
    """What is served, and to whom."""

    audit_id: str
    store: ServedStore
    files: Mapping[str, PublicFile]
    """By path, the page not among them."""
    page: PublicFile
    asking: Asking
    limits: Limits = field(factory=Limits)
    address_header: bytes | None = None
    """The header in which the proxy names the address of whoever asks, in lower case."""
    trusted_peer: Callable[[str | None, Request], bool] = lambda peer, request: False
    """Whether a request from this address comes from the proxy, which may name another address."""
    log: Callable[[Line], None] = lambda line: None


def application(served: Served) -> ASGIApp:
    """The application. It has no state but rates and whose turn it is, and runs in one event loop."""
    return _Application(served)


_Answering = Callable[[HttpRequest], Awaitable[Response]]


@frozen
class _Path:
    """What answers at a path, and what the log calls it."""

    route: str
    methods: tuple[str, ...]
    answer: _Answering


class _Application:
    """One answer for each path; and what holds for every answer: its headers, its line in the log, no error outside."""

    def __init__(self, served: Served) -> None:
        self._log = served.log
        self._paths = {INCLUSION: _Path("inclusion", ("GET", "HEAD", "POST"), _Inclusion(served).answer)}
        robots = PublicFile("robots", "text/plain; charset=utf-8", len(_ROBOTS), '"1"', _ROBOTS)
        for path, file in {"/": served.page, f"/{PAGE}": served.page, "/robots.txt": robots, **served.files}.items():
            self._paths[path] = _Path(file.route, ("GET", "HEAD"), _public(file))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun, status, noted = time.perf_counter(), 0, [""]

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _with_own(list(message["headers"]))}
            await send(message)

        path = self._paths.get(_as_written(scope))
        try:
            # Nothing depends on a query, which logs and histories would keep.
            request = HttpRequest({**scope, "query_string": b"", "noted": noted}, receive)
            response = await _response(path, request)
            await response(request.scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - a traceback could show what a request held
            noted[0] = type(error).__name__
            if not status:
                with suppress(Exception):
                    await _text(503, _NOT_NOW)(scope, receive, answer)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            route = path.route if path is not None else "none"
            self._log(Line(method, route, status, time.perf_counter() - begun, noted[0]))


def _as_written(scope: Scope) -> str:
    """The path as it was sent. One that is spelled otherwise, with ``%2e`` or ``%69``, is another.

    A proxy may tell paths apart before it decodes them, and remove a header from what it takes for this path alone.
    """
    written = scope.get("raw_path")
    return str(scope["path"]) if written is None else bytes(written).partition(b"?")[0].decode("latin-1")


async def _response(path: _Path | None, request: HttpRequest) -> Response:
    if path is None:
        return _nothing()
    if request.method in path.methods:
        return await path.answer(request)
    allow = {"Allow": ", ".join((*path.methods, "OPTIONS")), "Cache-Control": "no-store"}
    return Response(status_code=204 if request.method == "OPTIONS" else 405, headers=allow)


def _text(status: int, body: bytes, **headers: str) -> Response:
    return Response(
        body,
        status,
        {"Cache-Control": "no-store", **{name.replace("_", "-"): value for name, value in headers.items()}},
        "text/plain",
    )


def _nothing() -> Response:
    return _text(404, _NOT_HERE)


def _public(file: PublicFile) -> _Answering:
    headers = {"Cache-Control": file.cache, "ETag": file.etag}
    if file.policy is not None:
        headers["Content-Security-Policy"] = f"{file.policy}; frame-ancestors 'none'"

    async def answer(request: HttpRequest) -> Response:
        if _knows(request.headers.get("if-none-match", ""), file.etag):
            return Response(status_code=304, headers=headers)
        stated = {**headers, "Content-Length": str(file.size), "Content-Type": file.kind}
        if request.method == "HEAD":
            return Response(headers=stated)
        if isinstance(file.source, bytes):
            return Response(file.source, headers=stated)
        return StreamingResponse(iterate_in_threadpool(blocks(file.source)), headers=stated)

    return answer


def _knows(header: str, etag: str) -> bool:
    """Whether If-None-Match (RFC 9110, section 13.1.2) has this tag, be it as a weak one."""
    return any(one.strip().removeprefix("W/") in (etag, "*") for one in header[:1024].split(","))


class _Inclusion:
    """The own file of whoever asks."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._accounts = Rates(served.limits.per_account)
        self._addresses = Rates(served.limits.per_address)
        self._turn = asyncio.Semaphore(served.limits.at_once)

    async def answer(self, request: HttpRequest) -> Response:
        served, why = self._served, ""
        asked = Request(tuple(request.headers.raw))
        address = self._address(request, asked)
        if address is not None and not self._addresses.allows(address):
            return _noted(request, _text(429, _TOO_OFTEN, Retry_After="60"), "rate-address")
        account: str | None = None
        try:
            account = served.asking.account(Request(asked.headers, await self._form(request)))
        except NobodyError as error:
            why = error.why
        async with asyncio.timeout(served.limits.seconds), self._turn:
            data = await run_in_threadpool(served.store.find, account)
        if account is None or data is None:
            return _noted(request, _nothing(), why or "no-account")
        # Only who would be given a file is told that it was too often: nobody else may learn that a token is good.
        if not self._accounts.allows(account):
            return _noted(request, _text(429, _TOO_OFTEN, Retry_After="60"), "rate-account")
        return Response(
            data,
            headers={
                "Cache-Control": "no-store",
                # An audit id has neither quotes nor white space; a phone's file chooser offers the name again.
                "Content-Disposition": f'attachment; filename="{served.audit_id}.polyproof"',
            },
            media_type="application/octet-stream",
        )

    def _address(self, request: HttpRequest, asked: Request) -> str | None:
        """Who counts as one by address; None where only the proxy's is known, behind which everybody is."""
        served, peer = self._served, request.client.host if request.client else None
        if served.trusted_peer(peer, asked):
            if served.address_header is None:
                return None
            named = [value for name, value in asked.headers if name == served.address_header]
            # Each proxy adds the address that it sees, so the last is our proxy's word; others may be invented.
            return network_of(named[-1].decode("latin-1").rpartition(",")[2]) if named else None
        return network_of(peer) if peer is not None else None

    async def _form(self, request: HttpRequest) -> tuple[tuple[str, str], ...]:
        """The fields of the form that was sent; none if none was. Raises ``NobodyError``."""
        if request.method != "POST":
            return ()
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise NobodyError("form-kind")
        body = b""
        try:
            async with asyncio.timeout(self._served.limits.body_seconds):
                async for part in request.stream():
                    body += part
                    if len(body) > MOST_BODY:
                        raise NobodyError("form-long")
        except (TimeoutError, ClientDisconnect) as error:
            raise NobodyError("form-slow") from error
        try:
            return tuple(parse_qsl(body.decode("ascii"), max_num_fields=8))
        except ValueError as error:
            raise NobodyError("form-kind") from error


def _noted(request: HttpRequest, response: Response, why: str) -> Response:
    request.scope["noted"][0] = why
    return response


_OWN = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"x-robots-tag", b"noindex, nofollow"),
    # A proxy connects anew for each request: so nobody holds a connection open for nothing.
    (b"connection", b"close"),
)


def _with_own(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    if not any(name == b"content-security-policy" for name, _ in headers):
        headers.append((b"content-security-policy", _SHUT.encode()))
    return [*headers, *_OWN]
