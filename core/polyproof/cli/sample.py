"""Sample data: the accounts of an exchange that does not exist, the same for the same seed everywhere.

Most users hold a few popular assets, balances are spread over many orders of magnitude, some are dust,
some accounts are empty, and a few whales hold a large share of everything. Random words come from PCG64,
whose stream numpy keeps stable, and everything after that is integer arithmetic: no platform's logarithm
changes a digit. The result is not secret and models no real exchange.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.engine import thread_count
from polyproof.errors import UsageError
from polyproof.liabilities.snapshot.file import draw_nothing
from polyproof.model.amounts import exact_decimal
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.toolkit.interrupts import duckdb_interrupts

__all__ = ["PLEDGED", "invented_prices", "write_sample"]

PLEDGED = "loan"
"""The collateral category of sample accounts with debts."""

UInt64 = npt.NDArray[np.uint64]


@frozen
class _Market:
    """Orders of magnitude that make an asset's balances plausible."""

    holders: int
    """How many of 1000 ordinary users hold it."""
    cents: int
    """Price of a coin in US cents."""
    supply: int
    """Coins in existence, in millions."""


_MARKETS = {
    "BTC": _Market(340, 10_000_000, 21),
    "ETH": _Market(300, 350_000, 120),
    "USDT": _Market(480, 100, 140_000),
    "USDC": _Market(120, 100, 60_000),
    "XRP": _Market(110, 200, 100_000),
    "DOGE": _Market(130, 20, 150_000),
    "SOL": _Market(160, 18_000, 600),
    "OKB": _Market(80, 5_000, 21),
    "APT": _Market(30, 800, 1_100),
    "DASH": _Market(10, 3_000, 12),
    "DOT": _Market(50, 600, 1_600),
    "ELF": _Market(6, 40, 1_000),
    "EOS": _Market(20, 60, 1_500),
    "ETC": _Market(25, 2_500, 210),
    "FIL": _Market(30, 500, 2_000),
    "LINK": _Market(50, 1_500, 1_000),
    "LTC": _Market(60, 10_000, 84),
    "OKT": _Market(15, 1_000, 42),
    "PEOPLE": _Market(12, 3, 5_000),
    "TON": _Market(50, 500, 5_000),
    "TRX": _Market(90, 25, 90_000),
    "UNI": _Market(30, 900, 1_000),
}
_OTHER = _Market(30, 100, 1_000)

_NANO = 10**9
_MEDIAN_CENTS = 6_000
"""The median value of the balances that are not dust."""
_SPREAD = 48
"""Balances are the median times 2^(k − 24), where k counts the ones among this many random bits: a standard deviation
of 3.5 octaves, ln σ = 2.4."""
_MEAN_OVER_MEDIAN = 25
"""Mean over median: (3/2)^48·2^−24 for that binomial, times 3/2 for the mantissa. Keeps totals far below supply."""
_WHALE_OCTAVES = 12
_WHALE_EVERY = 20_000
_BLOCK = 1 << 16


def write_sample(
    path: Path,
    assets: Sequence[Asset],
    accounts: int,
    seed: int,
    format: str | None = None,
    progress: Progress | None = None,
    *,
    debts: bool = False,
) -> None:
    """Write a snapshot of that many accounts in wide shape: ``account`` and a column for each asset.

    With ``debts`` each asset has a column for each position, and some accounts owe a quarter of what they have pledged,
    at ``invented_prices``.

    ``format`` is ``"csv"`` or ``"parquet"``; left out, it follows from the suffix. In CSV, amounts are
    decimal strings; in Parquet, DECIMAL, or strings for assets with more than 18 decimals. Every amount
    is below 2^bits of its asset. The same arguments give the same accounts. The file appears once it is complete.

    Raises ``UsageError`` for invalid arguments or a path that cannot be written.
    """
    path = Path(path)
    assets = tuple(assets)
    kind = format or ("parquet" if path.suffix in (".parquet", ".pq") else "csv")
    if kind not in ("csv", "parquet"):
        raise UsageError(f"sample data is written as csv or parquet, not {kind!r}")
    if not assets or accounts < 1 or seed < 0:
        raise UsageError("sample data needs at least one asset, at least one account and a seed of 0 or more")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"{path} cannot be written: {'it is a directory' if path.is_dir() else 'no such directory'}")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    words = np.random.PCG64(seed)
    origin = _random(words, 1)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="polyproof-") as directory,
            duckdb_interrupts(),
            duckdb.connect(":memory:", config={"threads": thread_count(), "temp_directory": directory}) as connection,
        ):
            draw_nothing(connection)
            kinds = ("", "d", "p") if debts else ("",)
            columns = ", ".join(f"{kind}w{k} UBIGINT, {kind}f{k} UBIGINT" for k in range(len(assets)) for kind in kinds)
            connection.execute(f"CREATE TEMP TABLE sample (number UBIGINT, {columns})")
            with (progress or Progress()).task("make accounts", accounts) as task:
                for first in range(0, accounts, _BLOCK):
                    count = min(_BLOCK, accounts - first)
                    block = _block(assets, first, count, accounts, origin, words, debts=debts)
                    connection.register("block", block)
                    connection.execute("INSERT INTO sample BY NAME SELECT * FROM block")
                    task.advance(count)
            options = "FORMAT csv, HEADER" if kind == "csv" else "FORMAT parquet, COMPRESSION zstd"
            target = str(unfinished).replace("'", "''")
            connection.execute(f"COPY ({_select(assets, kind, debts=debts)}) TO '{target}' ({options})")
        unfinished.replace(path)
    except (OSError, duckdb.IOException) as error:
        raise UsageError(f"{path} cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def invented_prices(symbol: str) -> tuple[str, str]:
    """The prices of a coin that sample accounts owe and pledge by, in dollars: the lower one, and another."""
    cents = _MARKETS.get(symbol, _OTHER).cents
    return exact_decimal(Fraction(cents, 100)), exact_decimal(Fraction(cents * 1002, 100_000))


def _select(assets: Sequence[Asset], kind: str, *, debts: bool) -> str:
    # One account in eight is known by an e-mail address; .example never belongs to anybody (RFC 2606).
    name = "lpad(lower(to_hex(number)), 16, '0')"
    columns = [f"CASE WHEN number % 8 = 0 THEN 'user.' || {name} || '@mail.example' ELSE 'u-' || {name} END AS account"]
    for k, asset in enumerate(assets):
        names = {"": ":equity", "d": ":debt", "p": f":{PLEDGED}"} if debts else {"": ""}
        for position, name in names.items():
            whole, part, places = f"{position}w{k}", f"{position}f{k}", min(asset.decimals, 18)
            text = f"{whole}::VARCHAR" + (f" || '.' || lpad({part}::VARCHAR, {places}, '0')" if places else "")
            amount = f"CASE WHEN {whole} = 0 AND {part} = 0 THEN '0' ELSE {text} END"
            if kind == "parquet" and asset.decimals <= 18:
                amount = f"({amount})::DECIMAL(38, {asset.decimals})"
            symbol = asset.symbol.replace('"', '""')
            columns.append(f'{amount} AS "{symbol}{name}"')
    return f"SELECT {', '.join(columns)} FROM sample"


def _block(
    assets: Sequence[Asset],
    first: int,
    count: int,
    accounts: int,
    origin: UInt64,
    words: np.random.PCG64,
    *,
    debts: bool,
) -> dict[str, UInt64]:
    """Accounts from ``first`` on: a unique number, and for each asset the whole coins and the fraction."""
    numbers = _mixed(np.arange(first, first + count, dtype=np.uint64) + origin)
    habits = _random(words, count)
    # Of 64 users 5 hold nothing, 44 are ordinary, 14 hold twice as many assets, one trades most of them.
    kind = habits & np.uint64(63)
    empty, active, trader = kind < 5, (kind >= 49) & (kind < 63), kind == 63
    whale = np.arange(first, first + count) % _WHALE_EVERY == min(_WHALE_EVERY, accounts) // 2
    block: dict[str, UInt64] = {"number": numbers}
    held_coins: list[UInt64] = []
    for k, asset in enumerate(assets):
        market = _MARKETS.get(asset.symbol, _OTHER)
        chance = np.full(count, market.holders, np.uint64)
        chance[active] = min(2 * market.holders, 700)
        chance[trader | whale] = 700
        chance[empty & ~whale] = 0
        held = _random(words, count) % np.uint64(1000) < chance
        coins = np.where(held, _balances(asset, market, accounts, whale, words, count), 0)
        whole, fraction = _written(asset, coins)
        beyond = _random(words, count) % np.uint64(_NANO)
        if asset.decimals > 9:
            fraction = fraction + np.where(coins > 0, beyond % np.uint64(10 ** (min(asset.decimals, 18) - 9)), 0)
        block[f"w{k}"], block[f"f{k}"] = whole, fraction
        held_coins.append(coins)
    if debts:
        borrowers = ((habits >> np.uint64(6)) & np.uint64(7) == 0) & ~whale
        for k, (owed, pledged) in enumerate(_loans(assets, held_coins, borrowers)):
            block[f"dw{k}"], block[f"df{k}"] = _written(assets[k], owed)
            block[f"pw{k}"], block[f"pf{k}"] = _written(assets[k], pledged)
    return block


def _written(asset: Asset, coins: UInt64) -> tuple[UInt64, UInt64]:
    """Whole coins, and of the fraction as many digits as are written: 18 at most, rounded down to nanos."""
    whole, nanos = np.divmod(coins, np.uint64(_NANO))
    if asset.decimals <= 9:
        return whole, nanos // np.uint64(10 ** (9 - asset.decimals))
    return whole, nanos * np.uint64(10 ** (min(asset.decimals, 18) - 9))


def _loans(assets: Sequence[Asset], held: Sequence[UInt64], borrowers: npt.NDArray[np.bool_]) -> list[list[UInt64]]:
    """What is owed and pledged of each asset. A borrower pledges what it has of each, and owes the next asset for it.

    Together they owe at most half of what all accounts here have of an asset: nothing is lent that nobody has.
    """
    nothing = np.zeros(len(borrowers), np.uint64)
    loans = [[nothing, nothing] for _ in assets]
    for k, asset in enumerate(assets):
        unit = np.uint64(10 ** (9 - min(asset.decimals, 9)))
        # Below 2^40 billionths of a coin, so that a value in cents fits a word.
        pledged = np.where(borrowers, np.minimum(held[k], np.uint64(1 << 40)) // unit * unit, 0)
        owed_of = (k + 1) % len(assets)
        price = _MARKETS.get(asset.symbol, _OTHER).cents
        other = _MARKETS.get(assets[owed_of].symbol, _OTHER).cents
        fair = sum(held[owed_of].tolist()) // 2 // max(1, int(borrowers.sum()))
        owed = np.minimum(pledged * np.uint64(price) // np.uint64(4 * other), np.uint64(min(fair, (1 << 64) - 1)))
        loans[k][1], loans[owed_of][0] = pledged, owed
    return loans


def _balances(
    asset: Asset, market: _Market, accounts: int, whale: npt.NDArray[np.bool_], words: np.random.PCG64, count: int
) -> UInt64:
    """Balances in units of 10^−9 coin, low enough that the asset's further decimals cannot bring them to 2^bits."""
    holders = max(1, accounts * market.holders // 1000)
    supply = market.supply * 10**6 * _NANO
    median = min(_MEDIAN_CENTS * _NANO // market.cents, supply // 20 // holders // _MEAN_OVER_MEDIAN, 1 << 42)
    fits = ((1 << asset.bits) - 1) * _NANO // 10**asset.decimals - 1
    most = np.uint64(max(0, min(fits, supply // 1000)))

    shape, size = _random(words, count), _random(words, count)
    octaves = np.bitwise_count(shape & np.uint64((1 << _SPREAD) - 1)).astype(np.int64)
    octaves += _WHALE_OCTAVES * whale
    # median·(1 + u)·2^(octaves − 24), u uniform in [0, 1) with 20 bits.
    scaled = np.uint64(max(1, median)) * (np.uint64(1 << 20) + (size & np.uint64((1 << 20) - 1)))
    down = np.clip(_SPREAD // 2 + 20 - octaves, 0, 63).astype(np.uint64)
    balances = scaled >> down
    # One balance in six is dust: the remainder of a trade.
    dust = (size >> np.uint64(32)) % np.uint64(6) == 0
    balances = np.where(dust & ~whale, balances >> np.uint64(12), balances)
    capped: UInt64 = np.minimum(balances, most)
    return capped


def _random(words: np.random.PCG64, count: int) -> UInt64:
    return np.asarray(words.random_raw(count), np.uint64)


def _mixed(numbers: UInt64) -> UInt64:
    """A permutation of the 64-bit words: the finaliser of SplitMix64."""
    x = numbers * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: UInt64 = x ^ (x >> np.uint64(31))
    return mixed
