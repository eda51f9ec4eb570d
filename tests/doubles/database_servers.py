"""Throw-away database servers: real PostgreSQL and MariaDB, in a temporary directory, for one run of the tests.

Without their programs a test that needs one is skipped, with the reason; with ``POLYPROOF_REQUIRE_SERVERS=1``, as
``.ci/run`` sets it, it fails.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import adbc_driver_manager
import adbc_driver_postgresql
import pymysql
import pytest
from attrs import frozen

from doubles.certificates import write_certificates

_POSTGRES = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")
_SECONDS = 60


@frozen
class Server:
    """A server that runs, and how to reach it."""

    dsn: str
    """Of a database of its own, as a user who may do everything."""
    execute: Callable[..., list[tuple[object, ...]]]
    """Run statements one after the other, each by itself; returns the rows of the last one."""
    directory: Path

    @contextmanager
    def database(self, name: str, options: str = "") -> Iterator[str]:
        """The dsn of a new database of this server, dropped at the end, whoever is still connected."""
        self.execute(f"CREATE DATABASE {name} {options}")
        try:
            yield self.dsn.replace("/polyproof?", f"/{name}?")
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _lacks(what: str) -> None:
    reason = f"{what} is not installed here"
    if os.environ.get("POLYPROOF_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{reason}, and POLYPROOF_REQUIRE_SERVERS is 1")
    pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _postgres_programs() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    for root in map(Path, _POSTGRES):
        for initdb in sorted(root.glob("*/bin/initdb"), reverse=True):
            return initdb.parent
    return None


@contextmanager
def _private_directory(names: Sequence[str]) -> Iterator[tuple[Path, dict[str, int]]]:
    """A short path, for sockets, and who owns it: servers refuse to run as root, who lends them another user."""
    user: dict[str, int] = {}
    directory = Path(tempfile.mkdtemp(prefix="polyproof-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            known = {entry.pw_name: entry for entry in pwd.getpwall()}
            entry = next((known[name] for name in (*names, "nobody") if name in known), None)
            if entry is None:
                _lacks("a user whom a database server could run as")
                raise AssertionError
            user = {"user": entry.pw_uid, "group": entry.pw_gid}
            os.chown(directory, entry.pw_uid, entry.pw_gid)
        yield directory, user
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _running(
    command: Sequence[object], directory: Path, user: dict[str, int], ready: Callable[[], bool]
) -> Iterator[None]:
    log = directory / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=output,
            cwd=directory,
            extra_groups=[] if user else None,
            **user,
        ) as process,
    ):
        try:
            until = time.monotonic() + _SECONDS
            while not ready():
                if process.poll() is not None or time.monotonic() > until:
                    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.05)
            yield
        finally:
            # At once, but PostgreSQL still removes its shared memory.
            process.send_signal(signal.SIGQUIT)
            try:
                process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def run_as(user: dict[str, int], *command: object) -> None:
    """Run a program to its end as the server's user."""
    subprocess.run(
        [str(part) for part in command],
        check=True,
        capture_output=True,
        cwd="/",
        extra_groups=[] if user else None,
        **user,
    )


def query_postgres(dsn: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements, each by itself."""
    import duckdb

    rows: list[tuple[object, ...]] = []
    with adbc_driver_postgresql.connect(dsn) as database, adbc_driver_manager.AdbcConnection(database) as connection:
        for number, text in enumerate(statements, 1):
            with adbc_driver_manager.AdbcStatement(connection) as statement:
                statement.set_sql_query(text)
                if number < len(statements) or not text.lstrip().upper().startswith(("SELECT", "SHOW")):
                    statement.execute_update()
                    continue
                stream, _ = statement.execute_query()
                with duckdb.connect(":memory:") as reader:
                    reader.register("answer", stream)
                    rows = reader.execute("FROM answer").fetchall()
                    reader.unregister("answer")
    return rows


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, on a socket and on 127.0.0.1."""
    programs = _postgres_programs()
    if programs is None:
        _lacks("PostgreSQL")
        return
    with _private_directory(["postgres"]) as (directory, user):
        port = _free_port()
        run_as(
            user,
            programs / "initdb",
            "-D",
            directory / "data",
            "-U",
            "tester",
            *["-A", "trust", "-N", "-E", "UTF8", "--locale=C"],
        )
        settings = {
            "fsync": "off",
            "full_page_writes": "off",
            "listen_addresses": "127.0.0.1",
            "port": port,
            "shared_buffers": "16MB",
            "unix_socket_directories": directory,
        }
        command = [
            programs / "postgres",
            "-D",
            directory / "data",
            *(f"--{key}={value}" for key, value in settings.items()),
        ]
        first = f"postgresql://tester@127.0.0.1:{port}/postgres?sslmode=disable"

        def ready() -> bool:
            try:
                query_postgres(first, "CREATE DATABASE polyproof")
            except adbc_driver_manager.Error:
                return False
            return True

        with _running(command, directory, user, ready):
            dsn = f"postgresql://tester@127.0.0.1:{port}/polyproof?sslmode=disable"
            yield Server(dsn, lambda *statements: query_postgres(dsn, *statements), directory)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    """A MariaDB server, on a socket and on 127.0.0.1."""
    install, program = (
        shutil.which("mariadb-install-db"),
        shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"),
    )
    if install is None or program is None:
        _lacks("MariaDB")
        return
    with _private_directory(["mysql"]) as (directory, user):
        port, data, sock = _free_port(), directory / "data", directory / "sock"
        certificates = directory / "certificates"
        certificates.mkdir()
        write_certificates(certificates)
        for path in (certificates, *certificates.iterdir()):
            if user:
                os.chown(path, user["user"], user["group"])
        run_as(
            user, install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
            "--skip-test-db", "--innodb-log-file-size=8M", "--innodb-flush-method=nosync",
        )  # fmt: skip
        command = [
            program, "--no-defaults", f"--datadir={data}", f"--socket={sock}", f"--port={port}",
            "--bind-address=127.0.0.1", f"--pid-file={directory / 'pid'}",
            "--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=0",
            "--skip-name-resolve", "--innodb-buffer-pool-size=32M",
            f"--ssl-cert={certificates / 'server.pem'}", f"--ssl-key={certificates / 'server.key'}",
        ]  # fmt: skip

        def execute(*statements: str) -> list[tuple[object, ...]]:
            with pymysql.connect(
                host="127.0.0.1", port=port, user="root", database="polyproof", autocommit=True
            ) as found:
                cursor = found.cursor()
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor.fetchall())

        def ready() -> bool:
            try:
                with pymysql.connect(unix_socket=str(sock), user="root") as found:
                    found.cursor().execute("CREATE DATABASE polyproof CHARACTER SET utf8mb4")
                    found.cursor().execute("GRANT ALL ON *.* TO tester@'127.0.0.1' IDENTIFIED BY 'hunter2'")
                    found.cursor().execute("GRANT ALL ON *.* TO root@'127.0.0.1'")
            except pymysql.err.OperationalError:
                return False
            return True

        with _running(command, directory, user, ready):
            yield Server(f"mysql://tester:hunter2@127.0.0.1:{port}/polyproof?", execute, directory)
