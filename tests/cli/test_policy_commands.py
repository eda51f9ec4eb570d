"""What a policy refuses, and how a plugin's fault ends, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.faulty_backends import Credulous, faulty_registry, proved
from doubles.fixtures import Command
from polyproof import registry as registry_module

TYPED = ("--user", "alice", "--balance", "BTC=0.25", "--balance", "USDT=100")
STRICT = "polyproof-policy: 2\nbackends: null\nhashes: [blake3]\n"


@pytest.mark.parametrize(
    ("options", "check"), [("bits: 1, inner: {hash: blake3}", "policy-binding"), ("bits: 120", "policy-hash")]
)
def test_credulous_backend_is_refused_on_the_command_line(
    tmp_path: Path,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    options: str,
    check: str,
) -> None:
    registry = faulty_registry()
    proved(tmp_path, registry, f"{{name: credulous, capacity: 2, {options}}}")
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").write_text(STRICT)
    monkeypatch.setattr(registry_module, "_default", registry)
    for arguments in (("verify", "audit"), ("verify-inclusion", "alice.polyproof", "--audit", "audit", *TYPED)):
        ended = command(*arguments, "--policy", "policy.yaml")
        assert ended.status == 1
        assert "REJECTED by your policy" in ended.err
        assert f"[{check}]" in ended.err
        told = command(*arguments, "--policy", "policy.yaml", "--json").json["error"]
        assert (told["type"], told["check"]) == ("PolicyRejected", check)


def test_fault_of_a_plugin_ends_commands_with_status_3(
    tmp_path: Path,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = faulty_registry()
    proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry_module, "_default", registry)
    monkeypatch.setattr(Credulous, "verify", lambda *_: True)
    ended = command("verify", "audit")
    assert ended.status == 3
    assert ended.err.startswith("error: backend 'credulous' (plugin tally of tests (")
    assert ".Credulous) is broken: " in ended.err
    assert "Traceback" not in ended.err
