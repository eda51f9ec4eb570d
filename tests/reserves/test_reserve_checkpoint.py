"""The checkpoint: what was judged is not judged again, and nothing that is not sound is trusted."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, fields

from doubles.policies import SUM_TREE
from ownership import wallets
from polyproof.errors import ArtifactError
from polyproof.ownership import AccountControl, Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.registry import default_registry
from polyproof.reserves import judging as evaluation_module
from polyproof.reserves import run_reserves
from polyproof.reserves.checkpoint import Checkpoint, scheme_versions
from polyproof.reserves.judging import judge_rows
from polyproof.reserves.run import CHECKPOINT
from reserves.exchange import okx_csv, prove, spec_text, wallet, write_spec

CLAIM = OwnershipClaim("ETH", "ethereum", "0x" + "ab" * 20, "m", ("0x01",), ("0x02",), ("0x03",))
RESULT = OwnershipResult(Status.PROVEN, "because", "evm-eoa", "ethereum", "0xAb")


class Counting(OwnershipScheme):
    """Judges everything proven, and counts."""

    name = "counting"
    chains = frozenset({"ethereum"})

    def __init__(self) -> None:
        self.judged = 0

    def serves(self, claim: OwnershipClaim) -> bool:
        return True

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        self.judged += len(rows)
        return [OwnershipResult(Status.PROVEN, "it says so", self.name, "ethereum", row.address) for row in rows]


def rows(count: int) -> list[Any]:
    from polyproof.errors import Location
    from polyproof.reserves.rows import ReserveRow

    return [
        ReserveRow(Location("a", number), "ETH", "ETH", "ethereum", f"0x{number:040x}", number, message="m")
        for number in range(count)
    ]


def judge(path: Path, scheme: Counting, count: int, versions: str = "1") -> list[Status]:
    with Checkpoint.open(path, versions) as checkpoint:
        found = rows(count)
        judged = judge_rows(found, [row.address for row in found], schemes=[scheme], checkpoint=checkpoint)
    return [one.status for one in judged]


def test_a_result_is_found_again(tmp_path: Path) -> None:
    with Checkpoint.open(tmp_path / "c", "1") as checkpoint:
        key = checkpoint.key(CLAIM)
        assert checkpoint.find([key]) == {}
        checkpoint.keep([(key, RESULT)])
    with Checkpoint.open(tmp_path / "c", "1") as checkpoint:
        assert checkpoint.find([checkpoint.key(CLAIM)]) == {key: RESULT}


OTHER: dict[str, Any] = {
    "asset": "BTC",
    "chain": "arbitrum",
    "address": "0x" + "AB" * 20,
    "message": "M",
    "signatures": ("0x01", "0x01"),
    "keys": (),
    "owners": ("0x04",),
    "kind": Kind.STAKED,
    "scheme": "evm-eoa",
    "control": AccountControl("x"),
}


@pytest.mark.parametrize("name", [field.name for field in fields(OwnershipClaim)])
def test_a_row_that_differs_in_anything_has_another_key(tmp_path: Path, name: str) -> None:
    with Checkpoint.open(tmp_path / "c", "1") as checkpoint:
        assert checkpoint.key(evolve(CLAIM, **{name: OTHER[name]})) != checkpoint.key(CLAIM)


@pytest.mark.parametrize(
    "control",
    [
        AccountControl("y"),
        AccountControl("x", ("a",)),
        AccountControl("x", (), 2),
        AccountControl("x", (), 1, (b"d" * 32,)),
    ],
)
def test_what_the_chain_said_is_part_of_the_key(tmp_path: Path, control: AccountControl) -> None:
    with Checkpoint.open(tmp_path / "c", "1") as checkpoint:
        one = evolve(CLAIM, control=AccountControl("x"))
        assert checkpoint.key(evolve(CLAIM, control=control)) != checkpoint.key(one)


def test_texts_that_run_together_have_different_keys(tmp_path: Path) -> None:
    with Checkpoint.open(tmp_path / "c", "1") as checkpoint:
        one = evolve(CLAIM, signatures=("ab", "c"), keys=())
        assert checkpoint.key(one) != checkpoint.key(evolve(CLAIM, signatures=("a", "bc"), keys=()))
        assert checkpoint.key(one) != checkpoint.key(evolve(CLAIM, signatures=("ab",), keys=("c",)))


def test_a_rerun_judges_nothing_again_and_more_rows_only_the_new_ones(tmp_path: Path) -> None:
    scheme = Counting()
    first = judge(tmp_path / "c", scheme, 700)
    assert scheme.judged == 700
    assert judge(tmp_path / "c", scheme, 700) == first
    assert scheme.judged == 700
    assert judge(tmp_path / "c", scheme, 710) == [Status.PROVEN] * 710
    assert scheme.judged == 710


def test_schemes_of_another_version_judge_everything_again(tmp_path: Path) -> None:
    scheme = Counting()
    judge(tmp_path / "c", scheme, 10)
    judge(tmp_path / "c", scheme, 10, versions="2")
    assert scheme.judged == 20


def test_the_versions_name_every_scheme_and_its_release() -> None:
    registry = default_registry()
    from polyproof.reserves.signatures import load_schemes

    text = scheme_versions(load_schemes(registry), registry)
    for name in registry.names("ownership"):
        assert f'"{name}"' in text
    assert scheme_versions(load_schemes(registry)[1:], registry) != text


def test_what_a_crash_leaves_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted in the middle: the blocks before are kept, and the rest is judged by the next run."""
    monkeypatch.setattr(evaluation_module, "AT_ONCE", 100)

    class Interrupted(Counting):
        def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
            if self.judged >= 300:
                raise KeyboardInterrupt
            return super().verify(rows)

    with pytest.raises(KeyboardInterrupt):
        judge(tmp_path / "c", Interrupted(), 1000)
    scheme = Counting()
    judge(tmp_path / "c", scheme, 1000)
    assert scheme.judged == 700


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    judge(tmp_path / "c", Counting(), 5)
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600


def test_an_open_file_becomes_its_owners_alone(tmp_path: Path) -> None:
    (tmp_path / "c").touch(mode=0o666)
    judge(tmp_path / "c", Counting(), 5)
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600


def corrupted(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"not a database at all" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\0" * 8192),
        lambda path: corrupted(path, "UPDATE format SET name = 'another'"),
        lambda path: corrupted(path, "UPDATE judged SET status = 'splendid'"),
        lambda path: corrupted(path, "INSERT INTO format VALUES ('more')"),
        lambda path: corrupted(path, "ALTER TABLE judged RENAME COLUMN status TO state"),
    ],
)
def test_a_file_that_is_damaged_or_foreign_is_started_again(tmp_path: Path, damage: Any) -> None:
    judge(tmp_path / "c", Counting(), 200)
    damage(tmp_path / "c")
    scheme = Counting()
    assert judge(tmp_path / "c", scheme, 200) == [Status.PROVEN] * 200
    assert scheme.judged == 200


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "c").symlink_to(tmp_path / "target")
    with pytest.raises(ArtifactError):
        judge(tmp_path / "c", Counting(), 1)
    assert (tmp_path / "target").read_bytes() == b""


def test_a_directory_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="No such file"):
        judge(tmp_path / "none" / "c", Counting(), 1)


def test_a_rerun_of_reserves_uses_its_checkpoint_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = ("EVM, EIP-191", "bitcoin P2WSH", "Tron, its header", "Solana, as wallets sign")
    (tmp_path / "a.csv").write_text(okx_csv([wallet(way, number) for number, way in enumerate(ways)]))
    spec = write_spec(tmp_path, spec_text("{name: okx-csv, path: a.csv}"))
    directory = prove(tmp_path, spec, {"BTC": "1"})
    first = run_reserves(spec, directory, created="2025-12-01T00:00:00Z", policy=SUM_TREE)
    checkpoint = directory / "private" / CHECKPOINT
    assert stat.S_IMODE(checkpoint.stat().st_mode) == 0o600
    judged: list[int] = []
    real = evaluation_module.verify_ownership
    monkeypatch.setattr(
        evaluation_module,
        "verify_ownership",
        lambda claims, *rest: (judged.append(len(claims)), real(claims, *rest))[1],
    )
    again = run_reserves(spec, directory, replace=True, created="2025-12-01T00:00:00Z", policy=SUM_TREE)
    assert sum(judged) == 0
    assert again.published == first.published
    (tmp_path / "a.csv").write_text(okx_csv([wallet(way, number + 1) for number, way in enumerate(ways)]))
    run_reserves(spec, directory, replace=True, policy=SUM_TREE)
    assert sum(judged) == len(ways)


def test_a_forged_signature_is_not_covered_by_the_checkpoint_of_the_true_one(tmp_path: Path) -> None:
    claim = wallets.PROVEN["EVM, EIP-191"](1, "m")
    forged = evolve(claim, signatures=(wallets.PROVEN["EVM, EIP-191"](2, "m").signatures[0],))
    with Checkpoint.open(tmp_path / "c", "1") as checkpoint:
        checkpoint.keep([(checkpoint.key(claim), RESULT)])
        assert checkpoint.find([checkpoint.key(forged)]) == {}
