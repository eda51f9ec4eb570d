"""The parts of the page on the Python API that are made from the code: functions, results, errors."""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from typing import Any

import polyproof

__all__ = ["errors_table", "functions", "results"]


def _offered() -> list[tuple[str, Any]]:
    return [(name, getattr(polyproof, name)) for name in polyproof.__all__]


def _prose(documented: Any) -> str:
    """A docstring as Markdown."""
    return (inspect.getdoc(documented) or "").replace("``", "`")


def _signature(function: Any) -> str:
    """As it is written, an argument on each line if it is long."""
    signature = inspect.signature(function)
    shown = re.sub(r"'([^']*)'", r"\1", str(signature))
    one = f"{function.__name__}{shown}"
    if len(one) <= 100:
        return one
    lines, keyword = [], False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword:
            lines.append("*")
            keyword = True
        lines.append(re.sub(r": '(.*?)'(?= =|$)", r": \1", str(parameter)))
    ends = str(signature.return_annotation).strip("'")
    return "\n".join([f"{function.__name__}(", *(f"    {line}," for line in lines), f") -> {ends}"])


def functions() -> str:
    """Every function with its signature, and what it does."""
    parts = [
        f"### `{name}`\n\n```python\n{_signature(item)}\n```\n\n{_prose(item)}\n"
        for name, item in _offered()
        if inspect.isfunction(item)
    ]
    return "\n".join(parts)


def results() -> str:
    """Every result with its attributes."""
    parts = []
    for name, item in _offered():
        if not (inspect.isclass(item) and item.__module__ == "polyproof.api.results"):
            continue
        rows = [
            f"| `{attribute}` | {_first(value)} |"
            for attribute, value in vars(item).items()
            if isinstance(value, property | cached_property) and not attribute.startswith("_")
        ]
        parts.append("\n".join([f"### `{name}`", "", _prose(item), "", "| attribute | |", "|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def errors_table() -> str:
    """Every error, what it derives from, and when it is raised."""
    rows = [
        f"| `{name}` | `{item.__mro__[1].__name__}` | {_first(item)} |"
        for name, item in _offered()
        if inspect.isclass(item) and issubclass(item, Exception)
    ]
    return "\n".join(["| error | is a | raised for |", "|---|---|---|", *rows]) + "\n"


def _first(documented: Any) -> str:
    return " ".join(_prose(documented).split("\n\n")[0].split()).replace("|", "\\|")
