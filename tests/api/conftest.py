from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import polyproof
from report.months import FAILING, HEALTHY, OWED, run, write_month

HOSTILE = '<script>alert("paid")</script>'
"""What an exchange may call itself: names go where a browser runs what it is given."""


@pytest.fixture(scope="session")
def mapping() -> dict[str, Any]:
    """A spec without accounts: two assets, proved fast."""
    return {
        "polyproof": 1,
        "name": "example",
        "organisation": HOSTILE,
        "snapshot": "2025-11-30T00:00:00Z",
        "assets": [{"symbol": "BTC", "decimals": 8}, {"symbol": "USDT", "decimals": 6}],
        "backend": "merkle-sum",
    }


@pytest.fixture(scope="session")
def table() -> pa.Table:
    """Three accounts."""
    return pa.table({"account": ["alice", "bob", "carol"], "BTC": ["0.25", "1", "0"], "USDT": [100, 0, 12]})


@pytest.fixture(scope="session")
def proved(mapping: dict[str, Any], table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> polyproof.Proved:
    """An audit of them, on disk."""
    spec = polyproof.load_spec(mapping, accounts=table)
    return polyproof.prove(spec, tmp_path_factory.mktemp("library") / "audit", policy="merkle-sum")


@pytest.fixture(scope="session")
def file(proved: polyproof.Proved, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What alice received."""
    out = tmp_path_factory.mktemp("alice") / "alice.polyproof"
    return polyproof.cut_inclusion(proved.directory, "alice", out=out).file


@pytest.fixture(scope="session")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published history of two months, of an exchange whose holdings do not cover what it owes in the second."""
    base = tmp_path_factory.mktemp("failing")
    for number, reserves in enumerate((HEALTHY, FAILING), 1):
        write_month(base, OWED, reserves)
        run(base, f"2025-0{number}-28T12:00:00+00:00", f"failing-{number}")
    return base / "audits" / "published"
