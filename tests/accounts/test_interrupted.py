"""Ctrl-C while DuckDB reads accounts or invents some is an interruption, not a fault of polyproof."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from polyproof.cli.sample import write_sample
from polyproof.liabilities.snapshot.reader import open_snapshot
from polyproof.model.assets import Asset
from polyproof.registry import default_registry
from polyproof.settings.accounts import AccountsSettings
from polyproof.source import Source
from polyproof.toolkit.interrupts import duckdb_interrupts
from polyproof_sources.native import Native, NativeOptions

ASSET = Asset("BTC", 8, 64)
LONG = "SELECT 'u' AS account, sum(a.i % 7 + b.i % 5) AS BTC FROM range(1000000000) a(i), range(1000000) b(i)"


@contextmanager
def interrupted_soon() -> Iterator[None]:
    """What Ctrl-C does, by a signal that nothing which starts this process ignores."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_reading_is_interrupted(tmp_path: Path) -> None:
    settings = AccountsSettings(query=LONG)
    with pytest.raises(KeyboardInterrupt), interrupted_soon(), open_snapshot(settings, [ASSET], base=tmp_path):
        pass


class Interrupted:
    def __enter__(self) -> Interrupted:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, *_: object) -> None:
        raise RuntimeError("Query interrupted")


def test_inventing_is_interrupted_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "connect", lambda *_, **__: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path / "accounts.csv", [ASSET], 10, 1)
    assert not list(tmp_path.iterdir())


def test_reading_holdings_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb, "connect", lambda *_, **__: Interrupted())
    source: Source = Native(NativeOptions(path=("wallets.parquet",)), default_registry())
    with pytest.raises(KeyboardInterrupt):
        list(source.read(tmp_path / "wallets.parquet"))


def test_other_errors_of_that_type_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="anything else"), duckdb_interrupts():
        raise RuntimeError("anything else")
