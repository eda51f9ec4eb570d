"""All reserve files of a spec, read and checked: every problem with file and row, all of them together.

``rows`` judges each row by itself. Here the rows are judged together: they add up to what their file declares, no
account is listed twice for one asset and chain, no stake is counted with the validator and again with the account it is
paid out to, and all rows are about the blocks that the spec pins.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attrs import frozen

from polyproof.balances import Pin
from polyproof.errors import InputError, Location, Problem, ReservesError
from polyproof.findings import Findings
from polyproof.formats.paths import named_files
from polyproof.model.assets import Asset
from polyproof.model.chains import coin_name
from polyproof.model.holdings import amount_text
from polyproof.ownership import Kind, OwnershipClaim, OwnershipScheme
from polyproof.plugin_faults import asking, fault, is_place, is_problem
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.reserves.answers import merged
from polyproof.reserves.challenge import HEADER as CHALLENGE
from polyproof.reserves.coins import CoinNames
from polyproof.reserves.rows import DeclaredTotal, ReserveRow, RowsOfFile
from polyproof.reserves.spellings import Spellings
from polyproof.settings.reserves import ReservesSpec
from polyproof.source import Row, Source, Total

__all__ = ["Discrepancy", "ReservesRead", "SourceFile", "check_rows", "read_reserves"]


@frozen
class SourceFile:
    """A file that was read."""

    format: str
    file: str
    """Its name, without directories."""
    sha256: bytes
    rows: int
    """Those that are holdings of the spec's assets."""
    ignored: int


@frozen
class Discrepancy:
    """A declared total that the rows of its file do not add up to."""

    file: str
    line: int
    coin: str
    declared: int
    found: int


@frozen
class ReservesRead:
    """What the reserve files say, coherent; none of it is verified yet."""

    rows: tuple[ReserveRow, ...]
    accounts: tuple[str, ...]
    """The canonical form of each row's address."""
    files: tuple[SourceFile, ...]
    discrepancies: tuple[Discrepancy, ...]


def read_reserves(
    settings: ReservesSpec,
    assets: Sequence[Asset],
    *,
    registry: Registry,
    schemes: Sequence[OwnershipScheme],
    base: Path = Path(),
    progress: Progress | None = None,
    limit: int = 100,
) -> ReservesRead:
    """Read every source. ``base`` is what relative paths start from, ``limit`` how many problems are spelled out.

    Raises ``ReservesError`` with all problems. Row N of a file is its N-th record that is a holding.
    """
    findings = Findings(limit)
    spellings = Spellings(schemes)
    rows: list[ReserveRow] = []
    answers: list[ReserveRow] = []
    files: list[SourceFile] = []
    discrepancies: list[Discrepancy] = []
    seen: dict[Path, str] = {}
    chains = CoinNames(assets, settings.coins, settings.ignore, spellings.chains)
    for pin in settings.pins:
        _check_chain(pin, chains, findings)
    with (progress or Progress()).task("read reserves") as task:
        for choice, into in (*((one, rows) for one in settings.sources), *((one, answers) for one in settings.signed)):
            source: Source = choice.create(registry)
            names = CoinNames(
                assets,
                settings.coins,
                settings.ignore,
                spellings.chains,
                named=source.coins,
                networks=source.networks,
            )
            for path in named_files(base, source.options.path, findings):
                if path.resolve() in seen:
                    findings.add(
                        f"is read by two sources, {seen[path.resolve()]} and {choice.name}", Location(str(path))
                    )
                    continue
                seen[path.resolve()] = choice.name
                read = _read_file(source, path, names, findings)
                files.append(_described(choice.name, path, read))
                wrong = _wrong_totals(read)
                if source.options.totals == "required":
                    _report_totals(wrong, findings)
                else:
                    discrepancies += [
                        Discrepancy(path.name, total.location.line or 0, total.coin, total.amount, found)
                        for total, found in wrong
                    ]
                into += read.rows
                task.advance(len(read.rows))
    rows = merged(rows, answers, spellings, findings)
    accounts = check_rows(rows, settings.pins, spellings, findings, progress)
    if not rows and not findings:
        findings.add("the reserve files have no holdings")
    findings.raise_any(ReservesError)
    return ReservesRead(tuple(rows), tuple(accounts), tuple(files), tuple(discrepancies))


def _check_chain(pin: Pin, names: CoinNames, findings: Findings) -> None:
    """A pin under any name but the chain's canonical one would apply to no row."""
    try:
        meant = names.chain(pin.chain)
    except InputError as error:
        findings.add_error(error, Location("reserves.pins"))
        return
    if meant != pin.chain:
        findings.add(f"{pin.chain} is pinned", Location("reserves.pins"), f"the chain is called {meant}")


def _read_file(source: Source, path: Path, names: CoinNames, findings: Findings) -> RowsOfFile:
    read = RowsOfFile(names, findings, source.options.scheme, source.options.message or "")
    try:
        for item in _items(source, path):
            if isinstance(item, Row):
                _check_types(source, item, item.signatures, item.keys, item.owners)
                read.take_row(item)
            elif isinstance(item, Total):
                _check_types(source, item)
                read.take_total(item)
            elif isinstance(item, Problem) and is_problem(item):
                findings.add_problem(item)
            else:
                raise fault(source, f"it yields {ascii(item)[:200]}")
    except OSError as error:
        findings.add(f"cannot be read: {error.strerror or error}", Location(str(path)))
    return read


def _items(source: Source, path: Path) -> Iterator[Row | Total | Problem]:
    with asking(source, f"while reading {path}", may=(OSError,)):
        yield from source.read(path)


_TEXTS = ("coin", "address", "amount", "network", "message", "height")
_OPTIONAL_TEXTS = ("token", "scheme", "block")


def _check_types(source: Source, item: Row | Total, *lists: object) -> None:
    """Raise ``PluginFault`` for values of other types than the interface states; core judges values, not types."""
    texts = all(isinstance(getattr(item, name, ""), str) for name in _TEXTS)
    texts = texts and all(isinstance(getattr(item, name, None) or "", str) for name in _OPTIONAL_TEXTS)
    texts = texts and all(isinstance(many, tuple) and all(isinstance(one, str) for one in many) for many in lists)
    kind = isinstance(getattr(item, "kind", Kind.OWN), Kind)
    if not (texts and kind and is_place(item.location) and type(item.exponent) is int):
        raise fault(source, f"it yields a {type(item).__name__} with a value of a wrong type: {ascii(item)[:200]}")


def _described(name: str, path: Path, read: RowsOfFile) -> SourceFile:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        pass  # Reported when its rows were read.
    return SourceFile(name, path.name, digest.digest(), len(read.rows), read.ignored)


def _wrong_totals(read: RowsOfFile) -> list[tuple[DeclaredTotal, int]]:
    """The totals that are not the sum of their rows, with what that sum is."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in read.rows:
        sums[row.asset, row.chain, row.token] += row.amount
    wrong = []
    for total in read.declared:
        found = sum(
            amount
            for (asset, chain, token), amount in sums.items()
            if asset == total.asset and (total.chain is None or (chain, token) == (total.chain, total.token))
        )
        if total.chain is None:
            found += read.ignored_amounts.get(total.asset, 0)
        if found != total.amount:
            wrong.append((total, found))
    return wrong


def _report_totals(wrong: Iterable[tuple[DeclaredTotal, int]], findings: Findings) -> None:
    for total, found in wrong:
        less = "more" if found > total.amount else "less"
        findings.add(
            f"declares {amount_text(total.amount)} {total.coin}; its rows add up to {amount_text(found)}, "
            f"{amount_text(abs(found - total.amount))} {less}",
            total.location,
            "correct the file, or set totals: reported",
        )


_VALIDATOR = re.compile("0x[0-9a-f]{96}")


def check_rows(
    rows: Sequence[ReserveRow],
    pins: Sequence[Pin],
    spellings: Spellings,
    findings: Findings,
    progress: Progress | None = None,
) -> list[str]:
    """Check what relates rows to each other and to the pins; the canonical form of each row's address."""
    by_chain = {pin.chain: pin for pin in pins}
    accounts: list[str] = []
    first: dict[tuple[str, str, str, str], ReserveRow] = {}
    with (progress or Progress()).task("compare addresses", len(rows)) as task:
        for number, row in enumerate(rows):
            account = spellings.of(row.claim)
            accounts.append(account)
            other = first.setdefault((coin_name(row.asset), row.chain, row.token, account), row)
            if other is not row:
                hint = f"first in {other.location}" + (
                    "" if other.address == row.address else f" as {other.address[:100]}"
                )
                if CHALLENGE in (row.message[: len(CHALLENGE)], other.message[: len(CHALLENGE)]):
                    hint += "; a file of signed challenges belongs in reserves.signed"
                message = f"{row.address[:100]} is listed twice for {row.asset} on {row.chain}"
                findings.add_problem(Problem(message, row.location, hint, code="holding-repeated", about=row.asset))
            _check_pin(row, by_chain.get(row.chain), findings)
            if not (number + 1) & 0x3FFF:
                task.advance(0x4000)
    _check_stakes(rows, accounts, spellings, findings)
    return accounts


def _check_pin(row: ReserveRow, pin: Pin | None, findings: Findings) -> None:
    if pin is None:
        return
    if row.height is not None and row.height != pin.height:
        message = f"is for height {row.height}; {row.chain} is pinned at {pin.height}"
        findings.add_problem(Problem(message, row.location, code="holding-pin", about=row.chain))
    if row.block is not None and row.block.lower() != pin.block.lower():
        message = f"is for block {row.block}; {row.chain} is pinned at {pin.block}"
        findings.add_problem(Problem(message, row.location, code="holding-pin", about=row.chain))


def _check_stakes(
    rows: Sequence[ReserveRow], accounts: Sequence[str], spellings: Spellings, findings: Findings
) -> None:
    """A stake is listed with its validator, or with the account it is paid out to: not with both.

    The account's own coins, which are not staked, belong in a separate row of kind own.
    """
    staked = {
        (row.asset, row.chain, account): row
        for row, account in zip(rows, accounts, strict=True)
        if row.kind is Kind.STAKED
    }
    for row, account in zip(rows, accounts, strict=True):
        if not (row.kind is Kind.STAKED or _VALIDATOR.fullmatch(account)):
            continue
        payees = {*row.owners, *(row.control.owners if row.control else ())}
        for payee in payees:
            spelled = spellings.of(OwnershipClaim(row.asset, row.chain, payee))
            other = staked.get((row.asset, row.chain, spelled))
            if other is not None and spelled != account:
                message = (
                    f"the stake of {row.address[:100]} is paid out to {payee[:100]}, which is listed as staked too"
                )
                hint = f"in {other.location}: the same coins may not count twice"
                findings.add_problem(Problem(message, row.location, hint, code="stake-repeated", about=row.asset))
