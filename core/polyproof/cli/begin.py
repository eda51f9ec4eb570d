"""What ``polyproof init`` writes: a spec with comments, an invented ledger, sample wallets, and what to run next.

Everything here is a sample and says so: the organisation's name, which every audit, challenge and page shows, the names
of the files, and the first line of each that can have one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from polyproof.cli.sample_wallets import LABEL, SampleWallet, answers, invent_wallets, pins_of
from polyproof.errors import InputError, Problem, UsageError
from polyproof.model.assets import Asset
from polyproof.model.holdings import amount_text
from polyproof.ownership import Status
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.settings.bundled import bundled_policies, bundled_specs
from polyproof.settings.spec import Spec, load_spec

__all__ = [
    "SIGNED",
    "SOURCES",
    "UNSIGNED",
    "Beginning",
    "Choices",
    "about",
    "begin",
    "example_choices",
    "parse_assets",
    "slug",
]

DECIMALS = {
    **dict.fromkeys(("BTC", "DOGE", "APT", "DASH", "ELF", "LTC"), 8),
    **dict.fromkeys(("ETH", "OKB", "ETC", "FIL", "LINK", "OKT", "PEOPLE", "UNI"), 18),
    **dict.fromkeys(("USDT", "USDC", "XRP", "TRX"), 6),
    **dict.fromkeys(("SOL", "TON"), 9),
    "DOT": 10,
    "EOS": 4,
}
"""In which decimals the chains of some assets count, so that nobody has to look them up."""
MOST_COINS = 10**10
"""The width that is proposed for an asset holds an account of as many coins."""

SOURCES = {
    "csv": "a CSV file, a column for each asset",
    "csv-long": "a CSV file, a row for each account and asset",
    "parquet": "a Parquet file, a column for each asset",
    "sqlite": "a query of an SQLite database",
}
"""Where the sample ledger is, by what ``--source`` calls it."""

PRICES = "sample-prices.csv"
WALLETS, RECORDING, SIGNED, UNSIGNED = "sample-wallets.yaml", "sample-balances.jsonl", "signed.jsonl", "to-sign.jsonl"
POLICY = "sample-policy.yaml"
AUDIT = "audits/first"


def slug(text: str) -> str:
    """A name that a spec can have, from any text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")


def parse_assets(text: str) -> tuple[Asset, ...]:
    """Assets from ``BTC,ETH,FOO:12,BAR:18:96``: a symbol, its decimals, and its bits where others are wanted.

    Raises ``UsageError`` that says what would be right.
    """
    found = []
    for item in filter(None, re.split(r"[,\s]+", text)):
        symbol, *numbers = item.split(":")
        known = DECIMALS.get(symbol.upper())
        if len(numbers) > 2 or not all(number.isascii() and number.isdigit() and len(number) < 4 for number in numbers):
            raise UsageError(f"{item!r} is no asset: SYMBOL, SYMBOL:DECIMALS or SYMBOL:DECIMALS:BITS is expected")
        if not numbers and known is None:
            raise UsageError(f"how many decimals has {symbol}? Write {symbol}:18 for eighteen of them")
        decimals = int(numbers[0]) if numbers else known or 0
        bits = int(numbers[1]) if len(numbers) == 2 else bits_for(decimals)
        found.append(Asset(symbol, decimals, bits))
    if not found:
        raise UsageError("no asset is named: BTC,ETH,USDT for example")
    return tuple(found)


def bits_for(decimals: int) -> int:
    """The narrowest multiple of 32, 64 at least, in which ten billion coins fit."""
    needed: int = (MOST_COINS * 10**decimals).bit_length()
    return min(256, max(64, -(-needed // 32) * 32))


@frozen(kw_only=True)
class Choices:
    """What the person who begins has decided."""

    name: str
    organisation: str
    """As the spec will have it, the word SAMPLE included."""
    snapshot: str
    assets: str
    """The spec's lines from ``assets:`` to before ``backend:``."""
    backend: str
    """The spec's lines on the backend."""
    source: str
    """A key of ``SOURCES``."""
    accounts: int
    seed: int
    """Of the ledger, and of the wallets' amounts."""
    keys: int
    """The seed of the wallets' keys."""
    reserves: bool
    """Whether sample wallets are written, which takes the extra ``reserves``."""
    debts: bool = False
    """Whether some of the accounts owe something, by the rule net-equity."""
    output: str = "audits"
    """Where audits are made, from the spec's folder."""


def own_assets(assets: Sequence[Asset]) -> str:
    """The lines of a spec about assets that somebody has chosen."""
    lines = ["assets:"]
    for asset in assets:
        bits = f", bits: {asset.bits}" if asset.bits != 64 else ""
        most = ((1 << asset.bits) - 1) // 10**asset.decimals
        line = f"  - {{symbol: {asset.symbol}, decimals: {asset.decimals}{bits}}}"
        lines.append(f"{line:<48}# at most {most:,} on one account")
    return "\n".join(lines)


def example_choices(name: str) -> tuple[str, str]:
    """The assets and the backend of a spec that comes with polyproof, as it has them, comments included."""
    specs = bundled_specs()
    if name not in specs:
        raise UsageError(f"no example is called {name!r}: {', '.join(specs)}")
    text = specs[name].read_text(encoding="utf-8")
    assets = re.search(r"^assets:\n(?:(?: +.*)?\n)+", text, re.M)
    backend = re.search(r"^backend:.*\n(?:(?: +.*)\n)*", text, re.M)
    if assets is None or backend is None:
        raise UsageError(f"the spec {name!r} that comes with polyproof cannot be an example")
    return assets[0].rstrip(), backend[0].rstrip()


@frozen
class Beginning:
    """What was written, and what to run next."""

    directory: Path
    spec: Path
    files: tuple[Path, ...]
    next: tuple[str, ...]
    """Commands, as they are typed in ``directory``."""


def begin(directory: Path, choices: Choices, registry: Registry, progress: Progress | None = None) -> Beginning:
    """Write a folder to begin from. No file is overwritten; if something fails, nothing is left behind.

    Raises ``InputError`` if one of the files is there already, and as the spec, the ledger and the snapshot do.
    """
    from polyproof import liabilities
    from polyproof.reserves.signatures import load_schemes
    from polyproof.settings.policy import UNRESTRICTED
    from polyproof.toolkit.recording import write_recording

    ledger, accounts = _accounts(choices)
    spec_name = f"{choices.name}.yaml"
    names = [
        spec_name,
        ledger,
        *([PRICES] if choices.debts else []),
        *([WALLETS, RECORDING, POLICY] if choices.reserves else []),
    ]
    _check_free(directory, [*names, SIGNED, UNSIGNED] if choices.reserves else names)
    created = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    try:
        path = directory / spec_name
        head = _head(choices, accounts)
        path.write_text(head, encoding="utf-8")
        spec = load_spec(path, registry)
        if choices.debts:
            head = _head(choices, accounts, _debts(spec.assets))
            (directory / PRICES).write_text(_prices(spec.assets, choices.snapshot), encoding="utf-8")
            path.write_text(head, encoding="utf-8")
            spec = load_spec(path, registry)
        _write_ledger(directory / ledger, spec, choices, progress)
        checked = liabilities.check(spec, policy=UNRESTRICTED, registry=registry, progress=progress)
        policy = "--policy merkle-sum" if spec.backend.name == "merkle-sum" else ""
        if choices.reserves:
            wallets = invent_wallets(spec.assets, checked.totals, load_schemes(registry), choices.keys, choices.seed)
            (directory / WALLETS).write_text(_wallets_text(wallets), encoding="utf-8")
            write_recording(directory / RECORDING, pins_of(wallets), answers(wallets))
            path.write_text(head + _reserves(wallets), encoding="utf-8")
            if reasons := _policy(wallets, bundled_policies().get(spec.backend.name)):
                (directory / POLICY).write_text(reasons, encoding="utf-8")
                policy = f"--policy {POLICY}"
            load_spec(path, registry)
    except BaseException:
        for name in names:
            (directory / name).unlink(missing_ok=True)
        for made in created:
            made.rmdir()
        raise
    written = tuple(directory / name for name in names if (directory / name).exists())
    return Beginning(directory, path, written, tuple(_next(choices, spec_name, policy)))


def _check_free(directory: Path, names: Sequence[str]) -> None:
    if directory.exists() and not directory.is_dir():
        raise InputError(f"{directory} is not a directory")
    if taken := [name for name in names if (directory / name).exists()]:
        raise InputError(
            Problem(
                f"{directory} has {', '.join(taken)} already, and nothing is overwritten", hint="name an empty folder"
            )
        )


# The spec


def _head(choices: Choices, accounts: str, debts: str = "") -> str:
    return f"""\
# SAMPLE: written by `polyproof init`. The ledger and the wallets are invented; put your own in their place,
# and then take the word out of the organisation's name. `polyproof schema` prints a JSON Schema of this
# file, from which editors complete it; docs/reference/spec.md explains every key.

# Version of this format.
polyproof: 1

# Short name of who is audited: lower case letters, digits, hyphens. Audit ids begin with it.
name: {choices.name}

# Who is audited, as every result, message to sign and page shows it.
organisation: {_quoted(choices.organisation)}

# When the balances were taken, in UTC: of accounts and of wallets. Every month has another.
snapshot: {choices.snapshot}

# The assets that balances are counted in. A balance is a whole number of 10^-decimals coin, below 2^bits
# (64 unless it says otherwise); what is finer is rounded up.
{choices.assets}

{debts}# How it is proved. stark: a zk-STARK, which publishes totals and no balances, and is accepted by default.
# merkle-sum: a Merkle sum tree, fast, which proves nothing about accounts that nobody opens.
{choices.backend}

{accounts}

# What auditors ask you to declare: legal entity, scope, custodians, encumbered and own-issued assets, a statement.
# It is published as your word; docs/reference/spec.md#disclosures has every key.
# disclosures:
#   entity: {{name: Example Exchange Ltd, jurisdiction: Malta}}
#   own_issued: []

# Where audits are made.
output:
  directory: {choices.output}
"""


def _debts(assets: Sequence[Asset]) -> str:
    from polyproof.cli.sample import PLEDGED

    collateral = []
    for asset in assets:
        slices = '[{ratio: "0.9", width: "10"}, {ratio: "0.5"}]'
        if 10 * 10**asset.decimals >= 1 << asset.bits:
            slices = '[{ratio: "0.5"}]'  # no account can have ten coins of it
        collateral.append(f"    - {{asset: {asset.symbol}, category: {PLEDGED}, slices: {slices}}}")
    listed = "\n".join(collateral)
    return f"""\
# Accounts may have debts, which count only as far as what the same account has pledged covers them at public prices.
# docs/how-to/audit-margin-accounts.md says what is proven of them, and what is not.
rule: net-equity

# The prices: several sources for each asset, of the time of the balances. These are invented.
prices: {PRICES}

# What can be pledged, for what, and which part of its price counts: here nine tenths of an account's first ten coins,
# and half of all others.
net_equity:
  collateral:
{listed}
  # What you issue yourself: it covers no debt unless a verifier's policy allows it.
  own_issued: []

"""


def _prices(assets: Sequence[Asset], snapshot: str) -> str:
    from polyproof.cli.sample import invented_prices

    rows = [
        f"{asset.symbol},{price},USD,{source},{snapshot}"
        for asset in assets
        for source, price in zip(("Sample Market", "Sample Index"), invented_prices(asset.symbol), strict=True)
    ]
    return "\n".join(["asset,price,currency,source,time", *rows]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _accounts(choices: Choices) -> tuple[str, str]:
    """The name of the sample ledger, and the spec's lines about it."""
    source = SOURCES[choices.source]
    if choices.debts:
        source = source.replace("a column for each asset", "a column for each position")
        source = source.replace("a row for each account and asset", "a row for each position")
    suffix = {"csv": "csv", "csv-long": "csv", "parquet": "parquet", "sqlite": "sqlite"}[choices.source]
    ledger = f"sample-accounts.{suffix}"
    match choices.source:
        case "sqlite":
            position = ", position" if choices.debts else ""
            lines = f"""\
accounts:
  shape: long
  attach:
    - {{name: ledger, type: sqlite, path: {ledger}}}
  query: SELECT account, asset{position}, amount FROM ledger.balances"""
        case "csv-long":
            lines = f"accounts:\n  path: {ledger}\n  shape: long"
        case _:
            lines = f"accounts:\n  path: {ledger}"
    if choices.debts and choices.source in _LONG:
        lines = lines.replace("  shape: long", "  shape: long\n  position: position")
    return (
        ledger,
        f"""\
# Where the balances are: {source}. Yours may be in another form, or in a database:
#     path: accounts.csv                    a column `account` and a column for each asset; .parquet likewise
#     path: accounts.csv, shape: long       columns account, asset, amount
#     query: SELECT …, attach: [ … ]        SQL; docs/reference/accounts-snapshot.md has examples
{lines}""",
    )


def _reserves(wallets: Sequence[SampleWallet]) -> str:
    pins = "\n".join(
        f"    - {{chain: {pin.chain}, height: {pin.height}, block: {pin.block}}}" for pin in pins_of(wallets)
    )
    unknown = dict.fromkeys((wallet.claim.asset, wallet.claim.chain) for wallet in wallets if not wallet.known)
    coins = "".join(
        f"    - {{coin: {asset}-{chain.upper()}, asset: {asset}, chain: {chain}}}\n" for asset, chain in unknown
    )
    named = "\n  # Coins that polyproof does not know. They count for whoever's policy names them.\n  coins:\n" + coins
    count = "[signed, looked-up, claimed]" if _asks(wallets) else "[signed, looked-up]"
    accepted = ", ".join(f"{{asset: {asset}, chain: {chain}}}" for asset, chain in unknown)
    return f"""
# What is held against it.
reserves:
  # Files of wallets. This one is invented, and anybody can compute its keys.
  sources:
    - {{name: native, path: {WALLETS}}}

  # What wallets signed for the audit: `polyproof challenge` writes the messages, your wallets sign them.
  # For the samples, `polyproof sign-samples` does.
  signed:
    - {{name: native, path: {SIGNED}}}

  # The last block before the snapshot, of every chain. These are invented; take yours from your own nodes.
  pins:
{pins}

  # Who says what the addresses held at these blocks. Here a recording, which is invented; in its place name nodes,
  # whose URLs and credentials are in a file of their own, for `--secrets`:
  #   - {{name: bitcoin-core, secret: bitcoin}}
  #   - {{name: evm, chain: ethereum, secret: ethereum}}
  balances:
    - {{name: replay, path: {RECORDING}}}
{named if coins else ""}
  # Your own rule. Whoever verifies has one of their own, and it decides for them.
  policy:
    least_ratio: "1"
    count: {count}
{f"    coins: [{accepted}]" + chr(10) if accepted else ""}"""


def _asks(wallets: Sequence[SampleWallet]) -> bool:
    return any(wallet.status is not Status.PROVEN for wallet in wallets)


def _policy(wallets: Sequence[SampleWallet], backends: Path | None) -> str:
    """A verifier's policy where the default one would not count all samples; empty where it does."""
    unknown = dict.fromkeys((wallet.claim.asset, wallet.claim.chain) for wallet in wallets if not wallet.known)
    asked = sorted({wallet.claim.asset for wallet in wallets if wallet.status is not Status.PROVEN})
    if not unknown and not asked:
        return ""
    lines = [
        "# SAMPLE: what a verifier may accept. Every verifier has a policy of their own; this one says in what it",
        "# differs from the default, by which not all of these samples would count.",
        "",
    ]
    lines.append(backends.read_text(encoding="utf-8").rstrip() if backends else "polyproof-policy: 2")
    lines += ["", "reserves:"]
    if asked:
        lines += [
            f"  # {', '.join(asked)}: an account is a name, so only its chain says which key it has. With claimed,",
            "  # the exchange's word for what the chain said counts as well. A verifier with a node asks it: --nodes.",
            "  count: [signed, looked-up, claimed]",
        ]
    if unknown:
        lines += ["  # Coins that polyproof does not know: a verifier has to know that they exist.", "  coins:"]
        lines += [f"    - {{asset: {asset}, chain: {chain}}}" for asset, chain in unknown]
    return "\n".join(lines) + "\n"


# The samples


def _write_ledger(path: Path, spec: Spec, choices: Choices, progress: Progress | None) -> None:
    from polyproof.cli.sample import write_sample

    if choices.source in ("csv", "parquet"):
        write_sample(path, spec.assets, choices.accounts, choices.seed, progress=progress, debts=choices.debts)
        return
    wide = path.with_name(f".{path.name}.wide.csv")
    try:
        write_sample(wide, spec.assets, choices.accounts, choices.seed, progress=progress, debts=choices.debts)
        columns = ("account", "asset", *(["position"] if choices.debts else []), "amount")
        _LONG[choices.source](path, columns, _long_rows(wide))
    finally:
        wide.unlink(missing_ok=True)


def _long_rows(wide: Path) -> list[tuple[str, ...]]:
    """A row for each amount; an account that holds nothing has one too, or it would be missing."""
    found: list[tuple[str, ...]] = []
    with wide.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            account = row.pop("account")
            held = {column: amount for column, amount in row.items() if amount.strip("0.")}
            amounts = held or dict([next(iter(row.items()))])
            found += [(account, *column.split(":"), amount) for column, amount in amounts.items()]
    return found


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    with path.open("x", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def _write_sqlite(path: Path, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as database, database:
        # TEXT keeps every digit; NUMERIC would turn 0.1 into a float.
        database.execute(f"CREATE TABLE balances ({', '.join(f'{name} TEXT' for name in columns)})")
        database.executemany(f"INSERT INTO balances VALUES ({', '.join('?' for _ in columns)})", rows)


_LONG: Mapping[str, Callable[[Path, Sequence[str], Sequence[tuple[str, ...]]], None]] = {
    "csv-long": _write_csv,
    "sqlite": _write_sqlite,
}


def _wallets_text(wallets: Sequence[SampleWallet]) -> str:
    lines = [
        f"# {LABEL}",
        "# Real files say what you hold, at which address; docs/reference/reserves.md has this format and others.",
        "polyproof-holdings: 1",
        "holdings:",
    ]
    for wallet in wallets:
        claim = wallet.claim
        lines += [
            f"  - asset: {claim.asset}",
            f"    chain: {claim.chain}",
            f'    address: "{claim.address}"',
            f'    amount: "{amount_text(wallet.held)}"',
            f'    message: "{claim.message}"',
            f'    signatures: ["{claim.signatures[0]}"]',
        ]
        if claim.keys:
            lines.append(f'    keys: ["{claim.keys[0]}"]')
    return "\n".join(lines) + "\n"


# What to run


def about(file: str) -> str:
    """What one of the files is, in a few words."""
    if file.startswith("sample-accounts."):
        return "the ledger: invented accounts"
    return {
        WALLETS: "what is held: wallets that sign with keys anybody can compute",
        PRICES: "what debts and pledges are weighed by: invented prices",
        RECORDING: "what nodes would say of these wallets",
        POLICY: "what a verifier has to accept for this example",
    }.get(file, "the spec: every line explained")


def _next(choices: Choices, spec: str, policy: str) -> list[str]:
    seed = "" if choices.keys == 1 else f" --seed {choices.keys}"
    accepting = f" {policy}" if policy else ""
    proving = accepting if "merkle-sum" in choices.backend else ""
    lines = [
        f"polyproof check {spec}{proving}",
        f"polyproof prove {spec} --out {AUDIT}{proving}",
    ]
    if choices.reserves:
        lines += [
            f"polyproof challenge {spec} --audit {AUDIT} --out {UNSIGNED}",
            f"polyproof sign-samples {UNSIGNED} --out {SIGNED}{seed}",
            f"polyproof reserves {spec} --audit {AUDIT}{accepting}",
        ]
    return [*lines, f"polyproof report {AUDIT} --out site{accepting}", f"polyproof verify {AUDIT}/public{accepting}"]
