"""What commands say of accounts with debts before, while and after their audit is made is the same, to all readers."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from net_equity.audits import ACCOUNTS, SPEC, TREES, UNDERWATER, written
from polyproof import liabilities
from polyproof.cli.commands.check import check_payload, show_checked
from polyproof.cli.commands.plan import plan_payload
from polyproof.cli.commands.prove import prove_payload, show_proved
from polyproof.cli.commands.verify import show_verified, verify_payload
from polyproof.publication.history import VerifiedAudit


def test_check_plan_prove_and_verify_tell_the_same_of_debts(tmp_path: Path) -> None:
    leaving_out = SPEC.replace("backend:", "  underwater: leave-out\nbackend:")
    spec = written(tmp_path, accounts=ACCOUNTS + UNDERWATER, spec=leaving_out)
    checked = liabilities.check(spec, policy=TREES)
    planned = liabilities.plan(spec, tmp_path / "work", policy=TREES)
    proved = liabilities.prove(spec, tmp_path / "audit", policy=TREES)
    verified = VerifiedAudit(liabilities.verify(tmp_path / "audit" / "public", policy=TREES), None)
    payload = verify_payload(verified)["net_equity"]
    assert payload.pop("own_prices") is False
    found = [check_payload(checked), plan_payload(planned), prove_payload(proved, spec)]
    assert [one["net_equity"] for one in found] == [payload] * 3
    assert [one["lent"]["amount"] for one in payload["assets"]] == ["0.1", "50000"]
    assert payload["underwater"]["accounts"] == 1
    assert payload["prices_from"] == payload["prices_to"] == "2025-11-30T00:00:00Z"

    def totals(show: object) -> list[str]:
        out = io.StringIO()
        show(Console(file=out, width=120))  # type: ignore[operator]
        lines = out.getvalue().splitlines()
        (last,) = (number for number, line in enumerate(lines) if line.startswith("Left out, as the organisation"))
        return lines[: last + 1]

    shown = totals(lambda rich: show_checked(rich, checked))
    assert "Lent" in " ".join(shown)
    assert "the time of the balances." in " ".join(shown)
    assert totals(lambda rich: show_proved(rich, spec, proved, tmp_path, "")) == shown
    assert totals(lambda rich: show_verified(rich, verified, compared=True)) == shown


def test_what_is_proven_of_debts_is_said_once(stark_audit: Path) -> None:
    proves = liabilities.open_audit(stark_audit / "public").properties.proves
    assert [sentence for sentence in proves if "pledged" in sentence or "pledges" in sentence] == [proves[-1]]
