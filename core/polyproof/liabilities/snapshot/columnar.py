"""Parquet and Arrow files, alone or as the files of a dataset whose folders have values in their names."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

from polyproof.errors import AccountsError
from polyproof.extras import require_extras
from polyproof.liabilities.snapshot.arrow import read_in_memory
from polyproof.liabilities.snapshot.database import described
from polyproof.liabilities.snapshot.file import SnapshotFile, literal
from polyproof.liabilities.snapshot.table import Table
from polyproof.settings.in_memory import InMemoryAccounts

__all__ = ["open_parquet", "read_arrow"]


def open_parquet(table: Table, file: SnapshotFile, path: Path) -> None:
    """Make a Parquet file the relation of a file. Raises ``duckdb.Error``.

    A column that the spec names and the file lacks may stand in the names of its folders, ``asset=BTC``. No other
    value there is read: it says how the files are kept, and not what is owed.
    """
    connection, settings = table.connection, table.settings
    scan = f"read_parquet({literal(glob.escape(str(path)))}, hive_partitioning = "
    file.relation = f"{scan}false)"
    file.columns = described(connection, file.relation)
    named = {settings.id}
    if settings.shape == "long":
        named |= {settings.asset, settings.position or settings.asset}
    missing = named - {column.name for column in file.columns}
    if missing & {part.partition("=")[0] for part in path.parts if "=" in part}:
        stored = {column.name for column in file.columns}
        file.relation = f"{scan}true, hive_types_autocast = false)"
        with_folders = described(connection, file.relation)
        file.columns = tuple(column for column in with_folders if column.name in stored | missing)


def read_arrow(table: Table, file: SnapshotFile, path: Path) -> None:
    """Put the rows of an Arrow IPC file, or stream, into the table, a batch at a time. Raises ``OSError``."""
    require_extras("arrow", purpose=f"reading {path}")
    import pyarrow as pa
    import pyarrow.ipc as ipc

    try:
        with pa.memory_map(str(path)) as source:
            try:
                stored = ipc.open_file(source)
                batches = (stored.get_batch(k) for k in range(stored.num_record_batches))
            except pa.ArrowInvalid:
                source.seek(0)
                stored = ipc.open_stream(source)
                batches = iter(stored)
            reader = pa.RecordBatchReader.from_batches(stored.schema, map(_checked, batches))
            read_in_memory(table, file, InMemoryAccounts(reader))
    except pa.ArrowException as error:
        file.report(f"cannot be read as arrow: {' '.join(str(error).split())}")
    except AccountsError as error:
        for problem in error.problems:
            file.report_problem(problem)


def _checked(batch: Any) -> Any:
    """A batch that is as its schema says: nothing in a file is taken on trust, text included."""
    batch.validate(full=True)
    return batch
