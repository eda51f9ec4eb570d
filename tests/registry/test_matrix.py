"""Hashes × fields × backends × their numbers: each cell is verified, or refused with the arithmetic."""

from __future__ import annotations

from typing import Any

import pytest

import matrix
from polyproof.errors import OptionsError
from polyproof.registry import default_registry

BACKENDS = default_registry().names("backend")


def faults(results: list[Any]) -> list[str]:
    return [f"{one.cell}: {one.words}" for one in results if one.outcome == "fault"]


def test_cells_are_of_all_that_is_registered() -> None:
    registry = default_registry()
    found = list(matrix.cells(registry))
    assert len(set(map(str, found))) == len(found)
    assert {cell.backend for cell in found} == set(registry.names("backend"))
    of_stark = [cell for cell in found if cell.backend == "stark"]
    assert {cell.get("field") for cell in of_stark} == set(registry.names("field"))
    assert {cell.get("hash") for cell in of_stark} == set(registry.names("hash"))
    for axis, values in matrix.AXES.items():
        assert {cell.get(axis) for cell in of_stark} == set(values)


def test_a_cell_is_verified_refused_or_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = default_registry()
    sound = matrix.Cell("merkle-sum", (("hash", "sha256"),))
    assert matrix.judged(sound, registry).outcome == "verified"
    merkle_sum = registry.get("backend", "merkle-sum")
    for error, outcome in (
        (OptionsError("2 + 2 > 3"), "refused"),
        (OptionsError("no"), "fault"),
        (ValueError("2 + 2 > 3"), "fault"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(merkle_sum, "check", lambda self, assets, error=error: (_ for _ in ()).throw(error))
            assert matrix.judged(sound, registry).outcome == outcome
    with monkeypatch.context() as patch:
        patch.setattr(merkle_sum, "verify", lambda self, *arguments: None)
        assert matrix.judged(sound, registry).words == "another total was accepted"
    assert "| merkle-sum | – | sha256 | 1 | 0 |  |" in matrix.table([matrix.judged(sound, registry)])


@pytest.mark.slow
@pytest.mark.parametrize("hash", default_registry().names("hash"))
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_cell_is_verified_or_refused_with_its_numbers(backend: str, hash: str) -> None:
    registry = default_registry()
    results = [matrix.judged(cell, registry) for cell in matrix.cells(registry, (backend,), {"hash": (hash,)})]
    assert results
    assert faults(results) == []
