"""The proofs of reserves that BitMEX publishes: Bitcoin addresses with the scripts behind them, in YAML.

::

    height: 1933558
    chain: main
    claim: {m: 3, n: 4}
    total: 20539304939100
    keys: [04cebA…]
    xpub: [xpub6C…]
    address:
      - {addr: 3BMEX…, addr_type: sh, script: 534104…, balance: 100000}
      - {addr: bc1q…, addr_type: wpkh, script: "wpkh(xpub6C…/0/5)", balance: 200000}
      - {addr: 1Burn…, addr_type: unspendable, balance: 5}
    custodial:
      - {addr: bc1q…, addr_type: deposit, balance: 300000}

Balances and the total are satoshis. Such a file shows that the addresses are of certain keys, and leaves it to the
reader to know whose these are. Here a row may have ``message`` and ``signatures`` besides, and the file a ``message``
and a ``block`` for all of its rows; without signatures nothing is proven. What is unspendable counts towards the
declared total and proves nothing, whatever it brings.
Source: github.com/BitMEX/proof-of-reserves-liabilities (validate_reserves.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from attrs import evolve

from polyproof.config.options import shown
from polyproof.config.tree import Items, Mapping, Node, Scalar, load_yaml
from polyproof.errors import Location, SpecError
from polyproof.ownership import Kind
from polyproof.source import FileOptions, Reading, Source
from polyproof_sources.descriptors import descriptor_keys

__all__ = ["BitmexYaml"]

LARGEST_FILE = 256 << 20
_SATOSHI = 8
_SCRIPTS = ("sh", "sh_wsh", "wsh")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


class BitmexYaml(Source):
    """Reads such files."""

    name: ClassVar[str] = "bitmex-yaml"
    Options = FileOptions

    def read(self, file: Path, reading: Reading) -> None:
        """Every address is a row, or reported."""
        try:
            document = load_yaml(file, LARGEST_FILE)
        except SpecError as error:
            reading.findings.add_error(error, Location(str(file)))
            return
        if not isinstance(document, Mapping):
            reading.findings.add("is no mapping", document.location, "height, chain, total, address, …")
            return
        _File(document, reading).read()


class _File:
    def __init__(self, document: Mapping, reading: Reading) -> None:
        self.document = document
        self.reading = reading
        self.number = 0

    def read(self) -> None:
        for again, _ in self.document.repeated():
            self.reading.findings.add(f"the key {shown(again.key)} is given twice", again.location)
        chain = self._text(self.document, "chain")
        if chain != "main":
            self._report("chain", f"chain is {shown(chain)}", "main: coins of a test chain are worth nothing")
        height = self._text(self.document, "height")
        block = self._text(self.document, "block", needed=False) or None
        message = self._text(self.document, "message", needed=False)
        for key, custodial in (("address", False), ("custodial", True)):
            listed = self.document.get(key)
            if listed is None and custodial:
                continue
            if not isinstance(listed, Items):
                self._report(key, f"{key} is no list", "one mapping an address: addr, addr_type, script, balance")
                continue
            for item in listed.items:
                self.number += 1
                self._address(item, height, block, message, custodial)
        total = self.document.get("total")
        if total is None:
            self._report("total", "the key 'total' is missing", "the sum of all balances, in satoshis")
        else:
            amount = self._text(self.document, "total")
            self.reading.total(total.location, coin="BTC", amount=amount, exponent=_SATOSHI)

    def _address(self, item: Node, height: str, block: str | None, message: str, custodial: bool) -> None:
        location = evolve(item.location, row=self.number)
        if not isinstance(item, Mapping):
            self.reading.findings.add("is no mapping", location, "addr, addr_type, script, balance")
            return
        for again, _ in item.repeated():
            self.reading.findings.add(f"the key {shown(again.key)} is given twice", location)
        kind, script = self._text(item, "addr_type"), self._text(item, "script", needed=False)
        spendable = kind != "unspendable"
        self.reading.row(
            location,
            coin="BTC",
            address=self._text(item, "addr"),
            amount=self._text(item, "balance"),
            exponent=_SATOSHI,
            message=self._text(item, "message", needed=False) or message,
            signatures=self._texts(item, "signatures") if spendable else (),
            keys=self._keys(kind, script, location) if spendable and not custodial else (),
            kind=Kind.CUSTODIAL if custodial else Kind.OWN,
            height=height,
            block=block,
        )

    def _keys(self, kind: str, script: str, location: Location) -> tuple[str, ...]:
        if kind in _SCRIPTS and _HEX.fullmatch(script):
            return (script.lower(),)
        if kind in ("wpkh", "pkh", "sh_wpkh", *_SCRIPTS) or kind.startswith("multisig_"):
            if not script and kind not in _SCRIPTS:
                return ()
            try:
                return (descriptor_keys(script),)
            except ValueError as error:
                self.reading.findings.add(f"its script cannot be read: {error}", location)
                return ()
        self.reading.findings.add(
            f"addr_type {shown(kind)}", location, "sh, sh_wsh, wsh, wpkh, multisig_…, unspendable"
        )
        return ()

    def _report(self, key: str, message: str, hint: str) -> None:
        node = self.document.get(key)
        self.reading.findings.add(message, (node or self.document).location, hint)

    def _text(self, mapping: Mapping, key: str, needed: bool = True) -> str:
        """The text of a scalar, as it is spelled; empty where it is not there, which is reported if it is needed."""
        node = mapping.get(key)
        if isinstance(node, Scalar) and node.value is not None and node.text is not None:
            return node.text.strip()
        if node is not None and not (isinstance(node, Scalar) and node.value is None):
            self.reading.findings.add(f"{key} is no text", node.location)
        elif needed:
            self.reading.findings.add(f"the key {key!r} is missing", mapping.location)
        return ""

    def _texts(self, mapping: Mapping, key: str) -> tuple[str, ...]:
        node = mapping.get(key)
        if node is None:
            return ()
        items = node.items if isinstance(node, Items) else (node,)
        texts = [item.text for item in items if isinstance(item, Scalar) and item.value is not None and item.text]
        if len(texts) != len(items):
            self.reading.findings.add(f"{key} is no list of texts", node.location)
        return tuple(text.strip() for text in texts)
