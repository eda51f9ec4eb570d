"""Accounts that a program holds in memory: a table or a stream with the Arrow C stream interface.

Arrow tables and record batch readers have it, and so do data frames of pandas, polars and narwhals and relations of
DuckDB (https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html). None of these is imported here.
"""

from __future__ import annotations

from typing import Any, Protocol

from attrs import define, field

from polyproof.errors import AccountsError, Location, Problem
from polyproof.plugin_faults import told

__all__ = ["ArrowStream", "InMemoryAccounts"]

_COLLECT = "LazyFrame", "Dataset", "Scanner"


class ArrowStream(Protocol):
    """What has the Arrow C stream interface."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """A capsule of an ``ArrowArrayStream``."""


@define(eq=False)
class InMemoryAccounts:
    """Where the accounts of a spec come from, if not from the files that it names."""

    data: ArrowStream = field(repr=False)
    _begun: bool = field(default=False, init=False, repr=False)

    @property
    def label(self) -> str:
        """Its name in messages: ``accounts (pandas.DataFrame)``."""
        kind = type(self.data)
        return f"accounts ({kind.__module__.partition('.')[0]}.{kind.__name__})"

    def rows(self) -> int | None:
        """How many rows it says that it has; ``None`` for a stream, which does not know."""
        stated = getattr(self.data, "num_rows", None)
        if type(stated) is int:
            return stated
        try:
            return len(self.data)  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001 - what has no length, or fails to find it, fails or not when it is read
            return None

    def stream(self) -> Any:
        """A capsule of a new ``ArrowArrayStream``. Raises ``AccountsError`` if there is none to be had.

        What can be read only once is refused the second time: what is left of a stream is not all accounts.
        """
        make = getattr(self.data, "__arrow_c_stream__", None)
        if make is None or isinstance(self.data, type):
            raise self._unfit("has no Arrow C stream interface", self._hint())
        if self._begun and not _can_be_read_again(self.data):
            raise self._unfit(
                "is a stream that has been read already", "give a table, or load the spec again with a new stream"
            )
        self._begun = True
        try:
            return make()
        except Exception as error:
            raise self._unfit(f"cannot be handed over as Arrow: {told(error)}", _hint_on(error)) from error

    def _hint(self) -> str:
        if type(self.data).__name__ in _COLLECT:
            return "give what it makes: collect() of a lazy frame, to_table() of a dataset, to_reader() of a scanner"
        return "expected an Arrow table or reader, a data frame of pandas or polars, or a relation of DuckDB"

    def _unfit(self, message: str, hint: str | None) -> AccountsError:
        return AccountsError(Problem(message, Location(self.label), hint))


def _can_be_read_again(data: Any) -> bool:
    """Whether it is a table. A reader, which is a stream, does not know how long it is."""
    return any(hasattr(data, name) for name in ("__len__", "num_rows"))


def _hint_on(error: Exception) -> str | None:
    if isinstance(error, ImportError):
        return "install the package that it names"
    if isinstance(error, TypeError | ValueError):
        return "a column has one type: text, decimals or integers, and every column its own name"
    return None
