"""Files of prices and the terms that follow from them: what is read, and what is refused before anything is proved."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from attrs import evolve

from polyproof.errors import InputError, SpecError
from polyproof.model.assets import Asset
from polyproof.model.net_equity import LEAST_PRICE_BITS
from polyproof.model.prices import Quote, prices_of
from polyproof.settings.net_equity import Collateral, NetEquity, SliceSettings, asset_terms
from polyproof.settings.prices import load_prices

ASSETS = (Asset("BTC", 8), Asset("USDT", 6), Asset("SHIB", 18, bits=128))
HEADER = "asset,price,currency,source,time\n"
ROWS = (
    "BTC,90918.50,USD,Kraken,2025-11-30T00:00:00Z\n"
    "BTC,90921,USD,Coinbase,2025-11-30T00:00:00Z\n"
    "BTC,90900.25,USD,Binance,2025-11-30T00:00:00Z\n"
    "USDT,0.9998,USD,Kraken,2025-11-30T00:00:00Z\n"
    "SHIB,0.00000853,USD,Kraken,2025-11-30T00:00:00Z\n"
)


def written(tmp_path: Path, text: str, name: str = "prices.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def quote(asset: str, price: str, source: str = "index", currency: str = "USD") -> Quote:
    return Quote(asset=asset, price=price, currency=currency, source=source, time="2025-11-30T00:00:00Z")


QUOTES = (quote("BTC", "90918.5"), quote("USDT", "1"), quote("SHIB", "0.00000853"))


def test_the_highest_quote_is_for_debts_the_lowest_for_collateral_and_the_median_to_show(tmp_path: Path) -> None:
    found = prices_of(load_prices(written(tmp_path, HEADER + ROWS)), [asset.symbol for asset in ASSETS])
    assert (found["BTC"].highest, found["BTC"].lowest, found["BTC"].median) == (
        Fraction(90921),
        Fraction("90900.25"),
        Fraction("90918.5"),
    )
    assert found["USDT"].median == Fraction("0.9998")


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    names = HEADER.strip().split(",")
    objects = [dict(zip(names, row.split(","), strict=True)) for row in ROWS.splitlines()]
    # As numbers, which must not pass through a float.
    text = re.sub(r'("price": )"([0-9.]+)"', r"\1\2", json.dumps(objects))
    assert load_prices(written(tmp_path, text, "prices.json")) == load_prices(written(tmp_path, HEADER + ROWS))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEADER, "has no prices"),
        ("asset,price\nBTC,1\n", "the columns are asset, price"),
        (HEADER + "BTC,0,USD,Kraken,2025-11-30T00:00:00Z\n", ":2: a price of zero"),
        (HEADER + "BTC,-1,USD,Kraken,2025-11-30T00:00:00Z\n", "exact decimal"),
        (HEADER + "BTC,1e5,USD,Kraken,2025-11-30T00:00:00Z\n", "exact decimal"),
        (HEADER + 'BTC,"90,918",USD,Kraken,2025-11-30T00:00:00Z\n', "exact decimal"),
        (HEADER + "BTC,1,USD,Kraken,2025-02-31T00:00:00Z\n", "in no calendar"),
        (HEADER + "BTC,1,USD,Kraken\n", "4 cells under 5 columns"),
    ],
)
def test_a_file_that_is_none_of_prices_is_refused_at_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        load_prices(written(tmp_path, text))


@pytest.mark.parametrize(
    ("quotes", "told"),
    [
        (QUOTES[:2], "SHIB has no price"),
        ((*QUOTES, quote("DOGE", "1")), "DOGE is no asset of the audit"),
        ((*QUOTES, quote("BTC", "90000", "other", "EUR")), "BTC is quoted in EUR"),
        ((*QUOTES, quote("BTC", "90000")), "index gives two prices of BTC"),
        ((*QUOTES, *(quote("BTC", "1", f"s{k}") for k in range(16))), "BTC has 17 quotes"),
    ],
)
def test_quotes_that_do_not_price_every_asset_once_a_source_in_one_currency_are_refused(
    quotes: tuple[Quote, ...], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        prices_of(quotes, [asset.symbol for asset in ASSETS])


def collateral(*slices: tuple[str, str | None], asset: str = "BTC") -> Collateral:
    return Collateral(asset=asset, slices=tuple(SliceSettings(ratio=ratio, width=width) for ratio, width in slices))


def test_terms_have_prices_rounded_against_the_exchange_and_slices_in_base_units() -> None:
    quotes = (*QUOTES, quote("BTC", "90921", "other"))
    btc, _, shib = asset_terms(NetEquity(collateral=(collateral(("0.95", "2.5"), ("0.5", None)),)), ASSETS, quotes)
    (category,) = btc.categories
    assert [one.width for one in category.slices] == [250_000_000, None]
    assert Fraction(btc.price_up, btc.price_down) >= Fraction(90921) / Fraction("90918.5")
    assert shib.price_up == shib.price_down + 1 or shib.price_up == shib.price_down
    assert min(shib.price_down, btc.price_down).bit_length() >= LEAST_PRICE_BITS
    assert category.name == "collateral"


@pytest.mark.parametrize(
    ("slices", "told"),
    [
        ((("0.5", "1"), ("0.95", None)), "the ratio rises from 0.5 to 0.95"),
        ((("1.1", None),), "a ratio of 1.1 is above 1"),
        ((("0.9", None), ("0.5", None)), "has no width"),
        ((("0.9", "1"),), "the last slice has a width"),
    ],
)
def test_slices_that_a_prover_could_choose_among_are_refused(
    slices: tuple[tuple[str, str | None], ...], told: str
) -> None:
    with pytest.raises(SpecError, match=told):
        collateral(*slices)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (NetEquity(collateral=(collateral(("0.9", None), asset="DOGE"),)), "DOGE is no asset"),
        (NetEquity(collateral=(collateral(("0.9", "0.000000001"), ("0", None)),)), "no whole number of base units"),
        (NetEquity(collateral=(collateral(("0.9", "184467440737.09551616"), ("0", None)),)), "does not fit"),
        (NetEquity(collateral=(collateral(("0.9", "0"), ("0", None)),)), "does not fit"),
        (NetEquity(own_issued=("DOGE",)), "DOGE is no asset"),
    ],
)
def test_settings_that_do_not_fit_the_assets_are_refused(settings: NetEquity, told: str) -> None:
    with pytest.raises(InputError, match=told):
        asset_terms(settings, ASSETS, QUOTES)


def test_the_same_asset_and_purpose_may_stand_once() -> None:
    one = collateral(("0.9", None))
    with pytest.raises(SpecError, match="given twice"):
        NetEquity(collateral=(one, one))
    assert NetEquity(collateral=(one, evolve(one, category="loan")))
