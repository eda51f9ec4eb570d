"""Options are declared once and checked by their declaration."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from attrs import frozen

from polyproof.config.options import (
    NOT_AN_OPTION,
    Fault,
    did_you_mean,
    faults,
    nearest,
    option,
    options_of,
    plain,
    printable,
    shown,
)
from polyproof.errors import PluginError, PluginFault, SpecError


@frozen
class Part:
    size: int = option(least=1, doc="Size.")


@frozen
class Options:
    count: int = option(default=1, least=0, most=9, doc="A bounded integer.")
    ratio: float = option(default=0.5, least=0.0, doc="A number.")
    flag: bool = option(default=False, doc="A boolean.")
    word: str | None = option(default=None, pattern=("[a-z]+", "lower case"), doc="Text.")
    mode: str = option(default="fast", choices=("fast", "small"), doc="A choice.")
    names: tuple[str, ...] = option(default=(), items=(0, 2), doc="Many.")
    parts: tuple[Part, ...] = option(
        default=(), check=lambda parts: [Fault("odd", path=(0,))] if len(parts) % 2 else [], doc="Parts."
    )
    where: Path = option(default=Path("a/b"), doc="A path.")
    total: int = option(default=0, doc="An integer without bounds.")
    note: str | None = attrs.field(default=None, metadata=NOT_AN_OPTION)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": True}, "count is true (expected an integer)"),
        ({"count": "1"}, "count is '1' (expected an integer)"),
        ({"count": 1.0}, "count is 1.0 (expected an integer)"),
        ({"count": 10}, "count is 10 (expected 0 to 9)"),
        ({"count": -1}, "count is -1 (expected 0 to 9)"),
        ({"total": 2**63}, f"total is {2**63} (expected an integer of 64 bits)"),
        ({"total": -(10**400)}, "total is an integer of 1329 bits (expected an integer of 64 bits)"),
        ({"count": None}, "count is null (expected an integer)"),
        ({"ratio": False}, "ratio is false (expected a number)"),
        ({"ratio": float("nan")}, "ratio is nan (expected a finite number)"),
        ({"ratio": float("inf")}, "ratio is inf (expected a finite number)"),
        ({"ratio": -0.1}, "ratio is -0.1 (expected at least 0.0)"),
        ({"flag": 1}, "flag is 1 (expected true or false)"),
        ({"word": "A"}, "word is 'A' (expected lower case)"),
        ({"word": "a\n"}, r"word is 'a\n' (expected lower case)"),
        ({"word": 1}, "word is 1 (expected a string, or null)"),
        ({"mode": "smal"}, "mode is 'smal' (did you mean 'small'? allowed: fast, small)"),
        ({"mode": "\ud800"}, r"mode is '\ud800' (expected text that UTF-8 can encode, without NUL)"),
        ({"names": ["a"]}, "names is a list (expected a list, each item a string, as a tuple)"),
        ({"names": ("a", 2)}, "names is 2 (expected a string)"),
        ({"names": ("a", "b", "c")}, "names has 3 items (expected 0 to 2)"),
        ({"parts": (Part(1),)}, "odd"),
        ({"parts": (1,)}, "parts is 1 (expected a mapping)"),
        ({"where": "a"}, "where is 'a' (expected a path)"),
    ],
)
def test_the_constructor_checks_what_was_declared(values: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Options(**values)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_every_fault_of_a_list_is_reported() -> None:
    declared = next(item for item in options_of(Options) if item.name == "names")
    assert len(faults(declared, (1, "a", None))) == 2


def test_sound_values_are_taken_as_they_are() -> None:
    options = Options(count=9, ratio=1, word="a", names=("x",), parts=(Part(1), Part(2)))
    assert plain(options) == {
        "count": 9,
        "ratio": 1,
        "flag": False,
        "word": "a",
        "mode": "fast",
        "names": ["x"],
        "parts": [{"size": 1}, {"size": 2}],
        "where": "a/b",
        "total": 0,
    }


def test_a_declaration_is_taken_apart() -> None:
    count, *_, parts, where, total = options_of(Options)
    assert (count.type, count.many, count.optional, count.required) == (int, False, False, False)
    assert (parts.type, parts.many, parts.nested, parts.wants) == (Part, True, True, "a list, each item a mapping")
    assert (where.type, total.least, total.name) == (Path, None, "total"), "what is not an option is left out"
    assert options_of(Part)[0].required


@frozen
class UnsupportedType:
    table: dict[str, int] = option(default=None, doc="A mapping.")


@frozen
class TwoTypes:
    value: int | str = option(default=1, doc="Either.")


@frozen
class FixedTuple:
    pair: tuple[int, int] = option(default=(1, 2), doc="Two.")


@frozen
class Undeclared:
    value: int = 1


@frozen
class Undocumented:
    value: int = option(default=1, doc="")


@frozen
class Unresolved:
    value: Nowhere = option(default=1, doc="A type that is not defined.")  # type: ignore[name-defined]  # noqa: F821


class NotAttrs:
    value: int = 1


@pytest.mark.parametrize("cls", [UnsupportedType, TwoTypes, FixedTuple, Undeclared, Undocumented, Unresolved, NotAttrs])
def test_a_class_that_cannot_be_an_options_class_is_its_authors_mistake(cls: type) -> None:
    with pytest.raises(PluginError, match=cls.__name__):
        options_of(cls)


def test_the_nearest_name_is_found_whatever_its_case_and_hyphens() -> None:
    assert nearest("Merkle_Sum", ["stark", "merkle-sum"]) == "merkle-sum"
    assert nearest("BLAKE", ["blake3", "sha256"]) == "blake3"
    assert nearest("q", ["stark"]) is None
    assert did_you_mean("q", []) == "allowed: none"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1 << 300, "an integer of 301 bits"),
        ([1], "a list"),
        ({"a": 1}, "a mapping"),
        ("x" * 100, "'" + "x" * 78 + "…"),
        ("a\nb", r"'a\nb'"),
        ("\x1b[31m", r"'\x1b[31m'"),
    ],
)
def test_values_are_quoted_short_and_harmless(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize("text", ["", "x" * 11, "a\nb", "\x1b[31m", "\u202egnp"])
def test_names_for_display_cannot_steer_a_terminal(text: str) -> None:
    assert list(printable(10)(text))


def test_names_for_display_may_be_in_any_script() -> None:
    assert not list(printable(10)("Börse 取引所"))


def test_only_a_path_that_may_be_left_out_can_be_for_whoever_proves_alone() -> None:
    """No document of JSON can state a path, so no published spec has a verifier's machine open one."""

    @frozen
    class Sound:
        file: Path | None = option(default=None, published=False, doc="A file.")
        size: int = option(default=1, doc="A size.")

    assert plain(Sound(Path("here"))) == {"file": "here", "size": 1}
    assert plain(Sound(Path("here")), published=True) == {"size": 1}

    @frozen
    class Text:
        secret: str | None = option(default=None, published=False, doc="A text.")

    @frozen
    class Required:
        file: Path = option(published=False, doc="A file.")

    for cls in (Text, Required):
        with pytest.raises(PluginFault, match="a path that may be left out"):
            options_of(cls)
