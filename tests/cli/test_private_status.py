"""What an audit keeps private is told whole, with what it reveals and who can get at it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from doubles.fixtures import Command


def status(command: Command, *arguments: object) -> dict[str, Any]:
    ended = command("private", "status", *arguments, "--json")
    assert ended.status == 0, ended.out
    (audit,) = ended.result["audits"]
    assert audit["problems"] == ended.json["warnings"]
    return {**audit, "files": {files["sort"]: files for files in audit["files"]}}


def test_every_private_file_is_counted_once(command: Command, proved: Path) -> None:
    command("inclusion", "audit", "--all")
    command("inclusion", "audit", "--user", "alice")
    (proved / "audit/private/notes.txt").write_text("by somebody")
    (proved / "audit/private/notes.txt").chmod(0o600)
    (proved / "audit/private/.inclusion.store.writing").write_bytes(b"")
    (proved / "audit/private/.inclusion.store.writing").chmod(0o600)
    found = status(command, "audit")
    assert (found["audit_id"], found["cuts"], found["serves"], found["problems"]) == ("example-1", True, True, [])
    assert set(found["files"]) == {"key", "state", "store", "files", "leftovers", "others", "readme"}
    there = [path for path in (proved / "audit/private").rglob("*") if path.is_file()]
    assert sum(files["count"] for files in found["files"].values()) == len(there)
    assert sum(files["bytes"] for files in found["files"].values()) == sum(path.stat().st_size for path in there)
    assert {name for name, files in found["files"].items() if not files["secret"]} == {"readme"}


def test_accounts_of_unfinished_work_beside_an_audit_are_private_files_too(command: Command, proved: Path) -> None:
    work = proved / ".audit.partial/accounts"
    work.mkdir(parents=True, mode=0o700)
    work.parent.chmod(0o700)
    (work / "segment-0000.bin").write_bytes(b"all of them")
    (work / "segment-0000.bin").chmod(0o600)
    found = status(command, "audit")
    assert (found["files"]["work"]["count"], found["problems"]) == (1, [])


@pytest.mark.parametrize("lost", ["key", "state-0000"])
def test_without_key_or_state_nothing_can_be_cut(command: Command, proved: Path, lost: str) -> None:
    (proved / "audit/private" / lost).rename(proved / "elsewhere")
    found = status(command, "audit")
    assert (found["cuts"], found["serves"]) == (False, False)
    assert command("inclusion", "audit", "--user", "alice").status == 2


@pytest.mark.parametrize("name", ["", "key", "state-0000", "state-0000/ids.npy"])
def test_files_that_others_can_reach_are_told(command: Command, proved: Path, name: str) -> None:
    path = proved / "audit/private" / name
    path.chmod(path.stat().st_mode | 0o040)
    (problem,) = status(command, "audit")["problems"]
    assert problem.startswith("1 file or folder can be reached by other users of this machine, ")
    assert problem.endswith("chmod -R go= audit/private")
    assert problem in " ".join(command("private", "status", "audit").err.split())
    subprocess.run(["chmod", "-R", "go=", "audit/private"], check=True)
    assert status(command, "audit")["problems"] == []


@pytest.mark.parametrize("name", ["history.json", "publication.json"])
def test_a_private_half_within_what_is_published_is_told(command: Command, proved: Path, name: str) -> None:
    (proved / name).write_text("{}")
    (problem,) = status(command, "audit")["problems"]
    assert f"lies within {proved}, which is to be published" in problem


def test_a_private_half_in_a_work_tree_of_git_is_told(command: Command, proved: Path) -> None:
    (proved / ".git").mkdir()
    (problem,) = status(command, "audit")["problems"]
    assert "work tree of git" in problem


def test_a_link_is_told_and_not_followed(command: Command, proved: Path) -> None:
    (proved / "audit/private/linked").symlink_to(proved)
    found = status(command, "audit")
    assert "audit/private/linked is a symbolic link" in found["problems"][0]
    assert "others" not in found["files"]


def test_the_time_of_keeping_counts_from_the_snapshot(command: Command, proved: Path) -> None:
    found = status(command, "audit", "--keep", "0")
    assert (found["expires"], found["expired"]) == (found["snapshot"], True)
    assert status(command, "audit", "--keep", "100000")["expired"] is False
    assert status(command, "audit", "--keep", str(10**9))["expired"] is False
    assert status(command, "audit")["expired"] is None
    (proved / "audit/public/manifest.json").write_text("{}")
    found = status(command, "audit", "--keep", "0")
    assert (found["expires"], found["expired"], found["cuts"]) == (None, None, False), "not guessed"


def test_all_audits_of_a_directory_are_shown(command: Command, proved: Path) -> None:
    ended = command("private", "status", ".", "--json")
    assert [audit["directory"] for audit in ended.result["audits"]] == ["audit"]
    assert "audit/private" in command("private", "status", ".").out
    ended = command("private", "status", "audit/public", "--json")
    assert (ended.status, ended.error["code"]) == (2, "audit-files")
