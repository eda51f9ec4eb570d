"""What ``import polyproof`` offers: every name is there, and nothing is loaded before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import polyproof


@pytest.mark.parametrize("name", polyproof.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(polyproof, name) is not None
    assert name in dir(polyproof)


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="'polyproof' has no attribute 'proof'"):
        polyproof.proof  # noqa: B018


def test_the_import_loads_nothing_that_is_not_used() -> None:
    heavy = {"numpy", "attrs", "numba", "duckdb", "typer", "rich", "pyarrow", "pandas", "polars", "IPython"}
    code = f"import sys, polyproof; print(sorted({heavy} & sys.modules.keys()))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
