"""``polyproof explain`` of a STARK: what is public, what is hidden, what remains to be trusted, and every term."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from rich.console import Console as RichConsole

from audit.forged import refit
from doubles.fixtures import Command
from polyproof import liabilities as audit
from polyproof.cli.security_view import security_payload, show_security
from polyproof.errors import ProofRejected
from polyproof.registry import default_registry
from polyproof.security import SecurityReport, bits_text
from polyproof.settings.spec import create_backend, load_spec

SPEC = """\
polyproof: 1
name: small
assets:
  - {symbol: BTC, decimals: 8}
  - {symbol: ETH, decimals: 18, bits: 96}
backend:
  name: stark
  hash: blake3
  limb_bits: 8
  segment_rows: 1024
accounts: {path: accounts.csv}
snapshot: 2025-11-30T00:00:00Z
"""
ACCOUNTS = "account,BTC,ETH\nalice,0.25,100\nbob,0,12.5\ncarol,3,0.000000000000000001\n"

Explain = Callable[..., str]


@pytest.fixture
def explain(command: Command) -> Explain:
    """Run the command; its stdout."""

    def call(*arguments: object) -> str:
        ended = command("explain", *arguments)
        assert ended.status == 0, ended.err
        return ended.out

    return call


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small audit, proved once."""
    base = tmp_path_factory.mktemp("proved")
    (base / "spec.yaml").write_text(SPEC)
    (base / "accounts.csv").write_text(ACCOUNTS)
    audit.prove(load_spec(base / "spec.yaml", default_registry()), base / "audit", audit_id="small-1")
    return base / "audit"


def security_of(path: Path) -> Any:
    loaded = load_spec(path, default_registry())
    return create_backend(loaded, default_registry()).security(loaded.assets)


def test_explanation_says_what_is_proven_hidden_shown_and_left_to_trust(explain: Explain, spec: Path) -> None:
    told = explain(spec)
    for words in (
        "It proves",
        "exact integer sum of the balances of all accounts",
        "It hides",
        "users who pool what they were given learn no more than the published totals less their own balances",
        "which is the balance of the last one if all others pool",
        "It shows others",
        "the totals of each segment and asset",
        "What a dishonest exchange could still do",
        "if it does not, and one user in a hundred checks, ten accounts go unnoticed",
        "own less than it owes",
        "not to be relied upon",
        "not chance",
    ):
        assert words in " ".join(told.split()), words


def test_every_term_is_shown_with_bits_formula_and_source(explain: Explain, spec: Path) -> None:
    told = " ".join(explain(spec).split())
    security = security_of(spec)
    for name, figure in security.given.items():
        assert f"{name.label}: {bits_text(figure.bits)} bits, decided by {figure.decides.name}" in told
        for term in figure.terms:
            for words in (f"{bits_text(term.bits)} {term.name}", term.formula, term.source):
                assert " ".join(words.split()) in told, words
    for account in (security.soundness, *security.soundness.alternatives):
        assert account.bound in told
        assert f"{bits_text(account.bits)}*" in told


@pytest.mark.parametrize(
    ("backend", "totals"),
    [
        ("stark", "of each asset; the exact sums of all accounts in the proof"),
        ("merkle-sum", "of each asset; not proven: at least the balances of all users who check, together"),
        ("grand-sum", "of each asset; not proven with the INSECURE set-up; with another"),
    ],
)
def test_what_is_said_of_totals_is_what_the_backend_shows(
    explain: Explain, spec: Path, backend: str, totals: str
) -> None:
    text = re.sub(r"(?s)backend:.*?accounts:", f"backend: {backend}\naccounts:", SPEC)
    spec.write_text(text)
    shown = " ".join(explain(spec).split())
    assert f"totals {totals}" in shown
    assert ("It proves • nothing with this set-up" in shown) is (backend == "grand-sum")


def test_both_kinds_of_segments_are_explained_with_all_that_either_assumes(
    explain: Explain, spec: Path, tmp_path: Path
) -> None:
    (tmp_path / "prices.csv").write_text(
        "asset,price,currency,source,time\nBTC,90000,USD,Kraken,2025-11-30T00:00:00Z\n"
        "ETH,3000,USD,Kraken,2025-11-30T00:00:00Z\n"
    )
    lending = """\
margin_backend: {name: stark, hash: sha256, constraints: margin-accounts}
rule: net-equity
prices: prices.csv
net_equity:
  collateral: [{asset: BTC, category: loan, slices: [{ratio: "0.5"}]}]
  own_issued: []
"""
    spec.write_text(SPEC.replace("  limb_bits: 8\n  segment_rows: 1024\n", "") + lending)
    shown = " ".join(explain(spec).split())
    assert "segments of accounts with debts: stark (profile standard, field goldilocks, hash sha256" in shown
    assert "assumed: blake3 is collision resistant; sha256 is collision resistant; " in shown


def test_grinding_is_said_to_be_a_part_of_the_bits_that_it_is_a_part_of(spec: Path) -> None:
    def shown(security: SecurityReport) -> str:
        out = io.StringIO()
        show_security(RichConsole(file=out, width=200, markup=False, highlight=False), security)
        return out.getvalue()

    security = security_of(spec)
    assert security.soundness.decides.name == "queries and grinding"
    assert " 16 bits are grinding: " in shown(security)
    columns = [
        evolve(term, bits=1.0) if term.name == "batching of columns" else term for term in security.soundness.terms
    ]
    other = evolve(security, soundness=evolve(security.soundness, terms=tuple(columns)))
    assert " 16 bits of queries and grinding are grinding: " in shown(other)
    assert " 16 bits are grinding: " not in shown(other)


@pytest.mark.parametrize(("bits", "words"), [(1, "1 bit is grinding:"), (2, "2 bits are grinding:")])
def test_the_bits_of_work_are_told_apart_from_chance(explain: Explain, spec: Path, bits: int, words: str) -> None:
    spec.write_text(SPEC.replace("limb_bits: 8", f"limb_bits: 8\n  queries: 40\n  grinding: {bits}"))
    assert words in explain(spec)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_security_report_is_readable_at_any_usual_width(spec: Path, width: int) -> None:
    out = io.StringIO()
    show_security(RichConsole(file=out, width=width, markup=False, highlight=False), security_of(spec))
    lines = out.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    # A term's bits by both bounds stand on one line with its round and its name.
    assert any(line.split() == ["γ", "batching", "of", "columns", *line.split()[-2:]] for line in lines)


def test_json_has_the_whole_security_report(explain: Explain, spec: Path) -> None:
    told = json.loads(explain(spec, "--json"))["result"]
    assert told["verified"] is False
    security = told["security"]
    assert list(security["figures"]) == ["binding", "soundness", "soundness_2025", "inclusion", "inclusion_2025"]
    sound = security["figures"]["soundness"]
    assert sound["bits"] == min(term["bits"] for term in sound["terms"])
    assert sound["bound"].startswith("Johnson radius")
    assert [account["bound"] for account in sound["alternatives"]] == ["unique decoding"]
    assert sound["grinding_bits"] == 16
    assert security["conjectured_soundness_bits"] >= sound["bits"]
    rounds = [term["round"] for term in sound["terms"]]
    # 1024 rows fold by 8 and by 4 to the 32 coefficients that are sent.
    assert rounds == ["α, λ", "η", "z", "γ", "δ", "c_0 … c_1", "queries", ""]
    assert security["figures"]["inclusion"]["bound"] == "unique decoding"
    assert security["figures"]["inclusion_2025"]["bound"].startswith("Johnson radius")
    assert security["assumptions"]["trusted_setup"] == ""
    assert security == json.loads(json.dumps(security_payload(security_of(spec))))
    assert told["properties"]["zero_knowledge"] is True
    assert told["properties"]["remaining_trust"]


def test_audit_is_explained_and_not_verified(explain: Explain, proved: Path, tmp_path: Path) -> None:
    told = explain(proved)
    assert "Nothing has been verified: polyproof verify" in told
    assert json.loads(explain(proved, "--json"))["result"]["verified"] is False
    # A proof that does not verify is explained: only its size is read, and that it is the one in the manifest.
    manifest = audit.open_audit(proved).manifest
    shutil.copytree(proved / "public", tmp_path / "public")
    path = tmp_path / "public" / "proof-0000.bin"
    changed = path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1])
    path.write_bytes(changed)
    (segment,) = manifest.segments
    manifest = evolve(manifest, segments=(evolve(segment, sha256=sha256(changed).digest()),))
    (tmp_path / "public" / "manifest.json").write_bytes(manifest.to_bytes())
    refit(tmp_path / "public")
    with pytest.raises(ProofRejected):
        audit.verify(tmp_path)
    assert explain(tmp_path, "--json") == explain(proved, "--json")


def test_audit_has_the_bits_of_its_own_proofs_and_not_of_the_longest_that_its_options_allow(
    explain: Explain, tmp_path: Path
) -> None:
    text = SPEC.replace("limb_bits: 8", "limb_bits: 9").replace("1024", "131072")
    (tmp_path / "spec.yaml").write_text(text)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    audit.prove(load_spec(tmp_path / "spec.yaml", default_registry()), tmp_path / "audit")
    verified = security_payload(audit.verify(tmp_path / "audit").security)
    told = json.loads(explain(tmp_path / "audit", "--json"))["result"]["security"]
    assert told == json.loads(json.dumps(verified))
    assert "2^10 rows" in told["notes"][0]


def test_without_its_proofs_an_audit_has_no_bits(command: Command, proved: Path, tmp_path: Path) -> None:
    shutil.copytree(proved / "public", tmp_path / "public")
    (tmp_path / "public" / "proof-0000.bin").unlink()
    ended = command("explain", tmp_path)
    assert ended.status == 1
    assert "[proof-missing]" in ended.err


def test_number_of_accounts_is_no_option_for_an_audit(command: Command, proved: Path) -> None:
    ended = command("explain", proved, "--accounts", 5)
    assert ended.status == 2
    assert "--accounts is for a spec" in ended.err


def test_fewer_accounts_have_more_bits(explain: Explain, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC.replace("limb_bits: 8", "limb_bits: 9").replace("1024", "131072"))
    few, many, most = (
        json.loads(explain(spec, "--json", *more))["result"]["security"]
        for more in (("--accounts", 100), ("--accounts", 100_000), ())
    )
    bits = [one["figures"]["soundness"]["bits"] for one in (few, many, most)]
    assert bits[0] > bits[1] == bits[2]
    assert "2^10 rows" in few["notes"][0]
    assert "2^17 rows" in most["notes"][0]


def test_explanation_of_a_spec_needs_no_snapshot(explain: Explain, spec: Path) -> None:
    assert not (spec.parent / "accounts.csv").exists()
    assert "Nothing has been verified" not in explain(spec)
