"""Polynomials, commitments to them and their openings, for the suite of polynomial commitments."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from attrs import frozen

from polyproof.commitment import PolynomialCommitment, ValueField, Values
from polyproof.errors import ProofRejected
from polyproof.hash import Hash, Words
from polyproof.transcript import Transcript

__all__ = [
    "LABEL",
    "Opened",
    "RecordingTranscript",
    "UnderCommitment",
    "coefficients_of",
    "columns_of",
    "commit_and_open",
    "point_of",
    "value_at",
]

LABEL = "conformance/1"
"""Label of the suite's transcripts."""


class RecordingTranscript(Transcript):
    """A transcript that keeps the name, type and words of every message and draw, in order."""

    def __init__(self, hash: Hash, label: str) -> None:
        """As ``Transcript``."""
        self.said: list[tuple[str, int, list[int]]] = []
        super().__init__(hash, label)

    def _absorb(self, name: str, kind: int, words: Words) -> None:
        self.said.append((name, kind, words.ravel().tolist()))
        super()._absorb(name, kind, words)


@frozen(eq=False)
class Opened:
    """Some commitments, and their opening as the verifier receives it."""

    scheme: PolynomialCommitment
    hash: Hash
    columns: tuple[Values, ...]
    states: tuple[Any, ...]
    commitments: tuple[Any, ...]
    points: tuple[Values, ...]
    data: bytes

    @property
    def widths(self) -> list[int]:
        """Number of columns of each commitment."""
        return [columns.shape[1] for columns in self.columns]

    def read(self, data: bytes | None = None, widths: Sequence[int] | None = None) -> Any:
        """The opening, read from its bytes or from others. Raises ``ProofRejected``."""
        widths = self.widths if widths is None else widths
        return self.scheme.read(self.data if data is None else data, widths, len(self.points))

    def verify(self, opening: Any = None, transcript: Transcript | None = None) -> None:
        """Verify the opening, or another. Raises ``ProofRejected``."""
        opening = self.read() if opening is None else opening
        transcript = Transcript(self.hash, LABEL) if transcript is None else transcript
        self.scheme.verify(self.commitments, self.points, opening, transcript)

    def is_rejected(self, opening: Any = None, transcript: Transcript | None = None) -> bool:
        """Whether ``verify`` rejects."""
        try:
            self.verify(opening, transcript)
        except ProofRejected:
            return True
        return False


class UnderCommitment:
    """A prover's state that states another commitment."""

    def __init__(self, state: Any, commitment: Any) -> None:
        """The state that ``commit`` returned, and the commitment to state instead of its own."""
        self._state = state
        self.commitment = commitment

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


def columns_of(scheme: PolynomialCommitment, width: int, seed: int = 0) -> Values:
    """Random columns that the scheme can commit to: ``(size, width)`` values on its domain."""
    modulus, random = scheme.value_field.modulus, Random(f"{seed}/{width}")
    return scheme.value_field.array([[random.randrange(modulus) for _ in range(width)] for _ in range(scheme.size)])


def coefficients_of(scheme: PolynomialCommitment, columns: Values) -> list[list[int]]:
    """The coefficients of each column's polynomial, by the definition of the inverse transform."""
    modulus, n = scheme.value_field.modulus, scheme.size
    inverse = pow(scheme.root_of_unity, -1, modulus)
    powers = [pow(inverse, k, modulus) for k in range(n)]
    scale = pow(n, -1, modulus)
    return [
        [scale * sum(int(value) * powers[j * k % n] for j, value in enumerate(column)) % modulus for k in range(n)]
        for column in columns.T.tolist()
    ]


def point_of(field: ValueField, number: int) -> Values:
    """A point outside the domain, another for each number, and outside F_p if the degree allows: ``(degree,)``."""
    return field.array([number + 2 + k for k in range(field.degree)])


def commit_and_open(
    scheme: PolynomialCommitment, hash: Hash, widths: Sequence[int], points: int, seed: int = 0
) -> Opened:
    """Random columns in commitments of these widths, opened at so many points."""
    columns = tuple(columns_of(scheme, width, seed + number) for number, width in enumerate(widths))
    states = tuple(scheme.commit(values) for values in columns)
    at = tuple(point_of(scheme.value_field, number) for number in range(points))
    data = scheme.write(scheme.open(states, at, Transcript(hash, LABEL)))
    return Opened(scheme, hash, columns, states, tuple(state.commitment for state in states), at, data)


def value_at(field: ValueField, coefficients: Sequence[int], point: Values) -> list[int]:
    """A polynomial's value at a point, as a list of ``degree`` integers: Horner's rule over F_p[θ]/(θ^e − c)."""
    modulus, degree = field.modulus, field.degree
    z = [int(v) for v in point]
    value = [0] * degree
    for coefficient in reversed(coefficients):
        product = [0] * degree
        for i, x in enumerate(value):
            for j, y in enumerate(z):
                wraps, k = divmod(i + j, degree)
                product[k] += x * y * (field.nonresidue if wraps else 1)
        value = [v % modulus for v in product]
        value[0] = (value[0] + coefficient) % modulus
    return value
