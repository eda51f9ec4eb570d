"""A verifier installs light: the bare wheel verifies, and says of everything else which extra it needs."""

from __future__ import annotations

import json
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from light.bare import ROOT, Bare, requirements
from polyproof.extras import EXTRAS
from recorded.verdicts import expected

RECORD = ROOT / "tests" / "recorded" / "format-2"
CASES: list[dict[str, Any]] = json.loads((RECORD / "expected.json").read_text())["cases"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Bare:
    return Bare(tmp_path_factory.mktemp("bare"))


def extra_message(extra: str) -> str:
    return (
        f'install polyproof with the extra: in a checkout pip install ".[{extra}]", with a wheel '
        f'pip install "polyproof-….whl[{extra}]"'
    )


def test_the_bare_environment_has_nothing_of_an_extra(bare: Bare) -> None:
    modules = [module for extra in EXTRAS.values() for module in extra]
    done = bare.run("-c", f"from importlib.util import find_spec; print([m for m in {modules!r} if find_spec(m)])")
    assert done.stdout.strip() == "[]", done.stderr


def test_the_table_of_extras_matches_the_distribution(bare: Bare) -> None:
    base = set(requirements(bare.distribution))
    brought = {
        module: {canonicalize_name(name) for name in names} for module, names in packages_distributions().items()
    }
    for extra, modules in EXTRAS.items():
        listed = set(requirements(bare.distribution, extra)) - base
        assert {name for module in modules for name in brought[module]} == listed, extra
    assert sorted(EXTRAS) == sorted(set(bare.distribution.metadata.get_all("Provides-Extra") or ()) - {"all", "test"})


def test_the_bare_wheel_judges_recorded_audits_as_they_were_judged(bare: Bare) -> None:
    done = bare.run(str(ROOT / "tests/recorded/verdicts.py"), str(RECORD))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {case["name"] for case in CASES}
    for case in CASES:
        verdict = expected(case)
        of_reserves = case["arguments"][0] == "verify" and case["arguments"][1].startswith("history")
        if of_reserves and needs_reserves(verdict):
            # Nothing of it is believed: the status is neither that of a history that verifies nor of one rejected.
            verdict = {"status": 2, "type": "ExtraMissing", "check": None}
        if "attested.yaml" in case["arguments"] and verdict["status"] == 0:
            # Without the extra for signatures no statement is believed, so one that is required is not there.
            verdict = {"status": 1, "type": "PolicyRejected", "check": None}
        if "insecure.yaml" in case["arguments"]:
            # Whoever accepts a grand sum needs the extra for its curve; the others are told by their policy.
            verdict = {"status": 2, "type": "ExtraMissing", "check": None}
        assert found[case["name"]] == verdict, case["name"]


def needs_reserves(verdict: dict[str, Any]) -> bool:
    """Whether a verdict on a history could only be given by looking into reserves."""
    return (
        verdict["status"] == 0
        or verdict["type"] == "PolicyRejected"
        or verdict["check"] in ("reserves-sums", "evidence-status")
    )


def test_reserves_that_cannot_be_checked_are_called_unchecked_and_never_covered(bare: Bare, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(
        "polyproof-policy: 2\nmin_soundness_bits: null\nmin_soundness_2025_bits: null\n"
    )
    policy = ("--policy", str(tmp_path / "policy.yaml"))
    done = bare.run("-m", "polyproof", "verify", str(RECORD / "history"), *policy)
    assert done.returncode == 2
    assert done.stdout.count("NOT CHECKED") == 3, "each audit's, and the verdict's"
    assert "VERIFIED IN PART" in done.stdout
    assert "every signature" not in done.stdout
    assert "covered" not in done.stdout.replace("nothing here says that what is owed is covered", "")
    assert extra_message("reserves") in done.stderr
    status, found, _ = bare.polyproof("verify", str(RECORD / "history"), *policy)
    assert (status, found["ok"], found["status"]) == (2, False, 2)
    assert [(one["reserves"], one["met"]) for one in found["result"]["audits"]] == [("not-checked", None)] * 2


def test_reserves_beside_a_single_audit_are_called_unchecked(bare: Bare) -> None:
    public = str(RECORD / "history/audits/history-1")
    done = bare.run("-m", "polyproof", "verify", public)
    assert done.returncode == 2
    assert "NOT CHECKED: nothing here says that what is owed is covered" in " ".join(done.stdout.split())
    assert bare.polyproof("verify", public)[1]["result"]["reserves"] == "not-checked"


def test_the_library_verifies_in_the_bare_environment_and_names_the_extra_of_what_it_lacks(bare: Bare) -> None:
    own = next(case["arguments"] for case in CASES if case["name"] == "stark-blake3 includes its user")
    file, audit, user = own[1], own[3], own[5]
    balances = dict(one.split("=") for one in own if "=" in one)
    code = f"""
import sys, polyproof
verified = polyproof.verify({str(RECORD / audit)!r})
included = polyproof.verify_inclusion({str(RECORD / file)!r}, {str(RECORD / audit)!r}, {user!r}, {balances!r})
print(sorted({{"typer", "rich"}} & sys.modules.keys()))
print(all(result._repr_html_() and str(result) for result in (verified, included)))
print(sorted({{"numba", "duckdb", "jinja2"}} & sys.modules.keys()))
calls = (
    lambda: polyproof.verify_history({str(RECORD / "history")!r}),
    lambda: polyproof.report({str(RECORD / audit)!r}),
    lambda: polyproof.check(polyproof.load_spec("minimal")),
)
for call in calls:
    try:
        call()
    except polyproof.ExtraMissing as error:
        print(error.extras)
"""
    done = bare.run("-c", code)
    assert done.stdout == "[]\nTrue\n[]\n('reserves',)\n('report',)\n('prove',)\n", done.stderr


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("prove", ["check", "minimal"]),
        ("prove", ["prove", "minimal"]),
        ("prove", ["prove", "spec.yaml", "--out", "audit"]),
        ("prove", ["plan", "spec.yaml", "--out", "work"]),
        ("prove", ["prove-segment", "work", "--index", "0"]),
        ("prove", ["assemble", "work"]),
        ("prove", ["sample", "--out", "accounts.csv"]),
        ("prove", ["demo"]),
        ("prove", ["bench"]),
        ("prove,report", ["audit", "minimal"]),
        ("reserves", ["reserves", "spec.yaml"]),
        ("reserves", ["challenge", "spec.yaml", "--audit", str(RECORD / "merkle-sum"), "--out", "to-sign.jsonl"]),
        ("report", ["report", str(RECORD / "merkle-sum/public")]),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:1]),
)
def test_a_command_whose_extra_is_missing_says_which(
    bare: Bare, extra: str, arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "spec.yaml").write_text(
        "polyproof: 1\nname: light\nsnapshot: 2025-11-30T00:00:00Z\n"
        "assets:\n  - {symbol: BTC, decimals: 8}\nbackend: merkle-sum\n"
        "accounts: {path: accounts.csv}\n"
        "reserves: {sources: [{name: native, path: wallets.jsonl}]}\n"
    )
    status, found, _ = bare.polyproof(*arguments, directory=tmp_path)
    assert status == 2
    assert found["errors"][0]["type"] == "ExtraMissing"
    assert found["errors"][0]["hint"] == extra_message(extra)
    assert [path.name for path in tmp_path.iterdir()] == ["spec.yaml"], "nothing was begun"


def test_a_spec_that_names_what_an_extra_brings_says_which(bare: Bare, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(
        "polyproof: 1\nname: light\nsnapshot: 2025-11-30T00:00:00Z\n"
        "assets:\n  - {symbol: BTC, decimals: 8}\nbackend: merkle-sum\n"
        "accounts: {path: accounts.csv}\n"
        "reserves: {sources: [{name: bitmex-yaml, path: wallets.yaml}]}\n"
    )
    status, found, _ = bare.polyproof("explain", "spec.yaml", directory=tmp_path)
    assert (status, found["errors"][0]["type"]) == (2, "ExtraMissing")
    assert "'bitmex-yaml'" in found["errors"][0]["message"]


def test_plugins_are_shown_as_lacking_an_extra_and_not_as_broken(bare: Bare) -> None:
    status, found, said = bare.polyproof("plugins")
    assert status == 0
    assert found["result"]["skipped"] == []
    assert said == ""
    lacking = {(item["kind"], item["name"]): item["missing_extras"] for item in found["result"]["components"]}
    assert lacking["ownership", "bip322"] == ["reserves"]
    assert lacking["backend", "stark"] == lacking["hash", "blake3"] == []
    done = bare.run("-m", "polyproof", "plugins")
    assert "needs the extra reserves, which is not installed" in done.stdout
    assert extra_message("reserves") in done.stdout
    assert "skipped" not in done.stdout


def test_a_schema_says_what_it_leaves_out(bare: Bare) -> None:
    done = bare.run("-m", "polyproof", "schema")
    assert done.returncode == 0
    assert "bitmex-yaml" not in done.stdout
    assert "left out of the schema: source 'bitmex-yaml' needs modules that are not installed" in done.stderr


WITHOUT_POSIX = """
import os, sys
class NotThere:
    def find_spec(self, name, path=None, target=None):
        if name in {"fcntl", "grp", "pwd", "resource", "termios"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, NotThere())
for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "fchmod", "geteuid", "getuid", "sched_getaffinity"):
    delattr(os, name)
from polyproof.cli import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("audit", ["stark-blake3", "merkle-sum"])
def test_a_verifier_needs_nothing_that_posix_alone_has(bare: Bare, audit: str, tmp_path: Path) -> None:
    policy = ("--policy", "merkle-sum") if audit == "merkle-sum" else ()
    done = bare.run("-c", WITHOUT_POSIX, "verify", str(RECORD / audit / "public"), *policy)
    assert (done.returncode, done.stderr) == (0, "")
    case = next(case for case in CASES if case["name"] == f"{audit} includes its user")
    done = bare.run("-c", WITHOUT_POSIX, *case["arguments"], *policy, directory=RECORD)
    assert (done.returncode, done.stderr) == (0, "")
    link = tmp_path / "manifest.json"
    link.symlink_to(RECORD / audit / "public" / "manifest.json")
    done = bare.run("-c", WITHOUT_POSIX, "verify", str(tmp_path))
    assert done.returncode == 1
    assert "symbolic link" in done.stderr
