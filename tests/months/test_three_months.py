"""Three months of an exchange on a real PostgreSQL, played by ``three_months.py``, and what each command said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from doubles.database_servers import Server

TESTS = Path(__file__).parents[1]


@frozen
class Played:
    """What is left of the three months."""

    folder: Path
    screens: dict[str, Any]

    def said(self, name: str) -> str:
        """What stood on the terminal after a step, as one line of single spaces."""
        return " ".join(" ".join(self.screens[name]["lines"]).split())

    def index(self) -> list[dict[str, Any]]:
        """The history as the web server has it."""
        found: list[dict[str, Any]] = json.loads((self.folder / "server/history.json").read_bytes())["audits"]
        return found


@pytest.fixture(scope="module")
def played(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("months") / "exchange"
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "POLYPROOF_THREADS": "1"}
    with postgres.database("months") as dsn:
        command = [sys.executable, "-m", "months.three_months", str(folder), "--dsn", dsn]
        ended = subprocess.run(command, cwd=TESTS, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    screens = json.loads((folder / "screens.json").read_bytes())
    return Played(folder, {screen["name"]: screen for screen in screens})


def test_every_month_is_in_the_history_and_the_mistake_beside_its_correction(played: Played) -> None:
    october, november, corrected, december = played.index()
    assert [one["snapshot"][:10] for one in (october, november, corrected, december)] == [
        "2025-10-31",
        "2025-11-30",
        "2025-11-30",
        "2025-12-31",
    ]
    assert corrected["corrects"] == november["publication_digest"]
    assert "VERIFIED: one audit, every proof, the signatures of 6 rows" in played.said("october verified")
    said = played.said("a stranger")
    assert "VERIFIED: 4 audits, every proof, every link, the signatures of 24 rows" in said
    assert (
        f"{corrected['audit_id']} corrects {november['audit_id']}; what was wrong, as the organisation says: "
        "balances of the margin product were left out" in said
    )
    assert "VERIFIED" in played.said("a stranger with the archive")
    assert december["publication_digest"] in played.said("a stranger with the archive")
    refused = played.said("a stranger with another digest")
    assert "no audit in it has the digest" in refused
    assert "[publication-digest]" in refused


def test_the_customer_sees_the_mistake_and_then_the_correction(played: Played) -> None:
    assert "INCLUDED" in played.said("october asked by the customer")
    wrong = played.said("november asked by the customer")
    assert "the file does not show that these balances were counted" in wrong
    assert "ask the exchange what it counted, and keep both files" in wrong
    assert "INCLUDED" in played.said("correction asked by the customer")
    assert "File and audit do not belong together" in played.said("correction asked with the old file")
    assert "INCLUDED" in played.said("december asked by the customer")


def test_what_falls_short_is_told_with_the_reason_and_read_anew_when_it_is_mended(played: Played) -> None:
    said = played.said("november without bitcoin's signatures")
    assert "BTC is not covered (0.00 %); in the last audit it was; 2 of its 2 rows count for nothing, such as" in said
    assert re.search(r"such as bc1q\w+: failed: there is no signature", said)
    assert "nothing was published" in said
    assert "Every asset is covered" in played.said("november tried")
    assert "Every asset is covered" in played.said("november published")


def test_a_second_audit_of_a_moment_is_told_how_to_correct(played: Played) -> None:
    said = played.said("correction without a word")
    assert "only a correction may be of the same time" in said
    assert "--corrects AUDIT_ID --reason TEXT publishes a correction" in said


def test_a_lost_folder_is_told_with_what_does_as_well(played: Played) -> None:
    said = played.said("december after a lost folder")
    assert "--previous audits/2025-11-30-corrected does not exist" in said
    assert "the published folder will do, or a copy of it" in said
    without = played.said("december without the history")
    assert "the history in audits/published is missing or has lost audits" in without
    assert "put the published folder back as it was" in without


def test_a_run_that_is_killed_or_finds_the_disk_full_goes_on_with_the_first_unfinished_segment(
    played: Played,
) -> None:
    assert re.search(r"1,800 in 3 segments, [12] of them from the previous run", played.said("december proved"))
    if "december without room" not in played.screens:
        pytest.skip("a disk of a chosen size cannot be mounted here")
    small = played.said("december without room")
    assert re.search(r"\.2025-12-31\.partial: not enough room on the disk: .* takes .* bytes\), and .* are free", small)
    full = played.said("december on a full disk")
    assert "No space left on device" in full
    assert ".2025-12-31.partial/" in full
    assert "make room, and run the same command again" in full


# The terminal


def test_nothing_breaks_inside_an_id_a_digest_or_a_time(played: Played) -> None:
    index = played.index()
    whole = [one[key] for one in index for key in ("audit_id", "publication_digest", "snapshot", "created")]
    for name, screen in played.screens.items():
        for line in screen["lines"]:
            for word in whole:
                begun = word[: len(word) - 4]
                if begun in line:
                    assert any(other in line for other in whole if other.startswith(begun)), (name, line)
