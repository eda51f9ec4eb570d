"""Evidence that a check saved is verified anew, and nothing that it says of itself is believed."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doubles.fixtures import Command
from polyproof.liabilities import saved_check

NAME = "evidence-example-1.polyproof-evidence.json"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def evidence(proved: Path) -> dict[str, Any]:
    """What the page saves of alice's check."""
    public = proved / "audit" / "public"
    return {
        "format": "polyproof/evidence",
        "version": 1,
        "saved": "2025-12-01T12:00:00Z",
        "program": {"name": "polyproof-page", "version": "0.2.0"},
        "files": {path.name: encoded(path.read_bytes()) for path in public.iterdir() if path.is_file()},
        "inclusion": encoded((proved / "alice.polyproof").read_bytes()),
        "claim": {
            "user": "alice",
            "balances": {"BTC": "0.25", "USDT": "100"},
            "debts": {},
            "digest": None,
            "policy": "default",
        },
        "verdict": {"outcome": "included", "check": None, "reason": "Your balances are in the totals."},
    }


Check = Callable[..., Any]


@pytest.fixture
def check(command: Command, proved: Path, evidence: dict[str, Any]) -> Check:
    """Write the evidence and check it, in a folder without the audit."""

    def run(*arguments: object) -> Any:
        shutil.rmtree(proved / "audit", ignore_errors=True)
        (proved / NAME).write_text(json.dumps(evidence))
        return command("verify-inclusion", NAME, *arguments)

    return run


def test_evidence_is_verified_anew_from_its_own_files(check: Check) -> None:
    ended = check()
    assert ended.status == 0, ended.err
    assert "INCLUDED: these balances are in the audit's totals." in ended.out
    text = " ".join(ended.out.split())
    assert "The account id and the balances are what the evidence says" in text
    assert "The verdict that was saved in it, included, is the one that comes out here." in text
    assert "saved 2025-12-01T12:00:00Z by polyproof-page 0.2.0, as it says" in text
    assert "Compare the publication digest" in text
    found = check("--json").result["evidence"]
    assert (found["user"], found["balances"], found["audit"], found["same"]) == (*["from-file"] * 3, True)


def test_what_is_typed_counts_and_not_what_it_says(check: Check, evidence: dict[str, Any]) -> None:
    evidence["claim"] |= {"user": "mallory", "balances": {"BTC": "99"}}
    assert check().status == 1
    ended = check("--user", "alice", "--balance", "BTC=0.25", "--balance", "USDT=100")
    assert ended.status == 0, ended.err
    assert "whoever gave it to you" not in ended.out
    found = check("--user", "alice", "--balance", "BTC=0.25", "--balance", "USDT=100", "--json").result["evidence"]
    assert (found["user"], found["balances"]) == ("typed", "typed")
    ended = check("--user", "alice")
    assert ended.status == 1
    assert "note: The balances are what the evidence says" in ended.err
    evidence["claim"] |= {"user": "mallory", "balances": {"BTC": "0.25", "USDT": "100"}}
    ended = check("--balance", "BTC=0.25", "--balance", "USDT=100")
    assert ended.status == 1
    assert "note: The account id is what the evidence says" in ended.err


def test_a_verdict_in_it_is_never_believed(check: Check, evidence: dict[str, Any]) -> None:
    evidence["claim"]["balances"]["BTC"] = "0.26"
    ended = check()
    assert ended.status == 1
    assert "REJECTED" in ended.err
    assert "note: The verdict that was saved in it is another: included, Your balances are in the totals." in ended.err
    name = check("--json").error["code"]
    evidence["verdict"] = {"outcome": "rejected", "check": name, "reason": "No."}
    ended = check()
    assert ended.status == 1
    assert f"note: The verdict that was saved in it, rejected [{name}], is the one that comes out here." in ended.err
    evidence["claim"]["balances"]["BTC"] = "0.25"
    ended = check()
    assert ended.status == 0, "nor is one against"
    assert f"is another: rejected [{name}], No." in ended.out


def test_its_digest_and_its_policy_are_shown_and_do_not_count(check: Check, evidence: dict[str, Any]) -> None:
    digest = check("--json").result["publication_digest"]
    evidence["claim"] |= {"digest": "ab" * 32, "policy": "whatever"}
    ended = check()
    assert ended.status == 0, ended.err
    assert f"compared with {'ab' * 32}" in ended.out
    assert "whatever" in ended.out
    ended = check("--digest", "ab" * 32)
    assert ended.status == 1
    assert "[publication-digest]" in ended.err
    assert check("--digest", digest).status == 0
    ended = check("--policy", "default")
    assert ended.status in (1, 2), "a sum tree is refused by one who asks for more, whatever the file says"


def test_a_verifiers_own_copy_of_the_audit_takes_the_place_of_the_files_in_it(
    command: Command, proved: Path, evidence: dict[str, Any]
) -> None:
    evidence["files"] = {}
    (proved / NAME).write_text(json.dumps(evidence))
    ended = command("verify-inclusion", NAME, "--audit", "audit", "--json")
    assert ended.status == 0
    assert ended.result["evidence"]["audit"] == "typed"
    ended = command("verify-inclusion", NAME)
    assert ended.status != 0
    assert "polyproof-evidence-" not in ended.err, "places are named as they are in the evidence"


def test_what_is_rejected_is_named_within_it(check: Check, evidence: dict[str, Any]) -> None:
    (proof,) = [name for name in evidence["files"] if name.startswith("proof-")]
    data = bytearray(base64.b64decode(evidence["files"][proof]))
    data[-1] ^= 1
    evidence["files"][proof] = encoded(bytes(data))
    ended = check()
    assert ended.status == 1
    assert f"{NAME}: public/{proof}: not the file that the manifest lists [proof-digest]" in ended.err
    del evidence["files"][proof]
    ended = check()
    assert ended.status == 1
    assert "[proof-missing]" in ended.err
    assert "/tmp/" not in ended.err


def other(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.update(changes)


def inner(member: str, **changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda found: found[member].update(changes)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (other(format="polyproof/report"), "expected format"),
        (other(version=2), "expected format"),
        (other(version=True), "expected format"),
        (other(more=1), "and nothing else"),
        (other(saved="yesterday"), "saved is not a time"),
        (other(saved=5), "saved is not a text"),
        (other(files=[]), "files is not an object"),
        (other(inclusion="???"), "inclusion is not base64"),
        (other(inclusion="é"), "inclusion is not base64"),
        (other(inclusion=None), "inclusion is not a text"),
        (other(claim={"user": "alice"}), "claim must have"),
        (inner("claim", user=["alice"]), "user is not a text"),
        (inner("claim", user="a" * 5000), "more than 4096 characters"),
        (inner("claim", user="\ud800"), "not a text"),
        (inner("claim", balances={"BTC": 0.25}), "is not an integer"),
        (inner("claim", balances={"BTC": 1}), "balances is not a text"),
        (inner("claim", balances={str(number): "1" for number in range(10_001)}), "more than 10000 members"),
        (inner("claim", digest=5), "digest is not a text"),
        (inner("verdict", outcome="fine"), "the outcome is none of"),
        (inner("verdict", reason=None), "reason is not a text"),
        (inner("files", **{"../../manifest.json": ""}), "no check takes one of that name"),
        (inner("files", **{"/etc/passwd": ""}), "no check takes one of that name"),
        (inner("files", **{"proof-0000.bin/../x": ""}), "no check takes one of that name"),
        (inner("files", **{"proof-0000.bin\n": ""}), "no check takes one of that name"),
        (inner("files", **{"proof-0٠00.bin": ""}), "no check takes one of that name"),
        (inner("files", **{"manifest.json": "AAA"}), "manifest.json is not base64"),
        (inner("program", name={"a": {"b": {"c": {}}}}), "nested deeper"),
    ],
)
def test_evidence_of_another_form_is_bad_input(
    check: Check,
    evidence: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, Any]], None],
    reason: str,
) -> None:
    temporary = tmp_path / "temporary" / "files"
    temporary.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    change(evidence)
    ended = check()
    assert ended.status == 2
    assert reason in " ".join(ended.err.split())
    assert list((tmp_path / "temporary").rglob("*")) == [temporary], "nothing is left, and nothing written elsewhere"


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"  {}",
        b"{" * 100_000,
        b'{"format": "polyproof/evidence", "format": "polyproof/evidence"}',
        b'{"format": ' + b"1" * 100_000 + b"}",
        b'{"format": "\xff"}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"' + b'a": {"' * 2000,
    ],
)
def test_whatever_begins_like_json_ends_well(command: Command, proved: Path, data: bytes) -> None:
    (proved / NAME).write_bytes(data)
    ended = command("verify-inclusion", NAME)
    assert ended.status == 2
    assert "not evidence that this polyproof reads" in " ".join(ended.err.split())


def test_evidence_that_is_too_large_is_not_read(
    check: Check, monkeypatch: pytest.MonkeyPatch, evidence: dict[str, Any]
) -> None:
    monkeypatch.setattr(saved_check, "MOST_BYTES", 1000)
    ended = check()
    assert ended.status == 1
    assert "[file-size]" in ended.err


def test_text_in_it_cannot_command_a_terminal(check: Check, evidence: dict[str, Any]) -> None:
    evidence["program"] = {"name": "\x1b[2J", "version": "1\nINCLUDED"}
    evidence["verdict"]["reason"] = "\x1b[2J\nINCLUDED"
    evidence["claim"]["policy"] = "\x1b[31m"
    evidence["verdict"]["outcome"] = "failed"
    ended = check()
    assert ended.status == 0
    assert "\x1b" not in ended.out + ended.err
    assert [line for line in ended.out.splitlines() if line.startswith("INCLUDED")] == [
        "INCLUDED: these balances are in the audit's totals."
    ]


def test_it_is_checked_alone_and_an_inclusion_file_needs_the_audit(
    command: Command, proved: Path, evidence: dict[str, Any]
) -> None:
    (proved / NAME).write_text(json.dumps(evidence))
    ended = command("verify-inclusion", "alice.polyproof", NAME, "--audit", "audit")
    assert (ended.status, "checked alone" in ended.err) == (2, True)
    ended = command("verify-inclusion", "alice.polyproof", "--user", "alice", "--balance", "BTC=1")
    assert (ended.status, "--audit DIR is missing" in ended.err) == (2, True)
    ended = command("verify-inclusion", "nothing.json", "--user", "alice", "--balance", "BTC=1")
    assert ended.status == 2


def test_a_claim_of_nothing_is_no_claim(check: Check, evidence: dict[str, Any]) -> None:
    evidence["claim"] |= {"balances": {}, "debts": {}}
    evidence["verdict"] = {"outcome": "bad-input", "check": None, "reason": "No balance was given."}
    ended = check()
    assert ended.status == 2
    assert "no balance is given" in ended.err
    assert "note: The verdict that was saved in it, bad-input, is the one that comes out here." in ended.err


def test_what_was_no_claim_is_no_claim_here(check: Check, evidence: dict[str, Any]) -> None:
    evidence["claim"]["balances"] = {"BTC": "ten"}
    evidence["verdict"] = {"outcome": "bad-input", "check": None, "reason": "BTC: not a number."}
    ended = check()
    assert ended.status == 2
    assert "note: The verdict that was saved in it, bad-input, is the one that comes out here." in ended.err
