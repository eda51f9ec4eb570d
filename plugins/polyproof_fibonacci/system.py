"""Fibonacci as a constraint system: the smallest one that uses every row set and the next row."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from polyproof.constraints import Builder, ConstraintSystem, Rows, Trace

__all__ = ["FibonacciSystem", "FibonacciWitness"]


@frozen
class FibonacciWitness:
    """The two secret numbers a sequence begins with."""

    first: int
    second: int


class FibonacciSystem(ConstraintSystem):
    """I know two numbers whose Fibonacci-like sequence ends, after U rows, at a public value.

    Columns a and b hold neighbours: the next row is (b, a + b).
    """

    name = "fibonacci"
    columns = ("a", "b")
    publics = ("first", "result")

    def __init__(self, modulus: int) -> None:
        """``modulus``: of the field."""
        self.modulus = modulus

    def constraints(self, builder: Builder) -> None:
        """First value public, one transition, last value public."""
        a, b = builder.column("a"), builder.column("b")
        builder.assert_zero("starts at the public value", a - builder.public("first"), Rows.FIRST)
        builder.assert_zero("a moves up", a.next - b, Rows.TRANSITION)
        builder.assert_zero("b is the sum", b.next - a - b, Rows.TRANSITION)
        builder.assert_zero("ends at the public value", b - builder.public("result"), Rows.LAST)

    def trace(self, witness: FibonacciWitness, rows: int) -> Trace:
        """The sequence, row by row."""
        columns = np.zeros((rows, 2), np.uint64)
        a, b = witness.first % self.modulus, witness.second % self.modulus
        first = a
        for row in range(rows):
            columns[row] = a, b
            result = b
            a, b = b, (a + b) % self.modulus
        return Trace(columns, {"first": first, "result": result})
