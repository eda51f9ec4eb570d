from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.policies import naming
from polyproof.errors import Problem, ReservesError
from polyproof.registry import default_registry
from polyproof.reserves import ReservesRead, read_reserves
from polyproof.reserves.signatures import load_schemes
from reserves.exchange import ASSETS, spec_text, write_spec

Read = Callable[..., ReservesRead]
Problems = Callable[..., list[Problem]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a file by a source: ``read("okx-csv", text, "a.csv")``, with options of the source and keys of reserves."""

    def call(
        source: str,
        data: str | bytes,
        file: str,
        options: str = "",
        more: str = "",
        assets: tuple[str, ...] = ASSETS,
        limit: int = 100,
    ) -> ReservesRead:
        (tmp_path / file).write_bytes(data.encode() if isinstance(data, str) else data)
        spec = write_spec(tmp_path, spec_text(f"{{name: {source}, path: {file}{options}}}", more=more, assets=assets))
        assert spec.reserves is not None
        registry = default_registry()
        return read_reserves(
            spec.reserves,
            spec.assets,
            registry=registry,
            schemes=load_schemes(registry),
            base=tmp_path,
            limit=limit,
        )

    return call


@pytest.fixture
def problems(read: Read) -> Problems:
    """The problems of a file that must have some."""

    def call(*arguments: object, **options: object) -> list[Problem]:
        with pytest.raises(ReservesError) as caught:
            read(*arguments, **options)
        return list(caught.value.problems)

    return call


@pytest.fixture
def command(command: Command) -> Command:
    """Run a command in this process: audits here are Merkle sum trees, which the default policy refuses."""
    return naming(command, "merkle-sum")
