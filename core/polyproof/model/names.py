"""The form of names, symbols, audit ids, amounts, times, block hashes and digests, wherever they are written.

Each is a regular expression that the whole text must match, and the same in words, as ``option`` takes for ``pattern``.
"""

from __future__ import annotations

import re

__all__ = [
    "AMOUNT",
    "AUDIT_ID",
    "BLOCK",
    "DIGEST",
    "EXACT_DECIMAL",
    "NAME",
    "OPTIONAL_NAME",
    "SYMBOL",
    "TIME",
    "Pattern",
    "matches",
]

Pattern = tuple[str, str]

NAME: Pattern = (r"[a-z0-9]+(-[a-z0-9]+)*", "lower case letters, digits and single hyphens")
OPTIONAL_NAME: Pattern = (f"({NAME[0]})?", NAME[1])
BLOCK: Pattern = (r"[0-9A-Za-z+/=_-]{16,128}", "16 to 128 characters of hex or base64")
DIGEST: Pattern = (r"[0-9a-f]{64}", "64 lower-case hexadecimal digits")
SYMBOL: Pattern = (
    r"[A-Za-z0-9][A-Za-z0-9.+_$-]{0,31}",
    "1 to 32 letters, digits or . + _ $ -, beginning with a letter or digit",
)
"""The symbol of an asset."""
AUDIT_ID: Pattern = (
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}",
    "1 to 128 letters, digits, dots, hyphens and underscores, the first a letter or digit",
)
"""An audit id occurs in file names, on terminals and in transcripts."""
AMOUNT: Pattern = (r"0|[1-9][0-9]{0,159}", "a decimal integer of at most 160 digits as a string")
"""An amount in base units, in JSON; as a number it would lose digits in many readers."""
EXACT_DECIMAL: Pattern = (
    r"(0|[1-9][0-9]{0,160})(\.[0-9]{0,159}[1-9])?",
    "an exact decimal without a sign and without trailing zeros, as text",
)
TIME: Pattern = (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "a time in UTC like 2025-01-31T23:59:59Z")


def matches(pattern: Pattern, text: str) -> bool:
    """Whether the whole text matches."""
    return re.fullmatch(pattern[0], text) is not None
