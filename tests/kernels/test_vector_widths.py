"""Kernels of hashes are written for the width of the processor's registers; each width gives the same digests."""

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
from polyproof_digests import blake3, keccak256, lanes, sha256
from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges import blocks, poseidon, poseidon2, rescue

# Before the modules of kernels are imported.
bits = int(sys.argv[1])
lanes._REGISTER_BITS, lanes._WORDS, blocks._VECTOR = bits, ir.VectorType(ir.IntType(32), bits // 32), bits // 64
rows = np.random.default_rng(1).integers(0, MODULUS, (70, 21), np.uint64)
for make in (
    blake3.Blake3, keccak256.Keccak256, sha256.Sha256,
    poseidon.Poseidon, poseidon2.Poseidon2, rescue.RescuePrimeOptimized,
):
    portable = make(Engine.PORTABLE).hash_rows(rows, "widths")
    assert np.array_equal(make(Engine.COMPILED).hash_rows(rows, "widths"), portable), make
print("equal")
"""


OWN = "512" if binding.get_host_cpu_features().get("avx512f") else "256"


@pytest.mark.parametrize(
    "bits",
    # The processor's own width is what all other tests of hashes run with.
    [pytest.param(bits, marks=[pytest.mark.slow] if bits == OWN else []) for bits in ("256", "512")],
)
def test_digests_do_not_depend_on_the_width_of_registers(bits: str, tmp_path: Path) -> None:
    """Wider vectors than the processor's are computed in parts, so that any machine can run both."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", HASHING, bits], env=environment, capture_output=True, text=True)
    assert done.stdout == "equal\n", done.stderr
