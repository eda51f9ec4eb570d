"""Constraint systems of accounts: those that only have balances, and those that have debts and pledges as well."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """Two constraint systems."""
    return [
        Component(
            "constraints",
            "accounts",
            "Every balance in range and in its asset's exact total",
            "polyproof_accounts.system:AccountsSystem",
        ),
        Component(
            "constraints",
            "margin-accounts",
            "The haircut value of each account's pledges covers its debts; equity, debts and pledges in exact totals",
            "polyproof_accounts.margin:MarginAccountsSystem",
        ),
    ]
