"""The names of the checks of the KZG commitment and of the grand sum."""

from __future__ import annotations

from polyproof.checks import CheckName

__all__ = ["KzgCheck"]


class KzgCheck(CheckName):
    """What the KZG commitment and the grand sum refuse, besides names of core."""

    POINT = "curve-point", "bytes that should be a point of a curve's group are none"
    SCALAR = "curve-scalar", "bytes that should be a scalar are not below the order of the curve's groups"
    SHAPE = "kzg-shape", "an opening has values or witnesses for other commitments, columns or points"
    PAIRING = "kzg-pairing", "the pairing equation of an opening does not hold"
    ROW = "grand-sum-row", "the opened row holds other balances, or belongs to another account"
