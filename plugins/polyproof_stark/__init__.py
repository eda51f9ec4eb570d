"""The STARK backend: constraint compiler, FRI, prover, verifier, inclusion."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 1


@hookimpl
def polyproof_components() -> list[Component]:
    """A backend and a polynomial commitment."""
    return [
        Component(
            "backend",
            "stark",
            "zk-STARK of sum, non-negativity and inclusion",
            "polyproof_stark.backend:StarkBackend",
        ),
    ]
