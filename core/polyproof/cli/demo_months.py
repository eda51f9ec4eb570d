"""Two months of an invented exchange: what it owes, what it holds, the history and its site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyproof.cli.begin import SIGNED, UNSIGNED, Choices, begin, own_assets, parse_assets
from polyproof.cli.console import grouped, table
from polyproof.cli.sample_wallets import sign_samples
from polyproof.registry import Registry
from polyproof.settings.spec import load_spec

if TYPE_CHECKING:
    from polyproof.progress import Progress
    from polyproof.publication.month import MonthDone
    from polyproof.publication.report.document import Report

__all__ = ["FOLDER", "play_months", "ratios_table"]

FOLDER = "months"
_ENDS = ("2025-10-31", "2025-11-30")
_ASSETS = "BTC,ETH:9,USDT,USDC,XRP,SOL"


def play_months(
    directory: Path, accounts: int, seed: int, registry: Registry, progress: Progress
) -> Iterator[tuple[str, MonthDone]]:
    """Do what ``init``, ``prove``, ``challenge``, ``sign-samples`` and ``audit --proved`` do, month by month.

    The second month has another ledger, other amounts, and the same wallets.
    """
    from polyproof import liabilities
    from polyproof.publication.month import run_month
    from polyproof.reserves.signatures import load_schemes
    from polyproof.reserves.signing import write_challenges

    schemes, previous = load_schemes(registry), None
    for number, end in enumerate(_ENDS):
        folder = directory / FOLDER / end[:7]
        choices = Choices(
            name="example",
            organisation="Example Exchange (SAMPLE)",
            snapshot=f"{end}T00:00:00Z",
            assets=own_assets(parse_assets(_ASSETS)),
            backend="backend: stark",
            source="csv",
            accounts=accounts,
            seed=seed + number,
            keys=seed,
            reserves=True,
            output="../audits",
        )
        spec = load_spec(begin(folder, choices, registry, progress).spec, registry)
        audit = spec.output_directory / f"example-{end}"
        liabilities.prove(spec, audit, previous=previous, registry=registry, progress=progress)
        write_challenges(spec, audit, folder / UNSIGNED, registry=registry, progress=progress)
        sign_samples(folder / UNSIGNED, folder / SIGNED, schemes, seed)
        done = run_month(spec, proved=audit, registry=registry, progress=progress)
        previous = done.verified.digest
        yield end[:7], done


def ratios_table(report: Report) -> Any:
    """What is owed and held in the newest month, and the ratios of all of them."""
    columns = ("Asset", "Owed", "Counted as held", *(entry.snapshot[:7] for entry in report.history))
    made = table(*columns, numbers=range(1, len(columns)))
    ratios = [{asset.symbol: asset.percent for asset in entry.assets} for entry in report.history]
    for asset in report.assets:
        held = asset.reserves.counted if asset.reserves else None
        made.add_row(
            asset.symbol,
            _grouped(asset.asset, asset.liabilities),
            _grouped(asset.asset, held) if held is not None else "-",
            *(f"{percent} %" if (percent := month.get(asset.symbol)) else "-" for month in ratios),
        )
    return made


def _grouped(asset: Any, amount: str) -> str:
    whole, _, fraction = amount.partition(".")
    return grouped(asset, int(whole + fraction.ljust(asset.decimals, "0")[: asset.decimals]))
