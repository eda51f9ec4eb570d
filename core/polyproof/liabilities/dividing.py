"""Accounts divided by whether they have debts, and those found whose collateral does not cover what they owe.

Most accounts have no debts: proved as before, they cost what they cost before. The others are weighed here by the same
terms that a proof is made under, in exact integers, so that whoever has the accounts is told which of them do not hold
before anything is proved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.net_equity import EQUITY, AssetTerms, Position

__all__ = ["Division", "divide", "surpluses", "without_debts"]

Integers = npt.NDArray[Any]
"""Python integers in an array of objects: value units have hundreds of bits."""


@frozen(eq=False)
class Division:
    """Some accounts, divided."""

    cash: Accounts
    """Those without debts and pledges: what they have of each asset."""
    margin: Accounts
    """Those with debts or pledges that are covered, with all positions."""
    underwater: Accounts
    """Those whose collateral does not cover their debts."""
    places: npt.NDArray[np.int64]
    """Where those stand among all."""


def without_debts(accounts: Accounts) -> npt.NDArray[np.bool_]:
    """Which accounts have equity alone: ``(n,)``. The columns are positions."""
    none = np.ones(len(accounts), np.bool_)
    for position, words in accounts.columns():
        if isinstance(position, Position) and position.kind != EQUITY:
            none &= ~words.any(axis=1)
    return none


def divide(accounts: Accounts, terms: Sequence[AssetTerms]) -> Division:
    """Accounts with the positions of these terms as columns, divided. Their order is kept."""
    plain = without_debts(accounts)
    equity = [words for position, words in accounts.columns() if _is_equity(position)]
    assets = tuple(one.asset for one in terms)
    cash = Accounts(assets, accounts.ids, np.concatenate(equity, axis=1)).take(np.flatnonzero(plain))
    others = np.flatnonzero(~plain)
    with_debts = accounts.take(others)
    short = surpluses(with_debts, terms) < 0 if len(others) else np.zeros(0, np.bool_)
    kept, left = np.flatnonzero(~short), np.flatnonzero(short)
    return Division(cash, with_debts.take(kept), with_debts.take(left), others[left])


def _is_equity(position: Asset) -> bool:
    return isinstance(position, Position) and position.kind == EQUITY


def surpluses(accounts: Accounts, terms: Sequence[AssetTerms]) -> Integers:
    """By how much what each account has pledged is worth more than it owes, in value units: ``(n,)`` of integers."""
    columns = _columns(accounts)
    surplus: Integers = np.zeros(len(accounts), object)
    for one in terms:
        next(columns)
        surplus = surplus - next(columns) * one.price_up
        for category in one.categories:
            pledged = next(columns)
            for item, worth in zip(category.slices, one.coefficients(category), strict=True):
                inside = pledged if item.width is None else np.minimum(pledged, item.width)
                surplus = surplus + inside * worth
                pledged = pledged - inside
    return surplus


def _columns(accounts: Accounts) -> Iterator[Integers]:
    """Amounts of each position, in order."""
    for _, words in accounts.columns():
        amounts = words[:, 0].astype(object)
        for number in range(1, words.shape[1]):
            amounts = amounts + (words[:, number].astype(object) << (64 * number))
        yield amounts
