from __future__ import annotations

from doubles.two_audits import audit, command, proved

__all__ = ["audit", "command", "proved"]
