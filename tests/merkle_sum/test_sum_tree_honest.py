"""The Merkle sum tree with an honest exchange: exact totals, every account verifies, what the files show."""

from __future__ import annotations

import hashlib
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from merkle_sum.segments import (
    ASSETS,
    DOUBLE,
    HASHES,
    KEY,
    POLICY,
    Segment,
    backend,
    prove,
    reference,
    some_rows,
    statement_of,
)
from polyproof.errors import ArtifactError, InputError, OptionsError, PluginError, ProofRejected, SpecError
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.security import FigureName
from polyproof_merkle.construction import Nonces


@st.composite
def snapshots(draw: st.DrawFn) -> tuple[list[Asset], list[tuple[str, tuple[int, ...]]]]:
    widths = draw(
        st.lists(st.one_of(st.integers(1, 256), st.sampled_from([55, 56, 57, 63, 64, 65, 112])), min_size=1, max_size=4)
    )
    assets = [Asset(f"A{k}", draw(st.integers(0, 30)), bits) for k, bits in enumerate(widths)]
    balance = [st.one_of(st.sampled_from([0, 1, (1 << bits) - 1]), st.integers(0, (1 << bits) - 1)) for bits in widths]
    users = draw(st.lists(st.text(min_size=1, max_size=80), min_size=0, max_size=20, unique=True))
    return assets, [(user, draw(st.tuples(*balance))) for user in users if _is_text(user)]


def _is_text(user: str) -> bool:
    try:
        user.encode()
    except UnicodeEncodeError:
        return False
    return True


@given(snapshots(), st.integers(0, 6), st.binary(min_size=32, max_size=32))
@settings(max_examples=60)
def test_totals_are_the_exact_sums_and_every_account_verifies(
    tmp_path_factory: pytest.TempPathFactory,
    snapshot: tuple[list[Asset], list[tuple[str, tuple[int, ...]]]],
    min_depth: int,
    key: bytes,
) -> None:
    assets, rows = snapshot
    segment = prove(tmp_path_factory.mktemp("state") / "s", rows, assets, backend=backend(min_depth=min_depth), key=key)
    expected = tuple(sum(held[a] for _, held in rows) for a in range(len(assets)))
    assert segment.proven.totals == expected
    assert segment.verify().totals == expected
    second = reference(segment)
    second.verify(expected, segment.proven.proof)
    for user, held in rows:
        segment.verify_inclusion(user)
        second.verify_inclusion(expected, segment.proven.proof, user, held, segment.cut(user))
    proof, files = second.prove(rows, key)
    assert proof == segment.proven.proof, "both build the same tree, byte by byte"
    assert files == {user: segment.cut(user) for user, _ in rows}


@pytest.mark.parametrize("hash", HASHES)
def test_every_hash_proves_and_verifies(tmp_path: Path, hash: str) -> None:
    segment = prove(tmp_path / "s", some_rows(5), backend=backend(hash))
    segment.verify()
    second = reference(segment)
    for user, held in segment.rows:
        inclusion = segment.cut(user)
        segment.verify_inclusion(user, inclusion)
        second.verify_inclusion(segment.proven.totals, segment.proven.proof, user, held, inclusion)
    assert not segment.accepts_inclusion("user-1", segment.cut("user-2"))


@pytest.mark.parametrize("count", [1, 2, 3, 127, 128, 129, 300])
def test_bulk_cutting_gives_the_same_files(tmp_path: Path, count: int) -> None:
    segment = prove(tmp_path / "s", some_rows(count), backend=backend())
    files = dict(segment.backend.open_all(segment.statement, segment.proven.proof, segment.state))
    assert files.keys() == segment.balances.keys()
    for user in list(files)[:: max(count // 20, 1)]:
        assert files[user] == segment.cut(user)
        segment.verify_inclusion(user, files[user])


def test_tree_of_many_blocks_is_one_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = prove(tmp_path / "a", some_rows(200), backend=backend(min_depth=9))
    monkeypatch.setattr("polyproof_merkle.tree._BLOCK_LEVEL", 3)
    monkeypatch.setattr("polyproof_merkle.tree._KEPT_LEVEL", 2)
    monkeypatch.setattr("polyproof_merkle.tree._BULK_LEVEL", 5)
    blocks = prove(tmp_path / "b", some_rows(200), backend=backend(min_depth=9))
    assert blocks.proven == whole.proven
    files = dict(blocks.backend.open_all(blocks.statement, blocks.proven.proof, blocks.state))
    for user in ("user-0", "user-77", "user-199"):
        assert blocks.cut(user) == files[user]
        whole.verify_inclusion(user, files[user])


def test_segment_without_accounts_has_a_proof(tmp_path: Path) -> None:
    segment = prove(tmp_path / "s", [], backend=backend())
    assert segment.verify().totals == (0, 0, 0)
    assert segment.backend.open_inclusion(segment.statement, segment.proven.proof, segment.state, "user-0") is None


def test_unknown_account_has_no_file(tmp_path: Path) -> None:
    segment = prove(tmp_path / "s", some_rows(3), backend=backend())
    for stranger in ("user-3", "", "USER-1", "user-1 ", "\ud800"):
        opened = segment.backend.open_inclusion(segment.statement, segment.proven.proof, segment.state, stranger)
        assert opened is None


# What the files show


def test_size_of_an_inclusion_file_says_nothing_about_the_account(tmp_path: Path) -> None:
    segment = prove(tmp_path / "s", some_rows(40), backend=backend())
    assert len({len(segment.cut(user)) for user, _ in segment.rows}) == 1


def test_inclusion_file_holds_neither_account_id_nor_balances(tmp_path: Path) -> None:
    rows = [
        (f"{k:x}-the-account-id-of-somebody", (0xABCDEF0123456789 + k, 0x1122334455667788 << 60, 77)) for k in range(2)
    ]
    segment = prove(tmp_path / "s", [rows[0]], backend=backend(min_depth=3))
    inclusion = segment.cut(rows[0][0])
    assert rows[0][0].encode() not in inclusion
    assert (0xABCDEF0123456789).to_bytes(8, "little") not in inclusion


def test_public_proof_shows_no_child_of_the_top_node(tmp_path: Path) -> None:
    rows = [("a", (5, 0, 0)), ("b", (7, 0, 0))]
    segment = prove(tmp_path / "s", rows, backend=backend())
    hidden = segment.cut("a")[-60:-28]
    assert hidden not in segment.proven.proof
    size = 12 + 8 + 32 + (8 + 1) + 8 + 8 + 32
    assert len(segment.proven.proof) == size


def test_rows_do_not_follow_the_order_of_accounts() -> None:
    """Row of account 0 over many keys: every row comes up, none far too often."""
    counts = Counter(
        int(Nonces.derive(bytes([k % 256, k // 256] * 16), statement_of()).permutation(8)[0]) for k in range(4000)
    )
    assert sorted(counts) == list(range(8))
    assert max(counts.values()) < 500 + 6 * 21  # six standard deviations


def test_rows_and_nonces_are_fresh_in_every_audit_segment_and_key() -> None:
    different = [
        Nonces.derive(KEY, statement_of()),
        Nonces.derive(bytes(32), statement_of()),
        Nonces.derive(KEY, statement_of(audit_id="audit-2025-02")),
        Nonces.derive(KEY, statement_of(segment=1, segments=2)),
    ]
    nonces = {nonce for of in different for nonce in [*of.of_accounts([0, 1], [b"u", b"u"]), *of.of_padding([0, 1])]}
    assert len(nonces) == 4 * len(different)
    assert len({of.permutation(64).tobytes() for of in different}) == len(different)


def test_permutation_with_a_tie_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = hashlib.shake_256, []

    class TiedOnce:
        def __init__(self, seed: bytes) -> None:
            self.seed = seed
            calls.append(seed)

        def digest(self, count: int) -> bytes:
            return bytes(count) if len(calls) == 1 else real(self.seed).digest(count)

    monkeypatch.setattr("polyproof_merkle.construction.hashlib.shake_256", TiedOnce)
    order = Nonces(KEY).permutation(16)
    assert len(calls) == 2
    assert calls[0] != calls[1]
    assert sorted(order.tolist()) == list(range(16))


def test_padding_looks_like_any_leaf(tmp_path: Path) -> None:
    """All digests of a tree differ, those of padding leaves too, though their balances are all zero."""
    prove(tmp_path / "s", some_rows(9), backend=backend(min_depth=6))
    digests = np.load(tmp_path / "s" / "digests.npy")
    assert len({digest.tobytes() for digest in digests[1:]}) == 127


def test_private_state_is_owner_only(tmp_path: Path) -> None:
    prove(tmp_path / "s", some_rows(9), backend=backend())
    files = list((tmp_path / "s").iterdir())
    assert {"key.bin", "words.npy", "digests.npy", "sums.npy", "ids.npy"} <= {file.name for file in files}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_rerun_gives_the_same_proof_and_files(tmp_path: Path) -> None:
    first = prove(tmp_path / "a", some_rows(9), backend=backend())
    again = prove(tmp_path / "b", some_rows(9), backend=backend())
    assert first.proven == again.proven
    assert first.cut("user-4") == again.cut("user-4")


# Options and misuse


def test_min_depth_hides_the_number_of_accounts(tmp_path: Path) -> None:
    few = prove(tmp_path / "few", some_rows(2), backend=backend(min_depth=8))
    many = prove(tmp_path / "many", some_rows(250), backend=backend(min_depth=8))
    for segment in (few, many):
        segment.verify()
        assert int.from_bytes(segment.proven.proof[12:20], "little") == 8, "the depth that the proof states"
    assert len(few.cut("user-1")) == len(many.cut("user-1"))


@pytest.mark.parametrize("options", [{"min_depth": 33}, {"min_depth": -1}, {"accounts_per_segment": 0}, {"hash": 3}])
def test_options_out_of_bounds_are_spec_errors(options: dict[str, int]) -> None:
    with pytest.raises(SpecError):
        backend(**{"hash": DOUBLE, **options})  # type: ignore[arg-type]


def test_options_that_cannot_serve_the_assets_are_named() -> None:
    with pytest.raises(OptionsError, match="at least one asset"):
        backend().check([])
    with pytest.raises(PluginError, match="no hash is named 'blake4'"):
        backend("blake4").check(ASSETS)
    assert backend(accounts_per_segment=1000).capacity(ASSETS) == 1000


def test_more_accounts_than_a_segment_holds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="5 accounts for a segment of at most 4"):
        prove(tmp_path / "s", some_rows(5), backend=backend(accounts_per_segment=4))


def test_accounts_of_other_assets_are_refused(tmp_path: Path) -> None:
    accounts = Accounts.of([Asset("BTC", 8)], [("a", (1,))])
    with pytest.raises(InputError, match="not of the statement's assets"):
        backend().prove(statement_of(), accounts, KEY, tmp_path, Progress())


def test_balance_wider_than_its_asset_is_refused(tmp_path: Path) -> None:
    asset = Asset("USDT", 6, 40)
    accounts = Accounts.of([asset], [("a", (1,)), ("b", (2,))])
    accounts.words[1, 0] = np.uint64(1 << 40)
    with pytest.raises(InputError, match="account 'b' has a USDT balance that is not below 2\\^40"):
        backend().prove(statement_of([asset]), accounts, KEY, tmp_path, Progress())


def test_state_of_another_proof_is_an_artifact_error(tmp_path: Path) -> None:
    first = prove(tmp_path / "a", some_rows(9), backend=backend())
    other = prove(tmp_path / "b", some_rows(9), backend=backend(), audit_id="audit-2025-02")
    small = prove(tmp_path / "c", some_rows(2), backend=backend())
    for wrong in (other, small):
        with pytest.raises(ArtifactError):
            first.backend.open_inclusion(first.statement, first.proven.proof, wrong.state, "user-1")
        with pytest.raises(ArtifactError):
            list(first.backend.open_all(first.statement, first.proven.proof, wrong.state))


@pytest.mark.parametrize("name", ["key.bin", "words.npy", "digests.npy", "sums.npy", "ids.npy", "rows.npy"])
def test_damaged_state_is_an_artifact_error(tmp_path: Path, name: str) -> None:
    segment = prove(tmp_path / "s", some_rows(9), backend=backend())
    (segment.state / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        segment.cut("user-1")


def test_verdicts_speak_plainly(tmp_path: Path) -> None:
    segment = prove(tmp_path / "s", [("alice", (150_000_000, 0, 0)), ("bob", (0, 0, 0))], backend=backend())
    sentences = segment.verify_inclusion("alice").sentences
    assert sentences[0] == (
        "Your balances were counted in audit audit-2025-01: 1.5 BTC and 0 of the other 2 assets for account 'alice'."
    )
    assert any(sentence.startswith("Not proven") for sentence in sentences)
    assert "no balance" in segment.verify_inclusion("bob").sentences[0]


def test_security_report_names_what_binds() -> None:
    report = backend().security(ASSETS, 1000)
    assert list(report.given) == [FigureName.BINDING, FigureName.INCLUSION], "nothing is proven about all accounts"
    for figure in report.given.values():
        assert figure.bits == 128
        assert figure.decides.name == f"collisions of {DOUBLE}"
    assert report.assumptions.collision_resistant == (DOUBLE,)
    assert any("one of 2^10 rows' takes 2^246 tries" in note for note in report.notes)


def test_verifying_and_cutting_need_no_compiler(tmp_path: Path) -> None:
    segment = prove(tmp_path / "s", some_rows(5), backend=backend("blake3"))
    program = f"""
import sys
from pathlib import Path
from polyproof.model.assets import Asset
from polyproof.backend import Claim, Statement
from polyproof.liabilities.acceptance import Judge
from polyproof.settings.policy import UNRESTRICTED
from polyproof.registry import default_registry

registry = default_registry()
MerkleSumTree = registry.get("backend", "merkle-sum")
backend = MerkleSumTree(MerkleSumTree.Options(hash="blake3"), registry)
assets = tuple(Asset(*asset) for asset in {[(asset.symbol, asset.decimals, asset.bits) for asset in ASSETS]})
given = {segment.statement.audit_id!r}, {segment.statement.context!r}
statement, totals, proof = Statement(*given, assets, 0, 1), {segment.proven.totals}, {segment.proven.proof!r}
inclusion = backend.open_inclusion(statement, proof, Path({str(segment.state)!r}), "user-2")
judge = Judge(backend, backend.options, UNRESTRICTED)
judge.verify_inclusion(statement, totals, proof, Claim("user-2", {segment.balances["user-2"]}), inclusion)
assert "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_segment_helper_would_notice_a_rejection(tmp_path: Path) -> None:
    segment: Segment = prove(tmp_path / "s", some_rows(3), backend=backend())
    assert segment.accepts_inclusion("user-1")
    with pytest.raises(ProofRejected):
        segment.verify(totals=(0, 0, 0))
    with pytest.raises(ProofRejected):
        segment.verify(policy=evolve(POLICY, max_proof_bytes=10))
