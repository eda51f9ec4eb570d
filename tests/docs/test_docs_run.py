"""Somebody follows the pages: every session is typed, every program run, and prints what the page shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from docs import pages

EXAMPLES = pages.ROOT / "docs" / "examples"


def followed(path: Path, folder: Path) -> None:
    page = path.read_text(encoding="utf-8")
    count = 0
    for _, command, printed in pages.Reader(folder).follow(page):
        assert pages.loosened(printed) == pages.loosened(command.output), command.text
        count += 1
    assert count, "no session"


def test_first_audit(tmp_path: Path) -> None:
    followed(pages.ROOT / "docs/tutorial/first-audit.md", tmp_path)


def test_an_audit_every_month(tmp_path: Path) -> None:
    followed(pages.ROOT / "docs/how-to/monthly-audit.md", tmp_path)


def test_keeping_what_is_private(tmp_path: Path) -> None:
    followed(pages.ROOT / "docs/how-to/keep-private-state.md", tmp_path)


def test_getting_an_auditors_statement(tmp_path: Path) -> None:
    followed(pages.ROOT / "docs/how-to/get-an-auditors-statement.md", tmp_path)


@pytest.mark.slow
def test_your_own_hash(tmp_path: Path) -> None:
    """With an environment of its own, into which pip installs the plugin."""
    page = (pages.ROOT / "docs/tutorial/your-own-hash.md").read_text(encoding="utf-8")
    for _, command, printed in pages.Reader(tmp_path).follow(page):
        now, shown = pages.loosened(printed), pages.loosened(command.output)
        if "compare" in command.text:  # columns are as wide as durations are long, and cells are cut accordingly
            now, shown = (sorted(" ".join(lines).split()) for lines in (now, shown))
        assert now == shown, command.text


@pytest.mark.slow
def test_swapping_a_hash(tmp_path: Path) -> None:
    page = (pages.ROOT / "docs/how-to/swap-a-hash-and-measure.md").read_text(encoding="utf-8")
    for _, command, printed in pages.Reader(tmp_path).follow(page):
        # Numbers differ, what is measured does not.
        shown, now = (
            ["".join(c for c in line if c.isalpha()) for line in pages.loosened(text)]
            for text in (command.output, printed)
        )
        if "bench" in command.text:
            shown, now = shown[:-1], now[:-1]
        assert [len(line) > 0 for line in shown] == [len(line) > 0 for line in now], command.text
        assert "error" not in printed


@pytest.mark.slow
def test_readme(tmp_path: Path) -> None:
    followed(pages.ROOT / "README.md", tmp_path)


@pytest.mark.parametrize("path", ["how-to/use-fri-alone.md", "how-to/write-a-constraint-system.md"])
def test_programs_print_what_the_page_shows(path: str) -> None:
    program, shown = "", 0
    for block in pages.blocks((pages.ROOT / "docs" / path).read_text(encoding="utf-8")):
        program = block.copy_of or program
        if block.printed:
            assert pages.loosened(pages.printed_by(program)) == pages.loosened(block.text)
            shown += 1
    assert shown == 1


def install(example: str, site: Path, module_in: Path | None = None) -> None:
    """An example of a plugin as if pip had installed it: its entry point in ``site``, the module there or elsewhere."""
    project = tomllib.loads((EXAMPLES / example / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    (module,) = wheel.get("include") or wheel["packages"]
    if "packages" in wheel:
        shutil.copytree(EXAMPLES / example / module, (module_in or site) / module)
    else:
        ((module_in or site) / module).write_bytes((EXAMPLES / example / module).read_bytes())
    name, version = project["project"]["name"], project["project"]["version"]
    described = site / f"{Path(module).stem}-{version}.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    points = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in of_group.items())
        for group, of_group in project["project"]["entry-points"].items()
    ]
    (described / "entry_points.txt").write_text("".join(points))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of a hash, installed."""
    site = tmp_path_factory.mktemp("site")
    install("hash_plugin", site)
    return site


@pytest.mark.slow
def test_a_rule_about_accounts(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path_factory.mktemp("capped")
    install("capped_plugin", site, module_in=tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{site}")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    followed(pages.ROOT / "docs/how-to/write-a-constraint-system.md", tmp_path)


def with_plugin(site: Path, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site), "NO_COLOR": "1", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow  # its kernel is compiled; `tox -e strangers` runs its tests
def test_the_example_of_a_plugin_is_listed_and_audits(installed: Path, tmp_path: Path) -> None:
    assert "polyproof-blake2b (polyproof_blake2b)" in with_plugin(installed, tmp_path, "-m", "polyproof", "plugins")
    (tmp_path / "accounts.csv").write_text("account,BTC\nalice,0.25\nbob,1\n")
    (tmp_path / "spec.yaml").write_text(
        "polyproof: 1\nname: x\nsnapshot: 2025-11-30T00:00:00Z\nassets: [{symbol: BTC, decimals: 8}]\n"
        "backend: {name: merkle-sum, hash: blake2b}\naccounts: {path: accounts.csv}\n"
    )
    (tmp_path / "policy.yaml").write_text(
        "polyproof-policy: 2\nhashes: [blake2b]\nmin_soundness_bits: null\nmin_soundness_2025_bits: null\n"
    )
    policy = ("--policy", "policy.yaml")
    with_plugin(installed, tmp_path, "-m", "polyproof", "prove", "spec.yaml", "--out", "audit", "--quiet", *policy)
    assert "VERIFIED" in with_plugin(installed, tmp_path, "-m", "polyproof", "verify", "audit/public", *policy)
