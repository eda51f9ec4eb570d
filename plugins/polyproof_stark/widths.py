"""The width of a limb where a spec leaves it open: the one for which the fewest values are computed.

A wider limb makes fewer columns, but the table of its 2^w values takes k = ⌈2^w/U⌉ columns of multiplicities, since
none is longer than the U rows under constraints. At one length of trace a proof's work and size grow with the columns,
and all that depends on w are the L = Σ ⌈bits/w⌉ limbs of an account, the k multiplicities, and, of e words each, the
helper columns of both, one for s of them, and the c chunks of the quotient, whose degree follows from s. Which s it is
the same columns decide (``polyproof_stark.groups``). Of every value of the table the prover computes an inverse, of e
words as well. So the cost of a width is

    β·N·(L + k + e·(⌈L/s⌉ + ⌈k/s⌉ + c)) + e·2^w,

the values on the evaluation domain and those of the table. The trace is the shortest that holds the accounts: half as
many rows outweigh any width. The choice depends on the length of the trace and on the spec, so it tells nobody more
than the length does. It is published with the other options; a verifier reads it there and makes none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof_stark.compiler import MAX_COLUMNS
from polyproof_stark.groups import Groups, RowSet, quotient_degree
from polyproof_stark.options import LEAST_LIMB_BITS, MOST_LIMB_BITS
from polyproof_stark.parameters import Parameters
from polyproof_stark.tables import Tables

__all__ = ["Limbs", "Width", "limbs_of", "reasons", "widths"]


@frozen(order=True)
class Width:
    """A width; in the order of preference."""

    cost: int
    """β·N·(L + k + e·(⌈L/s⌉ + ⌈k/s⌉ + c)) + e·2^w."""
    bits: int
    """w. Of widths that cost the same, the narrowest has the shortest table."""
    limbs: int
    """L."""
    tables: int
    """k."""
    groups: Groups
    """s, and the helpers and chunks that it makes."""

    def formula(self, p: Parameters) -> str:
        """The cost with its numbers."""
        columns = f"{self.limbs} + {self.tables} + {p.degree}·({self.groups.helpers} + {self.groups.chunks})"
        return f"{p.blowup}·2^{p.log_rows}·({columns}) + {p.degree}·2^{self.bits} = {self.cost:,}"


Limbs = Callable[[int], int]
"""How many looked-up values a row has for limbs of a width."""


def limbs_of(assets: Sequence[Asset]) -> Limbs:
    """Those of a system with a column for each limb of each balance, and no others."""
    return lambda bits: sum(-(-asset.bits // bits) for asset in assets)


def widths(counted_by: Limbs, p: Parameters) -> list[Width]:
    """All widths with few enough columns on so many rows, the cheapest first; the sums may still not allow one."""
    found = []
    for bits in range(LEAST_LIMB_BITS, MOST_LIMB_BITS + 1):
        limbs, tables = counted_by(bits), Tables.of(bits, max(1, p.active)).count
        if limbs + tables <= MAX_COLUMNS or bits == LEAST_LIMB_BITS:
            groups = Groups.chosen(*_lookup(limbs, tables, p), p)
            columns = limbs + tables + p.degree * (groups.helpers + groups.chunks)
            found.append(Width((p.blowup * columns << p.log_rows) + (p.degree << bits), bits, limbs, tables, groups))
    return sorted(found)


def reasons(counted_by: Limbs, p: Parameters, compared: Parameters, chosen: int) -> tuple[str, ...]:
    """Why a width was chosen: the model, what others cost by it, and which cheaper ones do not fit.

    ``compared``: the parameters with which widths were, before target_bits chose the queries of ``p``.
    """
    found = widths(counted_by, compared)
    own = next(width for width in found if width.bits == chosen)
    formula = "blowup·rows·(limbs + tables + extension·(helpers + chunks)) + extension·2^limb_bits"
    sentences = [
        f"limb_bits is {chosen}: among the widths that fit, the fewest values computed, {formula} = "
        f"{own.formula(compared)}.",
        _of_groups(next(width for width in widths(counted_by, p) if width.bits == chosen), p),
    ]
    if compared.blinding != p.blinding:
        sentences[0] += (
            f" Widths were compared for {counted(compared.blinding, 'blinding row')}, before target_bits chose the "
            f"queries, which need {p.blinding}."
        )
    for width in found[: found.index(own) + 5]:
        if width is not own:
            counts = f"{width.limbs} an account, {counted(width.tables, 'table')}"
            unfit = ", but they do not fit these assets and rows" if width.cost < own.cost else ""
            sentences.append(f"Limbs of {width.bits} bits: {counts}, {width.cost:,} values{unfit}.")
    return tuple(sentences)


def _of_groups(width: Width, p: Parameters) -> str:
    """Why so many limbs share a helper column."""
    own = width.groups
    other = Groups.of(2 * p.blowup - 1 - own.size, *_lookup(width.limbs, width.tables, p), p)
    return (
        f"{counted(own.size, 'limb')}, or tables, share a helper column. That makes "
        f"{counted(own.helpers, 'helper')} and {counted(own.chunks, 'chunk')} of the quotient, "
        f"{own.helpers + own.chunks} columns; with {other.size} it would be {other.helpers} + "
        f"{other.chunks} = {other.helpers + other.chunks}."
    )


def _lookup(limbs: int, tables: int, p: Parameters) -> tuple[list[tuple[list[int], int]], int]:
    """A system of accounts as ``Groups`` takes it: limbs are columns, and the rise of t has the next highest degree."""
    return [([1] * limbs, tables)], quotient_degree([(2, RowSet.TRANSITION)], p.rows, p.blinding)
