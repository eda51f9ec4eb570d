"""Vectors of what a verifier is built from: hashes of rows and messages, Merkle openings, the transcript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

import numpy as np

from polyproof.commitment import OpenedLeaves, VectorOpening
from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.field import Extension
from polyproof.hash import Hash, Words
from polyproof.registry import Registry, default_registry
from polyproof.transcript import Transcript
from polyproof_merkle.commitment import MerkleTree
from vector_files import Vector, numbers

__all__ = ["hash_vectors", "merkle_vectors", "of_hashes", "of_merkle", "of_transcripts", "transcript_vectors"]

ROW_LENGTHS = (0, 1, 4, 7, 8, 9, 16, 17, 18, 33)
"""At and beside the blocks of every hash: 8 and 16 words of a sponge, 64 bytes of SHA-256 and 136 of Keccak."""
CHUNKS = {"blake3": (128, 129, 257, 385)}
"""Rows of one chunk of BLAKE3, 1,024 bytes, and of two, three and four."""
MESSAGE_LENGTHS = (0, 1, 3, 4, 6, 7, 8, 15, 56)
DOMAINS = ("a", "merkle/node", "twenty-one characters")


def _hash(name: str, engine: Engine = Engine.PORTABLE) -> Hash:
    made: Hash = default_registry().create("hash", name, engine)
    return made


def _extension(field: str, degree: int) -> Extension:
    made: Extension = default_registry().create("field", field).extension(degree)
    return made


def _texts(values: Sequence[int] | Words) -> list[str]:
    return [str(int(value)) for value in np.asarray(values, np.uint64).ravel()] if len(values) else []


# Hashes


def hash_vectors(registry: Registry) -> Iterator[Vector]:
    """Rows, compressions, messages, packed elements and digests in files, of every hash."""
    for name in registry.names("hash"):
        yield from _hash_vectors(name)


def _hash_vectors(name: str) -> Iterator[Vector]:
    hash, random = _hash(name), np.random.default_rng(1)
    bound = hash.word_bound

    def words(count: int) -> list[int]:
        return [int.from_bytes(random.bytes(8), "little") % bound for _ in range(count)]

    rows = {f"{length} words": words(length) for length in (*ROW_LENGTHS, *CHUNKS.get(name, ()))}
    for count in (8, 9):
        rows[f"{count} zeros"] = [0] * count
        rows[f"{count} words, each the largest"] = [bound - 1] * count
    for number, (told, row) in enumerate(rows.items()):
        yield _expected(
            {
                "name": f"{name}: a row of {told}",
                "hash": name,
                "what": "row",
                "domain": DOMAINS[number % len(DOMAINS)],
                "words": _texts(row),
            }
        )
    left, right = (hash.encode_digests(np.array(words(hash.digest_words), np.uint64)).hex() for _ in range(2))
    for told, one, other in (("two digests", left, right), ("them swapped", right, left), ("one twice", left, left)):
        yield _expected(
            {
                "name": f"{name}: a compression of {told}",
                "hash": name,
                "what": "compression",
                "domain": "merkle/node",
                "left": one,
                "right": other,
            }
        )
    for length in MESSAGE_LENGTHS:
        yield _expected(
            {
                "name": f"{name}: a message of {length} bytes",
                "hash": name,
                "what": "message",
                "domain": "transcript/text",
                "bytes": random.bytes(length).hex(),
            }
        )
    for field in default_registry().names("field"):
        modulus = _extension(field, 2).field.modulus
        if modulus > bound:
            continue
        for count in (0, 1, 2, 3):
            elements = [int.from_bytes(random.bytes(8), "little") % modulus for _ in range(count)]
            yield _expected(
                {
                    "name": f"{name}: {count} elements of {field} as words",
                    "hash": name,
                    "what": "packed",
                    "field": field,
                    "elements": _texts(elements),
                }
            )
    for bits in (56, 64):
        values = [0, 1, (1 << bits) - 1, int.from_bytes(random.bytes(8), "little") >> (64 - bits)]
        if bits <= hash.word_bits() or bound < 1 << 32:
            yield _expected(
                {
                    "name": f"{name}: numbers of {bits} bits as words",
                    "hash": name,
                    "what": "split",
                    "bits": bits,
                    "numbers": _texts(values),
                }
            )
    if bound < 1 << 64:
        size = 32 // hash.digest_words
        for place in range(hash.digest_words):
            for word, told in ((bound - 1, "the largest"), (bound, "one too large")):
                data = bytes(place * size) + word.to_bytes(size, "little")
                yield _expected(
                    {
                        "name": f"{name}: a digest whose word {place} is {told}",
                        "hash": name,
                        "what": "digest",
                        "bytes": data.ljust(32, b"\0").hex(),
                    }
                )


def of_hashes(vector: Vector) -> dict[str, Any]:
    """What a vector of a hash comes to."""
    hash = _hash(vector["hash"])

    def row(texts: Sequence[str]) -> Words:
        return np.array([numbers(texts)], np.uint64).reshape(1, len(texts))

    def digest(text: str) -> Words:
        return hash.decode_digests(bytes.fromhex(text), 1)

    match vector["what"]:
        case "row":
            found = hash.hash_rows(row(vector["words"]), vector["domain"])
        case "compression":
            found = hash.compress(digest(vector["left"]), digest(vector["right"]), vector["domain"])
        case "message":
            found = hash.hash_messages([bytes.fromhex(vector["bytes"])], vector["domain"])
        case "packed":
            modulus = _extension(vector["field"], 2).field.modulus
            return {"words": _texts(hash.pack(row(vector["elements"]), modulus)[0])}
        case "split":
            return {"words": _texts(hash.split(row(vector["numbers"]), vector["bits"])[0])}
        case "digest":
            try:
                digest(vector["bytes"])
            except ProofRejected as rejected:
                return {"verdict": "rejected", "check": rejected.check}
            return {"verdict": "accepted", "check": None}
        case other:
            raise ValueError(other)
    return {"digest": hash.encode_digests(found).hex()}


def _expected(vector: Vector) -> Vector:
    return {**vector, **of_hashes(vector)}


# Merkle trees


def merkle_vectors(registry: Registry) -> Iterator[Vector]:
    """Openings of trees of every hash, and of one with everything that can be wrong with them."""
    for name in registry.names("hash"):
        tree = MerkleTree(_hash(name))
        leaves = tree.hash.hash_rows(np.arange(16, dtype=np.uint64)[:, None], "merkle/leaf")
        for depth, indices in ((0, [0]), (4, [5]), (4, [9, 2, 3, 15]), (4, list(range(16)))):
            yield _opening(tree, leaves[: 1 << depth], indices)
    tree = MerkleTree(_hash("blake3"))
    leaves = tree.hash.hash_rows(np.arange(16, dtype=np.uint64)[:, None], "merkle/leaf")
    honest = _opening(tree, leaves, [9, 2, 3, 15])
    siblings, shown = honest["siblings"], honest["leaves"]
    for told, changes in (
        ("a sibling is missing", {"siblings": siblings[:-1]}),
        ("there is a sibling too many", {"siblings": [*siblings, siblings[0]]}),
        ("two siblings are swapped", {"siblings": [siblings[1], siblings[0], *siblings[2:]]}),
        ("a sibling is another", {"siblings": [*siblings[:-1], siblings[0]]}),
        ("a leaf is missing", {"leaves": shown[:-1]}),
        ("two leaves are swapped", {"leaves": [shown[1], shown[0], *shown[2:]]}),
        ("an index is twice", {"indices": [9, 2, 2, 15]}),
        ("an index is beyond the tree", {"indices": [9, 2, 3, 16]}),
        ("another index", {"indices": [9, 2, 3, 14]}),
        ("nothing is opened", {"indices": [], "leaves": [], "siblings": []}),
        ("another root", {"root": shown[0]}),
        ("another depth", {"depth": 5}),
    ):
        yield _judged({**honest, **changes, "name": f"blake3: {told}"})


def _opening(tree: MerkleTree, leaves: Words, indices: list[int]) -> Vector:
    hash, size = tree.hash, len(leaves)
    level, nodes = leaves, [leaves]
    while len(level) > 1:
        level = hash.compress(level[0::2], level[1::2], tree.node_domain)
        nodes.append(level)
    known, siblings = sorted(indices), []
    for one in nodes[:-1]:
        siblings += [one[index ^ 1] for index in known if index ^ 1 not in known]
        known = sorted({index >> 1 for index in known})
    return _judged(
        {
            "name": f"{hash.name}: {len(indices)} of {size} leaves",
            "hash": hash.name,
            "depth": size.bit_length() - 1,
            "indices": indices,
            "leaves": [hash.encode_digests(leaves[index]).hex() for index in indices],
            "siblings": [hash.encode_digests(one).hex() for one in siblings],
            "root": hash.encode_digests(nodes[-1][0]).hex(),
        }
    )


def of_merkle(vector: Vector) -> dict[str, Any]:
    """The verdict on an opening."""
    tree = MerkleTree(_hash(vector["hash"]))

    def digests(texts: Sequence[str]) -> Words:
        return tree.hash.decode_digests(bytes.fromhex("".join(texts)), len(texts))

    opened = OpenedLeaves(
        digests([vector["root"]])[0],
        1 << vector["depth"],
        vector["indices"],
        digests(vector["leaves"]),
        VectorOpening(digests(vector["siblings"])),
    )
    try:
        tree.verify_many([opened])
    except ProofRejected as rejected:
        return {"verdict": "rejected", "check": rejected.check}
    return {"verdict": "accepted", "check": None}


def _judged(vector: Vector) -> Vector:
    return {**vector, **of_merkle(vector)}


# The transcript

STEPS: tuple[dict[str, Any], ...] = (
    {"absorb": "text", "bytes": b"polyproof/vectors".hex()},
    {"absorb": "text", "bytes": ""},
    {"absorb": "integers", "values": ["0"]},
    {"absorb": "integers", "values": ["1", str(2**31), str(2**32), str(2**64 - 1), str(2**200 + 1)]},
    {"absorb": "integers", "values": []},
    {"draw": "integers", "count": 5, "bound": "10"},
    {"draw": "integers", "count": 9, "bound": "1000003"},
    {"draw": "integers", "count": 1, "bound": "1"},
    {"absorb": "elements", "values": ["0", "1", "-1", "123456789", "-2"]},
    {"draw": "element"},
    {"absorb": "digests", "values": 1},
    {"absorb": "digests", "values": 3},
    {"draw": "element"},
    {"draw": "element"},
    {"grind": "9", "bits": 0},
    {"grind": "find", "bits": 8},
    {"grind": "find", "bits": 17},
    {"grind": "281474976710655", "bits": 8},
    {"absorb": "nonce", "value": "281474976710655"},
    {"absorb": "nonce", "value": "77"},
    {"draw": "indices", "count": 30, "bound": "32"},
    {"draw": "indices", "count": 6, "bound": "4096"},
    {"draw": "integers", "count": 6, "bound": "8"},
)
"""What is done with each; elements are negative below the modulus."""


def transcript_vectors(registry: Registry) -> Iterator[Vector]:
    """One long transcript of every hash with every field that it goes with."""
    for name in registry.names("hash"):
        for field in registry.names("field"):
            degree = 3 if field == "goldilocks" else 6
            extension = _extension(field, degree)
            if extension.field.modulus > _hash(name).word_bound:
                continue
            steps = [_stated(step, name, extension) for step in STEPS]
            vector = {
                "name": f"{name}, {field}",
                "hash": name,
                "field": field,
                "degree": degree,
                "label": "polyproof/vectors/1",
                "steps": steps,
            }
            yield {**vector, **of_transcripts(vector, Engine.COMPILED)}


def _stated(step: dict[str, Any], name: str, extension: Extension) -> dict[str, Any]:
    """A step with its numbers in the field, and digests of the hash."""
    hash = _hash(name)
    if step.get("absorb") == "elements":
        elements = [int(text) % extension.field.modulus for text in step["values"]]
        return {**step, "values": _texts(elements * extension.degree)}
    if step.get("absorb") == "digests":
        rows = np.arange(step["values"], dtype=np.uint64)[:, None]
        digests = hash.hash_rows(rows, "merkle/leaf")
        return {**step, "values": [hash.encode_digests(one).hex() for one in digests]}
    return dict(step)


def of_transcripts(vector: Vector, engine: Engine = Engine.PORTABLE) -> dict[str, Any]:
    """The steps with what each draws, and the state after each."""
    hash, extension = _hash(vector["hash"], engine), _extension(vector["field"], vector["degree"])
    transcript = Transcript(hash, vector["label"])
    return {"steps": [_done(step, transcript, hash, extension) for step in vector["steps"]]}


def _done(step: dict[str, Any], transcript: Transcript, hash: Hash, extension: Extension) -> dict[str, Any]:
    result: dict[str, Any] = dict(step)
    count, bound = step.get("count", 0), int(step.get("bound", 0))
    match step.get("absorb") or step.get("draw") or "grind":
        case "text":
            transcript.absorb_text("text", bytes.fromhex(step["bytes"]))
        case "integers" if "absorb" in step:
            transcript.absorb_integers("integers", *numbers(step["values"]))
        case "elements":
            elements = np.array(numbers(step["values"]), np.uint64).reshape(-1, extension.degree)
            transcript.absorb_elements("elements", elements, below=extension.field.modulus)
        case "digests":
            digests = hash.decode_digests(bytes.fromhex("".join(step["values"])), len(step["values"]))
            transcript.absorb_digests("digests", digests)
        case "nonce":
            transcript.absorb_nonce(int(step["value"]))
        case "integers":
            result["drawn"] = _texts(transcript.draw_integers("integers", count, bound))
        case "element":
            result["drawn"] = _texts(transcript.draw_extension("element", extension))
        case "indices":
            result["drawn"] = transcript.draw_indices("indices", count, bound)
        case "grind":
            bits = step["bits"]
            if step["grind"] == "find":
                result["grind"] = str(copy(transcript).grind(bits))
            result["holds"] = transcript.check_grinding(int(result["grind"]), bits)
    result["state"] = hash.encode_digests(transcript.state).hex()
    return result
