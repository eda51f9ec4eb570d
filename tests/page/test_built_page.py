"""The page that ships is what its sources make, and its rules are those that it says it has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from page import rejections
from page.conftest import SHIPPED
from polyproof.version import __version__

WEB = Path(__file__).parents[2] / "web"
PAGE = SHIPPED.read_text(encoding="utf-8")


def _digest(element: str) -> str:
    (text,) = re.findall(rf"<{element}>(.*?)</{element}>", PAGE, re.DOTALL)
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_nothing_runs_but_its_own_script_and_style() -> None:
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', PAGE)
    assert dict(rule.split(" ", 1) for rule in policy.split("; ")) == {
        "default-src": "'none'",
        "script-src": _digest("script"),
        "style-src": _digest("style"),
        "worker-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "polyproof-worker",
    }


def test_its_rules_stand_before_anything_that_they_are_for() -> None:
    beginning = PAGE[: PAGE.index("Content-Security-Policy")]
    assert "<script" not in beginning
    assert "<style" not in beginning


def test_it_names_no_address_and_takes_no_markup() -> None:
    markup = PAGE[: PAGE.index("<script>")]
    assert re.findall(r'\b(?:src|href|action)="([^"#][^"]*)"', markup) == []
    script = PAGE[PAGE.index("<script>") :]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert way not in script


def test_rejections_are_those_of_core() -> None:
    """Else: PYTHONPATH=tests python -m page.rejections, then npm run page."""
    assert rejections.WRITTEN.read_text(encoding="utf-8") == rejections.module()


def test_its_version_is_that_of_the_package_and_of_polyproof() -> None:
    version = json.loads((WEB / "package.json").read_text(encoding="utf-8"))["version"]
    assert version == __version__
    assert f'PAGE_VERSION = "{version}"' in PAGE


def test_it_is_what_its_sources_make() -> None:
    if shutil.which("node") is None or not (WEB / "node_modules").is_dir():
        pytest.skip("node and web/node_modules are needed to build the page: npm ci")
    built = subprocess.run(["npm", "run", "--silent", "page", "--", "--check"], cwd=WEB, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr


def test_every_text_of_the_table_is_shown_somewhere() -> None:
    table = WEB / "src/page/strings.ts"
    others = [WEB / "page/check.html", *(path for path in table.parent.glob("*.ts") if path != table)]
    used = set(re.findall(r"\w+", "\n".join(path.read_text(encoding="utf-8") for path in others)))
    names = re.findall(r"^  (\w+):", table.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(names) > 100
    assert [name for name in names if name not in used] == []
