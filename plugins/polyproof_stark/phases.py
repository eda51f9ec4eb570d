"""How long each phase of proving takes in proportion, for whoever wants to know how far a proof is."""

from __future__ import annotations

__all__ = ["PHASES"]

PHASES = {
    "limbs": 0.3,
    "tags": 2.2,
    **{
        f"messages of the proof / {title}": share
        for title, share in {
            "trace columns": 1.8,
            "trace commitment / extension": 8.5,
            "trace commitment / tree": 26.2,
            "inclusion tree": 3.3,
            "argument columns": 2.1,
            "argument commitment / extension": 5.5,
            "argument commitment / tree": 20.9,
            "quotient / constraints on D": 8.2,
            "quotient commitment / extension": 0.7,
            "quotient commitment / tree": 7.6,
            "openings at z": 0.3,
            "codewords on H": 1.2,
            "pair tree": 0.5,
            "codeword on D / extension": 0.2,
            "low-degree test": 2.2,
        }.items()
    },
    "private state": 1.0,
}
"""Seconds that passed while 100,000 accounts of 22 assets were proved with Poseidon on two cores, in proportion.

Titles are those that ``Prover`` and ``Stark.prove`` give to their tasks. Other sizes and hashes shift the shares, and
an estimate with them; nothing else rests on these numbers.
"""
