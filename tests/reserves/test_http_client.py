"""The HTTP client of the toolkit against hostile servers: deadline, memory, TLS, secrets, attempts."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from polyproof.testing.servers import DRIPS, FLOODS, SECRET, Server, Wire
from polyproof.toolkit.endpoint import Endpoint, EndpointOptions, open_endpoint
from polyproof.toolkit.http import Failed, HttpClient, MayPass, Response
from reserves.rpc_server import Node, serving

LOCALHOST = Path(__file__).with_name("localhost.pem")
"""A certificate of localhost that nobody else trusts, and its key."""


def text(response: Response) -> str:
    response.check()
    return response.body.decode()


def sending(first: bytes, again: bytes = b"", pause: float = 0.0, tls: ssl.SSLContext | None = None) -> Server:
    return Server(lambda request: Wire(first, again, pause), tls)


@contextmanager
def client(server: Server, **options: Any) -> Iterator[HttpClient]:
    with server.listening() as url:
        chosen = EndpointOptions(
            **{"url": url, "timeout": 0.5, "attempts": 1, "max_response_bytes": 1 << 20, **options}
        )
        made = HttpClient(open_endpoint(chosen), chosen)
        try:
            yield made
        finally:
            made.close()


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("name", DRIPS)
def test_whatever_is_dripped_ends_at_the_deadline(name: str) -> None:
    start = time.perf_counter()
    with client(Server(lambda request: DRIPS[name])) as asking, pytest.raises(Failed, match="took too long"):
        asking.get("/", text)
    assert time.perf_counter() - start < 3


@pytest.mark.parametrize("name", FLOODS)
def test_whatever_floods_takes_bounded_time_and_memory(name: str) -> None:
    start = time.perf_counter()
    tracemalloc.start()
    try:
        with client(Server(lambda request: FLOODS[name])) as asking, pytest.raises(Failed):
            asking.get("/", text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20
    assert time.perf_counter() - start < 5


def test_what_is_compressed_is_not_unpacked() -> None:
    """A gigabyte of zeros is a megabyte of gzip: the client says that it takes none, and takes none."""
    packed = b"\x1f\x8b not unpacked"
    for encoding in (b"gzip", b"deflate", b"br", b"zstd", b"gzip, gzip, gzip, gzip, gzip, gzip, gzip"):
        head = b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(packed))
        server = sending(OK + head + packed)
        with client(server) as asking:
            assert asking.get("/", lambda response: response.body) == packed
        assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0" * 100,
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/9 200 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        OK + b"Content-Length: 5\r\n\r\nabc",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        CHUNKED,
        CHUNKED + b"zz\r\n",
        CHUNKED + b"5\r\nabc",
        CHUNKED + b"3\r\nabc\r\n",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_an_answer_cut_short_or_garbled_is_no_answer(answer: bytes) -> None:
    with client(sending(answer), attempts=2, backoff=0.0) as asking, pytest.raises(Failed, match="2 times"):
        asking.get("/", text)


# TLS


def trusted_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(LOCALHOST))


def over_tls(answer: bytes = OK + b"Content-Length: 2\r\n\r\nhi", again: bytes = b"", pause: float = 0.0) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOCALHOST)
    return sending(answer, again, pause, context)


def test_a_certificate_that_nobody_trusts_is_final() -> None:
    server = over_tls()
    with client(server, attempts=3) as asking, pytest.raises(Failed, match="certificate is not valid") as caught:
        asking.get("/", text)
    assert not isinstance(caught.value, MayPass)
    assert not server.requests


def test_a_trusted_certificate_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    trusted_by(monkeypatch)
    with client(over_tls()) as asking:
        assert asking.get("/", text) == "hi"


def test_a_trusted_certificate_of_another_host_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    trusted_by(monkeypatch)
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *rest: resolve("127.0.0.1", port, *rest))
    server = over_tls()
    with server.listening() as url:
        options = EndpointOptions(url=url.replace("localhost", "elsewhere.example"), timeout=2.0, attempts=1)
        with pytest.raises(Failed, match="certificate is not valid"):
            HttpClient(open_endpoint(options), options).get("/", text)
    assert not server.requests


@pytest.mark.parametrize("first", [OK + b"Content-Length: 1000000\r\n\r\n", OK + b"Connection: close\r\n\r\n", OK])
def test_a_server_that_drips_over_tls_is_cut_off_too(monkeypatch: pytest.MonkeyPatch, first: bytes) -> None:
    trusted_by(monkeypatch)
    start = time.perf_counter()
    with client(over_tls(first, b"X", 0.02)) as asking, pytest.raises(Failed, match="took too long"):
        asking.get("/", text)
    assert time.perf_counter() - start < 3


def test_a_handshake_that_drips_is_cut_off_too() -> None:
    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
            for _ in range(500):
                connection.sendall(b"\0")
                time.sleep(0.02)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        url = f"https://localhost:{listener.getsockname()[1]}/"
        options = EndpointOptions(url=url, timeout=0.5, attempts=1)
        start = time.perf_counter()
        with pytest.raises(Failed, match="took too long"):
            HttpClient(open_endpoint(options), options).get("/", text)
        assert time.perf_counter() - start < 3


# Secrets


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 2\r\n: nameless\r\nno colon\r\n\r\nhi",
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        b"nothing\r\n\r\n",
    ],
)
def test_the_url_is_never_logged(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    with client(sending(answer), attempts=2, backoff=0.0) as asking:
        try:
            asking.get("/below", text)
        except Failed as error:
            said = repr(error)
    assert not any(part in caplog.text + said for part in (SECRET, "localhost", "below"))


def test_what_others_log_about_theirs_is_not_held_back(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("urllib3.connection").warning("of somebody else")
    assert "of somebody else" in caplog.text


@pytest.mark.parametrize(
    ("url", "further", "target"),
    [
        ("http://a", "", "/"),
        ("http://a", "/x", "/x"),
        ("http://a/", "/x?y=1", "/x?y=1"),
        ("http://a/v3/key", "/x", "/v3/key/x"),
        ("http://a/v3/key/", "/x/z", "/v3/key/x/z"),
        ("http://a/v3?key=k", "/x?y=1", "/v3/x?y=1&key=k"),
        ("http://a/v3?key=k", "", "/v3?key=k"),
    ],
)
def test_a_path_is_below_the_url_and_keeps_its_query(url: str, further: str, target: str) -> None:
    assert open_endpoint(EndpointOptions(url=url)).target(further) == target


def test_a_servers_words_are_short_and_without_parts_of_the_url() -> None:
    endpoint = Endpoint(True, "node.example", 443, "/v3/abcdef?key=ghijkl", "Bearer mnopqr")
    shown = endpoint.hidden_in("node.example said abcdef and ghijkl to mnopqr" + "x" * 500)
    assert not any(part in shown for part in ("node.example", "abcdef", "ghijkl", "mnopqr"))
    assert len(shown) == 160


# Attempts


def read_of(errors: list[Failed]) -> Callable[[Response], str]:
    def read(response: Response) -> str:
        if errors:
            raise errors.pop(0)
        return "read"

    return read


def test_the_reader_says_what_is_worth_another_attempt() -> None:
    node = Node(raw=lambda handler, body, count: False)
    with serving(node):
        options = EndpointOptions(url=node.url, attempts=4, backoff=0.0)
        asking = HttpClient(open_endpoint(options), options)
        body = b'{"id": 1, "method": "x", "params": []}'
        assert asking.post(body, read_of([MayPass("not yet"), MayPass("not yet")])) == "read"
        with pytest.raises(Failed, match="not yet, 4 times"):
            asking.post(body, read_of([MayPass("not yet")] * 9))
        with pytest.raises(Failed, match=r"^never$"):
            asking.post(body, read_of([MayPass("not yet"), Failed("never")]))
        asking.close()
    assert len(node.requests) == 3 + 4 + 2


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again() -> None:
    node = Node({"one": lambda params: 1})

    def last(handler: Any, body: bytes, count: int) -> bool:
        handler.close_connection = True
        return False

    node.raw = last
    with serving(node):
        options = EndpointOptions(url=node.url, attempts=1)
        asking = HttpClient(open_endpoint(options), options)
        for _ in range(3):
            asking.post(b'{"id": 1, "method": "one", "params": []}', text)
            time.sleep(0.1)
        asking.close()
    assert len(node.requests) == 3
