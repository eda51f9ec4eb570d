"""Results as tables, for a terminal or in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from polyproof.cli.bench.comparison import Comparison, ratio
from polyproof.cli.bench.curves import curves, slope
from polyproof.cli.bench.pairs import Pair
from polyproof.cli.bench.results import AuditFacts, Machine, Measurement, NotMeasured, Results, Setting
from polyproof.cli.console import size_text, time_text
from polyproof.cli.plain_table import Table
from polyproof.model.counts import counted

__all__ = [
    "comparison_tables",
    "machine_text",
    "missed_text",
    "operation_text",
    "pairs_table",
    "result_tables",
]

_MOST_BESIDE = 6
"""Audits side by side in one table."""


def machine_text(machine: Machine) -> str:
    """The machine and the versions in a line."""
    features = f" ({', '.join(machine.features)})" if machine.features else ""
    memory = f", {size_text(machine.memory)} of memory" if machine.memory else ""
    cores, threads = counted(machine.cores, "core"), counted(machine.threads, "thread")
    return (
        f"{machine.processor}{features}, {cores}, {threads}{memory}, {machine.system}, "
        f"polyproof {machine.polyproof}, Python {machine.python}, numpy {machine.numpy}, numba {machine.numba}"
    )


def setting_text(name: str, setting: Setting) -> str:
    """What an audit was made of, in a few words: its backend, accounts × assets, threads and options."""
    options = "".join(f", {text}" for text in setting.options)
    return f"{name} {setting.accounts:,} × {setting.assets}, {counted(setting.threads, 'thread')}{options}"


def missed_text(missed: NotMeasured) -> str:
    """What could not be measured, and why."""
    return f"{setting_text(missed.name, missed.setting) if missed.setting else missed.name}: {missed.reason}"


def result_tables(results: Results) -> Iterator[Table]:
    """Everything that was measured."""
    components = [item for item in results.measurements if item.setting is None]
    if components:
        yield _components(components)
    audits = [item for item in results.measurements if item.setting is not None]
    settings = list(dict.fromkeys((item.name, item.setting) for item in audits if item.setting is not None))
    if len(settings) == 1:
        yield _one_audit(audits)
    for start in range(0, len(settings) if len(settings) > 1 else 0, _MOST_BESIDE):
        yield _side_by_side(audits, settings[start : start + _MOST_BESIDE])
    if len(settings) > 1:
        yield from _slopes(results)
    if results.audits:
        yield _facts(results)


def _components(items: Sequence[Measurement]) -> Table:
    rows = []
    for item in items:
        note = f" ({item.note})" if item.note else ""
        rows.append(
            (
                f"{item.kind} {item.name}",
                item.engine,
                f"{item.operation}, {counted(item.items, item.unit)}{note}",
                time_text(item.first),
                time_text(item.median),
                time_text(item.cpu),
                time_text(item.median / item.items),
            )
        )
    columns = ("Component", "Engine", "Operation", "First", "Median", "CPU", "Per item")
    return Table(None, columns, (3, 4, 5, 6), tuple(rows))


def _one_audit(items: Sequence[Measurement]) -> Table:
    """Everything about one audit."""
    of_whole = next((item.cpu for item in items if item.path == ("audit",)), 0.0)
    rows = [
        (
            _indented(item.path),
            time_text(item.first),
            time_text(item.median),
            time_text(item.cpu),
            f"{item.busy:.1f}",
            size_text(item.peak) if item.peak else "–",
            f"{item.cpu / of_whole:.0%}" if of_whole and item.path[0] == "audit" else "–",
            f"{time_text(item.cpu / item.items)} / {item.unit}" if item.items > 1 and len(item.path) == 1 else "–",
        )
        for item in items
    ]
    columns = ("Operation", "First", "Median", "CPU", "Busy cores", "Peak memory", "Share of CPU", "CPU each")
    assert items[0].setting is not None, "of an audit"
    title = f"{setting_text(items[0].name, items[0].setting)}: each operation and phase"
    return Table(title, columns, (1, 2, 3, 4, 5, 6, 7), tuple(rows))


def _side_by_side(items: Sequence[Measurement], settings: Sequence[tuple[str, Setting]]) -> Table:
    """Of several audits the seconds of CPU."""
    by_place = {(item.name, item.setting, item.path): item for item in items}
    lines = []
    for path in dict.fromkeys(item.path for item in items):
        found = [by_place.get((*one, path)) for one in settings]
        lines.append((_indented(path), *(time_text(item.cpu) if item else "–" for item in found)))
    headings = (setting_text(name, setting) for name, setting in settings)
    return Table("Seconds of CPU", ("Operation", *headings), tuple(range(1, 1 + len(settings))), tuple(lines))


def _indented(path: tuple[str, ...]) -> str:
    return "· " * (len(path) - 1) + path[-1]


def _slopes(results: Results) -> Iterator[Table]:
    """How seconds of CPU grow from each size to the next, if some size differs."""
    found = curves(results, "cpu")
    sizes = sorted({x for points in found.lines.values() for x, _ in points})
    steps = list(pairwise(sizes))
    rows = []
    for name, points in found.lines.items():
        known = {(a[0], b[0]): slope(a, b) for a, b in pairwise(points)}
        rows.append((name, *(f"{known[step]:.2f}" if step in known else "–" for step in steps)))
    if rows:
        columns = ("Operation", *(f"{a:,} to {b:,}" for a, b in steps))
        title = f"Slopes: the power of {found.across} that seconds of CPU grow with; 1 is in proportion"
        yield Table(title, columns, tuple(range(1, 1 + len(steps))), tuple(rows))


def _facts(results: Results) -> Table:
    whole = {(item.name, item.setting): item for item in results.measurements if item.path == ("audit",)}
    rows = []
    for item in results.audits:
        taken = whole.get((item.name, item.setting))
        rows.append(
            (
                setting_text(item.name, item.setting),
                time_text(taken.median) if taken else "–",
                f"{taken.busy:.1f}" if taken else "–",
                size_text(taken.peak) if taken and taken.peak else "–",
                *(size_text(size) for size in (item.proof, item.private, item.inclusion, item.store)),
                str(item.segments),
                ", ".join(item.settled) or "–",
                item.figures,
            )
        )
    columns = (
        *("Audit, accounts × assets", "Seconds", "Busy cores", "Peak memory", "Proofs", "Private", "Inclusion file"),
        *("All of them", "Segments", "Settled", "Bits"),
    )
    return Table("What each took and made", columns, tuple(range(1, 9)), tuple(rows))


def comparison_tables(compared: Comparison) -> Iterator[Table]:
    """Two results side by side, components together and each audit by itself; ratios are here / there."""
    by_audit: dict[str, list[tuple[str, ...]]] = {}
    for here, there in compared.pairs:
        by_audit.setdefault(setting_text(here.name, here.setting) if here.setting else "", []).append(
            (
                _indented(here.path) if here.setting else operation_text(here),
                time_text(here.median),
                time_text(there.median),
                _ratio(here.median, there.median),
                time_text(here.cpu),
                time_text(there.cpu),
                _ratio(here.cpu, there.cpu),
                _ratio(here.peak, there.peak),
            )
        )
    columns = ("Operation", "Here", "There", "Ratio", "CPU here", "CPU there", "CPU ratio", "Memory ratio")
    for title, rows in by_audit.items():
        yield Table(title or None, columns, tuple(range(1, 8)), tuple(rows))
    sizes = [
        (
            setting_text(here.name, here.setting),
            *(f"{size_text(a)} : {size_text(b)}" for a, b in _sizes(here, there)),
            f"{here.figures} : {there.figures}" if here.figures != there.figures else here.figures,
        )
        for here, there in compared.audits
    ]
    if sizes:
        headings = ("Sizes, here : there", "Proofs", "Private", "Inclusion file", "Bits")
        yield Table(None, headings, (1, 2, 3), tuple(sizes))


def _sizes(here: AuditFacts, there: AuditFacts) -> Iterator[tuple[int, int]]:
    yield here.proof, there.proof
    yield here.private, there.private
    yield here.inclusion, there.inclusion


def pairs_table(pairs: Sequence[Pair]) -> Table:
    """Two installations that were measured in turn; ratios are here / there."""
    rows = [
        (
            f"{pair.kind} {pair.name}",
            pair.engine,
            f"{pair.operation}, {counted(pair.items, pair.unit)}{_made_of(pair)}",
            time_text(median(pair.here)),
            time_text(median(pair.there)),
            f"{median(pair.ratios):.2f}",
            f"{min(pair.ratios):.2f}–{max(pair.ratios):.2f}",
            f"{median(pair.cpu_ratios):.2f}" if pair.cpu_ratios else "–",
        )
        for pair in pairs
    ]
    columns = ("Component", "Engine", "Operation", "Here", "There", "Ratio", "Range", "CPU")
    return Table(None, columns, (3, 4, 5, 6, 7), tuple(rows))


def _made_of(pair: Pair) -> str:
    if pair.setting is None:
        return ""
    threads, options = counted(pair.setting["threads"], "thread"), " ".join(pair.setting["options"])
    return f" × {counted(pair.setting['assets'], 'asset')}, {threads} {options}".rstrip()


def operation_text(item: Measurement) -> str:
    """What was measured, in a line."""
    if item.setting is None:
        return f"{item.kind} {item.name}, {item.engine}: {item.operation}, {counted(item.items, item.unit)}"
    return f"{setting_text(item.name, item.setting)}: {item.operation}"


def _ratio(here: float | None, there: float | None) -> str:
    found = ratio(here, there)
    return "–" if found is None else f"{found:.2f}"
