"""Evidence that the page saves is what ``polyproof verify-inclusion`` reads, and both come to the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.fixtures import command as command
from page.conftest import Audits, Customer
from page.test_page import saved


@pytest.mark.parametrize(("amount", "outcome"), [("0.25", "included"), ("0.5", "rejected [inclusion-path]")])
def test_the_command_comes_to_what_the_page_came_to(
    customer: Customer, audits: Audits, command: Command, tmp_path: Path, amount: str, outcome: str
) -> None:
    made = audits.get("stark")
    customer.choose(*made.files)
    customer.page.fill("#digest", made.digest)
    customer.type_claim(made)
    customer.amount("BTC").fill(amount)
    customer.check()
    path = saved(customer, tmp_path)
    ended = command("verify-inclusion", path, "--digest", made.digest)
    assert ended.status == (0 if outcome == "included" else 1), ended.err
    said = f"The verdict that was saved in it, {outcome}, is the one that comes out here."
    assert said in " ".join((ended.out + ended.err).split())
