"""What accounts have pledged: kept beside the private state of a segment, and given to each user with the proof.

Users type what they have and what they owe. What they have pledged comes with their file: it can only justify a debt
that they typed themselves, so a wrong pledge harms nobody but whoever made the file.

::

    state/pledges/               an index of account ids (``AccountIndex``)
    state/pledges/pledged.npy    of each account the words of its pledges, position by position
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.backend import Claim
from polyproof.errors import ArtifactError, ProofRejected
from polyproof.formats.files import make_private_directory
from polyproof.model.accounts import Accounts, Identifiers
from polyproof.model.net_equity import DEBT, EQUITY, Position
from polyproof.toolkit.binary import Reader, Writer
from polyproof.toolkit.private_state import AccountIndex, load_array, save_array

__all__ = ["Pledged", "Pledges", "claim_of_positions", "with_pledges", "without_pledges"]

_FOLDER = "pledges"
_MAGIC, _VERSION = b"PPPLEDGE", 1


def _is_pledge(position: Position) -> bool:
    return position.kind not in (EQUITY, DEBT)


@frozen(eq=False)
class Pledged:
    """The ids of accounts and what each has pledged: all that is needed of them once a proof has been made."""

    ids: Identifiers
    words: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, accounts: Accounts) -> Pledged:
        """From accounts whose columns are positions."""
        columns = [words for asset, words in accounts.columns() if isinstance(asset, Position) and _is_pledge(asset)]
        none = np.zeros((len(accounts), 0), np.uint64)
        return cls(accounts.ids, np.concatenate([none, *columns], axis=1))

    def write(self, state: Path) -> None:
        """Keep them beside the private state of their segment."""
        folder = state / _FOLDER
        make_private_directory(folder)
        AccountIndex.write(folder, self.ids, np.arange(len(self.ids), dtype=np.int64))
        save_array(folder / "pledged.npy", self.words)


class Pledges:
    """What ``Pledged.write`` kept of a segment."""

    def __init__(self, state: Path, positions: Sequence[Position]) -> None:
        """Raises ``ArtifactError`` if it is not there."""
        self._positions = [one for one in positions if _is_pledge(one)]
        self._index = AccountIndex(state / _FOLDER)
        self._words = np.asarray(load_array(state / _FOLDER / "pledged.npy"), np.uint64)
        expected = len(self._index.ids), sum(one.words for one in self._positions)
        if self._words.shape != expected:
            raise ArtifactError(f"{state / _FOLDER}: pledges of {self._words.shape}, expected {expected}")

    def of(self, user_id: str) -> tuple[int, ...]:
        """The pledges of an account, in base units. Raises ``ArtifactError`` for one that is not there."""
        place = self._index.find(user_id)
        if place is None:
            raise ArtifactError("an account of the private state has no pledges beside it")
        found, column = [], 0
        for one in self._positions:
            words = self._words[place, column : column + one.words].tolist()
            found.append(sum(word << (64 * number) for number, word in enumerate(words)))
            column += one.words
        return tuple(found)


def with_pledges(pledged: Sequence[int], inclusion: bytes) -> bytes:
    """A backend's inclusion proof with what the account has pledged."""
    writer = Writer(_MAGIC, _VERSION)
    for amount in pledged:
        writer.big_integer(amount)
    writer.blob(inclusion)
    return writer.getvalue()


def without_pledges(data: bytes, positions: Sequence[Position]) -> tuple[tuple[int, ...], bytes]:
    """What ``with_pledges`` joined. Raises ``ProofRejected``."""
    reader = Reader(data, _MAGIC, _VERSION, "inclusion proof of an account with debts")
    pledged = []
    for one in positions:
        if _is_pledge(one):
            amount = reader.big_integer(f"pledge of {one.symbol}", 8 * one.words)
            if amount >> one.bits:
                raise ProofRejected("pledges", f"the pledge of {one.symbol} is not below 2^{one.bits} base units")
            pledged.append(amount)
    inclusion = reader.blob("inclusion proof", len(data))
    reader.finish()
    return tuple(pledged), inclusion


def claim_of_positions(
    positions: Sequence[Position], user_id: str, balances: Sequence[int], debts: Sequence[int], pledged: Sequence[int]
) -> Claim:
    """A claim with an amount for each position: what the user typed, and the pledges of the file.

    ``balances`` and ``debts`` have an amount for each asset in order. Raises ``ProofRejected`` for pledges of more than
    the user has.
    """
    amounts: list[int] = []
    pledges, own = iter(pledged), -1
    left = 0
    for one in positions:
        if one.kind == EQUITY:
            own += 1
            left = balances[own]
            amounts.append(balances[own])
        elif one.kind == DEBT:
            amounts.append(debts[own])
        else:
            amount = next(pledges)
            left -= amount
            if left < 0:
                raise ProofRejected("pledges", f"the file says that more {one.asset.symbol} is pledged than you have")
            amounts.append(amount)
    return Claim(user_id, tuple(amounts))
