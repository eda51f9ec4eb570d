"""KZG over BN254: a polynomial commitment with a trusted set-up, and the grand-sum backend on it."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """A polynomial commitment and a backend."""
    return [
        Component(
            "commitment",
            "kzg",
            "KZG over BN254: polynomials below a degree, opened anywhere; needs a trusted set-up",
            "polyproof_kzg.commitment:KzgCommitment",
        ),
        Component(
            "backend",
            "grand-sum",
            "Sums of committed balances, opened by KZG: hides all, does not prove that none is negative; to compare",
            "polyproof_kzg.grand_sum:GrandSum",
        ),
    ]
