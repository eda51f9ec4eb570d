"""Where segments are proved: the key ``executor`` of a spec, and the option of the same name on the command line.

It says nothing about what is proved. It is neither in the public part of a spec nor bound by its digest, and work that
was begun with one executor goes on with another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from polyproof.config.options import option
from polyproof.config.reader import Choice, component_options
from polyproof.registry import Registry
from polyproof.settings.arguments import parse_argument

if TYPE_CHECKING:
    # Every spec has this key, and who verifies one needs no executor.
    from polyproof.executor import Executor

__all__ = ["DEFAULT", "ExecutorChoice", "create_executor", "parse_executor"]

DEFAULT = "local"
"""The executor of a spec that names none."""


@frozen
class ExecutorChoice(Choice):
    """An executor, by name, and its options."""

    kind = "executor"


@frozen
class _Given:
    """What is read on a command line."""

    executor: ExecutorChoice = option(doc="Where segments are proved: its name, or a mapping of name and options.")


def parse_executor(text: str, registry: Registry) -> ExecutorChoice:
    """An executor as a command line names it: what would stand after ``executor:`` in a spec.

    Raises ``SpecError`` with everything that is wrong with it.
    """
    return parse_argument(f"executor: {text}", "--executor", _Given, registry).executor


def create_executor(choice: ExecutorChoice | None, registry: Registry) -> Executor:
    """The executor that is chosen, or the default one."""
    if choice is None:
        choice = ExecutorChoice(DEFAULT, component_options(registry, "executor", DEFAULT)())
    executor: Executor = choice.create(registry)
    return executor
