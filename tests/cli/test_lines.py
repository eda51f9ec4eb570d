"""Lines on a terminal: they break between words, and what is printed beside progress stays whole."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from polyproof.cli.console import table
from polyproof.cli.lines import broken, in_column, stacked

DIGEST = "0123456789abcdef" * 4


def test_lines_break_between_words() -> None:
    text = f"REJECTED: {DIGEST}, not it, and a reason-with-hyphens that is long"
    lines = broken(text, 40).split("\n")
    assert " ".join(lines) == text
    assert all(len(line) <= 40 or line == f"{DIGEST}," for line in lines)
    assert any("reason-with-hyphens" in line for line in lines)


def test_what_fits_stays_as_it_is() -> None:
    text = "one  two\n   three\n\nfour"
    assert broken(text, 80) == text
    assert in_column("name  ", "value", 80) == "name  value"


@pytest.mark.parametrize("unit", ["s", "ms", "KiB", "%", "bits"])
def test_a_number_and_its_unit_stay_together(unit: str) -> None:
    for width in range(12, 30):
        assert f"103.7 {unit}" in broken(f"it is all done in 103.7 {unit}, as was said", width)
    assert "3\nsegments" in broken("3 segments", 8)


def test_what_was_printed_before_counts() -> None:
    assert broken("a two", 9, begun=7) == "a\ntwo"
    assert broken("a two", 12, begun=7) == "a two"


def test_a_value_stands_in_its_column_or_below_its_name() -> None:
    assert in_column("name  ", "one two three", 15) == "name  one two\n      three"
    assert in_column("publication digest  ", DIGEST, 80) == f"publication digest\n  {DIGEST}"


def test_a_table_too_wide_for_its_numbers_is_a_list() -> None:
    made = table("Asset", "Owed", "Held", numbers=(1, 2))
    made.add_row("ETH", "110.016430247924828875", "116.617416062800318607")
    assert stacked(made, 80) == ""
    assert stacked(made, 40).splitlines() == [
        "ETH",
        "  Owed  110.016430247924828875",
        "  Held  116.617416062800318607",
    ]


def test_a_time_and_an_id_in_a_table_stay_whole_beside_text_that_is_long() -> None:
    time, name = "2025-12-31T00:00:00Z", "lakeside-2026-11-26-5eec29c2"
    made = table("Balances as of", "Audit", "Proved by", "Reserves")
    made.add_row(time, name, "stark: soundness 103.7 bits, inclusion 75.6 bits", "covered, on its word (balances)")
    shown = io.StringIO()
    for width in (80, 90, 120):
        assert stacked(made, width) == ""
        Console(file=shown, width=width).print(made)
    assert [line.split()[:2] for line in shown.getvalue().splitlines() if "2025" in line] == [[time, name]] * 3
    assert time in stacked(made, 76).splitlines()


def test_no_word_breaks_where_columns_of_text_are_beside_numbers() -> None:
    numbers = ("Soundness, long proven", "Soundness, 2025", "Inclusion, long proven", "Inclusion, 2025")
    made = table("Combination", *numbers, numbers=(1, 2, 3, 4))
    made.add_row("stark, hash=poseidon2, 500 accounts", "103.7", "103.7", "75.6", "103.7")
    words = {word for text in (*numbers, "stark, hash=poseidon2, 500 accounts") for word in text.split()}
    for width in range(71, 140):
        assert stacked(made, width) == ""
        shown = io.StringIO()
        Console(file=shown, width=width).print(made)
        assert words <= set(shown.getvalue().split()), shown.getvalue()
        assert max(len(line.rstrip()) for line in shown.getvalue().splitlines()) <= width
    assert stacked(made, 60)


def test_a_table_of_sentences_stays_a_table() -> None:
    made = table("", "one", "another")
    made.add_row("proves", "a sentence that is much longer than a line has room for", "another such sentence")
    assert stacked(made, 40) == ""


def on_terminal(program: str, folder: Path, columns: int = 80) -> list[str]:
    """What stands on a terminal in the end, when a program has printed to it."""
    import pty

    theirs, ours = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=ours,
        stdout=ours,
        stderr=ours,
        cwd=folder,
        env={**os.environ, "COLUMNS": str(columns), "LINES": "40", "TERM": "xterm-256color", "NO_COLOR": "1"},
    )
    os.close(ours)
    seen = b""
    try:
        while read := os.read(theirs, 65536):
            seen += read
    except OSError:  # the other end is closed
        pass
    assert process.wait(60) == 0
    lines, place = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", seen.decode()):
        if part == "\n":
            place += 1
            lines += [""] * (place + 1 - len(lines))
        elif part == "\r":
            pass
        elif part.endswith("A") and part.startswith("\x1b"):
            place -= 1
        elif part.endswith("K"):
            lines[place] = ""
        elif not part.startswith("\x1b"):
            lines[place] += part
    return [line for line in lines if line]


def test_what_is_said_beside_progress_stands_alone(tmp_path: Path) -> None:
    program = (
        "import time\n"
        "from polyproof.cli.console import Console\n"
        "console = Console()\n"
        "with console.progress() as progress:\n"
        "    with progress.task('hash accounts', 10) as task:\n"
        "        for number in range(3):\n"
        "            time.sleep(0.3)\n"
        "            task.advance()\n"
        "            console.say(f'step {number} is done')\n"
        "        console.warn(['the end is near'])\n"
        "console.say('all is done')\n"
    )
    assert on_terminal(program, tmp_path) == [
        *(f"step {number} is done" for number in range(3)),
        "warning: the end is near",
        "all is done",
    ]


def test_facts_and_errors_keep_digests_whole_at_80_columns(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from polyproof.cli.console import plain_console, print_error\n"
        "from polyproof.cli.views import facts\n"
        "from polyproof.errors import InputError\n"
        f"facts(plain_console(sys.stdout), ('publication digest', '{DIGEST}'), ('a', 'word ' * 30))\n"
        f"print_error(InputError('the digest is {DIGEST}, and ' + 'another ' * 20))\n"
    )
    lines = on_terminal(program, tmp_path)
    assert all(len(line) <= 80 for line in lines)
    assert sum(DIGEST in line for line in lines) == 2
    words = {word for line in lines for word in line.split()}
    assert words == {
        "publication",
        "digest",
        DIGEST,
        f"{DIGEST},",
        "a",
        "word",
        "error:",
        "the",
        "is",
        "and",
        "another",
    }
