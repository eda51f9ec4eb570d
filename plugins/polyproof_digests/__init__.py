"""Byte hashes: BLAKE3, SHA-256 and Keccak-256."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """Three hashes."""
    return [
        Component("hash", "blake3", "BLAKE3 in key-derivation mode", "polyproof_digests.blake3:Blake3"),
        Component("hash", "sha256", "SHA-256, tagged", "polyproof_digests.sha256:Sha256"),
        Component(
            "hash",
            "keccak256",
            "Keccak-256 as Ethereum uses it, tagged",
            "polyproof_digests.keccak256:Keccak256",
        ),
    ]
