from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from attestations.signers import Authority, authority
from doubles.two_audits import audit, command, proved

__all__ = ["audit", "command", "issuer", "other", "proved"]


@pytest.fixture
def other(proved: Path, tmp_path: Path) -> Path:
    """The same of another audit."""
    return shutil.copytree(proved / "two/public", tmp_path / "other")


@pytest.fixture(scope="session")
def issuer() -> Authority:
    """An authority that knows auditors."""
    return authority()
