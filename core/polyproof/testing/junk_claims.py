"""Junk for the suite of ownership schemes: texts that are no address, key or signature, and claims with them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from attrs import evolve

from polyproof.ownership import AccountControl, Kind, OwnershipClaim

__all__ = ["JUNK", "LONG", "SEQUENCES", "altered", "with_junk"]

LONG = "1" * 1_000_000
"""No address, key or signature is as long."""
JUNK = (
    *("", " ", "0", "0x", "null", "-1", "1e9", "\0", "\n", "'", "%s", "{}", "../..", "é" * 88, "٣" * 40, "\ud800"),
    *("0x" + "00" * size for size in (1, 20, 32, 33, 48, 64, 65, 66, 96)),
    *("ff" * size for size in (20, 32, 65, 96)),
    *("A" * size for size in (34, 42, 86, 88)),
    *("=" * 88, "bc1q" + "q" * 38, "0X" + "ab" * 20, "x" * 20_000),
)
TEXTS = ("asset", "chain", "address", "message")
SEQUENCES = ("signatures", "keys", "owners")
"""Attributes of a claim that are sequences of texts."""


def altered(claim: OwnershipClaim, **changes: Any) -> OwnershipClaim:
    """A copy of a claim in which some attributes differ, whatever their types should be."""
    return evolve(claim, **changes)


def with_junk(claim: OwnershipClaim) -> Iterator[OwnershipClaim]:
    """Variants of a good claim: junk in one attribute, in many of them, and control that contradicts itself."""
    for name in TEXTS:
        yield from (altered(claim, **{name: text}) for text in JUNK)
    for name in SEQUENCES:
        for text in JUNK:
            yield altered(claim, **{name: (text,)})
            yield altered(claim, **{name: (*getattr(claim, name), text)})
        yield altered(claim, **{name: JUNK * 3})
    for text in JUNK:
        yield altered(claim, control=AccountControl("block 1", (text,)))
        yield altered(claim, scheme=text)
    for threshold in (-1, 0, 2, 10**30):
        yield altered(claim, control=AccountControl("", (claim.address,) * 2, threshold))
    yield altered(claim, control=AccountControl("", (), 1, (b"", bytes(31), bytes(32), bytes(33))))
    for seed in range(30):
        random_ = random.Random(seed)
        changes: dict[str, Any] = {name: random_.choice(JUNK) for name in TEXTS}
        changes |= {name: random_.sample(JUNK, random_.randrange(4)) for name in SEQUENCES}
        if random_.randrange(2):
            changes["control"] = AccountControl("block 1", random_.sample(JUNK, 2), random_.randrange(-1, 4))
        junk = altered(claim, kind=random_.choice((Kind.OWN, Kind.STAKED)), **changes)
        yield junk
        yield altered(junk, chain=claim.chain)
