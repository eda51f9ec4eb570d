"""What is known about proximity to Reed-Solomon codes, as numbers: four bounds with one interface.

A low-degree test judges many words by testing a random combination of them. Up to some distance θ nothing is lost:
except for a few *exceptional* challenges, if the combination agrees with a polynomial on a share α = 1 − θ of the
domain, then all words agree with polynomials on one such share (correlated agreement). The papers bound the number of
exceptional challenges:

- BCIKS20: Ben-Sasson, Carmon, Ishai, Kopparty, Saraf, "Proximity gaps for Reed-Solomon codes", eprint
  2020/654. Their ρ is (k + 1)/n for polynomials of degree ≤ k: here degree bound over domain size, 1/β.
- BCHKS25: Ben-Sasson, Carmon, Haböck, Kopparty, Saraf, "On proximity gaps for Reed-Solomon codes", eprint
  2025/2055; and Haböck, "A note on mutual correlated agreement for Reed-Solomon codes", eprint 2025/2110.
- Diamond and Gruen, "On the distribution of the distances of random words", eprint 2025/2010.

A curve of degree ℓ is a combination Σ_{j ≤ ℓ} z^j·u_j of ℓ + 1 words; a line is a curve of degree 1.
Numbers of challenges are given as their log2.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import e, log2, sqrt
from typing import ClassVar

from attrs import frozen

__all__ = ["Bound", "Johnson", "MutualJohnson", "RandomWords", "UniqueDecoding"]


class Bound(ABC):
    """A distance up to which words are told apart from polynomials, and the challenges that this costs."""

    agreement_formula: ClassVar[str]
    exceptional_formula: ClassVar[str]
    """Exceptional challenges of a curve of degree ℓ over n points."""
    fold_formula: ClassVar[str]
    """The same for a fold of arity a onto n points, layer 0 having |D|."""
    symbols: ClassVar[tuple[str, ...]] = ()
    """What these two formulas abbreviate."""
    source: ClassVar[str]
    fold_source: ClassVar[str]
    rests_on: ClassVar[str]
    """What is taken to be true beside the assumptions about the hash, in a phrase."""
    inclusion_source: ClassVar[str] = ""
    """Why a user's own row is one of those summed; empty for a bound that does not show it."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of the bound in reports."""

    @property
    @abstractmethod
    def agreement(self) -> float:
        """α = 1 − θ: a word that is further away passes one query with at most this probability."""

    @property
    @abstractmethod
    def list_size(self) -> float:
        """L: the most tuples of polynomials that agree with a tuple of words on a share α of the domain."""

    @abstractmethod
    def exceptional(self, degree: int, size: int) -> float:
        """log2 of the exceptional challenges for a curve of this degree over ``size`` points."""

    @abstractmethod
    def exceptional_fold(self, arity: int, size: int, first: int) -> float:
        """log2 of the exceptional challenges of a fold by ``arity`` onto ``size`` points.

        ``first``: points of layer 0. A query follows one point of layer 0 down, so agreement is weighted
        by how much of a coset is left, in multiples of ``size``/``first``.
        """


class _OneTuple(Bound):
    """At most one tuple of polynomials is close, and no more challenges are exceptional than are known to exist."""

    exceptional_formula = "ℓ·n"
    fold_formula = "(a − 1)·(|D| + 1)"

    @property
    def list_size(self) -> float:
        """One."""
        return 1.0

    def exceptional(self, degree: int, size: int) -> float:
        """ℓ·n."""
        return log2(degree * size)

    def exceptional_fold(self, arity: int, size: int, first: int) -> float:
        """(a − 1)·(|D| + 1): because of the weights every fold costs as much as the first layer's size implies."""
        return log2((arity - 1) * (first + 1))


@frozen
class UniqueDecoding(_OneTuple):
    """Up to half the distance: at most one tuple of polynomials is close.

    α·n is more than (n + N)/2 points for polynomials of degree < N. Two tuples of degree ≤ N that agree
    with the same words on so many points agree with one another on more than N, so they are equal.
    """

    rate: float

    agreement_formula = "(1 + ρ)/2"
    source = "BCIKS20 (eprint 2020/654), theorems 4.1 and 6.1"
    fold_source = "eprint 2024/1553, theorem 3; docs/explanation/security.md, folds"
    rests_on = "proximity gaps within unique decoding, proven in 2020"
    inclusion_source = "the chain is after FRIDA, eprint 2024/248"

    @property
    def name(self) -> str:
        """The name of the bound in reports."""
        return "unique decoding"

    @property
    def agreement(self) -> float:
        """(1 + ρ)/2."""
        return (1 + self.rate) / 2


@frozen
class Johnson(Bound):
    """Up to the Johnson radius less a slack 1/2m, with integer m ≥ 3.

    The list size is Johnson's bound itself: different tuples of polynomials of degree ≤ N agree on at
    most N = ρ·n points, so at most (α − ρ)/(α² − ρ) < (m + ½)/√ρ of them agree with the same words on
    α·n points each. That counts tuples, not words; and ρ needs no correction for degree N.
    """

    rate: float
    multiplicity: int
    """m."""

    agreement_formula = "√ρ·(1 + 1/2m)"
    exceptional_formula = "ℓ·(m + ½)^7/(3·ρ^1.5)·n²"
    fold_formula = "(a − 1)·max((m + ½)^7/(3·ρ^1.5)·n², (2m + 1)/√ρ·(|D| + 1))"
    source = "BCIKS20 (eprint 2020/654), theorems 5.1 and 6.2"
    fold_source = "BCIKS20 (eprint 2020/654), theorem 7.2"
    rests_on = "proximity gaps up to the Johnson radius, proven in 2020"

    @property
    def name(self) -> str:
        """The name of the bound in reports."""
        return f"Johnson radius, m = {self.multiplicity}"

    @property
    def agreement(self) -> float:
        """√ρ·(1 + 1/2m)."""
        return sqrt(self.rate) * (1 + 1 / (2 * self.multiplicity))

    @property
    def list_size(self) -> float:
        """(m + ½)/√ρ."""
        return (self.multiplicity + 0.5) / sqrt(self.rate)

    def exceptional(self, degree: int, size: int) -> float:
        """ℓ·(m + ½)^7/(3·ρ^1.5)·n²."""
        return log2(degree) + 7 * log2(self.multiplicity + 0.5) - log2(3) - 1.5 * log2(self.rate) + 2 * log2(size)

    def exceptional_fold(self, arity: int, size: int, first: int) -> float:
        """A curve of degree ℓ = a − 1, or the weights if they cost more."""
        weights = log2(2 * self.multiplicity + 1) - 0.5 * log2(self.rate) + log2(first + 1)
        return log2(arity - 1) + max(self.exceptional(1, size), weights)


@frozen
class MutualJohnson(Johnson):
    """The same radius, with *mutual* correlated agreement: on the very points where the combination does.

    That is what inclusion needs beyond unique decoding: whichever polynomial near the combination the
    prover settles on, it is the combination of polynomials near the words. Weights cost nothing here,
    since where the folded word agrees, all its parts do.
    """

    exceptional_formula = "ℓ·((2µ^5 + 3µ·θ·ρ)/(3·ρ^1.5)·n + µ/√ρ)"
    fold_formula = "(a − 1)·((2µ^5 + 3µ·θ·ρ)/(3·ρ^1.5)·n + µ/√ρ)"
    symbols = ("µ = 2m + ½", "θ = 1 − α")
    source = fold_source = "BCHKS25 (eprint 2025/2055), theorem 4.6; lines also eprint 2025/2110, theorem 2"
    rests_on = "mutual correlated agreement up to the Johnson radius, theorems of 2025"
    inclusion_source = f"rests on mutual correlated agreement: {source}"

    def exceptional(self, degree: int, size: int) -> float:
        """As stated there, with its m, which is twice ours: ⌈√ρ/(1 − √ρ − θ)⌉ = 2m."""
        mu = 2 * self.multiplicity + 0.5
        distance = 1 - self.agreement
        points = (2 * mu**5 + 3 * mu * distance * self.rate) / (3 * self.rate**1.5) * size
        return log2(degree * (points + mu / sqrt(self.rate)))

    def exceptional_fold(self, arity: int, size: int, first: int) -> float:
        """A curve of degree a − 1 over the folded domain."""
        return self.exceptional(arity - 1, size)


@frozen
class RandomWords(_OneTuple):
    """Not proven: a cheating prover does no better than with random words.

    The older conjecture, agreement ρ, was refuted (eprint 2025/2010, 2025/2046); random words are closer
    than that, by η ≈ ρ·log2(e/ρ)/log2|K|.
    """

    rate: float
    field_bits: float
    """log2|K|."""

    agreement_formula = "ρ·(1 + log2(e/ρ)/log2|K|)"
    source = fold_source = "conjecture: eprint 2025/2010, section 1.5"
    rests_on = "a conjecture"

    @property
    def name(self) -> str:
        """The name of the bound in reports."""
        return "random words"

    @property
    def agreement(self) -> float:
        """ρ + η."""
        return self.rate * (1 + log2(e / self.rate) / self.field_bits)
