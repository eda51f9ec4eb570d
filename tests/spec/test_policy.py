"""A verifier's policy, in a file of its own."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from polyproof.constraints import LiabilitiesSystem
from polyproof.errors import SpecError
from polyproof.registry import ENTRY_POINT_GROUP, Registry
from polyproof.settings.bundled import bundled_policies
from polyproof.settings.policy import Policy, load_policy, load_whole_policy
from polyproof.settings.reserves import ReservesPolicy
from spec.sample_components import sample_registry

REGISTRY = sample_registry()


def load(tmp_path: Path, text: str) -> Policy:
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    return load_policy(file, REGISTRY)


def test_keys_left_out_keep_their_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "polyproof-policy: 2\n") == Policy()


def test_a_policy_is_read(tmp_path: Path) -> None:
    text = """\
polyproof-policy: 2
min_binding_bits: 110
hashes: [oak]
fields: null
backends: sample
max_segments: 8
"""
    policy = load(tmp_path, text)
    assert policy == Policy(
        min_binding_bits=110.0,
        hashes=("oak",),
        fields=None,
        backends=("sample",),
        max_segments=8,
    )
    assert type(policy.min_binding_bits) is float


def test_what_it_says_of_reserves_is_read_apart_from_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('polyproof-policy: 2\nreserves: {least_ratio: "1.05"}\n')
    assert load_policy(file, REGISTRY) == Policy()
    assert load_whole_policy(file, REGISTRY)[1] == ReservesPolicy(least_ratio="1.05")
    file.write_text("polyproof-policy: 2\n")
    assert load_whole_policy(file, REGISTRY)[1] is None
    file.write_text("polyproof-policy: 2\nreserves: {least_ratio: little}\n")
    with pytest.raises(SpecError, match="least_ratio"):
        load_policy(file, REGISTRY)


def test_an_empty_list_allows_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "polyproof-policy: 2\nhashes: []\n").hashes == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("min_binding_bits: 100\n", "1:1: the key 'polyproof-policy' is missing"),
        ("polyproof-policy: 3\n", "1:19: polyproof-policy is 3 (this polyproof reads version 2)"),
        ("polyproof-policy: 0\n", "1:19: polyproof-policy is 0 (this polyproof reads version 2)"),
        (
            "polyproof-policy: 1\nno key of either: 1\n",
            "1:19: polyproof-policy is 1 (this polyproof reads version 2: docs/reference/spec.md)",
        ),
        (
            "polyproof-policy: 2\nmin_binding_bit: 1\n",
            "2:1: unknown key 'min_binding_bit' (did you mean 'min_binding_bits'?",
        ),
        (
            "polyproof-policy: 2\nmin-binding-bits: 1\n",
            "2:1: unknown key 'min-binding-bits' (did you mean 'min_binding_bits'?",
        ),
        (
            "polyproof-policy: 2\nmin_binding_bits: many\n",
            "2:19: min_binding_bits is 'many' (expected a number, or null)",
        ),
        ("polyproof-policy: 2\nmin_binding_bits: .nan\n", "2:19: min_binding_bits is nan (expected a finite number)"),
        ("polyproof-policy: 2\nmin_binding_bits: -1\n", "2:19: min_binding_bits is -1.0 (expected 0.0 to 256.0)"),
        (f"polyproof-policy: 2\nmin_binding_bits: 1{'0' * 400}\n", "2:19: min_binding_bits is inf"),
        (
            "polyproof-policy: 2\nmin_binding_bits: true\n",
            "2:19: min_binding_bits is true (expected a number, or null)",
        ),
        ("polyproof-policy: 2\nhashes: [oka]\n", "2:10: no hash is named 'oka' (did you mean 'oak'?"),
        (
            "polyproof-policy: 2\nhashes: {oak: true}\n",
            "2:9: hashes is a mapping (expected a list, each item a string, or null)",
        ),
        ("polyproof-policy: 2\nfields: oak\n", "2:9: no field is named 'oak' (allowed: none)"),
        ("polyproof-policy: 2\nmax_proof_bytes: 0\n", "2:18: max_proof_bytes is 0 (expected at least 1)"),
        ("polyproof-policy: 2\nmax_proof_bytes: 1MB\n", "2:18: max_proof_bytes is '1MB' (expected an integer)"),
        ("polyproof-policy: 2\nmax_segments: 1\nmax_segments: 2\n", "3:1: the key 'max_segments' is given twice"),
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


@pytest.mark.parametrize("text", ["[polyproof-policy]\n", "polyproof-policy\n", "2\n"])
def test_what_is_no_mapping_is_no_policy(tmp_path: Path, text: str) -> None:
    with pytest.raises(SpecError, match=r"policy\.yaml:1:1: .*expected a mapping"):
        load(tmp_path, text)


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, "polyproof-policy: 2\nhashes: [a, b]\nmax_segments: 0\nx: 1\n")
    assert [problem.location.line for problem in caught.value.problems if problem.location] == [2, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("polyproof-policy: 1\nmin_proven_bits: 100\n", [1, 2]),
        ("polyproof-policy: 2\nmin_proven_bits: 100\n", [2]),
        ("polyproof-policy: 1\n", [1]),
    ],
)
def test_a_policy_of_format_1_is_told_what_took_the_place_of_its_key(
    tmp_path: Path, text: str, lines: list[int]
) -> None:
    """One key stood for bits of different kinds: it cannot be read as any of them."""
    with pytest.raises(SpecError) as caught:
        load(tmp_path, text)
    assert [problem.location.line for problem in caught.value.problems if problem.location] == lines
    if "min_proven_bits" in text:
        told = str(caught.value.problems[-1])
        assert "min_proven_bits is a key of format 1" in told
        for key in ("min_binding_bits", "min_soundness_bits", "min_inclusion_bits", "min_inclusion_2025_bits"):
            assert key in told


def test_true_is_no_format(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("polyproof-policy: true\n")
    with pytest.raises(SpecError, match="polyproof-policy is true"):
        load_policy(tmp_path / "policy.yaml")


def test_defaults_name_the_built_in_components_of_each_kind_and_no_others() -> None:
    """What somebody else's plugin adds is accepted by a policy that names it."""
    built_in = Registry()
    points = (point for point in entry_points(group=ENTRY_POINT_GROUP) if point.dist and point.dist.name == "polyproof")
    built_in.discover(points)
    policy = Policy()
    for kind, allowed in (
        ("hash", policy.hashes),
        ("field", policy.fields),
    ):
        assert list(allowed or ()) == sorted(built_in.names(kind))
    # KZG and the grand sum on it rest on a set-up: a policy that takes one names it.
    assert {*(policy.backends or ()), "grand-sum"} == set(built_in.names("backend"))
    assert {*(policy.commitments or ()), "kzg"} == set(built_in.names("commitment"))
    liabilities = [
        name
        for name in sorted(built_in.names("constraints"))
        if issubclass(built_in.get("constraints", name), LiabilitiesSystem)
    ]
    assert list(policy.constraints or ()) == liabilities


def test_policies_that_come_with_polyproof_are_policies() -> None:
    assert "merkle-sum" in bundled_policies()
    for path in bundled_policies().values():
        load_policy(path)
