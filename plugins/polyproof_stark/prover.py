"""The prover: one method a message, in the order of the protocol.

Each method can be overridden, which is how the tests build provers that cheat. Blinding rows, masks and
re-randomisers come from the field's CSPRNG, fresh for every run; nothing here takes a seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from polyproof.commitment import VectorCommitment, VectorOpening
from polyproof.constraints import Node, Operation, Trace
from polyproof.engine import for_blocks
from polyproof.errors import InputError
from polyproof.field import Elements
from polyproof.hash import Hash, Words
from polyproof.progress import Progress
from polyproof_stark.compiler import Constraint, RowSet
from polyproof_stark.debug import check_trace
from polyproof_stark.expressions import Value, evaluate
from polyproof_stark.fri import leaf_rows
from polyproof_stark.linear import LinearForm, linear_forms
from polyproof_stark.low_degree import Chain, LowDegreeProof, LowDegreeTest
from polyproof_stark.proof import StarkProof
from polyproof_stark.protocol import Divisors, Instance, Openings, Weights

__all__ = ["Committed", "Prover", "ProverResult"]

BLOCK = 1 << 11
"""Rows of D that are evaluated at a time: the columns of a block stay in L2."""


class QuotientError(Exception):
    """The quotient is not a polynomial of the degree it must have: the trace breaks a constraint."""


@frozen(eq=False)
class Committed:
    """A matrix of polynomials and its commitment on D."""

    coefficients: Elements
    """``(N, columns)``."""
    extended: Elements
    """``(|D|, columns)``: values on D."""
    tree: Any


@frozen(eq=False)
class ProverResult:
    """A proof, and what inclusion proofs are cut from."""

    proof: StarkProof
    opened_rows: Elements
    """``(N, witness + e)``: what users open, limbs and mask."""
    inclusion_tree: Any
    pair_rows: Elements
    """``(N/arity, arity·2e)``: cosets of (G_A, G_B) on H."""
    pair_tree: Any
    chain: tuple[tuple[Elements, Any], ...]
    """Rows and tree of every chain layer from 1 on."""


class Prover:
    """Proves that a trace satisfies a compiled system."""

    def __init__(
        self,
        instance: Instance,
        hash: Hash,
        trees: Mapping[str, VectorCommitment],
        progress: Progress | None = None,
    ) -> None:
        """``hash``, ``trees`` (from ``trees_of``) and the instance's field should have the compiled engine."""
        self.instance = instance
        self.hash = hash
        self.progress = progress or Progress()
        self.field = instance.field
        self.extension = instance.extension
        self.parameters = instance.parameters
        self.layout = instance.layout
        self.trees = trees

    def prove(self, trace: Trace, tags: Words) -> ProverResult:
        """Prove. ``tags``: ``(N, 4)``, the tag of every row of the inclusion tree.

        Raises ``InputError`` for a trace that breaks a constraint, naming it and the row.
        """
        with self.progress.task("prove", 7) as task:
            transcript = self.instance.begin(self.hash)
            rows = self.trace_matrix(trace)
            committed = self.commit_trace(rows)
            inclusion_tree = self.commit_inclusion(rows, tags)
            transcript.absorb_digests("trace root", committed.tree.root)
            transcript.absorb_digests("inclusion root", inclusion_tree.root)
            task.advance()

            alpha = transcript.draw_extension("alpha", self.extension)
            lam = transcript.draw_extension("lambda", self.extension)
            arguments = self.argument_matrix(trace, rows, alpha, lam)
            argument = self.commit_argument(arguments)
            if argument is not None:
                transcript.absorb_digests("argument root", argument.tree.root)
            task.advance()

            eta = transcript.draw_extension("constraint challenge", self.extension)
            try:
                chunks = self.quotient_chunks(committed, argument, [alpha, lam], eta)
            except QuotientError as error:
                raise InputError(self.diagnose(rows, arguments, [alpha, lam])) from error
            quotient = self.commit_quotient(chunks)
            transcript.absorb_digests("quotient root", quotient.tree.root)
            task.advance()

            z = transcript.draw_extension("z", self.extension)
            openings = self.open_at(z, committed, argument, quotient)
            transcript.absorb_elements("openings", openings.all())
            gamma = transcript.draw_extension("gamma", self.extension)
            task.advance()

            weights = Weights.of(self.instance, openings, gamma)
            g_a, g_b = self.codewords_on_h(z, weights, rows, arguments, quotient)
            pair_rows = leaf_rows(np.concatenate((g_a, g_b), axis=1), self.parameters.folding.arities[0])
            pair_tree = self.trees["pair"].commit(pair_rows)
            transcript.absorb_digests("pair root", pair_tree.root)
            delta = transcript.draw_extension("delta", self.extension)
            on_h = self.extension.add(g_a, self.extension.multiply(g_b, delta))
            on_d = self.codeword_on_d(z, delta, weights, committed, argument, quotient)
            task.advance()

            low_degree, indices, chain = self.low_degree_test().prove(
                transcript, on_d, self.trees["fri"], Chain(self.instance.trace_domain, on_h, self.trees["chain"])
            )
            task.advance()
            proof = self.answer(indices, openings, committed, argument, quotient, inclusion_tree, pair_tree, low_degree)
            task.advance()
        opened = np.ascontiguousarray(rows[:, self.layout.opened_row])
        return ProverResult(proof, opened, inclusion_tree, pair_rows, pair_tree, tuple(chain))

    # Trace

    def trace_matrix(self, trace: Trace) -> Elements:
        """(witness ‖ mask of A ‖ range ‖ mask of B) on H: ``(N, trace width)``; rows from U on are random."""
        p, layout = self.parameters, self.layout
        if trace.columns.shape != (p.active, layout.witness):
            raise InputError(f"a trace of shape {trace.columns.shape} where {(p.active, layout.witness)} is wanted")
        rows = np.empty((p.rows, layout.trace), np.uint64)
        rows[: p.active, : layout.witness] = trace.columns
        rows[p.active :] = self.field.random((p.blinding, layout.trace))
        rows[:, layout.mask_a] = self.field.random((p.rows, layout.degree))
        rows[:, layout.mask_b] = self.field.random((p.rows, layout.degree))
        for lookup in self.instance.compiled.lookups:
            table = layout.base_column(lookup.table)
            rows[: p.active, table] = np.minimum(np.arange(p.active), (1 << lookup.bits) - 1)
            rows[: p.active, table + 1] = self.multiplicities(rows, lookup.values, lookup.bits)
        return rows

    def multiplicities(self, rows: Elements, values: Sequence[int], bits: int) -> Elements:
        """μ on rows < U: how often each table value occurs, at its first row."""
        p = self.parameters
        counts = np.zeros(1 << bits, np.int64)
        for value in self.evaluate_on_h(rows, values, 0, p.active):
            if int(value.max(initial=0)) >= 1 << bits:
                row = int(np.flatnonzero(value >= np.uint64(1 << bits))[0])
                raise InputError(f"a looked-up value of row {row} is {int(value[row])}, not below 2^{bits}")
            counts += np.bincount(value.astype(np.int64), minlength=1 << bits)
        result = np.zeros(p.active, np.uint64)
        result[: 1 << bits] = counts
        return result

    def evaluate_on_h(self, rows: Elements, nodes: Sequence[int], start: int, stop: int) -> list[Elements]:
        """Base-field expressions of the trace on rows start … stop−1."""

        def leaf(node: Node) -> Value:
            if node.operation is Operation.COLUMN:
                at = np.arange(start + node.second, stop + node.second) % len(rows)
                return Value(rows[at, self.layout.base_column(node.first)], False)
            return self.scalar(node, ())

        found = evaluate(self.instance.compiled.nodes, nodes, leaf, self.extension)
        return [np.broadcast_to(found[node].array, (stop - start,)) for node in nodes]

    def scalar(self, node: Node, challenges: Sequence[Elements]) -> Value:
        """A public value or a challenge."""
        return self.instance.compiled.scalar(node, self.instance.publics, challenges)

    def commit_columns(self, name: str, coefficients: Elements) -> Committed:
        """Extend polynomials to D and commit to the rows there."""
        domain = self.instance.evaluation_domain
        extended = self.field.extend(coefficients, domain.size, domain.shift)
        return Committed(coefficients, extended, self.trees[name].commit(extended))

    def commit_trace(self, rows: Elements) -> Committed:
        """A‖B over D."""
        return self.commit_columns("trace", self.field.inverse_transform(rows))

    def commit_inclusion(self, rows: Elements, tags: Words) -> Any:
        """A over H: leaf r = Hash(limbs and mask of row r ‖ tag_r)."""
        leaves = np.concatenate((rows[:, self.layout.opened_row], tags), axis=1)
        return self.trees["inclusion"].commit(leaves)

    # Argument

    def argument_matrix(self, trace: Trace, rows: Elements, alpha: Elements, lam: Elements) -> Elements:
        """C on H: ``(N, columns, e)``. Rows from U on are random, but for the running sum on row U."""
        p, extension, compiled = self.parameters, self.extension, self.instance.compiled
        arguments = np.zeros((p.rows, self.layout.argument, self.layout.degree), np.uint64)
        for lookup in compiled.lookups:
            size = 1 << lookup.bits
            differences = extension.subtract(alpha, extension.embed(np.arange(size, dtype=np.uint64)))
            inverses = extension.inverse(differences)
            first = lookup.helpers - compiled.base_columns
            for number, group in enumerate(lookup.groups):
                arguments[: p.active, first + number] = self.helper(rows, group, inverses, alpha)
            table = self.layout.base_column(lookup.table)
            t, multiplicity = rows[: p.active, table], rows[: p.active, table + 1]
            arguments[: p.active, first + len(lookup.groups)] = extension.scale(inverses[t], multiplicity)
        arguments[p.active :] = extension.random((p.blinding, self.layout.argument))
        if compiled.accumulator is not None:
            column = compiled.accumulator - compiled.base_columns
            arguments[: p.active + 1, column] = self.running_sum(rows, arguments, alpha, lam)
        return arguments

    def helper(self, rows: Elements, group: Sequence[int], inverses: Elements, alpha: Elements) -> Elements:
        """h_g on rows < U: Σ 1/(α − ℓ), from the table of all 1/(α − v)."""
        total: Elements | None = None
        for value in self.evaluate_on_h(rows, group, 0, self.parameters.active):
            term = inverses[value]
            total = term if total is None else self.extension.add(total, term)
        assert total is not None
        return total

    def running_sum(self, rows: Elements, arguments: Elements, alpha: Elements, lam: Elements) -> Elements:
        """acc on rows 0 … U: ``(U + 1, e)``."""
        p, compiled, extension = self.parameters, self.instance.compiled, self.extension
        roots = [compiled.increment, compiled.increment_last]
        forms = linear_forms(compiled, roots, lambda node: self.scalar(node, [alpha, lam]), extension)
        flat = arguments.reshape(p.rows, -1)
        sums = np.zeros((p.active + 1, self.layout.degree), np.uint64)
        for root, start, stop in ((roots[0], 0, p.active - 1), (roots[1], p.active - 1, p.active)):
            here = slice(start, stop)
            form = forms[root].on_rows(extension, compiled, self.layout, rows[here], flat[here], 1)
            sums[start + 1 : stop + 1] = form
        return self.field.cumulative_sum(sums, axis=0)

    def leaves(
        self, rows: Elements, rows_next: Elements, arguments: Elements, arguments_next: Elements, challenges: Any
    ) -> Any:
        """Leaves of the graph over a block of rows; arguments have shape ``(rows, columns, e)``."""
        compiled, layout = self.instance.compiled, self.layout

        def leaf(node: Node) -> Value:
            if node.operation is not Operation.COLUMN:
                return self.scalar(node, challenges)
            if node.first < compiled.base_columns:
                source = rows_next if node.second else rows
                return Value(np.ascontiguousarray(source[:, layout.base_column(node.first)]), False)
            extended = arguments_next if node.second else arguments
            return Value(np.ascontiguousarray(extended[:, node.first - compiled.base_columns]), True)

        return leaf

    def diagnose(self, rows: Elements, arguments: Elements, challenges: Sequence[Elements]) -> str:
        """Which constraints the trace breaks, and on which rows: the debug check."""
        compiled, layout = self.instance.compiled, self.layout
        base = np.concatenate((rows[:, : layout.witness], rows[:, layout.range_columns]), axis=1)
        violations = check_trace(
            compiled, self.extension, base, arguments, self.parameters.active, self.instance.publics, challenges
        )
        return "the trace breaks its constraints: " + "; ".join(str(item) for item in violations[:5])

    def commit_argument(self, arguments: Elements) -> Committed | None:
        """C over D; ``None`` for a system without lookups and sums."""
        if not self.layout.argument:
            return None
        return self.commit_columns("argument", self.field.inverse_transform(arguments.reshape(len(arguments), -1)))

    # Quotient

    def quotient_on_d(
        self, committed: Committed, argument: Committed | None, challenges: Sequence[Elements], eta: Elements
    ) -> Elements:
        """Q on D: constraints combined with powers of η, divided: ``(|D|, e)``."""
        p, compiled, extension = self.parameters, self.instance.compiled, self.extension
        size, step, degree = p.domain_size, p.blowup, self.layout.degree
        inverse_divisors = Divisors(self.instance).on_evaluation_domain()
        trace = committed.extended
        extended = argument.extended if argument is not None else np.zeros((size, 0), np.uint64)
        weighted = list(zip(compiled.constraints, extension.powers(eta, len(compiled.constraints)), strict=True))
        result = self.linear_constraints(weighted, trace, extended, inverse_divisors, challenges)
        roots: dict[int, list[tuple[Elements, RowSet]]] = {}
        for constraint, weight in weighted:
            if constraint.degree > 1:
                roots.setdefault(constraint.node, []).append((weight, constraint.rows))

        def combine(start: int, stop: int) -> None:
            count = stop - start
            ahead = np.arange(start + step, stop + step) % size
            block = extended[start:stop].reshape(count, -1, degree)
            block_next = extended[ahead].reshape(count, -1, degree)
            leaf = self.leaves(trace[start:stop], trace[ahead], block, block_next, challenges)
            sums: dict[RowSet, Elements] = {}

            def collect(node: int, value: Value) -> None:
                for weight, rows in roots[node]:
                    if value.extended:
                        term = extension.multiply(value.array, weight)
                    else:
                        term = extension.scale(weight, value.array)
                    sums[rows] = extension.add(sums[rows], term) if rows in sums else term

            evaluate(compiled.nodes, list(roots), leaf, extension, collect)
            for rows, value in sums.items():
                scaled = extension.scale(value, inverse_divisors[rows][start:stop])
                result[start:stop] = extension.add(result[start:stop], scaled)

        if roots:
            for_blocks(combine, size, BLOCK)
        return result

    def linear_constraints(
        self,
        weighted: Sequence[tuple[Constraint, Elements]],
        trace: Elements,
        arguments: Elements,
        inverse_divisors: Mapping[RowSet, Elements],
        challenges: Sequence[Elements],
    ) -> Elements:
        """The share of the linear constraints in Q on D: ``(|D|, e)``; one form for each set of rows."""
        compiled, extension = self.instance.compiled, self.extension
        linear = [(constraint, weight) for constraint, weight in weighted if constraint.degree <= 1]
        roots = sorted({constraint.node for constraint, _ in linear})
        forms = linear_forms(compiled, roots, lambda node: self.scalar(node, challenges), extension)
        result = np.zeros((self.parameters.domain_size, self.layout.degree), np.uint64)
        for rows in RowSet:
            of_set = [(forms[constraint.node], weight) for constraint, weight in linear if constraint.rows is rows]
            if of_set:
                joined = LinearForm(
                    extension.sum(np.stack([extension.multiply(form.weights, w) for form, w in of_set]), axis=0),
                    extension.sum(np.stack([extension.multiply(form.constant, w) for form, w in of_set]), axis=0),
                )
                value = joined.on_rows(extension, compiled, self.layout, trace, arguments, self.parameters.blowup)
                result = extension.add(result, extension.scale(value, inverse_divisors[rows]))
        return result

    def quotient_chunks(
        self, committed: Committed, argument: Committed | None, challenges: Sequence[Elements], eta: Elements
    ) -> Elements:
        """The re-randomised chunks' coefficients: ``(N, chunks, e)``.

        Chunk i gains X^{N−d}·ρ_i and chunk i+1 loses ρ_i (Haböck and Al Kindi, "A note on adding
        zero-knowledge to STARKs", eprint 2024/1037): their sum stays Q, and opened chunks show nothing
        beyond it.
        """
        p, layout = self.parameters, self.layout
        shift = self.instance.evaluation_domain.shift
        coefficients = self.field.inverse_transform(self.quotient_on_d(committed, argument, challenges, eta), shift)
        self.check_quotient(coefficients)
        step = p.rows - p.blinding
        chunks = np.zeros((p.rows, layout.chunks, layout.degree), np.uint64)
        for index in range(layout.chunks):
            part = coefficients[index * step : (index + 1) * step]
            chunks[: len(part), index] = part
        for index in range(layout.chunks - 1):
            randomiser = self.extension.random((p.blinding,))
            chunks[step:, index] = randomiser
            chunks[: p.blinding, index + 1] = self.extension.subtract(chunks[: p.blinding, index + 1], randomiser)
        return chunks

    def check_quotient(self, coefficients: Elements) -> None:
        """The honest prover's quotient has the degree it must have."""
        bound = self.instance.compiled.quotient_degree(self.parameters.rows, self.parameters.blinding)
        if coefficients[bound + 1 :].any():
            raise QuotientError

    def commit_quotient(self, chunks: Elements) -> Committed:
        """The chunks over D."""
        return self.commit_columns("quotient", chunks.reshape(len(chunks), -1))

    # Openings

    def open_at(self, z: Elements, committed: Committed, argument: Committed | None, quotient: Committed) -> Openings:
        """All values at z, and those of the next columns at ωz."""
        extension, layout, compiled = self.extension, self.layout, self.instance.compiled
        omega = self.field.root_of_unity(self.parameters.rows)
        z_next = extension.scale(z, np.array(omega, np.uint64))
        at_z = extension.evaluate(committed.coefficients, z)
        base = np.concatenate((at_z[: layout.witness], at_z[layout.range_columns]))
        masks = np.stack((self.joined(at_z[layout.mask_a])[0], self.joined(at_z[layout.mask_b])[0]))
        none = np.zeros((0, layout.degree), np.uint64)
        arguments = self.joined(extension.evaluate(argument.coefficients, z)) if argument is not None else none
        chunks = self.joined(extension.evaluate(quotient.coefficients, z))
        ahead = []
        for column in compiled.next_columns:
            if column < compiled.base_columns:
                position = layout.base_column(column)
                coefficients = np.ascontiguousarray(committed.coefficients[:, position : position + 1])
                ahead.append(extension.evaluate(coefficients, z_next)[0])
            else:
                assert argument is not None
                start = (column - compiled.base_columns) * layout.degree
                coefficients = np.ascontiguousarray(argument.coefficients[:, start : start + layout.degree])
                ahead.append(self.joined(extension.evaluate(coefficients, z_next))[0])
        return Openings(base, masks, arguments, chunks, np.stack(ahead) if ahead else none)

    def joined(self, values: Elements) -> Elements:
        """Values ``(k·e, e)`` of the e base columns of k extension columns as ``(k, e)``: Σ θ^i·v_i."""
        degree = self.layout.degree
        unit = np.eye(degree, dtype=np.uint64)
        return self.extension.sum(self.extension.multiply(values.reshape(-1, degree, degree), unit), axis=1)

    def inverse_distances(self, points: Elements, z: Elements) -> Elements:
        """1/(x − z) for base points x: ``(k, e)``."""
        return self.extension.inverse(self.extension.subtract(self.extension.embed(points), z))

    def codewords_on_h(
        self, z: Elements, weights: Weights, rows: Elements, arguments: Elements, quotient: Committed
    ) -> tuple[Elements, Elements]:
        """G_A and G_B on H: ``(N, e)`` each."""
        p = self.parameters
        omega = self.field.root_of_unity(p.rows)
        points = self.field.powers(omega, p.rows)
        inverse = self.inverse_distances(points, z)
        z_next = self.extension.scale(z, np.array(omega, np.uint64))
        inverse_next = self.inverse_distances(points, z_next)
        chunks = self.field.forward(quotient.coefficients)
        g_a = weights.g_a(self.extension, rows, inverse)
        flat = arguments.reshape(p.rows, -1)
        return g_a, weights.g_b(self.extension, rows, flat, chunks, inverse, inverse_next)

    def codeword_on_d(
        self,
        z: Elements,
        delta: Elements,
        weights: Weights,
        committed: Committed,
        argument: Committed | None,
        quotient: Committed,
    ) -> Elements:
        """G = G_A + δ·G_B on D: ``(|D|, e)``."""
        extension, domain = self.extension, self.instance.evaluation_domain
        omega = self.field.root_of_unity(self.parameters.rows)
        z_next = extension.scale(z, np.array(omega, np.uint64))
        result = np.empty((domain.size, self.layout.degree), np.uint64)
        none = np.zeros((domain.size, 0), np.uint64)
        arguments = argument.extended if argument is not None else none

        def fill(start: int, stop: int) -> None:
            here = slice(start, stop)
            points = domain.points_between(self.field, start, stop)
            inverse = self.inverse_distances(points, z)
            inverse_next = self.inverse_distances(points, z_next)
            rows = committed.extended[here]
            g_a = weights.g_a(extension, rows, inverse)
            g_b = weights.g_b(extension, rows, arguments[here], quotient.extended[here], inverse, inverse_next)
            result[here] = extension.add(g_a, extension.multiply(g_b, delta))

        for_blocks(fill, domain.size, 8 * BLOCK)
        return result

    # Low-degree test and answers

    def low_degree_test(self) -> LowDegreeTest:
        """FRI on D."""
        return self.instance.low_degree_test

    def answer(
        self,
        indices: list[int],
        openings: Openings,
        committed: Committed,
        argument: Committed | None,
        quotient: Committed,
        inclusion_tree: Any,
        pair_tree: Any,
        low_degree: LowDegreeProof,
    ) -> StarkProof:
        """Open one row a query in every tree."""
        none, no_rows = VectorOpening(np.zeros((0, 4), np.uint64)), np.zeros((len(indices), 0), np.uint64)
        return StarkProof(
            trace_root=committed.tree.root,
            inclusion_root=inclusion_tree.root,
            argument_root=argument.tree.root if argument is not None else None,
            quotient_root=quotient.tree.root,
            openings=openings,
            pair_root=pair_tree.root,
            low_degree=low_degree,
            trace_rows=committed.extended[indices],
            argument_rows=argument.extended[indices] if argument is not None else no_rows,
            quotient_rows=quotient.extended[indices],
            trace_opening=self.trees["trace"].open(committed.tree, indices),
            argument_opening=self.trees["argument"].open(argument.tree, indices) if argument is not None else none,
            quotient_opening=self.trees["quotient"].open(quotient.tree, indices),
        )
