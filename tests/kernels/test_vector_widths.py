"""Kernels are written for the width of the processor's registers; each width gives the same digests and transforms."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from llvmlite import binding

HASHING = """
import sys
from importlib import import_module

import numpy as np
from llvmlite import ir

from polyproof.engine import Engine
from polyproof.toolkit import lanes
from polyproof_goldilocks import lane_words

# Before the modules of kernels are imported.
bits = int(sys.argv[1])
lanes._REGISTER_BITS, lanes._WORDS = bits, ir.VectorType(ir.IntType(32), bits // 32)
lane_words.REGISTER, lane_words._SIGNED_ONLY = bits // 64, bits < 512

from polyproof_goldilocks.field import Goldilocks
from polyproof_goldilocks.reduction import MODULUS

rows = np.random.default_rng(1).integers(0, MODULUS, (70, 21), np.uint64)
for place in sys.argv[2:]:
    module, name = place.split(":")
    make = getattr(import_module(module), name)
    portable = make(Engine.PORTABLE).hash_rows(rows, "widths")
    assert np.array_equal(make(Engine.COMPILED).hash_rows(rows, "widths"), portable), make
edges = [0, 1, 2**32 - 1, 2**32, 2**63 - 1, 2**63, MODULUS - 2**32, MODULUS - 1]
values = np.where(rows[:64] % 3 == 0, np.random.default_rng(2).choice(np.array(edges, np.uint64), (64, 21)), rows[:64])
compiled, portable = Goldilocks(Engine.COMPILED), Goldilocks()
for operation in ("add", "subtract", "multiply"):
    found = getattr(compiled, operation)(values, values[::-1])
    assert np.array_equal(found, getattr(portable, operation)(values, values[::-1])), operation
assert np.array_equal(compiled.inverse_transform(values, 7), portable.inverse_transform(values, 7))
assert np.array_equal(compiled.coset_lde(values, 4), portable.coset_lde(values, 4))
print("equal")
"""


SOME = ("polyproof_digests.blake3:Blake3", "polyproof_goldilocks.sponges.poseidon2:Poseidon2")
"""One hash of each kind of lanes: words of 32 bits, and elements of the field."""
OTHERS = (
    *("polyproof_digests.keccak256:Keccak256", "polyproof_digests.sha256:Sha256"),
    *("polyproof_goldilocks.sponges.poseidon:Poseidon", "polyproof_goldilocks.sponges.rescue:RescuePrimeOptimized"),
)

OWN = "512" if binding.get_host_cpu_features().get("avx512f") else "256"


@pytest.mark.parametrize(
    "bits",
    # The processor's own width is what all other tests run with.
    [pytest.param(bits, marks=[pytest.mark.slow] if bits == OWN else []) for bits in ("256", "512")],
)
@pytest.mark.parametrize("hashes", [SOME, pytest.param(OTHERS, marks=pytest.mark.slow)], ids=["some", "others"])
def test_results_do_not_depend_on_the_width_of_registers(bits: str, hashes: tuple[str, ...], tmp_path: Path) -> None:
    """Wider vectors than the processor's are computed in parts, so that any machine can run both."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", HASHING, bits, *hashes], env=environment, capture_output=True, text=True
    )
    assert done.stdout == "equal\n", done.stderr
