"""The formats of OKX's proofs of reserves: the ledger, the reserve files, and the names of coins in them."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """The format of the ledger and that of the reserve files."""
    return [
        Component(
            "ledger",
            "okx-json",
            "The JSON batches of OKX's proof-of-reserves tool, in base units",
            "polyproof_okx.ledger_json:OkxJson",
        ),
        Component(
            "source",
            "okx-csv",
            "The reserve files that OKX publishes: totals, a blank line, a row for each address",
            "polyproof_okx.reserve_csv:OkxCsv",
        ),
    ]
