"""The files that are made of a comparison: a page, its tables in Markdown, and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from polyproof.cli.compare.folder import MEASURED_FOLDER
from polyproof.cli.compare.page import page_text
from polyproof.cli.compare.tables import BITS_NOTE, SPREAD_NOTE, csv_text, tables
from polyproof.cli.compare.work import Comparison, measured_text
from polyproof.cli.plain_table import markdown
from polyproof.config.options import shown
from polyproof.errors import Problem, UsageError
from polyproof.formats.files import write_durably

__all__ = ["check_folder", "markdown_text", "write_files"]

_FILES = {MEASURED_FOLDER, "index.html", "table.csv", "table.md"}


def check_folder(folder: Path) -> None:
    """Refuse a folder with other things than a comparison in it: its page would replace one of the same name."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a directory")
    if others := {path.name for path in folder.iterdir() if not path.name.startswith(".")} - _FILES:
        raise UsageError(
            Problem(
                f"{folder} has other things in it than a comparison, such as {shown(min(others))}",
                hint="name a folder that is new, empty, or a comparison's",
            )
        )


def write_files(comparison: Comparison, folder: Path) -> dict[str, Path]:
    """Write them, each whole or not at all, in place of earlier ones; returns their paths by what they are."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "page": ("index.html", page_text(comparison)),
        "csv": ("table.csv", csv_text(comparison.rows)),
        "markdown": ("table.md", markdown_text(comparison)),
    }
    written = {}
    for name, (file, text) in texts.items():
        written[name] = folder / file
        write_durably(written[name], text.encode())
    return written


def markdown_text(comparison: Comparison) -> str:
    """The tables in Markdown, with what their columns mean."""
    parts: Sequence[str] = [markdown(one) for one in tables(comparison.rows)]
    return "\n".join([*parts, f"{SPREAD_NOTE}\n", f"{BITS_NOTE}\n", f"{measured_text(comparison)}\n"])
