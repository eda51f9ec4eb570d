"""The security analysis: every figure, round by round, with formula and source.

An account follows one bound of ``polyproof_stark.proximity`` through the protocol. Before each challenge there is a
list of at most L tuples of polynomials that agree with everything committed so far on a share α of the domain. A
challenge is bad if it lets a wrong tuple pass, and a term is the probability of that, over K∖F, from which all
challenges are drawn. This is round-by-round soundness. The account's bits are those of its worst round, because under
Fiat-Shamir every evaluation of the hash is an attempt at one round (Canetti et al., STOC 2019; Chiesa, Manohar,
Spooner, eprint 2019/834; for FRI Block et al., eprint 2023/1071). The rounds are combined as in ethSTARK (eprint
2021/582, theorem 4), Haböck, "A summary on the FRI low degree test" (eprint 2022/1216, theorem 8), and eprint
2024/1553, theorems 2 and 3. docs/explanation/security.md gives the argument for this protocol, term by term.
"""

from __future__ import annotations

from math import log2

from attrs import evolve, frozen

from polyproof.constraints import Operation
from polyproof.field import Field
from polyproof.hash import Hash
from polyproof.security import Assumptions, Figure, SecurityReport, SecurityTerm, bits_text
from polyproof.toolkit.stated_constraints import degrees
from polyproof_stark.compiler import LAMBDA, CompiledSystem
from polyproof_stark.groups import RowSet
from polyproof_stark.parameters import Parameters
from polyproof_stark.proximity import Bound, Johnson, MutualJohnson, RandomWords, UniqueDecoding

__all__ = ["QUERIES", "security_report"]

LEAST_MULTIPLICITY = 3
"""BCIKS20 prove their theorems for m ≥ 3."""

QUERIES = "queries and grinding"
COLLISIONS = "hash collisions"
PROTOCOL = "docs/reference/protocol.md, section 8"


@frozen
class _Counts:
    """The numbers of one proof that occur in the terms; none depends on the bound."""

    p: Parameters
    outside: float
    """log2|K∖F|."""
    poles: int
    """U·(looked-up columns + tables), the most poles of the lookups' rational functions."""
    powers: int
    """The highest power of λ."""
    looked_up: int
    constraints: int
    identity: int
    """Degree of the constraint identity, denominators cleared, when columns have degree N.

    A quotient by an opened value has degree < N, so committed columns have degree ≤ N, one more than honest ones.
    """
    in_a: int
    """Words in G_A besides the mask."""
    in_b: int

    @classmethod
    def of(cls, compiled: CompiledSystem, p: Parameters, field: Field) -> _Counts:
        looked_up = sum(len(lookup.values) + lookup.tables.count for lookup in compiled.lookups)
        # Every divisor divides Z_U(X)·(X − ω^U), of degree U + 1.
        divisors = {RowSet.ALL: p.active, RowSet.TRANSITION: p.active - 1}
        cleared = p.active + 1
        numerators = [item.degree * p.rows + cleared - divisors.get(item.rows, 1) for item in compiled.constraints]
        chunks = compiled.chunks(p.rows, p.blinding)
        quotient = (chunks - 1) * (p.rows - p.blinding) + p.rows + cleared
        return cls(
            p,
            log2(field.modulus**p.degree - field.modulus),
            p.active * looked_up,
            _powers_of_lambda(compiled),
            looked_up,
            len(compiled.constraints),
            max(quotient, *numerators),
            len(compiled.witness_columns),
            len(compiled.range_columns) + len(compiled.argument_columns) + chunks + len(compiled.next_columns),
        )

    @property
    def curve(self) -> int:
        """Degree of the curve that batches all words: for δ = γ^(in_a + 1) the two halves form one curve."""
        return self.in_a + self.in_b + 1


def _powers_of_lambda(compiled: CompiledSystem) -> int:
    """The highest power of λ in a constraint, read off the graph."""
    in_lambda = degrees(
        compiled.nodes, lambda node: int(node.operation is Operation.CHALLENGE and node.first == LAMBDA)
    )
    return max((in_lambda[item.node] for item in compiled.constraints), default=0)


def _terms(counts: _Counts, hash: Hash, bound: Bound) -> tuple[SecurityTerm, ...]:
    """All terms by one bound, in the order of the protocol."""
    p, outside = counts.p, counts.outside
    many, times_list = log2(bound.list_size), "" if bound.list_size == 1 else f"{bound.list_size:.4g}·"
    of_list = "L·" if times_list else ""
    rate = f"ρ = 1/{p.blowup}"
    terms: list[SecurityTerm] = []
    algebraic = ("extension", "segment_rows")

    def lucky(round: str, name: str, symbols: str, numbers: str, count: int, source: str) -> None:
        """A polynomial for each tuple of the list, and a challenge among its roots."""
        terms.append(
            SecurityTerm(
                name,
                outside - many - log2(max(count, 1)),
                f"{of_list}{symbols}/|K∖F| = {times_list}{numbers}/2^{outside:.1f}",
                source,
                round,
                algebraic,
            )
        )

    def gap(round: str, name: str, formula: str, numbers: str, exceptional: float, source: str) -> None:
        terms.append(
            SecurityTerm(
                name,
                outside - exceptional,
                f"{formula}/|K∖F|, {', '.join((*bound.symbols, numbers, rate))}: 2^{exceptional:.1f}/2^{outside:.1f}",
                source,
                round,
                algebraic,
            )
        )

    if counts.poles or counts.powers:
        lucky(
            "α, λ",
            "lookups and sums",
            "(U·(columns + tables) + powers of λ)",
            f"({p.active}·{counts.looked_up} + {counts.powers})",
            counts.poles + counts.powers,
            "Haböck, eprint 2022/1530, lemma 5, and the roots of a numerator in α and in λ",
        )
    lucky(
        "η",
        "batching of constraints",
        "(constraints − 1)",
        f"({counts.constraints} − 1)",
        counts.constraints - 1,
        "eprint 2022/1216, theorem 8; eprint 2021/582, theorem 4 (ALI)",
    )
    lucky(
        "z",
        "out-of-domain point",
        "degree of the identity at z",
        f"{counts.identity}",
        counts.identity,
        "eprint 2022/1216, theorem 8; DEEP: eprint 2019/336",
    )
    gap(
        "γ",
        "batching of columns",
        bound.exceptional_formula,
        f"ℓ = {counts.in_a} + {counts.in_b} + 1, n = |D| = {_power(p.domain_size)}",
        bound.exceptional(counts.curve, p.domain_size),
        bound.source,
    )
    gap(
        "δ",
        "joining of G_A and G_B",
        bound.exceptional_formula,
        f"ℓ = 1, n = |D| = {_power(p.domain_size)}",
        bound.exceptional(1, p.domain_size),
        bound.source,
    )
    size, folds = p.domain_size, []
    for number, arity in enumerate(p.folding.arities):
        size //= arity
        folds.append((bound.exceptional_fold(arity, size, p.domain_size), number, arity, size))
    exceptional, number, arity, size = max(folds, key=lambda fold: fold[0])
    gap(
        f"c_0 … c_{len(folds) - 1}" if len(folds) > 1 else "c_0",
        "folds",
        bound.fold_formula,
        f"worst of {len(folds)} is c_{number}: a = {arity}, n = {_power(size)}, |D| = {_power(p.domain_size)}",
        exceptional,
        bound.fold_source,
    )
    by_chance = -p.queries * log2(bound.agreement)
    terms.append(
        SecurityTerm(
            QUERIES,
            by_chance + p.grinding,
            f"α^q·2^−g, α = {bound.agreement_formula} = {bound.agreement:.4f}, {rate}, q = {p.queries}, "
            f"g = {p.grinding}: {bits_text(by_chance)} + {p.grinding}",
            "BCIKS20 (eprint 2020/654), theorem 8.3; grinding: eprint 2021/582, section 3.11.3",
            "queries",
            ("queries", "grinding", "target_bits", "blowup"),
        )
    )
    terms.append(_collisions(hash))
    return tuple(terms)


def _collisions(hash: Hash) -> SecurityTerm:
    return SecurityTerm(
        COLLISIONS,
        float(hash.collision_bits),
        "claimed for the hash; at most half of the 256 bits of a digest",
        f"collision resistance of {hash.name}",
        options=("hash",),
    )


# In formulas the sizes of sets are given to the nearest tenth of a power of two; the bits that follow are rounded down.


def _power(size: int) -> str:
    return f"2^{size.bit_length() - 1}"


def _account(counts: _Counts, hash: Hash, bound: Bound) -> Figure:
    """Soundness by one bound."""
    return Figure(_terms(counts, hash, bound), bound.rests_on, bound=bound.name, grinding_bits=float(counts.p.grinding))


def _best_multiplicity(counts: _Counts, hash: Hash) -> int:
    """The m whose least term is largest.

    As m grows, the term of the queries gains bits and all others lose some, so the best m is where they cross, or the
    one before.
    """
    rate = 1 / counts.p.blowup

    def least(m: int) -> tuple[float, float]:
        terms = _terms(counts, hash, Johnson(rate, m))
        return (
            next(term.bits for term in terms if term.name == QUERIES),
            min(term.bits for term in terms if term.name != QUERIES),
        )

    def crossed(m: int) -> bool:
        queries, others = least(m)
        return queries >= others

    low, high = LEAST_MULTIPLICITY, LEAST_MULTIPLICITY
    while not crossed(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if crossed(middle) else (middle, high)
    return max((low, high), key=lambda m: min(least(m)))


def _inclusion(counts: _Counts, soundness: Figure, bound: Bound) -> Figure:
    """What a user's own check rests on, by one bound: that of ``soundness`` or, beyond unique decoding, a stronger one.

    A wrong row passes the user's check only if γ, δ or a fold challenge is a root of what is wrong, for one of the
    rows or cosets and one of the L tuples, or if the prover is lucky elsewhere in the account.
    """
    rows = f"({counts.in_a} + 3)·{_power(counts.p.rows)}/2^{counts.outside:.1f}"
    chain = counts.outside - log2(bound.list_size * (counts.in_a + 3) * counts.p.rows)
    of_list, times_list = ("", "") if bound.list_size == 1 else ("L·", f"{bound.list_size:.4g}·")
    worst = soundness.decides
    term = SecurityTerm(
        f"{worst.name}, and the chain to the row",
        # Challenges of the chain are challenges of the account too: errors of one round add up.
        -log2(2**-chain + 2**-worst.bits),
        f"{worst.name}: {bits_text(worst.bits)}; with the chain, {of_list}(columns + 3)·N/|K∖F| = "
        f"{times_list}{rows}: {bits_text(chain)}",
        f"{PROTOCOL}; {bound.inclusion_source}",
        "γ, δ, c, queries",
        worst.options,
    )
    return Figure((term,), bound.rests_on, bound=bound.name, grinding_bits=soundness.grinding_bits)


def security_report(compiled: CompiledSystem, p: Parameters, field: Field, hash: Hash) -> SecurityReport:
    """The figures of a proof with these parameters: soundness by the better long-proven bound, the other beside it."""
    counts = _Counts.of(compiled, p, field)
    rate = 1 / p.blowup
    multiplicity = _best_multiplicity(counts, hash)
    unique_bound, mutual_bound = UniqueDecoding(rate), MutualJohnson(rate, multiplicity)
    unique = _account(counts, hash, unique_bound)
    johnson = _account(counts, hash, Johnson(rate, multiplicity))
    mutual = _account(counts, hash, mutual_bound)
    better, other = (johnson, unique) if johnson.bits > unique.bits else (unique, johnson)
    conjectured = _account(counts, hash, RandomWords(rate, p.degree * log2(field.modulus)))
    notes = (
        f"For a trace of 2^{p.log_rows} rows, with |D| = {p.blowup}·2^{p.log_rows}, helper columns of s = "
        f"{compiled.group_size} values and a quotient of {compiled.chunks(p.rows, p.blinding)} chunks. "
        f"docs/explanation/security.md explains every term, docs/reference/protocol.md its symbols.",
        "A figure of b bits means that anyone who evaluates the hash T times gets a false statement accepted with "
        "probability at most T·2^−b, the hash being a random oracle. A quantum computer needs at worst the square root "
        "of that.",
        "No figure rests on a conjecture about codes. The conjectured one assumes a prover who does no better than "
        "with random words (eprint 2025/2010). The older one, q·log2 β + g, was refuted (eprint 2025/2010, "
        "2025/2046).",
        "That a user's own row is one of those summed rests, beyond unique decoding, on mutual correlated agreement, "
        "a theorem of 2025; the sums and non-negativity do not.",
    )
    return SecurityReport(
        binding=Figure((_collisions(hash),), f"collision resistance of {hash.name}"),
        soundness=evolve(better, alternatives=(other,)),
        soundness_2025=mutual,
        inclusion=_inclusion(counts, unique, unique_bound),
        # A user relies on the sums as well as on their own row, so on the weaker of the two accounts.
        inclusion_2025=_inclusion(counts, min(johnson, mutual, key=lambda account: account.bits), mutual_bound),
        assumptions=Assumptions(collision_resistant=(hash.name,), random_oracle=(hash.name,)),
        conjectured_soundness_bits=conjectured.bits,
        notes=notes,
    )
