"""The canonical form of an address, so that an account listed twice is noticed, however it is written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from polyproof.ownership import OwnershipClaim, OwnershipScheme
from polyproof.reserves.scheme_answers import account_of, serves

__all__ = ["Spellings"]

_HEX = re.compile(r"(?:0x)?((?:[0-9a-f]{2}){16,})", re.ASCII | re.IGNORECASE)
_BECH32 = re.compile(r"[a-z]{1,10}1[02-9ac-hj-np-z]{6,100}", re.ASCII)


class Spellings:
    """Asks the ownership schemes for the canonical form of an account."""

    def __init__(self, schemes: Sequence[OwnershipScheme]) -> None:
        """For these schemes."""
        self._schemes = schemes
        self._by_chain: dict[str, list[OwnershipScheme]] = {}
        for scheme in schemes:
            for chain in scheme.chains:
                self._by_chain.setdefault(chain, []).append(scheme)

    @property
    def chains(self) -> list[str]:
        """The chains that some scheme serves."""
        return list(self._by_chain)

    def chain_of(self, claim: OwnershipClaim) -> str:
        """What a claim's chain is called by the scheme that serves it; as the claim has it if none does.

        Raises ``PluginFault`` for a scheme that raises: an account could stand there twice, under two names of a chain.
        """
        if claim.chain in self._by_chain:
            return claim.chain
        for scheme in self._schemes:
            found = account_of(scheme, claim)[0] if serves(scheme, claim) else ""
            if found:
                return found
        return claim.chain

    def of(self, claim: OwnershipClaim) -> str:
        """The canonical form of a claim's address.

        If no scheme can read it: hexadecimal digits and bech32 in lower case, anything else as it is. Such a row is
        never proven, but it must not escape the check for duplicates either. Raises ``PluginFault`` for a scheme that
        raises.
        """
        for scheme in self._by_chain.get(claim.chain, ()):
            found = account_of(scheme, claim)[1] if serves(scheme, claim) else ""
            if found:
                return found
        address = claim.address.strip()
        if match := _HEX.fullmatch(address):
            return match[1].lower()
        lower = address.lower()
        return lower if address in (lower, address.upper()) and _BECH32.fullmatch(lower) else address
