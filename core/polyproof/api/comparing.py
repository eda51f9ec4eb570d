"""Backends, options and specs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polyproof.api.arguments import PathLike, checked_spec, optional_path
from polyproof.api.following import ProgressLike, following
from polyproof.api.results import Compared
from polyproof.errors import Problem, UsageError
from polyproof.settings.spec import Spec

__all__ = ["compare"]


def compare(
    specs: Spec | Sequence[Spec],
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    accounts: int | Sequence[int] | None = None,
    runs: int = 3,
    out: PathLike | None = None,
    again: bool = False,
    progress: ProgressLike = None,
) -> Compared:
    """Prove the same accounts in several ways, and set side by side what each takes, proves, hides and assumes: what
    ``polyproof compare`` does.

    ``vary`` has values by the path of a key, ``{"backend": ["stark", "merkle-sum"], "backend.hash": ["blake3"]}``.
    Every combination is measured, and an option that a backend lacks is not varied for it. Without it, a spec's own
    backend and those under its key ``compare``. ``accounts`` are how many to invent; without it, the spec's own.
    ``runs`` are those after the first. ``out`` is a folder for the page, the tables and what was measured, where the
    same call goes on after an interruption; without it nothing is kept. Each combination is measured in a process of
    its own, which knows the installed plugins: in a program, call it under ``if __name__ == "__main__":``.

    What cannot run, does not verify or is at fault is a row with its reason, and raises nothing: see ``outcome``.
    Raises ``UsageError`` for a path or a value that no backend has, for accounts in memory, and for a folder of another
    machine or version; ``ExtraMissing`` without the extra ``prove``.
    """
    from polyproof.extras import require_extras

    require_extras("prove", purpose="measuring what proves")
    from polyproof.cli.compare.folder import Folder
    from polyproof.cli.compare.varying import axis_of, candidates
    from polyproof.cli.compare.work import compared
    from polyproof.cli.compare.written import check_folder, write_files
    from polyproof.registry import default_registry

    given = [specs] if isinstance(specs, Spec) else specs
    as_given: Any = given
    if not isinstance(as_given, list | tuple) or not as_given:
        raise UsageError(Problem(f"specs is {type(given).__name__}", hint="expected what polyproof.load_spec returns"))
    if vary is not None and not isinstance(vary, Mapping):
        raise UsageError(Problem(f"vary is {type(vary).__name__}", hint='expected {"backend.hash": ["blake3"]}'))
    registry, folder = default_registry(), optional_path(out, "out")
    axes = [axis_of(path, values) for path, values in (vary or {}).items()]
    found = candidates([checked_spec(spec) for spec in given], axes, _counts(accounts), registry)
    if folder is not None:
        check_folder(folder)
    with following(progress) as told:
        comparison = compared(found, Folder(folder, registry, _natural(runs, "runs", 0)), told, again=again)
    if folder is not None:
        write_files(comparison, folder)
    return Compared(comparison)


def _counts(accounts: int | Sequence[int] | None) -> list[int | None]:
    if accounts is None:
        return [None]
    listed = accounts if isinstance(accounts, Sequence) else [accounts]
    if not listed:
        raise UsageError(Problem("accounts is an empty list", hint="expected how many to invent"))
    return list(dict.fromkeys(_natural(count, "accounts", 1) for count in listed))


def _natural(value: Any, what: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 10**8:
        raise UsageError(
            Problem(f"{what} is {value!r:.40}", hint=f"expected a whole number from {least} to 100,000,000")
        )
    return value
