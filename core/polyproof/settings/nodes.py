"""The file of nodes: where a verifier looks up balances, and who controls accounts.

::

    polyproof-nodes: 1
    balances:
      - {name: evm, chain: ethereum, url: "http://127.0.0.1:8545"}

``balances`` is as in a spec. Which block each chain is asked about is stated by the reserves that are verified.
"""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from polyproof.config.options import option
from polyproof.config.reader import OptionsReader
from polyproof.config.tree import load_yaml
from polyproof.registry import Registry, default_registry
from polyproof.settings.reserves import BalancesChoice

__all__ = ["FORMAT", "load_nodes"]

FORMAT = 1
"""Version of the format: the value of the key ``polyproof-nodes``."""

_HEADER = "polyproof-nodes"


@frozen(kw_only=True)
class _File:
    """The keys of the file besides its header."""

    balances: tuple[BalancesChoice, ...] = option(
        items=(1, 256), doc="Who is asked, as in a spec; the first provider that answers counts."
    )


def load_nodes(path: Path, registry: Registry | None = None) -> tuple[BalancesChoice, ...]:
    """Read a file of nodes. Raises ``SpecError`` with every problem, each at its file, line and column."""
    reader = OptionsReader(registry or default_registry())
    node = load_yaml(path)
    reader.header(node, _HEADER, FORMAT)
    found = reader.build(node, _File, besides=(_HEADER,))
    reader.finish()
    assert found is not None, "an incomplete file has a problem"
    return found.balances
