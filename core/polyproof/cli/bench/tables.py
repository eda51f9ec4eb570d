"""Results as tables, for a terminal or in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from polyproof.cli.bench.comparison import Comparison, ratio
from polyproof.cli.bench.results import AuditFacts, Machine, Measurement, NotMeasured, Results, Setting
from polyproof.cli.console import size_text, time_text

__all__ = [
    "Table",
    "comparison_tables",
    "machine_text",
    "markdown",
    "missed_text",
    "operation_text",
    "result_tables",
]


@frozen
class Table:
    """A table to be drawn somewhere."""

    title: str | None
    columns: tuple[str, ...]
    numbers: tuple[int, ...]
    """Columns that are set to the right."""
    rows: tuple[tuple[str, ...], ...]


def markdown(table: Table) -> str:
    """The table in Markdown, its title as a line before it."""
    rules = ["---:" if number in table.numbers else "---" for number in range(len(table.columns))]
    lines = [table.columns, rules, *table.rows]
    drawn = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([*([f"{table.title}:", ""] if table.title else []), *drawn]) + "\n"


def machine_text(machine: Machine) -> str:
    """The machine and the versions in a line."""
    features = f" ({', '.join(machine.features)})" if machine.features else ""
    memory = f", {size_text(machine.memory)} of memory" if machine.memory else ""
    return (
        f"{machine.processor}{features}, {machine.cores} cores, {machine.threads} threads{memory}, {machine.system}, "
        f"polyproof {machine.polyproof}, Python {machine.python}, numpy {machine.numpy}, numba {machine.numba}"
    )


def setting_text(name: str, setting: Setting) -> str:
    """What an audit was made of, in a few words: its backend, accounts × assets, threads and options."""
    options = "".join(f", {text}" for text in setting.options)
    return f"{name} {setting.accounts:,} × {setting.assets}, {_count(setting.threads, 'thread')}{options}"


def missed_text(missed: NotMeasured) -> str:
    """What could not be measured, and why."""
    return f"{setting_text(missed.name, missed.setting) if missed.setting else missed.name}: {missed.reason}"


def _count(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'s' if number > 1 else ''}"


def result_tables(results: Results) -> Iterator[Table]:
    """Everything that was measured."""
    components = [item for item in results.measurements if item.setting is None]
    if components:
        yield _components(components)
    audits = [item for item in results.measurements if item.setting is not None]
    if audits:
        yield _audits([item for item in audits if len(item.path) == 1])
        yield from _phases([item for item in audits if item.path[0] == "audit"])
    if results.audits:
        yield _facts(results.audits)


def _components(items: Sequence[Measurement]) -> Table:
    rows = []
    for item in items:
        note = f" ({item.note})" if item.note else ""
        rows.append(
            (
                f"{item.kind} {item.name}",
                item.engine,
                f"{item.operation}, {_count(item.items, item.unit)}{note}",
                time_text(item.first),
                time_text(item.median),
                time_text(item.cpu),
                time_text(item.median / item.items),
            )
        )
    columns = ("Component", "Engine", "Operation", "First", "Median", "CPU", "Per item")
    return Table(None, columns, (3, 4, 5, 6), tuple(rows))


def _audits(items: Sequence[Measurement]) -> Table:
    rows, last = [], ""
    for item in items:
        assert item.setting is not None, "of an audit"
        named = setting_text(item.name, item.setting)
        rows.append(
            (
                named if named != last else "",
                item.operation,
                time_text(item.first),
                time_text(item.median),
                time_text(item.cpu),
                f"{item.busy:.1f}",
                size_text(item.peak) if item.peak else "–",
                f"{time_text(item.cpu / item.items)} / {item.unit}" if item.items > 1 else "–",
            )
        )
        last = named
    columns = ("Audit", "Operation", "First", "Median", "CPU", "Busy cores", "Peak memory", "CPU each")
    return Table("Whole audits, accounts × assets", columns, (2, 3, 4, 5, 6, 7), tuple(rows))


def _phases(items: Sequence[Measurement]) -> Iterator[Table]:
    """Of one audit everything, of several the seconds of CPU side by side."""
    settings = list(dict.fromkeys((item.name, item.setting) for item in items))
    by_place = {(item.name, item.setting, item.path): item for item in items}
    paths = list(dict.fromkeys(item.path for item in items))
    if len(settings) == 1:
        whole = by_place[*settings[0], ("audit",)]
        rows = [
            (
                _indented(path),
                time_text(item.median),
                time_text(item.cpu),
                f"{item.busy:.1f}",
                size_text(item.peak) if item.peak else "–",
                f"{item.cpu / whole.cpu:.0%}" if whole.cpu else "–",
            )
            for path, item in ((item.path, item) for item in items)
        ]
        columns = ("Phase", "Median", "CPU", "Busy cores", "Peak memory", "Share of CPU")
        yield Table("Phases", columns, (1, 2, 3, 4, 5), tuple(rows))
        return
    headings = [setting_text(name, setting) for name, setting in settings if setting is not None]
    for start in range(0, len(settings), 6):
        shown = settings[start : start + 6]
        lines = []
        for path in paths:
            found = [by_place.get((*one, path)) for one in shown]
            lines.append((_indented(path), *(time_text(item.cpu) if item else "–" for item in found)))
        numbers = tuple(range(1, 1 + len(shown)))
        yield Table("Phases, seconds of CPU", ("Phase", *headings[start : start + 6]), numbers, tuple(lines))


def _indented(path: tuple[str, ...]) -> str:
    return "· " * (len(path) - 1) + path[-1]


def _facts(audits: Sequence[AuditFacts]) -> Table:
    rows = [
        (
            setting_text(item.name, item.setting),
            ", ".join(item.settled) or "–",
            str(item.segments),
            *(size_text(size) for size in (item.proof, item.private, item.inclusion, item.store)),
            item.figures,
        )
        for item in audits
    ]
    columns = ("Audit", "Settled", "Segments", "Proofs", "Private", "Inclusion file", "All of them", "Bits")
    return Table("What came of them", columns, (2, 3, 4, 5, 6), tuple(rows))


def comparison_tables(compared: Comparison) -> Iterator[Table]:
    """Two results side by side, components together and each audit by itself; ratios are here / there."""
    by_audit: dict[str, list[tuple[str, ...]]] = {}
    for here, there in compared.pairs:
        of_audit = here.setting is not None
        by_audit.setdefault(setting_text(here.name, here.setting) if here.setting else "", []).append(
            (
                _indented(here.path) if of_audit else operation_text(here),
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


def operation_text(item: Measurement) -> str:
    """What was measured, in a line."""
    if item.setting is None:
        return f"{item.kind} {item.name}, {item.engine}: {item.operation}, {_count(item.items, item.unit)}"
    return f"{setting_text(item.name, item.setting)}: {item.operation}"


def _ratio(here: float | None, there: float | None) -> str:
    found = ratio(here, there)
    return "–" if found is None else f"{found:.2f}"
