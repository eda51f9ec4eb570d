"""Tables of limbs that are longer than the trace: what a prover could hide between them, and where carries could wrap.

Section 2 and lines 1 to 5 of section 3 of the protocol page. The arithmetic itself is tried by brute force in
``tests/constraints/test_accounts_arithmetic.py``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pytest
from attrs import evolve, frozen

from constraints.old_rule import by_the_old_rule
from polyproof.constraints import PlacedAccounts, Trace
from polyproof.errors import InputError, OptionsError, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof_accounts.arithmetic import Arithmetic
from polyproof_accounts.system import AccountsSystem
from polyproof_stark.compiler import compile_system
from polyproof_stark.prover import Prover
from polyproof_stark.tables import Tables
from stark.cheats import BendsTheTable, ClosesTheSum, Forging, Truncating, Unranged
from stark.exchange import ASSETS, PARAMETERS, Exchange

P = 2**64 - 2**32 + 1
WIDE = Exchange(limb_bits=12)
"""Five tables of 820 values, of which the last two have four in common."""
TABLES = Tables.of(12, PARAMETERS.active)
ACTIVE = PARAMETERS.active


def ways_on(*lies: type[Prover]) -> list[type[Prover]]:
    """A lie with the ways to go on: send what fits, or close the sum by a jump or a wrong helper and forge the rest."""
    ways = ((Truncating,), (ClosesTheSum, Forging), (BendsTheTable, Forging))
    return [type("Lie", (*finish, *lies, way), {}) for *finish, way in ways]


def rejected(exchange: Exchange, *lies: type[Prover], trace: Trace | None = None, totals=None) -> None:
    for prover in ways_on(*lies):
        with pytest.raises(ProofRejected):
            exchange.verify(exchange.prove(prover, trace=trace, totals=totals).proof, totals)


def with_columns(exchange: Exchange, change) -> Trace:
    columns = exchange.trace.columns.astype(np.uint64)
    change(columns)
    return Trace(columns, exchange.trace.publics)


@pytest.mark.parametrize(("log_rows", "limb_bits"), [(10, 10), (10, 12), (10, 16), (11, 13)])
def test_honest_limbs_wider_than_the_trace_verify_and_users_find_their_row(log_rows, limb_bits):
    exchange = Exchange(limb_bits=limb_bits, parameters=evolve(PARAMETERS, log_rows=log_rows))
    lookup = exchange.instance().compiled.lookups[0]
    assert lookup.tables.count == -(-(1 << limb_bits) // exchange.parameters.active) > 1
    result = exchange.prove()
    accepted = exchange.verify(result.proof)
    for position in (0, 17, 299):
        exchange.check(
            accepted, exchange.cut(result, position), f"user-{position}", exchange.accounts.balances(position)
        )


def test_the_tables_under_test_have_a_gap_to_fall_into_and_an_overlap():
    assert Tables(12, 820, 5) == TABLES
    assert TABLES.overlap == 4
    assert TABLES.count * TABLES.length > 1 << 12


# A limb out of range, through a gap or past the end


@pytest.mark.parametrize("limb", [1 << 12, 5 * 820 - 1, 5 * 820, ACTIVE + (1 << 12)])
def test_a_limb_past_the_last_table_is_rejected(limb):
    row = int(WIDE.rows[7])
    rejected(WIDE, Unranged, trace=with_columns(WIDE, lambda columns: columns.__setitem__((row, 1), limb)))


class Unclipped(Tables):
    """As if the last table did not end at 2^w: all of them are as far apart as they are long."""

    @property
    def offsets(self):
        return tuple(number * self.length for number in range(self.count))


class TrueTableHelpers(Prover):
    """Makes the helpers of the tables from what is really in them."""

    def fill_table_helpers(self, rows, lookup, inverses, helpers):
        extension, alpha = self.extension, self.alpha
        table = self.layout.base_column(lookup.table)
        for column, numbers in enumerate(lookup.table_groups):
            helpers[:, column] = 0
            for number in numbers:
                shifted = self.field.add(rows[: len(helpers), table], lookup.tables.offsets[number])
                inverse = extension.inverse(extension.subtract(alpha, extension.embed(shifted)))
                term = extension.scale(inverse, rows[: len(helpers), table + 1 + number])
                helpers[:, column] = extension.add(helpers[:, column], term)

    def argument_matrix(self, rows, alpha, lam):
        self.alpha = alpha
        return super().argument_matrix(rows, alpha, lam)


class CountsFurther(TrueTableHelpers, Unranged):
    """Counts everything that the tables hold, 2^w and a little more among it."""

    def multiplicities(self, rows, values, bits):
        tables = self.instance.compiled.lookups[0].tables
        limit = max(tables.offsets) + tables.length
        found = np.concatenate(self.evaluate_on_h(rows, values, 0, self.parameters.active))
        inside = found[found < np.uint64(limit)].astype(np.int64)
        return np.bincount(inside, minlength=limit).astype(np.uint64)


def overflowing(exchange: Exchange) -> tuple[Trace, tuple[int, ...]]:
    """A padding row with a limb of 2^w, and totals and carries to match."""
    row = next(r for r in range(ACTIVE - 1) if r not in set(exchange.rows.tolist()))
    usdt = exchange.system.layout[2]
    assert usdt.parts == 1
    columns = exchange.trace.columns.astype(np.uint64)
    columns[row, usdt.first] = 1 << exchange.limb_bits
    btc, eth, total = exchange.accounts.totals()
    return Trace(columns, exchange.trace.publics), (btc, eth, total + (1 << exchange.limb_bits))


def test_the_last_table_must_end_at_the_end_of_the_range(monkeypatch):
    """With tables that all follow one another, a limb of 2^w is in the last one; with ours it is in none."""
    trace, totals = overflowing(WIDE)
    rejected(WIDE, CountsFurther, trace=trace, totals=totals)
    monkeypatch.setattr("polyproof_stark.compiler.Tables", Unclipped)
    monkeypatch.setattr(Unclipped, "overlap", 0)
    other = Exchange(limb_bits=12)
    other.verify(other.prove(CountsFurther, trace=trace, totals=totals).proof, totals)


def test_a_value_of_two_tables_may_be_counted_in_either():
    """The overlap is harmless: nothing is in range there that is not in range."""

    class InTheLast(Prover):
        def trace_matrix(self, trace):
            rows = super().trace_matrix(trace)
            first = self.layout.base_column(self.instance.compiled.lookups[0].table) + 1
            before, last = first + TABLES.count - 2, first + TABLES.count - 1
            rows[: TABLES.overlap, last] = rows[TABLES.length - TABLES.overlap : TABLES.length, before]
            rows[TABLES.length - TABLES.overlap : TABLES.length, before] = 0
            assert rows[: TABLES.overlap, last].any()
            return rows

    shared = TABLES.offsets[-1]

    def change(columns):
        row = next(r for r in range(ACTIVE - 1) if r not in set(WIDE.rows.tolist()))
        columns[row, WIDE.system.layout[2].first] = shared + 1

    btc, eth, usdt = WIDE.accounts.totals()
    totals = (btc, eth, usdt + shared + 1)
    trace = with_columns(WIDE, change)
    WIDE.verify(WIDE.prove(trace=trace, totals=totals).proof, totals)
    WIDE.verify(WIDE.prove(InTheLast, trace=trace, totals=totals).proof, totals)


# Multiplicities that lie


def changed_multiplicities(*changes: tuple[int, int, int]) -> type[Prover]:
    """Adds to multiplicities: (table, row, how much), modulo p."""

    class Lie(Prover):
        def trace_matrix(self, trace):
            rows = super().trace_matrix(trace)
            first = self.layout.base_column(self.instance.compiled.lookups[0].table) + 1
            for table, row, more in changes:
                rows[row, first + table] = (int(rows[row, first + table]) + more) % P
            return rows

    return Lie


@pytest.mark.parametrize(
    "changes",
    [
        ((0, 3, 1), (1, 3, -1)),
        ((4, 0, 1), (3, 815, -1)),
        ((1, 5, P - 1),),
        ((4, ACTIVE - 1, 1), (0, 0, -1)),
    ],
)
def test_multiplicities_moved_between_tables_are_rejected(changes):
    rejected(WIDE, changed_multiplicities(*changes))


def test_moving_a_count_within_the_overlap_is_no_lie():
    """The last value but one of table 3 is the third of table 4."""
    first, second = TABLES.length - 2, TABLES.overlap - 2
    assert TABLES.offsets[3] + first == TABLES.offsets[4] + second
    WIDE.verify(WIDE.prove(changed_multiplicities((3, first, -1), (4, second, 1))).proof)


def test_rows_after_the_table_stand_for_its_last_value():
    """t stays at its last value, so a count may stand on any of those rows."""
    WIDE.verify(WIDE.prove(changed_multiplicities((0, TABLES.length - 1, -1), (0, TABLES.length + 5, 1))).proof)


# A wrong column t


def wrong_table(change) -> type[Prover]:
    class Lie(TrueTableHelpers):
        def trace_matrix(self, trace):
            rows = super().trace_matrix(trace)
            change(rows[:ACTIVE, self.layout.base_column(self.instance.compiled.lookups[0].table)])
            return rows

    return Lie


def starts_at_one(t):
    t[0] = 1


def skips_a_value(t):
    t[100:] += 1
    t[TABLES.length - 1 :] = TABLES.length - 1


def ends_one_further(t):
    t[TABLES.length :] = TABLES.length


def begins_below_zero(t):
    t[1 : TABLES.length + 1] = t[: TABLES.length].copy()
    t[0] = P - 1


def is_cut_short(t):
    t[TABLES.length - 3 :] = TABLES.length - 3


def holds_a_value_out_of_range(t):
    t[-5] = 1 << 12


@pytest.mark.parametrize(
    "change",
    [starts_at_one, skips_a_value, ends_one_further, begins_below_zero, is_cut_short, holds_a_value_out_of_range],
)
def test_a_wrong_table_column_is_rejected(change):
    rejected(WIDE, wrong_table(change))


def test_a_table_that_is_one_longer_does_not_admit_a_limb_of_the_range_s_size():
    """t(U−1) = T would put 2^w into the last table: the lie is worth telling, and caught by the last row."""
    trace, totals = overflowing(WIDE)

    class Lie(wrong_table(ends_one_further), CountsFurther):
        def trace_matrix(self, trace):
            rows = super().trace_matrix(trace)
            last = self.layout.base_column(self.instance.compiled.lookups[0].table) + TABLES.count
            rows[TABLES.length, last] = 1
            return rows

    rejected(WIDE, Lie, trace=trace, totals=totals)


# Carries


@pytest.mark.parametrize(("limb_bits", "limbs"), [(12, 1), (8, 2), (4, 3)])
def test_a_forged_carry_of_any_number_of_limbs_is_rejected(limb_bits, limbs):
    exchange = Exchange(limb_bits=limb_bits)
    arithmetic = exchange.system.arithmetic
    assert len(arithmetic.carry_shifts) == limbs
    layout = next(item for item in exchange.system.layout if item.parts > 1)
    exchange.verify(exchange.prove().proof)
    for limb in range(limbs):

        def change(columns, limb=limb):
            cell = (ACTIVE - 1, layout.first + limb)
            columns[cell] = int(columns[cell]) + 1 if columns[cell] < 7 else int(columns[cell]) - 1

        rejected(exchange, trace=with_columns(exchange, change))


MILLION = Accounts.of((Asset("BTC", 8, 64),), [(f"user-{k}", (1000 + k,)) for k in range(1000)])


@frozen(slots=False)
class Million(Exchange):
    """A thousand accounts with 1,499,500 between them, on 2^11 rows, with limbs of 16 bits."""

    accounts: Accounts = MILLION
    limb_bits: int = 16
    parameters: object = evolve(PARAMETERS, log_rows=11)


class OldMillion(Million):
    @cached_property
    def system(self):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Arithmetic, "of", by_the_old_rule)
            return super().system


def test_a_total_of_p_more_passes_by_the_old_rule_and_is_refused_by_ours():
    """The carry of 65,535 that stands for p − 2^48·65,535 … is a limb in range; what wraps is the base times it."""
    exchange, old = Million(), OldMillion()
    (total,) = exchange.accounts.totals()
    assert total == 1_499_500
    claimed = (total + P,)
    assert old.system.arithmetic.part_limbs == 3
    columns = old.trace.columns.astype(np.uint64)
    columns[old.parameters.active - 1, 0] = 65_535
    forged = Trace(columns, old.system.publics_of_totals(claimed))
    old.verify(old.prove(trace=forged, totals=claimed).proof, claimed)

    with pytest.raises(OptionsError, match="a part's total and its carry can wrap"):
        old.system.arithmetic.check()
    assert exchange.system.arithmetic.part_limbs == 2
    exchange.verify(exchange.prove().proof)
    for carry in (65_535, (claimed[0] >> 32) % P):
        columns = exchange.trace.columns.astype(np.uint64)
        columns[exchange.parameters.active - 1, 0] = carry
        forged = Trace(columns, exchange.system.publics_of_totals(claimed))
        rejected(exchange, Unranged, trace=forged, totals=claimed)
    # And what was proved by the old rule is no proof by ours.
    with pytest.raises(ProofRejected):
        exchange.verify(old.prove(trace=Trace(old.trace.columns, old.trace.publics)).proof)


# What is refused beforehand


def test_an_honest_prover_names_a_limb_that_no_table_holds():
    row = int(WIDE.rows[3])
    broken = with_columns(WIDE, lambda columns: columns.__setitem__((row, 0), 1 << 12))
    with pytest.raises(InputError, match=f"does not hold on row {row}: column 'BTC.limb0': 4096 is not below 2\\^12"):
        WIDE.prove(trace=broken)


def test_more_multiplicities_than_columns_are_allowed_are_refused_before_they_are_made():
    system = AccountsSystem(ASSETS, active=ACTIVE, modulus=P, limb_bits=24)
    with pytest.raises(OptionsError, match=r"make 9 \+ 17477 columns, of limbs and of multiplicities"):
        compile_system(system, PARAMETERS)


@pytest.mark.parametrize("limb_bits", [10, 12, 16])
def test_only_the_table_and_the_running_sum_are_read_one_row_ahead(limb_bits):
    """So d ≥ 2q + 2e covers every column, however many tables there are (section 2)."""
    compiled = Exchange(limb_bits=limb_bits).instance().compiled
    assert compiled.next_columns == (compiled.lookups[0].table, compiled.accumulator)
    assert compiled.lookups[0].tables.count > 1


def test_the_transcript_says_how_wide_tables_and_groups_are():
    """Two systems that differ in nothing else that is absorbed would still have different challenges."""
    instance = WIDE.instance()
    drawn = set()
    for bits, size in ((12, 3), (13, 3), (12, 2)):
        lookups = tuple(evolve(item, tables=Tables.of(bits, ACTIVE)) for item in instance.compiled.lookups)
        compiled = evolve(instance.compiled, lookups=lookups, group_size=size)
        transcript = evolve(instance, compiled=compiled).begin(WIDE.hash())
        drawn.add(tuple(transcript.draw_extension("alpha", instance.extension).tolist()))
    assert len(drawn) == 3


def test_every_row_s_trace_is_placed_by_the_system_itself():
    """The trace of a wide system is that of the accounts: nothing is lost between digits and limbs."""
    trace = WIDE.system.trace(PlacedAccounts(WIDE.accounts, WIDE.rows), ACTIVE)
    for position, row in enumerate(WIDE.rows[:50]):
        limbs = trace.columns[row].tolist()
        for item, balance in zip(WIDE.system.layout, WIDE.accounts.balances(position), strict=True):
            own = limbs[item.first : item.first + item.limbs]
            assert sum(limb << (12 * j) for j, limb in enumerate(own)) == balance
