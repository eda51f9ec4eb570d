"""A small exchange of the tests: its wallets, its reserve files, its audit.

Keys are those of ``ownership.wallets``, made from numbers; nothing is taken from a published file.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from doubles.policies import SUM_TREE
from ownership import wallets
from polyproof import liabilities as audit
from polyproof.balances import Pin
from polyproof.ownership import OwnershipClaim
from polyproof.registry import Registry, default_registry
from polyproof.settings.spec import Spec, parse_spec
from polyproof_okx.coins import COINS

LENIENT = "{balances: declared, messages: [challenge, constant]}"
"""The policy of tests that are about something other than balances and messages."""
ASSETS = ("BTC 8", "ETH 9", "USDT 6", "TRX 6", "SOL 9", "TON 9", "APT 8", "DOT 10", "XRP 6", "FIL 9")
SNAPSHOT = "2025-11-30T00:00:00Z"
BITCOIN = Pin(chain="bitcoin", height=925_000, block="00" * 8 + "ab" * 24)
ETHEREUM = Pin(chain="ethereum", height=23_900_000, block="0x" + "cd" * 32)
TRON = Pin(chain="tron", height=77_000_000, block="ef" * 32)
PINS = (BITCOIN, ETHEREUM, TRON)

HEADER_9 = "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script"
HEADER_11 = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key, eoa1, eoa2"
)
HEADER_12 = (
    "coin,Type,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/public key,EOA1,EOA2"
)


@frozen
class Wallet:
    """A claim and what it is said to hold."""

    coin: str
    claim: OwnershipClaim
    amount: str

    def cells(self) -> list[str]:
        """A row of eleven columns."""
        claim = self.claim
        signatures = [*claim.signatures, "", ""][:2]
        keys = claim.keys[0] if len(claim.keys) == 1 else json.dumps(claim.keys) if claim.keys else ""
        owners = [*claim.owners, "", ""][:2]
        return [self.coin, "", "-", claim.address, self.amount, claim.message, *signatures, keys, *owners]

    def record(self) -> dict[str, Any]:
        """A holding of the native format."""
        claim = self.claim
        found = {
            "asset": self.coin,
            "chain": claim.chain,
            "address": claim.address,
            "amount": self.amount,
            "message": claim.message,
            "signatures": list(claim.signatures),
            "keys": list(claim.keys),
            "owners": list(claim.owners),
        }
        return {key: value for key, value in found.items() if value}


def coin_of(chain: str) -> str:
    """What a reserve file calls the coin of a wallet, by the name that ``ownership.wallets`` gives its chain."""
    known = {coin.name for coin in COINS}
    return chain if chain in known else next(coin.name for coin in COINS if coin.chain == chain)


def wallet(way: str, number: int, amount: str = "1", message: str = "I am an example address") -> Wallet:
    """One of the ways to sign of ``ownership.wallets``."""
    claim = wallets.PROVEN[way](number, message)
    return Wallet(coin_of(claim.chain), claim, amount)


def okx_csv(rows: Iterable[Wallet], totals: Sequence[str] = ()) -> str:
    """A reserve file of eleven columns."""
    text = io.StringIO()
    text.write("coin,snapshot height,amount\n" + "".join(f"{line}\n" for line in totals) + "\n")
    text.write(HEADER_11 + "\n")
    csv.writer(text, lineterminator="\n").writerows(row.cells() for row in rows)
    return text.getvalue()


def jsonl(records: Iterable[dict[str, Any]]) -> str:
    """A file in the native format."""
    return "".join(json.dumps(record) + "\n" for record in ({"polyproof-holdings": 1}, *records))


def pin_text(pins: Iterable[Pin] = PINS) -> str:
    """Pins as a spec has them."""
    return "".join(f"    - {{chain: {pin.chain}, height: {pin.height}, block: '{pin.block}'}}\n" for pin in pins)


def spec_text(
    sources: str,
    *,
    assets: Sequence[str] = ASSETS,
    more: str = "",
    policy: str = LENIENT,
    snapshot: str = SNAPSHOT,
) -> str:
    """A spec with reserves. ``sources``: the list, an item a line; ``more``: further keys of reserves."""
    listed = "".join(
        f"  - {{symbol: {symbol}, decimals: {decimals}}}\n" for symbol, decimals in (one.split() for one in assets)
    )
    return (
        "polyproof: 1\nname: example\norganisation: Example Exchange\n"
        f"snapshot: {snapshot}\n"
        f"assets:\n{listed}"
        "backend: {name: merkle-sum, hash: sha256}\naccounts: {path: accounts.csv}\n"
        "reserves:\n  sources:\n"
        + "".join(f"    - {line}\n" for line in sources.strip().splitlines())
        + f"  pins:\n{pin_text()}"
        + (f"  policy: {policy}\n" if policy else "")
        + more
    )


def write_spec(folder: Path, text: str, registry: Registry | None = None) -> Spec:
    """The spec, written and read."""
    (folder / "spec.yaml").write_text(text)
    return parse_spec(text.encode(), str(folder / "spec.yaml"), registry or default_registry())


def prove(folder: Path, spec: Spec, owed: dict[str, str], *, name: str = "audit", audit_id: str = "example-1") -> Path:
    """An audit of one account that is owed so much of each asset; its directory."""
    symbols = [asset.symbol for asset in spec.assets]
    amounts = ",".join(owed.get(symbol, "0") for symbol in symbols)
    (folder / "accounts.csv").write_text(f"account,{','.join(symbols)}\nalice,{amounts}\n")
    audit.prove(spec, folder / name, audit_id=audit_id, policy=SUM_TREE)
    return folder / name
