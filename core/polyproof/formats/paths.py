"""The files that a spec names."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from polyproof.findings import Findings

__all__ = ["named_files"]


def named_files(base: Path, patterns: Iterable[str], findings: Findings, *, folders: bool = False) -> list[Path]:
    """The files that paths and patterns name, each once, in order. A path or pattern that names none is reported.

    They are relative to ``base``; ``*``, ``?``, ``[ ]`` and ``**`` match as in a shell, in sorted order. A path that
    exists is never treated as a pattern. With ``folders`` a directory stands for all files in it, at any depth, but for
    those whose name, or that of a directory on the way, begins with ``.`` or ``_``: programs leave such marks.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = base / pattern
        if path.is_dir() and folders:
            within = [file for file in sorted(path.rglob("*")) if file.is_file() and not _is_mark(file, path)]
            if not within:
                findings.add(f"{path}: there are no files in it")
            found.update(dict.fromkeys(within))
            continue
        if path.is_dir():
            findings.add(f"{path}: is a directory", hint=f"its files: {path}/*")
            continue
        matches = [path] if path.exists() else [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]
        files = [match for match in matches if not match.is_dir()]
        if not files:
            findings.add(f"{path}: {'no file matches' if glob.has_magic(pattern) else 'there is no such file'}")
        found.update(dict.fromkeys(files))
    return list(found)


def _is_mark(file: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
