"""Reserves: what an organisation holds, who can move it, what the chains say, and whether it covers what is owed.

Reading order: ``coins`` is what files call coins, ``rows`` how a row is judged by itself and ``reading`` how rows are
checked against each other, ``challenge`` the message that wallets sign and ``signing`` how they get it, ``signatures``
how ownership is judged, ``judging`` what is found out about every row, ``evaluation`` what of it counts and whether
that is enough, ``evidence`` and ``published`` what is written and how it is read, ``run`` all of it in order,
``verification`` the same again for anyone and ``established`` what that shows. What a spec may set is in
``polyproof.settings.reserves``; the interfaces of plugins are ``polyproof.source``, ``polyproof.ownership`` and
``polyproof.balances``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyproof.settings.reserves import CoinName, ReservesPolicy, ReservesSpec

if TYPE_CHECKING:
    from polyproof.reserves.established import ReservesVerified
    from polyproof.reserves.evaluation import (
        AssetReserves,
        BalanceCheck,
        Check,
        Evaluation,
        Holding,
        JudgedRow,
        Ownership,
        settle,
    )
    from polyproof.reserves.judging import evaluate
    from polyproof.reserves.published import PublishedReserves, parse_published
    from polyproof.reserves.reading import ReservesRead, read_reserves
    from polyproof.reserves.run import ReservesDone, run_reserves
    from polyproof.reserves.signatures import load_schemes, verify_ownership
    from polyproof.reserves.signing import write_challenges
    from polyproof.reserves.verification import verify_reserves

_WHERE = {
    "evaluation": "AssetReserves BalanceCheck Check Evaluation Holding JudgedRow Ownership settle",
    "judging": "evaluate",
    "run": "ReservesDone run_reserves",
    "published": "PublishedReserves parse_published",
    "reading": "ReservesRead read_reserves",
    "signatures": "load_schemes verify_ownership",
    "signing": "write_challenges",
    "established": "ReservesVerified",
    "verification": "verify_reserves",
}

__all__ = [
    "AssetReserves",
    "BalanceCheck",
    "Check",
    "CoinName",
    "Evaluation",
    "Holding",
    "JudgedRow",
    "Ownership",
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
    # A spec needs only the settings; verifying liabilities alone does not wait for the rest to be imported.
    for module, names in _WHERE.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
