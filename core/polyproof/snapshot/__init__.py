"""The snapshot reader: CSV, Parquet, a SQL query or OKX's JSON batches become one validated ``Accounts`` table.

Reading order: ``source`` is what a spec may set, ``reader`` the whole course of events, ``cells`` how
amounts are converted; ``delimited``, ``database`` and ``okx`` how each kind of input becomes rows,
``wide`` and ``long`` how rows are checked and become accounts, ``findings`` how problems are collected.
"""

from typing import TYPE_CHECKING, Any

from polyproof.snapshot.source import AccountsSource, AttachedDatabase

if TYPE_CHECKING:
    from polyproof.snapshot.reader import read_snapshot

__all__ = ["AccountsSource", "AttachedDatabase", "read_snapshot"]


def __getattr__(name: str) -> Any:
    # A verifier reads specs and never a snapshot: the database is not imported for it.
    if name == "read_snapshot":
        from polyproof.snapshot.reader import read_snapshot

        return read_snapshot
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
