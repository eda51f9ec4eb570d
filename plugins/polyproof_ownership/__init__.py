"""Ownership schemes: whether signatures prove that a claimant controls an address."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One scheme for each kind of account or signature."""
    return [
        Component(
            "ownership",
            "bitcoin-signmessage",
            "Signed messages of Bitcoin, Litecoin, Dogecoin and Dash: one key, or m of n by script",
            "polyproof_ownership.signmessage:BitcoinSignMessage",
        ),
        Component(
            "ownership",
            "bip322",
            "BIP-322 simple and full: witness, Taproot key path, m of n",
            "polyproof_ownership.bip322:Bip322",
        ),
        Component(
            "ownership",
            "evm-eoa",
            "EIP-191 and exchanges' variants on Ethereum and every chain like it; owners of contracts once looked up",
            "polyproof_ownership.evm:EvmAccount",
        ),
        Component(
            "ownership",
            "tron",
            "Tron accounts, under the Tron and the Ethereum header",
            "polyproof_ownership.tron:TronAccount",
        ),
        Component(
            "ownership",
            "ed25519-account",
            "Solana, Aptos, TON, Polkadot and Cardano accounts",
            "polyproof_ownership.ed25519:Ed25519Account",
        ),
        Component(
            "ownership",
            "secp256k1-account",
            "Filecoin, aelf, OKT and XRP accounts",
            "polyproof_ownership.secp256k1_accounts:Secp256k1Account",
        ),
        Component(
            "ownership",
            "eos-k1",
            "EOS and WAX: the key only, since an account there is a name",
            "polyproof_ownership.eos:EosKey",
        ),
        Component(
            "ownership",
            "eth-validator-bls",
            "Ethereum validators: their key, and the withdrawal credentials once looked up",
            "polyproof_ownership.validators:EthereumValidator",
        ),
    ]
