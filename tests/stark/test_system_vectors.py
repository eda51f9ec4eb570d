"""specs/vectors/systems.json, with which other verifiers compare their constraint systems, says what these state."""

from __future__ import annotations

import json
from pathlib import Path

from vector_systems import systems

VECTORS = Path(__file__).parents[2] / "specs" / "vectors" / "systems.json"


def test_the_vectors_of_constraint_systems_are_what_is_stated() -> None:
    assert json.loads(VECTORS.read_text(encoding="utf-8")) == systems()
