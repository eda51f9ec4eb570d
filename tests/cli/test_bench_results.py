"""What ``polyproof bench`` keeps: results as files, beside each other, as tables and as curves."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from docs.generated import built_in
from doubles.fixtures import Command
from polyproof.cli.bench import audits, runs
from polyproof.cli.bench.comparison import compare
from polyproof.cli.bench.phases import Recorder
from polyproof.cli.bench.plot import plot
from polyproof.cli.bench.results import AuditFacts, Measurement, NotMeasured, Results, Setting, joined, read_results
from polyproof.cli.bench.shapes import PROVE, Shape, choices_text, shapes
from polyproof.cli.bench.tables import comparison_tables, result_tables
from polyproof.cli.plain_table import markdown
from polyproof.errors import ArtifactError, PolyproofError, UsageError
from polyproof.progress import Progress

Change = Callable[[dict[str, Any]], object]


def setting(accounts: int = 1000, assets: int = 22, threads: int = 2, options: tuple[str, ...] = ()) -> Setting:
    return Setting(accounts=accounts, assets=assets, threads=threads, options=options)


def measured(operation: str, cpu: float, made_of: Setting | None = None, peak: int | None = 1 << 30) -> Measurement:
    made_of = made_of or setting()
    counts = (operation, made_of.accounts, "account", 2 * cpu, cpu * 1.5, cpu, 3)
    return Measurement("audit", "stark", "compiled", *counts, peak=peak, setting=made_of)


def facts(made_of: Setting, chosen: tuple[str, ...] = ()) -> AuditFacts:
    sizes = {"segments": 1, "proof": 400_000, "public": 410_000, "private": 1 << 20, "inclusion": 1500, "store": 9}
    return AuditFacts(
        name="stark", setting=made_of, settled=("segment_rows=1024",), chosen=chosen, figures="soundness 1", **sizes
    )


def results(*found: Measurement | AuditFacts | NotMeasured, arguments: tuple[str, ...] = ("--runs=3",)) -> Results:
    return Results.of(list(found), arguments)


def sweep() -> Results:
    """Three sizes, of which the two operations take 1 and 2 seconds a thousand accounts."""
    found = []
    for accounts in (1000, 4000, 16000):
        for share, operation in enumerate(("audit", "audit › read", PROVE, f"{PROVE} › tags", "verify"), start=1):
            found.append(measured(operation, share * accounts / 1000, setting(accounts)))
    return results(*found)


# Phases


def test_a_recorder_adds_up_what_tasks_take_and_knows_which_are_within_which() -> None:
    recorder = Recorder()
    with recorder.task("prove", 2) as task:
        for _ in range(2):
            with recorder.task("tree"):
                sum(range(20_000))
            task.advance()
        with pytest.raises(KeyError), recorder.task("broken"):
            raise KeyError
    with recorder.task("tree"):
        pass
    assert set(recorder.spent) == {("prove",), ("prove", "tree"), ("prove", "broken"), ("tree",)}
    whole, part = recorder.spent["prove",], recorder.spent["prove", "tree"]
    assert whole.wall >= part.wall > 0
    assert whole.cpu >= part.cpu > 0


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux counts it")
def test_memory_at_its_peak_belongs_to_the_phase_that_took_it() -> None:
    recorder = Recorder()
    with recorder.task("outer"):
        with recorder.task("large"):
            bytearray(os.urandom(1)) * (96 << 20)
        with recorder.task("small"):
            pass
    peaks = {path[-1]: spent.peak for path, spent in recorder.spent.items()}
    assert peaks["large"] is not None
    assert peaks["small"] is not None
    assert peaks["large"] > peaks["small"] + (64 << 20)
    assert peaks["outer"] == peaks["large"]


# The file


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    found = results(
        measured("audit", 1.25), facts(setting()), NotMeasured("audit", "stark", "no memory", setting(10**7))
    )
    file = tmp_path / "a.json"
    file.write_text(json.dumps(found.payload()))
    assert read_results(file, built_in()) == found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda value: value.update({"polyproof-bench": 2}), "this polyproof reads version 1"),
        (lambda value: value.pop("polyproof-bench"), "the key 'polyproof-bench' is missing"),
        (lambda value: value.update(more=1), "unknown key 'more'"),
        (lambda value: value.pop("machine"), "the key 'machine' is missing"),
        (lambda value: value["measurements"][0].update(median=-1.5), "measurements[0].median: median is -1.5"),
        (lambda value: value["measurements"][0].update(cpu="soon"), "measurements[0].cpu: cpu is 'soon'"),
        (lambda value: value["measurements"][0].update(items=1.5), "measurements[0].items: items is '1.5'"),
        (lambda value: value["measurements"][0]["setting"].update(accounts=0), "setting.accounts: accounts is 0"),
        (lambda value: value.update(measurements=7), "measurements is 7"),
    ],
)
def test_a_file_that_is_no_result_is_refused_and_says_where(
    change: Change, says: str, tmp_path: Path, command: Command
) -> None:
    value = results(measured("audit", 1)).payload()
    change(value)
    file = tmp_path / "a.json"
    file.write_text(json.dumps(value))
    with pytest.raises(ArtifactError, match=re.escape(says)):
        read_results(file, built_in())
    for option in ("--results", "--against"):
        ended = command("bench", "--kind", "hash", option, file)
        assert (ended.status, str(file) in ended.err) == (2, True)
        assert "Traceback" not in ended.err


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 100_000, b'{"a": NaN}', b"[]", b'{"a": 1e999}', b"7"])
def test_bytes_that_are_no_json_are_refused(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(data)
    with pytest.raises(ArtifactError, match=re.escape(str(file))):
        read_results(file, built_in())


def test_a_file_that_is_missing_is_named(command: Command, tmp_path: Path) -> None:
    ended = command("bench", "--kind", "hash", "--against", tmp_path / "absent.json")
    assert (ended.status, "absent.json: cannot be read" in ended.err) == (2, True)


def test_results_of_one_machine_are_joined_and_others_not() -> None:
    small, large = results(measured("audit", 1)), results(measured("audit", 9, setting(9000)), facts(setting(9000)))
    whole = joined([small, large])
    assert (len(whole.measurements), len(whole.audits)) == (2, 1)
    other = evolve(large, machine=evolve(large.machine, processor="another"))
    with pytest.raises(UsageError, match="processor"):
        joined([small, other])


# Beside each other


def test_results_are_compared_row_by_row() -> None:
    here = results(
        measured("audit", 1.0), measured("verify", 3.0), measured("cut one", 1.0, peak=None), facts(setting())
    )
    there = results(
        measured("audit", 2.0), measured("verify", 2.0), measured("cut all", 1.0), evolve(facts(setting()), proof=1000)
    )
    found = compare(here, there)
    assert [(a.operation, a.cpu / b.cpu) for a, b in found.pairs] == [("audit", 0.5), ("verify", 1.5)]
    assert found.median_ratio == 1.0
    assert [item.operation for item in found.only_here] == ["cut one"]
    assert [item.operation for item in found.only_there] == ["cut all"]
    assert found.differences == ()
    assert found.payload()["audits"][0]["proof_ratio"] == 400


def test_a_size_that_differs_is_other_work() -> None:
    found = compare(results(measured("audit", 1.0)), results(measured("audit", 1.0, setting(options=("hash=sha256",)))))
    assert found.pairs == ()
    assert found.median_ratio is None
    assert (len(found.only_here), len(found.only_there)) == (1, 1)


def test_what_a_clock_did_not_see_has_no_ratio() -> None:
    found = compare(results(measured("audit", 0.0)), results(measured("audit", 1.0)))
    assert found.payload()["pairs"][0]["cpu_ratio"] is None


def test_what_else_differs_is_said() -> None:
    here, there = results(measured("audit", 1)), results(measured("audit", 1), arguments=("--runs=9",))
    there = evolve(there, machine=evolve(there.machine, processor="Z80", polyproof="9.9", features=("mmx",)))
    said = "\n".join(compare(here, there).differences)
    assert f"processor: {here.machine.processor} here, Z80 there" in said
    assert f"polyproof: {here.machine.polyproof} here, 9.9 there" in said
    assert "mmx there" in said
    assert "arguments: --runs=3 here, --runs=9 there" in said


def test_a_command_compares_two_files(command: Command, tmp_path: Path) -> None:
    files = []
    for name, cpu in (("new", 1.0), ("old", 4.0)):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(results(measured("audit", cpu), measured(name, 1)).payload()))
    ended = command("bench", "--results", files[0], "--against", files[1])
    assert ended.status == 0, ended.err
    assert "0.25" in ended.out
    assert re.search(r"measured here only: .*: new\n", ended.out)
    assert re.search(r"measured there only: .*: old\n", ended.out)
    found = command("bench", "--results", files[0], "--against", files[1], "--json").result["comparison"]
    assert found["pairs"][0]["cpu_ratio"] == 0.25
    assert [item["operation"] for item in found["only_here"]] == ["new"]


# Tables


def test_tables_show_every_measurement_in_markdown_too() -> None:
    found = sweep()
    drawn = "\n".join(markdown(table) for table in result_tables(found))
    for accounts in ("1,000", "4,000", "16,000"):
        assert f"stark {accounts} × 22, 2 threads" in drawn
    assert "| · · · tags | 4.0 s | 16.0 s | 64.0 s |" in drawn
    lines = [line for line in drawn.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in lines)
    compared = "\n".join(markdown(table) for table in comparison_tables(compare(found, found)))
    assert compared.count("| 1.00 | ") >= len(found.measurements)


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    (table,) = result_tables(results(measured("a|b", 1)))
    assert r"a\|b" in markdown(table)


# Curves

SVG = "{http://www.w3.org/2000/svg}"


def drawn(found: Results, plotted: str) -> ET.Element:
    return ET.fromstring(plot(found, plotted))


def texts(root: ET.Element) -> list[str]:
    return ["".join(item.itertext()) for item in root.iter(f"{SVG}text")]


def test_a_plot_has_every_curve_with_every_point_and_names_its_axes() -> None:
    root = drawn(sweep(), "cpu")
    shown = texts(root)
    assert {"audit", "read", "prove", "verify", "accounts", "seconds of CPU"} <= set(shown)
    assert "tags" not in shown
    lines = [line.attrib["points"].split() for line in root.iter(f"{SVG}polyline")]
    assert [len(line) for line in lines] == [3] * 4
    for line in lines:
        places = [tuple(map(float, place.split(","))) for place in line]
        assert places == sorted(places)
        # Four times the size and four times the work: equal steps on both axes.
        (x0, y0), (x1, y1), (x2, y2) = places
        assert x2 - x1 == pytest.approx(x1 - x0, abs=0.02)
        assert y1 - y2 == pytest.approx(y0 - y1, abs=0.02)
    described = "".join(next(root.iter(f"{SVG}desc")).itertext())
    assert "audit: from 1 at 1,000 accounts to 16 at 16,000" in described


def test_a_plot_of_phases_shows_phases_alone() -> None:
    assert "tags" in texts(drawn(sweep(), "phases"))
    assert "verify" not in texts(drawn(sweep(), "phases"))


def test_what_else_varies_stands_in_the_name_of_a_curve() -> None:
    both = [measured("audit", 1.0 * n, setting(n, threads=k)) for n in (10, 100, 1000) for k in (1, 2)]
    assert {"audit 1 thread", "audit 2 threads"} <= set(texts(drawn(results(*both), "cpu")))


def test_what_took_no_time_has_no_point() -> None:
    found = results(*(measured("audit", cpu, setting(n)) for n, cpu in ((10, 0.0), (100, 1.0), (1000, 2.0))))
    (line,) = drawn(found, "cpu").iter(f"{SVG}polyline")
    assert len(line.attrib["points"].split()) == 2


def test_one_size_is_no_curve(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(results(measured("audit", 1)).payload()))
    ended = command("bench", "--results", file, "--plot", tmp_path / "a.svg")
    assert (ended.status, "two sizes" in ended.err, (tmp_path / "a.svg").exists()) == (2, True, False)
    ended = command("bench", "--results", file, "--plot", tmp_path / "no" / "a.svg")
    assert (ended.status, "is not a directory" in ended.err) == (2, True)
    ended = command("bench", "--results", file, "--plotted", "cpuu")
    assert (ended.status, "did you mean 'cpu'" in ended.err) == (2, True)


def test_names_in_a_plot_are_text_and_nothing_else() -> None:
    found = results(*(measured("<script>&", 1.0 * n, setting(n)) for n in (10, 100)))
    assert "<script>&" in texts(drawn(found, "cpu"))


# Which audits


def wanted(**given: Any) -> list[Shape]:
    asked = {"accounts": (), "assets": (), "threads": ("1",), "options": (), "near": None} | given
    return shapes(built_in(), ["stark"], **asked)


def test_every_combination_is_an_audit() -> None:
    found = wanted(accounts=("100,2^10", "5"), assets=("1", "2"), options=("hash=sha256", "hash=blake3"))
    assert len(found) == 3 * 2 * 2
    assert found[0].setting == setting(100, 1, 1, ("hash=sha256",))
    assert {shape.setting.accounts for shape in found} == {100, 1024, 5}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"accounts": ("0",)}, "--accounts '0'"),
        ({"accounts": ("many",)}, "--accounts 'many'"),
        ({"accounts": ("9^99",)}, "expected a number from 1"),
        ({"assets": ("5000",)}, "--assets '5000'"),
        ({"threads": ("1,",)}, "--threads ''"),
        ({"options": ("hash",)}, "expected KEY=VALUE"),
        ({"options": ("hsah=sha256",)}, "did you mean 'hash'"),
        ({"options": ("hash=[",)}, "is not YAML"),
        ({"options": ("limb_bits=99",)}, "limb_bits is 99"),
        ({"near": "hash"}, "it chooses extension, hash, limb_bits, segment_rows"),
        ({"accounts": (",".join(map(str, range(1, 1002))),)}, "at most 1000"),
    ],
)
def test_what_is_no_size_or_option_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        wanted(**given)


def test_near_a_choice_are_its_neighbours() -> None:
    found = wanted(accounts=("1000",), near="limb_bits")
    widths = [int(shape.setting.options[0].partition("=")[2]) for shape in found]
    assert widths == list(range(widths[0], widths[0] + 5))


def test_a_choice_is_compared_with_its_neighbours() -> None:
    found: list[Measurement | AuditFacts] = []
    for width, cpu in ((8, 3.0), (9, 2.0), (10, 2.5)):
        made_of = setting(options=(f"limb_bits={width}",))
        found += [measured(PROVE, cpu, made_of), facts(made_of, ("limb_bits=9",))]
    (sentence,) = choices_text(results(*found))
    assert "chooses limb_bits 9, the fastest; " in sentence
    assert sentence.endswith("8: 1.50, 9: 1.00, 10: 1.25")
    found[-2] = measured(PROVE, 1.0, setting(options=("limb_bits=10",)))
    assert "chooses limb_bits 9, 10 is the fastest; " in next(choices_text(results(*found)))
    assert list(choices_text(results(*found[:2]))) == []


def test_options_of_audits_are_not_those_of_components(command: Command) -> None:
    ended = command("bench", "--kind", "hash", "--accounts", 10)
    assert (ended.status, "add --kind audit" in ended.err) == (2, True)
    ended = command("bench", "--kind", "hash", "--runs", 0)
    assert (ended.status, "--runs 0 is for audits" in ended.err) == (2, True)
    ended = command("bench", "--against", "python", "--markdown")
    assert (ended.status, "--against PYTHON" in ended.err) == (2, True)


# A real one


def test_an_audit_is_measured_with_the_phases_that_its_prover_names(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYPROOF_THREADS", "1")
    svg, found = tmp_path / "a.svg", []
    for name, *options in (("stark", "--accounts", 20), ("merkle-sum", "--accounts", "20,40", "--plot", svg)):
        ended = command("bench", "--name", name, *options, "--assets", 1, "--runs", 0, "--json")
        assert ended.status == 0, ended.err
        (tmp_path / "a.json").write_text(ended.out)
        found.append(read_results(tmp_path / "a.json", built_in()))
        assert found[-1].not_measured == ()
    whole = joined(found)
    assert [(item.name, item.setting.accounts) for item in whole.audits] == [
        ("stark", 20),
        ("merkle-sum", 20),
        ("merkle-sum", 40),
    ]
    assert all(item.proof > 0 and item.inclusion > 0 and item.store > 0 for item in whole.audits)
    assert [len(item.settled) for item in whole.audits] == [4, 0, 0]
    by_place = {(item.name, item.setting, item.path): item for item in whole.measurements}
    for (name, made_of, path), item in by_place.items():
        outer = by_place.get((name, made_of, path[:-1]))
        assert outer is None or outer.first >= item.first
    operations = {item.operation for item in whole.measurements if item.name == "stark"}
    proof = f"{PROVE} › messages of the proof"
    phases = ("trace commitment › tree", "argument columns", "quotient", "openings at z", "low-degree test")
    assert {f"{proof} › {phase}" for phase in phases} < operations
    assert {PROVE, "audit › read", "verify", "verify, new process", "cut all inclusion files"} < operations
    assert f"{PROVE} › hash accounts" in {item.operation for item in whole.measurements if item.name == "merkle-sum"}
    assert {"audit", "verify"} < set(texts(ET.fromstring(svg.read_text())))


def test_an_audit_whose_process_ends_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_use_threads", os._exit)
    (missed,) = audits.measure_audits([Shape("merkle-sum", setting(2, 1, 3))], 0, Progress())
    assert isinstance(missed, NotMeasured)
    assert "no memory left" in missed.reason
    assert missed.setting == setting(2, 1, 3)


def test_what_was_measured_before_a_failure_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(*_: object) -> Iterator[Measurement]:
        yield measured("audit", 1)
        audits._verify_in_a_process(tmp_path)

    monkeypatch.setattr(audits, "_rows", rows)
    kept, missed = audits._measured(Shape("stark", setting()), tmp_path / "accounts.csv", 0)
    assert kept == measured("audit", 1)
    assert isinstance(missed, NotMeasured)
    assert "a new process does not verify the audit: " in missed.reason
    assert "manifest.json" in missed.reason or "publication.json" in missed.reason


def test_an_audit_that_cannot_be_proved_says_why() -> None:
    shape = Shape("stark", setting(5, 1, 1, ("limb_bits=99",)))
    (missed,) = audits.measure_audits([shape], 0, Progress())
    assert isinstance(missed, NotMeasured)
    assert "limb_bits is 99" in missed.reason
    assert not isinstance(missed, PolyproofError)
