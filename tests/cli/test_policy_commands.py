"""What a policy refuses, and how a plugin's fault ends, on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audit.faulty_backends import Credulous, faulty_registry, proved
from doubles.fixtures import Command
from doubles.policies import ANYTHING
from polyproof import registry as registry_module
from polyproof.errors import SpecError
from polyproof.settings.bundled import bundled_policies, find_policy

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
        told = command(*arguments, "--policy", "policy.yaml", "--json").error
        assert (told["type"], told["code"]) == ("PolicyRejected", check)


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


# In a folder that somebody else made


def test_a_file_of_the_name_of_a_policy_is_not_taken_for_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever publishes an audit could put one beside it that accepts everything."""
    monkeypatch.chdir(tmp_path)
    Path("merkle-sum").write_text(ANYTHING)
    with pytest.raises(SpecError, match="merkle-sum is a policy that comes with polyproof, and a file in this folder"):
        find_policy("merkle-sum")
    Path("minimal").write_text("")
    ended = command("check", "minimal")
    assert ended.status == 2
    assert "minimal is a spec that comes with polyproof, and a file in this folder" in ended.err
    assert find_policy("./merkle-sum") == Path("merkle-sum")
    Path("merkle-sum").unlink()
    assert find_policy("merkle-sum") == bundled_policies()["merkle-sum"]


def test_nothing_is_imported_from_the_current_folder(tmp_path: Path) -> None:
    """``python -m`` would look there first, and find a plugin of whoever published what is in it."""
    info = tmp_path / "stranger-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[polyproof.plugins]\nstranger = stranger\n")
    for name in ("stranger", "typer"):
        (tmp_path / f"{name}.py").write_text("open('imported', 'w').close()\n")
    words = [sys.executable, "-m", "polyproof", "plugins", "--json"]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert not (tmp_path / "imported").exists()
    assert "stranger" not in ended.stdout
