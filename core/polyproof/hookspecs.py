"""What a plugin can offer: all the hooks that polyproof calls.

A plugin is a module named by an entry point of the group ``polyproof.plugins``. It sets
``polyproof_interface = 2`` and defines any of these functions, marked with ``hookimpl``::

    from polyproof.hookspecs import Component, hookimpl

    polyproof_interface = 2

    @hookimpl
    def polyproof_components():
        return [Component("hash", "my-hash", "What it is, in one line", "my_package.hash:MyHash")]

Importing the module must be quick: classes are named by strings and imported when they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy
from attrs import frozen

if TYPE_CHECKING:
    from polyproof.model.manifest import Manifest

__all__ = ["KINDS", "Component", "hookimpl"]

hookspec = pluggy.HookspecMarker("polyproof")
hookimpl = pluggy.HookimplMarker("polyproof")

KINDS = {
    "field": "polyproof.field:Field",
    "hash": "polyproof.hash:Hash",
    "commitment": "polyproof.commitment:CommitmentScheme",
    "constraints": "polyproof.constraints:ConstraintSystem",
    "backend": "polyproof.backend:Backend",
    "ownership": "polyproof.ownership:OwnershipScheme",
    "ledger": "polyproof.ledger:LedgerFormat",
    "source": "polyproof.source:Source",
    "balances": "polyproof.balances:BalanceProvider",
    "executor": "polyproof.executor:Executor",
    "anchor": "polyproof.anchor:Anchor",
}
"""Kinds of components, and the abstract class that each must derive from."""


@frozen
class Component:
    """One thing a plugin offers."""

    kind: str
    """A key of ``KINDS``."""
    name: str
    """The name used in specs: lower case letters, digits and hyphens."""
    summary: str
    """One line for ``polyproof plugins``."""
    factory: str
    """The class as ``"module:attribute"``, imported when it is first used."""


@hookspec
def polyproof_components() -> Sequence[Component]:  # type: ignore[empty-body]
    """Return the components this plugin offers. Called once, when the registry is built."""


@hookspec
def polyproof_audit_proved(directory: Path, manifest: Manifest) -> None:
    """Called after a complete audit has been written to ``directory``, for notification or upload.

    An exception is reported as a warning; the audit stands.
    """


@hookspec
def polyproof_audit_verified(directory: Path, manifest: Manifest) -> None:
    """Called after every check of a published audit has passed."""
