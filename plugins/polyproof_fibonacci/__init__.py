"""A second, tiny constraint system: the Fibonacci sequence, for tests and for learning the interface."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One constraint system."""
    return [
        Component(
            "constraints",
            "fibonacci",
            "The Fibonacci sequence: two columns, one transition",
            "polyproof_fibonacci.system:FibonacciSystem",
        )
    ]
