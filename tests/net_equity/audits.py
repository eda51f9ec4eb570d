"""A small exchange that lends, and the ways to forge what it publishes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from polyproof.formats.strict_json import canonical, canonical_line
from polyproof.registry import default_registry
from polyproof.settings.net_equity_policy import NetEquityPolicy
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec, load_spec

SPEC = """\
polyproof: 1
name: lender
organisation: Lending Exchange
snapshot: 2025-11-30T00:00:00Z
assets:
  - {symbol: BTC, decimals: 8}
  - {symbol: USDT, decimals: 6}
rule: net-equity
prices: prices.csv
net_equity:
  collateral:
    - {asset: BTC, category: loan, slices: [{ratio: "0.9", width: "10"}, {ratio: "0.5"}]}
    - {asset: USDT, category: loan, slices: [{ratio: "1"}]}
backend: BACKEND
accounts: {path: accounts.csv}
"""
PRICES = """\
asset,price,currency,source,time
BTC,90000,USD,Kraken,2025-11-30T00:00:00Z
BTC,91000,USD,Coinbase,2025-11-30T00:00:00Z
USDT,1,USD,Kraken,2025-11-30T00:00:00Z
"""
ACCOUNTS = """\
account,BTC:equity,BTC:debt,BTC:loan,USDT:equity,USDT:debt,USDT:loan
alice,0.25,0,0,100,0,0
bob,1.5,0,1,0,50000,0
carol,0,0.1,0,20000,0,10000
dave,3,0,0,0,0,0
erin,0,0,0,50000,0,0
"""
UNDERWATER = "frank,0,0.2,0,20000,0,10000\n"
"""Owes 18,200 USD and has pledged 10,000."""
STARK = "{name: stark, hash: blake3, limb_bits: 8, segment_rows: 2048}"
TREES = Policy(min_soundness_bits=None, min_soundness_2025_bits=None, net_equity=NetEquityPolicy(require_covered=False))
"""What it takes to accept a Merkle sum tree of accounts with debts."""


def written(
    folder: Path, backend: str = "merkle-sum", *, accounts: str = ACCOUNTS, prices: str = PRICES, spec: str = SPEC
) -> Spec:
    """The exchange's files, and its spec."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "accounts.csv").write_text(accounts)
    (folder / "prices.csv").write_text(prices)
    (folder / "spec.yaml").write_text(spec.replace("BACKEND", backend))
    return load_spec(folder / "spec.yaml", default_registry())


def forged(audit: Path, out: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a public half with another manifest, in which every digest is right again."""
    shutil.copytree(audit / "public", out)
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    change(manifest)
    manifest["spec_digest"] = hashlib.sha256(b"polyproof/spec/1\n" + canonical(manifest["spec"])).hexdigest()
    data = canonical_line(manifest)
    (out / "manifest.json").write_bytes(data)
    record = json.loads((out / "publication.json").read_text())
    record["manifest_digest"] = hashlib.sha256(data).hexdigest()
    (out / "publication.json").write_bytes(canonical_line(record))
    return out
