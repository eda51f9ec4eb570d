"""How fast components and whole audits are on this machine, beside an earlier result or another installation.

Reading order: ``components`` measures fields, hashes, commitments and backends by themselves, ``shapes`` says which
audits there are to measure, ``audits`` measures them, and ``phases`` what each part of one takes; ``work`` is all that
a command line asks for. ``results`` is the file that a measurement leaves, ``comparison`` two of them side by side,
``pairs`` two installations in turn, ``tables`` and ``plot`` what people look at.
"""

COLUMNS = 24
"""Words in a row that is hashed, if nothing else is said."""
