"""Spreadsheets: text is taken as it is, and no number that a float may have rounded."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from accounts.snapshots import ASSETS, table
from polyproof.errors import AccountsError, ExtraMissing
from polyproof.extras import EXTRAS
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.settings.accounts import AccountsSettings

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEADER = ("account", "BTC", "ETH", "USD")


class Raw(str):
    """What a cell stores that is no text: its type, and what stands there."""


def number(stored: str) -> Raw:
    return Raw(f"><v>{stored}</v>")


def error(shown: str) -> Raw:
    return Raw(f' t="e"><v>{shown}</v>')


def boolean(value: int) -> Raw:
    return Raw(f' t="b"><v>{value}</v>')


Cell = str | None


def _cell(place: str, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Raw):
        return f'<c r="{place}"{cell}</c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'


def write(path: Path, **sheets: Sequence[Sequence[Cell]]) -> Path:
    """A workbook of the least that one needs (ECMA-376, part 1)."""
    numbered = list(enumerate(sheets.items(), 1))
    override = '<Override PartName="/xl/{}.xml" ContentType="' + _TYPE + '.{}+xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + override.format("workbook", "sheet.main")
        + "".join(override.format(f"worksheets/sheet{n}", "worksheet") for n, _ in numbered)
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, (name, _) in numbered)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n, _ in numbered
        )
        + "</Relationships>",
    }
    for n, (_, rows) in numbered:
        written = "".join(
            f'<row r="{r}">{"".join(_cell(f"{chr(65 + c)}{r}", cell) for c, cell in enumerate(row))}</row>'
            for r, row in enumerate(rows, 1)
        )
        parts[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{written}</sheetData></worksheet>'
        )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return path


def read(base: Path, name: str = "u.xlsx", **options: Any) -> dict[str, tuple[int, ...]]:
    return table(read_snapshot(AccountsSettings(path=(name,), **options), ASSETS, base=base).accounts)


def problems(base: Path, name: str = "u.xlsx", **options: Any) -> list[str]:
    with pytest.raises(AccountsError) as caught:
        read(base, name, **options)
    return [str(problem).removeprefix(f"{base}/{name}: ") for problem in caught.value.problems]


def test_text_is_exact_and_small_whole_numbers_are(tmp_path: Path) -> None:
    rows = [
        HEADER,
        ("0007", "1.00000001", "340282366920938463463.374607431768211455", "3"),
        (number("7"), number("999"), number("1.0"), None),
        ("c", "1e-7", "", " "),
        ("d", number("0"), number("123456789012345"), number("-0")),
    ]
    write(tmp_path / "u.xlsx", Accounts=[*rows, ["", None, " "], []])
    assert read(tmp_path) == {
        "0007": (100000001, 2**128 - 1, 300),
        "7": (999 * 10**8, 10**18, 0),
        "c": (10, 0, 0),
        "d": (0, 123456789012345 * 10**18, 0),
    }


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (number("0.1"), "the cell of 'BTC' is a number, 0.1, and not text (Excel keeps 15 digits of a number and no"),
        (number("1234567890123456"), "the cell of 'BTC' is a number, 1234567890123456, and not text"),
        (number("12345678901234567"), "the cell of 'BTC' is a number, 12345678901234568, and not text"),
        (number("1e300"), "the cell of 'BTC' is a number, 1000000"),
        (boolean(1), "the cell of 'BTC' is a number, true, and not text"),
        (error("#N/A"), "the cell of 'BTC' shows an error (Excel could not compute it)"),
        (error("#DIV/0!"), "the cell of 'BTC' shows an error (Excel could not compute it)"),
        (number("-5"), "BTC amount '-5' is negative"),
        ("1,5", "BTC amount '1,5' is not a number"),
    ],
)
def test_a_cell_that_may_have_been_rounded_is_named_with_its_row(tmp_path: Path, cell: Cell, says: str) -> None:
    write(tmp_path / "u.xlsx", Accounts=[HEADER, ("a", "1", "1", "1"), ("b", cell, "1", "1"), ("c", "1", "1", "1")])
    (problem,) = problems(tmp_path)
    assert problem.startswith(f"row 2: {says}")


def test_ids_are_checked_too_and_columns_that_are_left_out_are_not(tmp_path: Path) -> None:
    header = (*HEADER, "note")
    rows = [("a", "1", "1", "1", number("0.5")), (number("1.5"), "1", "1", "1", error("#REF!")), (None, "1", "1", "1")]
    write(tmp_path / "u.xlsx", Accounts=[header, *rows])
    (problem,) = problems(tmp_path, ignore=("note",))
    assert problem.startswith("row 2: the cell of 'account' is a number, 1.5, and not text")
    write(tmp_path / "u.xlsx", Accounts=[header, rows[0], *rows[2:]])
    assert problems(tmp_path, ignore=("note",)) == ["row 2: the account id is empty"]


def test_many_are_counted(tmp_path: Path) -> None:
    write(tmp_path / "u.xlsx", Accounts=[HEADER, *((f"u{k}", number("0.5"), "1", "1") for k in range(100))])
    with pytest.raises(AccountsError) as caught:
        read(tmp_path)
    (problem,) = caught.value.problems
    assert problem.count == 100


def test_the_long_shape_and_one_sheet_of_several(tmp_path: Path) -> None:
    long = [("account", "asset", "amount"), ("a", "USD", number("3")), ("b", "BTC", "0.5")]
    write(tmp_path / "u.xlsx", Notes=[("x",)], Accounts=long)
    assert read(tmp_path, shape="long", sheet="Accounts") == {"a": (0, 0, 300), "b": (5 * 10**7, 0, 0)}
    assert problems(tmp_path, shape="long") == [
        "has 2 sheets: 'Notes', 'Accounts' (accounts.sheet names the one to read)"
    ]
    assert problems(tmp_path, shape="long", sheet="Sums") == ["has no sheet 'Sums' (it has 'Notes', 'Accounts')"]
    assert "has no column 'account'" in problems(tmp_path, sheet="Notes")[0]


def test_what_is_no_spreadsheet_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write(tmp_path / "u.xlsx", Accounts=[HEADER]).read_bytes()
    assert problems(tmp_path) == ["has no accounts (one row for each, below the header)"]
    for content in (b"", b"PK\x03\x04", whole[:-100], whole[:300]):
        (tmp_path / "u.xlsx").write_bytes(content)
        (problem,) = problems(tmp_path)
        assert problem.startswith("cannot be read as excel: ")
    monkeypatch.setitem(EXTRAS, "excel", ("absent_module",))
    with pytest.raises(ExtraMissing, match=r"\[excel\]"):
        read(tmp_path)
