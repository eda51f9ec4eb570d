"""Polynomials, commitments to them and their openings, for the suite of polynomial commitments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen

from polyproof.commitment import PolynomialCommitment
from polyproof.errors import ProofRejected
from polyproof.field import Elements, Extension
from polyproof.hash import Digest, Hash, Words
from polyproof.transcript import Transcript

__all__ = [
    "LABEL",
    "Opened",
    "RecordingTranscript",
    "UnderRoot",
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
    columns: tuple[Elements, ...]
    states: tuple[Any, ...]
    roots: tuple[Digest, ...]
    points: tuple[Elements, ...]
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
        self.scheme.verify(self.roots, self.points, opening, transcript)

    def is_rejected(self, opening: Any = None, transcript: Transcript | None = None) -> bool:
        """Whether ``verify`` rejects."""
        try:
            self.verify(opening, transcript)
        except ProofRejected:
            return True
        return False


class UnderRoot:
    """A prover's state that states another root."""

    def __init__(self, state: Any, root: Digest) -> None:
        """The state that ``commit`` returned, and the root to state instead of its own."""
        self._state = state
        self.root = root

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


def columns_of(scheme: PolynomialCommitment, width: int, seed: int = 0) -> Elements:
    """Random columns that the scheme can commit to: ``(size, width)`` values on its domain, uint64."""
    modulus = scheme.extension.field.modulus
    return np.random.default_rng([seed, width]).integers(0, modulus, (scheme.size, width), np.uint64)


def point_of(extension: Extension, number: int) -> Elements:
    """A point of the extension outside the base field, another for each number: ``(degree,)``, uint64."""
    return np.array([number + 2 + k for k in range(extension.degree)], np.uint64)


def commit_and_open(
    scheme: PolynomialCommitment, hash: Hash, widths: Sequence[int], points: int, seed: int = 0
) -> Opened:
    """Random columns in commitments of these widths, opened at so many points."""
    columns = tuple(columns_of(scheme, width, seed + number) for number, width in enumerate(widths))
    states = tuple(scheme.commit(values) for values in columns)
    at = tuple(point_of(scheme.extension, number) for number in range(points))
    data = scheme.write(scheme.open(states, at, Transcript(hash, LABEL)))
    return Opened(scheme, hash, columns, states, tuple(state.root for state in states), at, data)


def value_at(extension: Extension, coefficients: Elements, point: Elements) -> list[int]:
    """A polynomial's value at a point, as a list of ``degree`` integers: Horner's rule over F[θ]/(θ^e − c)."""
    modulus, degree = extension.field.modulus, extension.degree
    z = [int(v) for v in point]
    value = [0] * degree
    for coefficient in reversed(coefficients.tolist()):
        product = [0] * degree
        for i, x in enumerate(value):
            for j, y in enumerate(z):
                wraps, k = divmod(i + j, degree)
                product[k] += x * y * (extension.nonresidue if wraps else 1)
        value = [v % modulus for v in product]
        value[0] = (value[0] + coefficient) % modulus
    return value
