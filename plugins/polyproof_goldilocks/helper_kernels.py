"""Compiled sums of the helper constraints of lookups, eight groups of values at a time.

A group is v_1 … v_s, and its helper h should be Σ 1/(α − v_j). With E_i the sum of all products of i of the values,

    ∏_j (α − v_j) = Σ_i (−1)^i·E_i·α^(s−i),    Σ_j ∏_{l≠j} (α − v_l) = Σ_i (−1)^i·(s − i)·E_i·α^(s−1−i),

so most of the work is in the base field: s(s − 1)/2 products for the E_i, and e for every coefficient in α. The powers
of α and the weight of a constraint are constants of a lane. A smaller last group is one with values 0 and constants of
its own, and a lane without a group has constants 0. Where the last groups are too few to fill the lanes, each of them
is computed for eight rows side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyproof.toolkit.kernels import kernel
from polyproof_goldilocks.lane_formulas import add, canonical, halves, helper_terms, join
from polyproof_goldilocks.lane_memory import (
    load,
    load_each,
    load_groups,
    load_some_groups,
    store,
    store_each,
    store_totals,
)

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["sum_helpers"]

Places = tuple[int, ...]
"""0, 1, …: as many as a group has words, which so is part of the types that a kernel is compiled for."""


@kernel()
def sum_helpers(
    values: Words, v_row: int, v_words: int, helpers: Words, h_row: int, constants: Words, start: Words, few: Words,
    group: Places, element: Places, product: Places, cofactors: Places, result: Words,
) -> None:  # fmt: skip
    """Σ_g w_g·(h_g·∏_j (α − v_j) − Σ_j ∏_{l≠j} (α − v_l)) for every row, an element of e words of ``result``.

    Row i has its ``v_words`` values, s a group, from ``values[i·v_row]`` on, and the helpers from ``helpers[i·h_row]``
    on. ``constants``: for every eight groups y_0 … y_s and then c_1 … c_s of ``reduction.helper_terms``, of which the
    last is not used, eight lanes for each of their e words; ``start``: lanes for e words, to which everything is added.
    ``few``: the same constants of each of the last groups that are computed for eight rows at a time.
    """
    s, e = len(group), len(element)
    rows = result.size // e
    groups, words = -(-v_words // s), len(product) + len(cofactors)
    whole = groups - few.size // (8 * words)
    totals = np.empty(16 * e, np.uint64)
    base, other = np.zeros(8 * s, np.uint64), np.zeros(8 * e, np.uint64)
    nothing, terms = np.zeros(8 * e, np.uint64), np.empty(8 * e, np.uint64)
    for i in range(0, rows, 8):
        some = min(8, rows - i)
        for r in range(some):
            sums = load_each(start, 0, element)
            for g in range(0, whole, 8):
                v, h, c = (i + r) * v_row + g * s, (i + r) * h_row + g * e, g * words
                if (g + 8) * s <= v_words:
                    own, helper = load_groups(values, v, group), load_groups(helpers, h, element)
                else:
                    own = load_some_groups(values, v, group, v_words - g * s)
                    helper = load_some_groups(helpers, h, element, (groups - g) * e)
                y = load_each(constants, c, product)
                sums = helper_terms(sums, own, helper, y, load_each(constants, c + 8 * len(product), cofactors))
            store_totals(totals, r, halves(sums))
        for k in range(e):
            store(totals, 8 * k, canonical(join(load(totals, 16 * k), load(totals, 16 * k + 8))))
        for g in range(whole, groups):
            for r in range(some):
                v, h = (i + r) * v_row + g * s, (i + r) * h_row + g * e
                for j in range(min(s, v_words - g * s)):
                    base[r * s + j] = values[v + j]
                for k in range(e):
                    other[r * e + k] = helpers[h + k]
            for j in range(v_words - g * s, s):  # of a smaller last group
                for r in range(8):
                    base[r * s + j] = np.uint64(0)
            c = 8 * (g - whole) * words
            own, helper = load_groups(base, 0, group), load_groups(other, 0, element)
            y, z = load_each(few, c, product), load_each(few, c + 8 * len(product), cofactors)
            store_each(terms, 0, helper_terms(load_each(nothing, 0, element), own, helper, y, z))
            for k in range(e):
                store(totals, 8 * k, add(load(totals, 8 * k), load(terms, 8 * k)))
        for r in range(some):
            for k in range(e):
                result[(i + r) * e + k] = totals[8 * k + r]
