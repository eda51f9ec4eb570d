"""What a verifier's own node does not say: no ground for a rejection, and the evidence stays a claim."""

from __future__ import annotations

__all__ = ["Unavailable"]


class Unavailable(Exception):
    """Not to be had from whoever was asked, and why; fits after "not checked here:"."""

    def __init__(self, reason: str, *, down: bool = False) -> None:
        """``down``: whether whoever was asked did not answer, and would not about anything else."""
        super().__init__(reason)
        self.down = down
