"""Which column of an input holds what, and which types are exact."""

from __future__ import annotations

import re

from polyproof.config.options import did_you_mean
from polyproof.liabilities.snapshot.cells import INTEGER_TYPES
from polyproof.liabilities.snapshot.file import Column, SnapshotFile
from polyproof.model.amounts import shown

__all__ = ["EXACT", "IDENTIFYING", "TEXT", "amount_text", "find_column", "wrong_type"]

_INTEGERS = "|".join(INTEGER_TYPES)
TEXT = re.compile(r"VARCHAR|ENUM\(.*\)", re.DOTALL)
"""DuckDB's names for types of text."""
EXACT = re.compile(rf"{TEXT.pattern}|{_INTEGERS}|DECIMAL\(\d+,\d+\)|NUMERIC|\"NULL\"", re.DOTALL)
"""DuckDB's names for the types that an amount may have, and NUMERIC, that of servers, which comes as text."""
IDENTIFYING = re.compile(rf"{TEXT.pattern}|UUID|{_INTEGERS}|DECIMAL\(\d+,0\)", re.DOTALL)
"""DuckDB's names for the types that an account id may have."""

_FLOATING = ("DOUBLE", "FLOAT", "DOUBLE PRECISION", "REAL")


def find_column(file: SnapshotFile, name: str, key: str, kind: re.Pattern[str]) -> Column | None:
    """The column that holds the ids, assets or amounts; ``None``, reported, if there is none of the right kind.

    Its name is ``name``, the value of ``accounts.<key>``, or the only one that differs from it in nothing but case.
    """
    found = [column for column in file.columns if column.name == name]
    found = found or [column for column in file.columns if column.name.casefold() == name.casefold()]
    if len(found) == 1:
        if kind.fullmatch(found[0].type):
            return found[0]
        file.report(*wrong_type(found[0], kind))
        return None
    names = [column.name for column in file.columns]
    if found:
        file.report(f"has {len(found)} columns named {name!r}")
    elif len(names) == 1 and any(other in names[0] for other in ",;\t|"):
        file.report(f"has one column, {shown(names[0])}", "set accounts.delimiter to what separates its fields")
    else:
        file.report(f"has no column {name!r}", f"accounts.{key} names it; {did_you_mean(name, names)}")
    return None


def wrong_type(column: Column, kind: re.Pattern[str]) -> tuple[str, str]:
    """Message and hint for a column of a type that is not accepted."""
    message = f"column {column.name!r} is of type {column.type}"
    if column.type.upper() in _FLOATING:
        message += ", a floating-point type, which is not exact"
    if column.instead is not None:
        return message, column.instead
    if kind is EXACT:
        return message, "amounts are decimal strings, DECIMAL or integers"
    return message, "ids are strings or integers" if kind is IDENTIFYING else "assets are strings"


def amount_text(column: Column) -> str:
    """SQL of an amount's text. Most amounts are zero, and a zero in DECIMAL has many digits to write and read."""
    text = f"{column.expression}::VARCHAR"
    if column.type.startswith("DECIMAL"):
        return f"CASE WHEN {column.expression} = 0 THEN '0' ELSE {text} END"
    return text
