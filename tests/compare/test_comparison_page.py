"""The page on STARK and Merkle sum tree shows what `polyproof compare` printed, and nothing else."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import comparison_page
from compare.conftest import Compare
from docs.generated import built_in
from polyproof.cli.compare.tables import tables


def test_its_tables_are_those_of_the_comparison_that_is_kept() -> None:
    text = comparison_page.PAGE.read_text(encoding="utf-8")
    assert comparison_page.page(text, built_in()) == text
    shown = [part[2] for part in comparison_page.PARTS.finditer(text)]
    assert {*shown, "Time"} == {
        "machine",
        *(str(table.title) for table in tables(comparison_page.kept(built_in()).rows)),
    }


def test_what_is_kept_was_measured_by_the_command_that_measures_it_anew() -> None:
    found = comparison_page.kept(built_in())
    spec, _, accounts, _, runs = comparison_page.COMMAND
    assert found.runs == int(runs)
    assert {row.combination.spec for row in found.rows} == {spec}
    assert {str(row.combination.accounts) for row in found.rows} == set(accounts.split(","))
    assert {row.combination.backend for row in found.rows} == {"stark", "merkle-sum"}
    assert all(row.is_measured and row.combination.invented for row in found.rows)
    said = " ".join(comparison_page.PAGE.read_text(encoding="utf-8").split())
    assert f"polyproof compare {' '.join(comparison_page.COMMAND)}" in said


def test_the_command_prints_tables_of_the_same_columns_now(quick: Compare, folder: Path) -> None:
    """So that a page made by an older version is noticed."""
    quick("spec.yaml", "--vary", "backend=merkle-sum,tally")
    printed = (folder / "comparison/table.md").read_text(encoding="utf-8").splitlines()
    page = comparison_page.PAGE.read_text(encoding="utf-8").splitlines()
    heads = {line for line, under in pairwise(page) if under.startswith("| ---") and "Combination" in line}
    assert heads
    assert heads <= set(printed)
