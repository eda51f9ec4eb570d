"""``polyproof explain``: what a proof proves, hides and leaks, and how secure it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, load_spec_argument, usable_registry
from polyproof.cli.security_view import SECURITY, non_negativity_lines, security_payload, show_security
from polyproof.cli.shapes import FLAG, TEXT, TEXTS, nullable, record
from polyproof.cli.views import facts, points
from polyproof.cli.visible import one_line
from polyproof.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.backend import BackendProperties
    from polyproof.security import SecurityReport
    from polyproof.settings.spec import PublicSpec

__all__ = ["RESULT", "command"]

_PROPERTIES = record(
    zero_knowledge=FLAG,
    transparent=FLAG,
    post_quantum=FLAG,
    per_asset_totals=FLAG,
    exact_totals=FLAG,
    inexact_totals=TEXT,
    non_negativity=TEXT,
    proves=TEXTS,
    hides=TEXTS,
    leaks=TEXTS,
    remaining_trust=TEXTS,
    hides_balances=TEXT,
    hides_sums=nullable(FLAG),
    covers_debts=FLAG,
)
RESULT = record(
    verified={"const": False},
    backend=TEXT,
    options={"type": "object", "description": "As in a spec: docs/reference/spec.md."},
    chosen=TEXTS,
    properties=_PROPERTIES,
    security=SECURITY,
)


def command(
    subject: Annotated[str, typer.Argument(metavar="SPEC|DIR", help="A spec, or the directory of an audit.")],
    accounts: Annotated[
        int | None,
        typer.Option(
            "--accounts", "-n", metavar="N", min=1, help="Accounts in a segment.  [default: as many as it can hold]"
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain what a proof proves, hides and leaks, what must still be trusted, and how secure it is.

    Nothing is verified.
    """
    from polyproof.liabilities import open_audit
    from polyproof.liabilities.netting import properties_of
    from polyproof.liabilities.weighing import begin_weighing
    from polyproof.security import weakest
    from polyproof.settings.policy import UNRESTRICTED
    from polyproof.settings.settled import capacity_of, settle
    from polyproof.settings.spec import NET_EQUITY, create_backend

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    spec: PublicSpec
    reasons: tuple[str, ...]
    if Path(subject).is_dir():
        if accounts is not None:
            raise UsageError("--accounts is for a spec: an audit is explained by the size of its own proofs")
        audit = open_audit(Path(subject), policy=UNRESTRICTED, registry=registry)
        spec, properties, reasons = audit.spec, audit.properties, ()
        security = audit.security()
    else:
        loaded = load_spec_argument(subject, registry)
        backend = create_backend(loaded, registry)
        capacity = capacity_of(backend, loaded.assets)
        spec, reasons = settle(loaded, registry, min(accounts or capacity, capacity))
        properties, security = backend.properties, create_backend(spec, registry).security(spec.assets, accounts)
        if loaded.rule == NET_EQUITY:
            weighing = begin_weighing(loaded, registry)
            properties = properties_of(weighing.backend.properties)
            security = weakest([security, weighing.backend.security(weighing.positions, accounts)])
    payload = {
        "verified": False,
        "backend": spec.backend.name,
        "options": spec.backend.plain(),
        "chosen": list(reasons),
        "properties": properties_payload(properties),
        "security": security_payload(security),
    }

    def show(rich: RichConsole) -> None:
        _show_explanation(rich, spec, payload, properties, security)
        if Path(subject).is_dir():
            rich.print(
                f"\nNothing has been verified: polyproof verify {one_line(subject)}", style="bold", soft_wrap=True
            )

    console.result(payload, show)


def properties_payload(properties: BackendProperties) -> dict[str, Any]:
    """A backend's properties for machines."""
    from attrs import asdict

    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(properties).items()}


def sums_text(hidden: bool | None) -> str:
    """Whether users see sums of other accounts."""
    from polyproof.backend import NOT_STATED

    return NOT_STATED if hidden is None else "hidden" if hidden else "shown to users"


def totals_text(properties: BackendProperties) -> str:
    """What is shown of the totals: that they are published, asset by asset, shows nothing."""
    of = "each asset" if properties.per_asset_totals else "all assets together"
    shown = "the exact sums of all accounts in the proof" if properties.exact_totals else properties.inexact_totals
    return f"of {of}; {shown}"


def _quantum(withstands: bool) -> str:
    return "not known to break anything that it assumes" if withstands else "would break what it assumes"


def _options_text(options: dict[str, Any]) -> str:
    shown = ", ".join(f"{key} {value}" for key, value in options.items() if key != "name" and value is not None)
    return f" ({shown})" if shown else ""


def _show_explanation(
    rich: RichConsole,
    spec: PublicSpec,
    payload: dict[str, Any],
    properties: BackendProperties,
    security: SecurityReport,
) -> None:
    rich.print(f"backend {payload['backend']}{_options_text(payload['options'])}", style="bold")
    if (margin := spec.margin_backend) is not None:
        rich.print(f"segments of accounts with debts: {margin.name}{_options_text(margin.plain())}", style="bold")

    def yes(value: bool) -> str:
        return "yes" if value else "no"

    facts(
        rich,
        ("zero knowledge", yes(properties.zero_knowledge)),
        ("no trusted set-up", yes(properties.transparent)),
        ("quantum computers", _quantum(properties.post_quantum)),
        ("totals", totals_text(properties)),
        ("balances are hidden", properties.hides_balances),
        ("sums of others", sums_text(properties.hides_sums)),
    )
    for sentence in payload["chosen"]:
        rich.print(sentence)
    for line in non_negativity_lines(properties):
        rich.print(line)
    for title, sentences in (
        ("It proves", properties.proves),
        ("It hides", properties.hides),
        ("It shows others", properties.leaks),
        ("What a dishonest exchange could still do", properties.remaining_trust),
    ):
        rich.print(f"\n{title}", style="bold")
        points(rich, sentences)
    rich.print()
    show_security(rich, security)
