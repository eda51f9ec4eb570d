"""The policy file: what a verifier accepts, in a YAML file of the verifier's own.

::

    polyproof-policy: 1
    min_proven_bits: 100
    hashes: [poseidon, blake3]
    reserves: {least_ratio: "1.05", count: [proven]}

Keys left out keep the defaults of ``polyproof.backend.Policy``; ``reserves``, which says what holdings count and how
much is enough, is a ``polyproof.reserves.ReservesPolicy``.
"""

from __future__ import annotations

from pathlib import Path

from polyproof.backend import Policy
from polyproof.config.reader import Structure
from polyproof.config.tree import Mapping, load_yaml
from polyproof.registry import Registry, default_registry
from polyproof.settings.reserves import ReservesPolicy

__all__ = ["FORMAT", "load_policy", "load_reserves_policy"]

FORMAT = 1
"""Version of the policy format: the value of the key ``polyproof-policy``."""

_HEADER = "polyproof-policy"
_RESERVES = "reserves"


def load_policy(path: Path, registry: Registry | None = None) -> Policy:
    """Read a policy file. Raises ``SpecError`` with every problem, each at its file, line and column."""
    return _load(path, registry)[0]


def load_reserves_policy(path: Path, registry: Registry | None = None) -> ReservesPolicy | None:
    """The part of a policy file about reserves; None if it has none. Raises as ``load_policy`` does."""
    return _load(path, registry)[1]


def _load(path: Path, registry: Registry | None) -> tuple[Policy, ReservesPolicy | None]:
    node = load_yaml(path)
    structure = Structure(registry or default_registry())
    structure.header(node, _HEADER, FORMAT)
    policy = structure.build(node, Policy, besides=(_HEADER, _RESERVES))
    given = node.get(_RESERVES) if isinstance(node, Mapping) else None
    reserves = structure.build(given, ReservesPolicy) if given is not None else None
    structure.finish()
    assert policy is not None, "an incomplete policy has a problem"
    return policy, reserves
