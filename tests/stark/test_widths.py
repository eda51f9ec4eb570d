"""The width of limbs where a spec leaves it open: chosen by the stated cost, published, no verifier's to choose."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.forged import refit
from doubles.fixtures import Command
from polyproof import liabilities as audit
from polyproof.backend import Settled
from polyproof.errors import OptionsError, PluginFault, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.settled import proved_from, settle
from polyproof.settings.spec import load_spec, spec_from_public
from polyproof_stark.backend import StarkBackend
from polyproof_stark.options import StarkOptions
from polyproof_stark.widths import limbs_of, widths

SPEC = """\
polyproof: 1
name: small
assets:
  - {symbol: BTC, decimals: 8}
  - {symbol: ETH, decimals: 18, bits: 96}
backend: {name: stark, hash: blake3}
accounts: {path: accounts.csv}
snapshot: 2025-11-30T00:00:00Z
"""
ACCOUNTS = "account,BTC,ETH\nalice,0.25,100\nbob,0,12.5\ncarol,3,0.000000000000000001\n"
EXCHANGE = tuple(Asset(f"A{k}", 8) for k in range(22))


def backend(**options) -> StarkBackend:
    return StarkBackend(StarkOptions(hash="blake3", **options), default_registry())


def chosen(assets, accounts, **options) -> tuple[int, int]:
    """The width, and the log2 of the rows of the trace that it is for."""
    made = backend(**options)
    settled = made.settle(made.options, assets, accounts).options
    again = StarkBackend(settled, default_registry())
    return settled.limb_bits, again._configuration.least_parameters(assets, accounts).log_rows


def test_a_small_exchange_gets_a_short_trace_and_a_large_one_wide_limbs():
    assert chosen(EXCHANGE, 800) == (13, 10)
    assert chosen(EXCHANGE, 1000) == (13, 11)
    assert chosen(EXCHANGE, 100_000) == (16, 17)
    assert chosen(EXCHANGE, 1_000_000) == (22, 20)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from((1, 20, 48, 64, 96, 128)), min_size=1, max_size=4),
    st.integers(1, 60_000),
    st.sampled_from((2, 4, 8)),
)
def test_no_width_that_fits_is_cheaper_and_no_shorter_trace_holds_the_accounts(bits, accounts, blowup):
    assets = tuple(Asset(f"A{k}", 0, width) for k, width in enumerate(bits))
    width, log_rows = chosen(assets, accounts, blowup=blowup)
    active = 2**log_rows - 182
    costs = {
        item.bits: item.cost
        for item in widths(limbs_of(assets), backend(blowup=blowup)._configuration._candidate(log_rows))
    }
    for other in range(4, 25):
        limbs, tables = sum(-(-bit // other) for bit in bits), -(-(2**other) // active)
        shared = []
        for size in (blowup - 1, blowup):
            degree = (1 + min(size, max(limbs, tables))) * (2**log_rows - 1) - active
            quotient = max(degree, 2 * (2**log_rows - 1) - (active - 1))
            shared.append(-(-limbs // size) - (-tables // size) - (-(quotient + 1) // active))
        cost = blowup * 2**log_rows * (limbs + tables + 3 * min(shared)) + 3 * 2**other
        assert costs.get(other, cost) == cost
        if (cost, other) >= (costs[width], width) and tables > 3:
            continue  # dearer, and at half the length dearer by far
        made = backend(blowup=blowup, limb_bits=other)
        try:
            parameters = made._configuration.least_parameters(assets, accounts)
        except OptionsError:
            continue
        assert parameters.log_rows >= log_rows
        if parameters.log_rows == log_rows:
            assert (costs[width], width) <= (cost, other)


def test_a_width_that_is_given_stays():
    made = backend(limb_bits=11, extension=3)
    assert made.settle(made.options, EXCHANGE, 1000) == Settled(evolve(made.options, segment_rows=1 << 11))
    made = backend(limb_bits=11, extension=3, segment_rows=1 << 14)
    assert made.settle(made.options, EXCHANGE, 1000) == Settled(made.options)


def test_a_width_fits_the_most_rows_that_the_spec_gives():
    """Limbs of 22 bits are cheapest at 2^20 rows, but their carries do not fit 2^23, which the options would allow."""
    assert chosen(EXCHANGE, 1_000_000, segment_rows=1 << 21) == (22, 20)
    assert chosen(EXCHANGE, 1_000_000, segment_rows=1 << 23) == (23, 20)


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit of a spec that leaves the width open."""
    base = tmp_path_factory.mktemp("proved")
    (base / "spec.yaml").write_text(SPEC)
    (base / "accounts.csv").write_text(ACCOUNTS)
    audit.prove(load_spec(base / "spec.yaml"), base / "audit", audit_id="small-1", policy=UNRESTRICTED)
    return base


def test_the_manifest_states_the_width_and_verification_takes_it_from_there(proved: Path, monkeypatch):
    manifest = json.loads((proved / "audit/public/manifest.json").read_bytes())
    assert (manifest["spec"]["backend"]["limb_bits"], manifest["spec"]["backend"]["segment_rows"]) == (11, 1024)
    monkeypatch.setattr("polyproof_stark.configuration.widths", None)
    monkeypatch.setattr(StarkBackend, "settle", None)
    audit.verify(proved / "audit", policy=UNRESTRICTED)


@pytest.mark.parametrize(
    ("options", "same"),
    [
        ("hash: blake3", True),
        ("hash: blake3, limb_bits: 11, segment_rows: 1024", True),
        ("hash: blake3, segment_rows: 1024", True),
        ("hash: blake3, limb_bits: 8, segment_rows: 1024", False),
        ("hash: blake3, segment_rows: 2048", False),
        ("hash: sha256", False),
        ("hash: blake3, queries: 80", False),
    ],
)
def test_an_audit_is_from_a_spec_that_leaves_open_what_it_states_and_from_no_other(
    proved: Path, tmp_path: Path, options: str, same: bool
):
    published = audit.open_audit(proved / "audit", policy=UNRESTRICTED).spec
    (tmp_path / "spec.yaml").write_text(SPEC.replace("hash: blake3", options))
    assert proved_from(load_spec(tmp_path / "spec.yaml"), published, default_registry()) is same


def test_nothing_is_proved_or_verified_with_the_width_open(proved: Path, tmp_path: Path):
    opened = audit.open_audit(proved / "audit", policy=UNRESTRICTED)
    statement, proof = opened.statement(0), opened.proof(0)
    totals = opened.manifest.segments[0].totals
    with pytest.raises(ProofRejected, match="limb_bits is open"):
        backend().verify(statement, totals, proof)
    accounts = Accounts.of(opened.spec.assets, [("alice", (1, 2))])
    with pytest.raises(OptionsError, match="limb_bits is open"):
        backend().prove(statement, accounts, bytes(32), tmp_path, Progress())


def test_a_manifest_that_leaves_the_width_open_is_refused(proved: Path):
    spec = json.loads((proved / "audit/public/manifest.json").read_bytes())["spec"]
    spec_from_public(spec, default_registry())
    for name in ("limb_bits", "segment_rows"):
        lacking = spec | {"backend": spec["backend"] | {name: None}}
        with pytest.raises(ProofRejected, match=f"leaves {name} open") as caught:
            spec_from_public(lacking, default_registry())
        assert caught.value.check == "public-spec"


def test_an_audit_with_another_width_in_its_manifest_does_not_verify(proved: Path, tmp_path: Path):
    """The width is part of the statement: a proof made with one does not pass for another."""
    shutil.copytree(proved / "audit", tmp_path / "audit")
    path = tmp_path / "audit/public/manifest.json"
    value = json.loads(path.read_bytes())
    value["spec"]["backend"]["limb_bits"] = 8
    spec = spec_from_public(value["spec"], default_registry())
    path.write_bytes(
        json.dumps(value | {"spec_digest": spec.digest.hex()}, sort_keys=True, separators=(",", ":")).encode()
    )
    refit(tmp_path / "audit/public")
    with pytest.raises(ProofRejected):
        audit.verify(tmp_path / "audit", policy=UNRESTRICTED)


@pytest.mark.parametrize(
    ("settled", "words"),
    [
        (lambda options: options, "settle returned StarkOptions"),
        (lambda options: Settled(None), "settle returned Settled"),
        (lambda options: Settled(options), "settle leaves extension, limb_bits, segment_rows open"),
        (
            lambda options: Settled(evolve(options, extension=3, limb_bits=9, segment_rows=1024, hash="sha256")),
            "changed options that the spec states",
        ),
    ],
)
def test_a_backend_that_settles_anything_else_is_at_fault(proved: Path, monkeypatch, settled, words):
    monkeypatch.setattr(StarkBackend, "settle", lambda self, options, assets, accounts: settled(options))
    with pytest.raises(PluginFault, match=words):
        settle(load_spec(proved / "spec.yaml"), default_registry(), 3)


def test_explain_prints_the_width_and_what_others_would_cost(proved: Path, command: Command):
    told = " ".join(command("explain", proved / "spec.yaml", "--accounts", "1000").out.split())
    for words in (
        "limb_bits 11",
        "limb_bits is 11: among the widths that fit, the fewest values computed, blowup·rows·(limbs + tables + "
        "extension·(helpers + chunks)) + extension·2^limb_bits = 4·2^11·(15 + 2 + 3·(6 + 4)) + 3·2^11 = 391,168.",
        "3 limbs, or tables, share a helper column. That makes 6 helpers and 4 chunks of the quotient, 10 columns; "
        "with 4 it would be 5 + 5 = 10.",
        "helper columns of s = 3 values and a quotient of 4 chunks.",
        "Limbs of 10 bits: 17 an account, 1 table, 420,864 values.",
        "Limbs of 12 bits: 14 an account, 3 tables, 397,312 values.",
    ):
        assert words in told, words
    payload = command("explain", proved / "spec.yaml", "--accounts", "1000", "--json").result
    assert payload["options"]["limb_bits"] == 11
    assert len(payload["chosen"]) > 2
    assert command("explain", proved / "audit", "--json").result["chosen"] == []


def test_a_width_that_fits_is_not_said_not_to_where_target_bits_changes_what_is_cheapest():
    """Widths are compared with the usual queries; 31 of them have fewer blinding rows and other costs."""
    assets = tuple(Asset(f"A{number}", 0, 64) for number in range(10))
    made = StarkBackend(StarkOptions(target_bits=50, extension=2, segment_rows=1 << 10), default_registry())
    settled = made.settle(made.options, assets, 700)
    wider = evolve(settled.options, limb_bits=13)
    StarkBackend(wider, default_registry()).check(assets)
    assert settled.options.limb_bits == 11
    assert not [reason for reason in settled.reasons if "do not fit" in reason]
    assert "compared for 180 blinding rows, before target_bits chose the queries, which need " in settled.reasons[1]
