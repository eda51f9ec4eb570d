"""The recorded grand sum, verified by a second verifier that was written from the pages."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from polyproof.liabilities import open_audit
from polyproof.liabilities.artifacts import InclusionFile
from polyproof.settings.policy import UNRESTRICTED
from references import grand_sum
from references.merkle_sum_tree import Rejected
from references.row_hashes import hash_blake3

pytestmark = pytest.mark.slow

RECORD = Path(__file__).parents[1] / "recorded" / "format-2"


@pytest.fixture(scope="module")
def published() -> tuple[grand_sum.Segment, tuple[int, ...], bytes]:
    audit = open_audit(RECORD / "grand-sum" / "public", policy=UNRESTRICTED)
    stated, options = audit.statement(0), audit.spec.backend.options
    segment = grand_sum.Segment(
        hash_words=hash_blake3,
        context=stated.context,
        audit_id=stated.audit_id,
        segment=0,
        segments=1,
        assets=[(asset.symbol, asset.decimals, asset.bits) for asset in stated.assets],
        accounts_per_segment=options.accounts_per_segment,
        setup_point=bytes.fromhex(options.setup_point),
    )
    return segment, audit.manifest.totals, audit.proof(0)


def test_the_second_verifier_accepts_what_the_first_did(
    published: tuple[grand_sum.Segment, tuple[int, ...], bytes],
) -> None:
    segment, totals, proof = published
    grand_sum.verify(segment, totals, proof)
    with pytest.raises(Rejected, match="other totals"):
        grand_sum.verify(segment, (totals[0] + 1, *totals[1:]), proof)


def test_the_second_verifier_includes_the_recorded_user_and_no_other(
    published: tuple[grand_sum.Segment, tuple[int, ...], bytes],
) -> None:
    segment, totals, proof = published
    cases = json.loads((RECORD / "expected.json").read_text())["cases"]
    own = next(case["arguments"] for case in cases if case["name"] == "grand-sum includes its user")
    user, held = own[own.index("--user") + 1], dict(one.split("=") for one in own if "=" in one)
    balances = [int(Decimal(held[symbol]).scaleb(decimals)) for symbol, decimals, _ in segment.assets]
    inclusion = InclusionFile.parse((RECORD / own[1]).read_bytes(), UNRESTRICTED).inclusion
    commitment = grand_sum.verify(segment, totals, proof)
    grand_sum.verify_inclusion(segment, commitment, user, balances, inclusion)
    for who, what in (("another", balances), (user, [balances[0] + 1, balances[1]])):
        with pytest.raises(Rejected, match="the pairings differ"):
            grand_sum.verify_inclusion(segment, commitment, who, what, inclusion)
