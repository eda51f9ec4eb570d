"""The library: from a spec in Python and accounts in memory to a verified inclusion, and what it refuses."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import polyproof
from doubles.fixtures import Command

POLICY = "merkle-sum"


def test_a_ledger_in_memory_becomes_an_audit_in_which_a_user_finds_their_balances(
    proved: polyproof.Proved, file: Path
) -> None:
    verified = polyproof.verify(proved.public, policy=POLICY)
    assert verified.totals == proved.totals == {"BTC": Decimal("1.25"), "USDT": Decimal(112)}
    assert verified.digest == proved.digest
    assert (verified.covered, verified.reserves) == (None, "not examined")
    found = polyproof.verify_inclusion(file, proved.public, "alice", {"BTC": "0.25", "USDT": 100}, policy=POLICY)
    assert found.balances == {"BTC": Decimal("0.25"), "USDT": Decimal(100)}
    assert found.user_id == "alice"


@pytest.mark.parametrize("balances", [{"BTC": "0.25", "USDT": "100.000001"}, {"BTC": Decimal("0.25")}, {"USDT": 100}])
def test_other_balances_are_rejected_with_what_that_means(
    proved: polyproof.Proved, file: Path, balances: dict[str, Any]
) -> None:
    with pytest.raises(polyproof.ProofRejected) as caught:
        polyproof.verify_inclusion(file, proved.public, "alice", balances, policy=POLICY)
    assert caught.value.check == "inclusion-path"
    assert "Not shown to be counted" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("balances", "message"),
    [
        ({"BTC": 0.25}, "BTC: 0.25 is a float, which is not exact"),
        ({"BTC": float("nan")}, "is a float, which is not exact"),
        ({"BTC": True}, "BTC: the amount is bool"),
        ({"BTC": None}, "BTC: the amount is NoneType"),
        ({"BTC": Decimal("NaN")}, "BTC: NaN is not a number"),
        ({"BTC": Decimal("1e999999999")}, "BTC"),
        ({"BTC": 10**5000}, "BTC"),
        ({1: "1"}, "the asset 1 is int"),
        ({"BTX": "1"}, "'BTX' is not an asset of this audit"),
        ([("BTC", "1")], "balances are list"),
    ],
)
def test_balances_that_are_no_exact_numbers_are_refused(
    proved: polyproof.Proved, file: Path, balances: Any, message: str
) -> None:
    with pytest.raises(polyproof.InputError, match=message):
        polyproof.verify_inclusion(file, proved.public, "alice", balances, policy=POLICY)


def test_an_amount_is_taken_as_it_is_written(proved: polyproof.Proved, file: Path) -> None:
    found = polyproof.verify_inclusion(
        file, proved.public, "alice", {"BTC": Decimal("2.5E-1"), "usdt": Decimal("1E+2")}, policy=POLICY
    )
    assert found.balances["USDT"] == 100


def test_several_users_are_checked_against_one_audit(proved: polyproof.Proved, file: Path, tmp_path: Path) -> None:
    bob = polyproof.cut_inclusion(proved.directory, "bob", out=tmp_path / "bob").file
    checked = polyproof.verify_inclusions(
        [(file, "alice", {"BTC": "0.25", "USDT": 100}), (bob, "bob", {"BTC": 2})], proved.public, policy=POLICY
    )
    assert [one.claim.user_id for one in checked.included] == ["alice"]
    assert [one.error.check for one in checked.rejected] == ["inclusion-path"]
    assert repr(checked) == "<InclusionsChecked: 1 of 2 files included, 1 REJECTED>"


def test_another_digest_than_the_one_known_is_rejected(proved: polyproof.Proved) -> None:
    with pytest.raises(polyproof.ProofRejected, match="publication-digest"):
        polyproof.verify(proved.public, policy=POLICY, digest="00" * 32)
    assert polyproof.verify(proved.public, policy=POLICY, digest=proved.digest).compared
    assert not polyproof.verify(proved.public, policy=POLICY).compared


@pytest.mark.parametrize("digest", ["00", "zz" * 32, b"\0", 7, "é" * 64])
def test_what_is_no_digest_is_refused(proved: polyproof.Proved, digest: Any) -> None:
    with pytest.raises(polyproof.UsageError, match="no SHA-256"):
        polyproof.verify(proved.public, policy=POLICY, digest=digest)


def test_the_default_policy_refuses_what_it_refuses_everywhere(proved: polyproof.Proved) -> None:
    with pytest.raises(polyproof.PolicyRejected) as caught:
        polyproof.verify(proved.public)
    assert caught.value.check == "policy-soundness"


def test_a_snapshot_whose_proof_nobody_would_accept_is_refused_before_it_is_read(
    mapping: dict[str, Any], table: pa.Table
) -> None:
    with pytest.raises(polyproof.OptionsError, match="verifiers would refuse"):
        polyproof.check(polyproof.load_spec(mapping, accounts=table))


def test_the_library_finds_what_the_commands_find(
    proved: polyproof.Proved, file: Path, command: Command, tmp_path: Path
) -> None:
    def told(*arguments: object) -> dict[str, Any]:
        found = command(*arguments, "--policy", POLICY, "--json").result
        return {key: value for key, value in found.items() if key not in ("seconds", "site")}

    def own(result: Any) -> dict[str, Any]:
        plain = json.loads(json.dumps(result.as_dict()))
        return {key: value for key, value in plain.items() if key not in ("seconds", "site")}

    assert own(polyproof.verify(proved.public, policy=POLICY)) == told("verify", proved.public)
    included = polyproof.verify_inclusion(file, proved.public, "alice", {"BTC": "0.25", "USDT": 100}, policy=POLICY)
    typed = ("--user", "alice", "--balance", "BTC=0.25", "--balance", "USDT=100")
    assert own(included) == told("verify-inclusion", file, "--audit", proved.public, *typed)
    reported = polyproof.report(proved.public, tmp_path / "site", policy=POLICY)
    assert reported.index.is_file()
    assert own(reported) == told("report", proved.public, "--out", tmp_path / "site")


def test_all_files_are_cut_into_a_store_or_a_folder(proved: polyproof.Proved, tmp_path: Path) -> None:
    heard: list[str] = []
    told = {"progress": lambda title, *_: heard.append(title)}
    stored = polyproof.store_inclusions(str(proved.directory), out=str(tmp_path / "store"), **told)
    cut = polyproof.cut_all_inclusions(str(proved.directory), out=str(tmp_path / "files"), **told)
    assert stored.count == cut.count == 3
    assert set(heard) == {"cut inclusion files"}
    taken = polyproof.take_inclusion(str(tmp_path / "store"), "bob", out=str(tmp_path / "bob"))
    assert polyproof.verify_inclusion(str(taken.file), proved.public, "bob", {"BTC": 1}, policy=POLICY)
    assert taken.file.read_bytes() in {file.read_bytes() for file in (tmp_path / "files").iterdir()}


def test_an_audit_is_opened_by_a_name(proved: polyproof.Proved) -> None:
    policy = polyproof.load_policy(POLICY)
    opened = polyproof.open_audit(str(proved.public), policy=policy, digest=proved.digest)
    assert opened.manifest.audit_id == proved.audit_id
    with pytest.raises(polyproof.SpecError, match="neither a file nor a policy"):
        polyproof.load_policy("merkle")


@pytest.mark.parametrize("directory", [None, 7, b"audit", Path])
def test_what_is_no_path_is_refused(directory: Any) -> None:
    calls = (polyproof.verify, polyproof.verify_history, polyproof.report, polyproof.open_audit)
    for call in (*calls, polyproof.store_inclusions, lambda path: polyproof.cut_inclusion(path, "alice")):
        with pytest.raises(polyproof.UsageError, match="expected a path"):
            call(directory)


@pytest.mark.parametrize("jobs", [0, -1, True, "2", 1.5, None])
def test_what_is_no_number_of_processes_is_refused(proved: polyproof.Proved, jobs: Any) -> None:
    with pytest.raises(polyproof.UsageError, match="jobs is"):
        polyproof.verify(proved.public, jobs=jobs)


@pytest.mark.parametrize("user", [None, 5, b"alice", ["alice"]])
def test_what_is_no_account_id_is_refused(proved: polyproof.Proved, user: Any) -> None:
    for call in (polyproof.cut_inclusion, polyproof.take_inclusion):
        with pytest.raises(polyproof.InputError, match="the account id is"):
            call(proved.directory, user)


@pytest.mark.parametrize("claims", [5, "alice", [5], ["alice"], [("a.bin", "alice")]])
def test_what_are_no_claims_is_refused(proved: polyproof.Proved, claims: Any) -> None:
    with pytest.raises(polyproof.UsageError, match="expected a file, an account id, the balances and,"):
        polyproof.verify_inclusions(claims, proved.public)


# Specs


YAML = """\
polyproof: 1
name: example
snapshot: 2025-11-30T00:00:00Z
assets: [{symbol: BTC, decimals: 8}]
backend: merkle-sum
accounts: {path: accounts.csv}
"""


def test_a_spec_is_a_file_a_text_or_a_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spec.yaml").write_text(YAML)
    (tmp_path / "accounts.csv").write_text("account,BTC\nalice,1\n")
    monkeypatch.chdir(tmp_path)
    mapping = {
        "polyproof": 1,
        "name": "example",
        "snapshot": "2025-11-30T00:00:00Z",
        "assets": ({"symbol": "BTC", "decimals": 8},),
        "backend": {"name": "merkle-sum"},
        "accounts": {"path": Path("accounts.csv")},
    }
    digests = set()
    for source in ("spec.yaml", tmp_path / "spec.yaml", YAML, json.dumps(mapping, default=str), mapping):
        spec = polyproof.load_spec(source)
        digests.add(spec.digest)
        assert polyproof.check(spec, policy=POLICY).accounts == 1
    assert len(digests) == 1
    assert polyproof.load_spec("okx-22").name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": 5}, r"spec\.name"),
        ({"assets": [{"symbol": "BTC", "decimals": 8.5}]}, r"spec\.assets\[0\]\.decimals"),
        ({"snapshot": object()}, r"spec\.snapshot is object"),
        ({"backend": "stork"}, "stark"),
        ({1: 2}, "has the key 1"),
        ({"accounts": {"path": "x.csv", "idd": "user"}}, r"spec\.accounts\.idd"),
    ],
)
def test_a_mapping_is_checked_as_a_file_is(mapping: dict[str, Any], change: dict[Any, Any], message: str) -> None:
    with pytest.raises(polyproof.SpecError, match=message):
        polyproof.load_spec({**mapping, "accounts": {"path": "x.csv"}, **change})


def test_a_text_is_told_apart_from_a_name(tmp_path: Path) -> None:
    with pytest.raises(polyproof.SpecError, match="spec:1:"):
        polyproof.load_spec("polyproof: 1\nname: x\n")
    with pytest.raises(polyproof.SpecError, match="cannot be read"):
        polyproof.load_spec(tmp_path / "none.yaml")
    with pytest.raises(polyproof.SpecError, match="neither a file nor a spec"):
        polyproof.load_spec("okx-23")


@pytest.mark.parametrize("source", [None, 7, ["polyproof"]])
def test_what_is_no_spec_is_refused(source: Any) -> None:
    with pytest.raises(polyproof.UsageError):
        polyproof.load_spec(source)


def test_the_name_of_a_spec_is_not_one(tmp_path: Path) -> None:
    for call in (polyproof.check, polyproof.prove):
        with pytest.raises(polyproof.UsageError, match=r"polyproof\.load_spec"):
            call("spec.yaml")  # type: ignore[arg-type]
