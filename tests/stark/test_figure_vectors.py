"""specs/vectors/figures.json, which other verifiers compare their figures with, says what this one computes."""

from __future__ import annotations

import json
from pathlib import Path

from vector_figures import figures

VECTORS = Path(__file__).parents[2] / "specs" / "vectors" / "figures.json"


def test_the_vectors_of_figures_are_what_is_computed() -> None:
    assert json.loads(VECTORS.read_text(encoding="utf-8")) == figures()
