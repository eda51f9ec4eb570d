"""Headers that a dishonest exchange could publish: each is refused by name, before any proof is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from net_equity.audits import TREES, forged
from polyproof.constraints import Established
from polyproof.errors import PolicyRejected, ProofRejected
from polyproof.liabilities import open_audit, verify
from polyproof.registry import Registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof_accounts.margin import MarginAccountsSystem
from polyproof_accounts.system import AccountsSystem
from stark import unranged_plugin

Change = Callable[[dict[str, Any]], Any]


def price(**values: str) -> Change:
    return lambda m: m["net_equity"]["prices"][0].update(values)


def slices(*found: dict[str, str | None]) -> Change:
    return lambda m: m["spec"]["net_equity"]["collateral"][0].update(slices=list(found))


def in_spec(**values: Any) -> Change:
    return lambda m: m["spec"]["net_equity"].update(values)


def facts(**values: Any) -> Change:
    return lambda m: m["net_equity"].update(values)


def rename(m: dict[str, Any]) -> None:
    """An asset called as a position is: its amounts would count as a debt without any check."""
    m["spec"]["assets"][0]["symbol"] = "BTC:debt"


@pytest.mark.parametrize(
    ("change", "check"),
    [
        pytest.param(price(price="0"), "manifest-format", id="a price of zero"),
        pytest.param(price(price="-1"), "manifest-format", id="a price below zero"),
        pytest.param(price(price="9e4"), "manifest-format", id="a price with an exponent"),
        pytest.param(
            lambda m: m["net_equity"]["prices"].reverse(), "manifest-format", id="prices that are not in order"
        ),
        pytest.param(price(currency="EUR"), "manifest-prices", id="a price of another currency"),
        pytest.param(
            price(time="2999-01-01T00:00:00Z"), "manifest-prices", id="a price from after the proof was started"
        ),
        pytest.param(price(asset="AAA"), "manifest-prices", id="a price of an asset that is not audited"),
        pytest.param(lambda m: m["net_equity"]["prices"].pop(), "manifest-prices", id="an asset without a price"),
        pytest.param(
            price(source="Kraken", time="2025-11-29T00:00:00Z"), "manifest-prices", id="two prices of one source"
        ),
        pytest.param(
            price(price=f"0.{'0' * 120}1"), "manifest-prices", id="a price so low that it has few bits beside others"
        ),
        pytest.param(slices({"ratio": "1.1", "width": None}), "public-spec", id="a ratio above one"),
        pytest.param(
            slices({"ratio": "0.5", "width": "1"}, {"ratio": "0.9", "width": None}),
            "public-spec",
            id="a ratio that rises",
        ),
        pytest.param(slices({"ratio": "-0.1", "width": None}), "public-spec", id="a ratio below zero"),
        pytest.param(
            slices({"ratio": "0.9", "width": "0"}, {"ratio": "0.5", "width": None}), "public-spec", id="a width of zero"
        ),
        pytest.param(
            slices({"ratio": "0.9", "width": "184467440737.09551616"}, {"ratio": "0.5", "width": None}),
            "public-spec",
            id="a width that does not fit",
        ),
        pytest.param(
            slices({"ratio": "0.9", "width": "0.000000001"}, {"ratio": "0.5", "width": None}),
            "public-spec",
            id="a width finer than a base unit",
        ),
        pytest.param(slices({"ratio": "0.9", "width": "1"}), "public-spec", id="no open slice"),
        pytest.param(slices(), "public-spec", id="no slices"),
        pytest.param(
            lambda m: m["spec"]["net_equity"]["collateral"][0].update(asset="AAA"),
            "public-spec",
            id="collateral of an asset that is not audited",
        ),
        pytest.param(
            lambda m: m["spec"]["net_equity"]["collateral"][0].update(category="debt"),
            "manifest-prices",
            id="a category called debt",
        ),
        pytest.param(
            lambda m: m["spec"]["net_equity"]["collateral"].append(m["spec"]["net_equity"]["collateral"][0]),
            "public-spec",
            id="the same pledge twice",
        ),
        pytest.param(in_spec(own_issued=["AAA"]), "public-spec", id="an issued asset that is not audited"),
        pytest.param(
            in_spec(underwater="ignore"), "public-spec", id="a way with accounts under water that there is not"
        ),
        pytest.param(rename, "public-spec", id="a symbol that looks like a position"),
        pytest.param(facts(positions=["BTC:equity"]), "manifest-totals", id="positions renamed"),
        pytest.param(
            lambda m: m["net_equity"]["positions"].insert(1, m["net_equity"]["positions"].pop(2)),
            "manifest-net-equity",
            id="positions in another order",
        ),
        pytest.param(
            lambda m: m["net_equity"]["positions"].append("BTC:loan"), "manifest-format", id="a position twice"
        ),
        pytest.param(facts(margin_segments=0), "manifest-totals", id="debts as a segment without debts"),
        pytest.param(facts(margin_segments=2), "manifest-totals", id="no segment without debts"),
        pytest.param(facts(margin_segments=3), "manifest-format", id="more segments with debts than segments"),
        pytest.param(lambda m: m["spec"].update(rule="non-negative"), "public-spec", id="another rule"),
        pytest.param(lambda m: m["spec"].pop("net_equity"), "public-spec", id="no settings"),
        pytest.param(lambda m: m["spec"].pop("margin_backend"), "public-spec", id="no backend for accounts with debts"),
        pytest.param(
            lambda m: m["spec"].update(margin_backend={"name": "stark"}),
            "manifest-backend",
            id="another backend for accounts with debts",
        ),
        pytest.param(
            lambda m: m["position_totals"].__setitem__(1, "10000001"),
            "manifest-totals",
            id="totals of positions that are not the sums",
        ),
        pytest.param(lambda m: m.pop("position_totals"), "manifest-format", id="no totals of positions"),
        pytest.param(
            facts(underwater={"accounts": 1, "equity": ["0", "0"], "debt": ["0", "0"]}),
            "manifest-net-equity",
            id="accounts left out that the spec refuses",
        ),
        pytest.param(
            facts(underwater={"accounts": 0, "equity": ["0", "0"], "debt": ["0", "0"]}),
            "manifest-format",
            id="no accounts left out",
        ),
    ],
)
def test_a_header_under_which_debts_would_count_for_too_little_is_refused_before_any_proof(
    change: Change, check: str, tree_audit: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProofRejected) as refused:
        open_audit(forged(tree_audit, tmp_path / "public", change), policy=TREES)
    assert refused.value.check == check, refused.value


def without_debts(m: dict[str, Any]) -> None:
    """The spec of an audit without debts, over segments that have them."""
    for key in ("net_equity", "margin_backend"):
        m["spec"].pop(key)
    m["spec"]["rule"] = "non-negative"


def test_what_is_said_of_debts_belongs_to_their_rule_alone(tree_audit: Path, tmp_path: Path) -> None:
    with pytest.raises(ProofRejected, match="its rule is non-negative, and the rest of it is about debts") as refused:
        open_audit(forged(tree_audit, tmp_path / "with", without_debts), policy=TREES)
    assert refused.value.check == "manifest-net-equity"

    def cut_short(m: dict[str, Any]) -> None:
        without_debts(m)
        m.pop("net_equity")
        m.pop("position_totals")

    with pytest.raises(ProofRejected, match="segment 1 has 6 totals, the manifest 2"):
        open_audit(forged(tree_audit, tmp_path / "without", cut_short), policy=TREES)


CHANGED: dict[str, Change] = {
    "a higher price of collateral": price(price="99000"),
    "a later price": price(time="2025-11-30T00:00:01Z"),
    "another source": price(source="Bitstamp"),
    "a better ratio": slices({"ratio": "0.95", "width": "10"}, {"ratio": "0.5", "width": None}),
    "a wider slice": slices({"ratio": "0.9", "width": "11"}, {"ratio": "0.5", "width": None}),
    "an asset that it issues no longer issued": in_spec(own_issued=["USDT"]),
    "accounts under water left out": lambda m: (
        in_spec(underwater="leave-out")(m),
        facts(underwater={"accounts": 1, "equity": ["0", "0"], "debt": ["0", "1"]})(m),
    ),
}


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.parametrize("audit", ["tree_audit", pytest.param("stark_audit", marks=pytest.mark.slow)])
def test_every_proof_is_bound_to_every_price_slice_and_flag(
    name: str, audit: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """So that prices cannot differ between segments either: each is proved under the one header."""
    made: Path = request.getfixturevalue(audit)
    policy = TREES if audit == "tree_audit" else None
    with pytest.raises(ProofRejected) as refused:
        verify(forged(made, tmp_path / "public", CHANGED[name]), policy=policy)
    expected = {"root", "constraint-identity", "policy-own-issued"}
    assert refused.value.check in expected, refused.value
    assert isinstance(refused.value, PolicyRejected) == ("issues" in name)


def test_accounts_with_debts_are_not_proved_by_a_system_that_covers_none(stark_audit: Path, tmp_path: Path) -> None:
    """The sums of debts that nothing covers would be as exact as those of debts that are covered."""

    def swap(m: dict[str, Any]) -> None:
        m["spec"]["margin_backend"]["constraints"] = "accounts"

    with pytest.raises(ProofRejected, match="does not show that debts are covered") as refused:
        open_audit(forged(stark_audit, tmp_path / "swapped", swap))
    assert refused.value.check == "public-spec"

    def both(m: dict[str, Any]) -> None:
        m["spec"]["backend"]["constraints"] = "margin-accounts"

    with pytest.raises(ProofRejected, match="is an asset and not a position") as refused:
        open_audit(forged(stark_audit, tmp_path / "both", both))
    assert refused.value.check == "public-spec"


def test_accounts_without_debts_are_not_proved_by_a_system_that_shows_less(stark_audit: Path, tmp_path: Path) -> None:
    """What is said of all totals would be said of theirs, of which some may be sums of negative balances."""
    registry = Registry()
    registry.discover()
    registry.register(unranged_plugin, "unranged", "1.0", "tests")

    def swap(m: dict[str, Any]) -> None:
        m["spec"]["backend"]["constraints"] = "unranged"

    with pytest.raises(ProofRejected, match="one shows less than the other of totals") as refused:
        open_audit(forged(stark_audit, tmp_path / "swapped", swap), policy=UNRESTRICTED, registry=registry)
    assert refused.value.check == "public-spec"


def test_that_debts_are_covered_says_nothing_of_totals_that_are_no_sums(
    stark_audit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AccountsSystem, "establishes", Established(non_negative=True))
    monkeypatch.setattr(MarginAccountsSystem, "establishes", Established(non_negative=True, debts_covered=True))
    with pytest.raises(ProofRejected, match="net totals would say nothing") as refused:
        open_audit(stark_audit / "public", policy=UNRESTRICTED)
    assert refused.value.check == "public-spec"
