"""A stranger's constraint system of accounts without range checks: every sum holds, and any balance may be negative."""

from __future__ import annotations

from polyproof.constraints import Builder
from polyproof.hookspecs import Component, hookimpl
from polyproof_accounts.system import AccountsSystem

polyproof_interface = 2


class Unranged(AccountsSystem):
    """It inherits what the accounts system declares, and states less."""

    name = "unranged"

    def constraints(self, builder: Builder) -> None:
        builder.range_check = lambda *arguments: None  # type: ignore[method-assign]
        super().constraints(builder)


@hookimpl
def polyproof_components() -> list[Component]:
    return [Component("constraints", "unranged", "sums alone", "stark.unranged_plugin:Unranged")]
