"""Throughput of the three byte hashes on this machine: ``python tests/digests/measure.py``.

GB/s count the bytes of the rows, not the padding; ``POLYPROOF_THREADS=1`` measures one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from polyproof.engine import Engine, thread_count
from polyproof_digests.blake3 import Blake3
from polyproof_digests.byte_hash import ByteHash
from polyproof_digests.keccak256 import Keccak256
from polyproof_digests.sha256 import Sha256

_ROWS = {Engine.PORTABLE: 1 << 12, Engine.COMPILED: 1 << 18}
_PAIRS = {Engine.PORTABLE: 1 << 14, Engine.COMPILED: 1 << 21}


def _seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """The best of several runs, after one that compiles and warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def _measure(hash: ByteHash) -> str:
    rows = np.arange(_ROWS[hash.engine] * 96, dtype=np.uint64).reshape(-1, 96)
    layer = np.arange(_PAIRS[hash.engine] * 8, dtype=np.uint64).reshape(-1, 4)
    one = rows[:1, np.r_[0:96, 0:4]]
    batch = _seconds(lambda: hash.hash_rows(rows, "measure"))
    pairs = _seconds(lambda: hash.compress(layer[0::2], layer[1::2], "measure"))
    single = _seconds(lambda: [hash.hash_rows(one, "measure") for _ in range(20)]) / 20
    return (
        f"{hash.name:10} {hash.engine.value:9} {rows.nbytes / batch / 1e9:7.3f} GB/s on rows of 96 words"
        f" {pairs / _PAIRS[hash.engine] * 1e9:8.1f} ns a compress {single * 1e6:7.1f} us a single row of 100 words"
    )


def main() -> None:
    print(f"{thread_count()} threads for compiled, 1 for portable")
    for make in (Blake3, Sha256, Keccak256):
        for engine in Engine:
            print(_measure(make(engine)))


if __name__ == "__main__":
    main()
