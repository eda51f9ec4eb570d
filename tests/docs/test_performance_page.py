"""The page on performance shows what was measured, and nothing else."""

from __future__ import annotations

import re

import pytest

import performance
from docs.generated import built_in


def test_tables_are_those_of_the_measurements_that_are_kept() -> None:
    text = performance.PAGE.read_text(encoding="utf-8")
    assert performance.page(text, built_in()) == text


@pytest.mark.parametrize("name", performance.CURVES)
def test_curves_are_those_of_the_measurements_that_are_kept(name: str) -> None:
    drawn = performance.drawings(built_in())
    path = performance.KEPT / f"{name}.svg"
    assert path.read_text(encoding="utf-8") == drawn[path]
    assert f"(performance/{name}.svg)" in performance.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", performance.SWEEPS)
def test_what_is_kept_was_measured_by_the_command_that_measures_it_anew(name: str) -> None:
    results = performance.kept(name, built_in())
    assert name in ("widths", "wider") or not results.not_measured  # not every neighbour of a width fits
    given = {argument for argument in performance.SWEEPS[name] if not argument.startswith("--runs")}
    assert given <= set(results.arguments)
    text = performance.PAGE.read_text(encoding="utf-8")
    used = {name for part in performance.PARTS.finditer(text) for name in part[2].split(" + ")}
    assert name in used, "no table of the page shows it"


def test_the_page_lists_every_measurement_with_its_command() -> None:
    text = " ".join(performance.PAGE.read_text(encoding="utf-8").split())
    listed = re.findall(r"\| `(\w+)` \| `polyproof bench ([^`]*)` \|", text)
    assert {name: tuple(command.split()) for name, command in listed} == performance.SWEEPS
