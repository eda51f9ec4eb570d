"""The prover: one method for each message, with the sections and symbols of docs/reference/protocol.md.

Each method can be overridden, which is how the tests build provers that cheat. The tasks of ``progress`` name the
phases of the protocol: ``polyproof bench`` tells what each takes. Everything random (blinding rows, masks,
re-randomisers) is drawn from the operating system's CSPRNG anew for every proof; nothing takes a seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from polyproof.commitment import VectorCommitment
from polyproof.constraints import Trace
from polyproof.engine import for_blocks
from polyproof.errors import InputError
from polyproof.field import Elements
from polyproof.hash import Hash, Words
from polyproof.large_arrays import empty
from polyproof.progress import Progress
from polyproof_stark.columns import BLOCK, Columns
from polyproof_stark.committed import Committed
from polyproof_stark.fri import leaf_rows
from polyproof_stark.layout import joined
from polyproof_stark.leaves import InclusionLeaves
from polyproof_stark.longer_quotient import with_blinding_rows
from polyproof_stark.low_degree import Chain, LowDegreeTest
from polyproof_stark.proof import StarkProof
from polyproof_stark.protocol import Instance, Openings
from polyproof_stark.quotient import Quotient
from polyproof_stark.weights import Weights

__all__ = ["Prover", "ProverResult"]


class QuotientError(Exception):
    """The quotient is not a polynomial of the degree it must have, so the trace breaks a constraint."""


@frozen(eq=False)
class ProverResult:
    """A proof, and the data that inclusion proofs are cut from."""

    proof: StarkProof
    mask: Elements
    """``(N, e)``: the mask of A, which users open beside their limbs."""
    inclusion_tree: Any
    pair_rows: Elements
    """``(N/arity, arity·2e)``: cosets of (G_A, G_B) on H."""
    pair_tree: Any
    chain: tuple[tuple[Elements, Any], ...]
    """Rows and tree of every chain layer from 1 on."""


class Prover(Columns):
    """Proves that a trace satisfies a compiled system."""

    def __init__(
        self,
        instance: Instance,
        hash: Hash,
        trees: Mapping[str, VectorCommitment],
        progress: Progress | None = None,
    ) -> None:
        """``hash``, ``trees`` (from ``trees_of``) and the instance's field should have the compiled engine."""
        super().__init__(instance)
        self.hash = hash
        self.progress = progress or Progress()
        self.trees = trees
        none = np.zeros(0, np.uint64)
        self._inverse_distances: tuple[Elements, Elements] = none, none
        self._arguments_on_d: Elements | None = None

    def prove(self, trace: Trace, tags: Words) -> ProverResult:
        """Prove. ``tags``: ``(U − 1, digest_words)``, of every row of the inclusion tree that may be an account's.

        Raises ``InputError`` for a trace that breaks a constraint, naming it and the row. The numbers in the comments
        are those of the messages in section 7.
        """
        with self.progress.task("messages of the proof", 7) as task:
            # 1. The statement: everything that prover and verifier agree on beforehand (sections 1 and 7).
            transcript = self.instance.begin(self.hash)

            # 2. The columns A and B over D (section 2), and A over H for the users (section 4). A prover who knew α
            # and λ could choose a limb out of range, and multiplicities to balance it.
            with self.progress.task("trace columns"):
                rows = self.trace_matrix(trace)
            del trace  # if nobody else holds it, its memory is free for what follows
            with self.progress.task("trace commitment"):
                committed = self.commit_trace(rows)
            with self.progress.task("inclusion tree"):
                inclusion_tree = self.commit_inclusion(rows, tags)
            del tags
            transcript.absorb_digests("trace root", committed.root)
            transcript.absorb_digests("inclusion root", inclusion_tree.root)
            alpha = transcript.draw_extension("alpha", self.extension)
            lam = transcript.draw_extension("lambda", self.extension)
            task.advance()

            # 3. The argument C: all limbs are in the table, and the sums are the totals (section 3). A system without
            # lookups and sums has no such columns, and the message is left out.
            with self.progress.task("argument columns"):
                arguments = self.argument_matrix(rows, alpha, lam)
            with self.progress.task("argument commitment"):
                argument = self.commit_argument(arguments)
            if self.layout.argument:
                transcript.absorb_digests("argument root", argument.root)
            eta = transcript.draw_extension("constraint challenge", self.extension)
            task.advance()

            # 4. The quotient Q = Σ η^k · C_k / divisor_k, in chunks of degree below N (section 3). It is a
            # polynomial only if every constraint vanishes on its rows.
            try:
                with self.progress.task("quotient"):
                    chunks = self.quotient_chunks(committed, argument, [alpha, lam], eta)
            except QuotientError as error:
                raise InputError(self.diagnose(rows, arguments, [alpha, lam])) from error
            with self.progress.task("quotient commitment"):
                quotient = self.commit_quotient(chunks)
            del chunks
            transcript.absorb_digests("quotient root", quotient.root)
            z = transcript.draw_extension("z", self.extension)
            task.advance()

            # 5. All columns at z, and those that a constraint reads one row ahead at ωz as well (section 5): there the
            # verifier checks the constraints.
            with self.progress.task("openings at z"):
                openings = self.open_at(z, committed, argument, quotient)
            transcript.absorb_elements("openings", openings.all(), below=self.field.modulus)
            gamma = transcript.draw_extension("gamma", self.extension)
            task.advance()

            # 6. G_A and G_B, which are polynomials exactly if the opened values are right (section 5). They are
            # committed on H before δ joins them, or the prover could choose what users see there.
            weights = Weights.of(self.instance, openings, gamma)
            with self.progress.task("codewords on H"):
                g_a, g_b = self.codewords_on_h(z, weights, rows, arguments, quotient)
            mask = rows[:, self.layout.mask_a].copy()
            # Memory is at its highest here. What is left of the proof reads the matrices at the queries, on D.
            committed, argument, quotient = (item.on_d() for item in (committed, argument, quotient))
            del rows, arguments
            with self.progress.task("pair tree"):
                pair_rows = leaf_rows(np.concatenate((g_a, g_b), axis=1), self.parameters.folding.arities[0])
                pair_tree = self.trees["pair"].commit(self.hash.pack(pair_rows, self.field.modulus))
            transcript.absorb_digests("pair root", pair_tree.root)
            delta = transcript.draw_extension("delta", self.extension)
            with self.progress.task("codeword on D"):
                on_h, on_d = self.codeword(g_a, g_b, delta)
            task.advance()

            # 7, 8. FRI on D, and with the same challenges the chain on H that inclusion proofs follow (section 6).
            chain = Chain(self.instance.trace_domain, on_h, self.trees["chain"])
            with self.progress.task("low-degree test"):
                low_degree, indices, layers = self.low_degree_test().prove(transcript, on_d, self.trees["fri"], chain)
            task.advance()

            # The queried rows with their openings (sections 4 and 9): from them the verifier computes G at the queries
            # itself, and enters FRI with it.
            proof = StarkProof(
                trace_root=committed.root,
                inclusion_root=inclusion_tree.root,
                argument_root=argument.root,
                quotient_root=quotient.root,
                openings=openings,
                pair_root=pair_tree.root,
                low_degree=low_degree,
                trace_rows=committed.extended[indices],
                argument_rows=argument.extended[indices],
                quotient_rows=quotient.extended[indices],
                trace_opening=committed.open(self.trees["trace"], indices),
                argument_opening=argument.open(self.trees["argument"], indices),
                quotient_opening=quotient.open(self.trees["quotient"], indices),
            )
            task.advance()
        return ProverResult(proof, mask, inclusion_tree, pair_rows, pair_tree, tuple(layers))

    # Commitments (section 4)

    def to_d(self, on_h: Elements, out: Elements | None = None) -> Elements:
        """From values of polynomials of degree below N on H to those on D: ``(N, columns) → (|D|, columns)``."""
        p, shift = self.parameters, self.instance.evaluation_domain.shift
        with self.progress.task("extension"):
            return self.field.coset_lde(on_h, p.blowup, shift, out)

    def arguments_on_d(self) -> Elements:
        """The memory of C on D, ``(|D|, columns)``. Until C is extended something else may lie there."""
        if self._arguments_on_d is None:
            width = self.layout.argument * self.layout.degree
            self._arguments_on_d = empty((self.parameters.domain_size, width))
        return self._arguments_on_d

    def commit_columns(self, name: str, on_h: Elements, extended: Elements) -> Committed:
        """Commit to the rows on D (section 4)."""
        with self.progress.task("tree"):
            words = self.hash.pack(extended, self.field.modulus)
            tree = self.trees[name].commit(words) if extended.shape[1] else None
        return Committed(on_h, extended, tree)

    def commit_trace(self, rows: Elements) -> Committed:
        """A‖B over D."""
        return self.commit_columns("trace", rows, self.to_d(rows))

    def commit_inclusion(self, rows: Elements, tags: Words) -> Any:
        """A over H."""
        return self.trees["inclusion"].commit(self.inclusion_leaves(rows, tags))

    def inclusion_leaves(self, rows: Elements, tags: Words) -> Words:
        """What the leaves hash, ``(N, words)``: limbs, mask and tag of each row, from row U−1 on random words.

        Raises ``InputError`` for a limb that is out of range.
        """
        made, last = InclusionLeaves.of(self.instance, self.hash), self.parameters.active - 1
        # In the memory of C on D, which is not there yet.
        memory = self.arguments_on_d().reshape(-1)
        words = len(rows) * made.width
        leaves = (memory[:words] if words <= memory.size else empty((words,))).reshape(len(rows), made.width)

        def fill(start: int, stop: int) -> None:
            made.fill(leaves[start:stop], rows[start:stop, self.layout.opened_row], tags[start:stop])

        for_blocks(fill, last, BLOCK)
        leaves[last:] = made.unopened(len(rows) - last)
        return leaves

    def commit_argument(self, arguments: Elements) -> Committed:
        """C over D."""
        flat = arguments.reshape(len(arguments), self.layout.argument * self.layout.degree)
        return self.commit_columns("argument", flat, self.to_d(flat, self.arguments_on_d()))

    def commit_quotient(self, chunks: Elements) -> Committed:
        """The chunks, given by coefficients, over D."""
        flat, domain = chunks.reshape(len(chunks), -1), self.instance.evaluation_domain
        with self.progress.task("extension"):
            extended = self.field.extend(flat, domain.size, domain.shift)
        return self.commit_columns("quotient", self.field.forward(flat), extended)

    # Quotient (section 3)

    def quotient_chunks(
        self, committed: Committed, argument: Committed, challenges: Sequence[Elements], eta: Elements
    ) -> Elements:
        """The re-randomised chunks' coefficients: ``(N, chunks, e)``.

        Chunk i gains X^{N−d}·ρ_i and chunk i+1 loses ρ_i (Haböck and Al Kindi, "A note on adding
        zero-knowledge to STARKs", eprint 2024/1037): their sum stays Q, and opened chunks show nothing
        beyond it.
        """
        p, layout = self.parameters, self.layout
        coefficients = self.quotient(committed, argument, challenges, eta)
        self.check_quotient(coefficients)
        step = p.rows - p.blinding
        chunks = empty((p.rows, layout.chunks, layout.degree))
        chunks.fill(0)
        for index in range(layout.chunks):
            part = coefficients[index * step : (index + 1) * step]
            chunks[: len(part), index] = part
        for index in range(layout.chunks - 1):
            randomiser = self.extension.random((p.blinding,))
            chunks[step:, index] = randomiser
            chunks[: p.blinding, index + 1] = self.extension.subtract(chunks[: p.blinding, index + 1], randomiser)
        return chunks

    def quotient(
        self, committed: Committed, argument: Committed, challenges: Sequence[Elements], eta: Elements
    ) -> Elements:
        """The coefficients of Q, and some more, which must be zero: ``(|D|, e)`` or ``(|D| + d − 1, e)``."""
        p = self.parameters
        with self.progress.task("constraints on D"):
            quotient = Quotient(self.instance, committed, argument, challenges, eta)
            on_d = quotient.on_d()
        coefficients = self.field.inverse_transform(on_d, self.instance.evaluation_domain.shift)
        if self.instance.compiled.quotient_degree(p.rows, p.blinding) + 1 < p.domain_size:
            return coefficients  # at least one of them must be zero
        return with_blinding_rows(quotient, coefficients)

    def check_quotient(self, coefficients: Elements) -> None:
        """The honest prover's quotient has the degree it must have."""
        bound = self.instance.compiled.quotient_degree(self.parameters.rows, self.parameters.blinding)
        if coefficients[bound + 1 :].any():
            raise QuotientError

    # Openings and the two codewords (section 5)

    def open_at(self, z: Elements, committed: Committed, argument: Committed, quotient: Committed) -> Openings:
        """All values at z, and those of the next columns at ωz.

        From values on H: f(z) = (z^N − 1)/N · Σ_r f(ω^r)·ω^r/(z − ω^r), the barycentric formula for roots of unity. At
        ωz the weights are those of the row before, since 1/(ωz − ω^r) = ω^−1/(z − ω^(r−1)).
        """
        extension, layout, compiled, p = self.extension, self.layout, self.instance.compiled, self.parameters
        points = self.field.powers(self.field.root_of_unity(p.rows), p.rows)
        # (1 − z^N)/N, for the sign of the distances.
        factor = extension.subtract(extension.embed(np.array(1, np.uint64)), extension.power(z, p.rows))
        factor = extension.scale(factor, self.field.inverse(np.array(p.rows, np.uint64)))
        weights = extension.multiply(extension.scale(self.inverse_distances(z), points), factor)

        at_z = extension.combine(committed.on_h, weights)
        base = np.concatenate((at_z[: layout.witness], at_z[layout.range_columns]))
        masks = joined(extension, np.concatenate((at_z[layout.mask_a], at_z[layout.mask_b])))
        arguments = joined(extension, extension.combine(argument.on_h, weights))
        chunks = joined(extension, extension.combine(quotient.on_h, weights))

        before = np.roll(weights, 1, axis=0)
        ahead = np.zeros((len(compiled.next_columns), layout.degree), np.uint64)
        for number, column in enumerate(compiled.next_columns):
            if column < compiled.base_columns:
                position = layout.base_column(column)
                ahead[number] = extension.combine(committed.on_h[:, position : position + 1], before)[0]
            else:
                start = (column - compiled.base_columns) * layout.degree
                values = extension.combine(argument.on_h[:, start : start + layout.degree], before)
                ahead[number] = joined(extension, values)[0]
        return Openings(base, masks, arguments, chunks, ahead)

    def inverse_distances(self, z: Elements) -> Elements:
        """1/(x − z) for the points x of H: ``(N, e)``. Those of one z are kept: it is asked for twice."""
        kept_z, kept = self._inverse_distances
        if not np.array_equal(kept_z, z):
            p, extension = self.parameters, self.extension
            points = self.field.powers(self.field.root_of_unity(p.rows), p.rows)
            kept = extension.inverse(extension.subtract(extension.embed(points), z))
            self._inverse_distances = z, kept
        return kept

    def codewords_on_h(
        self, z: Elements, weights: Weights, rows: Elements, arguments: Elements, quotient: Committed
    ) -> tuple[Elements, Elements]:
        """G_A and G_B on H: ``(N, e)`` each."""
        inverse = self.inverse_distances(z)
        # 1/(ω^r − ωz) = ω^−1/(ω^(r−1) − z)
        omega = np.array(self.field.root_of_unity(len(rows)), np.uint64)
        inverse_next = self.extension.scale(np.roll(inverse, 1, axis=0), self.field.inverse(omega))
        g_a = weights.g_a(self.extension, rows, inverse)
        flat = arguments.reshape(len(rows), self.layout.argument * self.layout.degree)
        return g_a, weights.g_b(self.extension, rows, flat, quotient.on_h, inverse, inverse_next)

    def codeword(self, g_a: Elements, g_b: Elements, delta: Elements) -> tuple[Elements, Elements]:
        """G = G_A + δ·G_B on H and on D: ``(N, e)`` and ``(|D|, e)``.

        If the openings are right, G is a polynomial of degree below N, and so its values on H give all others.
        """
        on_h = self.extension.add(g_a, self.extension.multiply(g_b, delta))
        return on_h, self.to_d(on_h)

    # Low-degree test (section 6)

    def low_degree_test(self) -> LowDegreeTest:
        """FRI on D."""
        return self.instance.low_degree_test
