"""What the backend takes, at its bounds; what it says of itself and to a user, word for word."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from merkle_sum.forger import Account, Forger
from merkle_sum.segments import ASSETS, DOUBLE, KEY, backend, prove, some_rows, statement_of
from polyproof.backend import Claim, Statement
from polyproof.errors import ArtifactError, InputError, OptionsError, PluginError, ProofRejected, SpecError
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.net_equity import AssetTerms, Category, Slice, positions_of
from polyproof.progress import Progress
from polyproof_merkle.sum_tree import MerkleSumTreeOptions, _sentences

THREE = (Asset("A", 0), Asset("B", 0), Asset("C", 0))
WIDTHS = (Asset("ONE", 0, 40), Asset("WORD", 0, 64), Asset("TWO", 0, 100), Asset("WORDS", 0, 128))


def test_options_are_taken_to_their_bounds_and_no_further() -> None:
    options = MerkleSumTreeOptions()
    assert (options.hash, options.accounts_per_segment, options.min_depth) == ("blake3", 4_194_304, 0)
    for accounts in (1, 1 << 32):
        assert MerkleSumTreeOptions(accounts_per_segment=accounts).accounts_per_segment == accounts
    for depth in (0, 32):
        assert MerkleSumTreeOptions(min_depth=depth).min_depth == depth
    for wrong in ({"accounts_per_segment": 0}, {"accounts_per_segment": (1 << 32) + 1}):
        with pytest.raises(SpecError):
            MerkleSumTreeOptions(**wrong)
    for depth in (-1, 33):
        with pytest.raises(SpecError):
            MerkleSumTreeOptions(min_depth=depth)


def test_it_claims_what_a_sum_tree_gives_and_no_more() -> None:
    properties = backend().properties
    assert not properties.zero_knowledge
    assert properties.hides_sums is False
    assert not properties.exact_totals
    assert properties.transparent
    assert properties.post_quantum
    assert properties.per_asset_totals


def test_what_a_guess_costs_is_said_of_the_rows_that_a_tree_can_have() -> None:
    notes = backend(accounts_per_segment=12, min_depth=2).security(ASSETS).notes
    assert any("one of 2^4 rows' takes 2^252 tries" in note for note in notes)
    notes = backend(accounts_per_segment=12, min_depth=2).security(ASSETS, 1).notes
    assert any("one of 2^2 rows' takes 2^254 tries" in note for note in notes)


def test_a_hash_that_does_not_exist_is_refused_before_anything_is_proven() -> None:
    backend(DOUBLE).check(ASSETS)
    with pytest.raises(PluginError, match="no hash is named 'blake4'"):
        backend("blake4").check(ASSETS)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_has_32_bytes(tmp_path: Path, length: int) -> None:
    with pytest.raises(ValueError, match=f"32 bytes, not {length}"):
        prove(tmp_path / "s", some_rows(2), backend=backend(), key=bytes(length))


def test_nothing_is_proven_without_assets(tmp_path: Path) -> None:
    with pytest.raises(OptionsError, match="at least one asset"):
        backend().prove(statement_of(()), Accounts.of(ASSETS, some_rows(1)), KEY, tmp_path, Progress())


def test_a_segment_that_is_full_is_proven_and_one_account_more_is_refused(tmp_path: Path) -> None:
    full = prove(tmp_path / "s", some_rows(4), backend=backend(accounts_per_segment=4))
    assert full.verify().totals == tuple(sum(held[k] for _, held in full.rows) for k in range(3))
    with pytest.raises(InputError, match="5 accounts for a segment of at most 4"):
        prove(tmp_path / "t", some_rows(5), backend=backend(accounts_per_segment=4))
    with pytest.raises(InputError, match="not of the statement's assets"):
        backend().prove(statement_of(), Accounts.of(THREE, [("a", (1, 2, 3))]), KEY, tmp_path, Progress())


def test_the_greatest_balances_of_every_width_are_proven_and_wider_ones_are_named(tmp_path: Path) -> None:
    greatest = tuple((1 << asset.bits) - 1 for asset in WIDTHS)
    rows = [(user, greatest) for user in ("a", "b", "c")]
    assert prove(tmp_path / "s", rows, WIDTHS, backend=backend()).verify().totals == tuple(
        3 * most for most in greatest
    )
    for asset in (WIDTHS[0], WIDTHS[2]):
        accounts = Accounts.of([asset], [("a", (1,)), ("b", (1 << 39,)), ("c", (0,)), ("d", (5,))])
        accounts.words[2, -1] = np.uint64(1 << asset.bits % 64)
        with pytest.raises(InputError, match=f"account 'c' has a {asset.symbol} balance that is not below 2\\^"):
            backend().prove(statement_of([asset]), accounts, KEY, tmp_path, Progress())


def test_a_tree_whose_sums_are_not_the_totals_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Accounts, "totals", lambda self: (1, 2, 3))
    with pytest.raises(InputError, match="memory or hardware is faulty"):
        prove(tmp_path / "s", some_rows(3), backend=backend())


def test_every_account_has_a_file_that_verifies_for_it_alone(tmp_path: Path) -> None:
    segment = prove(tmp_path / "s", some_rows(6), backend=backend())
    files = dict(segment.backend.open_all(segment.statement, segment.proven.proof, segment.state))
    assert sorted(files) == sorted(segment.balances)
    for user in files:
        assert segment.cut(user) == files[user]
        segment.verify_inclusion(user, files[user])
        for other in files:
            assert (other == user) is segment.accepts_inclusion(other, files[user])
    assert segment.backend.open_inclusion(segment.statement, segment.proven.proof, segment.state, "\ud800") is None


def test_a_proof_is_cut_from_its_own_state_alone(tmp_path: Path) -> None:
    segment = prove(tmp_path / "s", some_rows(6), backend=backend())
    other = prove(tmp_path / "t", some_rows(6), backend=backend(), audit_id="audit-2025-02")
    with pytest.raises(ArtifactError, match="the private state belongs to another proof"):
        segment.backend.open_inclusion(segment.statement, segment.proven.proof, other.state, "user-1")


def test_a_proof_is_of_its_totals_and_of_its_statement(tmp_path: Path) -> None:
    segment = prove(tmp_path / "s", some_rows(3), backend=backend())
    totals = segment.proven.totals
    for changes, check in (
        ({"totals": (totals[0] + 1, *totals[1:])}, "totals"),
        ({"statement": statement_of(audit_id="audit-2025-02")}, "root"),
    ):
        with pytest.raises(ProofRejected) as caught:
            segment.verify(**changes)
        assert caught.value.check == check


def test_totals_are_checked_by_the_backend_itself_and_not_by_core_alone() -> None:
    forger = Forger(statement_of(THREE), [Account(f"user-{k}", (k, 5, 6)) for k in range(4)])
    with pytest.raises(ProofRejected) as caught:
        forger.backend.verify(forger.statement, (5, 20, 24), forger.proof())
    assert caught.value.check == "totals"
    bound = 1 << THREE[0].bits + 2
    forger.backend.verify(forger.statement, (bound - 1, 20, 24), forger.proof((bound - 1, 20, 24)))
    with pytest.raises(ProofRejected) as caught:
        forger.backend.verify(forger.statement, (bound, 20, 24), forger.proof((bound, 20, 24)))
    assert caught.value.check == "total-range"


def test_a_root_over_other_totals_than_the_trees_is_caught_by_its_users() -> None:
    """The proof alone does not show it: whoever makes the root can bind whatever it likes."""
    forger = Forger(statement_of(THREE), [Account(f"user-{k}", (k, 5, 6)) for k in range(4)])
    assert forger.users() == dict.fromkeys(range(4))
    for less in ((5, 20, 24), (6, 19, 25)):
        assert forger.globally(totals=less) is None
        assert {forger.user(row, totals=less) for row in range(4)} == {"totals"}


@pytest.mark.parametrize(
    ("held", "listed"),
    [
        ((1, 2, 3), "1 A, 2 B, 3 C"),
        ((1, 0, 3), "1 A, 3 C and 0 of the other asset"),
        ((0, 2, 0), "2 B and 0 of the other 2 assets"),
        ((0, 0, 0), "no balance"),
    ],
)
@pytest.mark.parametrize(("number", "of", "part"), [(0, 1, ""), (0, 2, ", part 1 of 2"), (2, 3, ", part 3 of 3")])
def test_a_user_is_told_what_was_counted(
    tmp_path: Path, held: tuple[int, ...], listed: str, number: int, of: int, part: str
) -> None:
    rows = [("alice", held), ("bob", (4, 5, 6))]
    segment = prove(tmp_path / "s", rows, THREE, backend=backend(), segment=number, segments=of)
    given = segment.statement, segment.proven.totals, segment.proven.proof, Claim("alice", held), segment.cut("alice")
    first, second, _, fourth, *_ = segment.backend.verify_inclusion(*given).sentences
    assert first == f"Your balances were counted in audit audit-2025-01{part}: {listed} for account 'alice'."
    assert second.startswith(f"The totals of this {'part' if part else 'audit'} include them")
    assert f"all users in {'the part' if part else 'it'} who verify" in fourth


def test_what_somebody_owes_is_not_called_a_balance() -> None:
    terms = AssetTerms(asset=THREE[0], price_up=1, price_down=1, categories=(Category("loan", (Slice(Fraction(1)),)),))
    statement = Statement("audit-2025-01", bytes(32), tuple(positions_of([terms])), 0, 1)
    first, *_ = _sentences(statement, Claim("alice", (0, 2, 5)))
    assert first == (
        "Your balances, your debts and what your file says you have pledged were counted in audit audit-2025-01, for "
        "'alice'."
    )


def test_the_hash_that_verifies_is_the_options() -> None:
    assert backend(DOUBLE)._portable.name == DOUBLE
    assert backend(DOUBLE).security(ASSETS).assumptions.collision_resistant == (DOUBLE,)
    assert backend(accounts_per_segment=1000).capacity(ASSETS) == 1000
