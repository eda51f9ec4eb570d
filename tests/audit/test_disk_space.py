"""A disk that is too small is found before the work begins, and one that fills up is named with what is left."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path

import pytest

from audit.example import ACCOUNTS, SPEC
from audit.tally_backend import Tally, tally_registry
from polyproof.errors import InputError
from polyproof.formats import space
from polyproof.formats.files import tree_size, write_durably, written_durably
from polyproof.formats.space import require_space
from polyproof.liabilities import cut_all_inclusions, plan, prove, store_inclusions
from polyproof.liabilities.accounts_files import least_size
from polyproof.registry import Registry, default_registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import Spec, create_backend, load_spec
from polyproof.toolkit.private_state import AccountIndex

MERKLE_SUM = SPEC.replace("{name: tally, capacity: 2}", "merkle-sum")


def _free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(space.shutil, "disk_usage", lambda _: usage._replace(free=free))


def _spec(folder: Path, text: str, registry: Registry) -> Spec:
    (folder / "spec.yaml").write_text(text)
    (folder / "accounts.csv").write_text(ACCOUNTS)
    return load_spec(folder / "spec.yaml", registry)


@pytest.fixture
def registry() -> Registry:
    return tally_registry()


def _refused(error: InputError, path: Path, need: int) -> None:
    (problem,) = error.problems
    assert problem.code == "disk-full"
    assert problem.location is not None
    assert problem.location.file == str(path)
    assert problem.expected == f"{need} bytes"
    assert re.search(rf"\b{need:,} bytes", problem.message)


def test_room_is_compared_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _free(monkeypatch, 1000)
    require_space(tmp_path, 1000, "it")
    with pytest.raises(InputError) as caught:
        require_space(tmp_path / "not" / "there", 1001, "it")
    _refused(caught.value, tmp_path / "not" / "there", 1001)
    assert "it takes 1,001 bytes, and 1,000 bytes are free" in str(caught.value)


def test_a_plan_without_room_is_refused_before_an_account_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: Registry
) -> None:
    spec = _spec(tmp_path, MERKLE_SUM, registry)
    backend = create_backend(spec, registry)
    need = least_size(5, spec.assets) + backend.least_state_size(spec.assets, 5)
    assert need > 500
    _free(monkeypatch, need - 1)
    for make in (plan, prove):
        with pytest.raises(InputError) as caught:
            make(spec, tmp_path / "new", policy=UNRESTRICTED, registry=registry)
        (problem,) = caught.value.problems
        assert (problem.code, problem.expected) == ("disk-full", f"{need} bytes")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["accounts.csv", "spec.yaml"]


def test_a_backend_that_does_not_know_how_much_it_writes_is_asked_for_nothing(
    tmp_path: Path, registry: Registry, tally: type[Tally]
) -> None:
    spec = _spec(tmp_path, SPEC, registry)
    assert create_backend(spec, registry).least_state_size(spec.assets, 5) == 0
    prove(spec, tmp_path / "audit", policy=UNRESTRICTED, registry=registry)


@pytest.mark.parametrize("kind", ["one store", "files"])
def test_inclusion_files_without_room_are_refused_before_the_first_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: Registry, kind: str
) -> None:
    spec = _spec(tmp_path, MERKLE_SUM, registry)
    prove(spec, tmp_path / "audit", policy=UNRESTRICTED, registry=registry)
    assert AccountIndex.count(tmp_path / "audit/private/state-0000") == 5
    before = sorted(tmp_path.rglob("*"))
    _free(monkeypatch, 1000)
    with pytest.raises(InputError, match="storing 5 inclusion files of about") as caught:
        (store_inclusions if kind == "one store" else cut_all_inclusions)(tmp_path / "audit", registry=registry)
    assert caught.value.problems[0].code == "disk-full"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("name", "most"), [("merkle-sum", 1.3), ("{name: stark, hash: blake3}", 1.3)])
def test_what_a_backend_says_it_writes_is_what_it_writes(tmp_path: Path, name: str, most: float) -> None:
    registry = default_registry()
    spec = _spec(tmp_path, SPEC.replace("{name: tally, capacity: 2}", name), registry)
    rows = "".join(f"user{row:06d},0.{row + 1},{row}\n" for row in range(1000))
    (tmp_path / "accounts.csv").write_text(f"account,BTC,USDT\n{rows}")
    made = prove(spec, tmp_path / "audit", policy=UNRESTRICTED, registry=registry)
    settled = create_backend(load_spec(tmp_path / "spec.yaml", registry), registry)
    said = settled.least_state_size(spec.assets, made.accounts)
    written = tree_size(tmp_path / "audit/private/state-0000")
    assert said <= written <= most * said


def test_a_file_without_room_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _free(monkeypatch, 3)
    write_durably(tmp_path / "a", b"123")
    with pytest.raises(InputError) as caught:
        write_durably(tmp_path / "b", b"1234")
    _refused(caught.value, tmp_path / "b", 4)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_disk_that_fills_up_is_told_with_the_file_and_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        with written_durably(tmp_path / "large"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="large"):
        full()
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "large"))
    _free(monkeypatch, 4096)
    told = space.full_disk(error)
    assert told.problems[0].code == "disk-full"
    assert str(told) == (
        f"{tmp_path / 'large'}: No space left on device (4.0 KiB are free there now; make room, and run the same "
        "command again)"
    )
