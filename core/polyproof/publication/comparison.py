"""In which ways an audit falls short of the last one, or of covering an asset: a published audit stays published."""

from __future__ import annotations

from collections.abc import Iterator

from polyproof.model.counts import counted
from polyproof.publication.history import VerifiedAudit
from polyproof.reserves.evaluation import AssetReserves, Check, Ownership, percent

__all__ = ["worse_than_last"]


def worse_than_last(last: VerifiedAudit | None, new: VerifiedAudit) -> tuple[str, ...]:
    """Sentences about each asset that is not covered and was not uncovered before, and about what is checked no more.

    Both audits as the verifier's policy counts them. For a first audit ``last`` is None, and every asset that is not
    covered is named.
    """
    return tuple(_worse(last, new))


def _worse(last: VerifiedAudit | None, new: VerifiedAudit) -> Iterator[str]:
    before, now = _assets(last), _assets(new)
    if before and not now:
        yield "reserves were part of the last audit and are not part of this one"
        return
    for symbol, asset in now.items():
        earlier = before.get(symbol)
        share = f" ({percent(asset.ratio)} %)" if asset.ratio is not None else ""
        if not asset.met and (earlier is None or earlier.met):
            yield (
                f"{symbol} is not covered{share}"
                + ("" if earlier is None else "; in the last audit it was")
                + _why(new, symbol)
            )
        elif _below_one(asset) and not _below_one(earlier):
            yield f"what counts as held of {symbol} is less than what is owed{share}"
        if earlier is not None:
            for what, was, found in (
                ("signed rows", _signed(earlier), _signed(asset)),
                ("rows with a balance from their chain", _looked_up(earlier), _looked_up(asset)),
            ):
                if found < was:
                    yield f"{symbol} has {found} {what}, in the last audit {was}"
    for symbol in before:
        if symbol not in now:
            yield f"{symbol} was part of the last audit and is not part of this one"


def _why(audit: VerifiedAudit, symbol: str) -> str:
    """What can be done about it at once: which rows count for nothing, and the first reason."""
    assert audit.reserves is not None
    evaluation = audit.reserves.evaluation
    rows = [one for one in evaluation.rows if one.row.asset == symbol]
    idle = [(one, why) for one in rows if (why := one.why_nothing(evaluation.policy))]
    if not idle:
        return ""
    first, why = idle[0]
    what = "row counts" if len(rows) == 1 else f"{counted(len(rows), 'row')} {'counts' if len(idle) == 1 else 'count'}"
    number = "its only" if len(rows) == 1 else f"{len(idle):,} of its"
    return f"; {number} {what} for nothing, {'such as ' if len(idle) > 1 else ''}{first.row.address}: {why}"


def _assets(audit: VerifiedAudit | None) -> dict[str, AssetReserves]:
    if audit is None or audit.reserves is None:
        return {}
    return {one.asset.symbol: one for one in audit.reserves.evaluation.assets}


def _below_one(asset: AssetReserves | None) -> bool:
    return asset is not None and asset.ratio is not None and asset.ratio < 1


def _signed(asset: AssetReserves) -> int:
    return sum(asset.by_ownership[one].rows for one in (Ownership.SIGNED, Ownership.LOOKED_UP, Ownership.CLAIMED))


def _looked_up(asset: AssetReserves) -> int:
    return sum(asset.by_check[one].rows for one in (Check.CONFIRMED, Check.DIFFERS, Check.CLAIMED))
