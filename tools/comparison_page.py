"""The tables of docs/explanation/stark-or-merkle.md, from a comparison that is kept beside it.

``python tools/comparison_page.py --measure DIR`` compares anew with what ``COMMAND`` says, in a folder where it goes on
after an interruption; without it, the tables are made again from what is kept. A table stands in the page between
``<!-- compared: TITLE -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from attrs import evolve

from polyproof.cli.compare.folder import read
from polyproof.cli.compare.tables import tables
from polyproof.cli.compare.work import Comparison, measured_text
from polyproof.cli.plain_table import markdown
from polyproof.registry import Registry, default_registry

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "stark-or-merkle.md"
KEPT = PAGE.with_suffix(".json")
COMMAND = ("okx-22", "--accounts", "1000,10000,100000", "--runs", "2")
"""What ``polyproof compare`` is given; without --vary, what the spec itself compares."""

PARTS = re.compile(r"(<!-- compared: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def measure(folder: Path) -> None:
    """Compare, and keep what was found."""
    command = [sys.executable, "-P", "-m", "polyproof", "compare", *COMMAND, "--out", str(folder), "--json"]
    keep(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["result"])


def keep(result: dict[str, Any]) -> None:
    """Keep a result, with a line for each combination, so that what changes from one time to the next can be seen."""
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in result["rows"])
    others = {key: value for key, value in result.items() if key not in ("rows", "files")}
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in others.items()]
    KEPT.write_text("{\n" + ",\n".join([*lines, f'"rows": [\n{rows}\n]']) + "\n}\n", encoding="utf-8")


def kept(registry: Registry) -> Comparison:
    """What was measured."""
    return read(KEPT, Comparison, registry)


def _part(comparison: Comparison, title: str) -> str:
    if title == "machine":
        return f"{measured_text(comparison)}\n"
    found = next(table for table in tables(comparison.rows) if table.title == title)
    return markdown(evolve(found, title=None))


def page(text: str, registry: Registry) -> str:
    """The page with its tables made anew."""
    comparison = kept(registry)
    return PARTS.sub(lambda part: f"{part[1]}\n{_part(comparison, part[2])}\n{part[3]}", text)


def main() -> None:
    """Measure if asked to, and renew the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--measure", type=Path, metavar="DIR", help="compare anew, in this folder")
    asked = parser.parse_args().measure
    if asked is not None:
        measure(asked)
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), default_registry()), encoding="utf-8")


if __name__ == "__main__":
    main()
