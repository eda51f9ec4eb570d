"""What a control query gave: in the plan, the manifest and the report, and part of what a rerun has to find again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import evolve

from audit.tally_backend import WITH_TALLY
from polyproof import liabilities as audit
from polyproof.errors import AccountsError, ArtifactError
from polyproof.registry import Registry
from polyproof.settings.spec import Spec

SUMS = "SELECT * FROM (VALUES ('BTC', 1.25000001), ('USDT', 119.5)) t(asset, amount)"


def with_control(spec: Spec, query: str = SUMS) -> Spec:
    return evolve(spec, accounts=evolve(spec.accounts, control=query))


def test_control_sums_stand_in_the_plan_and_the_manifest(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    without, spec = spec, with_control(spec)
    assert audit.check(spec, policy=WITH_TALLY, registry=registry).control == ("1.25000001", "119.5")
    planned = audit.plan(spec, tmp_path / "work", policy=WITH_TALLY, registry=registry)
    assert planned.control == ("1.25000001", "119.5")
    header = json.loads((tmp_path / "work/plan.json").read_bytes())["header"]
    assert header["control"] == ["1.25000001", "119.5"]
    assert audit.plan(spec, tmp_path / "work", policy=WITH_TALLY, registry=registry).kept
    with pytest.raises(ArtifactError, match="on different inputs"):
        audit.plan(without, tmp_path / "work", policy=WITH_TALLY, registry=registry)
    proved = audit.prove(spec, tmp_path / "audit", policy=WITH_TALLY, registry=registry)
    assert proved.manifest.control == ("1.25000001", "119.5")
    verified = audit.verify(tmp_path / "audit", policy=WITH_TALLY, registry=registry)
    assert verified.audit.manifest.control == ("1.25000001", "119.5")


def test_nothing_is_planned_or_proved_if_a_sum_differs(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    spec = with_control(spec, SUMS.replace("119.5", "119.500001"))
    for work in (
        lambda: audit.check(spec, policy=WITH_TALLY, registry=registry),
        lambda: audit.plan(spec, tmp_path / "work", policy=WITH_TALLY, registry=registry),
        lambda: audit.prove(spec, tmp_path / "audit", policy=WITH_TALLY, registry=registry),
    ):
        with pytest.raises(
            AccountsError, match=r"USDT: the control query's sum is 119\.500001, and the accounts add up"
        ):
            work()
    assert not list(tmp_path.glob("work/plan.json")) + list(tmp_path.glob("audit"))
