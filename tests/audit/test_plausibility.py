"""Totals that look as if amounts were read in the wrong unit are told, with the figures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from audit.tally_backend import WITH_TALLY
from polyproof.liabilities import check, prove
from polyproof.liabilities.plausibility import Earlier, earlier_totals, unit_warnings
from polyproof.model.assets import Asset
from polyproof.registry import Registry
from polyproof.settings.spec import Spec

BTC, XYZ = Asset("BTC", 8), Asset("XYZ", 18, 128)


def before(**totals: int | str) -> Earlier:
    return Earlier("october", None, "2025-10-31T00:00:00Z", {name: Fraction(total) for name, total in totals.items()})


def test_base_units_read_as_coins_exceed_what_can_exist() -> None:
    assert not unit_warnings([BTC, XYZ], [21_000_000 * 10**8, 10**18 * 10**18], None)
    (told,) = unit_warnings([BTC], [21_000_001 * 10**8], None)
    assert told == (
        "BTC: the balances add up to 21,000,001, and more than 21,000,000 are not plausible: "
        "if the amounts are in base units, the spec needs `units: base`"
    )
    (told,) = unit_warnings([XYZ], [(10**18 + 1) * 10**18], None)
    assert "1,000,000,000,000,000,001, and more than 1,000,000,000,000,000,000" in told


@pytest.mark.parametrize(
    ("coins", "factor"), [("50", 0), ("0.02", 0), ("0", 0), ("50.1", 50), ("0.0199", 50), ("100", 100), ("1e-8", 10**8)]
)
def test_a_jump_since_the_last_audit_is_told_either_way(coins: str, factor: int) -> None:
    warnings = unit_warnings([BTC], [int(Fraction(coins) * 10**8)], before(BTC=1))
    assert bool(warnings) == bool(factor)
    if factor:
        assert f"1 in the audit october, a factor of {factor:,}: are units and decimals right?" in warnings[0]


def test_an_asset_that_is_new_or_was_empty_is_not_compared() -> None:
    assert not unit_warnings([BTC], [10**8], before(XYZ=1))
    assert not unit_warnings([BTC], [10**8], before(BTC=0))


def test_check_and_prove_compare_with_the_newest_audit_in_the_output_directory(spec: Spec, registry: Registry) -> None:
    assert not check(spec, registry=registry, policy=WITH_TALLY).warnings
    proved = prove(spec, spec.output_directory / "first", registry=registry, policy=WITH_TALLY)
    assert not proved.warnings
    accounts = spec.directory / "accounts.csv"
    accounts.write_text("account,BTC,USDT\nalice,25000000,100\nbob,100000000,19.5\n")
    expected = (
        "BTC: the balances add up to 125,000,000, and more than 21,000,000 are not plausible: "
        "if the amounts are in base units, the spec needs `units: base`",
    )
    assert check(spec, registry=registry, policy=WITH_TALLY).warnings == expected
    accounts.write_text("account,BTC,USDT\nalice,1,1.000000\nbob,0,1.38\n")
    (told,) = check(spec, registry=registry, policy=WITH_TALLY).warnings
    assert f"USDT: the balances add up to 2.38, 119.5 in the audit {proved.manifest.audit_id}, a factor of 50" in told
    assert told in prove(spec, spec.directory / "elsewhere" / "second", registry=registry, policy=WITH_TALLY).warnings
    second = prove(spec, spec.output_directory / "second", registry=registry, policy=WITH_TALLY)
    assert told in second.warnings


def test_what_is_no_audit_of_this_organisation_is_passed_over(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    assert earlier_totals(spec) is None
    public = spec.output_directory / "other" / "public"
    public.mkdir(parents=True)
    (public / "manifest.json").write_text("{}")
    assert earlier_totals(spec) is None
    audit = prove(spec, tmp_path / "beside" / "audit", registry=registry, policy=WITH_TALLY).directory
    assert earlier_totals(spec) is None
    found = earlier_totals(spec, also=audit.with_name("next"))
    assert found is not None
    assert found.totals == {"BTC": Fraction("1.25000001"), "USDT": Fraction("119.5")}
    renamed = (audit / "public" / "manifest.json").read_text().replace('"Example Exchange"', '"Another"')
    (audit / "public" / "manifest.json").write_text(renamed)
    assert earlier_totals(spec, also=audit.with_name("next")) is None
