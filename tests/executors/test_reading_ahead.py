"""The accounts of the next segment are read while one is proved, and those of no other."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import pytest

from executors.audits import STARK, SUM_TREE, spec_of
from polyproof import liabilities
from polyproof.errors import ArtifactError
from polyproof.liabilities import segment_proving
from polyproof.liabilities.accounts_files import accounts_file
from polyproof.liabilities.reading_ahead import ReadAhead
from polyproof.model.accounts import Accounts
from polyproof.settings.policy import UNRESTRICTED
from polyproof_merkle.sum_tree import MerkleSumTree
from polyproof_stark.prover import Prover

SECONDS = 30.0


class Loads:
    """Loads nothing, and keeps account of it."""

    def __init__(self, fails: int | None = None) -> None:
        self.fails = fails
        self.begun: list[tuple[int, bool]] = []  # number of the segment, and whether in the thread that asked

    def __call__(self, index: int) -> Accounts:
        self.begun.append((index, threading.current_thread() is threading.main_thread()))
        if index == self.fails:
            raise ArtifactError(f"segment {index}")
        return Accounts.of((), [(f"user-{index}", ())])

    def wait(self, count: int) -> None:
        for _ in range(int(SECONDS * 1000)):
            if len(self.begun) == count:
                return
            threading.Event().wait(0.001)


def test_the_next_segment_is_read_by_another_thread_and_no_other_segment():
    load = Loads()
    with ReadAhead((3, 5, 8)) as ahead:
        assert ahead.read(3, load).ids[0] == "user-3"
        load.wait(2)
        assert load.begun == [(3, True), (5, False)]
        assert ahead.read(5, load).ids[0] == "user-5"
        assert ahead.read(8, load).ids[0] == "user-8"
    assert load.begun == [(3, True), (5, False), (8, False)]


def test_a_segment_out_of_turn_is_read_when_it_is_asked_for_and_only_one_waits():
    load = Loads()
    with ReadAhead((0, 1, 2, 3)) as ahead:
        ahead.read(0, load)
        load.wait(2)
        assert ahead.read(2, load).ids[0] == "user-2"
        assert load.begun == [(0, True), (1, False), (2, True)], "segment 1 waits, so 3 is not read yet"
        ahead.read(1, load)
        ahead.read(3, load)
    assert [index for index, _ in load.begun].count(1) == 1


def test_a_segment_that_another_process_has_proved_does_not_end_reading_ahead():
    load = Loads()
    with ReadAhead((0, 1, 2, 3)) as ahead:
        ahead.read(0, load)
        load.wait(2)
        ahead.pass_over(1)
        ahead.pass_over(3)  # is not waiting
        ahead.read(2, load)
        load.wait(4)
    assert load.begun == [(0, True), (1, False), (2, True), (3, False)]


def test_what_is_wrong_with_a_segment_is_told_when_its_turn_comes():
    load = Loads(fails=1)
    with ReadAhead((0, 1)) as ahead:
        ahead.read(0, load)
        load.wait(2)
        with pytest.raises(ArtifactError, match="segment 1"):
            ahead.read(1, load)


def test_segments_of_an_audit_are_read_ahead_and_one_that_was_changed_is_still_refused(tmp_path: Path, monkeypatch):
    read: dict[Path, bool] = {}
    changed = threading.Event()

    def load_accounts(path, *arguments):
        if path == accounts_file(path.parent, 1):
            path.write_bytes(path.read_bytes()[:-1] + b"\1")
        read[path] = threading.current_thread() is threading.main_thread()
        try:
            return load(path, *arguments)
        finally:
            if path == accounts_file(path.parent, 1):
                changed.set()

    def prove(self, *arguments):
        # The first is proved after the second has been read: else this waits in vain.
        assert changed.wait(SECONDS)
        return whole(self, *arguments)

    load, whole = segment_proving.load_accounts, MerkleSumTree.prove
    monkeypatch.setattr(segment_proving, "load_accounts", load_accounts)
    monkeypatch.setattr(MerkleSumTree, "prove", prove)
    spec = spec_of(tmp_path, SUM_TREE, 6)
    with pytest.raises(ArtifactError, match="not as it was planned") as raised:
        liabilities.prove(spec, tmp_path / "audit", policy=UNRESTRICTED)
    assert "segment 1" in "".join(raised.value.__notes__)
    assert [by_itself for _, by_itself in sorted(read.items())][:2] == [True, False]
    assert not (tmp_path / "audit").exists()


def test_balances_are_gone_once_the_trace_is_made_of_them(tmp_path: Path, monkeypatch):
    """With the next segment's there are then those of one segment in memory."""
    made: list[weakref.ref] = []
    alive: list[bool] = []

    def load_accounts(*arguments):
        accounts = load(*arguments)
        made.append(weakref.ref(accounts.words))
        return accounts

    def commit_trace(self, rows):
        gc.collect()
        alive.append(made[0]() is not None)
        return whole(self, rows)

    load, whole = segment_proving.load_accounts, Prover.commit_trace
    monkeypatch.setattr(segment_proving, "load_accounts", load_accounts)
    monkeypatch.setattr(Prover, "commit_trace", commit_trace)
    liabilities.prove(spec_of(tmp_path, STARK, 20), tmp_path / "audit", policy=UNRESTRICTED)
    assert alive == [False]
