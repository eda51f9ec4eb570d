"""What is said of accounts with debts: gross, lent, net and pledged, the ratio to gross and to net, over time too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from doubles.fixtures import Command
from doubles.policies import DECLARED, SUM_TREE
from polyproof import liabilities
from polyproof.errors import ProofRejected
from polyproof.publication.history import verify_history
from polyproof.publication.month import run_month
from polyproof.publication.report.pages import check_pages
from polyproof.registry import default_registry
from polyproof.settings.net_equity_policy import NetEquityPolicy
from polyproof.settings.reserves import ReservesPolicy
from polyproof.settings.spec import load_spec
from report.months import at, date_snapshot, write_month
from report.pages import Page

ACCOUNTS = """\
account,BTC,BTC:debt,BTC:loan,ETH,USDT,USDT:debt,USDT:loan,SOL
alice,10,0,0,0,1000000,0,0,4
bob,0,2,0,0,900000,0,400000,0
carol,3,0,1,0,0,50000,0,0
dave,1,0,0,0,0,3,0,0
erin,0.5,0,0.5,-5,3,0,0,0
"""
"""Dave has pledged nothing, and is left out. More ETH is lent than accounts have: none."""
NET_EQUITY = """\
rule: net-equity
prices: prices.csv
net_equity:
  underwater: leave-out
  collateral:
    - {asset: BTC, category: loan, slices: [{ratio: "0.9"}]}
    - {asset: USDT, category: loan, slices: [{ratio: "1"}]}
"""
PRICES = "asset,price,currency,source,time\n" + "".join(
    f"{asset},{price},USD,{source},2025-01-28T00:00:00Z\n"
    for asset, price, source in (
        ("BTC", "90000", "Kraken"),
        ("BTC", "91000", "Coinbase"),
        ("ETH", "3000", "Kraken"),
        ("USDT", "1", "Kraken"),
        ("SOL", "200", "Kraken"),
    )
)
PLAIN = "accounts: {path: accounts.csv}"
SUMMED = "accounts: {path: accounts.csv, control: \"SELECT * FROM read_csv('sums.csv', all_varchar = true)\"}"
CONTROL = (
    "asset,amount\nBTC:equity,14.5\nBTC:debt,2\nETH:equity,0\nETH:debt,5\n"
    "USDT:equity,1900003\nUSDT:debt,50003\nSOL:equity,4\n"
)
"""Of all accounts, Dave's among them."""
HELD = {"BTC": "11.5", "ETH": "0", "USDT": "1850003", "SOL": "4"}
"""As much as accounts have, less what is lent to them: of BTC 11.5 of 13.5, of USDT 1,850,003 of 1,900,003."""
NET = evolve(DECLARED, against="net")
TREES = evolve(SUM_TREE, net_equity=NetEquityPolicy(require_covered=False, allow_negative_net=("ETH",)))
POLICY = """\
polyproof-policy: 2
min_soundness_bits: null
min_soundness_2025_bits: null
net_equity: {require_covered: false, allow_negative_net: [ETH]}
reserves: {against: AGAINST, balances: declared, messages: [challenge, constant]}
"""


def write_lender(folder: Path, held: dict[str, str]) -> None:
    """The files of a month."""
    write_month(folder, dict.fromkeys(HELD, "0"), held)
    (folder / "accounts.csv").write_text(ACCOUNTS)
    (folder / "prices.csv").write_text(PRICES)
    (folder / "sums.csv").write_text(CONTROL)
    text = (folder / "spec.yaml").read_text().replace(PLAIN, SUMMED)
    (folder / "spec.yaml").write_text(text.replace("\nbackend:", f"\n{NET_EQUITY}backend:", 1))


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months of an exchange that lends, its pages by a policy that compares holdings with net."""
    folder = tmp_path_factory.mktemp("lender")
    registry = default_registry()
    for number, more in ((1, {}), (2, {"BTC": "12"})):
        write_lender(folder, {**HELD, **more})
        date_snapshot(folder, f"2025-0{number}-28")
        (folder / "prices.csv").write_text(PRICES.replace("2025-01-28", f"2025-0{number}-28"))
        with at(f"2025-0{number}-28T12:00:00+00:00"):
            run_month(
                load_spec(folder / "spec.yaml", registry),
                out=folder / f"audits/lender-{number}",
                audit_id=f"lender-{number}",
                reserves_policy=NET,
                registry=registry,
                policy=TREES,
            )
    return folder


@pytest.fixture
def policy(tmp_path: Path) -> Callable[[str], Path]:
    """A policy file that compares holdings with gross, or with net."""

    def write(against: str) -> Path:
        (tmp_path / f"{against}.yaml").write_text(POLICY.replace("AGAINST", against))
        return tmp_path / f"{against}.yaml"

    return write


def test_the_report_has_gross_lent_net_and_pledged_and_both_ratios(lender: Path) -> None:
    report = json.loads((lender / "audits/published/report.json").read_bytes())
    btc, eth, usdt, sol = (each["lending"] for each in report["assets"])
    assert btc == {
        "lent": "2",
        "net": "11.5",
        "beyond": "0",
        "pledged": [{"category": "loan", "amount": "1.5"}],
        "price_for_debts": "91000",
        "price_for_collateral": "90000",
        "gross_value": "1221750",
        "net_value": "1040750",
    }
    assert (eth["lent"], eth["net"], eth["beyond"], eth["pledged"]) == ("5", "0", "5", [])
    assert (usdt["net"], sol["net"]) == ("1850003", "4")
    # Five ETH of its own that it lends offset none of what it owes.
    netting = report["netting"]
    assert (netting["covered"], netting["segments"], netting["currency"]) == (False, 1, "USD")
    assert (netting["gross_value"], netting["net_value"]) == ("3122553", "2891553")
    assert netting["underwater"] == {
        "accounts": 1,
        "assets": [
            {"symbol": "BTC", "equity": "1", "debt": "0"},
            {"symbol": "ETH", "equity": "0", "debt": "0"},
            {"symbol": "USDT", "equity": "0", "debt": "3"},
            {"symbol": "SOL", "equity": "0", "debt": "0"},
        ],
    }
    ratios = report["assets"][0]["reserves"]["lending"]
    assert (ratios["gross_ratio"]["percent"], ratios["net_ratio"]["percent"]) == ("88.88", "104.34")
    assert report["assets"][0]["reserves"]["ratio"]["percent"] == "104.34"
    assert "borrowers" in report["assets"][0]["on_word"]
    assert "borrowers" not in report["assets"][3]["on_word"]
    over_time = [entry["assets"][0] for entry in report["history"]]
    assert [(one["gross_percent"], one["net_percent"]) for one in over_time] == [
        ("85.18", "100.00"),
        ("88.88", "104.34"),
    ]


def test_the_pages_say_what_netting_hides_and_what_a_reader_can_do(lender: Path) -> None:
    published = lender / "audits/published"
    words = {}
    for name in ("index.html", "assets/BTC.html", "assets/ETH.html", "proven.html", "history.html"):
        page = Page((published / name).read_text())
        assert page.faults == []
        words[name] = page.words
    told = words["index.html"]
    assert "if the organisation's word on what it owes, its borrowers, balances and signatures is true" in told
    assert "That debts are covered is not proven. They may be invented" in told
    assert "Holdings are compared with what is owed less what is lent" in told
    assert "BTC13.5211.51.5 loan88.88 %104.34 %" in told
    assert "ETH0505 more lent" in told
    assert "In USD3,122,553–2,891,553" in told
    assert "The organisation says that it left out 1 account whose pledges do not cover what it owes." in told
    assert "Invent a borrower" in told
    assert "Its prices are of 2025-02-28T00:00:00Z, as the organisation says: the time of the balances." in told
    assert "Compare the prices with your own: polyproof verify --prices FILE --tolerance 2%" in told
    assert "Holdings that count are 104.34 % of what is owed less what is lent" in words["assets/BTC.html"]
    assert "Lent beyond what accounts have" in words["assets/ETH.html"]
    assert "None of them negative" not in words["proven.html"]
    assert "no debt lowers the gross totals" in words["proven.html"]


def test_control_sums_are_said_to_be_of_accounts_that_are_left_out_too(lender: Path, command: Command) -> None:
    published = lender / "audits/published"
    btc = json.loads((published / "report.json").read_bytes())["assets"][0]
    assert (btc["liabilities"], btc["control"]) == ("13.5", "14.5")
    told = Page((published / "assets/BTC.html").read_text()).words
    assert "14.5 BTC, gross, of all accounts: those that were left out are in it, and are not in what is owed" in told
    ended = command("check", lender / "spec.yaml", "--allow-weak")
    assert ended.status == 0, ended.err
    assert "The accounts, those left out included, add up to what the control query gave" in " ".join(ended.out.split())


def test_by_default_nothing_is_deducted_and_lent_coins_are_missing(
    lender: Path, tmp_path: Path, policy: Callable[[str], Path], command: Command
) -> None:
    """What an invented borrower owes lowers net alone, so that a verifier has to choose it."""
    audit = lender / "audits/published/audits/lender-2"
    gross = command("verify", audit, "--policy", policy("gross"), "--json")
    assert gross.status == 1
    assert gross.result["short"] == ["BTC", "USDT"]
    net = command("verify", audit, "--policy", policy("net"), "--json")
    assert net.status == 0, net.err
    assert net.result["holdings"]["on_word"] == ["liabilities", "borrowers", "balances", "messages"]
    told = " ".join(command("verify", audit, "--policy", policy("net")).out.split())
    assert "required is 1 × what is owed, less what is lent where accounts have debts" in told
    again = liabilities.prove(load_spec(lender / "spec.yaml"), tmp_path / "again", policy=TREES).directory
    shown = command("reserves", lender / "spec.yaml", "--audit", again, "--policy", policy("gross"))
    assert "88.88 %" in shown.out
    assert "104.34 %" in shown.out


def test_the_pages_of_others_are_rendered_again_by_their_policy_and_compared(lender: Path, tmp_path: Path) -> None:
    published = shutil.copytree(lender / "audits/published", tmp_path / "published")
    verified = verify_history(published, policy=TREES, reserves_policy=ReservesPolicy(against="gross"))
    found = check_pages(published, verified.audits)
    assert found.other_policy
    assert "index.html" in found.equal
    page = published / "index.html"
    page.write_text(
        page.read_text().replace("That debts are covered is not proven", "That debts are covered is proven")
    )
    with pytest.raises(ProofRejected, match="it does not say what was verified"):
        check_pages(published, verified.audits)
