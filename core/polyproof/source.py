"""The Source interface: a file of wallets becomes typed rows, and the totals that the file declares.

A source knows one format and nothing else. It takes a file apart and hands the texts, each with its place, to a
``Reading``; what a coin is called, how an amount is written and what else every row must satisfy is decided there,
once for all formats. Whatever is wrong is collected, with file and row.
"""

from __future__ import annotations

import glob
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from attrs import define, evolve, field, frozen

from polyproof.config.options import option
from polyproof.errors import InputError, Location, Problem
from polyproof.findings import Findings
from polyproof.model.amounts import AmountError, Rounding, parse_amount
from polyproof.ownership import AccountControl, Kind, OwnershipClaim

if TYPE_CHECKING:
    from polyproof.registry import Registry
    from polyproof.reserves.coins import CoinNames

__all__ = [
    "FINEST",
    "LARGEST",
    "LONGEST_ADDRESS",
    "LONGEST_TEXT",
    "MOST_TEXTS",
    "DeclaredTotal",
    "FileOptions",
    "Reading",
    "ReserveRow",
    "Source",
    "amount_text",
]

FINEST = 36
"""Amounts of reserves are integers of 10^−36 coin: finer than any chain counts, so every one of them is exact."""
LARGEST = 10**60
"""Coins that no holding reaches; what claims more is a mistake or an attack."""
LONGEST_TEXT = 1 << 16
"""Characters that a text of a row may have."""
LONGEST_ROW = 1 << 20
LONGEST_ADDRESS = 1000
MOST_TEXTS = 64
"""Signatures, keys or owners that a row may have."""

_HASH = re.compile(r"[0-9A-Za-z+/=_-]{16,128}\Z")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


def amount_text(amount: int) -> str:
    """An amount in units of 10^−36 as an exact decimal without trailing zeros; it may be negative."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, fraction = divmod(amount, 10**FINEST)
    digits = str(fraction).rjust(FINEST, "0").rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


@frozen
class ReserveRow:
    """One holding as a file declares it: «this address is ours and has so much»."""

    location: Location
    coin: str
    """What the file calls it: ``USDT-TRC20``."""
    asset: str
    """Symbol of the asset in the spec."""
    chain: str
    """The one name of the chain."""
    address: str
    amount: int
    """Units of 10^−36, rounded down where the file is finer still."""
    token: str = ""
    """Tells apart two tokens of one asset on one chain (``bridged``); empty for the usual one."""
    message: str = ""
    signatures: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Public keys, or a redeem or witness script."""
    owners: tuple[str, ...] = ()
    kind: Kind = Kind.OWN
    scheme: str | None = None
    """The ownership scheme, where the file names one."""
    height: int | None = None
    """Of the snapshot's block, where the file says it."""
    block: str | None = None
    """Its hash, where the file says it."""
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
    """What a file says that rows of it add up to."""

    location: Location
    coin: str
    asset: str
    amount: int
    """Units of 10^−36."""
    chain: str | None = None
    """None for an asset on all its chains: ``ETH(ALL)``."""
    token: str = ""


@define
class Reading:
    """What has been read of one source: its rows, its declared totals, and what is wrong with them."""

    names: CoinNames
    findings: Findings
    scheme: str | None = None
    """The ownership scheme of rows that name none."""
    message: str = ""
    """What rows signed that do not say it."""
    rows: list[ReserveRow] = field(factory=list)
    declared: list[DeclaredTotal] = field(factory=list)
    ignored: int = 0
    """Rows of coins that the spec says to leave out."""
    ignored_amounts: dict[str, int] = field(factory=dict)
    """What they hold of each asset: part of a total of all chains."""

    def row(
        self,
        location: Location,
        *,
        coin: str,
        address: str,
        amount: str,
        network: str = "",
        token: str | None = None,
        exponent: int = 0,
        message: str = "",
        signatures: Sequence[str] = (),
        keys: Sequence[str] = (),
        owners: Sequence[str] = (),
        kind: Kind = Kind.OWN,
        scheme: str | None = None,
        height: str | None = None,
        block: str | None = None,
    ) -> None:
        """Take a row as its texts, or report everything that is wrong with it.

        ``amount`` is in units of 10^−``exponent`` coin. ``token`` is given where the format has a word for it; left
        out, it follows from the name of the coin. An empty ``height`` or ``-`` says nothing.
        """
        before = self.findings.count
        meaning = self._taken(location, lambda: self.names.find(coin, network))
        if meaning is not None and meaning.ignored:
            self._ignore(meaning.asset, amount, exponent)
            return
        units = self._taken(location, lambda: _amount(amount, exponent))
        number = self._taken(location, lambda: _height(height))
        if meaning is not None and token:
            self._taken(location, lambda: self.names.check_token(meaning.asset, meaning.chain, token))
        if not address:
            self.findings.add("has no address", location)
        for what, texts in (("signatures", signatures), ("keys", keys), ("owners", owners)):
            if len(texts) > MOST_TEXTS:
                self.findings.add(f"has {len(texts)} {what}", location, f"at most {MOST_TEXTS}")
        for problem in _text_problems((message, *signatures, *keys, *owners), address, block, scheme):
            self.findings.add(problem, location)
        if meaning is None or units is None or self.findings.count > before:
            return
        self.rows.append(
            ReserveRow(
                location=location,
                coin=coin,
                asset=meaning.asset,
                chain=meaning.chain,
                address=address,
                amount=units,
                token=meaning.token if token is None else token,
                message=message or self.message,
                signatures=tuple(signatures),
                keys=tuple(keys),
                owners=tuple(owners),
                kind=kind,
                scheme=scheme or self.scheme,
                height=number,
                block=block,
            )
        )

    def total(self, location: Location, *, coin: str, amount: str, network: str = "", exponent: int = 0) -> None:
        """Take a total that the file declares, or report what is wrong with it."""
        meaning = self._taken(location, lambda: self.names.find_total(coin, network))
        units = self._taken(location, lambda: _amount(amount, exponent))
        if meaning is not None and units is not None and not meaning.ignored:
            declared = DeclaredTotal(location, coin, meaning.asset, units, meaning.chain or None, meaning.token)
            self.declared.append(declared)

    def _ignore(self, asset: str, amount: str, exponent: int) -> None:
        self.ignored += 1
        try:
            units = _amount(amount, exponent)
        except InputError:
            return
        self.ignored_amounts[asset] = self.ignored_amounts.get(asset, 0) + units

    def _taken(self, location: Location, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except InputError as error:
            self.findings.add_error(error, location)
            return None


_T = TypeVar("_T")


def _amount(text: str, exponent: int) -> int:
    try:
        units = parse_amount(text, FINEST - exponent, Rounding.DOWN)
    except AmountError as error:
        raise AmountError(
            [evolve(problem, message=f"amount: {problem.message}") for problem in error.problems]
        ) from None
    if units < 0:
        raise InputError(Problem(f"the amount {text[:60]!r} is negative", hint="a holding is not a debt"))
    if units >= LARGEST * 10**FINEST:
        raise InputError(Problem(f"the amount {text[:60]!r} is absurd", hint="amounts are in coins"))
    return units


def _height(text: str | None) -> int | None:
    if text in (None, "", "-"):
        return None
    if not re.fullmatch("[0-9]{1,18}", text):
        raise InputError(Problem(f"snapshot height {text[:40]!r}", hint="the number of a block, or - for none"))
    return int(text)


def _text_problems(texts: Sequence[str], address: str, block: str | None, scheme: str | None) -> Iterator[str]:
    """What is wrong with the texts of a row, so that it can be published and printed."""
    together = "".join(texts)
    if len(together) > LONGEST_TEXT and any(len(text) > LONGEST_TEXT for text in texts):
        yield f"has a text of more than {LONGEST_TEXT} characters"
    elif len(together) > LONGEST_ROW:
        yield f"has texts of more than {LONGEST_ROW} characters together"
    if not together.isascii() and any("\ud800" <= char <= "\udfff" for char in together):
        yield "has a text that is no Unicode"
    if len(address) > LONGEST_ADDRESS or not address.isprintable():
        yield f"has an address of {len(address)} characters, not all of which can be shown"
    if block is not None and not _HASH.match(block):
        yield f"block hash {block[:40]!r}: wanted are 16 to 128 characters of hex or base64"
    if scheme is not None and not _NAME.match(scheme):
        yield f"ownership scheme {scheme[:40]!r}: names are lower case letters, digits and hyphens"


@frozen(kw_only=True)
class FileOptions:
    """Options of sources that read files; those of a format derive from it."""

    path: tuple[str, ...] = option(
        items=(1, 1000), doc="File or files, relative to the spec file; * ? [ ] and ** match as in a shell."
    )
    scheme: str | None = option(
        default=None,
        kind="ownership",
        doc="Ownership scheme of rows that name none; null finds the one that serves a row.",
    )
    message: str | None = option(default=None, doc="What rows signed that do not say it themselves.")
    totals: str = option(
        default="required",
        choices=("required", "reported"),
        doc="What becomes of a declared total that the rows do not add up to. required: it is an error. reported: "
        "the difference is published; only rows ever count as holdings.",
    )

    def files(self, base: Path, findings: Findings) -> list[Path]:
        """The files that ``path`` names, each once, in order; what it does not name is reported."""
        found: dict[Path, None] = {}
        for pattern in self.path:
            path = base / pattern
            matches = [path] if path.exists() else [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]
            files = [match for match in matches if not match.is_dir()]
            if not files:
                missing = "no file matches" if glob.has_magic(pattern) else "there is no such file"
                findings.add(f"{path}: {'is a directory' if matches else missing}")
            found.update(dict.fromkeys(files))
        return list(found)


class Source(ABC):
    """A format that reserves are read from.

    Constructed as ``Source(options, registry)``: ``options`` is an instance of the class's ``Options``.
    """

    name: ClassVar[str]
    """The name a spec uses."""
    Options: ClassVar[type[FileOptions]]
    """Frozen attrs class of the options a spec may set."""

    def __init__(self, options: FileOptions, registry: Registry) -> None:
        """Keep the options; nothing is read yet."""
        self.options = options
        self.registry = registry

    @abstractmethod
    def read(self, file: Path, reading: Reading) -> None:
        """Read one file into ``reading``, row by row.

        Reports everything that is wrong with it there, with its place, and goes on where it can; raises nothing for
        what a file says. ``OSError`` may pass.
        """
