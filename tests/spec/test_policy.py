"""A verifier's policy, in a file of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyproof.errors import SpecError
from polyproof.settings.policy import Policy, load_policy
from spec.sample_components import sample_registry

REGISTRY = sample_registry()


def load(tmp_path: Path, text: str) -> Policy:
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    return load_policy(file, REGISTRY)


def test_keys_left_out_keep_their_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "polyproof-policy: 1\n") == Policy()


def test_a_policy_is_read(tmp_path: Path) -> None:
    text = """\
polyproof-policy: 1
min_proven_bits: 110
hashes: [oak]
fields: null
backends: sample
max_segments: 8
"""
    policy = load(tmp_path, text)
    assert policy == Policy(min_proven_bits=110.0, hashes=("oak",), backends=("sample",), max_segments=8)
    assert type(policy.min_proven_bits) is float


def test_an_empty_list_allows_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "polyproof-policy: 1\nhashes: []\n").hashes == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("min_proven_bits: 100\n", "1:1: the key 'polyproof-policy' is missing"),
        ("polyproof-policy: 3\n", "1:19: polyproof-policy is 3 (this polyproof reads version 1)"),
        (
            "polyproof-policy: 1\nmin_proven_bit: 1\n",
            "2:1: unknown key 'min_proven_bit' (did you mean 'min_proven_bits'?",
        ),
        (
            "polyproof-policy: 1\nmin-proven-bits: 1\n",
            "2:1: unknown key 'min-proven-bits' (did you mean 'min_proven_bits'?",
        ),
        ("polyproof-policy: 1\nmin_proven_bits: many\n", "2:18: min_proven_bits is 'many' (expected a number)"),
        ("polyproof-policy: 1\nmin_proven_bits: .nan\n", "2:18: min_proven_bits is nan (expected a finite number)"),
        ("polyproof-policy: 1\nmin_proven_bits: -1\n", "2:18: min_proven_bits is -1.0 (expected 0.0 to 256.0)"),
        (f"polyproof-policy: 1\nmin_proven_bits: 1{'0' * 400}\n", "2:18: min_proven_bits is inf"),
        ("polyproof-policy: 1\nmin_proven_bits: true\n", "2:18: min_proven_bits is true (expected a number)"),
        ("polyproof-policy: 1\nhashes: [oka]\n", "2:10: no hash is named 'oka' (did you mean 'oak'?"),
        (
            "polyproof-policy: 1\nhashes: {oak: true}\n",
            "2:9: hashes is a mapping (expected a list, each item a string, or null)",
        ),
        ("polyproof-policy: 1\nfields: oak\n", "2:9: no field is named 'oak' (allowed: none)"),
        ("polyproof-policy: 1\nmax_proof_bytes: 0\n", "2:18: max_proof_bytes is 0 (expected at least 1)"),
        ("polyproof-policy: 1\nmax_proof_bytes: 1MB\n", "2:18: max_proof_bytes is '1MB' (expected an integer)"),
        ("polyproof-policy: 1\nmax_segments: 1\nmax_segments: 2\n", "3:1: the key 'max_segments' is given twice"),
    ],
)
def test_a_mistake_is_reported_at_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, text)
    (told,) = caught.value.problems
    assert str(told).startswith(f"{tmp_path / 'policy.yaml'}:{problem}")


def test_a_spec_is_not_taken_for_a_policy(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="the key 'polyproof-policy' is missing"):
        load(tmp_path, "polyproof: 1\nname: x\n")


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, "polyproof-policy: 1\nhashes: [a, b]\nmax_segments: 0\nx: 1\n")
    assert [problem.location.line for problem in caught.value.problems if problem.location] == [2, 2, 3, 4]
