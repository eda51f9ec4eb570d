"""What the two files of a sum tree say is read exactly, to the bounds of what a tree can have and no further."""

from __future__ import annotations

import pytest

from merkle_sum.segments import ASSETS, DOUBLE, REGISTRY
from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.hash import Digest, Hash
from polyproof.toolkit.binary import Writer
from polyproof_merkle.files import INCLUSION_MAGIC, PROOF_MAGIC, Inclusion, Proof, inclusion_bytes
from polyproof_merkle.sums import Sums

HASH: Hash = REGISTRY.create("hash", DOUBLE, engine=Engine.PORTABLE)
DEPTHS = (2, 5)
NONCE = bytes(range(32))


def digest_of(seed: int) -> Digest:
    return HASH.decode_digests(bytes([seed] * 32), 1)[0]


def proof_bytes(depth: int = 3, totals: tuple[int, ...] = (5, 0, 7), version: int = 1) -> bytes:
    writer = Writer(PROOF_MAGIC, version)
    writer.integer(depth)
    writer.raw(bytes([1] * 32))
    for total in totals:
        writer.big_integer(total)
    writer.raw(bytes([2] * 32))
    return writer.getvalue()


def inclusion(row: int, sums: Sums, version: int = 1) -> bytes:
    writer = Writer(INCLUSION_MAGIC, version)
    writer.integer(row)
    writer.raw(NONCE)
    for level in range(sums.depth):
        writer.raw(bytes([level + 1] * 32))
        for width in sums.byte_widths(level):
            writer.raw((level + 1).to_bytes(width, "little"))
    return writer.getvalue()


def test_a_proof_is_written_as_it_is_read() -> None:
    read = Proof.from_bytes(proof_bytes(), HASH, 3, DEPTHS)
    assert (read.depth, read.totals) == (3, (5, 0, 7))
    assert read.top.tolist() == digest_of(1).tolist()
    assert read.root.tolist() == digest_of(2).tolist()
    assert read.to_bytes(HASH) == proof_bytes()


def test_a_depth_is_one_that_the_options_allow() -> None:
    for depth in DEPTHS:
        assert Proof.from_bytes(proof_bytes(depth), HASH, 3, DEPTHS).depth == depth
    for depth in (DEPTHS[0] - 1, DEPTHS[1] + 1):
        with pytest.raises(ProofRejected, match=f"depth is {depth}, expected 2 to 5"):
            Proof.from_bytes(proof_bytes(depth), HASH, 3, DEPTHS)


def test_a_total_of_more_than_4096_bytes_is_not_read_and_is_named_by_its_number() -> None:
    most = (1 << 8 * 4096) - 1
    for place in range(3):
        totals = [0, 0, 0]
        totals[place] = most
        assert Proof.from_bytes(proof_bytes(totals=tuple(totals)), HASH, 3, DEPTHS).totals == tuple(totals)
        totals[place] = most + 1
        with pytest.raises(ProofRejected, match=f"total {place + 1} is 4097, expected 0 to 4096"):
            Proof.from_bytes(proof_bytes(totals=tuple(totals)), HASH, 3, DEPTHS)


@pytest.mark.parametrize("version", [0, 2])
def test_files_of_another_version_are_refused(version: int) -> None:
    sums = Sums(ASSETS, 2)
    with pytest.raises(ProofRejected, match="version"):
        Proof.from_bytes(proof_bytes(version=version), HASH, 3, DEPTHS)
    with pytest.raises(ProofRejected, match="version"):
        Inclusion.from_bytes(inclusion(0, sums, version), HASH, sums)


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_a_row_is_one_of_the_trees(depth: int) -> None:
    """Only its lowest bits say where a path goes: a row beyond the tree would be another name of one in it."""
    sums = Sums(ASSETS, depth)
    for row in (0, (1 << depth) - 1):
        read = Inclusion.from_bytes(inclusion(row, sums), HASH, sums)
        assert (read.row, read.nonce) == (row, NONCE)
        assert [held for _, held in read.siblings] == [(level + 1,) * 3 for level in range(depth)]
        assert [one.tolist() for one, _ in read.siblings] == [digest_of(level + 1).tolist() for level in range(depth)]
    for row in (1 << depth, 2 << depth):
        with pytest.raises(ProofRejected, match=f"row is {row}, expected 0 to {(1 << depth) - 1}"):
            Inclusion.from_bytes(inclusion(row, sums), HASH, sums)
    assert inclusion_bytes(sums) == len(inclusion(0, sums))


def test_nothing_follows_what_is_read() -> None:
    sums = Sums(ASSETS, 2)
    with pytest.raises(ProofRejected):
        Proof.from_bytes(proof_bytes() + b"\0", HASH, 3, DEPTHS)
    with pytest.raises(ProofRejected):
        Inclusion.from_bytes(inclusion(0, sums) + b"\0", HASH, sums)
