"""Reserves: what an organisation holds, who can move it, what the chains say, and whether it covers what is owed.

Reading order: ``settings`` is what a spec may set, ``coins`` what files call coins, ``reading`` how rows are checked
against each other, ``evaluation`` how they become holdings, ``evidence`` and ``published`` what is written and how it
is read, ``job`` the whole course of events. The interfaces of plugins are ``polyproof.source`` and
``polyproof.balances``, the message that wallets sign is ``polyproof.reserves.challenge``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyproof.settings.reserves import CoinName, ReservesPolicy, ReservesSpec

if TYPE_CHECKING:
    from polyproof.reserves.evaluation import (
        AssetReserves,
        BalanceCheck,
        Check,
        Evaluation,
        Holding,
        JudgedRow,
        evaluate,
        settle,
    )
    from polyproof.reserves.published import PublishedReserves, parse_published
    from polyproof.reserves.reading import ReservesRead, read_reserves
    from polyproof.reserves.run import ReservesDone, ReservesVerified, run_reserves, verify_reserves, write_challenges

_WHERE = {
    "evaluation": "AssetReserves BalanceCheck Check Evaluation Holding JudgedRow evaluate settle",
    "job": "ReservesDone ReservesVerified run_reserves verify_reserves write_challenges",
    "published": "PublishedReserves parse_published",
    "reading": "ReservesRead read_reserves",
}

__all__ = [
    "AssetReserves",
    "BalanceCheck",
    "Check",
    "CoinName",
    "Evaluation",
    "Holding",
    "JudgedRow",
    "PublishedReserves",
    "ReservesDone",
    "ReservesPolicy",
    "ReservesRead",
    "ReservesSpec",
    "ReservesVerified",
    "evaluate",
    "parse_published",
    "read_reserves",
    "run_reserves",
    "settle",
    "verify_reserves",
    "write_challenges",
]


def __getattr__(name: str) -> Any:
    # A spec needs the settings alone; who only verifies liabilities does not wait for the rest.
    for module, names in _WHERE.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
