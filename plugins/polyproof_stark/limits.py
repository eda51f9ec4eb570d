"""The arithmetic that the numbers of a proof must satisfy, for the system that is proved with them."""

from __future__ import annotations

from polyproof.errors import OptionsError
from polyproof.field import Field
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.parameters import LEAST_LOG_ROWS, Parameters

__all__ = ["check_parameters"]


def check_parameters(parameters: Parameters, compiled: CompiledSystem, field: Field) -> None:
    """Raise ``OptionsError``, with the arithmetic, unless the numbers fit one another and the system."""
    p = parameters
    needed = 2 * p.queries + 2 * p.degree
    if p.log_rows < LEAST_LOG_ROWS:
        raise OptionsError(f"a trace has at least 2^{LEAST_LOG_ROWS} rows, not 2^{p.log_rows}")
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
    if quotient + 1 > p.quotient_bound:
        raise OptionsError(
            f"constraints of degree {compiled.degree} make a quotient of degree {quotient}: {quotient + 1} "
            f"coefficients, more than {p.blowup}·2^{p.log_rows} + {p.blinding} − 2 = {p.quotient_bound}; a greater "
            f"blowup would do"
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
