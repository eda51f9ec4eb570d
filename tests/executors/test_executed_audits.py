"""Audits whose segments were proved by an executor: the same audits, whoever dies meanwhile and whatever it claims."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from attrs import evolve

from doubles.fixtures import Command
from doubles.policies import SUM_TREE as POLICY
from executors.audits import STARK, SUM_TREE, killing, spec_of, write_spec
from executors.test_executor_answers import NoOptions, Sound
from polyproof.errors import ExecutionError, InputError, PluginFault, SpecError
from polyproof.executor import Work
from polyproof.hookspecs import Component
from polyproof.liabilities import executing, prove, verify
from polyproof.liabilities.executing import _Proving
from polyproof.registry import Registry, default_registry
from polyproof.settings.executors import ExecutorChoice, parse_executor
from polyproof.settings.spec import PublicSpec, load_spec
from polyproof_executors.local import LocalOptions
from registry.offered import plugin


def test_an_audit_proved_in_processes_verifies(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, SUM_TREE, 6, "{name: local, workers: 2}")
    proved = prove(spec, tmp_path / "audit", policy=POLICY)
    assert proved.segments == (2, 2, 2)
    assert set(proved.seconds) == {"read", "prove", "verify"}
    assert verify(tmp_path / "audit", policy=POLICY).totals == proved.manifest.totals
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accounts.csv", "audit", "spec.yaml"]


def test_a_worker_that_is_killed_in_the_middle_of_a_proof_has_a_successor(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, STARK, 2400, "{name: local, workers: 2}")

    def kill() -> None:
        for process in multiprocessing.active_children():
            process.kill()

    with killing(tmp_path / ".audit.partial", kill) as struck:
        proved = prove(spec, tmp_path / "audit")
    assert struck, "nobody was killed"
    assert len(proved.segments) > 2
    assert verify(tmp_path / "audit").totals == proved.manifest.totals
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accounts.csv", "audit", "spec.yaml"]


def test_where_segments_are_proved_is_no_part_of_what_is_proved(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, SUM_TREE, 4)
    elsewhere = evolve(spec, executor=parse_executor("{name: local, workers: 7}", default_registry()))
    assert elsewhere.public() == spec.public()
    assert elsewhere.digest == spec.digest
    assert "executor" not in {field.name for field in PublicSpec.__attrs_attrs__}  # type: ignore[attr-defined]
    proved = prove(
        evolve(elsewhere, executor=parse_executor("{name: local, workers: 2}", default_registry())),
        tmp_path / "audit",
        policy=POLICY,
    )
    assert "workers" not in json.dumps(proved.manifest.spec)


def test_work_begun_with_one_executor_goes_on_with_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_of(tmp_path, SUM_TREE, 6)
    registry = registry_with(Stopping)
    with pytest.raises(ExecutionError, match="stopped") as caught:
        prove(
            evolve(spec, executor=ExecutorChoice("faulty", NoOptions())),
            tmp_path / "audit",
            policy=POLICY,
            registry=registry,
        )
    assert any("1 finished segment kept" in note for note in caught.value.__notes__)
    proved = prove(
        evolve(spec, executor=parse_executor("{name: local, workers: 2}", registry)), tmp_path / "audit", policy=POLICY
    )
    assert proved.resumed == 1
    assert verify(tmp_path / "audit", policy=POLICY).totals == proved.manifest.totals


class Stopping(Sound):
    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        work(indices[0])
        yield indices[0]
        raise ExecutionError("stopped")


class Forging(Sound):
    """Puts another proof in place of one that was made."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        yield from super().run(work, indices)
        forge(work.directory / "segment-0001")


def forge(segment: Path) -> None:
    """Another proof in a finished segment, and a record that says it was made there."""
    proof = bytearray((segment / "proof.bin").read_bytes())
    proof[-1] ^= 1
    (segment / "proof.bin").write_bytes(proof)
    record = json.loads((segment / "record.json").read_text())
    record["sha256"] = hashlib.sha256(proof).hexdigest()
    (segment / "record.json").write_text(json.dumps(record))


class Idle(Sound):
    """Says that all is done."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        yield from indices


def registry_with(cls: type[Sound]) -> Registry:
    registry = Registry()
    registry.discover()
    cls.__qualname__ = cls.__name__
    registry.register(
        plugin(lambda: [Component("executor", "faulty", "A faulty one", f"{__name__}:{cls.__name__}")]),
        "elms",
        "1.0",
        "elm-dist (elm_module)",
    )
    return registry


def test_a_proof_that_is_changed_behind_the_back_of_who_made_it_is_not_published(tmp_path: Path) -> None:
    spec = evolve(spec_of(tmp_path, SUM_TREE, 6), executor=ExecutorChoice("faulty", NoOptions()))
    with pytest.raises(PluginFault, match="a proof that does not verify"):
        prove(spec, tmp_path / "audit", policy=POLICY, registry=registry_with(Forging))
    assert not (tmp_path / "audit").exists()


def test_a_proof_that_an_earlier_run_left_is_not_published_because_it_was_finished(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, SUM_TREE, 6)
    stopping = evolve(spec, executor=ExecutorChoice("faulty", NoOptions()))
    with pytest.raises(ExecutionError, match="stopped"):
        prove(stopping, tmp_path / "audit", policy=POLICY, registry=registry_with(Stopping))
    forge(tmp_path / ".audit.partial" / "segment-0000")
    with pytest.raises(PluginFault, match="a proof that does not verify"):
        prove(spec, tmp_path / "audit", policy=POLICY)
    # All of them are finished now, and this run proves none.
    with pytest.raises(PluginFault, match=r"a proof that does not verify.*remove that segment's directory"):
        prove(spec, tmp_path / "audit", policy=POLICY)
    assert not (tmp_path / "audit").exists()
    shutil.rmtree(tmp_path / ".audit.partial" / "segment-0000")
    assert prove(spec, tmp_path / "audit", policy=POLICY).resumed == 2


def test_an_executor_that_proves_nothing_is_named_and_nothing_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executing, "_LATE_SECONDS", 0.0)
    spec = evolve(spec_of(tmp_path, SUM_TREE, 6), executor=ExecutorChoice("faulty", NoOptions()))
    with pytest.raises(PluginFault, match=r"executor 'faulty' \(plugin elms of elm-dist \(elm_module\)"):
        prove(spec, tmp_path / "audit", policy=POLICY, registry=registry_with(Idle))
    assert not (tmp_path / "audit").exists()


def test_a_worker_that_does_not_see_the_work_directory_says_so(tmp_path: Path) -> None:
    for directory in (tmp_path / "elsewhere", tmp_path):
        with pytest.raises(ExecutionError, match="does not see the work directory") as caught:
            _Proving("0" * 32)(directory, 0)
        assert caught.value.problems[0].hint is not None
        assert "a file system that all workers share" in caught.value.problems[0].hint


# Specs and commands


def test_an_executor_is_chosen_in_the_spec(tmp_path: Path) -> None:
    path = write_spec(tmp_path, SUM_TREE, 4)
    text = path.read_text()
    assert load_spec(path).executor is None
    path.write_text(f"{text}executor: local\n")
    assert load_spec(path).executor == ExecutorChoice("local", LocalOptions())
    path.write_text(f"{text}executor: {{name: local, workers: 3, threads: 2}}\n")
    assert load_spec(path).executor == ExecutorChoice("local", LocalOptions(3, 2))
    path.write_text(f"{text}executor: {{name: local, workers: 0}}\n")
    with pytest.raises(SpecError, match=r"spec\.yaml:7:34: workers is 0 \(expected 1 to 1024\)"):
        load_spec(path)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("locla", "did you mean 'local'"),
        ("{name: local, worker: 2}", "did you mean 'workers'"),
        ("{workers: 2}", "the key 'name' is missing"),
        ("[local]", "expected a name, one of"),
        ("", "expected a name, one of"),
        ("{name: local", "--executor:"),
        ("local\nbackend: stark", "unknown key 'backend'"),
    ],
)
def test_an_executor_on_the_command_line_is_read_as_in_a_spec(given: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_executor(given, default_registry())
    assert words in str(caught.value)


def test_the_command_line_names_an_executor(tmp_path: Path, command: Command) -> None:
    spec = write_spec(tmp_path, SUM_TREE, 6)
    arguments = ("prove", spec, "--out", tmp_path / "audit", "--policy", "merkle-sum")
    ended = command(*arguments, "--executor", "{name: local, workers: 2, threads: 1}", "--json")
    assert (ended.status, ended.result["segments"]) == (0, [2, 2, 2])
    assert command("verify", tmp_path / "audit", "--policy", "merkle-sum").status == 0
    ended = command(*arguments, "--executor", "{name: local, workers: many}")
    assert ended.status == 2
    assert "workers is 'many'" in ended.err
