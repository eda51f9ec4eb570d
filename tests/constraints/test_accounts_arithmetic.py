"""Tables, parts and carries of the accounts system, against brute force where numbers are small enough to try all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from random import Random

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from polyproof_koalabear import KoalaBear

from constraints.old_rule import by_the_old_rule
from polyproof.errors import OptionsError
from polyproof.model.assets import Asset
from polyproof_accounts.arithmetic import Arithmetic
from polyproof_accounts.system import AccountsSystem
from polyproof_stark.tables import Tables

P = 2**64 - 2**32 + 1
PRIMES = (97, 131, 257, 521, 2053)


@pytest.mark.parametrize("bits", range(1, 11))
def test_tables_hold_exactly_the_values_of_the_range(bits: int) -> None:
    for active in (*range(1, 40), 64, 100, 256, 300):
        tables = Tables.of(bits, active)
        held = [offset + t for offset in tables.offsets for t in range(tables.length)]
        assert set(held) == set(range(1 << bits))
        assert 1 <= tables.length <= active
        assert (tables.count - 1) * active < 1 << bits, "one table fewer would not do"
        assert len(set(tables.offsets)) == tables.count
        # Only the last two have values in common.
        assert len(held) - (1 << bits) == tables.overlap
        if tables.overlap:
            before, last = tables.offsets[-2:]
            assert set(range(before, before + tables.length)) & set(range(last, last + tables.length)) == set(
                range(last, last + tables.overlap)
            )


@given(bits=st.integers(1, 24), active=st.integers(1 << 10, 1 << 24))
@settings(max_examples=300, deadline=None)
def test_tables_of_any_size_meet(bits: int, active: int) -> None:
    tables = Tables.of(bits, active)
    ends = [0, *(offset + tables.length for offset in tables.offsets)]
    assert all(start <= end for start, end in zip(tables.offsets, ends, strict=False))
    assert (tables.offsets[0], ends[-1]) == (0, 1 << bits)
    assert tables.length <= active


# Parts and carries


def refusal(make: Callable[[], object]) -> str | None:
    """Why the numbers are refused, or None if they are not."""
    try:
        make()
    except OptionsError as error:
        return str(error)
    return None


def small() -> Iterator[Arithmetic]:
    """Everything that fits these primes."""
    for modulus, limb_bits, active in product(PRIMES, range(1, 5), range(2, 12)):
        try:
            yield Arithmetic.of(limb_bits, active, modulus)
        except OptionsError:
            assert max(4 * active, 1 << limb_bits) << limb_bits >= modulus


def carries(arithmetic: Arithmetic) -> set[int]:
    """All that limbs in range can say as a carry."""
    digits = product(range(1 << arithmetic.limb_bits), repeat=len(arithmetic.carry_shifts))
    return {sum(d << shift for d, shift in zip(some, arithmetic.carry_shifts, strict=True)) for some in digits}


def wraps(arithmetic: Arithmetic) -> bool:
    """Whether some S + c ≡ τ + base·c′ (mod p) does not hold over the integers, by trying all."""
    possible, base, p = sorted(carries(arithmetic)), arithmetic.part_base, arithmetic.modulus
    left = np.unique(np.add.outer(np.arange((arithmetic.active - 1) * (base - 1) + 1), possible))
    right = np.unique(np.add.outer(np.arange(base), [base * carry for carry in possible]))
    turns = max(int(left[-1]), int(right[-1])) // p
    return any(np.isin(left, right + k * p).any() for k in range(-turns, turns + 1) if k)


def test_every_carry_can_be_said_and_no_equation_wraps() -> None:
    found = list(small())
    assert {len(arithmetic.carry_shifts) for arithmetic in found} == {1, 2, 3, 4}
    assert max(arithmetic.part_limbs for arithmetic in found) >= 4
    for arithmetic in found:
        w, shifts = arithmetic.limb_bits, arithmetic.carry_shifts
        assert (1 << (w * (len(shifts) - 1))) < arithmetic.active or len(shifts) == 1, "one limb fewer would do"
        for carry in range(arithmetic.active):
            digits = arithmetic.carry_digits(carry)
            assert all(0 <= digit < 1 << w for digit in digits)
            assert sum(digit << shift for digit, shift in zip(digits, shifts, strict=True)) == carry
        assert max(carries(arithmetic)) == arithmetic.most_carry
        assert not wraps(arithmetic)


def test_one_limb_more_in_a_part_wraps_or_is_refused() -> None:
    """The rule for v loses nothing that matters, and what the checks refuse is what wraps."""
    refused = 0
    for arithmetic in small():
        larger = evolve(arithmetic, part_limbs=arithmetic.part_limbs + 1)
        if larger.part_base > 1 << 9:
            continue
        unfit = refusal(larger.check)
        assert (unfit is not None) is wraps(larger)
        assert unfit is None or "is not below" in unfit
        refused += unfit is not None
    assert refused > 50


@pytest.mark.parametrize(("limb_bits", "active"), [(16, 2048 - 182), (16, 2048 - 64), (13, 1024 - 182)])
def test_the_rule_for_tables_no_longer_than_the_trace_is_refused_where_they_are(limb_bits: int, active: int) -> None:
    arithmetic = by_the_old_rule(limb_bits, active, P)
    with pytest.raises(OptionsError, match="a part's total and its carry can wrap"):
        arithmetic.check()
    assert Arithmetic.of(limb_bits, active, P).part_limbs < arithmetic.part_limbs


def accepted_totals(arithmetic: Arithmetic, limbs: int, sums: tuple[int, ...]) -> set[int]:
    """The totals that pass for these sums of limbs, with whatever carries."""
    v, base, p = arithmetic.part_limbs, arithmetic.part_base, arithmetic.modulus
    parts = -(-limbs // v)
    of_parts = [
        sum(s << (arithmetic.limb_bits * j) for j, s in enumerate(sums[v * i : v * (i + 1)])) for i in range(parts)
    ]
    found, possible = set(), carries(arithmetic)
    for total in range((arithmetic.active - 1) * ((1 << (arithmetic.limb_bits * limbs)) - 1) + 1):
        digits = [total // base**i % base for i in range(parts - 1)] + [total // base ** (parts - 1)]
        into = {0}
        for part, digit in zip(of_parts[:-1], digits[:-1], strict=True):
            into = {c for c in possible if any((part + b - digit - base * c) % p == 0 for b in into)}
        if any((of_parts[-1] + b - digits[-1]) % p == 0 for b in into):
            found.add(total)
    return found


@pytest.mark.parametrize(
    ("limb_bits", "active", "modulus", "limbs"),
    [(1, 3, 97, 5), (1, 5, 97, 4), (2, 4, 257, 4), (2, 3, 131, 3), (3, 3, 521, 2), (1, 9, 521, 6), (3, 4, 521, 3)],
)
def test_of_all_totals_only_the_sum_passes(limb_bits: int, active: int, modulus: int, limbs: int) -> None:
    arithmetic = Arithmetic.of(limb_bits, active, modulus)
    assert arithmetic.parts("X", limbs) > 1
    most = (active - 1) * ((1 << limb_bits) - 1)
    random = Random(modulus)
    tried = [(0,) * limbs, (most,) * limbs, *(tuple(random.randint(0, most) for _ in range(limbs)) for _ in range(30))]
    for sums in tried:
        total = sum(s << (limb_bits * j) for j, s in enumerate(sums))
        assert accepted_totals(arithmetic, limbs, sums) == {total}


def test_trying_all_totals_finds_the_forgery_that_the_old_rule_allowed() -> None:
    arithmetic = by_the_old_rule(4, 3, 251)
    with pytest.raises(OptionsError):
        arithmetic.check()
    assert accepted_totals(arithmetic, 2, (1, 0)) == {1, 1 + 251}


# The sizes that are used


def test_sums_of_64_bits_fit_every_length_and_width_but_eight() -> None:
    """The lengths of a spec, and the blinding rows of the defaults."""
    crowded = []
    for log_rows, limb_bits in product(range(10, 25), range(4, 25)):
        active = (1 << log_rows) - 182
        arithmetic = Arithmetic.of(limb_bits, active, P)
        assets = (Asset("X", 8, 64),)
        unfit = refusal(partial(AccountsSystem, assets, active=active, modulus=P, limb_bits=limb_bits))
        if unfit is not None:
            assert "limbs of the last row" in unfit
            crowded.append((log_rows, limb_bits))
        assert arithmetic.part_base * max(4 * active, 1 << limb_bits) < P
        assert arithmetic.part_base * max(4 * active, 1 << limb_bits) << limb_bits >= P
    assert len(crowded) == 8
    assert min(log_rows for log_rows, _ in crowded) == 22


@pytest.mark.parametrize("active", [2, 1024 - 182, 2048 - 182, (1 << 20) - 182])
@pytest.mark.parametrize("limb_bits", [4, 8, 13, 16, 22, 24])
def test_the_largest_sums_have_carries_in_range(limb_bits: int, active: int) -> None:
    arithmetic = Arithmetic.of(limb_bits, active, P)
    base, carry = arithmetic.part_base, 0
    for _ in range(8):
        carry = ((active - 1) * (base - 1) + carry) // base
        digits = arithmetic.carry_digits(carry)
        assert all(0 <= digit < 1 << limb_bits for digit in digits)
        assert sum(d << shift for d, shift in zip(digits, arithmetic.carry_shifts, strict=True)) == carry < active


@pytest.mark.parametrize(("log_rows", "fits"), [(10, True), (14, True), (15, False), (20, False)])
def test_a_small_field_takes_64_bits_on_short_traces_only(log_rows: int, fits: bool) -> None:
    assets, active = (Asset("X", 8, 64),), (1 << log_rows) - 184

    def possible(limb_bits: int) -> bool:
        return not refusal(
            lambda: AccountsSystem(assets, active=active, modulus=KoalaBear.modulus, limb_bits=limb_bits)
        )

    assert any(map(possible, range(4, 25))) is fits


@pytest.mark.parametrize("limb_bits", [4, 8, 10])
@pytest.mark.parametrize("active", [63, 64, 65, 1000])
@pytest.mark.parametrize("limbs", [1, 2, 5])
def test_a_part_has_as_many_limbs_as_the_modulus_has_room_for_and_not_one_more(
    limb_bits: int, active: int, limbs: int
) -> None:
    least = (1 << limb_bits * limbs) * max(4 * active, 1 << limb_bits)
    assert Arithmetic.of(limb_bits, active, least + 1).part_limbs == limbs
    if limbs > 1:
        assert Arithmetic.of(limb_bits, active, least).part_limbs == limbs - 1
    else:
        with pytest.raises(OptionsError, match="can wrap a sum"):
            Arithmetic.of(limb_bits, active, least)


@pytest.mark.parametrize("modulus", [*PRIMES, 256])
def test_a_refusal_names_the_widest_limbs_that_fit_or_else_fewer_rows(modulus: int) -> None:
    """256 for a product that is exactly the modulus: 2^2·4·16."""
    ends = set()
    for limb_bits, active in product(range(1, 8), range(2, 34)):
        why = refusal(partial(Arithmetic.of, limb_bits, active, modulus))
        if why is not None:
            fit = [w for w in range(1, limb_bits) if refusal(partial(Arithmetic.of, w, active, modulus)) is None]
            end = f"limbs of {max(fit)} bits (limb_bits) would not" if fit else "fewer rows (segment_rows) would not"
            assert why.endswith(f"; {end}")
            ends.add(end)
    assert len(ends) > 1


@pytest.mark.parametrize(
    ("modulus", "words"),
    [
        (59, "a part's sum and a carry"),
        (60, "a part's sum and a carry"),
        (61, "a part's total and its carry"),
        (63, "a part's total and its carry"),
        (64, None),
    ],
)
def test_both_sides_of_the_equation_are_held_below_the_modulus(modulus: int, words: str | None) -> None:
    """With w = 2, U = 16 and v = 1 a carry has limbs at 0 and 2: at most 3 + 4·3 = 15.

    The left side is at most 15·(4 − 1) + 15 = 60, the right (4 − 1) + 4·15 = 63.
    """
    why = refusal(Arithmetic(limb_bits=2, active=16, modulus=modulus, part_limbs=1).check)
    if words is None:
        assert why is None
    else:
        assert why is not None
        assert f": {words} can wrap" in why


def test_numbers_are_checked_whatever_rule_made_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule for v leaves the check nothing to refuse, unless a carry were larger than the rule takes it to be."""
    monkeypatch.setattr(Arithmetic, "most_carry", property(lambda arithmetic: arithmetic.modulus))
    with pytest.raises(OptionsError, match="a part's sum and a carry can wrap"):
        Arithmetic.of(2, 16, 257)


def test_carries_may_take_all_limbs_of_the_last_row_and_not_one_more() -> None:
    """With w = 2 and U = 16 a carry takes two limbs: two limbs hold the one of two parts, three not two of three."""
    arithmetic = Arithmetic(limb_bits=2, active=16, modulus=257, part_limbs=1)
    assert arithmetic.parts("X", 2) == 2
    with pytest.raises(OptionsError, match=r"its 2 carries below 16 need 2·2 = 4 limbs of the last row"):
        arithmetic.parts("X", 3)
