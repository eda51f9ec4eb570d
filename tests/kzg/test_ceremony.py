"""Files of ceremonies: what is read of them, and that hostile ones are refused in bounded time and memory."""

from __future__ import annotations

import itertools
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from py_ecc import optimized_bn128 as bn

from kzg.ptau import SECRET, Q, header, ptau, second_group, sections
from polyproof.errors import ArtifactError, InputError, ProofRejected
from polyproof.liabilities import assemble, cut_inclusion, plan, prove_segment, verify
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED, Policy
from polyproof.settings.spec import load_spec, spec_from_public
from polyproof.testing.hostile_files import FILES, MEBIBYTE, bounded, damaged, truncated
from polyproof_kzg.ceremony import load_ceremony
from polyproof_kzg.curve import BN254, Curve
from polyproof_kzg.setup import setup_digest

GOOD = sections(2)
POINT = b"\x9d\x0d\x8f\xc5\x8d\x43\x5d\xd3\x3d\x0b\xc7\xf5\x28\xeb\x78\x0a\x2c\x46\x79\x78\x6f\xa3\x6e\x66\x2f\xdf\x07"
"""The first bytes of 1 in Montgomery form, as files of snarkjs have them where the generator's x stands."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pairing equation, checked with the secret that the test knows instead of two pairings."""
    monkeypatch.setattr(
        Curve, "paired", lambda _, a, b, tau: BN254.encode(a) == BN254.encode(bn.multiply(b, SECRET % bn.curve_order))
    )


def refused(path: Path, data: bytes, powers: int = 4) -> str:
    path.write_bytes(data)
    with pytest.raises(ArtifactError) as caught:
        load_ceremony(path, powers)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_file_that_snarkjs_made_loads() -> None:
    """``snarkjs`` 0.7.6: ``powersoftau new bn128 2`` and one contribution. With the pairings themselves."""
    setup = load_ceremony(Path(__file__).parent / "files" / "snarkjs-0.7.6.ptau", 7)
    assert len(setup.powers) == 7
    assert len({BN254.encode(point) for point in setup.powers}) == 7


@pytest.mark.usefixtures("quick")
def test_a_ceremonys_powers_are_those_of_its_secret(tmp_path: Path) -> None:
    path = tmp_path / "ceremony.ptau"
    assert GOOD[2].startswith(POINT)
    path.write_bytes(ptau(GOOD))
    setup = load_ceremony(path, 4)
    expected = BN254.multiples([pow(SECRET, k, bn.curve_order) for k in range(4)])
    assert [BN254.encode(point) for point in setup.powers] == [BN254.encode(point) for point in expected]
    assert BN254.encode_second(setup.tau) == BN254.encode_second(bn.multiply(bn.G2, SECRET))


@pytest.mark.usefixtures("quick")
def test_as_many_powers_are_read_as_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "ceremony.ptau"
    path.write_bytes(ptau(GOOD, order=(7, 3, 2, 1)))
    for powers in (1, 2, 7):
        assert len(load_ceremony(path, powers).powers) == powers
    assert "it has 7 powers, and 8 are needed" in refused(path, ptau(GOOD), 8)


@pytest.mark.slow
def test_a_tau_of_the_second_group_that_is_another_is_refused(tmp_path: Path) -> None:
    other = ptau({**GOOD, 3: swapped(GOOD[3], 128, 1, 2)})
    assert "not those of one secret" in refused(tmp_path / "ceremony.ptau", other)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_large_file_costs_no_more_than_what_is_read_of_it(tmp_path: Path) -> None:
    """A sparse file of a ceremony with 2^22 powers: a gibibyte, of which a few hundred bytes are there."""
    power, path = 22, tmp_path / "large.ptau"
    first, second = ((2 << power) - 1) * 64, (1 << power) * 128
    with path.open("wb") as file:
        file.write(b"ptau" + struct.pack("<II", 1, 3) + struct.pack("<IQ", 1, len(header(power))) + header(power))
        for kind, size, points in ((2, first, GOOD[2]), (3, second, GOOD[3])):
            file.write(struct.pack("<IQ", kind, size) + points)
            file.seek(size - len(points), 1)
        file.truncate(file.tell())
    with bounded(3.0, 4 * MEBIBYTE):
        assert len(load_ceremony(path, 5).powers) == 5


def swapped(points: bytes, size: int, first: int, second: int) -> bytes:
    parts = [points[at : at + size] for at in range(0, len(points), size)]
    parts[first], parts[second] = parts[second], parts[first]
    return b"".join(parts)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("kind", "section", "words"),
    [
        (2, swapped(GOOD[2], 64, 2, 3), "not those of one secret"),
        (2, GOOD[2][:192] + GOOD[2][128:192] + GOOD[2][256:], "not those of one secret"),
        (2, swapped(GOOD[2], 64, 0, 1), "first powers are not the generators"),
        (3, swapped(GOOD[3], 128, 0, 1), "first powers are not the generators"),
        (2, GOOD[2][:128] + bytes(64) + GOOD[2][192:], "power 2 of the first group is the point at infinity"),
        (3, GOOD[3][:128] + bytes(128) + GOOD[3][256:], "power 1 of the second group is the point at infinity"),
        (2, GOOD[2][:65] + b"\xff" + GOOD[2][66:], "power 1 of the first group is not a point of the curve"),
        (3, GOOD[3][:130] + b"\xff" + GOOD[3][131:], "power 1 of the second group is not a point of the twisted curve"),
        (2, GOOD[2][:64] + b"\xff" * 32 + GOOD[2][96:], "has a coordinate that is not below q"),
        (2, GOOD[2][:-64], "section 2 has 384 bytes, and 7 points have 448"),
        (3, GOOD[3] + bytes(128), "section 3 has 640 bytes, and 4 points have 512"),
        (1, header(2, modulus=Q + 2), "another curve"),
        (1, header(2, width=48), "another curve"),
        (1, header(2)[:-1], "its header has 43 bytes"),
        (1, header(0), "said to have 2^0"),
        (1, header(29), "said to have 2^29"),
        (1, header(2, ceremony=1), "said to have 2^2 of 2^1 powers"),
        (1, header(28), "section 2 has 448 bytes"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(kind: int, section: bytes, words: str, tmp_path: Path) -> None:
    assert words in refused(tmp_path / "ceremony.ptau", ptau({**GOOD, kind: section}))


def test_a_point_outside_the_group_of_prime_order_is_refused(tmp_path: Path) -> None:
    """On the twist: a τ of small order would let whoever made the file open to what they like."""
    outside = [(bn.FQ2((0, 1)), bn.FQ2(TWIST_Y), bn.FQ2.one())]
    section = GOOD[3][:128] + second_group(outside) + GOOD[3][256:]
    assert "not in its group of prime order" in refused(tmp_path / "ceremony.ptau", ptau({**GOOD, 3: section}))


TWIST_Y = (
    5857410223677516958241855868975604786906559121396168184066542210254491971240,
    3499505209057624827709920819629410982529044040404494099368353913743455207650,
)


def test_sections_that_are_not_there_or_lie_about_their_length_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ceremony.ptau"
    for kind in (1, 2, 3):
        assert f"it has no section {kind}" in refused(path, ptau({k: v for k, v in GOOD.items() if k != kind}))
    for data in (
        ptau(GOOD, order=(1, 1, 2, 3)),
        b"ptau" + struct.pack("<II", 1, 1) + struct.pack("<IQ", 1, 1 << 63),
        b"ptau" + struct.pack("<II", 1, 64) + struct.pack("<IQ", 9, 0) * 2,
    ):
        refused(path, data)
    assert "version 2" in refused(path, ptau(GOOD, version=2))
    assert "4294967295 sections" in refused(path, b"ptau" + struct.pack("<II", 1, (1 << 32) - 1) + bytes(100))
    assert "does not begin" in refused(path, ptau(GOOD, magic=b"zkey"))


def test_hostile_files_are_refused_in_bounded_time_and_memory(tmp_path: Path) -> None:
    good = ptau({kind: GOOD[kind] for kind in (1, 2, 3)})
    with bounded(60.0, 4 * MEBIBYTE):
        for data in itertools.chain(FILES.values(), truncated(good), damaged(good[:200])):
            refused(tmp_path / "ceremony.ptau", data, 7)
    for path in (tmp_path, tmp_path / "missing.ptau"):
        with pytest.raises(ArtifactError):
            load_ceremony(path, 4)


# In an audit

SPEC = {
    "polyproof": 1,
    "name": "sums",
    "snapshot": "2025-11-30T00:00:00Z",
    "assets": [{"symbol": "BTC", "decimals": 0}],
    "accounts": {"path": "accounts.csv"},
}


def audit_spec(folder: Path, **options: Any) -> Path:
    (folder / "ceremony.ptau").write_bytes(ptau(sections(3)))
    (folder / "accounts.csv").write_text("account,BTC\nalice,5\nbob,3\n")
    backend = {"name": "grand-sum", "hash": "sha256", "accounts_per_segment": 4, "ceremony": "ceremony.ptau", **options}
    (folder / "spec.yaml").write_text(json.dumps({**SPEC, "backend": backend}))
    return folder / "spec.yaml"


@pytest.mark.usefixtures("quick")
def test_an_audit_of_a_ceremony_names_its_digest_and_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, work = load_spec(audit_spec(tmp_path)), tmp_path / "work"
    plan(spec, work, policy=UNRESTRICTED)
    monkeypatch.chdir("/")
    prove_segment(work, 0)
    assemble(work, tmp_path / "audit")
    (tmp_path / "ceremony.ptau").unlink()
    manifest = (tmp_path / "audit" / "public" / "manifest.json").read_text()
    named = setup_digest(BN254.encode_second(bn.multiply(bn.G2, SECRET)))
    assert f'"setup":"{named}"' in manifest
    assert "ptau" not in manifest
    assert str(tmp_path) not in manifest
    listed = Policy(**{**_without_minima(), "trusted_setups": (named,)})
    assert verify(tmp_path / "audit" / "public", policy=listed).totals == (8,)
    for policy in (Policy(), Policy(**{**_without_minima(), "trusted_setups": ("ab" * 32,)})):
        with pytest.raises(ProofRejected):
            verify(tmp_path / "audit" / "public", policy=policy)
    cut_inclusion(tmp_path / "audit", "alice", out=tmp_path / "alice.polyproof")


def _without_minima() -> dict[str, Any]:
    named = ("binding", "soundness", "soundness_2025", "inclusion", "inclusion_2025")
    allowed = {"allow_trusted_setup": True, "backends": ("grand-sum",), "commitments": ("kzg",)}
    return {**{f"min_{name}_bits": None for name in named}, **allowed, "min_estimated_bits": 100.0}


@pytest.mark.usefixtures("quick")
def test_a_spec_that_states_another_set_up_is_refused(tmp_path: Path) -> None:
    spec = load_spec(audit_spec(tmp_path, setup="ab" * 32))
    with pytest.raises(InputError, match="the options state another"):
        plan(spec, tmp_path / "work", policy=UNRESTRICTED)


@pytest.mark.usefixtures("quick")
def test_a_file_that_changed_since_the_plan_is_refused(tmp_path: Path) -> None:
    plan(load_spec(audit_spec(tmp_path)), tmp_path / "work", policy=UNRESTRICTED)
    (tmp_path / "ceremony.ptau").write_bytes(ptau(GOOD))
    with pytest.raises(ArtifactError, match="it has 7 powers, and 8 are needed"):
        prove_segment(tmp_path / "work", 0)


def test_a_manifest_that_names_a_file_of_the_verifiers_is_refused_before_it_is_looked_at(tmp_path: Path) -> None:
    """A stranger's audit cannot have a verifier open a path."""
    spec = load_spec(audit_spec(tmp_path))
    public = spec.public()
    assert "ceremony" not in public["backend"]
    point = BN254.encode_second(bn.G2)
    public["backend"] |= {"setup": setup_digest(point), "setup_point": point.hex()}
    spec_from_public(public, default_registry())
    for stated in ("/dev/zero", None):
        changed = {**public, "backend": {**public["backend"], "ceremony": stated}}
        with pytest.raises(ProofRejected) as caught:
            spec_from_public(changed, default_registry())
        assert caught.value.check == "public-spec"


def test_a_missing_file_is_told_when_the_spec_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"spec\.yaml.*there is no such file"):
        load_spec(audit_spec(tmp_path, ceremony="other.ptau"))
