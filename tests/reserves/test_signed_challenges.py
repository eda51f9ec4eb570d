"""The how-to as written: challenges are signed, named beside the sources, and merged into the rows they answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from doubles.policies import SUM_TREE
from ownership import wallets
from polyproof.errors import ReservesError
from polyproof.ownership import Kind, Status
from polyproof.reserves import ReservesDone
from polyproof.reserves.challenge import Freshness
from polyproof.reserves.run import run_reserves
from polyproof.reserves.signing import write_challenges
from polyproof.reserves.verification import verify_reserves
from reserves.exchange import jsonl, okx_csv, prove, spec_text, wallet, write_spec

ASSETS = ("BTC 8", "ETH 9", "TRX 6")
WAYS = ("EVM, EIP-191", "bitcoin P2WPKH, header of BIP-137", "Tron, its header")
HELD = ("4", "2", "10")
OWED = {"BTC": "2", "ETH": "5", "TRX": "10"}
CUSTODIAL = {
    "asset": "ETH",
    "chain": "ethereum",
    "address": "0x" + "c0" * 20,
    "amount": "1",
    "kind": "custodial",
}
SOURCES = "{name: okx-csv, path: wallets.csv}\n{name: native, path: custody.jsonl}"
POLICY = "{balances: declared, messages: [challenge], count: [signed, custodial]}"


class Exchange:
    """Three wallets of its own and one at a custodian, an audit, and challenges written for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        rows = [wallet(way, number, held) for number, (way, held) in enumerate(zip(WAYS, HELD, strict=True), 1)]
        (folder / "wallets.csv").write_text(okx_csv(rows))
        (folder / "custody.jsonl").write_text(jsonl([CUSTODIAL]))
        self.audit = prove(folder, write_spec(folder, spec_text(SOURCES, assets=ASSETS, policy=POLICY)), OWED)
        self.records = self.challenges()

    def challenges(self, more: str = "") -> list[dict[str, Any]]:
        """The rows that wallets sign, without the first line."""
        out = self.folder / "to-sign.jsonl"
        out.unlink(missing_ok=True)
        spec = write_spec(self.folder, spec_text(SOURCES, assets=ASSETS, policy=POLICY, more=more))
        assert write_challenges(spec, self.audit, out) == 3
        return [json.loads(line) for line in out.read_text().splitlines()[1:]]

    def sign(self, *places: int) -> list[dict[str, Any]]:
        """The same rows, those at some places signed."""
        return [
            {**record, "signatures": list(wallets.PROVEN[way](number + 1, record["message"]).signatures)}
            if number in places
            else record
            for number, (way, record) in enumerate(zip(WAYS, self.records, strict=True))
        ]

    def reserves(self, signed: list[dict[str, Any]], sources: str = SOURCES) -> ReservesDone:
        (self.folder / "signed.jsonl").write_text(jsonl(signed))
        more = "  signed: [{name: native, path: signed.jsonl}]\n" if sources == SOURCES else ""
        spec = write_spec(self.folder, spec_text(sources, assets=ASSETS, policy=POLICY, more=more))
        return run_reserves(spec, self.audit, replace=True, policy=SUM_TREE)


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    return Exchange(tmp_path)


def test_signed_challenges_are_merged_and_custodial_rows_stay(exchange: Exchange) -> None:
    done = exchange.reserves(exchange.sign(0, 1, 2))
    rows = done.evaluation.rows
    assert len(rows) == 4, "one row a wallet"
    own = [one for one in rows if one.row.kind is not Kind.CUSTODIAL]
    assert {(one.status, one.fresh.freshness) for one in own} == {(Status.PROVEN, Freshness.CHALLENGE)}
    assert [one.row.amount for one in own] == [one.row.amount for one in exchange.reserves([]).evaluation.rows][:3]
    done = exchange.reserves(exchange.sign(0, 1, 2))
    assert done.evaluation.met, "4 ETH signed for and 1 at the custodian"
    assert verify_reserves(exchange.audit, policy=SUM_TREE).published == done.published


def test_a_challenge_that_is_not_signed_leaves_its_row_as_it_was(exchange: Exchange) -> None:
    done = exchange.reserves(exchange.sign(1, 2))
    by_asset = {asset.asset.symbol: asset for asset in done.evaluation.assets}
    assert by_asset["BTC"].met
    assert by_asset["TRX"].met
    assert not by_asset["ETH"].met
    assert done.evaluation.rows[0].fresh.freshness is Freshness.CONSTANT


def test_challenges_are_written_anew_although_signed_ones_are_named(exchange: Exchange) -> None:
    more = "  signed: [{name: native, path: not-there-yet.jsonl}]\n"
    assert exchange.challenges(more) == exchange.records


def test_a_signed_file_as_a_further_source_is_refused_with_the_way_out(exchange: Exchange) -> None:
    with pytest.raises(ReservesError, match=r"listed twice.*belongs in reserves\.signed"):
        exchange.reserves(exchange.sign(0), f"{SOURCES}\n{{name: native, path: signed.jsonl}}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"address": "0x" + "ee" * 20}, "which no row of the sources lists"),
        ({"address": CUSTODIAL["address"]}, "which is custodial in"),
    ],
)
def test_what_answers_no_row_is_reported(exchange: Exchange, change: dict[str, str], message: str) -> None:
    signed = exchange.sign(0)
    with pytest.raises(ReservesError, match=message):
        exchange.reserves([{**signed[0], **change}])


def test_a_row_that_is_signed_twice_is_reported(exchange: Exchange) -> None:
    signed = exchange.sign(0)
    with pytest.raises(ReservesError, match="is signed twice"):
        exchange.reserves([signed[0], signed[0]])


def test_a_signature_of_a_stranger_is_not_merged_into_a_proof(exchange: Exchange) -> None:
    record = exchange.records[0]
    theirs = wallets.PROVEN[WAYS[0]](7, record["message"]).signatures
    done = exchange.reserves([{**record, "signatures": list(theirs)}])
    assert done.evaluation.rows[0].status is Status.FAILED
