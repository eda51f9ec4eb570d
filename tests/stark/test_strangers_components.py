"""The STARK with somebody else's field, commitment and constraints: the examples of the documentation."""

from __future__ import annotations

from pathlib import Path

import polyproof_bit_accounts
import polyproof_koalabear
import polyproof_quaternary
import pytest

from polyproof.backend import Claim, Statement
from polyproof.config.options import plain
from polyproof.constraints import ConstraintsChoice
from polyproof.errors import ProofRejected
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof_stark.backend import StarkBackend
from polyproof_stark.options import StarkOptions
from stark.exchange import some_accounts

ASSETS = (Asset("EUR", 2, 20), Asset("XAU", 3, 12))
ACCOUNTS = some_accounts(60, ASSETS)
STATEMENT = Statement("audit-1", b"d" * 32, ASSETS, 0, 1)
SMALL = {"hash": "blake3", "queries": 12, "grinding": 2, "limb_bits": 8, "segment_rows": 1024}


@pytest.fixture(scope="module")
def registry() -> Registry:
    registry = Registry()
    registry.discover()
    for module in (polyproof_koalabear, polyproof_quaternary, polyproof_bit_accounts):
        registry.register(module, module.__name__.replace("_", "-"), "1.0", module.__name__)
    return registry


@pytest.mark.parametrize(
    "components",
    [
        {"field": "koala-bear", "extension": 4},
        {"commitment": "quaternary"},
        {"constraints": ConstraintsChoice("bit-accounts")},
        {
            "field": "koala-bear",
            "extension": 8,
            "commitment": "quaternary",
            "constraints": ConstraintsChoice("bit-accounts"),
        },
    ],
    ids=lambda components: " ".join(str(plain(value)) for value in components.values()),
)
def test_an_audit_with_strangers_components(registry: Registry, tmp_path: Path, components: dict[str, object]) -> None:
    backend = StarkBackend(StarkOptions(**{**SMALL, **components}), registry)
    segment = backend.prove(STATEMENT, ACCOUNTS, bytes(32), tmp_path, Progress())
    assert segment.totals == ACCOUNTS.totals()
    backend.verify(STATEMENT, segment.totals, segment.proof)
    with pytest.raises(ProofRejected):
        backend.verify(STATEMENT, (segment.totals[0] - 1, segment.totals[1]), segment.proof)

    inclusion = backend.open_inclusion(STATEMENT, segment.proof, tmp_path, "user-7")
    claim = Claim("user-7", ACCOUNTS.balances(7))
    backend.verify_inclusion(STATEMENT, segment.totals, segment.proof, claim, inclusion)
    for position in range(0, len(inclusion), 97):
        changed = bytearray(inclusion)
        changed[position] ^= 1
        with pytest.raises(ProofRejected):
            backend.verify_inclusion(STATEMENT, segment.totals, segment.proof, claim, bytes(changed))
