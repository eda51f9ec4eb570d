"""KZG over BN254: a polynomial commitment with a trusted set-up, and the grand-sum backend on it."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """A polynomial commitment."""
    return [
        Component(
            "commitment",
            "kzg",
            "KZG over BN254: polynomials below a degree, opened anywhere; needs a trusted set-up",
            "polyproof_kzg.commitment:KzgCommitment",
        ),
    ]
