"""Core judges: whatever a backend says, a verifier's policy holds around it, in verify and in verify-inclusion."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.faulty_backends import WEAK, Credulous, CredulousOptions, Inner, faulty_registry, proved
from audit.forged import refit
from audit.tally_backend import tally_registry
from polyproof.backend import Claim, InclusionVerdict, SecurityReport, SecurityTerm, Statement, Verdict
from polyproof.errors import PluginFault, PolicyRejected, ProofRejected
from polyproof.hookspecs import Component
from polyproof.liabilities import Judge, open_audit, verify, verify_inclusion
from polyproof.model.assets import Asset
from polyproof.registry import Registry
from polyproof.settings.policy import Policy, PolicyCheck

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
        ("{name: credulous, capacity: 2, bits: 1}", Policy(min_proven_bits=100), "policy-bits"),
        ("{name: credulous, capacity: 2, bits: 99}", Policy(min_proven_bits=100), "policy-bits"),
        ("{name: credulous, capacity: 2, bits: 1}", Policy(min_proven_bits=100, hashes=("blake3",)), "policy-hash"),
        ("{name: credulous, capacity: 2}", Policy(hashes=("blake3",)), "policy-hash"),
        ("{name: credulous, capacity: 2}", Policy(hashes=()), "policy-hash"),
        (
            "{name: credulous, capacity: 2, inner: {hash: blake3}, more: [{hash: blake3}, {hash: sha256}]}",
            Policy(hashes=("blake3",)),
            "policy-hash",
        ),
        ("{name: credulous, capacity: 2}", Policy(fields=("another",)), "policy-field"),
        ("{name: credulous, capacity: 2}", Policy(backends=("stark",)), "policy-backend"),
        ("{name: credulous, capacity: 2}", Policy(max_segments=2), "policy-segments"),
        ("{name: credulous, capacity: 2}", Policy(max_proof_bytes=100), "policy-proof-size"),
        ("{name: credulous, capacity: 2}", Policy(max_manifest_bytes=100), "policy-manifest-size"),
        ("{name: tally, capacity: 2}", Policy(hashes=("sha256",)), "policy-hash"),
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
    policy = Policy(min_proven_bits=100, hashes=("blake3",), fields=("goldilocks",), backends=("credulous",))
    verify(audit, policy=policy, registry=registry)
    verify_inclusion(audit.parent / "alice.polyproof", audit, lambda _: ALICE, policy=policy, registry=registry)


def test_policy_holds_wherever_an_audit_is_opened(tmp_path: Path, registry: Registry) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    for policy, check in (
        (Policy(hashes=("blake3",)), "policy-hash"),
        (Policy(fields=()), "policy-field"),
        (Policy(backends=()), "policy-backend"),
        (Policy(max_segments=1), "policy-segments"),
    ):
        with pytest.raises(PolicyRejected, match=check):
            open_audit(audit, policy=policy, registry=registry)


def test_size_limits_are_exact_and_inclusion_files_have_one(tmp_path: Path, registry: Registry) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    largest = max(path.stat().st_size for path in (audit / "public").glob("*.bin"))
    verify(audit, policy=Policy(max_proof_bytes=largest), registry=registry)
    assert refused(audit, Policy(max_proof_bytes=10), registry) == {"policy-proof-size"}
    file = audit.parent / "alice.polyproof"

    def check(most: int) -> None:
        policy = Policy(max_inclusion_bytes=most)
        verify_inclusion(file, audit, lambda _: ALICE, policy=policy, registry=registry)

    check(32)
    for most in (31, 1):
        with pytest.raises(PolicyRejected, match="policy-inclusion-size"):
            check(most)
    file.write_bytes(file.read_bytes() + bytes(4096))
    with pytest.raises(PolicyRejected, match="policy-inclusion-size"):
        check(32)


# Reports


def report_of(bits: Any, *terms: Any, **changes: Any) -> SecurityReport:
    made = tuple(SecurityTerm(f"term {number}", value, "made up", "nowhere") for number, value in enumerate(terms))
    return evolve(SecurityReport(bits, "term 0", made), **changes)


@pytest.mark.parametrize("bits", [math.nan, math.inf, -math.inf, -1.0], ids=str)
def test_bits_that_are_not_finite_numbers_never_pass(
    tmp_path: Path, registry: Registry, report: Callable[[Any], None], bits: float
) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    report(report_of(bits, 120.0))
    for least in (0.0, 100.0, 256.0):
        assert refused(audit, Policy(min_proven_bits=least), registry) == {"policy-bits"}
    report(report_of(120.0, 120.0, math.nan))
    assert refused(audit, Policy(min_proven_bits=0.0), registry) == {"policy-bits"}


def test_report_that_says_more_than_its_terms_counts_as_its_terms(
    tmp_path: Path, registry: Registry, report: Callable[[Any], None]
) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    report(report_of(128.0, 128.0, 20.0))
    assert refused(audit, Policy(), registry) == {"policy-bits"}
    report(report_of(100.0, 128.0, 120.0))
    assert verify(audit, policy=Policy(), registry=registry).security.proven_bits == 100.0


def test_claim_that_is_easier_to_forge_than_the_totals_is_judged_by_that(
    tmp_path: Path, registry: Registry, report: Callable[[Any], None]
) -> None:
    audit = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    file = audit.parent / "alice.polyproof"
    weak, strong = report_of(0.0, 75.0, 80.0).terms, report_of(0.0, 75.0, 102.0).terms
    for terms in (weak, report_of(0.0, 102.0, math.nan).terms):
        report(report_of(120.0, 120.0, inclusion=terms))
        verify(audit, policy=Policy(), registry=registry)
        with pytest.raises(PolicyRejected, match="policy-bits"):
            verify_inclusion(file, audit, lambda _: ALICE, registry=registry)
    report(report_of(120.0, 120.0, inclusion=strong))
    verify_inclusion(file, audit, lambda _: ALICE, registry=registry)


@pytest.mark.parametrize(
    "malformed",
    [
        "120 bits",
        120.0,
        report_of("120", 120.0),
        report_of(True, 120.0),
        report_of(10**400, 120.0),
        report_of(120.0),
        report_of(120.0, "120"),
        report_of(120.0, None),
        report_of(120.0, 120.0, terms=None),
        report_of(120.0, 120.0, terms=[WEAK.terms[0]]),
        report_of(120.0, 120.0, terms=("term",)),
        report_of(120.0, 120.0, inclusion=None),
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
        lambda: verify(audit, policy=Policy(min_proven_bits=0.0), registry=registry),
        lambda: verify_inclusion(file, audit, lambda _: ALICE, registry=registry),
    ):
        with pytest.raises(PluginFault, match=r"'credulous'.*audit\.faulty_backends\.Credulous") as caught:
            ask()
        assert caught.value.exit_status == 3


# Verdicts


STATEMENT = Statement("a", bytes(32), (Asset("BTC", 8), Asset("USDT", 6)), 0, 1)
GOOD = report_of(120.0, 120.0)


def judge(registry: Registry, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any]) -> Judge:
    """A judge whose backend answers so, whatever it is asked."""
    options = CredulousOptions(inner=Inner(hash="blake3"))
    monkeypatch.setattr(Credulous, "verify", lambda *_: answer())
    monkeypatch.setattr(Credulous, "verify_inclusion", lambda *_: answer())
    return Judge(Credulous(options, registry), options, Policy())


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


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), ZeroDivisionError(), RecursionError()], ids=repr)
def test_exception_of_a_backend_is_a_rejection(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, error: Exception
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


@pytest.mark.parametrize(("segment", "segments"), [(1, 1), (-1, 1), (0, 0)])
def test_segment_that_is_not_there_is_rejected_before_the_backend_is_asked(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, segment: int, segments: int
) -> None:
    asked = judge(registry, monkeypatch, lambda: pytest.fail("the backend was asked"))
    with pytest.raises(ProofRejected) as caught:
        asked.verify(evolve(STATEMENT, segment=segment, segments=segments), (1, 2), b"")
    assert caught.value.check == "segment"


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
        if path.name != "policy.py" and f'"{check}"' in path.read_text(encoding="utf-8")
    ]
    assert spelled == []
