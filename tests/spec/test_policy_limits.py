"""What a policy refuses, at the limit and one beyond it, and what its defaults are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from attrs import evolve, fields, frozen

from polyproof.config.options import option
from polyproof.config.reader import Choice
from polyproof.errors import PolicyRejected, SpecError
from polyproof.security import Assumptions, Figure, FigureName, SecurityReport, SecurityTerm, weakest
from polyproof.settings.net_equity_policy import NetEquityPolicy
from polyproof.settings.policy import UNRESTRICTED, Policy, PolicyCheck, _bits, components_of


def figure(*bits: float) -> Figure:
    return Figure(tuple(SecurityTerm("a way", one, "", "") for one in bits), "nothing")


def refusal(ask: Callable[[], object]) -> str:
    with pytest.raises(PolicyRejected) as caught:
        ask()
    return caught.value.check


def test_the_defaults_are_the_ones_that_security_is_described_for() -> None:
    """A change of one changes what everybody accepts who has no policy: it is made here too, or not at all."""
    assert {one.name: one.default for one in fields(Policy)} == {
        "min_binding_bits": 100.0,
        "min_soundness_bits": 100.0,
        "min_soundness_2025_bits": 100.0,
        "min_inclusion_bits": 60.0,
        "min_inclusion_2025_bits": 100.0,
        "min_estimated_bits": None,
        "allow_trusted_setup": False,
        "trusted_setups": None,
        "allow_insecure_setup": False,
        "backends": ("merkle-sum", "stark"),
        "constraints": ("accounts", "margin-accounts"),
        "commitments": ("fri", "merkle"),
        "hashes": (
            "blake3",
            "keccak256",
            "poseidon",
            "poseidon2",
            "poseidon2-babybear",
            "rescue-prime-optimized",
            "sha256",
        ),
        "fields": ("babybear", "goldilocks"),
        "max_proof_bytes": 67_108_864,
        "max_inclusion_bytes": 1_048_576,
        "max_manifest_bytes": 16_777_216,
        "max_assets": 1024,
        "max_segments": 4096,
        "reserves_required": False,
        "net_equity": NetEquityPolicy(),
    }


@pytest.mark.parametrize(
    ("limit", "method", "check"),
    [
        ("max_assets", "check_assets", "policy-assets"),
        ("max_segments", "check_segments", "policy-segments"),
        ("max_manifest_bytes", "check_manifest_size", "policy-manifest-size"),
        ("max_proof_bytes", "check_proof_size", "policy-proof-size"),
        ("max_inclusion_bytes", "check_inclusion_size", "policy-inclusion-size"),
    ],
)
def test_a_size_may_equal_its_limit_and_no_more(limit: str, method: str, check: str) -> None:
    for policy in (evolve(Policy(), **{limit: 7}), evolve(UNRESTRICTED, **{limit: 7})):
        ask = getattr(policy, method)
        ask(0)
        ask(7)
        assert refusal(lambda ask=ask: ask(8)) == check  # type: ignore[misc]


def test_reserves_are_refused_for_missing_only_where_they_are_required() -> None:
    for policy in (Policy(), UNRESTRICTED):
        policy.check_reserves(published=False)
        policy.check_reserves(published=True)
    required = Policy(reserves_required=True)
    required.check_reserves(published=True)
    assert refusal(lambda: required.check_reserves(published=False)) == "policy-reserves-required"


@pytest.mark.parametrize("key", [name.policy_key for name in FigureName])
def test_a_minimum_is_of_no_to_256_bits(key: str) -> None:
    for bits in (0.0, 256.0, None):
        assert getattr(Policy(**{key: bits}), key) == bits
    for bits in (-0.5, 256.5):
        with pytest.raises(SpecError, match=key):
            Policy(**{key: bits})


def test_whatever_is_declared_as_bits_is_of_no_to_256() -> None:
    """Asked anew, of a class made here: the minima of a policy were declared before any test began."""

    @frozen
    class Declared:
        bits: float | None = _bits(80.0, "Bits.")

    assert Declared().bits == 80.0
    for bits in (0.0, 256.0, None):
        assert Declared(bits).bits == bits
    for bits in (-0.5, 256.5):
        with pytest.raises(SpecError, match="bits"):
            Declared(bits)


@pytest.mark.parametrize(
    "key", ["max_proof_bytes", "max_inclusion_bytes", "max_manifest_bytes", "max_assets", "max_segments"]
)
def test_a_limit_of_nothing_is_a_mistake(key: str) -> None:
    assert getattr(Policy(**{key: 1}), key) == 1
    with pytest.raises(SpecError, match=key):
        Policy(**{key: 0})


@pytest.mark.parametrize("name", list(FigureName))
def test_bits_may_equal_their_minimum_and_no_less(name: FigureName) -> None:
    others = SecurityReport(*[figure(1.0)] * 5)
    policy = evolve(UNRESTRICTED, **{name.policy_key: 80.0})
    policy.check_security(evolve(others, **{name.value: figure(90.0, 80.0)}))
    less = evolve(others, **{name.value: figure(90.0, 79.999)})
    assert refusal(lambda: policy.check_security(less)) == PolicyCheck.of(name)
    UNRESTRICTED.check_security(less)


@pytest.mark.parametrize("name", list(FigureName))
@pytest.mark.parametrize("terms", [(math.inf,), (-math.inf,), (math.nan,), (80.0, math.nan), (math.nan, 80.0)])
def test_no_policy_accepts_bits_that_are_no_number(name: FigureName, terms: tuple[float, ...]) -> None:
    report = evolve(SecurityReport(*[figure(256.0)] * 5), **{name.value: figure(*terms)})
    assert refusal(lambda: UNRESTRICTED.check_security(report)) == PolicyCheck.of(name)


def test_a_trusted_setup_is_refused_unless_allowed() -> None:
    report = SecurityReport(*[figure(256.0)] * 5, assumptions=Assumptions(trusted_setup="six people in a room"))
    assert refusal(lambda: Policy().check_security(report)) == "policy-setup"
    for policy in (Policy(allow_trusted_setup=True), UNRESTRICTED):
        policy.check_security(report)
    Policy().check_security(evolve(report, assumptions=Assumptions()))


def test_bits_by_estimate_do_not_stand_in_for_others_nor_others_for_them() -> None:
    proven, estimated = SecurityReport(*[figure(256.0)] * 5), SecurityReport(estimated=figure(256.0))
    assert refusal(lambda: Policy().check_security(estimated)) == "policy-binding"
    assert refusal(lambda: Policy(min_estimated_bits=1.0).check_security(proven)) == "policy-estimated"
    Policy(min_estimated_bits=1.0).check_security(evolve(proven, estimated=figure(1.0)))


def test_a_list_of_set_ups_allows_those_and_no_other() -> None:
    """Anybody can make a set-up and keep its secret: to allow every one is to allow that."""
    figures = [figure(256.0)] * 5
    named = SecurityReport(*figures, assumptions=Assumptions(trusted_setup="a ceremony", setup="ab" * 32))
    other = SecurityReport(*figures, assumptions=Assumptions(trusted_setup="a ceremony", setup="cd" * 32))
    nameless = SecurityReport(*figures, assumptions=Assumptions(trusted_setup="a ceremony"))
    listed = Policy(allow_trusted_setup=True, trusted_setups=("ab" * 32,))
    listed.check_security(named)
    for report in (other, nameless):
        assert refusal(lambda report=report: listed.check_security(report)) == "policy-setup"
    not_allowed = Policy(trusted_setups=("ab" * 32,))
    assert refusal(lambda: not_allowed.check_security(named)) == "policy-setup"
    with pytest.raises(SpecError, match="trusted_setups"):
        Policy(trusted_setups=("six people",))


def test_proofs_together_take_for_granted_what_any_of_them_does() -> None:
    """The smallest figures may be of one proof and another hash be that of the others."""
    first = SecurityReport(*[figure(100.0)] * 5, assumptions=Assumptions(("one",), ("one",)))
    second = SecurityReport(*[figure(128.0)] * 5, assumptions=Assumptions(("other",), ("one",), others=("luck",)))
    assert weakest([first, second]).assumptions == Assumptions(("one", "other"), ("one",), others=("luck",))
    assert weakest([second, first]).assumptions.collision_resistant == ("other", "one")
    assert weakest([first, first]).assumptions == first.assumptions
    forgeable = evolve(second, assumptions=Assumptions(trusted_setup="known", setup="x", insecure_setup=True))
    ceremony = evolve(second, assumptions=Assumptions(trusted_setup="six people", setup="y"))
    both = weakest([first, ceremony, forgeable]).assumptions
    assert (both.insecure_setup, both.setup, both.collision_resistant) == (True, "x", ("one",))
    assert weakest([first, ceremony]).assumptions.setup == "y"


@pytest.mark.parametrize("words", ["everybody knows its secret", ""])
def test_an_insecure_set_up_is_refused_where_trusted_ones_are_allowed(words: str) -> None:
    """In whatever words a backend has it, or in none."""
    assumed = Assumptions(trusted_setup=words, setup="insecure-development", insecure_setup=True)
    report = SecurityReport(*[figure(256.0)] * 5, assumptions=assumed)
    for policy in (Policy(), Policy(allow_trusted_setup=True), Policy(allow_insecure_setup=True)):
        assert refusal(lambda policy=policy: policy.check_security(report)) == "policy-setup"
    for policy in (Policy(allow_trusted_setup=True, allow_insecure_setup=True), UNRESTRICTED):
        policy.check_security(report)
    assert "INSECURE set-up" in " ".join(assumed.sentences)


@pytest.mark.parametrize("name", list(FigureName))
def test_a_figure_that_is_not_given_is_refused_where_it_is_required(name: FigureName) -> None:
    policy = evolve(UNRESTRICTED, **{name.policy_key: 0.0})
    with pytest.raises(PolicyRejected, match=rf"gives no .* requires 0 bits \({name.policy_key}\)") as caught:
        policy.check_security(SecurityReport())
    assert caught.value.check == PolicyCheck.of(name)
    UNRESTRICTED.check_security(SecurityReport())


# Components that options name


class Part(Choice):
    kind: ClassVar[str] = "commitment"


@frozen
class Inner:
    hash: str = option(default="oak", kind="hash", doc="A hash.")
    rounds: int = option(default=8, doc="No component.")


@frozen
class Options:
    field: str | None = option(default=None, kind="field", doc="A field.")
    hashes: tuple[str, ...] = option(default=(), kind="hash", doc="Hashes.")
    part: Part | None = option(default=None, doc="A component with options of its own.")
    parts: tuple[Part, ...] = option(default=(), doc="Several.")
    inner: Inner | None = option(default=None, doc="Options of a part.")
    inners: tuple[Inner, ...] = option(default=(), doc="Of several parts.")
    many: tuple[str, ...] | None = option(default=None, kind="constraints", doc="Several, or null.")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (Options(), []),
        (Options(field="f"), [("field", "f")]),
        (Options(hashes=("a", "b")), [("hash", "a"), ("hash", "b")]),
        (Options(part=Part("fri", Inner("a"))), [("commitment", "fri"), ("hash", "a")]),
        (Options(parts=(Part("x", Inner("a")), Part("y", Inner("b")))),
         [("commitment", "x"), ("hash", "a"), ("commitment", "y"), ("hash", "b")]),
        (Options(inner=Inner("a")), [("hash", "a")]),
        (Options(inners=(Inner("a"), Inner("b"))), [("hash", "a"), ("hash", "b")]),
        (Options(many=("x",)), [("constraints", "x")]),
    ],
)  # fmt: skip
def test_every_component_that_options_name_is_found(options: Options, named: list[tuple[str, str]]) -> None:
    assert list(components_of(options)) == named


def options_naming(**named: Any) -> Options:
    return Options(**{"hashes": ("blake3",), **named})


@pytest.mark.parametrize(
    ("restricted", "options", "check"),
    [
        ({"backends": ("other",)}, options_naming(), "policy-backend"),
        ({"backends": ()}, options_naming(), "policy-backend"),
        ({"constraints": ("other",)}, options_naming(many=("accounts",)), "policy-constraints"),
        ({"commitments": ("other",)}, options_naming(part=Part("fri", Inner("blake3"))), "policy-commitment"),
        ({"hashes": ("blake3",)}, options_naming(hashes=("blake3", "oak")), "policy-hash"),
        ({"hashes": ("blake3",)}, Options(), "policy-hash"),
        ({"hashes": ()}, Options(), "policy-hash"),
        ({"fields": ("other",)}, options_naming(field="goldilocks"), "policy-field"),
    ],
)
def test_a_component_that_a_policy_does_not_name_is_refused(
    restricted: dict[str, tuple[str, ...]], options: Options, check: str
) -> None:
    assert refusal(lambda: evolve(UNRESTRICTED, **restricted).check_options("made", options)) == check
    UNRESTRICTED.check_options("made", options)
    if check == "policy-backend":
        assert refusal(lambda: evolve(UNRESTRICTED, **restricted).check_backend("made")) == check


@pytest.mark.parametrize(
    ("allowed", "told"), [(("oak", "pine"), "allows: oak, pine"), (("oak",), "allows: oak"), ((), "allows: none")]
)
def test_a_refusal_says_what_would_be_allowed(allowed: tuple[str, ...], told: str) -> None:
    with pytest.raises(PolicyRejected, match=f"hash 'elm' is not one that the policy {told} \\[policy-hash"):
        evolve(UNRESTRICTED, hashes=allowed).check_options("made", options_naming(hashes=("elm",)))
    with pytest.raises(PolicyRejected, match=f"the policy {told.replace('allows:', 'allows hashes')}, and backend"):
        evolve(UNRESTRICTED, hashes=allowed).check_options("made", Options())


def test_components_that_a_policy_names_are_accepted() -> None:
    options = Options(field="goldilocks", part=Part("fri", Inner("sha256")), many=("accounts",))
    Policy(backends=("made",)).check_options("made", options)
    Policy(backends=("made",)).check_backend("made")
    # A Merkle sum tree has no field, no commitment and no constraint system, and needs none.
    Policy(backends=("made",)).check_options("made", options_naming())
