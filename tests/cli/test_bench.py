"""``polyproof bench``: what it measures, on what, and two installations in turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.tally_backend import Tally
from doubles.fixtures import Command

Installations = Callable[[str, str], Path]


def test_bench_measures_what_is_asked_for_and_says_on_what(command: Command) -> None:
    ended = command("bench", "--kind", "hash", "--name", "sha256", "--size", 4, "--runs", 2, "--json")
    assert ended.status == 0, ended.err
    found = ended.result
    assert {item["name"] for item in found["measurements"]} == {"sha256"}
    assert {item["engine"] for item in found["measurements"]} == {"portable", "compiled"}
    assert all(item["median"] > 0 and item["runs"] == 2 for item in found["measurements"])
    assert found["machine"]["threads"] >= 1
    assert found["not_measured"] == []
    shown = command("bench", "--kind", "backend", "--name", "merkle-sum", "--size", 4, "--runs", 1)
    assert shown.status == 0
    assert "verify inclusion" in shown.out


def test_bench_says_what_it_could_not_measure(command: Command, tally: type[Tally]) -> None:
    tally.crash_on_verify = True
    found = command("bench", "--kind", "backend", "--name", "tally", "--size", 4, "--runs", 1, "--json").result
    assert "ZeroDivisionError" in found["not_measured"][0]["reason"]


def test_bench_counts_words_in_a_row_and_seconds_of_cpu(command: Command) -> None:
    options = ("--kind", "hash", "--name", "sha256", "--size", 4, "--runs", 1, "--columns", 96, "--json")
    found = command("bench", *options).result["measurements"]
    assert {"rows of 96 words", "one row of 96 words"} < {item["operation"] for item in found}
    assert all(item["cpu"] > 0 for item in found)


@pytest.fixture
def installations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installations:
    """Two Pythons, this one and the one returned, whose polyproof prints what is given and notes that it was asked."""
    monkeypatch.chdir(tmp_path)

    def make(here: str, there: str) -> Path:
        made = tmp_path / "here", tmp_path / "there"
        for path, measurements in zip(made, (here, there), strict=True):
            path.write_text(
                '#!/bin/sh\ncase "$2" in -c) echo /lib/$(basename $0) ;;\n'
                f"*) echo $(basename $0) $* >> asked; echo '{{\"measurements\": [{measurements}]}}' ;; esac\n"
            )
            path.chmod(0o755)
        monkeypatch.setattr("sys.executable", str(made[0]))
        return made[1]

    return make


def _measurement(operation: str, median: float, cpu: float | None) -> str:
    item = {
        "kind": "hash",
        "name": "sha256",
        "engine": "compiled",
        "operation": operation,
        "items": 8,
        "unit": "digest",
    }
    return json.dumps({**item, "median": median} | ({} if cpu is None else {"cpu": cpu}))


PAIRS = ("bench", "--kind", "hash", "--name", "sha256", "--size", 4)


def test_bench_measures_two_installations_in_turn(command: Command, installations: Installations) -> None:
    there = installations(_measurement("rows", 1.5, 4), _measurement("rows", 0.5, 2))
    found = command(*PAIRS, "--against", there, "--rounds", 3, "--json").result
    (pair,) = found["pairs"]
    assert (pair["ratio"], pair["cpu_ratio"], pair["here"], pair["there"]) == (3, 2, [1.5] * 3, [0.5] * 3)
    assert (found["here"], found["there"], found["not_paired"]) == ("/lib/here", "/lib/there", [])
    assert found["machine"]["threads"] >= 1
    asked = Path("asked").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["here", "there", "there", "here", "here", "there"]
    assert {line.partition(" ")[2] for line in asked} == {
        "-P -m polyproof bench --kind=hash --name=sha256 --size=4 --runs=5 --json"
    }
    shown = command(*PAIRS, "--against", there, "--rounds", 1).out
    assert "3.00–3.00" in shown
    assert "/lib/there" in shown


def test_bench_says_what_only_one_of_two_installations_measures(command: Command, installations: Installations) -> None:
    both = ", ".join((_measurement("rows", 1, 1), _measurement("one row", 1, 1)))
    there = installations(both, _measurement("rows", 2, None))
    found = command(*PAIRS, "--against", there, "--rounds", 1, "--json").result
    assert [(pair["operation"], pair["ratio"], pair["cpu_ratio"]) for pair in found["pairs"]] == [("rows", 0.5, None)]
    assert found["not_paired"] == ["hash sha256, compiled: one row"]


def test_bench_pairs_audits_of_one_setting(command: Command, installations: Installations) -> None:
    def audit(accounts: int, median: float) -> str:
        made_of = {"accounts": accounts, "assets": 22, "threads": 1, "options": ["hash=sha256"]}
        item = json.loads(_measurement("audit", median, median))
        return json.dumps({**item, "kind": "audit", "name": "stark", "setting": made_of})

    there = installations(f"{audit(10, 1)}, {audit(20, 4)}", f"{audit(20, 2)}, {audit(10, 2)}")
    asked = ("bench", "--accounts", "10,20", "--option", "hash=sha256", "--against", there, "--rounds", 1)
    found = command(*asked, "--json").result
    assert [(pair["setting"]["accounts"], pair["ratio"]) for pair in found["pairs"]] == [(10, 0.5), (20, 2)]
    line = Path("asked").read_text().splitlines()[0]
    assert line.endswith("bench --kind=audit --size=14 --runs=5 --accounts=10,20 --option=hash=sha256 --json")
    assert "hash=sha256" in command(*asked).out


def test_bench_refuses_what_it_cannot_measure_against(command: Command, tmp_path: Path) -> None:
    ended = command(*PAIRS, "--against", tmp_path / "absent")
    assert (ended.status, "cannot be run" in ended.err) == (2, True)
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'polyproof'\" >&2; exit 1\n")
    other.chmod(0o755)
    ended = command(*PAIRS, "--against", other)
    assert (ended.status, "No module named 'polyproof'" in ended.err) == (2, True)
    ended = command(*PAIRS, "--rounds", 3)
    assert (ended.status, "--against" in ended.err) == (2, True)


def test_bench_knows_its_names(command: Command) -> None:
    ended = command("bench", "--kind", "hsah")
    assert (ended.status, "did you mean 'hash'" in ended.err) == (2, True)
    ended = command("bench", "--name", "blake")
    assert (ended.status, "did you mean 'blake3'" in ended.err) == (2, True)
