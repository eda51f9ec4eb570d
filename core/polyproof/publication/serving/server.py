"""The server: uvicorn, with bounds on what a connection may take, that ends well when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import threading
from asyncio import Transport
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from polyproof.errors import UsageError

__all__ = ["address_of", "bound", "bound_to_path", "is_loopback", "serve", "split_address"]

MOST_HEADERS = 16 << 10
"""Bytes of the longest request line and headers together."""
MOST_CONNECTIONS = 512
HEADERS_WITHIN = 10.0
"""Seconds within which a request has to have begun."""
CONNECTION_WITHIN = 300.0
"""Seconds that a connection may last: it has one request, and a slow reader holds it no longer."""
GRACE = 10
"""Seconds for what is under way when the server is told to stop."""


def split_address(text: str) -> tuple[str, int]:
    """``HOST:PORT``, an IPv6 address in brackets. Raises ``UsageError``."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"--bind {text!r}: expected an address and a port, such as 127.0.0.1:8000 or [::1]:8000")
    try:
        ip_address(host)
    except ValueError:
        raise UsageError(f"--bind {text!r}: expected an IP address, not a name") from None
    return host, int(port)


def is_loopback(host: str | None) -> bool:
    """Whether an address is this machine's own, or that of no network at all."""
    try:
        return host is None or host == "" or ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(listener: socket.socket) -> str:
    """The URL of a socket that listens at an address."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens at an address. Raises ``UsageError`` for one that is taken or not this machine's."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, port))
        except OSError as error:
            raise UsageError(f"{host}:{port} cannot be listened at: {error.strerror}") from error
        yield made
    finally:
        made.close()


@contextmanager
def bound_to_path(path: Path) -> Iterator[socket.socket]:
    """A Unix socket at a path, for its owner and group; one that a killed server left there is replaced.

    Raises ``UsageError`` for a path that is taken.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise UsageError(f"{path} is there, and is no socket")
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
            else:
                raise UsageError(f"{path}: somebody listens there already")
    made = socket.socket(socket.AF_UNIX)
    try:
        before = os.umask(0o117)
        try:
            made.bind(str(path))
        except OSError as error:
            raise UsageError(f"{path} cannot be listened at: {error.strerror or error}") from error
        finally:
            os.umask(before)
        try:
            yield made
        finally:
            path.unlink(missing_ok=True)
    finally:
        made.close()


class _Protocol(H11Protocol):
    """A connection with one request, which has to begin and to end in bounded time."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timers = (
            self.loop.call_later(HEADERS_WITHIN, self._end_unless_begun),
            self.loop.call_later(CONNECTION_WITHIN, transport.abort),
        )

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in self._timers:
            timer.cancel()
        super().connection_lost(exc)

    def _end_unless_begun(self) -> None:
        if getattr(self, "cycle", None) is None:
            self.transport.abort()


class _Server(uvicorn.Server):
    """It stops on SIGTERM and on Ctrl-C, and the process goes on to say what it did."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(app: ASGIApp, listener: socket.socket, ready: Callable[[Callable[[], None]], None]) -> None:
    """Serve until told to stop. ``ready`` is called when it listens, with a function that stops it from any thread."""
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MOST_HEADERS,
        limit_concurrency=MOST_CONNECTIONS,
        backlog=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config)

    def stop() -> None:
        server.should_exit = True

    async def run() -> None:
        task = asyncio.ensure_future(server.serve(sockets=[listener]))
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        if server.started:
            ready(stop)
        await task

    asyncio.run(run())
