"""What the tests of ledgers with debts share: terms, and files of every kind that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot.reader import Snapshot, read_snapshot
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.net_equity import AssetTerms, Category, Slice, positions_of
from polyproof.settings.accounts import AccountsSettings

BTC = Asset("BTC", 8, aliases=("XBT",))
USD = Asset("USD", 2, bits=40)


def terms(*assets: Asset, categories: Sequence[str] = ("loan", "margin")) -> tuple[AssetTerms, ...]:
    """Terms under which all of an asset counts, at any price: what is read does not depend on prices."""
    pledges = tuple(Category(name, (Slice(Fraction(9, 10)),)) for name in categories)
    return tuple(AssetTerms(asset, 1 << 30, 1 << 30, pledges) for asset in assets)


TERMS = terms(BTC, USD)


def snapshot(
    directory: Path, text: str | bytes, given: Sequence[AssetTerms] = TERMS, name: str = "users.csv", **options: Any
) -> Snapshot:
    """What is read of one file."""
    (directory / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return read_with(AccountsSettings(path=(name,), **options), directory, given)


def read_with(settings: AccountsSettings, base: Path, given: Sequence[AssetTerms] = TERMS) -> Snapshot:
    """What is read by settings."""
    return read_snapshot(settings, positions_of(given), rule="net-equity", base=base)


def problems(directory: Path, text: str | bytes, *given: Any, **options: Any) -> list[str]:
    """The messages of all problems of a file, without its folder."""
    with pytest.raises(AccountsError) as caught:
        snapshot(directory, text, *given, **options)
    return [str(problem).replace(f"{directory}/", "") for problem in caught.value.problems]


def table(accounts: Accounts) -> dict[str, dict[str, int]]:
    """Of every account the positions that are not zero."""
    names = [asset.symbol for asset in accounts.assets]
    return {
        user: {name: units for name, units in zip(names, accounts.balances(row), strict=True) if units}
        for row, user in enumerate(accounts.ids)
    }
