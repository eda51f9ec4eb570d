"""The security account: proven bits, round by round, with formula and source.

Soundness error of each round of the protocol (round-by-round, as Fiat-Shamir needs it), in two regimes:

- unique decoding, proximity θ = (1 − ρ)/2: list size 1, gap error |D|/|K|;
- Johnson, θ = 1 − √ρ·(1 + 1/2m): list size L = (m + ½)/√ρ, gap error (m + ½)^7/(3ρ^{3/2})·|D|²/|K|;

both from Ben-Sasson, Carmon, Ishai, Kopparty, Saraf, "Proximity gaps for Reed-Solomon codes" (BCIKS20,
eprint 2020/654), theorems 4.1 and 5.1 for lines, 6.1 and 6.2 for curves, whose error is the curve's
degree times as large. The account takes the better regime and the best m, and reports the least term.
How the terms combine follows ethSTARK (eprint 2021/582, theorem 4) and Haböck, "A summary on the FRI
low degree test" (eprint 2022/1216). The conjecture q·log2 β + g up to capacity was refuted in 2025
(eprint 2025/2010, 2025/2046); it is only ever shown next to the proven figure.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log2, sqrt

from attrs import frozen

from polyproof.backend import SecurityReport, SecurityTerm
from polyproof.errors import OptionsError
from polyproof.field import Field
from polyproof.hash import Hash
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.parameters import Parameters

__all__ = ["Johnson", "Regime", "UniqueDecoding", "choose_queries", "security_report"]

MAX_GRINDING = 20
"""Most bits of grinding the optimiser takes: about a million hashes."""
MAX_MULTIPLICITY = 1000
"""Largest m that is tried."""


@frozen
class UniqueDecoding:
    """Proximity up to half the distance."""

    rate: float

    @property
    def name(self) -> str:
        """For reports."""
        return "unique decoding"

    @property
    def agreement(self) -> float:
        """1 − θ: what a query passes with, when the word is θ-far."""
        return (1 + self.rate) / 2

    @property
    def agreement_formula(self) -> str:
        """The same in symbols."""
        return "(1 + ρ)/2"

    @property
    def list_bits(self) -> float:
        """log2 of the list size."""
        return 0.0

    def gap_bits(self, domain_bits: float, field_bits: float) -> float:
        """−log2 of the gap error for a line."""
        return field_bits - domain_bits

    gap_formula = "|D|/|K|"
    gap_source = "BCIKS20, theorem 4.1 (lines), 6.1 (curves)"


@frozen
class Johnson:
    """Proximity up to the Johnson radius, with multiplicity m ≥ 3."""

    rate: float
    multiplicity: int

    @property
    def name(self) -> str:
        """For reports."""
        return f"Johnson radius, m = {self.multiplicity}"

    @property
    def agreement(self) -> float:
        """1 − θ."""
        return sqrt(self.rate) * (1 + 1 / (2 * self.multiplicity))

    @property
    def agreement_formula(self) -> str:
        """The same in symbols."""
        return "√ρ·(1 + 1/2m)"

    @property
    def list_bits(self) -> float:
        """log2 L, L = (m + ½)/√ρ."""
        return log2((self.multiplicity + 0.5) / sqrt(self.rate))

    def gap_bits(self, domain_bits: float, field_bits: float) -> float:
        """−log2 of the gap error for a line."""
        return field_bits - 2 * domain_bits - 7 * log2(self.multiplicity + 0.5) + log2(3) + 1.5 * log2(self.rate)

    gap_formula = "(m + ½)^7/(3ρ^{3/2})·|D|²/|K|"
    gap_source = "BCIKS20, theorem 5.1 (lines), 6.2 (curves)"


Regime = UniqueDecoding | Johnson


def _terms(
    compiled: CompiledSystem, p: Parameters, field: Field, hash: Hash, regime: Regime
) -> tuple[SecurityTerm, ...]:
    """All terms in one regime, in the order of the protocol."""
    field_bits = p.degree * log2(field.modulus)
    # Challenges are drawn from K without F.
    outside = field_bits + log2(1 - 2 ** (log2(field.modulus) - field_bits))
    domain_bits = log2(p.domain_size)
    many = regime.list_bits
    of_list = "L·" if isinstance(regime, Johnson) else ""
    terms = []

    def term(name: str, bits: float, formula: str, source: str) -> None:
        terms.append(SecurityTerm(name, bits, formula, source))

    looked_up = sum(len(lookup.values) for lookup in compiled.lookups)
    sums = sum(1 for name in compiled.publics) if compiled.accumulator is not None else 0
    if compiled.accumulator is not None:
        rational = p.active * (looked_up + len(compiled.lookups)) + sums + len(compiled.lookups)
        term(
            "lookups and sums",
            outside - many - log2(max(rational, 1)),
            f"{of_list}(U·(limbs + tables) + sums)/|K∖F| = {of_list}{rational}/|K∖F|",
            "Haböck, eprint 2022/1530, lemma 5; Schwartz-Zippel in α and λ",
        )
    constraints = len(compiled.constraints)
    term(
        "constraint batching",
        outside - many - log2(max(constraints - 1, 1)),
        f"{of_list}(constraints − 1)/|K∖F| = {of_list}{constraints - 1}/|K∖F|",
        "ethSTARK, eprint 2021/582, theorem 4 (ALI)",
    )
    # A quotient of degree < N lets a column have degree N, one more than honest ones have.
    degree = compiled.degree * p.rows + p.rows + 4
    term(
        "out-of-domain point",
        outside - many - log2(degree),
        f"{of_list}(degree·N + N + 4)/|K∖F| = {of_list}{degree}/|K∖F|",
        "ethSTARK, eprint 2021/582, theorem 4 (DEEP)",
    )
    chunks = compiled.chunks(p.rows, p.blinding)
    in_a = len(compiled.witness_columns)
    in_b = len(compiled.range_columns) + len(compiled.argument_columns) + chunks + len(compiled.next_columns)
    gap = regime.gap_bits(domain_bits, outside)
    term(
        "batching into one codeword",
        gap - log2(in_a + in_b + 1),
        f"({in_a} + {in_b} + 1)·{regime.gap_formula}",
        regime.gap_source,
    )
    size = domain_bits
    worst = inf
    for arity in p.folding.arities:
        size -= log2(arity)
        worst = min(worst, regime.gap_bits(size, outside) - log2(arity - 1))
    term(
        "folds",
        worst,
        f"(arity − 1)·{regime.gap_formula} on the folded domain, the worst layer",
        regime.gap_source,
    )
    term(
        "queries and grinding",
        -p.queries * log2(regime.agreement) + p.grinding,
        f"({regime.agreement_formula})^{p.queries}: {-p.queries * log2(regime.agreement):.1f} bits, "
        f"and {p.grinding} bits of grinding",
        "BCIKS20, theorem 8.3; grinding: ethSTARK, eprint 2021/582, section 3.11.3",
    )
    term(
        "inclusion chain",
        outside - many - log2((in_a + 3) * p.rows),
        f"{of_list}(columns + 3)·N/|K∖F| = {of_list}{in_a + 3}·{p.rows}/|K∖F|",
        "docs/reference/protocol.md, section 6" + ("; rests on mutual correlated agreement" if many else ""),
    )
    term(
        "hash collisions",
        float(hash.collision_bits),
        "claimed for the hash; at most 128 for a 256-bit digest",
        f"collision resistance of {hash.name}",
    )
    return tuple(terms)


def _best(compiled: CompiledSystem, p: Parameters, field: Field, hash: Hash) -> tuple[Regime, tuple[SecurityTerm, ...]]:
    """The regime, and for Johnson the m, whose least term is largest."""
    rate = 1 / p.blowup
    found: tuple[float, Regime, tuple[SecurityTerm, ...]] | None = None
    regime: Regime = UniqueDecoding(rate)
    multiplicity = 3
    while True:
        terms = _terms(compiled, p, field, hash, regime)
        least = min(term.bits for term in terms)
        if found is None or least > found[0]:
            found = least, regime, terms
        # Queries gain and gaps lose with m: past their crossing nothing improves.
        by_name = {term.name: term.bits for term in terms}
        crossed = (
            isinstance(regime, Johnson) and by_name["batching into one codeword"] < by_name["queries and grinding"]
        )
        if crossed or multiplicity > MAX_MULTIPLICITY:
            return found[1], found[2]
        regime = Johnson(rate, multiplicity)
        multiplicity += 1


def security_report(compiled: CompiledSystem, p: Parameters, field: Field, hash: Hash) -> SecurityReport:
    """The account of a proof with these parameters."""
    regime, terms = _best(compiled, p, field, hash)
    binding = min(terms, key=lambda term: term.bits)
    field_bits = p.degree * log2(field.modulus)
    conjectured = min(
        p.queries * log2(p.blowup) + p.grinding, field_bits - log2(p.domain_size), float(hash.collision_bits)
    )
    notes = [
        f"Proven in the regime: {regime.name}; trace of 2^{p.log_rows} rows, blowup {p.blowup}.",
        f"Of the query term {p.grinding} bits are grinding: work, not probability.",
        "The conjectured figure assumes more of FRI than is known; in its strongest form, up to capacity, "
        "it was refuted in 2025 (eprint 2025/2010, 2025/2046). Rely on the proven figure.",
    ]
    if isinstance(regime, Johnson):
        notes.append(
            "Inclusion beyond unique decoding rests on mutual correlated agreement; within unique decoding it has "
            f"{field_bits - log2((len(compiled.witness_columns) + 3) * p.rows):.1f} bits unconditionally, next to "
            f"{-p.queries * log2((1 + 1 / p.blowup) / 2) + p.grinding:.1f} of queries and grinding."
        )
    return SecurityReport(binding.bits, binding.name, terms, conjectured, tuple(notes))


def choose_queries(
    compiled: CompiledSystem,
    parameters: Callable[[int, int], Parameters],
    field: Field,
    hash: Hash,
    target: float,
) -> Parameters:
    """The parameters of the smallest proof that reaches ``target`` proven bits.

    A query costs bytes and grinding none: so the most grinding, the fewest queries, and then no more
    grinding than those queries need. ``parameters(queries, grinding)`` makes candidates. Raises
    ``OptionsError`` with the term that cannot reach the target.
    """

    def bits(queries: int, grinding: int) -> float:
        return security_report(compiled, parameters(queries, grinding), field, hash).proven_bits

    low, high = 1, 1024
    if bits(high, MAX_GRINDING) < target:
        report = security_report(compiled, parameters(high, MAX_GRINDING), field, hash)
        term = next(item for item in report.terms if item.name == report.binding)
        raise OptionsError(
            f"target_bits {target:g} cannot be reached with {parameters(1, 0).rows} rows: {term.name} gives "
            f"{term.bits:.1f} bits, {term.formula}; a larger extension, fewer rows or another hash would help"
        )
    while low < high:
        middle = (low + high) // 2
        if bits(middle, MAX_GRINDING) >= target:
            high = middle
        else:
            low = middle + 1
    grinding = MAX_GRINDING
    while grinding and bits(low, grinding - 1) >= target:
        grinding -= 1
    return parameters(low, grinding)
