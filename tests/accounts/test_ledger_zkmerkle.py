"""Lists of users of zkMerkle proofs of solvency: the conformance suite, both layouts, debts and wrong headers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from accounts.snapshots import problems_of, read_text, table
from polyproof.errors import Problem
from polyproof.ledger import LedgerFormat
from polyproof.model.assets import Asset
from polyproof.testing.ledger import Accounts, LedgerSuite, Write, checked
from polyproof_sources.plain_csv import LONGEST
from polyproof_sources.zkmerkle_csv import ZkMerkleCsv

EARLIER = "rn,id,e_btc,d_btc,btc,e_eth,d_eth,eth,btc_usdt_price,eth_usdt_price,total_net_balance_usdt"
LATER = "rn,id,e_btc,d_btc,btc,vl_btc,m_btc,pm_btc,e_eth,d_eth,eth,vl_eth,m_eth,pm_eth,total_net_balance_usdt"
ASSETS = (Asset("BTC", 8), Asset("ETH", 18, bits=128))


class TestZkMerkleCsv(LedgerSuite):
    closed = False

    @pytest.fixture
    def ledger(self) -> LedgerFormat:
        return ZkMerkleCsv()

    @pytest.fixture
    def write(self) -> Write:
        def write(accounts: Accounts) -> bytes:
            names = list(dict.fromkeys(name for _, amounts in accounts for name in amounts)) or ["BTC"]
            header = ["rn", "id"]
            for name in names:
                header += [f"e_{name}", f"d_{name}", name]
            prices = [f"{name}_usdt_price" for name in names]
            lines = [",".join([*header, *prices, "total_net_balance_usdt"])]
            for number, (account, amounts) in enumerate(accounts):
                cells = [str(number), account]
                for name in names:
                    cells += [amounts.get(name, "0"), "0.0", amounts.get(name, "0")]
                lines.append(",".join([*cells, *("1" for _ in prices), "0.0"]))
            return "".join(f"{line}\n" for line in lines).encode()

        return write

    @pytest.fixture
    def wrong(self) -> Sequence[tuple[bytes, int | None]]:
        good = "1,a,0.1,0,0.1,0,0,0,1,1,0"
        second = ("2,b,0.1", f"{good},1", f'{good[:-1]}"0"', "2,b,\xff")
        rows: list[tuple[bytes, int | None]] = [
            (f"{EARLIER}\n{good}\n{row}\n{good}\n".encode("latin-1"), 2) for row in second
        ]
        return [*rows, (f"{good}\n".encode(), None), (EARLIER.replace("d_btc", "x").encode(), None)]


@pytest.mark.parametrize(
    "text",
    [
        f"{EARLIER}\n1,a,0.10,0.0,0.1,2,0,2,3000,400,1\r\n\n2,b,0,0E-8,0,1e-18,.0,0,0,0,0\n",
        f"\ufeff{LATER}\n1,a,0.10,0.0,0,0.1,0,0,2,0,0,1,0,0,0.0\n2,b,0,0,0,0,0,0,0.000000000000000001,0,0,0,0,0,0.0",
    ],
)
def test_what_users_have_is_what_they_are_owed(tmp_path: Path, text: str) -> None:
    accounts = read_text(tmp_path, text, ASSETS, format="zkmerkle-csv")
    assert table(accounts) == {"a": (10_000_000, 2 * 10**18), "b": (0, 1)}


@pytest.mark.parametrize("debt", ["0.00000001", "-1", "1e-30", "x", "0.1e1", "", "."])
def test_a_debt_is_refused_at_its_row(tmp_path: Path, debt: str) -> None:
    """Left out of the sums, it would make what is owed to others look covered by what somebody owes."""
    text = f"{EARLIER}\n1,a,1,0,1,0,0,0,1,1,0\n2,b,1,0,1,5,{debt},0,1,1,0\n"
    (problem,) = problems_of(tmp_path, text, assets=ASSETS, format="zkmerkle-csv")
    assert problem.endswith(
        f"users.csv:3: row 2: ETH debt is '{debt}' (rule 'non-negative' allows no debts, but net-equity does)"
    )


def test_assets_that_the_spec_lacks_are_left_out_by_its_choice_alone(tmp_path: Path) -> None:
    text = f"{EARLIER}\n1,a,1,0,1,5,0,5,1,1,0\n"
    (problem,) = problems_of(tmp_path, text, assets=ASSETS[:1], format="zkmerkle-csv")
    assert "assets unknown to the spec: 'eth'" in problem
    assert table(read_text(tmp_path, text, ASSETS[:1], format="zkmerkle-csv", leave_out=("*",))) == {"a": (10**8,)}


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "the first line is not a header"),
        ("id,rn,e_btc,d_btc,btc,total_net_balance_usdt", "the first line is not a header: it begins with 'id,rn'"),
        ("rn,id,total_net_balance_usdt", "the header names no asset"),
        ("rn,id,e_btc,btc,d_btc,total_net_balance_usdt", "'e_btc' is not followed by d_btc and btc"),
        ("rn,id,e_btc,d_btc,btc,e_BTC,d_BTC,BTC,total_net_balance_usdt", "the header names an asset twice"),
        ("rn,id,e_btc,d_btc,btc,vl_btc,m_btc,total_net_balance_usdt", "column 6 is 'vl_btc'"),
        ("rn,id,e_btc,d_btc,btc", "the last column is missing"),
        ("rn,id,e_btc,d_btc,btc,secret,total_net_balance_usdt", "column 6 is 'secret'"),
        (f"rn,id,{'x' * LONGEST}", f"the line is longer than {LONGEST} bytes"),
    ],
)
def test_another_header_is_refused(tmp_path: Path, header: str, says: str) -> None:
    path = tmp_path / "users.csv"
    path.write_text(f"{header}\n1,a,1,0,1,0\n")
    (problem,) = checked(ZkMerkleCsv(), path)
    assert isinstance(problem, Problem)
    assert problem.message.startswith(says)
    assert problem.location is not None
    assert problem.location.line == 1
