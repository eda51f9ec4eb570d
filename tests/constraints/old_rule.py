"""How many limbs a part had where a table was never longer than the trace: too many where it is."""

from __future__ import annotations

from polyproof_accounts.arithmetic import Arithmetic

__all__ = ["by_the_old_rule"]


def by_the_old_rule(limb_bits: int, active: int, modulus: int) -> Arithmetic:
    """v by 2^{wv}·4U < p, as it was where 2^w ≤ U was required, without a look at the carries."""
    part_limbs = 1
    while 4 * active << (limb_bits * (part_limbs + 1)) < modulus:
        part_limbs += 1
    return Arithmetic(limb_bits, active, modulus, part_limbs)
