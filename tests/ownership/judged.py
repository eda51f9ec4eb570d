"""What all installed schemes judge of one row, and why a text cannot be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof.reserves.signatures import load_schemes, verify_ownership
from polyproof.toolkit.encodings import Malformed

SCHEMES = load_schemes()


def judge(claim: OwnershipClaim) -> OwnershipResult:
    (result,) = verify_ownership([claim], SCHEMES)
    return result


def holds(claim: OwnershipClaim) -> bool:
    return judge(claim).status in (Status.PROVEN, Status.KEY_ONLY)


def refusal(read: Callable[..., object], *given: object) -> str:
    """Why this is malformed, which it must be."""
    with pytest.raises(Malformed) as raised:
        read(*given)
    return str(raised.value)
