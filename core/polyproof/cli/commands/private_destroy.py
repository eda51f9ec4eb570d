"""``polyproof private destroy``: remove what an audit keeps private, and say what that does not reach."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.cli.console import Console, size_text
from polyproof.cli.options import IdentityOption, Json, KeepOption, PrivateArgument, Quiet
from polyproof.cli.private_view import RECIPIENTS, recipient_facts
from polyproof.cli.shapes import BYTES, COUNT, FLAG, TEXT, TEXTS, listed, nullable, one_of, record
from polyproof.cli.views import facts
from polyproof.errors import Problem, UsageError
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities.private_destruction import Destroyed
    from polyproof.liabilities.private_half import PrivateHalf

__all__ = ["RESULT", "command"]

RESULT = record(
    what=one_of("all", "state"),
    audits=listed(
        record(
            directory=TEXT,
            audit_id=nullable(TEXT),
            count=COUNT,
            bytes=BYTES,
            encrypted=FLAG,
            recipients=RECIPIENTS,
            problems=TEXTS,
        )
    ),
    kept=TEXTS,
)


def command(
    directory: PrivateArgument,
    every: Annotated[bool, typer.Option("--all", help="Destroy all of it.")] = False,
    but_store: Annotated[
        bool, typer.Option("--but-store", help="Keep the store of inclusion files: destroy what it makes unnecessary.")
    ] = False,
    expired: Annotated[
        bool, typer.Option("--expired", help="Of all audits in DIR whose time is over: takes --keep DAYS.")
    ] = False,
    keep: KeepOption = None,
    identity: IdentityOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Destroy it without being asked.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Destroy what an audit keeps private: all of it, or what a store of all inclusion files makes unnecessary."""
    from polyproof.liabilities.private_destruction import destroy, destroyable
    from polyproof.liabilities.private_half import look_at, private_halves

    console = Console(json=json, quiet=quiet)
    if every == but_store:
        raise UsageError("give either --all or --but-store: what to destroy")
    if expired != (keep is not None):
        raise UsageError("--expired and --keep DAYS belong together")
    halves = [look_at(audit) for audit in private_halves(directory)]
    apart = {half.path: why for half in halves if expired and (why := _apart(half))}
    over = [half for half in halves if keep is None or (half.path not in apart and _is_over(half, keep))]
    chosen = [half for half in over if destroyable(half, but_store=but_store)]
    if not expired and halves[0].directory != directory:
        raise UsageError(f"{directory} holds several audits: name one, or those whose time is over by --expired")
    if chosen and not yes:
        _ask(chosen, but_store=but_store)
    done = [destroy(half.directory, but_store=but_store, identity=identity) for half in chosen]
    payload = {
        "what": "state" if but_store else "all",
        "audits": [
            {
                "directory": str(each.directory),
                "audit_id": each.audit_id,
                "count": each.count,
                "bytes": each.bytes,
                "encrypted": each.encrypted,
                "recipients": [recipient.member() for recipient in each.recipients],
                "problems": list(each.problems),
            }
            for each in done
        ],
        "kept": [str(half.directory) for half in halves if half not in over],
    }
    console.result(payload, lambda rich: _show(rich, done, len(halves) - len(over) - len(apart)))
    console.warn(problem for each in done for problem in each.problems)
    console.warn(f"{path} was kept: {why}" for path, why in apart.items())
    if keep is not None:
        console.warn(
            f"{half.directory} was kept: the time of its snapshot cannot be read"
            for half in halves
            if half.expires(keep) is None
        )


def _apart(half: PrivateHalf) -> str:
    """Why no rule destroys a private half; empty if one may."""
    from polyproof.liabilities.private_half import is_private_half

    if half.directory.is_symlink() or half.path.is_symlink():
        return "links are not followed, so name the audit itself"
    return "" if is_private_half(half.path) else "it has no README of polyproof's, so it may be of something else"


def _is_over(half: PrivateHalf, keep: int) -> bool:
    expires = half.expires(keep)
    return expires is not None and expires <= datetime.now(UTC)


def _ask(halves: list[PrivateHalf], *, but_store: bool) -> None:
    """Ask on a terminal; anywhere else that would hang or read the wrong input."""
    named = ", ".join(str(half.path) for half in halves)
    what = "key and state of" if but_store else "all of"
    lost = "" if but_store else ", and customers' inclusion files cannot be cut or served from it any more"
    if not sys.stdin.isatty():
        raise UsageError(Problem(f"this would destroy {what} {named}{lost}", hint="--yes destroys it"))
    typer.echo(f"This destroys {what} {named}{lost}.", err=True)
    if not typer.confirm("Destroy it?", err=True):
        raise UsageError("nothing was destroyed")


def _show(rich: RichConsole, done: list[Destroyed], kept: int) -> None:
    for each in done:
        facts(
            rich,
            ("audit", each.audit_id or str(each.directory)),
            ("destroyed", f"{counted(each.count, 'file')}  ({size_text(each.bytes)})"),
            *recipient_facts(each.recipients),
        )
        rich.print(_left(each))
    if not done:
        rich.print("There is nothing to destroy.")
    if kept:
        rich.print(f"{counted(kept, 'audit')} not touched: the time of keeping is not over, or not known.")


def _left(each: Destroyed) -> str:
    """What removing files does not reach."""
    if each.encrypted:
        return (
            "They were encrypted. Whatever is left on the disk, in snapshots and in backups can be read by these "
            "recipients, and by those of earlier copies, as long as their identities exist: destroying the identities "
            "destroys the copies. What was there before it was encrypted may be left too."
        )
    return (
        "They were removed, not overwritten, and were not encrypted: they may be left on the disk, in snapshots and in "
        "backups. Overwriting would not reach those on flash memory, nor where file systems copy on write; destroying "
        "the key of an encrypted volume does."
    )
