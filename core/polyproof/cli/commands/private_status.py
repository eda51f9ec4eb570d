"""``polyproof private status``: what an audit keeps private, what it reveals, and who can get at it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from polyproof.cli.console import Console, size_text, table
from polyproof.cli.options import Json, KeepOption, PrivateArgument, Quiet
from polyproof.cli.private_view import RECIPIENTS, recipient_facts
from polyproof.cli.shapes import BYTES, COUNT, FLAG, TEXT, TEXTS, listed, nullable, one_of, record
from polyproof.cli.views import facts

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities.private_half import PrivateHalf

__all__ = ["RESULT", "command"]

RESULT = record(
    audits=listed(
        record(
            directory=TEXT,
            audit_id=nullable(TEXT),
            snapshot=nullable(TEXT),
            expires=nullable(TEXT),
            expired=nullable(FLAG),
            cuts=FLAG,
            serves=FLAG,
            encrypted=one_of("none", "partly", "all"),
            recipients=RECIPIENTS,
            destroyed=nullable(record(what=one_of("all", "state"), when=TEXT)),
            files=listed(
                record(
                    sort=TEXT,
                    count=COUNT,
                    bytes=BYTES,
                    encrypted=COUNT,
                    mode={"type": "string", "pattern": "^0[0-7]{3,4}$", "description": "What any of them permits."},
                    written=TEXT,
                    secret=FLAG,
                    reveals=TEXT,
                    needed=TEXT,
                )
            ),
            problems=TEXTS,
        )
    )
)


_FORMS = {"none": "no", "partly": "IN PART: `polyproof private encrypt` goes on with it", "all": "yes"}


def command(directory: PrivateArgument, keep: KeepOption = None, json: Json = False, quiet: Quiet = False) -> None:
    """Say what private files an audit has, what they reveal, what they are needed for, and who can get at them."""
    from polyproof.liabilities.private_half import look_at, private_halves

    console = Console(json=json, quiet=quiet)
    halves = [look_at(audit) for audit in private_halves(directory)]
    console.result({"audits": [_payload(half, keep) for half in halves]}, lambda rich: _show(rich, halves, keep))
    console.warn(problem for half in halves for problem in half.problems)


def _time(written: datetime) -> str:
    from polyproof.model.timestamps import FORMAT

    return written.strftime(FORMAT)


def _payload(half: PrivateHalf, keep: int | None) -> dict[str, Any]:
    expires = half.expires(keep) if keep is not None else None
    return {
        "directory": str(half.directory),
        "audit_id": half.manifest.audit_id if half.manifest else None,
        "snapshot": half.manifest.snapshot if half.manifest else None,
        "expires": _time(expires) if expires else None,
        "expired": expires <= datetime.now(UTC) if expires else None,
        "cuts": half.cuts,
        "serves": half.serves,
        "encrypted": half.form,
        "recipients": [recipient.member() for recipient in half.recipients],
        "destroyed": {"what": half.destroyed.what, "when": half.destroyed.when} if half.destroyed else None,
        "files": [
            {
                "sort": files.sort.name,
                "count": files.count,
                "bytes": files.bytes,
                "encrypted": files.encrypted,
                "mode": f"0{files.modes:03o}",
                "written": _time(datetime.fromtimestamp(files.written, UTC)),
                "secret": files.sort.secret,
                "reveals": files.sort.reveals,
                "needed": files.sort.needed,
            }
            for files in half.files
        ],
        "problems": list(half.problems),
    }


def _show(rich: RichConsole, halves: list[PrivateHalf], keep: int | None) -> None:
    for number, half in enumerate(halves):
        if number:
            rich.print()
        facts(
            rich,
            ("audit", half.manifest.audit_id if half.manifest else "not known: its public half cannot be read here"),
            ("balances as of", half.manifest.snapshot if half.manifest else "not known"),
            ("private half", str(half.path)),
            ("encrypted", _FORMS[half.form]),
            *recipient_facts(half.recipients),
            ("can cut", "inclusion files of all segments" if half.cuts else "not everybody's inclusion file"),
            ("can serve", "from a store of all inclusion files" if half.serves else "no: there is no store"),
            *([("destroyed", str(half.destroyed))] if half.destroyed else []),
            *([("keep until", _kept(half, keep))] if keep is not None else []),
        )
        made = table("Files", "Number", "Size", "Mode", "What they reveal", "Needed", numbers=(1, 2))
        for files in half.files:
            made.add_row(
                files.sort.name,
                f"{files.count:,}",
                size_text(files.bytes),
                f"{files.modes:03o}",
                files.sort.reveals,
                files.sort.needed,
            )
        rich.print(made)


def _kept(half: PrivateHalf, keep: int) -> str:
    expires = half.expires(keep)
    if expires is None:
        return "not known: the time of its snapshot cannot be read here"
    return f"{_time(expires)}, which is {'over' if expires <= datetime.now(UTC) else 'to come'}"
