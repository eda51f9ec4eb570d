"""YAML and JSON as trees that know where things stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.config.tree import MAX_BYTES, MAX_DEPTH, MAX_NODES, Items, Mapping, Node, Scalar, from_json, parse_yaml
from polyproof.errors import Location, Problem, SpecError


def parse(text: str | bytes) -> Node:
    return parse_yaml(text.encode() if isinstance(text, str) else text, "f.yaml")


def value_of(text: str) -> object:
    node = parse(f"key: {text}\n")
    assert isinstance(node, Mapping)
    value = node.get("key")
    assert isinstance(value, Scalar)
    return value.value


def rejected(text: str | bytes) -> str:
    with pytest.raises(SpecError) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "text", ["NO", "no", "On", "yes", "y", "off", "1INCH", "1_000", "0x1F", "010", "12:30:00", "=", "<<"]
)
def test_what_yaml_1_1_would_convert_and_1_2_does_not_is_text(text: str) -> None:
    assert value_of(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("0", 0),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'7'", "7"),
        ('"true"', "true"),
        ("''", ""),
        ("2024-01-31", "2024-01-31"),
    ],
)
def test_scalars_mean_what_the_core_schema_says(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_float() -> None:
    found = value_of(".nan")
    assert isinstance(found, float)
    assert found != found


def test_an_integer_of_too_many_digits_is_text_and_takes_no_time() -> None:
    assert value_of("9" * 1000) == 10**1000 - 1
    assert value_of("9" * 100_000) == "9" * 100_000


def test_everything_knows_its_line_and_column() -> None:
    node = parse("# comment\na: 1\nlist:\n  - x\n  -   {b: 'é', c: y}\n")
    assert isinstance(node, Mapping)
    assert [entry.location for entry in node.entries] == [Location("f.yaml", 2, 1), Location("f.yaml", 3, 1)]
    items = node.get("list")
    assert isinstance(items, Items)
    assert items.location == Location("f.yaml", 4, 3)
    inner = items.items[1]
    assert isinstance(inner, Mapping)
    assert inner.location == Location("f.yaml", 5, 7)
    assert inner.entries[1].location == Location("f.yaml", 5, 16)
    assert inner.entries[1].value.location == Location("f.yaml", 5, 19)


def test_the_text_of_a_scalar_is_kept() -> None:
    node = parse("a: 1.10\n")
    assert isinstance(node, Mapping)
    assert node.get("a") == Scalar(Location("f.yaml", 1, 4), 1.1, "1.10")


def test_a_byte_order_mark_is_skipped() -> None:
    node = parse(b"\xef\xbb\xbfa: 1\n")
    assert isinstance(node, Mapping)
    assert [entry.key for entry in node.entries] == ["a"]


def test_repeated_keys_are_found() -> None:
    node = parse("a: 1\nb: 2\na: 3\na: 4\n")
    assert isinstance(node, Mapping)
    assert [(again.location.line, first.location.line) for again, first in node.repeated()] == [(3, 1), (4, 1)]
    assert node.get("a") == Scalar(Location("f.yaml", 1, 4), 1, "1")


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_file_is_rejected(text: str) -> None:
    assert rejected(text) == "f.yaml: the file is empty"


def test_a_second_document_is_rejected_where_it_begins() -> None:
    assert rejected("a: 1\n---\nb: 2\n").startswith("f.yaml:2:1: a second document begins here")


def test_anchors_and_aliases_are_rejected_so_that_nothing_can_expand() -> None:
    assert rejected("a: &x [1]\nb: *x\n").startswith("f.yaml:1:4: &x is not allowed")
    assert rejected("a: *x\n").startswith("f.yaml:1:4: *x is not allowed")
    laughs = "a: &a [l, l]\n" + "".join(
        f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "&a is not allowed" in rejected(laughs)


@pytest.mark.parametrize("tag", ["!!str 1", "!!python/object/apply:os.system ['true']", "!local x", "!!binary aGk="])
def test_tags_are_rejected(tag: str) -> None:
    assert rejected(f"a: {tag}\n").startswith("f.yaml:1:4: the tag ")


@pytest.mark.parametrize("key", ["? [1]\n: 2\n", "{[a]: 1}\n", "? {a: 1}\n: 2\n"])
def test_keys_that_are_not_text_are_rejected(key: str) -> None:
    assert "a key must be text" in rejected(key)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_is_bounded(opening: str) -> None:
    assert f"nested more than {MAX_DEPTH} deep" in rejected(opening * 20_000)


def test_a_file_of_more_than_a_mebibyte_is_rejected_unread() -> None:
    assert rejected(b"#" * (MAX_BYTES + 1)) == f"f.yaml: the file has more than {MAX_BYTES} bytes"


def test_a_byte_that_is_not_utf8_is_located() -> None:
    assert rejected(b"a: 1\nb: caf\xe9\n") == "f.yaml:2:7: byte 0xe9 is not UTF-8 (save the file as UTF-8)"


def test_a_control_character_is_located() -> None:
    assert rejected("a: 1\nb: x\x07y\n") == "f.yaml:2:5: character U+0007 is not allowed"


def test_a_syntax_error_is_located() -> None:
    assert rejected("a: 1\nb: [1, 2\nc: 3\n").startswith("f.yaml:3:2: not YAML: ")


def test_a_tab_is_named() -> None:
    message = rejected("a:\n\tb: 1\n")
    assert message.startswith("f.yaml:2:1: not YAML: ")
    assert message.endswith("(indent with spaces, not tabs)")


def tree_or_problems(data: bytes) -> Node | tuple[Problem, ...]:
    try:
        return parse_yaml(data, "f.yaml")
    except SpecError as error:
        return error.problems


YAML_SIGNS = st.text(alphabet="ab:-?[]{},&*!|>'\"%@`# \n\t\\.0~<=\x00\x07\ufeff\u2028é", max_size=40)


@given(st.one_of(YAML_SIGNS.map(str.encode), st.binary(max_size=40)))
def test_any_bytes_become_a_tree_or_located_problems(data: bytes) -> None:
    found = tree_or_problems(data)
    if isinstance(found, tuple):
        assert found
        assert all(problem.location is not None for problem in found)


def test_json_values_know_their_path() -> None:
    node = from_json({"a": [1, {"b c": None}]}, "spec")
    assert isinstance(node, Mapping)
    items = node.get("a")
    assert isinstance(items, Items)
    inner = items.items[1]
    assert isinstance(inner, Mapping)
    assert inner.entries[0].value == Scalar(Location("spec.a[1]['b c']"), None)


def test_json_has_no_text_to_fall_back_on() -> None:
    assert from_json(7, "x") == Scalar(Location("x"), 7, None)


def test_json_that_is_too_deep_or_too_large_is_rejected() -> None:
    deep: object = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    with pytest.raises(SpecError, match="levels"):
        from_json(deep, "x")
    with pytest.raises(SpecError, match="parts"):
        from_json([0] * MAX_NODES, "x")
