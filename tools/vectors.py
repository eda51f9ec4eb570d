"""Conformance vectors for verifiers in any language: make them all, or see whether their verdicts still come out.

    python tools/vectors.py --out FOLDER     make all of them anew, into a new folder
    python tools/vectors.py --check          have the verifier in Python judge those in specs/vectors

Proofs are random, so vectors that are made anew differ from those before; those in the repository stay, and a verifier
that changes must judge them as before. specs/vectors/README.md says what they are and how to run them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
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
FORMAT: dict[str, Any] = {"format": "polyproof/vectors", "version": 1}


def make(kinds: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """All files of these kinds, by their paths in the folder."""
    registry = default_registry()
    plain = {
        "hashes": vector_primitives.hash_vectors,
        "merkle": vector_primitives.merkle_vectors,
        "transcript": vector_primitives.transcript_vectors,
    }
    on_bases: dict[str, Callable[[], Any]] = {
        "segments": vector_segments.segments,
        "audits": vector_audits.audits,
        "histories": vector_histories.histories,
    }
    for kind in kinds:
        content = {**FORMAT, "kind": kind}
        if kind in plain:
            content["vectors"] = list(plain[kind](registry))
        else:
            made = on_bases[kind]()
            yield from made.files.items()
            content |= {"bases": made.bases, "vectors": made.vectors}
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
    parser.add_argument(
        "--kind", action="append", choices=sorted(KINDS), help="only vectors of this kind; repeat for more"
    )
    given = parser.parse_args()
    kinds = given.kind or list(KINDS)
    if (given.out is None) is not given.check:
        parser.error("give --out FOLDER or --check")
    if given.check:
        wrong = [line for kind in kinds for line in differing(kind)]
        print("\n".join(wrong) or f"All verdicts of {FOLDER} come out.")
        return int(bool(wrong))
    given.out.mkdir(parents=True, exist_ok=bool(given.kind))
    for name, data in make(kinds):
        (given.out / name).parent.mkdir(parents=True, exist_ok=True)
        (given.out / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
