"""Two audits of the exchange that lends: by a tree, for everything that a header says, and by a STARK."""

from __future__ import annotations

from pathlib import Path

import pytest

from net_equity.audits import STARK, TREES, written
from polyproof import liabilities


@pytest.fixture(scope="session")
def tree_audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By a Merkle sum tree: made in milliseconds."""
    folder = tmp_path_factory.mktemp("lending-tree")
    return liabilities.prove(written(folder), folder / "audit", policy=TREES).directory


@pytest.fixture(scope="session")
def stark_audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By a STARK: one segment of accounts without debts, one of accounts with."""
    folder = tmp_path_factory.mktemp("lending-stark")
    return liabilities.prove(written(folder, STARK), folder / "audit").directory
