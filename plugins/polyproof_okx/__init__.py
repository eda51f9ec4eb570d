"""What OKX publishes its proofs of reserves in: the reserve files with the names of coins in them."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """The reserve files."""
    return [
        Component(
            "source",
            "okx-csv",
            "The reserve files OKX publishes: totals, a blank line, a row for each address",
            "polyproof_okx.reserve_csv:OkxCsv",
        ),
    ]
