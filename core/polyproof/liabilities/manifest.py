"""Reading a manifest that may be hostile: bytes become a ``Manifest`` or a ``ProofRejected``."""

from __future__ import annotations

from typing import Any, Never

from polyproof.errors import ProofRejected, SpecError
from polyproof.formats.strict_json import BadJson, parse_strict
from polyproof.model.manifest import FORMAT, VERSION, Manifest, Segment, Verifier, proof_file
from polyproof.model.names import AUDIT_ID, DIGEST, NAME, Pattern, matches
from polyproof.model.timestamps import is_timestamp
from polyproof.settings.policy import Policy

__all__ = ["READ_BY", "parse_manifest"]

READ_BY = {1: "polyproof 0.1"}
"""Which release reads the audits of an earlier version of the manifest."""

_AMOUNT: Pattern = (r"0|[1-9][0-9]{0,159}", "a decimal integer of at most 160 digits as a string")
_MAX_DEPTH = 12
_MAX_TEXT = 1024


def parse_manifest(data: bytes, policy: Policy | None = None) -> Manifest:
    """Read a manifest. Raises ``ProofRejected`` for anything but the canonical form of a coherent manifest.

    Coherent: segments 0 … k−1 in order, each with as many totals as the whole, and the totals their sums.
    What the manifest says about the spec is checked by ``polyproof.liabilities.verification``, which knows the plugins.
    """
    policy = policy or Policy()
    policy.check_manifest_size(len(data))
    top = _Node("manifest", _parse_json(data))
    found_format = top.take("format").text()
    if found_format != FORMAT:
        _reject("format", f"this is not a manifest: its format is {found_format!r}, not {FORMAT!r}")
    version = top.take("version").integer()
    if version != VERSION:
        reader = f", which {READ_BY[version]} reads" if version in READ_BY else ""
        _reject("version", f"the manifest has version {version}{reader}; this polyproof reads version {VERSION}")
    organisation, previous = top.take("organisation"), top.take("previous")
    segments = top.take("segments").items()
    if not segments:
        _reject("segments", "the manifest has no segments")
    policy.check_segments(len(segments))
    totals = [node.amount() for node in top.take("totals").items()]
    manifest = Manifest(
        audit_id=top.take("audit_id").matching(AUDIT_ID),
        created=top.take("created").timestamp(),
        snapshot=top.take("snapshot").timestamp(),
        organisation=None if organisation.value is None else organisation.text(),
        spec=top.take("spec").mapping(),
        spec_digest=top.take("spec_digest").digest(),
        backend=top.take("backend").matching(NAME),
        segments=tuple(_parse_segment(node, index, len(totals)) for index, node in enumerate(segments)),
        previous=None if previous.value is None else previous.digest(),
        verifier=_parse_verifier(top.take("verifier")) if "verifier" in top.mapping() else None,
    )
    top.finish()
    if manifest.snapshot > manifest.created:
        _reject("snapshot", f"its balances are of {manifest.snapshot}, after its proof was started: {manifest.created}")
    if list(manifest.totals) != totals:
        _reject("totals", "the manifest's totals are not the sums of its segments' totals")
    if manifest.to_bytes() != data:
        _reject("canonical", "the manifest is not in canonical form")
    return manifest


def _parse_segment(node: _Node, index: int, assets: int) -> Segment:
    found = node.take("index").integer()
    if found != index:
        _reject("segments", f"{node.where} has index {found}: segments must be listed in order, from 0, each once")
    # One name is allowed for a segment's file, so none can point elsewhere.
    name = node.take("file").text()
    if name != proof_file(index):
        _reject("file-name", f"{node.where}: the proof file is called {name!r}, not {proof_file(index)!r}")
    totals = tuple(item.amount() for item in node.take("totals").items())
    if len(totals) != assets:
        _reject("totals", f"{node.where} has {len(totals)} totals, the manifest {assets}")
    segment = Segment(index, node.take("bytes").integer(), node.take("sha256").digest(), totals)
    node.finish()
    return segment


def _parse_verifier(node: _Node) -> Verifier:
    values = {key: node.take(key).text() for key in ("name", "url", "sha256")}
    node.finish()
    try:
        return Verifier(**values)
    except SpecError as error:
        _reject("value", f"{node.where}: {error}")


def _parse_json(data: bytes) -> Any:
    try:
        # No value in a manifest is a fraction. Read as a string, one is refused by whatever its place expects.
        return parse_strict(data, fractions_as_text=True, most_depth=_MAX_DEPTH, printable=_MAX_TEXT)
    except BadJson as error:
        _reject(error.check, f"the manifest is refused: {error}")


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _reject(check: str, reason: str) -> Never:
    raise ProofRejected(f"manifest-{check}", reason)


class _Node:
    """A JSON value and where it stands. Every key of an object must be taken before ``finish``."""

    def __init__(self, where: str, value: Any) -> None:
        self.where = where
        self.value = value
        self._taken: set[str] = set()

    def _expect(self, kind: type, wanted: str) -> Any:
        if type(self.value) is not kind:
            _reject("type", f"{self.where} is {_shown(self.value)}, expected {wanted}")
        return self.value

    def take(self, key: str) -> _Node:
        mapping = self.mapping()
        if key not in mapping:
            _reject("key", f"{self.where} lacks {key!r}")
        self._taken.add(key)
        return _Node(f"{self.where}.{key}", mapping[key])

    def finish(self) -> None:
        unknown = sorted(set(self.mapping()) - self._taken)
        if unknown:
            _reject("key", f"{self.where} has an unknown key {_shown(unknown[0])}")

    def mapping(self) -> dict[str, Any]:
        mapping: dict[str, Any] = self._expect(dict, "an object")
        return mapping

    def items(self) -> list[_Node]:
        return [_Node(f"{self.where}[{k}]", item) for k, item in enumerate(self._expect(list, "a list"))]

    def integer(self) -> int:
        value: int = self._expect(int, "an integer")
        if value < 0:
            _reject("range", f"{self.where} is negative")
        return value

    def text(self) -> str:
        value: str = self._expect(str, "a string")
        return value

    def matching(self, pattern: Pattern) -> str:
        value = self.text()
        if not matches(pattern, value):
            _reject("value", f"{self.where} is {_shown(value)}, expected {pattern[1]}")
        return value

    def digest(self) -> bytes:
        return bytes.fromhex(self.matching(DIGEST))

    def amount(self) -> int:
        return int(self.matching(_AMOUNT))

    def timestamp(self) -> str:
        value = self.text()
        if not is_timestamp(value):
            _reject("value", f"{self.where} is {_shown(value)}, expected a time in UTC like 2025-01-31T23:59:59Z")
        return value
