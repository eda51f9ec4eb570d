"""The STARK backend: constraint compiler, FRI, prover, verifier, inclusion."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """A backend and a polynomial commitment."""
    return [
        Component(
            "commitment",
            "fri",
            "FRI: polynomials below a degree, opened at points; transparent",
            "polyproof_stark.commitment:FriCommitment",
        ),
        Component(
            "backend",
            "stark",
            "zk-STARK of sum, non-negativity and inclusion",
            "polyproof_stark.backend:StarkBackend",
        ),
    ]
