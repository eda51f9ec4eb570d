"""Options of the STARK that cannot work together: each is refused, with the arithmetic, where it stands in the spec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import evolve, frozen

from polyproof.backend import Backend
from polyproof.constraints import ConstraintsChoice
from polyproof.errors import OptionsError, ProofRejected, SpecError
from polyproof.model.assets import Asset
from polyproof.registry import Registry
from polyproof.security import Figure
from polyproof.settings.spec import create_backend, load_spec
from polyproof.toolkit.binary import Writer
from polyproof.toolkit.stated_constraints import state_constraints
from polyproof_accounts.system import AccountsSystem
from polyproof_stark.compiler import compile_system, expand
from polyproof_stark.limits import check_parameters
from polyproof_stark.options import StarkOptions
from polyproof_stark.parameters import Parameters
from polyproof_stark.proof import MAGIC, VERSION, read_log_rows
from stark.okx import okx_spec
from stark.unfit_components import unfit_registry

HEAD = """\
polyproof: 1
name: example
backend:
  name: stark
"""
BACKEND_LINE = 4
TAIL = """\
snapshot: 2025-11-30T00:00:00Z
accounts:
  path: accounts.csv
assets:
"""
TWO = ("{symbol: BTC, decimals: 8}", "{symbol: ETH, decimals: 18, bits: 96}")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return unfit_registry()


def spec_text(options: str, assets: tuple[str, ...] = TWO) -> str:
    lines = "".join(f"  {line.strip()}\n" for line in options.split(",") if line.strip())
    return HEAD + lines + TAIL + "".join(f"  - {asset}\n" for asset in assets)


UNFIT = [
    pytest.param("segment_rows: 3000", TWO, ["3000", "power of two"], id="length"),
    pytest.param("extension: 4", TWO, ["extensions of degree 2 and 3", "not 4"], id="extension the field lacks"),
    pytest.param(
        "blinding: 181",
        TWO,
        ["181 blinding rows do not cover the openings", "2·88", "2·3", "= 182", "give 182"],
        id="too little blinding",
    ),
    pytest.param(
        "queries: 110, segment_rows: 1024, limb_bits: 8",
        TWO[:1],
        ["226 blinding rows are too many for 2^10 rows", "5·226 = 1130 is above 1024", "2^11 rows"],
        id="too much blinding",
    ),
    pytest.param(
        "target_bits: 80, blinding: 300, segment_rows: 1024, limb_bits: 8",
        TWO[:1],
        ["300 blinding rows are too many for 2^10 rows", "5·300 = 1500 is above 1024", "2^11 rows"],
        id="too much blinding beside a target",
    ),
    pytest.param(
        "segment_rows: 1024, limb_bits: 24",
        TWO,
        ["limbs of 24 bits on 842 rows make 7 + 19926 columns", "at most 16384", "(limb_bits)", "(segment_rows)"],
        id="too many tables",
    ),
    pytest.param(
        "field: babybear, blowup: 16, segment_rows: 16777216, limb_bits: 4",
        ("{symbol: BTC, decimals: 0, bits: 4}",),
        ["16·2^24 = 2^28 points does not exist in babybear", "two-adicity is 27"],
        id="two-adicity",
    ),
    pytest.param(
        "field: babybear, extension: 3, segment_rows: 1048576",
        TWO,
        [
            "no width of limbs fits these assets on 2^20 rows; traces of 2^10 to 2^14 rows would do (segment_rows)",
            "limbs of 20 bits on 1048394 rows can wrap a sum",
            f"2^20·max(4·1048394, 2^20) = {(4 * 1048394) << 20} is not below 2013265921",
        ],
        id="no width for a small field",
    ),
    pytest.param(
        "field: babybear, extension: 3, limb_bits: 16",
        TWO,
        ["limbs of 16 bits on 1048394 rows can wrap a sum", "limbs of 8 bits (limb_bits) would not"],
        id="sum wraps",
    ),
    pytest.param(
        "field: babybear, extension: 3, limb_bits: 4, segment_rows: 32768",
        TWO[:1],
        ["BTC has 16 limbs of 4 bits in 6 parts", "its 5 carries below 32586 need 4·5 = 20 limbs of the last row"],
        id="carries of many limbs",
    ),
    pytest.param(
        "limb_bits: 20, segment_rows: 8388608",
        TWO,
        ["BTC has 4 limbs of 20 bits in 4 parts", "its 3 carries below 8388426 need 2·3 = 6 limbs of the last row"],
        id="more carries than limbs",
    ),
    pytest.param(
        "limb_bits: 4",
        tuple(f"{{symbol: A{number}, decimals: 0, bits: 256}}" for number in range(300)),
        ["300 assets make 19200 limb columns of 4 bits", "at most 16384"],
        id="too many columns",
    ),
    pytest.param(
        "target_bits: 100, queries: 80", TWO, ["target_bits chooses queries and grinding"], id="target and queries"
    ),
    pytest.param(
        "target_bits: 100, grinding: 10", TWO, ["target_bits chooses queries and grinding"], id="target and grinding"
    ),
    pytest.param(
        "target_bits: 110, extension: 2",
        TWO,
        ["target_bits 110 cannot be reached with 2^20 rows and extension 2", "gives ", "/2^128.0", "segment_rows"],
        id="target out of reach",
    ),
    pytest.param(
        "target_bits: 100, segment_rows: 1024, limb_bits: 8, blowup: 2",
        TWO[:1],
        [
            "target_bits 100 cannot be reached with 2^10 rows and extension 3",
            "with 99 queries, the most whose blinding rows fit: 5·204 ≤ 1024",
            "queries and grinding gives ",
        ],
        id="target out of reach of a short trace",
    ),
    pytest.param(
        "target_bits: 100, blinding: 100",
        TWO,
        ["100 blinding rows do not cover the openings", "2·81 of the queries"],
        id="blinding below what the target's queries need",
    ),
    pytest.param("hash: narrow", TWO, ["'narrow' takes words below 1152921504606846976", "goldilocks"], id="hash"),
    pytest.param("commitment: fri", TWO, ["'fri' commits to polynomials", "one of vectors"], id="commitment"),
    pytest.param("constraints: fibonacci", TWO, ["'fibonacci' is not one of accounts"], id="constraint system"),
]


@pytest.mark.parametrize(("options", "assets", "words"), UNFIT)
def test_unfit_options_are_refused_where_they_stand(
    tmp_path: Path, registry: Registry, options: str, assets: tuple[str, ...], words: list[str]
) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(spec_text(options, assets))
    with pytest.raises(SpecError) as error:
        load_spec(path, registry)
    (problem,) = error.value.problems
    for word in words:
        assert word in problem.message, problem.message
    assert problem.location is not None
    assert (problem.location.file, problem.location.line) == (str(path), BACKEND_LINE)
    assert str(error.value).startswith(f"{path}:{BACKEND_LINE}:")


@pytest.mark.parametrize(("options", "assets", "words"), UNFIT)
def test_backend_itself_raises_an_options_error(
    registry: Registry, options: str, assets: tuple[str, ...], words: list[str]
) -> None:
    import yaml

    given = {key: value for line in options.split(",") for key, value in yaml.safe_load(line.strip()).items()}
    if "constraints" in given:
        given["constraints"] = ConstraintsChoice(given["constraints"])
    made = tuple(Asset(**yaml.safe_load(asset)) for asset in assets)
    backend: Backend = registry.create("backend", "stark", StarkOptions(**given), registry)
    with pytest.raises(OptionsError) as error:
        backend.check(made)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    "line",
    [
        "blowup: 3",
        "arity: 32",
        "queries: 0",
        "queries: 1025",
        "grinding: 33",
        "target_bits: 129",
        "limb_bits: 3",
        "limb_bits: 25",
        "segment_rows: 512",
        "extension: 1",
        "blinding: 0",
        "queries: many",
        "hash: md5",
        "qeries: 80",
    ],
)
def test_option_out_of_bounds_is_refused_on_its_own_line(tmp_path: Path, registry: Registry, line: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(spec_text(line))
    with pytest.raises(SpecError) as error:
        load_spec(path, registry)
    (problem,) = error.value.problems
    assert problem.location is not None
    assert problem.location.line == BACKEND_LINE + 1
    assert problem.hint


# What no option can bring about, but a constraint system or a caller can


@frozen
class SmallField:
    """All that the arithmetic needs of a field."""

    name: str = "small"
    modulus: int = 2**64 - 2**32 + 1
    two_adicity: int = 32


P = Parameters(log_rows=12, blowup=4, queries=88, grinding=16, arity=8, degree=3, blinding=182)
ASSETS = (Asset("BTC", 8, 64),)


def refused(p: Parameters, field: SmallField = SmallField(), group: int = 3) -> str:
    system = AccountsSystem(ASSETS, active=p.active, modulus=2**64 - 2**32 + 1, limb_bits=8)
    compiled = expand(state_constraints(system), p.active, group)
    with pytest.raises(OptionsError) as error:
        check_parameters(p, compiled, field)  # type: ignore[arg-type]
    return str(error.value)


def test_parameters_that_fit_pass() -> None:
    system = AccountsSystem(ASSETS, active=P.active, modulus=2**64 - 2**32 + 1, limb_bits=8)
    check_parameters(P, compile_system(system, P), SmallField())  # type: ignore[arg-type]


def test_quotient_must_not_have_more_coefficients_than_a_prover_finds() -> None:
    message = refused(P, group=7)
    # Degree 8 in columns of degree N − 1, over N − 182 rows.
    assert f"degree 8 make a quotient of degree {8 * 4095 - (4096 - 182)}" in message
    assert "28847 coefficients, more than 4·2^12 + 182 − 2 = 16564" in message


def test_queries_without_repetition_need_as_many_cosets() -> None:
    message = refused(evolve(P, arity=128, queries=300, blinding=606))
    assert "300 queries without repetition need as many cosets, the domain has 16384 / 128 = 128" in message


def test_multiplicity_must_not_wrap() -> None:
    message = refused(P, SmallField(modulus=30_000))
    assert f"3914·8 = {3914 * 8} is not below 30000" in message


def test_domain_must_exist() -> None:
    assert "4·2^12 = 2^14 points does not exist in small, whose two-adicity is 13" in refused(
        P, SmallField(two_adicity=13)
    )


def test_trace_has_at_least_1024_rows() -> None:
    assert "at least 2^10 rows, not 2^9" in refused(evolve(P, log_rows=9))


@pytest.mark.parametrize("log_rows", [0, 9, 21, 2**64 - 1])
def test_a_proof_file_that_states_other_lengths_than_a_trace_can_have_is_rejected_as_such(log_rows: int) -> None:
    def stating(log_rows: int) -> bytes:
        writer = Writer(MAGIC, VERSION)
        writer.integer(log_rows)
        return writer.getvalue()

    assert [read_log_rows(stating(least_or_most), 20) for least_or_most in (10, 20)] == [10, 20]
    with pytest.raises(ProofRejected, match="log2 of the rows") as caught:
        read_log_rows(stating(log_rows), 20)
    assert caught.value.check == "range"


# What the options promise


def soundness(backend: Backend, assets: Sequence[Asset], accounts: int | None = None) -> Figure:
    found = backend.security(assets, accounts).soundness
    assert found is not None
    return found


def test_okx_has_a_hundred_bits_of_soundness_by_default(tmp_path: Path, registry: Registry) -> None:
    spec = okx_spec(tmp_path, registry)
    backend = create_backend(spec, registry)
    longest = soundness(backend, spec.assets)
    assert longest.bits > 100
    assert longest.grinding_bits == 16
    for accounts in (1, 100_000, 500_000, 1_000_000, 10_000_000):
        assert soundness(backend, spec.assets, accounts).bits >= longest.bits


@pytest.mark.parametrize("target", [80, 100, 120])
def test_target_in_bits_is_reached_at_every_length(tmp_path: Path, registry: Registry, target: int) -> None:
    spec = okx_spec(tmp_path, registry, f"target_bits: {target}")
    backend = create_backend(spec, registry)
    for accounts in (1, 200_000, 1_000_000):
        assert soundness(backend, spec.assets, accounts).bits >= target


@pytest.mark.parametrize("hash", ["poseidon", "poseidon2", "rescue-prime-optimized", "blake3", "sha256", "keccak256"])
def test_every_hash_gives_the_same_bits(tmp_path: Path, registry: Registry, hash: str) -> None:
    spec = okx_spec(tmp_path, registry, f"hash: {hash}")
    assert soundness(create_backend(spec, registry), spec.assets).bits == pytest.approx(102.42, abs=0.01)
