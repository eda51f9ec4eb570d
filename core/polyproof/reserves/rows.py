"""Rows of reserve files, each judged by itself: what every holding must satisfy, whatever its file's format.

A source yields texts with their places. Here they become a ``ReserveRow`` for an asset of the spec on a known chain, or
problems at those places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeVar, TypeVarTuple

from attrs import define, evolve, field, frozen

from polyproof.errors import InputError, Location, Problem
from polyproof.findings import Findings
from polyproof.model.amounts import AmountError, Rounding, parse_amount
from polyproof.model.counts import counted
from polyproof.model.holdings import FINEST, LARGEST, LONGEST_ADDRESS, LONGEST_ROW, LONGEST_TEXT, MOST_TEXTS
from polyproof.model.names import BLOCK, NAME, matches
from polyproof.ownership import AccountControl, Kind, OwnershipClaim
from polyproof.reserves.coins import CoinNames
from polyproof.source import Row, Total

__all__ = ["DeclaredTotal", "ReserveRow", "RowsOfFile"]


_Arguments = TypeVarTuple("_Arguments")
_T = TypeVar("_T")


@frozen
class ReserveRow:
    """One holding as a file declares it: "this address is ours and holds this much"."""

    location: Location
    coin: str
    """What the file calls it: ``USDT-TRC20``."""
    asset: str
    """Symbol of the asset in the spec."""
    chain: str
    """The canonical name of the chain."""
    address: str
    amount: int
    """In units of 10^−36 coin; anything finer in the file is rounded down."""
    token: str = ""
    """Tells apart two tokens of one asset on one chain (``bridged``); empty for the usual one."""
    message: str = ""
    signatures: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Public keys, or a redeem or witness script."""
    owners: tuple[str, ...] = ()
    kind: Kind = Kind.OWN
    scheme: str | None = None
    """The ownership scheme, if the file names one."""
    height: int | None = None
    """Number of the snapshot's block, if the file states it."""
    block: str | None = None
    """Hash of that block, if the file states it."""
    control: AccountControl | None = None
    """Who controls the account, as its chain said when it was asked: never a file's word."""

    @cached_property
    def claim(self) -> OwnershipClaim:
        """What an ownership scheme judges."""
        return OwnershipClaim(
            self.asset,
            self.chain,
            self.address,
            self.message,
            self.signatures,
            self.keys,
            self.owners,
            self.kind,
            self.scheme,
            self.control,
        )


@frozen
class DeclaredTotal:
    """What a file says some of its rows add up to."""

    location: Location
    coin: str
    asset: str
    amount: int
    """Units of 10^−36."""
    chain: str | None = None
    """None for an asset on all its chains: ``ETH(ALL)``."""
    token: str = ""


@define
class RowsOfFile:
    """What was read from one file: its rows and its declared totals. What is wrong with them is in ``findings``."""

    names: CoinNames
    findings: Findings
    scheme: str | None = None
    """The ownership scheme of rows that name none."""
    message: str = ""
    """The signed message, for rows that do not state one."""
    rows: list[ReserveRow] = field(factory=list)
    declared: list[DeclaredTotal] = field(factory=list)
    ignored: int = 0
    """Rows of coins that the spec says to leave out."""
    ignored_amounts: dict[str, int] = field(factory=dict)
    """What these hold of each asset: they are part of a total over all chains."""

    def take_row(self, row: Row) -> None:
        """Keep a row, or report everything that is wrong with it."""
        location, before = row.location, self.findings.count
        meaning = self._taken(location, self.names.find, row.coin, row.network, about=f"{row.coin} {row.network}")
        if meaning is not None and meaning.ignored:
            self._ignore(meaning.asset, row)
            return
        units = self._taken(location, _amount, row.amount, row.exponent)
        height = self._taken(location, _height, row.height)
        if meaning is not None and row.token:
            self._taken(location, self.names.check_token, meaning.asset, meaning.chain, row.token)
        for problem, hint in _text_problems(row):
            self.findings.add(problem, location, hint)
        if meaning is None or units is None or self.findings.count > before:
            return
        self.rows.append(
            ReserveRow(
                location,
                row.coin,
                meaning.asset,
                meaning.chain,
                row.address,
                units,
                meaning.token if row.token is None else row.token,
                row.message or self.message,
                row.signatures,
                row.keys,
                row.owners,
                row.kind,
                row.scheme or self.scheme,
                height,
                row.block,
            )
        )

    def take_total(self, total: Total) -> None:
        """Keep a declared total, or report what is wrong with it."""
        meaning = self._taken(total.location, self.names.find_total, total.coin, total.network)
        units = self._taken(total.location, _amount, total.amount, total.exponent)
        if meaning is not None and units is not None and not meaning.ignored:
            self.declared.append(
                DeclaredTotal(total.location, total.coin, meaning.asset, units, meaning.chain or None, meaning.token)
            )

    def _ignore(self, asset: str, row: Row) -> None:
        self.ignored += 1
        try:
            units = _amount(row.amount, row.exponent)
        except InputError:
            return
        self.ignored_amounts[asset] = self.ignored_amounts.get(asset, 0) + units

    def _taken(
        self, location: Location, read: Callable[[*_Arguments], _T], *arguments: *_Arguments, about: str | None = None
    ) -> _T | None:
        try:
            return read(*arguments)
        except InputError as error:
            self.findings.add_error(error, location, about)
            return None


def _amount(text: str, exponent: int) -> int:
    try:
        units = parse_amount(text, FINEST - exponent, Rounding.DOWN)
    except AmountError as error:
        raise AmountError(
            [evolve(problem, message=f"amount: {problem.message}") for problem in error.problems]
        ) from None
    if units < 0:
        raise InputError(Problem(f"the amount {text[:60]!r} is negative", hint="a holding cannot be a debt"))
    if units >= LARGEST * 10**FINEST:
        raise InputError(Problem(f"the amount {text[:60]!r} is impossibly large", hint="amounts are in coins"))
    return units


def _height(text: str) -> int | None:
    if text in ("", "-"):
        return None
    if not re.fullmatch("[0-9]{1,18}", text):
        raise InputError(Problem(f"snapshot height {text[:40]!r}", hint="expected a block's number, or - for none"))
    return int(text)


def _text_problems(row: Row) -> Iterator[tuple[str, str | None]]:
    """What is wrong with the texts of a row, so that it can be published and printed: messages and hints."""
    if not row.address:
        yield "has no address", None
    elif len(row.address) > LONGEST_ADDRESS or not row.address.isprintable():
        yield f"has an address of {counted(len(row.address), 'character')}, not all of which are printable", None
    for what, texts in (("signatures", row.signatures), ("keys", row.keys), ("owners", row.owners)):
        if len(texts) > MOST_TEXTS:
            yield f"has {len(texts)} {what}", f"at most {MOST_TEXTS}"
    all_texts = (row.message, *row.signatures, *row.keys, *row.owners)
    together = "".join(all_texts)
    if len(together) > LONGEST_TEXT and any(len(text) > LONGEST_TEXT for text in all_texts):
        yield f"has a text of more than {LONGEST_TEXT} characters", None
    elif len(together) > LONGEST_ROW:
        yield f"has texts of more than {LONGEST_ROW} characters together", None
    if not together.isascii() and any("\ud800" <= char <= "\udfff" for char in together):
        yield "has a text that is not Unicode", None
    if row.block is not None and not matches(BLOCK, row.block):
        yield f"block hash {row.block[:40]!r}", "16 to 128 characters of hex or base64"
    if row.scheme is not None and not matches(NAME, row.scheme):
        yield f"ownership scheme {row.scheme[:40]!r}", "names are lower case letters, digits and hyphens"
