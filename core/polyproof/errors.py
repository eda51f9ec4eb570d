"""Typed errors. Each says what is wrong, where, and what would be right.

The exit status follows from the type: 1 for a proof that does not verify, 2 for bad input, 3 for a fault of a
plugin.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from attrs import field, frozen

__all__ = [
    "PROBLEMS",
    "AccountsError",
    "ArtifactError",
    "ExecutionError",
    "ExtraMissing",
    "FieldError",
    "InputError",
    "Location",
    "OptionsError",
    "PluginError",
    "PluginFault",
    "PolicyRejected",
    "PolyproofError",
    "Problem",
    "ProofRejected",
    "ReservesError",
    "SpecError",
    "UsageError",
]


@frozen
class Location:
    """A place in an input file. Lines, columns and rows are counted from 1."""

    file: str
    line: int | None = None
    column: int | None = None
    row: int | None = None
    path: str | None = field(default=None, eq=False)
    """In a document, the keys and indices that lead there, ``accounts.attach[0].path``."""

    def __str__(self) -> str:
        text = self.file
        if self.line is not None:
            text += f":{self.line}"
            if self.column is not None:
                text += f":{self.column}"
        if self.row is not None:
            text += f": row {self.row}"
        return text


@frozen
class Problem:
    """One thing wrong with an input: where it is, what is wrong, what would be right."""

    message: str
    location: Location | None = None
    hint: str | None = None
    expected: str | None = None
    """What would be right, where that can be written as it would stand in the input: ``bits: 96``."""
    code: str | None = None
    """A short stable name of what is wrong, finer than the error's own: see ``PROBLEMS``."""
    need: int = 0
    """How much it would take; of all problems of a kind, the one that needs most has what is expected of them all."""
    about: str | None = None
    """What problems of one code are told apart by: the asset or the column."""
    count: int = 1
    """How many of this kind there are; this is the first of them."""
    examples: tuple[Problem, ...] = ()
    """If there are several, the first of them, this one included."""

    def __str__(self) -> str:
        text = f"{self.location}: {self.message}" if self.location else self.message
        said = "; ".join(filter(None, [f"expected {self.expected}" if self.expected else None, self.hint]))
        text = f"{text} ({said})" if said else text
        return text if self.count == 1 else f"{text}; {self.count - 1:,} more like it{self._places}"

    @property
    def _places(self) -> str:
        """Where the next ones are: without the name of the file where that is the same."""
        first = self.location
        places = [
            f"row {there.row}" if first and there.file == first.file and there.row is not None else str(there)
            for there in (other.location for other in self.examples[1:])
            if there is not None
        ]
        return f", in {', '.join(places)}, …" if places else ""


PROBLEMS = {
    "amount-overflow": "an amount is larger than the asset's `bits` allow",
    "amount-negative": "an amount is negative",
    "amount-missing": "an amount is missing",
    "amount-malformed": "an amount is not a number, or not a whole number of base units",
    "account-id": "an account id is empty, too long, or not what a user would type",
    "account-repeated": "an account occurs twice",
    "account-refused": "an account breaks a rule of the constraint system",
    "account-underwater": "an account owes more than what it has pledged counts for",
    "balance-repeated": "an account has an asset twice",
    "overpledged": "an account has pledged more of an asset than it has",
    "asset-missing": "a row has no asset",
    "rounding": "rounding changed more than a hundredth",
    "holding-repeated": "an address is listed twice",
    "holding-pin": "a row is for another block than the pinned one",
    "stake-repeated": "a stake is listed with its validator and with the account that it is paid out to",
    "signed-unknown": "a signed message is for no row, for a custodial one, or for one that is signed already",
    "disk-full": "there is not enough space on the disk",
}
"""Codes of problems that are finer than their error's, and what each means."""


class PolyproofError(Exception):
    """Any error that polyproof raises on purpose. It can be pickled: a worker's reaches who asked for the work."""

    exit_status = 2
    code: ClassVar[str] = "error"
    """A short stable name, which ``--json`` prints; an error that does not verify has the name of its check."""

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is rebuilt by its class from ``args``, the message; the constructors here take other arguments.
        return _rebuilt, (type(self), self.args), self.__dict__


def _rebuilt(cls: type[PolyproofError], args: tuple[Any, ...]) -> PolyproofError:
    return cls.__new__(cls, *args)


class InputError(PolyproofError):
    """Bad input: something the caller wrote or passed. Exit status 2."""

    code = "input"

    def __init__(self, problems: str | Problem | Sequence[Problem], *, more: int = 0) -> None:
        """``problems``: one or many; ``more`` counts those beyond the reporting limit."""
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.more = more
        lines = [str(problem) for problem in self.problems]
        if more:
            lines.append(f"… and {more} more")
        super().__init__("\n".join(lines))


class UsageError(InputError):
    """A command was called with arguments that do not fit together."""

    code = "usage"


class SpecError(InputError):
    """A spec or policy file (YAML) is not acceptable."""

    code = "spec"


class OptionsError(SpecError):
    """Options of a component are each well-formed but cannot work together; the message shows the arithmetic."""

    code = "spec-options"


class AccountsError(InputError):
    """The liabilities snapshot is not acceptable; every problem names its file and row."""

    code = "accounts"


class ReservesError(InputError):
    """The reserve files are not acceptable; every problem names its file and row."""

    code = "reserves"


class ArtifactError(InputError):
    """A directory or file of an audit is missing, of another version, or not what the command needs."""

    code = "audit-files"


class PluginError(InputError):
    """A plugin is missing, broken, ambiguous, or built for another interface version."""

    code = "plugin"


class ExecutionError(InputError):
    """Work cannot be carried out where it was sent: a worker died again and again, or does not see the directory."""

    code = "execution"


class PluginFault(PluginError):
    """A plugin returned something that its interface does not allow: its fault, not the input's. Exit status 3."""

    exit_status = 3
    code = "plugin-fault"


class ExtraMissing(InputError):
    """Something needs packages from an extra of the distribution that is not installed."""

    code = "extra"

    def __init__(self, problem: Problem, extras: tuple[str, ...]) -> None:
        """``extras``: names of the extras to install."""
        self.extras = extras
        super().__init__(problem)


class FieldError(PolyproofError, ArithmeticError):
    """An operation a field does not have: the inverse of zero, a root of unity of an order it lacks."""

    code = "field"


class ProofRejected(PolyproofError):
    """A proof, inclusion file or manifest does not verify. Exit status 1.

    ``check`` is a short stable name of the check that failed (``"inclusion-path"``, ``"total-range"``),
    ``reason`` a sentence for people.
    """

    exit_status = 1

    def __init__(self, check: str, reason: str, *, file: str | Path | None = None) -> None:
        self.check = check
        self.reason = reason
        self.file = str(file) if file is not None else None
        super().__init__(f"{self.file}: {reason} [{check}]" if self.file else f"{reason} [{check}]")

    def at(self, file: str | Path) -> Self:
        """The same refusal, naming a file."""
        return type(self)(self.check, self.reason, file=file)


class PolicyRejected(ProofRejected):
    """The proof may verify, but the verifier's own policy does not accept it: see ``settings.policy.PolicyCheck``."""
