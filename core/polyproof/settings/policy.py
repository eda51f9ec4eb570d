"""The policy file: what a verifier accepts, in a YAML file of the verifier's own.

::

    polyproof-policy: 1
    min_proven_bits: 100
    hashes: [poseidon, blake3]
    reserves: {least_ratio: "1.05", count: [signed]}

Keys left out keep the defaults of ``Policy``; ``reserves``, which says which holdings count and how
much is enough, is a ``polyproof.reserves.ReservesPolicy``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from attrs import frozen

from polyproof.backend import SecurityReport
from polyproof.config.options import option, options_of
from polyproof.config.reader import Choice, Structure
from polyproof.config.tree import Mapping, load_yaml
from polyproof.errors import PolicyRejected
from polyproof.registry import Registry, default_registry
from polyproof.settings.reserves import ReservesPolicy

__all__ = ["FORMAT", "Policy", "PolicyCheck", "components_of", "load_policy", "load_reserves_policy"]

FORMAT = 1
"""Version of the policy format: the value of the key ``polyproof-policy``."""

_HEADER = "polyproof-policy"
_RESERVES = "reserves"


class PolicyCheck(StrEnum):
    """What a policy can refuse, by the name that each refusal has wherever it is raised."""

    BACKEND = "policy-backend", "the audit was proved by a backend that the policy does not allow"
    HASH = "policy-hash", "the backend's options name a hash that the policy does not allow, or name none"
    FIELD = "policy-field", "the backend's options name a field that the policy does not allow"
    BITS = "policy-bits", "a proof has fewer proven bits than the policy requires"
    SEGMENTS = "policy-segments", "the audit has more segments than the policy allows"
    MANIFEST_SIZE = "policy-manifest-size", "the manifest is larger than the policy allows"
    PROOF_SIZE = "policy-proof-size", "a segment's proof is larger than the policy allows"
    INCLUSION_SIZE = "policy-inclusion-size", "the inclusion file is larger than the policy allows"
    RESERVES = "policy-reserves", "holdings do not cover what is owed as the policy requires"
    RESERVES_REQUIRED = "policy-reserves-required", "the audit has no reserves, and the policy requires them"

    meaning: str

    def __new__(cls, value: str, meaning: str) -> PolicyCheck:
        """A name, and its meaning in words."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


@frozen
class Policy:
    """What a verifier accepts, kept apart from the spec: the prover has no say in it.

    Each method compares one thing with its limit and raises ``PolicyRejected``. They are called by the readers of an
    audit's files, and by ``polyproof.liabilities.acceptance`` around every backend; backends never see a policy.
    """

    min_proven_bits: float = option(
        default=100.0, least=0.0, most=256.0, doc="The least proven security of a proof, in bits."
    )
    hashes: tuple[str, ...] | None = option(
        default=None, kind="hash", doc="Hashes a proof may use; null allows every registered one."
    )
    fields: tuple[str, ...] | None = option(
        default=None, kind="field", doc="Fields a proof may use; null allows every registered one."
    )
    backends: tuple[str, ...] | None = option(
        default=None, kind="backend", doc="Backends that may have made a proof; null allows every registered one."
    )
    max_proof_bytes: int = option(default=64 << 20, least=1, doc="The largest proof file of a segment, in bytes.")
    max_inclusion_bytes: int = option(default=1 << 20, least=1, doc="The largest inclusion file, in bytes.")
    max_manifest_bytes: int = option(default=16 << 20, least=1, doc="The largest manifest, in bytes.")
    max_segments: int = option(default=4096, least=1, doc="The most segments of an audit.")
    reserves_required: bool = option(
        default=False, doc="Whether an audit of liabilities alone, without reserves, is refused."
    )

    def check_backend(self, name: str) -> None:
        """Refuse a backend, before any code of its plugin is imported."""
        self._check_names(PolicyCheck.BACKEND, "backend", (name,), self.backends)

    def check_options(self, backend: str, options: Any) -> None:
        """Refuse a backend because of a component that its options name, at any depth.

        Components are found by the ``kind`` that an option is declared with. Nearly every proof rests on a hash: a
        backend that declares none cannot be judged, and is refused where hashes are restricted. A backend that declares
        no field, such as a Merkle sum tree, is taken to use none.
        """
        named: dict[str, list[str]] = {"hash": [], "field": [], "backend": [backend]}
        for kind, name in components_of(options):
            named.setdefault(kind, []).append(name)
        self._check_names(PolicyCheck.BACKEND, "backend", named["backend"], self.backends)
        self._check_names(PolicyCheck.HASH, "hash", named["hash"], self.hashes)
        self._check_names(PolicyCheck.FIELD, "field", named["field"], self.fields)
        if self.hashes is not None and not named["hash"]:
            raise PolicyRejected(
                PolicyCheck.HASH,
                f"the policy allows hashes {_listed(self.hashes)}, and backend {backend!r} does not declare which hash "
                "it uses: it has no option of kind hash",
            )

    def check_security(self, report: SecurityReport, *, claim: bool = False) -> None:
        """Refuse a proof for its proven bits: the least figure among its report and each of its terms.

        For a user's ``claim``, also for how hard the claim is to forge, if the report says so: of its several bounds,
        the best holds. Infinite proven bits, and a term that is not a number, are refused whatever the policy.
        """
        bits = [report.proven_bits, *(term.bits for term in report.terms)]
        bounds = [term.bits for term in report.inclusion] if claim else []
        if not math.isfinite(report.proven_bits) or any(math.isnan(number) for number in (*bits, *bounds)):
            raise PolicyRejected(
                PolicyCheck.BITS,
                f"its security report says {report.proven_bits} proven bits, or one of its terms is not a number",
            )
        bits += [max(bounds)] if bounds else []
        if not min(bits) >= self.min_proven_bits:
            raise PolicyRejected(
                PolicyCheck.BITS,
                f"{min(bits):.1f} proven bits ({report.binding}), the policy requires {self.min_proven_bits:g}",
            )

    def check_segments(self, count: int) -> None:
        """Refuse an audit for its number of segments."""
        if count > self.max_segments:
            raise PolicyRejected(PolicyCheck.SEGMENTS, f"{count} segments, the policy allows {self.max_segments}")

    def check_reserves(self, published: bool) -> None:
        """Refuse an audit of liabilities alone, if reserves are required."""
        if self.reserves_required and not published:
            raise PolicyRejected(
                PolicyCheck.RESERVES_REQUIRED, "no reserves are published with it, and the policy requires them"
            )

    def check_manifest_size(self, size: int) -> None:
        """Refuse a manifest of this many bytes, if it is too large."""
        self._check_size(PolicyCheck.MANIFEST_SIZE, "the manifest", size, self.max_manifest_bytes)

    def check_proof_size(self, size: int) -> None:
        """Refuse a segment's proof of this many bytes, if it is too large."""
        self._check_size(PolicyCheck.PROOF_SIZE, "the proof", size, self.max_proof_bytes)

    def check_inclusion_size(self, size: int) -> None:
        """Refuse an inclusion file, or the proof in it, of this many bytes, if it is too large."""
        self._check_size(PolicyCheck.INCLUSION_SIZE, "the inclusion file", size, self.max_inclusion_bytes)

    def _check_size(self, check: PolicyCheck, what: str, size: int, most: int) -> None:
        if size > most:
            raise PolicyRejected(check, f"{what} has {size} bytes, the policy allows {most}")

    def _check_names(
        self, check: PolicyCheck, kind: str, names: Sequence[str], allowed: tuple[str, ...] | None
    ) -> None:
        for name in names:
            if allowed is not None and name not in allowed:
                raise PolicyRejected(check, f"{kind} {name!r} is not one that the policy allows: {_listed(allowed)}")


def _listed(allowed: Sequence[str]) -> str:
    return ", ".join(allowed) or "none"


def components_of(options: Any) -> Iterator[tuple[str, str]]:
    """Kind and name of every component that options name."""
    for declared in options_of(type(options)):
        value = getattr(options, declared.name)
        for item in value if declared.many and value is not None else (value,):
            if isinstance(item, Choice):
                yield item.kind, item.name
                yield from components_of(item.options)
            elif declared.nested and item is not None:
                yield from components_of(item)
            elif declared.kind is not None and item is not None:
                yield declared.kind, item


def load_policy(path: Path, registry: Registry | None = None) -> Policy:
    """Read a policy file. Raises ``SpecError`` with every problem, each at its file, line and column."""
    return _load(path, registry)[0]


def load_reserves_policy(path: Path, registry: Registry | None = None) -> ReservesPolicy | None:
    """The part of a policy file about reserves; None if it has none. Raises as ``load_policy`` does."""
    return _load(path, registry)[1]


def _load(path: Path, registry: Registry | None) -> tuple[Policy, ReservesPolicy | None]:
    node = load_yaml(path)
    structure = Structure(registry or default_registry())
    structure.header(node, _HEADER, FORMAT)
    policy = structure.build(node, Policy, besides=(_HEADER, _RESERVES))
    given = node.get(_RESERVES) if isinstance(node, Mapping) else None
    reserves = structure.build(given, ReservesPolicy) if given is not None else None
    structure.finish()
    assert policy is not None, "an incomplete policy has a problem"
    return policy, reserves
