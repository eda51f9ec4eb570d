"""How results show themselves: in the commands' words, as safe HTML, and as progress while they are made."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pyarrow as pa
import pytest
from rich.panel import Panel
from rich.text import Text

import polyproof
from api.conftest import HOSTILE
from doubles.fixtures import Command
from doubles.policies import DECLARED
from polyproof.api.following import following, line
from polyproof.cli.page import as_page
from polyproof.progress import Progress

POLICY = "merkle-sum"
_VOID = {"br", "rect", "line", "circle", "polyline", "progress"}


class Seen(HTMLParser):
    """The text of a page and its elements; fails on one that is not closed, and on any that a browser would run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "iframe", "object", "embed", "link", "img", "a", "form"}, tag
        assert not [name for name, _ in attributes if name.startswith("on") or name in ("href", "src")]
        self.tags.append(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def words(text: str) -> list[str]:
    """The words of a text, whatever is between them."""
    return re.findall(r"[\w.,:;%'()/-]+", text.replace("•", " ").replace("─", " "))


@pytest.fixture(scope="module")
def shown(proved: polyproof.Proved, file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """A result of each function, of an exchange whose name is a script."""
    site = tmp_path_factory.mktemp("site") / "site"
    claim = ("alice", {"BTC": "0.25", "USDT": 100})
    return [
        proved,
        polyproof.check(proved.spec, policy=POLICY),
        polyproof.verify(proved.public, policy=POLICY),
        polyproof.verify_inclusion(file, proved.public, *claim, policy=POLICY),
        polyproof.verify_inclusions([(file, *claim)], proved.public, policy=POLICY),
        polyproof.report(proved.public, site, policy=POLICY),
        polyproof.cut_inclusion(proved.directory, "bob"),
    ]


def test_no_name_becomes_part_of_a_page(shown: list[Any]) -> None:
    named = 0
    for result in shown:
        seen = Seen(result._repr_html_())
        named += HOSTILE in seen.text
        assert HOSTILE not in result._repr_html_()
    assert named >= 4


def test_what_commands_a_terminal_is_shown_as_an_escape(mapping: dict[str, Any], table: Any, tmp_path: Path) -> None:
    # A spec refuses such a name, and a manifest that somebody else wrote may not have one either; a folder may.
    name = tmp_path / "\x1b[2J\u202eVERIFIED"
    proved = polyproof.prove(polyproof.load_spec(mapping, accounts=table), name, policy=POLICY)
    for text in (repr(proved), str(proved), proved._repr_html_()):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\\x1b[2J\\u202eVERIFIED" in text


def test_a_page_says_what_the_text_says_word_for_word(shown: list[Any]) -> None:
    for result in shown:
        assert words(Seen(result._repr_html_()).text) == words(str(result))


def test_the_text_is_what_the_command_prints(proved: polyproof.Proved, shown: list[Any], command: Command) -> None:
    printed = command("verify", proved.public, "--policy", POLICY).out
    own = str(shown[2])
    timeless = [re.sub(r"in \d+\.\d \w+", "in …", text) for text in (printed, own)]
    assert words(timeless[0]) == words(timeless[1])


def test_a_line_names_the_result_and_what_was_found(proved: polyproof.Proved, shown: list[Any]) -> None:
    for result in shown:
        assert re.fullmatch(rf"<{type(result).__name__}: .+>", repr(result))
        assert "\n" not in repr(result)
    assert repr(shown[2]) == f"<Verified: {proved.audit_id}, {HOSTILE}; reserves: not examined>"


def test_results_are_frozen_and_plain(shown: list[Any]) -> None:
    for result in shown:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            result.found = None
        with pytest.raises((AttributeError, attrs.exceptions.FrozenInstanceError)):
            result.covered = True
        json.dumps(result.as_dict())


def test_what_looks_wrong_is_part_of_what_is_shown(mapping: dict[str, Any]) -> None:
    table = pa.table({"account": ["alice"], "BTC": ["21000001"], "USDT": ["0"]})
    checked = polyproof.check(polyproof.load_spec(mapping, accounts=table), policy=POLICY)
    (warning,) = checked.warnings
    assert "more than 21,000,000 are not plausible" in warning
    assert f"warning: {warning}" in Seen(checked._repr_html_()).text
    assert warning.split()[-1] in str(checked)


# Holdings


def test_holdings_that_do_not_cover_are_an_error_unless_they_are_asked_for(failing: Path) -> None:
    newest = failing / "audits" / "failing-2"
    with pytest.raises(polyproof.PolicyRejected, match="not covered") as caught:
        polyproof.verify(newest, policy=POLICY, reserves_policy=DECLARED)
    assert caught.value.check == "policy-reserves"
    assert "require_covered=False" in caught.value.__notes__[0]
    with pytest.raises(polyproof.PolicyRejected, match="not covered"):
        polyproof.verify_history(failing, policy=POLICY, reserves_policy=DECLARED)
    found = polyproof.verify(newest, policy=POLICY, reserves_policy=DECLARED, require_covered=False)
    assert found.covered is False
    assert found.reserves == "NOT COVERED: ETH, USDT"
    unseen = polyproof.verify(newest, policy=POLICY, check_reserves=False)
    assert (unseen.covered, unseen.reserves) == (None, "NOT CHECKED")
    assert "NOT CHECKED" in Seen(unseen._repr_html_()).text
    assert "svg" not in unseen._repr_html_()


def test_a_notebook_shows_what_is_held_against_what_is_owed(failing: Path) -> None:
    found = polyproof.verify_history(failing, policy=POLICY, reserves_policy=DECLARED, require_covered=False)
    assert [one.audit_id for one in found.audits] == ["failing-1", "failing-2"]
    assert [one.covered for one in found.audits] == [True, False]
    seen = Seen(found._repr_html_())
    assert seen.tags.count("svg") == 5  # a bar for each asset, and a line over both audits
    assert "ETH 15,000.5 14,000.123 93.33" in seen.text.replace("\xa0", " ").replace("  ", " ")
    for sentence in (
        "NOT COVERED by your policy: ETH, USDT.",
        "Held and counted",
        "Not covered",
        "Covered, on its word",
    ):
        assert sentence in seen.text
    colours = re.findall(r"(?<![-\w])color:", found._repr_html_())
    assert colours == []  # text is in the notebook's own, light or dark


def test_an_audit_is_no_history_and_a_history_no_audit(failing: Path) -> None:
    with pytest.raises(polyproof.ArtifactError, match="is a history, not a single audit \\(verify_history"):
        polyproof.verify(failing, policy=POLICY)
    with pytest.raises(polyproof.ArtifactError, match="is a single audit, not a history"):
        polyproof.verify_history(failing / "audits" / "failing-1", policy=POLICY)


def test_a_digest_vouches_for_the_audits_before_it(failing: Path) -> None:
    whole = polyproof.verify_history(failing, policy=POLICY, reserves_policy=DECLARED, require_covered=False)
    first = polyproof.verify_history(
        failing, policy=POLICY, reserves_policy=DECLARED, require_covered=False, digest=whole.audits[0].digest
    )
    assert [one.compared for one in whole.audits] == [False, False]
    assert [one.compared for one in first.audits] == [True, False]


def test_whatever_a_view_prints_is_on_the_page() -> None:
    def view(rich: Any) -> None:
        rich.print("VERIFIED", end="")
        rich.print(f": {HOSTILE}", style="bold green")
        rich.print(Panel(HOSTILE))
        rich.print(Text("styled", style="red"))
        rich.print()
        rich.print("unended", end="")

    seen = Seen(as_page(view))
    assert words(seen.text)[0] == "VERIFIED:"
    assert seen.text.count(HOSTILE) == 2
    assert "styled" in seen.text
    assert "unended" in seen.text


# Progress


def test_a_callback_hears_of_every_step(proved: polyproof.Proved) -> None:
    heard: list[tuple[str, int, int | None]] = []
    polyproof.verify(proved.public, policy=POLICY, progress=lambda *told: heard.append(told))
    assert heard == [("verify segments", 0, 1), ("verify segments", 1, 1)]


def test_what_a_callback_raises_ends_the_call(proved: polyproof.Proved) -> None:
    def stop(title: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt(title)

    with pytest.raises(KeyboardInterrupt, match="verify segments"):
        polyproof.verify(proved.public, policy=POLICY, progress=stop)


@pytest.mark.parametrize("progress", [None, False])
def test_a_script_sees_nothing(
    proved: polyproof.Proved, progress: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    polyproof.verify(proved.public, policy=POLICY, progress=progress)
    assert capsys.readouterr() == ("", "")


def test_what_cannot_be_told_is_refused(proved: polyproof.Proved) -> None:
    with pytest.raises(polyproof.UsageError, match="progress is True"):
        polyproof.verify(proved.public, policy=POLICY, progress=True)


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a notebook is given to draw, one after the other."""
    drawn: list[str] = []
    handle = SimpleNamespace(update=drawn.append)

    def display(html: str, display_id: bool) -> Any:
        assert display_id
        drawn.append(html)
        return handle

    fake: Callable[[], Any] = lambda: SimpleNamespace(kernel=object())  # noqa: E731
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=fake))
    monkeypatch.setattr("polyproof.api.following._display", lambda: (str, display))
    return drawn


def test_a_notebook_draws_a_bar_that_is_gone_at_the_end(proved: polyproof.Proved, drawings: list[str]) -> None:
    polyproof.verify(proved.public, policy=POLICY)
    assert "verify segments 0 of 1" in Seen(drawings[0]).text
    assert drawings[-1] == ""
    with pytest.raises(polyproof.ProofRejected):
        polyproof.verify(proved.public, policy=POLICY, digest="00" * 32)


def test_it_is_drawn_a_few_times_a_second_and_not_at_every_step(drawings: list[str]) -> None:
    with following(None) as told:
        for number in range(100):
            with told.task(f"part {number}", 100) as task:
                for _ in range(100):
                    task.advance()
    assert 2 <= len(drawings) < 100


def test_a_terminal_of_ipython_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace()))
    with following(None) as told:
        assert type(told) is Progress


def test_a_title_is_text() -> None:
    assert Seen(line(HOSTILE, 1, 2)).text.strip() == f"{HOSTILE} 1 of 2"
    assert Seen(line("compile", 0, None)).text.strip() == "compile"
