"""Every figure of docs/explanation/security.md is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from polyproof.backend import SecurityReport
from polyproof.errors import SpecError
from polyproof.registry import default_registry
from polyproof.settings.spec import create_backend
from stark.okx import ROOT, okx_spec

PAGE = (ROOT / "docs" / "explanation" / "security.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The cells of the table whose first line begins so."""
    lines = PAGE.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(heading))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().replace("\N{NO-BREAK SPACE}", " ") for cell in line.strip("|").split("|")])
    return rows


def security(directory: Path, options: str = "", accounts: int | None = None) -> SecurityReport:
    registry = default_registry()
    spec = okx_spec(directory, registry, options)
    return create_backend(spec, registry).security(spec.assets, accounts)


def bits(value: float) -> str:
    return f"{value:.1f}"


def unique(report: SecurityReport) -> SecurityReport:
    return next(item for item in (report, *report.alternatives) if item.bound == "unique decoding")


def test_table_of_rounds(tmp_path: Path) -> None:
    report = security(tmp_path, accounts=1_000_000)
    assert report.bound == "Johnson radius, m = 39"
    expected = [
        [term.round, term.name, bits(term.bits), bits(other.bits)]
        for term, other in zip(report.terms, unique(report).terms, strict=True)
    ]
    told = [row[:4] for row in table("| round | term |")]
    assert told == expected
    assert f"**Proven: {bits(report.proven_bits)} bits**" in PAGE
    assert f"beside it, {bits(report.conjectured_bits or 0)}" in PAGE


def test_table_of_lengths(tmp_path: Path) -> None:
    rows = table("| rows | accounts up to |")
    assert [row[0] for row in rows] == ["2^17", "2^18", "2^19", "2^20"]
    for length, accounts, proven, within in rows:
        most = int(accounts.replace(" ", ""))
        report = security(tmp_path, accounts=most)
        assert (bits(report.proven_bits), bits(unique(report).proven_bits)) == (proven, within)
        assert f"a trace of {length} rows" in report.notes[0]
        if length != "2^20":
            assert f"a trace of {length} rows" not in security(tmp_path, accounts=most + 1).notes[0]


def test_table_of_options(tmp_path: Path) -> None:
    rows = table("| options | queries, grinding |")
    assert len(rows) == 6
    for options, numbers, proven, within in rows:
        report = security(tmp_path, "" if options == "default" else options.replace("`", ""))
        assert (bits(report.proven_bits), bits(unique(report).proven_bits)) == (proven, within)
        queries, grinding = numbers.split(", ")
        formula = next(term.formula for term in report.terms if term.round == "queries")
        assert f"q = {queries}, g = {grinding}:" in formula


def test_inclusion_figures(tmp_path: Path) -> None:
    report = security(tmp_path)
    assert [row[1] for row in table("| by | bits |")] == [bits(term.bits) for term in report.inclusion]
    chains = [re.search(r": ([\d.]+)$", term.formula) for term in report.inclusion]
    told = " and ".join(found.group(1) for found in chains if found)
    assert f"{told} bits. It never decides." in " ".join(PAGE.split())


def test_refusal_of_the_small_extension(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as error:
        okx_spec(tmp_path, default_registry(), "extension: 2, target_bits: 100")
    assert "gives 99.0 bits" in str(error.value)
    assert "ℓ = 88 + 40 + 1, n = |D| = 2^22" in str(error.value)
    assert "(88 + 40 + 1)·2^22 exceptional challenges out of 2^128 leave 99.0" in " ".join(PAGE.split())


def test_omission_figure() -> None:
    assert "with 1000 accounts and 1 % who check, 0.004 %" in " ".join(PAGE.split())
    assert round(100 * 0.99**1000, 3) == 0.004
