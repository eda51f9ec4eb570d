"""The BabyBear field, p = 2^31 − 2^27 + 1, and a sponge over it: Poseidon2."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """A field and a hash."""
    return [
        Component(
            "field",
            "babybear",
            "p = 2^31 − 2^27 + 1, extensions of degree 2 to 6 by θ^e = 31",
            "polyproof_babybear.field:BabyBear",
        ),
        Component(
            "hash",
            "poseidon2-babybear",
            "Poseidon2 over BabyBear, width 24, Horizen Labs' parameters",
            "polyproof_babybear.poseidon2:Poseidon2BabyBear",
        ),
    ]
