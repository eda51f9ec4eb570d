from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.example import ACCOUNTS, SPEC
from audit.tally_backend import tally_registry
from polyproof.registry import Registry
from polyproof.settings.spec import Spec, load_spec


@pytest.fixture
def registry() -> Registry:
    return tally_registry()


@pytest.fixture
def spec(tmp_path: Path, registry: Registry) -> Spec:
    """Five accounts, two assets, at most two accounts a segment: three segments."""
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "accounts.csv").write_text(ACCOUNTS)
    (folder / "spec.yaml").write_text(SPEC)
    return load_spec(folder / "spec.yaml", registry)


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=lambda mask: f"umask{mask:03o}")
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)
