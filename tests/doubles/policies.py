"""Policies of tests whose audits the default one refuses, and commands that name one unless the test does."""

from __future__ import annotations

from pathlib import Path

from doubles.fixtures import Command, Ended
from polyproof.settings.reserves import ReservesPolicy

__all__ = ["DECLARED", "DECLARED_FILE", "naming"]

DECLARED = ReservesPolicy(balances="declared", messages=("challenge", "constant"))
"""A verifier who believes declared balances and messages that name no audit, as most exchanges of the tests have."""

DECLARED_FILE = "polyproof-policy: 1\nreserves: {balances: declared, messages: [challenge, constant]}\n"
"""A policy file that says so."""

JUDGING = ("verify", "verify-inclusion", "audit", "report")
"""Commands that judge a proof by a policy."""


def naming(command: Command, policy: str | Path) -> Command:
    """The same command, with ``--policy`` where a proof is judged and the test names none."""

    def call(*arguments: object) -> Ended:
        judges = bool(arguments) and arguments[0] in JUDGING and len(arguments) > 1
        named = any(argument in ("--policy", "--allow-weak", "--") for argument in arguments)
        return command(*arguments, "--policy", policy) if judges and not named else command(*arguments)

    return call
