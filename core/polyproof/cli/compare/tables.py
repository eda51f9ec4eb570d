"""A comparison as tables, for a terminal, in Markdown and on a page; and as CSV, a line for each combination.

Binding has a table of its own: that published data cannot be opened to two contents says nothing about accounts that
nobody opens, and its bits never stand in a column of soundness. Nor do bits that are an estimate.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from polyproof.cli.compare.meanings import (
    APART,
    ASSUMPTIONS,
    FIGURES,
    PROPERTIES,
    UNKNOWN,
    apart_title,
    figure_heading,
    figure_text,
    labels,
    policy_text,
)
from polyproof.cli.compare.rows import Row, Sizes, Timed, Times
from polyproof.cli.console import size_text, time_text
from polyproof.cli.plain_table import Table
from polyproof.model.counts import counted
from polyproof.security import FigureName

__all__ = ["BITS_NOTE", "SPREAD_NOTE", "csv_text", "group_name", "property_table", "tables", "timed_text"]

SPREAD_NOTE = (
    "Times are medians of seconds that passed; ± is how far the farthest run is from it. Seconds of CPU are medians "
    "too, of all threads together: the steadier number on a machine that others use. Memory is the peak of a process "
    "that proves this audit alone."
)
BITS_NOTE = (
    "A figure that a backend does not give is none. Soundness is about all accounts, inclusion about one that its user "
    "checks. Binding says only that what is published cannot be opened to two different contents."
)

_STEPS = (("Prove", "prove"), ("Verify", "verify"), ("Cut an inclusion", "cut"), ("Check it", "check"))
_SIZES = (
    ("Proofs", "proof"),
    ("Published", "public"),
    ("Inclusion file", "inclusion"),
    ("Private state", "private"),
)


def timed_text(timed: Timed) -> str:
    """The median, and how far the farthest run is from it."""
    text = time_text(timed.median)
    if timed.runs < 2 or not timed.median:
        return text
    spread = max(timed.most - timed.median, timed.median - timed.least) / timed.median
    return f"{text} ±{spread:.0%}"


def tables(rows: Sequence[Row]) -> Iterator[Table]:
    """Everything about the combinations, in order."""
    named = list(zip(_names(rows), rows, strict=True))
    measured = [(name, row) for name, row in named if row.times is not None]
    if measured:
        yield _of("Time", measured, [(title, _step(key)) for title, key in _STEPS])
        yield _of("Seconds of CPU", measured, [(title, _cpu(key)) for title, key in _STEPS])
        yield _of("Memory", measured, [("Peak while proving", _peak), ("Segments", _segments)])
        yield _of("Sizes", measured, [(title, _size(key)) for title, key in _SIZES])
    known = [(name, row) for name, row in named if row.security is not None]
    if known:
        yield _of("Bits of what is proven", known, [(figure_heading(name), _figure(name)) for name in FIGURES])
        for name in APART:
            if any(row.security.figure(name) for _, row in known if row.security is not None):
                yield _of(apart_title(name), known, [(figure_heading(name), _figure(name))])
    yield from _together(rows, "What the default policy says", (("Verdict", policy_text),), lambda row: row.refusals)
    properties = property_table(rows)
    if properties is not None:
        yield properties
    yield from _together(rows, "What the bits rest on", ASSUMPTIONS, lambda row: row.security)
    missed = [(name, row) for name, row in named if not row.is_measured]
    if missed:
        reasons = tuple((name, row.outcome, row.reason or UNKNOWN) for name, row in missed)
        yield Table("Not measured", ("Combination", "Outcome", "Why"), (), reasons)


def _names(rows: Sequence[Row]) -> list[str]:
    """The name of each combination, with its number of accounts."""
    return [
        f"{name}, {_accounts(row)}" if row.combination.accounts is not None else name
        for name, row in zip(labels(rows), rows, strict=True)
    ]


def _accounts(row: Row) -> str:
    assert row.combination.accounts is not None, "asked only where they were counted"
    return counted(row.combination.accounts, "account")


_Named = Sequence[tuple[str, Row]]
_Column = tuple[str, Callable[[Row], str]]


def _of(title: str, rows: _Named, columns: Sequence[_Column]) -> Table:
    found = tuple((name, *(text(row) for _, text in columns)) for name, row in rows)
    headings = ("Combination", *(heading for heading, _ in columns))
    return Table(title, headings, tuple(range(1, len(headings))), found)


def _step(key: str) -> Callable[[Row], str]:
    return lambda row: timed_text(getattr(row.times, key))


def _cpu(key: str) -> Callable[[Row], str]:
    return lambda row: time_text(getattr(row.times, key).cpu)


def _peak(row: Row) -> str:
    return size_text(row.times.peak) if row.times is not None and row.times.peak else UNKNOWN


def _size(key: str) -> Callable[[Row], str]:
    return lambda row: size_text(getattr(row.sizes, key))


def _segments(row: Row) -> str:
    return str(row.sizes.segments) if row.sizes is not None else UNKNOWN


def _figure(name: FigureName) -> Callable[[Row], str]:
    return lambda row: figure_text(row, name)


def _together(
    rows: Sequence[Row], title: str, columns: Sequence[_Column], known: Callable[[Row], object]
) -> Iterator[Table]:
    """A table of texts, in which combinations that have the same are one row; nothing if nothing is known."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if known(row) is not None:
            groups.setdefault(tuple(text(row) for _, text in columns), []).append(row)
    if groups:
        lines = tuple((group_name(members, rows), *cells) for cells, members in groups.items())
        yield Table(title, ("Combination", *(heading for heading, _ in columns)), (), lines)


def property_table(rows: Sequence[Row]) -> Table | None:
    """The properties side by side: a column for all combinations that have the same; None if none are known."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if row.properties is not None:
            groups.setdefault(tuple(text(row) for _, text in PROPERTIES), []).append(row)
    if not groups:
        return None
    headings = [group_name(members, rows) for members in groups.values()]
    lines = [(title, *(cells[place] for cells in groups)) for place, (title, _) in enumerate(PROPERTIES)]
    return Table("Properties", ("", *headings), (), tuple(lines))


def group_name(members: Sequence[Row], rows: Sequence[Row]) -> str:
    """What some of the combinations are called together: their backend where they are all of its combinations, the
    options where they are all sizes of it, else each by its name.
    """
    inside = set(map(id, members))
    by_backend: dict[str, list[int]] = {}
    by_label: dict[str, list[int]] = {}
    for name, row in zip(labels(rows), rows, strict=True):
        by_backend.setdefault(row.combination.backend, []).append(id(row))
        by_label.setdefault(name, []).append(id(row))
    found: dict[str, None] = {}
    for name, full, row in zip(labels(rows), _names(rows), rows, strict=True):
        backend = row.combination.backend
        if id(row) in inside:
            whole = backend if inside.issuperset(by_backend[backend]) else name
            found[whole if whole == backend or inside.issuperset(by_label[name]) else full] = None
    return "; ".join(found)


# CSV

_PLAIN: tuple[tuple[str, Callable[[Row], object]], ...] = (
    ("spec", lambda row: row.combination.spec),
    ("backend", lambda row: row.combination.backend),
    ("stated", lambda row: " ".join(row.combination.stated)),
    ("rule", lambda row: row.combination.rule),
    ("assets", lambda row: row.combination.assets),
    ("accounts", lambda row: row.combination.accounts),
    ("outcome", lambda row: row.outcome),
    ("reason", lambda row: row.reason),
)


def csv_text(rows: Sequence[Row]) -> str:
    """A line for each combination, with plain numbers: seconds, bytes, bits. What is not known is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    times = [f"{key}_{what}" for _, key in _STEPS for what in ("seconds", "least", "most", "cpu")]
    bits = [f"{name.value}_bits" for name in (*FIGURES, *APART)]
    said = [*PROPERTIES, *ASSUMPTIONS]
    properties = [title.lower().replace(",", "").replace(" ", "_").replace("-", "_") for title, _ in said]
    sizes = [f"{key}_bytes" for _, key in _SIZES]
    writer.writerow(
        [*(name for name, _ in _PLAIN), *times, "runs", "peak_bytes", *sizes, "segments", *bits, "policy", *properties]
    )
    for row in rows:
        writer.writerow(["" if value is None else _harmless(value) for value in _cells(row)])
    return out.getvalue()


def _cells(row: Row) -> Iterator[object]:
    yield from (value(row) for _, value in _PLAIN)
    yield from _time_cells(row.times)
    yield from _size_cells(row.sizes)
    for name in (*FIGURES, *APART):
        found = row.security.figure(name) if row.security is not None else None
        yield found.bits if found is not None else None
    yield policy_text(row) if row.refusals is not None else None
    yield from (text(row) if row.properties is not None else None for _, text in PROPERTIES)
    yield from (text(row) if row.security is not None else None for _, text in ASSUMPTIONS)


def _time_cells(times: Times | None) -> Iterator[object]:
    for _, key in _STEPS:
        timed: Timed | None = getattr(times, key) if times is not None else None
        for what in ("median", "least", "most", "cpu"):
            yield getattr(timed, what) if timed is not None else None
    yield times.prove.runs if times is not None else None
    yield times.peak if times is not None else None


def _size_cells(sizes: Sizes | None) -> Iterator[object]:
    for _, key in _SIZES:
        yield getattr(sizes, key) if sizes is not None else None
    yield sizes.segments if sizes is not None else None


def _harmless(value: object) -> object:
    """A text that a spreadsheet takes for a formula begins with an apostrophe: names are of plugins and specs."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
