"""Who a request is from: an account, or nobody, with a reason that is for the log alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from attrs import frozen

__all__ = ["LONGEST_ACCOUNT", "Asking", "NobodyError", "Request", "single"]

LONGEST_ACCOUNT = 1024
"""Characters of the longest account id that is looked up."""


class NobodyError(Exception):
    """A request that is no account's. ``why``: one word for the log, which has neither ids nor tokens."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@frozen
class Request:
    """What of a request can say who it is from."""

    headers: tuple[tuple[bytes, bytes], ...]
    """Names in lower case."""
    form: tuple[tuple[str, str], ...] = ()
    """The fields of a form, if one was sent."""


class Asking(Protocol):
    """A way to know who a request is from."""

    def account(self, request: Request) -> str:
        """The account id. Raises ``NobodyError``."""
        ...


def single(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The value of a header; None if it is not there. Raises ``NobodyError`` if it is there twice."""
    found = [value for key, value in headers if key == name]
    if len(found) > 1:
        raise NobodyError("header-twice")
    return found[0] if found else None
