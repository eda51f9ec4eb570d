"""The dishonest exchange: every way to understate a total that a sum tree has known, and who catches it.

Two kinds of claims: what the public proof or a user's path rejects, and, as plainly, what the public
proof alone does not notice. The last is a documented property, and a test here keeps it documented.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from merkle_sum.forger import Account, Forger, Node, nonce_of
from merkle_sum.segments import ASSETS, HASHES, POLICY, Segment, backend, judged, prove, some_rows, statement_of
from polyproof.backend import Claim
from polyproof.errors import PolicyRejected, ProofRejected
from polyproof.model.assets import Asset
from polyproof.settings.policy import Policy
from polyproof_merkle.construction import account_tags, leaf_digests, node_digests

ONE = (Asset("BTC", 8),)
NARROW = (Asset("BTC", 8, 36),)
"""Fields of 5 bytes hold more than 36, 37 or 38 bits: room for values out of range."""


def users(*balances: int | None) -> list[Account | None]:
    """Accounts named by row with one asset; ``None`` is padding."""
    return [None if held is None else Account(f"user-{row}", (held,)) for row, held in enumerate(balances)]


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    return prove(tmp_path / "s", some_rows(6), backend=backend())


def test_forger_that_tells_the_truth_is_accepted() -> None:
    forger = Forger(statement_of(ONE), users(10, 7, None, 5))
    assert forger.top.sums == (22,)
    assert forger.globally() is None
    assert set(forger.users().values()) == {None}


# Negative balances


@pytest.mark.parametrize("assets", [ONE, NARROW])
def test_negative_account_is_caught_by_its_neighbour(assets: tuple[Asset, ...]) -> None:
    forger = Forger(statement_of(assets), users(10, -5, 3, 4))
    assert forger.top.sums == (12,)
    assert forger.globally() is None, "the public proof alone does not see it: documented"
    assert forger.user(0) in ("sum-range", "inclusion-path")
    assert forger.user(2) is None, "seen from afar the sum is 5, in range"


def test_negative_account_is_caught_by_everyone_whose_path_passes_beside_a_negative_sum() -> None:
    forger = Forger(statement_of(NARROW), users(100, 2, 3, 4, 10, 20, None, -50))
    assert forger.globally() is None
    caught = {row for row, check in forger.users().items() if check}
    assert caught == {0, 1, 2, 3, 4, 5, 7}
    richer = Forger(statement_of(NARROW), users(1, 2, 3, 4, 100, 20, None, -50))
    assert {row for row, check in richer.users().items() if check} == {4, 5, 7}


@pytest.mark.parametrize("modulus", [1 << 40, 1 << 48, 1 << 56, 1 << 64, 1 << 112])
def test_negative_sum_written_modulo_a_power_of_two_is_caught(modulus: int) -> None:
    """The exchange hashes −5 as modulus − 5 beside user 0, and continues with the sum it would like: 10 − 5."""
    for assets in (ONE, NARROW):
        bits = assets[0].bits
        if modulus > 1 << (56 * -(-(bits + 2) // 56)):
            continue  # more limbs than the asset has
        forger = Forger(statement_of(assets), users(10, modulus - 5, 3, 4), lies={(1, 0): (5,)})
        assert forger.top.sums == (12,)
        assert forger.globally() is None
        assert forger.user(0) in ("sum-range", "inclusion-path")


def test_negative_total_has_no_proof() -> None:
    """Written modulo any power of two it is another total: out of range, or not what the user's path adds up to."""
    forger = Forger(statement_of(ONE), users(10, -50))
    assert forger.top.sums == (-40,)
    for modulus in (1 << 64, 1 << 65, 1 << 72, 1 << 112):
        totals = (modulus - 40,)
        proof = forger.proof(totals)
        assert forger.globally(proof, totals=(-40,)) == "totals"
        assert forger.globally(proof, totals) == (None if modulus <= 1 << 65 else "total-range")
        assert forger.user(0, proof=proof, totals=totals) is not None


def test_claim_out_of_range_is_named_to_its_user(segment: Segment) -> None:
    held = segment.balances["user-1"]
    for balances in [(-1, *held[1:]), (1 << 64, *held[1:]), (held[0], held[1], 1 << 40)]:
        with pytest.raises(ProofRejected, match="balance-range"):
            segment.verify_inclusion("user-1", balances=balances)
    for balances in [held[:2], (*held, 0)]:
        with pytest.raises(ProofRejected, match="balance-count"):
            segment.verify_inclusion("user-1", balances=balances)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_sibling_sum_that_no_balances_add_up_to_is_caught(level: int) -> None:
    """36 bits at level ℓ are 36 + ℓ bits; the field in the file holds 40."""
    top = 1 << (36 + level)
    for excess in (top, top + 5, (1 << 40) - 1):
        forger = Forger(statement_of(NARROW), users(1, 2, 3, 4, 5, 6, 7, 8), lies={(level, 1): (excess,)})
        assert forger.user(0) == ("total-range" if forger.top.sums[0] >= 1 << 39 else "sum-range")
    forger = Forger(statement_of(NARROW), users(1, 2, 3, 4, 5, 6, 7, 8), lies={(level, 1): (top - 1,)})
    assert forger.user(0) is None, "the greatest sum in range is accepted: it only raises the total"


# Sums that do not follow from what is below


def test_node_that_states_less_than_its_children_is_caught_below_it() -> None:
    forger = Forger(statement_of(ONE), users(10, 7, 30, 40, 1, 1, 1, 1), lies={(2, 0): (20,)})
    assert forger.top.sums == (24,)
    assert forger.globally() is None, "the public proof alone does not see it: documented"
    assert {row for row, check in forger.users().items() if check} == {0, 1, 2, 3}


def test_leaf_that_states_less_than_it_hashes_is_caught_by_its_owner() -> None:
    forger = Forger(statement_of(ONE), users(10, 7, 3, 4), lies={(0, 0): (1,)})
    assert forger.globally() is None
    assert forger.user(0) == "inclusion-path"
    assert {forger.user(row) for row in (1, 2, 3)} == {None}


def test_user_who_is_left_out_has_no_path() -> None:
    """Best effort of an exchange that left user 9 out: every row, padding included, with every nonce it knows."""
    forger = Forger(statement_of(ONE), users(10, 7, None, 4))
    for claim in (Claim("user-9", (0,)), Claim("user-9", (4,))):
        for row in range(4):
            for nonce in [nonce_of(other) for other in range(4)]:
                assert forger.user(row, claim, forger.inclusion(row, nonce=nonce)) == "inclusion-path"


@given(data=st.data())
@settings(max_examples=150)
def test_total_is_at_least_what_all_verifying_users_hold(data: st.DataObject) -> None:
    """The theorem of the reference page, against random trees of lies."""
    bits = data.draw(st.sampled_from([3, 8, 40]))
    depth = data.draw(st.integers(0, 4))
    extreme = st.sampled_from([0, 1, -1, (1 << bits) - 1, 1 << bits, -(1 << bits), (1 << 56) - 1, -(1 << 56)])
    anything = st.one_of(st.integers(0, (1 << bits) - 1), st.integers(-9, 9), extreme)
    balances = data.draw(st.lists(st.one_of(st.none(), anything), min_size=1 << depth, max_size=1 << depth))
    lies = {}
    for _ in range(data.draw(st.integers(0, 4))):
        level = data.draw(st.integers(0, depth))
        lies[level, data.draw(st.integers(0, (1 << (depth - level)) - 1))] = (data.draw(anything),)
    forger = Forger(statement_of([Asset("X", 0, bits)]), users(*balances), lies)
    (total,) = forger.top.sums
    if total < 0 or forger.globally():
        return
    verified = [row for row, check in forger.users().items() if check is None]
    assert total >= sum(balances[row] or 0 for row in verified)
    assert all((balances[row] or 0) >= 0 for row in verified)


# Totals


def test_total_off_by_one_is_caught_by_every_user(segment: Segment) -> None:
    forger = Forger(statement_of(ONE), users(10, 7, None, 4))
    for total in (20, 22, 21 + (1 << 56), 21 + (1 << 64), 0):
        assert forger.globally(totals=(total,)) is None, "a root over another total is a commitment like any other"
        assert {forger.user(row, totals=(total,)) for row in (0, 1, 3)} == {"totals"}
        assert forger.globally(proof=forger.proof(), totals=(total,)) == "totals"


def test_totals_moved_between_assets_are_caught_by_every_user() -> None:
    assets = (Asset("BTC", 8), Asset("ETH", 8))
    forger = Forger(statement_of(assets), [Account("a", (5, 1)), Account("b", (7, 100))])
    assert forger.top.sums == (12, 101)
    for totals in [(101, 12), (11, 102), (0, 113)]:
        assert forger.globally(totals=totals) is None
        assert {forger.user(row, totals=totals) for row in (0, 1)} == {"totals"}


@pytest.mark.parametrize("total", [1 << 66, (1 << 66) + 21, 1 << 112, 1 << 5000])
def test_total_that_no_balances_add_up_to_is_rejected_by_everybody(total: int) -> None:
    """64 bits at depth 2: below 2^66."""
    forger = Forger(statement_of(ONE), users(10, 7, None, 4))
    assert forger.globally(totals=(total,)) == "total-range"
    assert forger.globally(totals=((1 << 66) - 1,)) is None


def test_changed_totals_or_proof_are_rejected_without_any_user(segment: Segment) -> None:
    totals = segment.proven.totals
    for changed in [(totals[0] + 1, *totals[1:]), (totals[1], totals[0], totals[2]), totals[:2], (*totals, 0), ()]:
        with pytest.raises(ProofRejected, match="totals"):
            segment.verify(totals=changed)


def test_proof_of_a_root_that_binds_something_else_is_rejected_as_such() -> None:
    honest, other = (Forger(statement_of(ONE, segment=number), users(10, 7, 3, 4)) for number in (0, 1))
    assert honest.globally() is None
    assert honest.globally(other.proof()) == "root"


# What a leaf is bound to


def test_two_users_do_not_share_a_leaf() -> None:
    """Equal balances, one leaf: only the user it names can be shown it."""
    forger = Forger(statement_of(ONE), users(10, 7, None, 4))
    inclusion = forger.inclusion(0)
    assert forger.user(0, Claim("user-0", (10,)), inclusion) is None
    for other in ("user-1", "user-00", "user-0 ", "USER-0", "", "\ud800"):
        assert forger.user(0, Claim(other, (10,)), inclusion) in ("inclusion-path", "account-id")


def test_user_and_audit_cannot_trade_characters() -> None:
    """Fields carry their lengths: "audit-1" ‖ "1user" is not "audit-11" ‖ "user"."""
    one = Forger(statement_of(ONE, audit_id="audit-1"), [Account("1user", (5,)), None])
    other = Forger(statement_of(ONE, audit_id="audit-11"), [Account("user", (5,)), None])
    assert not np.array_equal(one.levels[0][0].digest, other.levels[0][0].digest)
    tags = account_tags(one.hash, "a", 0, [b"u", b"u" + nonce_of(0)[:1]], [nonce_of(0), nonce_of(0)[1:] + b"\0"])
    assert not np.array_equal(tags[0], tags[1])


def test_everything_a_leaf_is_bound_to_is_checked(segment: Segment) -> None:
    inclusion = segment.cut("user-1")
    held = segment.balances["user-1"]
    assert segment.accepts_inclusion("user-1", inclusion)
    for asset in range(3):
        for other in (held[asset] - 1, held[asset] + 1, 0, held[asset] ^ (1 << 39)):
            balances = (*held[:asset], other, *held[asset + 1 :])
            assert not segment.accepts_inclusion("user-1", inclusion, balances=balances)
    assert not segment.accepts_inclusion("user-1", inclusion, balances=(held[1], held[0], held[2]))
    assert not segment.accepts_inclusion("user-1", inclusion, claimed_id="user-2")
    for position in range(20, 52):
        nonce = bytearray(inclusion)
        nonce[position] ^= 1
        assert not segment.accepts_inclusion("user-1", bytes(nonce))
    for row in range(9):
        moved = inclusion[:12] + row.to_bytes(8, "little") + inclusion[20:]
        assert segment.accepts_inclusion("user-1", moved) == (moved == inclusion)


def test_padding_is_nobodys_account() -> None:
    forger = Forger(statement_of(ONE), users(10, None, 3, 4))
    for user_id in ("", "padding", "user-1"):
        assert forger.user(1, Claim(user_id, (0,))) == "inclusion-path"


def test_account_hashed_as_padding_is_caught_by_its_owner() -> None:
    """An exchange that files a user under padding, with the balances stated or at zero."""
    forger = Forger(statement_of(ONE), users(10, None, 3, 4), lies={(0, 1): (7,)})
    assert forger.globally() is None
    assert forger.user(1, Claim("user-1", (7,))) == "inclusion-path"


# Depth and kinds of nodes


def test_kinds_of_digests_are_unrelated() -> None:
    """The same words hashed as leaf and as node give different digests: neither passes for the other."""
    forger = Forger(statement_of(ONE), users(10, 7))
    words = np.arange(13, dtype=np.uint64)[None, :]
    digests = {
        forger.hash.hash_rows(words, f"merkle-sum/{kind}")[0].tobytes()
        for kind in ("leaf", "padding", "node", "root", "account", "statement")
    }
    assert len(digests) == 6


def test_inner_node_does_not_pass_for_a_leaf() -> None:
    """A tree cut off one level up: its root is recomputed, its leaves are nodes, and nobody has such a leaf."""
    forger = Forger(statement_of(ONE), users(10, 7, 3, 4))
    proof = forger.proof(depth=1)
    assert forger.globally(proof) is None, "a root over invented nodes verifies: documented"
    path = forger.path(0)
    for claim in (Claim("user-0", (10,)), Claim("user-0", (17,))):
        for nonce in (nonce_of(0), forger.hash.encode_digests(forger.levels[1][0].digest)):
            assert forger.user(0, claim, forger.inclusion(0, path[1:], nonce), proof) == "inclusion-path"


def test_leaf_does_not_pass_for_an_inner_node() -> None:
    """A user at half depth, to be spared from seeing a neighbour: rejected, all leaves have one depth."""
    statement = statement_of(ONE)
    forger = Forger(statement, users(10, 7, 3, 4))
    short = Node(forger.leaf(0, Account("user-0", (10,))).digest, (10,))
    top = forger.parent(2, short, forger.levels[1][1])
    forged = evolve_top(forger, top)
    proof = forged.proof()
    for path in ([forger.levels[1][1]], [forger.levels[1][1], forger.levels[1][1]]):
        assert forged.user(0, Claim("user-0", (10,)), forged.inclusion(0, path), proof) in (
            "inclusion-path",
            "truncated",
        )


def evolve_top(forger: Forger, top: Node) -> Forger:
    forger.levels[-1] = [top]
    return forger


@pytest.mark.parametrize("depth", [0, 1, 3, 22, 23, 64, 2**63])
def test_another_depth_is_rejected(depth: int) -> None:
    forger = Forger(statement_of(ONE), users(10, 7, 3, 4))
    if depth <= 23:
        proof = forger.proof(depth=depth)
        assert forger.user(0, proof=proof) is not None
    honest = forger.proof()
    changed = honest[:12] + depth.to_bytes(8, "little") + honest[20:]
    assert forger.globally(changed) in ("root", "range", "total-range")


def test_depth_below_the_option_is_rejected() -> None:
    forger = Forger(statement_of(ONE), users(10, 7, 3, 4))
    forger.backend = backend(min_depth=3)
    assert forger.globally() == "range"
    forger.backend = backend(accounts_per_segment=2)
    assert forger.globally() == "range"


def test_level_of_a_node_is_bound() -> None:
    forger = Forger(statement_of(ONE), users(10, 7))
    digests = np.stack([node.digest for node in forger.levels[0]])
    sums = np.array([forger.sums.to_limbs(node.sums) for node in forger.levels[0]], np.uint64)
    first, second = (node_digests(forger.hash, level, digests, sums) for level in (1, 2))
    assert not np.array_equal(first, second)


# Replays


@pytest.mark.parametrize(
    "change",
    [
        {"audit_id": "audit-2025-02"},
        {"audit_id": "audit-2025-0"},
        {"context": bytes(32)},
        {"segment": 1, "segments": 2},
        {"segments": 2},
        {"assets": (ASSETS[1], ASSETS[0], ASSETS[2])},
        {"assets": (evolve(ASSETS[0], symbol="BCH"), *ASSETS[1:])},
        {"assets": (evolve(ASSETS[0], decimals=9), *ASSETS[1:])},
        {"assets": (evolve(ASSETS[0], bits=65), *ASSETS[1:])},
        {"assets": ASSETS[:2]},
        {"assets": (*ASSETS, Asset("XRP", 6))},
    ],
)
def test_proof_for_another_statement_is_rejected(segment: Segment, change: dict[str, object]) -> None:
    with pytest.raises(ProofRejected):
        segment.verify(statement=evolve(segment.statement, **change))


def test_inclusion_file_of_another_audit_or_segment_is_rejected(tmp_path: Path, segment: Segment) -> None:
    for number, change in enumerate([{"audit_id": "audit-2025-02"}, {"segment": 1, "segments": 2}]):
        other = prove(tmp_path / f"o{number}", some_rows(6), backend=backend(), **change)
        assert not segment.accepts_inclusion("user-1", other.cut("user-1"))
        # With a root recomputed over the old tree, so that only the leaf says which audit it is of:
        forger = Forger(other.statement, [None] * 8)
        top = np.load(segment.state / "digests.npy")[1]
        proof = forger.proof(segment.proven.totals, top=top)
        other.verify(totals=segment.proven.totals, proof=proof)
        assert not other.accepts_inclusion("user-1", segment.cut("user-1"), totals=segment.proven.totals, proof=proof)


def test_proof_made_with_another_hash_is_rejected(segment: Segment) -> None:
    with pytest.raises(ProofRejected):
        judged(backend("blake3")).verify(segment.statement, segment.proven.totals, segment.proven.proof)


# Maxwell's tree


def test_maxwells_attack_does_not_work() -> None:
    """Hu, Zhang and Guo 2018: if a node hashes only the total, each user can be shown another split of it.

    Users hold 10 and 7; the exchange states a total of 10. Under Maxwell's rule both accept. Here
    the node fixes both children's sums, so at most one of them does.
    """

    def maxwell(forger: Forger, total: int, digests: list[np.ndarray]) -> bytes:
        words = np.concatenate((np.array([total], np.uint64), *digests))
        return forger.hash.hash_rows(words[None, :], "maxwell")[0].tobytes()

    forger = Forger(statement_of(ONE), users(10, 7))
    leaves = [node.digest for node in forger.levels[0]]
    stated = maxwell(forger, 10, leaves)
    assert maxwell(forger, 10 + 0, leaves) == stated, "user 0 is shown 0 for the other: accepts"
    assert maxwell(forger, 3 + 7, leaves) == stated, "user 1 is shown 3 for the other: accepts, and 17 became 10"

    for lie in [{(0, 1): (0,)}, {(0, 0): (3,)}, {(0, 0): (5,), (0, 1): (5,)}]:
        cheat = Forger(statement_of(ONE), users(10, 7), lies=lie)
        assert cheat.top.sums == (10,)
        assert cheat.globally() is None
        shown_to_0 = cheat.inclusion(0, [Node(leaves[1], (0,))])
        shown_to_1 = cheat.inclusion(1, [Node(leaves[0], (3,))])
        accepted = [cheat.user(0, inclusion=shown_to_0) is None, cheat.user(1, inclusion=shown_to_1) is None]
        assert accepted.count(True) <= 1


# Policy


@pytest.mark.parametrize(
    ("policy", "check"),
    [
        (Policy(backends=("stark",)), "policy-backend"),
        (Policy(backends=()), "policy-backend"),
        (evolve(POLICY, hashes=("blake3", "sha256")), "policy-hash"),
        (evolve(POLICY, min_binding_bits=128.5), "policy-binding"),
        (evolve(POLICY, min_inclusion_bits=128.5), "policy-inclusion"),
        (evolve(POLICY, min_soundness_bits=0.0), "policy-soundness"),
        (evolve(POLICY, min_soundness_2025_bits=0.0), "policy-soundness-2025"),
        (evolve(POLICY, max_proof_bytes=100), "policy-proof-size"),
    ],
)
def test_policy_is_the_verifiers_own(segment: Segment, policy: Policy, check: str) -> None:
    with pytest.raises(PolicyRejected, match=check):
        segment.verify(policy=policy)
    with pytest.raises(PolicyRejected, match=check):
        segment.verify_inclusion("user-1", policy=policy)


def test_default_policy_refuses_a_sum_tree_and_says_why(segment: Segment) -> None:
    """Random bytes for a top node and no account at all passed it with "128 proven bits"."""
    told = "it gives no soundness, by long-proven bounds: nothing is proven about accounts that nobody opens"
    default = evolve(Policy(), hashes=None)
    for ask in (lambda: segment.verify(policy=default), lambda: segment.verify_inclusion("user-1", policy=default)):
        with pytest.raises(PolicyRejected, match=told) as caught:
            ask()
        assert caught.value.check == "policy-soundness"


def test_policy_bounds_the_number_of_segments(segment: Segment) -> None:
    with pytest.raises(PolicyRejected, match="policy-segments"):
        segment.verify(statement=evolve(segment.statement, segments=3), policy=evolve(POLICY, max_segments=2))


def test_policy_bounds_inclusion_files(segment: Segment) -> None:
    with pytest.raises(PolicyRejected, match="policy-inclusion-size"):
        segment.verify_inclusion("user-1", policy=evolve(POLICY, max_inclusion_bytes=50))
    segment.verify_inclusion("user-1", policy=evolve(POLICY, min_inclusion_bits=128.0))


@pytest.mark.parametrize(("number", "segments"), [(1, 1), (-1, 1), (5, 3)])
def test_segment_that_does_not_exist_is_rejected(segment: Segment, number: int, segments: int) -> None:
    with pytest.raises(ProofRejected, match="segment"):
        segment.verify(statement=evolve(segment.statement, segment=number, segments=segments))


@pytest.mark.parametrize("hash", HASHES)
def test_cheats_are_caught_over_every_hash(hash: str) -> None:
    accounts = users(10, -5, None, 4)
    negative = Forger(statement_of(NARROW), accounts, hash=hash)
    assert negative.globally() is None
    assert negative.user(0) == "sum-range"
    honest = Forger(statement_of(NARROW), users(10, 7, None, 4), hash=hash)
    assert {honest.user(row) for row in (0, 1, 3)} == {None}
    assert honest.user(0, Claim("user-1", (10,))) == "inclusion-path"
    assert honest.user(2, Claim("user-2", (0,))) == "inclusion-path"
    assert honest.user(0, totals=(20,)) == "totals"
    leaf = leaf_digests(honest.hash, np.zeros((1, 4), np.uint64), np.zeros((1, 5), np.uint64))
    assert not np.array_equal(leaf, honest.hash.hash_rows(np.zeros((1, 9), np.uint64), "merkle-sum/node"))
