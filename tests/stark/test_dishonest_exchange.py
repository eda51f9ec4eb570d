"""The dishonest exchange: every lie it might tell, each as clever as the protocol lets it be, each rejected."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from polyproof.constraints import Trace
from polyproof.engine import Engine
from polyproof.errors import InputError, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof_stark.layout import joined
from polyproof_stark.prover import Prover
from polyproof_stark.tags import account_nonces, account_tag
from stark.cheats import (
    AltersChain,
    BendsTheTable,
    ClosesTheSum,
    Forging,
    OpensOtherRows,
    Truncating,
    Unranged,
)
from stark.exchange import ACCOUNTS, ASSETS, KEY, PARAMETERS, Exchange, cut_row, some_accounts

P = 2**64 - 2**32 + 1
HONEST = Exchange()
ACTIVE = PARAMETERS.active


@pytest.fixture(scope="module")
def honest():
    result = HONEST.prove()
    return result, HONEST.verify(result.proof)


def balances(position: int) -> tuple[int, ...]:
    return HONEST.accounts.balances(position)


def with_columns(change) -> Trace:
    """The honest trace with some cells changed."""
    columns = HONEST.trace.columns.astype(np.uint64)
    change(columns)
    return Trace(columns, HONEST.trace.publics)


def ways_on(*lies: type[Prover]) -> list[type[Prover]]:
    """A lie with either way to go on."""
    return [type(f"{way.__name__}Lie", (*lies, way), {}) for way in (Truncating, Forging)]


def test_honest_proof_is_accepted_and_users_find_their_own_balances(honest):
    result, accepted = honest
    for position in (0, 1, 17, 299):
        HONEST.check(accepted, HONEST.cut(result, position), f"user-{position}", balances(position))


def test_honest_prover_refuses_a_trace_that_breaks_a_constraint_and_names_it():
    row = int(HONEST.rows[5])
    broken = with_columns(lambda columns: columns.__setitem__((row, 0), (int(columns[row, 0]) + 1) % 256))
    with pytest.raises(InputError, match="sum '"):
        HONEST.prove(trace=broken)


# Lies about one balance


def lowered(position: int) -> Exchange:
    """The exchange with one balance lowered, and so with lower totals: a valid proof of a lie."""
    rows = [(f"user-{k}", list(balances(k))) for k in range(len(ACCOUNTS))]
    rows[position][1][0] -= 1000
    return Exchange(Accounts.of(ASSETS, [(user, tuple(values)) for user, values in rows]))


RICH = next(k for k in range(len(ACCOUNTS)) if ACCOUNTS.balances(k)[0] > 10**6)


@pytest.mark.parametrize(
    ("layers", "check"), [(None, "own-row"), (0, "fold"), (1, "fold"), (2, "final-polynomial"), (9, "final-polynomial")]
)
def test_balance_lowered_only_in_the_proof_is_caught_by_its_user(layers, check):
    """The opened row is the honest one; of its chain nothing, the pair, some layers or all of it is altered."""
    liar = lowered(RICH)
    row = int(liar.rows[RICH])
    shown = {row: HONEST.system.account_row(balances(RICH))}
    base = OpensOtherRows if layers is None else AltersChain
    prover = type("Lie", (base,), {"shown": shown, "layers": layers})
    result = liar.prove(prover)
    accepted = liar.verify(result.proof)
    with pytest.raises(ProofRejected) as caught:
        liar.check(accepted, liar.cut(result, RICH), f"user-{RICH}", balances(RICH))
    assert caught.value.check == check


def test_balance_lowered_only_in_the_opened_row_is_caught_by_its_user():
    """The other way round: the sums are right, the row that the user is shown is not."""
    row = int(HONEST.rows[RICH])
    lower = list(balances(RICH))
    lower[0] -= 1000
    prover = type("Lie", (OpensOtherRows,), {"shown": {row: HONEST.system.account_row(lower)}})
    result = HONEST.prove(prover)
    accepted = HONEST.verify(result.proof)
    inclusion = HONEST.cut(result, RICH)
    with pytest.raises(ProofRejected, match="root"):
        HONEST.check(accepted, inclusion, f"user-{RICH}", balances(RICH))
    with pytest.raises(ProofRejected, match="own row"):
        HONEST.check(accepted, inclusion, f"user-{RICH}", lower)


def test_a_trace_of_zeros_under_honest_openings_is_caught_by_every_user():
    empty = Exchange(Accounts.of(ASSETS, [(f"user-{k}", (0, 0, 0)) for k in range(len(ACCOUNTS))]))
    shown = {int(row): HONEST.system.account_row(balances(k)) for k, row in enumerate(HONEST.rows)}
    for base in (OpensOtherRows, AltersChain):
        result = empty.prove(type("Lie", (base,), {"shown": shown, "layers": 9}))
        accepted = empty.verify(result.proof)
        assert accepted.proof is not None
        for position in (0, RICH, 42):
            if any(balances(position)):
                with pytest.raises(ProofRejected):
                    empty.check(accepted, empty.cut(result, position), f"user-{position}", balances(position))


# Lies about limbs, multiplicities, carries


@pytest.mark.parametrize("finish", [ClosesTheSum, BendsTheTable, None])
@pytest.mark.parametrize("limb", [P - 1, P - 1000, 256, 2**16, 2**32, P // 2])
def test_a_negative_or_overflowing_limb_is_rejected(limb, finish):
    row = int(HONEST.rows[7])
    trace = with_columns(lambda columns: columns.__setitem__((row, 2), limb))
    lies = (Unranged,) if finish is None else (finish, Unranged)
    for prover in ways_on(*lies):
        with pytest.raises(ProofRejected):
            HONEST.verify(HONEST.prove(prover, trace=trace).proof)


def test_a_limb_that_overflows_into_its_neighbour_is_rejected():
    """ℓ_0 + 256 with ℓ_1 − 1: the same balance, the same totals; only the range is wrong."""
    position = next(k for k in range(len(ACCOUNTS)) if (ACCOUNTS.balances(k)[0] >> 8) & 255)
    row = int(HONEST.rows[position])

    def change(columns):
        columns[row, 0] += 256
        columns[row, 1] -= 1

    for prover in ways_on(Unranged) + ways_on(ClosesTheSum, Unranged):
        with pytest.raises(ProofRejected):
            HONEST.verify(HONEST.prove(prover, trace=with_columns(change)).proof)


class ForgedMultiplicities(Prover):
    """Counts a value once too often and another once too seldom."""

    def multiplicities(self, rows, values, bits):
        counts = super().multiplicities(rows, values, bits).copy()
        counts[0] -= 1
        counts[1] += 1
        return counts


def test_forged_multiplicities_are_rejected():
    for prover in ways_on(ForgedMultiplicities) + ways_on(ClosesTheSum, ForgedMultiplicities):
        with pytest.raises(ProofRejected):
            HONEST.verify(HONEST.prove(prover).proof)


def test_a_forged_carry_is_rejected():
    """A carry one too large would lower a part's total by the part's base."""
    layout = next(item for item in HONEST.system.layout if item.parts > 1)

    def change(columns):
        columns[ACTIVE - 1, layout.first] += 1

    assert int(HONEST.trace.columns[ACTIVE - 1, layout.first]) < 255
    for prover in ways_on() + ways_on(ClosesTheSum):
        with pytest.raises(ProofRejected):
            HONEST.verify(HONEST.prove(prover, trace=with_columns(change)).proof)


# Lies about totals


def other_totals() -> list[tuple[str, tuple[int, ...]]]:
    btc, eth, usdt = HONEST.accounts.totals()
    cases = [("one less", (btc - 1, eth, usdt)), ("one more", (btc + 1, eth, usdt)), ("p less", (btc, eth - P, usdt))]
    cases += [("p more", (btc + P, eth, usdt)), ("moved", (btc - 5, eth + 5, usdt))]
    cases += [(f"2^{bits} less", (btc, eth - (1 << bits), usdt)) for bits in (8, 16, 24, 32, 48, 64)]
    cases += [("swapped", (usdt, eth, btc))]
    return cases


@pytest.mark.parametrize(("name", "totals"), other_totals(), ids=[name for name, _ in other_totals()])
def test_other_totals_are_rejected(name, totals):
    for prover in ways_on() + ways_on(ClosesTheSum):
        with pytest.raises(ProofRejected):
            HONEST.verify(HONEST.prove(prover, totals=totals).proof, totals)


@pytest.mark.parametrize("name", ["one less", "p more", "moved"])
def test_an_honest_proof_does_not_serve_other_totals(honest, name):
    totals = dict(other_totals())[name]
    with pytest.raises(ProofRejected):
        HONEST.verify(honest[0].proof, totals)


def test_a_total_that_no_accounts_can_have_is_rejected(honest):
    _, eth, usdt = HONEST.accounts.totals()
    for total in (-1, (ACTIVE - 1) * (2**64 - 1) + 1, 2**200):
        with pytest.raises(ProofRejected, match="not in") as caught:
            HONEST.verify(honest[0].proof, (total, eth, usdt))
        assert caught.value.check == "total-range"


def test_totals_for_more_or_fewer_assets_are_rejected_as_such(honest):
    totals = HONEST.accounts.totals()
    for changed in ((), totals[:2], (*totals, 0)):
        with pytest.raises(ProofRejected) as caught:
            HONEST.verify(honest[0].proof, changed)
        assert caught.value.check == "total-count"


# Lies about rows


def placed_at(row: int, position: int = RICH) -> dict[int, np.ndarray]:
    """The tag that puts a user on another row."""
    user = HONEST.accounts.ids.encoded(position)
    (nonce,) = account_nonces(KEY, HONEST.statement, [row], [user])
    return {row: account_tag(HONEST.hash(), HONEST.statement, user, nonce)}


def padding_row() -> int:
    return next(r for r in range(ACTIVE - 1) if r not in set(HONEST.rows.tolist()))


@pytest.mark.parametrize(
    ("row", "where"),
    [(ACTIVE, "blinding"), (PARAMETERS.rows - 1, "blinding"), (ACTIVE - 1, "carry"), (padding_row(), "padding")],
)
def test_a_user_on_a_row_that_is_not_summed_is_rejected(row, where):
    """The row shows the right balances, and all of its chain is altered to match."""
    shown = {row: HONEST.system.account_row(balances(RICH))}
    prover = type("Lie", (AltersChain,), {"shown": shown, "placed": placed_at(row), "layers": 9})
    result = HONEST.prove(prover)
    accepted = HONEST.verify(result.proof)
    with pytest.raises(ProofRejected) as caught:
        HONEST.check(accepted, HONEST.cut(result, RICH, row), f"user-{RICH}", balances(RICH))
    assert caught.value.check == ("final-polynomial" if where == "padding" else "row")


def test_users_on_the_first_and_on_the_last_row_of_accounts_find_their_own_balances():
    two = Exchange(some_accounts(2))
    two.__dict__["rows"] = np.array([0, ACTIVE - 2])
    result = two.prove()
    accepted = two.verify(result.proof)
    for position in (0, 1):
        two.check(accepted, two.cut(result, position), f"user-{position}", two.accounts.balances(position))


def test_a_row_beyond_the_trace_is_refused_when_the_file_is_read(honest):
    result, accepted = honest
    inclusion = HONEST.cut(result, RICH)
    for row in (PARAMETERS.rows, PARAMETERS.rows + 1, 2**64 - 1):
        with pytest.raises(ProofRejected) as caught:
            HONEST.check(accepted, evolve(inclusion, row=row), f"user-{RICH}", balances(RICH))
        assert caught.value.check == "range"


def test_a_user_on_a_blinding_row_that_holds_the_right_balances_is_rejected():
    """The blinding row really holds the balances in the proof: only its place is wrong."""
    row = ACTIVE + 3
    limbs = HONEST.system.account_row(balances(RICH))

    class Lie(OpensOtherRows):
        placed = placed_at(row)

        def trace_matrix(self, trace):
            rows = super().trace_matrix(trace)
            rows[row, : len(limbs)] = limbs
            return rows

    result = HONEST.prove(Lie)
    accepted = HONEST.verify(result.proof)
    with pytest.raises(ProofRejected, match="not an account's"):
        HONEST.check(accepted, HONEST.cut(result, RICH, row), f"user-{RICH}", balances(RICH))


def test_a_user_on_another_users_row_is_rejected(honest):
    result, accepted = honest
    inclusion = HONEST.cut(result, RICH, int(HONEST.rows[RICH]))
    other = (RICH + 1) % len(ACCOUNTS)
    with pytest.raises(ProofRejected):
        HONEST.check(accepted, inclusion, f"user-{other}", balances(RICH))
    with pytest.raises(ProofRejected):
        HONEST.check(accepted, inclusion, f"user-{other}", balances(other))


def test_two_users_with_equal_balances_cannot_share_a_leaf():
    """Both balances are right; the row is counted once, and its tag serves one of them."""
    rows = [(f"user-{k}", balances(k)) for k in range(50)] + [("twin-1", (5, 6, 7))]
    one = Exchange(Accounts.of(ASSETS, rows))
    result = one.prove()
    accepted = one.verify(result.proof)
    inclusion = one.cut(result, 50)
    one.check(accepted, inclusion, "twin-1", (5, 6, 7))
    with pytest.raises(ProofRejected):
        one.check(accepted, inclusion, "twin-2", (5, 6, 7))
    forged = cut_row(one.parameters, result, int(one.rows[50]), b"another nonce of thirty-two byte")
    with pytest.raises(ProofRejected):
        one.check(accepted, forged, "twin-2", (5, 6, 7))


# Lies about polynomials and messages


class LongTrace(Truncating):
    """Commits a column of degree N + 3 that agrees with the honest one on all of H, and opens the honest one."""

    def commit_trace(self, rows):
        self.honest = honest = super().commit_trace(rows)
        domain = self.instance.evaluation_domain
        points = domain.points_between(self.field, 0, domain.size)
        vanishing = self.field.subtract(self.field.power(points, self.parameters.rows), 1)
        bump = self.field.multiply(vanishing, self.field.power(points, 3))
        extended = honest.extended.copy()
        extended[:, 1] = self.field.add(extended[:, 1], bump)
        self.committed_trace = self.commit_columns("trace", rows, extended)
        return self.committed_trace

    def quotient_chunks(self, committed, argument, challenges, eta):
        return super().quotient_chunks(self.honest, argument, challenges, eta)


class LongQuotient(Truncating):
    """Commits a chunk of degree above N, and opens the honest one."""

    def commit_quotient(self, chunks):
        honest = super().commit_quotient(chunks)
        flat, domain = chunks.reshape(len(chunks), -1), self.instance.evaluation_domain
        self.longer = np.zeros((2 * len(flat), flat.shape[1]), np.uint64)
        self.longer[: len(flat)] = flat
        self.longer[len(flat) + 5, 0] = 1
        extended = self.field.extend(self.longer, domain.size, domain.shift)
        return self.commit_columns("quotient", honest.on_h, extended)


class OpenedLongQuotient(LongQuotient):
    """Opens it as it is."""

    def open_at(self, z, committed, argument, quotient):
        openings = super().open_at(z, committed, argument, quotient)
        return evolve(openings, chunks=joined(self.extension, self.extension.evaluate(self.longer, z)))


@pytest.mark.parametrize(
    ("prover", "check"),
    [
        (LongTrace, "final-polynomial"),
        (LongQuotient, "final-polynomial"),
        (OpenedLongQuotient, "constraint-identity"),
    ],
)
def test_a_polynomial_of_another_degree_is_rejected(prover, check):
    with pytest.raises(ProofRejected) as caught:
        HONEST.verify(HONEST.prove(prover).proof)
    assert caught.value.check == check


def test_a_codeword_of_honest_values_on_h_does_not_hide_a_polynomial_of_another_degree():
    """G from H is a polynomial, whatever was committed on D: the rows there give other values."""
    for long in (LongTrace, LongQuotient):
        on_h = type("OnH", (long,), {"codeword": Prover.codeword})
        with pytest.raises(ProofRejected) as caught:
            HONEST.verify(HONEST.prove(on_h).proof)
        assert caught.value.check == "fold"


def test_skipped_grinding_is_rejected(honest):
    proof = honest[0].proof
    rejected = set()
    for nonce in range(8):
        if nonce == proof.low_degree.nonce:
            continue
        changed = evolve(proof, low_degree=evolve(proof.low_degree, nonce=nonce))
        with pytest.raises(ProofRejected) as caught:
            HONEST.verify(changed)
        rejected.add(caught.value.check)
    assert "grinding" in rejected


@pytest.mark.parametrize("name", ["alpha", "lambda", "constraint challenge", "z", "gamma", "delta", "fold 0", "fold 2"])
def test_chosen_challenges_are_rejected(name, monkeypatch):
    """The prover uses a challenge of its own choice in place of the transcript's."""
    from polyproof.transcript import Transcript

    drawn = Transcript.draw_extension

    def chosen(self, asked, extension):
        found = drawn(self, asked, extension)
        return np.arange(2, 2 + extension.degree, dtype=np.uint64) if asked == name else found

    with monkeypatch.context() as patched:
        patched.setattr(Transcript, "draw_extension", chosen)
        proof = HONEST.prove(Truncating).proof
    with pytest.raises(ProofRejected):
        HONEST.verify(proof)


def test_swapped_and_reused_openings_are_rejected(honest):
    proof = honest[0].proof
    order = np.arange(PARAMETERS.queries)
    order[[0, 1]] = order[[1, 0]]
    repeated = np.arange(PARAMETERS.queries)
    repeated[1] = 0
    for name in ("trace_rows", "argument_rows", "quotient_rows"):
        for rows in (order, repeated):
            with pytest.raises(ProofRejected):
                HONEST.verify(evolve(proof, **{name: getattr(proof, name)[rows]}))
    with pytest.raises(ProofRejected):
        HONEST.verify(evolve(proof, trace_opening=proof.quotient_opening, quotient_opening=proof.trace_opening))
    with pytest.raises(ProofRejected):
        HONEST.verify(evolve(proof, trace_root=proof.quotient_root))
    with pytest.raises(ProofRejected):
        HONEST.verify(evolve(proof, inclusion_root=proof.pair_root))


@pytest.mark.parametrize("part", ["audit", "spec", "asset order", "decimals do not matter to the field", "segment"])
def test_a_replayed_proof_is_rejected(honest, part):
    """The same accounts, the same totals: the proof is of one audit, one spec, one segment, one asset order."""
    data = honest[0].proof.write(HONEST.instance(engine=Engine.PORTABLE), HONEST.hash(Engine.PORTABLE))
    totals = HONEST.accounts.totals()
    if part == "audit":
        other = Exchange(audit_id="audit-2")
    elif part in ("spec", "decimals do not matter to the field"):
        other = Exchange(context_digest=b"another digest of thirty-two by!")
    elif part == "segment":
        other = Exchange()
        instance = other.instance(engine=Engine.PORTABLE)
        moved = evolve(instance, context=evolve(instance.context, segment=1, segments=2))
        from polyproof_stark.proof import StarkProof
        from polyproof_stark.verifier import verify

        hash = other.hash(Engine.PORTABLE)
        trees = other.trees(Engine.PORTABLE)
        with pytest.raises(ProofRejected):
            verify(moved, StarkProof.read(data, moved, hash, trees), hash, trees)
        return
    else:
        order = [0, 2, 1]
        rows = [(f"user-{k}", [balances(k)[i] for i in order]) for k in range(len(ACCOUNTS))]
        other = Exchange(Accounts.of([ASSETS[i] for i in order], rows))
        totals = tuple(totals[i] for i in order)
    with pytest.raises(ProofRejected):
        other.verify(data, totals)
