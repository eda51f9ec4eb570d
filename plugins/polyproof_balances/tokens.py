"""Tokens that options name: each once, and each contract for one of them.

An account holds one balance in a contract. Named for two tokens, it would be found, and counted, under both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from polyproof.errors import InputError, Problem
from polyproof.toolkit.encodings import Malformed

__all__ = ["check_contracts", "check_named_once"]

Named = tuple[str, str]
"""Asset, and which of several tokens of it on the chain."""


def check_named_once(tokens: Iterable[tuple[Named, str]]) -> None:
    """Raise ``InputError`` for two tokens of one name, and for two of one contract: each in one spelling."""
    found: set[Named] = set()
    names: dict[str, Named] = {}
    for name, contract in tokens:
        if name in found:
            raise InputError(Problem(f"two tokens are named {_shown(name)}", hint="name one of them: token: bridged"))
        if contract in names:
            raise InputError(
                Problem(
                    f"{contract} is named for {_shown(names[contract])} and for {_shown(name)}",
                    hint="what an account holds of it is one balance, and would be counted twice",
                )
            )
        found.add(name)
        names[contract] = name


def check_contracts(tokens: Iterable[tuple[Named, str]], what: str, coin: str, read: Callable[[str], object]) -> None:
    """Raise ``InputError`` for a contract that ``read`` does not decode, and for one of the chain's own coin.

    ``what`` is what the chain calls such a contract.
    """
    for (asset, token), contract in tokens:
        if (asset, token) == (coin, ""):
            raise InputError(f"a {what} is named for {coin}, which accounts hold without one")
        try:
            read(contract)
        except Malformed as error:
            raise InputError(f"the {what} of {asset} {error}") from error


def _shown(name: Named) -> str:
    return "/".join(filter(None, name))
