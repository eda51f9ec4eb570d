"""Foreign text on a terminal: whatever could command it or deceive its reader is shown as an escape.

A directory may be called ``\\x1b[2J``, a file in an archive ``a\\nVERIFIED``. Printed as they are, they would clear the
screen or forge a line of ours.
"""

from __future__ import annotations

import unicodedata

__all__ = ["one_line", "visible"]


def visible(text: str) -> str:
    """The text with characters that cannot be seen as escapes: ``\\x1b``, ``\\u202e``. Line feeds and spaces stay."""
    if text.isprintable():
        return text
    return "".join(char if char == "\n" or _is_visible(char) else _escape(char) for char in text)


def one_line(text: str) -> str:
    """The same with line feeds as escapes too: for text that must not begin a line."""
    return visible(text).replace("\n", "\\n")


def _is_visible(char: str) -> bool:
    # Python counts spaces other than the plain one as not printable; a narrow no-break space is harmless.
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()
