"""How many rows a second each way of signing takes to judge: ``python tests/ownership/throughput.py [rows]``.

Every row is of another wallet. The mixture is what an exchange's file is made of: mostly accounts of Ethereum and the
like and Tron, many Bitcoin scripts of two of three, some of everything else.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from ownership import wallets
from polyproof.engine import thread_count
from polyproof.ownership import OwnershipClaim, Status
from polyproof.reserves.signatures import load_schemes, verify_ownership

MIXTURE = {
    "EVM, hashed message": 40,
    "EVM, EIP-191": 10,
    "Tron, its header and hashed message": 15,
    "bitcoin P2WSH": 10,
    "bitcoin P2WPKH, header of BIP-137": 5,
    "bitcoin P2SH": 5,
    "BIP-322 simple P2TR": 2,
    "BIP-322 simple P2WPKH": 2,
    "Solana, exchange's header": 4,
    "TON highload v3": 3,
    "Aptos, exchange's header": 1,
    "Polkadot": 1,
    "XRP": 1,
    "Filecoin f1": 1,
}
"""Ways to sign, and their share in a hundred."""


def rows_of(shares: dict[str, int], count: int) -> list[OwnershipClaim]:
    ways = [wallets.PROVEN[name] for name, share in shares.items() for _ in range(share)]
    return [ways[number % len(ways)](number, f"audit 2025-11, wallet {number}") for number in range(count)]


def measured(rows: list[OwnershipClaim]) -> float:
    """Seconds to judge the rows, all of which must be proven."""
    schemes = load_schemes()
    verify_ownership(rows[:10], schemes)
    start = time.perf_counter()
    results = verify_ownership(rows, schemes)
    seconds = time.perf_counter() - start
    assert all(result.status is Status.PROVEN for result in results)
    return seconds


def main(count: int) -> None:
    print(f"{thread_count()} threads")
    for name in wallets.PROVEN:
        rows = rows_of({name: 1}, 2000)
        print(f"{name:45} {len(rows) / measured(rows):9.0f} rows/s")
    rows = rows_of(MIXTURE, count)
    seconds = measured(rows)
    print(f"{'mixture':45} {count / seconds:9.0f} rows/s: {count} rows in {seconds:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
