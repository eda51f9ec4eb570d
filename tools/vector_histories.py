"""Vectors of a chain of months: what is wrong with the chain, with every audit in it being right by itself."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

import polyproof
from polyproof.errors import InputError, ProofRejected
from polyproof.formats.strict_json import canonical_line
from vector_audits import policy_of, prove_audit
from vector_files import Vector, applied, changed_from, distinct
from vector_forging import MANIFEST, RECORD, Files, bound_anew, parsed

__all__ = ["Histories", "histories", "of_history"]

INDEX = "history.json"
MONTHS = ("2025-09-30", "2025-10-31", "2025-11-30")
NAME = "months"


@frozen
class Histories:
    """The bases, the vectors, and the files by their path in the folder."""

    bases: dict[str, Any]
    vectors: list[Vector]
    files: Files = field(factory=dict)


def of_history(folder: Path, content: Mapping[str, Any], vector: Vector) -> dict[str, Any]:
    """The verdict on a chain, every proof of it included."""
    base = content["bases"][vector["base"]]
    files = {name: (folder / base["folder"] / name).read_bytes() for name in base["files"]}
    files = applied(folder, files, vector.get("edits", ()))
    with tempfile.TemporaryDirectory() as temporary:
        for name, data in files.items():
            place = Path(temporary) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        try:
            policy = policy_of(vector["policy"])
            found = polyproof.verify_history(Path(temporary), policy=policy, digest=vector.get("digest"))
        except ProofRejected as rejected:
            return {"verdict": "rejected", "check": rejected.check}
        except InputError:
            return {"verdict": "bad-input", "check": None}
    digests = [one.record.digest.hex() for one in found.found.audits]
    return {"verdict": "accepted", "check": None, "facts": {"publication_digests": digests}}


# A chain


def _months() -> list[Files]:
    made: list[Files] = []
    for number, snapshot in enumerate(MONTHS, 1):
        previous = hashlib.sha256(made[-1][RECORD]).hexdigest() if made else None
        spec = {
            "snapshot": f"{snapshot}T00:00:00Z",
            "assets": [{"symbol": "BTC", "decimals": 8}],
            "backend": {"name": "merkle-sum", "min_depth": 1},
        }
        audit = prove_audit(
            f"{NAME}-{number}",
            spec,
            "account,BTC",
            {"alice": (f"{number}.5",), "bob": ("0.25",)},
            [],
            "merkle-sum",
            previous=previous,
            created=f"{snapshot}T12:00:00Z",
        )
        made.append(audit.files)
    return made


def _digest(month: Files) -> str:
    return hashlib.sha256(month[RECORD]).hexdigest()


def _listed(month: Files) -> dict[str, Any]:
    manifest, record = parsed(month[MANIFEST]), parsed(month[RECORD])
    corrects = record["corrects"]
    return {
        "audit_id": manifest["audit_id"],
        "created": manifest["created"],
        "snapshot": manifest["snapshot"],
        "publication_digest": _digest(month),
        "previous": record["previous"],
        "corrects": corrects["publication_digest"] if corrects else None,
    }


def _published(months: Sequence[Files], listed: Sequence[dict[str, Any]] | None = None) -> Files:
    """The folder of some months, with an index of them or another."""
    entries = [_listed(month) for month in months] if listed is None else list(listed)
    files = {INDEX: canonical_line({"format": "polyproof/history", "version": 2, "audits": entries})}
    for month in months:
        folder = f"audits/{parsed(month[MANIFEST])['audit_id']}"
        files |= {f"{folder}/{name}": data for name, data in month.items()}
    return files


def _retold(month: Files, corrects: dict[str, str] | None = None, **header: Any) -> Files:
    """A month under another header, proved for it."""
    made = bound_anew(month, {**parsed(month[MANIFEST]), **header})
    record = {**parsed(made[RECORD]), "corrects": corrects}
    for key in ("audit_id", "previous"):
        if key in header:
            record[key] = header[key]
    return {**made, RECORD: canonical_line(record)}


def _following(months: Sequence[Files], *changes: Callable[[Files, str | None], Files]) -> list[Files]:
    """A chain of changed months, each of which names the one before it."""
    made: list[Files] = []
    for month, change in zip(months, changes, strict=True):
        made.append(change(month, _digest(made[-1]) if made else None))
    return made


def histories() -> Histories:
    """All of them, each with the verdict of Python."""
    months = _months()
    base = _published(months)
    content = {"bases": {NAME: {"folder": f"histories/{NAME}", "files": sorted(base)}}}
    files = {f"histories/{NAME}/{name}": data for name, data in base.items()}
    judged = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        for told, other, more in _vectors(months, base):
            vector: Vector = {"name": told, "base": NAME, "policy": "merkle-sum", **more}
            if edits := changed_from(base, other):
                vector["edits"] = edits
            judged.append({**vector, **of_history(folder, content, vector)})
    return Histories(content["bases"], distinct(judged), files)


def _vectors(months: list[Files], base: Files) -> Iterator[tuple[str, Files, dict[str, Any]]]:
    first, second, third = months
    yield "as published", base, {}
    for number, month in enumerate(months, 1):
        yield f"with the digest of month {number}", base, {"digest": _digest(month)}
    yield "with another digest", base, {"digest": "11" * 32}
    yield "by the default policy", base, {"policy": "default"}
    yield "one month", _published(months[:1]), {}
    yield "no month", _published([]), {}
    yield "without an index", {name: data for name, data in base.items() if name != INDEX}, {}

    # The index.
    listed = [_listed(month) for month in months]
    for told, index in (
        ("months in another order", [listed[1], listed[0], listed[2]]),
        ("a month twice", [*listed, listed[2]]),
        ("a month not listed", listed[:2]),
        ("the first month not listed", listed[1:]),
        ("a month between not listed", [listed[0], listed[2]]),
        (
            "a month that is not there",
            [*listed, {**listed[2], "audit_id": "months-4", "publication_digest": "11" * 32}],
        ),
    ):
        yield f"an index with {told}", _published(months, index), {}
    for key, value in (
        ("audit_id", "months-9"),
        ("audit_id", "../months-2"),
        ("created", "2025-10-31T12:00:01Z"),
        ("snapshot", "2025-10-30T00:00:00Z"),
        ("snapshot", "then"),
        ("publication_digest", "11" * 32),
        ("publication_digest", "AA" * 32),
        ("previous", None),
        ("corrects", "11" * 32),
        ("extra", 1),
    ):
        other = [listed[0], {**listed[1], key: value}, listed[2]]
        yield f"an index in which {key} of a month is {value}", _published(months, other), {}
    data = base[INDEX]
    for told, text in (
        ("another version", data.replace(b'"version":2', b'"version":3')),
        ("the version of 0.1", data.replace(b'"version":2', b'"version":1')),
        ("a space", data.replace(b",", b", ", 1)),
        ("no line end", data[:-1]),
        ("another format", data.replace(b"polyproof/history", b"polyproof/manifest")),
        ("nothing", b""),
        ("a list", b"[]\n"),
    ):
        yield f"an index of {told}", {**base, INDEX: text}, {}

    # The files of a month.
    for name in (RECORD, MANIFEST, "proof-0000.bin"):
        path = f"audits/{NAME}-2/{name}"
        yield f"without {name} of a month", {key: value for key, value in base.items() if key != path}, {}
        yield f"{name} of another month", {**base, path: base[f"audits/{NAME}-1/{name}"]}, {}
    own = f"audits/{NAME}-2/"
    yield "a month gone", {name: data for name, data in base.items() if not name.startswith(own)}, {}
    beside = {f"audits/other/{name}": data for name, data in _retold(third, audit_id="other").items()}
    yield "a fork beside the index", {**base, **beside}, {}
    yield "a note beside the months", {**base, "audits/README": b"\n"}, {}
    yield "a note beside the index", {**base, "NOTES": b"\n"}, {}
    yield "a manifest beside the index", {**base, "manifest.json": b"{}\n"}, {}

    # Chains that are published as they are, every audit right by itself.
    def as_is(month: Files, previous: str | None) -> Files:
        return _retold(month, previous=previous)

    def told_by(**header: Any) -> Callable[[Files, str | None], Files]:
        return lambda month, previous: _retold(month, previous=previous, **header)

    def correcting(of: Files, **header: Any) -> Callable[[Files, str | None], Files]:
        corrects = {"publication_digest": _digest(of), "reason": "A mistake."}
        return lambda month, previous: _retold(month, corrects, previous=previous, **header)

    for told, chain in (
        ("proved again", _following(months, as_is, as_is, as_is)),
        ("whose second month names none before it", [first, _retold(second, previous=None), third]),
        ("whose third month follows the first", [first, second, _retold(third, previous=_digest(first))]),
        ("whose first month follows another", [_retold(first, previous="11" * 32), second, third]),
        ("of another organisation", _following(months, as_is, as_is, told_by(organisation="Another Exchange"))),
        ("of no organisation", _following(months, as_is, as_is, told_by(organisation=None))),
        ("whose snapshots go back", _following(months, as_is, as_is, told_by(snapshot="2025-10-30T00:00:00Z"))),
        ("with two of one snapshot", _following(months, as_is, as_is, told_by(snapshot="2025-10-31T00:00:00Z"))),
        ("with two of one id", _following(months, as_is, as_is, told_by(audit_id="Months-2"))),
    ):
        yield f"a chain {told}", _published(chain), {}
    snapshot = {"snapshot": "2025-10-31T00:00:00Z"}
    for told, third_is in (
        ("corrects the month before it", correcting(second, **snapshot)),
        ("corrects one of another snapshot", correcting(first, **snapshot)),
        ("corrects the month before it at another snapshot", correcting(second)),
    ):
        yield f"a month that {told}", _published([first, second, third_is(third, _digest(second))]), {}
    unknown = {"publication_digest": "11" * 32, "reason": "A mistake."}
    correction = _retold(third, unknown, previous=_digest(second), **snapshot)
    yield "a month that corrects what there is not", _published([first, second, correction]), {}
