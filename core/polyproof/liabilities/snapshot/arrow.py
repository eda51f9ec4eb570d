"""A table or a stream in memory: its schema is looked at here, its rows go from Arrow straight into DuckDB.

DuckDB makes names of columns unique and cannot read every type of Arrow; so the names are taken from the schema, and
what cannot be read is reported by column. The structures are those of the Arrow C data and C stream interfaces
(https://arrow.apache.org/docs/format/CDataInterface.html).
"""

from __future__ import annotations

import ctypes
from typing import Any

import duckdb
from attrs import frozen

from polyproof.liabilities.snapshot.database import described, first_lines
from polyproof.liabilities.snapshot.file import Column, SnapshotFile
from polyproof.liabilities.snapshot.table import Table
from polyproof.model.counts import counted
from polyproof.settings.in_memory import InMemoryAccounts

__all__ = ["read_in_memory"]

_RELATION = "polyproof_in_memory"
_STREAM_NAME = b"arrow_array_stream"
_INDEX = "__index_level_"
"""What pandas calls levels of an index that have no name."""


class _Schema(ctypes.Structure):
    """``ArrowSchema``."""


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))),
    ("private_data", ctypes.c_void_p),
]


class _Stream(ctypes.Structure):
    """``ArrowArrayStream``."""

    _fields_ = (
        ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_Schema))),
        ("get_next", ctypes.c_void_p),
        ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


@frozen
class _Field:
    """A column as the schema has it."""

    name: str
    format: str

    @property
    def unreadable(self) -> str | None:
        """Its type in words, if DuckDB has none for it."""
        kind, _, rest = self.format.partition(":")
        if kind == "e":
            return "float16"
        if kind == "d":
            numbers = rest.split(",")
            if numbers[2:] == ["256"] or numbers[1].startswith("-"):
                return f"decimal{numbers[2] if numbers[2:] else '128'}({numbers[0]}, {numbers[1]})"
        return None


def read_in_memory(table: Table, file: SnapshotFile, accounts: InMemoryAccounts) -> None:
    """Put its rows into the table and report what is wrong with it. Raises ``AccountsError`` for what is no table."""
    expected = accounts.rows()
    capsule = accounts.stream()
    try:
        fields = _fields(capsule)
    except ValueError as error:
        file.report(f"cannot be read as Arrow: {error}", "part of it may have been read: make it anew")
        return
    if not fields:
        file.report("has no columns", "expected a table: rows of an account and its amounts")
        return
    before = file.findings.count
    for column in fields:
        if (kind := column.unreadable) is not None:
            file.report(
                f"column {column.name!r} is of type {kind}",
                "amounts are decimal strings, decimals of up to 38 digits, or integers: cast it to text",
            )
        if column.name.startswith(_INDEX) and column.name not in table.settings.ignore:
            file.report(
                "its index has no name",
                f"if it holds the ids: .rename_axis({table.settings.id!r}); otherwise: .reset_index(drop=True)",
            )
    if file.findings.count > before:
        return
    try:
        table.connection.register(_RELATION, capsule)
        file.relation = _RELATION
        unique = described(table.connection, _RELATION)
        file.columns = tuple(
            Column(column.name, one.expression, one.type) for column, one in zip(fields, unique, strict=True)
        )
        selection = table.selection(file)
        if selection is not None and not table.fill(file, selection, expected) and expected is not None:
            # A relation of DuckDB 1 from which rows were fetched hands over those that are left.
            file.report(
                f"does not hand over the {counted(expected or 0, 'row')} that it has",
                "part of it was read: make it anew",
            )
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        file.report(f"cannot be read as Arrow: {_reason(error)}")


def _reason(error: duckdb.Error) -> str:
    """What a stream says of its failure: without our name for it, and the traceback that one in Python adds."""
    said = first_lines(error).partition(". Detail: Python exception:")[0]
    return said.rpartition(f"{_RELATION}' failed: ")[2]


def _fields(capsule: Any) -> list[_Field] | None:
    """The columns of a stream; ``None`` if it is not one of tables. Nothing of it is consumed.

    Raises ``ValueError`` with what the stream says, if it has no schema to give.
    """
    try:
        address = _pointer(capsule, _STREAM_NAME)
    except ValueError:  # a capsule of something else, or none
        return None
    stream = ctypes.cast(address, ctypes.POINTER(_Stream)).contents
    schema = _Schema()
    if not stream.release:
        raise ValueError("the stream has been released")
    if stream.get_schema(address, ctypes.byref(schema)):
        raise ValueError(" ".join(_text(stream.get_last_error(address)).split())[:300] or "it gives no schema")
    try:
        if schema.format != b"+s":
            return None
        children = (schema.children[k].contents for k in range(schema.n_children))
        return [_Field(_text(child.name), _text(child.format)) for child in children]
    finally:
        schema.release(ctypes.byref(schema))


def _text(data: bytes | None) -> str:
    return (data or b"").decode(errors="replace")
