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
        Component(
            "balances",
            "aelf",
            "aelf, with the node's best block at the snapshot's: ELF in the token contract",
            "polyproof_balances.aelf:Aelf",
        ),
        Component(
            "balances",
            "eos",
            "EOS and WAX, with the node's head at the snapshot's block: what an account can transfer",
            "polyproof_balances.eos:Eos",
        ),
        Component(
            "balances",
            "ton",
            "TON by the masterchain block: coins and jettons, by TON Center's API",
            "polyproof_balances.ton:Ton",
        ),
        Component(
            "balances",
            "tron",
            "Tron: TRX from a history of balances, TRC-20 with the node's newest block at the snapshot's",
            "polyproof_balances.tron:Tron",
        ),
    ]
