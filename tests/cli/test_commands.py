"""The commands as a user meets them: what they print, what they leave, how they end."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import stat
from pathlib import Path

import pytest

from doubles.fixtures import Command, Ended
from polyproof.extras import EXTRAS

ALICE = ("--user", "alice", "--balance", "BTC=0.25", "--balance", "USDT=100")


# The main job


def test_check_shows_totals_and_writes_nothing(command: Command, folder: Path) -> None:
    ended = command("check", "spec.yaml")
    assert ended.status == 0
    assert "1.25000001" in ended.out
    assert "5 accounts in 3 segments" in ended.out
    assert sorted(os.listdir(folder)) == ["accounts.csv", "spec.yaml"]


def test_what_was_rounded_is_told_by_check_and_prove(command: Command, folder: Path) -> None:
    (folder / "accounts.csv").write_text("account,BTC,USDT\nalice,0.250000001,100\nbob,2.5e-9,0\ncarol,0,0.00019\n")
    for arguments in (("check", "spec.yaml"), ("prove", "spec.yaml", "--out", "audit")):
        ended = command(*arguments)
        assert ended.status == 0
        assert "BTC: 2 balances were rounded up, by 0.0000000165 BTC in all" in ended.out
        assert ended.out.count("rounded up") == 1
        assert not ended.err
    found = command("check", "spec.yaml", "--json")
    assert found.result["rounded"] == [{"asset": "BTC", "balances": 2, "added": "0.0000000165"}]
    assert found.json["warnings"] == []


def test_wrong_decimals_are_an_error_unless_the_spec_allows_them(command: Command, folder: Path) -> None:
    spec = (folder / "spec.yaml").read_text().replace("decimals: 6", "decimals: 0")
    (folder / "spec.yaml").write_text(spec)
    (folder / "accounts.csv").write_text("account,BTC,USDT\nalice,0.25,10.1\nbob,0,0.00000002\n")
    for arguments in (("check", "spec.yaml"), ("prove", "spec.yaml", "--out", "audit"), ("audit", "spec.yaml")):
        ended = command(*arguments)
        assert ended.status == 2
        assert "USDT: 2 balances were rounded up, by 1.89999998 USDT in all, 18 %" in ended.err
        assert "list USDT in accounts.allow_rounding" in ended.err
    assert sorted(path.name for path in folder.iterdir()) == ["accounts.csv", "spec.yaml"]
    (folder / "spec.yaml").write_text(spec.replace("accounts.csv}", "accounts.csv, allow_rounding: [USDT]}"))
    ended = command("check", "spec.yaml")
    assert ended.status == 0
    assert "18 % of what they add up to, which accounts.allow_rounding accepts" in " ".join(ended.err.split())
    proved = command("audit", "spec.yaml", "--json")
    assert proved.status == 0
    assert proved.result["rounded"] == [{"asset": "USDT", "balances": 2, "added": "1.89999998"}]
    assert "which accounts.allow_rounding accepts" in proved.json["warnings"][0]


def test_prove_then_verify(command: Command, folder: Path) -> None:
    proved = command("prove", "spec.yaml", "--out", "audit")
    assert proved.status == 0
    digest = hashlib.sha256((folder / "audit/public/publication.json").read_bytes()).hexdigest()
    assert digest in proved.out
    assert "audit/public" in proved.out
    verified = command("verify", "audit")
    assert verified.status == 0
    assert "VERIFIED" in verified.out
    assert digest in verified.out
    assert "Compare the publication digest" in verified.out
    compared = command("verify", "audit/public", "--digest", digest)
    assert compared.status == 0
    assert "Compare the publication digest" not in compared.out


def test_prove_without_out_goes_where_the_spec_says(command: Command, folder: Path) -> None:
    first = command("prove", "spec.yaml", "--json")
    assert first.status == 0
    made = Path(first.result["directory"])
    assert made.parent == folder / "audits"
    assert made.name.startswith("example-20")
    assert command("verify", made).status == 0


@pytest.mark.parametrize("place", [".", "..", "/"])
def test_a_place_that_cannot_be_written_to_is_bad_input(command: Command, proved: Path, place: str) -> None:
    (proved / "other").mkdir()
    for arguments in (
        ("prove", "spec.yaml"),
        ("inclusion", "audit", "--user", "alice"),
        ("inclusion", "audit", "--all"),
        ("inclusion", "audit", "--all", "--files"),
        ("report", "audit"),
        ("sample", "--accounts", "2"),
        ("new-plugin", "hash", "mine"),
        ("compare", "spec.yaml", "--runs", "1"),
    ):
        ended = command(*arguments, "--out", place)
        assert (ended.status, ended.out) == (2, ""), f"{arguments}: {ended.err}"
    assert not (proved / "index.html").exists()
    ended = command("verify-inclusion", place, "--audit", "audit", *ALICE)
    assert ended.status == 2
    assert "is a folder: name your own file" in " ".join(ended.err.split())


def test_an_audit_is_chained_to_the_one_before(command: Command, folder: Path) -> None:
    first = command("prove", "spec.yaml", "--out", "a", "--json").result
    second = command("prove", "spec.yaml", "--out", "b", "--previous", "a", "--json").result
    assert second["previous"] == first["publication_digest"]
    assert command("verify", "b", "--json").result["previous"] == first["publication_digest"]


def test_processes_share_the_segments_if_told_to(command: Command, proved: Path) -> None:
    alone, shared = (command("verify", "audit", "--json", *jobs) for jobs in ((), ("--jobs", "2")))
    assert alone.status == shared.status == 0
    assert {**alone.result, "seconds": 0} == {**shared.result, "seconds": 0}
    for number in ("0", "-1", "two"):
        assert command("verify", "audit", "--jobs", number).status == 2


def test_users_check_their_own_balances(command: Command, proved: Path) -> None:
    ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit", *ALICE)
    assert ended.status == 0, ended.err
    assert "INCLUDED" in ended.out
    assert "0.25 BTC" in ended.out


@pytest.mark.parametrize(
    "claim",
    [
        ("--user", "alice", "--balance", "BTC=0.25"),
        ("--user", "alice", "--balance", "BTC=0.25", "--balance", "USDT=100.000001"),
        ("--user", "alice", "--balance", "BTC=0.25", "--balance", "USDT=99"),
        ("--user", "alice", "--balance", "BTC=0"),
        ("--user", "bob", "--balance", "BTC=0.25", "--balance", "USDT=100"),
        ("--user", "Alice", "--balance", "BTC=0.25", "--balance", "USDT=100"),
    ],
)
def test_another_claim_is_rejected(command: Command, proved: Path, claim: tuple[str, ...]) -> None:
    ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit", *claim)
    assert ended.status == 1
    assert "REJECTED" in ended.err
    assert not ended.out


def _several(command: Command, *users: str, more: tuple[str, ...] = ()) -> Ended:
    """Check several files, each with the balances that stand in a file of its own."""
    arguments = []
    for user in users:
        command("inclusion", "audit", "--user", user, "--out", f"{user}.polyproof")
        arguments += ["--user", user, "--balances", f"{user}.yaml"]
    return command("verify-inclusion", *(f"{user}.polyproof" for user in users), "--audit", "audit", *arguments, *more)


@pytest.fixture
def balances(proved: Path) -> Path:
    """What alice, bob and carol hold, in a file for each."""
    for user, held in (("alice", "BTC: 0.25\nUSDT: 100\n"), ("bob", "USDT: 12.5\n"), ("carol", "BTC: 1\n")):
        (proved / f"{user}.yaml").write_text(held)
    return proved


def test_several_files_are_checked_together(command: Command, balances: Path) -> None:
    ended = _several(command, "alice", "bob", "carol")
    assert ended.status == 0, ended.err
    for line in ("INCLUDED: alice.polyproof, alice: 0.25 BTC, 100 USDT", "INCLUDED: bob.polyproof, bob: 12.5 USDT"):
        assert line in ended.out
    assert "3 of 3 files included." in ended.out
    told = _several(command, "alice", "bob", "carol", more=("--json",)).result
    assert (told["included"], told["rejected"]) == (3, 0)
    assert [entry["user"] for entry in told["files"]] == ["alice", "bob", "carol"]
    assert all(entry["ok"] and entry["proven"] and entry["figures"] for entry in told["files"])


def test_one_rejection_of_several_ends_with_status_1_and_names_its_file(command: Command, balances: Path) -> None:
    (balances / "bob.yaml").write_text("USDT: 12.6\n")
    ended = _several(command, "alice", "bob", "carol")
    assert ended.status == 1
    assert "REJECTED: bob.polyproof: " in ended.err
    assert "note: " in ended.err
    assert "bob" not in ended.out, "nothing is said to be included that was not"
    assert "2 of 3 files included, 1 REJECTED." in ended.out
    told = _several(command, "alice", "bob", "carol", more=("--json",))
    assert told.status == 1
    assert (told.result["included"], told.result["rejected"]) == (2, 1)
    assert [entry["ok"] for entry in told.result["files"]] == [True, False, True]
    assert told.result["files"][1]["error"] == told.error
    assert told.error["code"] == "inclusion-path"
    quiet = _several(command, "alice", "bob", "carol", more=("--quiet",))
    assert (quiet.status, quiet.out) == (1, "")
    assert "REJECTED: bob.polyproof: " in quiet.err


def test_if_no_file_is_accepted_nothing_is_said_of_the_audit(command: Command, balances: Path) -> None:
    for user in ("alice", "bob"):
        (balances / f"{user}.yaml").write_text("BTC: 7\n")
    ended = _several(command, "alice", "bob")
    assert (ended.status, ended.out) == (1, "0 of 2 files included, 2 REJECTED.\n")


@pytest.mark.parametrize(
    "claim",
    [
        (),
        ("--user", "alice", "--balances", "alice.yaml"),
        ("--user", "alice", "--user", "bob"),
        ("--user", "alice", "--user", "bob", "--balances", "alice.yaml"),
        ("--user", "alice", "--user", "bob", "--balance", "BTC=0.25", "--balance", "USDT=100"),
        ("--user", "a", "--user", "b", "--user", "c", "--balances", "alice.yaml", "--balances", "bob.yaml"),
    ],
)
def test_several_files_need_an_id_and_balances_each(command: Command, balances: Path, claim: tuple[str, ...]) -> None:
    ended = command("verify-inclusion", "alice.polyproof", "bob.polyproof", "--audit", "audit", *claim)
    assert (ended.status, ended.out) == (2, "")
    assert "once for each inclusion file, in the same order" in ended.err


def test_one_file_takes_one_id_and_one_file_of_balances(command: Command, balances: Path) -> None:
    for claim in (("--user", "a", "--user", "b", *ALICE[2:]), ("--balances", "alice.yaml", "--balances", "bob.yaml")):
        ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit", "--user", "alice", *claim)
        assert ended.status == 2
        assert "one inclusion file is checked with one --user, one --balances and one --debts" in ended.err


def test_a_missing_file_among_several_is_bad_input(command: Command, balances: Path) -> None:
    claims = ("--user", "a", "--balances", "alice.yaml", "--user", "b", "--balances", "bob.yaml")
    ended = command("verify-inclusion", "alice.polyproof", "nobody.polyproof", "--audit", "audit", *claims)
    assert (ended.status, ended.out) == (2, "")
    assert "nobody.polyproof: no such file" in ended.err


def test_an_id_that_was_copied_with_a_space_is_pointed_out(command: Command, proved: Path) -> None:
    typed = ("--user", "alice ", *ALICE[2:])
    ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit", *typed)
    assert ended.status == 1
    assert "warning: account id 'alice ' has spaces around it, as no id in an audit has" in " ".join(ended.err.split())
    assert "warning" not in command("verify-inclusion", "alice.polyproof", "--audit", "audit", *ALICE).err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mine.json", '{"BTC": 0.25, "USDT": "100"}'),
        ("mine.json", '{"BTC": 2.5e-1, "USDT": 100.00}'),
        ("mine.yaml", "BTC: 0.25\nUSDT: 100\n"),
        ("mine.yml", "BTC: '0.25'\nUSDT: 100.0\n"),
        ("mine.csv", "BTC,0.25\nUSDT,100\n"),
        ("mine.csv", "\ufeffasset,amount\r\nUSDT,100\r\n\r\nBTC,0.250\r\n"),
    ],
)
def test_balances_come_from_a_file_of_the_users_own(command: Command, proved: Path, name: str, text: str) -> None:
    (proved / name).write_text(text, encoding="utf-8")
    ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit", "--user", "alice", "--balances", name)
    assert ended.status == 0, ended.err


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("mine.json", "{", "mine.json:1:2"),
        ("mine.json", "[]", "object"),
        ("mine.json", '{"BTC": {}}', "BTC"),
        ("mine.json", '{"BTC": 1, "BTC": 0.25}', "twice"),
        ("mine.json", '{"BTC": NaN}', "not a number"),
        ("mine.json", "[" * 100_000, "deep"),
        ("mine.yaml", "BTC: [1]\n", "mine.yaml:1"),
        ("mine.yaml", "- BTC\n", "mapping"),
        ("mine.yaml", "BTC: &a 1\n", "mine.yaml:1"),
        ("mine.csv", "BTC,1,2\n", "mine.csv:1"),
        ("mine.csv", 'BTC,"1\n', "mine.csv:1"),
        ("mine.csv", "account,1\n", "account"),
        ("mine.txt", "BTC 1", "unknown kind"),
        ("mine.csv", "BTC," + "1" * (1 << 20), "larger"),
    ],
)
def test_a_malformed_file_of_balances_is_reported(
    command: Command, proved: Path, name: str, text: str, told: str
) -> None:
    (proved / name).write_text(text)
    ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit", "--user", "alice", "--balances", name)
    assert ended.status == 2
    assert told in ended.err


@pytest.mark.parametrize(
    ("balance", "told"),
    [
        ("BTC", "SYMBOL=AMOUNT"),
        ("=1", "SYMBOL=AMOUNT"),
        ("BTC=", "SYMBOL=AMOUNT"),
        ("BTC=1,5", "a point as the decimal mark"),
        ("BTC=-1", "out of range"),
        ("BTC=1e30", "out of range"),
        ("BTC=1e999999999", "digits"),
        ("BTC=nan", "finite"),
        ("BCT=1", "did you mean 'BTC'"),
        ("GOLD=1", "allowed: BTC, USDT"),
    ],
)
def test_a_malformed_balance_is_reported(command: Command, proved: Path, balance: str, told: str) -> None:
    ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit", "--user", "alice", "--balance", balance)
    assert ended.status == 2
    assert told in ended.err


def test_symbols_may_be_typed_in_any_case(command: Command, proved: Path) -> None:
    claim = ("--user", "alice", "--balance", "btc=0.25", "--balance", "Usdt=100")
    assert command("verify-inclusion", "alice.polyproof", "--audit", "audit", *claim).status == 0


def test_a_claim_that_is_not_complete_is_a_usage_error_away_from_a_terminal(command: Command, proved: Path) -> None:
    for claim, told in (
        ((), ("--user", "--balance", "--balances")),
        (("--user", "alice"), ("--balance", "--balances")),
        (("--balance", "BTC=1"), ("--user",)),
    ):
        ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit", *claim)
        assert ended.status == 2
        assert all(flag in ended.err for flag in told)
        assert "cannot vouch for itself" in ended.err


class _Terminal:
    """A stdin that says it is a terminal and types some lines."""

    def __init__(self, *lines: str) -> None:
        self._lines = iter(lines)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("no descriptor")

    def readline(self, *_: int) -> str:
        return next(self._lines, "") or ""


def _type(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal(*(line + "\n" for line in lines)))


def test_on_a_terminal_what_is_missing_is_asked_for(
    command: Command, proved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _type(monkeypatch, "alice", "BTC=0.25", "GOLD=1", "nonsense", "USDT=100", "")
    ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit")
    assert ended.status == 0, ended.err
    assert "INCLUDED" in ended.out
    assert "Your account id" in ended.err
    assert "GOLD" in ended.err


def test_at_the_end_of_input_the_question_ends_too(
    command: Command, proved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _type(monkeypatch, "alice", "BTC=0.25")
    ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit")
    assert ended.status == 130
    assert "Traceback" not in ended.err


def test_inclusion_writes_one_owner_only_file(command: Command, proved: Path) -> None:
    ended = command("inclusion", "audit", "--user", "bob", "--out", "bob.polyproof")
    assert ended.status == 0
    assert stat.S_IMODE((proved / "bob.polyproof").stat().st_mode) == 0o600
    claim = ("--user", "bob", "--balance", "USDT=12.5")
    assert command("verify-inclusion", "bob.polyproof", "--audit", "audit", *claim).status == 0


def test_inclusion_writes_one_store_of_all_files_and_takes_any_from_it(command: Command, proved: Path) -> None:
    ended = command("inclusion", "audit", "--all", "--json")
    assert ended.status == 0
    assert (ended.result["count"], ended.result["store"]) == (5, "audit/private/inclusion.store")
    assert command("inclusion", "audit", "--all", "--out", "all.store").status == 0
    assert command("inclusion", "audit", "--user", "carol", "--out", "cut.polyproof").status == 0
    for source in (ended.result["store"], "all.store"):
        assert command("inclusion", source, "--user", "carol", "--out", "carol.polyproof").status == 0
        assert (proved / "carol.polyproof").read_bytes() == (proved / "cut.polyproof").read_bytes()
    claim = ("--user", "carol", "--balance", "BTC=1")
    assert command("verify-inclusion", "carol.polyproof", "--audit", "audit", *claim).status == 0
    unknown = command("inclusion", "all.store", "--user", "mallory", "--out", "mallory.polyproof")
    assert (unknown.status, unknown.out) == (2, "")
    assert "no account has the id 'mallory'" in unknown.err
    assert not (proved / "mallory.polyproof").exists()


def test_a_store_that_is_damaged_or_in_the_way_is_bad_input(command: Command, proved: Path) -> None:
    assert command("inclusion", "audit", "--all", "--out", "all.store").status == 0
    again = command("inclusion", "audit", "--all", "--out", "all.store")
    assert again.status == 2
    assert "all.store exists" in again.err
    whole = (proved / "all.store").read_bytes()
    (proved / "all.store").write_bytes(whole[:-1])
    damaged = command("inclusion", "all.store", "--user", "carol")
    assert damaged.status == 2
    assert "not an inclusion store in good order" in damaged.err
    for arguments in (("--all",), ("--all", "--files")):
        assert command("inclusion", "all.store", *arguments).status == 2


def test_inclusion_cuts_a_file_for_each_user(command: Command, proved: Path) -> None:
    ended = command("inclusion", "audit", "--all", "--files", "--json")
    assert ended.status == 0
    with Path(ended.result["index"]).open(newline="") as file:
        index = {row["account"]: row["file"] for row in csv.DictReader(file)}
    assert sorted(index) == ["alice", "bob", "carol", "dave", "eve"]
    carol = Path(ended.result["directory"]) / index["carol"]
    claim = ("--user", "carol", "--balance", "BTC=1")
    assert command("verify-inclusion", carol, "--audit", "audit", *claim).status == 0


def test_inclusion_needs_one_user_or_all(command: Command, proved: Path) -> None:
    for arguments in ((), ("--user", "bob", "--all")):
        ended = command("inclusion", "audit", *arguments)
        assert ended.status == 2
        assert "--user ID or --all" in ended.err
    ended = command("inclusion", "audit", "--user", "bob", "--files")
    assert ended.status == 2
    assert "--files goes with --all" in ended.err


def test_an_unknown_user_is_reported(command: Command, proved: Path) -> None:
    ended = command("inclusion", "audit", "--user", "mallory", "--out", "mallory.polyproof")
    assert ended.status == 2
    assert "no account has the id 'mallory'" in ended.err
    assert not (proved / "mallory.polyproof").exists()


# Policy


MERKLE = "polyproof-policy: 2\nmin_soundness_bits: null\nmin_soundness_2025_bits: null\n"


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (MERKLE, 0),
        ("polyproof-policy: 2\n", 1),
        (f"{MERKLE}min_binding_bits: 128\n", 0),
        (f"{MERKLE}min_binding_bits: 128.5\n", 1),
        (f"{MERKLE}min_inclusion_bits: 128.5\n", 1),
        (f"{MERKLE}backends: [merkle-sum]\nhashes: [blake3]\n", 0),
        (f"{MERKLE}backends: [tally]\n", 1),
        (f"{MERKLE}hashes: [sha256]\n", 1),
        (f"{MERKLE}max_proof_bytes: 10\n", 1),
        (f"{MERKLE}max_segments: 0\n", 2),
        (f"{MERKLE}min_bits: 100\n", 2),
        ("polyproof-policy: 1\n", 2),
        ("polyproof-policy: 3\n", 2),
        ("", 2),
    ],
)
def test_the_verifiers_own_policy_decides(command: Command, proved: Path, policy: str, status: int) -> None:
    (proved / "policy.yaml").write_text(policy)
    verified = command("verify", "audit", "--policy", "policy.yaml")
    assert verified.status == status, verified.err
    checked = command("verify-inclusion", "alice.polyproof", "--audit", "audit", "--policy", "policy.yaml", *ALICE)
    assert checked.status == status, checked.err
    if status == 1:
        assert "REJECTED" in verified.err


def test_a_sum_tree_is_accepted_by_the_policy_that_comes_for_it_and_refused_by_the_default(
    command: Command, proved: Path
) -> None:
    (proved / "default.yaml").write_text("polyproof-policy: 2\n")
    for arguments in (("verify", "audit"), ("verify-inclusion", "alice.polyproof", "--audit", "audit", *ALICE)):
        refused = command(*arguments, "--policy", "default.yaml")
        assert refused.status == 1
        assert "nothing is proven about accounts that nobody opens" in refused.err
        accepted = command(*arguments, "--policy", "merkle-sum")
        assert accepted.status == 0, accepted.err
        shown = " ".join(accepted.out.split())
        assert "soundness none: nothing is proven about accounts that nobody opens" in shown
        assert "inclusion 128.0 bits" in shown
        figures = command(*arguments, "--policy", "merkle-sum", "--json").result["figures"]
        assert set(figures) == {"binding", "inclusion"}


def test_a_policy_that_is_nowhere_is_told_with_those_that_come_with_polyproof(command: Command, proved: Path) -> None:
    ended = command("verify", "audit", "--policy", "merkle")
    assert ended.status == 2
    assert "merkle is neither a file nor a policy that comes with polyproof" in ended.err
    assert "merkle-sum" in ended.err


def test_another_digest_is_rejected_and_a_malformed_one_is_a_usage_error(command: Command, proved: Path) -> None:
    inclusion = ("verify-inclusion", "alice.polyproof", "--audit", "audit", *ALICE)
    for arguments in (("verify", "audit"), inclusion):
        assert command(*arguments, "--digest", "00" * 32).status == 1
        for bad in ("", "00", "xyz", "00" * 33):
            ended = command(*arguments, "--digest", bad)
            assert ended.status == 2
            assert "64 hexadecimal digits" in ended.err


# The other commands


def test_demo_ends_with_two_months_of_what_is_owed_and_held(command: Command, folder: Path) -> None:
    ended = command("demo", "--accounts", "50", "--out", "demo")
    assert ended.status == 0, ended.err
    for word in ("sample", "check", "prove", "verify", "inclusion", "rejected", "BTC", "UNI", "merkle-sum", "KiB"):
        assert word in ended.out
    assert command("verify", "demo/audit-merkle-sum", "--policy", "merkle-sum").status == 0
    assert command("demo", "--accounts", "50", "--out", "demo").status == 2, "nothing is overwritten"

    assert re.search(r"BTC +[0-9.,]+ +[0-9.,]+ +1\d\d\.\d\d % +1\d\d\.\d\d %", ended.out)
    assert "Every asset is covered, if the organisation's word on balances is true" in ended.out
    site = folder / "demo" / "months" / "audits" / "published" / "index.html"
    assert f"in a browser      {site.as_uri()}" in ended.out
    assert "(SAMPLE)" in site.read_text()
    assert len(json.loads((site.parent / "report.json").read_text())["history"]) == 2
    verified = command(*re.search(r"polyproof (verify demo/\S+)", ended.out)[1].split())  # type: ignore[index]
    assert verified.status == 0
    assert "2 audits" in verified.out


def test_demo_without_an_extra_says_what_it_leaves_out(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXTRAS, "report", ("no_module_is_called_this",))
    ended = command("demo", "--accounts", "20", "--json")
    assert ended.status == 0, ended.err
    assert ended.result["months"] is None
    assert any("need the extras that are missing: report" in warning for warning in ended.json["warnings"])


def test_demos_without_out_do_not_get_in_each_others_way(command: Command, folder: Path) -> None:
    (folder / "polyproof-demo").mkdir()
    ended = command("demo", "--accounts", "20", "--json")
    assert not ended.err
    made = ended.result
    assert made["directory"] == "polyproof-demo-2"
    assert [run["backend"] for run in made["runs"]] == ["stark", "merkle-sum"]
    assert all(run["prove_memory_bytes"] > 0 for run in made["runs"])


def test_sample_writes_what_check_accepts(command: Command, folder: Path) -> None:
    for name in ("accounts.csv", "accounts.parquet"):
        (folder / name).unlink(missing_ok=True)
        assert command("sample", "--accounts", 30, "--seed", 7, "--spec", "spec.yaml", "--out", name).status == 0
        spec = (folder / "spec.yaml").read_text().replace("path: accounts.csv", f"path: {name}")
        (folder / "other.yaml").write_text(spec)
        assert command("check", "other.yaml", "--json").result["accounts"] == 30
        ended = command("sample", "--accounts", 30, "--out", name)
        assert ended.status == 2
        assert "not overwritten" in ended.err


def test_plugins_lists_kind_name_version_origin_and_a_line(command: Command) -> None:
    ended = command("plugins")
    assert ended.status == 0
    for word in ("field", "goldilocks", "hash", "blake3", "commitment", "merkle", "backend", "merkle-sum", "tally"):
        assert word in ended.out
    listed = command("plugins", "--json").result
    tally = next(item for item in listed["components"] if item["name"] == "tally")
    assert tally == {
        "kind": "backend",
        "name": "tally",
        "version": "1",
        "plugin": "tally",
        "origin": "tests (audit.tally_backend)",
        "summary": "Proves nothing",
        "missing_extras": [],
    }


def test_schema_prints_what_editors_use(command: Command) -> None:
    schema = json.loads(command("schema").out)
    assert command("schema", "--json").result == schema
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"assets", "backend", "accounts"} <= set(schema["properties"])


@pytest.mark.parametrize("subject", ["spec.yaml", "audit", "audit/public", "okx-22"])
def test_explain_tells_the_whole_truth_about_a_backend(command: Command, proved: Path, subject: str) -> None:
    ended = command("explain", subject)
    assert ended.status == 0, ended.err
    for words in ("It proves", "It hides", "It shows others", "dishonest exchange", "bits, decided by"):
        assert words in ended.out


def test_explain_shows_a_report_of_more_than_one_term(command: Command, proved: Path) -> None:
    told = command("explain", "audit", "--json").result
    for figure in told["security"]["figures"].values():
        assert figure["bits"] == min(term["bits"] for term in figure["terms"])


def test_version(command: Command) -> None:
    assert command("version").out.startswith("polyproof ")
    assert command("--version").out.startswith("polyproof ")
    assert command("version", "--json").result["interface"] == 2


# Manners


EVERY = [
    ("check", "spec.yaml"),
    ("prove", "spec.yaml", "--out", "new"),
    ("verify", "audit"),
    ("inclusion", "audit", "--user", "alice"),
    ("inclusion", "audit", "--all"),
    ("inclusion", "audit", "--all", "--files"),
    ("verify-inclusion", "alice.polyproof", "--audit", "audit", *ALICE),
    ("demo", "--accounts", "10", "--out", "demo"),
    ("sample", "--accounts", "10", "--out", "sample.csv"),
    ("plugins",),
    ("schema",),
    ("explain", "spec.yaml"),
    ("bench", "--kind", "hash", "--name", "sha256", "--size", "4", "--runs", "1"),
    ("version",),
]


def _id(arguments: tuple[str, ...]) -> str:
    return " ".join(arguments[:2])


# For the demo, which takes the longest, a test above asks for it.
@pytest.mark.parametrize("arguments", [arguments for arguments in EVERY if arguments[0] != "demo"], ids=_id)
def test_every_command_has_json_for_machines(command: Command, proved: Path, arguments: tuple[str, ...]) -> None:
    ended = command(*arguments, "--json")
    assert ended.status == 0, ended.err
    assert ended.result
    assert not ended.err


@pytest.mark.parametrize("arguments", EVERY, ids=_id)
def test_quiet_commands_print_nothing(command: Command, proved: Path, arguments: tuple[str, ...]) -> None:
    ended = command(*arguments, "--quiet")
    assert (ended.status, ended.out, ended.err) == (0, "", "")


@pytest.mark.parametrize("arguments", EVERY, ids=_id)
def test_every_command_has_help(command: Command, arguments: tuple[str, ...]) -> None:
    ended = command(arguments[0], "--help")
    assert ended.status == 0
    assert "--json" in ended.out


def test_what_is_redirected_has_neither_colour_nor_bars(command: Command, proved: Path) -> None:
    for arguments in (("verify", "audit"), ("check", "spec.yaml"), ("verify", "nowhere")):
        ended = command(*arguments)
        assert "\x1b" not in ended.out + ended.err


def test_json_amounts_are_strings_and_exact(command: Command, proved: Path) -> None:
    assert command("verify", "audit", "--json").result["totals"] == [
        {"asset": "BTC", "units": "125000001", "amount": "1.25000001"},
        {"asset": "USDT", "units": "119500000", "amount": "119.5"},
    ]
    assert json.loads((proved / "audit/public/manifest.json").read_text())["totals"] == ["125000001", "119500000"]
