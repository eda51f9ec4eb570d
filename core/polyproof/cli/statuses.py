"""How a command ends: docs/reference/command-line.md lists every status."""

from __future__ import annotations

__all__ = ["BROKEN_PIPE", "FAULT", "INTERRUPTED", "NOT_COVERED"]

NOT_COVERED = 1
"""Holdings do not cover what is owed under the policy in force. A rejected proof has the same status."""
FAULT = 3
"""A fault in polyproof or in a plugin."""
INTERRUPTED = 130
BROKEN_PIPE = 141
"""The reader of the output closed the pipe."""
