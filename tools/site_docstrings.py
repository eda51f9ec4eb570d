"""How the API pages read docstrings, which are written as plain text: a Griffe extension, see mkdocs.yml."""

from __future__ import annotations

import ast
import re
from typing import Any

import griffe


class Docstrings(griffe.Extension):
    """Takes ``::`` before a literal block for a colon, and the documentation of an option for its docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Before a block of code Markdown has one colon."""
        if obj.docstring:
            obj.docstring.value = re.sub(r"::(?=\n\n)", ":", obj.docstring.value)

    def on_attribute_instance(self, *, node: ast.AST | griffe.ObjectNode, attr: griffe.Attribute, **_: Any) -> None:
        """``option(default=…, doc="…")`` documents the attribute; the rest of the call is its value."""
        value = getattr(node, "value", None)
        if attr.docstring or not isinstance(value, ast.Call) or getattr(value.func, "id", "") != "option":
            return
        for keyword in value.keywords:
            if keyword.arg == "doc" and isinstance(keyword.value, ast.Constant):
                attr.docstring = griffe.Docstring(str(keyword.value.value), parent=attr)
