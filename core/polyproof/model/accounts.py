"""The liabilities snapshot as one validated table: account ids and exact integer balances."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.engine import for_blocks
from polyproof.large_arrays import empty
from polyproof.model.assets import Asset

__all__ = ["AccountRefused", "Accounts", "Identifiers", "joined"]

UInt64 = npt.NDArray[np.uint64]

_TAKEN_AT_ONCE = 1 << 16
"""Ids that ``take`` works on at a time: its index arrays have eight bytes for each byte of an id."""

_BLOCK = 1 << 12
"""Accounts whose balances are cut into digits at a time: few enough to stay in the cache."""


@frozen(eq=False)
class Identifiers:
    """Account ids as one block of UTF-8 bytes, without a Python object for each account."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    """Shape ``(n + 1,)``: id k is ``data[offsets[k]:offsets[k + 1]]``."""

    @classmethod
    def of(cls, ids: Iterable[str]) -> Identifiers:
        """From strings."""
        encoded = [text.encode() for text in ids]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(item) for item in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def encoded(self, index: int) -> bytes:
        """One id as UTF-8."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()

    def __getitem__(self, index: int) -> str:
        return self.encoded(index).decode()

    def __iter__(self) -> Iterator[str]:
        return (data.decode() for data in self.iterate_encoded())

    def iterate_encoded(self) -> Iterator[bytes]:
        """All ids as UTF-8, in order."""
        block, ends = self.data.tobytes(), self.offsets.tolist()
        return (block[start:stop] for start, stop in itertools.pairwise(ends))

    def take(self, rows: npt.NDArray[np.int64]) -> Identifiers:
        """The ids of these rows, in that order."""
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        data = np.empty(offsets[-1], np.uint8)
        for start in range(0, len(rows), _TAKEN_AT_ONCE):
            block = slice(start, start + _TAKEN_AT_ONCE)
            first, last = offsets[start], offsets[min(start + _TAKEN_AT_ONCE, len(rows))]
            shifts = self.offsets[rows[block]] - offsets[:-1][block]
            data[first:last] = self.data[np.repeat(shifts, lengths[block]) + np.arange(first, last)]
        return Identifiers(data, offsets)


@frozen(eq=False)
class Accounts:
    """Accounts and their balances in base units, validated when made by a snapshot reader.

    ``words`` has shape ``(n, Σ asset.words)``: for each asset in order its balance as little-endian
    64-bit words.
    """

    assets: tuple[Asset, ...]
    ids: Identifiers
    words: UInt64

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[np.int64]) -> Accounts:
        """These accounts, in that order."""
        return Accounts(self.assets, self.ids.take(rows), self.words[rows])

    def columns(self) -> Iterator[tuple[Asset, UInt64]]:
        """Each asset and its words: shape ``(n, asset.words)``."""
        start = 0
        for asset in self.assets:
            yield asset, self.words[:, start : start + asset.words]
            start += asset.words

    def balances(self, row: int) -> tuple[int, ...]:
        """One account's balances in base units, one for each asset."""
        return tuple(sum(int(word) << (64 * k) for k, word in enumerate(words[row])) for _, words in self.columns())

    def totals(self) -> tuple[int, ...]:
        """Exact totals in base units, one for each asset."""
        halves = self.parts_of_words(4)
        sums = halves.sum(axis=0, dtype=np.uint64).tolist()  # of fewer than 2^32 accounts: nothing wraps
        totals, start = [], 0
        for asset in self.assets:
            stop = start + 2 * asset.words
            totals.append(sum(value << (32 * k) for k, value in enumerate(sums[start:stop])))
            start = stop
        return tuple(totals)

    def parts_of_words(self, size: int) -> npt.NDArray[np.unsignedinteger[Any]]:
        """The words cut into parts of 1, 2, 4 or 8 bytes, least significant first: a view, if they are contiguous."""
        return np.ascontiguousarray(self.words, "<u8").view(f"<u{size}")

    def digits(self, bits: int) -> npt.NDArray[np.unsignedinteger[Any]]:
        """Balances in base 2^bits, least significant first: ``(n, Σ ⌈asset.bits / bits⌉)``, 1 ≤ bits ≤ 63.

        Of the narrowest unsigned type that holds them. It may be a view of the words, and must not be written to.
        """
        kind = np.min_scalar_type((1 << bits) - 1)
        starts = accumulate((asset.words for asset in self.assets), initial=0)
        # Of each digit: the first word of its asset, its lowest bit, and how many words the asset has.
        places = [
            (start, low, asset.words)
            for asset, start in zip(self.assets, starts, strict=False)
            for low in range(0, asset.bits, bits)
        ]
        if bits == 8 * kind.itemsize:
            parts = self.parts_of_words(kind.itemsize)
            columns = [(64 * start + low) // bits for start, low, _ in places]
            return parts if columns == list(range(parts.shape[1])) else parts[:, columns]
        digits: npt.NDArray[np.unsignedinteger[Any]] = empty((len(self), len(places)), kind, briefly=True)
        mask = np.uint64((1 << bits) - 1)

        def fill(first: int, stop: int) -> None:
            # A digit at a time, with the words of each place side by side: only the last step is strided.
            words = np.ascontiguousarray(self.words[first:stop].T)
            block = np.empty((len(places), stop - first), kind)
            for number, (start, low, count) in enumerate(places):
                word, shift = divmod(low, 64)
                digit = words[start + word] >> np.uint64(shift)
                if shift + bits > 64 and word + 1 < count:
                    digit |= words[start + word + 1] << np.uint64(64 - shift)
                block[number] = digit & mask
            digits[first:stop] = block.T

        for_blocks(fill, len(self), _BLOCK)
        return digits

    @classmethod
    def of(cls, assets: Sequence[Asset], rows: Sequence[tuple[str, Sequence[int]]]) -> Accounts:
        """From account ids and balances in base units; raises ``ValueError`` for a balance that does not fit."""
        assets = tuple(assets)
        words = np.zeros((len(rows), sum(asset.words for asset in assets)), np.uint64)
        for row, (_, balances) in enumerate(rows):
            column = 0
            for asset, balance in zip(assets, balances, strict=True):
                if not 0 <= balance < 1 << asset.bits:
                    raise ValueError(f"row {row}: {balance} {asset.symbol} is not in [0, 2^{asset.bits})")
                for k in range(asset.words):
                    words[row, column + k] = (balance >> (64 * k)) & 0xFFFFFFFFFFFFFFFF
                column += asset.words
        return cls(assets, Identifiers.of(user for user, _ in rows), words)


@frozen
class AccountRefused:
    """An account that a rule of the proof forbids, though its balances are in the ranges of their assets."""

    position: int
    """Which of the accounts that were asked about."""
    reason: str
    """What is wrong with it, for whoever has the accounts: ``1200 BTC is above the cap of 1000 BTC``."""


def joined(assets: tuple[Asset, ...], parts: Sequence[Accounts]) -> Accounts:
    """The accounts of several tables with the same assets, one after the other."""
    words = np.concatenate([np.zeros((0, sum(asset.words for asset in assets)), np.uint64), *(p.words for p in parts)])
    lengths = np.concatenate([np.zeros(1, np.int64), *(np.diff(p.ids.offsets) for p in parts)])
    data = np.concatenate([np.zeros(0, np.uint8), *(p.ids.data for p in parts)])
    return Accounts(assets, Identifiers(data, np.cumsum(lengths)), words)
