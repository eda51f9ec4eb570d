"""KoalaBear, p = 127·2^24 + 1, as a field for polyproof: its numbers, and one operation that is faster than usual."""

import numpy as np

from polyproof.field import Elements
from polyproof.hookspecs import Component, hookimpl
from polyproof.toolkit.narrow_field import NarrowField

polyproof_interface = 2

P = 127 * 2**24 + 1


@hookimpl
def polyproof_components() -> list[Component]:
    """One field."""
    return [Component("field", "koala-bear", "p = 127·2^24 + 1, in numpy", "polyproof_koalabear:KoalaBear")]


class KoalaBear(NarrowField):
    """The same for both engines. p − 1 = 2^24·127, so extensions have degrees that are powers of two."""

    name = "koala-bear"
    modulus = P
    generator = 3
    two_adicity = 24
    extension_degrees = (2, 4, 8)
    default_extension = 8

    def inverse(self, a) -> Elements:
        """1 / a with one inversion for all (Montgomery's trick, as a tree): three products an element, not sixty."""
        elements = np.asarray(a, np.uint64)
        if not elements.all():
            return super().inverse(elements)  # which says where the zero is
        room = 1 << max(0, elements.size - 1).bit_length()
        level = np.ones(room, np.uint64)
        level[: elements.size] = elements.ravel()
        levels = [level]
        while len(levels[-1]) > 1:
            levels.append(self.multiply(levels[-1][0::2], levels[-1][1::2]))
        inverses = np.array([pow(int(levels[-1][0]), -1, self.modulus)], np.uint64)
        for level in reversed(levels[:-1]):
            above, inverses = inverses, np.empty_like(level)
            inverses[0::2] = self.multiply(above, level[1::2])  # 1/a = 1/(ab)·b
            inverses[1::2] = self.multiply(above, level[0::2])
        return inverses[: elements.size].reshape(elements.shape)
