"""What the tests of snapshots share: assets, and reading text as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.settings.accounts import AccountsSettings

BTC = Asset("BTC", 8, aliases=("XBT",))
ETH = Asset("ETH", 18, bits=128)
USD = Asset("USD", 2, bits=40)
ASSETS = (BTC, ETH, USD)


def read(path: Path, assets: tuple[Asset, ...] = ASSETS, limit: int = 20, **options: Any) -> Accounts:
    """The accounts of one file."""
    return read_snapshot(AccountsSettings(path=(path.name,), **options), assets, base=path.parent, limit=limit).accounts


def read_text(
    directory: Path, text: str | bytes, assets: tuple[Asset, ...] = ASSETS, name: str = "users.csv", **options: Any
) -> Accounts:
    """The accounts of a file with that content."""
    path = directory / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(path, assets, **options)


def problems_of(directory: Path, text: str | bytes, **options: Any) -> list[str]:
    """The messages of all problems of a file with that content; there must be some."""
    with pytest.raises(AccountsError) as caught:
        read_text(directory, text, **options)
    return [str(problem) for problem in caught.value.problems]


def table(accounts: Accounts) -> dict[str, tuple[int, ...]]:
    """Ids and balances, in order."""
    return {name: accounts.balances(row) for row, name in enumerate(accounts.ids)}
