"""What an exchange declares: in the spec, mistakes at their lines; in the plan, the manifest and on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import evolve

from audit.example import ACCOUNTS, SPEC
from audit.tally_backend import WITH_TALLY
from doubles.fixtures import Command
from polyproof import liabilities as audit
from polyproof.errors import ArtifactError, SpecError
from polyproof.model.disclosures import Disclosures
from polyproof.publication.declared import declared_facts, not_declared, own_issued_sentence
from polyproof.registry import Registry
from polyproof.settings.spec import Spec, load_spec

DECLARED = """\
disclosures:
  entity: {name: Example Exchange Ltd, jurisdiction: Malta, registration: "C 88392, Malta", lei: 529900T8BM49AURSDO55}
  in_scope: [spot accounts, earn]
  out_of_scope: []
  cut_off: Deposits count once they are credited; withdrawals, until they are broadcast.
  custodians:
    - {name: Example Trust, jurisdiction: Zug, assets: [BTC]}
  encumbered:
    - {asset: USDT, amount: "12.5", reason: pledged to Example Bank for a credit line}
    - {asset: USDT, amount: 7, reason: frozen by a court}
  own_issued:
    - {asset: USDT, note: "issued by a subsidiary"}
  affiliates:
    - {name: Example Lending Ltd, relation: a subsidiary that lends, accounts: included}
  statement:
    by: A. Example, director
    date: 2025-12-01
    text:
      - We have prepared this audit from our own books.
      - Nothing is left out that we know of.
"""


def written(tmp_path: Path, registry: Registry, declared: str) -> Spec:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    (tmp_path / "spec.yaml").write_text(SPEC + declared)
    return load_spec(tmp_path / "spec.yaml", registry)


def problems(tmp_path: Path, registry: Registry, declared: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        written(tmp_path, registry, declared)
    return [str(problem) for problem in caught.value.problems]


FIRST = SPEC.count("\n") + 1


@pytest.mark.parametrize(
    ("declared", "line", "says"),
    [
        ("disclosures: {}", 0, "disclosures declare nothing"),
        ("disclosures: {own_issued: [{asset: OKB}]}", 0, "OKB is no asset of the audit"),
        ("disclosures:\n  own_issued:\n    - asset: xbt", 2, "allowed: BTC, USDT"),
        (
            "disclosures:\n  encumbered:\n    - {asset: BTC, amount: 0.000000001, reason: lent}",
            2,
            "9 decimals, and BTC 8",
        ),
        ("disclosures:\n  encumbered:\n    - {asset: BTC, amount: 1e3, reason: lent}", 2, "expected an exact decimal"),
        ("disclosures:\n  encumbered:\n    - {asset: BTC}", 2, "the key 'reason' is missing"),
        ("disclosures:\n  custodians: [{name: A, assets: [SOL]}]", 1, "SOL is no asset of the audit"),
        ("disclosures:\n  custodian: []", 1, "did you mean 'custodians'"),
        ("disclosures:\n  entity:\n    name: A\n    lei: 529900T8BM49AURSDO56", 3, "is no LEI"),
        ('disclosures:\n  exceptions:\n    - fine\n    - "\\e[2J"', 3, "cannot be shown"),
        ("disclosures:\n  statement: {by: A, text: [x], date: 2025-02-30}", 1, "is in no calendar"),
        ("disclosures:\n  statement: {by: A, text: []}", 1, "expected 1 to 40"),
        ("disclosures:\n  affiliates: [{name: A, relation: owner, accounts: some}]", 1, "included"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(
    tmp_path: Path, registry: Registry, declared: str, line: int, says: str
) -> None:
    found = problems(tmp_path, registry, declared + "\n")
    assert len(found) == 1
    assert f"spec.yaml:{FIRST + line}:" in found[0]
    assert says in found[0]


def test_an_empty_list_declares_that_there_are_none_and_a_missing_one_declares_nothing(
    tmp_path: Path, registry: Registry
) -> None:
    declared = written(tmp_path, registry, "disclosures: {out_of_scope: [], exceptions: []}\n").disclosures
    assert declared is not None
    assert declared_facts(declared) == (
        ("Products out of scope", ("None, as it declares.",)),
        ("Exceptions", ("None, as it declares.",)),
    )
    assert not_declared(declared) == (
        "It declares nothing about: legal entity, products in scope, cut-off, custodians, encumbered assets, assets of "
        "its own issue, affiliates or statement by the management."
    )


def test_what_is_declared_is_said_in_the_order_in_which_auditors_ask(tmp_path: Path, registry: Registry) -> None:
    declared = written(tmp_path, registry, DECLARED).disclosures
    assert declared is not None
    assert dict(declared_facts(declared)) == {
        "Legal entity": ("Example Exchange Ltd; Malta; C 88392, Malta; LEI 529900T8BM49AURSDO55",),
        "Products in scope": ("spot accounts", "earn"),
        "Products out of scope": ("None, as it declares.",),
        "Cut-off": ("Deposits count once they are credited; withdrawals, until they are broadcast.",),
        "Custodians": ("Example Trust (Zug): BTC",),
        "Encumbered assets": (
            "12.5 USDT: pledged to Example Bank for a credit line",
            "7 USDT: frozen by a court",
        ),
        "Assets of its own issue": ("USDT: issued by a subsidiary",),
        "Affiliates": ("Example Lending Ltd: a subsidiary that lends; its accounts are among those audited",),
        "Statement by the management": (
            "By A. Example, director, 2025-12-01:",
            "We have prepared this audit from our own books.",
            "Nothing is left out that we know of.",
        ),
    }
    assert not_declared(declared) == "It declares nothing about: exceptions."
    assert declared.encumbered_of("USDT") == 19.5
    assert declared.encumbered_of("BTC") is None
    assert own_issued_sentence(declared, ["BTC"]) == own_issued_sentence(None, ["BTC"]) == ""
    assert own_issued_sentence(declared, ["BTC", "USDT"]).startswith("It declares that it issues USDT itself: ")


def test_disclosures_stand_in_plan_and_manifest_and_decide_whether_a_rerun_is_the_same_work(
    tmp_path: Path, registry: Registry
) -> None:
    spec = written(tmp_path, registry, DECLARED)
    audit.plan(spec, tmp_path / "work", policy=WITH_TALLY, registry=registry)
    header = json.loads((tmp_path / "work/plan.json").read_bytes())["header"]
    assert header["disclosures"]["encumbered"][1] == {"asset": "USDT", "amount": "7", "reason": "frozen by a court"}
    assert "exceptions" not in header["disclosures"]
    assert audit.plan(spec, tmp_path / "work", policy=WITH_TALLY, registry=registry).kept
    for other in (None, Disclosures(exceptions=())):
        with pytest.raises(ArtifactError, match="on different inputs"):
            audit.plan(evolve(spec, disclosures=other), tmp_path / "work", policy=WITH_TALLY, registry=registry)
    proved = audit.prove(spec, tmp_path / "audit", policy=WITH_TALLY, registry=registry)
    assert proved.manifest.disclosures == spec.disclosures
    verified = audit.verify(tmp_path / "audit", policy=WITH_TALLY, registry=registry)
    assert verified.audit.manifest.disclosures == spec.disclosures


def test_verify_shows_what_is_declared_apart_from_what_is_verified(tmp_path: Path, command: Command) -> None:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    backend = "{name: merkle-sum, hash: sha256}"
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC.replace("{name: tally, capacity: 2}", backend) + DECLARED)
    accepting = ("--policy", "merkle-sum")
    assert command("prove", spec, "--out", tmp_path / "audit", *accepting).status == 0
    shown = command("verify", tmp_path / "audit", *accepting)
    assert shown.status == 0
    before, title, after = shown.out.partition("Declared by the organisation; nothing here is proven:")
    assert title
    assert "VERIFIED" in before
    assert "Example Bank" not in before
    assert "pledged to Example Bank" in after
    assert "Products in scope: spot accounts; earn" in after
    assert "It declares nothing about: exceptions." in after
    told = command("verify", tmp_path / "audit", *accepting, "--json").result
    assert told["disclosures"]["out_of_scope"] == []
    assert told["disclosures"]["exceptions"] is None
    assert told["disclosures"]["statement"]["by"] == "A. Example, director"
