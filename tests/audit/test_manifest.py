from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from audit.manifests import MANIFEST, SPEC
from polyproof.errors import ProofRejected
from polyproof.liabilities.manifest import parse_header, parse_manifest
from polyproof.model.manifest import Manifest, Segment, Verifier
from polyproof.settings.policy import Policy
from polyproof.toolkit.json_object import JsonObject


def _json(manifest: Manifest = MANIFEST) -> dict[str, Any]:
    return json.loads(manifest.to_bytes())


def _bytes(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return (text + "\n").encode("utf-8", "surrogatepass")


def _refused(data: bytes, policy: Policy | None = None) -> str:
    with pytest.raises(ProofRejected) as caught:
        parse_manifest(data, policy)
    return caught.value.check


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert parse_manifest(MANIFEST.to_bytes()) == MANIFEST
    bare = evolve(MANIFEST, organisation=None, previous=None, verifier=None, control=None, left_out=())
    assert parse_manifest(bare.to_bytes()) == bare


def test_the_digest_is_what_sha256sum_prints_for_the_file() -> None:
    assert MANIFEST.digest == hashlib.sha256(MANIFEST.to_bytes()).digest()


def test_the_file_is_canonical_json_with_a_line_end() -> None:
    assert MANIFEST.to_bytes() == _bytes(_json())
    assert _json()["totals"] == ["5", str(7 * 10**18 + 1)]
    assert [segment["file"] for segment in _json()["segments"]] == ["proof-0000.bin", "proof-0001.bin"]


def test_the_context_depends_on_everything_but_segments() -> None:
    changed = [
        evolve(MANIFEST, audit_id="other"),
        evolve(MANIFEST, created="2025-02-01T00:00:00Z"),
        evolve(MANIFEST, snapshot="2025-01-30T00:00:00Z"),
        evolve(MANIFEST, organisation=None),
        evolve(MANIFEST, spec={**SPEC, "rule": "other"}),
        evolve(MANIFEST, spec_digest=bytes(32)),
        evolve(MANIFEST, backend="other"),
        evolve(MANIFEST, previous=None),
        evolve(MANIFEST, verifier=None),
        evolve(MANIFEST, control=None),
        evolve(MANIFEST, left_out=()),
        evolve(MANIFEST, left_out=MANIFEST.left_out[:1]),
        evolve(MANIFEST, control=("0.00000004", "7")),
        evolve(MANIFEST, disclosures=None),
        evolve(MANIFEST, disclosures=evolve(MANIFEST.disclosures, out_of_scope=None)),
        evolve(MANIFEST, disclosures=evolve(MANIFEST.disclosures, cut_off="at midnight")),
    ]
    assert len({manifest.context for manifest in [MANIFEST, *changed]}) == 1 + len(changed)
    assert evolve(MANIFEST, segments=()).context == MANIFEST.context


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "polyproof/other"),
        (("format",), None),
        (("version",), 1),
        (("version",), 3),
        (("version",), True),
        (("version",), 1.0),
        (("audit_id",), "../../etc"),
        (("audit_id",), ""),
        (("audit_id",), "a" * 129),
        (("audit_id",), "line\nbreak"),
        (("audit_id",), 7),
        (("created",), "2025-01-31"),
        (("created",), "2025-02-30T00:00:00Z"),
        (("created",), "2025-1-31T23:59:59Z"),
        (("created",), 1738367999),
        (("organisation",), "\x1b[2J"),
        (("organisation",), "\u202eegnahcxE"),
        (("organisation",), "x" * 1025),
        (("organisation",), "\ud800"),
        (("organisation",), ["Example"]),
        (("verifier",), None),
        (("verifier",), {"name": "polyproof", "url": "https://example.org"}),
        (("verifier", "name"), ""),
        (("verifier", "name"), "x" * 101),
        (("verifier", "url"), "http://example.org/polyproof.whl"),
        (("verifier", "url"), "javascript:alert(1)"),
        (("verifier", "url"), 'https://example.org/"onclick='),
        (("verifier", "sha256"), "AB" * 32),
        (("verifier", "size"), 7),
        (("control",), None),
        (("control",), {}),
        (("control", 0), 5),
        (("control", 0), None),
        (("control", 0), ""),
        (("control", 0), "-1"),
        (("control", 0), "+1"),
        (("control", 0), "1e3"),
        (("control", 0), "01"),
        (("control", 0), "1."),
        (("control", 0), ".5"),
        (("control", 0), "0.50"),
        (("control", 0), "NaN"),
        (("control", 0), "1" * 162),
        (("control", 0), "0." + "1" * 161),
        (("left_out",), None),
        (("left_out",), []),
        (("left_out",), {}),
        (("left_out", 0), "A-LP"),
        (("left_out", 0, "asset"), ""),
        (("left_out", 0, "asset"), "DOGE"),
        (("left_out", 0, "asset"), "E"),
        (("left_out", 0, "asset"), " A"),
        (("left_out", 0, "asset"), "A" * 65),
        (("left_out", 0, "asset"), "A\u202eB"),
        (("left_out", 0, "owed"), "-1"),
        (("left_out", 0, "owed"), 1),
        (("left_out", 0, "debts"), "0.50"),
        (("left_out", 0, "units"), "coins"),
        (("disclosures",), None),
        (("disclosures",), {}),
        (("disclosures",), []),
        (("disclosures", "secret"), "x"),
        (("disclosures", "entity"), "Example Exchange Ltd"),
        (("disclosures", "entity", "name"), ""),
        (("disclosures", "entity", "name"), "x" * 201),
        (("disclosures", "entity", "name"), "Example\u202eegnahcxE"),
        (("disclosures", "entity", "name"), "Example\u200bExchange"),
        (("disclosures", "entity", "name"), "two\nlines"),
        (("disclosures", "entity", "name"), "\x1b[2J"),
        (("disclosures", "entity", "name"), " Example"),
        (("disclosures", "entity", "lei"), "529900T8BM49AURSDO56"),
        (("disclosures", "in_scope"), "spot accounts"),
        (("disclosures", "in_scope"), ["x"] * 65),
        (("disclosures", "in_scope"), ["x" * 201]),
        (("disclosures", "in_scope"), ["\u2066spot"]),
        (("disclosures", "in_scope"), [7]),
        (("disclosures", "cut_off"), None),
        (("disclosures", "custodians", 0, "assets"), ["B\x07TC"]),
        (("disclosures", "encumbered", 0, "amount"), 1),
        (("disclosures", "encumbered", 0, "amount"), "1.50"),
        (("disclosures", "encumbered", 0, "amount"), "-1"),
        (("disclosures", "encumbered", 0, "reason"), "x" * 1001),
        (("disclosures", "own_issued"), [{"asset": "ETH"}, {"asset": "ETH"}]),
        (("disclosures", "affiliates", 0, "accounts"), "some"),
        (("disclosures", "statement", "text"), []),
        (("disclosures", "statement", "text"), ["x"] * 41),
        (("disclosures", "statement", "text", 0), "a\u2028b"),
        (("disclosures", "statement", "date"), "2025-02-30"),
        (("disclosures", "statement", "date"), None),
        (("spec",), None),
        (("spec",), []),
        (("spec", "assets", 0, "symbol"), "B\x07TC"),
        (("spec_digest",), "00" * 31),
        (("spec_digest",), "0G" * 32),
        (("spec_digest",), "AB" * 32),
        (("backend",), "Tally"),
        (("backend",), "../tally"),
        (("previous",), ""),
        (("previous",), 0),
        (("segments",), []),
        (("segments",), {}),
        (("segments", 0, "index"), 1),
        (("segments", 1, "index"), 0),
        (("segments", 1, "index"), 2),
        (("segments", 0, "index"), -1),
        (("segments", 0, "index"), 0.0),
        (("segments", 0, "file"), "../private/key"),
        (("segments", 0, "file"), "/etc/passwd"),
        (("segments", 0, "file"), "proof-0001.bin"),
        (("segments", 0, "file"), "proof-00000.bin"),
        (("segments", 0, "bytes"), -1),
        (("segments", 0, "bytes"), "1234"),
        (("segments", 0, "bytes"), 10**30),
        (("segments", 0, "sha256"), "00"),
        (("segments", 0, "totals"), []),
        (("segments", 0, "totals"), ["5"]),
        (("segments", 0, "totals"), ["5", "7", "1"]),
        (("segments", 0, "totals", 0), "6"),
        (("segments", 0, "totals", 0), 5),
        (("segments", 0, "totals", 0), "-5"),
        (("segments", 0, "totals", 0), "05"),
        (("segments", 0, "totals", 0), "5.0"),
        (("segments", 0, "totals", 0), "٥"),
        (("segments", 0, "totals", 0), "1" * 161),
        (("totals", 0), "6"),
        (("totals", 0), "4"),
        (("totals",), ["5"]),
        (("totals",), None),
    ],
)
def test_a_field_of_another_value_or_type_is_rejected(path: tuple[str | int, ...], value: Any) -> None:
    document = _json()
    inner: Any = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    _refused(_bytes(document))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("totals", 0), "6"),
        (("totals", 0), "4"),
        (("totals",), [str(7 * 10**18 + 1), "5"]),
        (("segments", 0, "totals", 0), "6"),
        (("segments", 1, "totals"), ["1", "0"]),
        (("totals",), ["5"]),
        (("totals",), ["5", str(7 * 10**18 + 1), "0"]),
        (("segments", 0, "totals"), ["5"]),
        (("segments", 0, "totals"), ["5", str(7 * 10**18), "0"]),
        (("segments", 1, "totals"), []),
    ],
)
def test_totals_that_are_not_the_sums_of_as_many_totals_are_rejected_as_such(
    path: tuple[str | int, ...], value: Any
) -> None:
    document = _json()
    inner: Any = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert _refused(_bytes(document)) == "manifest-totals"


@pytest.mark.parametrize(
    ("path", "value", "check"),
    [
        (("format",), "polyproof/other", "manifest-format"),
        (("version",), 1, "manifest-version"),
        (("version",), 3, "manifest-version"),
        (("audit_id",), "../../etc", "manifest-format"),
        (("created",), "2025-02-30T00:00:00Z", "manifest-format"),
        (("created",), "2025-01-30T00:00:00Z", "manifest-snapshot"),
        (("snapshot",), "2025-02-01T00:00:00Z", "manifest-snapshot"),
        (("organisation",), "x" * 1025, "manifest-text"),
        (("organisation",), "x" * 201, "manifest-format"),
        (("organisation",), "", "manifest-format"),
        (("organisation",), "Example Exchange ", "manifest-format"),
        (("organisation",), "\x1b[2J", "manifest-text"),
        (("segments",), [], "manifest-segments"),
        (("segments", 0, "index"), 1, "manifest-segments"),
        (("segments", 1, "index"), 0, "manifest-segments"),
        (("segments", 0, "index"), -1, "manifest-format"),
        (("segments", 0, "bytes"), -1, "manifest-format"),
        (("segments", 0, "file"), "../private/key", "manifest-file-name"),
        (("segments", 0, "file"), "proof-0001.bin", "manifest-file-name"),
        (("segments", 0, "sha256"), "00", "manifest-format"),
    ],
)
def test_a_value_that_cannot_be_is_rejected_by_the_name_of_what_is_wrong(
    path: tuple[str | int, ...], value: Any, check: str
) -> None:
    document = _json()
    inner: Any = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert _refused(_bytes(document)) == check


def test_names_may_have_all_the_characters_that_they_are_allowed() -> None:
    verifier = Verifier(name="p" * 100, url=f"https://{'h' * 253}:12345/{'x' * 500}", sha256="ab" * 32)
    longest = evolve(MANIFEST, organisation="x" * 200, audit_id="a" * 128, verifier=verifier)
    assert parse_manifest(longest.to_bytes()) == longest


def test_a_spec_may_be_as_deep_and_its_texts_as_long_as_is_allowed() -> None:
    def nested(depth: int) -> dict[str, Any]:
        return {"inner": nested(depth - 1)} if depth else {}

    deepest = evolve(MANIFEST, spec={**nested(10), "text": "x" * 1024})
    assert parse_manifest(deepest.to_bytes()) == deepest
    assert _refused(evolve(MANIFEST, spec=nested(11)).to_bytes()) == "manifest-json"
    assert _refused(evolve(MANIFEST, spec={"text": "x" * 1025}).to_bytes()) == "manifest-text"


def test_balances_may_be_of_the_second_in_which_proving_was_started() -> None:
    at_once = evolve(MANIFEST, snapshot=MANIFEST.created)
    assert parse_manifest(at_once.to_bytes()) == at_once


@pytest.mark.parametrize(("version", "told"), [(1, ", which polyproof 0.1 reads;"), (0, ";"), (3, ";")])
def test_a_manifest_of_another_version_is_told_which_release_reads_it(version: int, told: str) -> None:
    data = MANIFEST.to_bytes().replace(b'"version":2', f'"version":{version}'.encode())
    with pytest.raises(ProofRejected, match=f"has version {version}{told}") as caught:
        parse_manifest(data)
    assert caught.value.check == "manifest-version"


def test_a_header_is_a_manifest_of_this_version_without_segments_and_nothing_else() -> None:
    """As it is kept while segments are proved."""
    header = MANIFEST.header
    assert parse_header(JsonObject(header, "header")) == evolve(MANIFEST, segments=())
    for changed, check in (
        (header | {"version": 1}, "manifest-version"),
        (header | {"format": "polyproof plan"}, "manifest-format"),
    ):
        with pytest.raises(ProofRejected) as caught:
            parse_header(JsonObject(changed, "header"))
        assert caught.value.check == check
    for name in ("segments", "totals", "surprise"):
        with pytest.raises(ValueError, match=name):
            parse_header(JsonObject({**header, name: []}, "header"))


def test_a_proof_file_of_another_size_is_rejected() -> None:
    MANIFEST.segments[0].check_size(1234)
    for size in (0, 1233, 1235):
        with pytest.raises(ProofRejected) as caught:
            MANIFEST.segments[0].check_size(size)
        assert caught.value.check == "proof-size"


def test_totals_of_segments_with_other_numbers_of_assets_have_no_sum() -> None:
    with pytest.raises(ValueError, match="shorter"):
        _ = evolve(MANIFEST, segments=(*MANIFEST.segments, Segment(2, 1, bytes(32), (1,)))).totals


def test_what_is_not_utf_8_is_rejected_as_such() -> None:
    assert _refused(MANIFEST.to_bytes().replace(b"Example", b"Ex\xffmple")) == "manifest-utf-8"


def _every_object(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            yield from _every_object(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _every_object(item, (*path, position))


def test_every_key_is_needed_and_no_other_is_allowed() -> None:
    for path, key in _every_object(_json()):
        if path[:1] == ("spec",):
            continue  # what is inside the spec is the spec's to judge
        # A manifest may lack some, and so may what is declared in it.
        optional = ("verifier", "control", "left_out", "disclosures")
        needed = key not in optional if not path else path[0] != "disclosures"
        document = copy.deepcopy(_json())
        inner: Any = document
        for step in path:
            inner = inner[step]
        kept = inner.pop(key)
        assert not needed or _refused(_bytes(document)), (path, key)
        inner[key], inner["surprise"] = kept, 1
        assert _refused(_bytes(document)) == "manifest-format"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"null\n",
        b"[]\n",
        b"{}\n",
        b'"text"\n',
        b"\xff\xfe",
        b"NaN",
        b'{"version": Infinity}',
        b'{"version": 1e999}',
        b"{" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'"' + b"\\" * 100_001,
        b'{"version": ' + b"9" * 5000 + b"}",
        b"[[]" + b",[]" * 3_000_000 + b"]",
    ],
)
def test_what_is_not_a_manifest_is_rejected(data: bytes) -> None:
    _refused(data)


def test_other_spellings_of_the_same_content_are_rejected() -> None:
    data = MANIFEST.to_bytes()
    document = _json()
    assert _refused(json.dumps(document).encode()) == "manifest-canonical"
    assert _refused(data.rstrip()) == "manifest-canonical"
    assert _refused(data + b"\n") == "manifest-canonical"
    assert _refused(data.replace(b'"version":2', b'"version":2.0')) == "manifest-format"
    assert _refused(data.replace(b"Example Exchange", b"Example\\u0020Exchange")) == "manifest-canonical"
    assert _refused(b"\xef\xbb\xbf" + data) == "manifest-json"


def test_a_key_given_twice_is_rejected() -> None:
    data = MANIFEST.to_bytes().replace(b'"version":2', b'"version":2,"version":2')
    assert _refused(data) == "manifest-json"


def test_the_policy_bounds_size_and_segments() -> None:
    data = MANIFEST.to_bytes()
    assert _refused(data, Policy(max_manifest_bytes=len(data) - 1)) == "policy-manifest-size"
    assert _refused(data, Policy(max_segments=1)) == "policy-segments"
    parse_manifest(data, Policy(max_manifest_bytes=len(data), max_segments=2))


@given(st.data())
def test_any_changed_byte_is_rejected_or_changes_the_digest(data: st.DataObject) -> None:
    original = MANIFEST.to_bytes()
    position = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != original[position]))
    changed = original[:position] + bytes([byte]) + original[position + 1 :]
    try:
        manifest = parse_manifest(changed)
    except ProofRejected:
        return
    assert manifest != MANIFEST
    assert manifest.digest == hashlib.sha256(changed).digest() != MANIFEST.digest


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_manifest_or_a_rejection(data: bytes) -> None:
    _refused(data)
