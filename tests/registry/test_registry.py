"""How plugins are found, and what happens to those that are broken."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from polyproof import INTERFACE_VERSION
from polyproof.errors import PluginError, PluginFault, SpecError
from polyproof.hash import Hash
from polyproof.hookspecs import KINDS, Component, hookimpl
from polyproof.registry import ENTRY_POINT_GROUP, Registry, default_registry
from polyproof.settings.spec import parse_spec
from references.hashlib_hash import HashlibHash
from registry.offered import offering, plugin, registry_of


class Elm(HashlibHash):
    name = "elm"


class Unfinished(Hash):
    name = "unfinished"


class Stranger:
    name = "stranger"


ELM = Component("hash", "elm", "A hash", f"{__name__}:Elm")
HERE = sys.modules[__name__]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """This file under the name its components state, however it was imported."""
    monkeypatch.setitem(sys.modules, __name__, HERE)


def only_reason(registry: Registry) -> str:
    (skipped,) = registry.skipped
    assert skipped.plugin == "plugin0"
    assert skipped.origin == "dist0 (module0)"
    assert registry.components() == []
    return skipped.reason


def get_error(registry: Registry, kind: str = "hash", name: str = "elm") -> str:
    with pytest.raises(PluginError) as caught:
        registry.get(kind, name)
    return str(caught.value)


def test_a_component_is_found_by_kind_and_name() -> None:
    registry = offering(ELM)
    assert registry.get("hash", "elm") is Elm
    assert isinstance(registry.create("hash", "elm"), Elm)
    (registered,) = registry.components()
    assert (registered.component, registered.plugin, registered.version, registered.origin) == (
        ELM,
        "plugin0",
        "0.0",
        "dist0 (module0)",
    )
    assert not registry.skipped


def test_components_are_listed_by_kind_and_name() -> None:
    listed = [
        Component(kind, name, "Something", "m:C") for kind, name in [("backend", "b"), ("hash", "z"), ("hash", "a")]
    ]
    registry = offering(*listed)
    assert [(item.component.kind, item.component.name) for item in registry.components()] == [
        ("hash", "a"),
        ("hash", "z"),
        ("backend", "b"),
    ]
    assert registry.names("hash") == ["a", "z"]
    assert [item.component.name for item in registry.components("backend")] == ["b"]


# Names


def test_a_name_that_two_plugins_claim_belongs_to_neither() -> None:
    registry = registry_of(plugin(lambda: [ELM]), plugin(lambda: [ELM]))
    message = get_error(registry)
    with pytest.raises(PluginFault) as caught:
        registry.find("hash", "elm")
    assert caught.value.exit_status == 3
    assert "plugin0 of dist0 (module0) and plugin1 of dist1 (module1)" in message
    assert "uninstall one of them" in message
    assert [[claim.plugin for claim in claims] for claims in registry.conflicts()] == [["plugin0", "plugin1"]]
    assert registry.names("hash") == ["elm"]
    assert len(registry.components("hash")) == 2


def test_a_conflict_leaves_other_names_alone() -> None:
    ash = Component("hash", "ash", "A hash", f"{__name__}:Elm")
    registry = registry_of(plugin(lambda: [ELM, ash]), plugin(lambda: [ash]))
    assert registry.get("hash", "elm") is Elm


def test_one_name_may_be_used_for_two_kinds() -> None:
    registry = offering(ELM, Component("field", "elm", "A field", "m:C"))
    assert registry.get("hash", "elm") is Elm
    assert not registry.conflicts()


def test_an_unknown_name_gets_the_nearest_and_all_that_there_are() -> None:
    registry = offering(ELM, Component("hash", "oak", "A hash", "m:C"))
    assert get_error(registry, name="em") == "no hash is named 'em' (did you mean 'elm'? allowed: elm, oak)"
    assert get_error(registry, name="Q") == "no hash is named 'Q' (allowed: elm, oak)"
    assert get_error(registry, "field", "elm") == "no field is named 'elm' (allowed: none)"


def test_an_unknown_name_reminds_of_skipped_plugins() -> None:
    registry = registry_of(plugin(lambda: [ELM]), plugin(interface=99))
    told = get_error(registry, name="my-hash")
    assert "some plugins were skipped, plugin1 of dist1 (module1): `polyproof plugins` says why" in told


def test_a_name_that_is_that_of_a_skipped_plugin_is_its_fault() -> None:
    registry = registry_of(plugin(lambda: [ELM]), plugin(interface=99))
    with pytest.raises(PluginFault) as caught:
        registry.find("hash", "plugin1")
    assert caught.value.exit_status == 3
    assert str(caught.value).startswith(
        "no hash is named 'plugin1': plugin plugin1 of dist1 (module1) was skipped: is for interface 99"
    )


def test_an_import_cannot_raise_the_limit_of_recursion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What recurses without end would otherwise overflow the stack, which nothing catches."""
    (tmp_path / "deep_elm.py").write_text(
        "import sys\nsys.setrecursionlimit(123_456)\nfrom registry.test_registry import Elm\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    limit = sys.getrecursionlimit()
    assert offering(Component("hash", "elm", "A hash", "deep_elm:Elm")).get("hash", "elm").name == "elm"
    assert sys.getrecursionlimit() == limit


# Interface versions


@pytest.mark.parametrize("interface", [INTERFACE_VERSION + 1, 0, "1", 1.0, True, [1]])
def test_a_plugin_for_another_interface_is_skipped(interface: object) -> None:
    reason = only_reason(registry_of(plugin(lambda: [ELM], interface)))
    assert reason.startswith("is for interface ")
    assert reason.endswith(f"; this polyproof has interface {INTERFACE_VERSION}")


def test_a_plugin_that_states_no_interface_is_skipped() -> None:
    assert only_reason(registry_of(plugin(lambda: [ELM], None))).startswith("states no interface version; ")


def test_hooks_of_a_plugin_for_another_interface_are_never_called() -> None:
    called = []
    registry_of(plugin(lambda: called.append(1) or [ELM], INTERFACE_VERSION + 1))  # type: ignore[func-returns-value]
    assert not called


# Hooks


def failing(error: BaseException) -> Callable[[], Any]:
    def components() -> Any:
        raise error

    return components


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyError("boom"), SystemExit("boom"), RecursionError("boom")])
def test_a_hook_that_raises_is_reported(error: BaseException) -> None:
    reason = only_reason(registry_of(plugin(failing(error))))
    assert reason.startswith(f"its hooks cannot be used: {type(error).__name__}: ")
    assert "boom" in reason


def test_a_hook_that_raises_halfway_offers_nothing() -> None:
    def components() -> Iterable[Component]:
        yield ELM
        raise ValueError("boom")

    assert "ValueError: boom" in only_reason(registry_of(plugin(components)))


@pytest.mark.parametrize("offered", [7, ELM, object()])
def test_a_hook_that_returns_no_list_is_reported(offered: object) -> None:
    assert "its hooks cannot be used: TypeError" in only_reason(registry_of(plugin(lambda: offered)))


def test_a_hook_with_other_arguments_is_reported() -> None:
    module = plugin()

    def polyproof_components(unknown: int) -> list[Component]:
        return [ELM]

    module.polyproof_components = hookimpl(polyproof_components)  # type: ignore[attr-defined]
    assert "unknown" in only_reason(registry_of(module))


def test_a_misspelt_hook_is_reported_with_the_right_name() -> None:
    module = plugin()

    def polyproof_component() -> list[Component]:
        return [ELM]

    module.polyproof_component = hookimpl(polyproof_component)  # type: ignore[attr-defined]
    reason = only_reason(registry_of(module))
    assert "there is no hook 'polyproof_component': did you mean 'polyproof_components'?" in reason


def test_a_plugin_that_offers_nothing_for_now_is_fine() -> None:
    for module in (plugin(list), plugin(lambda: None)):
        assert not registry_of(module).skipped


def test_a_plugin_without_hookimpl_is_reported_and_not_silently_empty() -> None:
    assert "it has no function marked with @hookimpl" in only_reason(registry_of(plugin()))
    for name in ("polyproof_components", "polyproof_audit_verified"):
        module = plugin()
        setattr(module, name, lambda: [ELM])
        assert f"its {name} is not marked with @hookimpl" in only_reason(registry_of(module))
    module = plugin(lambda: [ELM])
    module.polyproof_audit_verified = lambda directory, manifest: None  # type: ignore[attr-defined]
    assert "its polyproof_audit_verified is not marked" in only_reason(registry_of(module))


def test_a_broken_plugin_leaves_the_others_alone() -> None:
    registry = registry_of(plugin(failing(ValueError("boom"))), plugin(lambda: [ELM]))
    assert registry.get("hash", "elm") is Elm
    assert [skipped.plugin for skipped in registry.skipped] == ["plugin0"]


def test_a_broken_plugin_gets_no_later_calls() -> None:
    calls: list[str] = []
    module = plugin(failing(ValueError("boom")))

    def polyproof_audit_verified(directory: Path, manifest: object) -> None:
        calls.append("broken")

    module.polyproof_audit_verified = hookimpl(polyproof_audit_verified)  # type: ignore[attr-defined]
    registry_of(module).hook.polyproof_audit_verified(directory=Path(), manifest=None)
    assert not calls


@pytest.mark.parametrize("hook", ["polyproof_audit_proved", "polyproof_audit_verified"])
def test_life_cycle_hooks_reach_every_plugin(hook: str) -> None:
    calls: list[tuple[Path, object]] = []

    def implementation(directory: Path, manifest: object) -> None:
        calls.append((directory, manifest))

    modules = []
    for _ in range(2):
        module = plugin()
        setattr(module, hook, hookimpl(implementation))
        modules.append(module)
    getattr(registry_of(*modules).hook, hook)(directory=Path("d"), manifest="m")
    assert calls == [(Path("d"), "m")] * 2


# What is offered


@frozen
class NearlyComponent:
    kind: str = "hash"
    name: str = "elm"
    summary: str = ""
    factory: str = "m:C"


@pytest.mark.parametrize(
    ("offered", "reason"),
    [
        (None, "offers NoneType where a Component is expected"),
        ("elm", "offers str where a Component is expected"),
        (NearlyComponent(), "offers NearlyComponent where a Component is expected"),
        (Component("hsh", "elm", "", "m:C"), "unknown kind 'hsh': did you mean 'hash'? allowed: " + ", ".join(KINDS)),
        (Component("hash", 7, "", "m:C"), "values are not all strings: 7"),  # type: ignore[arg-type]
        (Component(["hash"], "elm", "", "m:C"), "values are not all strings"),  # type: ignore[arg-type]
        (Component("hash", "elm", "", Elm), "values are not all strings"),  # type: ignore[arg-type]
        (Component("hash", "elm", "", "my_module.Elm"), "expected module:attribute"),
        (Component("hash", "elm", "", "my module:Elm"), "expected module:attribute"),
        *[
            (Component("hash", name, "", "m:C"), "names are lower case, digits and hyphens")
            for name in ["", "Elm", "my_hash", "-elm", "elm-", "a--b", "elm ", "elm\n", "élm", "../elm"]
        ],
    ],
)
def test_junk_is_reported_and_the_rest_is_used(offered: Any, reason: str) -> None:
    registry = offering(offered, ELM)
    assert registry.get("hash", "elm") is Elm
    (skipped,) = registry.skipped
    assert reason in skipped.reason


# Classes


@pytest.mark.parametrize(
    ("factory", "told"),
    [
        ("no_such_module_anywhere:Elm", "cannot be imported: ModuleNotFoundError"),
        (f"{__name__}:NoSuchClass", "cannot be imported: AttributeError"),
        (f"{__name__}:Stranger", "does not derive from polyproof.hash:Hash"),
        (f"{__name__}:ELM", "does not derive from polyproof.hash:Hash"),
    ],
)
def test_a_class_that_cannot_be_used_is_an_error_that_names_its_origin(factory: str, told: str) -> None:
    message = get_error(offering(Component("hash", "elm", "", factory)))
    assert message.startswith("hash 'elm' of dist0 (module0) ")
    assert told in message


def test_a_class_that_leaves_methods_out_is_an_error_that_names_them() -> None:
    registry = offering(Component("hash", "unfinished", "", f"{__name__}:Unfinished"))
    assert get_error(registry, name="unfinished").endswith("lacks compress, hash_rows")


def test_a_class_registered_under_another_name_than_its_own_is_an_error() -> None:
    registry = offering(Component("hash", "oak", "", f"{__name__}:Elm"))
    assert get_error(registry, name="oak").endswith("calls itself 'elm'")


@pytest.mark.parametrize("statement", ["raise RuntimeError('boom')", "raise SystemExit('boom')", "import nothing_here"])
def test_a_module_that_fails_when_its_class_is_asked_for_is_an_error(
    statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late_failure.py").write_text(statement + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "cannot be imported" in get_error(offering(Component("hash", "elm", "", "late_failure:Elm")))


# Discovery: a real distribution on the path, no installer


def install(
    directory: Path, name: str, source: str, *, entry_points: str | None = None, version: str = "3.1"
) -> EntryPoint:
    """What an installer leaves behind: an import package, and its metadata beside it."""
    package = name.replace("-", "_")
    (directory / package).mkdir()
    (directory / package / "__init__.py").write_text(source)
    metadata = directory / f"{package}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (metadata / "entry_points.txt").write_text(entry_points or f"[{ENTRY_POINT_GROUP}]\n{name} = {package}\n")
    return EntryPoint(name, package, ENTRY_POINT_GROUP)


STRANGERS_PLUGIN = """
from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components():
    return [Component("hash", "stranger-hash", "A stranger's hash", __name__ + ".hash:StrangerHash")]
"""

STRANGERS_HASH = '''
"""SHAKE-256 over the words of a row and the domain."""

import hashlib

import numpy as np

from polyproof.hash import Hash


class StrangerHash(Hash):
    name = "stranger-hash"
    word_bound = 2**64
    collision_bits = 128

    def hash_rows(self, rows, domain):
        prefix = domain.encode() + b"\\0" + rows.shape[1].to_bytes(8, "little")
        digests = [hashlib.shake_256(prefix + row.astype("<u8").tobytes()).digest(32) for row in rows]
        return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64).reshape(-1, 4)

    def compress(self, left, right, domain):
        return self.hash_rows(np.concatenate((left, right), axis=1), domain)
'''


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterable[Path]:
    """A directory on the import path, forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


def discovered() -> Registry:
    registry = Registry()
    registry.discover()
    return registry


def built_in() -> Registry:
    registry = Registry()
    found = entry_points(group=ENTRY_POINT_GROUP)
    registry.discover(point for point in found if point.dist and point.dist.name == "polyproof")
    return registry


def test_a_strangers_plugin_comes_in_by_the_same_door_as_built_in_ones(site: Path) -> None:
    install(site, "stranger-plugin", STRANGERS_PLUGIN)
    (site / "stranger_plugin" / "hash.py").write_text(STRANGERS_HASH)
    registry = discovered()
    registered = registry.find("hash", "stranger-hash")
    assert (registered.plugin, registered.version) == ("stranger-plugin", "3.1")
    assert registered.origin == "stranger-plugin (stranger_plugin)"
    assert "stranger_plugin.hash" not in sys.modules, "a class is imported when it is asked for, not before"
    digest = registry.create("hash", "stranger-hash").hash_messages([b"hello"], "test")
    assert digest.shape == (1, 4)
    assert not [skipped for skipped in registry.skipped if skipped.plugin == "stranger-plugin"]


def test_a_spec_may_name_a_strangers_hash_in_one_line(site: Path) -> None:
    install(site, "stranger-plugin", STRANGERS_PLUGIN)
    (site / "stranger_plugin" / "hash.py").write_text(STRANGERS_HASH)
    text = """\
polyproof: 1
name: example
assets: [{symbol: BTC, decimals: 8}]
backend:
  name: merkle-sum
  hash: stranger-hash
accounts: {path: accounts.csv}
snapshot: 2025-11-30T00:00:00Z
"""
    spec = parse_spec(text.encode(), "spec.yaml", discovered())
    assert spec.backend.options.hash == "stranger-hash"
    with pytest.raises(SpecError, match=r"spec\.yaml:6:9: no hash is named 'stranger-hash'"):
        parse_spec(text.encode(), "spec.yaml", built_in())


def test_built_in_plugins_come_in_by_entry_points_alone() -> None:
    origins = {registered.origin for registered in default_registry().components()}
    assert {"polyproof (polyproof_merkle)", "polyproof (polyproof_digests)"} <= origins
    empty = Registry()
    empty.discover([])
    assert not empty.components()


def test_a_stranger_cannot_stand_in_for_a_built_in(site: Path) -> None:
    source = STRANGERS_PLUGIN.replace("stranger-hash", "blake3")
    install(site, "usurper", source)
    message = get_error(discovered(), name="blake3")
    assert "digests of polyproof (polyproof_digests)" in message
    assert "usurper of usurper (usurper)" in message


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import nothing_of_this_name\n", "cannot be imported: ModuleNotFoundError"),
        ("raise RuntimeError('boom')\n", "cannot be imported: RuntimeError: boom"),
        ("raise SystemExit(3)\n", "cannot be imported: SystemExit: 3"),
        ("def broken(:\n", "cannot be imported: SyntaxError"),
        ("polyproof_interface = 1\n", "is for interface 1; this polyproof has interface 2"),
        ("", "states no interface version; this polyproof has interface 2"),
    ],
)
def test_an_unusable_distribution_is_reported_and_skipped(site: Path, source: str, told: str) -> None:
    install(site, "broken-plugin", source)
    registry = discovered()
    (skipped,) = [skipped for skipped in registry.skipped if skipped.plugin == "broken-plugin"]
    assert skipped.origin == "broken-plugin (broken_plugin)"
    assert told in skipped.reason
    assert registry.find("hash", "blake3")


@pytest.mark.parametrize("value", ["no_such_package", "broken_plugin:missing", "not a reference!"])
def test_an_entry_point_that_leads_nowhere_is_reported(site: Path, value: str) -> None:
    install(site, "broken-plugin", STRANGERS_PLUGIN, entry_points=f"[{ENTRY_POINT_GROUP}]\nlost = {value}\n")
    (skipped,) = [skipped for skipped in discovered().skipped if skipped.plugin == "lost"]
    assert "cannot be imported" in skipped.reason


def test_metadata_that_cannot_be_parsed_is_reported_and_costs_no_other_plugin(site: Path) -> None:
    install(site, "garbled", STRANGERS_PLUGIN, entry_points="[polyproof.plugins]\nno equals sign\n")
    registry = discovered()
    (skipped,) = [skipped for skipped in registry.skipped if skipped.origin == "garbled"]
    assert "its entry points cannot be read" in skipped.reason
    assert registry.find("hash", "blake3")


def test_one_distribution_found_twice_makes_no_conflict(site: Path) -> None:
    point = install(site, "stranger-plugin", STRANGERS_PLUGIN)
    registry = Registry()
    registry.discover([point, point])
    assert registry.find("hash", "stranger-hash")
    assert not registry.skipped


def test_the_default_registry_is_discovered_once() -> None:
    assert default_registry() is default_registry()
