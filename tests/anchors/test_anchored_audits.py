"""Evidence beside an audit, end to end: written by ``anchor``, judged by ``verify``, whatever lies there."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

from anchors.authority import Authority, authority
from doubles.fixtures import Command
from doubles.policies import SUM_TREE, SUM_TREE_FILE
from polyproof.anchor import MOST_EVIDENCE, Anchor, Shown, Subject, Time, Uniqueness
from polyproof.config.options import option
from polyproof.errors import PluginFault, PolicyRejected, ProofRejected
from polyproof.hookspecs import Component, hookimpl
from polyproof.liabilities.anchor_files import MOST_FILES
from polyproof.publication.anchoring import anchor_now
from polyproof.publication.anchors import AnchorsAccepted, Evidence, evidence_sentences
from polyproof.publication.history import add_audit, verify_history, verify_one
from polyproof.registry import Registry, default_registry
from polyproof.settings.anchors import AnchorsPolicy
from polyproof.testing.servers import Server


@pytest.fixture(scope="module")
def clock() -> Authority:
    return authority()


@pytest.fixture
def server(clock: Authority) -> Iterator[str]:
    with Server(clock.respond).listening() as url:
        yield url


def believing(folder: Path, clock: Authority, more: str = "") -> Path:
    """A policy that believes this clock."""
    (folder / "root.pem").write_bytes(clock.root.pem)
    (folder / "policy.yaml").write_text(
        f"{SUM_TREE_FILE}anchors:\n  believe: [{{name: rfc3161, roots: root.pem}}]\n{more}"
    )
    return folder / "policy.yaml"


def stamp(public: Path, clock: Authority, name: str = "rfc3161-0001.tsr", digest: bytes | None = None) -> Path:
    """Write a token beside an audit, as anybody can."""
    digest = digest or hashlib.sha256((public / "publication.json").read_bytes()).digest()
    path = public / "anchors" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(clock.answer(digest))
    return path


# The whole way


def test_a_digest_is_noted_and_whoever_believes_the_clock_is_shown_the_time(
    command: Command, audit: Path, clock: Authority, server: str, tmp_path: Path
) -> None:
    record = (audit / "publication.json").read_bytes()
    done = command("anchor", audit, "--with", f"{{name: rfc3161, url: '{server}'}}", "--json")
    assert done.status == 0, done.out + done.err
    (made,) = done.result["anchors"]
    assert made["file"] == "rfc3161-0001.tsr"
    assert made["time"]["checked"] is False
    assert hashlib.sha256((audit / "anchors/rfc3161-0001.tsr").read_bytes()).hexdigest() == made["sha256"]
    assert (audit / "publication.json").read_bytes() == record

    claimed = command("verify", audit)
    assert claimed.status == 0
    words = " ".join(claimed.out.split())
    assert "It claims that the digest existed by 2026-01-31T12:00:01Z, by the clock of" in words
    assert "NOT CHECKED here: it is a clock that you do not trust" in words

    checked = command("verify", audit, "--policy", believing(tmp_path, clock))
    assert checked.status == 0
    words = " ".join(checked.out.split())
    assert "The publication digest existed by 2026-01-31T12:00:01Z, by the clock of the time-stamping" in words
    assert "other records were made for the same place in the history, evidence of this kind cannot show" in words
    (found,) = command("verify", audit, "--policy", tmp_path / "policy.yaml", "--json").result["anchors"]
    assert found["time"]["checked"] is True
    assert found["uniqueness"] is None


def test_nothing_that_is_written_is_replaced(
    command: Command, audit: Path, clock: Authority, server: str, tmp_path: Path
) -> None:
    arguments = ("anchor", audit, "--with", f"{{name: rfc3161, url: '{server}'}}", "--json")
    command(*arguments)
    first = (audit / "anchors/rfc3161-0001.tsr").read_bytes()
    later = command(*arguments).result
    assert (later["anchors"], later["nothing_better"]) == ([], ["rfc3161"])
    assert [path.name for path in (audit / "anchors").iterdir()] == ["rfc3161-0001.tsr"]
    assert command(*arguments, "--again").result["anchors"][0]["file"] == "rfc3161-0002.tsr"
    assert (audit / "anchors/rfc3161-0001.tsr").read_bytes() == first
    assert command("verify", audit, "--policy", believing(tmp_path, clock)).status == 0


def test_a_server_that_cannot_be_reached_leaves_nothing(command: Command, audit: Path) -> None:
    ended = command("anchor", audit, "--with", "{name: rfc3161, url: 'http://127.0.0.1:9/secret', attempts: 1}")
    assert ended.status == 2
    assert "the time-stamping authority gave no token: the connection failed" in ended.err
    assert "secret" not in ended.err
    assert not (audit / "anchors").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("rfc3162", "did you mean 'rfc3161'?"),
        ("rfc3161", "nothing says where the server is"),
        ("{name: rfc3161, root: x}", "unknown key 'root'"),
    ],
)
def test_what_cannot_be_an_anchor_is_said(command: Command, audit: Path, given: str, words: str) -> None:
    ended = command("anchor", audit, "--with", given)
    assert ended.status == 2
    assert words in ended.err


def test_the_anchors_of_a_spec_note_the_digest(
    command: Command, audit: Path, proved: Path, server: str, tmp_path: Path
) -> None:
    base = (proved / "spec.yaml").read_text()
    (tmp_path / "spec.yaml").write_text(f"{base}anchors: [{{name: rfc3161, url: '{server}'}}]\n")
    done = command("anchor", audit, "--spec", tmp_path / "spec.yaml", "--json")
    assert done.status == 0
    assert [one["file"] for one in done.result["anchors"]] == ["rfc3161-0001.tsr"]
    (tmp_path / "spec.yaml").write_text(base)
    for arguments, words in (((), "nothing says who"), (("--spec", tmp_path / "spec.yaml"), "names no anchors")):
        ended = command("anchor", audit, *arguments)
        assert ended.status == 2
        assert words in ended.err


# A month that anchors by itself


@pytest.fixture
def monthly(proved: Path, server: str, tmp_path: Path) -> Path:
    """A spec whose audits this server is to note, and an audit of it that is proved and not published."""
    shutil.copytree(proved / "one", tmp_path / "audits/one")
    text = (proved / "spec.yaml").read_text()
    (tmp_path / "accounts.csv").write_text("account,BTC\nalice,0.25\none,1\n")
    (tmp_path / "spec.yaml").write_text(
        f"{text}output: {{directory: audits}}\nanchors: [{{name: rfc3161, url: '{server}', attempts: 1}}]\n"
    )
    return tmp_path


def monthly_audit(command: Command, folder: Path, *more: str) -> Any:
    ended = command("audit", folder / "spec.yaml", "--proved", folder / "audits/one", *more, "--json")
    assert ended.status == 0, ended.out
    return ended


def test_an_audit_has_itself_noted_once_it_is_final(command: Command, monthly: Path, clock: Authority) -> None:
    dry = monthly_audit(command, monthly, "--dry-run")
    assert dry.result["anchors"] == []
    done = monthly_audit(command, monthly)
    assert [one["file"] for one in done.result["anchors"]] == ["rfc3161-0001.tsr"]
    assert done.result["not_noted"] == []
    published = monthly / "audits/published"
    assert (published / "audits/one/anchors/rfc3161-0001.tsr").exists()
    assert "rfc3161-0001.tsr" in (published / "check.html").read_text(encoding="utf-8")
    checked = command("verify", published, "--policy", believing(monthly, clock), "--json").result
    assert checked["audits"][0]["anchors"][0]["time"]["checked"] is True
    assert "check.html" in checked["pages"]["equal"]
    again = monthly_audit(command, monthly)
    assert (again.result["anchors"], again.result["nothing_better"]) == ([], ["rfc3161"])
    assert "rfc3161-0001.tsr" in (published / "check.html").read_text(encoding="utf-8"), "the pages keep the evidence"


def test_an_audit_whose_anchor_fails_is_whole_and_says_how_to_go_on(
    command: Command, monthly: Path, server: str
) -> None:
    spec = monthly / "spec.yaml"
    text = spec.read_text()
    spec.write_text(text.replace(server, "http://127.0.0.1:9/secret"))
    done = monthly_audit(command, monthly)
    ((anchor, why),) = [one.values() for one in done.result["not_noted"]]
    assert anchor == "rfc3161"
    assert "the time-stamping authority gave no token: the connection failed" in why
    (warning,) = done.json["warnings"]
    published = monthly / "audits/published"
    assert f"which is whole all the same; polyproof anchor {published} --spec {spec} asks again" in warning
    assert "secret" not in done.out
    assert command("verify", published).status == 0
    spaced, secrets = spec.rename(monthly / "the spec.yaml"), monthly / "secrets.yaml"
    secrets.write_text("polyproof-secrets: 1\nsecrets: [{name: node, url: 'http://localhost'}]\n")
    secrets.chmod(0o600)
    again = command("audit", spaced, "--proved", monthly / "audits/one", "--secrets", secrets, "--json")
    assert f"polyproof anchor {published} --spec '{spaced}' --secrets {secrets} asks" in again.json["warnings"][0]
    spec.write_text(text)
    later = command("anchor", published, "--spec", spec, "--json")
    assert [one["file"] for one in later.result["anchors"]] == ["rfc3161-0001.tsr"]


def test_an_audit_is_not_noted_where_that_is_not_wanted(command: Command, monthly: Path) -> None:
    assert monthly_audit(command, monthly, "--no-anchors").result["anchors"] == []
    assert not (monthly / "audits/published/audits/one/anchors").exists()


def test_an_anchor_that_cannot_be_asked_is_found_before_anything_is_published(command: Command, monthly: Path) -> None:
    spec = monthly / "spec.yaml"
    spec.write_text(spec.read_text().replace("anchors: [", "anchors: [{name: rfc3161, secret: nobody}, "))
    ended = command("audit", spec, "--proved", monthly / "audits/one")
    assert ended.status == 2
    assert "nobody" in ended.err
    assert not (monthly / "audits/published").exists()


def test_what_one_anchor_cannot_do_keeps_no_other_from_it(command: Command, audit: Path, server: str) -> None:
    silent = "{name: rfc3161, url: 'http://127.0.0.1:9/', attempts: 1}"
    ended = command("anchor", audit, "--with", silent, "--with", f"{{name: rfc3161, url: '{server}'}}", "--json")
    assert ended.status == 2
    assert [one["file"] for one in ended.result["anchors"]] == ["rfc3161-0001.tsr"]
    assert [one["anchor"] for one in ended.result["not_noted"]] == ["rfc3161"]
    assert "the connection failed" in ended.error["message"]


# What a policy requires


def test_a_policy_that_requires_a_time_stamp_refuses_an_audit_without_one(
    command: Command, audit: Path, clock: Authority, tmp_path: Path
) -> None:
    policy = believing(tmp_path, clock, "  require: [rfc3161]\n")

    def refused() -> tuple[str, str]:
        ended = command("verify", audit, "--policy", policy, "--json")
        assert ended.status == 1
        return ended.error["code"], ended.error["message"]

    check, reason = refused()
    assert check == "policy-anchors"
    assert "no such evidence lies beside it" in reason
    stamp(audit, authority())
    check, reason = refused()
    assert check == "policy-anchors"
    assert "rfc3161-0001.tsr: it is a clock that you do not trust" in reason
    stamp(audit, clock)
    assert command("verify", audit, "--policy", policy).status == 0


def test_a_time_stamp_never_shows_uniqueness(command: Command, audit: Path, clock: Authority, tmp_path: Path) -> None:
    stamp(audit, clock)
    ended = command("verify", audit, "--policy", believing(tmp_path, clock, "  require_unique: true\n"), "--json")
    assert (ended.status, ended.error["code"]) == (1, "policy-unique")


def test_every_audit_of_a_history_must_have_what_is_required(
    command: Command, proved: Path, clock: Authority, tmp_path: Path
) -> None:
    ready = shutil.copytree(proved / "one/public", tmp_path / "ready")
    stamp(ready, clock)
    (ready / "anchors/note").touch()
    add_audit(tmp_path / "history", verify_one(ready, policy=SUM_TREE))
    kept = tmp_path / "history/audits/one"
    assert [path.name for path in (kept / "anchors").iterdir()] == ["rfc3161-0001.tsr"], "evidence comes along, alone"
    policy = believing(tmp_path, clock, "  require: [rfc3161]\n")
    shown = command("verify", tmp_path / "history", "--policy", policy)
    assert shown.status == 0
    assert "Beside audit one:" in shown.out
    (one,) = command("verify", tmp_path / "history", "--policy", policy, "--json").result["audits"]
    assert one["anchors"][0]["time"]["checked"] is True
    shutil.rmtree(kept / "anchors")
    ended = command("verify", tmp_path / "history", "--policy", policy, "--json")
    assert (ended.status, ended.error["code"]) == (1, "policy-anchors")


# Hostile files


def test_evidence_about_another_audit_is_rejected(
    command: Command, audit: Path, proved: Path, clock: Authority
) -> None:
    other = hashlib.sha256((proved / "two/public/publication.json").read_bytes()).digest()
    path = stamp(audit, clock, digest=other)
    ended = command("verify", audit, "--json")
    assert (ended.status, ended.error["code"]) == (1, "anchor-digest")
    assert ended.error["where"]["file"] == str(path)


def test_evidence_that_does_not_hold_is_rejected(
    command: Command, audit: Path, clock: Authority, tmp_path: Path
) -> None:
    stamp(audit, evolve(clock, spoiled=True))
    ended = command("verify", audit, "--policy", believing(tmp_path, clock), "--json")
    assert (ended.status, ended.error["code"]) == (1, "anchor-evidence")


def test_evidence_from_the_future_is_rejected(command: Command, audit: Path, clock: Authority, tmp_path: Path) -> None:
    stamp(audit, evolve(clock, time=clock.time + timedelta(days=36_500), accuracy=None))
    ended = command("verify", audit, "--json")
    assert (ended.status, ended.error["code"]) == (1, "anchor-evidence")
    assert "which is in the future" in ended.error["message"]


def test_a_time_before_the_audit_says_its_proof_was_started_is_rejected(
    command: Command, audit: Path, clock: Authority, tmp_path: Path
) -> None:
    """Either the clock or the organisation is wrong; nobody who believes the clock can believe the other."""
    stamp(audit, evolve(clock, time=clock.time - timedelta(days=3)))
    assert command("verify", audit).status == 0, "nothing follows from a clock that is not believed"
    ended = command("verify", audit, "--policy", believing(tmp_path, clock), "--json")
    assert (ended.status, ended.error["code"]) == (1, "anchor-evidence")
    assert "before its proof is said to have been started" in ended.error["message"]


def refused(audit: Path, **more: Any) -> str:
    with pytest.raises(ProofRejected) as caught:
        verify_one(audit, policy=SUM_TREE, **more)
    return caught.value.check


def test_files_that_are_not_what_they_are_named_are_rejected(audit: Path, clock: Authority) -> None:
    path = stamp(audit, clock)
    path.rename(path.with_suffix(".ots"))
    assert refused(audit) == "anchor-format"
    path.with_suffix(".ots").unlink()
    path.write_bytes(b"\0" * (MOST_EVIDENCE + 1))
    assert refused(audit) == "file-size"
    path.unlink()
    path.symlink_to(audit / "publication.json")
    assert refused(audit) == "file-kind"
    path.unlink()
    path.mkdir()
    assert refused(audit) == "file-kind"
    shutil.rmtree(path.parent)
    path.parent.symlink_to(audit.parent)
    assert refused(audit) == "file-kind"
    path.parent.unlink()
    path.parent.touch()
    assert refused(audit) == "file-kind"


def test_more_files_than_are_read_are_rejected(audit: Path, clock: Authority) -> None:
    for number in range(1, MOST_FILES + 1):
        stamp(audit, clock, f"rfc3161-{number:04d}.tsr")
    assert len(verify_one(audit, policy=SUM_TREE).anchors) == MOST_FILES
    stamp(audit, clock, "rfc3161-9999.tsr")
    assert refused(audit) == "anchor-files"


def test_what_else_lies_among_evidence_is_named_and_not_looked_at(command: Command, audit: Path) -> None:
    for name in ("note", "rfc3161-1.tsr", "RFC3161-0001.tsr", "rfc3161-0001.tsr.bak"):
        (audit / "anchors").mkdir(exist_ok=True)
        (audit / "anchors" / name).write_bytes(b"junk")
    found = command("verify", audit, "--json").result
    assert found["anchors"] == []
    assert found["unlisted"] == [f"anchors/{name}" for name in sorted(p.name for p in (audit / "anchors").iterdir())]
    (audit / "anchors/manifest.json").touch()
    assert refused(audit) == "unlisted"


def test_evidence_of_an_anchor_that_is_not_installed_shows_nothing(
    command: Command, audit: Path, tmp_path: Path
) -> None:
    (audit / "anchors").mkdir()
    (audit / "anchors/nobody-0001.xyz").write_bytes(b"whatever")
    ended = command("verify", audit)
    assert ended.status == 0
    assert "It was NOT LOOKED AT: no anchor 'nobody' is installed." in ended.out


def test_an_audit_that_is_anchored_keeps_its_digest(
    command: Command, proved: Path, audit: Path, clock: Authority, tmp_path: Path
) -> None:
    """Reserves and a correction would change it, and the evidence would be about another audit."""
    stamp(audit, clock)
    wallets = "reserves: {sources: [{name: native, path: wallets.jsonl}]}\n"
    (tmp_path / "spec.yaml").write_text((proved / "spec.yaml").read_text() + wallets)
    record = (audit / "publication.json").read_bytes()
    ended = command("reserves", tmp_path / "spec.yaml", "--audit", audit, "--json")
    assert (ended.status, ended.error["type"]) == (2, "ArtifactError")
    assert "is anchored" in ended.error["message"]
    assert (audit / "publication.json").read_bytes() == record


# Faults of plugins


@frozen
class ToldOptions:
    believes: bool = option(default=False, doc="Whether it says what a test has it say, or claims nothing.")


class Told(Anchor):
    """Says what a test has it say."""

    name = "told"
    suffix = "t"
    Options = ToldOptions
    answer: Any = None
    evidence: Any = b"evidence"

    def publish(self, subject: Subject) -> Any:
        return self.evidence

    def check(self, subject: Subject, evidence: bytes) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer if self.options.believes else Shown(time=None, uniqueness=None)


class Plugin:
    polyproof_interface = 2

    @hookimpl
    def polyproof_components(self) -> list[Component]:
        return [Component("anchor", "told", "A double", f"{__name__}:Told")]


@pytest.fixture
def told(audit: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    (audit / "anchors").mkdir()
    (audit / "anchors/told-0001.t").write_bytes(b"evidence")
    registry = Registry()
    registry.discover()
    registry.register(Plugin(), "told", "1", "a test")
    yield registry.create("anchor", "told", ToldOptions(believes=True), registry)
    Told.answer, Told.evidence = None, b"evidence"


def judged(audit: Path, told: Told, answer: Any, policy: AnchorsPolicy | None = None) -> Any:
    Told.answer = answer
    accepted = AnchorsAccepted(policy or AnchorsPolicy(), (told,))
    (found,) = verify_one(audit, policy=SUM_TREE, anchors=accepted, registry=told.registry).anchors
    return found


TIME = Time(latest="2026-02-01T00:00:00Z", clock="somebody", checked=True)
UNIQUE = Uniqueness(where="a board", others=0, checked=True)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "yes",
        Shown(time="2026", uniqueness=None),  # type: ignore[arg-type]
        Shown(time=None, uniqueness=True),  # type: ignore[arg-type]
        Shown(time=evolve(TIME, checked=1), uniqueness=None),
        Shown(time=evolve(TIME, latest="yesterday"), uniqueness=None),
        Shown(time=evolve(TIME, latest="2026-02-31T00:00:00Z"), uniqueness=None),
        Shown(time=evolve(TIME, latest=None), uniqueness=None),
        Shown(time=evolve(TIME, why="it was checked, though"), uniqueness=None),
        Shown(time=evolve(TIME, checked=False), uniqueness=None),
        Shown(time=evolve(TIME, clock="\x1b[2J"), uniqueness=None),
        Shown(time=None, uniqueness=evolve(UNIQUE, others=-1)),
        Shown(time=None, uniqueness=evolve(UNIQUE, others=None)),
        Shown(time=None, uniqueness=None, pending=["somebody"]),  # type: ignore[arg-type]
        Shown(time=None, uniqueness=None, rests_on=("x" * 5000,)),
    ],
)
def test_an_answer_that_is_none_is_the_plugins_fault(audit: Path, told: Told, answer: Any) -> None:
    with pytest.raises(PluginFault, match="anchor 'told'"):
        judged(audit, told, answer)


def test_whatever_a_plugin_raises_on_evidence_nothing_is_shown(audit: Path, told: Told) -> None:
    for error in (KeyError("x"), RecursionError(), SystemExit(0)):
        Told.answer = error
        accepted = AnchorsAccepted(AnchorsPolicy(), (told,))
        assert refused(audit, anchors=accepted, registry=told.registry) == "anchor-evidence"


def test_an_anchor_that_checks_for_whoever_believes_nobody_is_at_fault(
    audit: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Told, "check", lambda self, subject, evidence: Shown(time=TIME, uniqueness=None))
    with pytest.raises(PluginFault, match="nobody was named"):
        verify_one(audit, policy=SUM_TREE, registry=told.registry)


def test_evidence_that_is_none_is_not_written(audit: Path, told: Told) -> None:
    from polyproof.liabilities.record import open_publication

    Told.answer = Shown(time=TIME, uniqueness=None)
    for evidence in ("text", b"x" * (MOST_EVIDENCE + 1), None):
        Told.evidence = evidence
        with pytest.raises(PluginFault):
            anchor_now(open_publication(audit), told, again=True)
    assert [path.name for path in (audit / "anchors").iterdir()] == ["told-0001.t"]


# Words


def test_every_sentence_says_whether_it_was_checked(audit: Path, told: Told) -> None:
    def words(**more: Any) -> str:
        return " ".join(evidence_sentences(judged(audit, told, Shown(**{"time": None, "uniqueness": None, **more}))))

    unchecked = evolve(UNIQUE, checked=False, why="you named no node")
    assert words(time=TIME).startswith(
        "The publication digest existed by 2026-02-01T00:00:00Z, by the clock of somebody."
    )
    assert "NOT CHECKED here: you named no clock" in words(time=evolve(TIME, checked=False, why="you named no clock"))
    assert words(uniqueness=UNIQUE) == "It is the only record noted at a board for its place in the history."
    assert "another record is noted for the same place in the history: NOT UNIQUE" in words(
        uniqueness=evolve(UNIQUE, others=1)
    )
    assert "NOT CHECKED here: you named no node" in words(uniqueness=unchecked)
    assert "a promise of a calendar" in words(pending=("a calendar",))


def test_a_policy_that_requires_uniqueness_takes_it_only_from_a_look_that_found_no_other(
    audit: Path, told: Told
) -> None:
    policy = AnchorsPolicy(require_unique=True)
    assert judged(audit, told, Shown(time=None, uniqueness=UNIQUE), policy).only
    for unique in (evolve(UNIQUE, others=1), evolve(UNIQUE, checked=False, why="x"), None):
        with pytest.raises(PolicyRejected) as caught:
            judged(audit, told, Shown(time=TIME, uniqueness=unique), policy)
        assert caught.value.check == "policy-unique"


def test_one_look_that_found_another_record_is_not_outweighed_by_one_that_did_not(audit: Path) -> None:
    accepted = AnchorsAccepted(AnchorsPolicy(require_unique=True), ())

    def evidence(others: int) -> Evidence:
        shown = Shown(time=None, uniqueness=evolve(UNIQUE, others=others))
        return Evidence(f"x-{others:04d}.y", "x", "0" * 64, 1, shown)

    accepted.check([evidence(0), evidence(0)], audit)
    for found in ([evidence(0), evidence(1)], [evidence(1)], []):
        with pytest.raises(PolicyRejected) as caught:
            accepted.check(found, audit)
        assert caught.value.check == "policy-unique"


def test_a_history_is_verified_with_the_same_belief(proved: Path, clock: Authority, tmp_path: Path) -> None:
    ready = shutil.copytree(proved / "one/public", tmp_path / "ready")
    stamp(ready, clock)
    add_audit(tmp_path / "history", verify_one(ready, policy=SUM_TREE))
    (one,) = verify_history(tmp_path / "history", policy=SUM_TREE).audits
    assert [evidence.checked for evidence in one.anchors] == [False]


def test_the_place_of_a_record_is_that_of_its_organisation_and_of_the_audit_before_it() -> None:
    one = Subject(record=b"1", organisation="A", previous=None)
    assert one.place == evolve(one, record=b"2").place
    others = [evolve(one, organisation="B"), evolve(one, organisation=None), evolve(one, previous=bytes(32))]
    assert len({subject.place for subject in (one, *others)}) == 4
    line = json.dumps({"organisation": "A", "previous": None}, separators=(",", ":")) + "\n"
    assert one.place == hashlib.sha256(b"polyproof/anchor-place/1\n" + line.encode()).digest()


def test_the_built_in_anchors_are_found_like_any_other() -> None:
    assert "rfc3161" in default_registry().names("anchor")
