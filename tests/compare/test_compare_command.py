"""``polyproof compare``: the table, how it ends, and how it goes on."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.tally_backend import Tally
from compare.conftest import MERKLE, Compare
from net_equity.audits import PRICES, written
from polyproof.cli.bench import results
from polyproof.cli.compare import folder as kept_in
from polyproof.cli.compare import measuring
from polyproof.cli.compare.code import _package_digest, code_digest
from polyproof.cli.compare.rows import Row
from polyproof.cli.compare.varying import Candidate

BOTH = ("spec.yaml", "--vary", "backend=merkle-sum,tally")


def test_each_combination_is_a_row_with_everything_about_it(compare: Compare, folder: Path) -> None:
    ended = compare(*BOTH, "--json")
    assert ended.status == 0, ended.err
    tree, tally = ended.result["rows"]
    assert [row["combination"]["backend"] for row in (tree, tally)] == ["merkle-sum", "tally"]
    for row in (tree, tally):
        assert row["outcome"] == "measured"
        assert all(row["times"][step]["median"] > 0 for step in ("prove", "verify", "cut", "check"))
        assert row["sizes"]["proof"] > 0
        assert not row["combination"]["invented"]
    assert tree["combination"]["accounts"] == 5
    assert tree["times"]["peak"] > 1 << 20
    assert {one["figure"] for one in tree["security"]["figures"]} == {"binding", "inclusion"}
    assert [one["check"] for one in tree["refusals"]] == ["policy-soundness", "policy-soundness-2025"]
    assert tally["refusals"][0]["check"] == "policy-backend"
    assert tree["properties"]["hides_sums"] is False
    assert tally["properties"]["hides_balances"] == "not stated"


def test_accounts_are_invented_where_a_number_is_given(compare: Compare) -> None:
    ended = compare("spec.yaml", "--accounts", "4,2^3", "--json")
    made = [row["combination"] for row in ended.result["rows"]]
    assert [(one["accounts"], one["invented"]) for one in made] == [(4, True), (8, True)]


def test_what_is_compared_stands_in_csv_and_markdown_too(quick: Compare, folder: Path) -> None:
    quick(*BOTH)
    rows = list(csv.DictReader((folder / "comparison/table.csv").open(newline="")))
    assert [row["backend"] for row in rows] == ["merkle-sum", "tally"]
    assert (rows[0]["soundness_bits"], rows[0]["binding_bits"]) == ("", "128.0")
    page = (folder / "comparison/table.md").read_text()
    assert "| Hides sums of neighbours | no | not stated |" in page


def test_bits_of_binding_share_no_column_with_bits_of_soundness(quick: Compare, folder: Path) -> None:
    quick("spec.yaml")
    parts = (folder / "comparison/table.md").read_text().split("\n\n")
    heads = [part.splitlines()[0] for part in parts if part.startswith("| Combination")]
    assert [head for head in heads if "Binding |" in head] == ["| Combination | Binding |"]
    (proven,) = (part for part in parts if "Soundness, long proven" in part)
    assert proven.splitlines()[2].startswith("| merkle-sum, 5 accounts | none | none |")


def test_an_interrupted_comparison_goes_on_where_it_was(
    quick: Compare, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = measuring._row

    def cut_short(candidate: Candidate, *rest: Any) -> Row:
        if candidate.backend == "tally":
            raise KeyboardInterrupt
        return whole(candidate, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(measuring, "_row", cut_short)
        assert quick(*BOTH).status == 130
    ended = quick(*BOTH, "--json")
    assert (ended.status, ended.result["kept"], quick.asked) == (0, 1, ["merkle-sum", "tally"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("what", ["runs", "accounts", "options", "spec"])
def test_what_differs_is_measured_anew(quick: Compare, folder: Path, what: str) -> None:
    arguments: list[object] = ["spec.yaml"]
    quick(*arguments)
    if what == "accounts":
        (folder / "accounts.csv").write_text((folder / "accounts.csv").read_text() + "zoe,1,0\n")
    if what == "spec":
        (folder / "spec.yaml").write_text(MERKLE.replace("decimals: 8", "decimals: 8, bits: 96", 1))
    if what == "options":
        arguments += ["--vary", "backend.min_depth=5"]
    if what == "runs":
        arguments += ["--runs", 2]
    ended = quick(*arguments, "--json")
    assert (ended.status, ended.result["kept"]) == (0, 0), ended.err
    assert quick(*arguments, "--json").result["kept"] == 1


def test_what_was_measured_on_another_machine_is_not_mixed_in(
    quick: Compare, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick("spec.yaml")
    here = results.machine()
    for changed, told in (({"processor": "a faster one"}, "processor"), ({"polyproof": "9.9"}, "polyproof: 9.9 here")):
        monkeypatch.setattr("polyproof.cli.compare.folder.machine", lambda changed=changed: evolve(here, **changed))
        ended = quick("spec.yaml", "--json")
        assert ended.status == 2
        assert told in ended.error["message"]
        assert "--again" in ended.error["hint"]
    assert quick("spec.yaml", "--again", "--json").result["kept"] == 0


@pytest.mark.parametrize(
    "damage", [b"", b"{}", b'{"polyproof-compare": 2}', b'{"polyproof-compare": 1, "x": 1}', b"\xff"]
)
def test_a_file_that_is_damaged_is_named(quick: Compare, folder: Path, damage: bytes) -> None:
    quick("spec.yaml")
    (kept,) = (folder / "comparison/measured").iterdir()
    kept.write_bytes(damage)
    ended = quick("spec.yaml", "--json")
    assert ended.status == 2
    assert ended.json["errors"][0]["where"]["file"].startswith(f"comparison/measured/{kept.name}")


def test_what_cannot_run_says_why_and_stands_in_the_table(compare: Compare, folder: Path) -> None:
    ended = compare(
        "spec.yaml",
        "--vary",
        "backend=merkle-sum,stark",
        "--vary",
        "backend.queries=9",
        "--vary",
        "backend.target_bits=100",
        "--json",
    )
    assert ended.status == 0
    tree, stark = ended.result["rows"]
    assert (tree["outcome"], stark["outcome"]) == ("measured", "cannot run")
    assert "give either it or them" in stark["reason"]
    assert stark["times"] is None
    shown = compare(
        "spec.yaml",
        "--vary",
        "backend=merkle-sum,stark",
        "--vary",
        "backend.queries=9",
        "--vary",
        "backend.target_bits=100",
    )
    assert "Not measured" in shown.out
    assert "target_bits chooses queries" in " ".join(shown.out.split())


def test_where_nothing_can_run_the_input_is_bad(compare: Compare, folder: Path) -> None:
    (folder / "accounts.csv").unlink()
    ended = compare("spec.yaml", "--json")
    assert ended.status == 2
    assert ended.result["rows"][0]["outcome"] == "cannot run"
    assert ended.result["rows"][0]["refusals"], "its options can be judged without accounts"
    assert "no such file" in ended.error["message"]


def test_a_plugin_at_fault_is_told_by_the_status(compare: Compare, tally: type[Tally]) -> None:
    tally.crash_on_verify = True
    ended = compare(*BOTH, "--json")
    assert ended.status == 3
    assert [row["outcome"] for row in ended.result["rows"]] == ["measured", "fault"]
    assert "ZeroDivisionError" in ended.error["message"]
    assert "tally" in ended.error["message"]


def test_what_could_not_be_measured_is_tried_again(compare: Compare, tally: type[Tally], folder: Path) -> None:
    tally.crash_on_verify = True
    compare(*BOTH)
    tally.crash_on_verify = False
    ended = compare(*BOTH, "--json")
    assert (ended.status, ended.result["kept"]) == (0, 1)


def test_several_specs_stand_side_by_side_by_name(quick: Compare, folder: Path) -> None:
    (folder / "other.yaml").write_text(MERKLE.replace("name: example", "name: other", 1))
    ended = quick("spec.yaml", "other.yaml")
    assert ended.status == 0, ended.err
    assert "other: merkle-sum" in ended.out


def test_no_file_that_is_kept_says_anything_of_an_account(quick: Compare, folder: Path) -> None:
    quick(*BOTH)
    said = b"".join(path.read_bytes() for path in (folder / "comparison").rglob("*") if path.is_file())
    assert b"alice" not in said
    assert json.loads((next((folder / "comparison/measured").iterdir())).read_text())["row"]["outcome"] == "measured"


# Accounts with debts


def test_an_audit_of_accounts_with_debts_is_measured_by_what_its_owner_types(compare: Compare, folder: Path) -> None:
    written(folder)
    ended = compare("spec.yaml", "--json")
    assert ended.status == 0, ended.err
    (row,) = ended.result["rows"]
    assert row["combination"]["accounts"] == 5
    assert "policy-debts-covered" in [refusal["check"] for refusal in row["refusals"]]
    assert any("invent debts" in sentence for sentence in row["properties"]["remaining_trust"])
    assert compare("spec.yaml", "--json").result["kept"] == 1
    (folder / "prices.csv").write_text(PRICES.replace("91000", "91001"))
    assert compare("spec.yaml", "--json").result["kept"] == 0


def test_accounts_that_are_invented_have_no_debts_to_measure(compare: Compare, folder: Path) -> None:
    written(folder)
    ended = compare("spec.yaml", "--accounts", 5)
    assert ended.status == 2
    assert "accounts that are invented have no debts" in ended.err


# Code that is edited


def test_what_another_code_of_the_same_version_did_is_measured_anew(
    quick: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick("spec.yaml")
    assert quick("spec.yaml", "--json").result["kept"] == 1
    monkeypatch.setattr(kept_in, "code_digest", lambda _: "edited")
    assert quick("spec.yaml", "--json").result["kept"] == 0


def test_code_is_known_by_all_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "edited_plugin"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/__init__.py", "inner/work.py"):
        (package / name).write_text("A = 1\n")
    digests = [code_digest(["edited_plugin.inner.work"])]
    for name, text in (("inner/work.py", "A = 2\n"), ("inner/more.py", "A = 1\n")):
        (package / name).write_text(text)
        _package_digest.cache_clear()
        digests.append(code_digest(["edited_plugin.inner.work"]))
    assert len(set(digests)) == 3
    assert code_digest(["edited_plugin"]) == digests[-1]
    assert code_digest([]) not in digests
