"""The field starter-name for polyproof.

YOURS: as it stands it is the field of p = 63·2^25 + 1 elements. `NarrowField` computes in any field of a prime below
2^32, in numpy, and below 2^31 its extensions are compiled. Override what you have faster, or derive from
`polyproof.field.Field` and write all of it.
"""

from polyproof.hookspecs import Component, hookimpl
from polyproof.toolkit.narrow_field import NarrowField

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One field."""
    return [Component("field", "starter-name", "p = 63·2^25 + 1, a starting point", "polyproof_starter:StarterField")]


class StarterField(NarrowField):
    """YOURS: the numbers. polyproof checks them when the field is asked for."""

    name = "starter-name"
    modulus = 63 * 2**25 + 1
    generator = 5
    """Of the whole multiplicative group."""
    two_adicity = 25
    """The largest k for which 2^k divides p − 1: a trace and its extension have at most 2^k rows."""
    extension_degrees = (2, 3, 4, 6)
    """Every prime that divides a degree divides p − 1."""
    default_extension = 6
    """Degree times bits of p is what soundness begins with: 186 here, of which some are lost."""
