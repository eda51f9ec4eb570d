"""Every refusal has a listed name, and every listed name is expected by some test.

``ProofRejected.check`` is what scripts compare and what a customer reads in brackets, so the names are listed, with a
meaning each: core's and the policy's in core, a plugin's own in the plugin. Here the sources are read, not run: a name
that is raised must be listed, and a listed one must be expected somewhere in the tests by an assertion that compares it
alone (``==``, or a ``match`` that spells it). ``in ("this", "that")`` shows neither. Whether the expectation is met is
then for that test to say.

A new name: list it in ``polyproof/checks.py``, or in the plugin's own ``checks.py``, with its meaning, write the test
in which something dishonest provokes it, and renew the tables (``PYTHONPATH=tests python tests/docs/generated.py``).
"""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from polyproof.checks import CheckName, CoreCheck
from polyproof.ownership import Status
from polyproof.reserves.challenge import Freshness
from polyproof.reserves.evaluation import Check
from polyproof.settings.policy import PolicyCheck

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "polyproof"
PLUGINS = sorted(path for path in (ROOT / "plugins").glob("polyproof_*") if (path / "__init__.py").exists())
OUTCOMES: tuple[type[Enum], ...] = (Status, Freshness, Check)
"""How rows of reserves end: no refusals, but what schemes and providers say, each by one name."""

COMPOSED = {
    "liabilities/manifest.py": ("_reject", 0, ("manifest-{}",)),
    "settings/documents.py": ("read_document", 2, ("{}-format", "{}-canonical")),
}
"""Where a name is put together, and nowhere else: by which function, from which of its arguments, to which names."""


def names_of(package: Path) -> dict[str, str]:
    """A package's own names, each with its meaning."""
    if package == CORE:
        lists: list[type[Enum]] = [CoreCheck, PolicyCheck]
    elif (package / "checks.py").exists():
        module = importlib.import_module(f"{package.name}.checks")
        found = [item for item in vars(module).values() if isinstance(item, type) and issubclass(item, CheckName)]
        lists = [item for item in found if item is not CheckName]
    else:
        lists = []
    return {member.value: member.meaning for names in lists for member in names}


CORE_NAMES = names_of(CORE)
OWN_NAMES = {package.name: names_of(package) for package in PLUGINS}


# What is raised


def raised(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of each refusal that a source spells; a name it takes from a list is what mypy looks after."""
    text = path.read_text(encoding="utf-8")
    takes_from_a_list = re.search(r"import .*\w+Check\b|^class \w+Check\b|import .*CheckName", text, re.MULTILINE)
    place = next((place for place in COMPOSED if path.as_posix().endswith(f"polyproof/{place}")), None)
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or called(node) not in ("ProofRejected", "PolicyRejected") or not node.args:
            continue
        match node.args[0]:
            case ast.Constant(value=str(name)):
                yield node.lineno, name
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if (
                owner[-5:] == "Check" or attribute == "check"
            ):
                pass
            case ast.Call(func=ast.Name(id="CoreCheck")) if place:
                pass
            case ast.Name() | ast.Call(func=ast.Attribute(attr="of")) if takes_from_a_list:
                pass
            case other:
                yield node.lineno, f"{ast.unparse(other)}, which is neither a name nor a member of a list"


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def composed() -> Iterator[tuple[str, str]]:
    """The names that core puts together, each with its place."""
    for path in sorted(CORE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for place, (function, position, names) in COMPOSED.items():
            if function.startswith("_") and not path.as_posix().endswith(place):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and called(node) == function:
                    part = node.args[position]
                    if isinstance(part, ast.Constant):
                        where = f"{path.relative_to(ROOT)}:{node.lineno}"
                        yield from ((where, name.format(part.value)) for name in names)


@pytest.mark.parametrize("package", [CORE, *PLUGINS], ids=lambda path: path.name)
def test_every_name_that_is_raised_is_listed_with_its_meaning(package: Path) -> None:
    listed = CORE_NAMES | OWN_NAMES.get(package.name, {})
    unlisted = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sorted(package.rglob("*.py"))
        for line, name in raised(path)
        if name not in listed
    ]
    assert unlisted == [], "list it with its meaning: see the docstring of this file"


def test_every_name_that_is_put_together_is_listed() -> None:
    found = list(composed())
    assert len(found) > 10
    assert [f"{where}: {name}" for where, name in found if name not in CORE_NAMES] == []


def test_a_name_is_listed_once_and_has_a_meaning() -> None:
    names = Counter([*CORE_NAMES, *(name for own in OWN_NAMES.values() for name in own)])
    assert [name for name, times in names.items() if times > 1] == []
    for own in (CORE_NAMES, *OWN_NAMES.values()):
        for name, meaning in own.items():
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
            assert meaning
            assert meaning[-1] not in ".!"


def test_the_scan_of_sources_sees_names_of_every_form(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text(
        "def f(name, check, error):\n"
        "    raise ProofRejected('plain', 'x')\n"
        "    raise errors.PolicyRejected('by-attribute', 'x', file=name)\n"
        "    raise ProofRejected(f'{name}-made', 'x')\n"
        "    raise ProofRejected(check, 'x')\n"
        "    raise ProofRejected(error.check, 'x')\n"
        "    raise ProofRejected(CoreCheck.RANGE, 'x')\n"
    )
    names = [name for _, name in raised(source)]
    assert names[:2] == ["plain", "by-attribute"]
    assert [name.partition(",")[0] for name in names[2:]] == ["f'{name}-made'", "check"]


# What is expected


ASKS = re.compile(r"check|refused|rejected|\.globally\(|\.user\(|users\(")
"""What the other side of a comparison has in it where it is the name of a check that is compared."""


def expected(tree: ast.AST) -> set[str]:
    """The names that the tests of a file expect, each by itself."""
    found: set[str] = set()
    for test in ast.walk(tree):
        if not isinstance(test, ast.FunctionDef):
            continue
        variables: set[str] = set()
        for node in ast.walk(test):
            if isinstance(node, ast.Assert):
                for compared in (item for item in ast.walk(node.test) if isinstance(item, ast.Compare)):
                    found |= _compared(compared, variables)
            elif isinstance(node, ast.keyword) and node.arg == "match":
                if isinstance(node.value, ast.Constant):
                    found |= set(
                        re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)+|(?<=\\\[)[a-z0-9]+(?=\\\])", str(node.value.value))
                    )
                elif isinstance(node.value, ast.Name):
                    variables.add(node.value.id)
        for node in ast.walk(test):
            # What a variable stands for: the table of a parametrized test or of a loop.
            if isinstance(node, ast.For) and variables & {item.id for item in ast.walk(node.target) if _is_name(item)}:
                found |= _texts(node.iter)
        for decorator in test.decorator_list:
            if isinstance(decorator, ast.Call) and called(decorator) == "parametrize" and decorator.args:
                arguments = {name for text in _texts(decorator.args[0]) for name in re.findall(r"\w+", text)}
                if variables & arguments:
                    found |= {text for argument in decorator.args[1:] for text in _texts(argument)}
    return found


def _compared(node: ast.Compare, variables: set[str]) -> set[str]:
    match node:
        case ast.Compare(left=ast.Constant(value=str(name)), ops=[ast.In()], comparators=[ast.Name(id=many)]):
            return {name} if ASKS.search(many) else set()
        case ast.Compare(left=ast.Constant(value=str(text)), ops=[ast.In()]):
            # As a command prints it.
            return set(re.findall(r"\[([a-z0-9-]+)\]", text))
    if not all(isinstance(operator, ast.Eq) for operator in node.ops):
        return set()
    sides = [node.left, *node.comparators]
    found: set[str] = set()
    for place, side in enumerate(sides):
        others = sides[:place] + sides[place + 1 :]
        if not any(ASKS.search(ast.unparse(other)) for other in others if not isinstance(other, ast.Constant)):
            continue
        if isinstance(side, ast.Name):
            variables.add(side.id)
        for one in _single(side):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                found.add(one.value)
            elif isinstance(one, ast.Name):
                variables.add(one.id)
            elif isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == "PolicyCheck":
                found.add(PolicyCheck[one.attr].value)
    return found


def _single(side: ast.expr) -> Iterator[ast.expr]:
    """What a side of a comparison may be, if it is one name: itself, a set of one, either of two, one of a table."""
    match side:
        case ast.Set(elts=[one]) | ast.Call(func=ast.Name(id="str"), args=[one]):
            yield one
        case ast.IfExp(body=first, orelse=second):
            yield from (*_single(first), *_single(second))
        case ast.Subscript(value=ast.Dict(values=values)):
            yield from values
        case _:
            yield side


def _texts(node: ast.AST) -> set[str]:
    return {item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)}


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


@pytest.fixture(scope="module")
def trees() -> list[ast.Module]:
    """Every file of tests but this one."""
    return [
        ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if path != Path(__file__)
    ]


def test_every_listed_name_is_expected_by_a_test(trees: list[ast.Module]) -> None:
    provoked = set().union(*(expected(tree) for tree in trees))
    listed = [name for own in (CORE_NAMES, *OWN_NAMES.values()) for name in own]
    assert [name for name in listed if name not in provoked] == [], "no test expects it: see the docstring of this file"


def test_every_outcome_of_a_row_is_expected_by_a_test(trees: list[ast.Module]) -> None:
    compared = {
        f"{ast.unparse(item.value)}.{item.attr}"
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.Is)
        for item in ast.walk(node)
        if isinstance(item, ast.Attribute)
    }
    members = [f"{outcomes.__name__}.{member.name}" for outcomes in OUTCOMES for member in outcomes]
    assert [member for member in members if member not in compared] == []


def test_the_scan_of_tests_counts_only_names_that_are_compared_alone() -> None:
    source = """
def test_counted():
    assert caught.value.check == "one"
    assert refused(audit) == {"two"}
    assert rejected(audit).check == ("three" if longer else "four")
    assert check == {Truncating: "five", Forging: "six"}[finish]
    with pytest.raises(ProofRejected, match="number-seven"):
        pass
    with pytest.raises(ProofRejected, match=r"a sentence \\[eight\\]"):
        pass
    for value, name in ((1, "nine"), (2, "ten")):
        assert refused(value) == name
    assert "twelve" in checks
    assert "a sentence [thirteen]" in ended.err

@pytest.mark.parametrize(("value", "check"), [(1, "eleven")])
def test_parametrized(value, check):
    assert caught.value.check == check

@pytest.mark.parametrize("value", ["not-this"])
def test_not_counted(value):
    assert caught.value.check in ("nor", "these")
    assert caught.value.check != "nor-this"
    assert {"nor-those", "either"} <= checks
    assert value == "nothing-about-checks" == other
    raise ProofRejected("neither-this", "x")
"""
    counted = {
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "number-seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
    }
    assert expected(ast.parse(source)) >= counted
    assert not expected(ast.parse(source)) & {
        *("not-this", "nor", "these", "nor-this", "nor-those", "either", "neither-this", "nothing-about-checks")
    }
