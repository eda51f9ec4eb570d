"""The private state of a proved segment: the files that the exchange keeps to cut inclusion proofs from.

::

    state/key                         the audit's secret key, from which nonces are derived
    state/mask.npy                    A's mask on every row
    state/inclusion-tree.npy          the inclusion tree
    state/chain-0-rows.npy, …         cosets of (G_A, G_B) on H, then of every further layer of the chain
    state/chain-0-tree.npy, …         and the tree of each

beside the index of account ids and rows (``AccountIndex``). Files are mapped into memory, so that one inclusion proof
reads a few pages of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from polyproof.backend import Statement
from polyproof.commitment import VectorCommitment
from polyproof.engine import Engine
from polyproof.errors import ArtifactError, ProofRejected
from polyproof.formats.files import write_private
from polyproof.hash import Words
from polyproof.model.accounts import Identifiers
from polyproof.toolkit.private_state import INDEXED, AccountIndex, load_array, read_private, save_array
from polyproof_stark.configuration import Configuration
from polyproof_stark.inclusion import payloads
from polyproof_stark.parameters import Parameters
from polyproof_stark.proof import read_log_rows
from polyproof_stark.protocol import Instance
from polyproof_stark.tags import account_nonces

if TYPE_CHECKING:
    from polyproof_stark.prover import ProverResult

__all__ = ["SegmentState", "least_state_size", "write_state"]

_AT_ONCE = 1 << 11
"""Accounts whose proofs are cut together: some ten megabytes."""


def least_state_size(p: Parameters, accounts: int, scheme: VectorCommitment) -> int:
    """Bytes of the state of so many accounts at the least."""
    element = 8 * p.degree
    size, points, width = accounts * INDEXED + p.rows * element + scheme.least_dump_size(p.rows), p.rows, 2
    for arity in p.folding.arities:
        size += points * width * element + scheme.least_dump_size(points // arity)
        points, width = points // arity, 1
    return size


def write_state(
    state: Path,
    key: bytes,
    ids: Identifiers,
    rows: npt.NDArray[np.int64],
    result: ProverResult,
    instance: Instance,
    trees: Mapping[str, VectorCommitment],
) -> None:
    """Write the state of a proved segment; ``rows[k]`` is the row of account k."""
    AccountIndex.write(state, ids, rows)
    write_private(state / "key", key)
    save_array(state / "mask.npy", result.mask)
    save_array(state / "inclusion-tree.npy", trees["inclusion"].dump(result.inclusion_tree))
    for number, (layer, tree) in enumerate([(result.pair_rows, result.pair_tree), *result.chain]):
        save_array(state / f"chain-{number}-rows.npy", layer)
        save_array(state / f"chain-{number}-tree.npy", trees["chain"].dump(tree))


class SegmentState:
    """The private state of a segment, mapped into memory."""

    def __init__(self, configuration: Configuration, statement: Statement, proof: bytes, state: Path) -> None:
        """Raises ``ArtifactError`` if the directory does not hold the state of this proof."""
        self.statement = statement
        try:
            log_rows = read_log_rows(proof, 32)
            self.key = read_private(state / "key")
        except ProofRejected as error:
            raise ArtifactError(f"{state}: not the private state of this proof: {error}") from error
        parameters = configuration.parameters(statement.assets, log_rows)
        # Only the instance's shape is used, which does not depend on the totals.
        _, self.instance = configuration.instance(statement, [0] * len(statement.assets), parameters, Engine.PORTABLE)
        self.hash = configuration.hash(Engine.PORTABLE)
        self.index = AccountIndex(state)
        self.mask = load_array(state / "mask.npy")
        self.scheme = configuration.trees(self.hash)["inclusion"]
        self.inclusion = self.scheme.load(_words(state / "inclusion-tree.npy"))
        self.layers = [
            (
                load_array(state / f"chain-{number}-rows.npy"),
                self.scheme.load(_words(state / f"chain-{number}-tree.npy")),
            )
            for number in range(len(parameters.folding.arities))
        ]

    def cut(self, positions: npt.NDArray[np.int64]) -> Iterator[tuple[str, bytes]]:
        """Id and inclusion proof of the account at each of these positions of the index: ``(n,)``, n ≥ 1.

        Neighbouring rows share most of their paths, so many are read with few pages if they are in the order of rows.
        """
        rows = np.asarray(self.index.rows[positions], np.int64)
        p = self.instance.parameters
        users = self.index.ids.take(positions)
        nonces = account_nonces(self.key, self.statement, rows.tolist(), users.iterate_encoded())
        layers = []
        leaves, size = rows, p.rows
        for (cosets, tree), arity in zip(self.layers, p.folding.arities, strict=True):
            size //= arity
            leaves = leaves % size
            opened = np.asarray(cosets[leaves], np.uint64).reshape(len(rows), arity, -1, p.degree)
            layers.append((opened, self.scheme.open_each(tree, leaves)))
        masks, paths = np.asarray(self.mask[rows], np.uint64), self.scheme.open_each(self.inclusion, rows)
        cut = payloads(self.instance, self.hash, rows.astype(np.uint64), nonces, masks, paths, layers)
        return zip(users, cut, strict=True)

    def cut_all(self) -> Iterator[tuple[str, bytes]]:
        """Every account's id and inclusion proof, in the order of the rows."""
        order = np.argsort(self.index.rows)
        for start in range(0, len(order), _AT_ONCE):
            yield from self.cut(order[start : start + _AT_ONCE])


def _words(path: Path) -> Words:
    """An array of words, mapped into memory."""
    return np.asarray(load_array(path), np.uint64)
