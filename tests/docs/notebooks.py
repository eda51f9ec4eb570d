"""The example notebooks: executed as a reader would, in an empty folder, and what they show compared with the file.

Run as a program, with paths of notebooks, this writes into them what their cells show now.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from nbclient import NotebookClient

from docs import pages

EXAMPLES = pages.ROOT / "docs" / "examples"
_SECONDS = 900
"""For a cell; the first proof on a machine compiles."""


def read(path: Path) -> Any:
    """A notebook as the file has it."""
    return nbformat.read(path, as_version=4)


def executed(path: Path, folder: Path) -> Any:
    """The same with all cells run in an empty folder. Raises ``CellExecutionError`` for a cell that fails."""
    notebook = read(path)
    for cell in notebook.cells:
        cell.pop("outputs", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    resources = {"metadata": {"path": str(folder)}}
    with mock.patch.dict(os.environ, {"JUPYTER_PLATFORM_DIRS": "1", "IPYTHONDIR": str(folder / ".ipython")}):
        NotebookClient(notebook, timeout=_SECONDS, kernel_name="python3", resources=resources).execute()
    return notebook


def cleaned(notebook: Any) -> Any:
    """An executed notebook as it is kept: without when and where it ran, and without bars that have ended."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_ended_bar(output)]
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def is_ended_bar(output: Any) -> bool:
    """Whether an output is the place of a progress bar, which shows nothing once the work is done."""
    return output.output_type == "display_data" and not output.data.get("text/html", "shown").strip()


def shown(notebook: Any) -> list[list[str]]:
    """What each cell shows, in words, without times, sizes and digests."""
    return [
        [
            line
            for output in cell.outputs
            for text in _texts(output)
            for line in pages.loosened(re.sub(r"<[^>]*>", "\n", text))
            if line.strip()
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def _texts(output: Any) -> list[str]:
    if output.output_type == "stream":
        return [output.text]
    if output.output_type == "error":
        return [f"{output.ename}: {output.evalue}"]
    return [output.data[kind] for kind in ("text/plain", "text/html") if kind in output.data]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as empty:
            made = cleaned(executed(Path(name), Path(empty)))
        nbformat.write(made, name)
