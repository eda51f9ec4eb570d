"""Every figure of docs/explanation/security.md is what the code says."""

from __future__ import annotations

import math
import re
from itertools import product
from pathlib import Path

import pytest

from polyproof.errors import SpecError
from polyproof.model.assets import Asset
from polyproof.registry import default_registry
from polyproof.security import Figure, FigureName, SecurityReport, bits_text
from polyproof.settings.policy import Policy
from polyproof.settings.spec import create_backend
from polyproof_stark.options import StarkOptions
from polyproof_stark.security import QUERIES
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


def sound(report: SecurityReport) -> Figure:
    assert report.soundness is not None
    return report.soundness


def unique(report: SecurityReport) -> Figure:
    return next(item for item in (sound(report), *sound(report).alternatives) if item.bound == "unique decoding")


def test_table_of_rounds(tmp_path: Path) -> None:
    report = security(tmp_path, accounts=1_000_000)
    assert sound(report).bound == "Johnson radius, m = 40"
    expected = [
        [term.round, term.name, bits_text(term.bits), bits_text(other.bits)]
        for term, other in zip(sound(report).terms, unique(report).terms, strict=True)
    ]
    told = [row[:4] for row in table("| round | term |")]
    assert told == expected
    assert f"**Soundness: {bits_text(sound(report).bits)} bits**" in PAGE
    assert f"soundness by conjecture, {bits_text(report.conjectured_soundness_bits or 0)}," in PAGE


def test_table_of_figures_and_their_minimum(tmp_path: Path) -> None:
    registry = default_registry()
    stark = security(tmp_path)
    tree = registry.get("backend", "merkle-sum")
    sums = tree(tree.Options(), registry).security(())
    rows = table("| figure | so many bits mean |")
    shown = [name for name in FigureName if name is not FigureName.ESTIMATED]  # neither backend gives it
    for name, row in zip(shown, rows, strict=True):
        given = [report.figure(name) for report in (stark, sums)]
        assert row[2:4] == [bits_text(figure.bits) if figure else "none" for figure in given]
        assert row[4] == f"{Policy().minimum(name):g}"


def test_table_of_lengths(tmp_path: Path) -> None:
    rows = table("| rows | accounts up to |")
    assert [row[0] for row in rows] == ["2^17", "2^18", "2^19", "2^20"]
    for length, accounts, proven, within in rows:
        most = int(accounts.replace(" ", ""))
        report = security(tmp_path, accounts=most)
        assert (bits_text(sound(report).bits), bits_text(unique(report).bits)) == (proven, within)
        assert f"a trace of {length} rows" in report.notes[0]
        if length != "2^20":
            assert f"a trace of {length} rows" not in security(tmp_path, accounts=most + 1).notes[0]


def test_table_of_options(tmp_path: Path) -> None:
    rows = table("| options | queries, grinding |")
    assert len(rows) == 7
    for options, numbers, proven, within in rows:
        report = security(tmp_path, "" if options == "default" else options.replace("`", ""))
        assert (bits_text(sound(report).bits), bits_text(unique(report).bits)) == (proven, within)
        queries, grinding = numbers.split(", ")
        formula = next(term.formula for term in sound(report).terms if term.round == "queries")
        assert f"q = {queries}, g = {grinding}:" in formula


def test_inclusion_figures(tmp_path: Path) -> None:
    report = security(tmp_path)
    assert report.inclusion is not None
    assert report.inclusion_2025 is not None
    terms = [report.inclusion.decides, report.inclusion_2025.decides]
    assert [row[1] for row in table("| by | bits |")] == [bits_text(term.bits) for term in terms]
    chains = [re.search(r": ([\d.]+)$", term.formula) for term in terms]
    told = " and ".join(found.group(1) for found in chains if found)
    assert f"{told} bits. It never decides." in " ".join(PAGE.split())


def test_refusal_of_the_small_extension(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as error:
        okx_spec(tmp_path, default_registry(), "extension: 2, target_bits: 100")
    assert "gives 99.3 bits" in str(error.value)
    assert "ℓ = 66 + 33 + 1, n = |D| = 2^22" in str(error.value)
    assert "(66 + 33 + 1)·2^22 exceptional challenges out of 2^128 leave 99.3" in " ".join(PAGE.split())


def test_omission_figure() -> None:
    assert "with 1000 accounts and 1 % who check, less than 0.005 %" in " ".join(PAGE.split())
    assert 100 * 0.99**1000 < 0.005
    assert 100 * 0.99**10 > 90


def test_figures_over_babybear() -> None:
    registry = default_registry()
    assets = [Asset(symbol="BTC", decimals=8), Asset(symbol="EUR", decimals=2)]
    open_options = StarkOptions(field="babybear")
    settled = registry.create("backend", "stark", open_options, registry).settle(open_options, assets, 10_000).options
    report = registry.create("backend", "stark", settled, registry).security(assets, 10_000)
    assert f"soundness is\n{bits_text(sound(report).bits)} bits." in PAGE
    of_extension = registry.get("field", "babybear").modulus ** settled.extension
    assert f"degree {settled.extension},\nof {round(math.log2(of_extension))} bits" in PAGE
    assert f"{registry.get('hash', settled.hash).collision_bits} bits of collision resistance, not 128" in PAGE


def test_what_grinding_over_babybear_is_short_of_changes_no_figure() -> None:
    """Of the elements a little more than one in 2^16 has sixteen low bits zero, which the figures leave out."""
    registry = default_registry()
    modulus = registry.get("field", "babybear").modulus
    assert modulus == 15 * 2**27 + 1
    shown = -math.log2(len(range(0, modulus, 2**16)) / modulus)
    assert f"16 bits of work are {int(shown * 10**5) / 10**5}" in " ".join(PAGE.split())
    assets = [Asset(symbol=f"A{each}", decimals=8) for each in range(22)]
    for profile, count, accounts in product(("standard", "small"), (1, 2, 22), (300, 3_000, 10_000)):
        chosen = StarkOptions(field="babybear", profile=profile)
        backend = registry.create("backend", "stark", chosen, registry)
        settled = backend.settle(chosen, assets[:count], accounts).options
        figures = registry.create("backend", "stark", settled, registry).security(assets[:count], accounts).given
        terms = [term for figure in figures.values() for term in figure.terms if term.name.startswith(QUERIES)]
        assert len(terms) >= 3
        for term in terms:
            assert bits_text(term.bits) == bits_text(term.bits - (16 - shown)), (profile, count, accounts, term)
