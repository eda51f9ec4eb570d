"""Wrong answers of servers: replies that answer nothing, and JSON with one value replaced.

For suites that ask what a client makes of a server that is broken or lies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from polyproof.testing.servers import Reply, Request, Wire

__all__ = ["GONE", "NOT_ANSWERS", "WRONG", "Spelled", "paths", "question_of", "replaced", "spell"]

NOT_ANSWERS: dict[str, Reply | Wire] = {
    "a connection closed": Wire(b""),
    "no HTTP": Wire(b"hello there\r\n\r\n"),
    "HTML": Reply(b"<html>maintenance</html>"),
    "HTML with status 404": Reply(b"<html>not found</html>", 404),
    "nothing": Reply(b""),
    "not UTF-8": Reply(b"\xff\xfe{}"),
    "null": Reply(b"null"),
    "zero": Reply(b"0"),
    "true": Reply(b"true"),
    "a text": Reply(b'"0"'),
    "an empty list": Reply(b"[]"),
    "an empty object": Reply(b"{}"),
    "deep JSON": Reply(b"[" * 200_000),
    "a long number": Reply(b"9" * 100_000),
    "a hundred thousand keys": Reply(b"{" + b",".join(b'"%d":0' % number for number in range(100_000)) + b"}"),
    "something compressed": Wire(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"
    ),
    "a body cut short": Wire(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"result":'),
    "two lengths": Wire(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}"),
    "malformed headers": Wire(b"HTTP/1.1 200 OK\r\n: x\r\nno colon\r\nContent-Length: 2\r\n\r\n{}"),
    **{f"status {status}": Reply(b"", status) for status in (204, 400, 401, 403, 404, 408, 429, 500, 502, 503)},
}
"""Replies that answer no question, whatever was asked, by what they are."""


class Spelled(str):
    """A JSON number, kept as the text it was written with."""


GONE = object()
"""Stands for leaving the value out."""
WRONG: tuple[Any, ...] = (GONE, None, True, "", "junk", "-1", Spelled("-1"), Spelled("NaN"), [], {}, [0], {"x": 0})
"""None of these is a balance, nor anything else that a server might truthfully say in place of another value."""


def spell(value: Any) -> str:
    """The JSON text of a value in which numbers may be ``Spelled``."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{spell(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spell, value)) + "]"
    return str(value) if isinstance(value, Spelled) else json.dumps(value)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to every value within a JSON value, itself included: keys of objects and indices of lists."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*path, key))


def replaced(value: Any, path: tuple[str | int, ...], wrong: Any) -> Any:
    """A copy of ``value`` with ``wrong`` at the path ``path``.

    An empty list or object never replaces one with entries, since it may be a truthful answer.
    """
    if not path:
        may_be_true = isinstance(value, (list, dict)) and type(wrong) is type(value) and not wrong
        return value if wrong is GONE or may_be_true else wrong
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if wrong is GONE and len(path) == 1 and isinstance(value, dict):
        del copy[path[0]]
    else:
        copy[path[0]] = replaced(value[path[0]], path[1:], wrong)
    return copy


def question_of(request: Request) -> tuple[str, str, bytes]:
    """Method, path and body of a request without the ids of JSON-RPC: equal whenever the same question is asked."""
    return request.method, request.path, re.sub(rb'"id":\s*\d+', b'"id":0', request.body)
