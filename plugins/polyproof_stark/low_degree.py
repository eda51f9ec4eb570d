"""The low-degree test, shared by STARK and polynomial commitment: commit, fold, grind, query.

Section 6 of docs/reference/protocol.md; messages 7 and 8 of section 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen

from polyproof.commitment import VectorCommitment, VectorOpening
from polyproof.errors import ProofRejected
from polyproof.field import Elements, Extension, Field
from polyproof.hash import Hash, Words
from polyproof.model.counts import counted
from polyproof.toolkit.binary import Reader, Writer
from polyproof.transcript import Transcript
from polyproof_stark.fri import Domain, Folding, check_folds, fold_codeword, interpolate_final, leaf_rows, leaves_of
from polyproof_stark.opened_rows import OpenedRows

__all__ = ["Chain", "LayerOpening", "LowDegreeProof", "LowDegreeTest", "read_opening", "write_opening"]

MAX_NONCE = 2**48 - 1


def write_opening(writer: Writer, hash: Hash, opening: VectorOpening) -> None:
    """A multi-opening with its number of siblings."""
    writer.integer(len(opening.siblings))
    writer.digests(hash, opening.siblings)


def read_opening(reader: Reader, hash: Hash, item: str, tree: VectorCommitment, size: int, rows: int) -> VectorOpening:
    """A multi-opening of at most ``rows`` of ``size`` rows; the verifier checks its number of siblings later."""
    count = reader.integer(f"number of {item}", 0, rows * tree.opening_size(size, [0]))
    return VectorOpening(reader.digests(item, hash, count).reshape(count, hash.digest_words))


@frozen(eq=False)
class LayerOpening:
    """Opened cosets of one layer."""

    cosets: Elements
    """``(leaves, arity, e)``, leaves ascending."""
    opening: VectorOpening


@frozen(eq=False)
class Chain:
    """A second codeword of the same polynomial on another domain, folded and committed alongside the first.

    Its layer 0 has been committed before.
    """

    domain: Domain
    codeword: Elements
    tree: VectorCommitment


@frozen(eq=False)
class LowDegreeProof:
    """The prover's messages of the test."""

    layer_roots: Words
    """``(layers, digest_words)``."""
    chain_roots: Words
    """One less with a chain, else none: ``(layers − 1, digest_words)`` or ``(0, digest_words)``."""
    final: Elements
    """``(final bound, e)`` coefficients."""
    nonce: int
    layers: tuple[LayerOpening, ...]

    def write(self, writer: Writer, test: LowDegreeTest, hash: Hash) -> None:
        """Append the messages to a file."""
        writer.digests(hash, self.layer_roots)
        writer.digests(hash, self.chain_roots)
        writer.elements(test.extension, self.final)
        writer.integer(self.nonce)
        for layer in self.layers:
            writer.integer(len(layer.cosets))
            writer.elements(test.extension, layer.cosets)
            write_opening(writer, hash, layer.opening)

    @classmethod
    def read(
        cls, reader: Reader, test: LowDegreeTest, hash: Hash, tree: VectorCommitment, *, chain: bool
    ) -> LowDegreeProof:
        """Read the messages from a file; widths and layers follow from the test. Raises ``ProofRejected``."""
        arities = test.folding.arities
        layer_roots = reader.digests("layer roots", hash, len(arities))
        chain_roots = reader.digests("chain roots", hash, len(arities) - 1 if chain else 0)
        final = reader.elements("final polynomial", test.extension, (test.folding.final_bound,))
        nonce = reader.integer("grinding nonce", 0, MAX_NONCE)
        layers = []
        size = test.domain.size
        for number, arity in enumerate(arities):
            size //= arity
            count = reader.integer(f"cosets of layer {number}", 1, min(test.queries, size))
            cosets = reader.elements(f"layer {number}", test.extension, (count, arity))
            opening = read_opening(reader, hash, f"siblings of layer {number}", tree, size, count)
            layers.append(LayerOpening(cosets, opening))
        return cls(layer_roots, chain_roots, final, nonce, tuple(layers))


@frozen
class LowDegreeTest:
    """FRI with its numbers, for prover and verifier alike."""

    extension: Extension
    folding: Folding
    domain: Domain
    queries: int
    grinding: int

    @property
    def field(self) -> Field:
        """The base field."""
        return self.extension.field

    def prove(
        self, transcript: Transcript, codeword: Elements, tree: VectorCommitment, chain: Chain | None = None
    ) -> tuple[LowDegreeProof, list[int], list[tuple[Elements, Any]]]:
        """Run the test on a codeword ``(|D|, e)``.

        Returns the proof, the queried positions, and rows and tree of every chain layer from 1 on.
        """
        layers, chain_layers, final = self.fold_all(transcript, codeword, tree, chain)
        transcript.absorb_elements("final polynomial", final, below=self.field.modulus)
        nonce = self.grind(transcript)
        indices = self.draw_queries(transcript)
        opened = []
        touched = leaves_of(self.folding, self.domain.size, indices)
        for (rows, state), leaves, arity in zip(layers, touched, self.folding.arities, strict=True):
            cosets = rows[leaves].reshape(len(leaves), arity, self.extension.degree)
            opened.append(LayerOpening(cosets, tree.open(state, leaves)))
        none = np.zeros((0, layers[0][1].root.size), np.uint64)
        proof = LowDegreeProof(
            np.stack([state.root for _, state in layers]),
            np.stack([state.root for _, state in chain_layers]) if chain_layers else none,
            final,
            nonce,
            tuple(opened),
        )
        return proof, indices, chain_layers

    def fold_all(
        self, transcript: Transcript, codeword: Elements, tree: VectorCommitment, chain: Chain | None
    ) -> tuple[list[tuple[Elements, Any]], list[tuple[Elements, Any]], Elements]:
        """Commit and fold, on both domains with the same challenges, down to the final polynomial."""
        domain = self.domain
        chain_domain, chain_word = (chain.domain, chain.codeword) if chain is not None else (None, None)
        layers: list[tuple[Elements, Any]] = []
        chain_layers: list[tuple[Elements, Any]] = []
        for number, arity in enumerate(self.folding.arities):
            rows = leaf_rows(codeword, arity)
            layers.append((rows, tree.commit(tree.hash.pack(rows, self.field.modulus))))
            transcript.absorb_digests(f"layer {number} root", layers[-1][1].root)
            if number and chain is not None and chain_word is not None:
                chain_rows = leaf_rows(chain_word, arity)
                packed = chain.tree.hash.pack(chain_rows, self.field.modulus)
                chain_layers.append((chain_rows, chain.tree.commit(packed)))
                transcript.absorb_digests(f"chain {number} root", chain_layers[-1][1].root)
            challenge = transcript.draw_extension(f"fold {number}", self.extension)
            codeword = fold_codeword(self.extension, codeword, domain, arity, challenge)
            domain = domain.folded(arity, self.field)
            if chain_domain is not None and chain_word is not None:
                chain_word = self.fold_chain(chain_word, chain_domain, arity, challenge)
                chain_domain = chain_domain.folded(arity, self.field)
        return layers, chain_layers, self.final_polynomial(codeword, domain)

    def fold_chain(self, word: Elements, domain: Domain, arity: int, challenge: Elements) -> Elements:
        """The chain's next layer: the fold of the one before, ``(M, e) → (M/arity, e)``."""
        return fold_codeword(self.extension, word, domain, arity, challenge)

    def final_polynomial(self, codeword: Elements, domain: Domain) -> Elements:
        """Coefficients ``(final bound, e)`` of the final polynomial. Raises ``ValueError`` for too high a degree."""
        return interpolate_final(self.extension, codeword, domain, self.folding.final_bound)

    def grind(self, transcript: Transcript) -> int:
        """Find the grinding nonce and absorb it."""
        return transcript.grind(self.grinding)

    def draw_queries(self, transcript: Transcript) -> list[int]:
        """Indices of q points of D: cosets without repetition, then a point in each."""
        arity = self.folding.arities[0]
        count = self.domain.size // arity
        cosets = transcript.draw_indices("cosets of queries", self.queries, count)
        slots = transcript.draw_integers("slots of queries", self.queries, arity)
        return [coset + slot * count for coset, slot in zip(cosets, slots, strict=True)]

    def replay(self, transcript: Transcript, proof: LowDegreeProof) -> tuple[list[Elements], list[int]]:
        """The verifier's part: absorb the messages, and draw the fold challenges and the queries.

        Raises ``ProofRejected`` for a nonce without the work.
        """
        folds = []
        for number in range(len(self.folding.arities)):
            transcript.absorb_digests(f"layer {number} root", proof.layer_roots[number])
            if number and len(proof.chain_roots):
                transcript.absorb_digests(f"chain {number} root", proof.chain_roots[number - 1])
            folds.append(transcript.draw_extension(f"fold {number}", self.extension))
        transcript.absorb_elements("final polynomial", proof.final, below=self.field.modulus)
        if not transcript.check_grinding(proof.nonce, self.grinding):
            raise ProofRejected("grinding", f"the nonce does not show {counted(self.grinding, 'bit')} of work")
        transcript.absorb_nonce(proof.nonce)
        return folds, self.draw_queries(transcript)

    def opened_cosets(self, proof: LowDegreeProof, indices: Sequence[int], tree: VectorCommitment) -> list[OpenedRows]:
        """The openings of the layers, to be verified together with all others. Raises ``ProofRejected``."""
        opened = []
        size = self.domain.size
        touched = leaves_of(self.folding, size, indices)
        for number, (layer, leaves, arity) in enumerate(zip(proof.layers, touched, self.folding.arities, strict=True)):
            if len(layer.cosets) != len(leaves):
                raise ProofRejected(
                    "coset-count", f"layer {number} opens {len(layer.cosets)} cosets, the queries touch {len(leaves)}"
                )
            size //= arity
            rows = layer.cosets.reshape(len(leaves), -1)
            opened.append(OpenedRows(tree, proof.layer_roots[number], size, leaves, rows, layer.opening))
        return opened

    def check(self, proof: LowDegreeProof, indices: Sequence[int], values: Elements, folds: Sequence[Elements]) -> None:
        """Follow the queries, whose values ``(q, e)`` the verifier computed, to the final polynomial.

        Raises ``ProofRejected``.
        """
        cosets = [layer.cosets for layer in proof.layers]
        check_folds(self.extension, self.folding, self.domain, indices, values, cosets, folds, proof.final)
