"""Verifying published reserves: what the caller gives is what is used, and what is told follows from this run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from doubles.policies import SUM_TREE
from doubles.refusals import Failing
from polyproof import liabilities
from polyproof.balances import BalanceProvider
from polyproof.errors import InputError, PluginFault
from polyproof.ownership import OwnershipResult, Status
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.reserves import judging, run_reserves, verification, verify_reserves
from polyproof.reserves.signatures import load_schemes, verify_ownership
from reserves.exchange import okx_csv, prove, spec_text, wallet, write_spec


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of three rows; two of them were published as of a kind that nobody could judge then, and one of those holds."""
    folder = tmp_path_factory.mktemp("exchange")
    spec = write_spec(folder, spec_text("{name: okx-csv, path: wallets.csv}", assets=("ETH 9", "TRX 6")))
    rows = [wallet("EVM, EIP-191", 1, "4"), *(wallet("Tron, its header", number, "11") for number in (1, 2))]
    first, second = (one.claim.signatures[0] for one in rows[1:])
    (folder / "wallets.csv").write_text(okx_csv(rows).replace(second, first))
    directory = prove(folder, spec, {"ETH": "1", "TRX": "1"})

    def earlier(claims: Any, *_: Any) -> list[OwnershipResult]:
        results = verify_ownership(claims, load_schemes())
        unknown = {"status": Status.UNSUPPORTED, "reason": "not known yet"}
        return [evolve(one, **unknown) if one.chain == "tron" else one for one in results]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(judging, "verify_ownership", earlier)
        run_reserves(spec, directory, policy=SUM_TREE)
    return directory


def test_only_rows_that_could_count_by_now_are_said_to_be_better(audit: Path) -> None:
    verified = verify_reserves(audit, policy=SUM_TREE)
    assert [one.status for one in verified.evaluation.rows].count(Status.UNSUPPORTED) == 2
    assert verified.better == 1


def test_an_audit_that_the_caller_has_verified_is_not_verified_again(
    audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = liabilities.verify(audit, policy=SUM_TREE)
    monkeypatch.setattr(liabilities.verification, "verify", Failing().fail)
    began = time.perf_counter()
    found = verify_reserves(audit, audit=verified)
    assert found.audit is verified
    assert 0 <= found.seconds <= time.perf_counter() - began


def test_registry_and_progress_are_those_that_are_given_and_otherwise_the_default(
    audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    schemes, judge, verify = verification.load_schemes, verification.judge_rows, liabilities.verification.verify

    def loading(registry: Registry) -> Any:
        asked.append(registry)
        return schemes(registry)

    def judging_rows(*given: Any, progress: Progress, **more: Any) -> Any:
        asked.append(progress)
        return judge(*given, progress=progress, **more)

    def verifying(*given: Any, registry: Registry, progress: Progress, **more: Any) -> Any:
        asked.extend((registry, progress))
        return verify(*given, registry=registry, progress=progress, **more)

    monkeypatch.setattr(verification, "load_schemes", loading)
    monkeypatch.setattr(verification, "judge_rows", judging_rows)
    monkeypatch.setattr(liabilities.verification, "verify", verifying)
    progress, registry = Progress(), Registry()
    registry.discover()
    verify_reserves(audit, policy=SUM_TREE, registry=registry, progress=progress)
    assert [one is mine for one, mine in zip(asked, (registry, progress, registry, progress), strict=True)] == [
        True
    ] * 4
    asked.clear()
    verify_reserves(audit, policy=SUM_TREE)
    assert asked[0] is asked[2] is default_registry()
    assert asked[1] is asked[3]
    assert isinstance(asked[1], Progress)


def test_the_extra_is_asked_for_before_anything_is_read(
    audit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(verification, "require_extras", lambda *names, purpose: asked.append((*names, purpose)))
    verify_reserves(audit, policy=SUM_TREE)
    assert asked == [("reserves", "checking reserves")]


class Silent(BalanceProvider):
    """Stands for a provider; nothing here asks it."""

    name = "silent"

    def __init__(self, asks: bool) -> None:
        super().__init__(None, default_registry())
        self.asks = asks  # type: ignore[misc]

    def serves(self, question: Any) -> bool:
        return False

    def balances(self, *_: Any) -> Any:
        raise NotImplementedError


def test_every_provider_must_ask_somebody(audit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed: list[int] = []
    monkeypatch.setattr(
        verification, "confirm", lambda rows, **given: confirmed.append(len(given["providers"])) or rows
    )
    verify_reserves(audit, policy=SUM_TREE, providers=[Silent(True), Silent(True)])
    assert confirmed == [2]
    verify_reserves(audit, policy=SUM_TREE)
    assert confirmed == [2]
    for providers in ([Silent(False)], [Silent(True), Silent(False)]):
        with pytest.raises(InputError, match="asks nobody"):
            verify_reserves(audit, policy=SUM_TREE, providers=providers)


def test_a_fault_of_a_component_is_told_as_one(audit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "load_schemes", Failing().fail)
    with pytest.raises(PluginFault, match="hashlib"):
        verify_reserves(audit, policy=SUM_TREE)


@pytest.mark.parametrize(
    ("stated", "computed", "told"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, "b is 2, but 3 is computed"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1] is 2, but 3 is computed"),
        ({"a": [1, 2]}, {"a": [1]}, "a has 2 items, but 1 are computed"),
        ({"a": [1]}, {"a": [1, 2]}, "a has 1 item, but 2 are computed"),
        ({"a": None}, {"a": {"b": 1}}, "a is null, but"),
        ({"a": {"b": 1}}, {"a": None}, "but null is computed"),
        ({"a": None}, {"a": [1]}, "a is null, but"),
        ({"a": [1]}, {"a": None}, "but null is computed"),
    ],
)
def test_the_first_value_that_does_not_follow_is_named_whatever_it_is(stated: Any, computed: Any, told: str) -> None:
    assert told in verification._first_difference("", stated, computed)
