"""A small exchange of the tests over several months: real wallets, real proofs, a history on the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from unittest import mock

from attrs import evolve

from doubles.policies import DECLARED, SUM_TREE
from polyproof.liabilities import planning
from polyproof.publication.month import MonthDone, run_month
from polyproof.registry import Registry, default_registry
from polyproof.settings import spec
from polyproof.settings.spec import load_spec
from reserves.exchange import Wallet, okx_csv, spec_text, wallet, write_spec

SNAPSHOT = "2025-01-28T00:00:00Z"
ASSETS = ("BTC 8", "ETH 9", "USDT 6", "SOL 9")
WAYS = {
    "BTC": ("BTC", "bitcoin P2WPKH, header of BIP-137"),
    "ETH": ("ETH", "EVM, EIP-191"),
    "USDT": ("USDT-TRC20", "Tron, its header"),
    "SOL": ("SOL", "Solana, as wallets sign"),
}
"""What reserve files call each asset, and how its wallet signs, by the names of ``ownership.wallets``."""

OWED = {"BTC": "1200.12345678", "ETH": "15000.5", "USDT": "98000000.25", "SOL": "7.000000001"}
HEALTHY = {"BTC": "1260.5", "ETH": "15150.75", "USDT": "99100000", "SOL": "7.2"}
FAILING = {"BTC": "1260.5", "ETH": "14000.123456789", "USDT": "97999999.99", "SOL": "7.2"}


@contextmanager
def at(when: str) -> Iterator[None]:
    """Audits that are proved meanwhile are of this time."""
    fixed = datetime.fromisoformat(when)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return fixed.astimezone(tz or UTC)

    with mock.patch.object(planning, "datetime", Clock), mock.patch.object(spec, "datetime", Clock):
        yield


def write_month(
    folder: Path,
    owed: Mapping[str, str],
    held: Mapping[str, str] | None,
    *,
    organisation: str = "Example Exchange",
    registry: Registry | None = None,
) -> None:
    """The spec, the snapshot and the reserve file of a month; without ``held``, of liabilities alone."""
    symbols = [asset.split()[0] for asset in ASSETS]
    folder.mkdir(parents=True, exist_ok=True)
    amounts = ",".join(owed[symbol] for symbol in symbols)
    halves = ",".join("0" for _ in symbols)
    (folder / "accounts.csv").write_text(f"account,{','.join(symbols)}\nalice,{amounts}\nbob,{halves}\n")
    text = spec_text("{name: okx-csv, path: reserves.csv}", assets=ASSETS, snapshot=SNAPSHOT)
    if held is None:
        text = text[: text.index("reserves:")]
    else:
        rows = [signed(symbol, place, held[symbol]) for place, symbol in enumerate(symbols, 1)]
        (folder / "reserves.csv").write_text(okx_csv(rows))
    write_spec(folder, text.replace("Example Exchange", organisation), registry)


def date_snapshot(folder: Path, when: str) -> None:
    """Make the spec's snapshot the midnight before a time."""
    text = (folder / "spec.yaml").read_text()
    (folder / "spec.yaml").write_text(re.sub("snapshot: .*", f"snapshot: {when[:10]}T00:00:00Z", text, count=1))


def signed(symbol: str, number: int, amount: str, message: str = "I am an example address") -> Wallet:
    """A row of the reserve file: what the wallet of an asset is said to hold, and its signature under a message."""
    coin, way = WAYS[symbol]
    return evolve(wallet(way, number, amount, message), coin=coin)


def run(folder: Path, when: str, audit_id: str) -> MonthDone:
    """A month of the exchange in ``folder``, as ``polyproof audit`` runs it."""
    registry = default_registry()
    date_snapshot(folder, when)
    with at(when):
        return run_month(
            load_spec(folder / "spec.yaml", registry),
            out=folder / "audits" / audit_id,
            audit_id=audit_id,
            reserves_policy=DECLARED,
            registry=registry,
            policy=SUM_TREE,
        )
