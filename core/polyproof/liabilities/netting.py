"""What may be said of an audit in which accounts have debts, and what netting hides, in plain words.

A backend says what its proofs show of rows and sums. That a sum of debts means less than a sum of balances is the same
whatever proves it, so it is said here, once.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from polyproof.backend import BackendProperties
from polyproof.model.counts import counted
from polyproof.model.prices import Quote
from polyproof.model.timestamps import between, distance_text
from polyproof.settings.prices import LISTED_SOURCE

__all__ = [
    "GROSS_ALONE",
    "NET_TOTALS",
    "NOT_COVERED",
    "WHAT_NETTING_HIDES",
    "net_sentences",
    "properties_of",
    "times_sentence",
]

_COVERED = (
    "of each account with debts: at the prices that the manifest states, what it has pledged counts for at least what "
    "it owes, and nothing is pledged twice or beyond what the account has"
)
_NOT_COVERED = "invent debts that nothing covers: that they are covered is not proven, so net totals say nothing"
WHAT_NETTING_HIDES = (
    "invent a borrower: an account of its own, with coins that nobody would buy at the stated price and a debt in a "
    "coin that it lacks, lowers the net total of that coin. So look at gross totals beside net ones, and at which "
    "coins are pledged",
    "choose prices, or sources of prices, that suit it: check them against your own, polyproof verify --prices FILE "
    "--tolerance 2%",
    "have the same coins stand as collateral that it has itself pledged or lent elsewhere: that is a question of its "
    "reserves",
)
"""What a dishonest exchange can do where debts are deducted, whatever is proven."""

NET_TOTALS = (
    "At the stated prices, the highest of each asset, the net totals of all assets together are worth at least what "
    "all users who checked have, less what they owe: every part with debts was verified. The net total of one asset is "
    "no such bound, because debts of others lower it."
)
GROSS_ALONE = (
    "Nothing is said here about net totals, from which debts are deducted: for that every part of accounts with debts "
    "has to be verified, which polyproof verify does. Gross totals, from which nothing is deducted, include what you "
    "have."
)
NOT_COVERED = (
    "Not proven: that what accounts have pledged covers what they owe. Debts may be invented, so nothing can be said "
    "about net totals; gross totals, from which nothing is deducted, do not depend on it."
)


def properties_of(margin: BackendProperties) -> BackendProperties:
    """Those of an audit in which accounts have debts, from what its backend says of the segments with debts.

    An account without debts is one whose debts are 0, so that this holds of all segments.
    """
    if margin.covers_debts:
        return evolve(
            margin,
            proves=(*margin.proves, _COVERED),
            remaining_trust=(*margin.remaining_trust, *WHAT_NETTING_HIDES),
            leaks=(*margin.leaks, _LEAKS),
        )
    return evolve(
        margin,
        remaining_trust=(_NOT_COVERED, *margin.remaining_trust, *WHAT_NETTING_HIDES),
        leaks=(*margin.leaks, _LEAKS),
    )


_LEAKS = (
    "how much all accounts with debts have, owe and have pledged of each asset, and in how many segments they are; to "
    "each user: whether their account is one of those"
)


def net_sentences(verified: set[int], margin: set[int], *, covered: bool) -> tuple[str, ...]:
    """What a user is told about netting, who had these segments verified, where these are of accounts with debts."""
    if not covered:
        return (NOT_COVERED,)
    return (NET_TOTALS,) if margin <= verified else (GROSS_ALONE,)


def times_sentence(quotes: Sequence[Quote], snapshot: str) -> str:
    """Of which times prices are, beside that of the balances: their age is nothing that a proof can show."""
    oldest, newest = min(one.time for one in quotes), max(one.time for one in quotes)
    apart = [
        f"{distance_text(distance)} {side} the balances"
        for distance, side in ((between(oldest, snapshot), "before"), (between(snapshot, newest), "after"))
        if distance.total_seconds() > 0
    ]
    when = f"of {oldest}" if oldest == newest else f"of {oldest} to {newest}"
    told = f"Its prices are {when}, as the organisation says: {' and '.join(apart) or 'the time of the balances'}."
    if listed := sum(one.source == LISTED_SOURCE for one in quotes):
        told += (
            f" {counted(listed, 'of them is', 'of them are')} from a list that states no time: it was taken to be that "
            "of the balances."
        )
    return told
