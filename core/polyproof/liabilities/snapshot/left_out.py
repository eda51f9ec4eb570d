"""Assets of a snapshot that the spec leaves out (``accounts.leave_out``): which they are and what they add up to.

What is left out of an audit has to be seen by those who read it. So an asset is left out only if the snapshot's own
names and the spec say so, and its balances are added up exactly, those above zero and those below it apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction

import duckdb

from polyproof.config.options import printable
from polyproof.errors import Location, Problem
from polyproof.model.amounts import AmountError, InexactAmountError, Rounding, exact_decimal, parse_amount, rounded_up
from polyproof.model.assets import Asset
from polyproof.model.left_out import LONGEST_NAME, MOST_LEFT_OUT, LeftOut
from polyproof.model.names import EXACT_DECIMAL, matches

__all__ = ["ALL_OTHERS", "LeftOutAssets", "pattern_problems"]

ALL_OTHERS = "*"
"""The pattern that stands for all assets that the spec does not have."""
Report = Callable[[Problem, int], None]
"""Reports a problem with a row."""
_LABEL = "accounts.leave_out"
_SUMMED = 27
"""The most digits of an amount that SQL adds up: of 10^11 of them the sum still fits its integers of 127 bits."""


def pattern_problems(patterns: Sequence[str], assets: Sequence[Asset]) -> Iterator[Problem]:
    """Patterns that match an asset of the spec: it could be left out by mistake."""
    for pattern in patterns:
        if pattern == ALL_OTHERS:
            continue
        for asset in assets:
            names = (asset.symbol, *asset.aliases)
            if any(fnmatchcase(name, pattern) or fnmatchcase(name.casefold(), pattern.casefold()) for name in names):
                yield Problem(
                    f"{pattern!r} matches {asset.symbol}, which the spec has",
                    Location(_LABEL),
                    f"a narrower pattern, or {ALL_OTHERS!r} alone for all assets that the spec does not have",
                )


class LeftOutAssets:
    """The patterns of a spec, and the sums of what they match."""

    def __init__(self, patterns: Sequence[str], base_units: bool) -> None:
        self._patterns, self._base_units = patterns, base_units
        self._unused = set(patterns)
        self._known: dict[str, bool] = {}
        self._sums: dict[str, list[Fraction]] = {}
        """Of each asset, what is owed and what debts there are, in the units of the accounts."""

    def covers(self, name: str) -> bool:
        """Whether a pattern matches a name."""
        return bool(self._matching(name.strip(" \t")))

    def _matching(self, name: str) -> list[str]:
        return [pattern for pattern in self._patterns if fnmatchcase(name, pattern)]

    def take_name(self, name: str) -> bool:
        """Whether an asset that the spec does not have is left out, by a name that the snapshot has for it."""
        name = name.strip(" \t")
        if name not in self._known:
            found = self._matching(name)
            self._unused.difference_update(found)
            self._known[name] = bool(found)
            if found:
                self._sums[name] = [Fraction(0), Fraction(0)]
        return self._known[name]

    def add_up(
        self, connection: duckdb.DuckDBPyConnection, relation: str, report: Report, *, empty_is_zero: bool = False
    ) -> None:
        """Add the balances of a relation in SQL, its columns ``row``, ``name`` and ``amount``, and report what is none.

        An amount is a text; a missing one is an error unless ``empty_is_zero``.
        """
        digits = "replace(replace(amount, '-', ''), '.', '')"
        fraction = "" if self._base_units else "(\\.[0-9]*)?"
        plain = f"regexp_full_match(amount, '-?[0-9]+{fraction}') AND strlen({digits}) <= {_SUMMED}"
        sums = connection.execute(
            "SELECT name, negative, places, sum(units) FROM (SELECT name, starts_with(amount, '-') AS negative, "
            "CASE WHEN instr(amount, '.') > 0 THEN strlen(amount) - instr(amount, '.') ELSE 0 END AS places, "
            f"{digits}::HUGEINT AS units FROM ({relation}) WHERE {plain}) GROUP BY name, negative, places"
        )
        for name, negative, places, units in sums.fetchall():
            self._sums[name.strip(" \t")][negative] += Fraction(int(units), 10**places)
        blank = "coalesce(trim(amount, ' \t'), '') = ''" if empty_is_zero else "false"
        others = connection.execute(
            f"SELECT row, name, amount FROM ({relation}) WHERE NOT coalesce({plain}, false) AND NOT {blank} "
            "ORDER BY row"
        )
        while rows := others.fetchmany(10_000):
            for row, name, text in rows:
                self._add_by_hand(report, row, name.strip(" \t"), text or "")

    def _add_by_hand(self, report: Report, row: int, name: str, text: str) -> None:
        if not text.strip(" \t"):
            report(_problem(name, "amount-missing", "is missing", "write 0 for no balance"), row)
            return
        try:
            if self._base_units:
                amount = Fraction(parse_amount(text, 0, Rounding.EXACT))
            else:
                amount = parse_amount(text, 0) - rounded_up(text, 0)[0]
        except AmountError as error:
            problem = error.problems[0]
            inexact = isinstance(error, InexactAmountError)
            hint = "amounts here are in base units; did you mean `units: decimal`?" if inexact else problem.hint
            report(_problem(name, "amount-malformed", problem.message, hint), row)
            return
        self._sums[name][amount < 0] += abs(amount)

    def problems(self) -> Iterator[Problem]:
        """Patterns that match nothing in the snapshot, and what cannot be published, once everything was read."""
        where = Location(_LABEL)
        for pattern in self._patterns:
            if pattern in self._unused:
                self._unused.discard(pattern)
                hint = "remove it, or write it as the accounts do: upper and lower case differ"
                yield Problem(f"{pattern!r} matches no asset of the accounts", where, hint)
        if len(self._sums) > MOST_LEFT_OUT:
            yield Problem(
                f"{len(self._sums):,} names match",
                where,
                f"at most {MOST_LEFT_OUT:,} assets are left out: are all of these names of assets?",
            )
            return
        for name, sums in self._sums.items():
            for fault in printable(LONGEST_NAME)(name):
                yield Problem(f"asset {fault.message}", where, fault.hint)
            if not all(matches(EXACT_DECIMAL, exact_decimal(amount)) for amount in sums):
                yield Problem(f"the sum of {name} has more digits than a manifest can", where)

    def found(self) -> tuple[LeftOut, ...]:
        """Every asset that is left out, in the order of their names. Only if ``problems`` finds none."""
        units = "base" if self._base_units else "decimal"
        return tuple(
            LeftOut(asset=name, owed=exact_decimal(owed), debts=exact_decimal(debts), units=units)
            for name, (owed, debts) in sorted(self._sums.items())
        )


def _problem(name: str, code: str, what: str, hint: str | None) -> Problem:
    return Problem(f"{name} amount {what}", hint=hint, code=code, about=name)
