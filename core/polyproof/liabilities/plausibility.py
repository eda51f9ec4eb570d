"""Totals that look as if amounts were read in the wrong unit: warnings, since no file can prove which one it is in.

Base units read as coins give 10^decimals times the balances; coins read as base units give next to nothing. The first
shows against what can exist of a coin, both show against the totals of the audit before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from operator import attrgetter
from pathlib import Path

from attrs import frozen

from polyproof.errors import ArtifactError, ProofRejected
from polyproof.formats.files import read_bounded
from polyproof.liabilities.artifacts import MANIFEST
from polyproof.liabilities.manifest import parse_manifest
from polyproof.model.assets import Asset
from polyproof.model.manifest import Manifest
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec

__all__ = ["Earlier", "earlier_totals", "unit_warnings"]

_MOST_COINS = {
    # Limits that the protocol, or the token's contract, sets; looked up in November 2026.
    # MAX_MONEY of Bitcoin Core (src/consensus/amount.h), of its forks and of zcashd; WBTC stands for BTC.
    **dict.fromkeys(("BTC", "BCH", "BSV", "ZEC", "WBTC"), 21_000_000),
    "LTC": 84_000_000,  # MAX_MONEY of Litecoin Core
    "DASH": 18_921_005,  # docs.dash.org, block rewards: with all of the treasury's allocation
    "XRP": 100_000_000_000,  # created with the ledger, and none since: github.com/XRPLF/rippled
    "XLM": 105_443_902_087,  # total_coins of every ledger since inflation ended in 2019
    "ADA": 45_000_000_000,  # maxLovelaceSupply of mainnet's Shelley genesis
    "AVAX": 720_000_000,  # build.avax.network, AVAX token
    "BNB": 200_000_000,  # what was issued; since then coins are only burned
    "LINK": 1_000_000_000,  # TOTAL_SUPPLY of the contract: docs.chain.link, LinkToken
    "AAVE": 16_000_000,  # 13 million for the migration from LEND, 3 million as a reserve: github.com/aave/aave-token
    "YFI": 36_666,  # what there is; its holders could vote for more
    # No limit is set: far more than there will be for decades, and far less than base units would look like. Of UNI
    # the contract can mint 2 % a year (mintCap of github.com/Uniswap/governance as it was deployed).
    **dict.fromkeys(("ETH", "SOL", "DOT", "ETC", "TON", "FIL", "ATOM", "UNI"), 10_000_000_000),
    **dict.fromkeys(("TRX", "DOGE"), 10_000_000_000_000),
    **dict.fromkeys(("USDT", "USDC", "USD", "EUR", "GBP", "DAI"), 10_000_000_000_000),
}
"""No more coins of an asset than these can be owed."""
_MOST_OF_ANY = 10**18
"""For every other asset: the tokens with most units have some 10^15."""
_JUMP = 50
"""Growth or shrinkage from one audit to the next that no exchange has; the smallest wrong unit, cents, makes 100."""


@frozen
class Earlier:
    """What an audit before this one found."""

    audit_id: str
    organisation: str | None
    created: str
    totals: dict[str, Fraction]
    """Coins owed, by symbol."""


def unit_warnings(assets: Sequence[Asset], totals: Sequence[int], earlier: Earlier | None) -> list[str]:
    """What is suspicious about totals in base units, a sentence for each asset."""
    return [warning for asset, total in zip(assets, totals, strict=True) for warning in _about(asset, total, earlier)]


def _about(asset: Asset, total: int, earlier: Earlier | None) -> Iterator[str]:
    amount = _grouped(asset, total)
    most = _MOST_COINS.get(asset.symbol.upper(), _MOST_OF_ANY)
    coins = Fraction(total, 10**asset.decimals)
    if coins > most:
        yield (
            f"{asset.symbol}: the balances add up to {amount}, and more than {most:,} are not plausible: "
            "if the amounts are in base units, the spec needs `units: base`"
        )
        return
    before = earlier.totals.get(asset.symbol, Fraction(0)) if earlier is not None else Fraction(0)
    if earlier is None or not before or not coins or before / _JUMP <= coins <= before * _JUMP:
        return
    factor = coins / before if coins > before else before / coins
    yield (
        f"{asset.symbol}: the balances add up to {amount}, {_grouped(asset, before * 10**asset.decimals)} in the audit "
        f"{earlier.audit_id}, a factor of {int(factor):,}: are units and decimals right?"
    )


def _grouped(asset: Asset, units: int | Fraction) -> str:
    whole, point, fraction = asset.format(int(units)).partition(".")
    return f"{int(whole):,}{point}{fraction}"


def earlier_totals(spec: Spec, *, also: Path | None = None) -> Earlier | None:
    """The newest audit of the same organisation in the spec's output directory, or beside ``also``, if there is one.

    It is not verified: it only serves to suspect something.
    """
    policy = Policy()
    found: list[Earlier] = []
    for directory in {spec.output_directory, *([also.parent] if also is not None else [])}:
        for path in (*directory.glob(f"*/public/{MANIFEST}"), *directory.glob(f"*/audits/*/{MANIFEST}")):
            # Of a manifest, what it says about the spec is not checked yet.
            with suppress(ProofRejected, ArtifactError, OSError, LookupError, TypeError, ValueError):
                data = read_bounded(path, policy.max_manifest_bytes, policy.check_manifest_size)
                found.append(_earlier(parse_manifest(data, policy)))
    return max(
        (each for each in found if each.organisation == spec.organisation), key=attrgetter("created"), default=None
    )


def _earlier(manifest: Manifest) -> Earlier:
    totals = {
        asset["symbol"]: Fraction(total, 10 ** min(asset["decimals"], 77))
        for asset, total in zip(manifest.spec["assets"], manifest.totals, strict=True)
    }
    return Earlier(manifest.audit_id, manifest.organisation, manifest.created, totals)
