"""The server on a socket: under load, with clients that mean harm, and from its start to its end."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.tally_backend import tally_registry
from doubles.fixtures import Command
from doubles.fixtures import command as command
from polyproof import liabilities
from polyproof.errors import UsageError
from polyproof.liabilities import InclusionStore
from polyproof.publication import browser
from polyproof.publication.serving import server
from polyproof.publication.serving.application import Limits, Line, Served, application
from polyproof.publication.serving.public import public_files
from polyproof.publication.serving.server import address_of, bound, bound_to_path, is_loopback, serve, split_address
from polyproof.settings.policy import UNRESTRICTED
from serve.conftest import AUDIT_ID, PAGE, USERS, Token, bearer


@contextmanager
def listening(served: Served) -> Iterator[int]:
    """The server in a thread; the port that it listens at."""
    stops: list[Callable[[], None]] = []
    begun = threading.Event()

    def ready(stop: Callable[[], None]) -> None:
        stops.append(stop)
        begun.set()

    with bound("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=serve, args=(application(served), listener, ready))
        thread.start()
        try:
            assert begun.wait(60)
            yield listener.getsockname()[1]
        finally:
            stops[0]()
            thread.join(60)
    assert not thread.is_alive()


def ask(port: int, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_every_answer_under_load_is_the_right_one(served: Served, made: Path, token: Token, lines: list[Line]) -> None:
    with InclusionStore(made / "private" / "inclusion.store") as store:
        files = {user: store.find(user) for user in USERS}
    proof = (made / "public" / "proof-0000.bin").read_bytes()
    served = evolve(served, limits=Limits(per_account=0, per_address=0, at_once=4))
    with listening(served) as port:
        nothing = ask(port, "/nothing", {})

        def right(number: int) -> bool:
            user = (*USERS, "mallory")[number % 6]
            if number % 7 == 0:
                return ask(port, f"/{AUDIT_ID}/proof-0000.bin", {}) == (200, proof)
            if number % 11 == 0:
                return ask(port, "/inclusion", bearer(token(user)[:-8])) == nothing
            found = files.get(user)
            return ask(port, "/inclusion", bearer(token(user))) == (nothing if found is None else (200, found))

        with ThreadPoolExecutor(12) as threads:
            assert all(threads.map(right, range(360)))
    assert len(lines) == 361


def raw(port: int, data: bytes) -> bytes:
    """What comes back to bytes that no client would send."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        with suppress(OSError):  # it may have hung up before it had all of it
            connection.sendall(data)
        answer = b""
        with suppress(ConnectionResetError):
            while block := connection.recv(65536):
                answer += block
        return answer


def test_what_is_too_large_or_no_request_ends_the_connection(served: Served, token: Token) -> None:
    with listening(served) as port:
        assert raw(port, b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * (1 << 20)).startswith(b"HTTP/1.1 4")
        assert raw(port, b"GET /" + b"a" * (1 << 20)).startswith(b"HTTP/1.1 4")
        assert raw(port, b"\x16\x03\x01 this is no HTTP\r\n\r\n").startswith(b"HTTP/1.1 4")
        twice = raw(port, b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        assert twice.count(b"HTTP/1.1 ") == 1, "a connection has one request"
        form = b"POST /inclusion HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        chunked = (
            form + b"Transfer-Encoding: chunked\r\n\r\n" + (b"4000\r\n" + b"a" * 0x4000 + b"\r\n") * 64 + b"0\r\n\r\n"
        )
        assert raw(port, chunked).startswith(b"HTTP/1.1 404")
        assert ask(port, "/inclusion", bearer(token()))[0] == 200, "others are still answered"


def test_a_file_that_was_cut_short_is_not_taken_for_a_whole_one(
    folder: Path, served: Served, lines: list[Line]
) -> None:
    published = liabilities.open_audit(folder, policy=UNRESTRICTED, registry=tally_registry())
    with listening(evolve(served, files=public_files(published))) as port:
        (folder / "public" / "proof-0000.bin").write_bytes(b"short")
        with pytest.raises(IncompleteRead):
            ask(port, f"/{AUDIT_ID}/proof-0000.bin", {})
        assert ask(port, "/", {})[0] == 200
    assert [(line.route, line.why) for line in lines] == [("file", "ArtifactError"), ("page", "")]


def test_a_connection_that_does_not_ask_is_ended(served: Served, token: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADERS_WITHIN", 0.2)
    with listening(evolve(served, limits=Limits(body_seconds=0.2))) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as silent:
            silent.sendall(b"GET / HTTP/1.1\r\nHost:")
            with suppress(ConnectionResetError):
                assert silent.recv(100) == b""
        form = b"POST /inclusion HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        assert raw(port, form + b"Content-Length: 100\r\n\r\ntoken=").startswith(b"HTTP/1.1 404")
        assert ask(port, "/inclusion", bearer(token()))[0] == 200


def test_the_log_has_neither_ids_nor_tokens_nor_addresses(served: Served, token: Token, lines: list[Line]) -> None:
    texts = [token(user) for user in ("alice", "mallory")]
    with listening(served) as port:
        for text in texts:
            ask(port, "/inclusion", bearer(text))
            ask(port, f"/inclusion?token={text}", {"X-Account": "alice"})
            ask(port, f"/alice/{text}", {"User-Agent": "alice"})
    assert len(lines) == 6
    said = repr(lines)
    for secret in ("alice", "mallory", "127.0.0.1", *texts, *(part for text in texts for part in text.split("."))):
        assert secret not in said


# The command


RUN = """
import sys
from pathlib import Path
from polyproof.publication import browser
browser._FILE = Path(sys.argv[1])
from polyproof.cli import run
sys.exit(run(sys.argv[2:]))
"""


@contextmanager
def running(page: Path, *arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the line that it says when it listens."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(page), "serve", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield process, line
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "check.html"
    path.write_bytes(PAGE)
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_stop(
    made: Path, page: Path, key_file: Path, token: Token, number: int
) -> None:
    with running(page, made, "--token-key", key_file, "--bind", "127.0.0.1:0") as (process, line):
        found = re.fullmatch(rf"serving {AUDIT_ID}, 5 inclusion files, at http://127\.0\.0\.1:(\d+)\n", line)
        assert found, line
        port = int(found[1])
        status, own = ask(port, "/inclusion", bearer(token("alice")))
        assert status == 200
        assert own.startswith(b"PPROOFIN")
        assert ask(port, "/inclusion", bearer("x"))[0] == 404
        assert b"data-files" in ask(port, "/", {})[1]
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == "stopped after 3 answers, 2 of them 200, 1 of them 404\n"
    assert re.fullmatch(
        r"\S+Z GET inclusion 200 [\d.]+ ms\n\S+Z GET inclusion 404 [\d.]+ ms token-form\n\S+Z GET page 200 [\d.]+ ms\n",
        err,
    ), err


def test_over_a_unix_socket_the_proxys_header_is_enough(made: Path, page: Path, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with running(page, made, "--account-header", "X-Account", "--socket", path) as (process, line):
        assert line.endswith(f"at unix:{path}\n")
        assert path.stat().st_mode & 0o007 == 0
        with pytest.raises(UsageError, match="listens there already"), bound_to_path(path):
            pass
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"GET /inclusion HTTP/1.1\r\nHost: x\r\nX-Account: alice\r\n\r\n")
            answer = b""
            while block := connection.recv(65536):
                answer += block
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"PPROOFIN" in answer
        process.terminate()
        process.communicate(timeout=60)
    assert not path.exists()


def test_with_json_the_answers_are_counted_in_one_object(made: Path, page: Path, key_file: Path) -> None:
    with bound("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", RUN, str(page), "serve", str(made), "--token-key", str(key_file)),
            *("--bind", f"127.0.0.1:{port}", "--json"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while process.poll() is None:
            with suppress(ConnectionRefusedError):
                ask(port, "/nothing", {})
                break
            time.sleep(0.05)
        process.terminate()
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    found = json.loads(out)
    assert (found["ok"], err) == (True, "")
    assert found["result"] == {
        "audit_id": AUDIT_ID,
        "address": f"http://127.0.0.1:{port}",
        "accounts": 5,
        "answers": {"404": 1},
    }


@pytest.fixture
def with_page(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "_FILE", page)


def test_the_command_refuses_what_would_let_anybody_in(
    command: Command, with_page: None, made: Path, key_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("0123456789abcdef0123456789abcdef")
    (tmp_path / "secret").chmod(0o600)
    cases: list[tuple[tuple[Any, ...], str]] = [
        ((), "it must be said how customers are known"),
        (("--token-key", key_file, "--account-header", "X-Account"), "in one way"),
        (("--account-header", "X-Account"), "anybody who reaches the server could write the header"),
        (("--account-header", "Authorization", "--proxy-secret", tmp_path / "secret"), "a meaning of its own"),
        (("--token-key", key_file, "--proxy-secret", tmp_path / "secret"), "goes with --account-header"),
        (("--token-secret", key_file), "everybody who has the public key could sign"),
        (("--token-key", tmp_path / "none"), "No such file"),
        (("--token-key", key_file, "--bind", "localhost"), "expected an address and a port"),
        (("--token-key", key_file, "--bind", "localhost:80"), "expected an IP address"),
        (("--token-key", key_file, "--bind", "192.0.2.1:80"), "cannot be listened at"),
        (("--token-key", key_file, "--socket", tmp_path / "s", "--bind", "127.0.0.1:0"), "two places"),
        (("--token-key", key_file, "--socket", tmp_path / "secret"), "is no socket"),
        (("--token-key", key_file, "--socket", tmp_path / "none" / "s"), "cannot be listened at"),
    ]
    for arguments, reason in cases:
        ended = command("serve", made, *arguments)
        assert ended.status == 2, arguments
        assert reason in ended.err.replace("\n", " "), arguments


def test_addresses_are_taken_apart() -> None:
    assert split_address("[::1]:8000") == ("::1", 8000)
    for text in ("8000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:-1", ":8000"):
        with pytest.raises(UsageError):
            split_address(text)
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "", None)))
    assert not any(map(is_loopback, ("192.0.2.1", "2001:db8::1", "localhost.example.com")))
    with bound("127.0.0.1", 0) as listener:
        assert address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_socket_that_a_killed_server_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with bound_to_path(path):
        assert path.exists()
    assert not path.exists()
