"""Provers that cheat, each by overriding what its lie needs and nothing else.

A lie in the trace has two ways to go on, and every suite tries both: send the quotient's coefficients as
far as they fit (``Truncating``), or forge the opening of the quotient so that the identity at z holds
(``Forging``), and face the low-degree test instead.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from polyproof.constraints import Node
from polyproof_stark.expressions import OnArrays, Value, evaluate
from polyproof_stark.groups import RowSet
from polyproof_stark.leaves import InclusionLeaves
from polyproof_stark.low_degree import LowDegreeTest
from polyproof_stark.protocol import Openings
from polyproof_stark.prover import Prover
from polyproof_stark.verifier import constraints_at


class TruncatingTest(LowDegreeTest):
    """Sends the final polynomial as far as it fits, whatever was folded."""

    def final_polynomial(self, codeword, domain):
        coefficients = self.field.inverse_transform(codeword, domain.shift)
        return np.ascontiguousarray(coefficients[: self.folding.final_bound])


class RowByRow(Prover):
    """Enters FRI with what the verifier will compute from the rows on D, whatever G is on H.

    The honest prover's codeword comes from H. So it is always a polynomial, but not that of the rows if an opening lies
    or if G on H does.
    """

    def commit_trace(self, rows):
        self.committed_trace = super().commit_trace(rows)
        return self.committed_trace

    def commit_argument(self, arguments):
        self.committed_argument = super().commit_argument(arguments)
        return self.committed_argument

    def codewords_on_h(self, z, weights, rows, arguments, quotient):
        self.of_rows = (z, weights, quotient.extended)
        return super().codewords_on_h(z, weights, rows, arguments, quotient)

    def codeword(self, g_a, g_b, delta):
        on_h, _ = super().codeword(g_a, g_b, delta)
        extension, domain = self.extension, self.instance.evaluation_domain
        z, weights, chunks = self.of_rows
        points = extension.embed(domain.points_between(self.field, 0, domain.size))
        inverse = extension.inverse(extension.subtract(points, z))
        inverse_next = extension.inverse(extension.subtract(points, self.instance.next_point(z)))
        rows, arguments = self.committed_trace.extended, self.committed_argument.extended
        g_a = weights.g_a(extension, rows, inverse)
        g_b = weights.g_b(extension, rows, arguments, chunks, inverse, inverse_next)
        return on_h, extension.add(g_a, extension.multiply(g_b, delta))


class Truncating(RowByRow):
    """Goes on with a quotient that is not a polynomial: sends what fits."""

    def check_quotient(self, coefficients):
        pass

    def low_degree_test(self):
        test = self.instance.low_degree_test
        return TruncatingTest(test.extension, test.folding, test.domain, test.queries, test.grinding)


class Forging(Truncating):
    """Claims for the first chunk whatever value at z makes the constraint identity hold."""

    def argument_matrix(self, rows, alpha, lam):
        self.challenges = [alpha, lam]
        return super().argument_matrix(rows, alpha, lam)

    def quotient_chunks(self, committed, argument, challenges, eta):
        self.eta = eta
        return super().quotient_chunks(committed, argument, challenges, eta)

    def open_at(self, z, committed, argument, quotient):
        honest = super().open_at(z, committed, argument, quotient)
        wanted = constraints_at(self.instance, honest, self.challenges, self.eta, z)
        step = self.extension.power(z, self.parameters.active)
        powers = self.extension.powers(step, self.layout.chunks)
        others = self.extension.sum(self.extension.multiply(honest.chunks[1:], powers[1:]), axis=0)
        chunks = honest.chunks.copy()
        chunks[0] = self.extension.subtract(wanted, others)
        return Openings(honest.base, honest.masks, honest.argument, chunks, honest.ahead)


class LowestBits(Prover):
    """Shows users of a limb what a leaf has room for, its lowest bits: a prover who goes on with limbs out of range."""

    def inclusion_leaves(self, rows, tags):
        shown, opened = rows.copy(), self.layout.opened_row
        shown[:, opened] &= ~InclusionLeaves.of(self.instance, self.hash).beyond
        return super().inclusion_leaves(shown, tags)


class Unranged(LowestBits):
    """Counts only limbs that are in range, and uses true inverses for those that are not."""

    def multiplicities(self, rows, values, bits):
        counts = np.zeros(1 << bits, np.int64)
        for value in self.evaluate_on_h(rows, values, 0, self.parameters.active):
            inside = value[value < np.uint64(1 << bits)]
            counts += np.bincount(inside.astype(np.int64), minlength=1 << bits)
        return counts.astype(np.uint64)

    def helpers(self, rows, lookup, inverses, alpha, start, stop):
        extension, sums = self.extension, []
        for group in lookup.groups:
            values = self.looked_up(rows, group, start, stop)
            terms = extension.inverse(extension.subtract(alpha, extension.embed(values)))
            sums.append(extension.sum(terms, axis=1))
        return np.stack(sums, axis=1)


class ClosesTheSum(Prover):
    """Makes the running sum end where the totals want it, by one jump on row 1."""

    def running_sum(self, rows, arguments, alpha, lam):
        sums = super().running_sum(rows, arguments, alpha, lam)
        claimed = claimed_end(self, [alpha, lam])
        sums[1:] = self.extension.add(sums[1:], self.extension.subtract(claimed, sums[-1]))
        return sums


class BendsTheTable(Prover):
    """Makes the running sum end where the totals want it by a wrong h_T on one row, and sums on from that."""

    def running_sum(self, rows, arguments, alpha, lam):
        sums = super().running_sum(rows, arguments, alpha, lam)
        excess = self.extension.subtract(sums[-1], claimed_end(self, [alpha, lam]))
        lookup = self.instance.compiled.lookups[0]
        column = lookup.helpers + len(lookup.groups) - self.instance.compiled.base_columns
        arguments[3, column] = self.extension.add(arguments[3, column], excess)
        return super().running_sum(rows, arguments, alpha, lam)


def claimed_end(prover, challenges):
    """acc(ω^U) as the totals want it."""
    compiled = prover.instance.compiled
    end = next(item for item in compiled.constraints if item.rows is RowSet.END)
    claimed = compiled.nodes[end.node].second

    def leaf(node: Node) -> Value:
        return prover.scalar(node, challenges)

    value = evaluate(compiled.nodes, [claimed], leaf, OnArrays(prover.extension))[claimed]
    return value.array if value.extended else prover.extension.embed(value.array)


class OpensOtherRows(Prover):
    """Puts other rows under the inclusion tree than under the proof: ``shown`` maps row to limbs.

    ``placed`` maps a row that is no account's to a tag: it gets the leaf that a user there would compute.
    """

    shown: ClassVar[dict] = {}
    placed: ClassVar[dict] = {}

    def commit_inclusion(self, rows, tags):
        altered = rows.copy()
        for row, limbs in self.shown.items():
            altered[row, : self.layout.witness] = limbs
        self.altered = altered
        return super().commit_inclusion(altered, tags)

    def inclusion_leaves(self, rows, tags):
        leaves = super().inclusion_leaves(rows, tags)
        made = InclusionLeaves.of(self.instance, self.hash)
        for row, tag in self.placed.items():
            made.fill(leaves[row : row + 1], rows[row : row + 1, self.layout.opened_row], tag[None])
        return leaves


class AltersChain(OpensOtherRows, RowByRow):
    """Alters the opened row's pair to match, and its folded values in the first ``layers`` layers of the chain."""

    layers = 0

    def codewords_on_h(self, z, weights, rows, arguments, quotient):
        honest, g_b = super().codewords_on_h(z, weights, rows, arguments, quotient)
        shown, _ = super().codewords_on_h(z, weights, self.altered, arguments, quotient)
        g_a = honest.copy()
        for row in self.shown:
            g_a[row] = shown[row]
        self.difference = self.extension.subtract(g_a, honest)
        return g_a, g_b

    def low_degree_test(self):
        test = self.instance.low_degree_test
        return AlteredChainTest(test, self.difference, self.layers)


class AlteredChainTest(LowDegreeTest):
    """Folds the chain with an alteration that is dropped after some layers."""

    def __init__(self, test, difference, layers):
        super().__init__(test.extension, test.folding, test.domain, test.queries, test.grinding)
        object.__setattr__(self, "difference", difference)
        object.__setattr__(self, "layers_left", layers)

    def fold_chain(self, word, domain, arity, challenge):
        folded = super().fold_chain(word, domain, arity, challenge)
        difference = super().fold_chain(self.difference, domain, arity, challenge)
        if self.layers_left == 0:
            folded = self.extension.subtract(folded, difference)
            difference = np.zeros_like(difference)
        object.__setattr__(self, "difference", difference)
        object.__setattr__(self, "layers_left", self.layers_left - 1)
        return folded
