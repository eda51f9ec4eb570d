"""Core judges: whatever a backend says, a verifier's policy holds around it, in verify and in verify-inclusion."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from audit.faulty_backends import Credulous, CredulousOptions, Inner, faulty_registry, proved
from audit.forged import refit
from audit.tally_backend import WITH_TALLY, tally_registry
from doubles.refusals import Failing
from polyproof.backend import Claim, InclusionVerdict, Statement, Verdict
from polyproof.errors import PluginFault, PolicyRejected, ProofRejected
from polyproof.hookspecs import Component
from polyproof.liabilities import Judge, open_audit, verify, verify_inclusion
from polyproof.model.assets import Asset
from polyproof.registry import Registry
from polyproof.security import Assumptions, Figure, SecurityReport, SecurityTerm
from polyproof.settings.policy import UNRESTRICTED, Policy, PolicyCheck
from polyproof_goldilocks.field import Goldilocks

ALICE = Claim("alice", (25_000_000, 100_000_000))


@pytest.fixture
def registry() -> Registry:
    return faulty_registry()


@pytest.fixture
def report() -> Iterator[Callable[[Any], None]]:
    """Sets what the credulous backend says of its security."""

    def set_report(report: Any) -> None:
        Credulous.report = report

    yield set_report
    Credulous.report = None


def refused(audit: Path, policy: Policy, registry: Registry) -> set[str]:
    """The names of the refusals in verify and in verify-inclusion, both of which there must be."""
    found = set()
    file = audit.parent / "alice.polyproof"
    for ask in (
        lambda: verify(audit, policy=policy, registry=registry),
        lambda: verify_inclusion(file, audit, lambda _: ALICE, policy=policy, registry=registry),
    ):
        with pytest.raises(PolicyRejected) as caught:
            ask()
        found.add(caught.value.check)
    return found


# A backend that accepts anything


@pytest.mark.parametrize(
    ("backend", "policy", "check"),
    [
        ("{name: credulous, capacity: 2, bits: 1}", WITH_TALLY, "policy-binding"),
        ("{name: credulous, capacity: 2, bits: 99}", WITH_TALLY, "policy-binding"),
        ("{name: credulous, capacity: 2, bits: 99}", evolve(WITH_TALLY, min_binding_bits=None), "policy-soundness"),
        ("{name: credulous, capacity: 2, bits: 1}", evolve(WITH_TALLY, hashes=("blake3",)), "policy-hash"),
        ("{name: credulous, capacity: 2}", Policy(), "policy-backend"),
        ("{name: credulous, capacity: 2}", evolve(WITH_TALLY, hashes=("blake3",)), "policy-hash"),
        ("{name: credulous, capacity: 2}", evolve(WITH_TALLY, hashes=()), "policy-hash"),
        (
            "{name: credulous, capacity: 2, inner: {hash: blake3}, more: [{hash: blake3}, {hash: sha256}]}",
            evolve(WITH_TALLY, hashes=("blake3",)),
            "policy-hash",
        ),
        ("{name: credulous, capacity: 2}", evolve(WITH_TALLY, fields=("another",)), "policy-field"),
        ("{name: credulous, capacity: 2}", Policy(backends=("stark",)), "policy-backend"),
        ("{name: credulous, capacity: 2}", evolve(WITH_TALLY, max_segments=2), "policy-segments"),
        ("{name: credulous, capacity: 2}", evolve(WITH_TALLY, max_assets=1), "policy-assets"),
        ("{name: credulous, capacity: 2}", evolve(WITH_TALLY, max_proof_bytes=100), "policy-proof-size"),
        ("{name: credulous, capacity: 2}", evolve(WITH_TALLY, max_manifest_bytes=100), "policy-manifest-size"),
        ("{name: tally, capacity: 2}", evolve(WITH_TALLY, hashes=("sha256",)), "policy-hash"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_credulous_backend_is_refused(
    tmp_path: Path, registry: Registry, backend: str, policy: Policy, check: str
) -> None:
    audit = proved(tmp_path, registry, backend)
    assert refused(audit, policy, registry) == {check}


def test_credulous_backend_passes_where_its_options_satisfy_the_policy(tmp_path: Path, registry: Registry) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2, bits: 100, inner: {hash: blake3}}")
    policy = Policy(hashes=("blake3",), fields=("goldilocks",), backends=("credulous",))
    verify(audit, policy=policy, registry=registry)
    verify_inclusion(audit.parent / "alice.polyproof", audit, lambda _: ALICE, policy=policy, registry=registry)


def test_policy_holds_wherever_an_audit_is_opened(tmp_path: Path, registry: Registry) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    for policy, check in (
        (evolve(WITH_TALLY, hashes=("blake3",)), "policy-hash"),
        (evolve(WITH_TALLY, fields=()), "policy-field"),
        (Policy(backends=()), "policy-backend"),
        (evolve(WITH_TALLY, max_segments=1), "policy-segments"),
    ):
        with pytest.raises(PolicyRejected, match=check):
            open_audit(audit, policy=policy, registry=registry)


def test_size_limits_are_exact_and_inclusion_files_have_one(tmp_path: Path, registry: Registry) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    largest = max(path.stat().st_size for path in (audit / "public").glob("*.bin"))
    verify(audit, policy=evolve(WITH_TALLY, max_proof_bytes=largest), registry=registry)
    assert refused(audit, evolve(WITH_TALLY, max_proof_bytes=10), registry) == {"policy-proof-size"}
    file = audit.parent / "alice.polyproof"

    def check(most: int) -> None:
        policy = evolve(WITH_TALLY, max_inclusion_bytes=most)
        verify_inclusion(file, audit, lambda _: ALICE, policy=policy, registry=registry)

    check(32)
    for most in (31, 1):
        with pytest.raises(PolicyRejected, match="policy-inclusion-size"):
            check(most)
    file.write_bytes(file.read_bytes() + bytes(4096))
    with pytest.raises(PolicyRejected, match="policy-inclusion-size"):
        check(32)


# Reports


def figure_of(*bits: Any) -> Figure:
    made = tuple(SecurityTerm(f"term {number}", value, "made up", "nowhere") for number, value in enumerate(bits))
    return Figure(made, "nothing")


def report_of(*bits: Any, **changes: Any) -> SecurityReport:
    """Every figure of terms with so many bits."""
    figure = figure_of(*bits)
    return evolve(SecurityReport(binding=figure, soundness=figure, inclusion=figure), **changes)


@pytest.mark.parametrize("bits", [math.nan, math.inf, -math.inf, -1.0], ids=str)
def test_bits_that_are_not_finite_numbers_never_pass(
    tmp_path: Path, registry: Registry, report: Callable[[Any], None], bits: float
) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    report(report_of(bits))
    for least in (0.0, 100.0, 256.0):
        assert refused(audit, evolve(WITH_TALLY, min_binding_bits=least), registry) == {"policy-binding"}
    for terms in ((120.0, math.nan), (math.nan, 120.0)):
        report(report_of(*terms))
        assert refused(audit, UNRESTRICTED, registry) == {"policy-binding"}


def test_a_figure_is_its_smallest_term(tmp_path: Path, registry: Registry, report: Callable[[Any], None]) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    report(report_of(128.0, 20.0))
    assert refused(audit, WITH_TALLY, registry) == {"policy-binding"}


KEYS = [
    ("binding", "min_binding_bits", "policy-binding"),
    ("soundness", "min_soundness_bits", "policy-soundness"),
    ("soundness", "min_soundness_2025_bits", "policy-soundness-2025"),
    ("inclusion", "min_inclusion_bits", "policy-inclusion"),
    ("inclusion", "min_inclusion_2025_bits", "policy-inclusion-2025"),
]


@pytest.mark.parametrize(("figure", "key", "check"), KEYS)
def test_each_figure_has_a_minimum_of_its_own_which_it_may_equal(
    tmp_path: Path, registry: Registry, report: Callable[[Any], None], figure: str, key: str, check: str
) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    file = audit.parent / "alice.polyproof"
    report(report_of(250.0, **{figure: figure_of(100.25)}))
    just = evolve(UNRESTRICTED, **{key: 100.25})
    verify(audit, policy=just, registry=registry)
    verify_inclusion(file, audit, lambda _: ALICE, policy=just, registry=registry)
    more = evolve(UNRESTRICTED, **{key: math.nextafter(100.25, 200)})
    assert refused(audit, more, registry) == {check}
    report(report_of(250.0, **{figure: figure_of(99.97)}))
    with pytest.raises(PolicyRejected, match=rf"99\.9 bits .*requires 100 \({key}\)"):
        verify(audit, policy=evolve(UNRESTRICTED, **{key: 100.0}), registry=registry)


@pytest.mark.parametrize(("figure", "key", "check"), KEYS)
def test_a_figure_that_is_not_given_is_refused_where_it_is_required_and_says_so(
    tmp_path: Path, registry: Registry, report: Callable[[Any], None], figure: str, key: str, check: str
) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    report(report_of(250.0, **{figure: None}))
    for least in (0.0, 100.0):
        assert refused(audit, evolve(UNRESTRICTED, **{key: least}), registry) == {check}
    with pytest.raises(PolicyRejected, match=rf"it gives no {figure}.*: .*; the policy requires 0 bits \({key}\)"):
        verify(audit, policy=evolve(UNRESTRICTED, **{key: 0.0}), registry=registry)
    verify(audit, policy=UNRESTRICTED, registry=registry)


def test_what_older_theorems_prove_counts_for_those_who_accept_newer_ones(
    tmp_path: Path, registry: Registry, report: Callable[[Any], None]
) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    report(report_of(120.0, inclusion_2025=figure_of(50.0)))
    verify(audit, policy=WITH_TALLY, registry=registry)
    report(report_of(120.0, inclusion=figure_of(75.0), inclusion_2025=figure_of(102.0)))
    verify(audit, policy=WITH_TALLY, registry=registry)


def test_inclusion_is_judged_by_verify_too(tmp_path: Path, registry: Registry, report: Callable[[Any], None]) -> None:
    """Nobody relies on totals alone: 46 bits by long-proven bounds passed with the totals' 102 beside them."""
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    report(report_of(102.0, inclusion=figure_of(46.0), inclusion_2025=figure_of(102.0)))
    assert refused(audit, WITH_TALLY, registry) == {"policy-inclusion"}
    report(report_of(102.0, inclusion=figure_of(75.0), inclusion_2025=figure_of(80.0)))
    assert refused(audit, WITH_TALLY, registry) == {"policy-inclusion-2025"}


def test_trusted_setup_is_refused_unless_allowed(
    tmp_path: Path, registry: Registry, report: Callable[[Any], None]
) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    report(report_of(120.0, assumptions=Assumptions(trusted_setup="six people in a room")))
    assert refused(audit, WITH_TALLY, registry) == {"policy-setup"}
    verify(audit, policy=evolve(WITH_TALLY, allow_trusted_setup=True), registry=registry)


@pytest.mark.parametrize(
    "malformed",
    [
        "120 bits",
        120.0,
        report_of("120"),
        report_of(True),
        report_of(10**400),
        report_of(),
        report_of(120.0, "120"),
        report_of(120.0, None),
        report_of(120.0, soundness=120.0),
        report_of(120.0, soundness=Figure(None, "nothing")),
        report_of(120.0, soundness=Figure([figure_of(1.0).decides], "nothing")),
        report_of(120.0, soundness=Figure(("term",), "nothing")),
        report_of(120.0, assumptions=None),
        SecurityReport(),
    ],
    ids=lambda value: str(value)[:40],
)
def test_malformed_report_is_a_fault_of_the_plugin_and_nothing_is_accepted(
    tmp_path: Path, registry: Registry, report: Callable[[Any], None], malformed: Any
) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    report(malformed)
    file = audit.parent / "alice.polyproof"
    for ask in (
        lambda: verify(audit, policy=UNRESTRICTED, registry=registry),
        lambda: verify_inclusion(file, audit, lambda _: ALICE, policy=UNRESTRICTED, registry=registry),
    ):
        with pytest.raises(PluginFault, match=r"'credulous'.*audit\.faulty_backends\.Credulous") as caught:
            ask()
        assert caught.value.exit_status == 3


def test_report_on_what_is_not_verified_is_judged_as_well(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """``explain`` and ``prove`` ask for reports alone."""
    for malformed in ("120 bits", SecurityReport(), report_of("120")):
        asked = judge(registry, monkeypatch, lambda given=malformed: given)  # type: ignore[misc]
        with pytest.raises(PluginFault):
            asked.security(STATEMENT.assets, 5)
        with pytest.raises(PluginFault):
            asked.security_of(STATEMENT, b"")
    with pytest.raises(PolicyRejected, match="policy-binding"):
        judge(registry, monkeypatch, lambda: report_of(1.0)).security(STATEMENT.assets, 5)


@pytest.mark.parametrize("bits", [120, 2**53 - 1])
def test_bits_may_be_whole_numbers_that_a_float_holds(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    assert judge(registry, monkeypatch, lambda: report_of(bits)).security(STATEMENT.assets, 5) == report_of(bits)
    with pytest.raises(PluginFault, match="bits that are not numbers"):
        judge(registry, monkeypatch, lambda: report_of(2**53)).security(STATEMENT.assets, 5)


# Verdicts


STATEMENT = Statement("a", bytes(32), (Asset("BTC", 8), Asset("USDT", 6)), 0, 1)
GOOD = report_of(120.0)


def judge(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any], policy: Policy = WITH_TALLY
) -> Judge:
    """A judge whose backend answers so, whatever it is asked."""
    options = CredulousOptions(inner=Inner(hash="blake3"))
    monkeypatch.setattr(Credulous, "verify", lambda *_: answer())
    monkeypatch.setattr(Credulous, "verify_inclusion", lambda *_: answer())
    monkeypatch.setattr(Credulous, "security", lambda *_: answer())
    monkeypatch.setattr(Credulous, "security_of", lambda *_: answer())
    return Judge(Credulous(options, registry), options, policy)


def questions(asked: Judge, statement: Statement, proof: bytes = b"") -> list[Callable[[], object]]:
    """All that a judge asks a backend about a published proof."""
    return [
        lambda: asked.verify(statement, (1, 2), proof),
        lambda: asked.verify_inclusion(statement, (1, 2), proof, Claim("a", (1, 2)), b""),
        lambda: asked.inclusion_verifier(statement, (1, 2), proof),
        lambda: asked.security_of(statement, proof),
    ]


@pytest.mark.parametrize("answer", [True, None, "yes", (1, 2), GOOD, object()], ids=lambda value: type(value).__name__)
def test_what_is_not_a_verdict_is_a_fault_of_the_plugin(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    asked = judge(registry, monkeypatch, lambda: answer)
    with pytest.raises(PluginFault, match="instead of Verdict"):
        asked.verify(STATEMENT, (1, 2), b"")
    with pytest.raises(PluginFault, match="instead of InclusionVerdict"):
        asked.verify_inclusion(STATEMENT, (1, 2), b"", Claim("a", (1, 2)), b"")


def test_verdicts_do_not_stand_for_each_other(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PluginFault):
        judge(registry, monkeypatch, lambda: InclusionVerdict(("yes",), GOOD)).verify(STATEMENT, (1, 2), b"")
    with pytest.raises(PluginFault):
        judge(registry, monkeypatch, lambda: Verdict((1, 2), GOOD)).verify_inclusion(
            STATEMENT, (1, 2), b"", Claim("a", (1, 2)), b""
        )
    for sentences in ("yes", [], (1,), None):
        with pytest.raises(PluginFault, match="sentences"):
            judge(registry, monkeypatch, lambda said=sentences: InclusionVerdict(said, GOOD)).verify_inclusion(  # type: ignore[misc]
                STATEMENT, (1, 2), b"", Claim("a", (1, 2)), b""
            )


def test_verdict_on_other_totals_is_rejected(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    for totals in ((1, 3), (1,), (), (1, 2, 0), (2, 1)):
        with pytest.raises(ProofRejected) as caught:
            judge(registry, monkeypatch, lambda found=totals: Verdict(found, GOOD)).verify(STATEMENT, (1, 2), b"")  # type: ignore[misc]
        assert caught.value.check == "totals"
    with pytest.raises(PluginFault, match="totals"):
        judge(registry, monkeypatch, lambda: Verdict(None, GOOD)).verify(STATEMENT, (1, 2), b"")  # type: ignore[arg-type]


def test_backend_cannot_refuse_in_the_name_of_a_policy(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd(PolicyRejected):
        def __init__(self) -> None:
            super().__init__("policy-taste", "not to my liking")

    def refuse() -> None:
        raise Odd

    with pytest.raises(ProofRejected) as caught:
        judge(registry, monkeypatch, refuse).verify(STATEMENT, (1, 2), b"")
    assert type(caught.value) is ProofRejected
    assert caught.value.check == "policy-taste"


@pytest.mark.parametrize(
    "error", [ValueError("x"), MemoryError(), ZeroDivisionError(), RecursionError(), SystemExit(0)], ids=repr
)
def test_exception_of_a_backend_is_a_rejection(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail() -> None:
        raise error

    asked = judge(registry, monkeypatch, fail)
    for ask in (
        lambda: asked.verify(STATEMENT, (1, 2), b""),
        lambda: asked.verify_inclusion(STATEMENT, (1, 2), b"", Claim("a", (1, 2)), b""),
    ):
        with pytest.raises(ProofRejected) as caught:
            ask()
        assert caught.value.check == "verifier-failed"


def test_what_is_known_to_be_a_plugins_fault_stays_one(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    known = PluginFault("the plugin 'elsewhere' is at fault")

    def fail() -> None:
        raise known

    with pytest.raises(PluginFault) as caught:
        judge(registry, monkeypatch, fail).verify(STATEMENT, (1, 2), b"")
    assert caught.value is known


def test_hash_that_fails_within_a_verifier_says_nothing_about_the_proof(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PluginFault, match="hashlib-blake2s"):
        judge(registry, monkeypatch, Failing(ValueError("x")).fail).verify(STATEMENT, (1, 2), b"")
    # No memory for it is nobody's fault: bytes that make a verifier ask for so much are refused.
    with pytest.raises(ProofRejected, match="the verifier failed on it: MemoryError") as caught:
        judge(registry, monkeypatch, Failing(MemoryError()).fail).verify(STATEMENT, (1, 2), b"")
    assert caught.value.check == "verifier-failed"


def test_field_that_is_asked_for_the_impossible_is_a_rejection(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = Goldilocks()
    with pytest.raises(ProofRejected, match=r"the verifier failed on it: .*goldilocks.*FieldError") as caught:
        judge(registry, monkeypatch, lambda: field.inverse(np.zeros(1, np.uint64))).verify(STATEMENT, (1, 2), b"")
    assert caught.value.check == "verifier-failed"


# Claims and statements that cannot be


@pytest.mark.parametrize(
    ("claim", "check"),
    [
        (Claim("\ud800", (1, 2)), "account-id"),
        (Claim("a", (1,)), "balance-count"),
        (Claim("a", (1, 2, 3)), "balance-count"),
        (Claim("a", ()), "balance-count"),
        (Claim("a", (-1, 2)), "balance-range"),
        (Claim("a", (1, 1 << 64)), "balance-range"),
        (Claim("a", (1, 1 << 20_000)), "balance-range"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_claim_that_no_account_can_make_is_rejected_before_the_backend_is_asked(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, claim: Claim, check: str
) -> None:
    def never() -> None:
        raise AssertionError("the backend was asked")

    with pytest.raises(ProofRejected) as caught:
        judge(registry, monkeypatch, never).verify_inclusion(STATEMENT, (1, 2), b"", claim, b"")
    assert caught.value.check == check


def test_claim_of_nothing_and_of_the_most_that_there_can_be_reach_the_backend(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = judge(registry, monkeypatch, lambda: InclusionVerdict(("yes",), GOOD))
    claim = Claim("a", (0, (1 << 64) - 1))
    assert asked.verify_inclusion(STATEMENT, (1, 2), b"", claim, b"").sentences == ("yes",)


@pytest.mark.parametrize(("segment", "segments"), [(1, 1), (-1, 1), (0, 0)])
def test_segment_that_is_not_there_is_rejected_before_the_backend_is_asked(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, segment: int, segments: int
) -> None:
    asked = judge(registry, monkeypatch, lambda: pytest.fail("the backend was asked"))
    for ask in questions(asked, evolve(STATEMENT, segment=segment, segments=segments)):
        with pytest.raises(ProofRejected) as caught:
            ask()
        assert caught.value.check == "segment"


def test_policys_limits_hold_before_the_backend_is_asked(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = evolve(WITH_TALLY, max_segments=3, max_proof_bytes=9, max_inclusion_bytes=5)
    asked = judge(registry, monkeypatch, lambda: pytest.fail("the backend was asked"), policy)
    for statement, proof, check in (
        (evolve(STATEMENT, segments=4), bytes(9), "policy-segments"),
        (evolve(STATEMENT, segments=3), bytes(10), "policy-proof-size"),
    ):
        for ask in questions(asked, statement, proof):
            with pytest.raises(PolicyRejected) as caught:
                ask()
            assert caught.value.check == check
    many = asked.inclusion_verifier(STATEMENT, (1, 2), b"")
    for ask in (lambda *given: asked.verify_inclusion(STATEMENT, (1, 2), b"", *given), many):
        with pytest.raises(PolicyRejected) as caught:
            ask(Claim("a", (1, 2)), bytes(6))
        assert caught.value.check == "policy-inclusion-size"


@pytest.mark.parametrize(
    "answer", [None, True, "yes", InclusionVerdict(("yes",), GOOD)], ids=lambda one: type(one).__name__
)
def test_what_cannot_check_claims_is_a_fault_of_the_plugin(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    asked = judge(registry, monkeypatch, lambda: InclusionVerdict(("yes",), GOOD))
    assert asked.inclusion_verifier(STATEMENT, (1, 2), b"")(Claim("a", (1, 2)), b"").sentences == ("yes",)
    monkeypatch.setattr(Credulous, "inclusion_verifier", lambda *_: answer)
    with pytest.raises(PluginFault, match="instead of what checks claims"):
        asked.inclusion_verifier(STATEMENT, (1, 2), b"")


# Plugins that the policy does not allow are not even imported


def test_disallowed_backend_is_not_imported(tmp_path: Path, registry: Registry) -> None:
    audit = proved(tmp_path, registry, "merkle-sum")
    evil = tally_registry(Component("backend", "evil", "Runs code when it is imported", "audit.evil_backend:Evil"))
    manifest = open_audit(audit, registry=evil).manifest
    for changed in (
        evolve(manifest, backend="evil"),
        evolve(manifest, backend="evil", spec={**manifest.spec, "backend": {"name": "evil"}}),
        evolve(manifest, spec={**manifest.spec, "backend": {"name": "evil"}}),
        evolve(manifest, spec={**manifest.spec, "backend": "evil"}),
    ):
        (audit / "public" / "manifest.json").write_bytes(changed.to_bytes())
        refit(audit / "public")
        with pytest.raises(ProofRejected) as caught:
            open_audit(audit, policy=Policy(backends=("merkle-sum",)), registry=evil)
        assert caught.value.check in (PolicyCheck.BACKEND, "manifest-backend")
    assert "audit.evil_backend" not in sys.modules


# Names


def test_every_policy_refusal_has_one_name_and_a_meaning() -> None:
    assert len({check.value for check in PolicyCheck}) == len(PolicyCheck)
    for check in PolicyCheck:
        assert check.startswith("policy-")
        assert check.meaning
        assert f"{check}" == check.value == str(check)


def test_no_source_spells_a_policy_refusal_by_itself() -> None:
    root = Path(__file__).parents[2]
    spelled = [
        f"{path.relative_to(root)}: {check}"
        for folder in ("core", "plugins")
        for path in (root / folder).rglob("*.py")
        for check in PolicyCheck
        if path.name != "policy_checks.py" and f'"{check}"' in path.read_text(encoding="utf-8")
    ]
    assert spelled == []
