"""The names of the STARK's own checks; it raises some of core's as well."""

from __future__ import annotations

from polyproof.checks import CheckName

__all__ = ["StarkCheck"]


class StarkCheck(CheckName):
    """What the verifier of the STARK and of FRI refuses. Sections are those of docs/reference/protocol.md."""

    OPTIONS = "options", "the published options do not fit together, or not at this number of rows"
    CONSTRAINT_IDENTITY = (
        "constraint-identity",
        "the constraints do not hold at the point z: a false proof, or one of another header, other totals or options",
    )
    GRINDING = "grinding", "the nonce does not show the work that the options require"
    COSET_COUNT = "coset-count", "a layer opens another number of cosets than the queries touch"
    FOLD = "fold", "an opened coset does not contain the value that it was folded to"
    FINAL_POLYNOMIAL = "final-polynomial", "the folded values are not those of the final polynomial"
    SHAPE = "shape", "an opening of polynomials has other numbers of rows, columns or values than it is asked for"
    ROW = "row", "an inclusion proof is of a row that is not an account's"
    LIMB_RANGE = "limb-range", "the row that balances make holds a limb that is not in the range that its column has"
    OWN_ROW = "own-row", "the row that holds these balances is not the row that the sums were taken over"
