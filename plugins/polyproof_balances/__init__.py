"""Balances at the snapshot's block, from nodes or from a recording."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One provider for each way of asking."""
    return [
        Component(
            "balances",
            "bitcoin-core",
            "Bitcoin Core and its kin: scantxoutset, with the node's tip at the snapshot's block",
            "polyproof_balances.bitcoin_core:BitcoinCore",
        ),
        Component(
            "balances",
            "evm",
            "Ethereum and chains like it: coins and ERC-20 tokens by block hash, EIP-1271, owners of Safes",
            "polyproof_balances.evm:Evm",
        ),
        Component(
            "balances",
            "replay",
            "What another provider answered, from a recorded file",
            "polyproof_balances.replay:Replay",
        ),
        Component(
            "balances",
            "solana",
            "Solana: SOL and SPL tokens by the last transaction up to the slot, from an archive node",
            "polyproof_balances.solana:Solana",
        ),
        Component(
            "balances",
            "aptos",
            "Aptos at the version that the block ends with: APT in both forms, fungible assets",
            "polyproof_balances.aptos:Aptos",
        ),
        Component(
            "balances",
            "filecoin",
            "Filecoin by the key of a tipset: the balance of an actor",
            "polyproof_balances.filecoin:Filecoin",
        ),
        Component(
            "balances",
            "substrate",
            "Polkadot, Kusama and their asset hubs by block hash: free and reserved",
            "polyproof_balances.substrate:Substrate",
        ),
        Component(
            "balances",
            "xrp",
            "The XRP Ledger by ledger hash: all XRP of an account, the reserve included",
            "polyproof_balances.xrp:Xrp",
        ),
    ]
