"""Hostile files, for the suites of formats: whatever a file contains, it is read or reported."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["FILES", "MEBIBYTE", "UNENDING", "bounded", "damaged", "truncated"]

MEBIBYTE = 1 << 20

_MANY = 100_000


def _noise(seed: int, alphabet: bytes) -> bytes:
    return bytes(random.Random(seed).choices(alphabet, k=4000))


FILES: dict[str, bytes] = {
    "empty": b"",
    "a line end": b"\n",
    "blank lines": b"\r\n" * 1000,
    "blanks": b" \t" * 1000,
    "a NUL": b"\0",
    "NULs": bytes(5000),
    "a byte-order mark": b"\xef\xbb\xbf",
    "half a byte-order mark": b"\xef\xbb",
    "UTF-16": "coin,address,amount\nETH,0x00,1\n".encode("utf-16"),
    "no UTF-8": b"\xff\xfe\xfd\xfc" * 500,
    "half a character": b"a,b\n\xe2\x82",
    "a lone surrogate": b'[{"id": "\\ud800", "assets": {}}]\n\xed\xa0\x80',
    "carriage returns": b"a,b\r1,2\r" * 500,
    "brackets": b"[" * _MANY,
    "braces": b'{"a":' * _MANY,
    "brackets within": b"[[" * _MANY + b"]]" * _MANY,
    "quotes": b'"' * (_MANY + 1),
    "quotes and commas": b',"' * _MANY,
    "commas": b"," * _MANY,
    "tabs": b"\t" * _MANY,
    "colons": b"a: " * _MANY,
    "dashes": b"- " * _MANY,
    "aliases": b"a: &a [x, x, x, x]\n"
    + b"".join(b"%c: &%c [*%c, *%c, *%c, *%c]\n" % (c, c, c - 1, c - 1, c - 1, c - 1) for c in b"bcdefghijklmnop"),
    "digits": b"1" * _MANY,
    "an exponent": b"[1e999999999]\naccount,BTC\na,1e999999999\n",
    "a comment": b"#" * _MANY,
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;</x>',
    "a gzip header": b"\x1f\x8b\x08\x00" + bytes(60),
    "a zip header": b"PK\x03\x04" + bytes(60),
    "a Parquet header": b"PAR1" + bytes(60) + b"PAR1",
    "noise": _noise(1, bytes(range(256))),
    "noise of text": _noise(2, b"abc019.,;:\t\"'[]{}()-_*&\\/ \r\n"),
    "noise of brackets": _noise(3, b'[]{},:"\n '),
}
"""Files of no format, by what they contain."""

UNENDING: dict[str, bytes] = {
    "letters": b"x",
    "digits": b"7",
    "blanks": b" ",
    "quotes": b'"',
    "commas": b",",
    "tabs": b"\t",
    "brackets": b"[",
    "NULs": b"\0",
}
"""What a line that never ends repeats."""

_DAMAGE = (b"\0", b"\xff", b"\xe2\x82", b'"', b"[", b"{", b",", b"\n", b"\r", b"\x1b[2J", b"\\ud800", b"\xe2\x80\xae")


def _places(size: int, count: int) -> list[int]:
    return sorted({size * k // count for k in range(count)} | ({0, 1, size // 2, size - 1} if size > 1 else set()))


def damaged(data: bytes) -> Iterator[bytes]:
    """A good file with a few bytes inserted or overwritten, in several places."""
    for damage in _DAMAGE:
        for place in _places(len(data), 4):
            yield data[:place] + damage + data[place:]
            yield data[:place] + damage + data[place + len(damage) :]


def truncated(data: bytes) -> Iterator[bytes]:
    """A good file that ends too early, at up to sixty places from its start to its last byte."""
    for place in _places(len(data), 60):
        yield data[:place]


@contextmanager
def bounded(seconds: float, peak: int) -> Iterator[None]:
    """Fail if the block takes more than ``seconds`` of processor time or allocates more than ``peak`` bytes at once.

    Only what Python allocates counts, and only the time of this process, whatever else the machine is doing.
    """
    tracemalloc.start()
    start = time.process_time()
    try:
        yield
        spent, (_, most) = time.process_time() - start, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert spent < seconds, f"it took {spent:.1f} s; at most {seconds} s are allowed"
    assert most < peak, f"it took {most} bytes of memory; at most {peak} are allowed"
