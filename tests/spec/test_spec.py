"""Specs: what a file may say, and how well it is told what it may not."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.errors import OptionsError, PluginFault, ProofRejected, SpecError
from polyproof.model.assets import Asset
from polyproof.registry import Registry
from polyproof.settings.spec import BackendChoice, PublicSpec, Spec, load_spec, parse_spec, spec_from_public
from spec.sample_components import Nested, SampleBackend, SampleOptions, sample_registry

REGISTRY = sample_registry()

GOOD = """\
polyproof: 1
name: example-22
organisation: Example Exchange
assets:
  - symbol: BTC
    decimals: 8
    aliases: [XBT]
    name: Bitcoin
  - symbol: ETH
    decimals: 18
    bits: 96
rule: non-negative
backend:
  name: sample
  queries: 50
compare:
  - sample
accounts:
  path: accounts.csv
output:
  directory: results
snapshot: 2025-11-30T00:00:00Z
"""


def parse(text: str, registry: Registry = REGISTRY) -> Spec:
    return parse_spec(text.encode(), "spec.yaml", registry)


def problems(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        parse(text)
    return [str(problem) for problem in caught.value.problems]


def only_problem(text: str) -> str:
    (problem,) = problems(text)
    return problem


def with_assets(*assets: str) -> str:
    before, rest = GOOD.split("assets:\n")
    after = rest[rest.index("rule:") :]
    return before + "assets:\n" + "".join(f"  - {asset}\n" for asset in assets) + after


# What is read


def test_a_spec_is_read_with_defaults_filled_in() -> None:
    spec = parse(GOOD)
    assert spec.name == "example-22"
    assert spec.organisation == "Example Exchange"
    assert spec.assets == (Asset("BTC", 8, 64, ("XBT",), "Bitcoin"), Asset("ETH", 18, 96))
    assert spec.rule == "non-negative"
    assert spec.backend == BackendChoice("sample", SampleOptions(queries=50))
    assert spec.compare == (BackendChoice("sample", SampleOptions()),)
    assert spec.accounts.path == ("accounts.csv",)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(GOOD)
    spec = load_spec(file, REGISTRY)
    assert spec.file == file
    assert spec.directory == tmp_path
    assert spec.output_directory == tmp_path / "results"
    assert parse(GOOD.replace("output:\n  directory: results\n", "")).output_directory == Path("audits")


def test_a_spec_is_frozen() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        parse(GOOD).name = "other"  # type: ignore[misc]


def test_a_backend_may_be_its_name_alone() -> None:
    by_name = parse(GOOD.replace("backend:\n  name: sample\n  queries: 50\n", "backend: sample\n"))
    assert by_name.backend == BackendChoice("sample", SampleOptions())


def test_a_chosen_backend_can_be_created() -> None:
    backend = parse(GOOD).backend.create(REGISTRY)
    assert backend.name == "sample"
    assert backend.options.queries == 50


def test_nested_options_are_read() -> None:
    spec = parse(GOOD.replace("queries: 50", "inner: {rounds: 12}"))
    assert spec.backend.options.inner == Nested(12)


@pytest.mark.parametrize(
    "symbol", ["NO", "ON", "yes", "1INCH", "1000", "1e3", "0x1F", "true", "1.5", "USDC.e", "stETH"]
)
def test_symbols_are_what_is_written_whatever_yaml_makes_of_it(symbol: str) -> None:
    assert parse(with_assets(f"{{symbol: {symbol}, decimals: 8}}")).assets[0].symbol == symbol
    assert parse(with_assets(f'{{symbol: "{symbol}", decimals: 8}}')).assets[0].symbol == symbol


def test_one_alias_may_stand_for_a_list_of_one() -> None:
    assert parse(with_assets("{symbol: BTC, decimals: 8, aliases: XBT}")).assets[0].aliases == ("XBT",)


# What is rejected, and where


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("name: example-22", "name: Example 22", "2:7: name is 'Example 22' (expected at most 64 lower case letters"),
        ("name: example-22", f"name: {'a' * 65}", "2:7: name is 'aaa"),
        ("name: example-22", "name: [a]", "2:7: name is a list (expected a string)"),
        ("name: example-22", "name: {a: b}", "2:7: name is a mapping (expected a string)"),
        ("name: example-22", "name:", "2:6: name is null (expected a string)"),
        ("name: example-22", "name: ~", "2:7: name is null (expected a string)"),
        ("organisation: Example Exchange", 'organisation: "a\\e[31m"', r"3:15: 'a\x1b[31m' cannot be shown"),
        (
            "organisation: Example Exchange",
            "organization: Example",
            "3:1: unknown key 'organization' (did you mean 'organisation'? allowed: polyproof, name, ",
        ),
        ("decimals: 8", "decimals: -1", "6:15: decimals is -1 (expected 0 to 77)"),
        ("decimals: 8", "decimals: 78", "6:15: decimals is 78 (expected 0 to 77)"),
        ("decimals: 8", 'decimals: "8"', "6:15: decimals is '8' (expected an integer)"),
        ("decimals: 8", "decimals: 8.0", "6:15: decimals is 8.0 (expected an integer)"),
        ("decimals: 8", "decimals: true", "6:15: decimals is true (expected an integer)"),
        ("decimals: 8", "decimals: 08", "6:15: decimals is '08' (expected an integer)"),
        ("decimals: 8", "decimals: [8]", "6:15: decimals is a list (expected an integer)"),
        ("decimals: 8", f"decimals: 1{'0' * 400}", "6:15: decimals is an integer of 1329 bits (expected 0 to 77)"),
        ("bits: 96", "bits: 0", "11:11: bits is 0 (expected 1 to 256)"),
        ("bits: 96", "bits: 257", "11:11: bits is 257 (expected 1 to 256)"),
        ("bits: 96", "bit: 96", "11:5: unknown key 'bit' (did you mean 'bits'? allowed: symbol, decimals, bits, "),
        ("symbol: ETH", "symbol: E TH", "9:13: symbol is 'E TH' (expected 1 to 32 letters, digits or . + _ $ -"),
        ("symbol: ETH", "symbol:", "9:12: symbol is null (expected a string)"),
        ("aliases: [XBT]", "aliases: [XBT, [Y]]", "7:20: aliases is a list (expected a string)"),
        ("aliases: [XBT]", "aliases: {a: b}", "7:14: aliases is a mapping (expected a list, each item a string)"),
        (
            "rule: non-negative",
            "rule: nonnegative",
            "12:7: rule is 'nonnegative' (did you mean 'non-negative'? allowed: non-negative, net-equity)",
        ),
        (
            "name: sample",
            "name: smaple",
            "14:9: no backend is named 'smaple' (did you mean 'sample'? allowed: broken, sample, strict)",
        ),
        (
            "  name: sample\n",
            "",
            "14:3: the key 'name' is missing (the backend to use, one of: broken, sample, strict)",
        ),
        (
            "name: sample",
            "name: [sample]",
            "14:9: backend is a list (expected a name, one of: broken, sample, strict;",
        ),
        (
            "queries: 50",
            "querys: 50",
            "15:3: unknown key 'querys' (did you mean 'queries'? allowed: name, hash, extra_hashes, queries,",
        ),
        ("queries: 50", "queries: 101", "15:12: queries is 101 (expected 1 to 100)"),
        ("queries: 50", "hash: oka", "15:9: no hash is named 'oka' (did you mean 'oak'? allowed: ash, oak)"),
        ("queries: 50", "hash: 256", "15:9: no hash is named '256' (allowed: ash, oak)"),
        (
            "queries: 50",
            "extra_hashes: [oak, asch]",
            "15:23: no hash is named 'asch' (did you mean 'ash'? allowed: ash, oak)",
        ),
        ("queries: 50", "mode: slow", "15:9: mode is 'slow' (allowed: fast, small)"),
        ("queries: 50", "salted: yes", "15:11: salted is 'yes' (expected true or false)"),
        ("queries: 50", "salted: 1", "15:11: salted is 1 (expected true or false)"),
        ("queries: 50", "inner: {rounds: 0}", "15:19: rounds is 0 (expected at least 1)"),
        ("queries: 50", "inner: 3", "15:10: this is 3 (expected a mapping; its keys: rounds)"),
        ("queries: 50", "target: 81", "14:3: 40 queries reach 80 bits, the target is 81"),
        ("queries: 50", "queries: 1", "14:3: 2 assets (at most 1)"),
        ("  - sample", "  - smple", "17:5: no backend is named 'smple' (did you mean 'sample'?"),
        ("  - sample", "  - {name: sample, queries: 1}", "17:5: 2 assets (at most 1)"),
        ("  - sample", "  - strict", "17:5: the key 'depth' is missing (Depth.)"),
        (
            "compare:\n  - sample",
            "compare: sample",
            "16:10: compare is 'sample' (expected a list, each item a mapping)",
        ),
        ("path: accounts.csv", "pth: accounts.csv", "19:3: unknown key 'pth' (did you mean 'path'?"),
        ("directory: results", "directory: 1", None),
        ("directory: results", "directory: [a]", "21:14: directory is a list (expected a path)"),
        ("directory: results", "directory:", "21:13: directory is null (expected a path)"),
        ("polyproof: 1", "polyproof: 2", "1:12: polyproof is 2 (this polyproof reads version 1)"),
        ("polyproof: 1", "polyproof: true", "1:12: polyproof is true (this polyproof reads version 1)"),
        ("polyproof: 1", 'polyproof: "1"', "1:12: polyproof is '1' (this polyproof reads version 1)"),
        ("polyproof: 1\n", "", "1:1: the key 'polyproof' is missing (the version of the format: `polyproof: 1`)"),
        (
            "rule: non-negative\n",
            "rule: non-negative\nrule: non-negative\n",
            "13:1: the key 'rule' is given twice (first on line 12)",
        ),
    ],
)
def test_a_mistake_is_reported_at_its_place(old: str, new: str, problem: str | None) -> None:
    assert GOOD.count(old) == 1 or old == "name: sample"
    text = GOOD.replace(old, new, 1)
    if problem is None:
        parse(text)
    else:
        assert only_problem(text).startswith(f"spec.yaml:{problem}")


@pytest.mark.parametrize("key", ["name", "assets", "backend", "accounts"])
def test_a_missing_key_is_reported_with_what_it_is_for(key: str) -> None:
    blocks = [block for block in GOOD.replace("\n  ", "\0").split("\n") if not block.startswith(f"{key}:")]
    doc = next(field.metadata["doc"] for field in attrs.fields(Spec) if field.name == key)
    assert only_problem("\n".join(blocks).replace("\0", "\n  ")) == f"spec.yaml:1:1: the key {key!r} is missing ({doc})"


def test_a_misspelt_required_key_is_one_problem_not_two() -> None:
    assert only_problem(GOOD.replace("assets:", "asets:")).startswith("spec.yaml:4:1: unknown key 'asets'")


@pytest.mark.parametrize("text", ["just text", "- a\n- b", "7"])
def test_a_file_that_is_not_a_mapping_is_rejected(text: str) -> None:
    assert only_problem(text).endswith("(expected a mapping that begins with polyproof: 1)")


def test_a_spec_without_assets_is_rejected() -> None:
    before, _ = GOOD.split("assets:\n")
    after = GOOD[GOOD.index("rule:") :]
    assert only_problem(before + "assets: []\n" + after) == "spec.yaml:4:9: assets has 0 items (expected 1 to 4096)"


@pytest.mark.parametrize(
    ("assets", "where"),
    [
        (["{symbol: BTC, decimals: 8}", "{symbol: BTC, decimals: 8}"], "6:14: 'BTC' is taken (by BTC"),
        (["{symbol: BTC, decimals: 8}", "{symbol: btc, decimals: 8}"], "6:14: 'btc' is taken (by BTC"),
        (["{symbol: BTC, decimals: 8, aliases: [XBT]}", "{symbol: xbt, decimals: 8}"], "6:14: 'xbt' is taken (by BTC"),
        (["{symbol: BTC, decimals: 8}", "{symbol: A, decimals: 8, aliases: [B, Btc]}"], "6:43: 'Btc' is taken (by BTC"),
        (
            ["{symbol: A, decimals: 8, aliases: [Y]}", "{symbol: B, decimals: 8, aliases: y}"],
            "6:39: 'y' is taken (by A",
        ),
        (["{symbol: A, decimals: 8, aliases: [a]}"], "5:40: 'a' is taken (by A"),
        (["{symbol: A, decimals: 8, aliases: [b, B]}"], "5:43: 'B' is taken (by A"),
    ],
)
def test_no_symbol_or_alias_means_two_things(assets: list[str], where: str) -> None:
    assert only_problem(with_assets(*assets)).startswith(f"spec.yaml:{where}")


def test_a_symbol_taken_twice_is_reported_even_beside_another_mistake() -> None:
    found = problems(with_assets("{symbol: A, decimals: x}", "{symbol: B, decimals: 1}", "{symbol: b, decimals: 1}"))
    assert [problem.split(": ")[0] for problem in found] == ["spec.yaml:5:27", "spec.yaml:7:14"]


def test_all_mistakes_are_reported_together_in_the_order_of_the_file() -> None:
    text = (
        GOOD.replace("example-22", "Example!")
        .replace("decimals: 8", "decimals: many")
        .replace("bits: 96", "bits: 960\n    colour: red")
        .replace("non-negative", "positive")
        .replace("queries: 50", "queries: 0\n  hash: okk")
        .replace("path: accounts.csv", "shape: tall")
    )
    found = problems(text)
    assert [int(problem.split(":")[1]) for problem in found] == [2, 6, 11, 12, 13, 16, 17, 21]


def test_a_backend_is_asked_even_if_something_else_is_wrong() -> None:
    found = problems(GOOD.replace("queries: 50", "queries: 1").replace("example-22", "E"))
    assert [problem.split(": ", 1)[1] for problem in found][1] == "2 assets (at most 1)"


def test_the_number_of_problems_is_bounded() -> None:
    assert len(problems(GOOD + "".join(f"unknown{k}: 1\n" for k in range(1000)))) == 100


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"missing\.yaml: cannot be read: No such file"):
        load_spec(tmp_path / "missing.yaml", REGISTRY)
    with pytest.raises(SpecError, match="cannot be read: Is a directory"):
        load_spec(tmp_path, REGISTRY)


def test_an_option_whose_default_is_not_installed_is_reported_at_the_backend() -> None:
    registry = sample_registry()
    del registry._components["hash", "oak"]
    with pytest.raises(SpecError, match=r"spec\.yaml:14:3: no hash is named 'oak'"):
        parse(GOOD, registry)


def test_the_constructor_takes_nothing_a_file_could_not_say() -> None:
    spec = parse(GOOD)
    for changes in (
        {"name": "No Good"},
        {"rule": "anything"},
        {"assets": ()},
        {"assets": (Asset("A", 1), Asset("a", 1))},
        {"organisation": ""},
    ):
        with pytest.raises(SpecError):
            attrs.evolve(spec, **changes)  # type: ignore[arg-type]
    for values in (("", 8), ("A", -1), ("A", True), ("A", 8, 0), ("A", 8, 257), ("A", 8, 64, ("b c",))):
        with pytest.raises(SpecError):
            Asset(*values)  # type: ignore[arg-type]


# What is bound


def test_the_public_part_is_exactly_what_a_proof_depends_on() -> None:
    assert parse(GOOD).public() == {
        "polyproof": 1,
        "assets": [
            {"symbol": "BTC", "decimals": 8, "bits": 64},
            {"symbol": "ETH", "decimals": 18, "bits": 96},
        ],
        "rule": "non-negative",
        "backend": {
            "name": "sample",
            "hash": "oak",
            "extra_hashes": [],
            "queries": 50,
            "target": None,
            "salted": True,
            "mode": "fast",
            "inner": {"rounds": 8},
        },
    }


def test_the_digest_is_the_documented_one() -> None:
    canonical = (
        '{"assets":[{"bits":64,"decimals":8,"symbol":"BTC"},{"bits":96,"decimals":18,"symbol":"ETH"}],'
        '"backend":{"extra_hashes":[],"hash":"oak","inner":{"rounds":8},"mode":"fast","name":"sample","queries":50,'
        '"salted":true,"target":null},"polyproof":1,"rule":"non-negative"}'
    )
    assert parse(GOOD).digest == hashlib.sha256(b"polyproof/spec/1\n" + canonical.encode()).digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: example-22", "name: other"),
        ("organisation: Example Exchange", "organisation: Other"),
        ("aliases: [XBT]", "aliases: [XXBT, XBT]"),
        ("name: Bitcoin", "name: Other"),
        ("path: accounts.csv", "path: [other.csv, more.csv]"),
        ("directory: results", "directory: elsewhere"),
        ("compare:\n  - sample\n", ""),
        ("  queries: 50", "  queries: 50\n  salted: true"),
        ("    decimals: 8", "    decimals: 8\n    bits: 64"),
        ("rule: non-negative\n", ""),
    ],
)
def test_the_digest_does_not_depend_on_display_paths_or_how_defaults_are_written(old: str, new: str) -> None:
    assert old in GOOD
    assert parse(GOOD.replace(old, new)).digest == parse(GOOD).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("symbol: BTC", "symbol: XTC"),
        ("symbol: BTC", "symbol: btc"),
        ("decimals: 8", "decimals: 9"),
        ("bits: 96", "bits: 97"),
        ("    bits: 96\n", ""),
        ("  - symbol: ETH\n    decimals: 18\n    bits: 96\n", ""),
        ("queries: 50", "queries: 51"),
        ("queries: 50", "queries: 50\n  hash: ash"),
        ("queries: 50", "queries: 50\n  extra_hashes: [ash]"),
        ("queries: 50", "queries: 50\n  extra_hashes: [oak, ash]"),
        ("queries: 50", "queries: 50\n  extra_hashes: [ash, oak]"),
        ("queries: 50", "queries: 50\n  target: 50"),
        ("queries: 50", "queries: 50\n  target: 0"),
        ("queries: 50", "queries: 50\n  salted: false"),
        ("queries: 50", "queries: 50\n  mode: small"),
        ("queries: 50", "queries: 50\n  inner: {rounds: 9}"),
    ],
)
def test_the_digest_changes_with_everything_a_proof_depends_on(old: str, new: str) -> None:
    assert old in GOOD
    assert parse(GOOD.replace(old, new)).digest != parse(GOOD).digest


def test_the_digest_depends_on_the_order_of_assets() -> None:
    spec = parse(GOOD)
    assert attrs.evolve(spec, assets=spec.assets[::-1]).digest != spec.digest


def test_an_option_that_no_digest_can_bind_is_its_backends_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    from polyproof.config.options import option
    from spec import sample_components

    @attrs.frozen
    class Unbindable:
        ratio: float = option(default=0.5, doc="A ratio.")

    monkeypatch.setattr(sample_components.SampleBackend, "Options", Unbindable)
    monkeypatch.setattr(sample_components.SampleBackend, "check", lambda self, assets: None)
    with pytest.raises(PluginFault, match="a digest cannot bind its option 'ratio'"):
        parse(GOOD.replace("  queries: 50\n", ""))


# The public part, read from hostile JSON


def rejected(value: Any) -> str:
    with pytest.raises(ProofRejected) as caught:
        spec_from_public(value, REGISTRY)
    assert caught.value.check == "public-spec"
    return caught.value.reason


def test_the_public_part_is_read_back_with_the_same_digest() -> None:
    spec = parse(GOOD)
    again = spec_from_public(json.loads(json.dumps(spec.public())), REGISTRY)
    assert type(again) is PublicSpec
    assert again.public() == spec.public()
    assert again.digest == spec.digest
    assert again.backend == spec.backend
    assert [(asset.symbol, asset.decimals, asset.bits) for asset in again.assets] == [("BTC", 8, 64), ("ETH", 18, 96)]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every part of a JSON value."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new) if path[1:] else new
    return changed


PUBLIC = parse(GOOD).public()
JUNK = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**70,
    10**3000,
    0.5,
    64.0,
    1e400,
    "",
    "1",
    "\ud800",
    "\0",
    "a\nb",
    [],
    [[]],
    {},
    {"": {}},
]


@pytest.mark.parametrize("path", list(places(PUBLIC)), ids=lambda path: ".".join(map(str, path)) or "all")
def test_junk_anywhere_is_rejected_or_is_another_spec(path: tuple[str | int, ...]) -> None:
    for junk in JUNK:
        value = replaced(PUBLIC, path, junk)
        try:
            spec = spec_from_public(value, REGISTRY)
        except ProofRejected:
            continue
        changed = json.dumps(value, sort_keys=True) != json.dumps(PUBLIC, sort_keys=True)
        assert (spec.digest != parse(GOOD).digest) == changed


@pytest.mark.parametrize("path", [path for path in places(PUBLIC) if path], ids=lambda path: ".".join(map(str, path)))
def test_nothing_may_be_left_out(path: tuple[str | int, ...]) -> None:
    value = copy.deepcopy(PUBLIC)
    parent: Any = value
    for step in path[:-1]:
        parent = parent[step]
    del parent[path[-1]]
    if path[0] == "assets" and len(path) == 2:
        assert spec_from_public(value, REGISTRY).digest != parse(GOOD).digest, "fewer assets are another spec"
    else:
        rejected(value)


@pytest.mark.parametrize(
    ("path", "key", "extra"),
    [
        ((), "name", "example-22"),
        ((), "accounts", {"path": "x"}),
        (("assets", 0), "aliases", ["XBT"]),
        (("assets", 0), "aliases", []),
        (("assets", 0), "name", None),
        (("backend",), "unknown", 1),
    ],
)
def test_nothing_may_be_added(path: tuple[str | int, ...], key: str, extra: object) -> None:
    part: Any = PUBLIC
    for step in path:
        part = part[step]
    rejected(replaced(PUBLIC, path, {**part, key: extra}))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("polyproof",), 2, "spec.polyproof: polyproof is 2 (this polyproof reads version 1)"),
        (("assets", 0, "bits"), True, "spec.assets[0].bits: bits is true (expected an integer)"),
        (("assets", 1, "symbol"), "btc", "spec.assets[1].symbol: 'btc' is taken (by BTC; case is ignored)"),
        (("backend",), "sample", "the spec is not in canonical form"),
        (
            ("backend", "name"),
            "other",
            "spec.backend.name: no backend is named 'other' (allowed: broken, sample, strict)",
        ),
        (("backend", "queries"), "50", "spec.backend.queries: queries is '50' (expected an integer)"),
        (("backend", "queries"), 1, "spec.backend: 2 assets (at most 1)"),
        (("backend", "target"), 101, "spec.backend: 50 queries reach 100 bits, the target is 101"),
        (("backend", "extra_hashes"), "ash", "the spec is not in canonical form"),
        (("backend", "salted"), 1, "spec.backend.salted: salted is 1 (expected true or false)"),
        (("backend", "\x1b[31m" + "x" * 1000), 1, r"spec.backend['\x1b[31m"),
    ],
)
def test_a_hostile_public_part_is_rejected_with_a_reason(path: tuple[str, ...], value: object, reason: str) -> None:
    found = rejected(replaced(PUBLIC, path, value))
    assert found.startswith(reason)
    assert len(found) < 1000


def test_a_backend_that_fails_is_at_fault_and_not_the_file_that_names_it() -> None:
    public = replaced(PUBLIC, ("backend", "name"), "broken")
    for read in (lambda: spec_from_public(public, REGISTRY), lambda: parse(GOOD.replace("  - sample", "  - broken"))):
        with pytest.raises(PluginFault) as caught:
            read()
        assert "backend 'broken' (plugin sample of tests;" in str(caught.value)
        assert "failed when asked whether it can serve these assets: ZeroDivisionError: division by zero" in str(
            caught.value
        )


@pytest.mark.parametrize("method", ["__init__", "check"])
def test_what_a_backend_refuses_is_a_problem_of_the_file_wherever_it_says_so(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def refuse(*given: object) -> None:
        raise OptionsError("not with these options")

    monkeypatch.setattr(SampleBackend, method, refuse)
    assert all("not with these options" in problem for problem in problems(GOOD))
    with pytest.raises(ProofRejected, match=r"spec\.backend: not with these options"):
        spec_from_public(PUBLIC, REGISTRY, largest_proof=10)


def test_the_least_size_of_a_proof_is_asked_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*given: object) -> None:
        raise AssertionError("the backend was asked to check assets")

    monkeypatch.setattr(SampleBackend, "check", asked)
    monkeypatch.setattr(SampleBackend, "least_proof_size", lambda backend, assets: 11)
    with pytest.raises(ProofRejected, match="one of 2 assets has at least 11") as rejected:
        spec_from_public(PUBLIC, REGISTRY, largest_proof=10)
    assert rejected.value.check == "proof-size"
    for wrong in (None, 1.5, "1"):
        monkeypatch.setattr(SampleBackend, "least_proof_size", lambda backend, assets, wrong=wrong: wrong)
        with pytest.raises(PluginFault, match=r"least_proof_size returned .*, expected an integer"):
            spec_from_public(PUBLIC, REGISTRY, largest_proof=10)


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [PUBLIC], {"polyproof": 1}])
def test_what_is_not_a_public_part_at_all_is_rejected(value: object) -> None:
    rejected(value)


def test_many_assets_and_deep_nesting_are_rejected_before_they_cost_much() -> None:
    asset = {"symbol": "A", "decimals": 0, "bits": 1}
    rejected({**PUBLIC, "assets": [asset] * 100_000})
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    rejected({**PUBLIC, "assets": deep})
    rejected({**PUBLIC, **{f"key{k}": 0 for k in range(10_000)}})


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(
    st.sampled_from([path for path in places(PUBLIC) if path]),
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)),
)
def test_any_json_is_rejected_or_read_back_unchanged(path: tuple[str | int, ...], junk: object) -> None:
    value = replaced(PUBLIC, path, junk)
    try:
        spec = spec_from_public(value, REGISTRY)
    except ProofRejected:
        return
    assert json.dumps(spec.public(), sort_keys=True) == json.dumps(value, sort_keys=True)
