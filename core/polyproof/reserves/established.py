"""What a verification of reserves established, counted and in words, and what it had to take on somebody's word.

Every sentence is about rows that were counted: nothing is said of signatures or look-ups where there were none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from attrs import define, frozen

from polyproof.backend import EVERY_ACCOUNT
from polyproof.balances import Pin
from polyproof.errors import PolicyRejected
from polyproof.liabilities import AuditVerified
from polyproof.liabilities.artifacts import RESERVES
from polyproof.ownership import Status
from polyproof.reserves.challenge import Freshness
from polyproof.reserves.evaluation import AssetReserves, Check, Evaluation, JudgedRow, Ownership
from polyproof.reserves.published import PublishedReserves
from polyproof.settings.policy import PolicyCheck

__all__ = ["ReservesVerified", "Tally", "unpinned"]


@define
class Tally:
    """How many rows there are of a kind, and how many of them count."""

    rows: int = 0
    counted: int = 0


_Kind = Ownership | Check | Freshness
_Words = tuple[str, str]
"""What follows a number: one, and any other."""

_SIGNED_ROWS: dict[_Kind, _Words] = {
    Ownership.SIGNED: (
        "row carries signatures by the keys that its address is derived from",
        "rows carry signatures by the keys that their addresses are derived from",
    ),
    Ownership.LOOKED_UP: (
        "row carries signatures by those who control its account, as its chain said when it was asked here",
        "rows carry signatures by those who control their accounts, as their chains said when they were asked here",
    ),
}
_UNSIGNED_ROWS: dict[_Kind, _Words] = {
    Ownership.CLAIMED: (
        "row is the organisation's only if its chain said what the organisation says it said; it was not asked here",
        "rows are the organisation's only if their chains said what it says they said; they were not asked here",
    ),
    Ownership.KEY_ONLY: (
        "row is signed by a key of which nothing says that it controls the address",
        "rows are signed by keys of which nothing says that they control the addresses",
    ),
    Ownership.UNBOUND: (
        "row is signed by keys that nothing known ties to the address",
        "rows are signed by keys that nothing known ties to the addresses",
    ),
    Ownership.CUSTODIAL: (
        "row is held by others, says the organisation; no signature was checked",
        "rows are held by others, says the organisation; no signature was checked",
    ),
}
_BALANCES: dict[_Kind, _Words] = {
    Check.CLAIMED: (
        "balance is what the organisation says the chain said; it was not asked here",
        "balances are what the organisation says the chains said; they were not asked here",
    ),
    Check.NOT_CHECKED: (
        "balance is what the organisation declares; no chain said anything",
        "balances are what the organisation declares; no chain said anything",
    ),
}
_MESSAGES: dict[_Kind, _Words] = {
    Freshness.STALE: (
        "row was signed for another audit of the organisation, or for an unknown block",
        "rows were signed for another audit of the organisation, or for an unknown block",
    ),
    Freshness.CONSTANT: (
        "row carries a message that names no audit, which anybody could have signed for anybody",
        "rows carry messages that name no audit, which anybody could have signed for anybody",
    ),
}


@frozen
class ReservesVerified:
    """What the verification of published reserves established."""

    published: PublishedReserves
    evaluation: Evaluation
    """The rows as known to the verifier, added up by the verifier's policy."""
    by_organisation: Evaluation
    """The same rows added up by the published policy, the organisation's look-ups believed: what it publishes."""
    audit: AuditVerified
    better: int
    """Rows that are published as failed or unsupported but could be proven here; they do not count."""
    seconds: float

    @property
    def refusal(self) -> PolicyRejected | None:
        """Why the verifier's policy refuses it: holdings do not cover what is owed. None if they do."""
        if self.evaluation.met is not False:
            return None
        short = ", ".join(asset.asset.symbol for asset in self.evaluation.short)
        return PolicyRejected(
            PolicyCheck.RESERVES,
            f"not covered by the policy of this verification: {short}",
            file=self.audit.audit.public / RESERVES,
        )

    @cached_property
    def tallies(self) -> Mapping[_Kind, Tally]:
        """All rows by ownership, by balance check and, unless they are custodial, by freshness."""
        found: dict[_Kind, Tally] = {kind: Tally() for kinds in (Ownership, Check, Freshness) for kind in kinds}
        for one in self.evaluation.rows:
            counts = one.counted(self.evaluation.policy) > 0
            kinds: list[_Kind] = [one.ownership, one.balance.check]
            if one.status is not Status.CUSTODIAL:
                kinds.append(one.fresh.freshness)
            for kind in kinds:
                found[kind].rows += 1
                found[kind].counted += counts
        return found

    @property
    def on_word(self) -> tuple[str, ...]:
        """What the verdict takes on the organisation's word, in any asset."""
        return tuple(dict.fromkeys(name for asset in self.evaluation.assets for name in self.on_word_of(asset)))

    def on_word_of(self, asset: AssetReserves) -> tuple[str, ...]:
        """The same of one asset: liabilities, borrowers, ownership, balances, messages, or nothing.

        Borrowers: what they owe is deducted, and nothing shows that they are not the organisation itself.
        """
        properties, forgeable = self.audit.audit.properties, self.audit.security.assumptions.insecure_setup
        proven = properties.exact_totals and properties.non_negativity == EVERY_ACCOUNT and not forgeable
        deducted = bool(asset.lent) and asset.compared != asset.liabilities
        return (*(() if proven else ("liabilities",)), *(("borrowers",) if deducted else ()), *asset.on_word)

    @property
    def establishes(self) -> tuple[str, ...]:
        """What is now known without trust in the organisation."""
        asked = self._asked
        return (
            *self._rows(_SIGNED_ROWS),
            *([f"{_number(asked, 'balance was', 'balances were')} looked up on a chain here"] if asked else []),
            "no address counts twice for one coin on one chain",
            "holdings and ratios are the sums of the rows that count, set against the totals of the audit",
        )

    @property
    def _asked(self) -> int:
        """How many balances were looked up in this verification."""
        return self.tallies[Check.CONFIRMED].rows + self.tallies[Check.DIFFERS].rows

    @property
    def leaves_open(self) -> tuple[str, ...]:
        """What still rests on somebody's word."""
        return (
            *self._rows(_UNSIGNED_ROWS),
            *self._rows(_BALANCES),
            *self._rows(_MESSAGES),
            *self._unknown(),
            *self.unpinned,
            *self._blocks(),
            *(["what was looked up here is what the nodes said that were asked"] if self._asked else []),
            "coins may be borrowed for the snapshot, pledged to others, or belong to others who signed",
        )

    def _rows(self, words: Mapping[_Kind, _Words]) -> Iterator[str]:
        for kind, forms in words.items():
            tally = self.tallies[kind]
            if tally.rows:
                yield f"{_number(tally.rows, *forms)}{_counting(tally)}"

    def _unknown(self) -> Iterator[str]:
        rows = [one.row for one in self.evaluation.rows]
        number = sum(not self.evaluation.policy.knows(row.asset, row.chain, row.token) for row in rows)
        known = "that neither polyproof nor the policy knows on"
        if number:
            yield _number(
                number,
                f"row is of a coin {known} its chain; it counts for nothing",
                f"rows are of coins {known} their chains; they count for nothing",
            )

    @property
    def unpinned(self) -> tuple[str, ...]:
        """A sentence if there are rows on chains of which no block is pinned."""
        return unpinned(self.evaluation.rows, self.published.pins)

    def _blocks(self) -> Iterator[str]:
        if any(one.balance.held is not None for one in self.evaluation.rows):
            yield "look-ups are of the pinned blocks, which the organisation says are of the snapshot's time"


_MOST_NAMES = 100
"""More names of chains than there are chains would bury what is said beside them."""


def unpinned(rows: Iterable[JudgedRow], pins: Iterable[Pin]) -> tuple[str, ...]:
    """A sentence about the rows on chains of which no block is pinned, if there are any; those that failed left out."""
    pinned = {pin.chain for pin in pins}
    chains = [one.row.chain for one in rows if one.status is not Status.FAILED and one.row.chain not in pinned]
    if not chains:
        return ()
    known = sorted(set(chains))
    more = f" and {len(known) - _MOST_NAMES:,} more" if len(known) > _MOST_NAMES else ""
    names = ", ".join(known[:_MOST_NAMES]) + more
    forms = (
        f"row is on a chain of which no block is pinned ({names}): nothing says at which to look up what it held",
        f"rows are on chains of which no block is pinned ({names}): nothing says at which to look up what they held",
    )
    return (_number(len(chains), *forms),)


def _number(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _counting(tally: Tally) -> str:
    """What of it counts, where that is not all of it."""
    if tally.counted == tally.rows:
        return ""
    if tally.counted:
        return f" ({tally.counted:,} of them count{'s' if tally.counted == 1 else ''})"
    return " (it does not count)" if tally.rows == 1 else " (they do not count)"
