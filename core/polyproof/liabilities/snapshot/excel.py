"""Spreadsheets, by fastexcel. A number cell is a float of 15 digits, so it is taken only where it cannot be inexact.

fastexcel gives a sheet in one type at a time. As text, every cell has a value but empty ones and those that show an
error, which it lists; as booleans, only cells of numbers and booleans have one. Together they tell what a cell is.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import fastexcel
import pyarrow as pa

from polyproof.liabilities.snapshot.database import first_lines
from polyproof.liabilities.snapshot.file import Column, SnapshotFile
from polyproof.liabilities.snapshot.table import Table, result_rows
from polyproof.model.amounts import shown

__all__ = ["read_excel"]

_SHEET = "polyproof_sheet"
_WHOLE = "-?[0-9]{1,15}"
"""The text of a number that a float holds exactly, and Excel with all its digits."""


def read_excel(table: Table, file: SnapshotFile, path: Path) -> None:
    """Put the rows of a sheet into the table and report what is wrong with them. Raises ``OSError``."""
    path.open("rb").close()
    try:
        book = fastexcel.read_excel(path)
        name = _sheet(file, book.sheet_names, table.settings.sheet)
        if name is None:
            return
        texts, errors = book.load_sheet(name, dtypes="string", skip_whitespace_tail_rows=True).to_arrow_with_errors()
        kinds = book.load_sheet(name, dtypes="boolean", skip_whitespace_tail_rows=True).to_arrow()
    except fastexcel.FastExcelError as error:
        file.report(f"cannot be read as excel: {' '.join(str(error).split())}")
        return
    names = texts.schema.names
    columns = [pa.array(column, pa.string()) for column in texts.columns]
    columns += [column.is_valid() for column in kinds.columns]
    places = [f"{kind}{k}" for kind in ("c", "n") for k in range(len(names))]
    used = {k for k, column in enumerate(names) if _is_used(table, column)}
    before = file.findings.count
    for found in errors.errors if errors is not None else ():
        row, place = found.offset_position
        if place in used:
            file.report(
                f"the cell of {names[place]!r} shows an error", "Excel could not compute it", record=row, column=place
            )
    try:
        table.connection.register(_SHEET, pa.table(columns, names=places))
        for place in sorted(used):
            _report_numbers(table, file, names[place], place)
        if file.findings.count > before:
            return
        file.relation = _SHEET
        file.columns = tuple(Column(column, f"c{k}", "VARCHAR") for k, column in enumerate(names))
        selection = table.selection(file)
        if selection is not None:
            table.fill(file, selection)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        file.report(f"cannot be read as excel: {first_lines(error)}")
    finally:
        table.connection.unregister(_SHEET)


def _sheet(file: SnapshotFile, names: list[str], wanted: str | None) -> str | None:
    """The sheet to read; ``None``, reported, if it is not there or not said."""
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return wanted
    listed = ", ".join(map(shown, names))
    if wanted is None:
        file.report(f"has {len(names)} sheets: {listed}", "accounts.sheet names the one to read")
    else:
        file.report(f"has no sheet {wanted!r}", f"it has {listed}")
    return None


def _is_used(table: Table, column: str) -> bool:
    settings = table.settings
    if settings.shape == "long":
        used = (settings.id, settings.asset, settings.amount, settings.position or settings.id)
        return column.casefold() in {name.casefold() for name in used}
    return column not in settings.ignore


def _report_numbers(table: Table, file: SnapshotFile, name: str, place: int) -> None:
    """Report cells of a column that hold a number that may have been rounded, or a boolean."""
    found = table.connection.execute(
        f"SELECT row, value FROM (SELECT row_number() OVER () - 1 AS row, c{place} AS value, n{place} AS number "
        f"FROM {_SHEET}) WHERE number AND NOT regexp_full_match(value, '{_WHOLE}') ORDER BY row"
    )
    for row, value in result_rows(found):
        file.report(
            f"the cell of {name!r} is a number, {value}, and not text",
            "Excel keeps 15 digits of a number and no decimal fraction exactly: write it as text, in a cell of that "
            "format; whole numbers of up to 15 digits are taken as they are",
            record=row,
            column=place,
        )
