"""The Goldilocks field, p = 2^64 − 2^32 + 1."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One field."""
    return [
        Component(
            "field",
            "goldilocks",
            "p = 2^64 − 2^32 + 1, extensions of degree 2 and 3 by θ^e = 7",
            "polyproof_goldilocks.field:Goldilocks",
        )
    ]
