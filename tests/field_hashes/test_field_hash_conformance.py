"""The three field hashes do what the interface promises."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from field_hashes.cases import CASES, EDGES, NAMES, Case, P, as_words
from polyproof.engine import Engine
from polyproof.errors import PluginError
from polyproof.registry import default_registry
from polyproof.testing.hash import HashSuite, MakeHash
from polyproof_goldilocks.sponges.arrays import States
from polyproof_goldilocks.sponges.poseidon import Poseidon
from polyproof_goldilocks.sponges.poseidon2 import Poseidon2
from polyproof_goldilocks.sponges.rescue import RescuePrimeOptimized
from polyproof_goldilocks.sponges.sponge import Sponge


class TestPoseidon(HashSuite):
    @pytest.fixture
    def make(self) -> MakeHash:
        return Poseidon


class TestPoseidon2(HashSuite):
    @pytest.fixture
    def make(self) -> MakeHash:
        return Poseidon2


class TestRescuePrimeOptimized(HashSuite):
    @pytest.fixture
    def make(self) -> MakeHash:
        return RescuePrimeOptimized


@pytest.mark.parametrize("name", NAMES)
def test_registry_makes_the_hash_by_its_name(name: str) -> None:
    made = default_registry().create("hash", name, engine=Engine.PORTABLE)
    assert isinstance(made, Sponge)
    assert made.name == name
    assert made.word_bound == P


def test_three_hashes_are_three_functions() -> None:
    rows = np.zeros((1, 8), np.uint64)
    digests = {case.make(Engine.PORTABLE).hash_rows(rows, "a").tobytes() for case in CASES}
    assert len(digests) == len(CASES)


_PORTABLE_PROGRAM = """
import sys
import numpy as np
from polyproof.engine import Engine
from polyproof.errors import PluginError
from polyproof.registry import default_registry
from polyproof.transcript import Transcript

for name in {names}:
    hash = default_registry().create("hash", name, engine=Engine.PORTABLE)
    rows = np.arange(300 * 17, dtype=np.uint64).reshape(300, 17)
    many, few = hash.hash_rows(rows, "a"), hash.hash_rows(rows[:2], "a")
    assert (many[:2] == few).all()
    hash.compress(many[::2], many[1::2], "b")
    Transcript(hash, "test/1").absorb_digests("digests", many)
    hash.permute(rows[:, :12])
compiled = ("numba", "llvmlite", "polyproof_goldilocks.sponges.blocks", "polyproof_goldilocks.lane_formulas")
loaded = [module for module in compiled if module in sys.modules]
assert not loaded, loaded
print("portable")
"""


def test_portable_engine_imports_no_compiler() -> None:
    program = _PORTABLE_PROGRAM.format(names=NAMES)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "portable\n"), done.stderr


@pytest.mark.parametrize("engine", Engine, ids=lambda engine: engine.value)
@pytest.mark.parametrize("make", [case.make for case in CASES], ids=NAMES)
def test_arguments_of_another_shape_or_kind_are_named(make: type[Sponge], engine: Engine) -> None:
    hash = make(engine)
    row = np.zeros(8, np.uint64)
    two, three = np.zeros((2, 4), np.uint64), np.zeros((3, 4), np.uint64)
    with pytest.raises(ValueError, match=r"rows has shape \(8,\), not \(n, columns\)"):
        hash.hash_rows(row, "a")
    with pytest.raises(ValueError, match=r"right has shape \(2, 8\), not \(n, 4\)"):
        hash.compress(two, np.zeros((2, 8), np.uint64), "a")
    with pytest.raises(ValueError, match="got 2 and 3"):
        hash.compress(two, three, "a")
    with pytest.raises(ValueError, match=r"states has shape \(2, 4\), not \(n, 12\)"):
        hash.permute(two)
    with pytest.raises(TypeError, match="rows has dtype float64, not uint64"):
        hash.hash_rows(np.zeros((2, 2)), "a")  # type: ignore[arg-type]
    assert hash.permute(np.zeros((0, 12), np.uint64)).shape == (0, 12)


@pytest.mark.parametrize("count", [1025, 3000, 2 * 4096 + 33])
@pytest.mark.parametrize("make", [case.make for case in CASES], ids=NAMES)
def test_batches_of_threads_and_of_numpy_meet_seamlessly(
    make: type[Sponge], count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More rows than one batch of either engine: no row is lost, doubled or moved at the seams."""
    monkeypatch.setenv("POLYPROOF_THREADS", "2")
    rows = np.random.default_rng(7).integers(0, P, (count, 3), np.uint64)
    compiled = make(Engine.COMPILED).hash_rows(rows, "seams")
    pieces = [make(Engine.COMPILED).hash_rows(rows[first : first + 1000], "seams") for first in range(0, count, 1000)]
    assert np.array_equal(compiled, np.concatenate(pieces))
    assert np.array_equal(make(Engine.PORTABLE).hash_rows(rows[:4200], "seams"), compiled[:4200])


class Idle(Poseidon):
    """Permutes nothing, and so hands on words as they came."""

    few_rows = 0

    @staticmethod
    def _permute_arrays(states: States) -> None:
        pass


def test_numpy_path_hands_out_canonical_words_only() -> None:
    states = np.resize(as_words([EDGES]), (20, 12))
    assert Idle(Engine.PORTABLE).permute(states).ravel().tolist() == [int(word) % P for word in states.ravel()]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_faulty_kernel_never_makes_a_digest(case: Case) -> None:
    """As a faulty compiler may give it: right but for the last lane of a block."""
    kernel, constants = case.make._lanes_kernel()

    def faulty(states: np.ndarray, *constants: np.ndarray) -> None:
        before = states.copy()
        kernel(states, *constants)
        states[:, :, -1] = before[:, :, -1]

    class Faulty(case.make):  # type: ignore[misc, name-defined]
        @staticmethod
        def _lanes_kernel() -> tuple[Any, tuple[np.ndarray, ...]]:
            return faulty, constants

    with pytest.raises(PluginError, match="disagrees with its plain form"):
        Faulty(Engine.COMPILED).hash_rows(np.arange(64 * 3, dtype=np.uint64).reshape(64, 3), "faulty")


@pytest.mark.parametrize("make", [case.make for case in CASES], ids=NAMES)
def test_permutation_is_a_bijection_on_a_sample(make: type[Sponge]) -> None:
    """States that differ in one element, each element in turn, permute to states that differ."""
    states = np.zeros((1 + 12 * 8, 12), np.uint64)
    for k in range(1, len(states)):
        states[k, (k - 1) % 12] = k
    assert len({state.tobytes() for state in make(Engine.COMPILED).permute(states)}) == len(states)
