"""An audit over BabyBear by one line of a spec: what the field decides, what it allows, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from polyproof.backend import Backend, Claim, Statement
from polyproof.errors import OptionsError, ProofRejected
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof_merkle.sum_tree import MerkleSumTree, MerkleSumTreeOptions
from polyproof_stark.backend import StarkBackend
from polyproof_stark.options import StarkOptions
from stark.exchange import some_accounts

ACCOUNTS = some_accounts(120)
KEY = bytes(range(32))
STATEMENT = Statement(audit_id="audit-1", context=b"d" * 32, assets=ACCOUNTS.assets, segment=0, segments=1)
SIXTY_FOUR = (Asset("BTC", 8), Asset("USDT", 6))


def backend(**options: Any) -> StarkBackend:
    return StarkBackend(StarkOptions(**{"field": "babybear", **options}), default_registry())


def settled(**options: Any) -> StarkBackend:
    """With few queries, and what is open settled."""
    made = backend(**{"queries": 8, "grinding": 2, **options})
    return StarkBackend(made.settle(made.options, ACCOUNTS.assets, len(ACCOUNTS)).options, default_registry())


def round_trip(made: Backend, state: Path, check: str = "constraint-identity") -> None:
    """An audit and a user's inclusion hold, and hold for nothing else."""
    segment = made.prove(STATEMENT, ACCOUNTS, KEY, state, Progress())
    assert segment.totals == ACCOUNTS.totals()
    made.verify(STATEMENT, segment.totals, segment.proof)
    with pytest.raises(ProofRejected) as caught:
        made.verify(STATEMENT, (segment.totals[0] - 1, *segment.totals[1:]), segment.proof)
    assert caught.value.check == check
    inclusion = made.open_inclusion(STATEMENT, segment.proof, state, "user-7")
    assert inclusion is not None
    claim = Claim("user-7", ACCOUNTS.balances(7))
    made.verify_inclusion(STATEMENT, segment.totals, segment.proof, claim, inclusion)
    for wrong in (Claim("user-8", claim.balances), Claim("user-7", ACCOUNTS.balances(8))):
        with pytest.raises(ProofRejected):
            made.verify_inclusion(STATEMENT, segment.totals, segment.proof, wrong, inclusion)


def test_an_audit_over_babybear_verifies_and_nothing_else_does(tmp_path: Path):
    round_trip(settled(), tmp_path)


def test_the_field_settles_what_a_spec_leaves_open():
    made = backend()
    found = made.settle(made.options, SIXTY_FOUR, 1000)
    assert (found.options.extension, found.options.segment_rows) == (6, 2048)
    assert found.options.hash
    assert found.reasons[0] == f"extension 6 and hash {found.options.hash}: what the field babybear goes with."
    given = backend(hash="sha256", extension=5)
    kept = given.settle(given.options, SIXTY_FOUR, 1000)
    assert (kept.options.hash, kept.options.extension) == ("sha256", 5)
    assert not [reason for reason in kept.reasons if "goes with" in reason]


def test_goldilocks_settles_what_it_always_had():
    options = StarkOptions()
    found = StarkBackend(options, default_registry()).settle(options, SIXTY_FOUR, 1000).options
    assert (found.field, found.hash, found.extension) == ("goldilocks", "poseidon", 3)


def test_the_defaults_reach_a_hundred_bits_by_long_proven_bounds():
    report = backend().security(SIXTY_FOUR)
    assert report.soundness is not None
    assert report.soundness.bits > 100


def test_segments_are_as_long_as_the_field_can_sum_the_assets():
    """64 bits: up to 2^14 rows. An asset of few bits has no carries, and its sums are below p on longer ones."""
    assert backend().capacity(SIXTY_FOUR) == 2**14 - (2 * 88 + 2 * 6) - 1
    assert backend().capacity((Asset("X", 0, bits=8),)) > 2**19
    said = backend().settle(backend().options, SIXTY_FOUR, 1000).reasons[1]
    assert said.startswith("Over babybear these assets are summed on traces of 2^10 to 2^14 rows. They do not fit 2^15")
    assert "is not below 2013265921" in said


def test_longer_segments_are_refused_with_the_arithmetic():
    with pytest.raises(OptionsError, match=r"2\^15 rows; traces of 2\^10 to 2\^14 rows would do \(segment_rows\)"):
        backend(segment_rows=2**15).check(SIXTY_FOUR)


def test_a_width_that_is_given_decides_how_long_segments_are():
    made = backend(limb_bits=8)
    assert made.capacity(SIXTY_FOUR) == 2**12 - (2 * 88 + 2 * 6) - 1
    assert "need 2·7 = 14 limbs" in made.settle(made.options, SIXTY_FOUR, 1000).reasons[1]


HASHES = sorted(default_registry().names("hash"))


NEW = [("babybear", "blake3"), ("babybear", "poseidon"), ("babybear", "poseidon2-babybear")]
REFUSED = ("goldilocks", "poseidon2-babybear")
OTHERS = [(field, hash) for field in ("babybear", "goldilocks") for hash in HASHES]


@pytest.mark.parametrize(
    ("field", "hash"),
    [*NEW, REFUSED, *(pytest.param(*one, marks=pytest.mark.slow) for one in OTHERS if one not in (*NEW, REFUSED))],
)
def test_every_hash_goes_with_both_fields_or_is_refused_with_the_arithmetic(field: str, hash: str, tmp_path: Path):
    """Of a narrow hash a word holds no element of Goldilocks. All others are proved and verified."""
    made = StarkBackend(
        StarkOptions(field=field, hash=hash, queries=3, grinding=1, segment_rows=1024), default_registry()
    )
    if (field, hash) == REFUSED:
        with pytest.raises(
            OptionsError, match="takes words below 2013265921, elements of 'goldilocks' go to 184467440"
        ):
            made.check(ACCOUNTS.assets)
        return
    made.check(ACCOUNTS.assets)
    few = some_accounts(5)
    own = StarkBackend(made.settle(made.options, few.assets, len(few)).options, default_registry())
    segment = own.prove(STATEMENT, few, KEY, tmp_path, Progress())
    own.verify(STATEMENT, segment.totals, segment.proof)
    opened = own.open_inclusion(STATEMENT, segment.proof, tmp_path, "user-3")
    assert opened is not None
    own.verify_inclusion(STATEMENT, segment.totals, segment.proof, Claim("user-3", few.balances(3)), opened)


def test_a_sum_tree_of_a_hash_with_narrow_words_verifies_and_nothing_else_does(tmp_path: Path):
    """Its limbs of 56 bits take two words each, of which both matter."""
    options = MerkleSumTreeOptions(hash="poseidon2-babybear", accounts_per_segment=128)
    round_trip(MerkleSumTree(options, default_registry()), tmp_path, "totals")
