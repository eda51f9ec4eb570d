"""Recorded answers: of one block, exact, without secrets; what is not recorded is not checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from polyproof.balances import ControlQuestion, Question
from polyproof.errors import InputError
from polyproof.model.holdings import FINEST
from polyproof.ownership import OwnershipClaim
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof_balances.replay import Replay, ReplayOptions
from reserves.exchange import BITCOIN, ETHEREUM

COIN = 10**FINEST
HEADER = {"polyproof-balances": 1}
AT: dict[str, Any] = {"chain": "ethereum", "height": ETHEREUM.height, "block": ETHEREUM.block}
HELD = {**AT, "address": "0xA", "asset": "ETH", "token": "", "held": "1.5"}
OWNERS: dict[str, Any] = {"source": "getOwners", "owners": ["0xA"], "threshold": 1, "accepted": []}
CONTROL = {**AT, "address": "0xC", "control": OWNERS}


def replay(tmp_path: Path, *records: Any, header: Any = HEADER) -> Replay:
    lines = [json.dumps(record, sort_keys=True, separators=(",", ":")) for record in (header, *records)]
    (tmp_path / "recorded.jsonl").write_text("\n".join(lines) + "\n")
    provider = Replay(ReplayOptions(path=Path("recorded.jsonl")), default_registry())
    provider.open(tmp_path)
    return provider


def asked(address: str, asset: str = "ETH", token: str = "") -> Question:
    return Question(asset, "ethereum", address, token)


def test_what_was_recorded_is_answered_and_the_rest_is_not_checked(tmp_path: Path) -> None:
    provider = replay(tmp_path, HELD, {**HELD, "asset": "USDC", "token": "bridged", "held": "0"})
    questions = [asked("0xA"), asked("0xB"), asked("0xA", "USDC"), asked("0xA", "USDC", "bridged")]
    answers = provider.balances(questions, ETHEREUM, Progress())
    assert [answer.held for answer in answers] == [3 * COIN // 2, None, None, 0]
    assert answers[1].reason == "not recorded"
    assert ETHEREUM.block in answers[0].source


def test_what_was_recorded_of_another_block_is_not_checked(tmp_path: Path) -> None:
    provider = replay(tmp_path, HELD, CONTROL)
    for pin in (evolve(ETHEREUM, height=5), evolve(ETHEREUM, block="0x" + "ee" * 32)):
        (answer,) = provider.balances([asked("0xA")], pin, Progress())
        assert answer.held is None
        assert "not at the snapshot's" in answer.reason
        claim = OwnershipClaim("ETH", "ethereum", "0xC")
        (control,) = provider.controls([ControlQuestion(claim)], pin, Progress())
        assert control.control is None


def test_who_controls_an_account_is_replayed_and_said_to_be_recorded(tmp_path: Path) -> None:
    provider = replay(tmp_path, CONTROL)
    questions = [ControlQuestion(OwnershipClaim("ETH", "ethereum", address)) for address in ("0xC", "0xD")]
    known, unknown = provider.controls(questions, ETHEREUM, Progress())
    assert known.control is not None
    assert known.control.owners == ("0xA",)
    assert known.control.source == "recorded: getOwners"
    assert unknown.control is None


def test_it_serves_the_chains_that_it_has_answers_of(tmp_path: Path) -> None:
    provider = replay(tmp_path, HELD)
    assert provider.serves(asked("0xB"))
    assert provider.controls_chain("ethereum")
    assert not provider.controls_chain(BITCOIN.chain)


def without(record: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != key}


@pytest.mark.parametrize(
    ("records", "part"),
    [
        ([{**HELD, "held": 1.5}], "not an integer"),
        ([{**HELD, "held": "-1"}], "held"),
        ([{**HELD, "held": "1.50"}], "held"),
        ([{**HELD, "held": "1e5"}], "held"),
        ([without(HELD, "held")], "held is missing"),
        ([without(HELD, "height")], "height is missing"),
        ([without(HELD, "chain")], "chain is missing"),
        ([{**HELD, "height": "5"}], "height"),
        ([{**HELD, "url": "http://x"}], "'url' does not belong there"),
        ([{**CONTROL, "held": "1"}], "'held' does not belong there"),
        ([HELD, {**HELD, "held": "2"}], "two answers"),
        ([HELD, {**HELD, "address": "0xB", "height": 5}], "answers of two blocks"),
        ([CONTROL, {**CONTROL, "control": {**OWNERS, "threshold": 2}}], "two answers about who"),
        ([{**CONTROL, "control": {**OWNERS, "accepted": ["xx"]}}], "not a digest"),
        ([{**CONTROL, "control": 5}], "not an object"),
        ([5], "object"),
    ],
)
def test_a_malformed_recording_is_refused_with_its_line(tmp_path: Path, records: list[Any], part: str) -> None:
    with pytest.raises(InputError) as caught:
        replay(tmp_path, *records)
    assert part in str(caught.value)
    assert f":{len(records) + 1}:" in str(caught.value)


@pytest.mark.parametrize("header", [{}, {"polyproof-balances": 2}, {"polyproof-holdings": 1}, 5])
def test_another_kind_of_file_is_refused(tmp_path: Path, header: Any) -> None:
    with pytest.raises(InputError, match="does not begin with"):
        replay(tmp_path, header=header)


def test_a_recording_that_is_not_there_is_reported(tmp_path: Path) -> None:
    provider = Replay(ReplayOptions(path=Path("none.jsonl")), default_registry())
    with pytest.raises(InputError, match=r"none\.jsonl"):
        provider.open(tmp_path)
