"""What is wrong in one way in thousands of rows is one message, with a count, examples and what would be right."""

from __future__ import annotations

from pathlib import Path

from doubles.fixtures import Command

ROWS = 4433


def _too_few_bits(folder: Path) -> None:
    """A spec that gives 18 decimals 64 bits, and a ledger in which that is too little for everybody."""
    spec = (folder / "spec.yaml").read_text().replace("symbol: BTC, decimals: 8", "symbol: BTC, decimals: 18")
    assert "decimals: 18" in spec
    (folder / "spec.yaml").write_text(spec)
    rows = "".join(f"user{row},{20 + row}.5,1\n" for row in range(ROWS))
    (folder / "accounts.csv").write_text(f"account,BTC,USDT\n{rows}")


def test_too_few_bits_are_one_message_that_says_how_many_it_takes(command: Command, folder: Path) -> None:
    _too_few_bits(folder)
    ended = command("check", "spec.yaml")
    assert (ended.status, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert "accounts.csv:2: row 1: BTC amount '20.5' overflows 64 bits (expected bits: 96; the largest" in line
    assert line.endswith("4,432 more like it, in row 2, row 3, …")


def test_machines_get_the_count_the_examples_and_what_is_expected(command: Command, folder: Path) -> None:
    _too_few_bits(folder)
    ended = command("check", "spec.yaml", "--json")
    error = ended.error
    assert (error["code"], error["count"], error["expected"]) == ("amount-overflow", ROWS, "bits: 96")
    assert [one["where"]["row"] for one in error["examples"]] == [1, 2, 3]
    assert ended.json["more"] == 0
    (folder / "spec.yaml").write_text(
        (folder / "spec.yaml").read_text().replace("decimals: 18", "decimals: 18, bits: 96")
    )
    assert command("check", "spec.yaml").status == 0


def test_each_way_in_which_rows_are_wrong_is_a_message(command: Command, folder: Path) -> None:
    rows = "".join(f"user{row % 900},-1,x\n" for row in range(1000))
    (folder / "accounts.csv").write_text(f"account,BTC,USDT\n{rows}")
    errors = command("check", "spec.yaml", "--json").json["errors"]
    assert [(error["code"], error["count"]) for error in errors] == [
        ("amount-negative", 1000),
        ("amount-malformed", 1000),
        ("account-repeated", 100),
    ]


def test_rows_of_reserves_that_are_wrong_in_one_way_are_one_message(command: Command, folder: Path) -> None:
    spec = (folder / "spec.yaml").read_text()
    (folder / "spec.yaml").write_text(spec + "reserves: {sources: [{name: native, path: wallets.jsonl}]}\n")
    row = '{"asset": "BTC", "chain": "bitcoin", "address": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "amount": "1"}\n'
    (folder / "wallets.jsonl").write_text('{"polyproof-holdings": 1}\n' + 500 * row)
    ended = command("reserves", "spec.yaml")
    (line,) = ended.err.splitlines()
    assert "is listed twice for BTC on bitcoin" in line
    assert line.endswith("498 more like it, in row 3, row 4, …")
