"""``polyproof init``: what it writes can be run as it says, is called a sample everywhere, and replaces nothing."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.fixtures import command as command
from polyproof.cli import begin
from polyproof.cli.sample_wallets import sign_samples
from polyproof.errors import InputError, UsageError
from polyproof.extras import EXTRAS
from polyproof.reserves.signatures import load_schemes
from polyproof.settings.bundled import bundled_specs

SAMPLE = "(SAMPLE)"


def begun(command: Command, *arguments: object) -> list[str]:
    """Run ``init`` and return the commands that it says come next."""
    ended = command("init", *arguments, "--json")
    assert ended.status == 0, ended.out + ended.err
    lines = ended.result["next"]
    assert isinstance(lines, list)
    return lines


def test_the_next_lines_run_as_they_are_printed(tmp_path: Path) -> None:
    """In a shell, in a pipe, copied from what is printed for people."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def shell(line: str, folder: Path) -> str:
        done = subprocess.run(
            ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout

    printed = shell("polyproof init month --accounts 40", tmp_path)
    _, _, following = printed.partition("Next:\n")
    lines = [line.strip() for line in following.splitlines()]
    assert lines[0] == "cd month"
    commands = [shlex.split(line)[1] for line in lines[1:]]
    assert commands == ["check", "prove", "challenge", "sign-samples", "reserves", "report", "verify"]
    for line in lines[1:]:
        said = shell(line, tmp_path / "month")
    assert "VERIFIED" in said
    assert "COVERED" in said
    assert "Lakeside Exchange (SAMPLE)" in said
    assert SAMPLE in (tmp_path / "month/site/index.html").read_text()
    assert SAMPLE in (tmp_path / "month/to-sign.jsonl").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--example", "okx-22", "--source", "parquet", "--seed", "7"),
        ("--assets", "BTC,FOO:12,XRP:6:72", "--backend", "merkle-sum", "--source", "sqlite"),
        ("--example", "merkle-sum", "--source", "csv-long"),
        ("--debts", "--backend", "merkle-sum", "--source", "sqlite", "--accounts", 100),
    ],
    ids=["okx-22", "an unknown coin", "merkle-sum", "debts"],
)
def test_the_next_lines_of_other_choices_run(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    lines = begun(command, tmp_path / "new", "--accounts", 40, *arguments)
    monkeypatch.chdir(tmp_path / "new")
    for line in lines:
        ended = command(*shlex.split(line)[1:])
        assert ended.status == 0, f"{line}\n{ended.out}{ended.err}"
    assert "COVERED" in ended.out


@pytest.mark.parametrize(
    ("assets", "source"),
    [("BTC,ETH,USDT", "csv"), ("FOO:0:8,BAR:30:160,PEOPLE", "csv-long"), ("BTC:8:1", "parquet"), ("DOT,XRP", "sqlite")],
)
def test_sample_debts_are_covered_and_nothing_is_lent_that_nobody_has(
    command: Command, tmp_path: Path, assets: str, source: str
) -> None:
    begun(command, tmp_path, "--debts", "--assets", assets, "--source", source, "--backend", "merkle-sum", "-n", 3000)
    ended = command("check", tmp_path / "lakeside-exchange.yaml", "--policy", "merkle-sum", "--json")
    assert ended.status == 0, ended.err
    found = ended.result["net_equity"]
    assert isinstance(found, dict)
    assert found["margin_segments"] == (assets != "BTC:8:1")
    lent = [one["asset"] for one in found["assets"] if one["lent"]["units"] != "0"]
    assert lent == [] if assets == "BTC:8:1" else len(lent) >= 2
    spec = (tmp_path / "lakeside-exchange.yaml").read_text()
    assert "rule: net-equity" in spec
    (source_line,) = (line for line in spec.splitlines() if line.startswith("# Where the balances are:"))
    assert len(source_line) <= 120


@pytest.mark.parametrize("name", sorted(bundled_specs()))
def test_every_spec_that_comes_with_polyproof_can_be_an_example(name: str) -> None:
    assets, backend = begin.example_choices(name)
    assert assets.startswith("assets:\n  - ")
    assert backend.startswith("backend:")
    text = bundled_specs()[name].read_text()
    assert assets + "\n" in text
    assert backend + "\n" in text


def test_everything_that_shows_says_that_it_is_a_sample(command: Command, tmp_path: Path) -> None:
    begun(command, tmp_path, "--organisation", "Bank of Nowhere", "--accounts", 5)
    spec = (tmp_path / "bank-of-nowhere.yaml").read_text()
    assert spec.startswith("# SAMPLE")
    assert 'organisation: "Bank of Nowhere (SAMPLE)"' in spec
    wallets = (tmp_path / "sample-wallets.yaml").read_text()
    assert wallets.startswith("# SAMPLE")
    assert wallets.count("message:") == wallets.count('message: "SAMPLE') == 6
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"bank-of-nowhere.yaml", "sample-accounts.csv", "sample-wallets.yaml", "sample-balances.jsonl"}


@pytest.mark.parametrize(
    "taken", ["lakeside-exchange.yaml", "sample-accounts.csv", "sample-wallets.yaml", "signed.jsonl"]
)
def test_nothing_is_overwritten(command: Command, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    ended = command("init", tmp_path)
    assert ended.status == 2
    assert taken in ended.err
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(taken, "mine")]


def test_what_fails_leaves_nothing_behind(command: Command, tmp_path: Path) -> None:
    ended = command("init", tmp_path / "a" / "b", "--snapshot", "yesterday")
    assert ended.status == 2
    assert "2025-11-30T00:00:00Z" in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--assets", "BTC,NEW"), "how many decimals has NEW? Write NEW:18"),
        (("--assets", "BTC:8:64:1"), "SYMBOL:DECIMALS:BITS"),
        (("--assets", ","), "BTC,ETH,USDT"),
        (("--backend", "groth16"), "stark, merkle-sum"),
        (("--source", "oracle"), "csv, csv-long, parquet, sqlite"),
        (("--organisation", "a\x1b[31m"), "printable"),
        (("--example", "binance"), "okx-22"),
        (("--example", "okx-22", "--assets", "BTC"), "--example brings its assets"),
    ],
)
def test_a_wrong_choice_is_told_what_would_be_right(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = command("init", tmp_path / "new", *arguments)
    assert ended.status == 2
    assert said in ended.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("decimals", "bits"), [(0, 64), (8, 64), (9, 64), (10, 96), (18, 96), (30, 160)])
def test_a_width_holds_ten_billion_coins(decimals: int, bits: int) -> None:
    assert begin.bits_for(decimals) == bits
    assert 10 ** (10 + decimals) < 2**bits


def test_without_the_extra_for_signing_there_is_a_ledger_and_no_wallets(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXTRAS, "reserves", ("no_module_is_called_this",))
    ended = command("init", tmp_path / "new", "--accounts", 5)
    assert ended.status == 0
    assert "signing needs the extra reserves" in " ".join(ended.err.split())
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"lakeside-exchange.yaml", "sample-accounts.csv"}
    assert "reserves" not in (tmp_path / "new/lakeside-exchange.yaml").read_text()
    assert "sign-samples" not in ended.out
    ended = command("sign-samples", tmp_path / "any.jsonl", "--out", tmp_path / "signed.jsonl")
    assert ended.status == 2
    assert "[reserves]" in ended.err


def test_on_a_terminal_it_asks_and_asks_again(tmp_path: Path) -> None:
    theirs, ours = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "polyproof", "init", "new", "--accounts", "5"],
        stdin=ours,
        stdout=ours,
        stderr=ours,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "80", "TERM": "dumb"},
    )
    os.close(ours)
    said = ""
    for question, answer in (
        ("Who is audited", "Bank of Nowhere"),
        ("Assets", "BTC,NEW"),
        ("Write NEW:18", ""),
        ("Assets", "BTC,NEW:4"),
        ("Backend", ""),
        ("Ledger", ""),
    ):
        while question not in said:
            said += os.read(theirs, 4096).decode()
        said = said.partition(question)[2]
        if answer or question != "Write NEW:18":
            os.write(theirs, f"{answer}\n".encode())
    try:
        while read := os.read(theirs, 4096):
            said += read.decode()
    except OSError:  # the other end is closed
        pass
    assert process.wait(60) == 0, said
    spec = (tmp_path / "new/bank-of-nowhere.yaml").read_text()
    assert "{symbol: NEW, decimals: 4}" in spec


def test_commands_to_copy_are_whole_on_a_narrow_terminal(tmp_path: Path) -> None:
    theirs, ours = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "polyproof", "init", "new", "--accounts", "5", "--yes"],
        stdin=ours,
        stdout=ours,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "40", "TERM": "dumb"},
    )
    os.close(ours)
    said = ""
    try:
        while read := os.read(theirs, 4096):
            said += read.decode()
    except OSError:  # the other end is closed
        pass
    assert process.wait(60) == 0, said
    assert "  polyproof challenge lakeside-exchange.yaml --audit audits/first --out to-sign.jsonl\r\n" in said
    listed = said.partition("Next:")[0].splitlines()
    assert any("sample-wallets.yaml" in line for line in listed)
    # What a file is stands beside its name, or below it and further in: not where names begin.
    assert all(re.match(r"  (\S+\.(yaml|csv|jsonl)| )", line) for line in listed[1:]), listed


# Signing for samples


def test_only_samples_are_signed(tmp_path: Path, command: Command) -> None:
    lines = [
        '{"polyproof-holdings":1}',
        '{"address":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed","amount":"1","asset":"ETH","chain":"ethereum",'
        '"kind":"own","message":"polyproof reserves challenge 1"}',
    ]
    (tmp_path / "to-sign.jsonl").write_text("\n".join(lines) + "\n")
    ended = command("sign-samples", tmp_path / "to-sign.jsonl", "--out", tmp_path / "signed.jsonl")
    assert ended.status == 2
    assert "only samples are signed here" in " ".join(ended.err.split())
    assert re.search(r"to-sign\.jsonl:2", ended.err)
    assert not (tmp_path / "signed.jsonl").exists()


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"asset":"BTC"}', '{"asset":"BTC","chain":1,"address":"a","message":"m"}']
)
def test_a_damaged_file_of_challenges_is_refused_by_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "to-sign.jsonl").write_text('{"polyproof-holdings":1}\n' + line + "\n")
    with pytest.raises(InputError) as caught:
        sign_samples(tmp_path / "to-sign.jsonl", tmp_path / "signed.jsonl", load_schemes(), 1)
    assert caught.value.problems[0].location is not None
    assert caught.value.problems[0].location.line == 2


@pytest.mark.parametrize("text", ["", "null\n", "[]\n", '{"asset":"BTC"}\n', '{"polyproof-holdings":1}\n'])
def test_a_file_without_a_message_to_sign_is_refused(tmp_path: Path, command: Command, text: str) -> None:
    (tmp_path / "to-sign.jsonl").write_text(text)
    ended = command("sign-samples", tmp_path / "to-sign.jsonl", "--out", tmp_path / "signed.jsonl")
    assert ended.status == 2
    assert "to-sign.jsonl" in ended.err
    assert "polyproof challenge" in " ".join(ended.err.split())
    assert not (tmp_path / "signed.jsonl").exists()


def test_assets_are_read_with_their_known_decimals() -> None:
    assert [(asset.symbol, asset.decimals, asset.bits) for asset in begin.parse_assets("BTC, ETH XYZ:2 Q:4:70")] == [
        ("BTC", 8, 64),
        ("ETH", 18, 96),
        ("XYZ", 2, 64),
        ("Q", 4, 70),
    ]
    with pytest.raises(UsageError):
        begin.parse_assets("BTC:eight")
