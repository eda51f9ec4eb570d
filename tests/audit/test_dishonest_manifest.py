"""A manifest that lies about one thing, under proofs that were made for it: only the check of that lie finds it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.faulty_backends import faulty_registry, proved
from audit.forged import refit
from audit.tally_backend import WITH_TALLY
from polyproof import liabilities as audit
from polyproof.errors import ProofRejected
from polyproof.liabilities import planning
from polyproof.liabilities.work_plan import WorkPlan
from polyproof.model.disclosures import Custodian, Disclosures, Encumbrance, OwnIssued
from polyproof.model.left_out import LeftOut
from polyproof.model.manifest import Manifest, Segment
from polyproof.registry import Registry
from polyproof.settings.spec import Spec

Lying = Callable[..., Path]


@pytest.fixture
def lying(spec: Spec, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lying:
    """Proves the example for a manifest with other values; every proof is bound to them."""

    def lie(**values: Any) -> Path:
        with monkeypatch.context() as patched:
            patched.setattr(planning, "Manifest", lambda **fields: Manifest(**{**fields, **values}))
            patched.setattr(WorkPlan, "check_makers", lambda plan, registry: None)  # of the backend that is named
            return audit.prove(
                spec, tmp_path / "audit", audit_id="example-1", policy=WITH_TALLY, registry=registry
            ).directory

    return lie


def refused(directory: Path, registry: Registry) -> str:
    with pytest.raises(ProofRejected) as caught:
        audit.verify(directory, policy=WITH_TALLY, registry=registry)
    assert caught.value.file == str(directory / "public/manifest.json")
    return caught.value.check


def test_what_the_lies_are_told_around_verifies(lying: Lying, registry: Registry) -> None:
    audit.verify(lying(organisation="Another Exchange"), policy=WITH_TALLY, registry=registry)


def test_digest_of_another_spec_is_rejected(lying: Lying, registry: Registry) -> None:
    assert refused(lying(spec_digest=bytes(32)), registry) == "spec-digest"


def test_backend_other_than_the_one_in_the_spec_is_rejected(lying: Lying, registry: Registry) -> None:
    assert refused(lying(backend="merkle-sum"), registry) == "manifest-backend"


@pytest.mark.parametrize(
    "change",
    [lambda totals: (*totals, 0), lambda totals: (*totals, 1), lambda totals: totals[:1], lambda totals: ()],
    ids=["a total of nothing", "a total of something", "one too few", "none"],
)
def test_totals_for_more_or_fewer_assets_than_the_spec_has_are_rejected(
    tmp_path: Path, change: Callable[[tuple[int, ...]], tuple[int, ...]]
) -> None:
    registry = faulty_registry()
    directory = proved(tmp_path, registry, "{name: credulous, capacity: 2}")
    manifest = audit.open_audit(directory, policy=WITH_TALLY, registry=registry).manifest

    def changed(segment: Segment) -> Segment:
        return evolve(segment, totals=change(segment.totals))

    forged = evolve(manifest, segments=tuple(changed(segment) for segment in manifest.segments))
    (directory / "public/manifest.json").write_bytes(forged.to_bytes())
    refit(directory / "public")
    assert refused(directory, registry) == "manifest-totals"


@pytest.mark.parametrize(
    ("control", "says"),
    [
        (("1.25000002", "119.5"), "its control sum of BTC is 1.25000002, more than its total, 1.25000001"),
        (("1.250000010000001", "119.5"), "its control sum of BTC is 1.250000010000001, more than its total"),
        (("1.25", "119.500001"), "its control sum of USDT is 119.500001, more than its total"),
        (("1.25000001",), "1 control sum for 2 assets"),
        (("1.25000001", "119.5", "0"), "3 control sums for 2 assets"),
        ((), "0 control sums for 2 assets"),
    ],
)
def test_control_sums_beyond_what_is_proven_are_rejected(
    lying: Lying, registry: Registry, control: tuple[str, ...], says: str
) -> None:
    """They say that more is owed than the totals do; less can be right, since balances are rounded up."""
    directory = lying(control=control)
    assert refused(directory, registry) == "manifest-control"
    with pytest.raises(ProofRejected, match=re.escape(says)):
        audit.verify(directory, policy=WITH_TALLY, registry=registry)


@pytest.mark.parametrize("name", ["BTC", "btc", "Usdt"])
def test_an_audited_asset_is_not_said_to_be_left_out(lying: Lying, registry: Registry, name: str) -> None:
    """A customer who sees it among what was left out would not ask why it is not in their file."""
    claim = LeftOut(asset=name, owed="1", debts="0", units="decimal")
    assert refused(lying(left_out=(claim,)), registry) == "manifest-left-out"


def test_assets_that_are_left_out_are_shown_as_stated(lying: Lying, registry: Registry) -> None:
    claims = tuple(LeftOut(asset=name, owed="1", debts="0", units="base") for name in ("BTC-LP", "XBT"))
    verified = audit.verify(lying(left_out=claims), policy=WITH_TALLY, registry=registry)
    assert verified.audit.manifest.left_out == claims


@pytest.mark.parametrize("control", [("1.25000001", "119.5"), ("1.250000009999", "119.5"), None])
def test_control_sums_within_what_is_proven_are_shown_as_stated(
    lying: Lying, registry: Registry, control: tuple[str, ...] | None
) -> None:
    verified = audit.verify(lying(control=control), policy=WITH_TALLY, registry=registry)
    assert verified.audit.manifest.control == control


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        (Disclosures(own_issued=(OwnIssued(asset="ETH"),)), "ETH is no asset of the audit"),
        (Disclosures(own_issued=(OwnIssued(asset="btc"),)), "btc is no asset of the audit"),
        (Disclosures(encumbered=(Encumbrance(asset="XBT", reason="lent"),)), "XBT is no asset of the audit"),
        (Disclosures(custodians=(Custodian(name="A", assets=("BTC", "SOL")),)), "SOL is no asset of the audit"),
        (
            Disclosures(encumbered=(Encumbrance(asset="USDT", amount="0.0000001", reason="lent"),)),
            "0.0000001 has 7 decimals, and USDT 6",
        ),
    ],
)
def test_what_is_declared_of_assets_that_are_not_audited_is_rejected(
    lying: Lying, registry: Registry, declared: Disclosures, says: str
) -> None:
    directory = lying(disclosures=declared)
    assert refused(directory, registry) == "manifest-disclosures"
    with pytest.raises(ProofRejected, match=re.escape(says)):
        audit.verify(directory, policy=WITH_TALLY, registry=registry)


def test_what_is_declared_cannot_be_changed_once_it_is_proved(lying: Lying, registry: Registry) -> None:
    """Every proof is bound to it: another declaration is rejected even if all digests are made to fit."""
    directory = lying(disclosures=Disclosures(exceptions=("Margin accounts are left out.",)))
    manifest = audit.open_audit(directory, policy=WITH_TALLY, registry=registry).manifest
    audit.verify(directory, policy=WITH_TALLY, registry=registry)
    for other in (None, Disclosures(exceptions=())):
        forged = evolve(manifest, disclosures=other)
        (directory / "public/manifest.json").write_bytes(forged.to_bytes())
        refit(directory / "public")
        with pytest.raises(ProofRejected):
            audit.verify(directory, policy=WITH_TALLY, registry=registry)
