"""The rules of the code base: which way imports run, and that a plugin author finds everything documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from abc import ABC
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from polyproof import hookspecs
from polyproof.hookspecs import KINDS

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "polyproof"
PLUGINS = sorted(path for path in (ROOT / "plugins").glob("polyproof_*") if (path / "__init__.py").exists())
INTERFACES = (
    *("field", "hash", "commitment", "constraints", "backend", "ownership", "ledger", "source", "balances"),
    *("executor", "anchor"),
)
TESTS = ROOT / "tests"


# Imports


@cache
def imported(source: str, root: Path = CORE.parent) -> list[tuple[int, str]]:
    """Every module that a source imports, wherever in it, and the line: statements and calls by name alike.

    A name taken from a package counts as the module that it is, if it is one in the folder ``root``. Relative imports
    are not seen here: style forbids them.
    """
    return list(_imported(source, root))


def _imported(source: str, root: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = dict.fromkeys(name if is_module(name, root) else node.module for name in inner)
            yield from ((node.lineno, name) for name in names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if function in {"import_module", "__import__"}:
                yield node.lineno, str(node.args[0].value)


def is_module(name: str, root: Path) -> bool:
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def foreign_plugins(path: Path, own: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for line, module in imported(path.read_text(encoding="utf-8"))
        if module.startswith("polyproof_") and module.partition(".")[0] != own
    ]


def sources(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def test_core_never_imports_a_plugin() -> None:
    assert sources(CORE)
    assert [line for path in sources(CORE) for line in foreign_plugins(path, "")] == []


@pytest.mark.parametrize("package", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_never_imports_another(package: Path) -> None:
    assert [line for path in sources(package) for line in foreign_plugins(path, package.name)] == []


@pytest.mark.parametrize("package", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_offers_only_what_is_its_own(package: Path) -> None:
    plugin = importlib.import_module(package.name)
    for component in plugin.polyproof_components():
        assert component.factory.startswith((f"{package.name}.", f"{package.name}:"))


@pytest.mark.parametrize(
    "source",
    [
        "import polyproof_other",
        "import os, polyproof_other.inner as inner",
        "from polyproof_other import x",
        "def f():\n    from polyproof_other.inner import x",
        "if True:\n    import polyproof_other",
        "import importlib\nimportlib.import_module('polyproof_other')",
        "from importlib import import_module\ndef f():\n    return import_module('polyproof_other.inner')",
        "__import__('polyproof_other')",
    ],
)
def test_the_scan_sees_imports_of_every_form(source: str) -> None:
    assert any(module.startswith("polyproof_other") for _, module in imported(source))


# Layers


LAYERS: tuple[tuple[str, ...], ...] = (
    ("checks", "errors", "extras", "version"),
    ("config", "engine", "findings", "formats", "large_arrays", "model", "progress"),
    (
        "anchor",
        "backend",
        "balances",
        "commitment",
        "constraints",
        "executor",
        "field",
        "first_use",
        "hash",
        "hookspecs",
        "ledger",
        "ownership",
        "plugin_faults",
        "registry",
        "security",
        "source",
        "transcript",
    ),
    ("toolkit",),
    ("settings",),
    ("liabilities",),
    ("reserves",),
    ("publication",),
    ("cli", "testing", "__main__"),
    ("api", "__init__"),
)
"""Core from the ground up: what stands in a layer imports from its own and from those above it in this list."""
FOR_PLUGINS = {name for layer in LAYERS[:4] for name in layer}
"""What a plugin may import of core."""


def layer(module: str) -> int:
    """The layer of a module of core, ``polyproof.config.options`` for example; the package itself is the last."""
    name = module.split(".")[1] if "." in module else "__init__"
    return next(number for number, names in enumerate(LAYERS) if name in names)


def module_of(path: Path, package: Path) -> str:
    relative = path.relative_to(package.parent).with_suffix("")
    return ".".join(part for part in relative.parts if part != "__init__")


def core_imports(path: Path) -> list[tuple[int, str]]:
    """What a file imports of core."""
    found = imported(path.read_text(encoding="utf-8"))
    return [(line, name) for line, name in found if name.partition(".")[0] == "polyproof"]


def test_every_module_of_core_stands_in_one_layer() -> None:
    names = [name for names in LAYERS for name in names]
    assert len(names) == len(set(names))
    assert {path.stem if path.is_file() else path.name for path in CORE.iterdir() if path.name[0] != "."} - {
        "py",
        "__pycache__",
    } == set(names)


def test_no_import_runs_back_up() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in sources(CORE)
        for line, module in core_imports(path)
        if layer(module) > layer(module_of(path, CORE))
    ]
    assert wrong == []


@pytest.mark.parametrize("package", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_imports_interfaces_and_what_is_below_them(package: Path) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in sources(package)
        for line, module in core_imports(path)
        if module.split(".")[1] not in FOR_PLUGINS
    ]
    assert wrong == []


def test_what_a_plugin_may_import_is_listed_as_public_and_nothing_else_of_core_is() -> None:
    page = (ROOT / "docs" / "reference" / "import-paths.md").read_text(encoding="utf-8")
    listed = {name.split(".")[1] for name in re.findall(r"^\| \[`(polyproof\.[\w.]+)`\]", page, re.MULTILINE)}
    assert listed == FOR_PLUGINS - {"version"} | {"testing"}


def drawn(tree: str) -> set[str]:
    """Folders and modules of a drawn tree: names at the beginning of a line, each within the lines less indented."""
    found: set[str] = set()
    way: list[tuple[int, str]] = []
    for line in filter(None, tree.splitlines()):
        indent = len(line) - len(line.lstrip())
        names = [name for name in line.strip().partition("  ")[0].split() if name.endswith(("/", ".py"))]
        if names:
            way = [(depth, folder) for depth, folder in way if depth < indent]
            found |= {"".join(folder for _, folder in way) + name for name in names}
            way.append((indent, names[0]))
    return found


def test_the_page_on_architecture_draws_every_folder_and_every_module_at_the_top() -> None:
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    folders = {path.parent for package in (CORE, *PLUGINS) for path in package.rglob("__init__.py")}
    modules = {path for path in CORE.glob("*.py") if path.stem not in {"__init__", "__main__", "version"}}
    expected = {f"{path.relative_to(ROOT).as_posix()}{'' if path in modules else '/'}" for path in folders | modules}
    tree = page.partition("```text\n")[2].partition("```")[0]
    assert {path for path in drawn(tree) if path.startswith(("core/", "plugins/polyproof_"))} == expected


def circles(package: Path) -> list[list[str]]:
    """Circles of imports within a package, wherever in a file the import stands."""
    files = {module_of(path, package): path.read_text(encoding="utf-8") for path in sources(package)}
    graph = {
        module: {name for _, name in imported(source, package.parent) if name in files and name != module}
        for module, source in files.items()
    }
    found: list[list[str]] = []
    done: set[str] = set()

    def follow(module: str, way: list[str]) -> None:
        if module in way:
            found.append([*way[way.index(module) :], module])
        elif module not in done:
            for name in sorted(graph[module]):
                follow(name, [*way, module])
            done.add(module)

    for module in sorted(graph):
        follow(module, [])
    return found


@pytest.mark.parametrize("package", [CORE, *PLUGINS], ids=lambda path: path.name)
def test_no_circle_of_imports(package: Path) -> None:
    assert circles(package) == []


@pytest.mark.parametrize(
    "files",
    [
        {"a": "from {0}.b import x", "b": "def f():\n    from {0} import c", "c": "import {0}.a"},
        {"a": "from {0} import b", "b": "import importlib\nimportlib.import_module('{0}.a')"},
        # What a package collects, even for types alone or late, and a module that takes it from there.
        {"__init__": "from {0}.a import x", "a": "from {0} import y\nfrom {0}.b import z", "b": ""},
    ],
)
def test_the_scan_sees_circles(tmp_path: Path, files: dict[str, str]) -> None:
    package = tmp_path / "polyproof_round"
    package.mkdir()
    for name, text in {"__init__": "", "outside": "from {0}.a import y", **files}.items():
        (package / f"{name}.py").write_text(text.format("polyproof_round"))
    (circle,) = circles(package)
    assert set(circle) == {module_of(package / f"{name}.py", package) for name, text in files.items() if text}


@pytest.mark.parametrize(
    "source",
    [
        "import polyproof.cli.console",
        "from polyproof import cli",
        "from polyproof.cli.console import x",
        "def f():\n    from polyproof.liabilities import prove",
        "import importlib\nimportlib.import_module('polyproof.cli')",
    ],
)
def test_the_scan_sees_imports_that_run_back_up(source: str, tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text(source)
    settings = layer("polyproof.settings.policy")
    assert [module for _, module in core_imports(tmp_path / "file.py") if layer(module) > settings]


# Documentation of the interfaces


def undocumented(source: str) -> list[str]:
    """Public classes and functions of a module, and the public methods and constructors of its classes."""
    missing = []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            missing.append(node.name)
        for method in node.body if isinstance(node, ast.ClassDef) else []:
            if (
                isinstance(method, ast.FunctionDef)
                and (method.name == "__init__" or not method.name.startswith("_"))
                and not ast.get_docstring(method)
            ):
                missing.append(f"{node.name}.{method.name}")
    return missing


@pytest.mark.parametrize("name", INTERFACES)
def test_every_class_and_method_of_an_interface_is_documented(name: str) -> None:
    assert undocumented((CORE / f"{name}.py").read_text(encoding="utf-8")) == []


def test_the_documentation_scan_sees_what_is_missing() -> None:
    source = """
def function(): pass
def _private(): pass
class Interface:
    "Documented."
    def __init__(self): pass
    def __repr__(self): pass
    def method(self): "Documented."
    @property
    def value(self): pass
    @abstractmethod
    def wanted(self): pass
class Bare: pass
"""
    assert undocumented(source) == ["function", "Interface.__init__", "Interface.value", "Interface.wanted", "Bare"]


@pytest.mark.parametrize("reference", KINDS.values(), ids=list(KINDS))
def test_every_kind_is_an_interface_of_its_own_page(reference: str) -> None:
    module, _, attribute = reference.partition(":")
    assert module.removeprefix("polyproof.") in INTERFACES, f"the scan above must read {module}"
    cls = getattr(importlib.import_module(module), attribute)
    assert issubclass(cls, ABC)
    assert inspect.get_annotations(cls).get("name") == "ClassVar[str]"


# Hooks


HOOKS = sorted(name for name, item in vars(hookspecs).items() if hasattr(item, "polyproof_spec"))


def mentions(path: Path, name: str, functions: str = "") -> bool:
    """Whether the functions of a file whose names begin so use a name, as an attribute or as text."""
    text = path.read_text(encoding="utf-8")
    return name in text and any(
        getattr(node, "attr", None) == name or getattr(node, "value", None) == name
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef) and function.name.startswith(functions)
        for node in ast.walk(function)
    )


def test_the_hooks_are_found() -> None:
    assert "polyproof_components" in HOOKS
    assert all(name.startswith("polyproof_") for name in HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(hookspecs, name))


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_called_by_core(name: str) -> None:
    assert [path for path in sources(CORE) if path.name != "hookspecs.py" and mentions(path, name)]


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_a_test(name: str) -> None:
    files = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__)]
    assert [path for path in files if mentions(path, name, "test_")], f"no test mentions {name}"
