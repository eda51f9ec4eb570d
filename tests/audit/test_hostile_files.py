"""Whatever is changed in the files of an audit: a typed rejection, and nothing else."""

from __future__ import annotations

import copy
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.forged import refit
from polyproof import liabilities as audit
from polyproof.backend import Claim
from polyproof.errors import ProofRejected
from polyproof.liabilities.artifacts import InclusionFile
from polyproof.registry import Registry
from polyproof.settings.policy import UNRESTRICTED, Policy
from polyproof.settings.spec import Spec, load_spec

ALICE = Claim("alice", (25_000_000, 100_000_000))
BYTES = 400
"""Bytes changed in each kind of file."""


@pytest.fixture(params=["tally", "merkle-sum"])
def hostile_spec(request: pytest.FixtureRequest, spec: Spec, registry: Registry) -> Spec:
    """The small exchange, with the test double and with a real backend."""
    if request.param == "tally":
        return spec
    assert spec.file is not None
    text = spec.file.read_text().replace("{name: tally, capacity: 2}", "{name: merkle-sum, accounts_per_segment: 2}")
    path = spec.directory / "merkle.yaml"
    path.write_text(text)
    return load_spec(path, registry)


@pytest.fixture
def out(hostile_spec: Spec, registry: Registry, tmp_path: Path) -> Path:
    audit.prove(hostile_spec, tmp_path / "out", audit_id="example-1", registry=registry, policy=UNRESTRICTED)
    return tmp_path / "out"


def _changes(value: Any) -> Iterator[Any]:
    """Other values for one field: near ones, and ones of every other type."""
    if isinstance(value, str):
        yield from (value + "0", value[:-1], value.upper(), "0" + value, value[::-1])
        if value and value[-1] in "0123456789abcdef":
            yield value[:-1] + ("0" if value[-1] != "0" else "1")
    if isinstance(value, int):
        yield from (value + 1, value - 1, -value - 1, value + 2**32, float(value))
    if isinstance(value, list):
        yield from (value[::-1], value[1:], [*value, *value[-1:]])
    if isinstance(value, dict):
        yield {}
    yield from (None, True, 0, 1, "", "x", [], {}, [value])


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*path, key))


def _mutants(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    for path in _paths(document):
        inner = document
        for step in path:
            inner = inner[step]
        for change in _changes(inner):
            if json.dumps(change) == json.dumps(inner):
                continue
            mutant = copy.deepcopy(document)
            parent: Any = mutant
            for step in path[:-1]:
                parent = parent[step]
            parent[path[-1]] = change
            yield path, mutant


def test_every_field_of_the_manifest_is_bound(out: Path, registry: Registry) -> None:
    path = out / "public" / "manifest.json"
    document = json.loads(path.read_bytes())
    seen = set()
    for where, mutant in _mutants(document):
        text = json.dumps(mutant, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
        path.write_text(text)
        refit(out / "public")
        with pytest.raises(ProofRejected):
            audit.verify(out, policy=UNRESTRICTED, registry=registry)
        seen.add(where[0])
    assert seen == set(document)


def test_coherent_changes_of_totals_are_rejected(out: Path, registry: Registry) -> None:
    path = out / "public" / "manifest.json"
    document = json.loads(path.read_bytes())
    for moved in (1, -1, 2**64):
        mutant = copy.deepcopy(document)
        for totals in (mutant["totals"], mutant["segments"][0]["totals"]):
            totals[0] = str(int(totals[0]) + moved)
        path.write_text(json.dumps(mutant, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
        refit(out / "public")
        with pytest.raises(ProofRejected):
            audit.verify(out, policy=UNRESTRICTED, registry=registry)


def test_segments_that_change_places_are_rejected(out: Path, registry: Registry) -> None:
    path = out / "public" / "manifest.json"
    document = json.loads(path.read_bytes())
    first, second = document["segments"][:2]
    for key in ("bytes", "sha256", "totals"):
        first[key], second[key] = second[key], first[key]
    one, two = (out / "public" / segment["file"] for segment in (first, second))
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(kept)
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
    refit(out / "public")
    with pytest.raises(ProofRejected):
        audit.verify(out, policy=UNRESTRICTED, registry=registry)


def test_a_segment_left_out_or_doubled_is_rejected(out: Path, registry: Registry) -> None:
    path = out / "public" / "manifest.json"
    original = json.loads(path.read_bytes())
    proofs = [(out / "public" / f"proof-{index:04d}.bin").read_bytes() for index in range(3)]
    for kept in ([0, 1], [0, 1, 2, 2], [0, 1, 1]):
        document = copy.deepcopy(original)
        document["segments"] = [copy.deepcopy(original["segments"][k]) for k in kept]
        for index, (segment, source) in enumerate(zip(document["segments"], kept, strict=True)):
            name = f"proof-{index:04d}.bin"
            segment["index"], segment["file"] = index, name
            (out / "public" / name).write_bytes(proofs[source])
        for proof in (out / "public").glob("proof-*.bin"):
            if int(proof.stem[-4:]) >= len(kept):
                proof.unlink()
        columns = zip(*(segment["totals"] for segment in document["segments"]), strict=True)
        document["totals"] = [str(sum(map(int, column))) for column in columns]
        path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
        refit(out / "public")
        with pytest.raises(ProofRejected):
            audit.verify(out, policy=UNRESTRICTED, registry=registry)


def _spoil(data: bytes, rng: random.Random) -> Iterator[bytes]:
    """Changed, cut and lengthened copies."""
    for position in rng.sample(range(len(data)), min(BYTES, len(data))):
        yield data[:position] + bytes([data[position] ^ (1 << rng.randrange(8))]) + data[position + 1 :]
    for length in {0, 1, 7, 8, 12, len(data) // 2, len(data) - 1}:
        yield data[:length]
    yield data + b"\0"
    yield data + data
    yield data[:16] + b"\xff" * 8 + data[24:]


def test_every_byte_of_a_proof_is_bound_by_its_digest(out: Path, registry: Registry) -> None:
    path = out / "public" / "proof-0001.bin"
    good = path.read_bytes()
    for spoiled in _spoil(good, random.Random(1)):
        path.write_bytes(spoiled)
        with pytest.raises(ProofRejected) as caught:
            audit.verify(out, policy=UNRESTRICTED, registry=registry)
        assert caught.value.check == ("proof-digest" if len(spoiled) == len(good) else "proof-size")


def test_every_byte_of_a_proof_is_bound_even_if_the_manifest_is_changed_to_match(out: Path, registry: Registry) -> None:
    manifest, path = out / "public" / "manifest.json", out / "public" / "proof-0001.bin"
    document = json.loads(manifest.read_bytes())
    unnoticed = 0
    original = path.read_bytes()
    for spoiled in _spoil(original, random.Random(2)):
        path.write_bytes(spoiled)
        document["segments"][1] |= {"bytes": len(spoiled), "sha256": hashlib.sha256(spoiled).hexdigest()}
        manifest.write_text(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
        refit(out / "public")
        try:
            audit.verify(out, policy=UNRESTRICTED, registry=registry)
        except ProofRejected:
            continue
        unnoticed += 1
    if audit.open_audit(out, policy=UNRESTRICTED, registry=registry).backend.name != "tally":
        assert not unnoticed, "the double does not check its tags; a real backend checks everything"


def test_every_byte_of_an_inclusion_file_is_bound(out: Path, registry: Registry) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    original = file.read_bytes()
    for spoiled in _spoil(original, random.Random(3)):
        file.write_bytes(spoiled)
        with pytest.raises(ProofRejected):
            audit.verify_inclusion(file, out, lambda _: ALICE, policy=UNRESTRICTED, registry=registry)
    file.write_bytes(original)
    audit.verify_inclusion(file, out, lambda _: ALICE, policy=UNRESTRICTED, registry=registry)


def test_fields_of_an_inclusion_file_are_bound(out: Path, registry: Registry) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    good = InclusionFile.parse(file.read_bytes(), Policy())
    others = [k for k in range(3) if k != good.segment]
    for bad in (
        InclusionFile("example-2", good.manifest_digest, good.segment, good.inclusion),
        InclusionFile("../../etc", good.manifest_digest, good.segment, good.inclusion),
        InclusionFile(good.audit_id, bytes(32), good.segment, good.inclusion),
        *(InclusionFile(good.audit_id, good.manifest_digest, other, good.inclusion) for other in others),
        InclusionFile(good.audit_id, good.manifest_digest, 3, good.inclusion),
        InclusionFile(good.audit_id, good.manifest_digest, 2**40, good.inclusion),
        InclusionFile(good.audit_id, good.manifest_digest, good.segment, b""),
        InclusionFile(good.audit_id, good.manifest_digest, good.segment, bytes(2 << 20)),
    ):
        file.write_bytes(bad.to_bytes())
        with pytest.raises(ProofRejected):
            audit.verify_inclusion(file, out, lambda _: ALICE, policy=UNRESTRICTED, registry=registry)


@pytest.mark.parametrize(
    "audit_id", ["\x1b[2J\x1b[H", "example-1\x1b[0m", "", "../../etc", "a" * 129, "example-1\u200b"]
)
def test_an_audit_id_that_could_steer_a_terminal_is_refused_before_it_is_compared_or_printed(audit_id: str) -> None:
    data = InclusionFile(audit_id, bytes(32), 0, b"").to_bytes()
    with pytest.raises(ProofRejected) as caught:
        InclusionFile.parse(data, Policy())
    assert caught.value.check == ("audit-id" if len(audit_id) < 129 else "range")
    assert "\x1b" not in str(caught.value)


def test_one_users_inclusion_file_serves_no_other_user(out: Path, registry: Registry) -> None:
    balances = {
        "alice": (25_000_000, 100_000_000),
        "bob": (0, 12_500_000),
        "carol": (100_000_000, 0),
        "dave": (0, 0),
        "eve": (1, 7_000_000),
    }
    files = {user: audit.cut_inclusion(out, user, registry=registry)[0] for user in balances}
    for owner, file in files.items():
        for user, held in balances.items():
            check: Callable[[], Any] = lambda file=file, user=user, held=held: audit.verify_inclusion(  # noqa: E731
                file, out, lambda _: Claim(user, held), policy=UNRESTRICTED, registry=registry
            )
            if user == owner:
                check()
            else:
                with pytest.raises(ProofRejected):
                    check()


@given(st.binary(max_size=300))
def test_any_bytes_as_an_inclusion_file_are_rejected(data: bytes) -> None:
    with pytest.raises(ProofRejected):
        InclusionFile.parse(data, Policy())


@given(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", fullmatch=True),
    st.integers(0, 4095),
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=99),
)
def test_an_inclusion_file_is_read_as_it_was_written(
    audit_id: str, segment: int, digest: bytes, inclusion: bytes
) -> None:
    written = InclusionFile(audit_id, digest, segment, inclusion)
    assert InclusionFile.parse(written.to_bytes(), Policy()) == written
