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

Balances and the total are in satoshis. Such a file shows that the addresses belong to certain keys, and leaves it to
the reader to know whose keys these are. Here a row may also have ``message`` and ``signatures``, and the file a
``message`` and a ``block`` for all of its rows; without signatures nothing is proven. Unspendable rows count towards
the declared total and prove nothing, whatever else they say.
Source: github.com/BitMEX/proof-of-reserves-liabilities (validate_reserves.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from attrs import evolve

from polyproof.config.options import shown
from polyproof.config.tree import Items, Mapping, Node, Scalar, load_yaml
from polyproof.errors import Location, Problem, SpecError
from polyproof.ownership import Kind
from polyproof.source import FileOptions, Row, Source, Total
from polyproof_sources.descriptors import descriptor_keys

__all__ = ["BitmexYaml"]

LARGEST_FILE = 256 << 20
_CHAIN = "bitcoin"
_SATOSHI = 8
_SCRIPTS = ("sh", "sh_wsh", "wsh")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


class BitmexYaml(Source):
    """The proofs of reserves that BitMEX publishes."""

    name: ClassVar[str] = "bitmex-yaml"
    Options = FileOptions

    def read(self, file: Path) -> Iterator[Row | Total | Problem]:
        """Every address is a row, or reported."""
        try:
            document = load_yaml(file, LARGEST_FILE)
        except SpecError as error:
            yield from (evolve(problem, location=problem.location or Location(str(file))) for problem in error.problems)
            return
        if not isinstance(document, Mapping):
            yield Problem("is not a mapping", document.location, "height, chain, total, address, …")
            return
        yield from _File(document).read()


class _File:
    """Reads one file. What is wrong with a value is kept until the item it belongs to is yielded."""

    def __init__(self, document: Mapping) -> None:
        self.document = document
        self._faults: list[Problem] = []

    def read(self) -> Iterator[Row | Total | Problem]:
        for again, _ in self.document.repeated():
            self._report(f"the key {shown(again.key)} is given twice", again.location)
        chain = self._text(self.document, "chain")
        if chain != "main":
            where = (self.document.get("chain") or self.document).location
            self._report(f"chain is {shown(chain)}", where, "main: coins of a test chain are worth nothing")
        common = {
            "height": self._text(self.document, "height"),
            "block": self._text(self.document, "block", needed=False) or None,
            "message": self._text(self.document, "message", needed=False),
        }
        yield from self._reported()
        number = 0
        for key, custodial in (("address", False), ("custodial", True)):
            listed = self.document.get(key)
            if isinstance(listed, Items):
                for item in listed.items:
                    number += 1
                    yield from self._address(item, number, common, custodial)
            elif listed is not None or not custodial:
                where = (listed or self.document).location
                yield Problem(f"{key} is not a list", where, "one mapping each: addr, addr_type, script, balance")
        total = self.document.get("total")
        if total is None:
            hint = "the sum of all balances, in satoshis"
            yield Problem("the key 'total' is missing", self.document.location, hint)
            return
        amount = self._text(self.document, "total")
        yield from self._reported()
        yield Total(total.location, "BTC", amount, network=_CHAIN, exponent=_SATOSHI)

    def _address(
        self, item: Node, number: int, common: dict[str, str | None], custodial: bool
    ) -> Iterator[Row | Problem]:
        location = evolve(item.location, row=number)
        if not isinstance(item, Mapping):
            yield Problem("is not a mapping", location, "addr, addr_type, script, balance")
            return
        for again, _ in item.repeated():
            self._report(f"the key {shown(again.key)} is given twice", location)
        kind, script = self._text(item, "addr_type"), self._text(item, "script", needed=False)
        spendable = kind != "unspendable"
        row = Row(
            location,
            "BTC",
            self._text(item, "addr"),
            self._text(item, "balance"),
            network=_CHAIN,
            exponent=_SATOSHI,
            message=self._text(item, "message", needed=False) or common["message"] or "",
            signatures=self._texts(item, "signatures") if spendable else (),
            keys=self._keys(kind, script, location) if spendable and not custodial else (),
            kind=Kind.CUSTODIAL if custodial else Kind.OWN,
            height=common["height"] or "",
            block=common["block"],
        )
        yield from self._reported()
        yield row

    def _keys(self, kind: str, script: str, location: Location) -> tuple[str, ...]:
        if kind in _SCRIPTS and _HEX.fullmatch(script):
            return (script.lower(),)
        if kind in ("wpkh", "pkh", "sh_wpkh", *_SCRIPTS) or kind.startswith("multisig_"):
            if not script and kind not in _SCRIPTS:
                return ()
            try:
                return (descriptor_keys(script),)
            except ValueError as error:
                self._report(f"its script cannot be read: {error}", location)
                return ()
        self._report(f"addr_type {shown(kind)}", location, "sh, sh_wsh, wsh, wpkh, multisig_…, unspendable")
        return ()

    def _reported(self) -> list[Problem]:
        faults, self._faults = self._faults, []
        return faults

    def _report(self, message: str, location: Location, hint: str | None = None) -> None:
        self._faults.append(Problem(message, location, hint))

    def _text(self, mapping: Mapping, key: str, needed: bool = True) -> str:
        """The text of a scalar, as it is written; empty if it is missing, which is reported if it is needed."""
        node = mapping.get(key)
        if isinstance(node, Scalar) and node.value is not None and node.text is not None:
            return node.text.strip()
        if node is not None and not (isinstance(node, Scalar) and node.value is None):
            self._report(f"{key} is not text", node.location)
        elif needed:
            self._report(f"the key {key!r} is missing", mapping.location)
        return ""

    def _texts(self, mapping: Mapping, key: str) -> tuple[str, ...]:
        node = mapping.get(key)
        if node is None:
            return ()
        items = node.items if isinstance(node, Items) else (node,)
        texts = [item.text for item in items if isinstance(item, Scalar) and item.value is not None and item.text]
        if len(texts) != len(items):
            self._report(f"{key} is not a list of strings", node.location)
        return tuple(text.strip() for text in texts)
