"""The generated JSON Schema, the file of it, and the specs that come with polyproof."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from polyproof.errors import SpecError
from polyproof.registry import ENTRY_POINT_GROUP, Registry
from polyproof.settings.schema import json_schema, schema_text
from polyproof.settings.spec import load_spec, parse_spec
from spec.sample_components import sample_registry

SPECS = Path(__file__).parents[2] / "specs"
OKX = "BTC ETH USDT USDC XRP DOGE SOL OKB APT DASH DOT ELF EOS ETC FIL LINK LTC OKT PEOPLE TON TRX UNI"


class EditorsLoader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: a time is a string."""


EditorsLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_as_editors_do(text: str) -> Any:
    return yaml.load(text, EditorsLoader)


@pytest.fixture(scope="module")
def built_in() -> Registry:
    """The plugins that come with polyproof, whatever else is installed."""
    registry = Registry()
    registry.discover(
        point for point in entry_points(group=ENTRY_POINT_GROUP) if point.dist and point.dist.name == "polyproof"
    )
    return registry


@pytest.fixture(scope="module")
def validator(built_in: Registry) -> Draft202012Validator:
    return Draft202012Validator(json_schema(built_in))


def spec_files() -> list[Path]:
    return sorted(SPECS.glob("*.yaml"))


def test_the_published_schema_is_up_to_date(built_in: Registry) -> None:
    published = (SPECS / "polyproof.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(built_in), "run: polyproof schema > specs/polyproof.schema.json"


def test_the_schema_is_a_schema(validator: Draft202012Validator) -> None:
    Draft202012Validator.check_schema(validator.schema)


def test_the_specs_are_found() -> None:
    assert {"okx-22", "merkle-sum", "minimal"} <= {file.stem for file in spec_files()}


@pytest.mark.parametrize("file", spec_files(), ids=lambda file: file.stem)
def test_every_spec_loads_and_fits_the_schema(file: Path, built_in: Registry, validator: Draft202012Validator) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=polyproof.schema.json\n")
    assert load_spec(file, built_in).name == file.stem
    validator.validate(load_as_editors_do(text))


def test_okx_22_lists_its_assets_so_that_no_account_can_overflow(built_in: Registry) -> None:
    spec = load_spec(SPECS / "okx-22.yaml", built_in)
    assert [asset.symbol for asset in spec.assets] == OKX.split()
    for asset in spec.assets:
        assert asset.bits == 64
        assert asset.name
        assert 2**64 // 10**asset.decimals > 10**9, "more than a thousand million coins in one account"


GOOD = """\
polyproof: 1
name: x
assets:
  - {symbol: BTC, decimals: 8}
backend: {name: merkle-sum}
snapshot: 2025-11-30T00:00:00Z
accounts: {path: a.csv}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("polyproof: 1\n", ""),
        ("polyproof: 1", "polyproof: 2"),
        ("polyproof: 1", 'polyproof: "1"'),
        ("name: x", "name: X"),
        ("name: x", "name: x\nextra: 1"),
        ("name: x", "name: [x]"),
        ("name: x", f"name: {'x' * 65}"),
        ("name: x\n", ""),
        ("symbol: BTC", "symbol: B C"),
        ("symbol: BTC, ", ""),
        ("decimals: 8", "decimals: -1"),
        ("decimals: 8", "decimals: 78"),
        ("decimals: 8", "decimals: eight"),
        ("decimals: 8", "decimals: true"),
        ("decimals: 8", "decimals: 8, bits: 257"),
        ("decimals: 8", "decimals: 8, bit: 64"),
        ("decimals: 8", "decimals: 8, aliases: {a: 1}"),
        ("  - {symbol: BTC, decimals: 8}", "  []"),
        ("{name: merkle-sum}", "merkle-summ"),
        ("{name: merkle-sum}", "{name: merkle-summ}"),
        ("{name: merkle-sum}", "{hash: blake3}"),
        ("{name: merkle-sum}", "{name: merkle-sum, hash: blake4}"),
        ("{name: merkle-sum}", "{name: merkle-sum, hsh: blake3}"),
        ("{name: merkle-sum}", "{name: merkle-sum, min_depth: 33}"),
        ("{name: merkle-sum}", "{name: merkle-sum, min_depth: null}"),
        ("{name: merkle-sum}", "[merkle-sum]"),
        ("name: x", "name: x\nrule: none"),
        ("name: x", "name: x\noutput: results"),
        ("name: x", "name: x\ncompare: merkle-sum"),
        ("{path: a.csv}", "{path: a.csv, shape: tall}"),
        ("{path: a.csv}", "a.csv"),
    ],
)
def test_a_bad_spec_is_rejected_by_the_schema_and_by_polyproof(
    old: str, new: str, built_in: Registry, validator: Draft202012Validator
) -> None:
    validator.validate(load_as_editors_do(GOOD))
    parse_spec(GOOD.encode(), "good.yaml", built_in)
    bad = GOOD.replace(old, new, 1)
    assert bad != GOOD
    assert not validator.is_valid(load_as_editors_do(bad))
    with pytest.raises(SpecError):
        parse_spec(bad.encode(), "bad.yaml", built_in)


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema with the reference in it followed."""
    found: dict[str, Any] = schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    return found


def test_the_schema_states_types_defaults_bounds_names_and_documentation() -> None:
    schema = json_schema(sample_registry())
    choice = resolved(schema, schema["properties"]["backend"])
    assert choice["anyOf"][0] == {"enum": ["broken", "sample"]}, "strict cannot be named alone: it wants an option"
    by_name = {item["properties"]["name"]["const"]: item for item in choice["anyOf"][1]["oneOf"]}
    assert by_name["sample"]["properties"]["hash"] == {
        "description": "The hash.",
        "type": "string",
        "enum": ["ash", "oak"],
        "default": "oak",
    }
    assert by_name["sample"]["properties"]["queries"] == {
        "description": "Queries.",
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 40,
    }
    assert by_name["strict"]["required"] == ["name", "depth"]
    assert by_name["sample"]["description"] == "Takes any asset"


def test_every_property_of_the_schema_is_documented(built_in: Registry) -> None:
    missing = []

    def walk(part: Any, path: str) -> None:
        if isinstance(part, dict):
            for name, item in part.get("properties", {}).items():
                if "const" not in item and not item.get("description"):
                    missing.append(f"{path}.{name}")
            for key, item in part.items():
                walk(item, f"{path}.{key}")
        elif isinstance(part, list):
            for index, item in enumerate(part):
                walk(item, f"{path}[{index}]")

    walk(json_schema(built_in), "")
    assert not missing


def test_components_that_cannot_be_used_are_left_out() -> None:
    registry = sample_registry()
    registry._components["hash", "ash"] *= 2
    registry._components["backend", "broken"].clear()
    schema = json_schema(registry)
    choice = resolved(schema, schema["properties"]["backend"])
    assert choice["anyOf"][0] == {"enum": ["sample"]}
    assert '"ash"' not in json.dumps(schema)
