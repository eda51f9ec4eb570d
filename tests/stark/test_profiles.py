"""The profile `small`: how large its proofs are, what it costs, and that `explain` says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import evolve

from doubles.fixtures import Command
from polyproof.backend import Settled, Statement
from polyproof.engine import Engine
from polyproof.errors import OptionsError
from polyproof.liabilities.artifacts import InclusionFile
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.security import SecurityReport
from polyproof.settings.policy import Policy
from polyproof_stark.backend import StarkBackend
from polyproof_stark.inclusion import InclusionProof
from polyproof_stark.low_degree import LowDegreeTest
from polyproof_stark.options import PROFILES, StarkOptions
from polyproof_stark.parameters import Parameters
from polyproof_stark.size import expected_size, proof_size
from stark.exchange import some_accounts

EXCHANGE = tuple(Asset(f"A{number}", 8, 64) for number in range(22))
HASHES = ("poseidon", "poseidon2", "rescue-prime-optimized", "blake3", "sha256", "keccak256")


def backend(**options: Any) -> StarkBackend:
    return StarkBackend(StarkOptions(**options), default_registry())


def full(**options: Any) -> tuple[StarkBackend, Parameters]:
    """A backend for 22 assets on 2^20 rows, and its parameters."""
    made = backend(**options)
    settled = made.settle(made.options, EXCHANGE, made.capacity(EXCHANGE)).options
    made = StarkBackend(settled, default_registry())
    return made, made._configuration.parameters(EXCHANGE, 20)


# Size


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[int]]:
    """The queries of every proof that is made, in order."""
    found: list[Sequence[int]] = []
    draw = LowDegreeTest.draw_queries

    def watched(self: LowDegreeTest, transcript: Any) -> list[int]:
        found.append(draw(self, transcript))
        return list(found[-1])

    monkeypatch.setattr(LowDegreeTest, "draw_queries", watched)
    return found


@pytest.mark.parametrize(
    "options",
    [
        {"profile": "small", "limb_bits": 8},
        {"hash": "keccak256", "queries": 20, "arity": 16, "extension": 2, "limb_bits": 6, "grinding": 0},
        {"queries": 40, "arity": 4, "blowup": 16, "extension": 2, "limb_bits": 9, "grinding": 0},
    ],
    ids=str,
)
def test_size_is_that_of_a_proof_to_the_byte(tmp_path: Path, drawn: list[Sequence[int]], options: Any) -> None:
    made = backend(**{"hash": "blake3", "segment_rows": 1024, **options})
    assets = (Asset("BTC", 8, 64), Asset("ETH", 18, 96))
    statement = Statement("audit-1", b"d" * 32, assets, 0, 1)
    proof = made.prove(statement, some_accounts(40, assets), bytes(32), tmp_path, Progress()).proof
    configuration = made._configuration
    p = configuration.parameters(assets, 10)
    field = configuration.field(Engine.PORTABLE)
    _, compiled = configuration._compiled(assets, p, field.modulus)
    trees = configuration.trees(configuration.hash(Engine.PORTABLE))
    assert proof_size(compiled, p, field, trees, drawn[0]) == len(proof)


def sizes(made: StarkBackend, p: Parameters, draws: int) -> list[int]:
    """Of proofs with queries drawn at random."""
    configuration = made._configuration
    field = configuration.field(Engine.PORTABLE)
    _, compiled = configuration._compiled(EXCHANGE, p, field.modulus)
    trees = configuration.trees(configuration.hash(Engine.PORTABLE))
    random, arity = np.random.default_rng(7), p.folding.arities[0]
    count = p.domain_size // arity
    found = []
    for _ in range(draws):
        queries = random.choice(count, p.queries, replace=False) + count * random.integers(0, arity, p.queries)
        found.append(proof_size(compiled, p, field, trees, queries.tolist()))
    assert abs(expected_size(compiled, p, field, trees) / np.mean(found) - 1) < 0.005
    return found


@pytest.mark.parametrize("hash", HASHES)
def test_a_small_proof_of_22_assets_on_a_million_rows_has_at_most_290_kib(hash: str) -> None:
    """Six standard deviations below."""
    found = sizes(*full(profile="small", hash=hash), draws=30)
    assert np.mean(found) + 6 * np.std(found) <= 290 * 1024


@pytest.mark.parametrize("profile", PROFILES)
def test_an_inclusion_file_on_a_million_rows_has_at_most_4_kib(profile: str) -> None:
    """With the longest id that an audit may have; the profile does not matter, nor how many assets there are."""
    made, p = full(profile=profile)
    statement = Statement("audit-1", b"d" * 32, EXCHANGE, 0, 1)
    _, instance = made._configuration.instance(statement, [0] * len(EXCHANGE), p, Engine.PORTABLE)
    depth, layers = p.log_rows, []
    for arity in p.folding.arities:
        depth -= arity.bit_length() - 1
        layers.append((np.zeros((arity, p.degree), np.uint64), np.zeros((depth, 4), np.uint64)))
    (pair, pair_path), *chain = layers
    path, mask = np.zeros((p.log_rows, 4), np.uint64), np.zeros(p.degree, np.uint64)
    proof = InclusionProof(5, bytes(32), mask, path, np.stack((pair, pair), axis=1), pair_path, tuple(chain))
    hash = made._configuration.hash(Engine.PORTABLE)
    payload = proof.write(instance, hash)
    trees = made._configuration.trees(hash)
    assert InclusionProof.read(payload, instance, hash, trees).row == 5, "it has all the parts of one"
    assert len(payload) == 3628
    assert len(InclusionFile("a" * 128, bytes(32), 0, payload).to_bytes()) <= 4096


# Bits


def bits(report: SecurityReport) -> tuple[float, float, float]:
    assert report.soundness is not None
    assert report.inclusion is not None
    assert report.inclusion_2025 is not None
    return report.soundness.bits, report.inclusion.bits, report.inclusion_2025.bits


@pytest.mark.parametrize("log_rows", [10, 12, 17, 20])
def test_the_default_policy_accepts_the_small_profile_at_every_length(log_rows: int) -> None:
    made = backend(profile="small", segment_rows=1 << log_rows)
    report = made.security(EXCHANGE)
    for name, figure in report.given.items():
        minimum = Policy().minimum(name)
        assert minimum is None or figure.bits >= minimum
    assert report.inclusion is not None
    assert report.inclusion.bits > 66


def test_small_is_as_sound_as_standard_with_the_fewest_queries() -> None:
    standard = bits(backend().security(EXCHANGE))
    small = bits(backend(profile="small").security(EXCHANGE))
    assert small[0] >= standard[0]
    assert small[2] >= standard[2]
    assert small[1] < standard[1], "what it loses"
    assert bits(backend(profile="small", queries=55).security(EXCHANGE))[0] < standard[0]


# Options


def test_what_a_spec_gives_itself_is_no_profiles() -> None:
    given = StarkOptions(profile="small", queries=60, limb_bits=8)
    assert (given.numbers.blowup, given.numbers.queries, given.numbers.grinding) == (8, 60, 20)
    assert StarkOptions().numbers == PROFILES["standard"]
    assert StarkOptions(blowup=16).numbers.blowup == 16


def test_a_target_in_bits_chooses_queries_under_the_profiles_blowup() -> None:
    made = backend(profile="small", target_bits=90, limb_bits=8, segment_rows=1 << 12)
    p = made._configuration.parameters((Asset("BTC", 8, 64),), 12)
    assert p.blowup == 8
    assert p.queries < PROFILES["small"].queries


def test_a_manifest_states_the_profile_and_no_numbers() -> None:
    """Whoever verifies reads the name, as they read that queries are not given."""
    options = StarkOptions(profile="small")
    settled = backend(profile="small").settle(options, EXCHANGE, 1000).options
    assert (settled.profile, settled.blowup, settled.queries, settled.grinding) == ("small", None, None, None)
    assert settled.limb_bits


def test_nothing_is_compared_where_standard_does_not_fit() -> None:
    """2^10 rows have room for the blinding of 88 queries, and not for that of 120."""
    made = backend(profile="small", extension=3, hash="poseidon", limb_bits=8, segment_rows=1024)
    assert len(settled_reasons(made)) == 2
    no_standard = evolve(PROFILES["standard"], queries=120)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(PROFILES, "standard", no_standard)
        made = backend(profile="small", extension=3, hash="poseidon", limb_bits=8, segment_rows=1024)
        with pytest.raises(OptionsError):
            backend(limb_bits=8, segment_rows=1024).check(EXCHANGE)
        assert settled_reasons(made) == ()
        assert not any("profile" in note for note in made.security(EXCHANGE).notes)


def settled_reasons(made: StarkBackend) -> tuple[str, ...]:
    settled: Settled = made.settle(made.options, EXCHANGE, 700)
    return settled.reasons


# Words


def test_explain_says_what_the_profile_sets_and_what_it_loses(command: Command, tmp_path: Path) -> None:
    assets = "".join(f"  - {{symbol: {asset.symbol}, decimals: 8}}\n" for asset in EXCHANGE)
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        f"polyproof: 1\nname: small\nassets:\n{assets}backend:\n  name: stark\n  profile: small\n"
        "accounts: {path: accounts.csv}\nsnapshot: 2025-11-30T00:00:00Z\n"
    )
    ended = command("explain", spec, "--accounts", "1000000")
    assert ended.status == 0
    told = " ".join(ended.out.split())
    made, p = full(profile="small")
    usual, usual_p = full()
    small, standard = (round(np.mean(sizes(*each, draws=30)) / 1024) for each in ((made, p), (usual, usual_p)))
    assert "profile small: blowup 8, 56 queries and 20 bits of grinding, where standard has 4, 88 and 16." in told
    size = re.search(r"A proof of 2\^20 rows has about (\d+) KiB, where standard has (\d+)\.", told)
    assert size
    # The mean of other draws, which may be rounded the other way.
    assert [int(found) for found in size.groups()] == pytest.approx([small, standard], abs=1)
    assert "in 2 times as many rows: that much more memory and work." in told
    lost = bits(usual.security(EXCHANGE, 1_000_000))[1] - bits(made.security(EXCHANGE, 1_000_000))[1]
    assert "Inclusion under profile small: 66.4 bits by long-proven bounds, where standard has 75.6: 9.1 bits" in told
    assert f"about {2**lost:,.0f} times the chance for the same work" in told

    spec.write_text(spec.read_text().replace("profile: small", "profile: standard"))
    assert "profile small" not in command("explain", spec, "--accounts", "1000000").out
