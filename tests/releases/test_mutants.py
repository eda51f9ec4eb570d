"""The lists of the mutation run: modules and tests that exist, survivors that are explained and still in the source."""

from __future__ import annotations

from pathlib import Path

import pytest

import mutant_changes
import mutant_runs
import mutants

ROOT = Path(__file__).parents[2]


def test_every_module_and_every_test_that_must_notice_exists() -> None:
    for module, tests in mutants.tests_of().items():
        assert (ROOT / module).is_file()
        assert tests
        for test in tests:
            file, _, name = test.partition("::")
            assert (ROOT / file).exists(), test
            function = name.rpartition("::")[2].partition("[")[0]
            assert not name or f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), test


def test_every_survivor_is_of_a_line_that_is_there_and_has_a_reason() -> None:
    for one in mutants.explained():
        assert set(one) <= {"module", "line", "mutant", "mutants", "reason"}
        assert one["module"] in mutants.tests_of()
        assert one["line"] in " ".join((ROOT / one["module"]).read_text(encoding="utf-8").split())
        assert one["reason"]


def test_a_change_is_the_lines_before_and_after() -> None:
    assert mutants.changed("def f():\n    return 1\n", "def f():\n    return 2\n") == ("return 1", "return 2")


def _changes(text: str) -> set[str]:
    pytest.importorskip("cosmic_ray", reason="the tool that makes mutants is installed by `tox -e mutants`")
    return {mutants.changed(text, mutant.text)[1] for mutant in mutant_changes.mutants_of(text)}


def test_a_check_becomes_one_that_never_refuses_and_a_count_one_that_lets_more_or_less_through() -> None:
    found = _changes("if len(parts) != count or a < b:\n    raise ValueError\n")
    assert "if False or a < b:" in found
    assert "if len(parts) != count or False:" in found
    assert "if len(parts) < count or a < b:" in found
    assert "if len(parts) > count or a < b:" in found
    assert "if len(parts) != count or a <= b:" in found


def test_calls_for_their_effect_are_left_out_and_sentences_and_annotations_are_left_alone() -> None:
    assert _changes("def f(a: int | None) -> int | None:\n    check(a)\n") == {"pass"}
    assert _changes("if a:\n    raise WrongError(f'{x + y} left')\n") == {"if True:", "if False:"}
    assert _changes("if a:\n    b = 1\nelse:\n    raise Wrong\n") >= {"if True:", "if False:", "pass"}
    assert _changes("a = b[0]\nc = d[1]\n") == {"a = b[ 1]", "c = d[ 2]", "c = d[ 0]"}


def test_what_imports_a_module_is_known_with_the_packages_around_it(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import a.b\ndef f():\n    from c import d\n")
    assert mutant_runs.imported_by(tmp_path / "one.py") == {"a", "a.b", "c", "c.d"}


def test_the_code_of_the_changed_function_is_found_wherever_it_stands(tmp_path: Path) -> None:
    text = "@d\ndef f(x=lambda:1):\n    return [x\n for _ in y]\nclass A:\n    @p\n    def g(self):\n        return 1\n"
    for line, name, mutant in ((3, "f", text.replace("[x\n", "[z ")), (8, "g", text.replace("return 1", "return 2"))):
        before, after = mutant_runs.codes_of(text, mutant, tmp_path, line)
        assert before.co_name == after.co_name == name
        assert before != after
    assert mutant_runs.functions_of(text) == [range(3, 5), range(8, 9)]
