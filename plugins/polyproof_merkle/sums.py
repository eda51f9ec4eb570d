"""Sums of a Merkle sum tree: exact integers of any width as base-2^56 limbs, batched.

Level ℓ of a tree is ℓ steps above the leaves; a node there covers 2^ℓ leaves. A balance of an asset
is below 2^bits, so its sum at level ℓ is below 2^(bits + ℓ), and at the root of a tree of depth d
below 2^(bits + d). An asset takes ⌈(bits + d) / 56⌉ limbs, the same at every level, least significant first;
the sums of a node are the limbs of its assets, in order. Two limbs and a carry fit 64 bits, and a limb a word of most
hashes; one whose words are narrower takes it in several (``Hash.split``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
from attrs import define

from polyproof.checks import CheckName
from polyproof.errors import ProofRejected
from polyproof.hash import Words
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.toolkit.binary import Reader
from polyproof_merkle.checks import MerkleCheck

__all__ = ["LIMB_BITS", "Sums"]

LIMB_BITS = 56
_LIMB_BYTES = LIMB_BITS // 8
_MASK = np.uint64((1 << LIMB_BITS) - 1)


@define(frozen=True, slots=False)
class Sums:
    """The layout of the sums in a tree of a given depth over given assets."""

    assets: tuple[Asset, ...]
    depth: int

    @cached_property
    def limbs(self) -> tuple[int, ...]:
        """Limbs of each asset."""
        return tuple(-(-(asset.bits + self.depth) // LIMB_BITS) for asset in self.assets)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """First column of each asset."""
        return tuple(sum(self.limbs[:k]) for k in range(len(self.limbs)))

    @property
    def width(self) -> int:
        """Limbs of all assets together: the columns of an array of sums."""
        return sum(self.limbs)

    def byte_widths(self, level: int) -> tuple[int, ...]:
        """Bytes of each asset's sum in a file, at a level: ⌈(bits + level) / 8⌉."""
        return tuple(-(-(asset.bits + level) // 8) for asset in self.assets)

    # Arrays of sums, for provers

    def of_accounts(self, accounts: Accounts) -> Words:
        """The balances of accounts as leaves' sums: ``(n, width)``."""
        digits = accounts.digits(LIMB_BITS)
        limbs = np.zeros((len(digits), self.width), np.uint64)
        column = 0
        for asset, start in zip(self.assets, self.starts, strict=True):
            count = -(-asset.bits // LIMB_BITS)
            limbs[:, start : start + count] = digits[:, column : column + count]
            column += count
        return limbs

    @cached_property
    def _carries(self) -> tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], ...]:
        """For each place but the highest: the columns of limbs there that have a next limb, and those next limbs."""
        places = []
        for place in range(max(self.limbs) - 1):
            columns = [start + place for start, count in zip(self.starts, self.limbs, strict=True) if place < count - 1]
            places.append((np.array(columns, np.int64), np.array(columns, np.int64) + 1))
        return tuple(places)

    def add_pairs(self, sums: Words) -> Words:
        """The sums of neighbours, one level up: ``(2n, width) → (n, width)``.

        The last limb of an asset takes no carry out: its sum is below 2^(bits + depth).
        """
        total: Words = sums[0::2] + sums[1::2]
        for columns, following in self._carries:
            total[:, following] += total[:, columns] >> np.uint64(LIMB_BITS)
            total[:, columns] &= _MASK
        return total

    def encode(self, sums: Words, level: int) -> npt.NDArray[np.uint8]:
        """Sums as they stand in a file, little-endian: ``(n, width) → (n, Σ byte_widths(level))``."""
        limb_bytes = np.ascontiguousarray(sums, "<u8").view(np.uint8).reshape(len(sums), self.width, 8)
        asset_bytes = limb_bytes[:, :, :_LIMB_BYTES].reshape(len(sums), self.width * _LIMB_BYTES)
        return np.concatenate(
            [
                asset_bytes[:, start * _LIMB_BYTES : start * _LIMB_BYTES + count]
                for start, count in zip(self.starts, self.byte_widths(level), strict=True)
            ],
            axis=1,
        )

    # One node's sums as integers, for verifiers

    def to_limbs(self, values: Sequence[int]) -> list[int]:
        """Integers, one for each asset, as limbs. Each must be in [0, 2^(bits + depth))."""
        mask = (1 << LIMB_BITS) - 1
        return [
            (value >> (LIMB_BITS * place)) & mask
            for value, count in zip(values, self.limbs, strict=True)
            for place in range(count)
        ]

    def to_integers(self, limbs: Words) -> tuple[int, ...]:
        """The inverse of ``to_limbs``, of one row ``(width,)``."""
        return tuple(
            sum(int(limbs[start + place]) << (LIMB_BITS * place) for place in range(count))
            for start, count in zip(self.starts, self.limbs, strict=True)
        )

    def check(self, values: Sequence[int], level: int, whose: str, check: CheckName) -> None:
        """Reject a value that is not in [0, 2^(bits + level)), by this name. ``values``: one for each asset."""
        for asset, value in zip(self.assets, values, strict=True):
            if not 0 <= value < 1 << (asset.bits + level):
                raise ProofRejected(check, f"{whose} in {asset.symbol} is not in [0, 2^{asset.bits + level})")

    def read(self, reader: Reader, level: int, whose: str) -> tuple[int, ...]:
        """Read what ``encode`` wrote for one node. Rejects a sum that no 2^level balances add up to."""
        values = tuple(
            int.from_bytes(reader.raw(f"{whose} in {asset.symbol}", count), "little")
            for asset, count in zip(self.assets, self.byte_widths(level), strict=True)
        )
        self.check(values, level, whose, MerkleCheck.SUM_RANGE)
        return values
