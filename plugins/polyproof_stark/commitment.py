"""FRI as a polynomial commitment: commit to columns, open all of them at points outside the field.

Every column f and point z gives the quotient (f(X) − f(z))/(X − z), a polynomial exactly if the value sent is right.
All quotients are combined with powers of one challenge γ into a codeword, on which the low-degree test is run
(DEEP-FRI: Ben-Sasson, Goldberg, Kopparty, Saraf, eprint 2019/336).

The commitment is binding but not hiding, since nothing is blinded here. The STARK, which must hide, adds masks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from polyproof.commitment import PolynomialCommitment, ValueField, VectorCommitment, VectorOpening
from polyproof.engine import for_blocks
from polyproof.errors import OptionsError, ProofRejected
from polyproof.field import Elements, Extension, Field
from polyproof.hash import Digest, Hash
from polyproof.toolkit.binary import Reader, Writer
from polyproof.transcript import Transcript
from polyproof_stark.fri import Domain, Folding
from polyproof_stark.low_degree import LowDegreeProof, LowDegreeTest, read_opening, write_opening
from polyproof_stark.opened_rows import OpenedRows, verify_rows

__all__ = ["FriCommitment", "FriOpening", "FriState"]

MAGIC = b"PPFRICO\0"
VERSION = 1
_BLOCK = 1 << 14


@frozen(eq=False)
class FriState:
    """The prover's state of one commitment."""

    coefficients: Elements
    """``(n, columns)``."""
    extended: Elements
    """``(blowup·n, columns)``."""
    tree: object
    root: Digest

    @property
    def commitment(self) -> Digest:
        """The root, by the name that every polynomial commitment has for it."""
        return self.root


@frozen(eq=False)
class FriOpening:
    """Values at the points, and the proof that they are right."""

    values: tuple[tuple[Elements, ...], ...]
    """``values[commitment][point]``: ``(columns, e)``."""
    low_degree: LowDegreeProof
    rows: tuple[Elements, ...]
    """For each commitment its rows at the queries: ``(q, columns)``."""
    row_openings: tuple[VectorOpening, ...]


class FriCommitment(PolynomialCommitment):
    """The polynomial commitment ``fri``.

    Prover and verifier must construct it with the same components and numbers. Each column has ``size`` coefficients, a
    power of two of at least 64.
    """

    name = "fri"
    opens_domain = False
    reveals = None

    def __init__(
        self,
        field: Field,
        hash: Hash,
        tree: VectorCommitment,
        *,
        size: int,
        extension: int = 3,
        blowup: int = 4,
        queries: int = 88,
        grinding: int = 16,
        arity: int = 8,
    ) -> None:
        """``tree``: a vector commitment over ``hash``. Raises ``OptionsError`` for numbers that do not fit."""
        if size < 64 or size & (size - 1):
            raise OptionsError(f"a committed column has a power of two of at least 64 coefficients, not {size}")
        if blowup < 2 or blowup & (blowup - 1) or arity not in (2, 4, 8, 16):
            raise OptionsError(f"blowup {blowup} must be a power of two from 2 on, arity {arity} one of 2, 4, 8, 16")
        folding = Folding.of(size, arity)
        if queries > blowup * size // folding.arities[0]:
            raise OptionsError(
                f"{queries} queries without repetition: the domain has {blowup * size // folding.arities[0]} cosets"
            )
        self.field = field
        self.extension: Extension = field.extension(extension)
        self.hash = hash
        self.tree = tree
        self.size = size
        self.value_field = ValueField(field.modulus, extension, self.extension.nonresidue)
        self.root_of_unity = field.root_of_unity(size)
        self.blowup = blowup
        self.test = LowDegreeTest(self.extension, folding, Domain(blowup * size, field.generator), queries, grinding)

    def commit(self, values: Elements) -> FriState:
        """Commit to columns given on ⟨ω_n⟩: ``(n, columns)``."""
        if len(values) != self.size:
            raise ValueError(f"expected columns of {self.size} values, got {len(values)}")
        coefficients = self.field.inverse_transform(values)
        domain = self.test.domain
        extended = self.field.extend(coefficients, domain.size, domain.shift)
        state = self.tree.commit(self.hash.pack(extended, self.field.modulus))
        return FriState(coefficients, extended, state, state.root)

    def _absorb_statement(self, transcript: Transcript, roots: Sequence[Digest], widths: Sequence[int]) -> None:
        test = self.test
        transcript.absorb_text("scheme", self.name)
        transcript.absorb_integers(
            "options", self.size, self.extension.degree, self.blowup, test.queries, test.grinding, *test.folding.arities
        )
        transcript.absorb_integers("widths", *widths)
        for root in roots:
            transcript.absorb_digests("root", root)

    def _points(self, points: Sequence[Elements]) -> list[Elements]:
        checked = [np.asarray(point, np.uint64) for point in points]
        for point in checked:
            if point.shape != (self.extension.degree,) or self.extension.in_base(point):
                raise ValueError("a point to open at must be an extension element outside the base field")
        return checked

    def open(self, states: Sequence[FriState], points: Sequence[Elements], transcript: Transcript) -> FriOpening:
        """Open every column of every commitment at every point."""
        points = self._points(points)
        extension = self.extension
        widths = [state.extended.shape[1] for state in states]
        self._absorb_statement(transcript, [state.commitment for state in states], widths)
        values = tuple(tuple(extension.evaluate(state.coefficients, point) for point in points) for state in states)
        gamma = self._absorb_values(transcript, points, values)
        domain = self.test.domain
        codeword = np.empty((domain.size, extension.degree), np.uint64)

        def fill(start: int, stop: int) -> None:
            at = domain.points_between(self.field, start, stop)
            codeword[start:stop] = self._combined(
                gamma, points, values, [state.extended[start:stop] for state in states], at
            )

        for_blocks(fill, domain.size, _BLOCK)
        low_degree, indices, _ = self.test.prove(transcript, codeword, self.tree)
        return FriOpening(
            values,
            low_degree,
            tuple(state.extended[indices] for state in states),
            tuple(self.tree.open(state.tree, indices) for state in states),
        )

    def verify(
        self,
        commitments: Sequence[Digest],
        points: Sequence[Elements],
        opening: FriOpening,
        transcript: Transcript,
    ) -> None:
        """Check an opening; its ``values`` are then those of polynomials below the degree bound."""
        roots = commitments
        points = self._points(points)
        if len(opening.values) != len(roots) or any(len(row) != len(points) for row in opening.values):
            raise ProofRejected("shape", f"expected values of {len(roots)} commitments at {len(points)} points")
        widths = [len(row[0]) for row in opening.values]
        self._absorb_statement(transcript, roots, widths)
        gamma = self._absorb_values(transcript, points, opening.values)
        folds, indices = self.test.replay(transcript, opening.low_degree)
        opened = self.test.opened_cosets(opening.low_degree, indices, self.tree)
        for root, rows, row_opening, width in zip(roots, opening.rows, opening.row_openings, widths, strict=True):
            if rows.shape != (len(indices), width):
                raise ProofRejected("shape", f"expected rows of shape {(len(indices), width)}, got {rows.shape}")
            opened.append(OpenedRows(self.tree, root, self.test.domain.size, indices, rows, row_opening))
        verify_rows(opened, self.field.modulus)
        at = self.test.domain.points(self.field, indices)
        codeword = self._combined(gamma, points, opening.values, opening.rows, at)
        self.test.check(opening.low_degree, indices, codeword, folds)

    def _absorb_values(
        self, transcript: Transcript, points: Sequence[Elements], values: Sequence[Sequence[Elements]]
    ) -> Elements:
        for point in points:
            transcript.absorb_elements("point", point, below=self.field.modulus)
        for of_state in values:
            for at_point in of_state:
                transcript.absorb_elements("values", at_point, below=self.field.modulus)
        return transcript.draw_extension("gamma", self.extension)

    def _combined(
        self,
        gamma: Elements,
        points: Sequence[Elements],
        values: Sequence[Sequence[Elements]],
        rows: Sequence[Elements],
        at: Elements,
    ) -> Elements:
        """Σ γ^k·(f_k(x) − f_k(z))/(x − z) over all columns and points, at base points x: ``(len(at), e)``."""
        extension = self.extension
        count = sum(block.shape[1] for block in rows)
        powers = extension.powers(gamma, count * len(points))
        result = np.zeros((len(at), extension.degree), np.uint64)
        used = 0
        for number, point in enumerate(points):
            numerator = np.zeros_like(result)
            for block, of_state in zip(rows, values, strict=True):
                weights = powers[used : used + block.shape[1]]
                used += block.shape[1]
                sent = extension.sum(extension.multiply(weights, of_state[number]), axis=0)
                numerator = extension.add(numerator, extension.subtract(extension.dot(block, weights), sent))
            inverse = extension.inverse(extension.subtract(extension.embed(at), point))
            result = extension.add(result, extension.multiply(numerator, inverse))
        return result

    # Files

    def write(self, opening: FriOpening, *, values: bool = True) -> bytes:
        """An opening as bytes, with its values or without."""
        writer = Writer(MAGIC, VERSION)
        for of_state in opening.values if values else ():
            for at_point in of_state:
                writer.elements(self.extension, at_point)
        for rows, row_opening in zip(opening.rows, opening.row_openings, strict=True):
            writer.elements(self.field, rows)
            write_opening(writer, self.hash, row_opening)
        opening.low_degree.write(writer, self.test, self.hash)
        return writer.getvalue()

    def read(
        self,
        data: bytes,
        widths: Sequence[int],
        points: int,
        *,
        values: Sequence[Sequence[Elements]] | None = None,
    ) -> FriOpening:
        """Parse an opening of commitments of these widths at ``points`` points. Raises ``ProofRejected``."""
        reader = Reader(data, MAGIC, VERSION, "FRI opening")
        if values is None:
            values = [[reader.elements("values", self.extension, (width,)) for _ in range(points)] for width in widths]
        rows, openings = [], []
        for width in widths:
            rows.append(reader.elements("rows", self.field, (self.test.queries, width)))
            size, queries = self.test.domain.size, self.test.queries
            openings.append(read_opening(reader, self.hash, "row siblings", self.tree, size, queries))
        low_degree = LowDegreeProof.read(reader, self.test, self.hash, self.tree, chain=False)
        reader.finish()
        return FriOpening(tuple(map(tuple, values)), low_degree, tuple(rows), tuple(openings))

    def write_commitment(self, commitment: Digest) -> bytes:
        """A root as bytes."""
        return self.hash.encode_digests(commitment[None])

    def read_commitment(self, data: bytes, columns: int) -> Digest:
        """Parse a root. Raises ``ProofRejected``."""
        root: Digest = self.hash.decode_digests(data, 1)[0]
        return root
