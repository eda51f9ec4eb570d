"""The inclusion store: it serves exactly the files that are cut one by one, or says that it is damaged."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from audit.example import ACCOUNTS
from audit.tally_backend import WITH_TALLY, Tally
from polyproof import liabilities as audit
from polyproof.backend import Claim
from polyproof.errors import ArtifactError, InputError, PluginFault
from polyproof.liabilities import InclusionStore
from polyproof.liabilities.inclusion_store import TwiceError, write_store
from polyproof.registry import Registry
from polyproof.settings.spec import Spec

USERS = ("alice", "bob", "carol", "dave", "eve")
STRANGERS = ("mallory", "", "Alice", "alice ", "\ud800", "a" * 10_000)
ALICE = Claim("alice", (25_000_000, 100_000_000))


@pytest.fixture
def out(spec: Spec, registry: Registry, tmp_path: Path) -> Path:
    audit.prove(spec, tmp_path / "out", audit_id="example-1", policy=WITH_TALLY, registry=registry)
    return tmp_path / "out"


@pytest.fixture
def store(out: Path, registry: Registry) -> Path:
    return audit.store_inclusions(out, registry=registry).store


def _served(path: Path, users: Sequence[str] = USERS) -> dict[str, bytes | None]:
    with InclusionStore(path) as store:
        return {user: store.find(user) for user in users}


def test_the_store_serves_the_files_that_are_cut_one_by_one(
    out: Path, store: Path, registry: Registry, tmp_path: Path
) -> None:
    for user, data in _served(store).items():
        single, size = audit.cut_inclusion(out, user, out=tmp_path / "single", registry=registry)
        taken = audit.take_inclusion(store, user, out=tmp_path / "taken")
        assert taken == (tmp_path / "taken", size)
        assert single.read_bytes() == taken[0].read_bytes() == data
    file, _ = audit.take_inclusion(store, "alice")
    assert file == audit.cut_inclusion(out, "alice", registry=registry)[0], "one name for both"
    audit.verify_inclusion(file, out / "public", lambda _: ALICE, policy=WITH_TALLY, registry=registry)


def test_a_store_says_what_it_belongs_to(out: Path, store: Path, registry: Registry) -> None:
    manifest = audit.open_audit(out, policy=WITH_TALLY, registry=registry).manifest
    with InclusionStore(store) as opened:
        assert (opened.audit_id, opened.manifest_digest) == (manifest.audit_id, manifest.digest)
        assert len(opened) == 5


def test_other_ids_are_nobodys(store: Path) -> None:
    assert set(_served(store, STRANGERS).values()) == {None}
    for user in STRANGERS:
        with pytest.raises(InputError, match=r"no account has the id .* in audit example-1"):
            audit.take_inclusion(store, user)
    assert not (store.parent / "inclusion").exists()


def test_a_store_lists_neither_ids_nor_plain_hashes_of_them_nor_the_audits_key(out: Path, store: Path) -> None:
    content = store.read_bytes()
    assert (out / "private" / "key").read_bytes() not in content
    for user in USERS:
        assert user.encode() not in content
        for name in ("sha256", "sha1", "md5", "blake2b"):
            assert hashlib.new(name, user.encode()).digest()[:8] not in content


def test_a_store_and_what_is_taken_from_it_are_owner_only(
    out: Path, registry: Registry, tmp_path: Path, umask: int
) -> None:
    inside = audit.store_inclusions(out, registry=registry).store
    outside = audit.store_inclusions(out, out=tmp_path / "all.store", registry=registry).store
    taken = [audit.take_inclusion(outside, "bob")[0], audit.take_inclusion(outside, "eve", out=tmp_path / "eve")[0]]
    for path in (inside, outside, *taken):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(taken[0].parent.stat().st_mode) == 0o700
    assert inside.read_bytes() == outside.read_bytes()


# Damage


def test_no_changed_byte_goes_unnoticed_and_no_other_file_is_served(store: Path) -> None:
    good, honest = store.read_bytes(), _served(store)
    for position in range(len(good)):
        store.write_bytes(good[:position] + bytes([good[position] ^ 0x41]) + good[position + 1 :])
        damaged = 0
        try:
            opened = InclusionStore(store)
        except ArtifactError:
            continue
        with opened:
            for user, data in honest.items():
                try:
                    assert opened.find(user) == data
                except ArtifactError:
                    damaged += 1
        assert damaged == 1, f"byte {position}"


def test_a_store_of_another_length_is_not_opened(store: Path) -> None:
    good = store.read_bytes()
    for changed in (*(good[:count] for count in range(len(good))), good + b"\0", good + good):
        store.write_bytes(changed)
        with pytest.raises(ArtifactError):
            InclusionStore(store)


@pytest.mark.parametrize("number", [1 << 63, 1 << 40, 2**64 - 1])
def test_numbers_of_a_store_ask_for_no_memory(store: Path, number: int) -> None:
    good = store.read_bytes()
    numbers = 12 + 8 + len("example-1") + 32 + 32
    for at in (12, numbers, numbers + 8):
        store.write_bytes(good[:at] + number.to_bytes(8, "little") + good[at + 8 :])
        with pytest.raises(ArtifactError):
            InclusionStore(store)


@pytest.mark.parametrize(("start", "size"), [(0, 400), (1 << 62, 1), (1, 1 << 62), (300, 1 << 62)])
def test_an_index_that_points_outside_of_the_files_serves_nothing(store: Path, start: int, size: int) -> None:
    """Even one whose check is right, which no damage leaves behind."""
    content = bytearray(store.read_bytes())
    begin = 12 + 8 + len("example-1") + 32 + 32 + 16
    index = len(content) - 5 * 48
    for at in range(index, len(content), 48):
        content[at + 16 : at + 32] = start.to_bytes(8, "little") + size.to_bytes(8, "little")
    content[begin : begin + 32] = hashlib.sha256(content[:begin] + content[index:]).digest()
    store.write_bytes(content)
    with InclusionStore(store) as opened:
        for user in USERS:
            with pytest.raises(ArtifactError, match="outside of it"):
                opened.find(user)


def test_what_is_no_store_is_not_opened(store: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("account,BTC\n" * 100)
    for path in (tmp_path, tmp_path / "missing", tmp_path / "pipe", tmp_path / "empty", tmp_path / "text"):
        with pytest.raises(ArtifactError, match=path.name):
            InclusionStore(path)


# While it is served


def test_an_open_store_is_not_touched_by_the_next_one(out: Path, store: Path, registry: Registry) -> None:
    honest = _served(store)
    with InclusionStore(store) as opened:
        audit.store_inclusions(out, registry=registry)
        assert {user: opened.find(user) for user in USERS} == honest


@pytest.mark.parametrize("written", [b"", b"x" * 10_000])
def test_a_store_that_is_overwritten_while_it_is_open_serves_nothing(store: Path, written: bytes) -> None:
    with InclusionStore(store) as opened:
        store.write_bytes(written)
        for user in USERS:
            with pytest.raises(ArtifactError):
                opened.find(user)


def test_a_closed_store_serves_nothing_whatever_has_its_descriptor_now(store: Path) -> None:
    opened = InclusionStore(store)
    opened.close()
    opened.close()
    with store.open("rb"), pytest.raises(ArtifactError):
        opened.find("alice")


def test_threads_share_a_store(store: Path) -> None:
    honest = _served(store)
    with InclusionStore(store) as opened, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(opened.find, USERS * 400))
    assert found == [honest[user] for user in USERS] * 400


# Writing


def test_a_run_that_is_cut_off_leaves_the_store_of_before(
    out: Path, store: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, names = store.read_bytes(), sorted(os.listdir(store.parent))
    whole = Tally.open_all

    def cut_off(backend: Tally, statement: Any, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        yield from whole(backend, statement, proof, state)
        if statement.segment == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Tally, "open_all", cut_off)
    with pytest.raises(KeyboardInterrupt):
        audit.store_inclusions(out, registry=registry)
    assert (store.read_bytes(), sorted(os.listdir(store.parent))) == (before, names)
    with pytest.raises(KeyboardInterrupt):
        audit.store_inclusions(out, out=out.parent / "new.store", registry=registry)
    assert not list(out.parent.glob("*new.store*"))


def test_what_a_killed_run_left_is_replaced(out: Path, store: Path, registry: Registry) -> None:
    before = store.read_bytes()
    left = store.with_name(".inclusion.store.writing")
    left.write_bytes(b"x" * 10_000)
    left.chmod(0o666)
    audit.store_inclusions(out, registry=registry)
    assert store.read_bytes() == before
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert not left.exists()


def test_what_precedes_the_files_is_written_last(tmp_path: Path) -> None:
    """So that a store that was cut off, under whatever name, is none."""

    def files() -> Iterator[tuple[str, bytes]]:
        yield "alice", b"a" * (3 << 20)
        (tmp_path / "copy").write_bytes((tmp_path / ".all.writing").read_bytes())

    write_store(tmp_path / "all", "example-1", bytes(32), bytes(32), files())
    assert (tmp_path / "copy").stat().st_size > 1 << 20
    with pytest.raises(ArtifactError, match="not an inclusion store in good order"):
        InclusionStore(tmp_path / "copy")
    assert _served(tmp_path / "all", ["alice"]) == {"alice": b"a" * (3 << 20)}


def test_a_store_is_written_to_a_new_file(out: Path, registry: Registry, tmp_path: Path) -> None:
    kept = tmp_path / "kept.csv"
    kept.write_text(ACCOUNTS)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (kept, tmp_path, tmp_path / "link"):
        with pytest.raises(InputError, match="exists: a store is written to a new file"):
            audit.store_inclusions(out, out=path, registry=registry)
    with pytest.raises(InputError, match="is not a directory"):
        audit.store_inclusions(out, out=tmp_path / "nowhere" / "store", registry=registry)
    assert kept.read_text() == ACCOUNTS


def test_two_files_for_one_account_are_the_backends_fault(
    out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(backend: Tally, statement: Any, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        yield "alice", b"one"

    monkeypatch.setattr(Tally, "open_all", twice)
    with pytest.raises(PluginFault, match=r"tally.*two inclusion files for one account id"):
        audit.store_inclusions(out, registry=registry)
    with pytest.raises(PluginFault, match=r"tally.*two inclusion files for one account id"):
        audit.cut_all_inclusions(out, registry=registry)
    assert not list((out / "private").glob("*inclusion*"))


def test_many_files_of_different_sizes_are_found(tmp_path: Path) -> None:
    files = {f"user-{number}": os.urandom(number % 97) for number in range(3000)}
    assert write_store(tmp_path / "all", "a", bytes(32), b"k" * 32, files.items()) == (
        3000,
        sum(map(len, files.values())),
    )
    assert _served(tmp_path / "all", list(files)) == files
    assert write_store(tmp_path / "none", "a", bytes(32), b"k" * 32, []) == (0, 0)
    assert _served(tmp_path / "none", ["user-0"]) == {"user-0": None}
    with pytest.raises(TwiceError):
        write_store(tmp_path / "twice", "a", bytes(32), b"k" * 32, [("a", b"1"), ("b", b"2"), ("a", b"3")])
    assert not list(tmp_path.glob("*twice*"))
