"""The snapshot reader: CSV, Parquet, a SQL query or the files of a ledger format become one ``Accounts`` table.

Reading order: ``reader`` is the whole sequence of steps, ``cells`` how amounts are converted; ``delimited``,
``database``, ``ledger`` and ``arrow`` how each kind of input becomes rows, ``wide`` and ``long`` how rows are checked
and become accounts, ``file`` how a row of them is traced back to its file.
"""
