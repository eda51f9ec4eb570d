"""The reference page: its example runs and prints what it says, and every scheme and status is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from polyproof.ownership import Status
from polyproof.reserves.signatures import load_schemes

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "ownership-schemes.md").read_text(encoding="utf-8")


def test_the_example_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "ownership-schemes.md", "exec"), {})
    assert capsys.readouterr().out.strip() == example.rpartition("# ")[2].strip()


@pytest.mark.parametrize("scheme", load_schemes(), ids=lambda scheme: scheme.name)
def test_every_scheme_has_its_section(scheme: object) -> None:
    assert f"\n### {scheme.name}\n" in PAGE  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", Status, ids=lambda status: status.value)
def test_every_status_is_explained(status: Status) -> None:
    assert f"\n| {status.value} | " in PAGE
