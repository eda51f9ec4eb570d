"""Hostile JSON ends in a value or in ``BadJson``; a value has one canonical form, over which digests are computed."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.formats.strict_json import BadJson, canonical, canonical_line, parse_strict

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def refused(data: bytes, **options: Any) -> str:
    with pytest.raises(BadJson) as caught:
        parse_strict(data, **options)
    return caught.value.check


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    try:
        data = canonical(value)
    except UnicodeEncodeError:
        return  # half of a surrogate pair, which no file of ours contains
    assert parse_strict(data, most_depth=100) == value
    assert canonical(parse_strict(data, most_depth=100)) == data


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE-+\\u ntf', max_size=60).map(str.encode))
def test_any_bytes_end_in_a_value_or_in_bad_json(data: bytes) -> None:
    try:
        parse_strict(data)
    except BadJson:
        return
    json.loads(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1, "a": 1}',
        b'[{"b": {"a": 1, "\\u0061": 2}}]',
        b"12345678901234567890",
        b"-1234567890123456789",
        b"1.5",
        b"1e2",
        b"NaN",
        b"-Infinity",
        b"[1,]",
        b"[1] 2",
        b"{'a': 1}",
        b"",
        b"\xef\xbb\xbf{}",
        b'"a\nb"',
        b'"\\x41"',
    ],
)
def test_what_json_or_we_do_not_allow_is_refused(data: bytes) -> None:
    assert refused(data) == "json"


def test_bytes_that_are_not_utf_8_are_named_as_such() -> None:
    assert refused(b'"\xff"') == "utf-8"


def test_numbers_that_are_not_integers_can_be_returned_as_they_are_written() -> None:
    assert parse_strict(b"[1.50, 1e3, -7]", fractions_as_text=True) == ["1.50", "1e3", -7]
    assert refused(b"NaN", fractions_as_text=True) == "json"
    assert refused(b"1." + b"0" * 19, fractions_as_text=True) == "json"


def test_nesting_is_bounded_before_the_parser_recurses() -> None:
    assert parse_strict(b"[" * 32 + b"]" * 32)
    assert refused(b"[" * 33 + b"]" * 33) == "json"
    assert refused(b'{"a":' * 200_000) == "json"
    assert parse_strict(json.dumps("[{" * 1000).encode()) == "[{" * 1000, "brackets in a string nest nothing"
    assert parse_strict(json.dumps('\\"' * 50 + "[" * 100).encode())


def test_memory_and_time_are_bounded_by_the_size_of_a_text_of_many_objects() -> None:
    data = b"[{}" + b",{}" * (5 << 20) + b"]"
    tracemalloc.start()
    start = time.perf_counter()
    assert refused(data) == "json"
    assert time.perf_counter() - start < 5
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * len(data)


@pytest.mark.parametrize("text", ["\x1b[2J", "\u202e", "x" * 11, "\ud800", "a\n"])
def test_strings_that_must_be_shown_can_be(text: str) -> None:
    for value in (text, [text], {text: 1}, {"a": {"b": [text]}}):
        assert refused(json.dumps(value).encode(), printable=10) == "text"
        assert parse_strict(json.dumps(value).encode()) == value


def test_the_canonical_form_is_this_one() -> None:
    value = {"b": [1, None, True, 'é\n"\\\u2028'], "a": {"B": 0, "A": -1}}
    expected = '{"a":{"A":-1,"B":0},"b":[1,null,true,"é\\n\\"\\\\\u2028"]}'
    assert canonical(value) == expected.encode()
    assert canonical_line(value) == expected.encode() + b"\n"
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})
