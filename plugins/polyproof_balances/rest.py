"""Nodes that answer GET and POST in JSON, each in its own way."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from polyproof.toolkit.http import HttpClient, Response

__all__ = ["Rest"]


class Rest(HttpClient):
    """Asks a node; for one thread at a time."""

    def read(self, path: str, also: Collection[int] = ()) -> tuple[int, Any]:
        """Status and JSON of GET. A status that is neither 200 nor one of ``also`` raises ``Failed``."""
        return self.get(path, lambda response: _answer(response, also))

    def send(self, path: str, body: Any, also: Collection[int] = ()) -> tuple[int, Any]:
        """The same of POST of a value as JSON; the path "" is that of the URL itself."""
        return self.post(json.dumps(body, separators=(",", ":")).encode(), lambda one: _answer(one, also), path)


def _answer(response: Response, also: Collection[int]) -> tuple[int, Any]:
    if response.status not in also:
        response.check()
    return response.status, response.json()
