"""Runs that end anywhere: killed at any file operation, or with a full disk; the same command then goes on."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from audit.example import ACCOUNTS, TOTALS
from audit.tally_backend import WITH_TALLY
from doubles.policies import ANYTHING
from polyproof import liabilities as audit
from polyproof.registry import Registry
from polyproof.settings.spec import Spec

USERS = [line.split(",")[0].encode() for line in ACCOUNTS.splitlines()[1:]]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


def interrupted(mode: str, spec: Spec, folder: Path, first: int, step: int) -> list[dict[str, Any]]:
    (spec.directory / "policy.yaml").write_text(ANYTHING)
    folder.mkdir()
    ended = subprocess.run(
        [sys.executable, "-m", "audit.interrupting", mode, str(spec.file), str(folder), str(first), str(step)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    return [json.loads(line) for line in ended.stdout.splitlines()]


def check_whole(place: Path, registry: Registry) -> None:
    """A whole audit, of all users, and nothing of them but in its private half."""
    assert audit.verify(place / "audit", policy=WITH_TALLY, registry=registry).totals == TOTALS
    states = (place / "audit" / "private").glob("state-*/salts.json")
    assert sorted(user.encode() for state in states for user in json.loads(state.read_text())) == sorted(USERS)
    for path in place.rglob("*"):
        if path.is_file() and not path.is_relative_to(place / "audit" / "private"):
            assert not [user for user in USERS if user in path.read_bytes()], path


def check_finished(place: Path, finished: dict[str, str]) -> None:
    """What was finished when the run ended is what was published."""
    for name, digest in finished.items():
        segment, _, file = name.partition("/")
        number = segment.removeprefix("segment-")
        kept = place / "audit" / (f"public/proof-{number}.bin" if file == "proof.bin" else f"private/state-{number}")
        kept = kept if file == "proof.bin" else kept / file.removeprefix("state/")
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize(
    ("first", "step"), [(3, 31), pytest.param(0, 1, marks=pytest.mark.slow)], ids=["some operations", "every operation"]
)
def test_a_run_that_is_killed_at_any_file_operation_is_continued(
    spec: Spec, registry: Registry, tmp_path: Path, first: int, step: int
) -> None:
    lines = interrupted("kill", spec, tmp_path / "runs", first, step)
    assert len(lines) > 5
    kept = [0]
    for line in lines[:-1]:
        place = tmp_path / "runs" / str(line["number"])
        assert line["ended"] == {"status": -signal.SIGKILL}
        assert line["left"] == ["audit"], line
        finished = {name.split("/")[0] for name in line["finished"]}
        if line["visible"]:
            # It was published already, and only tidying was cut short.
            assert line["again"]["status"] == 2
            assert "already holds an audit" in line["again"]["out"]
        else:
            told = json.loads(line["again"]["out"])
            assert line["again"]["status"] == 0
            assert told["result"]["resumed_segments"] == len(finished)
            assert told["warnings"] == [], "nothing was lost"
            kept.append(len(finished))
        check_finished(place, {} if line["visible"] else line["finished"])
        check_whole(place, registry)
    assert max(kept) == 3, "runs ended after each of the segments"


@pytest.mark.parametrize(
    ("first", "step"), [(1, 9), pytest.param(0, 1, marks=pytest.mark.slow)], ids=["some files", "every file"]
)
def test_a_disk_that_is_full_at_any_file_is_an_error_and_the_run_is_continued(
    spec: Spec, registry: Registry, tmp_path: Path, first: int, step: int
) -> None:
    lines = interrupted("full", spec, tmp_path / "runs", first, step)
    assert len(lines) > 3
    for line in lines[:-1]:
        place = tmp_path / "runs" / str(line["number"])
        error = json.loads(line["ended"]["out"])["errors"][0]
        assert line["ended"]["status"] == 2
        assert "No space left on device" in error["message"]
        assert "Traceback" not in line["ended"]["err"]
        assert not line["visible"]
        assert line["again"]["status"] == 0, line
        told = json.loads(line["again"]["out"])["result"]
        assert told["resumed_segments"] == len({name.split("/")[0] for name in line["finished"]})
        assert line["left"] == ["audit"]
        check_finished(place, line["finished"])
        check_whole(place, registry)


def test_a_real_command_that_is_killed_goes_on_with_the_first_unfinished_segment(tmp_path: Path) -> None:
    rows = "".join(f"user{k},1,{k}\n" for k in range(6000))
    (tmp_path / "accounts.csv").write_text("account,BTC,USDT\n" + rows)
    (tmp_path / "spec.yaml").write_text(
        "polyproof: 1\nname: example\nassets: [{symbol: BTC, decimals: 8}, {symbol: USDT, decimals: 6}]\n"
        "backend: {name: merkle-sum, accounts_per_segment: 1000}\naccounts: {path: accounts.csv}\n"
        "snapshot: 2025-11-30T00:00:00Z\n"
    )
    arguments = ["prove", "spec.yaml", "--out", "audit", "--policy", "merkle-sum", "--json"]
    command = [sys.executable, "-m", "polyproof", *arguments]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    work = tmp_path / ".audit.partial"
    deadline = time.monotonic() + 120
    while not (work / "segment-0001").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.kill()
    process.communicate(timeout=60)
    assert not (tmp_path / "audit").exists()
    finished = {path.parent.name[-4:]: path.read_bytes() for path in work.glob("segment-*/proof.bin")}
    assert 2 <= len(finished) < 6
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["result"]["resumed_segments"] == len(finished)
    for number, proof in finished.items():
        assert (tmp_path / "audit" / "public" / f"proof-{number}.bin").read_bytes() == proof
    assert sorted(os.listdir(tmp_path)) == ["accounts.csv", "audit", "spec.yaml"]
    verified = subprocess.run(
        [sys.executable, "-m", "polyproof", "verify", "audit", "--policy", "merkle-sum"], cwd=tmp_path, timeout=120
    )
    assert verified.returncode == 0
