"""The snapshot reader: CSV, Parquet, a SQL query or OKX's JSON batches become one validated ``Accounts`` table.

Reading order: ``source`` says what a spec may set, ``reader`` is the whole course of events,
``cells`` how amounts are converted, ``delimited``, ``columnar``, ``database`` and ``okx`` how each
kind of input becomes rows, ``findings`` how problems are collected.
"""

from polyproof.snapshot.reader import read_snapshot
from polyproof.snapshot.source import AccountsSource, AttachedDatabase

__all__ = ["AccountsSource", "AttachedDatabase", "read_snapshot"]
