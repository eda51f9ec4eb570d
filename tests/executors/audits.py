"""Small audits of several segments, proved by one executor or another, and workers killed while they prove."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve

from polyproof.registry import default_registry
from polyproof.settings.executors import parse_executor
from polyproof.settings.spec import Spec, load_spec

SUM_TREE = "{name: merkle-sum, accounts_per_segment: 2}"
STARK = "{name: stark, hash: blake3, segment_rows: 1024}"


def write_spec(folder: Path, backend: str, accounts: int) -> Path:
    """A spec and its snapshot."""
    amounts = random.Random(1)
    lines = [f"user-{number},{amounts.randrange(10**9)},{amounts.randrange(10**9)}" for number in range(accounts)]
    (folder / "accounts.csv").write_text("\n".join(["account,BTC,USD", *lines]) + "\n")
    (folder / "spec.yaml").write_text(
        "polyproof: 1\nname: exchange\nsnapshot: 2025-11-30T00:00:00Z\n"
        "assets: [{symbol: BTC, decimals: 8}, {symbol: USD, decimals: 2}]\n"
        f"backend: {backend}\naccounts: {{path: accounts.csv, units: base}}\n"
    )
    return folder / "spec.yaml"


def spec_of(folder: Path, backend: str, accounts: int, executor: str | None = None) -> Spec:
    """The same, read."""
    registry = default_registry()
    spec = load_spec(write_spec(folder, backend, accounts), registry)
    return spec if executor is None else evolve(spec, executor=parse_executor(executor, registry))


@contextmanager
def killing(work: Path, kill: Callable[[], object]) -> Iterator[list[str]]:
    """Call ``kill`` once a segment is being proved in a work directory; the list then has the attempt's name."""
    struck: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set() and not struck:
            if attempts := [path.name for path in work.glob("attempt-*")]:
                struck.append(attempts[0])
                kill()
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield struck
    finally:
        over.set()
        watcher.join()
