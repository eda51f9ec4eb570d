"""The extension that a field gets without code of its own: compiled where it can be, else in numpy."""

from __future__ import annotations

from polyproof.engine import Engine
from polyproof.field import Field
from polyproof.toolkit.extension import BinomialExtension

__all__ = ["binomial_extension"]


def binomial_extension(field: Field, degree: int, nonresidue: int) -> BinomialExtension:
    """F[θ]/(θ^e − w): compiled for a field of the compiled engine with an odd modulus below 2^31, else in numpy.

    Raises ``FieldError`` as ``BinomialExtension`` does.
    """
    if field.engine is Engine.COMPILED and 2 < field.modulus < 1 << 31:
        from polyproof.toolkit.compiled_extension import CompiledBinomialExtension

        return CompiledBinomialExtension(field, degree, nonresidue)
    return BinomialExtension(field, degree, nonresidue)
