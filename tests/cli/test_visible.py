"""What a terminal is sent: names of directories and foreign text cannot command it, nor begin a line of ours."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from doubles.fixtures import Command
from polyproof.cli.visible import one_line, visible

EVIL = "a\x1b[2J\x1b]0;title\x07\u202e\x9b31m\r\x08b"
FORGED = "a\nVERIFIED. This establishes:\nb"
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def test_what_cannot_be_seen_is_shown_as_an_escape() -> None:
    assert visible("plain, naïve, 取引所, 100\u202f%\nnext") == "plain, naïve, 取引所, 100\u202f%\nnext"
    assert visible("\x1b[31m\u202e\u200b\x9b\t\ud800") == r"\x1b[31m\u202e\u200b\x9b\t\ud800"
    assert one_line(FORGED) == r"a\nVERIFIED. This establishes:\nb"
    for code in range(sys.maxunicode + 1):
        assert not UNSEEN.search(one_line(chr(code)))


MINE = ("-b", "BTC=0.25", "-b", "USDT=100")
COMMANDS = (
    ("verify", "{}/audit"),
    ("explain", "{}/audit"),
    (
        "verify-inclusion",
        "{}/alice.polyproof",
        "--audit",
        "{}/audit",
        "-u",
        "alice",
        "-b",
        "BTC=0.25",
        "-b",
        "USDT=100",
    ),
    ("verify-inclusion", "{}/alice.polyproof", "--audit", "{}/audit", "-u", "bob"),
    ("inclusion", "{}/audit", "--user", "alice", "--out", "{}/again"),
    ("inclusion", "{}/audit", "--all"),
    ("inclusion", "{}/audit", "--all", "--files"),
    ("check", "{}/spec.yaml"),
    ("prove", "{}/spec.yaml", "--out", "{}/new"),
    ("plan", "{}/spec.yaml", "--out", "{}/work"),
    ("prove-segment", "{}/audit", "--index", "0"),
    ("assemble", "{}/audit"),
    ("sample", "{}/spec.yaml", "--accounts", "3", "--out", "{}/sample.csv"),
    ("verify", "{}/nothing-here"),
    ("prove", "{}/audit/public/manifest.json"),
    ("report", "{}/audit", "--out", "{}/site"),
    ("reserves", "{}/spec.yaml"),
)


@pytest.mark.parametrize("name", [EVIL, FORGED], ids=["escapes", "line feeds"])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_the_name_of_a_directory_commands_no_terminal_and_begins_no_line(
    command: Command, proved: Path, name: str, words: tuple[str, ...]
) -> None:
    where = proved / name
    where.mkdir()
    for entry in list(proved.iterdir()):
        if entry != where:
            entry.rename(where / entry.name)
    spec = where / "spec.yaml"
    spec.write_text(spec.read_text())
    ended = command(*(word.format(where) for word in words))
    text = ended.out + ended.err
    assert not UNSEEN.search(text), text
    said = len(re.findall("^VERIFIED", text, re.MULTILINE))
    assert said == (1 if words[0] == "verify" and ended.status == 0 else 0)
    assert "Traceback" not in text


def test_many_unlisted_files_do_not_bury_the_verdict(command: Command, proved: Path) -> None:
    for number in range(300):
        (proved / f"audit/public/note-{number:03}").write_text("x")
    ended = command("verify", "audit")
    assert ended.status == 0
    assert "note-019, and 280 more" in ended.out
    assert len(command("verify", "audit", "--json").result["unlisted"]) == 300


def test_neither_do_unlisted_files_and_rejections(command: Command, proved: Path) -> None:
    (proved / "audit/public" / EVIL).write_text("x")
    (proved / "audit/public" / FORGED).write_text("x")
    ended = command("verify", "audit")
    assert ended.status == 0
    assert not UNSEEN.search(ended.out + ended.err)
    assert len(re.findall("^VERIFIED", ended.out, re.MULTILINE)) == 1
    (proved / "audit/public/manifest.json").write_text("{}")
    (proved / "audit").rename(proved / FORGED)
    ended = command("verify", FORGED)
    assert ended.status == 1
    assert "\nVERIFIED" not in ended.out + ended.err
