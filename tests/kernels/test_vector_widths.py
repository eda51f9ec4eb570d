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

import numpy as np
from llvmlite import ir

from polyproof.engine import Engine
from polyproof.toolkit import lanes
from polyproof_digests import blake3, keccak256, sha256
from polyproof_goldilocks import lane_words

# Before the modules of kernels are imported.
bits = int(sys.argv[1])
lanes._REGISTER_BITS, lanes._WORDS = bits, ir.VectorType(ir.IntType(32), bits // 32)
lane_words.REGISTER, lane_words._SIGNED_ONLY = bits // 64, bits < 512

from polyproof_goldilocks.field import Goldilocks
from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges import poseidon, poseidon2, rescue

rows = np.random.default_rng(1).integers(0, MODULUS, (70, 21), np.uint64)
for make in (
    blake3.Blake3, keccak256.Keccak256, sha256.Sha256,
    poseidon.Poseidon, poseidon2.Poseidon2, rescue.RescuePrimeOptimized,
):
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


OWN = "512" if binding.get_host_cpu_features().get("avx512f") else "256"


@pytest.mark.parametrize(
    "bits",
    # The processor's own width is what all other tests run with.
    [pytest.param(bits, marks=[pytest.mark.slow] if bits == OWN else []) for bits in ("256", "512")],
)
def test_results_do_not_depend_on_the_width_of_registers(bits: str, tmp_path: Path) -> None:
    """Wider vectors than the processor's are computed in parts, so that any machine can run both."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", HASHING, bits], env=environment, capture_output=True, text=True)
    assert done.stdout == "equal\n", done.stderr
