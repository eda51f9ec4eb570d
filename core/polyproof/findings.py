"""What is wrong with an input, collected so that all of it is reported together."""

from __future__ import annotations

from bisect import insort

from attrs import define, field

from polyproof.errors import InputError, Location, Problem

__all__ = ["Findings"]


@define
class Findings:
    """Collects problems: keeps the first ``limit`` of them and counts the rest.

    The first are those with the smallest ``order``, and among equals those added first. Code that reads an input from
    beginning to end leaves ``order`` out.
    """

    limit: int = 100
    count: int = 0
    """How many were added, including those not kept."""
    _kept: list[tuple[tuple[int, ...], int, Problem]] = field(factory=list)

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def kept(self) -> list[Problem]:
        """The problems that were kept, in order."""
        return [problem for _, _, problem in self._kept]

    def add(
        self, message: str, location: Location | None = None, hint: str | None = None, *, order: tuple[int, ...] = ()
    ) -> None:
        """Report a problem."""
        self.add_problem(Problem(message, location, hint), order=order)

    def add_problem(self, problem: Problem, *, order: tuple[int, ...] = ()) -> None:
        """Report a problem that already has its wording."""
        self.count += 1
        if len(self._kept) >= self.limit and (not self._kept or order >= self._kept[-1][0]):
            return
        insort(self._kept, (order, self.count, problem))
        del self._kept[self.limit :]

    def add_error(self, error: InputError, location: Location) -> None:
        """Report the problems of an error, at ``location`` unless they have their own."""
        for problem in error.problems:
            self.add(problem.message, problem.location or location, problem.hint)

    def add_unseen(self, count: int) -> None:
        """Count problems without their wording. Only for problems that come after all that were kept."""
        self.count += count

    def raise_any(self, error: type[InputError]) -> None:
        """Raise an error of this type with all problems, if there are any."""
        if self.count:
            raise error(self.kept, more=self.count - len(self._kept))
