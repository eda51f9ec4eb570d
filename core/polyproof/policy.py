"""The policy file: what a verifier accepts, in a YAML file of the verifier's own.

::

    polyproof-policy: 1
    min_proven_bits: 100
    hashes: [poseidon, blake3]

Keys left out keep the defaults of ``polyproof.backend.Policy``.
"""

from __future__ import annotations

from pathlib import Path

from polyproof.backend import Policy
from polyproof.documents import load_yaml
from polyproof.registry import Registry, default_registry
from polyproof.structure import Structure

__all__ = ["FORMAT", "load_policy"]

FORMAT = 1
"""Version of the policy format: the value of the key ``polyproof-policy``."""

_HEADER = "polyproof-policy"


def load_policy(path: Path, registry: Registry | None = None) -> Policy:
    """Read a policy file. Raises ``SpecError`` with every problem, each at its file, line and column."""
    node = load_yaml(path)
    structure = Structure(registry or default_registry())
    structure.header(node, _HEADER, FORMAT)
    policy = structure.build(node, Policy, besides=(_HEADER,))
    structure.finish()
    assert policy is not None, "an incomplete policy has a problem"
    return policy
