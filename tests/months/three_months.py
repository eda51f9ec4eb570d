"""Three months of an exchange, by the command line alone: a mistake and its correction, a kill, a full disk, a loss.

``python -m months.three_months FOLDER --dsn URL [--columns N]`` plays them on a PostgreSQL database that may be written
to, and keeps in FOLDER what the operator has (``exchange``), what the web server has (``server``), what a customer has
(``customer``), and what stood on the terminal after each command (``screens.txt``, ``screens.json``).

The names of steps are what ``test_three_months.py`` asks for.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from doubles.database_servers import query_postgres
from months.terminal import Screen, on_terminal, warm
from ownership import wallets
from polyproof.balances import Pin
from reserves.exchange import pin_text
from reserves.nodes import Core, Evm, erc20
from reserves.rpc_server import serving

CUSTOMER = "user000123"
MONTHS = {"october": "2025-10-31", "november": "2025-11-30", "december": "2025-12-31"}
ACCOUNTS = {"october": 500, "november": 560, "december": 1800}

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
WAYS = {"BTC": "bitcoin P2WPKH, header of BIP-137", "ETH": "EVM, EIP-191", "USDT": "EVM, EIP-191"}
CHAINS = {"BTC": "bitcoin", "ETH": "ethereum", "USDT": "ethereum"}
HELD = {"BTC": ("900.00000000", "310.50000000"), "ETH": ("8000", "2512.25"), "USDT": ("4100000", "900000.75")}

SPEC = """\
polyproof: 1
name: lakeside
organisation: Lakeside Exchange
snapshot: {day}T00:00:00Z
assets:
  - {{symbol: BTC, decimals: 8}}
  - {{symbol: ETH, decimals: 18, bits: 96}}
  - {{symbol: USDT, decimals: 6}}
backend: {{name: stark, segment_rows: 1024}}
accounts:
  database: ledger
  shape: long
  query: >
    {query}
  control: {control}
disclosures:
  entity: {{name: Lakeside Exchange Ltd, jurisdiction: Malta}}
  in_scope: [spot accounts, margin accounts]
  encumbered: []
  own_issued: []
reserves:
  sources: [{{name: native, path: wallets.jsonl}}]
  signed: [{{name: native, path: signed.jsonl}}]
  pins:
{pins}\
  balances:
    - {{name: bitcoin-core, secret: bitcoin}}
    - {{name: evm, chain: ethereum, secret: ethereum, tokens: [{{asset: USDT, contract: "{usdt}"}}]}}
"""
WRONG = (
    "SELECT u.id AS account, c.coin AS asset, coalesce(b.amount, 0) AS amount FROM users u "
    "CROSS JOIN (VALUES ('BTC'), ('ETH'), ('USDT')) AS c (coin) "
    "LEFT JOIN balances b ON b.user_id = u.id AND b.coin = c.coin"
)
"""Right until some balances are kept in another table."""
RIGHT = WRONG.replace(
    "LEFT JOIN balances b",
    "LEFT JOIN (SELECT user_id, coin, sum(amount) AS amount FROM "
    "(SELECT * FROM balances UNION ALL SELECT * FROM margin) x GROUP BY user_id, coin) b",
)
CONTROL = "SELECT coin AS asset, sum(amount) AS amount FROM balances GROUP BY coin"
RIGHT_CONTROL = CONTROL.replace("balances", "(SELECT * FROM balances UNION ALL SELECT * FROM margin) x")


class Operator:
    """Who types the commands."""

    def __init__(self, folder: Path, dsn: str, columns: int) -> None:
        self.folder, self.dsn, self.columns = folder, dsn, columns
        self.exchange, self.server, self.customer = (folder / name for name in ("exchange", "server", "customer"))
        for place in (self.exchange, self.server, self.customer):
            place.mkdir(parents=True)
        self.screens: list[Screen] = []
        self.month = ""

    def run(
        self,
        name: str,
        *arguments: object,
        status: int = 0,
        columns: int | None = None,
        at: Path | None = None,
        until: Callable[[], bool] | None = None,
        typed: str = "",
    ) -> Screen:
        """Type a command and see it end with a status."""
        words = tuple(str(argument) for argument in arguments)
        screen = on_terminal(name, words, at or self.exchange, columns or self.columns, until, typed)
        self.screens.append(screen)
        if screen.status != status:
            raise AssertionError(f"{name}: expected status {status}, got {screen.status}\n" + "\n".join(screen.rows))
        return screen

    # What the exchange has

    def keep_accounts(self, month: str) -> None:
        """The ledger as it is at the end of a month, and the customer's own view of it."""
        users = ACCOUNTS[month]
        growth = {"october": 1, "november": 2, "december": 3}[month]
        query_postgres(
            self.dsn,
            "DROP TABLE IF EXISTS users, balances, margin",
            f"CREATE TABLE users AS SELECT 'user' || lpad(n::text, 6, '0') AS id FROM generate_series(1, {users}) n",
            "CREATE TABLE balances (user_id text, coin text, amount numeric, PRIMARY KEY (user_id, coin))",
            "CREATE TABLE margin (user_id text, coin text, amount numeric)",
            f"""INSERT INTO balances
            SELECT 'user' || lpad(n::text, 6, '0'), coin, amount * {growth} FROM generate_series(1, {users}) n,
            LATERAL (VALUES ('BTC', (n % 97) * 0.00123457), ('ETH', (n % 89) * 0.012345678901234567),
                     ('USDT', (n % 101) * 12.345671)) AS held (coin, amount)
            WHERE n % 7 > 0""",
        )
        if month != "october":
            query_postgres(self.dsn, f"INSERT INTO margin VALUES ('{CUSTOMER}', 'BTC', 0.5), ('user000007', 'ETH', 2)")

    def owed(self) -> list[str]:
        """What the customer knows to be owed, as options of ``verify-inclusion``."""
        rows = query_postgres(
            self.dsn,
            "SELECT coin, sum(amount)::text FROM (SELECT * FROM balances UNION ALL SELECT * FROM margin) x "
            f"WHERE user_id = '{CUSTOMER}' GROUP BY coin ORDER BY coin",
        )
        return [word for coin, amount in rows for word in ("--balance", f"{coin}={amount}")]

    def write_spec(self, query: str = WRONG, control: str = CONTROL) -> None:
        day = MONTHS[self.month]
        text = SPEC.format(day=day, query=query, control=control, pins=pin_text(_pins(self.month)), usdt=USDT)
        (self.exchange / "lakeside.yaml").write_text(text)

    def write_wallets(self) -> None:
        """Where coins are, without a signature."""
        rows: list[dict[str, Any]] = [{"polyproof-holdings": 1}]
        for coin, amounts in HELD.items():
            for number, amount in enumerate(amounts, 1):
                address = wallets.PROVEN[WAYS[coin]](number, "").address
                rows.append({"asset": coin, "chain": CHAINS[coin], "address": address, "amount": amount})
        (self.exchange / "wallets.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def sign(self, late: str = "") -> None:
        """What the keepers of the keys do with the messages; those of the asset ``late`` have not yet."""
        lines = [json.loads(line) for line in (self.exchange / "to-sign.jsonl").read_text().splitlines()]
        for row in lines[1:]:
            for number in (1, 2):
                claim = wallets.PROVEN[WAYS[row["asset"]]](number, row["message"])
                if claim.address == row["address"] and row["asset"] != late:
                    row["signatures"] = list(claim.signatures)
        (self.exchange / "signed.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def challenge_and_sign(self, name: str, audit: object) -> None:
        """The messages of an audit, signed; those of an earlier one are put away."""
        for file in ("to-sign.jsonl", "signed.jsonl"):
            (self.exchange / file).unlink(missing_ok=True)
        self.run(name, "challenge", "lakeside.yaml", "--audit", audit, "--out", "to-sign.jsonl")
        self.sign()

    def publish(self) -> None:
        """Copy to the web server what is to be published."""
        shutil.rmtree(self.server)
        shutil.copytree(self.exchange / "audits/published", self.server)

    def audit_ids(self) -> list[str]:
        """Of what is on the web server, the oldest first."""
        index = json.loads((self.server / "history.json").read_bytes())
        return [entry["audit_id"] for entry in index["audits"]]

    def digests(self) -> list[str]:
        """Of what is on the web server, the oldest first."""
        index = json.loads((self.server / "history.json").read_bytes())
        return [entry["publication_digest"] for entry in index["audits"]]

    def write_screens(self) -> None:
        """What stood on the terminal, for people and for tests."""
        (self.folder / "screens.json").write_text(json.dumps([screen.record() for screen in self.screens]))
        with (self.folder / "screens.txt").open("w") as file:
            for screen in self.screens:
                file.write(f"### {screen.name} ({screen.columns} columns, status {screen.status})\n")
                file.write(f"$ polyproof {' '.join(screen.command)}\n")
                file.writelines(f"{line}\n" for line in screen.rows)


SECRETS = ("--secrets", "secrets.yaml")


def october(operator: Operator) -> None:
    """A month like any other."""
    operator.write_wallets()
    operator.write_spec()
    run = operator.run
    run("october checked", "check", "lakeside.yaml", *SECRETS)
    run("october proved", "prove", "lakeside.yaml", "--out", "audits/2025-10-31", *SECRETS)
    operator.challenge_and_sign("october to sign", "audits/2025-10-31")
    run("october published", "audit", "lakeside.yaml", "--proved", "audits/2025-10-31", *SECRETS)
    run("october's inclusion files", "inclusion", "audits/2025-10-31", "--all")
    operator.publish()
    run("october verified", "verify", operator.server, columns=120)
    cut(operator, "october", "audits/2025-10-31")
    ask(operator, "october asked by the customer", "october", 0)


def november(operator: Operator) -> None:
    """Some balances are in a table that the query does not know; the customer finds out."""
    operator.write_spec()
    run = operator.run
    made = ("--out", "audits/2025-11-30", "--previous", "audits/2025-10-31")
    run("november proved", "prove", "lakeside.yaml", *made, *SECRETS)
    operator.challenge_and_sign("november to sign", "audits/2025-11-30")
    proved = ("audit", "lakeside.yaml", "--proved", "audits/2025-11-30", *SECRETS)
    operator.sign(late="BTC")
    run("november without bitcoin's signatures", *proved, status=2, typed="n\n")
    operator.sign()
    run("november tried", *proved, "--dry-run")
    run("november published", *proved)
    operator.publish()
    cut(operator, "november", "audits/2025-11-30")
    ask(operator, "november asked by the customer", "november", 1)
    wrong = operator.audit_ids()[-1]

    operator.write_spec(RIGHT, RIGHT_CONTROL)
    made = ("--out", "audits/2025-11-30-corrected", "--previous", "audits/2025-11-30")
    run("correction proved", "prove", "lakeside.yaml", *made, *SECRETS)
    operator.challenge_and_sign("correction to sign", "audits/2025-11-30-corrected")
    proved = ("audit", "lakeside.yaml", "--proved", "audits/2025-11-30-corrected", *SECRETS)
    run("correction without a word", *proved, status=2)
    reason = "balances of the margin product were left out"
    run("correction published", *proved, "--corrects", wrong, "--reason", reason)
    operator.publish()
    cut(operator, "corrected", "audits/2025-11-30-corrected")
    ask(operator, "correction asked by the customer", "corrected", 0)
    ask(operator, "correction asked with the old file", "november", 1)


def december(operator: Operator, disk: Path, resize: Callable[[str], None] | None) -> None:
    """The last audit's folder is lost, a disk is too small, then full, and a run is killed.

    Without ``resize`` the disk is any other, and large enough.
    """
    operator.write_spec(RIGHT, RIGHT_CONTROL)
    run = operator.run
    made: tuple[object, ...] = ("prove", "lakeside.yaml", "--out", disk / "2025-12-31", *SECRETS)
    shutil.rmtree(operator.exchange / "audits/2025-11-30-corrected")
    shutil.rmtree(operator.exchange / "audits/published")
    run("december after a lost folder", *made, "--previous", "audits/2025-11-30-corrected", status=2)
    made = (*made, "--previous", operator.server)
    if resize is not None:
        resize("96k")
        run("december without room", *made, status=2)
        resize("750k")

    def one_is_finished() -> bool:
        return (disk / ".2025-12-31.partial/segment-0000").exists()

    run("december killed", *made, status=-signal.SIGKILL, until=one_is_finished)
    if resize is not None:
        run("december on a full disk", *made, status=2)
        resize("16m")
    run("december proved", *made)
    operator.challenge_and_sign("december to sign", disk / "2025-12-31")
    proved = ("audit", "lakeside.yaml", "--proved", disk / "2025-12-31", *SECRETS)
    run("december without the history", *proved, status=2)
    shutil.copytree(operator.server, operator.exchange / "audits/published")
    run("december published", *proved)
    operator.publish()
    cut(operator, "december", disk / "2025-12-31")
    ask(operator, "december asked by the customer", "december", 0)


def stranger(operator: Operator) -> None:
    """Somebody who has what is on the web server, and a digest from a newspaper."""
    place = shutil.copytree(operator.server, operator.folder / "stranger")
    newest = operator.digests()[-1]
    operator.run("a stranger", "verify", place, "--digest", newest)
    name = operator.audit_ids()[-1]
    shutil.unpack_archive(place / f"downloads/{name}.zip", operator.folder / "unpacked")
    operator.run("a stranger with the archive", "verify", operator.folder / "unpacked" / name, columns=120)
    operator.run("a stranger with another digest", "verify", place, "--digest", "ab" * 32, status=1)


def cut(operator: Operator, name: str, audit: object) -> None:
    """Hand the customer the file of an audit."""
    file = operator.customer / f"{name}.polyproof"
    operator.run(f"{name} for the customer", "inclusion", audit, "--user", CUSTOMER, "--out", file)


def ask(operator: Operator, name: str, file: str, status: int) -> None:
    """The customer checks a file against the newest audit on the web server."""
    newest = operator.server / "audits" / operator.audit_ids()[-1]
    words = ("verify-inclusion", f"{file}.polyproof", "--audit", newest, "--user", CUSTOMER, *operator.owed())
    operator.run(name, *words, status=status, at=operator.customer)


def _pins(month: str) -> tuple[Pin, Pin]:
    number = list(MONTHS).index(month)
    return (
        Pin(chain="bitcoin", height=921_000 + 4_300 * number, block=f"{number + 1:02x}" * 32),
        Pin(chain="ethereum", height=23_690_000 + 215_000 * number, block="0x" + f"{number + 17:02x}" * 32),
    )


@contextmanager
def nodes(month: str) -> Iterator[Mapping[str, str]]:
    """Nodes that know the block of a month: their URLs by name. They are in a process of their own."""
    held: dict[str, dict[str, str]] = {coin: {} for coin in HELD}
    for coin, amounts in HELD.items():
        for number, amount in enumerate(amounts, 1):
            held[coin][wallets.PROVEN[WAYS[coin]](number, "").address] = amount
    core = Core({address: [amount] for address, amount in held["BTC"].items()}, tip=_pins(month)[0])
    coins = {address.lower(): _units(amount, 18) for address, amount in held["ETH"].items()}
    token = erc20({address.lower(): _units(amount, 6) for address, amount in held["USDT"].items()})
    evm = Evm(coins, {USDT: token}, pin=_pins(month)[1])
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        with serving(core.node()) as bitcoin, serving(evm.node()) as ethereum, os.fdopen(writing, "w") as file:
            file.write(json.dumps({"bitcoin": bitcoin.url, "ethereum": ethereum.url}) + "\n")
            file.flush()
            signal.pause()
    os.close(writing)
    try:
        with os.fdopen(reading) as file:
            yield json.loads(file.readline())
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _units(amount: str, decimals: int) -> int:
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(decimals, "0"))


@contextmanager
def small_disk(place: Path) -> Iterator[Callable[[str], None] | None]:
    """A disk in memory, with a function that changes its size; None where it cannot be had."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        yield None
        return
    try:
        yield lambda size: _run("mount", "-o", f"remount,size={size}", str(place))
    finally:
        _run("umount", "--lazy", str(place))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def play(folder: Path, dsn: str, columns: int = 80) -> Operator:
    """All three months, and the stranger."""
    operator = Operator(folder, dsn, columns)
    warm()
    try:
        for month, action in (("october", october), ("november", november), ("december", None)):
            operator.month = month
            operator.keep_accounts(month)
            with nodes(month) as urls:
                _write_secrets(operator, urls)
                if action is not None:
                    action(operator)
                    continue
                with small_disk(folder / "disk") as resize:
                    december(operator, folder / "disk", resize)
                    stranger(operator)
    finally:
        operator.write_screens()
    return operator


def _write_secrets(operator: Operator, urls: Mapping[str, str]) -> None:
    entries = {"ledger": f'dsn: "{operator.dsn}"', **{name: f'url: "{url}"' for name, url in urls.items()}}
    lines = "".join(f"  - {{name: {name}, {where}}}\n" for name, where in entries.items())
    path = operator.exchange / "secrets.yaml"
    path.write_text(f"polyproof-secrets: 1\nsecrets:\n{lines}")
    path.chmod(0o600)


def main() -> None:
    """Play the months in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--columns", type=int, default=80)
    given = parser.parse_args()
    play(given.folder.resolve(), given.dsn, given.columns)


if __name__ == "__main__":
    main()
