"""The lists of the mutation run: modules and tests that exist, survivors that are explained and still in the source."""

from __future__ import annotations

import tomllib
from pathlib import Path

import mutants

ROOT = Path(__file__).parents[2]


def test_every_module_and_every_test_that_must_notice_exists() -> None:
    for module, tests in mutants.tests_of().items():
        assert (ROOT / module).is_file()
        assert tests
        assert all((ROOT / test).exists() for test in tests)


def test_every_survivor_is_of_a_line_that_is_there_and_has_a_reason() -> None:
    for one in tomllib.loads(mutants.SURVIVORS.read_text(encoding="utf-8"))["survivors"]:
        assert one["module"] in mutants.tests_of()
        assert one["line"] in " ".join((ROOT / one["module"]).read_text(encoding="utf-8").split())
        assert one["reason"]


def test_a_change_is_read_from_its_diff() -> None:
    diff = "--- mutation diff ---\n--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n"
    assert mutants.changed(diff) == ("return 1", "return 2")
