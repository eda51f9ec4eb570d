"""The run of the examples fails when one of them does, and every kind of plugin has an example."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from pkgutil import iter_modules

import pytest

import strangers
from polyproof import testing
from polyproof.hookspecs import KINDS

PAGE = strangers.EXAMPLES.parent / "how-to" / "write-a-plugin.md"
PROJECT = '[project]\nname = "polyproof-x"\n[project.entry-points."polyproof.plugins"]\nx = "polyproof_x"\n'


def offered(folder: Path) -> set[str]:
    """Kinds of the components in the modules of a package."""
    return {
        str(node.args[0].value)
        for path in (*folder.glob("polyproof_*.py"), *folder.glob("polyproof_*/__init__.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Component"
        if isinstance(node.args[0], ast.Constant)
    }


def test_every_kind_of_plugin_has_an_example_on_the_page_about_plugins() -> None:
    kinds = {kind for package in strangers.packages(strangers.EXAMPLES) for kind in offered(package)}
    assert kinds == set(KINDS)
    page = PAGE.read_text(encoding="utf-8")
    missing = [path.name for path in strangers.packages(strangers.EXAMPLES) if f"examples/{path.name}/" not in page]
    assert missing == []


def test_every_conformance_suite_is_on_the_page_about_plugins() -> None:
    suites = [
        f"polyproof.testing.{module.name}.{node.name}"
        for module in iter_modules(testing.__path__)
        for node in ast.parse(Path(testing.__path__[0], f"{module.name}.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Suite")
    ]
    assert len(suites) >= len(KINDS)
    assert [name for name in suites if f"`{name}`" not in PAGE.read_text(encoding="utf-8")] == []


def package(folder: Path, text: str = PROJECT) -> Path:
    made = folder / "x_plugin"
    made.mkdir()
    (made / "pyproject.toml").write_text(text)
    (made / "test_polyproof_x.py").write_text("")
    return made


def listing(origin: str = "polyproof-x (polyproof_x)", **more: object) -> str:
    components = [{"kind": "hash", "name": "x", "origin": origin}]
    return json.dumps({"ok": True, "result": {"components": components, "skipped": [], "conflicts": [], **more}})


class Python:
    """Answers the commands that a package is treated with."""

    def __init__(self, plugins: str = listing(), fails: str = "") -> None:
        self.plugins, self.fails = plugins, fails
        self.commands: list[str] = []
        self.interpreters: set[Path | str] = set()

    def __call__(self, python: Path | str, folder: Path, *arguments: str) -> str:
        command = " ".join(arguments)
        self.commands.append(command)
        self.interpreters.add(python)
        if self.fails and self.fails in command:
            raise strangers.Failure(f"{command} (exit status 1)")
        return self.plugins if command.endswith("polyproof plugins --json") else "...\n3 passed in 0.1s\n"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def test_a_package_is_installed_tested_and_listed_in_an_environment_of_its_own(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = Python()
    monkeypatch.setattr(strangers, "run", python)
    assert strangers.treat(package(tmp_path), work) == f"{'hash x':32} 3 passed in 0.1s"
    assert [command.split()[1:3] for command in python.commands] == [
        ["pip", "install"],
        ["pytest", "-q"],
        ["polyproof", "plugins"],
    ]
    assert python.interpreters == {work / "environments" / "x_plugin" / "bin" / "python"}
    assert [path.name for path in (work / "tests" / "x_plugin").iterdir()] == ["test_polyproof_x.py"]


@pytest.mark.parametrize("fails", ["-m pip install", "-m pytest", "-m polyproof plugins"])
def test_a_package_fails_with_any_of_its_commands(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    python = Python(fails=fails)
    monkeypatch.setattr(strangers, "run", python)
    with pytest.raises(strangers.Failure, match="exit status 1"):
        strangers.treat(package(tmp_path), work)
    assert fails in python.commands[-1], "nothing is run after it"


@pytest.mark.parametrize(
    "plugins",
    [
        listing("polyproof-y (polyproof_y)"),
        listing(components=[]),
        listing(skipped=[{"plugin": "x", "origin": "polyproof-x (polyproof_x)", "reason": "interface 1"}]),
        listing(conflicts=[{"kind": "hash", "name": "x", "claimed_by": ["x", "y"]}]),
    ],
)
def test_a_package_that_is_not_listed_or_skipped_or_shares_a_name_fails(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch, plugins: str
) -> None:
    monkeypatch.setattr(strangers, "run", Python(plugins))
    with pytest.raises(strangers.Failure, match=r"polyproof plugins lists \[.*\] of polyproof-x"):
        strangers.treat(package(tmp_path), work)


def test_a_package_without_an_entry_point_fails(tmp_path: Path, work: Path) -> None:
    with pytest.raises(strangers.Failure, match="no entry point"):
        strangers.treat(package(tmp_path, '[project]\nname = "polyproof-x"\n'), work)


@pytest.mark.parametrize(("failing", "status"), [((), 0), (("b",), 1)])
def test_one_package_that_fails_fails_the_run_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failing: tuple[str, ...], status: int
) -> None:
    def treat(package: Path, work: Path) -> str:
        if package.name in failing:
            raise strangers.Failure("no good")
        return "3 passed"

    monkeypatch.setattr(strangers, "treat", treat)
    monkeypatch.setattr("sys.argv", ["strangers.py", "a", "b", "c"])
    assert strangers.main() == status
    assert capsys.readouterr().out.count("3 passed") == 3 - len(failing)


def test_one_of_each_kind_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    python = Python()
    monkeypatch.setattr(strangers, "EXAMPLES", tmp_path)
    monkeypatch.setattr(strangers, "run", python)
    monkeypatch.setattr(strangers, "treat", lambda package, work: "3 passed")
    monkeypatch.setattr("sys.argv", ["strangers.py", "--begun"])
    assert strangers.main() == 0
    assert [command.split()[2:4] for command in python.commands] == [["new-plugin", kind] for kind in KINDS]
    assert capsys.readouterr().out.count("3 passed") == len(KINDS)
