"""The page that customers check their own balance with, driven in Chromium on files of audits made in the same run.

It is opened from a file, with the network off. Whatever a test does, the page asks for no address and shows no
exception: the fixture sees to that.
"""

from __future__ import annotations

import itertools
import json
import os
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from page.conftest import MANY, MARKUP, SHIPPED, Audits, Customer, watched

_HERE = Path(__file__).parent


def changed(path: Path, folder: Path, place: int = -20, flip: int = 1) -> Path:
    """A copy of a file in which one bit differs."""
    data = bytearray(path.read_bytes())
    data[place] ^= flip
    copy = folder / path.name
    copy.write_bytes(data)
    return copy


# What holds


def test_counted_balances_are_included(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    answer = customer.do_all(made)
    assert answer.startswith("Included\n")
    assert "Your balances are in the audit’s totals." in answer
    assert "the same" in answer
    assert made.digest in answer
    assert "No balance in that list is negative" in answer
    assert "2^75 tries, a number of 23 digits" in answer
    assert "2^103 by theorems of 2025" in answer
    assert "0.25 BTC, 1.000000000000000001 ETH, 100 USDT" in answer
    assert "30 November 2025" in answer
    assert customer.page.evaluate("document.activeElement.id") == "answer-title"


def test_without_a_digest_the_answer_says_that_none_was_compared(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    answer = customer.do_all(made, digest=False)
    assert answer.startswith("Included in this audit\n")
    assert "was not compared" in answer
    assert made.digest in answer


@pytest.mark.slow
def test_a_digest_may_be_pasted_in_groups_and_capitals(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    groups = " ".join(made.digest[place : place + 8] for place in range(0, 64, 8)).upper()
    customer.page.fill("#digest", f"0x{groups}\n")
    assert "It is the digest" in customer.page.inner_text("#digest-said")
    customer.type_claim(made)
    assert customer.check().startswith("Included\n")


@pytest.mark.slow
def test_files_are_told_apart_by_what_is_in_them(customer: Customer, audits: Audits, tmp_path: Path) -> None:
    made = audits.get("stark")
    for number, path in enumerate(made.files):
        customer.choose(Path(_copied(path, tmp_path / f"{number}.download")))
    customer.page.fill("#digest", made.digest)
    customer.type_claim(made)
    assert customer.check().startswith("Included\n")


def _copied(path: Path, to: Path) -> Path:
    to.write_bytes(path.read_bytes())
    return to


def test_one_part_of_several_is_checked_with_its_own_proof_alone(customer: Customer, audits: Audits) -> None:
    made = audits.get("parts")
    own = int.from_bytes(made.inclusion.read_bytes()[12 + 8 + len(made.manifest["audit_id"]) + 32 :][:8], "little")
    proofs = sorted(made.public.glob("proof-*.bin"))
    customer.choose(made.public / "publication.json", made.public / "manifest.json", made.inclusion)
    assert f"still missing: {proofs[own].name}" in customer.page.inner_text("#slot-proof")
    customer.choose(proofs[1 - own])
    assert f"still missing: {proofs[own].name}" in customer.page.inner_text("#slot-proof")
    customer.choose(proofs[own])
    assert proofs[own].name in customer.page.inner_text("#slot-proof")
    customer.page.fill("#digest", made.digest)
    customer.type_claim(made)
    answer = customer.check()
    assert answer.startswith("Included\n")
    assert f"{own + 1} of 2, your own" in answer
    assert "The other parts of the list" in answer
    assert "nobody else’s account can have lowered its totals" in answer
    assert "in the list that the totals of your part were added up from" in answer
    assert "that the published totals were added up from" not in answer


def test_debts_are_typed_beside_balances(customer: Customer, audits: Audits) -> None:
    made = audits.get("margin")
    customer.choose(*made.files)
    customer.page.fill("#digest", made.digest)
    customer.type_claim(made)
    answer = customer.check()
    assert answer.startswith("Included\n")
    assert "Your balances are in the audit’s gross totals." in answer
    assert "0.1 BTC" in answer
    assert "10000 USDT" in answer  # pledged
    assert "What the totals less debts come to" in answer
    assert "one entry in the list that the totals of your part were added up from" in answer
    for debt in ("0.10000001", "0.09999999", ""):
        customer.amount("BTC", "what you owe").fill(debt)
        assert customer.check().startswith("Not shown\n")


def test_a_sum_tree_is_refused_until_the_customer_accepts_one(customer: Customer, audits: Audits) -> None:
    made = audits.get("tree")
    customer.choose(*made.files)
    assert customer.page.is_visible("#policy-said")
    customer.page.fill("#digest", made.digest)
    customer.type_claim(made)
    customer.page.check("#policy-default")
    answer = customer.check()
    assert answer.startswith("Not accepted\n")
    assert "[policy-soundness]" in answer
    customer.page.click("#again")
    customer.page.check("#policy-merkle-sum")
    answer = customer.check()
    assert answer.startswith("Included\n")
    assert "Anything about accounts that nobody checks" in answer
    assert "2^128 tries" in answer
    assert "No balance in that list is negative" not in answer


@pytest.mark.slow
def test_many_assets_are_found_by_name_and_pasted(customer: Customer, audits: Audits) -> None:
    made = audits.get("many")
    customer.choose(*made.files)
    assert customer.page.locator("#amounts .amount:visible").count() == 120
    customer.page.fill("#filter", "coin11")
    assert customer.page.locator("#amounts .amount:visible").count() == 11
    assert "11 of 120" in customer.page.inner_text("#filter-said")
    customer.page.fill("#filter", "no such coin")
    assert "No asset" in customer.page.inner_text("#filter-said")
    customer.page.fill("#filter", "")
    customer.page.click("text=Paste a list instead")
    lines = [f"{symbol.lower()} {'= ' if place % 2 else ''}1" for place, symbol in enumerate(MANY)]
    customer.page.fill("#paste", "\n".join([*lines, "DOGE 3", "what is this line", "=" * 100_000 + " x y"]))
    customer.page.click("#paste-take")
    said = customer.page.inner_text("#paste-said")
    assert "Filled in from the list: 120." in said
    assert "DOGE" in said
    assert "what is this line" in said
    customer.page.fill("#user", made.user)
    customer.page.fill("#digest", made.digest)
    customer.page.check("#policy-merkle-sum")
    assert customer.check().startswith("Included\n")


@pytest.mark.slow
def test_the_place_of_an_audit_in_the_chain_is_shown(customer: Customer, audits: Audits) -> None:
    made, history = audits.months()
    files = [history / "history.json", *history.glob("audits/*/*")]
    customer.choose(*files, made.inclusion)
    customer.page.fill("#digest", made.digest)
    customer.type_claim(made)
    assert customer.check().startswith("Included\n")
    chain = customer.page.inner_text("#history")
    assert "audit 2 of 2 that follow one another" in chain
    assert "31 October 2025" in chain
    assert made.digest in chain


@pytest.mark.slow
def test_a_chain_that_does_not_hold_is_said(customer: Customer, audits: Audits, tmp_path: Path) -> None:
    made, history = audits.months()
    customer.choose(history / "history.json", *made.files)
    customer.type_claim(made)
    assert customer.check().startswith("Included in this audit\n")
    assert "do not follow one another" in customer.page.inner_text("#history")
    huge = []
    for number in range(17):
        huge.append(tmp_path / f"manifest-{number}.json")
        huge[-1].write_bytes(b'{"audit_id":"huge-%d","format":"polyproof/manifest"}' % number)
        os.truncate(huge[-1], 16 << 20)
    customer.choose(*huge)
    assert "The chain of audits is not checked" in customer.said
    assert customer.check().startswith("Included in this audit\n")
    assert customer.page.locator("#history").count() == 0


# What does not


def test_another_balance_is_not_shown(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    customer.type_claim(made)
    for amount in ("0.24999999", "0.25000001", "0", ""):
        customer.amount("BTC").fill(amount)
        answer = customer.check()
        assert answer.startswith("Not shown\n")
        assert "[inclusion-path]" in answer
        assert "ask the exchange what it counted" in answer


def test_another_account_is_not_shown(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    customer.type_claim(made)
    for user in ("bob", "Alice@example.com", "alice@example.com ", "alice@example.com\u200b"):
        customer.page.fill("#user", user)
        answer = customer.check()
        assert answer.startswith("Not shown\n")
        assert "[inclusion-path]" in answer


def test_a_file_of_another_audit_is_not_shown(customer: Customer, audits: Audits) -> None:
    made, another = audits.get("stark"), audits.get("another")
    customer.choose(*made.files)
    customer.choose(another.inclusion)
    customer.type_claim(made)
    answer = customer.check()
    assert answer.startswith("Not shown\n")
    assert "[audit-id]" in answer


def test_another_audit_than_the_digest_is_of_is_said_at_once_and_in_the_answer(
    customer: Customer, audits: Audits
) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    customer.page.fill("#digest", audits.get("another").digest)
    assert "It is not the digest" in customer.page.inner_text("#digest-said")
    customer.type_claim(made)
    answer = customer.check()
    assert answer.startswith("Stop: another audit\n")
    assert "[publication-digest]" in answer


@pytest.mark.slow
def test_of_two_audits_that_of_the_own_file_is_checked(customer: Customer, audits: Audits) -> None:
    made, another = audits.get("stark"), audits.get("another")
    public = [path for path in (*made.files, *another.files) if path.suffix != ".polyproof"]
    customer.choose(*public)
    assert "of 2 audits; the one that your own file is for is taken" in customer.page.inner_text("#slot-manifest")
    customer.choose(another.inclusion)
    customer.page.fill("#digest", another.digest)
    customer.type_claim(another)
    assert customer.check().startswith("Included\n")


@pytest.mark.slow
def test_two_manifests_of_one_audit_are_not_taken(customer: Customer, audits: Audits, tmp_path: Path) -> None:
    made = audits.get("stark")
    customer.choose(*made.files, changed(made.public / "manifest.json", tmp_path))
    assert "Two different manifests of one audit" in customer.said
    customer.page.click("#check")
    assert "still missing" in customer.page.inner_text("#go-said")


def test_a_damaged_file_is_not_accepted(customer: Customer, audits: Audits, tmp_path: Path) -> None:
    made = audits.get("stark")
    for file, place, check in (
        ("proof-0000.bin", -20, "proof-digest"),
        ("proof-0000.bin", 0, "proof-digest"),
        ("manifest.json", -20, "publication-file"),
        ("publication.json", 30, "publication"),
        ("mine.polyproof", -20, "merkle-"),
        ("mine.polyproof", 0, "magic"),
    ):
        if customer.page.is_visible("#remove"):
            customer.page.click("#remove")
        customer.choose(*(changed(path, tmp_path, place) if path.name == file else path for path in made.files))
        if customer.page.is_visible("#amounts"):
            customer.type_claim(made)
        customer.page.fill("#user", made.user)
        answer = customer.check()
        assert answer.startswith("Not shown\n")
        assert f"[{check}" in answer


@pytest.mark.slow
def test_garbage_is_not_needed_or_not_shown(customer: Customer, tmp_path: Path) -> None:
    names = ["publication.json", "manifest.json", "proof-0000.bin", "mine.polyproof", "\u202egpj.exe"]
    for name in names:
        (tmp_path / name).write_bytes(sha256(name.encode()).digest() * 50)
    customer.choose(*(tmp_path / name for name in names))
    assert "\\u{202e}gpj.exe" in customer.said
    assert "\u202e" not in customer.said
    customer.page.fill("#user", "alice")
    assert customer.check().startswith("Not shown\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "beginning", [b"{" * 100_000, b'{"format":"polyproof/manifest",' + b'"a":[' * 200_000, b"\xff{"]
)
def test_a_manifest_that_is_hard_to_read_is_only_unreadable(
    customer: Customer, audits: Audits, tmp_path: Path, beginning: bytes
) -> None:
    made = audits.get("stark")
    (tmp_path / "manifest.json").write_bytes(beginning)
    customer.choose(*made.files)
    customer.choose(tmp_path / "manifest.json")
    assert "The manifest cannot be read" in customer.said
    assert not customer.page.is_visible("#amounts")
    customer.page.fill("#user", made.user)
    assert "[publication-file]" in customer.check()


def test_huge_files_are_not_read(customer: Customer, audits: Audits, tmp_path: Path) -> None:
    made = audits.get("stark")
    huge = []
    for name, magic, size in (
        ("proof-0000.bin", b"PPSTARK\0", 8 << 30),
        ("mine.polyproof", b"PPROOFIN", 2 << 20),
        ("publication.json", b'{"format":"polyproof/publication"', 100 << 10),
        ("manifest.json", b'{"audit_id":"', 4 << 30),
    ):
        path = tmp_path / name
        path.write_bytes(magic)
        os.truncate(path, size)  # with a hole: it takes no room
        huge.append(path)
    customer.choose(*made.files)
    customer.choose(*huge)
    assert customer.said.count("was not read") == 4
    assert "8192.0 MiB" in customer.said
    customer.type_claim(made)
    assert customer.check().startswith("Included in this audit\n")


def test_markup_in_a_file_is_shown_as_text(customer: Customer, audits: Audits) -> None:
    answer = customer.do_all(audits.get("stark"))
    assert MARKUP in answer
    assert customer.page.locator("#answer img, #answer b").count() == 0


@pytest.mark.slow
def test_what_is_typed_is_shown_as_text(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    customer.type_claim(made)
    customer.page.fill("#user", MARKUP)
    answer = customer.check()
    assert answer.startswith("Not shown\n")
    assert customer.page.locator("#answer img, #answer b").count() == 0
    customer.amount("BTC").fill("<b>1</b>")
    customer.page.click("#check")
    assert "BTC: “<b>1</b>” is not an amount" in customer.page.inner_text("#go-said")
    assert customer.page.locator("#go-said b").count() == 0


# What was typed


def test_an_answer_goes_when_anything_is_changed_that_it_was_about(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    page = customer.page
    customer.do_all(made)
    changes: list[Callable[[], object]] = [
        lambda: customer.amount("BTC").fill("7"),
        lambda: page.fill("#user", "bob"),
        lambda: page.fill("#digest", ""),
        lambda: page.check("#policy-merkle-sum"),
        lambda: customer.choose(made.inclusion),
    ]
    for change in changes:
        change()
        assert not page.is_visible("#answer")
        assert page.inner_text("#answer") == ""
        customer.check()
    page.click("#remove")
    assert not page.is_visible("#answer")


def test_a_changed_amount_is_checked_and_not_the_one_before(customer: Customer, audits: Audits) -> None:
    assert customer.do_all(audits.get("stark")).startswith("Included\n")
    customer.amount("BTC").fill("0.24")
    assert "check again" in customer.page.inner_text("#go-said")
    assert customer.check().startswith("Not shown\n")


def test_what_is_changed_while_it_is_checked_stops_the_check(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    customer.type_claim(made)
    customer.page.evaluate(
        """async () => {
          const user = document.getElementById("user");
          document.getElementById("check").click();
          document.getElementById("check").click();
          while (document.getElementById("cancel").hidden) await Promise.resolve();
          user.value = "bob";
          user.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    assert "check again" in customer.page.inner_text("#go-said")
    customer.page.wait_for_timeout(500)
    assert not customer.page.is_visible("#answer")
    assert customer.check().startswith("Not shown\n")


def test_an_amount_is_taken_as_meant_or_asked_about(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    page = customer.page
    customer.choose(*made.files)
    customer.type_claim(made)
    for typed, said in (
        (
            "1,000",
            "can be read in two ways. If the comma stands before decimals, write 1,0000; if between thousands, 1000",
        ),
        ("1.000,5", "not an amount"),
        ("0,2,5", "not an amount"),
        ("0.25 BTC", "not an amount"),
        ("\uff10.\uff12\uff15", "not an amount"),
        ("1e99999999", "not an amount"),
    ):
        customer.amount("BTC").fill(typed)
        page.click("#check")
        assert f"BTC: “{typed}” " in page.inner_text("#go-said")
        assert said in page.inner_text("#go-said")
        assert page.evaluate("document.activeElement.ariaLabel") == "BTC, what you have"
        assert not page.is_visible("#answer")
    customer.amount("BTC").fill("1.000")
    assert "BTC: 1.000 has three decimals" in page.inner_text("#amounts-said")
    for typed in (" 0,25 ", ",25", "+0,250", "25e-2", "0.2500"):
        customer.amount("BTC").fill(typed)
        assert page.inner_text("#amounts-said") == ""
        answer = customer.check()
        assert answer.startswith("Included in this audit\n")
        assert "0.25 BTC" in answer


def test_what_cannot_be_seen_in_an_id_is_said(customer: Customer) -> None:
    for user, said in (
        ("alice ", "space"),
        ("\u00a0alice", "space"),
        ("alice\u200b", "cannot be seen, which count as a part of it: alice\\u{200b}"),
        ("jose\u0301", "accents are characters of their own"),
        ("jos\u00e9 mar\u00eda", ""),
    ):
        customer.page.fill("#user", user)
        noted = customer.page.inner_text("#user-said")
        assert said in noted
        assert bool(said) == bool(noted)


def test_an_asset_that_is_pasted_twice_is_not_taken_over(customer: Customer, audits: Audits) -> None:
    customer.choose(*audits.get("stark").files)
    customer.page.click("text=Paste a list instead")
    customer.page.fill("#paste", "BTC 1\nUSDT 0,5\nbtc 2")
    customer.page.click("#paste-take")
    said = customer.page.inner_text("#paste-said")
    assert "Filled in from the list: 1." in said
    assert "Listed twice, so not filled in: btc." in said
    assert customer.amount("BTC").input_value() == ""
    assert customer.amount("USDT").input_value() == "0,5"


def test_a_proof_that_shows_more_than_a_sum_tree_is_not_called_weak(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    customer.type_claim(made)
    customer.page.check("#policy-merkle-sum")
    answer = customer.check()
    assert "[policy-backend]" in answer
    assert "shows more than one. Take the other choice" in answer


# What is missing


def test_what_is_missing_is_said_and_reached(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    focused = "document.activeElement.id"
    customer.page.click("#check")
    assert "still missing" in customer.page.inner_text("#go-said")
    assert customer.page.evaluate(focused) == "files"
    customer.choose(*made.files)
    customer.page.click("#check")
    assert "account id" in customer.page.inner_text("#go-said")
    assert customer.page.evaluate(focused) == "user"
    customer.page.fill("#user", made.user)
    customer.page.fill("#digest", "abc")
    assert "3 of 64" in customer.page.inner_text("#digest-said")
    customer.page.click("#check")
    assert "digest is not complete" in customer.page.inner_text("#go-said")
    assert customer.page.evaluate(focused) == "digest"
    customer.page.click("#remove")
    customer.page.wait_for_selector("#amounts", state="hidden")
    assert customer.page.inner_text("#slot-manifest") == "still missing: manifest.json"


@pytest.mark.slow
def test_an_address_fills_in_nothing(offline: BrowserContext, audits: Audits) -> None:
    customer = watched(offline.new_page())
    digest = audits.get("stark").digest
    customer.page.goto(f"{SHIPPED.as_uri()}?digest={digest}&user=alice#digest={digest}")
    assert customer.page.input_value("#digest") == ""
    assert customer.page.input_value("#user") == ""
    assert customer.faults == []


def test_a_check_can_be_stopped(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    customer.type_claim(made)
    customer.page.evaluate(
        """async () => {
          const stop = document.getElementById("cancel");
          document.getElementById("check").click();
          while (stop.hidden) await Promise.resolve();
          stop.click();
        }"""
    )
    assert "Stopped. Nothing was checked." in customer.page.inner_text("#go-said")
    customer.page.wait_for_timeout(500)
    assert not customer.page.is_visible("#answer")
    assert customer.check().startswith("Included in this audit\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("worker", "said"),
    [
        ("constructor() { throw new Error('<b>no</b>') }", "did not start"),
        ("postMessage() { setTimeout(() => this.onerror({message: '', preventDefault() {}})) }", "did not start"),
        (
            "postMessage() { setTimeout(() => this.onerror({message: 'no memory', preventDefault() {}})) }",
            "stopped without",
        ),
    ],
)
def test_a_worker_that_fails_is_said_in_words(offline: BrowserContext, audits: Audits, worker: str, said: str) -> None:
    customer = watched(offline.new_page())
    customer.page.add_init_script(f"window.Worker = class {{ {worker} terminate() {{}} }}")
    customer.page.goto(SHIPPED.as_uri())
    customer.choose(*audits.get("stark").files)
    assert said in customer.said
    assert customer.faults == []


# Evidence


def saved(customer: Customer, to: Path) -> Path:
    """Save the evidence, as a browser does."""
    with customer.page.expect_download() as download:
        customer.page.click("#save")
    path = to / download.value.suggested_filename
    download.value.save_as(path)
    assert "Saved as" in customer.page.inner_text("#evidence-said")
    return path


def test_evidence_holds_what_was_checked(customer: Customer, audits: Audits, tmp_path: Path) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    customer.page.fill("#digest", made.digest)
    customer.type_claim(made)
    customer.amount("BTC").fill("0.5")
    customer.check()
    assert "Your account id and your balances are in it." in customer.page.inner_text("#answer")
    path = saved(customer, tmp_path)
    assert path.name == f"evidence-{made.manifest['audit_id']}.polyproof-evidence.json"
    evidence = json.loads(path.read_bytes())
    assert (evidence["format"], evidence["version"]) == ("polyproof/evidence", 1)
    published = {name: b64decode(data) for name, data in evidence["files"].items()}
    assert published == {path.name: path.read_bytes() for path in made.public.iterdir() if path.is_file()}
    assert b64decode(evidence["inclusion"]) == made.inclusion.read_bytes()
    assert evidence["claim"] == {
        "user": made.user,
        "balances": {**made.balances, "BTC": "0.5"},
        "debts": {},
        "digest": made.digest,
        "policy": "default",
    }
    assert evidence["verdict"]["outcome"] == "rejected"
    assert evidence["verdict"]["check"] == "inclusion-path"


def test_evidence_is_checked_anew_and_its_verdict_is_not_believed(
    customer: Customer, audits: Audits, tmp_path: Path
) -> None:
    customer.do_all(audits.get("tree"))
    path = saved(customer, tmp_path)
    customer.page.reload()
    customer.choose(path)
    assert "Its digest and its verdict are not taken" in customer.said
    assert customer.page.input_value("#digest") == ""
    assert customer.page.is_checked("#policy-default")
    assert customer.check().startswith("Not accepted\n")
    customer.page.check("#policy-merkle-sum")
    assert customer.check().startswith("Included in this audit\n")
    evidence = json.loads(path.read_bytes())
    evidence["claim"]["balances"]["BTC"] = "7"
    path.write_text(json.dumps(evidence))
    customer.page.reload()
    customer.choose(path)
    assert customer.amount("BTC").input_value() == "7"
    customer.page.check("#policy-merkle-sum")
    assert customer.check().startswith("Not shown\n")


def test_evidence_among_other_files_fills_in_nothing(customer: Customer, audits: Audits, tmp_path: Path) -> None:
    made = audits.get("stark")
    customer.do_all(made)
    path = saved(customer, tmp_path)
    evidence = json.loads(path.read_bytes())
    evidence["claim"] |= {"user": "somebody", "balances": {"BTC": "7"}, "digest": "0" * 64, "policy": "merkle-sum"}
    path.write_text(json.dumps(evidence))
    customer.page.reload()
    customer.choose(*made.files)
    customer.page.fill("#digest", made.digest)
    customer.type_claim(made)
    customer.choose(*made.files, path)
    assert "was not taken: choose it alone" in customer.said
    assert customer.check().startswith("Included\n")
    customer.choose(path)
    assert customer.page.input_value("#digest") == made.digest
    assert customer.page.is_checked("#policy-default")
    assert {symbol: customer.amount(symbol).input_value() for symbol in made.balances} == {
        symbol: "7" if symbol == "BTC" else "" for symbol in made.balances
    }


@pytest.mark.slow
def test_evidence_that_is_none_is_said(customer: Customer, tmp_path: Path) -> None:
    claim = {"user": "alice", "balances": {"BTC": "1"}, "debts": {}, "digest": None, "policy": "default"}
    sound = {"format": "polyproof/evidence", "version": 1, "files": {}, "inclusion": "AAAA", "claim": claim}
    path = tmp_path / "evidence.json"

    def said_of(content: str) -> str:
        path.write_text(content)
        customer.choose(path)
        return customer.said

    assert "is not evidence" not in said_of(json.dumps(sound))
    others: list[dict[str, object]] = [
        {"version": 2},
        {"files": 3},
        {"files": {"manifest.json": "%"}},
        {"inclusion": None},
        {"claim": []},
        {"claim": {**claim, "user": 7}},
        {"claim": {**claim, "balances": {"BTC": 1}}},
    ]
    for wrong in (json.dumps(sound)[:-1], *(json.dumps({**sound, **other}) for other in others)):
        assert "is not evidence" in said_of(wrong), wrong


# How it is used


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_small_phone(customer: Customer, audits: Audits, scheme: str) -> None:
    made = audits.get("stark")
    customer.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    customer.page.set_viewport_size({"width": 320, "height": 640})
    wide = "document.documentElement.scrollWidth"
    assert customer.page.evaluate(wide) == 320
    customer.choose(*made.files)
    customer.page.fill("#digest", made.digest)
    customer.type_claim(made)
    customer.page.click("#names")
    assert customer.page.evaluate(wide) == 320
    assert customer.check().startswith("Included\n")
    assert customer.page.evaluate(wide) == 320
    customer.page.click("#again")
    customer.page.fill("#user", "x" * 500)
    customer.check()
    assert customer.page.evaluate(wide) == 320
    fits = "field => field.scrollWidth <= field.clientWidth"
    assert customer.amount("ETH").evaluate(fits), "all decimals of what was typed are seen"
    # Text of twice the size, as readers of large type have it.
    customer.page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert customer.page.evaluate(wide) == 320
    skip = "document.querySelector('.skip').getBoundingClientRect().bottom + scrollY"
    assert customer.page.evaluate(skip) <= 0, "the link for keyboards is not seen before it is reached"


def test_a_phone_neither_corrects_what_is_typed_nor_greys_out_a_file(customer: Customer, audits: Audits) -> None:
    """An id that a keyboard corrects is another id; a phone knows no type for what ends in .polyproof."""
    customer.choose(*audits.get("stark").files)
    typed = customer.page.locator("input[type=text], input[type=search], textarea")
    assert typed.count() >= 6
    for name, value in (("autocorrect", "off"), ("autocapitalize", "none"), ("spellcheck", "false")):
        assert {typed.nth(place).get_attribute(name) for place in range(typed.count())} == {value}
    assert customer.page.get_attribute("#files", "accept") is None


def test_everything_is_done_with_the_keyboard(customer: Customer, audits: Audits) -> None:
    made = audits.get("stark")
    page = customer.page

    def reach(element: str) -> None:
        for _ in range(60):
            if (
                page.evaluate("document.activeElement.id || document.activeElement.getAttribute('aria-label')")
                == element
            ):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"{element} is not reached")

    reach("files")
    # From a click on it the browser goes on by itself, unless the key seems to it to be long past.
    page.evaluate(
        """document.activeElement.addEventListener("click", (event) => {
          event.preventDefault();
          event.target.dataset.clicked = "";
        })"""
    )
    page.keyboard.press("Space")
    page.wait_for_selector("#files[data-clicked]", state="attached")
    page.set_input_files("#files", made.files)
    page.wait_for_selector("#amounts input")
    reach("digest")
    page.keyboard.type(made.digest)
    reach("user")
    page.keyboard.type(made.user)
    for symbol, amount in made.balances.items():
        reach(f"{symbol}, what you have")
        page.keyboard.type(amount)
    page.keyboard.press("Enter")
    assert customer.answer().startswith("Included\n")
    reach("save")
    with page.expect_download():
        page.keyboard.press("Space")


@pytest.mark.slow
def test_every_field_has_a_name_and_every_part_a_heading(customer: Customer, audits: Audits) -> None:
    customer.do_all(audits.get("stark"))
    unnamed = customer.page.evaluate(
        """() => [...document.querySelectorAll("input, textarea, button, progress")]
          .filter((field) => !field.labels?.length && !field.ariaLabel && !field.textContent.trim())
          .map((field) => field.id)"""
    )
    assert unnamed == []
    levels = customer.page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].map((heading) => Number(heading.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


@pytest.mark.slow
def test_print_has_the_answer_and_not_the_form(customer: Customer, audits: Audits) -> None:
    customer.do_all(audits.get("stark"))
    customer.page.emulate_media(media="print")
    assert customer.page.is_visible("#answer-title")
    assert not customer.page.is_visible("#check")
    assert not customer.page.is_visible("#save")


@pytest.mark.slow
def test_the_browser_says_nothing_of_who_is_checked(offline: BrowserContext, audits: Audits) -> None:
    """Neither the address nor anything that is kept in the browser changes."""
    customer = watched(offline.new_page())
    customer.page.goto(SHIPPED.as_uri())
    customer.do_all(audits.get("stark"))
    assert customer.page.url == SHIPPED.as_uri()
    assert customer.page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert offline.cookies() == []
