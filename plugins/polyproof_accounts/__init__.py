"""The accounts constraint system: limbs in range, exact sums of every asset."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One constraint system."""
    return [
        Component(
            "constraints",
            "accounts",
            "Every balance in range and in its asset's exact total",
            "polyproof_accounts.system:AccountsSystem",
        )
    ]
