"""Speed of the three field hashes on this machine: ``python tests/field_hashes/measure.py``.

``POLYPROOF_THREADS=1`` measures one core. A permutation absorbs eight words.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from field_hashes.cases import CASES, P
from polyproof.engine import Engine, thread_count
from polyproof_poseidon.sponge import RATE, Sponge

_ROWS = {Engine.PORTABLE: 500, Engine.COMPILED: 1 << 16}
_PAIRS = {Engine.PORTABLE: 10_000, Engine.COMPILED: 1 << 19}
_COLUMNS = 96


def _seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """The best of several runs, after one that compiles and warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def _measure(hash: Sponge) -> str:
    generator = np.random.default_rng(0)
    rows = generator.integers(0, P, (_ROWS[hash.engine], _COLUMNS), np.uint64)
    layer = generator.integers(0, P, (2 * _PAIRS[hash.engine], 4), np.uint64)
    permutations = len(rows) * _COLUMNS // RATE
    batch = _seconds(lambda: hash.hash_rows(rows, "measure")) / permutations
    pairs = _seconds(lambda: hash.compress(layer[0::2], layer[1::2], "measure")) / _PAIRS[hash.engine]
    single = _seconds(lambda: hash.hash_rows(rows[:1, :RATE], "measure"))
    return (
        f"{hash.name:22} {hash.engine.value:9} {batch * 1e9:9.0f} ns a permutation of {len(rows)} rows of {_COLUMNS}"
        f" {pairs * 1e9:9.0f} ns a compress {single * 1e6:7.0f} us a single row of {RATE}"
    )


def main() -> None:
    print(f"{thread_count()} threads for compiled, 1 for portable")
    for case in CASES:
        for engine in Engine:
            print(_measure(case.make(engine)))


if __name__ == "__main__":
    main()
