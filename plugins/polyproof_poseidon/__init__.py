"""Sponges over Goldilocks: Poseidon, Poseidon2 and Rescue Prime Optimized."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """Three hashes."""
    return [
        Component(
            "hash",
            "poseidon",
            "Poseidon over Goldilocks, width 12, plonky2's parameters",
            "polyproof_poseidon.poseidon:Poseidon",
        ),
        Component(
            "hash",
            "poseidon2",
            "Poseidon2 over Goldilocks, width 12, Horizen Labs' parameters",
            "polyproof_poseidon.poseidon2:Poseidon2",
        ),
        Component(
            "hash",
            "rescue-prime-optimized",
            "Rescue Prime Optimized over Goldilocks, width 12, 128-bit parameters of the paper",
            "polyproof_poseidon.rescue:RescuePrimeOptimized",
        ),
    ]
