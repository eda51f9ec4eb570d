"""Why each message is absorbed: dropped from prover and verifier together, it allows the forgery shown here.

``without(name)`` is the protocol with one message left out. Every message has an entry: a forgery that the
weakened protocol accepts and the real one rejects, or the reason why there is none.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager

import numpy as np
import pytest
from attrs import evolve

from polyproof.constraints import Trace
from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.transcript import Transcript
from polyproof_stark.fri import Domain, fold_codeword, leaf_rows, leaves_of
from polyproof_stark.leaves import InclusionLeaves
from polyproof_stark.low_degree import LowDegreeTest
from polyproof_stark.opened_rows import verify_rows
from polyproof_stark.proof import StarkProof
from polyproof_stark.protocol import Openings
from polyproof_stark.prover import Prover
from polyproof_stark.verifier import constraints_at, verify
from stark.cheats import AltersChain, Forging, Truncating, TruncatingTest, Unranged, claimed_end
from stark.exchange import ACCOUNTS, ASSETS, PARAMETERS, Exchange
from stark.linear import solve

HONEST = Exchange()
P = 2**64 - 2**32 + 1
KINDS = ("absorb_text", "absorb_integers", "absorb_elements", "absorb_digests")


@contextmanager
def without(*names: str):
    """The protocol with these messages dropped on both sides."""
    kept = {kind: getattr(Transcript, kind) for kind in KINDS}

    def dropping(method):
        def say(self, name, *payload, **range_of):
            if not any(
                name == dropped or (dropped.endswith("*") and name.startswith(dropped[:-1])) for dropped in names
            ):
                method(self, name, *payload, **range_of)

        return say

    with pytest.MonkeyPatch.context() as patched:
        for kind, method in kept.items():
            patched.setattr(Transcript, kind, dropping(method))
        yield


def said() -> list[str]:
    """The names of all messages of one proof, in order."""
    names: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        for kind in KINDS:
            original = getattr(Transcript, kind)

            def spy(self, name, *payload, original=original, **range_of):
                names.append(name)
                original(self, name, *payload, **range_of)

            patched.setattr(Transcript, kind, spy)
        HONEST.verify(HONEST.prove().proof)
    return names[: len(names) // 2]


NO_FORGERY = {
    "label": "one protocol has this name; a change of it is another label, so that no proof of one is one of the other",
    "hash": "another hash gives other digests everywhere: no proof under one is a proof under another",
    "field": "another field has another encoding and other roots of unity; the verifier takes it from the options",
    "columns": "names only; the digest of the constraint system binds them and their order as well",
    "totals": "the public values τ determine the totals, and they are absorbed (see publics, dropped together)",
    "publics": "the totals determine τ, and they are absorbed (dropped together with totals below)",
    "rows": "n and U follow from the options and n decides every length the verifier reads",
    "options": "the verifier takes them from the spec, whose digest is absorbed, and they decide every length it reads",
    "tables and groups": "w, k and s follow from the options, n and the constraint system, all absorbed",
}
"""Messages that could be left out without a forgery, and why; they are absorbed all the same."""

SHOWN = {
    "audit context",
    "constraint system",
    "audit id",
    "segment",
    "trace root",
    "inclusion root",
    "argument root",
    "quotient root",
    "openings",
    "pair root",
    "layer 0 root",
    "layer 1 root",
    "layer 2 root",
    "layer 3 root",
    "layer 4 root",
    "chain 1 root",
    "chain 2 root",
    "chain 3 root",
    "chain 4 root",
    "final polynomial",
}
"""Messages whose absence the tests below exploit."""


def test_every_message_has_its_forgery_or_its_reason():
    assert {name for name in said() if name not in SHOWN | set(NO_FORGERY)} == set()


# Replays: what is not absorbed can be exchanged.


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("audit context", {"audit": b"another digest of thirty-two by!"}),
        ("audit id", {"audit_id": "audit-2"}),
        ("segment", {"segment": 1, "segments": 2}),
    ],
)
def test_without_the_context_a_proof_serves_another_audit(name, change):
    def replayed(proof: StarkProof) -> None:
        instance = HONEST.instance(engine=Engine.PORTABLE)
        other = evolve(instance, context=evolve(instance.context, **change))
        verify(other, proof, HONEST.hash(Engine.PORTABLE), HONEST.trees(Engine.PORTABLE))

    with without(name):
        replayed(HONEST.prove().proof)
    with pytest.raises(ProofRejected):
        replayed(HONEST.prove().proof)


def test_without_the_constraint_system_a_proof_serves_assets_of_other_names():
    """Equal widths, other symbols: only the digest and the column names tell them apart (and the audit context)."""
    renamed = [evolve(asset, symbol=f"X{asset.symbol}") for asset in ASSETS]
    rows = [(f"user-{k}", ACCOUNTS.balances(k)) for k in range(len(ACCOUNTS))]
    other = Exchange(Accounts.of(renamed, rows))
    data = HONEST.prove().proof
    with pytest.raises(ProofRejected):
        other.verify(data)
    with without("constraint system", "columns"):
        other.verify(HONEST.prove().proof)


# Roots: what is not absorbed can be chosen after the challenge.


class KnowsAlpha(Unranged):
    """Puts a limb out of range, and multiplicities that balance it for the one α that it knows."""

    alpha: np.ndarray
    row: int

    def trace_matrix(self, trace):
        rows = super().trace_matrix(trace)
        lookup = self.instance.compiled.lookups[0]
        table = self.layout.base_column(lookup.table)
        extension, modulus = self.extension, self.field.modulus
        limb = rows[self.row, 0]
        wanted = extension.inverse(extension.subtract(self.alpha, extension.embed(limb)))
        # Σ μ_i/(α − t_i) = 1/(α − limb) over F: e unknown multiplicities, e equations.
        rows_used = list(range(10, 10 + self.layout.degree))
        values = extension.embed(rows[rows_used, table])
        inverses = extension.inverse(extension.subtract(self.alpha, values))
        matrix = [[int(inverses[k][i]) for k in range(len(rows_used))] for i in range(self.layout.degree)]
        for row, extra in zip(rows_used, solve(matrix, [int(v) for v in wanted], modulus), strict=True):
            rows[row, table + 1] = (int(rows[row, table + 1]) + extra) % modulus
        return rows


def negative_balance() -> tuple[Trace, tuple[int, ...], int]:
    """A trace with one negative limb, and the totals it would have: a debt that lowers what is owed."""
    row = next(r for r in range(PARAMETERS.active - 1) if r not in set(HONEST.rows.tolist()))
    columns = HONEST.trace.columns.astype(np.uint64)
    columns[row, 0] = P - 1000
    btc, eth, usdt = HONEST.accounts.totals()
    totals = (btc - 1000, eth, usdt)
    # The carries of the last row follow the lower total.
    layout = HONEST.system.layout[0]
    carry, arithmetic = 0, HONEST.system.arithmetic
    for part in range(layout.parts - 1):
        weight = [1 << (HONEST.system.limb_bits * k) for k in range(arithmetic.part_limbs)]
        start = layout.first + part * arithmetic.part_limbs
        limbs = columns[: PARAMETERS.active - 1, start : start + arithmetic.part_limbs]
        sums = [sum(int(v) - (P if v > P // 2 else 0) for v in limbs[:, k]) for k in range(limbs.shape[1])]
        carry = (sum(w * s for w, s in zip(weight, sums, strict=False)) + carry) // arithmetic.part_base
        digits = arithmetic.carry_digits(carry)
        at = layout.first + part * len(digits)
        columns[PARAMETERS.active - 1, at : at + len(digits)] = digits
    return Trace(columns, HONEST.trace.publics), totals, row


def test_without_the_trace_root_a_negative_balance_passes():
    trace, totals, row = negative_balance()
    names = ("trace root", "inclusion root")
    with without(*names):
        # Nothing of the trace comes before α: it is the same for every trace.
        transcript = HONEST.instance(totals).begin(HONEST.hash())
        alpha = transcript.draw_extension("alpha", HONEST.instance().extension)
        lie = type("Lie", (KnowsAlpha,), {"alpha": alpha, "row": row})
        HONEST.verify(HONEST.prove(lie, trace=trace, totals=totals).proof, totals)
    lie = type("Lie", (KnowsAlpha, Truncating), {"alpha": alpha, "row": row})
    with pytest.raises(ProofRejected):
        HONEST.verify(HONEST.prove(lie, trace=trace, totals=totals).proof, totals)


def test_without_the_inclusion_root_a_user_is_shown_a_row_that_was_not_summed():
    """The mask under the leaf is chosen after γ, so that the false row gives the true G_A."""
    position = next(k for k in range(len(ACCOUNTS)) if ACCOUNTS.balances(k)[0] > 10**6)
    row = int(HONEST.rows[position])
    false = list(ACCOUNTS.balances(position))
    false[0] -= 12345
    limbs = HONEST.system.account_row(false)

    class LateLeaf(Prover):
        weights = None

        def codewords_on_h(self, z, weights, rows, arguments, quotient):
            type(self).weights = weights
            return super().codewords_on_h(z, weights, rows, arguments, quotient)

    def forged():
        result = HONEST.prove(LateLeaf)
        weights, extension = LateLeaf.weights, HONEST.instance().extension
        opened, count = HONEST.trace.columns.astype(np.uint64), len(limbs)
        gap = extension.subtract(
            extension.dot(opened[row : row + 1], weights.a[:count]), extension.dot(limbs[None], weights.a[:count])
        )[0]
        mask = result.mask.copy()
        opened[row], mask[row] = limbs, extension.add(mask[row], gap)
        made = InclusionLeaves.of(HONEST.instance(), HONEST.hash())
        leaves, last = made.unopened(len(mask)), len(HONEST.tags)
        made.fill(leaves[:last], np.concatenate((opened[:last], mask[:last]), axis=1), HONEST.tags)
        tree = HONEST.trees()["inclusion"].commit(leaves)
        proof = evolve(result.proof, inclusion_root=tree.root)
        return evolve(result, proof=proof, inclusion_tree=tree, mask=mask)

    with without("inclusion root"):
        result = forged()
        accepted = HONEST.verify(result.proof)
        HONEST.check(accepted, HONEST.cut(result, position), f"user-{position}", false)
    with pytest.raises(ProofRejected):
        HONEST.verify(forged().proof)


class KnowsEta(Prover):
    """Breaks two constraints on one row so that they cancel for the η it knows: totals of its choice."""

    def argument_matrix(self, rows, alpha, lam):
        arguments = super().argument_matrix(rows, alpha, lam)
        extension, compiled = self.extension, self.instance.compiled
        eta = self.known_eta()
        column = compiled.accumulator - compiled.base_columns
        names = {item.name: number for number, item in enumerate(compiled.constraints)}
        powers = extension.powers(eta, len(compiled.constraints))
        row = 3
        jump = extension.subtract(claimed_end(self, [alpha, lam]), arguments[self.parameters.active, column])
        arguments[row + 1 : self.parameters.active + 1, column] = extension.add(
            arguments[row + 1 : self.parameters.active + 1, column], jump
        )
        # acc grows too much by jump on this row: η^grows·(jump + ε)·(ω^r − ω^{U−1}) must be cancelled by
        # what h_T, off by ε there, does to its own constraint and to the sum: h_T enters the sum with +1.
        lookup = compiled.lookups[0]
        helper = lookup.helpers + len(lookup.groups) - compiled.base_columns
        omega = self.field.root_of_unity(self.parameters.rows)
        point, last = pow(omega, row, P), pow(omega, self.parameters.active - 1, P)
        table = rows[row, self.layout.base_column(lookup.table)]
        grows = extension.scale(powers[names["accumulator grows"]], np.array((point - last) % P, np.uint64))
        own = extension.multiply(
            powers[names["range8.table helper0"]], extension.subtract(alpha, extension.embed(table))
        )
        # grows·(jump + ε) + own·ε = 0
        epsilon = extension.negate(
            extension.multiply(extension.multiply(grows, jump), extension.inverse(extension.add(grows, own)))
        )
        arguments[row, helper] = extension.add(arguments[row, helper], epsilon)
        return arguments

    def trace_matrix(self, trace):
        self.rows = super().trace_matrix(trace)
        return self.rows

    def commit_trace(self, rows):
        self.committed = super().commit_trace(rows)
        return self.committed

    def commit_inclusion(self, rows, tags):
        self.inclusion = super().commit_inclusion(rows, tags)
        return self.inclusion

    def known_eta(self):
        transcript = self.instance.begin(self.hash)
        transcript.absorb_digests("trace root", self.committed.tree.root)
        transcript.absorb_digests("inclusion root", self.inclusion.root)
        transcript.draw_extension("alpha", self.extension)
        transcript.draw_extension("lambda", self.extension)
        return transcript.draw_extension("constraint challenge", self.extension)


def test_without_the_argument_root_a_total_of_choice_passes():
    btc, eth, usdt = HONEST.accounts.totals()
    totals = (btc - 1000, eth, usdt)
    with without("argument root"):
        HONEST.verify(HONEST.prove(KnowsEta, totals=totals).proof, totals)
    lie = type("Lie", (KnowsEta, Truncating), {})
    with pytest.raises(ProofRejected):
        HONEST.verify(HONEST.prove(lie, totals=totals).proof, totals)


class KnowsZ(Truncating):
    """Chooses the quotient after z: any polynomials with the right value there."""

    def quotient_chunks(self, committed, argument, challenges, eta):
        extension = self.extension
        chunks = extension.random((self.parameters.rows, self.layout.chunks))
        transcript = self.instance.begin(self.hash)
        transcript.absorb_digests("trace root", committed.tree.root)
        transcript.absorb_digests("inclusion root", self.inclusion.root)
        transcript.draw_extension("alpha", extension)
        transcript.draw_extension("lambda", extension)
        transcript.absorb_digests("argument root", argument.tree.root)
        transcript.draw_extension("constraint challenge", extension)
        z = transcript.draw_extension("z", extension)
        quotient = self.commit_quotient(chunks)
        openings = self.open_at(z, committed, argument, quotient)
        step = extension.power(z, self.parameters.active)
        powers = extension.powers(step, self.layout.chunks)
        have = extension.sum(extension.multiply(openings.chunks, powers), axis=0)
        missing = extension.subtract(constraints_at(self.instance, openings, challenges, eta, z), have)
        chunks[0, 0] = extension.add(chunks[0, 0], missing)
        return chunks

    def commit_inclusion(self, rows, tags):
        self.inclusion = super().commit_inclusion(rows, tags)
        return self.inclusion


def test_without_the_quotient_root_any_totals_pass():
    btc, eth, usdt = HONEST.accounts.totals()
    totals = (btc - 1000, eth, usdt)
    with without("quotient root"):
        HONEST.verify(HONEST.prove(KnowsZ, totals=totals).proof, totals)
    with pytest.raises(ProofRejected):
        HONEST.verify(HONEST.prove(KnowsZ, totals=totals).proof, totals)


class KnowsGamma(Forging):
    """Claims a false chunk value, and a false value of h_T whose γ-weighted errors cancel."""

    def open_at(self, z, committed, argument, quotient):
        forged = super().open_at(z, committed, argument, quotient)
        honest = Prover.open_at(self, z, committed, argument, quotient)
        if not hasattr(self, "gamma"):
            return forged
        extension, layout = self.extension, self.layout
        powers = extension.powers(self.gamma, 2 + layout.range + layout.argument + layout.chunks)
        # The opened value of chunk 1 moves by x and that of chunk 0 by y: the identity wants
        # y + z^{N−d}·x = wrong, the codeword γ^k·y + γ^{k+1}·x = 0.
        step = extension.power(z, self.parameters.active)
        wrong = extension.subtract(forged.chunks[0], honest.chunks[0])
        denominator = extension.subtract(step, extension.multiply(powers[1], powers[0]))
        x = extension.multiply(wrong, extension.inverse(denominator))
        y = extension.negate(extension.multiply(powers[1], x))
        chunks = honest.chunks.copy()
        chunks[0] = extension.add(chunks[0], y)
        chunks[1] = extension.add(chunks[1], x)
        return Openings(honest.base, honest.masks, honest.argument, chunks, honest.ahead)


def test_without_the_openings_false_values_at_z_cancel():
    """γ known before the openings: two false values whose errors cancel in the codeword."""
    btc, eth, usdt = HONEST.accounts.totals()
    totals = (btc - 1000, eth, usdt)

    class Lie(KnowsGamma):
        def commit_quotient(self, chunks):
            quotient = super().commit_quotient(chunks)
            transcript = self.instance.begin(self.hash)
            transcript.absorb_digests("trace root", self.committed.tree.root)
            transcript.absorb_digests("inclusion root", self.inclusion.root)
            transcript.draw_extension("alpha", self.extension)
            transcript.draw_extension("lambda", self.extension)
            transcript.absorb_digests("argument root", self.argued.tree.root)
            transcript.draw_extension("constraint challenge", self.extension)
            transcript.absorb_digests("quotient root", quotient.tree.root)
            transcript.draw_extension("z", self.extension)
            self.gamma = transcript.draw_extension("gamma", self.extension)
            return quotient

        def commit_trace(self, rows):
            self.committed = super().commit_trace(rows)
            return self.committed

        def commit_inclusion(self, rows, tags):
            self.inclusion = super().commit_inclusion(rows, tags)
            return self.inclusion

        def commit_argument(self, arguments):
            self.argued = super().commit_argument(arguments)
            return self.argued

        def quotient_chunks(self, committed, argument, challenges, eta):
            # Low-degree chunks, so that only their claimed values are false.
            super().quotient_chunks(committed, argument, challenges, eta)
            return self.extension.random((self.parameters.rows, self.layout.chunks))

    with without("openings"):
        HONEST.verify(HONEST.prove(Lie, totals=totals).proof, totals)
    with pytest.raises(ProofRejected):
        HONEST.verify(HONEST.prove(Lie, totals=totals).proof, totals)


def shown_to_user() -> tuple[int, int, list[int]]:
    """A user whose balance was lowered in the proof, the row, and the true balances."""
    position = next(k for k in range(len(ACCOUNTS)) if ACCOUNTS.balances(k)[0] > 10**6)
    return position, int(HONEST.rows[position]), list(ACCOUNTS.balances(position))


def lowered_exchange(position: int) -> Exchange:
    rows = [(f"user-{k}", list(ACCOUNTS.balances(k))) for k in range(len(ACCOUNTS))]
    rows[position][1][0] -= 1000
    return Exchange(Accounts.of(ASSETS, [(user, tuple(values)) for user, values in rows]))


def test_without_the_pair_root_a_user_accepts_a_row_that_was_lowered_in_the_proof():
    """δ known before the pair tree: G_B at the row is chosen so that the sum is the right one."""
    position, row, balances = shown_to_user()
    liar = lowered_exchange(position)
    limbs = HONEST.system.account_row(balances)

    class Lie(Prover):
        def commit_inclusion(self, rows, tags):
            self.altered = rows.copy()
            self.altered[row, : len(limbs)] = limbs
            self.inclusion = super().commit_inclusion(self.altered, tags)
            return self.inclusion

        def codewords_on_h(self, z, weights, rows, arguments, quotient):
            honest, g_b = super().codewords_on_h(z, weights, rows, arguments, quotient)
            shown, _ = super().codewords_on_h(z, weights, self.altered, arguments, quotient)
            g_a, g_b = honest.copy(), g_b.copy()
            g_a[row] = shown[row]
            error = self.extension.subtract(honest[row], shown[row])
            g_b[row] = self.extension.add(g_b[row], self.extension.multiply(error, self.extension.inverse(self.delta)))
            return g_a, g_b

        def open_at(self, z, committed, argument, quotient):
            openings = super().open_at(z, committed, argument, quotient)
            transcript = self.instance.begin(self.hash)
            transcript.absorb_digests("trace root", committed.tree.root)
            transcript.absorb_digests("inclusion root", self.inclusion.root)
            transcript.draw_extension("alpha", self.extension)
            transcript.draw_extension("lambda", self.extension)
            transcript.absorb_digests("argument root", argument.tree.root)
            transcript.draw_extension("constraint challenge", self.extension)
            transcript.absorb_digests("quotient root", quotient.tree.root)
            transcript.draw_extension("z", self.extension)
            transcript.absorb_elements("openings", openings.all(), below=self.field.modulus)
            transcript.draw_extension("gamma", self.extension)
            self.delta = transcript.draw_extension("delta", self.extension)
            return openings

    def try_it():
        result = liar.prove(Lie)
        accepted = liar.verify(result.proof)
        liar.check(accepted, liar.cut(result, position), f"user-{position}", balances)

    with without("pair root"):
        try_it()
    with pytest.raises(ProofRejected):
        try_it()


# Layers: a fold challenge known before its layer.


def peek(transcript: Transcript, extension):
    """The next challenge of a transcript, on a copy."""
    return copy.copy(transcript).draw_extension("ahead", extension)


class FoldsToZero(TruncatingTest):
    """Commits to nonsense, and at one layer changes one slot of every coset so that it folds to zero."""

    def __init__(self, test, number):
        super().__init__(test.extension, test.folding, test.domain, test.queries, test.grinding)
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "first", None)

    def fold_all(self, transcript, codeword, tree, chain):
        domain, layers = self.domain, []
        for number, arity in enumerate(self.folding.arities):
            if number == self.number:
                codeword = self.folding_to_zero(codeword, domain, arity, peek(transcript, self.extension))
            if not number:
                object.__setattr__(self, "first", codeword)
            rows = leaf_rows(codeword, arity)
            layers.append((rows, tree.commit(rows)))
            transcript.absorb_digests(f"layer {number} root", layers[-1][1].root)
            challenge = transcript.draw_extension(f"fold {number}", self.extension)
            codeword = fold_codeword(self.extension, codeword, domain, arity, challenge)
            domain = domain.folded(arity, self.field)
        return layers, [], self.final_polynomial(codeword, domain)

    def folding_to_zero(self, codeword, domain, arity, challenge):
        extension, count = self.extension, domain.size // arity
        folded = fold_codeword(extension, codeword, domain, arity, challenge)
        unit = np.zeros_like(codeword)
        unit[:count, 0] = 1
        weight = fold_codeword(extension, unit, domain, arity, challenge)
        changed = codeword.copy()
        change = extension.multiply(folded, extension.inverse(weight))
        changed[:count] = extension.subtract(codeword[:count], change)
        return changed


@pytest.mark.parametrize("number", range(len(PARAMETERS.folding.arities)))
def test_without_a_layer_root_a_codeword_far_from_every_polynomial_passes(number):
    """At layer 0 always. At a later layer a query sees the changed slot with chance 1/arity only: some tries."""
    extension, honest = HONEST.instance().extension, HONEST.instance().low_degree_test
    test = LowDegreeTest(extension, honest.folding, honest.domain, 2, 0)
    tree = HONEST.trees()["fri"]

    def passes(attempt: int) -> bool:
        label = f"attempt {attempt}"
        liar = FoldsToZero(test, number)
        proof, indices, _ = liar.prove(Transcript(HONEST.hash(), label), extension.random((test.domain.size,)), tree)
        folds, drawn = test.replay(Transcript(HONEST.hash(), label), proof)
        assert drawn == indices
        verify_rows(test.opened_cosets(proof, indices, tree), test.field.modulus)
        try:
            test.check(proof, indices, liar.first[indices], folds)
        except ProofRejected:
            return False
        return True

    with without(f"layer {number} root"):
        assert any(passes(attempt) for attempt in range(1 if number == 0 else 40))
    assert not any(passes(attempt) for attempt in range(5))


class BendsChain(AltersChain):
    """Alters a pair, and in one chain layer another slot of the same coset, so that it folds as the honest one."""

    number = 0

    def low_degree_test(self):
        return BendsChainTest(self.instance.low_degree_test, self.difference, next(iter(self.shown)), self.number)


class BendsChainTest(LowDegreeTest):
    """Knows the fold challenge of one chain layer before it commits to that layer."""

    def __init__(self, test, difference, row, number):
        super().__init__(test.extension, test.folding, test.domain, test.queries, test.grinding)
        object.__setattr__(self, "difference", difference)
        object.__setattr__(self, "row", row)
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "state", {})

    def fold_all(self, transcript, codeword, tree, chain):
        self.state.update(transcript=transcript, layer=0, tree=chain.tree)
        return super().fold_all(transcript, codeword, tree, evolve(chain, tree=_Hooked(chain.tree, self)))

    def bend(self, rows):
        """Called when a chain layer is committed: the transcript is at its root."""
        self.state["layer"] += 1
        if self.state["layer"] != self.number:
            return rows
        extension, arity = self.extension, self.folding.arities[self.number]
        size = HONEST.parameters.rows
        for folded in self.folding.arities[: self.number]:
            size //= folded
        challenge = peek(self.state["transcript"], extension)
        count = size // arity
        index = self.row % size
        leaf, slot = index % count, index // count
        other = (slot + 1) % arity
        domain = Domain(size, 1)  # Every layer of the chain is folded on a subgroup of H.

        def folded_with(coset):
            word = np.zeros((size, extension.degree), np.uint64)
            word[leaf::count] = coset
            return fold_codeword(extension, word, domain, arity, challenge)[leaf]

        own = np.zeros((arity, extension.degree), np.uint64)
        own[slot] = self.difference_at(index)
        unit = np.zeros_like(own)
        unit[other, 0] = 1
        change = extension.multiply(folded_with(own), extension.inverse(folded_with(unit)))
        changed = rows.copy()
        place = slice(other * extension.degree, (other + 1) * extension.degree)
        changed[leaf, place] = extension.subtract(rows[leaf, place], change)
        self.state["bent"] = True
        return changed

    def difference_at(self, index):
        return self.difference[index]

    def fold_chain(self, word, domain, arity, challenge):
        folded = super().fold_chain(word, domain, arity, challenge)
        difference = super().fold_chain(self.difference, domain, arity, challenge)
        if self.state.get("bent"):
            folded, difference = self.extension.subtract(folded, difference), np.zeros_like(difference)
        object.__setattr__(self, "difference", difference)
        return folded


class _Hooked:
    """A tree that lets the liar change rows before they are committed."""

    def __init__(self, tree, liar):
        self.tree, self.liar, self.hash = tree, liar, tree.hash

    def commit(self, rows):
        changed = self.liar.bend(rows)
        rows[:] = changed
        return self.tree.commit(rows)


@pytest.mark.parametrize("number", range(1, len(PARAMETERS.folding.arities)))
def test_without_a_chain_root_a_user_accepts_a_row_that_was_lowered_in_the_proof(number):
    position, row, balances = shown_to_user()
    liar = lowered_exchange(position)
    lie = type("Lie", (BendsChain,), {"shown": {row: HONEST.system.account_row(balances)}, "number": number})

    def try_it():
        result = liar.prove(lie)
        accepted = liar.verify(result.proof)
        liar.check(accepted, liar.cut(result, position), f"user-{position}", balances)

    with without(f"chain {number} root"):
        try_it()
    with pytest.raises(ProofRejected):
        try_it()


class KnowsQueries(Truncating):
    """Chooses the final polynomial after the queries: it interpolates what they will be folded to."""

    def low_degree_test(self):
        test = self.instance.low_degree_test
        return InterpolatingTest(test.extension, test.folding, test.domain, test.queries, 0)


class InterpolatingTest(TruncatingTest):
    """Needs no more queries than the final polynomial has coefficients."""

    def fold_all(self, transcript, codeword, tree, chain):
        object.__setattr__(self, "transcript", transcript)
        return super().fold_all(transcript, codeword, tree, chain)

    def final_polynomial(self, codeword, domain):
        ahead = copy.copy(self.transcript)
        ahead.grind(0)
        indices = self.draw_queries(ahead)
        for leaves in leaves_of(self.folding, self.domain.size, indices):
            positions = leaves
        points = [int(x) for x in domain.points(self.field, positions)]
        matrix = [[pow(x, k, P) for k in range(len(points))] for x in points]
        final = np.zeros((self.folding.final_bound, self.extension.degree), np.uint64)
        for part in range(self.extension.degree):
            right = [int(codeword[position, part]) for position in positions]
            final[: len(points), part] = solve(matrix, right, P)
        return final


def test_without_the_final_polynomial_any_totals_pass():
    """With 30 queries and 32 coefficients; with more queries the bound on the error would still be lost."""
    ungrounded = Exchange(parameters=evolve(PARAMETERS, grinding=0))
    btc, eth, usdt = ungrounded.accounts.totals()
    totals = (btc - 1000, eth, usdt)
    lie = type("Lie", (KnowsQueries, Forging), {})
    with without("final polynomial"):
        ungrounded.verify(ungrounded.prove(lie, totals=totals).proof, totals)
    with pytest.raises(ProofRejected):
        ungrounded.verify(ungrounded.prove(lie, totals=totals).proof, totals)


def test_the_grinding_nonce_decides_the_queries():
    """Were it not absorbed, queries could be seen before the work is done, and the work done once at the end."""
    test = HONEST.instance().low_degree_test

    def queries(nonce: int) -> list[int]:
        transcript = Transcript(HONEST.hash(), "nonce")
        transcript.absorb_nonce(nonce)
        return test.draw_queries(transcript)

    assert queries(1) == queries(1) != queries(2)
