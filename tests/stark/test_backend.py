"""The backend as an audit uses it: segments in, public bytes and private state out, users' claims checked."""

from __future__ import annotations

import stat
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from polyproof.backend import Claim, Statement
from polyproof.errors import PolicyRejected, ProofRejected
from polyproof.liabilities.acceptance import Judge
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED, Policy
from polyproof.settings.spec import parse_spec
from polyproof.toolkit.system_answers import trace_of
from polyproof_stark.backend import StarkBackend
from polyproof_stark.options import StarkOptions
from polyproof_stark.prover import Prover
from polyproof_stark.verifier import verify as verify_proof
from stark.exchange import some_accounts

ACCOUNTS = some_accounts(120)
KEY = bytes(range(32))
LENIENT = UNRESTRICTED
SMALL = {"queries": 12, "grinding": 2, "limb_bits": 8, "segment_rows": 1024}


def backend(**options) -> StarkBackend:
    return StarkBackend(StarkOptions(**{**SMALL, **options}), default_registry())


def judged(made: StarkBackend, policy: Policy = LENIENT) -> Judge:
    """The backend as core asks it."""
    return Judge(made, made.options, policy)


def statement(**changes) -> Statement:
    values = {"audit_id": "audit-1", "context": b"d" * 32, "assets": ACCOUNTS.assets, "segment": 0, "segments": 1}
    return Statement(**{**values, **changes})


def proven(tmp_path: Path, made: StarkBackend, accounts=ACCOUNTS):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    return made.prove(statement(), accounts, KEY, state, Progress()), state


def test_the_trace_is_gone_when_it_lies_in_the_provers_matrix(tmp_path: Path, monkeypatch):
    """It is a fifth of a gigabyte at a million accounts, and memory is at its highest later."""
    made, alive = [], []

    def watched(*arguments):
        trace = trace_of(*arguments)
        made.append(weakref.ref(trace.columns))
        return trace

    class Watching(Prover):
        def commit_trace(self, rows):
            alive.extend(reference() is not None for reference in made)
            return super().commit_trace(rows)

    monkeypatch.setattr("polyproof_stark.backend.trace_of", watched)
    monkeypatch.setattr("polyproof_stark.prover.Prover", Watching)
    proven(tmp_path, backend())
    assert alive == [False]


def round_trip(tmp_path: Path, made: StarkBackend) -> None:
    segment, state = proven(tmp_path, made)
    assert segment.totals == ACCOUNTS.totals()
    verdict = judged(made).verify(statement(), segment.totals, segment.proof)
    assert verdict.totals == segment.totals
    inclusion = made.open_inclusion(statement(), segment.proof, state, "user-7")
    assert inclusion is not None
    claim = Claim("user-7", ACCOUNTS.balances(7))
    judged(made).verify_inclusion(statement(), segment.totals, segment.proof, claim, inclusion)
    for wrong in (Claim("user-8", claim.balances), Claim("user-7", ACCOUNTS.balances(8))):
        with pytest.raises(ProofRejected):
            judged(made).verify_inclusion(statement(), segment.totals, segment.proof, wrong, inclusion)


YAML = """
polyproof: 1
name: hashes
assets:
  - {symbol: BTC, decimals: 8}
  - {symbol: ETH, decimals: 18, bits: 96}
  - {symbol: USDT, decimals: 6, bits: 40}
rule: non-negative
backend:
  name: stark
  hash: poseidon
  extension: 3
  queries: 12
  grinding: 2
  limb_bits: 8
  segment_rows: 1024
accounts:
  path: accounts.csv
snapshot: 2025-11-30T00:00:00Z
"""


@pytest.mark.parametrize(
    ("hash_name", "extension"),
    [
        ("poseidon", 3),
        ("poseidon2", 2),
        ("rescue-prime-optimized", 3),
        ("blake3", 2),
        ("blake3", 3),
        ("sha256", 3),
        ("keccak256", 2),
    ],
)
def test_each_hash_and_each_extension_by_one_line_of_yaml(tmp_path, hash_name, extension):
    text = YAML.replace("hash: poseidon", f"hash: {hash_name}").replace("extension: 3", f"extension: {extension}")
    spec = parse_spec(text.encode(), "spec.yaml", default_registry())
    made = spec.backend.create(default_registry())
    assert (made.options.hash, made.options.extension) == (hash_name, extension)
    round_trip(tmp_path, made)


@pytest.mark.parametrize(
    "options",
    [
        {"blowup": 2},
        {"blowup": 8},
        {"arity": 2},
        {"arity": 4},
        {"arity": 16},
        {"limb_bits": 6},
        {"limb_bits": 9},
        {"blinding": 100},
        {"queries": None, "grinding": None, "target_bits": 30},
    ],
    ids=str,
)
def test_every_option_makes_a_proof_that_verifies(tmp_path, options):
    round_trip(tmp_path, backend(hash="blake3", **options))


def test_verifier_rejects_weaker_options_than_its_policy(tmp_path):
    made = backend(hash="blake3")
    segment, state = proven(tmp_path, made)
    inclusion = made.open_inclusion(statement(), segment.proof, state, "user-1")
    claim = Claim("user-1", ACCOUNTS.balances(1))
    for policy in (
        Policy(),
        evolve(LENIENT, hashes=("poseidon",)),
        evolve(LENIENT, fields=("another",)),
        evolve(LENIENT, constraints=("another",)),
        evolve(LENIENT, commitments=("another",)),
        evolve(LENIENT, backends=("merkle-sum",)),
        evolve(LENIENT, max_proof_bytes=1000),
    ):
        with pytest.raises(PolicyRejected):
            judged(made, policy).verify(statement(), segment.totals, segment.proof)
        with pytest.raises(PolicyRejected):
            judged(made, policy).verify_inclusion(statement(), segment.totals, segment.proof, claim, inclusion)
    small = judged(made, evolve(LENIENT, max_inclusion_bytes=100))
    with pytest.raises(PolicyRejected):
        small.verify_inclusion(statement(), segment.totals, segment.proof, claim, inclusion)


def test_verifier_with_other_options_than_the_provers_rejects(tmp_path):
    segment, _ = proven(tmp_path, backend(hash="blake3"))
    for other in ({"queries": 13}, {"grinding": 3}, {"arity": 4}, {"extension": 2}, {"hash": "sha256"}, {"blowup": 8}):
        with pytest.raises(ProofRejected):
            judged(backend(**{"hash": "blake3", **other})).verify(statement(), segment.totals, segment.proof)


@pytest.mark.parametrize(
    ("policy", "check"),
    [
        (evolve(LENIENT, constraints=("bit-accounts",)), "policy-constraints"),
        (evolve(LENIENT, constraints=()), "policy-constraints"),
        (evolve(LENIENT, commitments=("quaternary",)), "policy-commitment"),
        (evolve(LENIENT, commitments=()), "policy-commitment"),
        (evolve(LENIENT, fields=()), "policy-field"),
        (evolve(LENIENT, hashes=("poseidon",)), "policy-hash"),
    ],
)
def test_component_that_the_policy_does_not_allow_is_refused_before_the_backend_is_asked(policy, check):
    with pytest.raises(PolicyRejected) as caught:
        judged(backend(hash="blake3"), policy)
    assert caught.value.check == check
    assert judged(backend(hash="blake3"), evolve(LENIENT, constraints=("accounts",), commitments=("merkle",)))


def test_proof_of_more_rows_than_the_options_allow_is_rejected(tmp_path):
    """Made with other options, which the proof does not state: only its length tells."""
    many = some_accounts(1500)
    segment, _ = proven(tmp_path, backend(hash="blake3", segment_rows=2048), many)
    assert judged(backend(hash="blake3", segment_rows=2048)).verify(statement(), segment.totals, segment.proof)
    for asked in (
        lambda made: made.verify(statement(), segment.totals, segment.proof),
        lambda made: made.security_of(statement(), segment.proof),
    ):
        with pytest.raises(ProofRejected, match="log2 of the rows is 11, expected 10 to 10") as caught:
            asked(judged(backend(hash="blake3")))
        assert caught.value.check == "range"


def test_proof_of_fewer_rows_than_the_options_leave_room_for_is_rejected(tmp_path):
    segment, _ = proven(tmp_path, backend(hash="blake3"))
    for asked in (
        lambda made: made.verify(statement(), segment.totals, segment.proof),
        lambda made: made.security_of(statement(), segment.proof),
    ):
        with pytest.raises(ProofRejected) as caught:
            asked(judged(backend(hash="blake3", segment_rows=4096, blinding=1500)))
        assert caught.value.check == "options"


def test_private_state_is_owner_only_and_cuts_every_user(tmp_path):
    made = backend(hash="blake3")
    segment, state = proven(tmp_path, made)
    for path in state.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    cut = dict(made.open_all(statement(), segment.proof, state))
    assert set(cut) == {f"user-{k}" for k in range(len(ACCOUNTS))}
    assert cut["user-33"] == made.open_inclusion(statement(), segment.proof, state, "user-33")
    assert made.open_inclusion(statement(), segment.proof, state, "nobody") is None
    for k in (0, 33, 119):
        claim = Claim(f"user-{k}", ACCOUNTS.balances(k))
        judged(made).verify_inclusion(statement(), segment.totals, segment.proof, claim, cut[f"user-{k}"])


def test_many_claims_take_one_verification_of_the_proof(tmp_path, monkeypatch):
    made = backend(hash="blake3")
    segment, state = proven(tmp_path, made)
    cut = dict(made.open_all(statement(), segment.proof, state))
    verified = []
    monkeypatch.setattr(
        "polyproof_stark.backend.verify", lambda *given: verified.append(given[1]) or verify_proof(*given)
    )
    check = judged(made).inclusion_verifier(statement(), segment.totals, segment.proof)
    for k in (0, 33, 119):
        check(Claim(f"user-{k}", ACCOUNTS.balances(k)), cut[f"user-{k}"])
        with pytest.raises(ProofRejected) as caught:
            check(Claim(f"user-{k}", ACCOUNTS.balances(k + 1 if k < 119 else 0)), cut[f"user-{k}"])
        assert caught.value.check == "inclusion-path"
    assert len(verified) == 1


def test_inclusion_file_holds_neither_user_id_nor_balances(tmp_path):
    made = backend(hash="blake3")
    segment, state = proven(tmp_path, made)
    inclusion = made.open_inclusion(statement(), segment.proof, state, "user-0")
    assert b"user-0" not in inclusion
    for balance, asset in zip(ACCOUNTS.balances(0), ACCOUNTS.assets, strict=True):
        assert balance.to_bytes(asset.bits // 8, "little") not in inclusion


def test_accounts_fill_a_trace_to_the_last_row(tmp_path):
    made = backend(hash="blake3")
    full = some_accounts(made.capacity(ACCOUNTS.assets))
    segment, _ = proven(tmp_path, made, full)
    judged(made).verify(statement(), segment.totals, segment.proof)


def test_no_accounts_at_all_are_a_proof_of_zero(tmp_path):
    made = backend(hash="blake3")
    segment, _ = proven(tmp_path, made, some_accounts(1).take(np.arange(0)))
    assert set(segment.totals) == {0}
    judged(made).verify(statement(), segment.totals, segment.proof)


def test_verification_imports_no_prover_and_no_compiler(tmp_path):
    made = backend(hash="poseidon")
    segment, state = proven(tmp_path, made)
    (tmp_path / "proof").write_bytes(segment.proof)
    (tmp_path / "inclusion").write_bytes(made.open_inclusion(statement(), segment.proof, state, "user-3"))
    script = f"""
import sys
from pathlib import Path
from polyproof.model.assets import Asset
from polyproof.backend import Claim, Statement
from polyproof.liabilities.acceptance import Judge
from polyproof.settings.policy import UNRESTRICTED
from polyproof.registry import default_registry
backend = default_registry().get("backend", "stark")
made = backend(backend.Options(**{ {**SMALL, "hash": "poseidon"}!r}), default_registry())
assets = (Asset("BTC", 8, 64), Asset("ETH", 18, 96), Asset("USDT", 6, 40))
statement = Statement("audit-1", b"d" * 32, assets, 0, 1)
judge = Judge(made, made.options, UNRESTRICTED)
proof = Path("proof").read_bytes()
judge.verify(statement, {segment.totals!r}, proof)
claim = Claim("user-3", {ACCOUNTS.balances(3)!r})
judge.verify_inclusion(statement, {segment.totals!r}, proof, claim, Path("inclusion").read_bytes())
unwanted = ("numba", "llvmlite", "polyproof_stark.prover")
assert not [name for name in unwanted if name in sys.modules]
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=120)
