"""A manifest of two assets and two segments."""

from __future__ import annotations

from polyproof.model.disclosures import (
    Affiliate,
    Custodian,
    Disclosures,
    Encumbrance,
    Entity,
    ManagementStatement,
    OwnIssued,
)
from polyproof.model.left_out import LeftOut
from polyproof.model.manifest import Manifest, Segment, Verifier

SPEC = {
    "polyproof": 1,
    "assets": [{"symbol": "BTC", "decimals": 8, "bits": 64}, {"symbol": "ETH", "decimals": 18, "bits": 128}],
    "rule": "non-negative",
    "backend": {"name": "tally", "capacity": 2},
}
MANIFEST = Manifest(
    audit_id="example-2025-01-31-0badcafe",
    created="2025-01-31T23:59:59Z",
    snapshot="2025-01-31T00:00:00Z",
    organisation="Example Exchange",
    spec=SPEC,
    spec_digest=bytes(range(32)),
    backend="tally",
    segments=(
        Segment(0, 1234, bytes([1] * 32), (5, 7 * 10**18)),
        Segment(1, 99, bytes([2] * 32), (0, 1)),
    ),
    previous=bytes([3] * 32),
    control=("0.00000005", "7"),
    left_out=(
        LeftOut(asset="A-LP", owed="12.5", debts="0", units="decimal"),
        LeftOut(asset="DOGE", owed="1", debts="0.25", units="decimal"),
    ),
    disclosures=Disclosures(
        entity=Entity(name="Example Exchange Ltd", lei="529900T8BM49AURSDO55"),
        in_scope=("spot accounts",),
        out_of_scope=(),
        custodians=(Custodian(name="Example Trust", assets=("BTC",)),),
        encumbered=(Encumbrance(asset="ETH", amount="1.5", reason="pledged to Example Bank"),),
        own_issued=(OwnIssued(asset="ETH"),),
        affiliates=(Affiliate(name="Example Lending Ltd", relation="a subsidiary", accounts="included"),),
        statement=ManagementStatement(text=("We keep what we owe.", "Always."), by="A. Example, director"),
    ),
    verifier=Verifier(name="polyproof 0.1.0", url="https://example.org/polyproof.whl", sha256="ab" * 32),
)
