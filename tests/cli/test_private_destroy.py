"""What is private is destroyed when it is asked for, and nothing else; what that does not reach is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyrage
import pytest

from doubles.fixtures import Command
from polyproof.liabilities import private_destruction
from polyproof.liabilities.inclusion_store import InclusionStore, write_store
from polyproof.liabilities.private_encryption import encrypt
from polyproof.liabilities.recipients import Identities, Recipient

PRIVATE = Path("audit/private")
OPS = pyrage.x25519.Identity.generate()
DESTROY = ("private", "destroy", "audit")


@pytest.fixture
def stored(command: Command, proved: Path) -> Path:
    """An audit with a store and with what is not secret."""
    assert command("inclusion", "audit", "--all", "--quiet").status == 0
    assert command("inclusion", "audit", "--user", "alice", "--quiet").status == 0
    (PRIVATE / "published").write_text("0" * 64 + "\n")
    (PRIVATE / "linked").symlink_to(proved / "spec.yaml")
    (PRIVATE / "state-0000/linked").symlink_to(proved / "input")
    (proved / "input").mkdir()
    (proved / "input/kept").write_text("kept")
    (proved / "ops.key").write_text(f"{OPS}\n")
    (proved / "ops.key").chmod(0o600)
    return proved


def names() -> set[str]:
    return {path.name for path in PRIVATE.iterdir()}


def encrypted(directory: str = "audit") -> None:
    for link in (PRIVATE / "linked", PRIVATE / "state-0000/linked"):
        link.unlink()
    encrypt(Path(directory), [Recipient(str(OPS.to_public()), "ops")], Identities((OPS,)))


def test_all_of_it_goes_and_nothing_that_links_lead_to(command: Command, stored: Path) -> None:
    public = sorted((path, path.read_bytes()) for path in Path("audit/public").rglob("*") if path.is_file())
    done = command(*DESTROY, "--all", "--yes", "--json")
    assert names() == {"README", "published", "destroyed.json", "lock"}
    assert (done.result["what"], done.result["audits"][0]["encrypted"], done.result["kept"]) == ("all", False, [])
    assert (stored / "input/kept").read_text() == "kept"
    assert (stored / "spec.yaml").exists()
    assert public == sorted((path, path.read_bytes()) for path in Path("audit/public").rglob("*") if path.is_file())
    for arguments in (("--user", "alice"), ("--all",), ("--all", "--files")):
        ended = command("inclusion", "audit", *arguments, "--json")
        assert ended.status == 2
        assert "destroyed (all of it, 2" in ended.error["message"]
    (found,) = command("private", "status", "audit", "--json").result["audits"]
    assert (found["destroyed"]["what"], found["cuts"], found["serves"]) == ("all", False, False)
    again = command(*DESTROY, "--all", "--yes")
    assert (again.status, again.out) == (0, "There is nothing to destroy.\n")


def test_it_is_asked_for(command: Command, stored: Path) -> None:
    before = names()
    for arguments, said in (
        (("--all",), "--yes destroys it"),
        (("--yes",), "either --all or --but-store"),
        (("--all", "--but-store", "--yes"), "either --all or --but-store"),
        (("--all", "--expired", "--yes"), "--expired and --keep DAYS belong together"),
        (("--all", "--keep", "1", "--yes"), "--expired and --keep DAYS belong together"),
    ):
        ended = command(*DESTROY, *arguments)
        assert ended.status == 2
        assert said in ended.err
    assert "name one, or those whose time is over" in command("private", "destroy", ".", "--all", "--yes").err
    assert names() == before


def test_what_was_not_encrypted_is_said_to_be_left_perhaps(command: Command, stored: Path) -> None:
    said = " ".join(command(*DESTROY, "--all", "--yes").out.split())
    assert "removed, not overwritten, and were not encrypted" in said


def test_of_what_was_encrypted_the_recipients_are_named_who_can_read_copies(command: Command, stored: Path) -> None:
    encrypted()
    ended = command(*DESTROY, "--all", "--yes")
    assert "ops (age1" in ended.out
    assert "destroying the identities destroys the copies" in " ".join(ended.out.split())
    assert names() == {"README", "published", "destroyed.json", "lock"}


def test_the_recipients_go_first(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encrypted()

    def stop(entry: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(private_destruction, "_remove", stop)
        with pytest.raises(KeyboardInterrupt):
            private_destruction.destroy(Path("audit"))
    assert not (PRIVATE / "recipients.json").exists()
    assert (PRIVATE / "key.encrypted").exists()
    private_destruction.destroy(Path("audit"))
    assert names() == {"README", "published", "destroyed.json", "lock"}


# But the store


@pytest.mark.parametrize("form", ["plain", "encrypted"])
def test_the_store_serves_when_the_rest_is_gone(command: Command, stored: Path, form: str) -> None:
    identity = ("--identity", "ops.key") if form == "encrypted" else ()
    if form == "encrypted":
        encrypted()
        assert "--identity" in command(*DESTROY, "--but-store", "--yes").err
    assert command(*DESTROY, "--but-store", "--yes", *identity).status == 0
    assert not {name.removesuffix(".encrypted") for name in names()} & {"key", "state-0000"}
    taken = command("inclusion", PRIVATE / "inclusion.store", "--user", "alice", "--out", "cut", *identity)
    assert taken.status == 0
    assert Path("cut").read_bytes() == Path("alice.polyproof").read_bytes()


def test_a_store_that_is_not_everybodys_destroys_nothing(command: Command, stored: Path) -> None:
    store, good = PRIVATE / "inclusion.store", (PRIVATE / "inclusion.store").read_bytes()
    before = names()

    def refused(said: str) -> None:
        ended = command(*DESTROY, "--but-store", "--yes", "--json")
        assert ended.status == 2
        assert said in ended.error["message"], ended.error
        assert names() >= before - {"inclusion.store"}
        assert "destroyed.json" not in names()

    store.unlink()
    refused("No such file")
    for at in range(200, len(good), 150):
        store.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        refused("not an inclusion store in good order")
    store.write_bytes(good[:-48])
    refused("not an inclusion store in good order")
    store.write_bytes(good)
    with InclusionStore(store) as opened:
        audit_id, digest, alice = opened.audit_id, opened.manifest_digest, opened.find("alice")
    assert alice is not None
    write_store(store, audit_id, digest, bytes(32), [("alice", alice)])
    refused("the store has 1 file of 5 accounts")
    write_store(store, audit_id, bytes(32), bytes(32), [("alice", alice)])
    refused("of another audit, or of another proof of this one")
    store.write_bytes(good)
    assert command(*DESTROY, "--but-store", "--yes").status == 0


def test_cut_short_it_goes_on(command: Command, stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(entry: Path) -> None:
        (PRIVATE / "state-0000/rows.npy").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(private_destruction, "_remove", stop)
        assert command(*DESTROY, "--but-store", "--yes").status == 130
    assert command(*DESTROY, "--but-store", "--yes").status == 0
    assert not names() & {"key", "state-0000"}


# Time


def test_only_what_is_over_is_destroyed(command: Command, stored: Path) -> None:
    for name in ("unknown", "young"):
        shutil.copytree("audit", name)
    (stored / "unknown/public/manifest.json").write_text("{}")
    days = ("--expired", "--keep")
    done = command("private", "destroy", ".", "--all", *days, "100000", "--yes", "--json")
    assert (done.result["audits"], len(done.result["kept"])) == ([], 3)
    shutil.rmtree("young")
    done = command("private", "destroy", ".", "--all", *days, "1", "--yes", "--json")
    assert [audit["directory"] for audit in done.result["audits"]] == ["audit"]
    assert done.result["kept"] == ["unknown"]
    assert done.json["warnings"] == ["unknown was kept: the time of its snapshot cannot be read"]
    assert (stored / "unknown/private/key").exists()
    assert command("private", "destroy", ".", "--all", *days, "1", "--yes", "--json").result["audits"] == []


@pytest.mark.parametrize("kind", ["another program's", "another README", "no README", "published beside it"])
def test_a_folder_called_private_is_not_taken_for_an_audits(command: Command, stored: Path, kind: str) -> None:
    """As in a home directory, or in that of a web server which publishes an audit in ``public``."""
    folder = stored / "else/private"
    folder.mkdir(parents=True)
    (folder / "diary.txt").write_text("mine")
    if kind == "another README":
        (folder / "README").write_text("PRIVATE: never publish anything in this diary.")
    elif kind == "published beside it":
        shutil.copytree("audit/public", "else/public")
    elif kind == "no README":
        shutil.copytree(PRIVATE, folder, dirs_exist_ok=True, symlinks=True)
        (folder / "README").unlink()
    before = sorted(folder.rglob("*"))
    named = command("private", "destroy", "else", "--all", "--yes", "--json")
    assert (named.status, "nothing is removed" in named.error["message"]) == (2, True)
    by_rule = command("private", "destroy", "else", "--all", "--yes", "--expired", "--keep", "0", "--json")
    assert (by_rule.result["audits"], by_rule.result["kept"]) == ([], ["else"])
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("linked", ["half", "audit"])
def test_a_rule_destroys_nothing_that_a_link_leads_to(command: Command, stored: Path, linked: str) -> None:
    shutil.move("audit", "elsewhere/audit")
    (stored / "audits").mkdir()
    if linked == "audit":
        (stored / "audits/one").symlink_to(stored / "elsewhere/audit")
    else:
        shutil.copytree("elsewhere/audit/public", "audits/one/public")
        (stored / "audits/one/private").symlink_to(stored / "elsewhere/audit/private")
    done = command("private", "destroy", "audits", "--all", "--expired", "--keep", "0", "--yes", "--json")
    assert (done.result["audits"], done.result["kept"]) == ([], ["audits/one"])
    assert done.json["warnings"] == ["audits/one/private was kept: links are not followed, so name the audit itself"]
    assert (stored / "elsewhere/audit/private/key").exists()


def test_unfinished_work_beside_it_is_told(command: Command, stored: Path) -> None:
    (stored / ".audit.partial").mkdir()
    (stored / ".audit.partial/key").write_bytes(b"x")
    ended = command(*DESTROY, "--all", "--yes", "--json")
    assert any("unfinished work" in warning for warning in ended.json["warnings"])
    assert (stored / ".audit.partial/key").exists()


@pytest.mark.parametrize("text", ["", "{}", '{"format":"polyproof/destroyed","version":1,"what":"x","when":"y"}'])
def test_a_damaged_note_is_an_error_with_a_type(command: Command, stored: Path, text: str) -> None:
    (PRIVATE / "destroyed.json").write_text(text)
    ended = command("inclusion", "audit", "--user", "alice", "--json")
    assert (ended.status, ended.error["type"]) == (2, "ArtifactError")
    (found,) = command("private", "status", "audit", "--json").result["audits"]
    assert any("destroyed.json" in problem for problem in found["problems"])
