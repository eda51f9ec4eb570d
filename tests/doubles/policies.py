"""Policies of tests whose audits the default one refuses, and commands that name one unless the test does."""

from __future__ import annotations

from pathlib import Path

from doubles.fixtures import Command, Ended
from polyproof.settings.bundled import bundled_policies
from polyproof.settings.policy import load_policy
from polyproof.settings.reserves import ReservesPolicy

__all__ = ["ANYTHING", "DECLARED", "DECLARED_FILE", "SUM_TREE", "SUM_TREE_FILE", "naming"]

SUM_TREE = load_policy(bundled_policies()["merkle-sum"])
"""The policy that comes with polyproof for Merkle sum trees, which are proved fast."""

ANYTHING = """\
polyproof-policy: 2
min_binding_bits: null
min_soundness_bits: null
min_soundness_2025_bits: null
min_inclusion_bits: null
min_inclusion_2025_bits: null
backends: null
hashes: null
"""
"""A policy file that accepts the backend that proves nothing as well."""

SUM_TREE_FILE = "polyproof-policy: 2\nmin_soundness_bits: null\nmin_soundness_2025_bits: null\n"
"""A policy file that accepts them, and more keys after it."""
DECLARED = ReservesPolicy(balances="declared", messages=("challenge", "constant"))
"""A verifier who believes declared balances and messages that name no audit, as most exchanges of the tests have."""

DECLARED_FILE = f"{SUM_TREE_FILE}reserves: {{balances: declared, messages: [challenge, constant]}}\n"
"""A policy file that says so, and accepts the Merkle sum trees by which they prove what they owe."""

JUDGING = ("check", "prove", "plan", "verify", "verify-inclusion", "audit", "report", "reserves")
"""Commands that judge a proof by a policy."""


def naming(command: Command, policy: str | Path) -> Command:
    """The same command, with ``--policy`` where a proof is judged and the test names none."""

    def call(*arguments: object) -> Ended:
        judges = bool(arguments) and arguments[0] in JUDGING and len(arguments) > 1
        named = any(argument in ("--policy", "--allow-weak", "--") for argument in arguments)
        return command(*arguments, "--policy", policy) if judges and not named else command(*arguments)

    return call
