"""``polyproof.compare``: the same as the command, from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import polyproof
from compare.conftest import MERKLE, Compare


@pytest.fixture
def spec(quick: Compare, folder: Path) -> polyproof.Spec:
    """The spec of the folder; what is compared was measured once."""
    return polyproof.load_spec("spec.yaml")


def test_the_library_finds_what_the_command_finds(quick: Compare, spec: polyproof.Spec) -> None:
    found = polyproof.compare(spec, vary={"backend": ["merkle-sum", "tally"]}, accounts=[10, 20], runs=0)
    told = quick("spec.yaml", "--vary", "backend=merkle-sum,tally", "--accounts", "10,20", "--json").result
    ours = found.as_dict()
    assert ours.pop("rows") == told.pop("rows")
    assert set(told) - set(ours) == {"files"}
    assert found.outcome is None
    assert repr(found) == "<Compared: 4 combinations, 4 measured>"
    assert "merkle-sum, 20 accounts" in str(found)
    assert found.csv.splitlines()[0].startswith("spec,backend,stated")
    assert "| Hides sums of neighbours |" in found.markdown
    assert found.page.startswith("<!doctype html>")
    assert "<table>" in found._repr_html_()


def test_without_a_folder_nothing_is_kept_and_with_one_the_call_goes_on(
    quick: Compare, spec: polyproof.Spec, folder: Path
) -> None:
    assert polyproof.compare(spec, runs=0).found.kept == 0
    assert not (folder / "kept").exists()
    polyproof.compare(spec, runs=0, out="kept")
    assert polyproof.compare([spec], runs=0, out="kept").found.kept == 1
    assert polyproof.compare(spec, runs=0, out="kept", again=True).found.kept == 0
    assert {path.name for path in (folder / "kept").iterdir()} == {"index.html", "table.csv", "table.md", "measured"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"specs": "spec.yaml"}, "expected what polyproof.load_spec returns"),
        ({"specs": ["spec.yaml"]}, "expected what polyproof.load_spec returns"),
        ({"specs": []}, "expected what polyproof.load_spec returns"),
        ({"vary": ["backend=stark"]}, "vary is list"),
        ({"vary": {"backend.hash": "blake3"}}, "expected a list of values"),
        ({"vary": {"backend.hash": ["blakee3"]}}, "did you mean 'blake3'?"),
        ({"accounts": 0}, "from 1 to"),
        ({"accounts": [10, True]}, "accounts is True"),
        ({"accounts": []}, "an empty list"),
        ({"runs": -1}, "from 0 to"),
        ({"out": 3}, "expected a path"),
    ],
)
def test_what_is_no_argument_is_refused(spec: polyproof.Spec, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(polyproof.UsageError) as raised:
        polyproof.compare(**{"specs": spec, **arguments})
    assert told in str(raised.value)


def test_accounts_in_memory_are_not_sent_elsewhere(quick: Compare, spec: polyproof.Spec) -> None:
    import pyarrow as pa

    table = pa.table({"account": ["alice"], "BTC": ["1"], "USDT": ["2"]})
    text = MERKLE.replace("accounts: {path: accounts.csv}\n", "")
    with pytest.raises(polyproof.UsageError, match="accounts in memory"):
        polyproof.compare(polyproof.load_spec(text, accounts=table), runs=0)
    assert polyproof.compare(polyproof.load_spec(text, accounts=table), accounts=5, runs=0).outcome is None


@pytest.mark.slow
def test_each_combination_is_measured_in_a_process_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    found = polyproof.compare(polyproof.load_spec("spec.yaml"), vary={"backend.hash": ["sha256", "blake3"]}, runs=0)
    assert [row.outcome for row in found.rows] == ["measured", "measured"], found.outcome
