"""specs/okx-22.yaml with the STARK as its backend, and other options than the file's."""

from __future__ import annotations

from pathlib import Path

from polyproof.registry import Registry
from polyproof.settings.spec import Spec, load_spec

ROOT = Path(__file__).parents[2]


def okx_spec(directory: Path, registry: Registry, options: str = "") -> Spec:
    """``options``: "queries: 80, grinding: 10"; the defaults without."""
    lines = (ROOT / "specs" / "okx-22.yaml").read_text().splitlines()
    start = lines.index("backend:")
    stop = next(number for number in range(start + 1, len(lines)) if not lines[number].startswith(" "))
    given = [f"  {line.strip()}" for line in options.split(",") if line.strip()]
    path = directory / "okx.yaml"
    path.write_text("\n".join([*lines[:start], "backend:", "  name: stark", *given, *lines[stop:]]) + "\n")
    return load_spec(path, registry)
