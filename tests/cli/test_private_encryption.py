"""What is private is encrypted where it lies and read by its recipients alone; nothing is lost on the way."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyrage
import pytest

import polyproof
from audit.tally_backend import tally_registry
from doubles.fixtures import Command
from polyproof.errors import ArtifactError
from polyproof.formats import space
from polyproof.liabilities import InclusionStore, cutting, store_inclusions
from polyproof.liabilities.private_encryption import decrypt, encrypt, locked
from polyproof.liabilities.recipients import Identities, Recipient

OPS, BACKUP, STRANGER = (pyrage.x25519.Identity.generate() for _ in range(3))
USERS = ("alice", "bob", "carol", "dave", "eve")
PRIVATE = Path("audit/private")


def public(identity: Any) -> str:
    return str(identity.to_public())


@pytest.fixture(autouse=True)
def identities(tmp_path: Path) -> None:
    for name, identity in (("ops.key", OPS), ("backup.key", BACKUP), ("stranger.key", STRANGER)):
        (tmp_path / name).write_text(f"# of {name}\n{identity}\n")
        (tmp_path / name).chmod(0o600)


@pytest.fixture(scope="module")
def encrypted_once(proved_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit with a store, ``plain`` and ``audit``, which is encrypted for two."""
    base = tmp_path_factory.mktemp("encrypted")
    shutil.copytree(proved_once / "audit", base / "plain")
    store_inclusions(base / "plain", registry=tally_registry())
    shutil.copytree(base / "plain", base / "audit")
    listed = [Recipient(public(OPS), "ops"), Recipient(public(BACKUP))]
    done = encrypt(base / "audit", listed, Identities((OPS,)))
    assert done.count == len(tree(base / "plain/private")) - 1, "all but README"
    return base


@pytest.fixture
def encrypted(encrypted_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of both in the current directory."""
    shutil.copytree(encrypted_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def fails(command: Command, *arguments: object) -> str:
    ended = command(*arguments, "--json")
    assert ended.status == 2
    return str(ended.error["message"]) + str(ended.error["hint"] or "")


def test_what_is_cut_from_it_is_the_same(command: Command, encrypted: Path) -> None:
    for user in USERS:
        assert command("inclusion", "plain", "--user", user, "--out", f"{user}.0").status == 0
        for number, (source, key) in enumerate([("audit", "ops.key"), (PRIVATE / "inclusion.store", "backup.key")], 1):
            arguments = ("inclusion", source, "--user", user, "--out", f"{user}.{number}", "--identity", key)
            assert command(*arguments).status == 0
            assert Path(f"{user}.{number}").read_bytes() == Path(f"{user}.0").read_bytes()
    before = tree(PRIVATE)
    assert command("inclusion", "audit", "--all", "--identity", "ops.key").status == 0
    assert set(tree(PRIVATE)) == set(before)
    assert tree(PRIVATE)["inclusion.store.encrypted"] != before["inclusion.store.encrypted"], "another salt"
    with InclusionStore(PRIVATE / "inclusion.store.encrypted", identity=Path("ops.key")) as store:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(store.find, USERS)) == [Path(f"{user}.0").read_bytes() for user in USERS]
        assert store.find("mallory") is None


def test_no_store_is_encrypted_with_a_key_that_is_gone(encrypted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``private decrypt`` of another process ends between the first look at the recipients and the lock."""
    before = tree(Path("plain/private"))

    @contextmanager
    def late(private: Path) -> Iterator[None]:
        decrypt(Path("audit"), Identities((OPS,)))
        with locked(private):
            yield

    monkeypatch.setattr(cutting, "locked", late)
    with pytest.raises(ArtifactError, match="was encrypted or decrypted meanwhile"):
        store_inclusions(Path("audit"), identity=Path("ops.key"), registry=tally_registry())
    (PRIVATE / "lock").unlink()
    assert tree(PRIVATE) == before


def test_nothing_of_it_can_be_read_and_nothing_plain_is_left(command: Command, encrypted: Path) -> None:
    secrets = [data for name, data in tree(Path("plain/private")).items() if name != "README"]
    names = set(tree(PRIVATE)) - {"README", "lock", "recipients.json"}
    assert all(name.endswith(".encrypted") for name in names)
    for data in tree(Path("audit")).values():
        assert not any(user in data for user in (b"alice", b"carol"))
        for secret in secrets:
            assert secret[-16:] not in data or data == secret
    before = {*Path().rglob("*")}
    assert command("inclusion", "audit", "--user", "alice", "--out", "cut", "--identity", "ops.key").status == 0
    assert {*Path().rglob("*")} - before == {Path("cut")}
    assert all(path.stat().st_mode & 0o077 == 0 for path in PRIVATE.rglob("*"))


def test_decrypted_it_is_what_it_was(command: Command, encrypted: Path) -> None:
    done = command("private", "decrypt", "audit", "--identity", "backup.key", "--json")
    assert done.status == 0
    (PRIVATE / "lock").unlink()
    assert tree(PRIVATE) == tree(Path("plain/private"))
    assert command("inclusion", "audit", "--user", "alice").status == 0


@pytest.mark.parametrize("key", [None, "stranger.key"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("inclusion", "audit", "--all"),
        ("inclusion", "audit", "--user", "alice", "--out", "cut"),
        ("inclusion", "audit/private/inclusion.store", "--user", "alice", "--out", "cut"),
        ("private", "decrypt", "audit"),
        ("private", "encrypt", "audit"),
        ("private", "recipients", "audit", "--remove", "ops"),
    ],
    ids=lambda arguments: " ".join(arguments[:3]),
)
def test_without_an_identity_that_can_read_it_nothing_is_done(
    command: Command, encrypted: Path, arguments: tuple[str, ...], key: str | None
) -> None:
    before = tree(encrypted)
    said = fails(command, *arguments, *(["--identity", key] if key else []))
    assert ("cannot read it; the file names ops" if key else "--identity") in said
    assert tree(encrypted) == before


def test_files_that_nobody_encrypts_go_where_one_says(command: Command, encrypted: Path) -> None:
    for source in ("audit", PRIVATE / "inclusion.store"):
        said = fails(command, "inclusion", source, "--user", "alice", "--identity", "ops.key")
        assert "name the file that it goes to, by --out" in said
    assert "--out cannot move it" in fails(
        command, "inclusion", "audit", "--all", "--out", "x", "--identity", "ops.key"
    )
    assert "a file for each customer is not" in fails(command, "inclusion", "audit", "--all", "--files")
    assert not (PRIVATE / "inclusion").exists()


def test_status_says_what_is_encrypted_and_for_whom(command: Command, encrypted: Path) -> None:
    (found,) = command("private", "status", "audit", "--json").result["audits"]
    assert (found["encrypted"], found["cuts"], found["serves"], found["problems"]) == ("all", True, True, [])
    assert [recipient["name"] for recipient in found["recipients"]] == ["ops", None]
    (PRIVATE / "notes").write_text("x")
    (PRIVATE / "notes").chmod(0o600)
    (found,) = command("private", "status", "audit", "--json").result["audits"]
    assert found["encrypted"] == "partly"
    assert command("private", "encrypt", "audit", "--identity", "ops.key").status == 0
    (found,) = command("private", "status", "audit", "--json").result["audits"]
    assert (found["encrypted"], (PRIVATE / "notes").exists()) == ("all", False)
    assert "ops (age1" in command("private", "status", "audit").out


# Recipients


def test_recipients_are_changed_and_files_are_not(command: Command, encrypted: Path) -> None:
    before = tree(PRIVATE)
    arguments = ("private", "recipients", "audit", "--add", f"new={public(STRANGER)}", "--remove", "ops")
    done = command(*arguments, "--identity", "ops.key", "--json")
    assert [recipient["key"] for recipient in done.result["recipients"]] == [public(BACKUP), public(STRANGER)]
    after = tree(PRIVATE)
    assert {name for name in after if after[name] != before[name]} == {"recipients.json"}
    cut = ("inclusion", "audit", "--user", "alice", "--out", "cut", "--identity")
    assert "cannot read it" in fails(command, *cut, "ops.key")
    assert [command(*cut, key).status for key in ("backup.key", "stranger.key")] == [0, 0]
    shown = command("private", "recipients", "audit")
    assert "what the file says" in shown.err
    assert command("private", "recipients", "audit", "--identity", "backup.key").err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--remove", "nobody"), "is no recipient of"),
        (("--remove", "ops", "--remove", "BACKUP"), "expected 1 to 64 recipients, and there are 0"),
        (("--add", "BACKUP"), "named twice"),
        (("--add", "age1zzz"), "is no recipient"),
        (("--add", "STRANGER\u001b"), "is no recipient"),
        (("--add", "\n=STRANGER"), "is no name"),
    ],
)
def test_recipients_that_make_no_sense_are_refused(
    command: Command, encrypted: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = tree(PRIVATE)
    named = [text.replace("BACKUP", public(BACKUP)).replace("STRANGER", public(STRANGER)) for text in arguments]
    assert said in fails(command, "private", "recipients", "audit", *named, "--identity", "ops.key")
    assert tree(PRIVATE) == before


def test_a_list_that_was_changed_is_noticed_by_whoever_opens_it(command: Command, encrypted: Path) -> None:
    for change in (
        lambda found: found["recipients"].pop(),
        lambda found: found["recipients"][0].update(name="auditor"),
        lambda found: found["recipients"].append({"key": public(STRANGER), "name": None}),
        lambda found: found.update(audit_id="example-2"),
    ):
        original = (PRIVATE / "recipients.json").read_bytes()
        found = json.loads(original)
        change(found)
        (PRIVATE / "recipients.json").write_text(json.dumps(found))
        said = fails(command, "private", "recipients", "audit", "--identity", "ops.key")
        assert "are not those that it was made with" in said
        (PRIVATE / "recipients.json").write_bytes(original)


HOSTILE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda found: {},
    "a list": lambda found: [],
    "version": lambda found: {**found, "version": 2},
    "another key": lambda found: {**found, "more": 1},
    "no recipients": lambda found: {**found, "recipients": []},
    "too many": lambda found: {**found, "recipients": found["recipients"] * 40},
    "a key that is none": lambda found: {**found, "recipients": [{"key": "age1\u001b[31m", "name": None}]},
    "a name that commands": lambda found: {**found, "recipients": [{"key": public(OPS), "name": "\u001b[2J"}]},
    "no base64": lambda found: {**found, "wrapped": "\u00e4"},
    "no age": lambda found: {**found, "wrapped": base64.b64encode(b"hello").decode()},
    "cut": lambda found: {**found, "wrapped": found["wrapped"][:400]},
    "a passphrase": lambda found: {**found, "wrapped": wrapped(pyrage.passphrase.encrypt(b"x", "secret"))},
    "no data key": lambda found: {**found, "wrapped": wrapped(pyrage.encrypt(b"{}", [OPS.to_public()]))},
    "a short data key": lambda found: {
        **found,
        "wrapped": wrapped(pyrage.encrypt(json.dumps({"data_key": "00"}).encode(), [OPS.to_public()])),
    },
    "too large": lambda found: {**found, "more": "x" * (64 << 10)},
}


def wrapped(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_hostile_recipients_end_in_an_error_with_a_type(command: Command, encrypted: Path) -> None:
    found = json.loads((PRIVATE / "recipients.json").read_bytes())
    for name, change in HOSTILE.items():
        (PRIVATE / "recipients.json").write_text(json.dumps(change(found)))
        ended = command("inclusion", "audit", "--user", "alice", "--out", "cut", "--identity", "ops.key", "--json")
        assert (ended.status, ended.error["type"]) == (2, "ArtifactError"), name
    assert command("private", "status", "audit").status == 0
    assert not Path("cut").exists()


# Files


def test_files_of_another_place_or_another_audit_are_refused(command: Command, encrypted: Path) -> None:
    shutil.copytree("plain", "other")
    assert command("private", "encrypt", "other", "--to", public(OPS), "--identity", "ops.key", "--quiet").status == 0
    state, cut = (
        PRIVATE / "state-0000",
        ("inclusion", "audit", "--user", "alice", "--out", "cut", "--identity", "ops.key"),
    )
    for wrong in (state / "index-prefixes.npy.encrypted", Path("other/private/state-0000/rows.npy.encrypted")):
        original = (state / "rows.npy.encrypted").read_bytes()
        (state / "rows.npy.encrypted").write_bytes(wrong.read_bytes())
        assert "is not what was encrypted under this name" in fails(command, *cut)
        (state / "rows.npy.encrypted").write_bytes(original)
    assert command(*cut).status == 0
    shutil.copy("other/private/recipients.json", PRIVATE)
    assert "not an encrypted file in good order" in fails(command, *cut)


def test_a_file_that_is_there_in_both_forms_must_be_one(command: Command, encrypted: Path) -> None:
    again = ("private", "encrypt", "audit", "--identity", "ops.key")
    (PRIVATE / "key").write_bytes(bytes(32))
    said = fails(command, *again)
    assert "are both there and differ" in said
    assert "are both there and differ" in fails(command, "private", "decrypt", "audit", "--identity", "ops.key")
    assert (PRIVATE / "key").read_bytes() == bytes(32)
    shutil.copy("plain/private/key", PRIVATE)
    assert command(*again).status == 0
    assert not (PRIVATE / "key").exists()


@pytest.mark.parametrize("kind", ["link", "pipe", "unfinished"])
def test_what_is_no_file_stops_it_before_it_begins(command: Command, proved: Path, kind: str) -> None:
    path = PRIVATE / "state-0000/odd"
    if kind == "link":
        path.symlink_to(proved / "spec.yaml")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        (PRIVATE / ".inclusion.store.writing").write_bytes(b"x")
    before = sorted(PRIVATE.rglob("*"))
    said = fails(command, "private", "encrypt", "audit", "--to", public(OPS), "--identity", "ops.key")
    assert ("an interrupted run left it" if kind == "unfinished" else "not a regular file") in said
    assert sorted({*PRIVATE.rglob("*")} - {PRIVATE / "lock"}) == before


@pytest.mark.parametrize("lost", [True, False])
def test_nothing_is_encrypted_with_a_key_that_nobody_is_given(command: Command, encrypted: Path, lost: bool) -> None:
    """Where something is encrypted already, a key of its own is known to nobody but ``recipients.json``."""
    audit = "audit" if lost else "plain"
    private = Path(audit, "private")
    if lost:
        (private / "recipients.json").unlink()
        (private / "inclusion.csv").write_text("account,file\r\n")
    else:
        (private / "notes.encrypted").write_bytes(b"by another program")
    before = tree(private)
    for more in ((), ("--identity", "ops.key"), ("--untested",)):
        said = fails(command, "private", "encrypt", audit, "--to", public(OPS), *more)
        assert ".encrypted is there without recipients.json" in said
    assert {name: data for name, data in tree(private).items() if name != "lock"} == {
        name: data for name, data in before.items() if name != "lock"
    }


def test_it_is_encrypted_only_if_somebody_shows_that_they_can_read_it(command: Command, proved: Path) -> None:
    to = ("private", "encrypt", "audit", "--to", public(OPS))
    assert "--untested" in fails(command, *to)
    assert "cannot read it" in fails(command, *to, "--identity", "stranger.key")
    assert "there are 0" in fails(command, "private", "encrypt", "audit", "--identity", "ops.key")
    assert not (PRIVATE / "recipients.json").exists()
    assert command(*to, "--untested").status == 0
    assert command("private", "decrypt", "audit", "--identity", "ops.key").status == 0
    assert "is not encrypted" in fails(command, "private", "decrypt", "audit", "--identity", "ops.key")
    assert "is not encrypted" in fails(command, "private", "recipients", "audit")


def test_a_disk_that_is_too_full_is_noticed_before(
    command: Command, encrypted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "free_bytes", lambda path: 10)
    before = tree(PRIVATE)
    ended = command("private", "decrypt", "audit", "--identity", "ops.key", "--json")
    assert (ended.status, ended.error["code"]) == (2, "disk-full")
    assert tree(PRIVATE) == before
    ended = command("private", "encrypt", "plain", "--to", public(OPS), "--identity", "ops.key", "--json")
    assert (ended.status, ended.error["code"]) == (2, "disk-full")


def test_a_backend_that_reads_files_of_its_own_is_told_from_a_loss(command: Command, folder: Path) -> None:
    assert command("prove", "spec.yaml", "--out", "audit", "--allow-weak", "--quiet").status == 0
    assert command("private", "encrypt", "audit", "--to", public(OPS), "--identity", "ops.key").status == 0
    said = fails(command, "inclusion", "audit", "--user", "alice", "--out", "cut", "--identity", "ops.key")
    assert "backend 'tally' may not read encrypted state; `polyproof private decrypt`" in said


# Whatever ends it


def _ends_at(number: int, folder: Path, work: Callable[[], object]) -> bool:
    """Do some work in a fork that is killed before its ``number``-th operation on a file; whether it got through."""
    changes = {"open", "os.rename", "os.remove", "os.chmod"}
    process = os.fork()
    if process == 0:
        count = -1

        def heed(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal count
            if event in changes and str(arguments[0]).startswith(str(folder)):
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(heed)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(process, 0)
    assert status in (0, signal.SIGKILL)
    return status == 0


@pytest.mark.parametrize("way", ["encrypt", "decrypt"])
def test_killed_anywhere_every_file_is_whole_and_the_next_run_finishes(
    proved: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # a killed process loses nothing that the system has
    made, private = proved / "made", proved / "made/private"
    shutil.copytree("audit", made)
    for path in (private / "state-0000").iterdir():
        if path.name not in ("ids.npy", "rows.npy"):
            path.unlink()
    content = tree(private)
    mine = Identities((OPS,))
    steps = {
        "encrypt": lambda: encrypt(made, [] if way == "decrypt" else [Recipient(public(OPS))], mine),
        "decrypt": lambda: decrypt(made, mine),
    }
    if way == "decrypt":
        encrypt(made, [Recipient(public(OPS))], mine)
    shutil.copytree(made, "begin")
    number, through = 0, False
    while not through:
        shutil.rmtree(made)
        shutil.copytree("begin", made)
        through = _ends_at(number, made, steps[way])
        left = tree(private)
        for name, data in content.items():
            plain, other = left.get(name), left.get(f"{name}.encrypted")
            assert plain == data or other, f"{name} after {number}"
            assert plain is None or plain == data, f"{name} after {number}"
        if (private / "recipients.json").exists() or way == "encrypt":
            steps[way]()
        if way == "encrypt":
            assert not [path for path in private.rglob("*") if ".writing" in path.name]
            assert {name for name in tree(private) if name in content} == {"README"}
            decrypt(made, mine)
        assert {name: data for name, data in tree(private).items() if name != "lock"} == content
        number += 1
    assert number > 15


def test_two_at_once_are_kept_apart(command: Command, encrypted: Path) -> None:
    with locked(PRIVATE):
        assert "another process" in fails(command, "private", "decrypt", "audit", "--identity", "ops.key")


# Identities


def test_identities_are_files_of_age_that_others_cannot_read(
    command: Command, encrypted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = ("inclusion", "audit", "--user", "alice", "--out", "cut")
    monkeypatch.setenv("POLYPROOF_IDENTITY", "ops.key")
    assert command(*cut).status == 0
    monkeypatch.delenv("POLYPROOF_IDENTITY")
    Path("ops.key").chmod(0o640)
    assert "others than its owner can read" in fails(command, *cut, "--identity", "ops.key")
    for text in ("", "password", "AGE-SECRET-KEY-1QQ", "AGE-SECRET-KEY-1" + "Q" * 100_000, f"{OPS}\npassword"):
        Path("wrong.key").write_text(text)
        Path("wrong.key").chmod(0o600)
        said = command(*cut, "--identity", "wrong.key", "--json")
        assert said.status == 2
        assert "not an identity file" in said.error["message"]
        assert not text or text[:30] not in said.out.replace("AGE-SECRET-KEY-1…", "")
    assert "cannot be read" in fails(command, *cut, "--identity", "missing.key")
    assert "cannot be read" in fails(command, *cut, "--identity", ".")


def test_an_identity_may_come_through_a_pipe(command: Command, encrypted: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, f"{OPS}\n".encode())
    os.close(writer)
    cut = ("inclusion", "audit", "--user", "alice", "--out", "cut")
    assert command(*cut, "--identity", f"/dev/fd/{reader}").status == 0


@pytest.mark.parametrize("given", ["{0}", "ops={0}", "{0}={1}", "# public key: {1}\n{0}\n", "FILE: {0}", "ops={2}"])
def test_a_secret_key_where_it_does_not_belong_is_not_shown(
    command: Command, encrypted: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    """As where POLYPROOF_IDENTITY has the key in place of a file's name, or --to the contents of the file."""
    text = given.format(OPS, public(OPS), str(OPS).lower())
    before = tree(PRIVATE)
    for arguments in (
        ("encrypt", "audit", "--identity", "ops.key", "--to", text),
        ("recipients", "audit", "--identity", "ops.key", "--add", text),
        ("recipients", "audit", "--identity", "ops.key", "--remove", text),
        ("decrypt", "audit", "--identity", text),
    ):
        said = fails(command, "private", *arguments)
        assert "this is a secret key, and not" in said
        assert str(OPS)[16:24] not in said.upper()
    monkeypatch.setenv("POLYPROOF_IDENTITY", text)
    ended = command("inclusion", "audit", "--user", "alice", "--out", "cut")
    assert ended.status == 2
    assert str(OPS)[16:24] not in (ended.out + ended.err).upper()
    assert tree(PRIVATE) == before


def test_nothing_more_is_encrypted_with_a_data_key_of_before(command: Command, encrypted: Path) -> None:
    """As where ``recipients.json`` was put back from a backup that is older than the files."""
    assert command("private", "encrypt", "plain", "--to", public(OPS), "--identity", "ops.key").status == 0
    (PRIVATE / "recipients.json").write_bytes(Path("plain/private/recipients.json").read_bytes())
    (PRIVATE / "inclusion.csv").write_text("account,file\r\n")
    said = fails(command, "private", "encrypt", "audit", "--identity", "ops.key")
    assert "not what was encrypted under this name" in said
    assert (PRIVATE / "inclusion.csv").exists()


def test_a_new_key_reads_what_is_encrypted_for_it(command: Command, proved: Path) -> None:
    made = command("private", "new-key", "--out", "new.key", "--json").result
    assert Path("new.key").stat().st_mode & 0o777 == 0o600
    assert command("private", "encrypt", "audit", "--to", made["recipient"], "--identity", "new.key").status == 0
    kept = Path("new.key").read_bytes()
    assert "never overwritten" in fails(command, "private", "new-key", "--out", "new.key")
    assert Path("new.key").read_bytes() == kept
    assert kept.decode().splitlines()[1] not in command("private", "status", "audit").out


def test_the_library_reads_it_too(encrypted: Path) -> None:
    cut = polyproof.cut_inclusion("audit", "alice", out="cut", identity="ops.key")
    taken = polyproof.take_inclusion(PRIVATE / "inclusion.store", "alice", out="taken", identity="backup.key")
    plain = polyproof.cut_inclusion("plain", "alice", out="plain.polyproof")
    assert cut.file.read_bytes() == taken.file.read_bytes() == plain.file.read_bytes()
    stored = polyproof.store_inclusions("audit", identity="ops.key")
    assert (stored.store, stored.count) == (PRIVATE / "inclusion.store.encrypted", 5)
    with pytest.raises(ArtifactError, match="--identity"):
        polyproof.cut_inclusion("audit", "alice", out="more")


def test_an_encrypted_store_is_read_beside_its_recipients_alone(encrypted: Path) -> None:
    shutil.copy(PRIVATE / "inclusion.store.encrypted", encrypted)
    with pytest.raises(ArtifactError, match=r"recipients\.json is missing"):
        InclusionStore(encrypted / "inclusion.store.encrypted", identity=Path("ops.key"))
    shutil.copy(PRIVATE / "recipients.json", encrypted)
    with InclusionStore(encrypted / "inclusion.store", identity=Path("ops.key")) as store:
        assert len(store) == 5
