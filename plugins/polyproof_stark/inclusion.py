"""The inclusion proof: one row of A, tied to the polynomial whose sums were proven.

A Merkle path alone would prove nothing here, since a prover could alter exactly the rows that users open. So a user's
row determines G_A(ω^r), the pair tree contains it, and from there a separate FRI path leads down to the final
polynomial (section 8 of docs/reference/protocol.md; the idea is FRIDA's, eprint 2024/248).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.commitment import OpenedLeaves, VectorCommitment, VectorOpening
from polyproof.errors import ProofRejected
from polyproof.field import Elements
from polyproof.hash import Digest, Hash, Words
from polyproof.toolkit.binary import Reader, Writer
from polyproof_stark.fri import check_folds, leaves_of
from polyproof_stark.leaves import InclusionLeaves, LimbOutOfRange
from polyproof_stark.opened_rows import OpenedRows, verify_rows
from polyproof_stark.protocol import Instance
from polyproof_stark.verifier import Accepted

__all__ = ["InclusionProof", "payloads", "verify_inclusion"]

MAGIC = b"PPINCLU\0"
VERSION = 2


@frozen(eq=False)
class InclusionProof:
    """What the exchange gives one user in addition to the public proof. It contains no user id and no balances."""

    row: int
    nonce: bytes
    """32 bytes."""
    mask: Elements
    """``(e,)``: A's mask on the row."""
    path: Words
    """The leaf's opening in the inclusion tree: ``(siblings, digest_words)``."""
    pair: Elements
    """``(arity, 2, e)``: the coset of (G_A, G_B)."""
    pair_path: Words
    chain: tuple[tuple[Elements, Words], ...]
    """For every layer from 1 on: its coset ``(arity, e)`` and siblings."""

    def write(self, instance: Instance, hash: Hash) -> bytes:
        """The inclusion file's payload."""
        layers = [(coset[None], [path]) for coset, path in ((self.pair, self.pair_path), *self.chain)]
        rows, masks = np.array([self.row], np.uint64), self.mask[None]
        return next(payloads(instance, hash, rows, [self.nonce], masks, [self.path], layers))

    @classmethod
    def read(cls, data: bytes, instance: Instance, hash: Hash, trees: Mapping[str, VectorCommitment]) -> InclusionProof:
        """Parse a payload, in which every length follows from the instance and the row. Raises ``ProofRejected``."""
        p, extension = instance.parameters, instance.extension
        reader = Reader(data, MAGIC, VERSION, "inclusion proof")
        row = reader.integer("row", 0, p.rows - 1)
        nonce = reader.raw("nonce", 32)
        mask = reader.elements("mask", instance.field, (p.degree,))
        path = reader.digests("inclusion path", hash, trees["inclusion"].opening_size(p.rows, [row]))
        touched = leaves_of(p.folding, p.rows, [row])
        arities = p.folding.arities
        size = p.rows // arities[0]
        pair = reader.elements("pair coset", extension, (arities[0], 2))
        pair_path = reader.digests("pair path", hash, trees["pair"].opening_size(size, touched[0]))
        chain = []
        for number, arity in enumerate(arities[1:], start=1):
            size //= arity
            coset = reader.elements(f"chain layer {number}", extension, (arity,))
            siblings = trees["chain"].opening_size(size, touched[number])
            chain.append((coset, reader.digests(f"path of chain layer {number}", hash, siblings)))
        reader.finish()
        return cls(row, nonce, mask, path, pair, pair_path, tuple(chain))


def payloads(
    instance: Instance,
    hash: Hash,
    rows: npt.NDArray[np.uint64],
    nonces: Sequence[bytes],
    masks: Elements,
    paths: Words | Sequence[Words],
    layers: Sequence[tuple[Elements, Words | Sequence[Words]]],
) -> Iterator[bytes]:
    """The payloads of the inclusion files of many rows.

    ``rows``: ``(n,)``; ``nonces``: n of 32 bytes; ``masks``: ``(n, e)``; ``paths``: the siblings of each row in the
    inclusion tree. ``layers`` are the pair tree and the layers of the chain, each with the cosets of the rows,
    ``(n, arity, …, e)``, and the siblings of each. Every part is encoded for all rows at once.
    """
    parts = [
        [Writer(MAGIC, VERSION).getvalue()] * len(rows),
        _each(rows.astype("<u8").tobytes(), len(rows)),
        nonces,
        _each(instance.field.encode(masks), len(rows)),
        _encode_each(hash, paths),
    ]
    for cosets, siblings in layers:
        parts += [_each(instance.extension.encode(cosets), len(rows)), _encode_each(hash, siblings)]
    return map(b"".join, zip(*parts, strict=True))


def _each(data: bytes, count: int) -> list[bytes]:
    """Bytes cut into so many pieces of equal length."""
    size = len(data) // count
    return [data[start : start + size] for start in range(0, count * size, size)] if size else [b""] * count


def _encode_each(hash: Hash, siblings: Words | Sequence[Words]) -> list[bytes]:
    """The siblings of each row as bytes: together where all have the same number, as in an array."""
    if isinstance(siblings, np.ndarray):
        return _each(hash.encode_digests(siblings.reshape(-1, hash.digest_words)), len(siblings))
    return [hash.encode_digests(path) for path in siblings]


def verify_inclusion(
    instance: Instance,
    accepted: Accepted,
    proof: InclusionProof,
    limbs: Elements,
    tag: Digest,
    hash: Hash,
    trees: Mapping[str, VectorCommitment],
) -> None:
    """Check that the row with these limbs and this tag is one of those that the proven sums were taken over.

    ``limbs``: ``(witness,)``, from the balances that the user typed, already checked to be in range; ``tag``: a digest,
    from the account id that the user typed. Raises ``ProofRejected``.
    """
    extension, field, p, layout = instance.extension, instance.field, instance.parameters, instance.layout
    if proof.row >= p.active - 1:
        raise ProofRejected(
            "row",
            f"row {proof.row} is not an account's: those are 0 to {p.active - 2}, the rest are carries and blinding",
        )
    arities = p.folding.arities
    touched = [leaves[0] for leaves in leaves_of(p.folding, p.rows, [proof.row])]

    own = np.concatenate((limbs, proof.mask))
    made = InclusionLeaves.of(instance, hash)
    words = np.empty((1, made.width), np.uint64)
    try:
        made.fill(words, own[None], tag[None])
    except LimbOutOfRange as error:
        raise ProofRejected("limb-range", f"no account has these balances: {error}") from error
    leaf = trees["inclusion"].hash_leaves(words)
    own_path = OpenedLeaves(accepted.proof.inclusion_root, p.rows, [proof.row], leaf, VectorOpening(proof.path))
    try:
        trees["inclusion"].verify_many([own_path])
    except ProofRejected as error:
        raise ProofRejected(
            "inclusion-path",
            "the file does not show that these balances were counted for this account: with this id and these "
            "balances it does not lead to the inclusion root of the proof",
        ) from error
    size = p.rows // arities[0]
    pair = proof.pair.reshape(1, -1)
    opened = [
        OpenedRows(trees["pair"], accepted.proof.pair_root, size, touched[:1], pair, VectorOpening(proof.pair_path))
    ]
    for number, (coset, path) in enumerate(proof.chain):
        size //= arities[number + 1]
        root, index = accepted.proof.low_degree.chain_roots[number], touched[number + 1 : number + 2]
        opened.append(OpenedRows(trees["chain"], root, size, index, coset.reshape(1, -1), VectorOpening(path)))
    verify_rows(opened, field.modulus)

    # G_A(ω^r), computed from the user's row, must be the first half of the opened pair.
    point = extension.embed(instance.trace_domain.points(field, [proof.row]))
    inverse = extension.inverse(extension.subtract(point, accepted.z))
    row = np.zeros((1, layout.trace), np.uint64)
    row[0, layout.opened_row] = own
    g_a = accepted.weights.g_a(extension, row, inverse)[0]
    slot = proof.row // (p.rows // arities[0])
    if not np.array_equal(proof.pair[slot, 0], g_a):
        raise ProofRejected("own-row", "your own row is not the row that the sums were taken over")
    combined = extension.add(proof.pair[:, 0], extension.multiply(proof.pair[:, 1], accepted.delta))
    layers = [combined[None], *(coset[None] for coset, _ in proof.chain)]
    check_folds(
        extension,
        p.folding,
        instance.trace_domain,
        [proof.row],
        combined[slot][None],
        layers,
        accepted.folds,
        accepted.proof.low_degree.final,
    )
