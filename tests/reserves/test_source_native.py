"""The native format: the same holdings in YAML, JSON lines and Parquet, and everything else reported."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from ownership import wallets
from polyproof.model.holdings import FINEST
from polyproof.ownership import Kind
from reserves.conftest import Problems, Read
from reserves.exchange import ETHEREUM, jsonl

COIN = 10**FINEST
HEADER = {"polyproof-holdings": 1}
A, B = wallets.evm_account(1), wallets.evm_account(2)
FULL: dict[str, Any] = {
    "asset": "ETH",
    "chain": "ethereum",
    "address": A,
    "amount": "1.5",
    "kind": "staked",
    "message": "first\nsecond",
    "signatures": ["0x01", "0x02"],
    "keys": ["0xaa"],
    "owners": [B],
    "scheme": "evm-eoa",
    "height": str(ETHEREUM.height),
    "block": ETHEREUM.block,
}


def parquet(path: Path, records: list[dict[str, Any]], schema: pyarrow.Schema | None = None) -> bytes:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records, schema), path)
    return path.read_bytes()


def encoded(tmp_path: Path, encoding: str, records: list[dict[str, Any]]) -> bytes:
    if encoding == "yaml":
        return json.dumps({**HEADER, "holdings": records}).encode()
    if encoding == "jsonl":
        return jsonl(records).encode()
    return parquet(tmp_path / "made.parquet", records)


@pytest.mark.parametrize("encoding", ["yaml", "jsonl", "parquet"])
def test_every_key_of_a_holding_is_read(tmp_path: Path, read: Read, encoding: str) -> None:
    (row,) = read("native", encoded(tmp_path, encoding, [FULL]), f"a.{encoding}").rows
    assert (row.asset, row.chain, row.address, row.amount) == ("ETH", "ethereum", A, 3 * COIN // 2)
    assert row.kind is Kind.STAKED
    assert row.message == "first\nsecond"
    assert (row.signatures, row.keys, row.owners) == (("0x01", "0x02"), ("0xaa",), (B,))
    assert (row.scheme, row.height, row.block) == ("evm-eoa", ETHEREUM.height, ETHEREUM.block)
    assert row.location.row == 1


@pytest.mark.parametrize("encoding", ["yaml", "jsonl", "parquet"])
def test_what_is_left_out_is_empty(tmp_path: Path, read: Read, encoding: str) -> None:
    few = {"asset": "ETH", "chain": "arbitrum", "address": A, "amount": "0"}
    (row,) = read("native", encoded(tmp_path, encoding, [few]), f"a.{encoding}").rows
    assert (row.kind, row.message, row.signatures, row.height, row.scheme) == (Kind.OWN, "", (), None, None)


def test_amounts_of_yaml_and_json_never_pass_through_a_float(read: Read) -> None:
    row = "{asset: ETH, chain: ethereum, address: X, amount: 0.1000000000000000055}"
    text = f"polyproof-holdings: 1\nholdings:\n  - {row}\n"
    assert read("native", text, "a.yaml").rows[0].amount == 1000000000000000055 * COIN // 10**19
    line = '{"asset":"ETH","chain":"ethereum","address":"X","amount":123456789012345678.000000000000000001}\n'
    found = read("native", json.dumps(HEADER) + "\n" + line, "a.jsonl").rows[0].amount
    assert found == 123456789012345678 * COIN + COIN // 10**18


def test_parquet_takes_decimals_and_integers_and_refuses_floats(tmp_path: Path, read: Read, problems: Problems) -> None:
    record = {"asset": "ETH", "chain": "ethereum", "address": A, "amount": Decimal("1.50"), "height": ETHEREUM.height}
    (row,) = read("native", parquet(tmp_path / "made.parquet", [record]), "a.parquet").rows
    assert (row.amount, row.height) == (3 * COIN // 2, ETHEREUM.height)
    floating = parquet(tmp_path / "made.parquet", [{**record, "amount": 1.5}])
    (problem, *_) = problems("native", floating, "a.parquet")
    assert "floating-point" in problem.message
    assert problem.location is not None
    assert problem.location.row == 1


def test_nulls_of_parquet_are_empty(tmp_path: Path, read: Read) -> None:
    records = [{**FULL}, {**FULL, "address": B, "signatures": None, "scheme": None, "kind": None, "height": None}]
    _, row = read("native", parquet(tmp_path / "made.parquet", records), "a.parquet").rows
    assert (row.signatures, row.scheme, row.kind, row.height) == ((), None, Kind.OWN, None)


def test_a_file_that_is_not_parquet_is_reported(problems: Problems) -> None:
    (problem,) = problems("native", b"PAR1 not really", "a.parquet")
    assert "Parquet" in problem.message


@pytest.mark.parametrize("encoding", ["yaml", "jsonl"])
def test_defaults_hold_where_a_holding_says_nothing(read: Read, encoding: str) -> None:
    top = {**HEADER, "defaults": {"chain": "ethereum", "message": "ours", "kind": "custodial"}}
    holdings = [{"asset": "ETH", "address": A, "amount": "1"}, {**FULL, "address": B}]
    if encoding == "yaml":
        text = json.dumps({**top, "holdings": holdings})
    else:
        text = "".join(json.dumps(line) + "\n" for line in (top, *holdings))
    first, second = read("native", text, f"a.{encoding}").rows
    assert (first.chain, first.message, first.kind) == ("ethereum", "ours", Kind.CUSTODIAL)
    assert (second.message, second.kind) == ("first\nsecond", Kind.STAKED)


@pytest.mark.parametrize(
    ("total", "message"),
    [
        ({"asset": "ETH", "amount": "3"}, None),
        ({"asset": "ETH", "chain": "ethereum", "amount": "1.5"}, None),
        ({"asset": "ETH", "chain": "arbitrum", "amount": "1.5"}, None),
        ({"asset": "ETH", "chain": "base", "amount": "0"}, None),
        ({"asset": "ETH", "amount": "3.5"}, "declares 3.5 ETH(ALL); its rows add up to 3, 0.5 less"),
        ({"asset": "ETH", "chain": "ethereum", "amount": "1"}, "declares 1 ETH; its rows add up to 1.5, 0.5 more"),
        ({"asset": "BTC", "amount": "1"}, "declares 1 BTC(ALL); its rows add up to 0, 1 less"),
    ],
)
def test_totals_must_be_met(read: Read, problems: Problems, total: dict[str, str], message: str | None) -> None:
    elsewhere = {**FULL, "chain": "arbitrum", "height": None, "block": None}
    text = json.dumps({**HEADER, "totals": [total], "holdings": [FULL, elsewhere]})
    if message is None:
        assert len(read("native", text, "a.yaml").rows) == 2
    else:
        (problem,) = problems("native", text, "a.yaml")
        assert problem.message == message


def test_totals_that_are_not_met_may_be_reported_instead(read: Read) -> None:
    text = json.dumps({**HEADER, "totals": [{"asset": "ETH", "amount": "2"}], "holdings": [FULL]})
    found = read("native", text, "a.yaml", ", totals: reported")
    (one,) = found.discrepancies
    assert (one.coin, one.declared, one.found) == ("ETH(ALL)", 2 * COIN, 3 * COIN // 2)


@pytest.mark.parametrize("encoding", ["yaml", "jsonl"])
@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"asset": None}, "'asset' is missing"),
        ({"chain": None}, "'chain' is missing"),
        ({"chain": "nowhere"}, "unknown network 'nowhere'"),
        ({"address": None}, "no address"),
        ({"amount": None}, "not a number"),
        ({"amount": True}, "amount is true"),
        ({"amount": ["1"]}, "amount is a list"),
        ({"amount": "-1"}, "negative"),
        ({"kind": "mine"}, "kind is 'mine'"),
        ({"height": "late"}, "height"),
        ({"height": -5}, "height"),
        ({"block": "0x"}, "block hash"),
        ({"scheme": "Not A Scheme"}, "ownership scheme"),
        ({"token": "Bridged!"}, "token"),
        ({"signatures": [["0x01"]]}, "signatures is not a list of strings"),
        ({"signatures": {"a": "b"}}, "signatures is not a list of strings"),
        ({"signatures": ["x"] * 65}, "has 65 signatures"),
        ({"signature": "0x01"}, "unknown key 'signature'"),
        ({"message": "x" * 70_000}, "65536"),
    ],
)
def test_what_is_wrong_with_a_holding_is_reported_with_its_row(
    tmp_path: Path, problems: Problems, encoding: str, change: dict[str, Any], part: str
) -> None:
    second = {key: value for key, value in {**FULL, "address": B, **change}.items() if value is not None}
    found = problems("native", encoded(tmp_path, encoding, [FULL, second]), f"a.{encoding}")
    assert any(part in problem.message for problem in found), [str(problem) for problem in found]
    assert all(problem.location and problem.location.row == 2 for problem in found)


@pytest.mark.parametrize(
    ("file", "data", "part"),
    [
        ("a.yaml", "holdings: []", "polyproof-holdings is null"),
        ("a.yaml", "polyproof-holdings: 2\nholdings: []", "reads version 1"),
        ("a.yaml", "polyproof-holdings: 1\nholdings: 5", "holdings is not a list"),
        ("a.yaml", "polyproof-holdings: 1\nholdings: [5]", "is not a mapping"),
        ("a.yaml", "polyproof-holdings: 1\nholding: []", "unknown key 'holding'"),
        ("a.yaml", "polyproof-holdings: 1\ndefaults: 5\nholdings: []", "defaults is not a mapping"),
        ("a.yaml", "polyproof-holdings: 1\ntotals: 5\nholdings: []", "totals is not a list"),
        ("a.yaml", "polyproof-holdings: 1\nholdings: [{asset: ETH, asset: BTC}]", "given twice"),
        ("a.yaml", "- 1", "is not a mapping"),
        ("a.yaml", "a: [", "not YAML"),
        ("a.jsonl", "", "no holdings"),
        ("a.jsonl", "[1]\n", "not an object"),
        ("a.jsonl", "{\n", "is not JSON"),
        ("a.jsonl", '{"polyproof-holdings": 1}\n{"asset": "ETH", "asset": "BTC"}\n', "given twice"),
        ("a.jsonl", '{"polyproof-holdings": 1}\n' + "[" * 100_000 + "\n", "is not JSON"),
        ("a.jsonl", '{"polyproof-holdings": 1}\n' + '{"asset": "' + "x" * (1 << 20) + '"}\n', "longer than"),
        ("a.jsonl", '{"polyproof-holdings": 1}\n"text"\n', "is not a mapping"),
        ("a.toml", "x", "unknown suffix"),
    ],
)
def test_what_is_wrong_with_a_file_is_reported(problems: Problems, file: str, data: str, part: str) -> None:
    found = problems("native", data, file)
    assert any(part in str(problem) for problem in found), [str(problem) for problem in found]


def test_an_unknown_token_may_not_count_beside_another(read: Read, problems: Problems) -> None:
    """Else one account would count again under every name that somebody thinks of."""
    first = {"asset": "ETH", "chain": "ethereum", "address": A, "amount": "1"}
    rows = jsonl([first, {**first, "token": "another"}])
    (problem,) = problems("native", rows, "a.jsonl")
    assert "no token 'another' of ETH on ethereum" in problem.message
    more = "  coins: [{coin: WEIRD-ETH, asset: ETH, chain: ethereum, token: another}]\n"
    assert len(read("native", rows, "a.jsonl", more=more).rows) == 2


def test_texts_of_a_row_are_bounded_together(problems: Problems) -> None:
    text = json.dumps({**HEADER, "holdings": [{**FULL, "signatures": ["x" * 60_000] * 18}]})
    (problem,) = problems("native", text, "a.yaml")
    assert "together" in problem.message


def test_half_a_surrogate_pair_is_reported(problems: Problems) -> None:
    line = json.dumps({**FULL, "message": "\ud800"})
    (problem,) = problems("native", json.dumps(HEADER) + "\n" + line + "\n", "a.jsonl")
    assert "Unicode" in problem.message


def test_the_encoding_may_be_said(read: Read) -> None:
    assert len(read("native", jsonl([FULL]), "a.txt", ", encoding: jsonl").rows) == 1


def test_outcomes_recorded_in_a_file_are_ignored(read: Read) -> None:
    """A file cannot say itself that its chain names its owners: only whoever asks the chain may."""
    control = {"source": "trust me", "owners": [B], "threshold": 1, "accepted": []}
    record = {**FULL, "control": control, "outcome": {"status": "proven"}}
    (row,) = read("native", jsonl([record]), "a.jsonl").rows
    assert row.control is None
    assert row.claim.control is None


def test_a_message_keeps_its_blanks(read: Read) -> None:
    (row,) = read("native", jsonl([{**FULL, "message": " signed so \n"}]), "a.jsonl").rows
    assert row.message == " signed so \n"
