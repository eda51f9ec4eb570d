"""What positions are called in a snapshot, where accounts may have debts: ``BTC:debt``, or whatever the spec says.

An asset's name alone stands for a signed amount: equity, or, below zero, a debt. Symbols contain no colon, so that no
asset's name is that of a position.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from polyproof.errors import Location, Problem
from polyproof.liabilities.snapshot.symbols import Symbols
from polyproof.model.assets import Asset
from polyproof.model.net_equity import DEBT, EQUITY, Position
from polyproof.settings.accounts import AccountsSettings

__all__ = ["SIGNED", "Named", "PositionNames", "owners_of"]

SIGNED = ""
"""The kind of an amount that is equity where it is positive, and a debt where it is negative."""
_EVERY = "*"


def owners_of(counted: Sequence[Asset]) -> tuple[Asset, ...]:
    """The assets of the spec, of what is counted: themselves, or their positions."""
    owners = [each.asset if isinstance(each, Position) else each for each in counted]
    return tuple({each.symbol: each for each in owners}.values())


@frozen
class Named:
    """What a name stands for."""

    asset: int
    """Index of an asset of the spec."""
    kind: str
    """``equity``, ``debt``, the name of a category, or ``SIGNED``; always that where no account may have debts."""


class PositionNames:
    """The names of what is counted: assets, or their positions."""

    def __init__(self, settings: AccountsSettings, assets: Sequence[Asset]) -> None:
        """``assets``: what is counted, as the table has it."""
        self._settings = settings
        self.positions = tuple(each for each in assets if isinstance(each, Position))
        """What is counted where accounts may have debts; empty where not."""
        self.assets = owners_of(assets)
        """Those of the spec."""
        self.known = Symbols(self.assets)
        """Their names."""
        self.derived: dict[int, int] = {}
        """Positions that no file states, by index, and the equity that each follows from: ``accounts.pledge_all``."""
        self._indices: dict[tuple[int, str], int] = {}
        self._kinds: dict[str, None] = {}
        places = {asset.symbol: place for place, asset in enumerate(self.assets)}
        for index, each in enumerate(self.positions):
            owner = places[each.asset.symbol]
            self._indices[owner, each.kind] = index
            self._kinds[each.kind] = None
            if each.kind == settings.pledge_all:
                self.derived[index] = self._indices[owner, EQUITY]
        written = {item.position: item.column for item in settings.columns}
        self._written = {kind: tuple(column.split(_EVERY, 1)) for kind, column in written.items()}

    def index(self, asset: int, kind: str) -> int | None:
        """The index, among what is counted, of a position of an asset of the spec."""
        return self._indices.get((asset, kind))

    def categories(self, symbol: str) -> list[str]:
        """The collateral categories of an asset."""
        kinds = (each.kind for each in self.positions if each.asset.symbol == symbol)
        return [kind for kind in kinds if kind not in (EQUITY, DEBT)]

    def split(self, name: str) -> tuple[str, str]:
        """A name cut into that of an asset, which the spec need not have, and a kind of position."""
        if not self.positions:
            return name, SIGNED
        for kind, (before, after) in self._written.items():
            inside = name[len(before) : len(name) - len(after)]
            # The name of an asset alone is never that of another's position: d_x may be an asset beside x.
            if inside and f"{before}{inside}{after}" == name and self.known.find(name) is None:
                return inside, kind
        symbol, colon, kind = name.rpartition(":")
        kind = kind.strip(" \t").casefold()
        return (symbol, kind) if colon and kind in self._kinds and kind not in self._written else (name, SIGNED)

    def find(self, name: str) -> Named | None:
        """What a name stands for; ``None`` if the spec has no such asset or position."""
        symbol, kind = self.split(name)
        asset = self.known.find(symbol)
        if asset is None or (kind != SIGNED and (asset, kind) not in self._indices):
            return None
        return Named(asset, kind)

    def kind(self, text: str | None) -> str | None:
        """The kind of position that a value of the column ``accounts.position`` names, if it does."""
        found = (text or "").strip(" \t").casefold()
        return found if found in self._kinds else None

    def problems(self) -> Iterator[Problem]:
        """What the spec says of positions and cannot mean."""
        settings = self._settings
        if not self.positions:
            for key in ("position", "columns", "pledge_all"):
                if getattr(settings, key):
                    hint = "it is for accounts with debts, under a rule that allows them"
                    yield Problem(f"accounts.{key} has no use under this rule", Location(f"accounts.{key}"), hint)
            return
        listed = ", ".join(self._kinds)
        for place, item in enumerate(settings.columns):
            where = Location(f"accounts.columns[{place}]")
            if item.position not in self._kinds:
                yield Problem(f"{item.position!r} is no position", where, f"the spec has {listed}")
            elif [other.position for other in settings.columns].index(item.position) < place:
                yield Problem(f"{item.position!r} is named twice", where)
        if settings.pledge_all is not None and not self.derived:
            where = Location("accounts.pledge_all")
            yield Problem(f"{settings.pledge_all!r} is no collateral category of the spec", where, f"it has {listed}")
