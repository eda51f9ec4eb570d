"""What the documentation says is so: links lead somewhere, commands exist, copies are copies, tables are up to date."""

from __future__ import annotations

import configparser
import functools
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from docs import generated, pages
from polyproof.cli import app

ALL = pytest.mark.parametrize("path", pages.PAGES, ids=lambda path: path.relative_to(pages.ROOT).as_posix())

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# Either in a block for a shell or between backticks: prose may say what polyproof does.
INVOCATION = re.compile(r"(?:^|[;&|(]|\bbin/)\s*polyproof((?:[ \t]+[^\s|;&)>]+)*)", re.MULTILINE)
SHELLS = ("console", "sh", "bash")


def anchor(heading: str) -> str:
    """The anchor that code hosts make of a heading."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def test_there_are_pages() -> None:
    names = {path.relative_to(pages.ROOT).as_posix() for path in pages.PAGES}
    assert {"README.md", "CHANGELOG.md", "docs/index.md", "docs/tutorial/first-audit.md"} <= names
    assert {"CONTRIBUTING.md", "SECURITY.md"} <= names


@ALL
def test_every_relative_link_leads_to_a_file_and_heading(path: Path) -> None:
    broken = []
    for target in LINK.findall(pages.without_blocks(path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or not file.is_relative_to(pages.ROOT):
            broken.append(target)
        elif fragment:
            headings = HEADING.findall(pages.without_blocks(file.read_text(encoding="utf-8")))
            if fragment not in {anchor(heading) for heading in headings}:
                broken.append(target)
    assert not broken


def test_every_page_can_be_reached_from_the_index() -> None:
    seen, todo = set(), [pages.ROOT / "docs" / "index.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            file = (page.parent / target.partition("#")[0]).resolve()
            if file.suffix == ".md" and file.exists():
                todo.append(file)
    assert set(pages.PAGES) <= seen


def invocations(page: str) -> list[list[str]]:
    """The words after ``polyproof`` of every command that a page names."""
    texts = [block.text for block in pages.blocks(page) if block.language in SHELLS]
    commands = [
        "\n".join(command.text for command in pages.commands(text)) if text.startswith("$ ") else text for text in texts
    ]
    commands += re.findall(r"`([^`\n]+)`", pages.without_blocks(page).replace("\n", " "))
    commands = [re.sub(r"#.*", "", command.replace("\\\n", " ")) for command in commands]
    return [match.split() for command in commands for match in INVOCATION.findall(command)]


@functools.cache
def commands() -> Any:
    return typer.main.get_command(app)


def problems(words: list[str]) -> list[str]:
    """What of a command is not there: the command itself, or options."""
    top = commands()
    if not words or words[0].startswith("-"):
        names = {name for parameter in top.params for name in parameter.opts} | {"--help"}
        return [word for word in words[:1] if word not in names]
    if words[0].isupper():  # polyproof COMMAND --help
        return []
    command = top.commands.get(words[0])
    while hasattr(command, "commands") and words[1:]:  # a group
        words = words[1:]
        command = command.commands.get(words[0])
    if command is None:
        return [words[0]]
    names = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
    return [word for word in words[1:] if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in names]


@ALL
def test_every_command_and_option_that_a_page_names_is_there(path: Path) -> None:
    found = invocations(path.read_text(encoding="utf-8"))
    wrong = {" ".join(["polyproof", *words]): problems(words) for words in found if problems(words)}
    assert not wrong


def test_commands_are_looked_for_where_they_stand() -> None:
    page = "Say `polyproof prove SPEC --out DIR`:\n\n```sh\nx && .venv/bin/polyproof demo -n 5\n```\n"
    page += "```console\n$ polyproof verify DIR \\\n    --digest X | tail\npolyproof is not a command here\n```\n"
    assert sorted(invocations(page)) == [
        ["demo", "-n", "5"],
        ["prove", "SPEC", "--out", "DIR"],
        ["verify", "DIR", "--digest", "X"],
    ]
    assert problems(["prove", "SPEC", "--output", "DIR"]) == ["--output"]
    assert problems(["proof", "SPEC"]) == ["proof"]
    assert problems(["--versions"]) == ["--versions"]


def environments(page: str) -> list[str]:
    """The tox environments that a page names."""
    return [name for names in re.findall(r"\btox (?:run )?-e ([\w,-]+)", page) for name in names.split(",")]


@ALL
def test_every_tox_environment_that_a_page_names_is_there(path: Path) -> None:
    read = configparser.ConfigParser(interpolation=None)
    read.read(pages.ROOT / "tox.ini", encoding="utf-8")
    there = {"py", "py311", "py312", "py313"} | {name.removeprefix("testenv:") for name in read.sections()}
    assert [name for name in environments(path.read_text(encoding="utf-8")) if name not in there] == []
    assert environments("Say `tox -e lint,no-such` and `tox run -e py -- x`.") == ["lint", "no-such", "py"]


@ALL
def test_code_that_is_a_copy_of_a_file_is_its_copy(path: Path) -> None:
    for block in pages.blocks(path.read_text(encoding="utf-8")):
        if block.copy_of:
            assert block.text == pages.copied(block), f"run: python tests/docs/pages.py {path.relative_to(pages.ROOT)}"


@pytest.mark.parametrize("path", generated.PAGES, ids=lambda path: path.stem)
def test_tables_made_from_the_code_are_up_to_date(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == generated.filled(text), "run: PYTHONPATH=tests python tests/docs/generated.py"


def test_the_page_of_the_spec_has_every_options_class_of_a_spec() -> None:
    """A key of a new class would otherwise be published without a table."""
    from attrs import has

    from polyproof.config.options import options_of
    from polyproof.config.reader import Choice
    from polyproof.settings.spec import Spec

    page = (pages.ROOT / "docs" / "reference" / "spec.md").read_text(encoding="utf-8")
    todo, seen = [Spec], set()
    while todo:
        cls = todo.pop()
        if cls in seen or issubclass(cls, Choice):
            continue
        seen.add(cls)
        assert generated.options_table(cls) in page, cls
        todo += [option.type for option in options_of(cls) if has(option.type)]
    assert len(seen) >= 8


def test_yaml_on_every_page_can_be_parsed() -> None:
    import yaml

    for path in pages.PAGES:
        for block in pages.blocks(path.read_text(encoding="utf-8")):
            if block.language == "yaml":
                yaml.safe_load(block.text)


def test_nothing_tells_anybody_to_install_polyproof_from_an_index() -> None:
    named = re.compile(r"pip3? install (?:-\S+ )*[\"']?polyproof(?![-\w]*….whl)")
    found = [
        path
        for pattern in ("*.md", "docs/**/*.md", "core/**/*.py", "core/**/*.html")
        for path in pages.ROOT.glob(pattern)
    ]
    # The changelog says that this is what sites used to say.
    assert {path.name for path in found if named.search(path.read_text(encoding="utf-8"))} == {"CHANGELOG.md"}
