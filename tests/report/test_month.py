"""A month's run: what it refuses to publish, what it asks, how a mistake is corrected, what a dry run leaves alone."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from doubles.fixtures import Command
from doubles.policies import DECLARED, DECLARED_FILE, SUM_TREE, SUM_TREE_FILE, naming
from polyproof.cli.commands import audit as audit_command
from polyproof.errors import ArtifactError, InputError, ProofRejected
from polyproof.liabilities import open_audit
from polyproof.publication import month as month_module
from polyproof.publication.history import read_history, verify_history
from polyproof.publication.month import MonthDone, run_month
from polyproof.publication.report import pages as report_pages
from polyproof.registry import default_registry
from polyproof.settings.spec import load_spec
from polyproof.version import __version__
from report.months import FAILING, HEALTHY, OWED, at, date_snapshot, run, write_month


@pytest.fixture
def three(exchanges: Path, tmp_path: Path) -> Path:
    """A copy of the healthy exchange with its private halves, ready for a fourth month."""
    return shutil.copytree(exchanges / "healthy", tmp_path / "healthy")


def month(folder: Path, when: str = "2025-04-28T12:00:00+00:00", **options: Any) -> MonthDone:
    registry = default_registry()
    with at(when):
        return run_month(
            load_spec(folder / "spec.yaml", registry),
            reserves_policy=DECLARED,
            policy=SUM_TREE,
            registry=registry,
            **options,
        )


@pytest.fixture
def command(command: Command, tmp_path: Path) -> Command:
    """Run a command by a policy that accepts what holdings here rest on."""
    (tmp_path / "lenient.yaml").write_text(DECLARED_FILE)
    return naming(command, tmp_path / "lenient.yaml")


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


# The head of the chain


def test_the_head_is_kept_beside_the_audits(three: Path) -> None:
    chain = json.loads((three / "audits/chain.json").read_bytes())
    assert chain["audits"] == [
        one.digest.hex() for one in verify_history(three / "audits/published", policy=SUM_TREE).audits
    ]
    assert chain["organisation"] == "Example Exchange"


def lose_everything(three: Path) -> None:
    shutil.rmtree(three / "audits/published")


def lose_head_too(three: Path) -> None:
    shutil.rmtree(three / "audits/published")
    (three / "audits/chain.json").unlink()


def lose_the_end(three: Path) -> None:
    published = three / "audits/published"
    index = json.loads((published / "history.json").read_bytes())
    index["audits"].pop()
    (published / "history.json").write_text(json.dumps(index, sort_keys=True, separators=(",", ":")) + "\n")
    shutil.rmtree(published / "audits/healthy-3")


@pytest.mark.parametrize("lose", [lose_everything, lose_head_too, lose_the_end])
def test_a_history_that_is_gone_is_an_error_that_says_how_to_go_on(three: Path, lose: Callable[[Path], None]) -> None:
    date_snapshot(three, "2025-04-28")
    lose(three)
    before = tree(three)
    with pytest.raises(ArtifactError, match=r"missing or has lost audits.*put the published folder back.*--new-chain"):
        month(three)
    assert tree(three) == before


def test_a_new_chain_begins_only_where_it_is_asked_for(three: Path) -> None:
    date_snapshot(three, "2025-04-28")
    with pytest.raises(ArtifactError, match="move it away"):
        month(three, new_chain=True)
    (three / "audits/published").rename(three / "audits/lost")
    done = month(three, new_chain=True)
    assert (done.audits, done.report.audit.previous) == (1, None)
    date_snapshot(three, "2025-05-28")
    assert month(three, "2025-05-28T12:00:00+00:00", out=three / "audits/next").audits == 2


def test_a_history_that_went_on_elsewhere_is_taken_up(three: Path) -> None:
    """A run that ended between the index and the head leaves a head that is one audit behind."""
    path = three / "audits/chain.json"
    chain = json.loads(path.read_bytes())
    chain["audits"].pop()
    path.write_text(json.dumps(chain, sort_keys=True, separators=(",", ":")) + "\n")
    date_snapshot(three, "2025-04-28")
    assert month(three).audits == 4


# One snapshot, one audit


def test_an_audit_that_does_not_follow_the_newest_is_warned_about_before_it_is_proved(
    command: Command, three: Path
) -> None:
    published = three / "audits/published"
    for number, (more, warned) in enumerate(
        [((), True), (("--previous", three / "audits/healthy-2"), True), (("--previous", published), False)]
    ):
        done = command("prove", three / "spec.yaml", "--out", three / f"next-{number}", *more, "--json")
        assert done.status == 0
        said = f"healthy-3 is the newest audit in {published}, and this one does not follow it: "
        assert [said in warning for warning in done.json["warnings"]] == ([True] if warned else [])


def test_an_audit_after_one_of_another_organisation_is_warned_about(command: Command, three: Path) -> None:
    spec = three / "spec.yaml"
    spec.write_text(spec.read_text().replace("organisation: Example Exchange", "organisation: Another Exchange"))
    done = command("prove", spec, "--out", three / "next", "--previous", three / "audits/published", "--json")
    assert done.status == 0
    (warning,) = [one for one in done.json["warnings"] if "organisation" in one]
    assert "this audit is of 'Another Exchange', and audit healthy-3 before it of 'Example Exchange'" in warning


def test_a_snapshot_is_not_audited_twice(three: Path) -> None:
    for when in ("2025-03-28", "2025-02-01"):
        date_snapshot(three, when)
        with pytest.raises(InputError, match="only a correction may be of the same time or an earlier one"):
            month(three)
    assert not [path for path in (three / "audits").iterdir() if "2025-04-28" in path.name]


def test_a_correction_names_what_it_corrects_and_why(command: Command, three: Path) -> None:
    date_snapshot(three, "2025-02-28")
    done = month(three, corrects=("healthy-2", "one wallet was missing"), audit_id="healthy-2b")
    published = three / "audits/published"
    verified = verify_history(published, policy=SUM_TREE).audits[-1]
    assert verified.record.corrects is not None
    assert verified.record.corrects.reason == "one wallet was missing"
    entry = done.report.history[-1]
    assert entry.corrects is not None
    assert entry.corrects.audit_id == "healthy-2"
    assert done.report.correction_of(done.report.history[1]) == entry
    for page, words in (
        ("index.html", "This audit corrects audit {}. What was wrong, as the organisation says: one wallet"),
        ("history.html", "Corrects healthy-2. What was wrong, as the organisation says: one wallet was missing"),
        ("history.html", "Corrected by healthy-2b"),
        (
            "reports/healthy-2/check.html",
            "What was wrong with this one, as the organisation says: one wallet",
        ),
        # It is the newest, and the headline is about it; what was found of later times must not be missed.
        ("index.html", 'Audit healthy-3 in the <a href="history.html">history</a> is of a later time, <time'),
    ):
        named = words.format('<a href="reports/healthy-2/index.html">healthy-2</a>')
        assert named in (published / page).read_text(encoding="utf-8")
    listed = json.loads((published / "history.json").read_bytes())["audits"]
    assert listed[3]["corrects"] == listed[1]["publication_digest"]
    told = command("verify", published).out
    assert "It corrects an earlier audit; audit healthy-3 is of a later time, 2025-03-28T00:00:00Z: covered" in told


def test_what_is_corrected_must_be_there_and_only_once(three: Path) -> None:
    date_snapshot(three, "2025-02-28")
    with pytest.raises(InputError, match="no audit 'healthy-9' is published"):
        month(three, corrects=("healthy-9", "x"))
    month(three, corrects=("healthy-2", "first"), audit_id="healthy-2b")
    with pytest.raises(InputError, match="as is healthy-2b before it"):
        month(three, "2025-05-01T12:00:00+00:00", corrects=("healthy-2", "second"))
    with pytest.raises(InputError, match="but is of the snapshot of healthy-2"):
        month(three, "2025-05-01T12:00:00+00:00", corrects=("healthy-3", "third"))


def test_a_published_audit_is_not_changed_by_any_command(three: Path) -> None:
    from polyproof.reserves.run import run_reserves

    before = tree(three)
    spec = load_spec(three / "spec.yaml", default_registry())
    for where in ("audits/healthy-3", "audits/published/audits/healthy-3"):
        with pytest.raises(ArtifactError, match="is published: its record"):
            run_reserves(spec, three / where, replace=True, policy=SUM_TREE)
    with pytest.raises(ArtifactError, match="published already"):
        run_month(spec, proved=three / "audits/healthy-3", corrects=("healthy-2", "x"), policy=SUM_TREE)
    assert tree(three) == before


# Asking


def test_a_result_that_is_worse_is_published_only_if_confirmed(three: Path) -> None:
    write_month(three, OWED, FAILING)
    date_snapshot(three, "2025-04-28")
    asked: list[tuple[str, ...]] = []

    def no(worse: tuple[str, ...]) -> bool:
        asked.append(worse)
        return False

    before = tree(three / "audits/published")
    with pytest.raises(ArtifactError, match="nothing was published") as caught:
        month(three, confirm=no)
    assert "--proved" in caught.value.__notes__[0]
    assert tree(three / "audits/published") == before
    assert any("ETH is not covered (93.33 %); in the last audit it was" in sentence for sentence in asked[0])
    proved = next(path for path in (three / "audits").iterdir() if "2025-04-28" in path.name)
    done = month(three, proved=proved, confirm=lambda _: True)
    assert done.report.verdict == "not-covered"
    assert done.worse == asked[0]


def test_reserves_that_were_not_published_are_read_anew_when_their_files_are_corrected(three: Path) -> None:
    write_month(three, OWED, FAILING)
    date_snapshot(three, "2025-04-28")
    with pytest.raises(ArtifactError, match="nothing was published"):
        month(three, confirm=lambda _: False)
    proved = next(path for path in (three / "audits").iterdir() if "2025-04-28" in path.name)
    assert sorted(path.name for path in (proved / "public").iterdir()) == [
        "manifest.json",
        "proof-0000.bin",
        "publication.json",
    ]
    write_month(three, OWED, HEALTHY)
    date_snapshot(three, "2025-04-28")
    done = month(three, proved=proved, confirm=lambda _: False)
    assert done.report.verdict == "covered"
    assert done.worse == ()


def test_a_correction_that_was_not_published_leaves_no_word_of_it(three: Path) -> None:
    write_month(three, OWED, FAILING)
    date_snapshot(three, "2025-03-28")
    with pytest.raises(ArtifactError, match="nothing was published"):
        month(three, corrects=("healthy-3", "the wrong reason"), confirm=lambda _: False)
    proved = next(path for path in (three / "audits").iterdir() if path.name.startswith("example-"))
    with pytest.raises(ArtifactError, match="--corrects AUDIT_ID --reason TEXT publishes a correction"):
        month(three, proved=proved, confirm=lambda _: True)
    done = month(three, proved=proved, corrects=("healthy-3", "the right reason"), confirm=lambda _: True)
    assert done.verified.record.corrects is not None
    assert done.verified.record.corrects.reason == "the right reason"


def test_a_result_that_is_no_worse_is_not_asked_about(three: Path) -> None:
    date_snapshot(three, "2025-04-28")

    def never(_: tuple[str, ...]) -> bool:
        raise AssertionError("asked")

    assert month(three, confirm=never).worse == ()


# Dry runs


@pytest.mark.parametrize("proved", [False, True])
def test_a_dry_run_shows_the_result_and_changes_nothing(three: Path, proved: bool) -> None:
    write_month(three, OWED, FAILING)
    date_snapshot(three, "2025-04-28")
    options: dict[str, Any] = {}
    if proved:
        from polyproof.liabilities import prove

        head = verify_history(three / "audits/published", policy=SUM_TREE).audits[-1].digest
        with at("2025-04-28T11:00:00+00:00"):
            prove(
                load_spec(three / "spec.yaml", default_registry()),
                three / "audits/april",
                previous=head,
                policy=SUM_TREE,
            )
        options["proved"] = three / "audits/april"
    before = tree(three)
    done = month(three, dry_run=True, **options)
    assert done.report.verdict == "not-covered"
    assert done.audits == 4
    assert any("ETH is not covered" in sentence for sentence in done.worse)
    assert tree(three) == before
    assert not done.directory.exists() or proved
    again = month(three, **options)
    assert again.report.assets == done.report.assets


def test_a_dry_run_reports_what_would_keep_it_from_being_published(three: Path) -> None:
    from polyproof.liabilities import prove

    date_snapshot(three, "2025-04-28")
    prove(
        load_spec(three / "spec.yaml", default_registry()), three / "audits/april", previous=bytes(32), policy=SUM_TREE
    )
    with pytest.raises(ArtifactError, match="follows 0000"):
        month(three, "2027-01-01T00:00:00+00:00", proved=three / "audits/april", dry_run=True)


# The command


def test_the_command_asks_nothing_where_nobody_can_answer(command: Command, three: Path) -> None:
    write_month(three, OWED, FAILING)
    date_snapshot(three, "2025-04-28")
    ended = command("audit", three / "spec.yaml", "--dry-run")
    assert ended.status == 1
    assert "DRY RUN: nothing was kept or published." in ended.out
    assert "ETH is not covered" in ended.out
    ended = command("audit", three / "spec.yaml", "--out", three / "audits/april")
    assert ended.status == 2
    assert "this result falls short, and nothing was published:" in ended.err
    assert "--yes" in ended.err
    ended = command("audit", three / "spec.yaml", "--proved", three / "audits/april", "--yes", "--json")
    assert ended.status == 1
    assert ended.result["worse"]
    assert ended.result["audits"] == 4


def test_ctrl_c_at_the_question_says_how_to_go_on(
    command: Command, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(worse: tuple[str, ...]) -> bool:
        raise typer.Abort

    monkeypatch.setattr(audit_command, "_ask", interrupted)
    write_month(three, OWED, FAILING)
    date_snapshot(three, "2025-04-28")
    ended = command("audit", three / "spec.yaml", "--out", three / "audits/april")
    assert ended.status == 130
    assert "interrupted" in ended.err
    assert f"polyproof audit SPEC --proved {three / 'audits/april'}" in " ".join(ended.err.split())
    assert len(read_history(three / "audits/published").audits) == 3


def test_ctrl_c_after_an_audit_is_published_says_how_its_pages_are_written(
    command: Command, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    published = three / "audits/published"
    date_snapshot(three, "2025-04-28")
    with monkeypatch.context() as patched:
        patched.setattr(month_module, "anchor_all", interrupted)
        ended = command("audit", three / "spec.yaml", "--audit-id", "april", "--yes")
    assert ended.status == 130
    assert f"polyproof report {published} writes the pages about it" in " ".join(ended.err.split())
    assert not (published / "reports/april").exists()
    assert command("report", published).status == 0
    assert (published / "reports/april/index.html").exists()
    assert command("verify", published).status == 0


def test_corrects_and_reason_belong_together(command: Command, three: Path) -> None:
    assert command("audit", three / "spec.yaml", "--corrects", "healthy-2").status == 2
    assert command("audit", three / "spec.yaml", "--reason", "x").status == 2
    ended = command(
        "audit", three / "spec.yaml", "--corrects", "healthy-3", "--reason", "a wallet was missing", "--yes"
    )
    assert ended.status == 0, ended.err
    verified = command("verify", three / "audits/published")
    assert re.search(
        r"example-\S+ corrects healthy-3; what was wrong, as the organisation says: a wallet was missing", verified.out
    )
    newest = max((three / "audits/published/audits").glob("example-*"))
    digest = open_audit(three / "audits/healthy-3", policy=SUM_TREE).digest.hex()
    assert f"{digest}; what was wrong, as it says: a wallet was missing" in command("verify", newest).out


# Pages

PAGES = 10 + 3 * 9
"""Of a history of three audits of four assets: those about the newest and all over time, and those about each alone."""
UNMARKED = 4 + 4
"""Texts for the press and downloads, which name no version of polyproof."""


@pytest.mark.parametrize(
    "file",
    [
        *("index.html", "history.html", "proven.html", "check.html", "report.json", "assets/ETH.html"),
        *("press.txt", "reports/healthy-1/report.json", "reports/healthy-3/assets/ETH.html"),
    ],
)
def test_a_page_that_says_something_else_is_found(command: Command, three: Path, file: str) -> None:
    published = three / "audits/published"
    verified = command("verify", published, "--json")
    assert verified.status == 0
    equal = verified.result["pages"]["equal"]
    assert len(equal) == PAGES + UNMARKED
    assert sorted(name for name in equal if not name.startswith(("reports/", "downloads/"))) == [
        *("assets/BTC.html", "assets/ETH.html", "assets/SOL.html", "assets/USDT.html"),
        *("check.html", "history.html", "index.html", "press.html", "press.txt", "proven.html", "report.json"),
    ]
    page = published / file
    text = page.read_text(encoding="utf-8")
    words = next(one for one in ("Every asset is covered", '"covered"', "Covered", "covered", "audit") if one in text)
    page.write_text(text.replace(words, words[::-1]), encoding="utf-8")
    ended = command("verify", published)
    assert ended.status == 1
    assert f"{page}: it does not say what was verified [page]" in ended.err


def test_a_page_of_an_asset_that_is_not_audited_is_found(command: Command, three: Path) -> None:
    page = three / "audits/published/assets/DOGE.html"
    shutil.copy(page.with_name("BTC.html"), page)
    ended = command("verify", three / "audits/published")
    assert ended.status == 1
    assert "no such asset is audited" in ended.err


def claim(published: Path, version: str, *, without: str = "") -> None:
    """Let every page but one say that another version of polyproof wrote it."""
    for page in [*published.rglob("*.html"), *published.rglob("report.json")]:
        if page.name != without:
            text = page.read_text(encoding="utf-8")
            text = re.sub('content="polyproof [^"]+"', f'content="polyproof {version}"', text)
            text = re.sub('"written_by": "polyproof [^"]+"', f'"written_by": "polyproof {version}"', text)
            page.write_text(text, encoding="utf-8")


def edit(page: Path, old: str, new: str) -> None:
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("version", ["9.9", "0.0.1", "0.1.0rc1"])
def test_pages_of_another_version_are_not_called_verified(command: Command, three: Path, version: str) -> None:
    published = three / "audits/published"
    claim(published, version)
    edit(published / "index.html", "</h1>", " and everything is fine</h1>")
    ended = command("verify", published)
    words = " ".join(ended.out.split())
    assert ended.status == 0
    assert "VERIFIED, except for its pages: 3 audits, every proof" in words
    assert "VERIFIED: " not in words
    assert (
        f"{PAGES + 4} pages were NOT COMPARED: they say that polyproof {version} wrote them; this is polyproof "
        in words
    )
    assert "Anybody can write such pages: believe none of them." in words
    assert "say exactly what was verified" not in words
    found = command("verify", published, "--json").result["pages"]
    assert found["all_compared"] is False
    assert found["looked_at"] is True
    assert f"they say that polyproof {version} wrote them" in found["why_not"]
    assert (found["equal"], len(found["not_compared"])) == ([], PAGES + UNMARKED)


def test_pages_that_were_compared_are_said_to_be(command: Command, three: Path) -> None:
    found = command("verify", three / "audits/published", "--json").result["pages"]
    assert (found["all_compared"], found["why_not"]) == (True, None)
    assert "VERIFIED: 3 audits" in command("verify", three / "audits/published").out


@pytest.mark.parametrize("file", ["index.html", "check.html", "assets/ETH.html", "report.json"])
def test_a_forged_page_cannot_name_another_version_among_pages_of_this_one(
    command: Command, three: Path, file: str
) -> None:
    """A page that claims another version would otherwise pass for one that cannot be compared."""
    page = three / "audits/published" / file
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub('(content=|"written_by": )"polyproof [^"]+"', r'\1"polyproof 9.9"', text), encoding="utf-8")
    ended = command("verify", three / "audits/published")
    assert ended.status == 1
    assert "a site is written by one version [page]" in ended.err
    assert "VERIFIED" not in ended.out


def test_nor_a_version_that_the_others_do_not_name(command: Command, three: Path) -> None:
    published = three / "audits/published"
    claim(published, "9.9")
    edit(published / "history.html", 'content="polyproof 9.9"', 'content="polyproof 9.8"')
    ended = command("verify", published)
    assert ended.status == 1
    assert "a site is written by one version [page]" in ended.err


@pytest.mark.parametrize(
    "version",
    ["", "evil", "9", "9.9 (checked)", "\u0669.\u0669", "9.9\n", "9." + "9" * 60, "0.1.0<b>", __version__],
    ids=ascii,
)
def test_what_is_no_other_version_is_not_taken_for_one(command: Command, three: Path, version: str) -> None:
    published = three / "audits/published"
    claim(published, version)
    edit(published / "index.html", "</h1>", " and everything is fine</h1>")
    ended = command("verify", published)
    assert ended.status == 1
    assert "it does not say what was verified [page]" in ended.err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"verdict": "covered"', '"verdict": "liabilities-only"'),
        ('"liabilities": "1200.12345678"', '"liabilities": "1.12345678"'),
        ('"symbol": "ETH"', '"symbol": "ETC"'),
        ('"audit_id": "healthy-3"', '"audit_id": "healthy-4"'),
        ('"chain": "whole"', '"chain": "not-given"'),
        ('"messages"', '"ownership"'),
        ('"version": 2', '"version": 1'),
        ('"format": "polyproof/report"', '"format": "polyproof/summary"'),
    ],
)
def test_no_version_states_other_facts(command: Command, three: Path, old: str, new: str) -> None:
    published = three / "audits/published"
    claim(published, "9.9")
    edit(published / "report.json", old, new)
    ended = command("verify", published)
    assert ended.status == 1
    assert "report.json: it " in ended.err
    assert "[page]" in ended.err


def test_pages_of_another_version_need_its_report(command: Command, three: Path) -> None:
    published = three / "audits/published"
    claim(published, "9.9")
    report = published / "report.json"
    text = report.read_text(encoding="utf-8")
    report.write_text(text.replace('"version": 2', '"version": 3', 1), encoding="utf-8")
    assert command("verify", published).status == 0, "what a later format means is not known"
    report.write_text("{" + text[1:-3], encoding="utf-8")
    assert "[page]" in command("verify", published).err
    report.unlink()
    ended = command("verify", published)
    assert ended.status == 1
    assert "without the report.json of a site [page]" in ended.err


def test_pages_that_nobody_looked_at_are_not_called_verified(
    command: Command, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = three / "audits/published"
    edit(published / "index.html", "</h1>", " and everything is fine</h1>")
    monkeypatch.setattr(report_pages, "is_installed", lambda extra: extra != "report")
    words = " ".join(command("verify", published).out.split())
    assert "VERIFIED, except for its pages: 3 audits" in words
    assert "Its pages were NOT LOOKED AT: comparing them takes the extras report and reserves." in words
    found = command("verify", published, "--json").result["pages"]
    assert (found["looked_at"], found["all_compared"]) == (False, False)
    assert found["why_not"] == "comparing them takes the extras report and reserves"


def test_pages_of_another_policy_than_the_verifiers_say_what_is_found_under_theirs(
    command: Command, three: Path, tmp_path: Path
) -> None:
    published = three / "audits/published"
    (tmp_path / "strict.yaml").write_text(SUM_TREE_FILE)
    ended = command("verify", published, "--policy", tmp_path / "strict.yaml", "--json")
    assert ended.status == 1, "constant messages and declared balances do not count by default"
    assert ended.result["pages"]["other_policy"] is True
    assert len(ended.result["pages"]["equal"]) == PAGES + UNMARKED
    page = published / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("Every asset", "Each asset"), encoding="utf-8")
    ended = command("verify", published, "--policy", tmp_path / "strict.yaml")
    assert "it does not say what was verified [page]" in ended.err


def test_a_report_that_states_a_policy_it_does_not_follow_is_found(command: Command, three: Path) -> None:
    page = three / "audits/published/report.json"
    page.write_text(page.read_text(encoding="utf-8").replace('"least_ratio": "1"', '"least_ratio": "0"', 1), "utf-8")
    ended = command("verify", three / "audits/published")
    assert ended.status == 1
    assert "[page]" in ended.err


def test_without_pages_nothing_is_said_of_them(command: Command, three: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(three / "audits/published/audits", bare / "audits")
    shutil.copy(three / "audits/published/history.json", bare)
    ended = command("verify", bare, "--json")
    assert (ended.status, ended.result["pages"], ended.result["unlisted"]) == (0, None, [])


def test_every_signature_is_said_only_where_there_were_some(command: Command, alone: Path, three: Path) -> None:
    ended = command("verify", alone)
    assert ended.status == 0
    assert "VERIFIED: one audit, every proof; " in ended.out
    assert "every proof, every link, the signatures of 12 rows; " in command("verify", three / "audits/published").out


# What else lies there


def test_other_files_of_a_history_are_listed(command: Command, three: Path) -> None:
    published = three / "audits/published"
    (published / "robots.txt").write_text("")
    (published / "audits/healthy-2/notes").mkdir()
    (published / "audits/README").write_text("")
    ended = command("verify", published, "--json")
    assert ended.result["unlisted"] == ["robots.txt", "audits/README", "audits/healthy-2/notes"]
    assert "robots.txt" in command("verify", published).out


@pytest.mark.parametrize("where", ["", "audits/healthy-2/old", "assets", "audits/old/older"])
@pytest.mark.parametrize("name", ["history.json", "publication.json"])
def test_a_fork_hidden_below_a_history_is_found(three: Path, where: str, name: str) -> None:
    published = three / "audits/published"
    if not where and name == "history.json":
        pytest.skip("that one is the history's own")
    (published / where).mkdir(parents=True, exist_ok=True)
    (published / where / name).write_text("{}")
    with pytest.raises(ProofRejected) as caught:
        verify_history(published, policy=SUM_TREE)
    assert caught.value.check in ("unlisted", "folder")


def test_months_run_one_after_the_other(tmp_path: Path) -> None:
    write_month(tmp_path, OWED, HEALTHY)
    run(tmp_path, "2025-01-28T12:00:00+00:00", "month-1")
    assert json.loads((tmp_path / "audits/chain.json").read_bytes())["audits"] == [
        open_audit(tmp_path / "audits/month-1", policy=SUM_TREE).digest.hex()
    ]
    assert (tmp_path / "audits/month-1/private/published").read_text().strip() == open_audit(
        tmp_path / "audits/published/audits/month-1", policy=SUM_TREE
    ).digest.hex()
