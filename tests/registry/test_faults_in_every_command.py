"""A plugin with one fault, in every command: it is named with its origin, status 3, and nothing is left half written.

A table of kinds, methods and faults (``faulty_plugins``), each with all commands that come to the method. A command
that never does is not concerned. ``tox -e exhaustive`` runs the whole table, the default suite a line of it.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from doubles.fixtures import Command, Ended
from polyproof.hookspecs import KINDS, Component, hookimpl
from polyproof.registry import Registry
from registry import faulty_plugins
from registry.faulty_plugins import ALLOWED, METHODS, ORIGIN, RAISED, RETURNED, commands, installed, offering, world
from registry.offered import plugin

Worlds = Callable[[str], Path]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """For each kind the audit that was made while its component was sound."""
    made: dict[str, Path] = {}
    with pytest.MonkeyPatch.context() as patch:

        def made_once(kind: str) -> Path:
            if kind not in made:
                made[kind] = world(tmp_path_factory.mktemp(kind), kind, patch)
            return made[kind]

        yield made_once


def complaint(kind: str, ended: Ended, left: list[str]) -> str | None:
    """What is wrong with how a command ended; None if nothing is."""
    said = " ".join(f"{ended.out} {ended.err}".split())
    if "Traceback" in said or "fault in polyproof" in said:
        return f"it blames polyproof: {said[:300]}"
    if ended.status == 0:
        return None
    if f"{kind} 'faulty' (plugin elms of {ORIGIN}" not in said:
        return f"status {ended.status} without its name: {said[:300]}"
    # A verifier reads hostile bytes: if it fails on them, they are refused.
    if ended.status != 3 and not (kind == "backend" and ended.status == 1 and "verifier-failed" in said):
        return f"status {ended.status}: {said[:300]}"
    return f"it leaves {left}" if left else None


def faults(method: str) -> dict[str, Any]:
    found = RAISED if method == "__init__" else {**RAISED, **RETURNED}
    return {name: property(change) for name, change in found.items()} if method == "properties" else dict(found)


def swept(
    kind: str, method: str, names: list[str], made: Path, tmp_path: Path, command: Command, patch: pytest.MonkeyPatch
) -> tuple[set[str], list[str]]:
    """Which commands met a fault of the method, and what is wrong with how they ended."""
    met, wrong = set(), []
    for name in names:
        for typed in commands(made):
            if name != names[0] and typed not in met:
                continue
            here = shutil.copytree(made, tmp_path / "here")
            installed(kind, {method: faults(method)[name]}, patch)
            before = set(here.rglob("*"))
            ended = command(*commands(here)[typed])
            left = [str(path.relative_to(here)) for path in set(here.rglob("*")) - before if finished(path)]
            if typed == "audit":
                left = []  # what is proved is kept, for --proved, and what is published is final
            if ended.status:
                met.add(typed)
            found = None if (kind, method, name) in ALLOWED else complaint(kind, ended, left)
            if found is not None:
                wrong.append(f"{name} in {typed}: {found}")
            shutil.rmtree(here)
    return met, wrong


def finished(path: Path) -> bool:
    """Whether somebody could take a file for what the command was asked for; what it works on has other names."""
    named = path.name in ("manifest.json", "publication.json", "index.html", "reserves.json", "to-sign.jsonl")
    return path.suffix == ".polyproof" or (named and ".partial" not in str(path))


@pytest.mark.parametrize("name", ["InputError", "exits", "recurses", "without words"])
def test_a_ledger_that_raises_is_named_and_the_command_has_status_3(
    worlds: Worlds, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = worlds("ledger")
    for method in ("__init__", "read"):
        installed("ledger", {method: RAISED[name]}, monkeypatch)
        ended = command(*commands(folder)["check"])
        assert ended.status == 3
        assert complaint("ledger", ended, []) is None


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "method"), [(kind, name) for kind in METHODS for name in METHODS[kind].split()])
def test_every_fault_in_every_command(
    worlds: Worlds, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, kind: str, method: str
) -> None:
    met, wrong = swept(kind, method, list(faults(method)), worlds(kind), tmp_path, command, monkeypatch)
    assert wrong == []
    assert met, "no command comes to this method"


MEASURED = [(kind, name) for kind in ("hash", "field", "commitment", "backend") for name in METHODS[kind].split()]


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        pytest.param(kind, name, marks=() if (kind, name) == ("commitment", "commit") else pytest.mark.slow)
        for kind, name in MEASURED
    ],
)
def test_bench_goes_on_without_a_component_that_fails_and_says_why(
    command: Command, monkeypatch: pytest.MonkeyPatch, kind: str, method: str
) -> None:
    measured = ("--kind", kind, "--name", "faulty", "--size", "4", "--columns", "4", "--runs", "1")
    for name, change in faults(method).items():
        with monkeypatch.context() as patch:
            installed(kind, {method: change}, patch)
            ended = command("bench", *measured, "--json")
        assert (ended.status, complaint(kind, ended, [])) == (0, None), name
        reasons = [item["reason"] for item in ended.result["not_measured"]]
        if method in ("__init__", "commit", "hash_rows", "add", "prove") and name in RAISED:
            assert len(reasons) == 1, name
            # What its interface lets it raise is no fault.
            allowed = name in ("InputError", "ProofRejected", "OSError")
            assert f"{kind} 'faulty' (plugin elms of {ORIGIN}" in reasons[0] or allowed, reasons


# Plugins that cannot be used at all


def _conflict(kind: str, registry: Registry) -> None:
    registry.register(plugin(lambda: [component(kind)]), "oaks", "1.0", "oak-dist (oak_module)")


def component(kind: str, at: str | None = None) -> Component:
    return Component(kind, "faulty", "A faulty one", at or f"{faulty_plugins.__name__}:made_{kind}")


def _lacking(kind: str) -> Component:
    return component(kind, f"{faulty_plugins.__name__}:lacking")


UNUSABLE: dict[str, tuple[Callable[[str], Component], str]] = {
    "no module": (lambda kind: component(kind, "no_such_module_at_all:Elm"), "ModuleNotFoundError"),
    "no class": (lambda kind: component(kind, f"{faulty_plugins.__name__}:NoSuch"), "no attribute 'NoSuch'"),
    "no component": (
        lambda kind: component(kind, f"{faulty_plugins.__name__}:STARK"),
        "does not derive from polyproof.",
    ),
    "methods missing": (_lacking, "lacks "),
    "another name": (lambda kind: component(kind, f"{faulty_plugins.__name__}:misnamed"), "calls itself 'oak'"),
}


@pytest.mark.parametrize("how", UNUSABLE)
@pytest.mark.parametrize("kind", ["ledger", pytest.param("hash", marks=pytest.mark.slow)])
def test_a_component_that_cannot_be_used_is_named_with_what_was_expected(
    worlds: Worlds, command: Command, monkeypatch: pytest.MonkeyPatch, kind: str, how: str
) -> None:
    made, words = UNUSABLE[how]
    folder = worlds(kind)
    installed(kind, {}, monkeypatch)
    cls = type("Misnamed", (faulty_plugins.sound(kind),), {"name": "oak"})
    monkeypatch.setattr(faulty_plugins, "misnamed", cls, raising=False)
    module, _, interface = KINDS[kind].partition(":")
    base = getattr(sys.modules[module], interface)
    monkeypatch.setattr(faulty_plugins, "lacking", type("Lacking", (base,), {"name": "faulty"}), raising=False)
    others = [component(each) for each, name in faulty_plugins.NAMES.items() if name == "faulty" and each != kind]
    offering([made(kind), *others], monkeypatch)
    for typed in ("check", "prove") if kind == "ledger" else ("check", "verify", "verify-inclusion", "explain audit"):
        ended = command(*commands(folder)[typed])
        said = " ".join(ended.err.split())
        assert ended.status == 3, (typed, said)
        assert f"{kind} 'faulty' of {ORIGIN}" in said
        assert words in said
    for typed in ("plugins", "schema"):
        assert command(*commands(folder)[typed]).status == 0
    assert not (folder / "proved").exists()


def test_a_name_that_two_plugins_claim_is_nobodys_in_every_command(
    worlds: Worlds, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = worlds("ledger")
    _conflict("ledger", installed("ledger", {}, monkeypatch))
    for typed in ("check", "prove"):
        ended = command(*commands(folder)[typed])
        assert ended.status == 3
        assert f"claimed by elms of {ORIGIN} and oaks of oak-dist (oak_module)" in " ".join(ended.err.split())
        assert "uninstall one of them" in " ".join(ended.err.split())
    assert "oak-dist" in command("plugins").out


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (
            lambda: plugin(lambda: [component("ledger")], interface=1),
            "is for interface 1; this polyproof has interface",
        ),
        (lambda: plugin(lambda: 1 // 0), "its hooks cannot be used: ZeroDivisionError"),
        (
            lambda: _misspelt(),
            "its hooks cannot be used: PluginError: there is no hook 'polyproof_component': did you mean",
        ),
    ],
    ids=["interface", "raises", "misspelt"],
)
def test_a_plugin_that_was_skipped_is_named_where_its_name_is_asked_for(
    worlds: Worlds, command: Command, monkeypatch: pytest.MonkeyPatch, broken: Callable[[], Any], words: str
) -> None:
    folder = worlds("ledger")
    registry = offering([], monkeypatch)
    registry.register(broken(), "faulty", "1.0", ORIGIN)
    for typed in ("check", "prove"):
        ended = command(*commands(folder)[typed])
        assert ended.status == 3, ended.err
        assert f"plugin faulty of {ORIGIN} was skipped: {words}" in " ".join(ended.err.split())
    assert words in " ".join(command("plugins").out.split())


def _misspelt() -> Any:
    module = plugin()

    def polyproof_component() -> list[Component]:
        return []

    module.polyproof_component = hookimpl(polyproof_component)  # type: ignore[attr-defined]
    return module
