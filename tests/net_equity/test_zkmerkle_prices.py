"""Prices from a list of assets in the layout that zkMerkle's proof of solvency reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from net_equity.audits import written
from polyproof.errors import InputError, SpecError
from polyproof.liabilities.weighing import begin_weighing
from polyproof.model.assets import Asset
from polyproof.model.prices import Quote
from polyproof.registry import default_registry
from polyproof.settings.prices import LISTED_SOURCE, load_prices

ASSETS = (Asset("BTC", 8, aliases=("XBT",)), Asset("USDT", 6))
SNAPSHOT = "2025-11-30T00:00:00Z"
HEADER = (
    '"token","asset_usdt_price","collateral_vip_loan_ratio_tiers","collateral_margin_ratio_tiers",'
    '"collateral_portfolio_margin_ratio_tiers"\n'
)
SAMPLE_HEADER = "symbol,usdt_price,loan_tiers_ratio,margin_tiers_ratio,portfolio_tiers_ratio\n"
BTC = 'btc,90918.5000000000000000,"[0-10000:100,10000-20000:90]",,[0-18446744073709551615:95]\n'
USDT = "usdt,1,,,\n"
OTHER = '"1000cat","0.0096500000000000","","",""\n'


def listed(folder: Path, text: str) -> Path:
    path = folder / "cex_assets_info.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize("header", [HEADER, SAMPLE_HEADER])
def test_the_assets_of_the_spec_have_the_prices_of_the_list_at_the_snapshot(tmp_path: Path, header: str) -> None:
    def quote(asset: str, price: str) -> Quote:
        return Quote(asset=asset, price=price, currency="USDT", source=LISTED_SOURCE, time=SNAPSHOT)

    found = load_prices(listed(tmp_path, header + OTHER + BTC + USDT), ASSETS, SNAPSHOT)
    assert found == (quote("BTC", "90918.5"), quote("USDT", "1"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEADER, "has no prices"),
        (HEADER + OTHER, "has no prices"),
        (HEADER + "btc,1\n", ":2: 2 cells under 5 columns"),
        (HEADER + OTHER + "doge,1,,,,\n", ":3: 6 cells under 5 columns"),
        (HEADER + BTC + BTC, ":3: token .*btc.*: BTC has a price in line 2"),
        (HEADER + BTC + "xbt,1,,,\n", ":3: token .*xbt.*: BTC has a price in line 2"),
        (HEADER + USDT + "btc,0.0000,,,\n", ":3: a price of zero"),
        (HEADER + "btc,,,,\n", ":2: price .*exact decimal"),
        (HEADER + "btc,-1,,,\n", ":2: price .*exact decimal"),
        (HEADER + "btc,nan,,,\n", ":2: price .*exact decimal"),
        (HEADER + "btc,1e5,,,\n", ":2: price .*exact decimal"),
        (HEADER + 'btc,"1,"x,,\n', ":2: "),
        ("token,asset_price,a,b,c\n" + BTC, ":1: the columns are token, asset_price"),
    ],
)
def test_a_list_that_is_not_well_formed_is_refused_at_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        load_prices(listed(tmp_path, text), ASSETS, SNAPSHOT)


def test_a_verifiers_own_prices_say_whose_they_are_and_when(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r":1: .* says neither whose prices it has nor when.*asset, .*"):
        load_prices(listed(tmp_path, HEADER + BTC + USDT))


def test_a_spec_names_the_list_and_every_asset_has_to_be_in_it(tmp_path: Path) -> None:
    spec = written(tmp_path, prices=HEADER + OTHER + BTC + USDT)
    weighing = begin_weighing(spec, default_registry())
    assert {one.currency for one in weighing.quotes} == {"USDT"}
    assert {one.time for one in weighing.quotes} == {spec.snapshot}
    with pytest.raises(InputError, match="USDT has no price"):
        begin_weighing(written(tmp_path / "less", prices=HEADER + BTC), default_registry())
