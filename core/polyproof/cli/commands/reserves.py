"""``polyproof reserves``: evaluate what the exchange holds."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.console import Console, grouped, table, time_text
from polyproof.cli.coverage_view import policy_text
from polyproof.cli.options import (
    Json,
    PolicyOption,
    Quiet,
    SecretsOption,
    SpecArgument,
    load_policy_option,
    load_spec_argument,
    usable_registry,
)
from polyproof.cli.shapes import (
    COUNT,
    DECIMAL,
    DIGEST,
    FLAG,
    SECONDS,
    TEXT,
    anything,
    by_name,
    listed,
    nullable,
    record,
    seconds,
)
from polyproof.cli.views import facts
from polyproof.errors import PolicyRejected, Problem
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.reserves import AssetReserves, Evaluation, ReservesDone
    from polyproof.reserves.evaluation import Holding, JudgedRow

__all__ = ["RESULT", "command", "reserves_payload"]

_HOLDINGS = by_name(record(rows=COUNT, amount=DECIMAL, counted=DECIMAL))
_ASSET = record(
    asset=TEXT,
    liabilities=nullable(DECIMAL),
    counted=DECIMAL,
    percent=nullable(TEXT),
    net=nullable(DECIMAL),
    gross_percent=nullable(TEXT),
    net_percent=nullable(TEXT),
    met=nullable(FLAG),
    ownership=_HOLDINGS,
    balances=_HOLDINGS,
    freshness=_HOLDINGS,
)
_ROW = record(
    file=TEXT,
    line=nullable(COUNT),
    row=nullable(COUNT),
    asset=TEXT,
    chain=TEXT,
    address=TEXT,
    amount=DECIMAL,
    ownership=TEXT,
    reason=TEXT,
    scheme=nullable(TEXT),
    freshness=TEXT,
    balance=TEXT,
    held=nullable(DECIMAL),
)
RESULT = record(
    {"each": listed(_ROW)},
    met=nullable(FLAG),
    published=nullable(TEXT),
    publication_digest=nullable(DIGEST),
    result=anything("What was published, reserves.schema.json; null without --audit."),
    assets=listed(_ASSET),
    rows=COUNT,
    seconds=SECONDS,
)

KINDS_SHOWN = 20


def command(
    spec: SpecArgument,
    audit: Annotated[
        Path | None,
        typer.Option("--audit", "-a", metavar="DIR", help="The audit of liabilities to compare the reserves with."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite reserves that have not been published yet.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="Write the nodes' answers to a new file, to replay later."),
    ] = None,
    rows: Annotated[bool, typer.Option("--rows", help="Show the outcome of every row.")] = False,
    secrets: SecretsOption = None,
    policy: PolicyOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Evaluate what is held: who controls it, what the chains say, whether it covers what an audit proves is owed."""
    from polyproof.reserves import run_reserves
    from polyproof.reserves.established import unpinned
    from polyproof.settings.policy import PolicyCheck

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry, secrets)
    with console.progress() as progress:
        done = run_reserves(
            loaded,
            audit,
            policy=load_policy_option(policy, registry),
            replace=replace,
            record=record,
            registry=registry,
            progress=progress,
        )
    console.warn(
        f"{one.file}:{one.line}: the rows of {one.coin} do not add up to the declared total"
        for one in done.discrepancies
    )
    console.warn(unpinned(done.evaluation.rows, loaded.reserves.pins if loaded.reserves else ()))
    console.result(reserves_payload(done, rows=rows), lambda rich: _show(rich, done, rows=rows))
    if done.evaluation.met is False:
        short = ", ".join(asset.asset.symbol for asset in done.evaluation.short)
        refused = PolicyRejected(PolicyCheck.RESERVES, f"not covered by the spec's policy: {short}")
        console.refuse(refused, told=True)


def reserves_payload(done: ReservesDone, *, rows: bool = False) -> dict[str, Any]:
    """``reserves`` for machines."""
    from polyproof.config.options import plain

    evaluation = done.evaluation
    found: dict[str, Any] = {
        "met": evaluation.met,
        "published": str(done.public) if done.public else None,
        "publication_digest": done.record.digest.hex() if done.record else None,
        "result": plain(done.published) if done.published else None,
        "assets": [_asset_payload(asset) for asset in evaluation.assets],
        "rows": len(evaluation.rows),
        "seconds": seconds(done.seconds),
    }
    if rows:
        found["each"] = [_row_payload(one) for one in evaluation.rows]
    return found


def _percent(ratio: Fraction | None) -> str | None:
    from polyproof.reserves.evaluation import percent

    return None if ratio is None else percent(ratio)


def _asset_payload(asset: AssetReserves) -> dict[str, Any]:
    return {
        "asset": asset.asset.symbol,
        "liabilities": None if asset.liabilities is None else asset.asset.format(asset.liabilities),
        "counted": asset.asset.format(asset.counted),
        "percent": _percent(asset.ratio),
        "net": None if asset.net is None else asset.asset.format(asset.net),
        "gross_percent": None if asset.net is None else _percent(asset.ratio_to(asset.liabilities)),
        "net_percent": None if asset.net is None else _percent(asset.ratio_to(asset.net)),
        "met": asset.met,
        "ownership": {one.value: _holding_payload(holding) for one, holding in asset.by_ownership.items()},
        "balances": {check.value: _holding_payload(holding) for check, holding in asset.by_check.items()},
        "freshness": {fresh.value: _holding_payload(holding) for fresh, holding in asset.by_freshness.items()},
    }


def _holding_payload(holding: Holding) -> dict[str, Any]:
    from polyproof.model.holdings import amount_text

    return {"rows": holding.rows, "amount": amount_text(holding.amount), "counted": amount_text(holding.counted)}


def _row_payload(one: JudgedRow) -> dict[str, Any]:
    from polyproof.model.holdings import amount_text

    held = one.balance.held
    return {
        "file": one.row.location.file,
        "line": one.row.location.line,
        "row": one.row.location.row,
        "asset": one.row.asset,
        "chain": one.row.chain,
        "address": one.row.address,
        "amount": amount_text(one.row.amount),
        "ownership": one.ownership.value,
        "reason": one.reason,
        "scheme": one.scheme,
        "freshness": one.fresh.freshness.value,
        "balance": one.balance.check.value,
        "held": None if held is None else amount_text(held),
    }


def _show(rich: RichConsole, done: ReservesDone, *, rows: bool = False) -> None:
    """``reserves`` for people."""
    evaluation = done.evaluation
    rich.print(_holdings_table(evaluation))
    _show_ownership(rich, evaluation)
    _show_rows(rich, evaluation, every=rows)
    audit = done.audit.audit.manifest if done.audit else None
    ignored = sum(file.ignored for file in done.files)
    facts(
        rich,
        *([("audit", f"{audit.audit_id}, {audit.organisation or 'organisation not named'}")] if audit else []),
        ("rows", f"{len(evaluation.rows):,} from {_files(len(done.files))}, in {time_text(done.seconds)}"),
        *([("left out", f"{counted(ignored, 'row')}, by reserves.ignore")] if ignored else []),
        ("the spec's policy", policy_text(evaluation.policy)),
        *([("published", str(done.public))] if done.public else []),
        *([("publication digest", done.record.digest.hex())] if done.record else []),
    )
    if evaluation.met is None:
        rich.print("No ratio: --audit DIR names the audit that states what is owed.")
    elif evaluation.met:
        rich.print("COVERED by the spec's policy. Verifiers apply their own.", style="bold green")
    else:
        short = ", ".join(asset.asset.symbol for asset in evaluation.short)
        rich.print(f"NOT COVERED by the spec's policy: {short}.", style="bold red")


def _files(count: int) -> str:
    return "one file" if count == 1 else counted(count, "file")


def _holdings_table(evaluation: Evaluation) -> Any:
    lent = any(asset.lent is not None for asset in evaluation.assets)
    ratios = ("To gross", "To net") if lent else ("Ratio",)
    owed = ("Owed, gross", "Owed, net") if lent else ("Owed",)
    titles = ("Asset", *owed, "Counted as held", *ratios, "Surplus")
    made = table(*titles, numbers=tuple(range(1, len(titles))))
    for asset in evaluation.assets:
        surplus, all_owed = asset.surplus, (asset.liabilities, asset.net) if lent else (asset.liabilities,)
        made.add_row(
            asset.asset.symbol,
            *("?" if units is None else grouped(asset.asset, units) for units in all_owed),
            grouped(asset.asset, asset.counted),
            *(f"{found} %" if (found := _percent(asset.ratio_to(units))) else "-" for units in all_owed),
            "?" if surplus is None else _signed(asset, surplus),
            style="red" if asset.met is False else None,
        )
    return made


def _signed(asset: AssetReserves, units: int) -> str:
    return f"-{grouped(asset.asset, -units)}" if units < 0 else grouped(asset.asset, units)


def _grouped_text(amount: int) -> str:
    """An amount in units of 10^−36, as `grouped` has one in an asset's own: rows may be finer than these."""
    from polyproof.model.holdings import amount_text

    return f"{Decimal(amount_text(amount)):,f}"


def _show_ownership(rich: RichConsole, evaluation: Evaluation) -> None:
    made = table("Asset", "Ownership", "Rows", "Declared", "Counted", numbers=(2, 3, 4))
    for asset in evaluation.assets:
        for ownership, holding in asset.by_ownership.items():
            if holding.rows:
                amounts = _grouped_text(holding.amount), _grouped_text(holding.counted)
                made.add_row(asset.asset.symbol, ownership.value, f"{holding.rows:,}", *amounts)
    rich.print(made)


def _show_rows(rich: RichConsole, evaluation: Evaluation, *, every: bool) -> None:
    """Rows that count for nothing, and why, those that are alike as one; or all of them."""
    from polyproof.findings import Findings

    listed = [one for one in evaluation.rows if every or not one.counted(evaluation.policy)]
    if every:
        for one in listed:
            rich.print(str(_told(evaluation, one)), soft_wrap=True)
        return
    found = Findings(KINDS_SHOWN)
    for one in listed:
        found.add_problem(_told(evaluation, one))
    for problem in found.kept:
        rich.print(str(problem), soft_wrap=True)
    if len(listed) > len(found.kept):
        more = len(listed) - sum(problem.count for problem in found.kept)
        rest = f"… and {counted(more, 'more row')}, which count for nothing; " if more else ""
        rich.print(f"{rest}--rows lists every row")


_AT_THE_BLOCK = "ask a node that is held at the snapshot's block, with --record, and replay what it answered"


def _told(evaluation: Evaluation, one: JudgedRow) -> Problem:
    """A row, what became of it, and why."""
    from polyproof.ownership import Status

    reason = one.reason
    if one.ownership.value in evaluation.policy.count:
        signed = "" if one.status is Status.CUSTODIAL else f"; {one.fresh.reason}"
        reason += f"{signed}; balance {one.balance.check.value}"
        reason += f": {one.balance.reason}" if one.balance.reason else ""
    if not evaluation.policy.knows(one.row.asset, one.row.chain, one.row.token):
        reason += "; neither polyproof nor the policy knows this coin on this chain"
    message = f"{one.row.asset} on {one.row.chain}, {one.row.address}: {one.ownership.value}: {reason}"
    about = f"{one.row.asset}, {one.ownership.value}, {one.fresh.freshness.value}, {one.balance.check.value}"
    if one.balance.other_block:
        return Problem(message, one.row.location, _AT_THE_BLOCK, code="balance-of-another-block", about=about)
    return Problem(message, one.row.location, code="holding-not-counted", about=about)
