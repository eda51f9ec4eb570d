"""What a profile other than ``standard`` changes, in the words of ``polyproof explain``."""

from __future__ import annotations

from polyproof.security import SecurityReport, bits_text
from polyproof_stark.parameters import Parameters

__all__ = ["of_proving", "of_security"]


def of_proving(
    profile: str, own: tuple[Parameters, int, int], standard: tuple[Parameters, int, int]
) -> tuple[str, ...]:
    """What it sets, and what that does to a proof and its prover.

    ``own`` and ``standard``: the parameters, the bytes of a proof, the committed words in a row of D.
    """
    (p, size, words), (usual, usual_size, usual_words) = own, standard
    work = words * p.blowup / (usual_words * usual.blowup)
    return (
        f"profile {profile}: blowup {p.blowup}, {p.queries} queries and {p.grinding} bits of grinding, where standard "
        f"has {usual.blowup}, {usual.queries} and {usual.grinding}.",
        f"A proof of 2^{p.log_rows} rows has about {size / 1024:.0f} KiB, where standard has {usual_size / 1024:.0f}. "
        f"To make it, {work:.1f} times as many values are computed, kept and hashed, in "
        f"{p.blowup / usual.blowup:g} times as many rows: that much more memory and work.",
    )


def of_security(profile: str, own: SecurityReport, standard: SecurityReport) -> str:
    """What becomes of the bits of inclusion by long-proven bounds, and of the others."""
    assert own.inclusion is not None, "security_report gives all figures"
    assert own.inclusion_2025 is not None
    assert own.soundness is not None
    assert standard.inclusion is not None
    assert standard.inclusion_2025 is not None
    assert standard.soundness is not None
    lost = standard.inclusion.bits - own.inclusion.bits
    change = (
        f"{bits_text(lost)} bits less, so that whoever forges a user's row has about {2**lost:,.0f} times the chance "
        "for the same work, as far as those bounds can tell"
        if lost > 0
        else "no less"
    )
    return (
        f"Inclusion under profile {profile}: {bits_text(own.inclusion.bits)} bits by long-proven bounds, where "
        f"standard has {bits_text(standard.inclusion.bits)}: {change}. By theorems of 2025 it is "
        f"{bits_text(own.inclusion_2025.bits)}, where standard has {bits_text(standard.inclusion_2025.bits)}, and "
        f"soundness is {bits_text(own.soundness.bits)}, where standard has {bits_text(standard.soundness.bits)}."
    )
