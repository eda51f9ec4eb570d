"""The commands ``reserves`` and ``challenge``: what they print, how they end, and that specs and policies are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.policies import SUM_TREE
from ownership import wallets
from polyproof.errors import SpecError
from polyproof.registry import default_registry
from polyproof.reserves import verify_reserves
from polyproof.settings.policy import load_policy
from polyproof.settings.spec import parse_spec, spec_from_public
from reserves.exchange import okx_csv, prove, spec_text, wallet, write_spec

ASSETS = ("BTC 8", "ETH 9")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exchange that owes 1 BTC and 2 ETH and holds 1.5 and 2, and one row more that is forged."""
    monkeypatch.chdir(tmp_path)
    forged = wallet("EVM, EIP-191", 2, "70")
    other = wallet("EVM, EIP-191", 3).claim.signatures[0]
    text = okx_csv([wallet("bitcoin P2WSH", 1, "1.5"), wallet("EVM, EIP-191", 1, "2"), forged])
    (tmp_path / "wallets.csv").write_text(text.replace(forged.claim.signatures[0], other))
    spec = write_spec(tmp_path, spec_text("{name: okx-csv, path: wallets.csv}", assets=ASSETS))
    prove(tmp_path, spec, {"BTC": "1", "ETH": "2"})
    return tmp_path


def test_holdings_that_cover_what_is_owed_end_with_zero(command: Command, folder: Path) -> None:
    ended = command("reserves", "spec.yaml", "--audit", "audit")
    assert ended.status == 0
    assert "COVERED" in ended.out
    assert "150.00 %" in ended.out
    assert (folder / "audit" / "public" / "reserves.json").exists()
    assert wallets.evm_account(2) in ended.out, "the row that failed is told, with its reason"
    assert "failed: the signature is by another key" in ended.out


def test_both_tables_separate_thousands(command: Command, folder: Path) -> None:
    text = (folder / "wallets.csv").read_text()
    assert text.count(",1.5,") == 1
    (folder / "wallets.csv").write_text(text.replace(",1.5,", ",1500.5,"))
    said = command("reserves", "spec.yaml").out
    assert said.count("1,500.5") == 3, "counted, and in the table by ownership declared and counted"
    assert "1500.5" not in said


def test_rows_on_a_chain_without_a_pinned_block_are_told(command: Command, folder: Path) -> None:
    said = "1 row is on a chain of which no block is pinned (ethereum): nothing says at which to look up what it held"
    assert said not in command("reserves", "spec.yaml", "--audit", "audit").err
    text = (folder / "spec.yaml").read_text()
    kept = [line for line in text.splitlines() if "{chain: ethereum," not in line]
    assert len(kept) == len(text.splitlines()) - 1
    (folder / "spec.yaml").write_text("\n".join(kept) + "\n")
    assert said in command("reserves", "spec.yaml", "--audit", "audit", "--replace").err
    assert any(said in line for line in verify_reserves(folder / "audit", policy=SUM_TREE).leaves_open)


def test_holdings_that_do_not_cover_it_end_with_one_and_are_published_all_the_same(
    command: Command, folder: Path
) -> None:
    text = (
        (folder / "spec.yaml").read_text().replace("{balances: declared,", "{balances: declared, least_ratio: '1.01',")
    )
    (folder / "spec.yaml").write_text(text)
    ended = command("reserves", "spec.yaml", "--audit", "audit")
    assert ended.status == 1
    assert "NOT COVERED by the spec's policy: ETH." in ended.out
    assert json.loads((folder / "audit" / "public" / "reserves.json").read_bytes())["short"] == ["ETH"]


def test_without_an_audit_nothing_is_published_and_no_ratio_shown(command: Command, folder: Path) -> None:
    ended = command("reserves", "spec.yaml")
    assert ended.status == 0
    assert "No ratio" in ended.out
    assert not (folder / "audit" / "public" / "reserves.json").exists()


def test_nothing_counts_where_no_balance_was_checked_unless_the_spec_says_so(command: Command, folder: Path) -> None:
    text = (folder / "spec.yaml").read_text().replace("{balances: declared,", "{balances: checked,")
    (folder / "spec.yaml").write_text(text)
    ended = command("reserves", "spec.yaml", "--audit", "audit")
    assert ended.status == 1
    assert "NOT COVERED by the spec's policy: BTC, ETH." in ended.out
    assert "balance not-checked" in ended.out


def test_the_object_for_machines_has_it_all(command: Command, folder: Path) -> None:
    ended = command("reserves", "spec.yaml", "--audit", "audit", "--json", "--rows")
    assert ended.status == 0
    found = ended.result
    assert found["met"] is True
    assert found["result"] == json.loads((folder / "audit" / "public" / "reserves.json").read_bytes())
    assert [row["ownership"] for row in found["each"]] == ["signed", "signed", "failed"]
    assert [asset["percent"] for asset in found["assets"]] == ["150.00", "100.00"]
    assert found["each"][2]["line"] == 6
    assert found["each"][2]["row"] == 3


def test_quiet_prints_nothing(command: Command, folder: Path) -> None:
    ended = command("reserves", "spec.yaml", "--audit", "audit", "--quiet")
    assert (ended.status, ended.out, ended.err) == (0, "", "")


def test_what_is_published_is_replaced_only_on_demand(command: Command, folder: Path) -> None:
    assert command("reserves", "spec.yaml", "--audit", "audit").status == 0
    refused = command("reserves", "spec.yaml", "--audit", "audit")
    assert refused.status == 2
    assert "--replace" in refused.err
    assert command("reserves", "spec.yaml", "--audit", "audit", "--replace").status == 0


def test_bad_rows_end_with_two_and_are_all_told(command: Command, folder: Path) -> None:
    path = folder / "wallets.csv"
    path.write_text(path.read_text().replace(",1.5,", ",x,").replace(",70,", ",-70,"))
    ended = command("reserves", "spec.yaml", "--audit", "audit")
    assert ended.status == 2
    assert "wallets.csv:4: row 1" in ended.err
    assert "wallets.csv:6: row 3" in ended.err
    machine = command("reserves", "spec.yaml", "--json")
    assert [error["where"]["row"] for error in machine.json["errors"]] == [1, 3]
    assert {error["type"] for error in machine.json["errors"]} == {"ReservesError"}


def test_a_spec_without_reserves_ends_with_two(command: Command, folder: Path) -> None:
    text = (folder / "spec.yaml").read_text()
    (folder / "spec.yaml").write_text(text[: text.index("reserves:\n")])
    assert command("reserves", "spec.yaml").status == 2


def test_an_audit_that_does_not_verify_ends_with_one(command: Command, folder: Path) -> None:
    proof = folder / "audit" / "public" / "proof-0000.bin"
    proof.write_bytes(proof.read_bytes() + b"x")
    ended = command("reserves", "spec.yaml", "--audit", "audit")
    assert ended.status == 1
    assert "REJECTED" in ended.err


def test_totals_that_are_reported_give_a_warning(command: Command, folder: Path) -> None:
    spec = (folder / "spec.yaml").read_text().replace("path: wallets.csv", "path: wallets.csv, totals: reported")
    (folder / "spec.yaml").write_text(spec)
    path = folder / "wallets.csv"
    path.write_text(path.read_text().replace("amount\n", "amount\nBTC,-,2\n", 1))
    ended = command("reserves", "spec.yaml")
    assert ended.status == 0
    assert "wallets.csv:2: the rows of BTC do not add up" in ended.err


def test_what_nodes_answered_is_recorded_to_a_new_file(command: Command, folder: Path) -> None:
    assert command("reserves", "spec.yaml", "--record", "recorded.jsonl").status == 0
    assert (folder / "recorded.jsonl").read_text().startswith('{"polyproof-balances":1}\n')
    assert command("reserves", "spec.yaml", "--record", "recorded.jsonl").status == 2


# Challenges


def test_the_message_of_one_address_is_printed_as_it_is_signed(command: Command, folder: Path) -> None:
    address = wallets.evm_account(1)
    ended = command("challenge", "spec.yaml", "--audit", "audit", "--chain", "ETH", "--address", address)
    assert ended.status == 0
    assert ended.out.startswith("polyproof reserves challenge 1\norganisation: Example Exchange\naudit: example-1\n")
    machine = command("challenge", "spec.yaml", "-a", "audit", "--chain", "ETH", "--address", address, "--json")
    assert machine.result["message"] + "\n" == ended.out


def test_the_messages_of_all_rows_are_written_to_a_new_file(command: Command, folder: Path) -> None:
    ended = command("challenge", "spec.yaml", "--audit", "audit", "--out", "sign.jsonl")
    assert ended.status == 0
    assert "3 messages" in ended.out
    assert len((folder / "sign.jsonl").read_text().splitlines()) == 4
    assert command("challenge", "spec.yaml", "--audit", "audit", "--out", "sign.jsonl").status == 2


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--chain", "ETH"],
        ["--address", "0x"],
        ["--out", "x", "--chain", "ETH", "--address", "0x"],
        ["--chain", "NOWHERE", "--address", "0x"],
        ["--chain", "SUI", "--address", "0x"],
    ],
)
def test_arguments_that_do_not_say_which_message_to_print_end_with_two(
    command: Command, folder: Path, arguments: list[str]
) -> None:
    assert command("challenge", "spec.yaml", "--audit", "audit", *arguments).status == 2


def test_the_schema_of_the_result_is_printed(command: Command) -> None:
    assert json.loads(command("schema", "--reserves").out)["title"] == "polyproof reserves"


# Spec and policy


GOOD = spec_text(
    "{name: okx-csv, path: wallets.csv}\n{name: native, path: [a.yaml, b.jsonl], scheme: evm-eoa}",
    assets=ASSETS,
    more="  balances: [{name: evm, chain: ethereum, secret: NODE}, {name: replay, path: r.jsonl}]\n"
    "  coins: [{coin: FOO-BEP20, asset: ETH, chain: bnb-smart-chain}]\n"
    "  ignore: SHIB\n",
    policy='{least_ratio: "1.05", count: [signed, custodial], balances: declared, messages: [challenge]}',
)


def test_the_reserves_of_a_spec_are_read_and_are_no_part_of_what_proofs_bind() -> None:
    spec = parse_spec(GOOD.encode(), "spec.yaml", default_registry())
    assert spec.reserves is not None
    assert [choice.name for choice in spec.reserves.sources] == ["okx-csv", "native"]
    assert [choice.name for choice in spec.reserves.balances] == ["evm", "replay"]
    assert spec.reserves.policy.count == ("signed", "custodial")
    assert spec.reserves.ignore == ("SHIB",)
    assert "reserves" not in spec.public()
    without = parse_spec(GOOD[: GOOD.index("reserves:\n")].encode(), "spec.yaml", default_registry())
    assert without.digest == spec.digest
    assert spec_from_public(spec.public(), default_registry()).digest == spec.digest


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("snapshot: 2025-11-30T00:00:00Z", "snapshot: 2025-11-30", "expected a time in UTC"),
        ("snapshot: 2025-11-30T00:00:00Z\n", "", "'snapshot' is missing"),
        ("name: okx-csv", "name: okx", "did you mean 'okx-csv'"),
        ("path: wallets.csv", "paths: wallets.csv", "unknown key 'paths'"),
        ("scheme: evm-eoa", "scheme: evm", "no ownership is named 'evm'"),
        ("chain: bitcoin, height", "chain: ethereum, height", "ethereum is pinned twice"),
        ("height: 925000", "height: -1", "expected 0 to 999999999999999999"),
        ("name: evm", "name: ethereum", "no balances is named 'ethereum'"),
        ("chain: ethereum, secret: NODE", "secret: NODE", "'chain' is missing"),
        ("secret: NODE", "secret: 'A B'", "letters, digits, dots"),
        ("chain: bnb-smart-chain", "chain: BSC!", "lower case"),
        ("coins: [{coin", "coins: [{coin: foo_bep20, asset: ETH, chain: base}, {coin", "given twice"),
        ('least_ratio: "1.05"', "least_ratio: '-1'", "a decimal such as"),
        ('least_ratio: "1.05"', "least_ratio: '1,05'", "a decimal such as"),
        (
            "[signed, custodial]",
            "[signed, failed]",
            "allowed: signed, looked-up, claimed, key-only, unbound, custodial",
        ),
        ("messages: [challenge]", "messages: [any]", "allowed: challenge, stale, constant"),
    ],
)
def test_what_is_wrong_with_reserves_of_a_spec_is_reported_at_its_place(old: str, new: str, part: str) -> None:
    parse_spec(GOOD.encode(), "spec.yaml", default_registry())
    bad = GOOD.replace(old, new, 1)
    assert bad != GOOD
    with pytest.raises(SpecError) as caught:
        parse_spec(bad.encode(), "spec.yaml", default_registry())
    assert part in str(caught.value)
    assert all(problem.location and problem.location.line for problem in caught.value.problems)


@pytest.mark.parametrize("reserves", ["{least: 1}", "5", "{count: failed}", "{least_ratio: '1'}\nreserves: {}"])
def test_what_is_wrong_with_reserves_in_a_verifiers_policy_is_reported(tmp_path: Path, reserves: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"polyproof-policy: 2\nreserves: {reserves}\n")
    with pytest.raises(SpecError):
        load_policy(path)
