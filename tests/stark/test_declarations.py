"""A constraint system decides what is proven: verifiers are told which it was, and no more than it declares."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from attrs import evolve

from doubles.fixtures import Command
from polyproof import liabilities
from polyproof import registry as registry_module
from polyproof.config.options import NoOptions
from polyproof.constraints import Established, LiabilitiesSystem
from polyproof.errors import PluginFault, PolicyRejected
from polyproof.liabilities import PublishedAudit
from polyproof.registry import Registry, default_registry
from polyproof.settings.policy import UNRESTRICTED, Policy
from polyproof.settings.spec import create_backend, load_spec
from polyproof.toolkit.system_answers import established_by
from polyproof_accounts.system import AccountsSystem
from stark import unranged_plugin
from stark.unranged_plugin import Unranged

SPEC = """\
polyproof: 1
name: small
snapshot: 2025-11-30T00:00:00Z
assets:
  - {symbol: BTC, decimals: 8}
backend: {name: stark, hash: blake3, limb_bits: 8, segment_rows: 1024, constraints: unranged}
accounts: {path: accounts.csv}
"""
ACCOUNTS = "account,BTC\nalice,0.25\nbob,1\n"
CLAIMS = ("No balance", "no balance in it is negative", "every account in the proof", "whether its user checks or not")
"""What verifiers were told of such an audit, with 104 proven bits."""


@pytest.fixture(scope="module")
def registry() -> Registry:
    registry = Registry()
    registry.discover()
    registry.register(unranged_plugin, "unranged", "1.0", "tests")
    return registry


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    folder = tmp_path_factory.mktemp("unranged")
    (folder / "spec.yaml").write_text(SPEC)
    (folder / "accounts.csv").write_text(ACCOUNTS)
    spec = load_spec(folder / "spec.yaml", registry)
    liabilities.prove(spec, folder / "audit", policy=UNRESTRICTED, registry=registry)
    liabilities.cut_inclusion(folder / "audit", "alice", out=folder / "alice.polyproof", registry=registry)
    (folder / "policy.yaml").write_text("polyproof-policy: 2\nconstraints: [accounts, unranged]\n")
    return folder


def test_default_policy_refuses_a_strangers_system(proved: Path, registry: Registry) -> None:
    with pytest.raises(PolicyRejected, match="constraints 'unranged' is not one that the policy allows: accounts"):
        liabilities.verify(proved / "audit", registry=registry)
    assert Policy().constraints == ("accounts", "margin-accounts")


def test_where_a_policy_allows_it_nothing_says_that_no_balance_is_negative(
    proved: Path, registry: Registry, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "_default", registry)
    policy = ("--policy", proved / "policy.yaml")
    typed = ("--user", "alice", "--balance", "BTC=0.25")
    for arguments in (
        ("verify", proved / "audit", *policy),
        ("verify-inclusion", proved / "alice.polyproof", "--audit", proved / "audit", *typed, *policy),
        ("explain", proved / "audit"),
        ("explain", proved / "spec.yaml"),
        ("report", proved / "audit/public", "--out", proved / "site", *policy),
    ):
        for more in ((), ("--json",)):
            ended = command(*arguments, *more)
            assert ended.status == 0, ended.err
            assert not [words for words in CLAIMS if words in " ".join(ended.out.split())]
            if arguments[0] != "report":
                assert "unranged" in ended.out
    verified = command("verify", proved / "audit", *policy)
    assert "non-negativity: not proven" in verified.out
    assert "proved by stark: commitment merkle, constraints unranged, field goldilocks, hash blake3" in " ".join(
        verified.out.split()
    )
    told = command("verify", proved / "audit", *policy, "--json").result
    assert told["non_negativity"] == "not proven"
    assert told["components"]["constraints"] == ["unranged"]
    assert told["components"]["commitment"] == ["merkle"]
    included = command("verify-inclusion", proved / "alice.polyproof", "--audit", proved / "audit", *typed, *policy)
    assert "Not proven: that no balance is negative." in " ".join(included.out.split())
    # The script of the page on which customers check has the sentences for every audit, and says those that it proved.
    script = re.compile("<script.*?</script>", re.DOTALL)
    site = [script.sub("", path.read_text()) for path in (proved / "site").rglob("*") if path.is_file()]
    assert not [words for words in CLAIMS for page in site if words in " ".join(page.split())]
    assert any("It is not shown that no balance is below zero" in page for page in site)
    assert json.loads((proved / "site/report.json").read_text())["security"]["policy"] == "FILE"


def test_no_fact_is_told_twice(command: Command) -> None:
    """That no balance is negative is one of the sentences on what is proven; only where it is not is it told apart."""
    recorded = Path(__file__).parents[1] / "recorded/format-2"
    for arguments in (("verify", recorded / "stark-blake3/public"), ("explain", recorded / "stark-blake3/public")):
        ended = command(*arguments)
        assert ended.status == 0, ended.err
        assert "non-negativity:" not in ended.out
        assert ended.out.count("no balance in it is negative") == 1
    ended = command("verify", recorded / "merkle-sum/public", "--policy", "merkle-sum")
    assert "non-negativity: only along the paths" in " ".join(ended.out.split())


def test_what_a_class_inherits_is_not_declared() -> None:
    assert issubclass(Unranged, AccountsSystem)
    assert established_by(AccountsSystem, NoOptions()) == Established(exact_sums=True, non_negative=True)
    assert established_by(Unranged, NoOptions()) == Established()
    assert established_by(LiabilitiesSystem, NoOptions()) == Established()


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("everything", "establishes is 'everything', expected an Established"),
        (staticmethod(lambda options: None), "establishes is null, expected an Established"),
        (staticmethod(lambda options: options.cap), "failed when asked what it establishes: AttributeError"),
        (staticmethod(sys.exit), "failed when asked what it establishes: SystemExit"),
        (Established(exact_sums=1), "exact_sums of what it establishes is 1, expected a bool"),  # type: ignore[arg-type]
        (Established(further="all is well"), "further of what it establishes is 'all is well', expected a tuple"),  # type: ignore[arg-type]
        (Established(further=("",)), "expected a tuple of at most 64 printable texts"),
        (Established(further=("all is well\r\x1b[2Kverified",)), "expected a tuple of at most 64 printable texts"),
        (Established(further=("x" * 401,)), "of at most 400 characters"),
        (Established(further=("x",) * 65), "at most 64 printable texts"),
    ],
)
def test_a_declaration_that_cannot_be_shown_is_the_systems_fault(declared: object, words: str) -> None:
    system = type("Odd", (AccountsSystem,), {"name": "odd", "establishes": declared})
    with pytest.raises(PluginFault, match="constraints 'odd'") as raised:
        established_by(system, NoOptions())
    assert words in str(raised.value)


@pytest.mark.parametrize("sums", [True, False])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_backend_says_what_its_constraint_system_declares_and_no_more(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch, sums: bool, ranges: bool
) -> None:
    declared = Established(exact_sums=sums, non_negative=ranges, further=("every account is somebody's",))
    monkeypatch.setattr(Unranged, "establishes", declared)
    (tmp_path / "spec.yaml").write_text(SPEC)
    properties = create_backend(load_spec(tmp_path / "spec.yaml", registry), registry).properties
    said = " ".join(properties.proves)
    assert ("exact integer sum" in said) == properties.exact_totals == sums
    assert ("are among those summed" in said) == sums
    assert ("negative" in said) == ranges
    assert properties.non_negativity == ("every account in the proof" if ranges else "not proven")
    assert "by constraint system unranged: every account is somebody's" in said
    left = " ".join(properties.remaining_trust)
    assert ("not the sums" in left) != sums
    assert ("negative balances" in left) != ranges


def test_components_of_an_audit_are_those_of_its_options(proved: Path, registry: Registry) -> None:
    audit: PublishedAudit = liabilities.open_audit(proved / "audit", policy=UNRESTRICTED, registry=registry)
    assert audit.components == {
        "commitment": ("merkle",),
        "constraints": ("unranged",),
        "field": ("goldilocks",),
        "hash": ("blake3",),
    }
    for key, kind in (("commitments", "commitment"), ("constraints", "constraints"), ("fields", "field")):
        with pytest.raises(PolicyRejected, match=f"policy-{kind}"):
            liabilities.open_audit(proved / "audit", policy=evolve(UNRESTRICTED, **{key: ()}), registry=registry)


def test_built_in_system_is_said_to_prove_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.replace(", constraints: unranged", ""))
    spec = load_spec(tmp_path / "spec.yaml", default_registry())
    properties = create_backend(spec, default_registry()).properties
    assert properties.proves == (
        "each asset's total is the exact integer sum of the balances of all accounts in the proof",
        "no balance in it is negative or wraps around, whether its user checks or not",
        "to each user who verifies: their balances are among those summed, under their account id and no other",
    )
    assert properties.non_negativity == "every account in the proof"
