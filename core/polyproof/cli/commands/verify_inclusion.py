"""``polyproof verify-inclusion``: users check balances that they type themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.inclusion_view import (
    INCLUSION,
    INCLUSIONS,
    inclusion_payload,
    inclusions_payload,
    show_inclusion,
    show_inclusions,
)
from polyproof.cli.options import (
    DigestOption,
    Json,
    PolicyOption,
    Quiet,
    load_policy_option,
    parse_digest,
    usable_registry,
)
from polyproof.cli.shapes import either
from polyproof.cli.visible import visible
from polyproof.errors import InputError, Problem, ProofRejected, UsageError

if TYPE_CHECKING:
    from polyproof.backend import Claim
    from polyproof.liabilities import PublishedAudit
    from polyproof.liabilities.typed_balances import Balance
    from polyproof.model.assets import Asset

__all__ = ["RESULT", "command"]

RESULT = either(INCLUSION, INCLUSIONS)


def command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Inclusion files that you received from the exchange.")
    ],
    directory: Annotated[Path, typer.Option("--audit", "-a", metavar="DIR", help="Directory of the published audit.")],
    user: Annotated[
        list[str] | None,
        typer.Option("--user", "-u", metavar="ID", help="Your account id; with several files one for each, in order."),
    ] = None,
    balance: Annotated[
        list[str] | None,
        typer.Option(
            "--balance",
            "-b",
            metavar="SYMBOL=AMOUNT",
            help="One of your balances; repeat for each asset. All others count as zero.",
        ),
    ] = None,
    balances: Annotated[
        list[Path] | None,
        typer.Option(
            "--balances",
            metavar="FILE",
            help="File with your balances, symbol and amount: JSON, YAML or CSV; with several files one for each.",
        ),
    ] = None,
    policy: PolicyOption = None,
    digest: DigestOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that your balances, as you type them, are in a published audit."""
    from polyproof import liabilities
    from polyproof.liabilities.rejections import explain
    from polyproof.liabilities.typed_balances import make_claim, parse_balance, read_balances

    console = Console(json=json, quiet=quiet)
    known = parse_digest(digest)
    if len(files) > 1:
        _check_several(console, files, directory, user or [], balance or [], balances or [], policy, known)
        return
    if len(user or ()) > 1 or len(balances or ()) > 1:
        raise UsageError("one inclusion file is checked with one --user and one --balances")
    (file,), account = files, user[0] if user else None
    given = [parse_balance(text) for text in balance or ()]
    for own in balances or ():
        given += read_balances(own)
    _require_claim(account, given)
    registry = usable_registry(console)

    def claim(published: PublishedAudit) -> Claim:
        assets = published.spec.assets
        return make_claim(
            assets,
            account if account is not None else typer.prompt("Your account id", err=True),
            given or _ask_balances(assets),
        )

    try:
        verified = liabilities.verify_inclusion(
            file,
            directory,
            claim,
            policy=load_policy_option(policy, registry),
            registry=registry,
            digest=known,
        )
    except ProofRejected as error:
        explain(error)
        raise
    console.result(inclusion_payload(verified), lambda rich: show_inclusion(rich, verified, compared=known is not None))


def _require_claim(user: str | None, given: Sequence[Balance]) -> None:
    """On a terminal, missing values are asked for; anywhere else that would hang or read the wrong input."""
    if sys.stdin.isatty():
        return
    missing = [
        *(["your account id (--user ID)"] if user is None else []),
        *(["your balances (--balance SYMBOL=AMOUNT for each, or --balances FILE)"] if not given else []),
    ]
    if missing:
        raise UsageError(
            Problem(
                f"{' and '.join(missing)} must be given",
                hint="they are deliberately not in the file: it cannot vouch for itself",
            )
        )


def _ask_balances(assets: Sequence[Asset]) -> list[Balance]:
    from polyproof.liabilities.typed_balances import make_claim, parse_balance

    symbols = ", ".join(asset.symbol for asset in assets)
    typer.echo(f"Assets: {symbols}\nType your balances, one SYMBOL=AMOUNT per line; end with an empty line.", err=True)
    given: list[Balance] = []
    while True:
        line = typer.prompt("Balance", default="", show_default=False, err=True)
        if not line.strip():
            return given
        try:
            balance = parse_balance(line)
            make_claim(assets, "-", [*given, balance])
        except InputError as error:
            typer.echo(visible(str(error)), err=True)
        else:
            given.append(balance)


# Several files


def _check_several(
    console: Console,
    files: Sequence[Path],
    directory: Path,
    users: Sequence[str],
    balance: Sequence[str],
    balances: Sequence[Path],
    policy: str | None,
    known: bytes | None,
) -> None:
    """Each file with its own id and balances; the segments' proofs are verified once for all of them."""
    from polyproof import liabilities
    from polyproof.liabilities.rejections import explain
    from polyproof.liabilities.typed_balances import read_balances

    if balance or not len(files) == len(users) == len(balances):
        raise UsageError(
            Problem(
                f"{len(files)} inclusion files, {len(users)} of --user and {len(balances)} of --balances",
                hint="give --user ID and --balances FILE once for each inclusion file, in the same order; --balance is "
                "for a single one",
            )
        )
    registry = usable_registry(console)
    claims = [_claim_maker(user, read_balances(own)) for user, own in zip(users, balances, strict=True)]
    verified = liabilities.verify_inclusions(
        list(zip(files, claims, strict=True)),
        directory,
        policy=load_policy_option(policy, registry),
        registry=registry,
        digest=known,
    )
    for rejected in verified.rejected:
        explain(rejected.error)
    console.result(
        inclusions_payload(verified), lambda rich: show_inclusions(rich, verified, compared=known is not None)
    )
    if verified.rejected:
        console.refuse(*(rejected.error for rejected in verified.rejected))


def _claim_maker(user: str, balances: Sequence[Balance]) -> Callable[[PublishedAudit], Claim]:
    from polyproof.liabilities.typed_balances import make_claim

    return lambda published: make_claim(published.spec.assets, user, balances)
