"""The batches of OKX's tool as they are, with prices of these tests: proven, verified; what is not covered, by row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from net_equity.audits import STARK
from polyproof import liabilities
from polyproof.errors import AccountsError
from polyproof.registry import default_registry
from polyproof.settings.spec import Spec, load_spec

SPEC = """\
polyproof: 1
name: batches
snapshot: 2025-11-30T00:00:00Z
assets:
  - {symbol: BTC, decimals: 8}
  - {symbol: ETH, decimals: 8}
rule: net-equity
prices: prices.csv
net_equity:
  collateral:
    - {asset: BTC, slices: [{ratio: "0.95"}]}
    - {asset: ETH, slices: [{ratio: "0.9"}]}
backend: BACKEND
accounts: {path: "batch*.json", pledge_all: collateral, leave_out: "*"}
"""
PRICES = """\
asset,price,currency,source,time
BTC,90000,USD,Test,2025-11-30T00:00:00Z
ETH,3000,USD,Test,2025-11-30T00:00:00Z
"""
BATCH = [
    {"id": "0a" * 32, "assets": {"BTC": "9195990", "ETH": "-1", "ELF": "-1"}},
    {"id": "0b" * 32, "assets": {"BTC": "-1", "ETH": "1200408"}},
    {"id": "0c" * 32, "assets": {"BTC": "12", "ETH": "0"}},
]


def written(folder: Path, batch: object, backend: str = "merkle-sum") -> Spec:
    (folder / "batch0.json").write_text(json.dumps(batch, indent=2))
    (folder / "prices.csv").write_text(PRICES)
    (folder / "spec.yaml").write_text(SPEC.replace("BACKEND", backend))
    return load_spec(folder / "spec.yaml", default_registry())


def test_a_batch_is_proven_and_verified_as_it_is(tmp_path: Path) -> None:
    directory = liabilities.prove(written(tmp_path, BATCH, STARK), tmp_path / "audit").directory
    verified = liabilities.verify(directory / "public")
    assert verified.totals == (9_196_002, 1_200_408)
    assert verified.lent == (1, 1)
    assert verified.audit.manifest.position_totals == (9_196_002, 1, 9_195_990, 1_200_408, 1, 1_200_408)
    (left_out,) = verified.audit.manifest.left_out
    assert (left_out.asset, left_out.owed, left_out.debts) == ("ELF", "0", "1")


def test_debts_that_are_not_covered_are_named_by_file_and_row(tmp_path: Path) -> None:
    batch = [
        *BATCH,
        {"id": "0d" * 32, "assets": {"BTC": "100", "ETH": "-2851"}},
        {"id": "0e" * 32, "assets": {"BTC": "-5"}},
    ]
    with pytest.raises(AccountsError) as caught:
        liabilities.check(written(tmp_path, batch))
    first, second = (str(problem) for problem in caught.value.problems)
    # 100 base units of BTC count for 95 % of 0.09 USD, and 2,851 of ETH for 0.08553.
    assert f"batch0.json: row 4: account '{'0d' * 32}' owes more than what it has pledged counts for" in first
    assert "row 5: account" in second
    covered = [*BATCH, {"id": "0d" * 32, "assets": {"BTC": "100", "ETH": "-2850"}}]
    with pytest.raises(Exception, match="policy-debts-covered"):
        liabilities.check(written(tmp_path, covered))
