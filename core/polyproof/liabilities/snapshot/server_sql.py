"""The query of a spec as a part of one that is sent to a server."""

from __future__ import annotations

import re

__all__ = ["nested"]

_END = re.compile(r";\s*(?:--[^\n]*(?:\n\s*|$)|/\*(?:(?!\*/).)*\*/\s*)*$", re.DOTALL)
"""A semicolon at the end, and comments behind it."""


def nested(query: str) -> str:
    """The query in brackets, to stand in FROM; on lines of its own, since it may end in a comment."""
    return f"(\n{_END.sub('', query.strip())}\n)"
