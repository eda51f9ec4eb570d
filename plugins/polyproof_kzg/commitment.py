"""KZG: a polynomial is committed to by its value at a secret point, in the exponent (Kate, Zaverucha, Goldberg 2010).

A column f has the commitment C = [f(τ)]₁. That f(z) = y is shown by the witness W = [q(τ)]₁ of the quotient
q = (f − y)/(X − z): the verifier checks e(C − [y]₁ + z·W, [1]₂) = e(W, [τ]₂). Several columns are combined by powers of
a challenge γ, several equations by powers of a challenge ρ, so that any number of openings costs two pairings.

A set-up has no last power: whoever holds more of the ceremony than we loaded, and anybody may, can commit to
polynomials of degree n and above. So a commitment comes with a proof of its columns' degrees that rests on no such
bound. For f = Σ γ^j·f_j it has a commitment to R(X) = X^(n−1)·f(1/X), which is a polynomial exactly if deg f < n, and
shows at a challenge ζ that R(1/ζ) = ζ^(1−n)·f(ζ).

Nothing is blinded here. Of columns it shows f_j(τ) in the exponent, f(ζ), and f(1/τ) in the exponent; a witness is
determined by commitment, point and value, and shows no more than they do. So three random entries hide the others of a
column perfectly, and one more for each point outside the domain that is opened: the matrix of their Lagrange
polynomials at these points is a Cauchy matrix but for scaling, and invertible. docs/reference/kzg.md has the protocol
in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from attrs import frozen

from polyproof.commitment import PolynomialCommitment, ValueField, Values
from polyproof.errors import OptionsError, ProofRejected
from polyproof.hash import Hash
from polyproof.toolkit.binary import Reader, Writer
from polyproof.transcript import Transcript
from polyproof_kzg.checks import KzgCheck
from polyproof_kzg.curve import BN254, G1_BYTES, SCALAR_BYTES, Curve, Point
from polyproof_kzg.polynomials import TWO_ADICITY, divide, evaluate, interpolate, root_of_unity
from polyproof_kzg.setup import Setup

__all__ = ["KzgColumns", "KzgCommitment", "KzgOpening", "KzgState"]

COMMITMENT_MAGIC = b"PPKZGCOM"
OPENING_MAGIC = b"PPKZGOPN"
VERSION = 1
_DEGREES = "polyproof/kzg-degrees/1"


@frozen(eq=False)
class KzgColumns:
    """A commitment: the columns, and the proof that their degrees are below n."""

    columns: tuple[Point, ...]
    """[f_j(τ)]₁."""
    reversed: Point
    """[R(τ)]₁."""
    value: int
    """f(ζ)."""
    witnesses: tuple[Point, Point]
    """Of f at ζ, and of R at 1/ζ."""


@frozen(eq=False)
class KzgState:
    """The prover's state of one commitment."""

    coefficients: tuple[list[int], ...]
    """Of each column, n of them."""
    commitment: KzgColumns


@frozen(eq=False)
class KzgOpening:
    """Values at the points, and a witness for each point."""

    values: tuple[tuple[Values, ...], ...]
    """``values[commitment][point]``: ``(columns, 1)``."""
    witnesses: tuple[Point, ...]


class KzgCommitment(PolynomialCommitment):
    """The polynomial commitment ``kzg``.

    Prover and verifier must construct it with the same hash, size and secret of the set-up, which is of the class's
    curve.
    """

    name = "kzg"
    on: ClassVar[Curve] = BN254
    opens_domain = True
    reveals = 3

    def __init__(self, setup: Setup, hash: Hash, *, size: int) -> None:
        """Raises ``OptionsError`` for a size that is no power of two from 2 to 2^28, or beyond the set-up's powers."""
        if size < 2 or size & (size - 1) or size > 1 << TWO_ADICITY:
            raise OptionsError(f"a committed column has a power of two of 2 to 2^{TWO_ADICITY} entries, not {size}")
        if setup.powers and len(setup.powers) < size:
            raise OptionsError(f"a column of {size} entries needs {size} powers, the set-up has {len(setup.powers)}")
        self.setup = setup
        self.curve: Curve = setup.curve
        self.hash = hash
        self.size = size
        self.value_field = ValueField(self.curve.order)
        self.root_of_unity = root_of_unity(size, self.curve.order)

    # Committing

    def commit(self, values: Values) -> KzgState:
        """Commit to columns given on ⟨ω⟩: ``(n, columns)``."""
        if values.ndim != 2 or len(values) != self.size:
            raise ValueError(f"expected columns of {self.size} values, got an array of {values.shape}")
        order = self.curve.order
        columns = [[int(value) for value in column] for column in values.T]
        return self.commit_to([interpolate(column, self.root_of_unity, order) for column in columns])

    def commit_to(self, coefficients: Sequence[list[int]]) -> KzgState:
        """Commit to columns given by n coefficients each."""
        order = self.curve.order
        columns = tuple(self._in_exponent(column) for column in coefficients)
        transcript, gamma = self._combination(columns)
        f = self._combined(coefficients, gamma)
        reverse = f[::-1]
        reversed = self._in_exponent(reverse)
        zeta = self._outside(transcript, reversed)
        witnesses = (
            self._in_exponent(divide(f, zeta, order)),
            self._in_exponent(divide(reverse, pow(zeta, -1, order), order)),
        )
        return KzgState(tuple(coefficients), KzgColumns(columns, reversed, evaluate(f, zeta, order), witnesses))

    def _in_exponent(self, coefficients: Sequence[int]) -> Point:
        """[f(τ)]₁."""
        if not self.setup.powers:
            raise ValueError("a set-up without powers verifies, and commits to nothing")
        return self.curve.combine(self.setup.powers[: len(coefficients)], coefficients)

    def _combined(self, coefficients: Sequence[Sequence[int]], gamma: int) -> list[int]:
        """Σ γ^k·f_k, n coefficients at least."""
        total = [0] * max((self.size, *map(len, coefficients)))
        weight = 1
        for column in coefficients:
            for k, coefficient in enumerate(column):
                total[k] = (total[k] + weight * coefficient) % self.curve.order
            weight = weight * gamma % self.curve.order
        return total

    def _combination(self, columns: Sequence[Point]) -> tuple[Transcript, int]:
        """The transcript of the proof of degrees up to γ, and γ."""
        transcript = Transcript(self.hash, _DEGREES)
        transcript.absorb_text("set-up", self.curve.encode_second(self.setup.tau))
        transcript.absorb_integers("shape", self.size, len(columns))
        for column in columns:
            transcript.absorb_text("column", self.curve.encode(column))
        return transcript, self._draw(transcript, "gamma")

    def _outside(self, transcript: Transcript, reversed: Point) -> int:
        """ζ: neither 0 nor of the domain, where it would show an entry of each column, combined."""
        transcript.absorb_text("reversed", self.curve.encode(reversed))
        while True:
            zeta = self._draw(transcript, "zeta")
            if zeta and pow(zeta, self.size, self.curve.order) != 1:
                return zeta

    def _draw(self, transcript: Transcript, name: str) -> int:
        return transcript.draw_integers(name, 1, self.curve.order)[0]

    # Opening and verifying

    def open(self, states: Sequence[KzgState], points: Sequence[Values], transcript: Transcript) -> KzgOpening:
        """Open every column of every commitment at every point."""
        at = self._points(points)
        order = self.curve.order
        values = tuple(
            tuple(
                self.value_field.array([evaluate(column, z, order) for column in state.coefficients]).reshape(-1, 1)
                for z in at
            )
            for state in states
        )
        gamma = self._absorb(transcript, [state.commitment for state in states], at, values)
        f = self._combined([column for state in states for column in state.coefficients], gamma)
        witnesses = tuple(self._in_exponent(divide(f, z, order)) for z in at)
        self._absorb_witnesses(transcript, witnesses)
        return KzgOpening(values, witnesses)

    def verify(
        self,
        commitments: Sequence[KzgColumns],
        points: Sequence[Values],
        opening: KzgOpening,
        transcript: Transcript,
    ) -> None:
        """Check the degrees of all columns and an opening; its ``values`` are then those of the columns."""
        at = self._points(points)
        widths = [len(commitment.columns) for commitment in commitments]
        shapes = [[array.shape for array in of_state] for of_state in opening.values]
        if shapes != [[(width, 1)] * len(at) for width in widths] or len(opening.witnesses) != len(at):
            raise ProofRejected(KzgCheck.SHAPE, f"expected values of columns {widths}, and one witness a point")
        gamma = self._absorb(transcript, commitments, at, opening.values)
        rho = self._absorb_witnesses(transcript, opening.witnesses)
        equations = _Equations(self.curve, rho)
        for commitment in commitments:
            self._add_degrees(equations, commitment)
        columns = [column for commitment in commitments for column in commitment.columns]
        weights = self._powers(gamma, len(columns))
        for number, (z, witness) in enumerate(zip(at, opening.witnesses, strict=True)):
            values = [int(value) for of_state in opening.values for value in of_state[number][:, 0]]
            value = sum(weight * value for weight, value in zip(weights, values, strict=True))
            equations.add(columns, weights, z, value, witness)
        if not self.curve.paired(*equations.sides(), self.setup.tau):
            raise ProofRejected(KzgCheck.PAIRING, "the values are not those of the committed columns")

    def _add_degrees(self, equations: _Equations, commitment: KzgColumns) -> None:
        """f(ζ) = v and R(1/ζ) = ζ^(1−n)·v."""
        order = self.curve.order
        transcript, gamma = self._combination(commitment.columns)
        zeta = self._outside(transcript, commitment.reversed)
        of_f, of_reverse = commitment.witnesses
        weights = self._powers(gamma, len(commitment.columns))
        equations.add(commitment.columns, weights, zeta, commitment.value, of_f)
        value = commitment.value * pow(zeta, 1 - self.size, order)
        equations.add([commitment.reversed], [1], pow(zeta, -1, order), value, of_reverse)

    def _powers(self, base: int, count: int) -> list[int]:
        powers = [1] * count
        for k in range(1, count):
            powers[k] = powers[k - 1] * base % self.curve.order
        return powers

    def _points(self, points: Sequence[Values]) -> list[int]:
        found = [[int(value) for value in point] for point in points]
        if not all(len(point) == 1 and 0 <= point[0] < self.curve.order for point in found):
            raise ValueError("a point to open at has one coordinate, from 0 on and below the order of the curve")
        return [point[0] for point in found]

    def _absorb(
        self,
        transcript: Transcript,
        commitments: Sequence[KzgColumns],
        points: Sequence[int],
        values: Sequence[Sequence[Values]],
    ) -> int:
        """Everything that an opening is about; returns γ."""
        transcript.absorb_text("scheme", self.name)
        transcript.absorb_text("set-up", self.curve.encode_second(self.setup.tau))
        transcript.absorb_integers("shape", self.size, len(points), *(len(one.columns) for one in commitments))
        for commitment in commitments:
            transcript.absorb_text("commitment", self.write_commitment(commitment))
        transcript.absorb_integers("points", *points)
        for of_state in values:
            for at_point in of_state:
                transcript.absorb_integers("values", *(int(value) for value in at_point[:, 0]))
        return self._draw(transcript, "gamma")

    def _absorb_witnesses(self, transcript: Transcript, witnesses: Sequence[Point]) -> int:
        """The proof; returns ρ, which the prover draws too, so that both leave the transcript in one state."""
        for witness in witnesses:
            transcript.absorb_text("witness", self.curve.encode(witness))
        return self._draw(transcript, "rho")

    # Files

    def write(self, opening: KzgOpening, *, values: bool = True) -> bytes:
        """An opening as bytes, with its values or without."""
        writer = Writer(OPENING_MAGIC, VERSION)
        for of_state in opening.values if values else ():
            for at_point in of_state:
                for value in at_point[:, 0]:
                    writer.raw(int(value).to_bytes(SCALAR_BYTES, "little"))
        for witness in opening.witnesses:
            writer.raw(self.curve.encode(witness))
        return writer.getvalue()

    def read(
        self,
        data: bytes,
        widths: Sequence[int],
        points: int,
        *,
        values: Sequence[Sequence[Values]] | None = None,
    ) -> KzgOpening:
        """Parse an opening of commitments of these widths at ``points`` points. Raises ``ProofRejected``."""
        reader = Reader(data, OPENING_MAGIC, VERSION, "KZG opening")
        if values is None:
            values = [
                [
                    self.value_field.array([self._scalar(reader, "value") for _ in range(width)]).reshape(width, 1)
                    for _ in range(points)
                ]
                for width in widths
            ]
        witnesses = tuple(self._point(reader, f"witness {number + 1}") for number in range(points))
        reader.finish()
        return KzgOpening(tuple(map(tuple, values)), witnesses)

    def write_commitment(self, commitment: KzgColumns) -> bytes:
        """A commitment as bytes."""
        writer = Writer(COMMITMENT_MAGIC, VERSION)
        for point in (*commitment.columns, commitment.reversed, *commitment.witnesses):
            writer.raw(self.curve.encode(point))
        writer.raw(commitment.value.to_bytes(SCALAR_BYTES, "little"))
        return writer.getvalue()

    def read_commitment(self, data: bytes, columns: int) -> KzgColumns:
        """Parse a commitment to so many columns. Raises ``ProofRejected``."""
        reader = Reader(data, COMMITMENT_MAGIC, VERSION, "KZG commitment")
        committed = tuple(self._point(reader, f"column {number + 1}") for number in range(columns))
        reverse = self._point(reader, "reversed polynomial")
        first, second = (self._point(reader, f"witness {number}") for number in (1, 2))
        value = self._scalar(reader, "value")
        reader.finish()
        return KzgColumns(committed, reverse, value, (first, second))

    def _point(self, reader: Reader, item: str) -> Point:
        return self.curve.decode(reader.raw(item, G1_BYTES), item)

    def _scalar(self, reader: Reader, item: str) -> int:
        value = int.from_bytes(reader.raw(item, SCALAR_BYTES), "little")
        if value >= self.curve.order:
            raise ProofRejected(KzgCheck.SCALAR, f"{item} is not below the order of the curve")
        return value


class _Equations:
    """Equations e(C − [y]₁ + z·W, [1]₂) = e(W, [τ]₂), added up with powers of ρ: a false one survives with m/r."""

    def __init__(self, curve: Curve, rho: int) -> None:
        self._curve, self._rho, self._weight = curve, rho, 1
        self._left: dict[int, tuple[Point, int]] = {}
        self._right: list[tuple[Point, int]] = []
        self._constant = 0

    def add(self, columns: Sequence[Point], weights: Sequence[int], z: int, value: int, witness: Point) -> None:
        """The equation of C = Σ weights[k]·columns[k]."""
        for column, weight in zip(columns, weights, strict=True):
            self._add_left(column, weight)
        self._add_left(witness, z)
        self._constant += self._weight * value
        self._right.append((witness, self._weight))
        self._weight = self._weight * self._rho % self._curve.order

    def _add_left(self, point: Point, scalar: int) -> None:
        _, before = self._left.get(id(point), (point, 0))
        self._left[id(point)] = point, before + self._weight * scalar

    def sides(self) -> tuple[Point, Point]:
        """The two points of G₁."""
        order = self._curve.order
        terms = [*self._left.values(), (self._curve.generator, -self._constant)]
        left = self._curve.combine([point for point, _ in terms], [scalar % order for _, scalar in terms])
        right = self._curve.combine([point for point, _ in self._right], [scalar for _, scalar in self._right])
        return left, right
