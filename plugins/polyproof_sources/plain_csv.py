"""Lines of a CSV without quotes, as programs write it that put nothing but names and numbers into cells."""

from __future__ import annotations

import codecs
from typing import BinaryIO

__all__ = ["LONGEST", "next_cells"]

LONGEST = 1 << 20
"""The most bytes of a line."""


def next_cells(lines: BinaryIO) -> list[str] | str:
    """The cells of the next line, none at the end of the file, or what is wrong with it; one empty cell if blank."""
    raw = lines.readline(LONGEST + 1)
    if len(raw) > LONGEST:
        while raw and not raw.endswith(b"\n"):
            raw = lines.readline(LONGEST + 1)
        return f"the line is longer than {LONGEST} bytes"
    if not raw:
        return []
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        return f"byte 0x{error.object[error.start]:02x} is not UTF-8"
    if '"' in text:
        return "has a quoted cell, which files of this format have not"
    return text.split(",") if text.strip() else [""]
