"""Which column has what of an asset, where accounts may have debts: signed amounts, or a column for each position."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from polyproof.liabilities.snapshot.cells import INTEGER_TYPES
from polyproof.liabilities.snapshot.columns import amount_text
from polyproof.liabilities.snapshot.file import Column, SnapshotFile
from polyproof.liabilities.snapshot.position_names import SIGNED, PositionNames
from polyproof.model.assets import Asset
from polyproof.model.net_equity import DEBT, EQUITY

__all__ = ["Source", "is_debt", "named", "owed_or_debt", "position_sources", "without_sign"]


def is_debt(text: str) -> str:
    """SQL of whether a signed amount is a debt: a sign before a number. What is no number stays as it is."""
    return f"(contains({text}, '-') AND regexp_matches({text}, '^[ \\t]*-[0-9.]'))"


def without_sign(text: str) -> str:
    """SQL of a debt's amount, of a text of which ``is_debt`` holds."""
    return f"substr({text}, instr({text}, '-') + 1)"


@frozen
class Source:
    """Where an amount is read from: a column, or the part of a signed one that is equity, or debt."""

    expression: str
    """SQL of the column: an integer of one of ``INTEGER_TYPES``, otherwise its text."""
    type: str = "VARCHAR"
    part: str = SIGNED
    """``equity`` or ``debt``, of a column of signed amounts; otherwise the whole amount counts."""

    @classmethod
    def of(cls, column: Column, part: str = SIGNED) -> Source:
        """All of a column, or a part of it."""
        return cls(column.expression if column.type in INTEGER_TYPES else amount_text(column), column.type, part)

    def part_of(self, column: str) -> str:
        """SQL of the amount, without a sign if it is a part; ``column`` is the name of the column as it was read."""
        if self.part == SIGNED or self.type.startswith("U"):
            return "0::UTINYINT" if self.part == DEBT else column
        if self.type in INTEGER_TYPES:
            # The least integer of a type has no negative in it.
            negated = f"(-({column} + 1))::UHUGEINT + 1::UHUGEINT"
            return f"CASE WHEN {column} < 0 " + (
                f"THEN {negated} END" if self.part == DEBT else f"THEN 0 ELSE {column} END"
            )
        if self.part == DEBT:
            return f"CASE WHEN {is_debt(column)} THEN {without_sign(column)} END"
        return f"CASE WHEN {is_debt(column)} THEN NULL ELSE {column} END"

    @property
    def part_type(self) -> str:
        """DuckDB's name of the type of ``part_of``, where the column is one of integers."""
        if self.part != DEBT:
            return self.type
        return "UTINYINT" if self.type.startswith("U") else "UHUGEINT"


def named(asset: Asset, kind: str) -> str:
    """What a column is about, in messages."""
    return asset.symbol if kind == SIGNED else f"{asset.symbol}:{kind}"


def owed_or_debt(text: str, kind: str) -> list[str]:
    """SQL of what a column adds to the sums of an asset that is left out: debts below zero; pledges are equity."""
    if kind in (SIGNED, EQUITY):
        return [text]
    return [f"CASE WHEN trim({text}, ' \t') <> '' THEN '-' || regexp_replace({text}, '^[ \\t]*\\+?', '') END"] * (
        kind == DEBT
    )


def position_sources(
    names: PositionNames, file: SnapshotFile, columns: Mapping[tuple[int, str], Column]
) -> list[Source | None]:
    """Where each position is read from, ``None`` for pledges that no column has; what is not told apart is reported."""
    found: list[Source | None] = []
    owners = {asset.symbol: index for index, asset in enumerate(names.assets)}
    for index, position in enumerate(names.positions):
        symbol, owner = position.asset.symbol, owners[position.asset.symbol]
        signed, equity, debt = (columns.get((owner, kind)) for kind in (SIGNED, EQUITY, DEBT))
        if position.kind == EQUITY:
            if signed is not None and equity is not None:
                file.report(
                    f"columns {signed.name!r} and {equity.name!r} are both the equity of {symbol}",
                    "keep one, ignore the other",
                )
            elif signed is None and equity is None:
                file.report(
                    f"has no column for {symbol}",
                    "an asset that nobody holds needs one too, with zeros, so that a forgotten column is noticed",
                )
            elif signed is None and debt is None:
                file.report(
                    f"has no column for {symbol}:{DEBT}",
                    f"with zeros if there are no debts; or have one column {symbol}, in which a debt is negative",
                )
        if index in names.derived:
            if (stated := columns.get((owner, position.kind))) is not None:
                hint = f"accounts.pledge_all derives them: remove it, or ignore {stated.name!r}"
                file.report(f"column {stated.name!r} has pledges", hint)
            position = names.positions[names.derived[index]]
        column, part = columns.get((owner, position.kind)), SIGNED
        if position.kind in (EQUITY, DEBT) and signed is not None and (column is None or position.kind == EQUITY):
            # With a column of debts beside it, one of amounts is all equity.
            column, part = signed, position.kind if debt is None else SIGNED
        found.append(Source.of(column, part) if column is not None else None)
    return found
