"""Conformance vectors for verifiers in any language: make them all, or see whether their verdicts still come out.

    python tools/vectors.py --out FOLDER     make all of them anew, into a new folder
    python tools/vectors.py --check          have the verifier in Python judge those in specs/vectors

Proofs are random, so vectors that are made anew differ from those before; those in the repository stay, and a verifier
that changes must judge them as before. specs/vectors/README.md says what they are and how to run them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import vector_audits
import vector_histories
import vector_primitives
import vector_segments
from polyproof.registry import default_registry
from vector_files import FOLDER, Vector, file_text, read

__all__ = ["KINDS", "differing", "main"]

KINDS: dict[str, Callable[[Path, Mapping[str, Any], Vector], dict[str, Any]]] = {
    "hashes": lambda folder, content, vector: vector_primitives.of_hashes(vector),
    "merkle": lambda folder, content, vector: vector_primitives.of_merkle(vector),
    "transcript": lambda folder, content, vector: vector_primitives.of_transcripts(vector),
    "segments": vector_segments.of_segment,
    "audits": vector_audits.of_audit,
    "histories": vector_histories.of_history,
}
"""What the verifier in Python says of a vector of each kind."""
FORMAT = {"format": "polyproof/vectors", "version": 1}


def make() -> Iterator[tuple[str, bytes]]:
    """All files of the folder, by their paths in it."""
    registry = default_registry()
    for kind, vectors in (
        ("hashes", vector_primitives.hash_vectors(registry)),
        ("merkle", vector_primitives.merkle_vectors(registry)),
        ("transcript", vector_primitives.transcript_vectors(registry)),
    ):
        yield f"{kind}.json", file_text({**FORMAT, "kind": kind, "vectors": list(vectors)}).encode()
    for kind, made in (
        ("segments", vector_segments.segments()),
        ("audits", vector_audits.audits()),
        ("histories", vector_histories.histories()),
    ):
        yield from made.files.items()
        content = {**FORMAT, "kind": kind, "bases": made.bases, "vectors": made.vectors}
        yield f"{kind}.json", file_text(content).encode()


def differing(kind: str, folder: Path = FOLDER, *, every: int = 1, first: int = 0) -> Iterator[str]:
    """The vectors of a kind of which the verifier in Python says something else: all, or each ``every``-th."""
    content = read(folder, kind)
    for vector in content["vectors"][first::every]:
        found = KINDS[kind](folder, content, vector)
        stated = {key: vector.get(key) for key in found}
        if stated != found:
            yield f"{kind}: {vector.get('base', '')} {vector['name']}: {found}, the vector says {stated}"


def main() -> int:
    """Make or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="make all vectors, into this new folder")
    parser.add_argument("--check", action="store_true", help="judge the vectors of the repository")
    given = parser.parse_args()
    if (given.out is None) is not given.check:
        parser.error("give --out FOLDER or --check")
    if given.check:
        wrong = [line for kind in KINDS for line in differing(kind)]
        print("\n".join(wrong) or f"All verdicts of {FOLDER} come out.")
        return int(bool(wrong))
    given.out.mkdir(parents=True)
    for name, data in make():
        (given.out / name).parent.mkdir(parents=True, exist_ok=True)
        (given.out / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
