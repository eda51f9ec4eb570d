"""The verifier and the slow one of the references, written from the page, on proofs over BabyBear."""

from __future__ import annotations

import numpy as np
import pytest

from stark.both_verifiers import accepted, evolve, prove, verdicts

SMALL = {"field": "babybear", "extension": 6, "blowup": 4, "queries": 3, "grinding": 0, "limb_bits": 8, "arity": 8}
SPECS = {
    "its own hash": (SMALL | {"hash": "poseidon2-babybear", "grinding": 17}, (64,)),
    "two elements a word": (SMALL | {"hash": "sha256"}, (40, 64)),
    "two elements a word of 63 bits": (SMALL | {"hash": "poseidon2", "queries": 1}, (16,)),
    "an odd number of columns": (SMALL | {"hash": "blake3", "limb_bits": 11, "arity": 4}, (64,)),
    "no carries": (SMALL | {"hash": "keccak256", "blowup": 2}, (8, 1)),
}


QUICK = ("its own hash", "two elements a word")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SPECS]
)
def test_both_accept_an_honest_exchange_and_its_users_and_reject_changes(name, tmp_path):
    """Of the file each of some bytes is changed, and what is stated: neither verifier accepts any of it."""
    audit = prove(tmp_path, *SPECS[name])
    assert accepted(audit.case)
    included = audit.inclusion(1)
    assert accepted(included)

    random = np.random.default_rng(1)
    for position in random.integers(0, len(audit.case.proof), 3).tolist():
        changed = bytearray(audit.case.proof)
        changed[position] ^= 1 << int(random.integers(0, 8))
        assert None not in verdicts(evolve(audit.case, proof=bytes(changed)))
    for position in random.integers(0, len(included.inclusion), 3).tolist():
        changed = bytearray(included.inclusion)
        changed[position] ^= 1 << int(random.integers(0, 8))
        assert None not in verdicts(evolve(included, inclusion=bytes(changed)))
    first, *others = audit.case.totals
    assert None not in verdicts(evolve(audit.case, totals=(first + 1, *others)))
    p = 2**31 - 2**27 + 1
    assert None not in verdicts(evolve(audit.case, totals=(first + p, *others)))
    own = included.balances[0]
    assert None not in verdicts(evolve(included, balances=(own ^ 1, *included.balances[1:])))
    assert None not in verdicts(
        evolve(audit.case, options={**audit.case.options, "field": "goldilocks", "extension": 2})
    )
