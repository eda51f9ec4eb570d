"""Addresses of database servers, and keeping what is secret in them out of messages."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from urllib.parse import unquote

from attrs import field, frozen

from polyproof.errors import InputError, Problem

__all__ = ["Address", "is_mysql", "parse_keywords", "parse_url"]

_URL = re.compile(
    r"(?P<scheme>[a-z]+)://(?:(?P<user>[^:@/?#\s]*)(?::(?P<password>[^:@/?#\s]*))?@)?(?P<hosts>[^@/?#\s]*)"
    r"(?:/(?P<database>[^@/?#\s]*))?(?:\?(?P<parameters>[^#?\s]*))?"
)
_KEYWORD = re.compile(r"\s*([A-Za-z0-9_]+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)+)", re.DOTALL)
_MYSQL = ("mysql", "mariadb")
_POSTGRES = ("postgresql", "postgres")
_FORM = (
    "postgresql://USER:PASSWORD@HOST/DATABASE, or mysql://…, with %40 for @, %3A for :, %2F for / and so on in a part"
)


@frozen(repr=False)
class Address:
    """Where a server is, and as whom to connect; what it is given as is nowhere shown."""

    hosts: tuple[str, ...]
    """Names, addresses, directories of sockets; empty for libpq's default, a socket."""
    port: str | None
    user: str | None
    password: str | None
    database: str | None
    parameters: dict[str, str] = field(factory=dict)
    """Everything else."""

    def is_local(self) -> bool:
        """Whether what is sent stays on this machine."""
        return all(_is_local(host) for host in self.hosts)

    def without_secrets(self, message: str) -> str:
        """A message in which nothing is quoted but what this address may show, and the password never stands.

        The libraries' messages quote what they do not understand, and that may be a part of a password.
        """
        if self.password:
            message = message.replace(self.password, "…")
        shown = {*self.hosts, self.port, self.user, self.database}
        keep: Callable[[re.Match[str]], str] = lambda found: (  # noqa: E731
            found[0] if found[1] in shown or re.fullmatch(r"/.*/\.s\.PGSQL\.\d+", found[1]) else '"…"'
        )
        return re.sub(r'"([^"]*)"', keep, message)


def is_mysql(dsn: str) -> bool:
    """Whether it is a URL of MySQL or MariaDB; anything else is taken for an address of PostgreSQL."""
    return dsn.partition("://")[0] in _MYSQL


def parse_url(dsn: str, where: str) -> Address:
    """The parts of a URL. Raises ``InputError``, which shows nothing of it."""
    found = _URL.fullmatch(dsn)
    if found is None or found["scheme"] not in _MYSQL + _POSTGRES:
        raise InputError(Problem(f"{where}: its dsn is no URL of a database that is read here", hint=_FORM))
    parameters: dict[str, str] = {}
    for each in filter(None, (found["parameters"] or "").split("&")):
        key, equals, value = each.partition("=")
        if not equals or key in parameters:
            raise InputError(Problem(f"{where}: the parameters of its dsn are not of the form key=value, each once"))
        parameters[key] = unquote(value)
    # libpq takes several, HOST:PORT,HOST:PORT; an address of IPv6 stands in brackets.
    hosts, ports = [], []
    for each in filter(None, found["hosts"].split(",")):
        name, port = _host_and_port(each)
        hosts.append(name)
        ports.append(port)
    hosts += list(filter(None, parameters.get("host", "").split(",")))
    hosts += list(filter(None, parameters.get("hostaddr", "").split(",")))
    return Address(
        hosts=tuple(hosts),
        port=next(filter(None, ports), parameters.get("port")),
        user=_decoded(found["user"]) or parameters.get("user"),
        password=_decoded(found["password"]) or parameters.get("password"),
        database=_decoded(found["database"]) or parameters.get("dbname"),
        parameters=parameters,
    )


def parse_keywords(dsn: str, where: str) -> Address:
    """The parts of libpq's ``host=db dbname=ledger``. Raises ``InputError``, which shows nothing of it."""
    found: dict[str, str] = {}
    place = 0
    text = dsn.rstrip()
    while place < len(text):
        match = _KEYWORD.match(text, place)
        if match is None or (match.end() < len(text) and not text[match.end()].isspace()):
            raise InputError(Problem(f"{where}: its dsn is neither a URL nor key=value pairs of libpq", hint=_FORM))
        value = match[2][1:-1] if match[2].startswith("'") else match[2]
        found[match[1]] = re.sub(r"\\(.)", r"\1", value)
        place = match.end()
    hosts = [host for key in ("host", "hostaddr") for host in found.get(key, "").split(",") if host]
    return Address(
        tuple(hosts), found.get("port"), found.get("user"), found.get("password"), found.get("dbname"), found
    )


def _host_and_port(text: str) -> tuple[str, str | None]:
    bracketed = re.fullmatch(r"\[([0-9a-fA-F:.%]+)\](?::([0-9]+))?", text)
    if bracketed:
        return bracketed[1], bracketed[2]
    name, _, port = text.partition(":")
    return unquote(name), port or None


def _decoded(part: str | None) -> str | None:
    return unquote(part) if part else None


def _is_local(host: str) -> bool:
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
