"""The ConstraintSystem interface: columns, how a witness becomes a trace, constraints written once.

``constraints(builder)`` is traced into a graph of expressions (``polyproof.toolkit.stated_constraints``). A
backend derives from that one graph the degrees, the prover's evaluation of whole columns, the verifier's at a
point, the debug check that names constraint and row, and the digest that its transcript absorbs.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from polyproof.config.options import Choice, NoOptions, options_of
from polyproof.field import Elements
from polyproof.model.accounts import AccountRefused, Accounts
from polyproof.model.assets import Asset

__all__ = [
    "Builder",
    "ConstraintSystem",
    "ConstraintsChoice",
    "Established",
    "Expression",
    "Graph",
    "LiabilitiesSystem",
    "Node",
    "Operation",
    "PlacedAccounts",
    "Rows",
    "Trace",
    "whole",
]


class Rows(Enum):
    """Where a constraint holds, among the U rows under constraints."""

    ALL = "all"
    """Rows 0 … U−1."""
    TRANSITION = "transition"
    """Rows 0 … U−2. Only these constraints may refer to the next row."""
    FIRST = "first"
    """Row 0."""
    LAST = "last"
    """Row U−1."""


class Operation(Enum):
    """What a node of the graph does."""

    CONSTANT = "constant"
    COLUMN = "column"
    PUBLIC = "public"
    CHALLENGE = "challenge"
    ADD = "add"
    SUBTRACT = "subtract"
    MULTIPLY = "multiply"


@frozen
class Node:
    """One node: its operation and two arguments.

    For arithmetic the arguments are the indices of earlier nodes. For a constant the first is its
    value; for a column its index and 0 or 1 rows ahead; for a public value or a challenge its index.
    """

    operation: Operation
    first: int
    second: int = 0


class Graph:
    """Nodes in topological order, each distinct node once, so that common subexpressions are shared."""

    def __init__(self) -> None:
        """An empty graph."""
        self.nodes: list[Node] = []
        self._index: dict[Node, int] = {}

    def node(self, operation: Operation, first: int, second: int = 0) -> Expression:
        """The expression of a node, which is added to the graph if it is new."""
        node = Node(operation, first, second)
        index = self._index.get(node)
        if index is None:
            index = self._index[node] = len(self.nodes)
            self.nodes.append(node)
        return Expression(self, index)


@frozen(eq=False)
class Expression:
    """A polynomial in columns, public values and challenges, written with + − ·.

    Integers stand for constants. Only expressions of the same graph combine; ``next`` is the same column one
    row further. Raises ``TypeError`` for any other number: a field has no 0.5.
    """

    graph: Graph
    index: int

    def _coerce(self, other: Expression | int) -> Expression:
        if isinstance(other, Expression):
            if other.graph is not self.graph:
                raise ValueError("expressions of different builders cannot be combined")
            return other
        return self.graph.node(Operation.CONSTANT, whole(other))

    def __add__(self, other: Expression | int) -> Expression:
        return self.graph.node(Operation.ADD, self.index, self._coerce(other).index)

    def __radd__(self, other: int) -> Expression:
        return self._coerce(other) + self

    def __sub__(self, other: Expression | int) -> Expression:
        return self.graph.node(Operation.SUBTRACT, self.index, self._coerce(other).index)

    def __rsub__(self, other: int) -> Expression:
        return self._coerce(other) - self

    def __mul__(self, other: Expression | int) -> Expression:
        return self.graph.node(Operation.MULTIPLY, self.index, self._coerce(other).index)

    def __rmul__(self, other: int) -> Expression:
        return self._coerce(other) * self

    def __neg__(self) -> Expression:
        return self._coerce(0) - self

    @property
    def next(self) -> Expression:
        """The same column on the next row. Raises ``ValueError`` for anything but a column on its own row."""
        node = self.graph.nodes[self.index]
        if node.operation is not Operation.COLUMN or node.second:
            raise ValueError("only a column has a next row, and only one")
        return self.graph.node(Operation.COLUMN, node.first, 1)


def whole(value: object) -> int:
    """An integer of any type as a constant of the field. Raises ``TypeError`` for anything else."""
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"a constant is an integer, not {type(value).__name__} {str(value)[:40]}") from None


class Builder(ABC):
    """Collects the constraints that a system states."""

    @abstractmethod
    def column(self, name: str) -> Expression:
        """A column of the trace, by the name that the system declares."""

    @abstractmethod
    def public(self, name: str) -> Expression:
        """A public value, by the name that the system declares."""

    @abstractmethod
    def constant(self, value: int) -> Expression:
        """A constant of the field."""

    @abstractmethod
    def assert_zero(self, name: str, expression: Expression, rows: Rows = Rows.ALL) -> None:
        """Require the expression to vanish on the given rows."""

    @abstractmethod
    def range_check(self, name: str, columns: Sequence[Expression], bits: int) -> None:
        """Require each of ``columns`` to lie in [0, 2^bits) on all rows, by a lookup into a table.

        Each is a column or an expression in columns of the same row. The backend adds what the lookup argument
        needs (table, multiplicities, challenges, helper columns).
        Several calls with the same width share one table.
        """

    @abstractmethod
    def assert_sum(self, name: str, body: Expression, total: Expression, last: Expression | int = 0) -> None:
        """Require Σ over rows 0 … U−2 of ``body``, plus ``last`` on row U−1, to equal ``total``.

        ``body`` and ``last`` are linear in columns of the same row; ``total`` is made of public values.
        """


@frozen
class Trace:
    """A witness laid out in rows, with its public values."""

    columns: npt.NDArray[np.unsignedinteger[Any]]
    """Shape ``(rows, number of columns)``, canonical: ``uint64``, or a narrower unsigned type that holds all values."""
    publics: Mapping[str, int]
    """Value of every declared public name, canonical."""


class ConstraintSystem(ABC):
    """A statement about a table: which columns it has and what must hold between them."""

    name: ClassVar[str]
    """The name used in specs."""
    columns: Sequence[str]
    """Names of the trace's columns, in order."""
    publics: Sequence[str]
    """Names of the public values, in the order a transcript absorbs them."""
    Options: ClassVar[type] = NoOptions
    """Frozen attrs class of the options that a spec may set for it. They are published in the manifest and bound by
    every proof; each is an integer, a bool, a text, or made of these (``polyproof.config.options``)."""

    @abstractmethod
    def constraints(self, builder: Builder) -> None:
        """State everything that must hold, once, through the builder."""

    @abstractmethod
    def trace(self, witness: Any, rows: int) -> Trace:
        """Lay a witness out on exactly ``rows`` rows, padding included.

        Raises ``InputError`` for a witness that does not fit. A cheating prover may return anything:
        soundness rests on ``constraints`` alone.
        """


@frozen(eq=False)
class PlacedAccounts:
    """The witness of a liabilities system: accounts, and the row assigned to each."""

    accounts: Accounts
    rows: npt.NDArray[np.int64]
    """Shape ``(len(accounts),)``, distinct. Rows assigned to nobody are padding with zero balances."""


@frozen
class ConstraintsChoice(Choice):
    """A constraint system, by name, and its options: the value of a backend's option ``constraints``."""

    kind = "constraints"
    options: Any = field(factory=NoOptions)

    def plain(self, *, published: bool = False) -> Any:
        """The name alone of a system that has no options, and otherwise as every choice."""
        return super().plain(published=published) if options_of(type(self.options)) else self.name


@frozen
class Established:
    """What constraints about accounts establish. What is not declared is not proven, and nothing shown says it is."""

    exact_sums: bool = False
    """Each asset's total is the exact integer sum of the balances of all accounts."""
    non_negative: bool = False
    """No account's balance is negative or wraps around."""
    debts_covered: bool = False
    """Of accounts with debts: at the prices and haircuts of their positions, what each has pledged counts for at least
    what it owes, and nothing is pledged twice or beyond what there is."""
    further: tuple[str, ...] = ()
    """What else, in sentences for people. They are shown as the system's own, under its name."""


class LiabilitiesSystem(ConstraintSystem):
    """A constraint system about accounts, with what backends need beside its constraints.

    Constructed as ``System(assets, active=U, modulus=p, limb_bits=w, options=Options(…))``. Row r < U−1 is an account
    or padding; the last row under constraints, U−1, is reserved for the system.
    """

    establishes: ClassVar[Established | Callable[[Any], Established]] = Established()
    """What its constraints establish, declared in the class's own body: core and backends say no more of a proof.

    A static method, called with the options, where it depends on them. What a class inherits was declared of other
    constraints than those that it may state instead, and does not count."""

    @abstractmethod
    def __init__(self, assets: Sequence[Asset], *, active: int, modulus: int, limb_bits: int, options: Any) -> None:
        """``active``: U, rows under constraints. ``limb_bits``: the width of limbs, if it has any. ``options``: an
        instance of its ``Options``.

        Raise ``OptionsError``, with the arithmetic, for numbers under which a sum could wrap, and for options that do
        not fit the assets.
        """

    def refused(self, accounts: Accounts) -> Sequence[AccountRefused]:
        """The accounts that have no row, because a rule of the system forbids them; by default none.

        Asked of every account before anything is proved, some ten thousands at a time: use arrays. Whoever has the
        accounts is told which it is and why; the proof does not rest on it.
        """
        return ()

    @abstractmethod
    def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
        """The trace of placed accounts on ``rows`` = U rows."""

    @abstractmethod
    def account_row(self, balances: Sequence[int]) -> Elements:
        """The columns of one account's row, ``(columns,)``, from balances in base units.

        Raises ``ProofRejected`` for a balance that the columns cannot hold.
        """

    @abstractmethod
    def publics_of_totals(self, totals: Sequence[int]) -> Mapping[str, int]:
        """The public values that state these integer totals, one for each asset.

        Raises ``ProofRejected`` for a total that no U−1 accounts can have.
        """
