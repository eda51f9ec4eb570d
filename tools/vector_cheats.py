"""Provers that cheat in one place and go on as well as the protocol lets them.

A changed byte is noticed by the first digest above it. Whether a verifier checks what lies behind the digests shows in
a proof whose digests are all right: these make such proofs. The first line of each docstring is the vector's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from unittest.mock import patch

import numpy as np
from attrs import evolve

from polyproof.constraints import PlacedAccounts, Trace
from polyproof.field import Elements
from polyproof.hash import Words
from polyproof.model.accounts import Accounts
from polyproof.toolkit.digit_columns import Digits
from polyproof.transcript import Transcript
from polyproof_accounts.margin import MarginAccountsSystem
from polyproof_accounts.margin_layout import FilledRows, MarginLayout, PledgeColumns
from polyproof_stark.committed import Committed
from polyproof_stark.compiler import Lookup
from polyproof_stark.fri import Domain
from polyproof_stark.leaves import InclusionLeaves
from polyproof_stark.low_degree import LowDegreeTest
from polyproof_stark.protocol import Openings
from polyproof_stark.prover import Prover
from polyproof_stark.verifier import constraints_at
from polyproof_stark.weights import Weights

__all__ = ["CHAIN_CHEATS", "CHEATS", "MARGIN_CHEATS", "NOBODY", "ShowsMoreThanIsCounted"]

TRUE_LIMBS = (0x40, 0x78)
"""The lowest limbs of the account that ``ShowsMoreThanIsCounted`` lies to, and of no other."""


def _plus_one(values: Elements, modulus: int) -> Elements:
    """Of every element of K."""
    changed = values.copy()
    changed[..., 0] = (values[..., 0].astype(object) + 1) % modulus
    return changed


# The low-degree test


class _OtherTest(Prover):
    test: type[LowDegreeTest] = LowDegreeTest

    def low_degree_test(self) -> LowDegreeTest:
        honest = super().low_degree_test()
        return self.test(honest.extension, honest.folding, honest.domain, honest.queries, honest.grinding)


class _AnotherFinalPolynomial(LowDegreeTest):
    def final_polynomial(self, codeword: Elements, domain: Domain) -> Elements:
        return _plus_one(super().final_polynomial(codeword, domain), self.field.modulus)


class _NoWork(LowDegreeTest):
    def grind(self, transcript: Transcript) -> int:
        nonce = next(n for n in range(1 << 20) if not transcript.check_grinding(n, self.grinding))
        transcript.absorb_nonce(nonce)
        return nonce


class _ChosenQueries(LowDegreeTest):
    def draw_queries(self, transcript: Transcript) -> list[int]:
        super().draw_queries(transcript)
        return list(range(self.queries))


class _Truncating(LowDegreeTest):
    def final_polynomial(self, codeword: Elements, domain: Domain) -> Elements:
        coefficients = self.field.inverse_transform(codeword, domain.shift)
        return np.ascontiguousarray(coefficients[: self.folding.final_bound])


class _AnotherChain(LowDegreeTest):
    def fold_chain(self, word: Elements, domain: Domain, arity: int, challenge: Elements) -> Elements:
        return _plus_one(super().fold_chain(word, domain, arity, challenge), self.field.modulus)


class SendsAnotherFinalPolynomial(_OtherTest):
    """The final polynomial is not what was folded."""

    test = _AnotherFinalPolynomial


class DoesNoWork(_OtherTest):
    """The nonce shows no work."""

    test = _NoWork


class ChoosesQueries(_OtherTest):
    """The queries are chosen and not drawn."""

    test = _ChosenQueries


class FoldsAnotherCodeword(Prover):
    """The codeword is not that of the opened rows."""

    def codeword(self, g_a: Elements, g_b: Elements, delta: Elements) -> tuple[Elements, Elements]:
        on_h, on_d = super().codeword(g_a, g_b, delta)
        return on_h, _plus_one(on_d, self.field.modulus)


# The constraints. A lie in the trace can go on in two ways: with the quotient as far as it fits, or with an opening of
# it that makes the identity hold and is not that of what was committed.


class _RowByRow(_OtherTest):
    """Enters the test with what a verifier computes from the rows on D, whatever G is on H."""

    def commit_trace(self, rows: Elements) -> Committed:
        self.trace_on_d = super().commit_trace(rows)
        return self.trace_on_d

    def commit_argument(self, arguments: Elements) -> Committed:
        self.argument_on_d = super().commit_argument(arguments)
        return self.argument_on_d

    def codewords_on_h(
        self, z: Elements, weights: Weights, rows: Elements, arguments: Elements, quotient: Committed
    ) -> tuple[Elements, Elements]:
        self.of_rows = (z, weights, quotient.extended)
        return super().codewords_on_h(z, weights, rows, arguments, quotient)

    def codeword(self, g_a: Elements, g_b: Elements, delta: Elements) -> tuple[Elements, Elements]:
        on_h, _ = super().codeword(g_a, g_b, delta)
        extension, domain = self.extension, self.instance.evaluation_domain
        z, weights, chunks = self.of_rows
        points = extension.embed(domain.points_between(self.field, 0, domain.size))
        inverse = extension.inverse(extension.subtract(points, z))
        ahead = extension.inverse(extension.subtract(points, self.instance.next_point(z)))
        rows, arguments = self.trace_on_d.extended, self.argument_on_d.extended
        g_a = weights.g_a(extension, rows, inverse)
        g_b = weights.g_b(extension, rows, arguments, chunks, inverse, ahead)
        return on_h, extension.add(g_a, extension.multiply(g_b, delta))


class _Sloppy(_RowByRow):
    test = _Truncating

    def check_quotient(self, coefficients: Elements) -> None:
        """Goes on with whatever it is."""


class _Forging(_Sloppy):
    """Claims for the first chunk whatever value at z makes the identity hold."""

    def argument_matrix(self, rows: Elements, alpha: Elements, lam: Elements) -> Elements:
        self.challenges = [alpha, lam]
        return super().argument_matrix(rows, alpha, lam)

    def quotient_chunks(
        self, committed: Committed, argument: Committed, challenges: Sequence[Elements], eta: Elements
    ) -> Elements:
        self.eta = eta
        return super().quotient_chunks(committed, argument, challenges, eta)

    def open_at(self, z: Elements, committed: Committed, argument: Committed, quotient: Committed) -> Openings:
        honest = super().open_at(z, committed, argument, quotient)
        wanted = constraints_at(self.instance, honest, self.challenges, self.eta, z)
        step = self.extension.power(z, self.parameters.active)
        powers = self.extension.powers(step, self.layout.chunks)
        others = self.extension.sum(self.extension.multiply(honest.chunks[1:], powers[1:]), axis=0)
        chunks = honest.chunks.copy()
        chunks[0] = self.extension.subtract(wanted, others)
        return Openings(honest.base, honest.masks, honest.argument, chunks, honest.ahead)


def _row_of_the_account(columns: Elements) -> int:
    """The row whose lowest limbs are ``TRUE_LIMBS``."""
    (found,) = np.flatnonzero((columns[:, 0] == TRUE_LIMBS[0]) & (columns[:, 1] == TRUE_LIMBS[1]))
    return int(found)


class _CountsLess(Prover):
    def trace_matrix(self, trace: Trace) -> Elements:
        columns = trace.columns.astype(np.uint64)
        columns[_row_of_the_account(columns), 0] -= 1
        return super().trace_matrix(evolve(trace, columns=columns))


class _Unranged(Prover):
    """Counts what is in range, and sums true inverses of all."""

    def multiplicities(self, rows: Elements, values: Sequence[int], bits: int) -> Elements:
        counts = np.zeros(1 << bits, np.int64)
        for value in self.evaluate_on_h(rows, values, 0, self.parameters.active):
            inside = value[value < np.uint64(1 << bits)]
            counts += np.bincount(inside.astype(np.int64), minlength=1 << bits)
        return counts.astype(np.uint64)

    def helpers(
        self, rows: Elements, lookup: Lookup, inverses: Elements, alpha: Elements, start: int, stop: int
    ) -> Elements:
        extension, sums = self.extension, []
        for group in lookup.groups:
            values = self.looked_up(rows, group, start, stop)
            terms = extension.inverse(extension.subtract(alpha, extension.embed(values)))
            sums.append(extension.sum(terms, axis=1))
        return np.stack(sums, axis=1)


class _LeavesTheRange(_Unranged):
    """Moves a unit of the second limb into the first, which then is beyond it: the sums stay."""

    def trace_matrix(self, trace: Trace) -> Elements:
        columns = trace.columns.astype(np.uint64)
        row = _row_of_the_account(columns)
        columns[row, 0] += np.uint64(1 << 8)
        columns[row, 1] -= np.uint64(1)
        return super().trace_matrix(evolve(trace, columns=columns))

    def inclusion_leaves(self, rows: Elements, tags: Words) -> Words:
        shown = rows.copy()
        shown[:, self.layout.opened_row] &= ~InclusionLeaves.of(self.instance, self.hash).beyond
        return super().inclusion_leaves(shown, tags)


class CountsLess(_CountsLess, _Sloppy):
    """An account is counted with less than it has, and the quotient sent as far as it fits."""


class CountsLessAndForges(_CountsLess, _Forging):
    """An account is counted with less than it has, and the quotient's opening made up."""


class LeavesTheRange(_LeavesTheRange, _Sloppy):
    """A limb is out of range, and the quotient sent as far as it fits."""


class LeavesTheRangeAndForges(_LeavesTheRange, _Forging):
    """A limb is out of range, and the quotient's opening made up."""


class OpensAnotherMask(_RowByRow):
    """A mask is opened to another value than it has."""

    test = _Truncating

    def open_at(self, z: Elements, committed: Committed, argument: Committed, quotient: Committed) -> Openings:
        honest = super().open_at(z, committed, argument, quotient)
        masks = _plus_one(honest.masks, self.field.modulus)
        return Openings(honest.base, masks, honest.argument, honest.chunks, honest.ahead)


CHEATS: dict[type[Prover], tuple[str, ...]] = {
    SendsAnotherFinalPolynomial: ("final-polynomial",),
    DoesNoWork: ("grinding",),
    ChoosesQueries: ("merkle-siblings", "merkle-root", "coset-count"),
    FoldsAnotherCodeword: ("fold",),
    CountsLess: ("constraint-identity",),
    CountsLessAndForges: ("final-polynomial",),
    LeavesTheRange: ("constraint-identity",),
    LeavesTheRangeAndForges: ("final-polynomial",),
    OpensAnotherMask: ("final-polynomial",),
}
"""What must find each out."""


# Accounts with debts. The organisation's own accounts are ones that have no row, and it writes rows for them.


class _WritesAnyRow(Prover):
    """Has rows for accounts whatever they owe or pledge."""

    @classmethod
    def lies(cls) -> AbstractContextManager[object]:
        """In force while the rows are written."""
        nobody = property(lambda filled: np.zeros_like(filled.uncovered))
        return patch.object(FilledRows, "wrong", nobody)


class OwesMoreThanIsCovered(_WritesAnyRow, _Forging):
    """An account owes more than its pledges count for, and its surplus wraps."""


class OwesMoreAndSendsItsQuotient(_WritesAnyRow, _Sloppy):
    """An account owes more than its pledges count for, and the quotient is sent as far as it fits."""


class PledgesMoreThanThereIs(_WritesAnyRow, _Forging):
    """An account pledges more than it has, and what is left of it wraps."""


class FillsTheBestSlice(_Unranged, _Forging):
    """A pledge is in its best slice alone, beyond the width of that."""

    @classmethod
    def lies(cls) -> AbstractContextManager[object]:
        """In force while the rows are written."""
        honest = MarginLayout._cut

        def cut(self: MarginLayout, columns: Digits, rest: Digits, pledge: PledgeColumns) -> None:
            honest(self, columns, rest, pledge)
            best, others = pledge.slices[0], pledge.slices[1:]
            if others:
                columns[best.columns] = rest
                for number in others:
                    columns[number.columns] = 0

        return patch.object(MarginLayout, "_cut", cut)


class LeavesOutADebt(_Forging):
    """A debt is on a row and not in the total of debts."""

    @classmethod
    def lies(cls) -> AbstractContextManager[object]:
        """In force while the rows are written."""
        honest = MarginAccountsSystem.trace

        def trace(self: MarginAccountsSystem, witness: PlacedAccounts, rows: int) -> Trace:
            owing = []
            for number, user in enumerate(witness.accounts.ids):
                balances = list(witness.accounts.balances(number))
                balances[DEBT] += HIDDEN if user == NOBODY else 0
                owing.append((user, balances))
            return honest(self, PlacedAccounts(Accounts.of(self.positions, owing), witness.rows), rows)

        return patch.object(MarginAccountsSystem, "trace", trace)


DEBT, HIDDEN = 4, 100
"""The position and the amount of the debt that ``LeavesOutADebt`` leaves out."""
NOBODY = ""
"""Whose positions ``MARGIN_CHEATS`` give: an id that is no customer's."""
MARGIN_CHEATS: dict[type[Prover], tuple[tuple[int, ...], str]] = {
    OwesMoreThanIsCovered: ((0, 4, 0, 255, 0, 250), "final-polynomial"),
    OwesMoreAndSendsItsQuotient: ((0, 4, 0, 255, 0, 250), "constraint-identity"),
    PledgesMoreThanThereIs: ((100, 0, 300, 0, 0, 0), "final-polynomial"),
    FillsTheBestSlice: ((900, 350, 400, 0, 0, 0), "final-polynomial"),
    LeavesOutADebt: ((0, 0, 0, 255, 0, 200), "final-polynomial"),
}
"""Positions of an account of nobody's, and what must find each out."""


# What users are shown


class ShowsMoreThanIsCounted(Prover):
    """An account is shown one unit more than was counted."""

    def inclusion_leaves(self, rows: Elements, tags: Words) -> Words:
        """Of rows of which one is another."""
        shown = rows.copy()
        shown[_row_of_the_account(rows[: self.parameters.active - 1]), self.layout.opened_row.start] += np.uint64(1)
        return super().inclusion_leaves(shown, tags)


class FoldsAnotherChain(_OtherTest):
    """A layer of the chain is not the fold of the one before."""

    test = _AnotherChain


class EndsInAnotherPolynomial(_RowByRow):
    """The chain does not end in the final polynomial."""

    def codewords_on_h(
        self, z: Elements, weights: Weights, rows: Elements, arguments: Elements, quotient: Committed
    ) -> tuple[Elements, Elements]:
        g_a, g_b = super().codewords_on_h(z, weights, rows, arguments, quotient)
        return g_a, _plus_one(g_b, self.field.modulus)


CHAIN_CHEATS: dict[type[Prover], str] = {
    ShowsMoreThanIsCounted: "own-row",
    FoldsAnotherChain: "fold",
    EndsInAnotherPolynomial: "final-polynomial",
}
"""The proof of the sums verifies; what must find each out in the payload of the account."""
