"""The parts of the page on the Python API that are made from the code: functions, results, errors."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from typing import Any

import attrs

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
        rows = [f"| `{field.name}` | {_cell(_documented(item, field.name))} |" for field in attrs.fields(item)]
        rows += [
            f"| `{attribute}` | {_first(value)} |"
            for attribute, value in vars(item).items()
            if isinstance(value, property) and not attribute.startswith("_")
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
    return _cell(_prose(documented).split("\n\n")[0])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _documented(cls: type[Any], name: str) -> str:
    """The docstring below a field; without one, its type."""
    body = ast.parse(inspect.getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    for field, after in itertools.pairwise(body.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id == name:
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                return str(after.value.value).replace("``", "`")
            return f"`{ast.unparse(field.annotation)}`"
    return ""
