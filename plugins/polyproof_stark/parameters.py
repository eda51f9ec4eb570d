"""The numbers of one proof, and the arithmetic that they must satisfy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from polyproof.errors import OptionsError
from polyproof.field import Field
from polyproof_stark.fri import Folding

if TYPE_CHECKING:
    from polyproof_stark.compiler import CompiledSystem

__all__ = ["Parameters", "check_parameters"]


@frozen
class Parameters:
    """Everything numeric that prover and verifier agree on before the first message."""

    log_rows: int
    """n; the trace has N = 2^n rows."""
    blowup: int
    """β = |D| / N."""
    queries: int
    """q."""
    grinding: int
    """g, bits."""
    arity: int
    """a, of the FRI folds; the last one may be smaller."""
    degree: int
    """e, of the extension."""
    blinding: int
    """d, random rows at the end of the trace."""

    @property
    def rows(self) -> int:
        """N."""
        return 1 << self.log_rows

    @property
    def active(self) -> int:
        """U = N − d, rows under constraints."""
        return self.rows - self.blinding

    @property
    def domain_size(self) -> int:
        """|D| = βN."""
        return self.rows * self.blowup

    @property
    def folding(self) -> Folding:
        """The folding schedule of G."""
        return Folding.of(self.rows, self.arity)


def check_parameters(parameters: Parameters, compiled: CompiledSystem, field: Field) -> None:
    """Raise ``OptionsError``, with the arithmetic, unless the numbers fit one another and the system."""
    p = parameters
    needed = 2 * p.queries + 2 * p.degree
    if p.log_rows < 10:
        raise OptionsError(f"a trace has at least 2^10 rows, not 2^{p.log_rows}")
    if p.blinding < needed:
        raise OptionsError(
            f"{p.blinding} blinding rows do not cover the openings: 2·{p.queries} of the queries + 2·{p.degree} of the "
            f"out-of-domain point = {needed}; leave blinding out, or give {needed}"
        )
    if 5 * p.blinding > p.rows:
        raise OptionsError(
            f"{p.blinding} blinding rows are too many for 2^{p.log_rows} rows: 5·{p.blinding} = {5 * p.blinding} is "
            f"above {p.rows}; fewer queries, or a trace of 2^{(5 * p.blinding - 1).bit_length()} rows, would fit"
        )
    if p.domain_size.bit_length() - 1 > field.two_adicity:
        raise OptionsError(
            f"the evaluation domain of {p.blowup}·2^{p.log_rows} = 2^{p.domain_size.bit_length() - 1} points does not "
            f"exist in {field.name}, whose two-adicity is {field.two_adicity}; a smaller blowup or shorter segments "
            f"(segment_rows) would fit"
        )
    quotient = compiled.quotient_degree(p.rows, p.blinding)
    if quotient + 1 > p.domain_size:
        raise OptionsError(
            f"constraints of degree {compiled.degree} make a quotient of degree {quotient}, which {p.blowup}·"
            f"2^{p.log_rows} = {p.domain_size} points do not determine; a greater blowup would"
        )
    if p.domain_size // p.folding.arities[0] < p.queries:
        raise OptionsError(
            f"{p.queries} queries without repetition need as many cosets, the domain has {p.domain_size} / "
            f"{p.folding.arities[0]} = {p.domain_size // p.folding.arities[0]}"
        )
    for lookup in compiled.lookups:
        if p.active * len(lookup.values) >= field.modulus:
            raise OptionsError(
                f"{p.active} rows of {len(lookup.values)} looked-up columns can wrap a multiplicity: "
                f"{p.active}·{len(lookup.values)} = {p.active * len(lookup.values)} is not below {field.modulus}"
            )
