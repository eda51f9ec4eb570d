"""The BabyBear field, p = 2^31 − 2^27 + 1."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One field."""
    return [
        Component(
            "field",
            "babybear",
            "p = 2^31 − 2^27 + 1, extensions of degree 2 to 6 by θ^e = 31",
            "polyproof_babybear.field:BabyBear",
        ),
    ]
