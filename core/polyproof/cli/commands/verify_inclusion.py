"""``polyproof verify-inclusion``: users check balances that they type themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.evidence_view import Checked
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
    PricesOption,
    Quiet,
    ToleranceOption,
    load_policy_option,
    parse_digest,
    usable_registry,
    with_own_prices,
)
from polyproof.cli.shapes import either
from polyproof.cli.visible import visible
from polyproof.errors import InputError, Problem, ProofRejected, UsageError

if TYPE_CHECKING:
    from polyproof.backend import Claim
    from polyproof.liabilities import PublishedAudit
    from polyproof.liabilities.typed_balances import Balance
    from polyproof.model.assets import Asset
    from polyproof.registry import Registry
    from polyproof.settings.policy import Policy

__all__ = ["RESULT", "command"]

RESULT = either(INCLUSION, INCLUSIONS)

_ONCE_FOR_EACH = (
    "give --user ID and --balances FILE once for each inclusion file, in the same order, and --debts FILE for each or "
    "for none"
)


def command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="Inclusion files that you received from the exchange, or evidence saved by a check."
        ),
    ],
    directory: Annotated[
        Path | None,
        typer.Option(
            "--audit", "-a", metavar="DIR", help="Directory of the published audit; evidence has its own files of it."
        ),
    ] = None,
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
    debt: Annotated[
        list[str] | None,
        typer.Option(
            "--debt", metavar="SYMBOL=AMOUNT", help="What you owe the exchange; repeat for each asset. Else nothing."
        ),
    ] = None,
    debts: Annotated[
        list[Path] | None,
        typer.Option("--debts", metavar="FILE", help="File with your debts, like --balances."),
    ] = None,
    policy: PolicyOption = None,
    digest: DigestOption = None,
    prices: PricesOption = None,
    tolerance: ToleranceOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check that your balances, as you type them, are in a published audit, or check saved evidence anew."""
    from polyproof import liabilities
    from polyproof.liabilities.rejections import explain
    from polyproof.liabilities.saved_check import is_saved_check, read_saved_check
    from polyproof.liabilities.typed_balances import make_claim, parse_balance, read_balances

    console = Console(json=json, quiet=quiet)
    known = parse_digest(digest)
    registry = usable_registry(console)
    accepted = with_own_prices(load_policy_option(policy, registry), prices, tolerance)
    if folders := [file for file in files if file.is_dir()]:
        raise UsageError(f"{folders[0]} is a folder: name your own file, which ends in .polyproof")
    evidence = [file for file in files if is_saved_check(file)]
    if evidence and len(files) > 1:
        raise UsageError(f"{evidence[0]} is evidence, which is checked alone")
    if directory is None and not evidence:
        raise UsageError(Problem("--audit DIR is missing", hint="the folder with publication.json, as published"))
    if len(files) > 1:
        assert directory is not None
        if balance or debt:
            raise UsageError(
                Problem("--balance and --debt are for a single inclusion file", hint=_ONCE_FOR_EACH),
            )
        _check_several(console, files, directory, user or [], balances or [], debts or [], accepted, registry, known)
        return
    if len(user or ()) > 1 or len(balances or ()) > 1 or len(debts or ()) > 1:
        raise UsageError("one inclusion file is checked with one --user, one --balances and one --debts")
    (file,), account = files, user[0] if user else None
    given = [parse_balance(text) for text in balance or ()]
    for own in balances or ():
        given += read_balances(own)
    owed = [parse_balance(text) for text in debt or ()]
    for own in debts or ():
        owed += read_balances(own)
    saved = read_saved_check(file) if evidence else None
    if saved is None:
        _require_claim(account, given or owed)
    if account is not None:
        _doubted(console, account)

    def claim(published: PublishedAudit) -> Claim:
        assets = published.spec.assets
        if saved is not None:
            typed = bool(given or owed)
            return make_claim(
                assets,
                saved.user if account is None else account,
                given if typed else saved.balances,
                owed if typed else saved.debts,
            )
        return make_claim(
            assets,
            account if account is not None else _doubted(console, typer.prompt("Your account id", err=True)),
            given or ([] if owed else _ask_balances(assets)),
            owed or ([] if given or published.margin is None else _ask_balances(assets, "debt")),
        )

    checked = None if saved is None else Checked(saved, account is not None, bool(given or owed), directory)
    try:
        with nullcontext((file, directory or Path())) if saved is None else saved.laid_out() as (own, public):
            verified = liabilities.verify_inclusion(
                own, directory or public, claim, policy=accepted, registry=registry, digest=known
            )
    except (ProofRejected, InputError) as error:
        if isinstance(error, ProofRejected):
            explain(error)
        if checked is not None:
            for note in checked.notes(error):
                error.add_note(note)
        raise
    console.result(
        inclusion_payload(verified, checked),
        lambda rich: show_inclusion(rich, verified, compared=known is not None, checked=checked),
    )


def _doubted(console: Console, account: str) -> str:
    """The id, after a warning if it has something that whoever typed it may not see."""
    from polyproof.liabilities.snapshot.ids import doubt_of_id

    console.warn(filter(None, [doubt_of_id(account)]))
    return account


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


def _ask_balances(assets: Sequence[Asset], what: str = "balance") -> list[Balance]:
    from polyproof.liabilities.typed_balances import make_claim, parse_balance

    symbols = ", ".join(asset.symbol for asset in assets)
    typer.echo(f"Assets: {symbols}\nType your {what}s, one SYMBOL=AMOUNT per line; end with an empty line.", err=True)
    given: list[Balance] = []
    while True:
        line = typer.prompt(what.capitalize(), default="", show_default=False, err=True)
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
    balances: Sequence[Path],
    debts: Sequence[Path],
    policy: Policy,
    registry: Registry,
    known: bytes | None,
) -> None:
    """Each file with its own id and balances; the segments' proofs are verified once for all of them."""
    from polyproof import liabilities
    from polyproof.liabilities.rejections import explain
    from polyproof.liabilities.typed_balances import read_balances

    if not len(files) == len(users) == len(balances) or len(debts) not in (0, len(files)):
        owing = f" and {len(debts)} of --debts" if debts else ""
        raise UsageError(
            Problem(
                f"{len(files)} inclusion files, {len(users)} of --user, {len(balances)} of --balances{owing}",
                hint=f"{_ONCE_FOR_EACH}; --balance and --debt are for a single one",
            )
        )
    for user in users:
        _doubted(console, user)
    owed = [read_balances(own) for own in debts] or [[] for _ in files]
    claims = [
        _claim_maker(user, read_balances(own), debts) for user, own, debts in zip(users, balances, owed, strict=True)
    ]
    verified = liabilities.verify_inclusions(
        list(zip(files, claims, strict=True)),
        directory,
        policy=policy,
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


def _claim_maker(user: str, balances: Sequence[Balance], debts: Sequence[Balance]) -> Callable[[PublishedAudit], Claim]:
    from polyproof.liabilities.typed_balances import make_claim

    return lambda published: make_claim(published.spec.assets, user, balances, debts)
