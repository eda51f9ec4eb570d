"""The command line: one module for each command, and what they share."""

from polyproof.cli.app import app, main, run

__all__ = ["app", "main", "run"]
