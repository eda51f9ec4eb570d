"""The tables and curves of docs/explanation/performance.md, from measurements that are kept beside it.

``python tools/performance.py --measure [NAME …]`` measures anew, everything or what is named, for minutes up to an hour
on a quiet machine; without it, tables and curves are made again from what is kept. A table stands in the page between
``<!-- measured: NAME, TITLE -->``, the beginning of its title, and ``<!-- end -->``. NAME + NAME joins measurements.
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

from polyproof.cli.bench.plot import plot
from polyproof.cli.bench.results import Results, joined, read_results
from polyproof.cli.bench.shapes import choices_text
from polyproof.cli.bench.tables import machine_text, result_tables
from polyproof.cli.plain_table import markdown
from polyproof.registry import Registry, default_registry

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"
KEPT = PAGE.with_suffix("")
"""The folder of results and curves, beside the page."""

_HASHES = ("blake3", "sha256", "keccak256", "poseidon", "poseidon2", "rescue-prime-optimized")
SWEEPS: dict[str, tuple[str, ...]] = {
    # The most accounts that fit 2^10, 2^12, 2^14, 2^16, 2^18 and 2^20 rows, with the hash that takes the least; the two
    # largest once.
    "accounts": ("--accounts=841,3913,16201,65353", "--option=hash=blake3", "--runs=1"),
    "quarter": ("--accounts=261961", "--option=hash=blake3", "--runs=0"),
    "million": ("--accounts=1048393", "--option=hash=blake3", "--runs=0"),
    "one": ("--accounts=65353", "--runs=1"),
    # As many as fit 2^14 rows, and one more.
    "step": ("--accounts=16201,16202", "--runs=1"),
    "assets": ("--accounts=3913", "--assets=1,5,22,50,100,200", "--runs=1"),
    "threads": ("--accounts=16201", "--threads=1,2", "--runs=1"),
    "hashes": ("--accounts=3913", *(f"--option=hash={name}" for name in _HASHES), "--runs=1"),
    "widths": ("--accounts=16201", "--option=hash=blake3", "--near=limb_bits", "--runs=0"),
    "wider": ("--accounts=130889", "--option=hash=blake3", "--near=limb_bits", "--runs=0"),
}
"""Of each measurement, what ``polyproof bench`` is given."""

_BY_ACCOUNTS = "accounts + quarter + million"
CURVES = {
    "accounts": (_BY_ACCOUNTS, "cpu"),
    "phases": (_BY_ACCOUNTS, "phases"),
    "memory": (_BY_ACCOUNTS, "memory"),
    "assets": ("assets", "cpu"),
}
"""Of each drawing, which measurement it shows, and what of it."""

PARTS = re.compile(r"(<!-- measured: ([\w +]+), ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
"""The parts of the page that are made here: which measurement, and which of its tables."""


def measure(name: str) -> None:
    """Measure, and keep what was found."""
    KEPT.mkdir(exist_ok=True)
    command = [sys.executable, "-P", "-m", "polyproof", "bench", *SWEEPS[name], "--json"]
    answer = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    if missing := answer["result"]["not_measured"]:
        raise SystemExit(f"{name}: not measured, and what is kept stays: {missing[0]['reason']}")
    (KEPT / f"{name}.json").write_text(_lines(answer), encoding="utf-8")


def _lines(answer: dict[str, Any]) -> str:
    """JSON with a line for each measurement, so that what changes from one time to the next can be seen."""
    parts = []
    for key, value in answer["result"].items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            items = ",\n".join(json.dumps(item, ensure_ascii=False) for item in value)
            parts.append(f"{json.dumps(key)}: [\n{items}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    around = json.dumps({key: value for key, value in answer.items() if key != "result"}, indent=0)
    return f'{around.removesuffix(chr(10) + "}")},\n"result": {{\n' + ",\n".join(parts) + "\n}\n}\n"


def kept(name: str, registry: Registry) -> Results:
    """What was measured under a name, or several joined by ``+``."""
    return joined([read_results(KEPT / f"{part}.json", registry) for part in name.split(" + ")])


def _part(results: Results, title: str) -> str:
    """A table by the beginning of its title, the machine, or how choices compare."""
    if title == "machine":
        return f"Measured {results.measured[:10]}: {machine_text(results.machine)}.\n"
    if title == "choices":
        return "".join(f"- {sentence}\n" for sentence in choices_text(results))
    found = [table for table in result_tables(results) if table.title and table.title.startswith(title)]
    if not found:
        raise ValueError(f"no table whose title begins with {title!r}")
    return "\n".join(markdown(evolve(table, title=None)) for table in found)


def page(text: str, registry: Registry) -> str:
    """The page with its measured parts made anew."""
    return PARTS.sub(lambda part: f"{part[1]}\n{_part(kept(part[2], registry), part[3])}\n{part[4]}", text)


def drawings(registry: Registry) -> dict[Path, str]:
    """The curves, by file."""
    return {KEPT / f"{name}.svg": plot(kept(sweep, registry), what) for name, (sweep, what) in CURVES.items()}


def main() -> None:
    """Measure what is asked for, and renew the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--measure", nargs="*", choices=[*SWEEPS], help="what to measure anew; all if nothing is named")
    asked = parser.parse_args().measure
    for name in () if asked is None else asked or SWEEPS:
        measure(name)
    registry = default_registry()
    for path, text in drawings(registry).items():
        path.write_text(text, encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), registry), encoding="utf-8")


if __name__ == "__main__":
    main()
