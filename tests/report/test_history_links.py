"""Every check of a history's chain, on audits that are a manifest and a record alone: no proof is looked at there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from polyproof.config.options import plain
from polyproof.errors import ArtifactError, ProofRejected
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities.record import Correction, PublicationRecord, record_of
from polyproof.model.manifest import Manifest, Segment
from polyproof.publication.history import (
    ListedAudit,
    check_chain,
    history_schema,
    links,
    parse_history,
    read_history,
)
from polyproof.publication.history.links import others_in
from polyproof.settings.policy import Policy

UNKNOWN = bytes([7] * 32)


def manifest(month: int, previous: bytes | None, **changes: Any) -> Manifest:
    made = Manifest(
        audit_id=f"month-{month}",
        created=f"2025-{month:02d}-02T00:00:00Z",
        snapshot=f"2025-{month:02d}-01T00:00:00Z",
        organisation="Example Exchange",
        spec={},
        spec_digest=bytes(32),
        backend="tally",
        segments=(Segment(0, 1, bytes(32), (5,)),),
        previous=previous,
    )
    return evolve(made, **changes)


def index_of(entries: Sequence[ListedAudit]) -> bytes:
    """The file, of any entries."""
    return canonical_line({"format": "polyproof/history", "version": 2, "audits": [plain(one) for one in entries]})


class Months:
    """A history that grows, honest or not."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.records: list[PublicationRecord] = []
        self.entries: list[ListedAudit] = []

    @property
    def head(self) -> bytes | None:
        return self.records[-1].digest if self.records else None

    def write(self, made: Manifest, corrects: Correction | None = None, name: str = "") -> PublicationRecord:
        """The files of an audit that the index does not list."""
        where = self.directory / "audits" / (name or made.audit_id)
        where.mkdir(parents=True)
        record = evolve(record_of(made), corrects=corrects)
        (where / "manifest.json").write_bytes(made.to_bytes())
        (where / "publication.json").write_bytes(record.to_bytes())
        return record

    def add(self, made: Manifest, of: bytes | None = None, **listed: Any) -> PublicationRecord:
        """An audit, a correction ``of`` another if that is given, with its entry, in which ``listed`` is a lie."""
        correction = Correction(publication_digest=of.hex(), reason="wrong") if of else None
        record = self.write(made, correction, listed.get("audit_id", ""))
        entry = ListedAudit(
            audit_id=made.audit_id,
            created=made.created,
            snapshot=made.snapshot,
            publication_digest=record.digest.hex(),
            previous=record.previous,
            corrects=of.hex() if of else None,
        )
        self.records.append(record)
        self.entries.append(evolve(entry, **listed))
        self.list()
        return record

    def list(self) -> None:
        (self.directory / "history.json").write_bytes(index_of(self.entries))

    def refusal(self, match: str | None = None) -> str:
        with pytest.raises(ProofRejected, match=match) as caught:
            check_chain(self.directory)
        return caught.value.check


@pytest.fixture
def three(tmp_path: Path) -> Months:
    """January, February and March, each after the one before."""
    months = Months(tmp_path)
    for month in (1, 2, 3):
        months.add(manifest(month, months.head))
    return months


def test_honest_months_are_read_in_their_order(three: Months) -> None:
    assert [one.record for one in check_chain(three.directory)] == three.records
    assert [one.digest for one in check_chain(three.directory)] == [one.digest for one in three.records]
    assert read_history(three.directory).audits == tuple(three.entries)


def test_the_verifiers_policy_holds_for_every_manifest(three: Months) -> None:
    check_chain(three.directory, Policy(max_segments=1))
    with pytest.raises(ProofRejected) as caught:
        check_chain(three.directory, Policy(max_manifest_bytes=10))
    assert caught.value.check == "policy-manifest-size"


# Links


def test_a_history_that_begins_in_the_middle_is_refused(tmp_path: Path) -> None:
    months = Months(tmp_path)
    months.add(manifest(1, UNKNOWN))
    assert (
        months.refusal(rf"audit 1 of 1 \(month-1\) follows .* {UNKNOWN.hex()}: the audits before it are missing")
        == "history-link"
    )


def test_an_audit_that_follows_one_that_is_not_there_is_refused(three: Months) -> None:
    three.add(manifest(4, UNKNOWN))
    told = rf"audit 4 of 4 \(month-4\) follows .* {UNKNOWN.hex()}, not audit 3 of 4 \(month-3\): an audit between them"
    assert three.refusal(told) == "history-link"


def test_a_chain_that_begins_again_is_refused(three: Months) -> None:
    three.add(manifest(4, None))
    assert three.refusal(r"audit 4 of 4 \(month-4\) names no audit before it") == "history-link"


@pytest.mark.parametrize("place", [0, 1])
def test_a_fork_is_refused_and_says_which_two_audits_follow_the_same(three: Months, place: int) -> None:
    three.add(manifest(4, three.records[place].digest))
    told = rf"audit 4 of 4 \(month-4\) follows audit {place + 1} of 4 .*, and so does audit {place + 2} of 4"
    assert three.refusal(told) == "history-fork"


def test_an_audit_that_is_listed_before_the_one_it_follows_is_refused(three: Months) -> None:
    three.entries.reverse()
    three.list()
    assert three.refusal(r"audit 1 of 3 \(month-3\) follows audit 2 of 3 \(month-2\)") == "history-order"


def test_an_audit_proved_before_the_one_it_follows_is_refused(three: Months) -> None:
    three.add(manifest(4, three.head, created="2025-03-02T00:00:00Z", snapshot="2025-03-01T00:00:01Z"))
    check_chain(three.directory)  # In the same second: nothing is out of order.
    three.add(manifest(5, three.head, created="2025-03-01T23:59:59Z", snapshot="2025-03-01T00:00:02Z"))
    told = r"audit 5 of 5 \(month-5\) was created at 2025-03-01T23:59:59Z, before audit 4 of 5 .*, at 2025-03-02T00"
    assert three.refusal(told) == "history-order"


def test_so_is_the_second_that_was_proved_before_the_first(tmp_path: Path) -> None:
    months = Months(tmp_path)
    months.add(manifest(2, None, snapshot="2025-01-01T00:00:00Z"))
    months.add(manifest(1, months.head, snapshot="2025-01-01T00:00:01Z"))
    assert months.refusal(r"audit 2 of 2 \(month-1\) was created at 2025-01-02T00:00:00Z, before audit 1 of 2") == (
        "history-order"
    )


# Whose, and of when


@pytest.mark.parametrize("organisation", ["Another Exchange", None])
def test_an_audit_of_another_organisation_is_refused(three: Months, organisation: str | None) -> None:
    three.add(manifest(4, three.head, organisation=organisation))
    told = "'Another Exchange'" if organisation else "an organisation without a name"
    assert (
        three.refusal(rf"audit 4 of 4 \(month-4\) is of {told}, and audit month-3 before it of 'Example Exchange'")
        == "history-organisation"
    )


def test_nameless_audits_may_follow_each_other(tmp_path: Path) -> None:
    months = Months(tmp_path)
    for month in (1, 2):
        months.add(manifest(month, months.head, organisation=None))
    check_chain(tmp_path)


@pytest.mark.parametrize("snapshot", ["2025-03-01T00:00:00Z", "2025-02-01T00:00:00Z", "2025-02-28T23:59:59Z"])
def test_an_audit_of_a_time_that_is_not_later_is_refused(three: Months, snapshot: str) -> None:
    three.add(manifest(4, three.head, snapshot=snapshot))
    assert three.refusal(r"audit 4 of 4 \(month-4\) is of .* only a correction may") == "history-snapshot"


def test_a_correction_may_be_of_the_time_that_it_corrects_or_of_another(three: Months) -> None:
    three.add(manifest(4, three.head, snapshot="2025-02-01T00:00:00Z"), three.records[1].digest)
    three.add(manifest(5, three.head, snapshot="2025-01-15T00:00:00Z"), three.records[2].digest)
    assert [one.record.corrects is not None for one in check_chain(three.directory)] == [False] * 3 + [True] * 2


def test_a_correction_of_no_audit_before_it_is_refused(three: Months) -> None:
    three.add(manifest(4, three.head), UNKNOWN)
    assert three.refusal(f"said to correct {UNKNOWN.hex()}, which is no audit before it") == "history-snapshot"


def test_an_audit_is_corrected_once(three: Months) -> None:
    three.add(manifest(4, three.head), three.records[1].digest)
    three.add(manifest(5, three.head), three.records[0].digest)
    check_chain(three.directory)
    three.add(manifest(6, three.head), three.records[1].digest)
    assert three.refusal("said to correct month-2, as is month-4 before it") == "history-snapshot"


def test_a_correction_cannot_take_the_place_of_an_audit_that_it_does_not_correct(three: Months) -> None:
    three.add(manifest(4, three.head, snapshot="2025-03-01T00:00:00Z"), three.records[1].digest)
    assert three.refusal("said to correct month-2, but is of the snapshot of month-3") == "history-snapshot"


# The index


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ({"audit_id": "other"}, "audit id other in the index, but month-4"),
        ({"created": "2025-04-03T00:00:00Z"}, "time 2025-04-03T00:00:00Z in the index, but 2025-04-02T00:00:00Z"),
        ({"snapshot": "2025-04-02T00:00:00Z"}, "snapshot 2025-04-02T00:00:00Z in the index, but 2025-04-01T00:00:00Z"),
        ({"previous": None}, "audit before it None in the index"),
        ({"corrects": UNKNOWN.hex()}, f"correction {UNKNOWN.hex()} in the index, but None"),
    ],
)
def test_an_index_that_contradicts_an_audits_own_files_is_refused(
    three: Months, listed: dict[str, Any], name: str
) -> None:
    three.add(manifest(4, three.head), **listed)
    assert three.refusal(rf"audit 4 of 4 \(.*\) has the {name}") == "history-index"


def test_so_is_one_that_hides_a_correction(three: Months) -> None:
    three.add(manifest(4, three.head), three.records[0].digest, corrects=None)
    assert three.refusal("has the correction None in the index") == "history-index"


def test_an_audit_with_another_digest_than_the_index_says_is_refused(three: Months) -> None:
    three.entries[1] = evolve(three.entries[1], publication_digest=UNKNOWN.hex())
    three.list()
    assert three.refusal(r"audit 2 of 3 \(month-2\): .*not the audit that was published") == "history-replaced"


@pytest.mark.parametrize("file", ["publication.json", ""])
def test_an_audit_without_its_files_is_refused(three: Months, file: str) -> None:
    where = three.directory / "audits" / "month-2"
    where.joinpath(file).rename(three.directory.parent / f"{three.directory.name}.gone")
    assert three.refusal(r"audit 2 of 3 \(month-2\) is in the index, but its files are missing") == "history-missing"


def test_an_audit_whose_files_vanish_while_they_are_read_is_refused(
    three: Months, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise ArtifactError("publication.json: No such file or directory")

    monkeypatch.setattr(links, "open_publication", gone)
    assert (
        three.refusal(r"audit 1 of 3 \(month-1\) is in the index, but its files are missing: publ") == "history-missing"
    )


def test_what_else_is_wrong_with_an_audit_keeps_its_name(three: Months) -> None:
    (three.directory / "audits" / "month-2" / "manifest.json").unlink()
    assert three.refusal() == "publication-missing"


@pytest.mark.parametrize("name", ["audits", "audits/month-2"])
def test_links_are_refused(three: Months, name: str) -> None:
    there = three.directory.parent / f"{three.directory.name}.elsewhere"
    (three.directory / name).rename(there)
    (three.directory / name).symlink_to(there)
    assert three.refusal("a symbolic link") == "file-kind"


@pytest.mark.parametrize("same", ["audit_id", "publication_digest"])
def test_an_audit_that_is_listed_twice_is_refused(three: Months, same: str) -> None:
    """On a file system that ignores case, MONTH-1 is the folder of month-1."""
    three.entries[2] = evolve(three.entries[2], **{same: getattr(three.entries[0], same).replace("month", "MONTH")})
    three.list()
    assert three.refusal("is listed twice") == "history-format"


def test_an_index_is_of_one_to_8192_audits() -> None:
    with pytest.raises(ProofRejected) as caught:
        parse_history(index_of([]))
    assert caught.value.check == "history-format"
    listed = history_schema()["properties"]["audits"]
    assert (listed["minItems"], listed["maxItems"]) == (1, 8192)


@pytest.mark.parametrize(("version", "told"), [(1, ", which polyproof 0.1 reads;"), (0, ""), (3, ""), ("true", "")])
def test_an_index_of_another_version_is_told_which_release_reads_it(three: Months, version: Any, told: str) -> None:
    file = three.directory / "history.json"
    file.write_bytes(file.read_bytes().replace(b'"version":2', f'"version":{version}'.encode()))
    assert three.refusal(told or None) == ("history-version" if told else "history-format")


@pytest.mark.parametrize("data", [b"", b"null\n", b"[]\n", b"{\n", b"\xff", b'{"version":1.0}\n', b'"version"\n'])
def test_what_is_no_index_is_refused(data: bytes) -> None:
    with pytest.raises(ProofRejected):
        parse_history(data)


def test_an_index_is_read_up_to_eight_mebibytes(three: Months) -> None:
    file = three.directory / "history.json"
    file.write_bytes(file.read_bytes().ljust(8 << 20))
    assert three.refusal() == "history-canonical"
    file.write_bytes(file.read_bytes() + b" ")
    assert three.refusal() == "file-size"


def test_a_folder_that_is_an_audit_as_well_is_refused(three: Months) -> None:
    (three.directory / "publication.json").write_text("{}")
    assert three.refusal() == "folder"


def test_a_folder_without_an_index_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError):
        check_chain(tmp_path)


# What the index does not list


@pytest.mark.parametrize(("before", "beside"), [(None, "audit 1 of 3"), (0, "audit 2 of 3"), (1, "audit 3 of 3")])
def test_a_fork_beside_the_index_is_refused(three: Months, before: int | None, beside: str) -> None:
    three.write(manifest(4, None if before is None else three.records[before].digest))
    assert three.refusal(rf"audit month-4 is in the directory, but not in the index: a fork, beside {beside}") == (
        "history-fork"
    )


@pytest.mark.parametrize("after", [lambda three: three.head, lambda three: UNKNOWN], ids=["newest", "unknown"])
def test_an_audit_that_the_index_does_not_list_is_refused(three: Months, after: Callable[[Months], bytes]) -> None:
    three.write(manifest(4, after(three)), name="zzz")
    assert three.refusal("audit month-4 is in the directory, but not in the index") == "history-unlisted"


def test_a_name_that_an_audit_could_have_is_refused_below_the_audits(three: Months) -> None:
    (three.directory / "audits" / "other" / "manifest.json").parent.mkdir()
    check_chain(three.directory)
    (three.directory / "audits" / "other" / "manifest.json").write_text("{}")
    assert three.refusal() == "unlisted"


# What else lies there


def test_what_is_no_part_of_a_history_is_named_by_its_path(three: Months) -> None:
    audits = check_chain(three.directory)
    assert others_in(three.directory, audits) == ()
    for name in ("z", "index.html", "history.html", "proven.html", "check.html", "report.json", "a/below"):
        (three.directory / name).parent.mkdir(exist_ok=True)
        (three.directory / name).touch()
    (three.directory / "audits" / "b").touch()
    (three.directory / "audits" / "month-2" / "c").touch()
    audits = check_chain(three.directory)
    assert others_in(three.directory, audits) == ("a", "z", "audits/b", "audits/month-2/c")
    (three.directory / "assets").mkdir()
    (three.directory / "assets" / "btc.html").touch()
    (three.directory / "assets" / "notes").touch()
    assert others_in(three.directory, audits) == ("a", "z", "assets/notes", "audits/b", "audits/month-2/c")


@pytest.mark.parametrize("name", ["manifest.json", "assets/manifest.json", "audits/proof-0000.bin", "a/public"])
def test_what_could_be_taken_for_part_of_it_is_refused(three: Months, name: str) -> None:
    audits = check_chain(three.directory)
    (three.directory / name).parent.mkdir(exist_ok=True)
    (three.directory / name).touch()
    with pytest.raises(ProofRejected) as caught:
        others_in(three.directory, audits)
    assert caught.value.check == "unlisted"


def test_a_folder_of_pages_that_leads_elsewhere_is_refused(three: Months) -> None:
    audits = check_chain(three.directory)
    (three.directory / "assets").symlink_to(three.directory / "audits")
    with pytest.raises(ProofRejected) as caught:
        others_in(three.directory, audits)
    assert (caught.value.check, caught.value.file) == ("file-kind", str(three.directory / "assets"))
