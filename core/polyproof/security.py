"""The security account of a proof: named figures in bits, what decides each, and what all of them assume.

Bits of different kinds are never one number. That published data cannot be opened to two contents (binding), that what
is proven about all accounts is true (soundness), and that a user's own account is among them (inclusion) are separate
figures, the latter two by bounds proven long ago and by theorems of 2025. What rests on a problem of which nobody has
proven how hard it is, such as logarithms on a curve, has bits by estimate, a figure of its own. A backend leaves out a
figure that it does not give, and a verifier's policy has a minimum for each: docs/explanation/security.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Any

from attrs import evolve, field, frozen

__all__ = [
    "Assumptions",
    "Figure",
    "FigureName",
    "SecurityReport",
    "SecurityTerm",
    "bits_text",
    "weakest",
]


class FigureName(StrEnum):
    """The figures, by the name that each has in reports and, as ``min_NAME_bits``, in policies."""

    BINDING = (
        "binding",
        "binding",
        "what is published cannot be opened to two different contents",
        "what is published could be opened to something else later",
    )
    SOUNDNESS = (
        "soundness",
        "soundness, by long-proven bounds",
        "what is proven about all accounts is true",
        "nothing is proven about accounts that nobody opens",
    )
    SOUNDNESS_2025 = (
        "soundness_2025",
        "soundness, by theorems of 2025",
        "the same, with theorems of 2025",
        "nothing is proven about accounts that nobody opens",
    )
    INCLUSION = (
        "inclusion",
        "inclusion, by long-proven bounds",
        "the account that a user checks is one of those proven",
        "no user can check that their account was counted",
    )
    INCLUSION_2025 = (
        "inclusion_2025",
        "inclusion, by theorems of 2025",
        "the same, with theorems of 2025",
        "no user can check that their account was counted",
    )

    ESTIMATED = (
        "estimated",
        "bits by estimate",
        "what it says holds while nobody solves the problem that it names faster than is known today",
        "",
    )

    label: str
    """For people."""
    meaning: str
    """What holds with so many bits."""
    absence: str
    """What follows where a backend does not give the figure; empty if nothing does."""

    def __new__(cls, value: str, label: str, meaning: str, absence: str) -> FigureName:
        """A name, its label, what it means, and what it means that it is missing."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.meaning = meaning
        member.absence = absence
        return member

    @property
    def policy_key(self) -> str:
        """The key of a policy that sets the minimum."""
        return f"min_{self.value}_bits"

    @property
    def long_proven(self) -> FigureName:
        """Of a figure by theorems of 2025 the same by long-proven bounds, which stands for it too; of others itself."""
        value = self.value.removesuffix("_2025")
        return next(name for name in FigureName if name.value == value)


@frozen
class SecurityTerm:
    """One term of a figure: a way to cheat in one round of the protocol, and what it costs."""

    name: str
    bits: float
    formula: str
    """How ``bits`` is computed, with the numbers filled in."""
    source: str
    """Paper and section."""
    round: str = ""
    """The challenge for which a cheating prover would need luck, in the protocol's symbols."""
    options: tuple[str, ...] = ()
    """The backend's options that change it."""


@frozen
class Figure:
    """One figure: the ways to cheat that it accounts for, of which the cheapest decides."""

    terms: tuple[SecurityTerm, ...]
    """At least one, in the order of the protocol's rounds."""
    rests_on: str
    """What is taken to be true, in a phrase."""
    bound: str = ""
    """Which of several known bounds the terms follow; empty if there is only one."""
    grinding_bits: float = 0.0
    """How many bits of the term that grinding protects come from work rather than chance."""
    alternatives: tuple[Figure, ...] = ()
    """The same by other bounds that hold too; none gives more bits."""

    @property
    def decides(self) -> SecurityTerm:
        """The smallest term."""
        return min(self.terms, key=lambda term: term.bits)

    @property
    def bits(self) -> float:
        """Those of the smallest term."""
        return self.decides.bits


@frozen
class Assumptions:
    """What every figure of a report takes for granted."""

    collision_resistant: tuple[str, ...] = ()
    """Hashes for which nobody finds two inputs with one digest, by name."""
    random_oracle: tuple[str, ...] = ()
    """Hashes that are taken for a random function, by name."""
    trusted_setup: str = ""
    """Who could forge because they set the system up, in words; empty if nobody set anything up."""
    setup: str = ""
    """What names the set-up, for policies: a digest. Empty if there is none."""
    insecure_setup: bool = False
    """Whether the secret of the set-up is known, so that anybody can forge."""
    others: tuple[str, ...] = ()
    """Further assumptions, in words."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of them in words, what is not needed included."""
        return self.assumed if self._setup_sentence else (*self.assumed, "no trusted set-up")

    @property
    def assumed(self) -> tuple[str, ...]:
        """All of them in words, and nothing else."""
        return (
            *(f"{name} is collision resistant" for name in self.collision_resistant),
            *(f"{name} behaves as a random function" for name in self.random_oracle),
            *self.others,
            *filter(None, [self._setup_sentence]),
        )

    @property
    def _setup_sentence(self) -> str:
        if self.insecure_setup:
            return f"INSECURE set-up: {self.trusted_setup}"
        return f"a trusted set-up: {self.trusted_setup}" if self.trusted_setup else ""


@frozen
class SecurityReport:
    """The security account of a proof, or of options before there is a proof. A figure that is not given is None."""

    binding: Figure | None = None
    soundness: Figure | None = None
    soundness_2025: Figure | None = None
    inclusion: Figure | None = None
    inclusion_2025: Figure | None = None
    estimated: Figure | None = None
    """The cost of the cheapest known way to solve the problem that it names: no proof bounds it from below."""
    by_estimate: tuple[FigureName, ...] = ()
    """Figures that are not given, of which what they stand for holds with ``estimated`` bits."""
    assumptions: Assumptions = field(factory=Assumptions)
    conjectured_soundness_bits: float | None = None
    """What soundness would be if a conjecture held; no policy counts it."""
    notes: tuple[str, ...] = ()

    @property
    def given(self) -> Mapping[FigureName, Figure]:
        """The figures that the backend gives, in order."""
        found = {name: getattr(self, name.value) for name in FigureName}
        return {name: figure for name, figure in found.items() if figure is not None}

    def absence(self, name: FigureName) -> str:
        """What follows for a figure that is not given; empty if nothing does."""
        return "not proven; it rests on bits by estimate alone" if name in self.by_estimate else name.absence

    def figure(self, name: FigureName) -> Figure | None:
        """A figure, where a long-proven one that is larger stands for one by theorems of 2025; None if not given."""
        given = self.given
        names = {name, name.long_proven}
        candidates = [figure for one, figure in given.items() if one in names]
        return max(candidates, key=lambda figure: figure.bits, default=None)


def weakest(reports: Sequence[SecurityReport]) -> SecurityReport:
    """The account of several proofs together: each figure is that of the proof where it is smallest, or missing."""
    least: dict[str, Any] = {}
    for name in FigureName:
        given = [report.given[name] for report in reports if name in report.given]
        least[name.value] = min(given, key=lambda figure: figure.bits) if len(given) == len(reports) else None
    of_least = min(reports, key=lambda report: min((figure.bits for figure in report.given.values()), default=0.0))
    return evolve(of_least, **least, assumptions=_together([report.assumptions for report in reports]))


def _together(taken: Sequence[Assumptions]) -> Assumptions:
    """What is taken for granted by any of several: all proofs of an audit have to be right for its totals to be."""
    insecure = [one for one in taken if one.insecure_setup]
    return Assumptions(
        collision_resistant=_distinct(name for one in taken for name in one.collision_resistant),
        random_oracle=_distinct(name for one in taken for name in one.random_oracle),
        trusted_setup="; ".join(_distinct(one.trusted_setup for one in insecure or taken if one.trusted_setup)),
        setup=", ".join(_distinct(one.setup for one in insecure or taken if one.setup)),
        insecure_setup=bool(insecure),
        others=_distinct(sentence for one in taken for sentence in one.others),
    )


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def bits_text(bits: float) -> str:
    """Bits for people, with one decimal, rounded down: a figure is never shown larger than it is."""
    return str(Decimal(repr(bits)).quantize(Decimal("0.1"), ROUND_FLOOR))
