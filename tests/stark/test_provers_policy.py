"""What verifiers would refuse is not proved, unless told: the decision before a proof is the one that follows it."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pytest
from attrs import evolve

from doubles.fixtures import Command
from polyproof import liabilities
from polyproof.backend import Backend, Statement
from polyproof.errors import InputError, OptionsError, PolicyRejected
from polyproof.liabilities.acceptance import Judge
from polyproof.liabilities.checking import expected_security
from polyproof.registry import default_registry
from polyproof.settings.bundled import bundled_policies
from polyproof.settings.policy import UNRESTRICTED, Policy, PolicyCheck, load_policy
from polyproof.settings.spec import BackendChoice, Spec, load_spec, parse_spec
from polyproof.toolkit.binary import Writer
from polyproof_stark.options import StarkOptions
from polyproof_stark.proof import MAGIC, VERSION

TEXT = """\
polyproof: 1
name: small
snapshot: 2025-11-30T00:00:00Z
assets:
  - {symbol: BTC, decimals: 8}
  - {symbol: ETH, decimals: 18, bits: 96}
backend: {name: stark, hash: blake3, limb_bits: 8, segment_rows: 1024}
accounts: {path: accounts.csv}
"""
ACCOUNTS = "account,BTC,ETH\nalice,0.25,100\nbob,0,12.5\n"
REGISTRY = default_registry()
POLICIES = (
    Policy(),
    load_policy(bundled_policies()["merkle-sum"]),
    Policy(min_inclusion_bits=100.0),
    Policy(hashes=("poseidon",)),
    evolve(UNRESTRICTED, min_soundness_bits=80.0),
)


def spec_of(options: StarkOptions) -> Spec:
    spec = parse_spec(TEXT.encode(), "spec.yaml", REGISTRY)
    return evolve(spec, backend=BackendChoice("stark", options))


def refused_before(spec: Spec, backend: Backend, policy: Policy, accounts: int) -> bool:
    """Whether ``prove`` refuses, by names and by the security account of what it would prove."""
    try:
        judge = Judge(backend, spec.backend.options, policy)
        expected_security(spec, judge, [accounts])
    except (PolicyRejected, OptionsError):
        return True
    return False


def refused_after(spec: Spec, backend: Backend, policy: Policy, log_rows: int) -> bool:
    """Whether ``verify`` refuses, by what a proof of so many rows says in its first bytes."""
    header = Writer(MAGIC, VERSION)
    header.integer(log_rows)
    statement = Statement("a", bytes(32), spec.assets, 0, 1)
    try:
        judge = Judge(backend, spec.backend.options, policy)
        policy.check_security(judge.security_of(statement, header.getvalue() + bytes(1 << 20)))
    except PolicyRejected:
        return True
    return False


def grid() -> list[StarkOptions]:
    numbers = ({}, {"queries": 60}, {"queries": 124}, {"target_bits": 80}, {"target_bits": 120}, {"grinding": 0})
    return [
        StarkOptions(hash=hash, blowup=blowup, extension=extension, segment_rows=1 << log_rows, limb_bits=8, **given)
        for blowup, extension, log_rows, given in itertools.product((2, 4, 8, 16), (2, 3), (12, 17), numbers)
        for hash in (("blake3", "poseidon") if blowup == 4 else ("blake3",))
    ]


def test_prove_decides_as_verify_does_for_every_combination_of_options() -> None:
    outcomes: Counter[tuple[int, bool]] = Counter()
    for options in grid():
        spec = spec_of(options)
        backend: Backend = spec.backend.create(REGISTRY)
        try:
            accounts = backend.capacity(spec.assets)
        except OptionsError:
            continue  # options that cannot be proved with at all
        log_rows = options.segment_rows.bit_length() - 1
        for number, policy in enumerate(POLICIES):
            before = refused_before(spec, backend, policy, accounts)
            assert before == refused_after(spec, backend, policy, log_rows), (options, policy)
            outcomes[number, before] += 1
    assert all(outcomes[number, True] for number in range(len(POLICIES)))
    assert outcomes[0, False] > 10
    assert outcomes[0, True] > 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    return tmp_path


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("blowup: 2", ("soundness, by long-proven bounds: ", "min_soundness_bits", "queries, grinding, target_bits")),
        ("queries: 40", ("soundness, by long-proven bounds: ", "requires 100", "queries, grinding, target_bits")),
        ("blowup: 16, queries: 44", ("inclusion, by long-proven bounds: ", "requires 60", "min_inclusion_bits")),
    ],
)
def test_a_weak_spec_is_not_proved_and_is_told_figure_value_minimum_and_option(
    folder: Path, command: Command, options: str, told: tuple[str, ...]
) -> None:
    path = folder / "spec.yaml"
    path.write_text(TEXT.replace("segment_rows: 1024", f"segment_rows: 1024, {options}"))
    for arguments in (("prove", path, "--out", folder / "audit"), ("check", path)):
        ended = command(*arguments)
        assert ended.status == 2
        assert "verifiers would refuse what this spec proves" in ended.err
        for words in (*told, "--policy", "--allow-weak"):
            assert words in ended.err, words
    assert sorted(item.name for item in folder.iterdir()) == ["accounts.csv", "spec.yaml"], "nothing was written"


def test_a_weak_spec_is_proved_if_told_to_and_verify_then_refuses_it(folder: Path, command: Command) -> None:
    path = folder / "spec.yaml"
    path.write_text(TEXT.replace("segment_rows: 1024", "segment_rows: 1024, queries: 12, grinding: 2"))
    (folder / "policy.yaml").write_text("polyproof-policy: 2\n")
    both = command("prove", path, "--out", folder / "audit", "--allow-weak", "--policy", folder / "policy.yaml")
    assert both.status == 2
    ended = command("prove", path, "--out", folder / "audit", "--allow-weak")
    assert ended.status == 0, ended.err
    assert "whether verifiers accept it was not considered" in ended.err
    assert command("verify", folder / "audit").status == 1


def test_sum_tree_is_proved_for_verifiers_who_accept_one(folder: Path, command: Command) -> None:
    path = folder / "spec.yaml"
    path.write_text(TEXT.replace("{name: stark, hash: blake3, limb_bits: 8, segment_rows: 1024}", "merkle-sum"))
    refused = command("prove", path, "--out", folder / "audit")
    assert refused.status == 2
    assert "nothing is proven about accounts that nobody opens" in refused.err
    assert command("prove", path, "--out", folder / "audit", "--policy", "merkle-sum").status == 0
    assert command("verify", folder / "audit", "--policy", "merkle-sum").status == 0


def test_what_a_backend_chooses_for_a_spec_is_refused_as_what_a_spec_states(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "spec.yaml"
    path.write_text(TEXT.replace(", limb_bits: 8, segment_rows: 1024", ""))

    def refuse(policy: Policy, backend: str, options: StarkOptions) -> None:
        if options.limb_bits is not None:
            raise PolicyRejected(PolicyCheck.CONSTRAINTS, "chosen")

    monkeypatch.setattr(Policy, "check_options", refuse)
    with pytest.raises(OptionsError, match=r"verifiers would refuse what this spec proves: chosen"):
        liabilities.check(load_spec(path, REGISTRY), registry=REGISTRY)


def test_a_proof_that_is_too_large_for_its_verifiers_is_not_published(folder: Path) -> None:
    path = folder / "spec.yaml"
    path.write_text(TEXT.replace("{name: stark, hash: blake3, limb_bits: 8, segment_rows: 1024}", "merkle-sum"))
    small = evolve(UNRESTRICTED, max_proof_bytes=10)
    with pytest.raises(InputError, match=r"verifiers would refuse this audit.*the policy allows 10"):
        liabilities.prove(load_spec(path, REGISTRY), folder / "audit", policy=small, registry=REGISTRY)
    assert not (folder / "audit").exists()
