"""What a snapshot comes to before anything is proved of it: what ``check`` and ``plan`` found alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyproof.cli.console import amounts
from polyproof.cli.net_equity_view import NET_EQUITY, prepared_payload, show_prepared
from polyproof.cli.shapes import AMOUNTS, COUNT, DIGEST, TEXT, Shape, listed
from polyproof.cli.views import (
    CONTROL,
    LEFT_OUT,
    ROUNDED,
    control_payload,
    left_out_payload,
    rounded_payload,
    show_control,
    show_left_out,
    show_rounded,
)

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities import Planned, SnapshotChecked

__all__ = ["SNAPSHOT", "show_snapshot", "snapshot_payload"]

SNAPSHOT: dict[str, Shape] = {
    "accounts": COUNT,
    "segments": listed(COUNT),
    "totals": AMOUNTS,
    "net_equity": NET_EQUITY,
    "rounded": ROUNDED,
    "control": CONTROL,
    "left_out": LEFT_OUT,
    "backend": TEXT,
    "spec_digest": DIGEST,
}


def snapshot_payload(found: SnapshotChecked | Planned) -> dict[str, Any]:
    """For machines."""
    return {
        "accounts": found.accounts,
        "segments": list(found.segments),
        "totals": amounts(found.spec.assets, found.totals),
        "net_equity": prepared_payload(found.margin),
        "rounded": rounded_payload(found.rounded),
        "control": control_payload(found.spec.assets, found.control),
        "left_out": left_out_payload(found.left_out),
        "backend": found.spec.backend.name,
        "spec_digest": found.spec.digest.hex(),
    }


def show_snapshot(rich: RichConsole, found: SnapshotChecked | Planned) -> None:
    """For people: totals, and what was rounded, compared and left out."""
    show_prepared(rich, found.spec, found.totals, found.margin)
    show_rounded(rich, found.rounded)
    show_control(rich, found.control, found.margin)
    show_left_out(rich, found.left_out)
