"""The Goldilocks field, p = 2^64 − 2^32 + 1, and sponges over it: Poseidon, Poseidon2, Rescue Prime Optimized."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One field and three hashes."""
    return [
        Component(
            "field",
            "goldilocks",
            "p = 2^64 − 2^32 + 1, extensions of degree 2 and 3 by θ^e = 7",
            "polyproof_goldilocks.field:Goldilocks",
        ),
        Component(
            "hash",
            "poseidon",
            "Poseidon over Goldilocks, width 12, plonky2's parameters",
            "polyproof_goldilocks.sponges.poseidon:Poseidon",
        ),
        Component(
            "hash",
            "poseidon2",
            "Poseidon2 over Goldilocks, width 12, Horizen Labs' parameters",
            "polyproof_goldilocks.sponges.poseidon2:Poseidon2",
        ),
        Component(
            "hash",
            "rescue-prime-optimized",
            "Rescue Prime Optimized over Goldilocks, width 12, 128-bit parameters of the paper",
            "polyproof_goldilocks.sponges.rescue:RescuePrimeOptimized",
        ),
    ]
