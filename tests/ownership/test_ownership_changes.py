"""Every change of a signature or an address, however small, in every way to sign."""

from __future__ import annotations

import re

from attrs import evolve

from ownership.judged import holds, judge
from ownership.wallets import Claim
from ownership.ways import MESSAGE, every_derived_address, every_way
from polyproof.ownership import Status


@every_way
def test_a_truncated_signature_is_not_proven(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    *others, last = claim.signatures
    for size in (0, 1, 2, 3, 4, 7, 8, 10, len(last) // 2, len(last) - 4, len(last) - 2, len(last) - 1):
        cut = judge(evolve(claim, signatures=[*others, last[:size]]))
        # 64 bytes of Polkadot may look like a signature of another kind.
        assert cut.status is Status.FAILED or "sr25519" in cut.reason


@every_way
def test_a_lengthened_signature_is_not_proven(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    *others, last = claim.signatures
    for more in ("0", "00", "A", "AAAA", "=", " ", "\n", "\0", last, "é"):
        assert judge(evolve(claim, signatures=[*others, last + more])).status is Status.FAILED
        assert not holds(evolve(claim, signatures=[*others, more + last]))


def is_hexadecimal(text: str) -> bool:
    return re.fullmatch("(0x)?[0-9a-fA-F]+", text) is not None


@every_way
def test_every_changed_character_of_a_signature_makes_it_fail(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    *others, last = claim.signatures
    for place in range(len(last)):
        for character in ("7", "e"):
            changed = last[:place] + character + last[place + 1 :]
            same = changed.lower() == last.lower() if is_hexadecimal(last) else changed == last
            assert same or not holds(evolve(claim, signatures=[*others, changed])), changed


@every_derived_address
def test_every_changed_character_of_an_address_makes_it_fail(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    in_hexadecimal = claim.address.startswith(("0x", "0:"))
    for place in range(len(claim.address)):
        for character in ("0", "1", "q", "Q", "z", " ", claim.address[place].swapcase()):
            changed = claim.address[:place] + character + claim.address[place + 1 :]
            same = changed.lower() == claim.address.lower() if in_hexadecimal else changed == claim.address
            assert same or not holds(evolve(claim, address=changed)), changed


@every_derived_address
def test_a_cut_or_lengthened_address_is_not_proven(sign: Claim) -> None:
    claim = sign(1, MESSAGE)
    address = claim.address
    for changed in (address[:-1], address[1:], address + "0"):
        # Aptos leaves out leading zeros, so that less of an address is an address too: another one.
        assert not holds(evolve(claim, address=changed)), changed
    for changed in ("", address + " ", " " + address, address + "\n", "é", address + address, "0x", "0" * 299):
        assert judge(evolve(claim, address=changed)).status is Status.FAILED, changed
