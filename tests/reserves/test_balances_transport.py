"""Servers that are slow, wrong or hostile: bounded time, bounded memory, bounded attempts, and no answer made up."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from polyproof.errors import InputError
from polyproof.toolkit.endpoint import EndpointOptions, lend, open_endpoint
from polyproof.toolkit.http import Failed
from polyproof.toolkit.json_rpc import Call, Refused, Rpc
from polyproof.toolkit.secrets import Secret, Secrets
from reserves.rpc_server import Handler, Node, RpcError, serving

SECRET = "secret-key-of-the-test"


@contextmanager
def asking(node: Node, **options: Any) -> Iterator[Rpc]:
    with serving(node):
        chosen = EndpointOptions(**{"url": node.url, "timeout": 5.0, "attempts": 3, "backoff": 0.001, **options})
        rpc = Rpc(open_endpoint(chosen), chosen)
        try:
            yield rpc
        finally:
            rpc.close()


def ones() -> Node:
    return Node({"one": lambda params: 1, "echo": lambda params: params, "no": refuse})


def refuse(params: list[Any]) -> Any:
    raise RpcError(-5, "no such thing")


def test_a_call_brings_its_result_over_one_connection() -> None:
    node = ones()
    with asking(node) as rpc:
        assert [rpc.call("one"), rpc.call("echo", "a", 2)] == [1, ["a", 2]]
    assert [call["method"] for call in node.calls] == ["one", "echo"]


def test_a_batch_brings_results_in_order_whatever_the_servers_order() -> None:
    node = ones()

    def reversed_order(handler: Handler, body: bytes, count: int) -> bool:
        answers = [node.answer(call) for call in json.loads(body)]
        handler.send(200, json.dumps(answers[::-1]).encode())
        return True

    node.raw = reversed_order
    with asking(node) as rpc:
        results = rpc.batch([Call("echo", (number,)) for number in range(20)])
    assert results == [[number] for number in range(20)]


def test_an_error_of_the_server_is_of_its_own_call_alone() -> None:
    with asking(ones()) as rpc:
        good, bad = rpc.batch([Call("one", ()), Call("no", ())])
        assert good == 1
        assert isinstance(bad, Refused)
        with pytest.raises(Refused, match="no such thing"):
            rpc.call("no")


def test_numbers_that_are_not_integers_come_as_they_are_written() -> None:
    node = ones()
    node.raw = lambda handler, body, count: answered(handler, body, b"0.100000000000000005")
    with asking(node) as rpc:
        assert rpc.call("one") == "0.100000000000000005"


def answered(handler: Handler, body: bytes, result: bytes, id: Any = None) -> bool:
    number = json.loads(body)["id"] if id is None else id
    handler.send(200, b'{"jsonrpc":"2.0","id":%s,"result":%s}' % (json.dumps(number).encode(), result))
    return True


# What may pass is tried again


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_tried_again(status: int) -> None:
    node = ones()

    def twice(handler: Handler, body: bytes, count: int) -> bool:
        if count < 3:
            handler.send(status, b"busy")
        return count < 3

    node.raw = twice
    with asking(node) as rpc:
        assert rpc.call("one") == 1
    assert len(node.requests) == 3


Raw = Callable[[Handler, bytes], object]


def partial(handler: Handler, body: bytes) -> None:
    handler.send(200, b'{"jsonrpc":"2.0",', Content_Length="1000")
    handler.close_connection = True


def closed(handler: Handler, body: bytes) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def not_http(handler: Handler, body: bytes) -> None:
    handler.wfile.write(b"hello there\r\n\r\n")
    handler.close_connection = True


PASSING: dict[str, Raw] = {
    "HTML": lambda handler, body: handler.send(200, b"<html>blocked</html>"),
    "truncated JSON": lambda handler, body: handler.send(200, b'{"jsonrpc":"2.0","id":'),
    "a body cut short": partial,
    "a connection closed": closed,
    "no HTTP": not_http,
    "nothing": lambda handler, body: handler.send(200, b""),
    "not UTF-8": lambda handler, body: handler.send(200, b"\xff\xfe"),
    "another id": lambda handler, body: answered(handler, body, b"1", id=5),
    "an id of text": lambda handler, body: answered(handler, body, b"1", id="5"),
    "an id of true": lambda handler, body: answered(handler, body, b"1", id=True),
    "no id": lambda handler, body: handler.send(200, b'{"result": 1}'),
    "no result": lambda handler, body: handler.send(200, b'{"id": %d}' % json.loads(body)["id"]),
    "a list": lambda handler, body: handler.send(200, b"[]"),
    "a number": lambda handler, body: handler.send(200, b"5"),
    "a key twice": lambda handler, body: handler.send(
        200, b'{"id": %d, "result": 1, "result": 2}' % json.loads(body)["id"]
    ),
    "deep JSON": lambda handler, body: handler.send(200, b"[" * 200_000),
    "a long number": lambda handler, body: answered(handler, body, b"9" * 5000),
    "too much asked": lambda handler, body: handler.send(
        200, b'{"id": %d, "error": {"code": -32005, "message": "limit"}}' % json.loads(body)["id"]
    ),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_useless_answer_is_tried_again_and_then_given_up(name: str) -> None:
    node = ones()
    node.raw = lambda handler, body, count: (PASSING[name](handler, body), True)[1]
    with asking(node) as rpc, pytest.raises(Failed, match="3 times") as caught:
        rpc.call("one")
    assert len(node.requests) == 3
    assert SECRET not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize("name", PASSING)
def test_a_good_answer_after_a_useless_one_counts(name: str) -> None:
    node = ones()

    def once(handler: Handler, body: bytes, count: int) -> bool:
        if count == 1:
            PASSING[name](handler, body)
        return count == 1

    node.raw = once
    with asking(node) as rpc:
        assert rpc.call("one") == 1


@pytest.mark.parametrize(
    "answers",
    [
        lambda ids: [{"id": ids[0], "result": 1}],
        lambda ids: [{"id": ids[0], "result": 1}, {"id": ids[0], "result": 2}],
        lambda ids: [{"id": ids[0], "result": 1}, {"id": ids[1], "result": 1}, {"id": 7, "result": 1}],
        lambda ids: [{"id": ids[0], "result": 1}, 5],
        lambda ids: {"id": None, "error": {"code": -32600, "message": "no batches"}},
        lambda ids: {"id": ids[0], "result": 1},
        lambda ids: [],
    ],
)
def test_a_batch_that_is_not_answered_one_for_one_is_not_answered(answers: Callable[[list[int]], Any]) -> None:
    node = ones()

    def raw(handler: Handler, body: bytes, count: int) -> bool:
        handler.send(200, json.dumps(answers([call["id"] for call in json.loads(body)])).encode())
        return True

    node.raw = raw
    with asking(node) as rpc, pytest.raises(Failed):
        rpc.batch([Call("one", ()), Call("one", ())])


# What will not pass is not tried again


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    node, elsewhere = ones(), ones()
    with serving(elsewhere):
        node.raw = lambda handler, body, count: (handler.send(status, b"", Location=elsewhere.url), True)[1]
        with asking(node) as rpc, pytest.raises(Failed, match="redirect"):
            rpc.call("one")
    assert len(node.requests) == 1
    assert not elsewhere.requests


@pytest.mark.parametrize("status", [201, 400, 401, 403, 404, 405, 410, 501])
def test_another_status_is_final(status: int) -> None:
    node = ones()
    node.raw = lambda handler, body, count: (handler.send(status, b"no"), True)[1]
    with asking(node) as rpc, pytest.raises(Failed, match=str(status)):
        rpc.call("one")
    assert len(node.requests) == 1


def test_an_error_in_the_body_of_status_500_is_read_as_bitcoin_core_means_it() -> None:
    node = ones()
    node.raw = lambda handler, body, count: (
        handler.send(500, json.dumps(node.answer({**json.loads(body), "method": "no"})).encode()),
        True,
    )[1]
    with asking(node) as rpc, pytest.raises(Refused, match="no such thing"):
        rpc.call("one")


# Bounds


def endless(handler: Handler, body: bytes, count: int) -> bool:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    block = b" " * 65536
    for _ in range(4096):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
    return True


def huge(handler: Handler, body: bytes, count: int) -> bool:
    handler.send(200, b" " * 3_000_000)
    return True


def announced(handler: Handler, body: bytes, count: int) -> bool:
    handler.send(200, b"", Content_Length=str(1 << 40))
    return True


@pytest.mark.parametrize("raw", [endless, huge, announced])
def test_a_body_beyond_the_bound_is_not_read(raw: Callable[[Handler, bytes, int], bool]) -> None:
    node = ones()
    node.raw = raw
    start = time.perf_counter()
    with asking(node, max_response_bytes=1 << 20) as rpc, pytest.raises(Failed, match="more than 1048576 bytes"):
        rpc.call("one")
    assert time.perf_counter() - start < 5


def drip_headers(handler: Handler, body: bytes, count: int) -> bool:
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.02)
    return True


def drip_body(handler: Handler, body: bytes, count: int) -> bool:
    handler.send(200, b"", Content_Length="100000")
    for _ in range(1000):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)
    return True


def silence(handler: Handler, body: bytes, count: int) -> bool:
    time.sleep(5)
    return True


@pytest.mark.parametrize("raw", [drip_headers, drip_body, silence])
def test_a_server_that_drips_is_cut_off_at_the_deadline(raw: Callable[[Handler, bytes, int], bool]) -> None:
    node = ones()
    node.raw = raw
    start = time.perf_counter()
    with asking(node, timeout=0.3, attempts=2) as rpc, pytest.raises(Failed, match="too long to answer, 2 times"):
        rpc.call("one")
    assert time.perf_counter() - start < 4
    assert len(node.requests) == 2


def test_a_port_where_nobody_listens_is_a_failure() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        options = EndpointOptions(url=f"http://127.0.0.1:{held.getsockname()[1]}/", attempts=2, backoff=0.0)
        with pytest.raises(Failed, match="the connection failed: it was refused, 2 times"):
            Rpc(open_endpoint(options), options).call("one")


def test_a_server_without_tls_where_tls_is_expected_is_a_failure() -> None:
    node = ones()
    with serving(node):
        options = EndpointOptions(url=node.url.replace("http:", "https:"), attempts=1, timeout=3.0)
        with pytest.raises(Failed):
            Rpc(open_endpoint(options), options).call("one")
    assert not node.requests


def test_waits_double_are_spread_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    node = ones()
    node.raw = lambda handler, body, count: (handler.send(503, b""), True)[1]
    waits: list[float] = []
    with asking(node, attempts=12, backoff=1.0) as rpc:
        monkeypatch.setattr(rpc, "_sleep", waits.append)
        with pytest.raises(Failed):
            rpc.call("one")
    assert len(waits) == 11
    assert all(0 <= wait <= min(2**number, 60) for number, wait in enumerate(waits))
    assert len(set(waits)) == len(waits)


# Secrets


def lent(node: Node, **parts: Any) -> EndpointOptions:
    """Options that name a secret of this node, which a file of secrets has."""
    secret = Secret(**{"name": "node", "url": node.url, **parts})
    return lend(EndpointOptions(secret="node"), Secrets((secret,), Path("secrets.yaml")))


def test_url_and_password_come_from_a_secret() -> None:
    node = ones()
    with serving(node):
        options = lent(node, url=node.url.replace("http://", "http://user:pass%20word@"))
        assert Rpc(open_endpoint(options), options).call("one") == 1
    assert node.headers[0]["Authorization"] == "Basic " + base64.b64encode(b"user:pass word").decode()


def test_what_authorises_comes_from_a_secret(tmp_path: Path) -> None:
    node = ones()
    (tmp_path / "cookie").write_text("__cookie__:abc\n")
    with serving(node):
        for parts in ({"authorization": "Bearer abc"}, {"cookie_file": tmp_path / "cookie"}):
            options = lent(node, **parts)
            Rpc(open_endpoint(options), options).call("one")
    assert node.headers[0]["Authorization"] == "Bearer abc"
    assert node.headers[1]["Authorization"] == "Basic " + base64.b64encode(b"__cookie__:abc").decode()
    with pytest.raises(InputError, match="cookie file"):
        open_endpoint(lent(node, cookie_file=tmp_path / "none"))
    with pytest.raises(InputError, match="several credentials"):
        open_endpoint(lent(node, authorization="Bearer abc", cookie_file=tmp_path / "cookie"))


def test_a_redirect_gets_no_credentials() -> None:
    """The server that a secret is for may be taken over: what it names gets nothing, and not even a connection."""
    other, node = ones(), ones()
    with serving(other), serving(node):
        node.raw = lambda handler, body, count: (handler.send(307, b"", Location=other.url), True)[1]
        options = lent(node, authorization="Bearer abc")
        with pytest.raises(Failed, match="redirect"):
            Rpc(open_endpoint(options), options).call("one")
    assert node.headers[0]["Authorization"] == "Bearer abc"
    assert not other.requests


def test_the_environment_decides_neither_where_nor_what_is_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not by a proxy, and not by ~/.netrc."""
    node = ones()
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with asking(node) as rpc:
        assert rpc.call("one") == 1
    assert "Authorization" not in node.headers[0]


@pytest.mark.parametrize(
    "url",
    [
        None,
        "ftp://a/hidden",
        "http://user:hidden@a/",
        "http://:hidden@a/",
        "file:///hidden",
        "http://:80/hidden",
        "http://a:99999/hidden",
        "http://a/hidden\r\nX: y",
        "http://a/hidden#part",
        "http://[hidden",
    ],
)
def test_a_malformed_endpoint_is_refused_without_quoting_it(url: str | None) -> None:
    with pytest.raises(InputError) as caught:
        open_endpoint(EndpointOptions(url=url))
    assert "hidden" not in str(caught.value)


def test_a_secret_that_no_header_can_have_is_refused_without_quoting_it() -> None:
    with pytest.raises(InputError, match="characters that a header cannot have") as caught:
        open_endpoint(lent(ones(), url="http://a", authorization="hidden\r\nX: y"))
    assert "hidden" not in str(caught.value)


def test_an_endpoint_shows_nothing_of_itself() -> None:
    endpoint = open_endpoint(lent(ones(), url=f"https://user:hidden@example.org/{SECRET}"))
    assert not any(part in repr(endpoint) for part in ("hidden", SECRET, "example"))


@pytest.mark.parametrize(
    "message",
    [f"bad key for http://127.0.0.1/v3/{SECRET}", f"project {SECRET} is over its limit", "\x1b[31mred", "x" * 5000, 5],
)
def test_a_servers_words_are_short_harmless_and_hold_no_key(message: Any) -> None:
    node = ones()

    def raw(handler: Handler, body: bytes, count: int) -> bool:
        handler.send(200, json.dumps({"id": json.loads(body)["id"], "error": {"code": 1, "message": message}}).encode())
        return True

    node.raw = raw
    with asking(node) as rpc, pytest.raises(Refused) as caught:
        rpc.call("one")
    text = str(caught.value)
    assert SECRET not in text
    assert text.isprintable()
    assert len(text) < 250


def test_no_threads_are_left_behind() -> None:
    node = ones()
    before = threading.active_count()
    with asking(node) as rpc:
        for _ in range(5):
            rpc.call("one")
    for _ in range(100):
        if threading.active_count() <= before:
            break
        time.sleep(0.02)
    assert threading.active_count() <= before
