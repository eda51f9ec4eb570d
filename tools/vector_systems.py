"""Vectors of constraint systems: assets or terms, a width of limbs and a number of rows, and what a system then states.

docs/reference/protocol.md, sections 2 and 3, and docs/reference/net-equity.md, sections 2 to 6. Whoever writes a
verifier compares the digests of its own systems with these, and the rows that it makes of balances.
``python tools/vector_systems.py > specs/vectors/systems.json`` writes them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from random import Random
from typing import Any

from polyproof.constraints import LiabilitiesSystem
from polyproof.errors import OptionsError, ProofRejected
from polyproof.model.assets import Asset
from polyproof.model.net_equity import AssetTerms, Category, Slice, positions_of
from polyproof.toolkit.stated_constraints import state_constraints
from polyproof_accounts.margin import MarginAccountsSystem
from polyproof_accounts.system import AccountsSystem
from polyproof_stark.digest import digest

__all__ = ["in_slices", "of_terms", "systems"]

FIELDS = {"goldilocks": 2**64 - 2**32 + 1, "babybear": 2**31 - 2**27 + 1}


def in_slices(name: str, *slices: tuple[int, int | None]) -> Category:
    """Slices by the percentage that counts and the width."""
    return Category(name, tuple(Slice(Fraction(percent, 100), width) for percent, width in slices))


FEW = (
    AssetTerms(Asset("BTC", 2, 12), 65, 64, (in_slices("loan", (95, 300), (60, None)),)),
    AssetTerms(Asset("USD", 0, 4), 1, 1, (in_slices("loan", (80, None)),)),
)
MANY = (
    AssetTerms(
        Asset("BTC", 8, 64),
        651_002_250,
        650_000_000,
        (in_slices("loan", (95, 10**10), (50, 1), (50, None)), in_slices("vip", (90, None))),
    ),
    AssetTerms(Asset("ETH", 18, 96), 3_621, 3_620, (in_slices("loan", (90, 10**21), (80, 10**22), (0, None)),)),
    AssetTerms(Asset("USDT", 6, 64), 1_000_100, 999_700, (in_slices("loan", (100, None)),)),
    AssetTerms(Asset("HT", 8, 40), 524_288, 1, ()),
)
DEAR = (AssetTerms(Asset("ONE", 0, 1), (1 << 192) - 1, 1 << 191, (in_slices("loan", (100, None)),)), *FEW)
NONE = (AssetTerms(Asset("BTC", 8, 64), 1_000_000, 999_999, ()),)
TERMS = {"few": FEW, "many": MANY, "dear": DEAR, "none": NONE}
CASH = (Asset("BTC", 8, 64), Asset("ETH", 18, 96), Asset("ONE", 0, 1), Asset("WIDE", 18, 256))


def _cases() -> Iterator[tuple[str, str, int, int]]:
    """Terms, field, width of limbs, rows under constraints."""
    for limb_bits in range(4, 25):
        yield "many", "goldilocks", limb_bits, 842
    for limb_bits in (4, 8, 14, 16, 20):
        for active in (842, 130_890, 1_048_394):
            yield "few", "goldilocks", limb_bits, active
            yield "dear", "goldilocks", limb_bits, active
            yield "none", "goldilocks", limb_bits, active
    for limb_bits in (4, 5, 6, 8, 10, 14, 15):
        for name in ("few", "many", "none"):
            yield name, "babybear", limb_bits, 836


def systems() -> list[dict[str, Any]]:
    """One for each case. What does not fit, has `system` null."""
    found = [_margin(number, *case) for number, case in enumerate(_cases())]
    for field, limb_bits, active in (
        ("goldilocks", 4, 842), ("goldilocks", 16, 842), ("goldilocks", 22, 1_048_394), ("babybear", 6, 836),
        ("babybear", 24, 836),
    ):  # fmt: skip
        found.append(_cash(field, limb_bits, active))
    return found


def _margin(number: int, name: str, field: str, limb_bits: int, active: int) -> dict[str, Any]:
    terms = TERMS[name]
    positions = positions_of(terms)
    case = _of_case(positions, field, limb_bits, active) | {"terms": [of_terms(one) for one in terms]}
    try:
        made = MarginAccountsSystem(positions, active=active, modulus=FIELDS[field], limb_bits=limb_bits)
    except OptionsError:
        return {**case, "system": None}
    random = Random(number)
    accounts = [[0] * len(positions), *(_account(terms, random) for _ in range(3))]
    return {**case, "system": _of_system(made, accounts)}


def _cash(field: str, limb_bits: int, active: int) -> dict[str, Any]:
    case = _of_case(CASH, field, limb_bits, active) | {"terms": None}
    try:
        made = AccountsSystem(CASH, active=active, modulus=FIELDS[field], limb_bits=limb_bits, options=None)
    except OptionsError:
        return {**case, "system": None}
    return {**case, "system": _of_system(made, [[0, 1, 1, 2**256 - 1], [2**64 - 1, 12345678901234567890123, 0, 7]])}


def _of_case(assets: Sequence[Asset], field: str, limb_bits: int, active: int) -> dict[str, Any]:
    listed = [{"symbol": one.symbol, "decimals": one.decimals, "bits": one.bits} for one in assets]
    return {"assets": listed, "field": field, "limb_bits": limb_bits, "active": active}


def of_terms(one: AssetTerms) -> dict[str, Any]:
    """An asset's terms as the vectors have them."""
    categories = [
        {
            "name": category.name,
            "slices": [
                {"coefficient": str(coefficient), "width": None if item.width is None else str(item.width)}
                for item, coefficient in zip(category.slices, one.coefficients(category), strict=True)
            ],
        }
        for category in one.categories
    ]
    asset = {"symbol": one.asset.symbol, "bits": one.asset.bits}
    return {**asset, "price_up": str(one.price_up), "categories": categories}


def _of_system(made: LiabilitiesSystem, accounts: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Its digests with groups of three and of four, and the rows of some accounts."""
    stated = state_constraints(made)
    totals = [sum(column) for column in zip(*accounts, strict=True)]
    return {
        "columns": len(stated.columns),
        "looked_up": sum(len(check.values) for check in stated.ranges),
        "digests": {str(size): digest(stated, size).hex() for size in (3, 4)},
        "totals": [str(total) for total in totals],
        "publics": {name: str(value) for name, value in made.publics_of_totals(totals).items()},
        "accounts": [_of_account(made, balances) for balances in accounts],
    }


def _of_account(made: LiabilitiesSystem, balances: Sequence[int]) -> dict[str, Any]:
    """Its row, or the check by which it has none."""
    told = {"balances": [str(one) for one in balances]}
    try:
        return {**told, "row": [int(limb) for limb in made.account_row(balances)]}
    except ProofRejected as error:
        return {**told, "check": error.check}


def _account(terms: Sequence[AssetTerms], random: Random) -> list[int]:
    """Positions of all magnitudes; of most accounts the debts are covered, often by no unit to spare."""
    positions: list[list[int]] = []
    value = 0
    for one in terms:
        equity = left = random.getrandbits(random.randint(1, one.asset.bits))
        pledged = []
        for category in one.categories:
            amount = left if random.random() < 0.3 else left // random.randint(1, 3)
            left, value = left - amount, value + one.haircut_value(category, amount)
            pledged.append(amount)
        positions.append([equity, 0, *pledged])
    for number in random.sample(range(len(terms)), len(terms)):
        most = min(value // terms[number].price_up, (1 << terms[number].asset.bits) - 1)
        debt = most if random.random() < 0.6 else most // 2
        positions[number][1], value = debt, value - debt * terms[number].price_up
    if random.random() < 0.2:
        positions[0][1] = (1 << terms[0].asset.bits) - 1  # more than is covered, most of the time
    return [amount for one in positions for amount in one]


if __name__ == "__main__":
    sys.stdout.write("[\n" + ",\n".join(json.dumps(case) for case in systems()) + "\n]\n")
