"""The changes that are tried on a module: a small set of kinds that finds what a larger one finds.

cosmic-ray alone would make about five times as many, most of which any test kills that kills one of these. The sets
follow Offutt et al., "An experimental determination of sufficient mutant operators" (1996), for the kinds; Kaminski,
Ammann and Offutt, "Improving logic-based testing" (2013), for conditions, where the negation is killed by whatever
kills "always true", "always false" and the boundary; Deng, Offutt and Li, "Empirical evaluation of the statement
deletion mutation operator" (2013), for statements. The last two matter most here: a check that never refuses passes
every honest proof, and negating its condition would not show that nobody tries a dishonest one.
"""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

BY_COSMIC_RAY = (
    # What an order is at its boundary; "always true" and "always false" are Condition's.
    *(f"ReplaceComparisonOperator_{kinds}" for kinds in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")),
    # One other operator for each: the one nearest by meaning, never one that numbers of this kind do not have.
    *(f"ReplaceBinaryOperator_{kinds}" for kinds in ("Add_Sub", "Sub_Add", "Mul_FloorDiv", "FloorDiv_Mul", "Div_Mul")),
    *(f"ReplaceBinaryOperator_{kinds}" for kinds in ("Mod_FloorDiv", "Pow_Mul", "RShift_LShift", "LShift_RShift")),
    *(f"ReplaceBinaryOperator_{kinds}" for kinds in ("BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitOr")),
    "ReplaceUnaryOperator_USub_UAdd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ExceptionReplacer",
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
)


class Mutant(NamedTuple):
    """One change of a module."""

    name: str
    """Its kind, and which of that kind it is."""
    line: int
    """Where the change begins, from one."""
    text: str
    """The changed module."""


class Condition:
    """A condition that always holds, or never: of ``if``, ``while``, a comparison, a part of ``and`` and ``or``.

    A part of ``or`` is only made false and a part of ``and`` only true: otherwise the whole is decided, which is a
    change of the whole. A loop is never made endless.
    """

    def _values(self, node: Any) -> tuple[str, ...]:
        parent = node.parent
        if parent is None or node.type in ("operator", "keyword"):
            return ()
        place = parent.children.index(node)
        if parent.type == "or_test":
            return ("False",)
        if parent.type == "and_test":
            return ("True",)
        if parent.type == "while_stmt" and place == 1:
            return ("False",)
        before = getattr(parent.children[place - 1], "value", "") if place else ""
        is_whole = before in ("if", "elif") and parent.type in ("if_stmt", "ternary", "comp_if")
        is_truth = node.type in ("comparison", "not_test", "or_test", "and_test")
        return ("True", "False") if is_whole or is_truth else ()

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Where, once for each value."""
        for _ in self._values(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The value in the node's place."""
        return _instead_of(node, self._values(node)[index])


class Count:
    """A number that must be equal, and is also let through when it is too small, or too large."""

    def _others(self, node: Any) -> tuple[str, ...]:
        if node.type != "comparison" or len(node.children) != 3:
            return ()
        sides = (node.children[0], node.children[2])
        if not any(side.type == "number" or side.get_code().strip().startswith("len(") for side in sides):
            return ()
        return {"==": ("<=", ">="), "!=": ("<", ">")}.get(getattr(node.children[1], "value", ""), ())

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Where, once for each direction."""
        for _ in self._others(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The comparison with another operator."""
        node.children[1].value = self._others(node)[index]
        return node


class Deletion:
    """A statement that is not executed: a call for its effect, ``raise``, ``yield``, a change of an existing value.

    First assignments and ``return`` are left out: without them a name or a result is missing, which any test notices.
    So is a ``raise`` that is all of an ``if``, whose condition is made false already.
    """

    def _is_deletable(self, node: Any) -> bool:
        if node.parent is None or node.parent.type != "simple_stmt":
            return False
        if node.type == "expr_stmt":
            return node.children[0].type == "atom_expr" or getattr(node.children[1], "value", "=") not in ("=", ":")
        suite = node.parent.parent
        if node.type == "raise_stmt" and suite.parent is not None and suite.parent.type == "if_stmt":
            branch = suite.get_previous_sibling().get_previous_sibling()
            return suite.children[1] is not node.parent or branch.get_code().strip() == "else"
        return node.type in ("atom_expr", "raise_stmt", "yield_expr")

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Where."""
        if self._is_deletable(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """``pass`` in the statement's place."""
        return _instead_of(node, "pass")


def _instead_of(node: Any, word: str) -> Any:
    import parso.python.tree

    return parso.python.tree.Name(word, node.start_pos, node.get_first_leaf().prefix)


class _WhatDecides(ast.NodeTransformer):
    """A module without what decides nothing: annotations, and the sentences that exceptions are made with.

    Functions' annotations are never evaluated (``from __future__ import annotations``), nor are those of classes for
    more than their names; a number inside the sentence of a refusal changes neither what is refused nor its check.
    """

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant("")
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func).endswith(("Rejected", "Error", "Fault", "Malformed", "failed", "fault")):
            node.args = [ast.Constant("a sentence") if isinstance(one, ast.JoinedStr) else one for one in node.args]
        return self.generic_visit(node)


def _what_decides(text: str) -> str:
    return ast.dump(_WhatDecides().visit(ast.parse(text)))


def _operators() -> Iterable[tuple[str, Any]]:
    from cosmic_ray.plugins import get_operator

    yield from ((f"core/{name}", get_operator(f"core/{name}")()) for name in BY_COSMIC_RAY)
    yield from ((kind.__name__, kind()) for kind in (Condition, Count, Deletion))


def _joins_texts(node: Any) -> bool:
    """Whether a binary operator has a literal text beside it: any other operator would only raise ``TypeError``."""
    sides = (node.get_previous_sibling(), node.get_next_sibling()) if node.type == "operator" else ()
    return any(side is not None and side.type in ("string", "fstring", "strings") for side in sides)


def _is_first_of(node: Any) -> bool:
    """Whether a number is the index in ``x[0]``: ``x[1]`` shows as much as ``x[-1]``, which is often the same item.

    The replacer of numbers makes one more of each, then one less.
    """
    return bool(node.type == "number" and node.value == "0" and node.parent.type == "trailer")


def places_of(text: str) -> list[tuple[int, str, Any, int]]:
    """Line, kind, operator and number of every change, some of which come to the same."""
    from cosmic_ray.ast import ast_nodes, get_ast

    nodes = list(ast_nodes(get_ast(text)))
    places = []
    for name, operator in _operators():
        positions = [(node, start[0]) for node in nodes for start, _ in operator.mutation_positions(node)]
        places += [
            (line, name, operator, which)
            for which, (node, line) in enumerate(positions)
            if not (_joins_texts(node) or (_is_first_of(node) and which % 2))
        ]
    return sorted(places, key=lambda place: (place[0], place[1], place[3]))


def mutants_of(text: str) -> Iterator[Mutant]:
    """The changes of a module, in the order of its lines; none twice, none that is no Python or decides nothing."""
    from cosmic_ray.ast import get_ast
    from cosmic_ray.mutating import MutationVisitor

    tree = pickle.dumps(get_ast(text))  # Changed in place: a new copy takes a tenth of the time that parsing takes.
    seen = {_what_decides(text)}
    for line, name, operator, which in places_of(text):
        changed = MutationVisitor(which, operator).walk(pickle.loads(tree)).get_code()
        try:
            meaning = _what_decides(changed)
        except SyntaxError:
            continue
        if meaning not in seen:
            seen.add(meaning)
            yield Mutant(f"{name}:{which}", line, changed)
