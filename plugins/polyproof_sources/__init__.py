"""Formats of files that exchanges make: of wallets, and of what users are owed."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One for each format."""
    return [
        Component(
            "source",
            "bitmex-yaml",
            "Bitcoin addresses with scripts or descriptors, in YAML as BitMEX publishes them",
            "polyproof_sources.bitmex_yaml:BitmexYaml",
        ),
        Component(
            "source",
            "htx-csv",
            "The reserve files that HTX publishes: totals, a blank line, a row for each address or signer",
            "polyproof_sources.htx_csv:HtxCsv",
        ),
        Component(
            "source",
            "native",
            "polyproof's own format, in YAML, Parquet or JSON lines",
            "polyproof_sources.native:Native",
        ),
        Component(
            "ledger",
            "zkmerkle-csv",
            "The lists of users that zkMerkle proofs of solvency read, as Binance and Gate make them",
            "polyproof_sources.zkmerkle_csv:ZkMerkleCsv",
        ),
    ]
