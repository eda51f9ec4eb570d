"""Reading a manifest that may be hostile: bytes become a ``Manifest`` or a ``ProofRejected``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Never

from attrs import evolve

from polyproof.checks import CoreCheck
from polyproof.config.options import printable
from polyproof.config.reader import OptionsReader
from polyproof.config.tree import from_json
from polyproof.errors import ProofRejected, SpecError
from polyproof.formats.strict_json import BadJson, parse_strict
from polyproof.model.counts import counted
from polyproof.model.disclosures import Disclosures
from polyproof.model.left_out import MOST_LEFT_OUT, LeftOut
from polyproof.model.manifest import FORMAT, LONGEST_ORGANISATION, VERSION, Manifest, Segment, Verifier, proof_file
from polyproof.model.names import AMOUNT, AUDIT_ID, DIGEST, EXACT_DECIMAL, NAME, SYMBOL, TIME, Pattern
from polyproof.model.net_equity import MOST_CATEGORIES
from polyproof.model.net_equity_facts import NetEquityFacts, Underwater, equity_places
from polyproof.model.prices import MOST_QUOTES, Quote
from polyproof.model.timestamps import is_timestamp
from polyproof.registry import Registry
from polyproof.settings.policy import Policy
from polyproof.toolkit.json_object import JsonObject, refuse

__all__ = ["READ_BY", "parse_header", "parse_manifest"]

READ_BY = {1: "polyproof 0.1"}
"""Which release reads the audits of an earlier version of the manifest."""

_NEEDED = (
    *("format", "version", "audit_id", "created", "snapshot", "organisation", "spec", "spec_digest", "backend"),
    "previous",
)
_HEADER = (*_NEEDED, "verifier", "control", "left_out", "disclosures", "net_equity")
_POSITION: Pattern = (f"{SYMBOL[0]}:{NAME[0]}", "a symbol, a colon, and the name of a position")
_MOST_POSITIONS = 4096 * (2 + MOST_CATEGORIES)
_MAX_DEPTH = 12
_MAX_TEXT = 1024


def parse_manifest(data: bytes, policy: Policy | None = None) -> Manifest:
    """Read a manifest. Raises ``ProofRejected`` for anything but the canonical form of a coherent manifest.

    Coherent: segments 0 … k−1 in order, each with as many totals as the whole, and the totals their sums.
    What the manifest says about the spec is checked by ``polyproof.liabilities.verification``, which knows the plugins.
    """
    policy = policy or Policy()
    policy.check_manifest_size(len(data))
    try:
        # No value in a manifest is a fraction. Read as a string, one is refused by whatever its place expects.
        value = parse_strict(data, fractions_as_text=True, most_depth=_MAX_DEPTH, printable=_MAX_TEXT)
        top = JsonObject(value, "manifest")
        _check_version(top)
        manifest, totals, position_totals = _manifest(top, policy)
    except BadJson as error:
        _reject(error.check, f"the manifest is refused: {error}")
    except (ValueError, SpecError) as error:
        _reject("format", str(error))
    if manifest.snapshot > manifest.created:
        _reject("snapshot", f"its balances are of {manifest.snapshot}, after its proof was started: {manifest.created}")
    if manifest.totals != totals:
        _reject("totals", "the manifest's totals are not the sums of its segments' totals")
    if manifest.position_totals != position_totals:
        _reject("totals", "the manifest's totals of positions are not the sums of its segments' totals")
    if manifest.to_bytes() != data:
        _reject("canonical", "the manifest is not in canonical form")
    return manifest


def _check_version(top: JsonObject) -> None:
    """Checked first: what the keys of another version mean is not known."""
    found_format = top.text("format", _MAX_TEXT)
    if found_format != FORMAT:
        _reject("format", f"this is not a manifest: its format is {found_format!r}, not {FORMAT!r}")
    version = top.integer("version")
    if version != VERSION:
        reader = f", which {READ_BY[version]} reads" if version in READ_BY else ""
        _reject("version", f"the manifest has version {version}{reader}; this polyproof reads version {VERSION}")


def _manifest(top: JsonObject, policy: Policy) -> tuple[Manifest, tuple[int, ...], tuple[int, ...]]:
    """The manifest, and the totals that it states, of assets and of positions."""
    top.only(*_HEADER, "segments", "totals", *(["position_totals"] if top.has("net_equity") else []))
    top.needs(*_NEEDED, "segments", "totals")
    segments = top.items("segments")
    if not segments:
        _reject("segments", "the manifest has no segments")
    policy.check_segments(len(segments))
    totals = tuple(map(int, top.all_matching("totals", AMOUNT)))
    header = _header(top)
    facts = header.net_equity
    of_positions: tuple[int, ...] = ()
    if facts is not None:
        of_positions = tuple(map(int, top.all_matching("position_totals", AMOUNT)))
        if facts.margin_segments > len(segments):
            refuse(f"manifest.net_equity.margin_segments is {facts.margin_segments} of {len(segments)}")
        if len(totals) != len(equity_places(facts.positions)):
            _reject("totals", f"{counted(len(totals), 'total')}, and its positions are of another number of assets")
    listed = tuple(
        _segment(
            JsonObject(item, f"manifest.segments[{index}]"),
            index,
            len(facts.positions) if facts is not None and facts.is_margin(index, len(segments)) else len(totals),
        )
        for index, item in enumerate(segments)
    )
    return evolve(header, segments=listed), totals, of_positions


def parse_header(top: JsonObject) -> Manifest:
    """A manifest without segments, from what ``Manifest.header`` returned. Raises ``ProofRejected``, ``ValueError``."""
    _check_version(top)
    top.only(*_HEADER)
    return _header(top)


def _header(top: JsonObject) -> Manifest:
    spec = top.inner("spec")
    return Manifest(
        audit_id=top.matching("audit_id", AUDIT_ID),
        created=_time(top, "created"),
        snapshot=_time(top, "snapshot"),
        organisation=None if top.is_null("organisation") else _organisation(top),
        spec=refuse("manifest.spec is missing") if spec is None else spec,
        spec_digest=_digest(top, "spec_digest"),
        backend=top.matching("backend", NAME),
        segments=(),
        previous=None if top.is_null("previous") else _digest(top, "previous"),
        verifier=_verifier(JsonObject(top.inner("verifier"), "manifest.verifier")) if top.has("verifier") else None,
        control=top.all_matching("control", EXACT_DECIMAL) if top.has("control") else None,
        left_out=_left_out(top) if top.has("left_out") else (),
        disclosures=_disclosures(top.inner("disclosures")) if top.has("disclosures") else None,
        net_equity=_net_equity(JsonObject(top.inner("net_equity"), "manifest.net_equity"))
        if top.has("net_equity")
        else None,
    )


def _segment(found: JsonObject, index: int, assets: int) -> Segment:
    found.only("index", "file", "bytes", "sha256", "totals")
    found.needs("index", "file", "bytes", "sha256", "totals")
    stated = found.integer("index")
    if stated != index:
        _reject("segments", f"segment {index} has index {stated}: they must be listed in order, from 0, each once")
    # One name is allowed for a segment's file, so none can point elsewhere.
    name = found.text("file", _MAX_TEXT)
    if name != proof_file(index):
        _reject("file-name", f"the proof file of segment {index} is called {name!r}, not {proof_file(index)!r}")
    totals = tuple(map(int, found.all_matching("totals", AMOUNT)))
    if len(totals) != assets:
        _reject("totals", f"segment {index} has {counted(len(totals), 'total')}, the manifest {assets}")
    return Segment(index, found.integer("bytes"), _digest(found, "sha256"), totals)


def _verifier(found: JsonObject) -> Verifier:
    found.only("name", "url", "sha256")
    return Verifier(**{key: found.text(key, _MAX_TEXT) for key in ("name", "url", "sha256")})


def _left_out(top: JsonObject) -> tuple[LeftOut, ...]:
    items = top.items("left_out")
    if not 0 < len(items) <= MOST_LEFT_OUT:
        refuse(f"manifest.left_out has {counted(len(items), 'item')}: where there are any, at most {MOST_LEFT_OUT:,}")
    listed = []
    for index, item in enumerate(items):
        found = JsonObject(item, f"manifest.left_out[{index}]")
        found.only("asset", "owed", "debts", "units")
        listed.append(LeftOut(**{key: found.text(key, _MAX_TEXT) for key in ("asset", "owed", "debts", "units")}))
    names = [one.asset for one in listed]
    if names != sorted(set(names)):
        refuse("the assets of manifest.left_out are not in the order of their names, each once")
    return tuple(listed)


def _disclosures(found: Mapping[str, Any] | None) -> Disclosures | None:
    """What is declared. Raises ``SpecError`` for the first thing that is wrong with it."""
    reader = OptionsReader(Registry(), limit=1)
    built = reader.build(from_json(found, "manifest.disclosures"), Disclosures)
    reader.finish()
    return built


def _net_equity(found: JsonObject) -> NetEquityFacts:
    """Read for its form: whether prices and positions fit the spec is checked with it. Raises ``SpecError`` too."""
    found.only("margin_segments", "positions", "prices", "underwater")
    positions = found.all_matching("positions", _POSITION)
    if len(set(positions)) != len(positions) or len(positions) > _MOST_POSITIONS:
        refuse(f"manifest.net_equity.positions are not different, or more than {_MOST_POSITIONS:,}")
    items = found.items("prices")
    if len(items) > MOST_QUOTES * max(1, len(equity_places(positions))):
        refuse(f"manifest.net_equity.prices has {counted(len(items), 'item')}: at most {MOST_QUOTES} of each asset")
    reader = OptionsReader(Registry(), limit=1)
    prices = [
        reader.build(from_json(item, f"manifest.net_equity.prices[{index}]"), Quote) for index, item in enumerate(items)
    ]
    reader.finish()
    quotes = [one for one in prices if one is not None]
    if quotes != sorted(quotes):
        refuse("manifest.net_equity.prices are not in order")
    return NetEquityFacts(
        margin_segments=found.integer("margin_segments"),
        positions=positions,
        prices=tuple(quotes),
        underwater=_underwater(JsonObject(found.inner("underwater"), "manifest.net_equity.underwater"))
        if found.has("underwater")
        else None,
    )


def _underwater(found: JsonObject) -> Underwater:
    found.only("accounts", "equity", "debt")
    accounts = found.integer("accounts")
    if not accounts:
        refuse("manifest.net_equity.underwater has no accounts: it is left out where there are none")
    equity, debt = (tuple(map(int, found.all_matching(key, AMOUNT))) for key in ("equity", "debt"))
    return Underwater(accounts=accounts, equity=equity, debt=debt)


def _digest(found: JsonObject, key: str) -> bytes:
    return bytes.fromhex(found.matching(key, DIGEST))


def _organisation(found: JsonObject) -> str:
    """As a spec may name it, so that challenges can."""
    name: str = found.text("organisation", LONGEST_ORGANISATION)
    for fault in printable(LONGEST_ORGANISATION)(name):
        refuse(f"manifest.organisation: {fault.message}")
    return name


def _time(found: JsonObject, key: str) -> str:
    text: str = found.matching(key, TIME)
    return text if is_timestamp(text) else refuse(f"manifest.{key} is {text}, which is in no calendar")


def _reject(check: str, reason: str) -> Never:
    raise ProofRejected(CoreCheck(f"manifest-{check}"), reason)
