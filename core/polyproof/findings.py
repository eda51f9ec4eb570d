"""What is wrong with an input, collected so that all of it is reported together, and what is alike as one.

A ledger whose asset has too few bits has thousands of rows that are wrong in one way. They are one problem, with how
many there are, the first few, and what would be right for all of them.
"""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Callable

from attrs import define, evolve, field

from polyproof.errors import InputError, Location, Problem

__all__ = ["FEW", "Findings"]

FEW = 3
"""How many problems of a kind are told one by one; of more, these are the examples."""
_VARYING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[0-9]+""")
"""What differs between problems of a kind that have no code: what is quoted, and numbers."""
_Key = tuple[str | None, str | None]
"""Of problems with a code, it and what they are about; of others, what they are about and their message."""
_Order = tuple[int, ...]


@define
class _Kind:
    """Problems that are alike: the first few of them, how many there are, and the one that needs most."""

    most: Problem
    first: list[tuple[_Order, int, Problem]] = field(factory=list)
    count: int = 0

    def takes(self, order: _Order) -> bool:
        """Whether one at this place would be among the first few."""
        return len(self.first) < FEW or order < self.first[-1][0]

    @property
    def told(self) -> list[tuple[_Order, int, Problem]]:
        """What is reported, with its place: each of a few, or the first for all."""
        order, number, problem = self.first[0]
        if self.count <= FEW:
            return self.first
        few = tuple(one for _, _, one in self.first)
        return [(order, number, evolve(problem, count=self.count, examples=few, expected=self.most.expected))]


def _key(problem: Problem) -> _Key:
    if problem.code is not None:
        return problem.code, problem.about
    place = problem.location
    of_a_row = place is not None and (place.row is not None or place.line is not None)
    return problem.about, _VARYING.sub("", problem.message) if of_a_row else f"{place}: {problem.message}"


@define
class Findings:
    """Collects problems: of up to ``limit`` kinds those that come first and how many there are; counts the rest.

    Of one kind are problems of one ``code`` about one thing, or, without a code, those of rows whose messages differ in
    nothing but numbers and what is quoted. The first are those with the smallest ``order``, and among equals those
    added first. Code that reads an input from beginning to end leaves ``order`` out. What is kept does not grow with
    the input.
    """

    limit: int = 100
    count: int = 0
    """How many were added, including those not kept."""
    _kinds: dict[_Key, _Kind] = field(factory=dict)

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def kept(self) -> list[Problem]:
        """What is reported, in order: a problem, or one that stands for all of its kind."""
        told = sorted((place for kind in self._kinds.values() for place in kind.told), key=lambda place: place[:2])
        return [problem for _, _, problem in told]

    def add(
        self, message: str, location: Location | None = None, hint: str | None = None, *, order: _Order = ()
    ) -> None:
        """Report a problem."""
        self.add_problem(Problem(message, location, hint), order=order)

    def add_problem(self, problem: Problem, *, order: _Order = (), at: Callable[[], Location] | None = None) -> None:
        """Report a problem that already has its wording; ``at``, its place, is asked only if that will be told."""
        self.count += 1
        key = _key(problem)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = _Kind(problem)
        kind.count += 1
        if problem.need > kind.most.need:
            kind.most = problem
        if kind.takes(order):
            if at is not None:
                problem = evolve(problem, location=at())
            insort(kind.first, (order, self.count, problem), key=lambda place: place[:2])
            del kind.first[FEW:]
        if len(self._kinds) > self.limit:
            del self._kinds[max(self._kinds, key=lambda other: self._kinds[other].first[0][:2])]

    def add_error(self, error: InputError, location: Location, about: str | None = None) -> None:
        """Report the problems of an error, at ``location`` and ``about`` something unless they have their own."""
        for problem in error.problems:
            self.add_problem(evolve(problem, location=problem.location or location, about=problem.about or about))

    def add_more(self, count: int, code: str, about: str | None = None) -> None:
        """Count problems of a kind of which ``FEW`` were added, and after which they come, without their wording."""
        self.count += count
        # Where other kinds came first, this one may have been left out already.
        if (kind := self._kinds.get((code, about))) is not None:
            kind.count += count

    def raise_any(self, error: type[InputError]) -> None:
        """Raise an error of this type with all problems, if there are any."""
        if self.count:
            kept = self.kept
            raise error(kept, more=self.count - sum(problem.count for problem in kept))
