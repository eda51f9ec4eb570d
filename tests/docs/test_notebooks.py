"""Somebody runs the example notebooks: every cell shows what the file shows."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from docs import notebooks

NOTEBOOKS = sorted(notebooks.EXAMPLES.rglob("*.ipynb"))


def test_there_is_one() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_its_cells_make(path: Path, tmp_path: Path) -> None:
    ran = notebooks.executed(path, tmp_path)
    outputs = [output for cell in ran.cells for output in cell.get("outputs", ())]
    assert any(map(notebooks.is_ended_bar, outputs)), "in a kernel, progress is drawn"
    found = notebooks.shown(notebooks.cleaned(ran))
    assert found == notebooks.shown(notebooks.read(path)), (
        "run: PYTHONPATH=tests python tests/docs/notebooks.py NOTEBOOK"
    )
    assert all(found), "a cell shows nothing"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_says_nothing_of_the_machine_it_ran_on(path: Path) -> None:
    notebook = notebooks.read(path)
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    text = path.read_text(encoding="utf-8")
    for place in ("/tmp", "/home", "/root", "/Users", "/private/var", "site-packages", "Traceback"):
        assert place not in text, place
