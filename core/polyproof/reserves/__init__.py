"""Reserves: what an organisation holds, who can move it, what the chains say, and whether it covers what is owed.

Reading order: ``coins`` is what files call coins, ``reading`` how rows are checked against each other, ``challenge``
the message that wallets sign, ``signatures`` how ownership is judged, ``evaluation`` how rows become holdings,
``evidence`` and ``published`` what is written and how it is read, ``run`` the whole course of events. What a spec may
set is in ``polyproof.settings.reserves``; the interfaces of plugins are ``polyproof.source``, ``polyproof.ownership``
and ``polyproof.balances``.
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
    from polyproof.reserves.signatures import load_schemes, verify_ownership

_WHERE = {
    "evaluation": "AssetReserves BalanceCheck Check Evaluation Holding JudgedRow evaluate settle",
    "run": "ReservesDone ReservesVerified run_reserves verify_reserves write_challenges",
    "published": "PublishedReserves parse_published",
    "reading": "ReservesRead read_reserves",
    "signatures": "load_schemes verify_ownership",
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
    "load_schemes",
    "parse_published",
    "read_reserves",
    "run_reserves",
    "settle",
    "verify_ownership",
    "verify_reserves",
    "write_challenges",
]


def __getattr__(name: str) -> Any:
    # A spec needs the settings alone; who only verifies liabilities does not wait for the rest.
    for module, names in _WHERE.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
