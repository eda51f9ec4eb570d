"""The numbers of the field."""

from __future__ import annotations

__all__ = ["GENERATOR", "MODULUS", "TWO_ADICITY"]

MODULUS = 2**31 - 2**27 + 1
"""p = 15·2^27 + 1 = 2013265921."""
GENERATOR = 31
"""The least generator of the multiplicative group, so no r-th power for any prime r that divides p − 1 = 2^27·3·5."""
TWO_ADICITY = 27
