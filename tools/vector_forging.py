"""What an organisation can do to the files of its audit with every digest fitting: files that lie in one place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from polyproof.backend import Statement
from polyproof.formats.strict_json import canonical, canonical_line
from polyproof.registry import default_registry
from polyproof_merkle.construction import root_digest
from polyproof_merkle.files import Proof
from polyproof_merkle.sums import Sums

__all__ = ["MANIFEST", "RECORD", "Files", "at", "bound_anew", "changed", "fitting", "parsed", "sealed"]

Files = dict[str, bytes]
MANIFEST, RECORD = "manifest.json", "publication.json"
_BESIDE = {
    MANIFEST: "manifest_digest",
    "reserves.json": "reserves_digest",
    "reserves-evidence.jsonl": "evidence_digest",
}
_NOT_IN_HEADER = ("segments", "totals", "position_totals")
_ABSENT = object()


def parsed(data: bytes) -> dict[str, Any]:
    """A JSON object."""
    value: dict[str, Any] = json.loads(data)
    return value


def at(value: Any, path: Sequence[str | int]) -> Any:
    """What stands at a path."""
    for step in path:
        value = value[step]
    return value


def changed(value: Mapping[str, Any], path: Sequence[str | int], to: Any = _ABSENT) -> dict[str, Any]:
    """A copy with another value at a path, or without it."""
    copy: dict[str, Any] = json.loads(json.dumps(value))
    parent = at(copy, path[:-1])
    if to is _ABSENT:
        del parent[path[-1]]
    else:
        parent[path[-1]] = to
    return copy


def sealed(files: Mapping[str, bytes], manifest: bytes) -> Files:
    """With another manifest, and a record that names it and what lies beside it."""
    made = {**files, MANIFEST: manifest}
    record = parsed(files[RECORD])
    for name, key in _BESIDE.items():
        if name in made and record[key] is not None:
            record[key] = hashlib.sha256(made[name]).hexdigest()
    return {**made, RECORD: canonical_line(record)}


def fitting(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Files:
    """With another manifest, whose spec digest, sizes and digests of proofs are those of what is there."""
    made = json.loads(json.dumps(manifest))
    made["spec_digest"] = hashlib.sha256(b"polyproof/spec/1\n" + canonical(made["spec"])).hexdigest()
    for segment in made["segments"]:
        if (proof := files.get(segment["file"])) is not None:
            segment |= {"bytes": len(proof), "sha256": hashlib.sha256(proof).hexdigest()}
    return sealed(files, canonical_line(made))


def bound_anew(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Files:
    """The sum trees of an audit under another header: the same trees, whose roots bind that header.

    An organisation can make them, so what is wrong with the header is for the reader of the manifest to find.
    """
    header = {key: value for key, value in manifest.items() if key not in _NOT_IN_HEADER}
    header["spec_digest"] = hashlib.sha256(b"polyproof/spec/1\n" + canonical(header["spec"])).hexdigest()
    context = hashlib.sha256(b"polyproof/audit-context/1\n" + canonical_line(header)).digest()
    made, segments = dict(files), manifest["segments"]
    for segment in segments:
        index = segment["index"]
        statement = Statement(manifest["audit_id"], context, _counted(manifest, index), index, len(segments))
        made[segment["file"]] = _rooted(files[segment["file"]], statement, manifest["spec"]["backend"]["hash"])
    return fitting(made, manifest)


@frozen
class _Counted:
    """An asset or a position, of whatever numbers a manifest may state."""

    symbol: str
    decimals: int
    bits: int


def _counted(manifest: Mapping[str, Any], index: int) -> Any:
    """The assets, or in a segment of accounts with debts the positions."""
    assets = [_Counted(one["symbol"], one["decimals"], one["bits"]) for one in manifest["spec"]["assets"]]
    facts = manifest.get("net_equity")
    if facts is None or index < len(manifest["segments"]) - facts["margin_segments"]:
        return tuple(assets)
    by_symbol = {one.symbol: one for one in assets}
    own = [(name, by_symbol[name.partition(":")[0]]) for name in facts["positions"]]
    return tuple(_Counted(name, asset.decimals, asset.bits) for name, asset in own)


def _rooted(proof: bytes, statement: Statement, hash_name: str) -> bytes:
    hash = default_registry().create("hash", hash_name)
    read = Proof.from_bytes(proof, hash, len(statement.assets), (0, 32))
    limbs = Sums(statement.assets, read.depth).to_limbs(read.totals)
    root = root_digest(hash, statement, read.depth, read.top, limbs)
    return Proof(read.depth, read.top, read.totals, root).to_bytes(hash)
