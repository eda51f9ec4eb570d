"""Prices, ratios, slices and positions of accounts with debts: what is refused, and that a cut gains nothing."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from polyproof.errors import OptionsError, SpecError
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.net_equity import (
    LEAST_PRICE_BITS,
    AssetTerms,
    Category,
    Position,
    Slice,
    check_terms,
    own_issued_collateral,
    positions_of,
    scaled_prices,
    terms_of,
)

BTC, USDT = Asset("BTC", 8, 64), Asset("USDT", 6, 96)
LOAN = Category("loan", (Slice(Fraction(95, 100), 10**12), Slice(Fraction(1, 2))))


def terms(asset: Asset = BTC, up: int = 1000, down: int = 990, slices: Any = LOAN.slices, **more: Any) -> AssetTerms:
    return AssetTerms(asset, up, down, (Category("loan", slices),), **more)


def test_the_positions_of_an_asset_are_counted_like_assets() -> None:
    positions = positions_of([terms(BTC), AssetTerms(USDT, 5, 5)])
    assert [item.symbol for item in positions] == ["BTC:equity", "BTC:debt", "BTC:loan", "USDT:equity", "USDT:debt"]
    assert [(item.asset, item.kind) for item in positions[:2]] == [(BTC, "equity"), (BTC, "debt")]
    assert [(item.decimals, item.bits, item.words) for item in positions[2:4]] == [(8, 64, 1), (6, 96, 2)]
    accounts = Accounts.of(positions, [("alice", [5, 0, 3, 2**80, 1]), ("bob", [1, 1, 0, 0, 0])])
    assert accounts.totals() == (6, 1, 3, 2**80, 1)
    assert terms_of(positions) == (terms(BTC), AssetTerms(USDT, 5, 5))
    assert terms_of(pickle.loads(pickle.dumps(positions))) == terms_of(positions)
    assert len({positions, positions_of([terms(BTC, up=1001), AssetTerms(USDT, 5, 5)])}) == 2, "terms are part of them"


def test_what_is_not_the_positions_of_assets_in_order_is_refused() -> None:
    positions = positions_of([terms(BTC), AssetTerms(USDT, 5, 5)])
    for wrong in (
        (BTC, USDT),
        positions[:-1],
        positions[1:],
        (*positions[1::-1], *positions[2:]),
        (*positions, *positions[:3]),
        (*positions[:2], *positions[3:]),
        (evolve(positions[0], bits=32), *positions[1:]),
        (evolve(positions[0], symbol="ETH:equity"), *positions[1:]),
    ):
        with pytest.raises(OptionsError):
            terms_of(wrong)


def test_a_symbol_that_looks_like_a_position_is_none() -> None:
    for symbol in ("BTC:debt", "BTC:equity", ":debt"):
        with pytest.raises(SpecError):
            Asset(symbol, 8, 64)
    for symbol in ("BTC", "BTC.debt", "BTC:", "BTC:Debt", "BTC:a:b"):
        with pytest.raises(SpecError):
            Position(symbol=symbol, decimals=8, terms=terms())
    # A legal symbol of a coin of its own, and no position of BTC.
    assert Position.of(terms(Asset("BTC.debt", 8, 64)), "equity").symbol == "BTC.debt:equity"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: terms(up=0, down=0), "price_up is 0, under which debts would count for nothing"),
        (lambda: terms(up=-5, down=-6), "price_up is -5"),
        (lambda: terms(up=1000, down=1001), "expected 0 ≤ price_down ≤ price_up"),
        (lambda: terms(down=-1), "expected 0 ≤ price_down"),
        (lambda: terms(up=1 << 192), "price_up has 193 bits"),
        (lambda: terms(slices=(Slice(Fraction(110, 100)),)), "slice 0 has a ratio of 110 %; 0 to 100 %"),
        (lambda: terms(slices=(Slice(Fraction(-1, 100)),)), "a ratio of -1 %"),
        (
            lambda: terms(slices=(Slice(Fraction(1, 2), 5), Slice(Fraction(3, 5)))),
            "rises from 50 % in slice 0 to 60 % in slice 1",
        ),
        (lambda: terms(slices=(Slice(Fraction(1), 0), Slice(Fraction(1)))), "0 base units wide; 1 to 2^64"),
        (lambda: terms(slices=(Slice(Fraction(1), -5), Slice(Fraction(1)))), "-5 base units wide"),
        (lambda: terms(slices=(Slice(Fraction(1), (1 << 64) + 5), Slice(Fraction(1)))), "1 to 2^64 − 1"),
        (lambda: terms(slices=(Slice(Fraction(1), 1 << 64), Slice(Fraction(1)))), "1 to 2^64 − 1"),
        (lambda: terms(slices=(Slice(Fraction(1), 5),)), "slice 0 has a width; all but the last"),
        (lambda: terms(slices=(Slice(Fraction(1)), Slice(Fraction(1)))), "slice 0 has no width; all but the last"),
        (lambda: terms(slices=()), "has 0 slices"),
        (lambda: terms(slices=(Slice(Fraction(1), 1),) * 32 + (Slice(Fraction(0)),)), "has 33 slices"),
        (lambda: AssetTerms(BTC, 1, 1, (LOAN, LOAN)), "two collateral categories are named 'loan'"),
        (lambda: AssetTerms(BTC, 1, 1, (evolve(LOAN, name="debt"),)), "cannot be named 'debt'"),
        (lambda: AssetTerms(BTC, 1, 1, (evolve(LOAN, name="equity"),)), "cannot be named 'equity'"),
        (lambda: AssetTerms(BTC, 1, 1, (evolve(LOAN, name="a:b"),)), "cannot be named 'a:b'"),
        (lambda: AssetTerms(BTC, 1, 1, tuple(evolve(LOAN, name=f"c{i}") for i in range(17))), "17 collateral"),
        (lambda: check_terms([terms(), terms()]), "BTC has terms twice"),
        (lambda: check_terms([terms(up=1000)], price_bits=20), "price_up is 1000 value units, of 10 significant bits"),
        (lambda: check_terms([terms(up=1 << 19, down=7)], price_bits=20), "price_down is 7"),
        (
            lambda: check_terms([terms(up=(1 << 19) - 1, slices=(Slice(Fraction(0)),))], price_bits=20),
            "price_up is 524287 value units, of 19 significant bits; at least 20",
        ),
    ],
)
def test_terms_that_would_prove_nothing_are_refused(make: Callable[[], object], says: str) -> None:
    with pytest.raises(OptionsError) as caught:
        make()
    assert says in str(caught.value)


def test_terms_at_their_bounds_are_taken() -> None:
    most = (1 << 64) - 1
    assert terms(up=1, down=0, slices=(Slice(Fraction(1), 1), Slice(Fraction(1), most), Slice(Fraction(0))))
    assert len(terms(slices=(Slice(Fraction(1), 1),) * 31 + (Slice(Fraction(1)),)).categories[0].slices) == 32
    assert len(AssetTerms(BTC, 1, 1, tuple(evolve(LOAN, name=f"c{i}") for i in range(16))).categories) == 16
    assert terms(slices=(Slice(Fraction(1, 3), 1), Slice(Fraction(1, 3))))
    check_terms([terms(up=1, down=1)])
    check_terms([terms(up=1 << 19, down=0, slices=(Slice(Fraction(0)),))], price_bits=LEAST_PRICE_BITS)
    check_terms([terms(up=(1 << 192) - 1, down=1 << 19)], price_bits=LEAST_PRICE_BITS)


def test_collateral_that_the_exchange_issued_itself_is_named() -> None:
    none = (Slice(Fraction(0)),)
    listed = [terms(own_issued=True, slices=none), terms(USDT, own_issued=True), terms(Asset("ETH", 18, 96))]
    assert own_issued_collateral(listed) == ("USDT",)


@given(
    ratios=st.lists(st.fractions(0, 1, max_denominator=50), min_size=1, max_size=4),
    widths=st.lists(st.integers(1, 6), min_size=3, max_size=3),
    price=st.integers(0, 99),
)
@settings(max_examples=30)
def test_no_cut_of_a_pledge_is_worth_more_than_its_haircut_value(
    ratios: list[Fraction], widths: list[int], price: int
) -> None:
    """h is the most that any cut into slices no wider than theirs gives: all of them are tried."""
    ratios.sort(reverse=True)
    slices = tuple(
        Slice(ratio, None if number == len(ratios) - 1 else widths[number]) for number, ratio in enumerate(ratios)
    )
    item = terms(up=100, down=price, slices=slices)
    coefficients = item.coefficients(item.categories[0])
    assert list(coefficients) == sorted(coefficients, reverse=True)
    assert all(0 <= part.ratio * price - q < 1 for part, q in zip(slices, coefficients, strict=True))
    for pledged in range(12):
        spans = [range(min(pledged, part.width or pledged) + 1) for part in slices]
        worth = [
            sum(q * x for q, x in zip(coefficients, cut, strict=True)) for cut in product(*spans) if sum(cut) == pledged
        ]
        assert item.haircut_value(item.categories[0], pledged) == max(worth)


def test_prices_are_scaled_to_twenty_significant_bits_and_rounded_against_the_exchange() -> None:
    quotes = {"BTC": (Fraction("65100.225"), Fraction("65000")), "USDT": (Fraction("1.0001"), Fraction("0.9997"))}
    scale, prices = scaled_prices(quotes, [BTC, USDT])
    assert scale == 12  # 0.9997·10^−6 is then 999,700 value units, at least 2^19 = 524,288
    assert prices == {"BTC": (651002250, 650000000), "USDT": (1000100, 999700)}
    for price, expected in ((524_288, 0), (Fraction(524_287), 1)):
        scale, _ = scaled_prices({"USD": (Fraction(price), Fraction(price))}, [Asset("USD", 0, 64)])
        assert scale == expected, "20 significant bits: 2^19 is enough, and one less is not"
    uneven = {"BTC": (Fraction(2, 3), Fraction(1, 3)), "USDT": (Fraction(2, 3), Fraction(1, 3))}
    scale, prices = scaled_prices(uneven, [BTC, USDT])
    assert prices["USDT"] == (-(-2 * 10 ** (scale - 6) // 3), 10 ** (scale - 6) // 3)
    assert min(low.bit_length() for _, low in prices.values()) >= LEAST_PRICE_BITS


@pytest.mark.parametrize(
    ("quotes", "says"),
    [
        ({}, "there is no price of BTC"),
        ({"BTC": (Fraction(0), Fraction(0))}, "expected 0 < lowest"),
        ({"BTC": (Fraction(5), Fraction(-1))}, "expected 0 < lowest"),
        ({"BTC": (Fraction(5), Fraction(6))}, "expected 0 < lowest ≤ highest"),
        ({"BTC": (Fraction(10**60), Fraction(1, 10**60))}, "so far apart"),
    ],
)
def test_quotes_that_make_no_prices_are_refused(quotes: dict[str, tuple[Fraction, Fraction]], says: str) -> None:
    with pytest.raises(OptionsError, match=says):
        scaled_prices(quotes, [BTC])
