"""Hostile files: every field and every byte of both files is changed, and only ``ProofRejected`` is seen."""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merkle_sum.segments import ASSETS, HASHES, Segment, backend, prove, reference, some_rows
from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.model.assets import Asset
from polyproof_merkle.files import inclusion_bytes
from polyproof_merkle.sums import Sums
from references.merkle_sum_tree import Rejected

USER = "user-3"


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Segment:
    return prove(tmp_path_factory.mktemp("hostile") / "s", some_rows(6), backend=backend())


def rejects_proof(segment: Segment, proof: bytes) -> bool:
    """Rejected by the verifier, by a user's verifier, and by the independent one. Other errors fail the test."""
    verdicts = []
    try:
        segment.verify(proof=proof)
        verdicts.append(False)
    except ProofRejected:
        verdicts.append(True)
    verdicts.append(not segment.accepts_inclusion(USER, segment.cut(USER), proof=proof))
    try:
        reference(segment).verify(segment.proven.totals, proof)
        verdicts.append(False)
    except Rejected:
        verdicts.append(True)
    assert len(set(verdicts)) == 1
    return verdicts[0]


def rejects_inclusion(segment: Segment, inclusion: bytes) -> bool:
    """Rejected by the verifier and by the independent one. Other errors fail the test."""
    rejected = not segment.accepts_inclusion(USER, inclusion)
    proven = segment.proven
    try:
        reference(segment).verify_inclusion(proven.totals, proven.proof, USER, segment.balances[USER], inclusion)
        second = False
    except Rejected:
        second = True
    assert rejected == second
    return rejected


def changes_of_a_byte(byte: int) -> set[int]:
    return {byte ^ 1, byte ^ 0x80, byte ^ 0xFF, 0, 0xFF} - {byte}


def lengths_and_splices(data: bytes) -> Iterator[bytes]:
    for length in range(len(data)):
        yield data[:length]
    for extra in (b"\0", b"\xff", data[-32:], data):
        yield data + extra
    for position in range(0, len(data), 4):
        yield data[:position] + b"\0" + data[position:]
        yield data[:position] + data[position + 1 :]
        yield (
            data[:position] + data[position + 8 : position + 16] + data[position : position + 8] + data[position + 16 :]
        )


def test_every_changed_byte_of_a_proof_is_rejected(segment: Segment) -> None:
    proof = segment.proven.proof
    for position, byte in enumerate(proof):
        for changed in changes_of_a_byte(byte):
            assert rejects_proof(segment, proof[:position] + bytes([changed]) + proof[position + 1 :])


def test_every_changed_byte_of_an_inclusion_file_is_rejected(segment: Segment) -> None:
    inclusion = segment.cut(USER)
    for position, byte in enumerate(inclusion):
        for changed in changes_of_a_byte(byte):
            assert rejects_inclusion(segment, inclusion[:position] + bytes([changed]) + inclusion[position + 1 :])


def test_every_truncation_extension_and_shift_is_rejected(segment: Segment) -> None:
    for changed in lengths_and_splices(segment.proven.proof):
        assert changed == segment.proven.proof or rejects_proof(segment, changed)
    inclusion = segment.cut(USER)
    for changed in lengths_and_splices(inclusion):
        assert changed == inclusion or rejects_inclusion(segment, changed)


@given(data=st.binary(max_size=400), keep=st.integers(0, 60))
def test_random_bytes_are_rejected(segment: Segment, data: bytes, keep: int) -> None:
    assert rejects_proof(segment, segment.proven.proof[:keep] + data)
    assert rejects_inclusion(segment, segment.cut(USER)[:keep] + data)


@given(data=st.data())
def test_changed_fields_are_rejected(segment: Segment, data: st.DataObject) -> None:
    """Every 64-bit field, digest words and sums included, set to a value of the cheat's choice."""
    value = data.draw(st.one_of(st.sampled_from([0, 1, 2**63, 2**64 - 1, 2**56, 2**32]), st.integers(0, 2**64 - 1)))
    for original, rejects in ((segment.proven.proof, rejects_proof), (segment.cut(USER), rejects_inclusion)):
        position = data.draw(st.integers(0, len(original) - 8))
        changed = original[:position] + struct.pack("<Q", value) + original[position + 8 :]
        assert changed == original or rejects(segment, changed)


def levels(segment: Segment) -> list[tuple[int, int, int]]:
    """Offset of each level's digest and sums in an inclusion file, and where they end."""
    sums, at, found = Sums(segment.statement.assets, 3), 52, []
    for level in range(3):
        end = at + 32 + sum(sums.byte_widths(level))
        found.append((at, at + 32, end))
        at = end
    return found


def test_swapped_parts_of_a_path_are_rejected(segment: Segment) -> None:
    inclusion = segment.cut(USER)
    parts = [(start, middle) for start, middle, _ in levels(segment)]
    for a, (first, first_end) in enumerate(parts):
        for second, second_end in parts[:a]:
            one, other = inclusion[first:first_end], inclusion[second:second_end]
            swapped = inclusion[:second] + one + inclusion[second_end:first] + other + inclusion[first_end:]
            assert len(swapped) == len(inclusion)
            assert rejects_inclusion(segment, swapped)


def test_parts_of_another_users_file_are_rejected(segment: Segment) -> None:
    mine = segment.cut(USER)
    for user in ("user-0", "user-1", "user-2", "user-4", "user-5"):
        theirs = segment.cut(user)
        assert rejects_inclusion(segment, theirs)
        for start, stop in [(12, 20), (20, 52), *((a, b) for a, b, _ in levels(segment))]:
            changed = mine[:start] + theirs[start:stop] + mine[stop:]
            assert changed == mine or rejects_inclusion(segment, changed)


def test_proof_and_inclusion_file_are_not_taken_for_each_other(segment: Segment) -> None:
    assert rejects_proof(segment, segment.cut(USER))
    assert rejects_inclusion(segment, segment.proven.proof)


def test_total_has_one_spelling(segment: Segment) -> None:
    """A leading zero byte would give one proof many digests."""
    proof, start = segment.proven.proof, 12 + 8 + 32
    length = struct.unpack("<Q", proof[start : start + 8])[0]
    end = start + 8 + length
    longer = proof[:start] + struct.pack("<Q", length + 1) + proof[start + 8 : end] + b"\0" + proof[end:]
    with pytest.raises(ProofRejected, match="canonical"):
        segment.verify(proof=longer)


def test_lengths_a_file_claims_cost_nothing(segment: Segment) -> None:
    proof = segment.proven.proof
    huge = [
        proof[:start] + struct.pack("<Q", size) + proof[start + 8 :] for start in (12, 52) for size in (2**31, 2**63)
    ]
    tracemalloc.start()
    for hostile in huge:
        assert rejects_proof(segment, hostile)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("hash", HASHES)
def test_sample_of_changed_bytes_is_rejected_over_every_hash(tmp_path: Path, hash: str) -> None:
    segment = prove(tmp_path / "s", some_rows(6), backend=backend(hash))
    generator = random.Random(hash)
    proof, inclusion = segment.proven.proof, segment.cut(USER)
    segment.verify_inclusion(USER, inclusion)
    for original, rejects in ((proof, rejects_proof), (inclusion, rejects_inclusion)):
        for position in generator.sample(range(len(original)), 12):
            changed = bytearray(original)
            changed[position] ^= generator.randrange(1, 256)
            assert rejects(segment, bytes(changed))


@pytest.mark.parametrize("hash", ["poseidon", "poseidon2", "rescue-prime-optimized"])
def test_digest_word_above_the_modulus_is_rejected(tmp_path: Path, hash: str) -> None:
    """Else a word and the word plus p would be two spellings of one digest."""
    segment = prove(tmp_path / "s", some_rows(6), backend=backend(hash))
    bound = segment.backend._portable.word_bound
    proof, inclusion = segment.proven.proof, segment.cut(USER)
    for word in range(4):
        for value in (bound, bound + 1, 2**64 - 1):
            at = 20 + 8 * word
            with pytest.raises(ProofRejected, match="digest-canonical"):
                segment.verify(proof=proof[:at] + struct.pack("<Q", value) + proof[at + 8 :])
            at = 52 + 8 * word
            with pytest.raises(ProofRejected, match="digest-canonical"):
                segment.verify_inclusion(USER, inclusion[:at] + struct.pack("<Q", value) + inclusion[at + 8 :])


def test_files_have_the_sizes_of_the_reference_page(segment: Segment) -> None:
    assert len(segment.cut(USER)) == inclusion_bytes(Sums(ASSETS, 3)) == levels(segment)[-1][-1]
    twenty_two = tuple(Asset(f"A{k}", 8) for k in range(22))
    assert inclusion_bytes(Sums(twenty_two, 20)) == 4938
    page = (Path(__file__).parents[2] / "docs/reference/merkle-sum-tree.md").read_text(encoding="utf-8")
    assert "4,938 bytes" in page


def test_verifier_uses_the_portable_engine(segment: Segment) -> None:
    assert segment.backend._portable.engine is Engine.PORTABLE
