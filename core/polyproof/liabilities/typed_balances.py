"""What a user claims to be owed, from what the user typed or from the user's own file.

Amounts are decimal strings and become exact integers of base units, rounded up as liabilities are in
the snapshot; assets that are not mentioned are zero.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from polyproof.backend import Claim
from polyproof.config.options import did_you_mean
from polyproof.errors import InputError, Location, Problem, UsageError
from polyproof.model.amounts import AmountError, Rounding, parse_amount
from polyproof.model.assets import Asset
from polyproof.model.counts import counted

__all__ = ["Balance", "make_claim", "parse_balance", "read_balances"]

_MAX_BYTES = 1 << 20
_HEADERS = {"asset", "symbol", "currency", "coin"}

Balance = tuple[str, str, Location | None]
"""Symbol and amount as written, and where."""


def parse_balance(text: str) -> Balance:
    """``SYMBOL=AMOUNT``."""
    symbol, separator, amount = text.partition("=")
    if not separator or not symbol.strip() or not amount.strip():
        raise UsageError(Problem(f"a balance is {text!r}", hint="expected SYMBOL=AMOUNT, for example BTC=0.25"))
    return symbol.strip(), amount.strip(), None


def read_balances(path: Path) -> list[Balance]:
    """Balances from a file of symbols and amounts: JSON or YAML mapping, or CSV with two columns.

    Raises ``InputError`` that says where it is not one.
    """
    suffix = path.suffix.lower()
    readers = {".json": _from_json, ".yaml": _from_yaml, ".yml": _from_yaml, ".csv": _from_csv}
    if suffix not in readers:
        raise InputError(Problem(f"{path}: unknown kind of file", hint="expected .json, .yaml or .csv"))
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error
    if len(data) > _MAX_BYTES:
        raise InputError(f"{path}: larger than {_MAX_BYTES} bytes")
    return readers[suffix](path, text)


def _from_json(path: Path, text: str) -> list[Balance]:
    try:
        # Numbers stay text: nothing passes through a float. Pairs keep duplicates for make_claim to report.
        pairs = json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        raise InputError(Problem(error.msg, Location(str(path), error.lineno, error.colno))) from error
    except RecursionError as error:
        raise InputError(f"{path}: nested too deeply") from error
    if not isinstance(pairs, _Pairs):
        raise InputError(Problem(f"{path}: not an object", hint='expected {"BTC": "0.25", …}'))
    for symbol, amount in pairs:
        if not isinstance(amount, str):
            raise InputError(Problem(f"{path}: the amount of {symbol!r} is neither a number nor a string"))
    return [(symbol, amount, Location(str(path))) for symbol, amount in pairs]


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with its keys in order, duplicates included."""


def _from_yaml(path: Path, text: str) -> list[Balance]:
    from polyproof.config.tree import Mapping, Scalar, parse_yaml

    document = parse_yaml(text.encode(), str(path))
    if not isinstance(document, Mapping):
        raise InputError(Problem("not a mapping", document.location, "expected BTC: 0.25 on a line, and so on"))
    balances: list[Balance] = []
    for entry in document.entries:
        if not isinstance(entry.value, Scalar) or entry.value.text is None or entry.value.value is None:
            raise InputError(Problem(f"the amount of {entry.key!r} is not a number", entry.value.location))
        balances.append((entry.key, entry.value.text, entry.value.location))
    return balances


def _from_csv(path: Path, text: str) -> list[Balance]:
    balances: list[Balance] = []
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        for cells in reader:
            location = Location(str(path), line=reader.line_num)
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != 2:
                raise InputError(Problem(f"{counted(len(cells), 'column')}", location, "expected two: symbol, amount"))
            if not balances and cells[0].strip().lower() in _HEADERS:
                continue
            balances.append((cells[0].strip(), cells[1].strip(), location))
    except csv.Error as error:
        raise InputError(Problem(str(error), Location(str(path), line=reader.line_num))) from error
    return balances


def make_claim(
    assets: Sequence[Asset], user_id: str, balances: Iterable[Balance], debts: Iterable[Balance] = ()
) -> Claim:
    """A claim in base units: balances rounded up, debts down, as in the snapshot.

    Raises ``InputError`` with everything that is wrong with it.
    """
    problems: list[Problem] = []
    if not user_id or any("\ud800" <= character <= "\udfff" for character in user_id):
        problems.append(Problem("the account id is empty or has bytes that are not text"))
    balances, debts = list(balances), list(debts)
    if not balances and not debts:
        problems.append(Problem("no balance is given", hint="what you have of each asset, or 0 of one"))
    owned = _amounts(assets, balances, Rounding.UP, problems)
    owed = _amounts(assets, debts, Rounding.DOWN, problems)
    if problems:
        raise InputError(problems)
    return Claim(user_id, owned, owed if any(owed) else ())


def _amounts(
    assets: Sequence[Asset], balances: Iterable[Balance], rounding: Rounding, problems: list[Problem]
) -> tuple[int, ...]:
    by_name: dict[str, set[int]] = {}
    for position, asset in enumerate(assets):
        for name in (asset.symbol, *asset.aliases):
            by_name.setdefault(name.casefold(), set()).add(position)
    exact = {name: position for position, asset in enumerate(assets) for name in (asset.symbol, *asset.aliases)}
    found: dict[int, int] = {}
    for symbol, amount, location in balances:
        candidates = {exact[symbol]} if symbol in exact else by_name.get(symbol.casefold(), set())
        if len(candidates) != 1:
            hint = did_you_mean(symbol, [asset.symbol for asset in assets])
            problems.append(Problem(f"{symbol!r} is not an asset of this audit", location, hint))
            continue
        (position,) = candidates
        asset = assets[position]
        try:
            units = parse_amount(amount, asset.decimals, rounding)
        except AmountError as error:
            problems += [
                Problem(f"{asset.symbol}: {problem.message}", location, problem.hint) for problem in error.problems
            ]
            continue
        if position in found:
            problems.append(Problem(f"{asset.symbol} is given twice", location, "give each asset once"))
        elif not 0 <= units < 1 << asset.bits:
            most = asset.format((1 << asset.bits) - 1)
            problems.append(Problem(f"{asset.symbol}: {amount} is out of range", location, f"0 to {most}"))
        found[position] = units
    return tuple(found.get(position, 0) for position in range(len(assets)))
