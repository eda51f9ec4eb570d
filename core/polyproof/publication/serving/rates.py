"""How often somebody may ask: a number of requests at once, which grows back over a minute, in bounded memory."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

__all__ = ["MOST_KNOWN", "Rates", "network_of"]

MOST_KNOWN = 1 << 16
"""How many are remembered; beyond that, those who asked longest ago are forgotten and may ask anew."""
_WITH_PORT = re.compile(r"(?:([0-9.]+):[0-9]{1,5}|\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?)")


class Rates:
    """Who has asked how often. It keeps no names: keyed hashes of them, with a key of this process alone."""

    def __init__(self, per_minute: int, *, most: int = MOST_KNOWN, clock: Callable[[], float] = time.monotonic) -> None:
        """``per_minute``: how many requests each may make in a minute, and at once; 0 for any number."""
        self._per_minute = per_minute
        self._most = most
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        """Requests left to each, and when that was counted."""

    def allows(self, who: str) -> bool:
        """Whether one more request may be answered; it counts if so."""
        if not self._per_minute:
            return True
        name = hashlib.blake2b(who.encode(errors="surrogatepass"), key=self._key, digest_size=16).digest()
        now = self._clock()
        left, since = self._left.pop(name, (float(self._per_minute), now))
        left = min(float(self._per_minute), left + (now - since) * self._per_minute / 60)
        allowed = left >= 1
        self._left[name] = (left - 1 if allowed else left, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return allowed

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._left)


def network_of(address: str) -> str | None:
    """Who counts as one by address: an IPv4 address, 64 bits of an IPv6 address; None for what is no address.

    Somebody with IPv6 has all addresses that begin with the same 64 bits (RFC 4291, section 2.5.1). Some proxies write
    a port behind the address, and IPv6 in brackets (RFC 7239, section 6): who asks chooses it, so it does not count.
    """
    with_port = _WITH_PORT.fullmatch(address.strip())
    try:
        found = ip_address(address.strip() if with_port is None else with_port[1] or with_port[2])
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{int(found) >> 64:016x}"
    return str(found)
