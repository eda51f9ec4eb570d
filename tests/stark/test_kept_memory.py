"""Memory that one array leaves to the next: nothing of what it held is read, and no array lies in two hands."""

from __future__ import annotations

import contextvars
import threading
from pathlib import Path
from sys import getrefcount

import numpy as np
import pytest

from executors.audits import STARK, spec_of
from polyproof import large_arrays, liabilities
from polyproof.large_arrays import KeptMemory, empty, memory_kept
from polyproof.settings.policy import UNRESTRICTED
from polyproof_goldilocks.field import MODULUS, Goldilocks
from polyproof_stark.backend import StarkBackend
from polyproof_stark.leaves import InclusionLeaves
from polyproof_stark.prover import Prover, ProverResult
from stark.exchange import Exchange, some_accounts

FIRST, SECOND = Exchange(some_accounts(300)), Exchange(some_accounts(200, seed=7))


class Poisoned(KeptMemory):
    """Lends memory full of words that are no elements, and keeps account of it."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def take(self, size, briefly):
        block = super().take(size, briefly)
        block.fill(255)
        self.sizes.append(size)
        return block


@pytest.fixture(autouse=True)
def small_arrays_too(monkeypatch):
    """Traces of tests are short."""
    monkeypatch.setattr(large_arrays, "LARGE", 1 << 9)


@pytest.fixture
def seeded(monkeypatch):
    """The same randomness for every proof: then a proof is a function of the trace."""

    def begin() -> None:
        generator = np.random.default_rng(1)
        monkeypatch.setattr(Goldilocks, "random", lambda self, shape: generator.integers(0, MODULUS, shape, np.uint64))
        monkeypatch.setattr(
            InclusionLeaves,
            "unopened",
            lambda self, count: generator.integers(0, MODULUS, (count, self.width), np.uint64),
        )

    return begin


def prove(exchange: Exchange, memory: KeptMemory | None, prover: type[Prover] = Prover) -> ProverResult:
    made = prover(exchange.instance(), exchange.hash(), exchange.trees())
    if memory is None:
        return made.prove(exchange.trace, exchange.tags)
    with memory.lent():
        return made.prove(exchange.trace, exchange.tags)


def arrays(result: ProverResult) -> list[np.ndarray]:
    """Everything that leaves the prover."""
    proof = result.proof
    found = [result.mask, result.inclusion_tree.nodes, result.pair_rows, result.pair_tree.nodes]
    found += [proof.trace_rows, proof.argument_rows, proof.quotient_rows, proof.openings.all()]
    found += [proof.trace_opening.siblings, proof.argument_opening.siblings, proof.quotient_opening.siblings]
    found += [layer.cosets for layer in proof.low_degree.layers]
    return found + [part for rows, tree in result.chain for part in (rows, tree.nodes)]


def everything(exchange: Exchange, result: ProverResult) -> list[bytes]:
    return [result.proof.write(exchange.instance(), exchange.hash()), *(part.tobytes() for part in arrays(result))]


def test_a_proof_does_not_depend_on_what_the_memory_held(seeded):
    seeded()
    fresh = everything(SECOND, prove(SECOND, None))
    poisoned = Poisoned()
    seeded()
    assert everything(SECOND, prove(SECOND, poisoned)) == fresh
    assert len(poisoned.sizes) > 30
    kept = KeptMemory()
    first = prove(FIRST, kept)
    before = everything(FIRST, first)
    seeded()
    assert everything(SECOND, prove(SECOND, kept)) == fresh
    assert everything(FIRST, first) == before, "the first result lies where the second proof was written"


def test_segments_of_an_audit_are_proved_in_the_memory_of_the_first(tmp_path: Path, monkeypatch):
    taken: list[list[tuple[int, int, bool]]] = []  # of each segment: bytes, which memory, and whether a block was there

    def taking(self, size, briefly):
        before = {id(block) for block in self._blocks}
        block = take(self, size, briefly)
        taken[-1].append((size, id(self), id(block) in before))
        return block

    def begin(self, *arguments):
        taken.append([])
        return whole(self, *arguments)

    take, whole = KeptMemory.take, StarkBackend.prove
    monkeypatch.setattr(StarkBackend, "prove", begin)
    monkeypatch.setattr(KeptMemory, "take", taking)
    liabilities.prove(spec_of(tmp_path, STARK, 1200), tmp_path / "audit", policy=UNRESTRICTED)
    first, second = taken
    assert {memory for _, memory, _ in first} == {memory for _, memory, _ in second}
    largest = max(size for size, _, _ in first)
    assert next(was_there for size, _, was_there in second if size == largest)
    assert not all(was_there for _, _, was_there in first)


def test_values_on_h_are_gone_before_the_low_degree_test():
    """A fifth of all matrices, when memory is at its highest: nothing may hold them, by whatever name."""
    memory = KeptMemory()
    unused: list[int] = []

    class Watching(Prover):
        def codeword(self, *arguments):
            blocks = memory._blocks
            unused.extend(blocks[k].nbytes for k in range(len(blocks)) if getrefcount(blocks[k]) == 2)
            return super().codeword(*arguments)

    prove(FIRST, memory, Watching)
    p, layout = FIRST.instance().parameters, Prover(FIRST.instance(), FIRST.hash(), FIRST.trees()).layout
    for columns in (layout.trace, layout.argument * layout.degree):
        assert 8 * p.rows * columns + 64 in unused
        assert 8 * p.domain_size * columns + 64 not in unused


def test_memory_is_used_again_once_no_array_lies_in_it():
    with KeptMemory().lent():
        first = empty((1000, 3))
        place, view = first.ctypes.data, first[500:, 1]
        assert place % 64 == 0
        assert not np.shares_memory(empty((1000, 3)), first)
        del first
        assert not np.shares_memory(empty((1000, 3)), view), "a view of it is still there"
        held = [empty((1000, 3)), empty((1000, 3))]
        del view
        held.append(empty((1000, 3)))
        assert held[-1].ctypes.data == place
        again = empty((1000, 3))
        assert not any(np.shares_memory(again, array) for array in held)


def test_an_array_lies_in_a_block_of_about_its_size_unless_it_is_soon_gone():
    memory = KeptMemory()
    with memory.lent():
        place = empty((100_000,)).ctypes.data
        assert empty((95_000,)).ctypes.data == place
        assert empty((50_000,), briefly=True).ctypes.data == place
        assert empty((50_000,), np.uint32, briefly=True).ctypes.data == place
        empty((50_000,))
        assert memory.bytes() == 50_000 * 8 + 64, "the block of another size has been given back"


def test_never_more_is_kept_than_was_in_use_at_once():
    memory = KeptMemory()
    most = 0
    random = np.random.default_rng(3)
    with memory.lent():
        held: list[np.ndarray] = []
        for _ in range(300):
            if held and random.integers(2):
                held.pop(int(random.integers(len(held))))
            held.append(empty((int(random.integers(100, 5000)),)))
            most = max(most, sum(array.base.nbytes for array in held if array.base is not None))
            assert memory.bytes() <= most
    del held
    assert memory.bytes() > 0


def test_small_arrays_and_those_without_kept_memory_are_the_allocators(monkeypatch):
    memory = KeptMemory()
    assert empty((1000, 3)).shape == (1000, 3)
    monkeypatch.setattr(large_arrays, "LARGE", 1 << 20)
    with memory.lent():
        assert empty((1000, 3)).ctypes.data % 64 == 0
        assert empty((0, 3)).size == 0
    assert memory.bytes() == 0


def test_thread_that_has_a_copy_of_the_context_does_not_share_memory():
    """As ``asyncio.to_thread`` begins one, within a plugin, say."""
    memory = KeptMemory()
    with memory.lent():
        place = empty((1000,)).ctypes.data
        found: list[np.ndarray] = []
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: found.append(context.run(empty, (1000,))))
        thread.start()
        thread.join()
        assert found[0].ctypes.data != place
        assert empty((1000,)).ctypes.data == place


def test_two_threads_do_not_share_memory():
    memory = KeptMemory()
    with memory.lent():
        place = empty((1000,)).ctypes.data
        found: list[int] = []

        def other() -> None:
            with memory.lent():
                found.append(empty((1000,)).ctypes.data)
            empty((1000,))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert found[0] != place
        assert memory.bytes() == 8064
    with pytest.raises(RuntimeError), memory.lent():
        raise RuntimeError
    with memory.lent(), memory_kept():
        assert empty((1000,)).ctypes.data == place, "memory that is lent is used within"
    with memory_kept():
        assert empty((1000,)).ctypes.data != place
