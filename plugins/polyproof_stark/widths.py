"""The width of a limb where a spec leaves it open: the one that commits the fewest values.

A wider limb makes fewer columns, but its table has 2^w rows, so that a short trace has room for narrow ones only. At
one length of trace a proof's work and size grow with the columns, and all that depends on w are the L = Σ ⌈bits/w⌉
limbs of an account and the helper columns, one for s limbs and of e words. So the cost of a width is

    β·N·(L + e·⌈L/s⌉),

the values for limbs on the evaluation domain. The trace is the shortest that holds the accounts: half as many rows
outweigh any width. The choice depends on the length of the trace and on the spec, so it tells nobody more than the
length does. It is published with the other options; a verifier reads it there and makes none.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polyproof.model.assets import Asset
from polyproof_stark.options import LEAST_LIMB_BITS, MOST_LIMB_BITS, StarkOptions

__all__ = ["Width", "reasons", "widths"]


@frozen(order=True)
class Width:
    """A width that a table of the trace's length allows; in the order of preference."""

    cost: int
    """β·N·(L + e·⌈L/s⌉)."""
    bits: int
    """w. Of widths that cost the same, the narrowest has the shortest table."""
    limbs: int
    """L."""


def widths(options: StarkOptions, assets: Sequence[Asset], log_rows: int) -> list[Width]:
    """The widths whose table can fit 2^log_rows rows, the cheapest first; the constraints may still not allow one."""
    found = []
    for bits in range(LEAST_LIMB_BITS, min(MOST_LIMB_BITS, log_rows - 1) + 1):
        limbs = sum(-(-asset.bits // bits) for asset in assets)
        columns = limbs + options.extension * -(-limbs // options.group_size)
        found.append(Width(options.numbers.blowup * columns << log_rows, bits, limbs))
    return sorted(found)


def reasons(options: StarkOptions, assets: Sequence[Asset], log_rows: int, chosen: int) -> tuple[str, ...]:
    """Why a width was chosen: the model, what each width costs by it, and why cheaper ones do not fit."""
    found = widths(options, assets, log_rows)
    own = next(width for width in found if width.bits == chosen)
    helpers = -(-own.limbs // options.group_size)
    sentences = [
        f"limb_bits is {chosen}: among the widths that fit, the fewest values for limbs on the evaluation domain, "
        f"blowup·rows·(limbs + extension·helpers) = {options.numbers.blowup}·2^{log_rows}·({own.limbs} + "
        f"{options.extension}·{helpers}) = {own.cost:,}."
    ]
    others = [width for width in found if width.cost != own.cost and width.bits >= chosen - 4]
    sentences += [
        f"Limbs of {width.bits} bits: {width.limbs} an account, {width.cost:,} values"
        + (", but they do not fit these assets and rows." if width.cost < own.cost else ".")
        for width in others
    ]
    if log_rows <= MOST_LIMB_BITS:
        sentences.append(f"Limbs of {log_rows} bits and more need a table longer than the 2^{log_rows} rows.")
    return tuple(sentences)
