"""The numbers of one proof."""

from __future__ import annotations

from attrs import frozen

from polyproof_stark.fri import Folding

__all__ = ["LEAST_LOG_ROWS", "MOST_LOG_ROWS", "Parameters"]

LEAST_LOG_ROWS, MOST_LOG_ROWS = 10, 24
"""log2 of the rows of a trace that a spec can ask for."""


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
    def quotient_bound(self) -> int:
        """βN + d − 2, the most coefficients that a quotient may have (section 3)."""
        return self.domain_size + self.blinding - 2

    @property
    def folding(self) -> Folding:
        """The folding schedule of G."""
        return Folding.of(self.rows, self.arity)
