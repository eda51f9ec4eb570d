"""How long an exchange's reserves take: ``python tests/reserves/throughput.py [rows]``.

The mixture of wallets is that of ``ownership.throughput``; all rows sign the challenge-sized message of an audit. Told
are the first run, a rerun on the checkpoint, and the verification from public files alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from doubles.policies import SUM_TREE
from ownership.throughput import MIXTURE
from polyproof.engine import thread_count
from polyproof.reserves import run_reserves, verify_reserves
from reserves.exchange import okx_csv, prove, spec_text, wallet, write_spec

MESSAGE = "audit example-2025-11-30, wallet %d, " + "x" * 300


def main(count: int) -> None:
    ways = [way for way, share in MIXTURE.items() for _ in range(share)]
    start = time.perf_counter()
    rows = [wallet(ways[number % len(ways)], number, "0.25", MESSAGE % number) for number in range(count)]
    print(f"{thread_count()} threads; {count} rows signed in {time.perf_counter() - start:.1f} s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "reserves.csv").write_text(okx_csv(rows))
        spec = write_spec(folder, spec_text("{name: okx-csv, path: reserves.csv}"))
        directory = prove(folder, spec, {"BTC": "1"})
        for what in ("first run", "rerun"):
            done = run_reserves(spec, directory, replace=True, policy=SUM_TREE)
            assert done.evaluation.met is not None
            print(f"{what:12} {done.seconds:6.1f} s  {count / done.seconds:8.0f} rows/s")
        verified = verify_reserves(directory, policy=SUM_TREE)
        print(f"{'verified':12} {verified.seconds:6.1f} s  {count / verified.seconds:8.0f} rows/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
