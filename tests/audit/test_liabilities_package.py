"""What ``polyproof.liabilities`` offers, and what a verifier is spared."""

from __future__ import annotations

import subprocess
import sys

import pytest

from polyproof import liabilities

SPARED = (
    "polyproof.liabilities.proving",
    "polyproof.liabilities.checking",
    "polyproof.liabilities.workspace",
    "polyproof.liabilities.snapshot",
    "duckdb",
    "numba",
)
VERIFIER = """
import sys
from polyproof.liabilities import open_audit, verify, verify_inclusion
print(*[name for name in {spared!r} if name in sys.modules])
from polyproof.liabilities import prove
print(*[name for name in {spared!r} if name in sys.modules])
"""


@pytest.mark.parametrize("name", liabilities.__all__)
def test_every_public_name_is_there(name: str) -> None:
    found = getattr(liabilities, name)
    assert found.__name__ == name
    assert found.__module__.startswith("polyproof.liabilities.")


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'audit'"):
        liabilities.audit  # noqa: B018


def test_verifier_imports_neither_what_proves_nor_what_reads_snapshots() -> None:
    program = VERIFIER.format(spared=SPARED)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    verifying, proving = ended.stdout.splitlines()
    assert verifying == ""
    assert "polyproof.liabilities.proving" in proving, "the test would see it"
