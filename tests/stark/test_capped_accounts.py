"""A rule about accounts of a stranger's constraint system: said, bound, allowed and refused like everything else."""

from __future__ import annotations

import json
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polyproof_capped
import pytest
from attrs import evolve, frozen
from polyproof_capped import Cap, CappedAccounts, Caps

from audit.forged import edit_record, refit
from doubles.fixtures import Command
from polyproof import liabilities
from polyproof import registry as registry_module
from polyproof.backend import Claim
from polyproof.constraints import ConstraintsChoice, PlacedAccounts, Trace
from polyproof.errors import AccountsError, InputError, OptionsError, PolicyRejected, ProofRejected, SpecError
from polyproof.formats.strict_json import canonical_line
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.registry import Registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import create_backend, load_spec, spec_from_public
from stark.cheats import Forging, Truncating, Unranged
from stark.exchange import Exchange

SPEC = """\
polyproof: 1
name: small
snapshot: 2025-11-30T00:00:00Z
assets:
  - {symbol: BTC, decimals: 8}
  - {symbol: EUR, decimals: 2}
backend:
  name: stark
  hash: blake3
  segment_rows: 1024
  limb_bits: 8
  constraints: CHOSEN
  extension: 3
accounts: {path: accounts.csv}
"""
CHOSEN = """{name: capped-accounts, caps: [{asset: BTC, most: "1.5"}]}"""
ACCOUNTS = "account,BTC,EUR\nalice,0.25,7000\nbob,1.5,0\n"
SAID = "by constraint system capped-accounts: no balance of BTC is above 1.5 BTC"


@pytest.fixture(scope="module")
def registry() -> Registry:
    registry = Registry()
    registry.discover()
    registry.register(polyproof_capped, "capped", "1.0", "tests")
    return registry


def written(folder: Path, chosen: str = CHOSEN, accounts: str = ACCOUNTS) -> Path:
    (folder / "spec.yaml").write_text(SPEC.replace("CHOSEN", chosen))
    (folder / "accounts.csv").write_text(accounts)
    (folder / "policy.yaml").write_text("polyproof-policy: 2\nconstraints: [capped-accounts]\n")
    return folder / "spec.yaml"


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    folder = tmp_path_factory.mktemp("capped")
    spec = load_spec(written(folder), registry)
    liabilities.prove(spec, folder / "audit", policy=UNRESTRICTED, registry=registry)
    liabilities.cut_inclusion(folder / "audit", "alice", out=folder / "alice.polyproof", registry=registry)
    return folder


# What is said


def test_everybody_is_told_of_the_cap_where_the_policy_allows_its_system(
    proved: Path, registry: Registry, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "_default", registry)
    policy = ("--policy", proved / "policy.yaml")
    typed = ("--user", "alice", "--balance", "BTC=0.25", "--balance", "EUR=7000")
    for arguments in (
        ("verify", proved / "audit", *policy),
        ("verify-inclusion", proved / "alice.polyproof", "--audit", proved / "audit", *typed, *policy),
        ("explain", proved / "audit"),
        ("explain", proved / "spec.yaml"),
    ):
        for more in ((), ("--json",)):
            ended = command(*arguments, *more)
            assert ended.status == 0, ended.err
            said = " ".join(ended.out.replace("│", " ").split())
            assert SAID in said or SAID.replace("by", "By", 1) in said, said
            assert "egative" in said, "what accounts states, this system states as well"
    for arguments in (("verify", proved / "audit"), ("explain", proved / "audit")):
        told = command(*arguments, *(policy if arguments[0] == "verify" else ()), "--json").result
        assert told["components" if arguments[0] == "verify" else "backend"]
    refused = command("verify", proved / "audit")
    assert refused.status == 1
    assert "constraints 'capped-accounts' is not one that the policy allows" in " ".join(refused.err.split())
    assert SAID not in " ".join((refused.out + refused.err).split())
    site = command("report", proved / "audit/public", "--out", proved / "site", *policy)
    assert site.status == 0, site.err
    assert SAID in (proved / "site/report.json").read_text()


def test_what_is_published_names_the_system_and_its_options(proved: Path) -> None:
    manifest = json.loads((proved / "audit/public/manifest.json").read_bytes())
    caps = [{"asset": "BTC", "most": "1.5"}]
    assert manifest["spec"]["backend"]["constraints"] == {"name": "capped-accounts", "caps": caps}


def test_a_system_without_options_is_published_by_its_name(registry: Registry, tmp_path: Path) -> None:
    """So that audits of the built-in one have the manifest that they always had."""
    for chosen in ("accounts", "{name: accounts}"):
        spec = load_spec(written(tmp_path, chosen), registry)
        assert spec.public()["backend"]["constraints"] == "accounts"
        assert spec_from_public(spec.public(), registry) == evolve_public(spec)
    altered = json.loads(json.dumps(spec.public()))
    altered["backend"]["constraints"] = {"name": "accounts"}
    with pytest.raises(ProofRejected, match="not in canonical form"):
        spec_from_public(altered, registry)


def evolve_public(spec: Any) -> Any:
    """The published part of a spec."""
    from polyproof.settings.spec import PublicSpec

    return PublicSpec(assets=spec.assets, rule=spec.rule, backend=spec.backend)


# What a spec may say


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ("capped-accounts", "12:16: the key 'caps' is missing"),
        ("{name: capped-accounts, caps: []}", "12:46: caps has 0 items (expected 1 to 4096)"),
        ("{name: capped-accounts, caps: [{asset: BTC, most: -1}]}", "12:66: most is '-1' (expected a decimal number"),
        ("{name: capped-accounts, cap: 5}", "12:40: unknown key 'cap' (did you mean 'caps'?"),
        ("{name: capped-account}", "12:23: no constraints is named 'capped-account' (did you mean 'capped-accounts'?"),
        ("{caps: []}", "12:16: the key 'name' is missing"),
        ("[accounts]", "12:16: constraints is a list"),
        ("5", "12:16: no constraints is named '5'"),
        ("{name: accounts, caps: []}", "12:33: unknown key 'caps'"),
        ("{name: fibonacci}", "constraint system 'fibonacci' is not one of accounts"),
        ("{name: capped-accounts, caps: [{asset: DOGE, most: 5}]}", "a cap is for DOGE, which is no asset of the spec"),
        ("{name: capped-accounts, caps: [{asset: EUR, most: 0.001}]}", "finer than its 2 decimals"),
        ("{name: capped-accounts, caps: [{asset: EUR, most: 184467440737095517}]}", "it would say nothing"),
    ],
)
def test_options_that_do_not_fit_are_refused_at_their_place(
    registry: Registry, tmp_path: Path, chosen: str, words: str
) -> None:
    with pytest.raises(SpecError) as raised:
        load_spec(written(tmp_path, chosen), registry)
    assert words in str(raised.value)
    assert "spec.yaml" in str(raised.value)


def test_options_of_another_system_are_refused(registry: Registry) -> None:
    from polyproof_stark.backend import StarkBackend
    from polyproof_stark.options import StarkOptions

    wrong = StarkOptions(constraints=ConstraintsChoice("capped-accounts"), segment_rows=1024)
    backend = StarkBackend(wrong, registry)
    with pytest.raises(
        OptionsError, match="options of constraint system 'capped-accounts' are NoOptions, expected Caps"
    ):
        backend.check((Asset("BTC", 8),))
    with pytest.raises(OptionsError, match="expected Caps"):
        _ = backend.properties


def test_accounts_above_the_cap_are_named_before_anything_is_proved(
    registry: Registry, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "_default", registry)
    many = "".join(f"user-{number},{number},0\n" for number in range(100))
    written(tmp_path, accounts="account,BTC,EUR\n" + many)
    for arguments in (
        ("check", tmp_path / "spec.yaml", "--policy", tmp_path / "policy.yaml"),
        ("prove", tmp_path / "spec.yaml", "--out", tmp_path / "audit", "--policy", tmp_path / "policy.yaml"),
    ):
        ended = command(*arguments)
        assert ended.status == 2
        assert "account 'user-2': 2 BTC is above the cap of 1.5; 97 more like it" in " ".join(ended.err.split())
    assert not (tmp_path / "audit/public").exists()
    with pytest.raises(AccountsError) as raised:
        liabilities.check(load_spec(tmp_path / "spec.yaml", registry), policy=UNRESTRICTED, registry=registry)
    assert [problem.code for problem in raised.value.problems] == ["account-refused"]
    assert raised.value.problems[0].count == 98


# An exchange that publishes another cap than it proved


@pytest.mark.parametrize(
    ("stated", "check"),
    [
        ({"name": "capped-accounts", "caps": [{"asset": "BTC", "most": "1"}]}, "constraint-identity"),
        ({"name": "capped-accounts", "caps": [{"asset": "BTC", "most": "1.49999999"}]}, "constraint-identity"),
        ({"name": "capped-accounts", "caps": [{"asset": "BTC", "most": "1.50"}]}, "constraint-identity"),
        ({"name": "capped-accounts", "caps": [{"asset": "BTC", "most": "2"}]}, "constraint-identity"),
        ({"name": "capped-accounts", "caps": [{"asset": "EUR", "most": "9000"}]}, "constraint-identity"),
        ("accounts", "range"),
        (
            {"name": "capped-accounts", "caps": [{"asset": "BTC", "most": "1.5"}, {"asset": "EUR", "most": "1"}]},
            "range",
        ),
        ({"name": "capped-accounts", "caps": []}, "public-spec"),
        ({"name": "capped-accounts", "caps": [{"asset": "BTC", "most": "99999999999999999999"}]}, "public-spec"),
        ({"name": "capped-accounts", "caps": [{"asset": "BTC", "most": "1.5, says polyproof"}]}, "public-spec"),
        ({"name": "capped-accounts", "caps": [{"asset": "BTC", "most": "1.5"}], "sure": True}, "public-spec"),
        ({"name": "capped-accounts"}, "public-spec"),
        ("capped-accounts", "public-spec"),
        (["capped-accounts"], "public-spec"),
        (None, "public-spec"),
    ],
    ids=str,
)
def test_another_cap_in_the_manifest_is_rejected(
    proved: Path, registry: Registry, tmp_path: Path, stated: Any, check: str
) -> None:
    """Its proof is of the cap that it was made with, and of the very words."""
    public = tmp_path / "public"
    shutil.copytree(proved / "audit/public", public)
    manifest = json.loads((public / "manifest.json").read_bytes())
    manifest["spec"]["backend"]["constraints"] = stated
    if check != "public-spec":
        manifest["spec_digest"] = spec_from_public(manifest["spec"], registry).digest.hex()
    (public / "manifest.json").write_bytes(canonical_line(manifest))
    refit(public)
    edit_record(public, audit_id=manifest["audit_id"], previous=manifest["previous"])
    with pytest.raises(ProofRejected) as refused:
        liabilities.verify(public, policy=UNRESTRICTED, registry=registry)
    assert refused.value.check == check


def test_a_policy_finds_the_system_within_the_options(proved: Path, registry: Registry) -> None:
    with pytest.raises(PolicyRejected, match="policy-constraints"):
        liabilities.open_audit(
            proved / "audit", policy=evolve(UNRESTRICTED, constraints=("accounts",)), registry=registry
        )


def test_a_user_who_types_more_than_the_cap_is_told_that_no_row_has_it(proved: Path, registry: Registry) -> None:
    with pytest.raises(ProofRejected, match="above the cap") as refused:
        liabilities.verify_inclusion(
            proved / "alice.polyproof",
            proved / "audit",
            lambda audit: Claim("alice", (160_000_000, 700_000)),
            policy=UNRESTRICTED,
            registry=registry,
        )
    assert refused.value.check == "balance-cap"


# Provers that cheat

SMALL = (Asset("BTC", 3, 24), Asset("EUR", 2, 16))
CAP = 50_000
USERS = (("alice", (CAP, 5)), ("bob", (CAP - 1, 7)), ("carol", (3, 65535)))
HELD = Accounts.of(SMALL, USERS)


@frozen(slots=False)
class Capped(Exchange):
    """One segment under a cap of 50 BTC."""

    accounts: Accounts = HELD

    @cached_property
    def system(self) -> Any:
        return CappedAccounts(
            SMALL,
            active=self.parameters.active,
            modulus=self.field().modulus,
            limb_bits=8,
            options=Caps((Cap("BTC", "50"),)),
        )

    def forged(self, balance: int) -> Trace:
        """The trace in which bob has another balance, as close to an honest one as there is."""
        honest = self.trace.columns.astype(np.uint64)
        names, row = list(self.system.columns), int(self.rows[1])
        missing, carry, p = (CAP - balance) % (1 << 24), 0, self.field().modulus
        for k in range(3):
            held, below = balance >> 8 * k & 255, missing >> 8 * k & 255
            honest[row, names.index(f"BTC.limb{k}")] = held
            honest[row, names.index(f"BTC.below{k}")] = below
            carry = (held + below + carry) >> 8
            if k < 2:
                honest[row, names.index(f"BTC.carry{k + 1}")] = carry % p
        assert (carry == 1) == (balance > CAP)
        return Trace(honest, self.trace.publics)


CAPPED = Capped()


def test_the_honest_segment_verifies_and_its_users_check() -> None:
    result = CAPPED.prove()
    accepted = CAPPED.verify(result.proof)
    for position, (user, balances) in enumerate(USERS):
        CAPPED.check(accepted, CAPPED.cut(result, position), user, balances)
        with pytest.raises(ProofRejected):
            CAPPED.check(accepted, CAPPED.cut(result, position), user, (balances[0] - 1, balances[1]))


@pytest.mark.parametrize("prover", [Truncating, Forging])
@pytest.mark.parametrize("balance", [CAP + 1, 2 * CAP, (1 << 24) - 1])
def test_a_balance_above_the_cap_is_proved_by_nobody(prover: type[Any], balance: int) -> None:
    """Its sum is right, and every value is in range: only the cap is broken."""
    totals = (CAPPED.accounts.totals()[0] + balance - (CAP - 1), CAPPED.accounts.totals()[1])
    trace = CAPPED.forged(balance)
    trace = Trace(trace.columns, CAPPED.system.publics_of_totals(totals))
    with pytest.raises(InputError, match="'BTC: limb 2 adds up to the cap' does not hold on row"):
        CAPPED.prove(trace=trace, totals=totals)
    with pytest.raises(ProofRejected):
        CAPPED.verify(CAPPED.prove(prover, trace=trace, totals=totals).proof, totals)


@pytest.mark.parametrize("prover", [Truncating, Forging])
@pytest.mark.parametrize(
    ("column", "lie"),
    [("BTC.limb0", -1), ("BTC.limb2", 256), ("BTC.below1", -1), ("BTC.carry1", 2), ("EUR.limb0", -6)],
)
def test_what_the_system_of_accounts_excludes_stays_excluded(prover: type[Any], column: str, lie: int) -> None:
    """Limbs out of range, a carry that is none, and a debt."""
    columns = CAPPED.trace.columns.astype(np.uint64)
    at = int(CAPPED.rows[1]), list(CAPPED.system.columns).index(column)
    columns[at] = lie % CAPPED.field().modulus if lie < 0 else lie
    cheating = type("Cheating", (Unranged, prover), {})
    with pytest.raises(ProofRejected):
        CAPPED.verify(CAPPED.prove(cheating, trace=Trace(columns, CAPPED.trace.publics)).proof)


def test_other_totals_are_rejected() -> None:
    proof = CAPPED.prove().proof
    first, second = CAPPED.accounts.totals()
    for totals in ((first - 1, second), (first, second + 1), (second, first)):
        with pytest.raises(ProofRejected):
            CAPPED.verify(proof.write(CAPPED.instance(), CAPPED.hash()), totals)


def test_the_witness_of_accounts_above_the_cap_is_no_trace() -> None:
    above = Accounts.of(SMALL, [("mallory", (CAP + 1, 0))])
    with pytest.raises(InputError, match="a balance of BTC is above its cap"):
        CAPPED.system.trace(PlacedAccounts(above, np.zeros(1, np.int64)), CAPPED.parameters.active)


def test_backends_of_a_spec_are_made_with_the_options(registry: Registry, tmp_path: Path) -> None:
    spec = load_spec(written(tmp_path), registry)
    assert spec.backend.options.constraints == ConstraintsChoice("capped-accounts", Caps((Cap("BTC", "1.5"),)))
    assert create_backend(spec, registry).properties.proves[0] == SAID
