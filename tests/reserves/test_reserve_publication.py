"""What is published: its schema, its strict reading, and a dishonest exchange that changes any of it."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from jsonschema import Draft202012Validator

from audit.forged import refit
from doubles.policies import SUM_TREE
from ownership import wallets
from polyproof.errors import ArtifactError, InputError, ProofRejected, SpecError
from polyproof.formats.strict_json import canonical
from polyproof.liabilities import verification
from polyproof.model.holdings import FINEST
from polyproof.ownership import OwnershipResult, Status
from polyproof.registry import default_registry
from polyproof.reserves import (
    Check,
    Holding,
    Ownership,
    ReservesPolicy,
    judging,
    parse_published,
    read_reserves,
    run_reserves,
    verify_reserves,
    write_challenges,
)
from polyproof.reserves.established import unpinned
from polyproof.reserves.evidence import EVIDENCE, parse_evidence
from polyproof.reserves.published import RESERVES, reserves_schema, reserves_schema_text
from polyproof.reserves.signatures import load_schemes, verify_ownership
from polyproof.reserves.signing import challenge_text
from polyproof.settings.reserves import AcceptedCoin
from polyproof.settings.spec import Spec
from polyproof_ownership.evm import checksummed
from reserves import nodes
from reserves.exchange import BITCOIN, ETHEREUM, TRON, Wallet, jsonl, okx_csv, prove, spec_text, wallet, write_spec
from reserves.rpc_server import serving

SPECS = Path(__file__).parents[2] / "specs"
ASSETS = ("BTC 8", "ETH 9", "TRX 6")
OWED = {"BTC": "2", "ETH": "4", "TRX": "10"}
CONTRACT = "0x" + "c0" * 20
OWNERS = [wallets.evm_account(number) for number in (50, 51)]
CUSTODY = "0x" + "cc" * 20
BOTH = ("challenge", "constant")
COIN = 10**FINEST
EXCHANGES = ReservesPolicy(count=("signed", "looked-up", "claimed"), messages=BOTH)
"""A policy that believes the exchange's look-ups."""


def account(number: int) -> str:
    return checksummed(bytes.fromhex(wallets.evm_account(number)[2:]))


def owned_contract(message: str) -> dict[str, Any]:
    signatures = [wallets.rsv(number, wallets.personal(message.encode())) for number in (50, 51)]
    return {
        "asset": "ETH",
        "chain": "ethereum",
        "address": CONTRACT,
        "amount": "1",
        "message": message,
        "signatures": signatures,
        "owners": OWNERS,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exchange that was evaluated against nodes, and what it published: ``audit``; all made once."""
    folder = tmp_path_factory.mktemp("exchange")
    addresses = {number: wallets.evm_account(number) for number in range(1, 4)}
    chain = nodes.Evm(
        {addresses[1]: 25 * 10**17, addresses[2]: 10**18, CONTRACT: 10**18, CUSTODY: 7 * 10**18},
        {CONTRACT: nodes.safe(OWNERS, 2)},
    )
    bitcoin = wallet("bitcoin P2WSH", 1, "2.5")
    core = nodes.Core({bitcoin.claim.address: ["2.50000000"]})
    with serving(chain.node()) as evm, serving(core.node()) as btc:
        more = (
            f"  balances:\n    - {{name: evm, chain: ethereum, url: '{evm.url}'}}\n"
            f"    - {{name: bitcoin-core, url: '{btc.url}', timeout: 30}}\n"
        )
        sources = "{name: okx-csv, path: wallets.csv}\n{name: native, path: signed.jsonl}"
        spec = write_spec(
            folder, spec_text(sources, assets=ASSETS, more=more, policy="{messages: [challenge, constant]}")
        )
        directory = prove(folder, spec, OWED)
        challenge = challenge_text(spec, directory, "ETH", addresses[1])
        rows: list[Wallet] = [
            wallet("EVM, EIP-191", 1, "2.5", challenge),
            wallet("EVM, EIP-191", 2, "1.5"),
            wallet("EVM, EIP-191", 3, "9"),
            bitcoin,
            wallet("Tron, its header", 1, "11"),
        ]
        text = okx_csv(rows)
        forged = rows[2].claim.signatures[0]
        (folder / "wallets.csv").write_text(text.replace(forged, rows[1].claim.signatures[0]))
        custodial = {"asset": "ETH", "chain": "ethereum", "address": CUSTODY, "amount": "7", "kind": "custodial"}
        starknet = {"asset": "ETH", "chain": "starknet", "address": "0x" + "5a" * 32, "amount": "1"}
        (folder / "signed.jsonl").write_text(jsonl([owned_contract("I am an example address"), custodial, starknet]))
        run_reserves(spec, directory, record=folder / "recorded.jsonl", created="2025-12-01T08:00:00Z", policy=SUM_TREE)
    return folder


@pytest.fixture
def audit(made: Path, tmp_path: Path) -> Path:
    """A copy of the published audit, to be changed."""
    shutil.copytree(made / "audit", tmp_path / "audit")
    return tmp_path / "audit"


def spec_of(folder: Path) -> Spec:
    from polyproof.settings.spec import load_spec

    return load_spec(folder / "spec.yaml", default_registry())


# What is published


def test_every_row_ends_as_it_must_and_holdings_follow(made: Path) -> None:
    verified = verify_reserves(made / "audit", reserves_policy=EXCHANGES, policy=SUM_TREE)
    ends = {one.account: (one.status, one.balance.check) for one in verified.by_organisation.rows}
    assert ends[account(1)] == (Status.PROVEN, Check.CONFIRMED)
    assert ends[account(2)] == (Status.PROVEN, Check.DIFFERS)
    assert ends[account(3)] == (Status.FAILED, Check.NOT_CHECKED)
    assert ends[checksummed(bytes.fromhex(CONTRACT[2:]))] == (Status.PROVEN, Check.CONFIRMED)
    assert ends[checksummed(bytes.fromhex(CUSTODY[2:]))] == (Status.CUSTODIAL, Check.CONFIRMED)
    assert ends["5a" * 32] == (Status.UNSUPPORTED, Check.NOT_CHECKED)
    bitcoin, ether, tron = verified.by_organisation.assets
    assert (bitcoin.counted, bitcoin.met) == (250_000_000, True)
    assert (ether.counted, ether.met) == (4_500_000_000, True), "2.5 confirmed, 1 of 1.5 held, 1 of the contract"
    assert (tron.counted, tron.met) == (0, False), "nobody was asked about Tron"
    assert verified.by_organisation.met is False
    assert verified.published.short == ("TRX",)
    assert ether.by_ownership[Ownership.LOOKED_UP].rows == 1


def test_what_the_exchange_was_told_is_its_word_to_a_verifier(made: Path) -> None:
    verified = verify_reserves(made / "audit", reserves_policy=ReservesPolicy(messages=BOTH), policy=SUM_TREE)
    bitcoin, ether, _ = verified.evaluation.assets
    assert {one.balance.check for one in verified.evaluation.rows} == {Check.CLAIMED, Check.NOT_CHECKED}
    assert ether.by_ownership[Ownership.LOOKED_UP].rows == 0
    assert ether.by_ownership[Ownership.CLAIMED] == Holding(1, COIN, 0)
    assert (ether.counted, ether.met) == (3_500_000_000, False), "the contract does not count"
    assert (bitcoin.counted, bitcoin.met) == (250_000_000, True)
    assert verified.tallies[Ownership.SIGNED].rows == 4
    assert "4 rows carry signatures by the keys that their addresses are derived from (3 of them count)" in (
        verified.establishes
    )
    assert any(line.startswith("1 row is the organisation's only if its chain said") for line in verified.leaves_open)
    assert any(
        line.startswith("5 balances are what the organisation says the chains said") for line in verified.leaves_open
    )
    assert not any("looked up" in line or "every" in line for line in verified.establishes)


def test_the_result_fits_its_schema_and_the_schema_is_published(made: Path) -> None:
    schema = reserves_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads((made / "audit" / "public" / RESERVES).read_bytes()))
    published = (SPECS / "reserves.schema.json").read_text(encoding="utf-8")
    assert published == reserves_schema_text(), "run: polyproof schema --reserves > specs/reserves.schema.json"


def test_every_property_of_the_schema_is_documented() -> None:
    schema = reserves_schema()
    for part in (schema, *schema["$defs"].values()):
        for name, item in part["properties"].items():
            assert item.get("description") or "$ref" in item, name


def test_neither_urls_nor_keys_are_in_what_is_written(made: Path) -> None:
    for path in (*(made / "audit" / "public").iterdir(), made / "recorded.jsonl"):
        data = path.read_bytes()
        assert b"127.0.0.1" not in data, path
        assert b"secret" not in data, path
        assert b"http" not in data, path


def test_the_evidence_is_a_reserve_file_of_the_native_format(made: Path, tmp_path: Path) -> None:
    """Anybody can take it as a source and judge it anew, without what was found out before."""
    (tmp_path / "accounts.csv").write_text("account,BTC,ETH,TRX\n")
    spec = write_spec(tmp_path, spec_text(f"{{name: native, path: {made}/audit/public/{EVIDENCE}}}", assets=ASSETS))
    assert spec.reserves is not None
    done = run_reserves(spec, policy=SUM_TREE)
    by_account = {one.account: one for one in done.evaluation.rows}
    assert by_account[account(1)].status is Status.PROVEN
    assert by_account[checksummed(bytes.fromhex(CONTRACT[2:]))].status is Status.UNBOUND, "nobody asked the chain here"
    assert done.published is None


def test_a_recording_replays_to_the_same_result(made: Path, tmp_path: Path) -> None:
    for name in ("spec.yaml", "wallets.csv", "signed.jsonl", "recorded.jsonl", "accounts.csv"):
        shutil.copy(made / name, tmp_path)
    shutil.copytree(made / "audit", tmp_path / "audit")
    text = (tmp_path / "spec.yaml").read_text()
    begin = text.index("  balances:\n")
    spec = write_spec(tmp_path, text[:begin] + "  balances: [{name: replay, path: recorded.jsonl}]\n")
    done = run_reserves(spec, tmp_path / "audit", replace=True, created="2025-12-01T08:00:00Z", policy=SUM_TREE)
    before = parse_published((made / "audit" / "public" / RESERVES).read_bytes())
    assert done.published is not None
    assert done.published.assets == before.assets
    assert verify_reserves(tmp_path / "audit", policy=SUM_TREE).published == done.published


def test_a_verifiers_own_policy_decides_for_the_verifier(made: Path) -> None:
    lenient = verify_reserves(made / "audit", reserves_policy=evolve(EXCHANGES, balances="declared"), policy=SUM_TREE)
    assert lenient.evaluation.met is True
    assert lenient.published.met is False
    strict = verify_reserves(made / "audit", reserves_policy=ReservesPolicy(), policy=SUM_TREE)
    assert strict.evaluation.assets[1].counted == 2_500_000_000


def test_only_the_public_half_is_needed(audit: Path) -> None:
    shutil.rmtree(audit / "private")
    verify_reserves(audit, policy=SUM_TREE)
    verify_reserves(audit / "public", policy=SUM_TREE)


def test_existing_results_are_not_overwritten(made: Path, audit: Path) -> None:
    with pytest.raises(ArtifactError, match=r"holds reserves\.json"):
        run_reserves(spec_of(made), audit, policy=SUM_TREE)


def test_an_audit_without_reserves_is_reported(audit: Path) -> None:
    for name in (RESERVES, EVIDENCE):
        (audit / "public" / name).unlink()
    refit(audit / "public")
    with pytest.raises(ArtifactError, match="no reserves are published"):
        verify_reserves(audit, policy=SUM_TREE)


def test_an_audit_of_other_assets_is_refused(made: Path, audit: Path) -> None:
    text = (made / "spec.yaml").read_text().replace("{symbol: TRX, decimals: 6}", "{symbol: TRX, decimals: 7}")
    (audit.parent / "spec.yaml").write_text(text)
    with pytest.raises(InputError, match="assets are not those of the audit"):
        run_reserves(spec_of(audit.parent), audit, replace=True, policy=SUM_TREE)


def test_reserves_are_set_only_against_an_audit_that_verifies(made: Path, audit: Path) -> None:
    proof = audit / "public" / "proof-0000.bin"
    data = bytearray(proof.read_bytes())
    data[-1] ^= 1
    proof.write_bytes(data)
    with pytest.raises(ProofRejected):
        run_reserves(spec_of(made), audit, replace=True, policy=SUM_TREE)
    with pytest.raises(ProofRejected):
        verify_reserves(audit, policy=SUM_TREE)


def test_a_spec_without_reserves_is_reported(made: Path, tmp_path: Path) -> None:
    text = (made / "spec.yaml").read_text()
    spec = write_spec(tmp_path, text[: text.index("reserves:\n")])
    with pytest.raises(SpecError, match="no reserves"):
        run_reserves(spec, policy=SUM_TREE)


def test_a_node_of_a_chain_that_is_not_pinned_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(okx_csv([wallet("EVM, EIP-191", 1)]))
    more = "  balances: [{name: evm, chain: arbitrum, url: 'http://127.0.0.1:1'}]\n"
    spec = write_spec(tmp_path, spec_text("{name: okx-csv, path: a.csv}", more=more))
    with pytest.raises(InputError, match="arbitrum: no block of it is pinned"):
        run_reserves(spec, policy=SUM_TREE)


def test_a_token_that_only_the_exchange_tells_apart_counts_for_those_whose_policy_names_it(tmp_path: Path) -> None:
    first = {"asset": "ETH", "chain": "ethereum", "address": wallets.evm_account(1), "amount": "1"}
    (tmp_path / "a.jsonl").write_text(jsonl([first, {**first, "token": "another"}]))
    more = "  coins: [{coin: WEIRD-ETH, asset: ETH, chain: ethereum, token: another}]\n"
    spec = write_spec(tmp_path, spec_text("{name: native, path: a.jsonl}", more=more))
    directory = prove(tmp_path, spec, {"BTC": "1"})
    run_reserves(spec, directory, policy=SUM_TREE)
    said = "1 row is of a coin that neither polyproof nor the policy knows on its chain; it counts for nothing"
    assert said in verify_reserves(directory, policy=SUM_TREE).leaves_open
    accepted = AcceptedCoin(asset="ETH", chain="ethereum", token="another")
    mine = ReservesPolicy(messages=BOTH, coins=(accepted,))
    assert said not in verify_reserves(directory, policy=SUM_TREE, reserves_policy=mine).leaves_open


# A dishonest exchange


def lines(audit: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (audit / "public" / EVIDENCE).read_bytes().splitlines()]


def write_lines(audit: Path, records: list[dict[str, Any]]) -> None:
    """Write evidence, and a result that names its digest, as whoever lies would."""
    data = b"".join(canonical(record) + b"\n" for record in records)
    (audit / "public" / EVIDENCE).write_bytes(data)
    evidence = {
        "file": EVIDENCE,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "rows": len(records) - 1,
    }
    change_result(audit, lambda result: result.update(evidence=evidence))


def change_result(audit: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = audit / "public" / RESERVES
    result = json.loads(path.read_bytes())
    change(result)
    path.write_bytes(canonical(result) + b"\n")


def rejected(audit: Path) -> str:
    refit(audit / "public")
    with pytest.raises(ProofRejected) as caught:
        verify_reserves(audit, policy=SUM_TREE)
    return caught.value.check


def row_of(records: list[dict[str, Any]], address: str) -> dict[str, Any]:
    return next(record for record in records if record.get("address", "").lower() == address.lower())


def test_unchanged_lines_are_the_same_file(audit: Path) -> None:
    before = (audit / "public" / EVIDENCE).read_bytes()
    write_lines(audit, lines(audit))
    assert (audit / "public" / EVIDENCE).read_bytes() == before
    verify_reserves(audit, policy=SUM_TREE)


@pytest.mark.parametrize("status", ["proven", "key-only", "unbound", "custodial"])
def test_a_failed_row_cannot_be_called_anything_that_counts(audit: Path, status: str) -> None:
    records = lines(audit)
    row_of(records, account(3))["outcome"]["status"] = status
    write_lines(audit, records)
    assert rejected(audit) == "evidence-status"


def test_a_row_that_nobody_can_judge_cannot_be_called_proven(audit: Path) -> None:
    records = lines(audit)
    row_of(records, "0x" + "5a" * 32)["outcome"]["status"] = "proven"
    write_lines(audit, records)
    assert rejected(audit) == "evidence-status"


@pytest.mark.parametrize("status", [Status.UNSUPPORTED, Status.FAILED])
def test_a_row_published_as_one_that_never_counts_does_not_count_even_if_it_can_be_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: Status
) -> None:
    """As an earlier release would publish it: what is published stands, and the verifier counts what could be more."""
    spec = write_spec(tmp_path, spec_text("{name: okx-csv, path: wallets.csv}", assets=ASSETS))
    rows = [wallet("EVM, EIP-191", 1, "4"), wallet("Tron, its header", 1, "11")]
    (tmp_path / "wallets.csv").write_text(okx_csv(rows))
    directory = prove(tmp_path, spec, {"ETH": "1", "TRX": "1"})

    def earlier(claims: Any, *_: Any) -> list[OwnershipResult]:
        results = verify_ownership(claims, load_schemes())
        return [evolve(one, status=status, reason="not known yet") if one.chain == "tron" else one for one in results]

    with monkeypatch.context() as patched:
        patched.setattr(judging, "verify_ownership", earlier)
        done = run_reserves(spec, directory, policy=SUM_TREE)
    assert done.published is not None
    assert done.published.short == ("TRX",)
    verified = verify_reserves(
        directory, reserves_policy=ReservesPolicy(balances="declared", messages=BOTH), policy=SUM_TREE
    )
    assert verified.better == 1
    assert verified.published == done.published
    ends = {one.row.asset: (one.status, one.reason) for one in verified.evaluation.rows}
    assert ends["TRX"] == (status, "not known yet")
    assert ends["ETH"][0] is Status.PROVEN
    assert [one.counted for one in verified.evaluation.assets] == [0, 4 * 10**9, 0]
    assert verified.evaluation.met is False


def test_a_custodial_row_cannot_be_called_proven(audit: Path) -> None:
    records = lines(audit)
    row_of(records, CUSTODY)["outcome"]["status"] = "proven"
    write_lines(audit, records)
    assert rejected(audit) == "evidence-status"


def test_a_row_with_a_constant_message_cannot_be_called_fresh(audit: Path) -> None:
    records = lines(audit)
    row_of(records, account(2))["outcome"]["freshness"] = "challenge"
    write_lines(audit, records)
    assert rejected(audit) == "evidence-freshness"


def test_a_row_cannot_be_said_to_be_judged_by_another_scheme(audit: Path) -> None:
    records = lines(audit)
    row_of(records, account(2))["outcome"]["scheme"] = "eth-validator-bls"
    write_lines(audit, records)
    assert rejected(audit) == "evidence-status"


def test_why_a_row_has_its_status_is_said_by_the_verifier(audit: Path) -> None:
    records = lines(audit)
    assert row_of(records, account(3))["outcome"]["status"] == "failed"
    row_of(records, account(3))["outcome"]["reason"] = "all is well"
    write_lines(audit, records)
    refit(audit / "public")
    reasons = [one.reason for one in verify_reserves(audit, policy=SUM_TREE).evaluation.rows]
    assert all(reasons)
    assert "all is well" not in reasons


def test_a_signature_cannot_be_left_out_or_exchanged(audit: Path) -> None:
    for signatures in ([], row_of(lines(audit), account(2))["signatures"]):
        records = lines(audit)
        row_of(records, account(1))["signatures"] = signatures
        write_lines(audit, records)
        assert rejected(audit) in ("evidence-row", "evidence-status")


def test_a_message_cannot_be_exchanged(audit: Path) -> None:
    records = lines(audit)
    row_of(records, account(2))["message"] = "I am another address"
    write_lines(audit, records)
    assert rejected(audit) == "evidence-status"


def test_an_amount_cannot_be_raised_in_the_sums_alone(audit: Path) -> None:
    records = lines(audit)
    row = row_of(records, account(1))
    row["amount"] = row["outcome"]["held"] = "2500"
    write_lines(audit, records)
    assert rejected(audit) == "reserves-sums"


def test_a_balance_that_differs_cannot_be_called_confirmed(audit: Path) -> None:
    records = lines(audit)
    row_of(records, account(2))["outcome"]["balance"] = "confirmed"
    write_lines(audit, records)
    assert rejected(audit) == "evidence-row"


@pytest.mark.parametrize("key", ["reason", "balance_reason", "balance_source"])
def test_no_text_for_people_can_steer_a_terminal(audit: Path, key: str) -> None:
    records = lines(audit)
    row_of(records, account(3))["outcome"][key] = "\x1b[2J nothing to see"
    write_lines(audit, records)
    assert rejected(audit) == "evidence-row"


def test_a_row_cannot_be_listed_twice_whatever_its_spelling(audit: Path) -> None:
    records = lines(audit)
    again = json.loads(json.dumps(row_of(records, account(1))))
    again["address"] = again["address"].lower()
    write_lines(audit, [*records, {**again, "address": "0x" + again["address"][2:].upper()}])
    assert rejected(audit) == "evidence-coherence"


def test_an_account_cannot_be_spelled_as_another(audit: Path) -> None:
    records = lines(audit)
    row_of(records, account(1))["outcome"]["account"] = account(9)
    write_lines(audit, records)
    assert rejected(audit) == "evidence-account"


def test_owners_that_are_made_up_do_not_prove_without_their_signatures(audit: Path) -> None:
    records = lines(audit)
    row = row_of(records, CONTRACT)
    row["control"]["owners"] = [wallets.evm_account(7), wallets.evm_account(8)]
    write_lines(audit, records)
    assert rejected(audit) == "evidence-status"


def test_a_contract_whose_look_up_is_left_out_is_not_proven(audit: Path) -> None:
    records = lines(audit)
    del row_of(records, CONTRACT)["control"]
    write_lines(audit, records)
    assert rejected(audit) == "evidence-status"


def test_a_line_that_is_cut_short_is_rejected_as_such(audit: Path) -> None:
    path = audit / "public" / EVIDENCE
    data = path.read_bytes()[:-1]
    path.write_bytes(data)
    digest = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    change_result(audit, lambda result: result["evidence"].update(digest))
    assert rejected(audit) == "evidence-format"


def test_rows_cannot_be_left_out(audit: Path) -> None:
    """Not even those that count for nothing: how many failed is part of the result."""
    good = lines(audit)
    for number in range(1, len(good)):
        write_lines(audit, good[:number] + good[number + 1 :])
        assert rejected(audit) == "reserves-sums"


def test_rows_of_another_block_are_refused(audit: Path) -> None:
    records = lines(audit)
    row_of(records, account(2))["height"] = 5
    write_lines(audit, records)
    assert rejected(audit) == "evidence-coherence"


def test_an_asset_that_is_not_audited_is_refused(audit: Path) -> None:
    records = lines(audit)
    row_of(records, account(2))["asset"] = "DOGE"
    write_lines(audit, records)
    assert rejected(audit) == "evidence-asset"


@pytest.mark.parametrize("chain", ["eth", "erc20", "usdc"])
def test_an_account_is_not_another_under_another_name_of_its_chain(audit: Path, chain: str) -> None:
    """Schemes know exchanges' names of chains, so that such a row would be signed, once more."""
    records = lines(audit)
    again = json.loads(json.dumps(row_of(records, account(2))))
    again["chain"], again["outcome"]["account"] = chain, account(2).removeprefix("0x").lower()
    write_lines(audit, [*records, again])
    assert rejected(audit) == "evidence-chain"


def test_a_row_on_a_chain_without_tokens_is_of_its_own_coin(audit: Path) -> None:
    records = lines(audit)
    row_of(records, account(2)).update(asset="BTC", chain="dogecoin")
    write_lines(audit, records)
    assert rejected(audit) == "evidence-coin"


def change_at(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(result: dict[str, Any]) -> None:
        part: Any = result
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        change_at("met", to=True),
        change_at("short", to=[]),
        change_at("assets", 2, "met", to=True),
        change_at("assets", 1, "counted", to="5"),
        change_at("assets", 1, "liabilities", to="3"),
        change_at("assets", 1, "ratio", "percent", to="250.00"),
        change_at("assets", 1, "ratio", "numerator", to="10"),
        change_at("assets", 1, "surplus", to="1"),
        change_at("assets", 1, "ownership", "failed", "rows", to=0),
        change_at("assets", 1, "ownership", "signed", "amount", to="100"),
        change_at("assets", 1, "balances", "confirmed", "rows", to=4),
        change_at("assets", 1, "freshness", "constant", "rows", to=0),
        change_at("assets", 1, "ownership", "looked_up", "rows", to=0),
        change_at("assets", 1, "chains", to=[]),
        change_at("policy", "least_ratio", to="0"),
        change_at("policy", "count", to=["signed", "looked-up", "custodial"]),
        change_at("policy", "balances", to="declared"),
        change_at("policy", "messages", to=["challenge"]),
    ],
)
def test_no_figure_of_the_result_can_be_changed(audit: Path, change: Callable[[dict[str, Any]], None]) -> None:
    change_result(audit, change)
    assert rejected(audit) == "reserves-sums"


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (change_at("audit_id", to="other-1"), "reserves-audit"),
        (change_at("manifest_digest", to="00" * 32), "reserves-audit"),
        (change_at("organisation", to="Other Exchange"), "reserves-audit"),
        (change_at("snapshot", to="2025-12-31T00:00:00Z"), "reserves-format"),
        (change_at("pins", 1, "block", to="0x" + "ee" * 32), "evidence-freshness"),
        (change_at("evidence", "sha256", to="00" * 32), "evidence-digest"),
        (change_at("evidence", "bytes", to=5), "evidence-digest"),
        (change_at("evidence", "bytes", to=1 << 50), "evidence-digest"),
        (change_at("evidence", "rows", to=1), "evidence-rows"),
        (change_at("evidence", "rows", to=10**9), "evidence-rows"),
        (change_at("evidence", "file", to="../manifest.json"), "reserves-format"),
        (change_at("met", to=1), "reserves-format"),
        (change_at("met", to=None), "reserves-format"),
        (change_at("assets", to=[]), "reserves-format"),
        (change_at("assets", 0, "counted", to="1.0"), "reserves-format"),
        (change_at("assets", 0, "counted", to="-1"), "reserves-format"),
        (change_at("assets", 0, "counted", to=1), "reserves-format"),
        (change_at("assets", 0, "counted", to="1" * 5000), "reserves-format"),
        (change_at("short", to="TRX"), "reserves-canonical"),
        (change_at("version", to=1), "reserves-format"),
        (change_at("version", to=3), "reserves-format"),
        (change_at("format", to="polyproof/manifest"), "reserves-format"),
        (change_at("surprise", to=1), "reserves-format"),
        (change_at("organisation", to="\x1b[31mred"), "reserves-format"),
        (change_at("unverified", "created", to="2025-02-30T00:00:00Z"), "reserves-format"),
        (change_at("unverified", "created", to="2025-99-99T99:99:99Z"), "reserves-format"),
        (change_at("pins", 0, "height", to=10**18), "reserves-format"),
        (lambda result: result["pins"].append({**result["pins"][1], "height": 5}), "reserves-format"),
    ],
)
def test_a_result_of_something_else_is_rejected(
    audit: Path, change: Callable[[dict[str, Any]], None], check: str
) -> None:
    change_result(audit, change)
    assert rejected(audit) == check


def test_the_refusal_names_the_value_that_does_not_follow(audit: Path) -> None:
    change_result(audit, change_at("assets", 1, "ownership", "failed", "rows", to=0))
    refit(audit / "public")
    expected = r"assets\[1\]\.ownership\.failed\.rows is 0, but 1 is computed"
    with pytest.raises(ProofRejected, match=expected):
        verify_reserves(audit, policy=SUM_TREE)


def test_rows_on_more_chains_than_a_result_can_name_are_rejected(audit: Path) -> None:
    records = lines(audit)
    custody = row_of(records, CUSTODY)
    outcome = {**custody["outcome"], "balance": "not-checked", "scheme": ""}
    for name in ("held", "balance_source"):
        outcome.pop(name, None)
    for number in range(1100):
        account = f"account-{number}"
        records.append(
            {**custody, "chain": f"chain-{number}", "address": account, "outcome": {**outcome, "account": account}}
        )
    write_lines(audit, records)
    assert rejected(audit) == "reserves-sums"


def test_chains_that_an_exchange_makes_up_do_not_bury_what_is_said(made: Path) -> None:
    (one, *_) = verify_reserves(made / "audit", policy=SUM_TREE).evaluation.rows
    rows = [evolve(one, row=evolve(one.row, chain=f"chain-{number:04}")) for number in range(5000)]
    (said,) = unpinned(rows, [])
    assert said.startswith("5,000 rows are on chains of which no block is pinned (chain-0000, chain-0001, ")
    assert "chain-0099 and 4,900 more)" in said


def change_after_opening(audit: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
    """Let files change between the moment when the record's digests were compared and the one when they are read."""
    real = verification.verify

    def then(*arguments: Any, **options: Any) -> Any:
        found = real(*arguments, **options)
        change()
        return found

    monkeypatch.setattr(verification, "verify", then)


def test_a_result_that_is_replaced_after_it_was_compared_is_rejected(
    audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is judged is what the record names, and no file that took its place in the meantime."""
    first = change_at("unverified", "created", to="2020-01-01T00:00:00Z")
    change_after_opening(audit, monkeypatch, lambda: change_result(audit, first))
    with pytest.raises(ProofRejected) as caught:
        verify_reserves(audit, policy=SUM_TREE)
    assert caught.value.check == "publication-file"


def test_evidence_other_than_the_record_names_is_rejected_though_the_result_names_it(
    audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = audit / "public"
    data = (public / EVIDENCE).read_bytes()

    def restore() -> None:
        (public / EVIDENCE).write_bytes(data)

    (public / EVIDENCE).write_bytes(data + b"\n")
    refit(public)
    change_after_opening(audit, monkeypatch, restore)
    with pytest.raises(ProofRejected) as caught:
        verify_reserves(audit, policy=SUM_TREE)
    assert caught.value.check == "evidence-digest"


@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"?", lambda data: data[:-1], lambda data: data + b"\n"])
def test_evidence_that_is_replaced_after_it_was_compared_is_rejected(
    audit: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[bytes], bytes]
) -> None:
    path = audit / "public" / EVIDENCE
    change_after_opening(audit, monkeypatch, lambda: path.write_bytes(change(path.read_bytes())))
    with pytest.raises(ProofRejected) as caught:
        verify_reserves(audit, policy=SUM_TREE)
    assert (caught.value.check, caught.value.file) == ("evidence-digest", str(path))


SIGNED_CHAIN = "ethereum"
"""The one chain whose block a signed message names, so that its pin can be compared."""


def only_unverifiable(data: bytes, good: bytes) -> bool:
    """Whether nothing differs but what whoever publishes says: when, from which files, pins that no message names."""
    try:
        found, expected = json.loads(data), json.loads(good)
    except ValueError:
        return False
    if not isinstance(found, dict) or not isinstance(found.get("pins"), list):
        return False
    chains = [pin.get("chain") for pin in found["pins"] if isinstance(pin, dict)]
    if chains != [pin["chain"] for pin in expected["pins"]]:
        return False
    told = {key: found.get(key) for key in ("unverified", "pins")}
    pins = zip(found["pins"], expected["pins"], strict=True)
    return found == {**expected, **told} and all(one == pin for one, pin in pins if pin["chain"] == SIGNED_CHAIN)


@pytest.mark.parametrize("name", [RESERVES, EVIDENCE])
def test_random_damage_is_rejected_and_nothing_else_is_raised(audit: Path, name: str) -> None:
    generator = random.Random(name)
    path = audit / "public" / name
    good = path.read_bytes()
    for _ in range(60):
        data = bytearray(good)
        match generator.randrange(4):
            case 0:
                data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
            case 1:
                del data[generator.randrange(len(data)) :]
            case 2:
                at = generator.randrange(len(data))
                data[at:at] = generator.randbytes(generator.randrange(1, 20))
            case _:
                at = generator.randrange(len(data))
                del data[at : at + generator.randrange(1, 200)]
        if data == good or only_unverifiable(bytes(data), good):
            continue
        path.write_bytes(data)
        refit(audit / "public")
        with pytest.raises(ProofRejected):
            verify_reserves(audit, policy=SUM_TREE)


@pytest.mark.parametrize("name", [RESERVES, EVIDENCE])
def test_a_symbolic_link_is_not_followed(audit: Path, name: str) -> None:
    path = audit / "public" / name
    path.replace(audit / "elsewhere")
    path.symlink_to(audit / "elsewhere")
    assert rejected(audit) == "file-kind"


def test_evidence_that_is_missing_is_rejected(audit: Path) -> None:
    (audit / "public" / EVIDENCE).unlink()
    with pytest.raises(ProofRejected) as caught:
        verify_reserves(audit, policy=SUM_TREE)
    assert caught.value.check == "publication-missing"


HOSTILE = [
    b"",
    b"\n",
    b"{}\n",
    b'{"polyproof-holdings":1}',
    b'{"polyproof-holdings":1}\n{}\n',
    b'{"polyproof-holdings":1}\n5\n',
    b'{"polyproof-holdings":1}\n' + b"[" * 300_000 + b"\n",
    b'{"polyproof-holdings":1}\n' + b'{"a":' * 100_000 + b"\n",
    b'{"polyproof-holdings":1}\n{"asset":"A","asset":"B"}\n',
    b'{"polyproof-holdings":1}\n{"amount":1.5}\n',
    b'{"polyproof-holdings":1}\n{"amount":NaN}\n',
    b'{"polyproof-holdings":1}\n{"height":' + b"9" * 10_000 + b"}\n",
    b'{"polyproof-holdings":1}\n\xff\n',
    b'{"polyproof-holdings":1}\n' + b"\n" * 1000,
    b'{"polyproof-holdings":1}\n' + b'"' + b"x" * (17 << 20) + b'"\n',
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_evidence_is_rejected_in_bounded_time(data: bytes) -> None:
    with pytest.raises(ProofRejected):
        parse_evidence(data, 10_000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}\n",
        b"[" * 300_000,
        b'{"a":' * 300_000,
        b"null\n",
        b'{"format":"polyproof/reserves","format":"polyproof/reserves"}\n',
        b"[" + b"[]," * 400_000 + b"[]]\n",
        b" " * (5 << 20),
        b"\xff\xfe",
    ],
    ids=range(9),
)
def test_a_hostile_result_is_rejected_in_bounded_time(data: bytes) -> None:
    with pytest.raises(ProofRejected):
        parse_published(data)


def test_every_value_of_a_line_is_read_strictly(audit: Path) -> None:
    """Whatever value stands where, it is rejected unless it is the one that was written."""
    good = lines(audit)
    number = good.index(row_of(good, CONTRACT))
    wrong: list[Any] = [None, True, -1, 1.5, "", "\ud800", "x" * 70_000, [], ["x"], [1], {}, {"a": "b"}, 10**30]
    refused = 0
    parse_evidence(dumped(good), 100)
    for path in paths(good[number]):
        for value in wrong:
            records = json.loads(json.dumps(good))
            part = records[number]
            for key in path[:-1]:
                part = part[key]
            if part[path[-1]] == value:
                continue
            part[path[-1]] = value
            data = b"".join(
                json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n" for record in records
            )
            try:
                parse_evidence(data, 100)
            except ProofRejected:
                refused += 1
    assert refused > 150


def dumped(records: list[dict[str, Any]]) -> bytes:
    lines = (json.dumps(record, sort_keys=True, separators=(",", ":")) for record in records)
    return "".join(f"{line}\n" for line in lines).encode()


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = []
    if isinstance(value, dict):
        for key, item in value.items():
            found += [(*before, key), *paths(item, (*before, key))]
    return found


# Challenges


def test_the_messages_of_all_rows_are_a_reserve_file_to_be_signed(made: Path, tmp_path: Path) -> None:
    """Written for the audit, signed, named as a source: every row is proven and fresh."""
    spec = spec_of(made)
    out = tmp_path / "to-sign.jsonl"
    with pytest.raises(InputError, match="no block of starknet is pinned"):
        write_challenges(spec, made / "audit", out)
    assert not out.exists()
    rows = [wallet("EVM, EIP-191", 1, "4"), wallet("bitcoin P2WPKH, header of BIP-137", 2, "2")]
    (tmp_path / "wallets.csv").write_text(okx_csv([*rows, wallet("Tron, its header", 3, "10")]))
    spec = write_spec(tmp_path, spec_text("{name: okx-csv, path: wallets.csv}", assets=ASSETS))
    directory = prove(tmp_path, spec, OWED, audit_id="example-2")
    assert write_challenges(spec, directory, out) == 3
    with pytest.raises(ArtifactError, match="exists"):
        write_challenges(spec, directory, out)
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert not any("signatures" in record for record in records)
    ways = ("EVM, EIP-191", "bitcoin P2WPKH, header of BIP-137", "Tron, its header")
    for number, (way, record) in enumerate(zip(ways, records[1:], strict=True), 1):
        record["signatures"] = list(wallets.PROVEN[way](number, record["message"]).signatures)
    (tmp_path / "signed.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    text = spec_text("{name: native, path: signed.jsonl}", assets=ASSETS, policy="{balances: declared}")
    done = run_reserves(write_spec(tmp_path, text), directory, policy=SUM_TREE)
    assert done.evaluation.met is True
    assert verify_reserves(directory, policy=SUM_TREE).published.met is True


@pytest.mark.parametrize(("chain", "name"), [("ETH", "ethereum"), ("bitcoin", "bitcoin"), ("TRC20", "tron")])
def test_the_message_of_one_address_is_written_in_its_one_spelling(made: Path, chain: str, name: str) -> None:
    addresses = {
        "ethereum": wallets.evm_account(1),
        "bitcoin": wallets.segwit("bitcoin", 0, bytes(20)).upper(),
        "tron": wallets.tron_account(1),
    }
    pins = {"ethereum": ETHEREUM, "bitcoin": BITCOIN, "tron": TRON}
    text = challenge_text(spec_of(made), made / "audit", chain, addresses[name])
    assert f"\nchain: {name}\n" in text
    assert pins[name].block in text
    spelled = {"ethereum": account(1), "bitcoin": addresses["bitcoin"].lower(), "tron": addresses["tron"]}
    assert f"\naddress: {spelled[name]}\n" in text


def test_reading_gives_what_publishing_used(made: Path) -> None:
    spec = spec_of(made)
    assert spec.reserves is not None
    found = read_reserves(spec.reserves, spec.assets, registry=default_registry(), schemes=load_schemes(), base=made)
    published = parse_published((made / "audit" / "public" / RESERVES).read_bytes())
    assert [file.sha256.hex() for file in found.files] == [file.sha256 for file in published.unverified.files]
    assert sum(file.rows for file in found.files) == published.evidence.rows
