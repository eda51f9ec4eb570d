"""What a snapshot holds beyond the assets of an audit: assets that the organisation chose to leave out."""

from __future__ import annotations

from attrs import frozen

from polyproof.config.options import option, printable
from polyproof.model.names import EXACT_DECIMAL

__all__ = ["LONGEST_NAME", "MOST_LEFT_OUT", "LeftOut"]

LONGEST_NAME = 64
"""The most characters of a name: it is a file's, and no symbol of the spec's."""
MOST_LEFT_OUT = 10_000
"""The most assets that may be left out: more names than that are not names of assets."""


@frozen(kw_only=True)
class LeftOut:
    """An asset that the accounts have and the audit does not: nothing is proven of it. Its sums are the organisation's
    word.
    """

    asset: str = option(check=printable(LONGEST_NAME), doc="What the accounts call it.")
    owed: str = option(pattern=EXACT_DECIMAL, doc="What its balances above zero add up to.")
    debts: str = option(pattern=EXACT_DECIMAL, doc="What its balances below zero add up to, without the sign.")
    units: str = option(
        choices=("decimal", "base"),
        doc="decimal: amounts are in coins. base: in its smallest unit, since the accounts are, and the audit does not "
        "know its decimals.",
    )
