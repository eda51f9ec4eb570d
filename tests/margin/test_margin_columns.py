"""The table of columns and proven bits on docs/reference/net-equity.md is what the code gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from margin.examples import GOLDILOCKS
from polyproof.constraints import LiabilitiesSystem
from polyproof.model.assets import Asset
from polyproof.model.net_equity import AssetTerms, Category, Slice, positions_of
from polyproof.registry import default_registry
from polyproof_accounts.margin import MarginAccountsSystem
from polyproof_accounts.system import AccountsSystem
from polyproof_stark.compiler import compile_system
from polyproof_stark.parameters import Parameters
from polyproof_stark.protocol import layout_of
from polyproof_stark.security import security_report

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "net-equity.md"
ROWS = Parameters(log_rows=20, blowup=4, queries=88, grinding=16, arity=8, degree=3, blinding=182)
ASSETS = [Asset(f"A{number}", 8, 64) for number in range(22)]
ENTRY = r"([0-9]+) \(([0-9]+)\)"


def positions(categories: int, slices: int, price_bits: int) -> Sequence[Asset]:
    price = (1 << price_bits) - 1
    cut = tuple(
        Slice(Fraction(95 - 7 * number, 100), 10**12 * (number + 1) if number < slices - 1 else None)
        for number in range(slices)
    )
    purposes = tuple(Category(f"c{number}", cut) for number in range(categories))
    return positions_of([AssetTerms(asset, price, price, purposes) for asset in ASSETS])


SHAPES = {
    "cash, `accounts`": None,
    "debts, and nothing can be pledged": (0, 0, 30),
    "1 category, one slice": (1, 1, 30),
    "1 category, 2 slices": (1, 2, 30),
    "3 categories, 2 slices": (3, 2, 30),
    "1 category, 2 slices, prices of 96 bits": (1, 2, 96),
}


def told() -> dict[str, tuple[list[tuple[int, int]], float]]:
    """The rows of the table on the page."""
    rows = re.findall(
        rf"^\| (.+) \| {ENTRY} \| {ENTRY} \| ([0-9.]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {row[0]: ([(int(row[1]), int(row[2])), (int(row[3]), int(row[4]))], float(row[5])) for row in rows}


def test_the_page_has_a_row_for_each_shape() -> None:
    assert list(told()) == list(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_columns_and_bits_are_those_of_the_page(name: str) -> None:
    shape = SHAPES[name]
    system: type[LiabilitiesSystem] = AccountsSystem if shape is None else MarginAccountsSystem
    assets = ASSETS if shape is None else positions(*shape)
    field, hash = (
        default_registry().create(kind, made) for kind, made in (("field", "goldilocks"), ("hash", "poseidon"))
    )
    counts, bits = [], []
    for limb_bits in (16, 22):
        made = system(assets, active=ROWS.active, modulus=GOLDILOCKS, limb_bits=limb_bits, options=None)
        compiled = compile_system(made, ROWS)
        counts.append((len(made.columns), layout_of(compiled, ROWS).words))
        report = security_report(compiled, ROWS, field, hash)
        assert report.soundness is not None
        bits.append(report.soundness.bits)
    assert (counts, f"{min(bits):.1f}") == (told()[name][0], f"{told()[name][1]:.1f}")
