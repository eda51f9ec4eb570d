"""The plan of an audit: what every process that works on it has to know, but for the accounts and the key.

``plan.json`` in the work directory, written last. It holds what will be published, the policy that the proofs are to
satisfy, and of each segment the size, digest and totals of its accounts; no connection, no credential, and no path but
those that the backend's own options name, such as the file of a set-up. A segment can be proved from it on another
machine, without the snapshot, if those files are there under the same paths.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from polyproof.config.options import options_of, plain
from polyproof.config.reader import OptionsReader
from polyproof.config.tree import from_json
from polyproof.errors import ArtifactError, InputError, PluginError, PolicyRejected, ProofRejected, SpecError
from polyproof.formats.files import read_bounded, write_durably
from polyproof.formats.strict_json import parse_strict
from polyproof.liabilities.acceptance import Judge
from polyproof.liabilities.accounts_files import AccountsFile
from polyproof.liabilities.manifest import parse_header
from polyproof.liabilities.margin import Margin, open_margin
from polyproof.model.manifest import Manifest
from polyproof.model.names import AMOUNT, DIGEST, Pattern
from polyproof.registry import Registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import PublicSpec, create_backend, spec_from_public
from polyproof.toolkit.json_object import JsonObject, refuse
from polyproof.version import __version__

__all__ = ["Makers", "WorkPlan", "plan_audit", "plan_id", "read_plan", "without_prices", "write_plan"]

_FORMAT = "polyproof/plan"
_VERSION = 1
_MOST_BYTES = 64 << 20
_LONGEST = 1000
_LONGEST_PATH = 4096
_ID: Pattern = (r"[0-9a-f]{32}", "32 hexadecimal digits")


@frozen
class Makers:
    """The programs that make the proofs. Proofs of one audit are all made by the same."""

    polyproof: str
    """Version of polyproof."""
    plugin: str
    """Distribution and module of the backend's plugin, and its version."""

    @classmethod
    def of(cls, backend: str, registry: Registry) -> Makers:
        """Those that are installed here."""
        found = registry.find("backend", backend)
        return cls(__version__, f"{found.origin} {found.version}")

    def __str__(self) -> str:
        return f"polyproof {self.polyproof} and plugin {self.plugin}"


@frozen
class WorkPlan:
    """A plan, as it stands in its file."""

    id: str
    """Random: which plan a finished segment belongs to."""
    inputs: bytes
    """Digest of everything that decides what the proofs are about: a rerun on the same inputs keeps the plan."""
    makers: Makers
    key_sha256: bytes
    """Of the audit's secret 32 bytes."""
    header: Manifest
    """The manifest without its segments."""
    policy: Policy
    """What the proofs have to satisfy."""
    segments: tuple[AccountsFile, ...]
    local: Mapping[str, str] = field(factory=dict)
    """Options of the backend that are for whoever proves, and stand in no manifest: absolute paths, as text."""

    @property
    def accounts(self) -> int:
        """In all segments."""
        return sum(segment.accounts for segment in self.segments)

    @property
    def totals(self) -> tuple[int, ...]:
        """Base units, one for each asset in order; where accounts have debts, for each position."""
        if self.header.net_equity is not None:
            return self.header.net_equity.position_totals([segment.totals for segment in self.segments])
        return tuple(sum(column) for column in zip(*(segment.totals for segment in self.segments), strict=True))

    def check_makers(self, registry: Registry) -> None:
        """Raise ``PluginError`` if other programs are installed here than those that the plan was made with."""
        here = Makers.of(self.header.backend, registry)
        if here != self.makers:
            raise PluginError(f"the audit was planned with {self.makers}, and here are {here}: install the same")

    def judge(self, registry: Registry) -> tuple[PublicSpec, Judge]:
        """The spec as it will be published, and the backend under the plan's policy.

        Raises ``InputError`` for a policy that refuses it, ``ArtifactError`` for a spec that is none.
        """
        try:
            spec = spec_from_public(self.header.spec, registry)
            if self.local:
                declared = {one.name for one in options_of(type(spec.backend.options)) if not one.published}
                if not declared.issuperset(self.local):
                    raise ArtifactError("the plan is damaged: its local options are not the backend's; plan again")
                paths = {name: Path(text) for name, text in self.local.items()}
                options = evolve(spec.backend.options, **paths)
                spec = evolve(spec, backend=evolve(spec.backend, options=options))
            return spec, Judge(create_backend(spec, registry), spec.backend.options, self.policy)
        except PolicyRejected as error:
            raise InputError(f"verifiers would refuse this audit: {error.reason}") from error
        except ProofRejected as error:
            raise ArtifactError(f"the plan is damaged: {error}; plan again, into a new directory") from error

    def margin(self, spec: PublicSpec, registry: Registry) -> Margin | None:
        """Of the segments of accounts with debts, if the rule allows any. Raises as ``judge`` does."""
        try:
            return open_margin(self.header, spec, self.policy, registry)
        except PolicyRejected as error:
            raise InputError(f"verifiers would refuse this audit: {error.reason}") from error
        except ProofRejected as error:
            raise ArtifactError(f"the plan is damaged: {error}; plan again, into a new directory") from error


def write_plan(path: Path, plan: WorkPlan) -> None:
    """Write a plan: whole or not at all, owner-only."""
    value = {
        "format": _FORMAT,
        "version": _VERSION,
        "id": plan.id,
        "inputs": plan.inputs.hex(),
        "polyproof": plan.makers.polyproof,
        "plugin": plan.makers.plugin,
        "key": plan.key_sha256.hex(),
        "header": plan.header.header,
        "policy": {
            name: str(item) if isinstance(item, float) else item
            for name, item in plain(without_prices(plan.policy)).items()
        },
        "segments": [
            {
                "accounts": segment.accounts,
                "bytes": segment.size,
                "sha256": segment.sha256.hex(),
                "totals": [str(total) for total in segment.totals],
            }
            for segment in plan.segments
        ],
        **({"local": dict(plan.local)} if plan.local else {}),
    }
    write_durably(path, json.dumps(value, indent=1).encode(), private=True)


def read_plan(path: Path, registry: Registry) -> WorkPlan:
    """Read a plan. Raises ``ArtifactError`` for a file that is missing, damaged or of another version."""
    try:
        data = read_bounded(path, _MOST_BYTES)
        return _plan(JsonObject(parse_strict(data)), registry)
    except ArtifactError as error:
        raise ArtifactError(f"{path.parent} is not a work directory: `polyproof plan` makes one ({error})") from error
    except (ValueError, SpecError, ProofRejected) as error:
        raise ArtifactError(f"{path} is damaged: {error}; plan again, into a new directory") from error


def plan_id(path: Path) -> str | None:
    """Which plan a file holds, if it holds one."""
    found: str | None = _glance(path).get("id")
    return found


def plan_audit(path: Path) -> str | None:
    """The id of the audit that a plan is of, if a file holds one."""
    header = _glance(path).get("header")
    return header.get("audit_id") if isinstance(header, dict) else None


def _glance(path: Path) -> dict[str, Any]:
    try:
        found = parse_strict(read_bounded(path, _MOST_BYTES))
    except (ValueError, ArtifactError, ProofRejected):
        return {}
    return found if isinstance(found, dict) else {}


def without_prices(policy: Policy) -> Policy:
    """The policy without a file of prices, which is not where a segment is proved: they are compared before that."""
    return evolve(policy, net_equity=evolve(policy.net_equity, prices=None, quotes=()))


def _plan(found: JsonObject, registry: Registry) -> WorkPlan:
    if found.text("format", _LONGEST) != _FORMAT or found.integer("version") != _VERSION:
        refuse(f"it is not version {_VERSION} of {_FORMAT}")
    found.only(
        *("format", "version", "id", "inputs", "polyproof", "plugin", "key", "header", "policy", "segments"),
        *(("local",) if found.has("local") else ()),
    )
    header = parse_header(JsonObject(found.inner("header"), "header"))
    segments = tuple(
        _segment(JsonObject(item, f"segments[{index}]")) for index, item in enumerate(found.items("segments"))
    )
    assets, facts = header.spec.get("assets"), header.net_equity
    if not segments or not isinstance(assets, list):
        refuse("it has no segments, or no assets")
    for index, segment in enumerate(segments):
        margin = facts is not None and facts.is_margin(index, len(segments))
        if len(segment.totals) != (len(facts.positions) if facts is not None and margin else len(assets)):
            refuse("its segments do not have a total for each asset")
    return WorkPlan(
        id=found.matching("id", _ID),
        inputs=bytes.fromhex(found.matching("inputs", DIGEST)),
        makers=Makers(found.text("polyproof", _LONGEST), found.text("plugin", _LONGEST)),
        key_sha256=bytes.fromhex(found.matching("key", DIGEST)),
        header=header,
        policy=_policy(found.inner("policy") or refuse("policy is missing"), registry),
        segments=segments,
        local=_local(found.inner("local") or {}),
    )


def _local(stated: Mapping[str, Any]) -> dict[str, str]:
    paths = {name: JsonObject(dict(stated), "local").text(name, _LONGEST_PATH) for name in stated}
    for name, text in paths.items():
        if not Path(text).is_absolute():
            refuse(f"local.{ascii(name)[:60]} is not an absolute path")
    return paths


def _segment(found: JsonObject) -> AccountsFile:
    found.only("accounts", "bytes", "sha256", "totals")
    totals = tuple(map(int, found.all_matching("totals", AMOUNT)))
    return AccountsFile(
        found.integer("accounts"), found.integer("bytes"), bytes.fromhex(found.matching("sha256", DIGEST)), totals
    )


def _policy(stated: Mapping[str, Any], registry: Registry) -> Policy:
    if set(stated) != {declared.name for declared in options_of(Policy)}:
        refuse("its policy is not complete")
    fractions = {declared.name for declared in options_of(Policy) if declared.type is float}
    values = {
        name: float(value) if name in fractions and isinstance(value, str) else value for name, value in stated.items()
    }
    reader = OptionsReader(registry)
    policy = reader.build(from_json(values, "policy"), Policy)
    reader.finish()
    return policy if policy is not None else refuse("it has no policy")
