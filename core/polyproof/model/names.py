"""What names of chains, tokens and components, hashes of blocks and digests look like, wherever they are written.

Each is a regular expression that all of the text must match, and the same in words, as ``option`` takes a ``pattern``.
"""

from __future__ import annotations

import re

__all__ = ["BLOCK", "DIGEST", "NAME", "OPTIONAL_NAME", "Pattern", "matches"]

Pattern = tuple[str, str]

NAME: Pattern = (r"[a-z0-9]+(-[a-z0-9]+)*", "lower case letters, digits and single hyphens")
OPTIONAL_NAME: Pattern = (f"({NAME[0]})?", NAME[1])
BLOCK: Pattern = (r"[0-9A-Za-z+/=_-]{16,128}", "16 to 128 characters of hex or base64")
DIGEST: Pattern = (r"[0-9a-f]{64}", "64 lower-case hexadecimal digits")


def matches(pattern: Pattern, text: str) -> bool:
    """Whether all of a text matches."""
    return re.fullmatch(pattern[0], text) is not None
