"""FRI alone: commit to a table of columns, prove their values at a point, verify from bytes."""

import numpy as np

from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.registry import default_registry
from polyproof.transcript import Transcript
from polyproof_stark.commitment import FriCommitment

SIZE = 1 << 12


def scheme(engine: Engine) -> FriCommitment:
    """What prover and verifier must agree on. A verifier takes the portable engine: it compiles nothing."""
    registry = default_registry()
    field = registry.create("field", "goldilocks", engine=engine)
    hash = registry.create("hash", "blake3", engine=engine)
    return FriCommitment(field, hash, registry.create("commitment", "merkle", hash), size=SIZE, queries=88, grinding=16)


# The prover: three columns, given by their values at the 4096th roots of unity.
prover = scheme(Engine.COMPILED)
columns = np.random.default_rng(1).integers(0, prover.field.modulus, (SIZE, 3), np.uint64)
state = prover.commit(columns)

# The point comes from the transcript, after the commitment: nobody can choose columns to suit it.
transcript = Transcript(prover.hash, "example/1")
transcript.absorb_digests("root", state.root)
point = transcript.draw_extension("point", prover.extension)
opening = prover.open([state], [point], transcript)
proof = prover.write(opening)
print(f"root {prover.hash.encode_digests(state.root[None])[:8].hex()}…, proof of {len(proof):,} bytes")


# The verifier has the root and the proof.
def verified_values(root: np.ndarray, proof: bytes) -> np.ndarray:
    """The columns' values at the point, ``(3, 3)``; ``ProofRejected`` if they are not proven."""
    verifier = scheme(Engine.PORTABLE)
    transcript = Transcript(verifier.hash, "example/1")
    transcript.absorb_digests("root", root)
    point = transcript.draw_extension("point", verifier.extension)
    opening = verifier.read(proof, widths=[3], points=1)
    verifier.verify([root], [point], opening, transcript)
    return opening.values[0][0]


print("first column at the point:", *verified_values(state.root, proof)[0])

# A value that is one off.
forged = bytearray(proof)
forged[12] ^= 1
try:
    verified_values(state.root, bytes(forged))
except ProofRejected as error:
    print("rejected:", error)
else:
    raise SystemExit("a forged value was accepted")
