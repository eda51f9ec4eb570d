"""The comments of prover and compiler lead to sections of the protocol page that exist."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import polyproof_stark
from polyproof_stark import compiler
from polyproof_stark.prover import Prover

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "protocol.md").read_text(encoding="utf-8")
SECTIONS = {int(number) for number in re.findall(r"^## (\d+)\. ", PAGE, re.MULTILINE)}
MODULES = sorted(Path(polyproof_stark.__file__).parent.glob("*.py"))


def part(number: int) -> str:
    """One section of the page."""
    return PAGE.partition(f"\n## {number}. ")[2].partition("\n## ")[0]


def named(text: str) -> set[int]:
    """Sections of the protocol page that a text names; sections of papers come with a number of eprint before them."""
    found = re.findall(r"(?<!\d, )\bsections? (\d+)(?: and (\d+))?(?![.\d])", text)
    return {int(number) for numbers in found for number in numbers if number}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_sections_that_a_module_names_exist(module: Path) -> None:
    assert named(module.read_text(encoding="utf-8")) <= SECTIONS


def test_the_prover_names_the_section_of_every_message_in_order() -> None:
    comments = re.findall(r"((?: *# .*\n)+)", inspect.getsource(Prover.prove))
    steps = [comment for comment in comments if re.match(r" *# \d", comment)]
    numbers = [number for step in steps for number in re.findall(r"(\d)[.,] ", step.partition(". ")[0] + ". ")]
    assert numbers == re.findall(r"^(\d)\. ", part(7), re.MULTILINE)
    assert all(named(step) for step in steps)


def test_the_compiler_names_every_line_of_the_table_of_constraints() -> None:
    lines = {int(number) for number in re.findall(r"^\| (\d+) \|", part(3), re.MULTILINE)}
    covered: set[int] = set()
    for first, last in re.findall(r"[Ll]ines? (\d+)(?: to (\d+))?", inspect.getsource(compiler)):
        covered |= set(range(int(first), int(last or first) + 1))
    assert covered == lines
    assert 3 in named(inspect.getsource(compiler.expand))
