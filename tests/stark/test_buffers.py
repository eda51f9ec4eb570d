"""Memory that one proof leaves to the next: nothing of what it held is read, and nothing of a result lies in it."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest

from polyproof_goldilocks.field import MODULUS, Goldilocks
from polyproof_stark.buffers import Buffers, KeptBuffers
from polyproof_stark.leaves import InclusionLeaves
from polyproof_stark.prover import Prover, ProverResult
from stark.exchange import Exchange, some_accounts

FIRST, SECOND = Exchange(some_accounts(300)), Exchange(some_accounts(200, seed=7))


class Poisoned(Buffers):
    """Hands out memory full of words that are no elements, and keeps account of it."""

    def __init__(self) -> None:
        super().__init__()
        self.handed_out: list[np.ndarray] = []

    def array(self, name, shape):
        array = super().array(name, shape)
        array.fill(2**64 - 1)
        self.handed_out.append(array)
        return array


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


def prove(exchange: Exchange, buffers: Buffers | None) -> ProverResult:
    prover = Prover(exchange.instance(), exchange.hash(), exchange.trees(), buffers=buffers)
    return prover.prove(exchange.trace, exchange.tags)


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
    seeded()
    assert everything(SECOND, prove(SECOND, Poisoned())) == fresh
    kept = Buffers()
    first = prove(FIRST, kept)
    before = everything(FIRST, first)
    seeded()
    assert everything(SECOND, prove(SECOND, kept)) == fresh
    assert everything(FIRST, first) == before, "the first result lies where the second proof was written"


def test_nothing_that_leaves_the_prover_lies_in_the_memory_that_stays():
    buffers = Poisoned()
    result = prove(FIRST, buffers)
    assert len(buffers.handed_out) > 3
    for part in arrays(result):
        assert not any(np.shares_memory(part, memory) for memory in buffers.handed_out)


def test_memory_is_used_again_and_grows():
    buffers = Buffers()
    small = buffers.array("a", (4, 3))
    assert np.shares_memory(buffers.array("a", (2, 6)), small)
    assert not np.shares_memory(buffers.array("b", (4, 3)), small)
    assert buffers.array("a", (5, 3)).shape == (5, 3)
    assert buffers.array("a", (5, 3)).ctypes.data % 64 == 0


def test_values_on_h_are_gone_before_the_low_degree_test():
    """A fifth of all matrices, when memory is at its highest: nothing may hold them, by whatever name."""
    held: dict[str, weakref.ref[np.ndarray]] = {}
    alive: dict[str, bool] = {}

    class Recording(Buffers):
        def array(self, name, shape):
            array = super().array(name, shape)
            held[name] = weakref.ref(self._memory[name])
            return array

    class Watching(Prover):
        def codeword(self, *arguments):
            alive.update((name, memory() is not None) for name, memory in held.items())
            return super().codeword(*arguments)

    Watching(FIRST.instance(), FIRST.hash(), FIRST.trees(), buffers=Recording()).prove(FIRST.trace, FIRST.tags)
    assert alive == {"trace on H": False, "argument on H": False, "trace on D": True, "argument on D": True}


def test_two_proofs_at_a_time_do_not_share_memory():
    kept = KeptBuffers()
    with kept.borrowed() as first:
        found: list[Buffers] = []

        def other() -> None:
            with kept.borrowed() as buffers:
                found.append(buffers)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert found[0] is not first
    with pytest.raises(RuntimeError), kept.borrowed():
        raise RuntimeError
    with kept.borrowed() as again:
        assert again is first
