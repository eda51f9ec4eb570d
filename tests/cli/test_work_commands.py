"""``plan``, ``prove-segment`` and ``assemble``, as scripts of a cluster call them."""

from __future__ import annotations

import os
from pathlib import Path

from audit.tally_backend import Tally
from doubles.fixtures import Command


def planned(command: Command, *more: str) -> int:
    return command("plan", "spec.yaml", "--out", "work", "--audit-id", "example-1", *more).status


def test_the_steps_of_prove_make_an_audit(command: Command, folder: Path) -> None:
    plan = command("plan", "spec.yaml", "--out", "work", "--audit-id", "example-1", "--json").result
    assert (plan["kept"], plan["accounts"], plan["segments"]) == (False, 5, [1, 2, 2])
    assert plan["audit_id"] == "example-1"
    for index in range(len(plan["segments"])):
        done = command("prove-segment", "work", "--index", str(index), "--json").result
        assert (done["segment"], done["accounts"], done["proved"]) == (index, plan["segments"][index], True)
        assert sorted(done["phases"]) == ["prove", "read", "verify"]
    assembled = command("assemble", "work", "--out", "audit", "--json")
    assert assembled.status == 0
    assert assembled.result["totals"] == plan["totals"]
    assert assembled.result["audit_id"] == "example-1"
    assert command("verify", "audit").status == 0
    assert sorted(os.listdir(folder)) == ["accounts.csv", "audit", "spec.yaml"]


def test_people_read_what_comes_next(command: Command, folder: Path) -> None:
    told = command("plan", "spec.yaml", "--out", "work").out
    assert "polyproof prove-segment work --index K, for K = 0 to 2" in told
    assert "polyproof assemble work" in told
    assert "work: every id and balance is in it" in told
    assert "the plan is as it was" in command("plan", "spec.yaml", "--out", "work").out
    assert "proved and verified" in command("prove-segment", "work", "--index", "1").out
    assert "was finished already" in command("prove-segment", "work", "--index", "1").out


def test_a_segment_that_is_missing_ends_with_status_2_and_its_number(command: Command, folder: Path) -> None:
    assert planned(command, "--quiet") == 0
    command("prove-segment", "work", "--index", "1")
    ended = command("assemble", "work", "--out", "audit")
    assert ended.status == 2
    assert "2 of 3 segments are not finished: 0, 2" in ended.err
    assert sorted(os.listdir(folder)) == ["accounts.csv", "spec.yaml", "work"]
    assert command("prove-segment", "work", "--index", "3").status == 2
    assert command("prove-segment", "elsewhere", "--index", "0").status == 2
    assert command("assemble", "elsewhere").status == 2


def test_a_backend_that_proves_something_wrong_ends_with_status_3(
    command: Command, folder: Path, tally: type[Tally]
) -> None:
    assert planned(command) == 0
    tally.inflate = 1
    ended = command("prove-segment", "work", "--index", "0")
    assert ended.status == 3
    assert "totals other than the snapshot's" in ended.err
    assert not [name for name in os.listdir(folder / "work") if name.startswith(("attempt", "segment"))]
