"""HTX's reserve files: holdings, those who sign for a contract, and the names of coins."""

from __future__ import annotations

from pathlib import Path

import pytest

from ownership import wallets
from polyproof.errors import Problem
from polyproof.model.assets import Asset
from polyproof.model.chains import CHAINS
from polyproof.model.holdings import FINEST, MOST_TEXTS
from polyproof.registry import default_registry
from polyproof.reserves.coins import CoinNames
from polyproof.source import Coin, FileOptions, Row, Total
from polyproof_sources.htx_csv import HtxCsv
from reserves.conftest import Problems, Read

COIN = 10**FINEST
TOTALS = "coin,snapshot height,balance\n"
HEADER = "coin,address,snapshot height,balance,message,signature"
A, B, C = (wallets.evm_account(number) for number in range(3))


def lines(*rows: str, totals: str = "") -> str:
    return "".join(f"{line}\n" for line in (f"{TOTALS}{totals}", HEADER, *rows))


def test_holdings_and_totals_are_read(read: Read) -> None:
    text = lines(
        f"ETH,{A},23900000,1.5,hello,0x01",
        f"USDT-Avalanche C-Chain,{B},7,2.25,-,-",
        totals="ETH(ALL),-,1.5\nETH,23900000,1.5\nUSDT(All),-,2.25\n",
    )
    first, second = read("htx-csv", f"\ufeff{text}", "a.csv").rows
    assert (first.asset, first.chain, first.address, first.amount) == ("ETH", "ethereum", A, 3 * COIN // 2)
    assert (first.message, first.signatures, first.owners, first.height) == ("hello", ("0x01",), (), 23_900_000)
    assert (second.asset, second.chain, second.message, second.signatures) == ("USDT", "avalanche-c", "", ())
    assert [(row.location.line, row.location.row) for row in (first, second)] == [(7, 1), (8, 2)]


def test_rows_that_do_not_add_up_are_an_error_unless_that_is_to_be_reported(read: Read, problems: Problems) -> None:
    text = lines(f"ETH,{A},-,1.5,hello,0x01", totals="ETH(ALL),-,1.50001\n")
    assert "1.50001" in str(problems("htx-csv", text, "a.csv")[0])
    assert len(read("htx-csv", text, "a.csv", ", totals: reported").rows) == 1


def test_those_who_sign_for_a_contract_are_its_owners_and_hold_nothing(read: Read) -> None:
    """Read as holdings, each would be an address of the exchange; left out, the contract would have no signature."""
    text = lines(
        f"USDT-ETH,{A},23900000,3,-,-",
        f"ETH,{B},-,-,hello,0x01",
        f"ETH,{C},-,-,hello,-",
        f"USDT-ETH,{B},23900000,4,hello,0x02",
    )
    contract, other = read("htx-csv", text, "a.csv").rows
    assert (contract.address, contract.amount) == (A, 3 * COIN)
    assert (contract.owners, contract.signatures, contract.message) == ((B, C), ("0x01",), "hello")
    assert (other.owners, other.signatures, other.location.row) == ((), ("0x02",), 2)


@pytest.mark.parametrize(
    ("rows", "line", "says"),
    [
        ([f"ETH,{A},-,-,hello,0x01"], 4, "no row without a signature is above it"),
        ([f"ETH,{A},-,1,hello,0x01", f"ETH,{B},-,-,hello,0x02"], 5, "no row without a signature is above it"),
        ([f"ETH,{A},-,1,-,-", f"ETH,{B},-,-,hello,0x01", f"ETH,{C},-,-,bye,0x02"], 6, "signs another message"),
        (
            [f"ETH,{A},-,1,-,-", *[f"ETH,{B},-,-,hello,0x01"] * (MOST_TEXTS + 9)],
            5 + MOST_TEXTS,
            f"is one more than {MOST_TEXTS}",
        ),
    ],
)
def test_whoever_signs_for_nothing_that_is_clear_is_reported(
    problems: Problems, rows: list[str], line: int, says: str
) -> None:
    (problem,) = problems("htx-csv", lines(*rows), "a.csv")
    assert says in problem.message
    assert problem.location is not None
    assert problem.location.line == line


def test_a_header_of_totals_takes_no_holdings(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{TOTALS}ETH,-,1\nETH,{A},-,1,hello,0x01\n")
    total, problem = HtxCsv(FileOptions(path=("a.csv",)), default_registry()).read(path)
    assert isinstance(total, Total)
    assert isinstance(problem, Problem)
    assert problem.message == "has 6 cells; a total has three"


def test_a_row_is_given_once_its_signers_are_known(tmp_path: Path) -> None:
    """The last row of a file that was cut off behind it is not lost."""
    path = tmp_path / "a.csv"
    path.write_text(lines(f"ETH,{A},-,1,-,-", f"ETH,{B},-,-,hello,0x01"))
    (row,) = HtxCsv(FileOptions(path=("a.csv",)), default_registry()).read(path)
    assert isinstance(row, Row)
    assert row.owners == (B,)


@pytest.mark.parametrize("coin", HtxCsv.coins, ids=lambda coin: coin.name)
def test_every_name_of_a_coin_means_one(coin: Coin) -> None:
    name, asset, chain = coin.name, coin.asset, coin.chain
    assert chain in CHAINS
    found = CoinNames((Asset(asset, 8),), named=HtxCsv.coins, networks={}).find(name, "")
    assert (found.asset, found.chain, found.token) == (asset, chain, "")


@pytest.mark.parametrize("coin", ["stETH", "aETH", "wBTC-ERC20", "jsTRX", "stUSDT-TRC20", "BETH-Heco"])
def test_a_claim_on_a_coin_is_not_that_coin(problems: Problems, read: Read, coin: str) -> None:
    text = lines(f"{coin},{A},-,1,hello,0x01", f"ETH,{A},-,1,hello,0x01")
    (problem,) = problems("htx-csv", text, "a.csv")
    assert coin in problem.message
    assert [row.asset for row in read("htx-csv", text, "a.csv", more="  ignore: '*'\n").rows] == ["ETH"]
