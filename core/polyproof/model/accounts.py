"""The liabilities snapshot as one validated table: account ids and exact integer balances."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.model.assets import Asset

__all__ = ["Accounts", "Identifiers"]

UInt64 = npt.NDArray[np.uint64]

_TAKEN_AT_ONCE = 1 << 16
"""Ids that ``take`` works on at a time: its index arrays have eight bytes for each byte of an id."""


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
        return tuple(
            sum(
                (int((words[:, k] & np.uint64(0xFFFFFFFF)).sum()) + (int((words[:, k] >> np.uint64(32)).sum()) << 32))
                << (64 * k)
                for k in range(asset.words)
            )
            for asset, words in self.columns()
        )

    def digits(self, bits: int) -> UInt64:
        """Balances in base 2^bits, least significant first: ``(n, Σ ⌈asset.bits / bits⌉)``, 1 ≤ bits ≤ 63."""
        columns = []
        mask = np.uint64((1 << bits) - 1)
        for asset, words in self.columns():
            for low in range(0, asset.bits, bits):
                word, shift = divmod(low, 64)
                digit = words[:, word] >> np.uint64(shift)
                if shift + bits > 64 and word + 1 < asset.words:
                    digit = digit | (words[:, word + 1] << np.uint64(64 - shift))
                columns.append(digit & mask)
        return np.stack(columns, axis=1) if columns else np.zeros((len(self), 0), np.uint64)

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
